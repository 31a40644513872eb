"""What nobody answered, and whom nobody could tell: to the commune's officers after a week, to the province after two.

One message a product, cycle and level; all of a day stand in one digest for each official.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlmodel import col

from db import Delivery, Escalation, Reminder
from handlers.services.outbox import Letter, enqueue
from handlers.services.reminders.keeping import EVENING, alone
from handlers.services.reminders.known import AGAIN, DEAD, OFFICERS, readers
from handlers.services.reminders.planning import Occasion, plan_within
from handlers.services.reminders.routing import Path, Reader, Roads, route
from handlers.services.reminders.silence import Call, Officials, Report, Silent, calls, officials_now, silent

TOPIC = "officials"
"""no topic that can be muted; it makes a letter keep quiet hours"""
KEEP = timedelta(days=6)
"""how long a page may fetch an official's digest, after the evening of its day"""


Words = Callable[[Report], Sequence[Any]]


async def raise_silent(
    engine: AsyncEngine, occasion: Occasion, words: Words, producers: Collection[str]
) -> int:
    """Write today's digests of the officials about these producers, once a day; how many."""
    if not producers:
        return 0
    async with alone(engine) as connection:
        officials = await officials_now(connection)
        if await _told_today(connection, officials, occasion.day):
            return 0
        again = await plan_within(connection, occasion, sorted(producers))
        people = await readers(connection, officials.everybody, occasion.language, topic="")
        reports = _reports(silent(again), calls(again), officials, people)
        letters = [letter for one in reports if (letter := _letter(one, people, occasion, words))]
        told = {letter.person_id for letter in letters}
        await enqueue(connection, letters, occasion.roads.now)
        await _mark(connection, [one for one in reports if one.person_id in told], occasion)
        return len(letters)


async def _told_today(connection: AsyncConnection, officials: Officials, day: date) -> bool:
    keys = [_key(day, person) for person in officials.everybody]
    query = select(col(Delivery.key)).where(col(Delivery.key).in_(keys)).limit(1)
    return (await connection.execute(query)).first() is not None


def _reports(
    handed: Iterable[Silent], to_call: Iterable[Call], officials: Officials, people: dict[int, Reader]
) -> list[Report]:
    made: dict[int, Report] = {}

    def report(person: int) -> Report:
        return made.setdefault(person, Report(person, people[person].language("")))

    for one in handed:
        to = officials.province if one.level == "province" else officials.of(one.commune)
        for person in to:
            report(person).silent.append(one)
    for call in to_call:
        for person in officials.of(call.commune):
            report(person).calls.append(call)
    return list(made.values())


def _letter(report: Report, people: dict[int, Reader], occasion: Occasion, words: Words) -> Letter | None:
    reader = people[report.person_id]
    path = _way(occasion.roads, reader, ())
    if path is None:
        return None
    report.language = reader.language(occasion.language)
    evening = datetime.combine(occasion.day, EVENING, occasion.roads.now.tzinfo)
    return Letter(
        key=_key(occasion.day, report.person_id),
        channel=path.channel,
        address=path.address,
        person_id=report.person_id,
        language=report.language,
        messages=words(report),
        expires_at=evening + KEEP,
        topic=TOPIC,
    )


def _way(roads: Roads, reader: Reader, tried: Collection[Path]) -> Path | None:
    """An official's road: any of their chats; the template for producers is none."""
    plain = replace(
        roads, by_name={name: replace(one, templates=False) for name, one in roads.by_name.items()}
    )
    found = route(plain, reader, tried).path
    if found is None and (box := roads.mailbox(reader)):
        mailbox = Path(box.channel, box.address)
        return None if mailbox in tried else mailbox
    return found


async def _mark(connection: AsyncConnection, reports: Sequence[Report], occasion: Occasion) -> None:
    """Write down what somebody is told of now."""
    make = (postgresql if connection.dialect.name == "postgresql" else sqlite).insert(Escalation)
    now, day = occasion.roads.now, occasion.day.isoformat()
    rows = {
        (one.due.product.code, one.due.cycle, one.level): {
            "product_code": one.due.product.code,
            "cycle": one.due.cycle,
            "level": one.level,
            "day": day,
            "made_at": now,
        }
        for report in reports
        for one in report.silent
    }
    if rows:
        await connection.execute(make.on_conflict_do_nothing(), list(rows.values()))
    for call in {call for report in reports for call in report.calls}:
        told = (
            update(Reminder)
            .where(
                col(Reminder.product_code) == call.due.product.code,
                col(Reminder.cycle) == call.due.cycle,
                col(Reminder.step) == call.step,
                col(Reminder.person_id) == call.person_id,
                col(Reminder.delivery_key) == call.key,
            )
            .values(delivery_key=f"{OFFICERS}{day}")
        )
        await connection.execute(told)


async def reroute_officials(engine: AsyncEngine, occasion: Occasion) -> int:
    """Officials' digests that were refused take another road; how many."""
    async with engine.connect() as connection:
        if not await _refused(connection, await officials_now(connection), occasion.day):
            return 0
    async with alone(engine) as connection:
        officials = await officials_now(connection)
        refused = await _refused(connection, officials, occasion.day)
        people = await readers(connection, set(refused), occasion.language, topic="")
        letters = []
        for person, rows in refused.items():
            last, tried = rows[-1], {Path(row.channel, row.address) for row in rows}
            path = _way(occasion.roads, people[person], tried)
            if path is None or len(rows) > len(AGAIN):
                continue
            letters.append(
                Letter(
                    key=_key(occasion.day, person) + AGAIN[len(rows) - 1],
                    channel=path.channel,
                    address=path.address,
                    person_id=person,
                    language=last.language,
                    messages=(last.content or {}).get("messages", ()),
                    expires_at=last.expires_at,
                    topic=TOPIC,
                )
            )
        await enqueue(connection, letters, occasion.roads.now)
        return len(letters)


async def _refused(connection: AsyncConnection, officials: Officials, day: date) -> dict[int, list[Any]]:
    """Today's letters of each official whose last one was refused, in order."""
    keys = [_key(day, person) + again for person in officials.everybody for again in ("", *AGAIN)]
    query = select(
        col(Delivery.key),
        col(Delivery.person_id),
        col(Delivery.channel),
        col(Delivery.address),
        col(Delivery.state),
        col(Delivery.language),
        col(Delivery.content),
        col(Delivery.expires_at),
    ).where(col(Delivery.key).in_(keys))
    found: dict[int, list[Any]] = {}
    for row in await connection.execute(query.order_by(col(Delivery.id))):
        found.setdefault(row.person_id, []).append(row)
    return {person: rows for person, rows in found.items() if rows[-1].state in DEAD}


def _key(day: date, person: int) -> str:
    return f"{OFFICERS}{day}:{person}"
