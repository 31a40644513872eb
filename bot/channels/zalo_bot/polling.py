"""The long poll, for when no public address is set.

The platform gives one update at a time and forgets it with that: there is no offset and no second chance.
So an update is stored before the next one is asked for, and kept in hand while the database is away. An
update that cannot be stored while :data:`TRIES` times others can is given up. With a webhook set the poll
stays silent for ever (docs.zaloplatforms.com/docs/BOT): it is taken away first, and looked for again when
nothing has come for long.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from bot.channels.zalo_bot.client import CallError, Client, RefusedError
from bot.channels.zalo_bot.outcomes import Pace

log = logging.getLogger(__name__)

POLL_SECONDS = 30
TRIES = 5
HELD = 20
"""Updates kept in hand at most while nothing can be stored; more stay with the platform."""
LOOK_AFTER_IDLE = 20
"""Empty polls in a row (ten minutes) after which a webhook is looked for."""
STORE_PAUSE_SECONDS = 1.0
EARLY_SECONDS = 0.5
"""An empty answer that comes sooner than this was not a long poll: do not spin."""
LAST_STORE_SECONDS = 3.0

Store = Callable[[dict[str, Any]], Awaitable[None]]
Report = Callable[[str, str], None]


@dataclass(slots=True)
class _Held:
    """An update in hand: how often it could not be stored, and how often while others could."""

    update: dict[str, Any]
    tries: int = 0
    passed_over: int = 0


@dataclass(slots=True)
class Poller:
    """Asks for updates until it is cancelled or Zalo refuses the token.

    ``store`` must be safe to call twice with the same update; ``report`` hears ``("up" | "down", detail)``;
    ``pace`` says how long to wait after failures; ``sleep`` waits and ``clock`` measures seconds;
    ``poll_seconds`` is how long the platform holds an empty answer.
    """

    client: Client
    store: Store
    report: Report
    pace: Pace
    clock: Callable[[], float]
    sleep: Callable[[float], Awaitable[Any]] = asyncio.sleep
    poll_seconds: int = POLL_SECONDS
    _held: list[_Held] = field(default_factory=list)
    _idle: int = 0
    _down: bool = False

    async def run(self) -> None:
        """Poll. Returns when Zalo refuses the token; what else goes wrong is waited for."""
        prepared = False
        while True:
            try:
                if not prepared:
                    await self._without_webhook()
                    prepared = True
                await self._ask()
            except CallError as error:
                if isinstance(error, RefusedError) and error.code == 401:
                    self._tell_down("Zalo refuses the token: no updates are asked for any more")
                    return
                await self.sleep(self._pause(error))
                continue
            self._tell_up()
            while not await self._keep():
                await self.sleep(STORE_PAUSE_SECONDS)

    async def _without_webhook(self) -> None:
        """Take a webhook away: 404 says that there was none."""
        try:
            await self.client.call("deleteWebhook", {})
        except RefusedError as refusal:
            if refusal.code != 404:
                raise

    async def _ask(self) -> None:
        """Ask once and take in hand what came."""
        asked = self.clock()
        found = await self.client.update(self.poll_seconds)
        updates = [
            one for one in (found if isinstance(found, list) else [found]) if isinstance(one, dict) and one
        ]
        self._held.extend(_Held(update) for update in updates)
        if updates:
            self._idle = 0
            return
        self._idle += 1
        if self._idle % LOOK_AFTER_IDLE == 0:
            await self._look_for_webhook()
        if self.clock() - asked < EARLY_SECONDS:
            await self.sleep(EARLY_SECONDS / 5)

    async def _look_for_webhook(self) -> None:
        """Silence may be a webhook that somebody set meanwhile: then say so and take it away."""
        try:
            found = await self.client.call("getWebhookInfo", {})
        except RefusedError:
            return
        if isinstance(found, dict) and found.get("url"):
            log.warning("Zalo Bot: a webhook was set while we poll; it is taken away")
            await self._without_webhook()

    async def _keep(self) -> bool:
        """Store everything in hand, oldest first; False while we must not ask for more."""
        while await self._store_one():
            pass
        return not self._held or (len(self._held) < HELD and all(one.tries >= TRIES for one in self._held))

    async def _store_one(self) -> bool:
        """Store the oldest that can be stored. One that failed often no longer bars the way of the next."""
        for place, held in enumerate(self._held):
            if await self._stored(held):
                del self._held[place]
                self._pass_over(self._held[:place])
                return True
            if held.tries < TRIES:
                return False
        return False

    def _pass_over(self, older: list[_Held]) -> None:
        """These could not be stored while a younger one could."""
        for held in older:
            held.passed_over += 1
            if held.passed_over == TRIES:
                log.error("an update could not be stored in %s tries and is left out", held.tries)
                self._held.remove(held)

    async def _stored(self, held: _Held) -> bool:
        """Store one update; when we are told to stop meanwhile, that is finished first."""
        storing = asyncio.ensure_future(self.store(held.update))
        try:
            await asyncio.shield(storing)
        except asyncio.CancelledError:
            await asyncio.wait({storing}, timeout=LAST_STORE_SECONDS)
            raise
        except Exception as error:  # noqa: BLE001 - whatever one update does, the next one must be heard
            held.tries += 1
            if held.tries == 1:
                log.error("an update could not be stored yet (%s)", type(error).__name__)
            return False
        return True

    def _pause(self, error: CallError) -> float:
        """Tell what is wrong; the seconds to wait before asking again."""
        self._tell_down(error.words)
        return self.pace.pause(error)

    def _tell_up(self) -> None:
        self._down = False
        self.pace.succeeded()
        self.report("up", "polling")

    def _tell_down(self, detail: str) -> None:
        if not self._down:
            log.warning("Zalo Bot: %s", detail)
        self._down = True
        self.report("down", detail)
