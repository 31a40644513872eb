"""When producers are reminded: the programme's steps (``data/programme/reminders.toml``) as officers changed them."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Literal

from sqlalchemy import delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel import col

from db import Schedule
from handlers.services import audit

PROGRAMME = Path(__file__).resolve().parents[3] / "data" / "programme" / "reminders.toml"
EARLIEST = 1_000
"""days before the end at most: a certificate lasts 36 months"""

Changed = Literal["changed", "same", "taken", "out_of_range", "unknown"]


@dataclass(frozen=True, slots=True)
class Step:
    """One moment of reminding. ``days_before`` the certificate's last valid day; None = switched off."""

    name: str
    days_before: int | None
    despite_snooze: bool = False
    """told even to who asked for quiet until later"""
    source: str = ""
    by_rule: int = 0
    """what the programme says"""

    @property
    def law(self) -> str:
        """The article it follows from; empty where it is the programme's own choice."""
        return self.source.partition(":")[0] if self.source.startswith("QĐ") else ""


@dataclass(frozen=True, slots=True)
class Steps:
    """A whole schedule, the earliest step first; ``after_end`` = days after the end until which it is still told."""

    every: tuple[Step, ...]
    after_end: int

    @property
    def on(self) -> tuple[Step, ...]:
        """Steps that are not switched off, the earliest first."""
        held = [step for step in self.every if step.days_before is not None]
        return tuple(sorted(held, key=lambda step: -(step.days_before or 0)))

    def until(self, end: date, day: date) -> tuple[Step, ...]:
        """The steps that have come by ``day``, the latest last; none before the first or long after the end."""
        left = (end - day).days
        if left < -self.after_end:
            return ()
        return tuple(step for step in self.on if left <= (step.days_before or 0))

    def named(self, name: str) -> Step | None:
        """The step of this name."""
        return next((step for step in self.every if step.name == name), None)

    @property
    def span(self) -> tuple[timedelta, timedelta]:
        """How long before the end the first step comes, and how long after it the last is told."""
        first = max((step.days_before or 0 for step in self.on), default=0)
        return timedelta(days=first), timedelta(days=self.after_end)


def load(path: Path = PROGRAMME) -> Steps:
    """Read a schedule. Raises OSError, KeyError or ValueError for a file that is not one."""
    read = tomllib.loads(path.read_text("utf-8"))
    steps = [
        Step(
            one["name"],
            one["days_before"],
            one.get("despite_snooze", False),
            one["source"],
            one["days_before"],
        )
        for one in read["step"]
    ]
    if len({step.name for step in steps}) < len(steps) or len({step.days_before for step in steps}) < len(
        steps
    ):
        raise ValueError(f"{path.name}: a step's name or day is there twice")
    return Steps(tuple(steps), read["after_end_days"])


@lru_cache(maxsize=1)
def programme() -> Steps:
    """The schedule that ships with the programme, read once."""
    return load()


async def in_force(engine: AsyncEngine) -> Steps:
    """The programme's schedule with what officers changed."""
    async with engine.connect() as connection:
        rows = await connection.execute(select(col(Schedule.step), col(Schedule.days_before)))
        changed = {row[0]: row[1] for row in rows}
    rule = programme()
    every = tuple(
        replace(step, days_before=changed[step.name]) if step.name in changed else step for step in rule.every
    )
    return Steps(every, rule.after_end)


async def change(engine: AsyncEngine, name: str, days: int | None, by: str, now: datetime) -> Changed:
    """Move a step, or switch it off (None); written to the audit log. Pressing twice changes once."""
    steps = await in_force(engine)
    step = steps.named(name)
    if step is None:
        return "unknown"
    if step.days_before == days:
        return "same"
    if days is not None and not 0 <= days <= EARLIEST:
        return "out_of_range"
    if days is not None and _holder(steps.every, days):
        return "taken"
    make = (postgresql if engine.dialect.name == "postgresql" else sqlite).insert(Schedule)
    row = {"step": name, "days_before": days, "changed_by": by, "changed_at": now}
    async with engine.begin() as connection:
        if days == step.by_rule:
            await connection.execute(delete(Schedule).where(col(Schedule.step) == name))
        else:
            held = make.values(row).on_conflict_do_update(index_elements=["step"], set_=row)
            await connection.execute(held)
        before, after = {"days_before": step.days_before}, {"days_before": days}
        await audit.record(
            connection, now, by, "schedule changed", f"schedule {name}", before=before, after=after
        )
    return "changed"


def _holder(steps: Sequence[Step], days: int) -> Step | None:
    return next((step for step in steps if step.days_before == days), None)
