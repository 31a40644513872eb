"""The log of who did what: rows are only added, in the same transaction as what they tell of."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel import col

from db import Audit

CONSOLE = "console"
"""somebody at the program's command line"""
PROGRAM = "program"
"""the program itself, by its clock"""


def actor(person_id: int | None) -> str:
    """How a person is written down; nobody known = the program."""
    return PROGRAM if person_id is None else f"person {person_id}"


class Executes(Protocol):
    """A connection or a session inside a transaction."""

    async def execute(self, statement: Any, /) -> Any:
        """Run a statement."""
        ...


async def record(
    transaction: Executes,
    at: datetime,
    who: str,
    verb: str,
    subject: str,
    *,
    before: Any = None,
    after: Any = None,
    why: str = "",
    acts_for: str = "",
) -> None:
    """Write down that ``who`` did ``verb`` to ``subject`` ("product na-dai"); ``before``/``after`` are JSON."""
    await transaction.execute(
        insert(Audit).values(
            at=at,
            actor=who,
            acts_for=acts_for,
            verb=verb,
            subject=subject,
            before=before,
            after=after,
            why=why,
        )
    )


async def history(engine: AsyncEngine, subject: str) -> list[Audit]:
    """What was done to a subject, oldest first."""
    query = select(Audit).where(col(Audit.subject) == subject).order_by(col(Audit.at), col(Audit.id))
    async with engine.connect() as connection:
        return [Audit.model_validate(dict(row._mapping)) for row in await connection.execute(query)]
