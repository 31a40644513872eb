"""Corrections: a producer asks that a public value be changed, an officer decides, and only then it changes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Table, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlmodel import col

import db
from db import Correction
from handlers.services import audit

KEYS = {"product": "code", "producer": "code", "showroom": "showroom_id"}
"""kind of subject → its key column"""
FIELDS: dict[str, tuple[str, tuple[str, ...]]] = {
    "price": ("product", ("price_vnd", "price_max_vnd")),
    "season": ("product", ("season",)),
    "description": ("product", ("description_vi",)),
    "link": ("product", ("online_url",)),
    "photo": ("product", ("image",)),
    "phone": ("producer", ("phone",)),
    "hours": ("showroom", ("opening_hours",)),
}
"""what may be corrected → whose, and the columns of the exchange format"""

Outcome = Literal["done", "decided", "changed", "missing"]


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


async def ask(
    engine: AsyncEngine, wish: Wish, person: int, chat: tuple[str, str], now: datetime
) -> Correction | None:
    """Put a wish into the queue; an open one of the same value gives way to it. None when the subject is gone."""
    insert = (postgresql if engine.dialect.name == "postgresql" else sqlite).insert(Correction)
    async with engine.begin() as connection:
        old = await current(connection, wish.field, wish.key)
        if old is None:
            return None
        open_one = (
            (col(Correction.subject) == wish.subject)
            & (col(Correction.field) == wish.field)
            & (col(Correction.state) == "asked")
        )
        await connection.execute(
            update(Correction).where(open_one).values(state="withdrawn", decided_at=now, reason="asked anew")
        )
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
        who = audit.actor(person)
        await audit.record(
            connection, now, who, f"asked: {wish.field}", wish.subject, before=list(old), after=row["new"]
        )
        return Correction(id=made, **row)


async def get(engine: AsyncEngine, number: int) -> Correction | None:
    """A correction by its number."""
    async with engine.connect() as connection:
        row = (await connection.execute(select(Correction).where(col(Correction.id) == number))).first()
    return Correction.model_validate(dict(row._mapping)) if row else None


async def waiting(engine: AsyncEngine) -> list[Correction]:
    """Corrections that wait for a decision, oldest first."""
    query = select(Correction).where(col(Correction.state) == "asked").order_by(col(Correction.id))
    async with engine.connect() as connection:
        return [Correction.model_validate(dict(row._mapping)) for row in await connection.execute(query)]


async def approve(engine: AsyncEngine, correction: Correction, person: int, now: datetime) -> Outcome:
    """Make the new value public, in one transaction with the log and the registry's version.

    ``decided``: somebody was quicker. ``changed``: the public value is not the one that was asked about any more.
    """
    table, columns = _where(correction.field)
    key = correction.subject.partition(" ")[2]
    async with engine.begin() as connection:
        state = await connection.scalar(
            select(col(Correction.state)).where(col(Correction.id) == correction.id)
        )
        if state != "asked":
            return "decided"
        found = await current(connection, correction.field, key)
        if found is None or list(found) != correction.old:
            return "missing" if found is None else "changed"
        if not await _decide(connection, correction, "approved", person, "", now):
            return "decided"
        values = dict(zip(columns, correction.new, strict=True))
        if correction.field == "price":
            values["priced_on"] = now.date().isoformat()
        if correction.field == "phone":
            values["contact_public"] = True
        await connection.execute(update(table).where(table.c[KEYS[table.name]] == key).values(values))
        registry = db.metadata.tables["registry"]
        await connection.execute(update(registry).values(version=registry.c.version + 1))
        await _record(connection, correction, "approved", person, "", now)
    return "done"


async def refuse(
    engine: AsyncEngine, correction: Correction, person: int, reason: str, now: datetime
) -> Outcome:
    """Leave the public value as it is, with a reason that the producer hears."""
    async with engine.begin() as connection:
        if not await _decide(connection, correction, "refused", person, reason, now):
            return "decided"
        await _record(connection, correction, "refused", person, reason, now)
    return "done"


async def _decide(
    connection: AsyncConnection, correction: Correction, state: str, person: int, reason: str, now: datetime
) -> bool:
    decided = (
        update(Correction)
        .where(col(Correction.id) == correction.id, col(Correction.state) == "asked")
        .values(state=state, decided_by=person, decided_at=now, reason=reason or None)
    )
    return bool((await connection.execute(decided)).rowcount)


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


def _where(field: str) -> tuple[Table, tuple[str, ...]]:
    kind, columns = FIELDS[field]
    return db.metadata.tables[kind], columns
