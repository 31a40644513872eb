"""The second pair of eyes: an announcement is submitted; who wrote none of it approves it or sends it back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlmodel import col

from db import Announcement, Audit
from handlers.services import audit
from handlers.services.announcements import By, Step, read, subject, unchanged
from handlers.services.outbox import Letter, enqueue


async def submit(
    engine: AsyncEngine, number: int, version: int, by: By, now: datetime, letters: Sequence[Letter]
) -> Step:
    """Ask for approval of this version, with letters to those who may give it."""
    async with engine.begin() as connection:
        before = await read(connection, number, lock=True)
        if before is None or before.state != "draft":
            return "not_now" if before else "missing"
        if before.version != version:
            return "changed"
        if not (await connection.execute(unchanged(before).values(state="submitted"))).rowcount:
            return "changed"
        await audit.record(
            connection, now, by.actor, "submitted", subject(number), after={"version": version}
        )
        await enqueue(connection, letters, now)
        return "done"


async def approve(
    engine: AsyncEngine, number: int, version: int, by: By, now: datetime, letters: Sequence[Letter]
) -> Step:
    """Approve this version; not one's own work. With an hour it is scheduled; of two who approve, one is told."""

    def values(before: Announcement) -> dict[str, Any]:
        state = "scheduled" if before.send_at is not None else "approved"
        return {
            "state": state,
            "approved_version": version,
            "approved_by": by.person_id,
            "approved_at": now,
        }

    async def noted(connection: AsyncConnection) -> None:
        await audit.record(connection, now, by.actor, "approved", subject(number), after={"version": version})
        await enqueue(connection, letters, now)

    return await _decided(engine, (number, version), by, values, noted)


async def send_back(
    engine: AsyncEngine, number: int, version: int, by: By, now: datetime, why: str, letters: Sequence[Letter]
) -> Step:
    """Do not approve this version: it is a draft again, with the reason in the log."""

    async def noted(connection: AsyncConnection) -> None:
        await audit.record(connection, now, by.actor, "sent back", subject(number), why=why)
        await enqueue(connection, letters, now)

    return await _decided(engine, (number, version), by, lambda before: {"state": "draft"}, noted)


async def _decided(
    engine: AsyncEngine,
    what: tuple[int, int],
    by: By,
    values: Callable[[Announcement], dict[str, Any]],
    noted: Callable[[AsyncConnection], Awaitable[None]],
) -> Step:
    """Decide about a version (number, version) that was submitted and in which nothing is one's own."""
    number, version = what
    async with engine.begin() as connection:
        before = await read(connection, number, lock=True)
        if before is None:
            return "missing"
        if before.state != "submitted":
            return "changed" if before.version != version else "not_now"
        if by.person_id in await _hands(connection, before):
            return "own"
        if before.version != version:
            return "changed"
        if not (await connection.execute(unchanged(before).values(values(before)))).rowcount:
            return "not_now"
        await noted(connection)
        return "done"


async def hands(engine: AsyncEngine, announcement: Announcement) -> set[int]:
    """Everybody who wrote or changed it, and so cannot approve it."""
    async with engine.connect() as connection:
        return await _hands(connection, announcement)


async def _hands(connection: AsyncConnection, announcement: Announcement) -> set[int]:
    query = select(col(Audit.actor)).where(
        col(Audit.subject) == subject(announcement.id or 0), col(Audit.verb).in_(("drafted", "edited"))
    )
    rows = await connection.execute(query.distinct())
    return {announcement.author_id} | {
        int(row[0].removeprefix("person ")) for row in rows if row[0].startswith("person ")
    }
