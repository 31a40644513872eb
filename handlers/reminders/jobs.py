"""What the clock does: each morning plan and write, hand over what nobody answered; each minute find another road."""

from __future__ import annotations

from datetime import date, datetime, time

from handlers.reminders import digest, officials
from handlers.services.reminders.escalation import raise_silent, reroute_officials
from handlers.services.reminders.keeping import EVENING, Done, reroute, write
from handlers.services.reminders.planning import Occasion
from handlers.services.reminders.routing import Roads
from handlers.services.reminders.schedule import in_force
from handlers.talk.turn import Desk

DAYBREAK, MORNING = time(7), time(8)


async def occasion(desk: Desk, on: date | None = None) -> Occasion:
    """Today as the desk sees it; another day is seen from its morning."""
    now = desk.now()
    if on is not None and on != now.date():
        now = datetime.combine(on, MORNING, now.tzinfo)
    roads = Roads.of(await desk.links.roads(), now)
    steps = await in_force(desk.engine)
    return Occasion(now.date(), desk.published().catalogue, steps, roads, desk.language)


async def morning(desk: Desk) -> None:
    """Every morning: digests to producers, then to officials."""
    await run(desk)


async def run(desk: Desk) -> tuple[Done, int]:
    """The morning, with what was written: producers' digests, and how many officials' ones."""
    now = await occasion(desk)
    done = await write(desk.engine, now, digest.words(now.catalogue, now.day))
    told = officials.words(now.catalogue, now.day)
    return done, await raise_silent(desk.engine, now, told, done.officials)


async def minute(desk: Desk) -> None:
    """Every minute of the day: what a platform refused takes the next road."""
    if not awake(desk.now()):
        return
    now = await occasion(desk)
    await reroute(desk.engine, now, digest.words(now.catalogue, now.day))
    await reroute_officials(desk.engine, now)


def awake(now: datetime) -> bool:
    """Whether anything may be written to people who did not ask."""
    return DAYBREAK <= now.time() < EVENING
