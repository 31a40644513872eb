"""Time, and what runs by the clock. The one door through which the moment comes in."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

import structlog

log = structlog.get_logger("clock")
Now = Callable[[], datetime]
MORNING = time(8)
"""when the jobs of the morning begin, local time"""
EVENING = time(22)
"""a morning that was missed until now waits for the next day: nobody is woken"""


def ticking(zone: ZoneInfo) -> Now:
    """The real clock, in the zone people live in."""
    return lambda: datetime.now(zone)


def standing_still(moment: datetime, zone: ZoneInfo) -> Now:
    """A clock that stands at one moment, for demonstrations and tests (``BOT_NOW``)."""
    fixed = moment.astimezone(zone)
    return lambda: fixed


async def every(seconds: float, name: str, work: Callable[[], Awaitable[None]]) -> None:
    """Do the work again and again; what it raises is logged and does not stop it. Runs until cancelled."""
    while True:
        await asyncio.sleep(seconds)
        try:
            await work()
        except Exception:
            log.exception("clock_work_failed", work=name)


class Rounds:
    """The jobs of each minute and of each morning. A job may run twice: it does nothing then."""

    def __init__(
        self,
        now: Now,
        minutes: Callable[[], Awaitable[None]],
        mornings: Callable[[], Awaitable[None]],
    ) -> None:
        self._now = now
        self._minutes = minutes
        self._mornings = mornings
        self._done: date | None = None

    async def go(self) -> None:
        """Do what is due at this moment."""
        now = self._now()
        if now.date() != self._done and MORNING <= now.time() < EVENING:
            await self._mornings()
            self._done = now.date()
        await self._minutes()
