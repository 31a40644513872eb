"""The long poll, for when no public address is set: raw updates, stored before they are confirmed.

One update that cannot be read or stored never stops the others: each is given to ``store`` on its own. The
offset moves only over what was stored; while *nothing* can be stored (the database is away) it stays. An
update that fails while others pass is given up after :data:`TRIES`. Telegram keeps unconfirmed updates for 24
h (core.telegram.org/bots/api#getupdates).
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from telegram.error import Conflict, EndPointNotFound, InvalidToken, TelegramError

from bot.channels.backoff import Backoff
from bot.channels.telegram.client import Client
from bot.channels.telegram.inbound import ALLOWED
from bot.channels.telegram.outcomes import BACKOFF_SECONDS, words
from bot.channels.telegram.transport import WaitError

log = logging.getLogger(__name__)

POLL_SECONDS = 50
TRIES = 3

Store = Callable[[dict[str, Any]], Awaitable[None]]
Report = Callable[[str, str], None]


@dataclass(slots=True)
class Poller:
    """Asks for updates until it is cancelled or Telegram refuses the token.

    ``store`` must be safe to call twice with the same update; ``report`` hears ``("up" | "down", detail)``;
    ``sleep`` waits seconds; ``poll_seconds`` is how long Telegram holds an empty answer (at most 50).
    """

    client: Client
    store: Store
    report: Report
    rng: random.Random
    sleep: Callable[[float], Awaitable[Any]] = asyncio.sleep
    poll_seconds: int = POLL_SECONDS
    _offset: int | None = None
    _outages: Backoff = field(init=False)
    _tries: dict[int, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._outages = Backoff(self.rng, *BACKOFF_SECONDS)

    async def run(self) -> None:
        """Poll. Returns when Telegram refuses the token; what else goes wrong is waited for."""
        prepared = False
        while True:
            try:
                if not prepared:
                    await self.client.bot.delete_webhook(drop_pending_updates=False)
                    prepared = True
                batch = await self.client.updates(self._offset, self.poll_seconds, ALLOWED)
            except (InvalidToken, EndPointNotFound):
                self._tell_down("Telegram refuses the token: no updates are asked for any more")
                return
            except TelegramError as error:
                await self.sleep(await self._after(error))
                continue
            self.report("up", "polling")
            self._outages.failures = 0
            if not await self._keep(batch):
                await self.sleep(self._outages.next())

    async def _keep(self, batch: list[Any]) -> bool:
        """Store every update of ``batch`` and move the offset over the stored; False when one must come
        again."""
        failed = [update for update in batch if not await self._stored(update)]
        numbers = sorted(number for update in batch if (number := _number(update)) is not None)
        for number in sorted(number for update in failed if (number := _number(update)) is not None):
            if len(failed) < len(batch):
                self._tries[number] = self._tries.get(number, 0) + 1
            if self._tries.get(number, 0) < TRIES:
                self._offset = number
                return False
            log.error("update %s could not be stored in %s tries and is left out", number, TRIES)
        if numbers:
            self._offset = numbers[-1] + 1
        self._tries.clear()
        return True

    async def _stored(self, update: Any) -> bool:
        try:
            await self.store(update)
        except Exception as error:  # noqa: BLE001 - whatever one update does, the next one must be heard
            log.error("an update could not be stored (%s)", type(error).__name__)
            return False
        return True

    async def _after(self, error: TelegramError) -> float:
        """Tell what is wrong; the seconds to wait before asking again."""
        if isinstance(error, WaitError):
            return error.seconds + self.rng.random()
        detail = words(error)
        if isinstance(error, Conflict):
            detail = "another program polls with this token, or a webhook is set"
        self._tell_down(detail)
        return self._outages.next()

    def _tell_down(self, detail: str) -> None:
        if not self._outages.failures:
            log.warning("Telegram: %s", detail)
        self.report("down", detail)


def _number(update: Any) -> int | None:
    number = update.get("update_id") if isinstance(update, dict) else None
    return number if isinstance(number, int) else None
