"""Contact persons: people without a chat whom an official records for a producer, with what they agreed to by word.

They are reminded like everybody else; the road is a template to their number, else an officer's call.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlmodel import col

from db import Consent, Link, Person, Telephone
from handlers.services import audit
from handlers.services.access import link, unlink
from handlers.services.erasure import erase_person
from handlers.services.linking import normalised

SHORTEST_NAME, LONGEST_NAME = 2, 80
MOST = 5
"""contact persons of one producer"""
_NUMBER = re.compile(r"\+?\(?\d[\d\s().\-]{6,}\d")


@dataclass(frozen=True, slots=True)
class Contact:
    """A contact person as it is kept; ``number`` empty = none."""

    person_id: int
    name: str
    number: str
    since: datetime


@dataclass(frozen=True, slots=True)
class Told:
    """Name and number as an official types them; ``number`` "" = none, None = what stands there is none."""

    name: str
    number: str | None = ""


@dataclass(frozen=True, slots=True)
class Recording:
    """Who records whom: the producer, the official as the log names them, and the text (version, language) read out."""

    producer: str
    by: str
    read: tuple[str, str]
    at: datetime


def read_contact(text: str) -> Told | None:
    """``Bà Lan, 0912 345 678`` or only a name; None when there is no name in it."""
    found = _NUMBER.search(text)
    name = " ".join((text[: found.start()] + " " + text[found.end() :] if found else text).split())
    name = name.strip(" ,;:.-–()")
    if not SHORTEST_NAME <= len(name) <= LONGEST_NAME or not any(char.isalpha() for char in name):
        return None
    if any(char.isdigit() for char in name):
        return Told(name, None)
    return Told(name, (normalised(found.group()) or None) if found else "")


async def contacts_of(engine: AsyncEngine, producer: str) -> list[Contact]:
    """The contact persons of a producer, oldest first."""
    query = (
        select(col(Person.id), col(Person.name), col(Telephone.number), col(Link.since))
        .join(Link, col(Link.person_id) == col(Person.id))
        .outerjoin(Telephone, col(Telephone.person_id) == col(Person.id))
        .where(col(Link.producer_code) == producer, col(Link.how) == "officer", col(Link.ended_at).is_(None))
        .order_by(col(Link.id))
    )
    async with engine.connect() as connection:
        return [
            Contact(row[0] or 0, row[1] or "", row[2] or "", row[3])
            for row in await connection.execute(query)
        ]


async def record(engine: AsyncEngine, recording: Recording, told: Told) -> int:
    """Keep a contact person who agreed by word of mouth; gives the person's number."""
    async with engine.begin() as connection:
        made = insert(Person).values(created_at=recording.at, name=told.name).returning(col(Person.id))
        person = int((await connection.execute(made)).scalar_one() or 0)
        await link(connection, person, recording.producer, "officer", recording.by, recording.at)
        if told.number:
            row = {"person_id": person, "number": told.number, "how": "recorded"}
            at = {"since": recording.at, "by": recording.by}
            await connection.execute(insert(Telephone).values(row | at))
        for purpose in ("reminders", *(("phone",) if told.number else ())):
            await _said(connection, recording, person, purpose, given=True)
        after = {"person": person, "number": bool(told.number)}
        await _log(connection, recording, "contact recorded", after=after)
        return person


async def remove(engine: AsyncEngine, recording: Recording, person: int) -> bool:
    """Take a contact person away with name and number; that they had agreed, and not any more, stays as proof."""
    async with engine.begin() as connection:
        numbered = await connection.scalar(
            select(col(Telephone.number)).where(col(Telephone.person_id) == person)
        )
        held = await connection.scalar(
            select(col(Link.id)).where(
                col(Link.person_id) == person,
                col(Link.producer_code) == recording.producer,
                col(Link.how) == "officer",
                col(Link.ended_at).is_(None),
            )
        )
        if held is None:
            return False
        await unlink(connection, person, [recording.producer], recording.by, recording.at)
        for purpose in ("reminders", *(("phone",) if numbered else ())):
            await _said(connection, recording, person, purpose, given=False)
        await _log(connection, recording, "contact removed", before={"person": person})
        await erase_person(connection, person)
        return True


async def _said(
    connection: AsyncConnection, recording: Recording, person: int, purpose: str, *, given: bool
) -> None:
    version, language = recording.read
    row: dict[str, Any] = {
        "channel": "",
        "address": "",
        "purpose": purpose,
        "version": version,
        "language": language,
    }
    row |= {"given": given, "at": recording.at, "person_id": person, "recorded_by": recording.by}
    await connection.execute(insert(Consent).values(row))


async def _log(connection: AsyncConnection, recording: Recording, verb: str, **what: Any) -> None:
    subject = f"producer {recording.producer}"
    await audit.record(
        connection, recording.at, recording.by, verb, subject, acts_for=recording.producer, **what
    )
