"""What people agreed to, and which topics their chats want: nothing is sent unasked without it (Law 91/2025/QH15)."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime, time, timedelta

from sqlalchemy import delete, insert, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlmodel import col

from db import TOPICS, Chat, Consent, QuietHours, Subscription, Telephone
from handlers.services import audit
from handlers.services.access import know_chat, person_of

Chats = Iterable[tuple[str, str]]
"""(channel, address) of chats"""
NIGHT = ("22:00", "07:00")
"""when nobody gets a message they did not ask for (announcements behave as advertising: 07:00–22:00 only)"""


async def note(
    connection: AsyncConnection,
    chat: tuple[str, str],
    purpose: str,
    given: bool,
    text: tuple[str, str],
    now: datetime,
) -> None:
    """Write down that somebody agreed or withdrew; ``text`` is the version and the language they read."""
    row = {"channel": chat[0], "address": chat[1], "purpose": purpose, "given": given, "at": now}
    await connection.execute(insert(Consent).values(row | {"version": text[0], "language": text[1]}))


async def subscribe(
    connection: AsyncConnection, chats: Chats, topics: Collection[str], wanted: bool, now: datetime
) -> None:
    """Switch topics on or off for chats."""
    make = (postgresql if connection.dialect.name == "postgresql" else sqlite).insert(Subscription)
    rows = [
        {"channel": channel, "address": address, "topic": topic, "wanted": wanted, "since": now}
        for channel, address in chats
        for topic in topics
    ]
    if rows:
        changed = {"wanted": make.excluded.wanted, "since": make.excluded.since}
        await connection.execute(
            make.on_conflict_do_update(index_elements=["channel", "address", "topic"], set_=changed), rows
        )


async def agree(
    engine: AsyncEngine, chat: tuple[str, str], topics: Collection[str], text: tuple[str, str], now: datetime
) -> None:
    """Somebody agreed to announcements of these topics after reading a text (version, language)."""
    async with engine.begin() as connection:
        await know_chat(connection, *chat, now, guessed=text[1])
        await subscribe(connection, [chat], topics, True, now)
        await note(connection, chat, "announcements", True, text, now)


async def mute(engine: AsyncEngine, chat: tuple[str, str], topics: Collection[str], now: datetime) -> None:
    """Somebody switched topics off in this chat."""
    async with engine.begin() as connection:
        await subscribe(connection, [chat], topics, False, now)


async def wanted(engine: AsyncEngine, channel: str, address: str) -> set[str]:
    """The topics a chat wants."""
    query = select(col(Subscription.topic)).where(
        col(Subscription.channel) == channel,
        col(Subscription.address) == address,
        col(Subscription.wanted).is_(True),
    )
    async with engine.connect() as connection:
        return {row[0] for row in await connection.execute(query)}


async def every_chat(connection: AsyncConnection, channel: str, address: str) -> list[tuple[str, str]]:
    """This chat and every other one of the same person."""
    person = await connection.scalar(
        select(col(Chat.person_id)).where(col(Chat.channel) == channel, col(Chat.address) == address)
    )
    if person is None:
        return [(channel, address)]
    query = select(col(Chat.channel), col(Chat.address)).where(col(Chat.person_id) == person)
    found = [(row[0], row[1]) for row in await connection.execute(query)]
    return found if (channel, address) in found else [(channel, address), *found]


async def stop_announcements(
    engine: AsyncEngine, chat: tuple[str, str], text: tuple[str, str], now: datetime
) -> set[str]:
    """No announcement any more, in any chat of this person; gives the topics that were wanted.

    Reminders of one's own certificates are not announcements: they go on until they are stopped by name.
    """
    before = await wanted(engine, *chat) - {"reminders"}
    async with engine.begin() as connection:
        chats = await every_chat(connection, *chat)
        await subscribe(connection, chats, TOPICS, False, now)
        await note(connection, chat, "announcements", False, text, now)
    return before


async def stop_reminders(
    engine: AsyncEngine, chat: tuple[str, str], text: tuple[str, str], now: datetime
) -> None:
    """No reminder of one's own certificates any more, in any chat of this person."""
    async with engine.begin() as connection:
        await subscribe(connection, await every_chat(connection, *chat), ("reminders",), False, now)
        await note(connection, chat, "reminders", False, text, now)
        await forget_number(connection, chat, text, now)


