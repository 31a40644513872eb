"""What notice was given of a product's end: the rows of ``notice``, which nobody can change."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel import col

from db import Notice, Person
from handlers.services.reminders.known import NOBODY


async def notices(engine: AsyncEngine, product: str) -> list[Notice]:
    """Every notice of a product, oldest first."""
    query = select(Notice).where(col(Notice.product_code) == product).order_by(col(Notice.at), col(Notice.id))
    async with engine.connect() as connection:
        return [Notice.model_validate(dict(row._mapping)) for row in await connection.execute(query)]


async def names(engine: AsyncEngine, people: Iterable[int]) -> dict[int, str]:
    """Names of people as the office wrote them, where it did; an erased person has none."""
    query = select(col(Person.id), col(Person.name)).where(col(Person.id).in_(set(people) - {NOBODY}))
    async with engine.connect() as connection:
        return {row[0] or 0: row[1] for row in await connection.execute(query) if row[1]}
