"""What the trials of sending begin with: one announcement that is being sent, and a delivery for each of its people."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from db import Announcement, Chat, Delivery

TEXT = "Phiên chợ na Chi Lăng mở ngày 5/12 tại thị trấn Đồng Mỏ. Kính mời bà con và du khách ghé thăm."
AT_ONCE = 5_000


async def announced(connection: AsyncConnection, now: datetime) -> int:
    """An announcement whose audience was fixed just now; its number."""
    values = {"author_id": 1, "author_chat": "telegram:1", "created_at": now, "audience": {}, "version": 1}
    values |= {"topic": "news", "texts": {"vi": TEXT}, "state": "sending", "fixed_at": now}
    made = await connection.execute(insert(Announcement).values(values).returning(col(Announcement.id)))
    return int(made.scalar_one() or 0)


async def queued(connection: AsyncConnection, channel: str, chats: Sequence[str], now: datetime) -> None:
    """These people, and their deliveries of a new announcement."""
    there = {"channel": channel, "state": "active", "first_seen_at": now, "last_seen_at": now}
    row = {"announcement_id": await announced(connection, now), "channel": channel, "queued_at": now}
    row |= {"language": "vi", "lane": "bulk", "way": "message", "state": "queued", "tries": 0}
    for first in range(0, len(chats), AT_ONCE):
        some = chats[first : first + AT_ONCE]
        await connection.execute(insert(Chat), [{**there, "address": chat} for chat in some])
        await connection.execute(insert(Delivery), [{**row, "address": chat} for chat in some])
