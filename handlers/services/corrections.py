"""Corrections: a producer asks that a public value be changed, an officer decides, and only then it changes."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, cast

from sqlalchemy import Table, case, func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlmodel import col

import db
from db import Correction
from handlers.services import audit
from handlers.services.correctable import FIELDS

KEYS = {"product": "code", "producer": "code", "showroom": "showroom_id"}
"""kind of subject → its key column"""
State = Literal["asked", "approved", "refused", "withdrawn"]
Outcome = Literal["done", "approved", "refused", "withdrawn", "changed", "missing"]
"""``done``, or what stands in the way: it was decided or withdrawn already, the public value is another one by now, or
what it is about is gone"""


@dataclass(frozen=True, slots=True)
class Wish:
    """A change that is asked for: ``values`` in the order of the field's columns."""

    field: str
    key: str
    producer: str
    commune: str
    values: tuple[Any, ...]

    @property
    def subject(self) -> str:
        """``product na-dai``."""
        return f"{FIELDS[self.field][0]} {self.key}"


async def current(connection: AsyncConnection, field: str, key: str) -> tuple[Any, ...] | None:
    """What the registry says now; None when there is no such subject."""
    table, columns = _where(field)
    query = select(*(table.c[name] for name in columns)).where(table.c[KEYS[table.name]] == key)
    row = (await connection.execute(query)).first()
    return tuple(row) if row else None


async def phone_stays_private(connection: AsyncConnection, producer: str) -> bool:
    """Whether a new number is not shown to the public: it would take the name of the contact along."""
    table = db.metadata.tables["producer"]
    query = select(table.c.contact_public, table.c.contact_name).where(table.c.code == producer)
    row = (await connection.execute(query)).first()
    return bool(row and not row[0] and row[1])


async def ask(
    engine: AsyncEngine, wish: Wish, person: int, chat: tuple[str, str], now: datetime
) -> Correction | None:
    """Put a wish into the queue; None when its subject is gone.

    An open one of the same value gives way to it, unless it is the very same wish of the same person.
    """
    insert = (postgresql if engine.dialect.name == "postgresql" else sqlite).insert(Correction)
    async with engine.begin() as connection:
        await _lock(connection)
        old = await current(connection, wish.field, wish.key)
        if old is None:
            return None
        for one in await _open(connection, wish):
            if (one.asked_by, one.new, one.old) == (person, list(wish.values), list(old)):
                return one
            await _decide(connection, one, "withdrawn", person, "asked anew", now)
        row: dict[str, Any] = {
            "subject": wish.subject,
            "field": wish.field,
            "producer_code": wish.producer,
            "commune_code": wish.commune,
            "old": list(old),
            "new": list(wish.values),
            "state": "asked",
            "asked_by": person,
            "asked_chat": f"{chat[0]}:{chat[1]}",
            "asked_at": now,
        }
        made = (await connection.execute(insert.values(row).returning(col(Correction.id)))).scalar_one()
        asked = Correction(id=made, **row)
        await _record(connection, asked, "asked", person, "", now)
        return asked


async def _open(connection: AsyncConnection, wish: Wish) -> list[Correction]:
    query = select(Correction).where(
        col(Correction.subject) == wish.subject,
        col(Correction.field) == wish.field,
        col(Correction.state) == "asked",
    )
    return _corrections(await connection.execute(query))


async def get(engine: AsyncEngine, number: int) -> Correction | None:
    """A correction by its number."""
    async with engine.connect() as connection:
        found = _corrections(await connection.execute(select(Correction).where(col(Correction.id) == number)))
    return found[0] if found else None


async def waiting(engine: AsyncEngine, producers: Collection[str] | None = None) -> list[Correction]:
    """Corrections that wait for a decision, oldest first; of these producers, or all."""
    query = select(Correction).where(col(Correction.state) == "asked").order_by(col(Correction.id))
    if producers is not None:
        query = query.where(col(Correction.producer_code).in_(producers))
    async with engine.connect() as connection:
        return _corrections(await connection.execute(query))


async def approve(engine: AsyncEngine, correction: Correction, person: int, now: datetime) -> Outcome:
    """Make the new value public, in one transaction with the log and the registry's version."""
    table, columns = _where(correction.field)
    key = correction.subject.partition(" ")[2]
    async with engine.begin() as connection:
        await _lock(connection)
        state = await _state(connection, correction)
        if state != "asked":
            return state
        found = await current(connection, correction.field, key)
        if found is None or list(found) != correction.old:
            return "missing" if found is None else "changed"
        await _decide(connection, correction, "approved", person, "", now)
        values = dict(zip(columns, correction.new, strict=True))
        if correction.field == "price":
            values["priced_on"] = now.date().isoformat()
        if correction.field == "phone":
            nameless = func.coalesce(table.c.contact_name, "") == ""
            values["contact_public"] = case((nameless, True), else_=table.c.contact_public)
        await connection.execute(update(table).where(table.c[KEYS[table.name]] == key).values(values))
        registry = db.metadata.tables["registry"]
        await connection.execute(update(registry).values(version=registry.c.version + 1))
    return "done"


async def refuse(
    engine: AsyncEngine, correction: Correction, person: int, reason: str, now: datetime
) -> Outcome:
    """Leave the public value as it is, with a reason that the producer hears."""
    return await _close(engine, correction, "refused", person, reason, now)


async def withdraw(engine: AsyncEngine, correction: Correction, person: int, now: datetime) -> Outcome:
    """The producer does not want it any more."""
    return await _close(engine, correction, "withdrawn", person, "", now)


async def _close(
    engine: AsyncEngine, correction: Correction, state: str, person: int, reason: str, now: datetime
) -> Outcome:
    async with engine.begin() as connection:
        await _lock(connection)
        found = await _state(connection, correction)
        if found != "asked":
            return found
        await _decide(connection, correction, state, person, reason, now)
    return "done"


async def _lock(connection: AsyncConnection) -> None:
    """Decide one after the other, and not in the middle of an import: a write, so that SQLite locks now."""
    registry = db.metadata.tables["registry"]
    await connection.execute(update(registry).values(version=registry.c.version))


async def _state(connection: AsyncConnection, correction: Correction) -> State:
    query = select(col(Correction.state)).where(col(Correction.id) == correction.id)
    return cast(State, (await connection.execute(query)).scalar_one())


async def _decide(
    connection: AsyncConnection, correction: Correction, state: str, person: int, reason: str, now: datetime
) -> None:
    decided = (
        update(Correction)
        .where(col(Correction.id) == correction.id, col(Correction.state) == "asked")
        .values(state=state, decided_by=person, decided_at=now, reason=reason or None)
    )
    if (await connection.execute(decided)).rowcount:
        await _record(connection, correction, state, person, reason, now)


async def _record(
    connection: AsyncConnection, correction: Correction, verb: str, person: int, reason: str, now: datetime
) -> None:
    await audit.record(
        connection,
        now,
        audit.actor(person),
        f"{verb}: {correction.field}",
        correction.subject,
        before=correction.old,
        after=correction.new,
        why=reason,
    )


def _corrections(rows: Iterable[Any]) -> list[Correction]:
    return [Correction.model_validate(dict(row._mapping)) for row in rows]


def _where(field: str) -> tuple[Table, tuple[str, ...]]:
    kind, columns = FIELDS[field]
    return db.metadata.tables[kind], columns
