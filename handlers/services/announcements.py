"""Announcements: their rows and the states they go through; every step is one transaction with its line of the log.

``draft → submitted → approved → scheduled → sending ⇄ paused → finished``, or ``cancelled``, or ``late``, which asks
before sending. A step is an UPDATE that names the state it starts from: of two who do the same at once, one wins.
Approval is :mod:`handlers.services.approval`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import Update, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlmodel import col

from db import Announcement
from handlers.services import audit
from handlers.services.audience import Audience
from handlers.services.outbox import Letter, enqueue
from handlers.services.reach import Aim, fix

LATE = timedelta(minutes=15)
"""what could not begin within this time of its hour asks before it is sent"""
OPEN = ("draft", "submitted", "approved", "scheduled", "late")
"""states in which nothing was sent yet"""
CHANGED = frozenset({"texts", "image", "link_label", "link_url", "topic", "audience", "urgent_reason"})
"""what is approved: changing one of these voids the approval; the hour and the expiry are not among them"""
Step = Literal["done", "missing", "own", "changed", "not_now"]
"""what became of a step: done; there is no such announcement; one wrote or changed it oneself; it was edited since; its
state is another by now"""


def subject(number: int) -> str:
    """How the log names an announcement."""
    return f"announcement {number}"


@dataclass(frozen=True, slots=True)
class By:
    """Who does it: the person, and the chat where they are told."""

    person_id: int
    chat: str

    @property
    def actor(self) -> str:
        """As the log names them."""
        return audit.actor(self.person_id)


async def found(engine: AsyncEngine, number: int) -> Announcement | None:
    """One announcement."""
    async with engine.connect() as connection:
        return await read(connection, number)


async def recent(engine: AsyncEngine, most: int, author: int | None = None) -> list[Announcement]:
    """The newest announcements, of everybody or of one author."""
    query = select(Announcement).order_by(col(Announcement.id).desc()).limit(most)
    if author is not None:
        query = query.where(col(Announcement.author_id) == author)
    async with engine.connect() as connection:
        return [_row(row) for row in await connection.execute(query)]


async def in_state(engine: AsyncEngine, *states: str) -> list[Announcement]:
    """Announcements in these states, oldest first."""
    query = select(Announcement).where(col(Announcement.state).in_(states)).order_by(col(Announcement.id))
    async with engine.connect() as connection:
        return [_row(row) for row in await connection.execute(query)]


async def draft(
    engine: AsyncEngine, by: By, now: datetime, texts: Mapping[str, str], audience: Audience | None = None
) -> int:
    """A new draft, for everyone or for this audience; its number. The same inbound answered twice makes one (same
    author, text and moment)."""
    same = select(col(Announcement.id)).where(
        col(Announcement.author_id) == by.person_id,
        col(Announcement.created_at) > now - timedelta(minutes=10),
        col(Announcement.state) == "draft",
        col(Announcement.version) == 1,
    )
    async with engine.begin() as connection:
        for row in (await connection.execute(same)).all():
            number = int(row[0] or 0)
            before = await read(connection, number)
            if before is not None and before.texts == dict(texts):
                return number
        made = await connection.execute(
            insert(Announcement)
            .values(
                author_id=by.person_id,
                author_chat=by.chat,
                created_at=now,
                topic="news",
                texts=dict(texts),
                audience=(audience or Audience()).as_json(),
                state="draft",
                version=1,
            )
            .returning(col(Announcement.id))
        )
        number = int(made.scalar_one() or 0)
        await audit.record(
            connection, now, by.actor, "drafted", subject(number), after={"texts": dict(texts)}
        )
        return number


async def edit(engine: AsyncEngine, number: int, by: By, now: datetime, **values: Any) -> Step:
    """Change what it says or for whom it is: the version rises, an approval is void, it is a draft again."""
    assert set(values) <= CHANGED, values
    async with engine.begin() as connection:
        before = await read(connection, number, lock=True)
        if before is None:
            return "missing"
        if before.state not in OPEN:
            return "not_now"
        old = {name: getattr(before, name) for name in values}
        if old == values:
            return "done"
        changed = await connection.execute(
            unchanged(before).values(
                **values,
                version=before.version + 1,
                state="draft",
                approved_version=None,
                approved_by=None,
                approved_at=None,
            )
        )
        if not changed.rowcount:
            return "changed"
        await audit.record(connection, now, by.actor, "edited", subject(number), before=old, after=values)
        return "done"


async def expire_at(engine: AsyncEngine, number: int, by: By, now: datetime, at: datetime | None) -> Step:
    """After this moment it is not sent any more."""
    return await _step(engine, number, by.actor, now, OPEN, "expiry set", expires_at=at)


async def schedule(engine: AsyncEngine, number: int, by: By, now: datetime, at: datetime | None) -> Step:
    """Set its hour, or take it away (None); what is approved is then scheduled. The approval stays."""
    async with engine.begin() as connection:
        before = await read(connection, number, lock=True)
        if before is None:
            return "missing"
        if before.state not in OPEN:
            return "not_now"
        state = before.state
        if before.approved_version == before.version:
            state = "scheduled" if at is not None else "approved"
        if not (await connection.execute(unchanged(before).values(send_at=at, state=state))).rowcount:
            return "changed"
        after = {"send_at": at.isoformat() if at else None}
        await audit.record(connection, now, by.actor, "scheduled", subject(number), after=after)
        return "done"


async def cancel(engine: AsyncEngine, number: int, by: By, now: datetime) -> Step:
    """Send nothing (more); what waits is skipped."""
    states = (*OPEN, "sending", "paused")
    return await _step(engine, number, by.actor, now, states, "cancelled", state="cancelled", finished_at=now)


async def pause(engine: AsyncEngine, number: int, by: By, now: datetime) -> Step:
    """Stop sending for a while; seconds later no row is claimed any more."""
    return await _step(
        engine, number, by.actor, now, ("sending",), "paused", state="paused", pause_reason="asked"
    )


async def resume(engine: AsyncEngine, number: int, by: By, now: datetime) -> Step:
    """Go on sending."""
    return await _step(
        engine, number, by.actor, now, ("paused",), "resumed", state="sending", pause_reason=None
    )


async def too_late(engine: AsyncEngine, number: int, now: datetime, letters: Sequence[Letter]) -> Step:
    """Its hour passed while nobody could send: it waits for a person's decision, who is asked by letter."""
    late = update(Announcement).where(col(Announcement.id) == number, col(Announcement.state) == "scheduled")
    async with engine.begin() as connection:
        if not (await connection.execute(late.values(state="late"))).rowcount:
            return "not_now"
        await audit.record(connection, now, audit.PROGRAM, "late", subject(number))
        await enqueue(connection, letters, now)
        return "done"


