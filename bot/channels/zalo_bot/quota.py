"""What the free plan allows, and a count of what this bot has sent in a month.

How the platform counts is not said (both directions, or ours only), so no answer is held back by our count: it
warns, and the platform's own 429 decides. What nobody asked for stops at it. Numbers:
docs.zaloplatforms.com/docs/BOT, plan "Basic".
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Protocol

from sqlalchemy import func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel import col

from db import Chat, Tally

log = logging.getLogger(__name__)

CHANNEL = "zalo-bot"
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

    async def people(self) -> int:
        """How many people the bot knows."""
        ...


@dataclass(slots=True)
class TallyLedger:
    """The table ``tally``: one count for all replicas, and how many people the bot knows."""

    engine: AsyncEngine

    async def add(self, month: str, sent: int) -> int:
        """Add and give the total."""
        make = (postgresql if self.engine.dialect.name == "postgresql" else sqlite).insert(Tally)
        counted = make.values(channel=CHANNEL, month=month, sent=sent).on_conflict_do_update(
            index_elements=["channel", "month"], set_={"sent": col(Tally.sent) + sent}
        )
        async with self.engine.begin() as connection:
            return int((await connection.execute(counted.returning(col(Tally.sent)))).scalar_one())

    async def people(self) -> int:
        """Chats that are there."""
        query = select(func.count()).where(col(Chat.channel) == CHANNEL, col(Chat.state) == "active")
        async with self.engine.connect() as connection:
            return int((await connection.execute(query)).scalar_one())


@dataclass(slots=True)
class MemoryLedger:
    """A count that begins anew with the program."""

    counts: dict[str, int] = field(default_factory=dict)

    async def people(self) -> int:
        """Nobody is known."""
        return 0

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
    people: int = 0

    @property
    def used_up(self) -> bool:
        """Whether this month's messages are sent, as far as we counted."""
        return self.name == self.now().strftime("%Y-%m") and self.sent >= MESSAGES_A_MONTH

    @property
    def left(self) -> float:
        """Seconds until the next month."""
        now = self.now()
        first = (now.replace(day=1) + timedelta(days=32)).replace(day=1)
        return (datetime.combine(first.date(), time(), now.tzinfo) - now).total_seconds()

    async def count(self, sent: int) -> None:
        """Count ``sent`` messages; a ledger that cannot be written is told in the log, never to the
        person."""
        month = self.now().strftime("%Y-%m")
        before = self.sent if month == self.name else 0
        try:
            total = await self.ledger.add(month, sent)
            self.people = await self.ledger.people()
        except Exception as error:  # noqa: BLE001 - a count must never cost an answer
            log.warning("the month's messages could not be counted (%s)", type(error).__name__)
            total = before + sent
        self.name, self.sent = month, total
        for share in WARN_AT:
            if before < share * MESSAGES_A_MONTH <= total:
                log.warning("Zalo Bot: %s of %s messages of this month are sent", total, MESSAGES_A_MONTH)
