"""What the clock makes the account do: write what was heard, keep the token fresh, look whether Zalo is
there."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from bot.channels.zalo_oa.api import Api
from bot.channels.zalo_oa.client import CallError, ZaloError
from bot.channels.zalo_oa.contacts import Contacts
from bot.channels.zalo_oa.outcomes import Pace, kind_of
from bot.channels.zalo_oa.sender import Sender
from bot.channels.zalo_oa.tokens import NeedsConsentError, Tokens

log = logging.getLogger(__name__)

TICK_SECONDS = 1.0
LOOK_TICKS = 15
"""Ticks between looks at the grant, and at the account while it is down or may be."""
ACCOUNT_TICKS = 600
"""Ticks between looks at an account that is up."""
LOOKS = 2
"""Looks in a row that must fail before an account that was up is down."""
ACCOUNT = "/v2.0/oa/getoa"


@dataclass(slots=True)
class Upkeep:
    """Keeps one account going. ``withdrawn`` are people whose traces must go."""

    api: Api
    pace: Pace
    contacts: Contacts
    sender: Sender
    tokens: Tokens
    sleep: Callable[[float], Awaitable[Any]]
    withdrawn: set[str] = field(default_factory=set)
    looked: asyncio.Event = field(default_factory=asyncio.Event)
    state: str = "idle"
    detail: str = "not started"
    account: str = ""
    _missed: int = 0
    """looks in a row that did not reach the account"""

    async def run(self) -> None:
        """One thing after the other, every second; until cancelled."""
        tick = 0
        while True:
            await self.write()
            await self._quietly(self.contacts.refresh, "chats with officers cannot be read")
            if tick % LOOK_TICKS == 0:
                await self._check(full=tick % ACCOUNT_TICKS == 0 or self._doubtful)
            tick += 1
            await self.sleep(TICK_SECONDS)

    async def write(self) -> None:
        """Write down what was heard since the last time; what cannot be written is kept."""
        await self._quietly(self._count_paid, "paid messages cannot be counted")
        await self._quietly(self.contacts.flush, "interactions cannot be written")
        await self._quietly(self._erase, "somebody's traces cannot be erased")

    async def look(self) -> dict[str, Any]:
        """What Zalo says of the account. Raises :class:`CallError`."""
        found = (await self.api.get(ACCOUNT)).get("data")
        return found if isinstance(found, dict) else {}

    def report(self, state: str, detail: str) -> None:
        """Keep the state for whoever asks; a fall is told in the log once."""
        if state == "down" and (state, detail) != (self.state, self.detail):
            log.warning("Zalo Official Account is down: %s", detail)
        self.state, self.detail = state, detail

    @property
    def _doubtful(self) -> bool:
        """Whether the account is down, or sends fail as if it were."""
        failing = self.pace.why == "outage" and self.pace.held() is not None
        return self.state != "up" or self._missed > 0 or failing

    def health(self) -> dict[str, Any]:
        """``up``, ``idle`` or ``down`` with the last reason, the account's name, and the days its grant has
        left. A pause is no fall, unless it waits for a human."""
        state, detail = self.state, self.detail
        if state == "up" and (held := self.pace.held()):
            state, detail = ("down" if self.pace.why == "human" else "up"), held.reason
        if state != "idle" and self.tokens.lost:
            state, detail = "down", f"needs consent: {self.tokens.lost}"
        found: dict[str, Any] = {"state": state, "detail": detail}
        found |= {"account": self.account} if self.account else {}
        days = self.tokens.days_left
        return found | ({"grant_days_left": days} if days is not None else {})

    async def _check(self, *, full: bool) -> None:
        """Look at the grant, and (``full``) at the account."""
        try:
            await self.tokens.look()
            if full:
                found = await self.look()
                self._missed = 0
                self.account = str(found.get("name") or "")
                self.report("up", f"package {found.get('package_name') or 'unknown'}")
        except NeedsConsentError as error:
            self.report("down", f"needs consent: {error.words}")
        except ZaloError as error:
            self._missed = 0
            working = kind_of(error) not in ("token", "human")
            self.report("up" if working else "down", f"the account cannot be looked at: {error.words}")
        except CallError as error:
            self._missed += full
            if full and (self.state != "up" or self._missed >= LOOKS):
                self.report("down", error.words)
        except Exception as error:  # noqa: BLE001 - the clock must go on
            self.report("down", f"the database does not answer ({type(error).__name__})")
        self.looked.set()

    async def _count_paid(self) -> None:
        beyond, self.sender.beyond = self.sender.beyond, 0
        if not beyond:
            return
        if beyond > 0:
            log.warning("Zalo took %s messages from an allowance: they were not free", beyond)
        try:
            await self.contacts.spent(beyond)
        except Exception:
            self.sender.beyond += beyond
            raise

    async def _erase(self) -> None:
        for address in tuple(self.withdrawn):
            await self.contacts.forget(address)
            self.withdrawn.discard(address)

    @staticmethod
    async def _quietly(work: Callable[[], Awaitable[None]], trouble: str) -> None:
        """Do the work; its failure is told, and the next tick tries again."""
        try:
            await work()
        except Exception as error:  # noqa: BLE001 - the clock must go on
            log.warning("%s (%s)", trouble, type(error).__name__)


async def ended(task: asyncio.Task[None] | None) -> None:
    """Cancel a task and wait for its end."""
    if task is not None:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
