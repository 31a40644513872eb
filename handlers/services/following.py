"""Where the author sees how sending goes: in the letter that told them it began, if its channel can change a message.

Whose role was taken away sees nothing more. ``announcement.progress_message`` is the key of that letter; its row knows
the chat and the platform's id of the message.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, and_, exists, or_, select, update
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel import col

from db import Announcement, Delivery, Role
from handlers.services.reports import reported

LOST = ("failed", "gone", "skipped", "uncertain")
"""ends of a letter after which there is no message that could be changed"""


@dataclass(frozen=True, slots=True)
class Followed:
    """An announcement and the letter that shows its progress; ``message_id`` is empty until it has arrived."""

    announcement: Announcement
    channel: str
    address: str
    language: str
    state: str
    message_id: str

    @property
    def lost(self) -> bool:
        """Whether that letter never became a message."""
        return self.state in LOST


async def followed(engine: AsyncEngine, channels: Collection[str]) -> list[Followed]:
    """What is shown on these channels and may have changed: on its way, or over and not reported there yet."""
    over = and_(col(Announcement.state) == "finished", ~reported())
    going = or_(col(Announcement.state).in_(("sending", "paused", "cancelled")), over)
    return await _read(engine, _shown().where(col(Delivery.channel).in_(channels), going))


async def on_page(engine: AsyncEngine, channel: str, address: str) -> list[Followed]:
    """What is on its way and shown to a chat that fetches its letters; only once it has fetched the first."""
    query = _shown().where(
        col(Announcement.state).in_(("sending", "paused")),
        col(Delivery.channel) == channel,
        col(Delivery.address) == address,
        col(Delivery.state) == "sent",
    )
    return await _read(engine, query)


async def shown_in(engine: AsyncEngine, announcement: Announcement) -> tuple[str, str] | None:
    """The chat whose message shows the progress; None where there is none (any more)."""
    query = _shown().where(col(Announcement.id) == announcement.id)
    found = await _read(engine, query)
    return (found[0].channel, found[0].address) if found and not found[0].lost else None


async def unfollow(engine: AsyncEngine, number: int) -> None:
    """Its message cannot be changed, or need not be any more: what is still to be told is told by letter."""
    async with engine.begin() as connection:
        await connection.execute(
            update(Announcement).where(col(Announcement.id) == number).values(progress_message=None)
        )


def _shown() -> Select[Any]:
    letter: tuple[Any, ...] = (
        col(Delivery.channel).label("on"),
        col(Delivery.address),
        col(Delivery.language),
        col(Delivery.state).label("letter"),
        col(Delivery.message_id),
    )
    official = exists().where(col(Role.person_id) == col(Delivery.person_id), col(Role.ended_at).is_(None))
    return (
        select(Announcement, *letter)
        .join(Delivery, col(Delivery.key) == col(Announcement.progress_message))
        .where(official)
        .order_by(col(Announcement.id))
    )


async def _read(engine: AsyncEngine, query: Select[Any]) -> list[Followed]:
    columns = Announcement.model_fields
    async with engine.connect() as connection:
        rows = (await connection.execute(query)).mappings().all()
    return [
        Followed(
            Announcement.model_validate({name: row[name] for name in columns}),
            row["on"],
            row["address"],
            row["language"],
            row["letter"],
            row["message_id"] or "",
        )
        for row in rows
    ]
