"""Calendars of producers as iCalendar (RFC 5545): filing windows and last valid days as whole-day events.

An event keeps its UID for ever: after a renewal the same event moves, and its SEQUENCE rises. The address holds a
secret of which only the hash is kept.
"""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

from sqlalchemy import ColumnElement, and_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlmodel import col

from db import Calendar, CalendarEvent
from handlers.services import audit
from handlers.services.catalogue import Product
from handlers.services.certificates import verdict
from handlers.services.codes import hashed

SECRET_BYTES = 20
"""of an address: 160 bits"""
REFRESH = timedelta(hours=12)
"""how often programs are asked to look again"""
ALARMS = {"window": (timedelta(0), timedelta(days=30)), "end": (timedelta(days=-30),)}
"""when a program rings, from 08:00 of the first day: the window as it opens and a month later (of its two), the end a
month before"""

Kind = Literal["window", "end"]


@dataclass(frozen=True, slots=True)
class Dated:
    """An event: its days (both included) and its words."""

    product: str
    kind: Kind
    first: date
    last: date
    summary: str = ""
    description: str = ""

    @property
    def uid(self) -> str:
        """The same for ever for a product and a kind of event."""
        digest = hashlib.sha256(f"{self.product}\0{self.kind}".encode()).hexdigest()
        return f"{digest[:32]}@ocop-renewal"


@dataclass(frozen=True, slots=True)
class Published:
    """What an event was published with: its sequence, and when its days changed last."""

    sequence: int
    changed_at: datetime


# ------------------------------------------------------------------------------------------------------- addresses


async def make_address(engine: AsyncEngine, producer: str, by: str, now: datetime) -> str | datetime:
    """A new secret for a producer's calendar, given here once; where this person has one already, since when."""
    secret, digest = await _new_secret()
    async with engine.begin() as connection:
        if await _keep_address(connection, producer, by, digest, now):
            return secret
        held = await connection.scalar(select(col(Calendar.made_at)).where(_held(producer, by)))
    return held if held is not None else await make_address(engine, producer, by, now)


async def renew_address(engine: AsyncEngine, producer: str, by: str, now: datetime) -> str:
    """The address this person has for a producer's calendar ends, and another begins."""
    secret, digest = await _new_secret()
    async with engine.begin() as connection:
        await connection.execute(update(Calendar).where(_held(producer, by)).values(withdrawn_at=now))
        await _keep_address(connection, producer, by, digest, now)
    return secret


async def _new_secret() -> tuple[str, str]:
    secret = secrets.token_hex(SECRET_BYTES)
    return secret, await asyncio.to_thread(hashed, secret)


async def _keep_address(
    connection: AsyncConnection, producer: str, by: str, digest: str, now: datetime
) -> bool:
    """False when this person has an address already."""
    make = (postgresql if connection.dialect.name == "postgresql" else sqlite).insert(Calendar)
    row = {"producer_code": producer, "token_hash": digest, "made_by": by, "made_at": now}
    kept = await connection.execute(make.values(row).on_conflict_do_nothing())
    if kept.rowcount:
        await audit.record(connection, now, by, "calendar address made", f"producer {producer}")
    return bool(kept.rowcount)


def _held(producer: str, by: str) -> ColumnElement[bool]:
    return and_(
        col(Calendar.producer_code) == producer,
        col(Calendar.made_by) == by,
        col(Calendar.withdrawn_at).is_(None),
    )


async def withdraw(engine: AsyncEngine, producers: Collection[str], by: str, now: datetime) -> int:
    """End every address of these producers' calendars; how many there were."""
    ended = (
        update(Calendar)
        .where(col(Calendar.producer_code).in_(producers), col(Calendar.withdrawn_at).is_(None))
        .values(withdrawn_at=now)
        .returning(col(Calendar.producer_code))
    )
    async with engine.begin() as connection:
        codes = [row[0] for row in await connection.execute(ended)]
        for code in sorted(set(codes)):
            await audit.record(connection, now, by, "calendar address withdrawn", f"producer {code}")
    return len(codes)


