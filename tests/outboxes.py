"""People, announcements and deliveries for tests of the outbox: put straight into the tables."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel import col

from db import Announcement, Chat, Delivery

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
NOON = datetime(2026, 12, 3, 12, 0, tzinfo=ZONE)
ADDRESS = 5_000_000


def addresses(count: int, first: int = ADDRESS) -> list[str]:
    return [str(first + number) for number in range(count)]


async def people(
    engine: AsyncEngine, chats: Iterable[str], channel: str = "telegram", **changed: Any
) -> None:
    """Chats that are there."""
    base = {"channel": channel, "state": "active", "first_seen_at": NOON, "last_seen_at": NOON}
    rows = [{**base, "address": chat, **changed} for chat in chats]
    async with engine.begin() as connection:
        for first in range(0, len(rows), 5_000):
            await connection.execute(insert(Chat), rows[first : first + 5_000])


async def announcement(engine: AsyncEngine, **changed: Any) -> int:
    """One that is being sent."""
    values = {
        "author_id": 1,
        "author_chat": "telegram:1",
        "created_at": NOON,
        "topic": "news",
        "texts": {"vi": "Phiên chợ na mở ngày 5/12."},
        "audience": {},
        "state": "sending",
        "version": 1,
        "fixed_at": NOON,
    }
    async with engine.begin() as connection:
        made = await connection.execute(
            insert(Announcement).values(values | changed).returning(col(Announcement.id))
        )
        return int(made.scalar_one() or 0)


async def fixed(
    engine: AsyncEngine, number: int, chats: Iterable[str], channel: str = "telegram", **changed: Any
) -> None:
    """One delivery a chat, as :mod:`handlers.services.reach` writes them."""
    base = {
        "announcement_id": number,
        "channel": channel,
        "language": "vi",
        "lane": "bulk",
        "way": "message",
        "state": "queued",
        "tries": 0,
        "queued_at": NOON,
    }
    rows = [{**base, "address": chat, **changed} for chat in chats]
    async with engine.begin() as connection:
        for first in range(0, len(rows), 5_000):
            await connection.execute(insert(Delivery), rows[first : first + 5_000])


async def deliveries(engine: AsyncEngine, **where: Any) -> list[Delivery]:
    """Rows of the outbox, in their order."""
    query = select(Delivery).filter_by(**where).order_by(col(Delivery.id))
    async with engine.connect() as connection:
        return [Delivery.model_validate(dict(row._mapping)) for row in await connection.execute(query)]


async def state_of(engine: AsyncEngine, number: int) -> Announcement:
    query = select(Announcement).where(col(Announcement.id) == number)
    async with engine.connect() as connection:
        return Announcement.model_validate(dict((await connection.execute(query)).one()._mapping))
