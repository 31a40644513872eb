"""Erasing a chat: everything that is kept of one address on one channel (Law 91/2025/QH15, the right to deletion)."""

from __future__ import annotations

from sqlalchemy import String, cast, delete, literal, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlmodel import col

from db import (
    Arrival,
    Calendar,
    Chat,
    Consent,
    Delivery,
    Link,
    Person,
    QuietHours,
    Reminder,
    Role,
    Step,
    Subscription,
    Telephone,
    Ticket,
    WrongCode,
)

OF_A_CHAT = (Step, Ticket, Consent, Subscription, QuietHours, WrongCode)
"""tables whose rows belong to a chat"""


async def erase(engine: AsyncEngine, channel: str, address: str) -> None:
    """Delete the chat with all that hangs on it, and its person, if the person has no other chat.

    Kept: the ids of what was answered, so that nothing is answered twice; the audit log and the proofs of notice,
    which name a person by a bare number that leads to nobody any more.
    """
    async with engine.begin() as connection:
        here = (col(Chat.channel) == channel) & (col(Chat.address) == address)
        person = await connection.scalar(select(col(Chat.person_id)).where(here))
        for table in OF_A_CHAT:
            await connection.execute(
                delete(table).where(col(table.channel) == channel, col(table.address) == address)
            )
        await _erase_deliveries(connection, channel, address)
        await connection.execute(delete(Chat).where(here))
        await connection.execute(
            update(Arrival)
            .where(col(Arrival.channel) == channel, col(Arrival.address) == address)
            .values(address="", raw="", answer=None)
        )
        if person is not None:  # the proof that a number may be used went with the chat
            await connection.execute(delete(Telephone).where(col(Telephone.person_id) == person))
            await erase_person(connection, person)


async def _erase_deliveries(connection: AsyncConnection, channel: str, address: str) -> None:
    """Letters go; an announcement's rows stay for its figures, without address or person, and are not sent."""
    here = (col(Delivery.channel) == channel) & (col(Delivery.address) == address)
    await connection.execute(delete(Delivery).where(here, col(Delivery.announcement_id).is_(None)))
    unsent = here & (col(Delivery.state) == "queued")
    await connection.execute(update(Delivery).where(unsent).values(state="skipped", reason="erased"))
    nobody = literal("erased ") + cast(col(Delivery.id), String)
    await connection.execute(update(Delivery).where(here).values(address=nobody, person_id=None))


async def erase_person(connection: AsyncConnection, person: int) -> None:
    """Delete a person without a chat, with their links, roles and number; one who has a chat stays."""
    left = await connection.scalar(select(col(Chat.address)).where(col(Chat.person_id) == person).limit(1))
    if left is not None:
        return
    for table in (Link, Role, Reminder, Telephone):
        await connection.execute(delete(table).where(col(table.person_id) == person))
    await connection.execute(delete(Calendar).where(col(Calendar.made_by) == f"person {person}"))
    await connection.execute(delete(Person).where(col(Person.id) == person))