async def producer_of(engine: AsyncEngine, secret: str) -> str | None:
    """Whose calendar a secret opens; None for a wrong or a withdrawn one."""
    if len(secret) != 2 * SECRET_BYTES:
        return None
    digest = await asyncio.to_thread(hashed, secret)
    query = select(col(Calendar.producer_code)).where(
        col(Calendar.token_hash) == digest, col(Calendar.withdrawn_at).is_(None)
    )
    async with engine.connect() as connection:
        return await connection.scalar(query)


# ---------------------------------------------------------------------------------------------------------- events


def dates_of(product: Product, today: date) -> list[Dated]:
    """The filing window and the last valid day, without words; empty unless E is an exact legal day."""
    found = verdict(product.certificate, today)
    if found.filing is None or found.last_day is None:
        return []
    end = found.last_day.first
    return [
        Dated(product.code, "window", found.filing.opens, found.filing.closes),
        Dated(product.code, "end", end, end),
    ]


async def publish(engine: AsyncEngine, events: Sequence[Dated], now: datetime) -> dict[str, Published]:
    """Keep the days each event is published with; the sequence rises by one when they changed. By UID."""
    async with engine.begin() as connection:
        known = await _known(connection, [event.uid for event in events])
        found: dict[str, Published] = {}
        for event in events:
            content = f"{event.first.isoformat()}/{event.last.isoformat()}"
            held = known.get(event.uid)
            if held and held[1] == content:
                found[event.uid] = Published(held[0], held[2])
                continue
            found[event.uid] = Published(held[0] + 1 if held else 0, now)
            await _keep(connection, event.uid, found[event.uid], content)
    return found


async def _known(connection: AsyncConnection, uids: Collection[str]) -> dict[str, tuple[int, str, datetime]]:
    query = select(
        col(CalendarEvent.uid),
        col(CalendarEvent.sequence),
        col(CalendarEvent.content),
        col(CalendarEvent.changed_at),
    ).where(col(CalendarEvent.uid).in_(uids))
    return {row[0]: (row[1], row[2], row[3]) for row in await connection.execute(query)}


async def _keep(connection: AsyncConnection, uid: str, published: Published, content: str) -> None:
    make = (postgresql if connection.dialect.name == "postgresql" else sqlite).insert(CalendarEvent)
    kept = {"sequence": published.sequence, "content": content, "changed_at": published.changed_at}
    await connection.execute(
        make.values(kept | {"uid": uid}).on_conflict_do_update(index_elements=["uid"], set_=kept)
    )


def as_ics(name: str, events: Sequence[Dated], published: dict[str, Published]) -> bytes:
    """The calendar as a file; ``name`` is what programs show it as."""
    import icalendar  # loaded only where somebody has a calendar

    calendar = icalendar.Calendar()
    calendar.add("prodid", "-//OCOP assistant//renewals//VI")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", name)
    calendar.add("refresh-interval", REFRESH, parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", f"PT{int(REFRESH.total_seconds() // 3600)}H")
    for event in events:
        made = icalendar.Event()
        known = published[event.uid]
        made.add("uid", event.uid)
        made.add("sequence", known.sequence)
        made.add("dtstamp", known.changed_at)
        made.add("last-modified", known.changed_at)
        made.add("dtstart", event.first)
        made.add("dtend", event.last + timedelta(days=1))
        made.add("summary", event.summary)
        made.add("description", event.description)
        made.add("transp", "TRANSPARENT")
        for before in ALARMS[event.kind]:
            alarm = icalendar.Alarm()
            alarm.add("action", "DISPLAY")
            alarm.add("description", event.summary)
            alarm.add("trigger", before + timedelta(hours=8))
            made.add_component(alarm)
        calendar.add_component(made)
    return bytes(calendar.to_ical())
