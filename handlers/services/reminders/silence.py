"""What nobody answered, and whom nobody could tell; and the officials who are to hear of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from db import Role
from handlers.services.reminders.due import Due, said
from handlers.services.reminders.known import CALL, OFFICERS, PASSED
from handlers.services.reminders.planning import Plan
from handlers.services.renewing import commune_of

Level = Literal["commune", "province"]
SILENT: dict[Level, int] = {"commune": 7, "province": 14}
"""days without an answer after which a level hears of it"""


@dataclass(frozen=True, slots=True)
class Silent:
    """A product whose producer was reminded on ``since`` and did not answer."""

    due: Due
    level: Level
    since: date
    commune: str


@dataclass(frozen=True, slots=True)
class Call:
    """A producer who is to be called: nobody could be told, or it is not known whether the message arrived."""

    due: Due
    step: str
    person_id: int
    key: str
    uncertain: bool
    commune: str
    contact: str = ""
    """name and number to call, where the person gave them"""


@dataclass(slots=True)
class Report:
    """What one official is told on one day."""

    person_id: int
    language: str
    silent: list[Silent] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Officials:
    """Who is told: officers by commune, and the province's editors and approvers."""

    officers: dict[str, tuple[int, ...]]
    province: tuple[int, ...]

    def of(self, commune: str) -> tuple[int, ...]:
        """The officers of a commune; where there is none, the province."""
        return self.officers.get(commune) or self.province

    @property
    def everybody(self) -> set[int]:
        """All of them."""
        return {*self.province, *(person for some in self.officers.values() for person in some)}


def silent(made: Plan) -> list[Silent]:
    """Products that are to be handed over on the day of the plan."""
    found = []
    for one in made.found:
        since = _since(one, made)
        if since is None:
            continue
        for level, days in SILENT.items():
            raised = level in made.known.escalated.get(one.key, ())
            if not raised and (made.day - since).days >= days:
                found.append(Silent(one, level, since, commune_of(one.product)))
    return found


def _since(one: Due, made: Plan) -> date | None:
    """The first reminder that was not answered; None when all were, or the producer's word stands."""
    renewal = made.known.renewals.get(one.key)
    if said(one, renewal, made.day) is not None:
        return None
    answered = renewal.answered_at if renewal else None
    days = [
        told.day
        for told in made.known.told.get(one.key, ())
        if told.key != PASSED and (answered is None or told.made_at > answered)
    ]
    return date.fromisoformat(min(days)) if days else None


def calls(made: Plan) -> list[Call]:
    """Whom nobody could tell, or perhaps nobody told, and of whom no officer has heard."""
    return [
        Call(
            one,
            told.step,
            told.person_id,
            told.key,
            told.key != CALL,
            commune_of(one.product),
            made.known.to_call(told.person_id),
        )
        for one in made.found
        if said(one, made.known.renewals.get(one.key), made.day) is None
        for told in made.known.told.get(one.key, ())
        if told.key == CALL or (told.state == "uncertain" and not told.key.startswith(OFFICERS))
    ]


async def officials_now(connection: AsyncConnection) -> Officials:
    """Everybody who holds a role."""
    query = select(col(Role.person_id), col(Role.role), col(Role.commune_code)).where(
        col(Role.ended_at).is_(None)
    )
    officers: dict[str, set[int]] = {}
    province: set[int] = set()
    for person, role, commune in await connection.execute(query):
        if role == "officer":
            officers.setdefault(commune, set()).add(person)
        else:
            province.add(person)
    return Officials(
        {commune: tuple(sorted(some)) for commune, some in officers.items()}, tuple(sorted(province))
    )
