"""Claim and settle: what goes to the platform next is written down before it is asked, and so is what it said.

On PostgreSQL SQLAlchemy runs the statements, on the connection that holds the channel; on a SQLite file the same
statements take the shorter way of :class:`db.Quick`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, select, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlmodel import col

from db import Delivery
from handlers.services.outbox import statements
from handlers.services.outbox.judging import night
from handlers.services.outbox.posts import Page, Post, Settled
from handlers.services.outbox.ways import Claim, ways_of

DUE_EVERY = timedelta(seconds=0.25)
"""how often rows whose moment has come are looked for first: a page that is full without them is quicker then"""
STOPPED = "the program stopped before the platform answered"


class Outbox:
    """The rows of one database, for one worker. ``now`` gives aware moments in the zone people live in."""

    def __init__(self, engine: AsyncEngine, worker: int, now: Callable[[], datetime]) -> None:
        self.engine = engine
        self.worker = worker
        self.now = now
        self._after: dict[tuple[str, int], int] = {}
        self._due_at: dict[str, datetime] = {}
        self._ways = ways_of(engine)

    async def close(self) -> None:
        """Close its connection."""
        await self._ways.close()

    async def claim(self, channel: str, most: int, on: AsyncConnection | None = None) -> Page:
        """The next posts of a channel, at most so many, now ``sending`` and ours; committed.

        Personal letters first, then announcements in the order they were made; what nobody should get any more is
        passed over. ``on`` is the connection that holds the channel (PostgreSQL).
        """
        now = self.now()
        asked = self._due_at.get(channel)
        due_first = asked is None or not timedelta() <= now - asked < DUE_EVERY
        if due_first:
            self._due_at[channel] = now
        page, after = await self._ways.claim(
            Claim(channel, most, self.worker, now, night(now), self._after, due_first), on
        )
        self._after = after
        return page

    async def settle(self, settlements: Sequence[Settled]) -> None:
        """Write down what the platform said: rows, chats that are gone, proofs of notices; one transaction."""
        await self._ways.settle(settlements, self.worker, self.now())

    async def lost(self, channel: str, in_hand: Collection[int]) -> int:
        """Ours, ``sending``, and not in hand: a claim whose commit we did not hear of. Nobody was asked: again.

        How many.
        """
        query = select(*_POST).where(
            col(Delivery.state) == statements.SENDING,
            col(Delivery.channel) == channel,
            col(Delivery.worker) == self.worker,
        )
        async with self.engine.connect() as connection:
            posts = [_post(row) for row in await connection.execute(query)]
        now = self.now()
        lost = [
            Settled(post, "queued", not_before=now, tried=False) for post in posts if post.id not in in_hand
        ]
        if lost:
            await self.settle(lost)
        return len(lost)

    async def dead(self) -> int:
        """What dead workers left ``sending`` becomes ``uncertain``, and stays so until a person decides. How many.

        On SQLite there is one program: whoever else was sending is gone. On PostgreSQL a living worker holds the
        advisory lock of its number.
        """
        async with self.engine.begin() as connection:
            query = (
                select(col(Delivery.worker))
                .where(col(Delivery.state) == statements.SENDING, col(Delivery.worker) != self.worker)
                .distinct()
            )
            workers = [int(row[0] or 0) for row in await connection.execute(query)]
            if self.engine.dialect.name == "postgresql":
                workers = [worker for worker in workers if await _is_dead(connection, worker)]
        found = 0
        for worker in workers:
            query = select(*_POST).where(
                col(Delivery.state) == statements.SENDING, col(Delivery.worker) == worker
            )
            async with self.engine.connect() as connection:
                posts = [_post(row) for row in await connection.execute(query)]
            await self._ways.settle(
                [Settled(post, "uncertain", STOPPED) for post in posts], worker, self.now()
            )
            found += len(posts)
        return found

    async def hurry(self, channel: str) -> None:
        """Try now what was claimed before and put back: the clock was set back, and those moments mean nothing."""
        statement = text(
            "UPDATE delivery SET not_before = :now"
            " WHERE state = 'queued' AND channel = :channel AND (tries > 0 OR worker IS NOT NULL)"
            " AND not_before > :now"
        ).bindparams(bindparam("now", type_=Delivery.__table__.c.not_before.type))  # type: ignore[attr-defined]
        async with self.engine.begin() as connection:
            await connection.execute(statement, {"now": self.now(), "channel": channel})


_POST = (
    col(Delivery.id),
    col(Delivery.channel),
    col(Delivery.address),
    col(Delivery.person_id),
    col(Delivery.language),
    col(Delivery.lane),
    col(Delivery.way),
    col(Delivery.content),
    col(Delivery.tries),
    col(Delivery.announcement_id),
)


def _post(row: Sequence[Any]) -> Post:
    number, channel, address, person, language, lane, way, content, tries, announcement = row
    return Post(number, channel, address, person, language, lane, way, content or {}, tries, announcement)


async def _is_dead(connection: AsyncConnection, worker: int) -> bool:
    taken = await connection.execute(text("SELECT pg_try_advisory_xact_lock(:worker)"), {"worker": worker})
    return bool(taken.scalar_one())
