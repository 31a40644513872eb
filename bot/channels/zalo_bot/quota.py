"""What the free plan allows, and a count of what this bot has sent in a month.

How the platform counts is not said (both directions, or ours only), so nothing is held back by our count: it
warns, and the platform's own 429 decides. Numbers: docs.zaloplatforms.com/docs/BOT, plan "Basic".
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

log = logging.getLogger(__name__)

MESSAGES_A_MONTH = 3_000
PEOPLE = 50
"""Who may talk to one bot."""
WARN_AT = (0.8, 1.0)
"""Shares of the month's messages at which the log says so, once each."""


class Ledger(Protocol):
    """Keeps the month's count where it outlives the program."""

    async def add(self, month: str, sent: int) -> int:
        """Add ``sent`` messages to ``month`` (``2026-12``); the month's total, those of other replicas
        included."""
        ...


@dataclass(slots=True)
class MemoryLedger:
    """A count that begins anew with the program."""

    counts: dict[str, int] = field(default_factory=dict)

    async def add(self, month: str, sent: int) -> int:
        """Add and give the total; earlier months are forgotten."""
        self.counts = {month: self.counts.get(month, 0) + sent}
        return self.counts[month]


@dataclass(slots=True)
class Month:
    """This month's messages. ``now`` gives aware moments in the zone whose months count."""

    now: Callable[[], datetime]
    ledger: Ledger = field(default_factory=MemoryLedger)
    name: str = ""
    sent: int = 0

    async def count(self, sent: int) -> None:
        """Count ``sent`` messages; a ledger that cannot be written is told in the log, never to the
        person."""
        month = self.now().strftime("%Y-%m")
        before = self.sent if month == self.name else 0
        try:
            total = await self.ledger.add(month, sent)
        except Exception as error:  # noqa: BLE001 - a count must never cost an answer
            log.warning("the month's messages could not be counted (%s)", type(error).__name__)
            total = before + sent
        self.name, self.sent = month, total
        for share in WARN_AT:
            if before < share * MESSAGES_A_MONTH <= total:
                log.warning("Zalo Bot: %s of %s messages of this month are sent", total, MESSAGES_A_MONTH)
