"""Erasing a chat: everything that is kept of one address on one channel (Law 91/2025/QH15, the right to deletion)."""

from __future__ import annotations

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel import col

from db import Arrival, Chat, Person, Step, Ticket


async def erase(engine: AsyncEngine, channel: str, address: str) -> None:
    """Delete the chat, its step, its tickets and its person, if the person has no other chat; keep only the ids of
    what was answered, so that nothing is answered twice."""
    async with engine.begin() as connection:
        here = (col(Chat.channel) == channel) & (col(Chat.address) == address)
        person = await connection.scalar(select(col(Chat.person_id)).where(here))
        for table in (Step, Ticket):
            await connection.execute(
                delete(table).where(col(table.channel) == channel, col(table.address) == address)
            )
        await connection.execute(delete(Chat).where(here))
        await connection.execute(
            update(Arrival)
            .where(col(Arrival.channel) == channel, col(Arrival.address) == address)
            .values(address="", raw="", answer=None)
        )
        if person is not None:
            left = await connection.scalar(
                select(col(Chat.address)).where(col(Chat.person_id) == person).limit(1)
            )
            if left is None:
                await connection.execute(delete(Person).where(col(Person.id) == person))
