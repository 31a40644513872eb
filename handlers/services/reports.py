"""After an announcement: its final report, the table's secret address, resending by a person's decision."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import String, cast, exists, literal, select, update
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel import col

from db import Announcement, Audit, Person
from handlers.services import audit
from handlers.services.announcements import By, subject
from handlers.services.outbox import Letter, enqueue, resend_uncertain

REPORT_LIVES = timedelta(hours=24)
"""how long the address of a table of deliveries works"""


def reported() -> Any:
    """Whether a final report was written since an announcement was over last."""
    return exists().where(
        col(Audit.subject) == literal("announcement ").concat(cast(col(Announcement.id), String)),
        col(Audit.verb) == "reported",
        col(Audit.at) >= col(Announcement.finished_at),
    )


async def unreported(engine: AsyncEngine) -> list[Announcement]:
    """Announcements that are over, of which no final report was written since."""
    query = select(Announcement).where(col(Announcement.state) == "finished", ~reported())
    async with engine.connect() as connection:
        return [Announcement.model_validate(dict(row._mapping)) for row in await connection.execute(query)]


async def report(engine: AsyncEngine, number: int, now: datetime, letters: Sequence[Letter]) -> None:
    """Write the final report to whoever is told."""
    async with engine.begin() as connection:
        await audit.record(connection, now, audit.PROGRAM, "reported", subject(number))
        await enqueue(connection, letters, now)


async def report_secret(engine: AsyncEngine, number: int, by: By, now: datetime, secret: str) -> str:
    """Let a secret open the table of deliveries for a day; what was given out before is void."""
    digest = hashlib.sha256(secret.encode()).hexdigest()
    async with engine.begin() as connection:
        await connection.execute(
            update(Announcement)
            .where(col(Announcement.id) == number)
            .values(report_hash=digest, report_until=now + REPORT_LIVES)
        )
        await audit.record(connection, now, by.actor, "table given", subject(number))
    return secret


async def given(engine: AsyncEngine, number: int, by: By, now: datetime) -> None:
    """Write down that somebody took the table of deliveries."""
    async with engine.begin() as connection:
        await audit.record(connection, now, by.actor, "table given", subject(number))


async def reported_by(engine: AsyncEngine, secret: str, now: datetime) -> int | None:
    """The announcement whose table a secret opens now."""
    digest = hashlib.sha256(secret.encode()).hexdigest()
    query = select(col(Announcement.id)).where(
        col(Announcement.report_hash) == digest, col(Announcement.report_until) > now
    )
    async with engine.connect() as connection:
        return (await connection.execute(query)).scalar_one_or_none()


async def names_of(engine: AsyncEngine, actors: Sequence[str]) -> dict[str, str]:
    """The names of people as the log names them (``person 12``); who has none is left out."""
    ids = {int(one.removeprefix("person ")) for one in actors if one.startswith("person ")}
    query = select(col(Person.id), col(Person.name)).where(col(Person.id).in_(ids))
    async with engine.connect() as connection:
        return {audit.actor(row[0]): row[1] for row in await connection.execute(query) if row[1]}


async def resend(engine: AsyncEngine, number: int, by: By, now: datetime) -> int:
    """Send again what may or may not have arrived, as a person decided; how many chats."""
    async with engine.begin() as connection:
        await audit.record(connection, now, by.actor, "resent", subject(number))
    return await resend_uncertain(engine, number, now)
