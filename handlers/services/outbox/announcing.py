"""An announcement on its way, as far as the program itself decides: paused for faults of ours, finished, swept.

What people decide (pause, resume, cancel) is :mod:`handlers.services.announcements`; a claim looks at the state each
time, so that it takes effect with the next page.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import and_, exists, literal_column, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlmodel import col

from db import Announcement, Delivery
from handlers.services import audit
from handlers.services.outbox.letters import Letter, enqueue
from handlers.services.outbox.statements import PULLED, QUEUED, SENDING

SWEPT_AT_ONCE = 2_000
"""rows of a cancelled or expired announcement that become ``skipped`` in one transaction"""


_ON_THE_WAY = (
    select(col(Announcement.id))
    .where(
        or_(
            col(Announcement.state).in_(("sending", "paused")),
            exists().where(
                col(Delivery.announcement_id) == col(Announcement.id), col(Delivery.state) == QUEUED
            ),
        )
    )
    .limit(1)
)


async def pause_for_fault(
    engine: AsyncEngine, announcement_id: int, reason: str, now: datetime, told: Sequence[Letter] = ()
) -> bool:
    """Pause what the platform refuses again and again, and tell the author; False when it is not being sent."""
    async with engine.begin() as connection:
        paused = await connection.execute(
            update(Announcement)
            .where(col(Announcement.id) == announcement_id, col(Announcement.state) == "sending")
            .values(state="paused", pause_reason=reason)
        )
        if not paused.rowcount:
            return False
        subject = f"announcement {announcement_id}"
        await audit.record(connection, now, audit.PROGRAM, "paused", subject, why=reason)
        await enqueue(connection, told, now)
    return True


async def sweep(engine: AsyncEngine, now: datetime) -> list[int]:
    """Skip what is cancelled or over, and finish what has nothing left to send; gives the announcements finished.

    What waits on a page (web, terminal) keeps nothing open: it is given until the announcement expires.
    """
    async with engine.connect() as connection:
        if not (await connection.execute(_ON_THE_WAY)).first():
            return []
    async with engine.begin() as connection:
        for announcement_id, state in await _over(connection, now):
            await _skip(connection, announcement_id, "cancelled" if state == "cancelled" else "expired", now)
    finished = (
        update(Announcement)
        .where(col(Announcement.state) == "sending", ~_left(QUEUED), ~_left(SENDING))
        .values(state="finished", finished_at=now)
        .returning(col(Announcement.id))
    )
    async with engine.begin() as connection:
        found = [int(row[0] or 0) for row in await connection.execute(finished)]
        for announcement_id in found:
            await audit.record(connection, now, audit.PROGRAM, "finished", f"announcement {announcement_id}")
    return found


async def resend_uncertain(engine: AsyncEngine, announcement_id: int, now: datetime) -> int:
    """Queue again what may or may not have arrived: only because a person decided so. How many rows.

    An announcement that had finished is being sent again.
    """
    async with engine.begin() as connection:
        again = await connection.execute(
            update(Delivery)
            .where(col(Delivery.announcement_id) == announcement_id, col(Delivery.state) == "uncertain")
            .values(state="queued", reason="resent", not_before=now, worker=None, settled_at=None)
        )
        if again.rowcount:
            await connection.execute(
                update(Announcement)
                .where(col(Announcement.id) == announcement_id, col(Announcement.state) == "finished")
                .values(state="sending", finished_at=None)
            )
        return again.rowcount


async def _over(connection: AsyncConnection, now: datetime) -> list[tuple[int, str]]:
    waiting = exists().where(
        col(Delivery.announcement_id) == col(Announcement.id), col(Delivery.state) == QUEUED
    )
    query = select(col(Announcement.id), col(Announcement.state)).where(
        or_(
            col(Announcement.state) == "cancelled",
            and_(
                col(Announcement.state).in_(("sending", "paused", "finished")),
                col(Announcement.expires_at) <= now,
            ),
        ),
        waiting,
    )
    return [(int(row[0] or 0), str(row[1])) for row in await connection.execute(query)]


async def _skip(connection: AsyncConnection, announcement_id: int, reason: str, now: datetime) -> None:
    some = (
        select(col(Delivery.id))
        .where(col(Delivery.announcement_id) == announcement_id, col(Delivery.state) == QUEUED)
        .limit(SWEPT_AT_ONCE)
        .with_for_update(skip_locked=True)
    )
    await connection.execute(
        update(Delivery)
        .where(col(Delivery.id).in_(some), col(Delivery.state) == QUEUED)
        .values(state="skipped", reason=reason, settled_at=now)
    )


def _left(state: Any) -> Any:
    """Whether a row of the announcement is in this state. The sum keeps SQLite from reading them all: few are."""
    whose = col(Delivery.announcement_id) + literal_column("0") == col(Announcement.id)
    if state is QUEUED:
        return exists().where(
            col(Delivery.announcement_id) == col(Announcement.id),
            col(Delivery.channel).not_in(PULLED),
            col(Delivery.state) == QUEUED,
        )
    return exists().where(whose, col(Delivery.state) == SENDING)