# ---------------------------------------------------------------------------------------------------- telephone number


async def keep_number(
    engine: AsyncEngine, chat: tuple[str, str], number: str, text: tuple[str, str], now: datetime
) -> None:
    """Somebody agreed to be reached by a number that the platform proved to be theirs."""
    async with engine.begin() as connection:
        person = await person_of(connection, *chat, now)
        who = audit.actor(person)
        make = (postgresql if connection.dialect.name == "postgresql" else sqlite).insert(Telephone)
        kept = {"number": number, "how": "proved", "since": now, "by": who}
        row = make.values(kept | {"person_id": person})
        await connection.execute(row.on_conflict_do_update(index_elements=["person_id"], set_=kept))
        await note(connection, chat, "phone", True, text, now)
        await audit.record(connection, now, who, "telephone agreed to", f"person {person}")


async def refuse_number(
    engine: AsyncEngine, chat: tuple[str, str], text: tuple[str, str], now: datetime
) -> None:
    """Somebody does not want to be reached by number: said once, kept as any other answer."""
    async with engine.begin() as connection:
        if not await forget_number(connection, chat, text, now):
            await note(connection, chat, "phone", False, text, now)


async def forget_number(
    connection: AsyncConnection, chat: tuple[str, str], text: tuple[str, str], now: datetime
) -> bool:
    """Take back that the person behind a chat may be reached by number; False when there was none."""
    person = await connection.scalar(
        select(col(Chat.person_id)).where(col(Chat.channel) == chat[0], col(Chat.address) == chat[1])
    )
    gone = await connection.execute(delete(Telephone).where(col(Telephone.person_id) == person))
    if not gone.rowcount:
        return False
    await note(connection, chat, "phone", False, text, now)
    await audit.record(connection, now, audit.actor(person), "telephone taken back", f"person {person}")
    return True


async def number_of(engine: AsyncEngine, person: int | None) -> str:
    """The number a person agreed to be reached by; empty = none."""
    async with engine.connect() as connection:
        found = await connection.scalar(
            select(col(Telephone.number)).where(col(Telephone.person_id) == person)
        )
    return found or ""


async def quiet_hours(engine: AsyncEngine, channel: str, address: str) -> tuple[str, str] | None:
    """The hours (``HH:MM``, local) in which a chat wants nothing unasked, beyond everybody's night."""
    query = select(col(QuietHours.begins), col(QuietHours.ends)).where(
        col(QuietHours.channel) == channel, col(QuietHours.address) == address
    )
    async with engine.connect() as connection:
        row = (await connection.execute(query)).first()
    return (row[0], row[1]) if row else None


async def set_quiet_hours(engine: AsyncEngine, chat: tuple[str, str], hours: tuple[str, str]) -> None:
    """Keep a chat's own quiet hours (``HH:MM``, local); the same two times = none."""
    make = (postgresql if engine.dialect.name == "postgresql" else sqlite).insert(QuietHours)
    row = {"channel": chat[0], "address": chat[1], "begins": hours[0], "ends": hours[1]}
    kept = make.values(row).on_conflict_do_update(
        index_elements=["channel", "address"], set_={"begins": hours[0], "ends": hours[1]}
    )
    async with engine.begin() as connection:
        await connection.execute(kept)


def after_the_night(at: datetime, night: tuple[str, str]) -> datetime:
    """The moment itself, or the end of the night (``HH:MM``, local) that it falls into."""
    begins, ends = (time.fromisoformat(clock) for clock in night)
    if begins <= at.time():
        return datetime.combine(at.date() + timedelta(days=1), ends, at.tzinfo)
    return datetime.combine(at.date(), ends, at.tzinfo) if at.time() < ends else at
