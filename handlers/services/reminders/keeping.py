"""Writing a plan down: reminders and the letters that carry them, in one transaction a batch, and nobody twice.

One program at a time: under a lock each batch is planned anew from what is written by then, so that two replicas, a
restart and a kill in the middle neither lose nor repeat anything.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta
from typing import Any

from sqlalchemy import and_, false, insert, or_, select, text, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlmodel import col

from db import Delivery, Notice, Reminder
from handlers.services.outbox import PULLED, Letter, enqueue
from handlers.services.reminders.known import CALL, DEAD, PASSED, PATIENCE, parts
from handlers.services.reminders.planning import Digest, Item, Occasion, plan, plan_within
from handlers.services.reminders.silence import calls, silent

LOCK = 20_250_702
"""number of the advisory lock (PostgreSQL) under which reminders are written"""
BATCH = 100
"""producers a transaction"""
EVENING = time(22)
MAILBOX = timedelta(days=2)
"""how long a page may fetch a digest before an officer is asked to call"""
TOPIC = "reminders"
ANOTHER_WAY, EXPIRED = "another way", "expired"


@dataclass(frozen=True, slots=True)
class Written:
    """What a digest says: messages, and the facts of a template."""

    messages: Sequence[Any]
    facts: dict[str, str]


Words = Callable[[Digest], Written]


@dataclass(slots=True)
class Done:
    """What was written."""

    digests: int = 0
    reminders: int = 0
    calls: int = 0
    officials: set[str] = field(default_factory=set)
    """producers of whom officials are to hear"""


@asynccontextmanager
async def alone(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """A transaction beside which no other one of this kind runs."""
    async with engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            await connection.execute(text(f"SELECT pg_advisory_xact_lock({LOCK})"))
        else:  # the first statement writes: SQLite lets one writer in, and what is read next is the newest
            await connection.execute(update(Reminder).where(false()).values(day=""))
        yield connection


async def write(
    engine: AsyncEngine, occasion: Occasion, words: Words, producers: Sequence[str] | None = None
) -> Done:
    """Plan a day and write it down; running it again does nothing again."""
    done = Done()
    made = await plan(engine, occasion, producers)
    due = made.producers
    done.officials = {one.due.producer for one in silent(made)} | {one.due.producer for one in calls(made)}
    del made
    for first in range(0, len(due), BATCH):
        async with alone(engine) as connection:
            batch = await plan_within(connection, occasion, due[first : first + BATCH])
            await _keep(connection, batch.digests, occasion, words, done)
    return done


async def reroute(engine: AsyncEngine, occasion: Occasion, words: Words) -> Done:
    """What was refused today, or has waited too long, takes the next road."""
    now = occasion.roads.now
    waiting = and_(
        col(Delivery.state) == "queued",
        col(Delivery.queued_at) <= now - PATIENCE,
        col(Delivery.channel).not_in(PULLED),
    )
    query = (
        select(col(Reminder.producer_code))
        .join(Delivery, col(Delivery.key) == col(Reminder.delivery_key))
        .where(col(Reminder.day) == occasion.day.isoformat(), or_(col(Delivery.state).in_(DEAD), waiting))
        .distinct()
    )
    async with engine.connect() as connection:
        producers = [row[0] for row in await connection.execute(query)]
    return await write(engine, occasion, words, producers) if producers else Done()


async def _keep(
    connection: AsyncConnection, digests: Sequence[Digest], occasion: Occasion, words: Words, done: Done
) -> None:
    letters: list[Letter] = []
    rows: list[dict[str, Any]] = []
    notices: list[dict[str, Any]] = []
    moved: list[tuple[Item, int, str]] = []
    out = await _out_already(connection, digests)
    for planned in digests:
        if planned.path and planned.key in out:  # its products have left the plan meanwhile: tomorrow
            continue
        digest = await _taken_back(connection, planned, occasion.roads.now)
        if digest is None:
            continue
        key = digest.key if digest.path else CALL
        letters += _letters(digest, occasion, words)
        for item in digest.items:
            if item.before:
                moved.append((item, digest.reader.person_id, key))
            else:
                rows.append(_row(digest, item, item.due.step.name, key, occasion))
            rows += [_row(digest, item, step, PASSED, occasion) for step in item.due.passed]
            if digest.path is None:
                notices.append(_call(digest, item, occasion.roads.now))
        done.digests += digest.path is not None
        done.reminders += len(digest.items)
        if digest.path is None:
            done.calls += len(digest.items)
            done.officials.add(digest.producer)
    await enqueue(connection, letters, occasion.roads.now)
    make = (postgresql if connection.dialect.name == "postgresql" else sqlite).insert(Reminder)
    if rows:
        await connection.execute(make.on_conflict_do_nothing(), rows)
    for item, person, key in moved:
        await connection.execute(_move(item, person, key, occasion))
    if notices:
        await connection.execute(insert(Notice), notices)


async def _out_already(connection: AsyncConnection, digests: Sequence[Digest]) -> set[str]:
    found: set[str] = set()
    for some in parts(digest.key for digest in digests if digest.path):
        query = select(col(Delivery.key)).where(col(Delivery.key).in_(some))
        found |= {str(row[0]) for row in await connection.execute(query)}
    return found


async def _taken_back(connection: AsyncConnection, digest: Digest, now: datetime) -> Digest | None:
    """Letters that are still queued are taken back first; one that a sender took meanwhile stays where it is."""
    queued = {
        item.before.key: item.before for item in digest.items if item.before and item.before.state == "queued"
    }
    kept = set()
    for key, told in queued.items():
        back = (
            update(Delivery)
            .where(col(Delivery.key) == key, col(Delivery.state) == "queued")
            .values(state="skipped", reason=EXPIRED if told.lost(now) else ANOTHER_WAY, settled_at=now)
        )
        if not (await connection.execute(back)).rowcount:
            kept.add(key)
    items = tuple(item for item in digest.items if not (item.before and item.before.key in kept))
    return replace(digest, items=items) if items else None


def _letters(digest: Digest, occasion: Occasion, words: Words) -> list[Letter]:
    if digest.path is None:
        return []
    written = words(digest)
    evening = datetime.combine(occasion.day, EVENING, occasion.roads.now.tzinfo)
    pulled = digest.path.channel in PULLED
    letter = Letter(
        key=digest.key,
        channel=digest.path.channel,
        address=digest.path.address,
        person_id=digest.reader.person_id,
        language=digest.language,
        messages=[] if digest.path.way == "template" else written.messages,
        way=digest.path.way,
        notices=[(*item.due.key, item.due.step.name) for item in digest.items],
        expires_at=evening + MAILBOX if pulled else evening,
        topic=TOPIC,
        facts=written.facts if digest.path.way == "template" else {},
    )
    if digest.mailbox is None:
        return [letter]
    copy = replace(
        letter,
        key=f"{digest.key}:{digest.mailbox.channel}",
        channel=digest.mailbox.channel,
        address=digest.mailbox.address,
        messages=written.messages,
        way="message",
        facts={},
        expires_at=evening + MAILBOX,
    )
    return [letter, copy]


def _row(digest: Digest, item: Item, step: str, key: str, occasion: Occasion) -> dict[str, Any]:
    return {
        "product_code": item.due.product.code,
        "cycle": item.due.cycle,
        "step": step,
        "person_id": digest.reader.person_id,
        "producer_code": digest.producer,
        "day": occasion.day.isoformat(),
        "delivery_key": key,
        "made_at": occasion.roads.now,
    }


def _move(item: Item, person: int, key: str, occasion: Occasion) -> Any:
    assert item.before is not None
    return (
        update(Reminder)
        .where(
            col(Reminder.product_code) == item.due.product.code,
            col(Reminder.cycle) == item.due.cycle,
            col(Reminder.step) == item.due.step.name,
            col(Reminder.person_id) == person,
            col(Reminder.delivery_key) == item.before.key,
        )
        .values(delivery_key=key, day=occasion.day.isoformat(), made_at=occasion.roads.now)
    )


def _call(digest: Digest, item: Item, now: datetime) -> dict[str, Any]:
    why = "; ".join(f"{road}: {reason}" for road, reason in digest.skipped)
    return {
        "at": now,
        "product_code": item.due.product.code,
        "cycle": item.due.cycle,
        "step": item.due.step.name,
        "person_id": digest.reader.person_id,
        "channel": "",
        "way": "message",
        "outcome": "call",
        "answer": why,
    }
