"""What became of an announcement: always counted from its rows, so that there is nothing to drift."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel import col

from db import Delivery


@dataclass(frozen=True, slots=True)
class Count:
    """Deliveries of one channel and language that came to the same end; ``reason`` "" = none is written down."""

    state: str
    reason: str
    channel: str
    language: str
    deliveries: int


@dataclass(frozen=True, slots=True)
class Line:
    """One delivery of a report."""

    channel: str
    address: str
    language: str
    state: str
    reason: str
    tries: int
    settled_at: datetime | None


async def counts(engine: AsyncEngine, announcement_id: int) -> list[Count]:
    """How many deliveries came to which end; they add up to the audience. ``queued`` and ``sending`` are on the way.

    On ``web`` and ``terminal``, ``queued`` means that it waits until the person comes back.
    """
    shape = (
        col(Delivery.state),
        func.coalesce(col(Delivery.reason), ""),
        col(Delivery.channel),
        col(Delivery.language),
    )
    query = (
        select(*shape, func.count())
        .where(col(Delivery.announcement_id) == announcement_id)
        .group_by(*shape)
        .order_by(*shape)
    )
    async with engine.connect() as connection:
        return [Count(*row) for row in await connection.execute(query)]


async def lines(engine: AsyncEngine, announcement_id: int) -> AsyncIterator[Line]:
    """Every delivery of an announcement, streamed: for a file."""
    query = (
        select(
            col(Delivery.channel),
            col(Delivery.address),
            col(Delivery.language),
            col(Delivery.state),
            func.coalesce(col(Delivery.reason), ""),
            col(Delivery.tries),
            col(Delivery.settled_at),
        )
        .where(col(Delivery.announcement_id) == announcement_id)
        .order_by(col(Delivery.id))
    )
    async with engine.connect() as connection:
        async for row in await connection.stream(query):
            yield Line(*row)