async def begin(
    engine: AsyncEngine, number: int, aim: Aim, now: datetime, letters: Sequence[Letter] = ()
) -> Step:
    """Fix the audience and send: one transaction, once, and only what is approved as it stands.

    The one letter that tells that it begins is where its progress is shown.
    """
    shown = letters[0].key if len(letters) == 1 else None
    start = (
        update(Announcement)
        .where(
            col(Announcement.id) == number,
            col(Announcement.state) == "scheduled",
            col(Announcement.approved_version) == col(Announcement.version),
        )
        .values(state="sending", fixed_at=now, progress_message=shown)
        .returning(col(Announcement.expires_at))
    )
    async with engine.begin() as connection:
        row = (await connection.execute(start)).first()
        if row is None:
            return "not_now"
        await fix(connection, number, aim, now, row[0])
        await audit.record(connection, now, audit.PROGRAM, "sent", subject(number))
        await enqueue(connection, letters, now)
        return "done"


async def _step(
    engine: AsyncEngine,
    number: int,
    actor: str,
    now: datetime,
    from_states: Collection[str],
    verb: str,
    **values: Any,
) -> Step:
    """Go from one of these states; whoever comes second finds another state."""
    step = (
        update(Announcement)
        .where(col(Announcement.id) == number, col(Announcement.state).in_(from_states))
        .values(**values)
    )
    async with engine.begin() as connection:
        if not (await connection.execute(step)).rowcount:
            return "missing" if await read(connection, number) is None else "not_now"
        await audit.record(connection, now, actor, verb, subject(number))
        return "done"


def unchanged(before: Announcement) -> Update:
    """An update of this announcement, if nobody was quicker since it was read."""
    return update(Announcement).where(
        col(Announcement.id) == before.id,
        col(Announcement.state) == before.state,
        col(Announcement.version) == before.version,
    )


async def read(connection: AsyncConnection, number: int, *, lock: bool = False) -> Announcement | None:
    """One announcement, in a transaction of the caller's; ``lock``: nobody else changes it meanwhile."""
    query = select(Announcement).where(col(Announcement.id) == number)
    row = (await connection.execute(query.with_for_update() if lock else query)).first()
    return _row(row) if row else None


def _row(row: Any) -> Announcement:
    return Announcement.model_validate(dict(row._mapping))
