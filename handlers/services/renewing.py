"""What is said about a renewal: preparing, filed, declined, put off; and the papers that are ready.

A *cycle* is the last valid day of the certificate (ISO 8601): a renewed certificate begins a new one by itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import delete, insert, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlmodel import col

from db import Audit, Renewal, Tick
from handlers.services import audit
from handlers.services.catalogue import Catalogue, Product
from handlers.services.certificates import verdict

SAID = "renewal said"
"""verb of the audit rows"""


@dataclass(frozen=True, slots=True)
class Saying:
    """Who speaks about which product; ``acts_for`` is the producer when an officer speaks for them."""

    product: str
    cycle: str
    actor: str
    at: datetime
    acts_for: str = ""


@dataclass(frozen=True, slots=True)
class Standpoint:
    """Where a renewal stands; all empty while nobody said anything."""

    state: str | None = None
    filed_on: date | None = None
    reason: str | None = None
    snoozed_until: date | None = None
    said_at: datetime | None = None
    by_officer: bool = False
    ticks: frozenset[str] = frozenset()


def cycle_of(product: Product, today: date) -> str:
    """The last valid day of a product's certificate as it is recorded or counted; empty when there is none."""
    last = verdict(product.certificate, today).last_day
    return str(last) if last else ""


def products_of(catalogue: Catalogue, producers: Iterable[str], today: date) -> list[Product]:
    """The products of these producers, those that end soonest first, those without an end last."""
    found = [product for code in producers for product in catalogue.products_of.get(code, ())]

    def soonest(product: Product) -> tuple[bool, str, str]:
        cycle = cycle_of(product, today)
        return not cycle, cycle, product.name_vi

    return sorted(found, key=soonest)


def commune_of(product: Product) -> str:
    """The commune whose People's Committee takes the file: the product's, else its producer's."""
    return product.commune_code or (product.producer.commune_code if product.producer else None) or ""


async def stand(engine: AsyncEngine, product: str, cycle: str) -> Standpoint:
    """Where the renewal of a product stands."""
    async with engine.connect() as connection:
        row = await _row(connection, product, cycle)
        ticks = await connection.execute(
            select(col(Tick.item)).where(col(Tick.product_code) == product, col(Tick.cycle) == cycle)
        )
        ready = frozenset(one[0] for one in ticks)
        if row is None:
            return Standpoint(ticks=ready)
        last = await connection.scalar(
            select(col(Audit.acts_for))
            .where(col(Audit.subject) == f"product {product}", col(Audit.verb) == SAID)
            .order_by(col(Audit.id).desc())
            .limit(1)
        )
        return Standpoint(
            row.state, _day(row.filed_on), row.reason, _day(row.snoozed_until), row.said_at, bool(last), ready
        )


async def say(engine: AsyncEngine, saying: Saying, **said: str | None) -> bool:
    """Write down ``state``, ``filed_on``, ``reason``, ``snoozed_until`` (ISO days); False = it was so already.

    Whatever is said answers the reminders of this cycle. A state takes back what was put off, and the reverse not.
    """
    values: dict[str, Any] = dict(said)
    if "state" in said:
        values = {"filed_on": None, "reason": None, "snoozed_until": None} | values
    async with engine.begin() as connection:
        row = await _row(connection, saying.product, saying.cycle)
        before = {name: getattr(row, name) if row else None for name in values}
        kept = values | {"answered_at": saying.at, "said_by": saying.actor, "said_at": saying.at}
        make = (postgresql if connection.dialect.name == "postgresql" else sqlite).insert(Renewal)
        row_key = {"product_code": saying.product, "cycle": saying.cycle}
        await connection.execute(
            make.values(row_key | kept).on_conflict_do_update(
                index_elements=["product_code", "cycle"], set_=kept
            )
        )
        if before == values and row is not None:
            return False
        await _record(connection, saying, before, values)
        return True


async def tick(engine: AsyncEngine, saying: Saying, item: str, ready: bool) -> None:
    """A paper is ready, or not any more."""
    about = {"product_code": saying.product, "cycle": saying.cycle, "item": item}
    async with engine.begin() as connection:
        here = (
            (col(Tick.product_code) == saying.product)
            & (col(Tick.cycle) == saying.cycle)
            & (col(Tick.item) == item)
        )
        held = await connection.scalar(select(col(Tick.item)).where(here))
        if (held is not None) == ready:
            return
        if ready:
            row = about | {"ticked_by": saying.actor, "ticked_at": saying.at}
            await connection.execute(insert(Tick).values(row))
        else:
            await connection.execute(delete(Tick).where(here))
        await _record(connection, saying, {item: not ready}, {item: ready})


async def _row(connection: AsyncConnection, product: str, cycle: str) -> Any:
    query = select(Renewal).where(col(Renewal.product_code) == product, col(Renewal.cycle) == cycle)
    return (await connection.execute(query)).first()


async def _record(connection: AsyncConnection, saying: Saying, before: Any, after: Any) -> None:
    await audit.record(
        connection,
        saying.at,
        saying.actor,
        SAID,
        f"product {saying.product}",
        before=before,
        after=after | {"cycle": saying.cycle},
        acts_for=saying.acts_for,
    )


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
