"""Time, and what runs by the clock. The one door through which the moment comes in."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from zoneinfo import ZoneInfo

import structlog

log = structlog.get_logger("clock")
Now = Callable[[], datetime]


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
