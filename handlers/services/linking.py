"""Linking chats to producers by a telephone number, reminders agreed to, and leaving everything at once."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel import col

from db import Calendar, Link, Producer, Telephone
from handlers.services.access import Who, link, person_of, unlink
from handlers.services.consent import every_chat, forget_number, note, subscribe
from handlers.services.erasure import erase_person

Chat = tuple[str, str]
Read = tuple[str, str]
"""version and language of the text that was read"""
_SEPARATED = re.compile(r"[;,/\n]+")


def normalised(number: str) -> str:
    """A Vietnamese telephone number as ``0…``: ``+84 912…``, ``84912…`` and ``0912…`` are one; "" = none."""
    digits = "".join(char for char in number if char.isdigit())
    if digits.startswith("0084"):
        digits = digits[2:]
    if digits.startswith("84") and len(digits) >= 11:
        digits = "0" + digits[2:].removeprefix("0")
    return digits if digits.startswith("0") and 9 <= len(digits) <= 12 else ""


async def with_phone(engine: AsyncEngine, number: str) -> list[str]:
    """Codes of the producers that have this number on record, public or not, or as that of a contact person whom an
    official recorded; in the registry's order."""
    asked = normalised(number)
    if not asked:
        return []
    query = select(col(Producer.code), col(Producer.phone)).where(col(Producer.phone).is_not(None))
    recorded = (
        select(col(Link.producer_code))
        .join(Telephone, col(Telephone.person_id) == col(Link.person_id))
        .where(col(Telephone.number) == asked, col(Telephone.how) == "recorded", col(Link.ended_at).is_(None))
        .order_by(col(Link.id))
    )
    async with engine.connect() as connection:
        rows = await connection.execute(query.order_by(col(Producer.position)))
        found = [
            code
            for code, phones in rows
            if asked in {normalised(one) for one in _SEPARATED.split(phones or "")}
        ]
        found += [row[0] for row in await connection.execute(recorded)]
    return list(dict.fromkeys(found))


def fingerprint(number: str) -> str:
    """A number as it may stand in a conversation's state before its owner agreed that it is kept."""
    return hashlib.sha256(normalised(number).encode()).hexdigest()[:16]


async def proved_number(engine: AsyncEngine, producers: Collection[str], mark: str) -> str:
    """The number of this fingerprint on the record of these producers or of their contact persons; "" = none."""
    query = select(col(Producer.phone)).where(
        col(Producer.code).in_(producers), col(Producer.phone).is_not(None)
    )
    recorded = (
        select(col(Telephone.number))
        .join(Link, col(Link.person_id) == col(Telephone.person_id))
        .where(col(Link.producer_code).in_(producers), col(Link.ended_at).is_(None))
    )
    async with engine.connect() as connection:
        numbers = [
            normalised(one)
            for row in await connection.execute(query)
            for one in _SEPARATED.split(row[0] or "")
        ]
        numbers += [row[0] for row in await connection.execute(recorded)]
    return next((number for number in numbers if number and fingerprint(number) == mark), "")


async def link_by_phone(
    engine: AsyncEngine, chat: Chat, producers: Collection[str], number: str, now: datetime
) -> None:
    """Let whoever owns this chat serve these producers: the platform proved the number.

    A contact person recorded with this number was them, and goes: they are told once. The number to which they agreed
    by word of mouth stays theirs.
    """
    async with engine.begin() as connection:
        person = await person_of(connection, *chat, now)
        for code in producers:
            await link(connection, person, code, "phone", f"person {person}", now)
        recorded = select(col(Telephone.person_id)).where(
            col(Telephone.number) == normalised(number), col(Telephone.how) == "recorded"
        )
        for one in [row[0] for row in await connection.execute(recorded)]:
            await unlink(connection, one, producers, f"person {person}", now)
            theirs = select(col(Telephone.person_id)).where(col(Telephone.person_id) == person)
            if await connection.scalar(theirs) is None:
                kept = update(Telephone).where(col(Telephone.person_id) == one)
                await connection.execute(kept.values(person_id=person, how="proved"))
            await erase_person(connection, one)


async def want_reminders(engine: AsyncEngine, chat: Chat, wanted: bool, read: Read, now: datetime) -> None:
    """Somebody wants reminders in this chat, or none."""
    async with engine.begin() as connection:
        await subscribe(connection, [chat], ("reminders",), wanted, now)
        await note(connection, chat, "reminders", wanted, read, now)
        if not wanted:
            await forget_number(connection, chat, read, now)


async def unlink_all(engine: AsyncEngine, chat: Chat, who: Who, read: Read, now: datetime) -> list[str]:
    """End a person's links, calendar addresses and reminders in all their chats; gives the producers they served."""
    assert who.person_id is not None
    async with engine.begin() as connection:
        await unlink(connection, who.person_id, who.producers, who.actor, now)
        theirs = (col(Calendar.made_by) == who.actor) & col(Calendar.withdrawn_at).is_(None)
        await connection.execute(update(Calendar).where(theirs).values(withdrawn_at=now))
        await subscribe(connection, await every_chat(connection, *chat), ("reminders",), False, now)
        await note(connection, chat, "reminders", False, read, now)
        await forget_number(connection, chat, read, now)
    return list(who.producers)
