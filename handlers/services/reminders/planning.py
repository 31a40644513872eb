"""The plan of a morning: who is told what, by which road, and whom an officer has to call. Reads, writes nothing."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import groupby

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from handlers.services.catalogue import Catalogue
from handlers.services.outbox import PULLED
from handlers.services.outbox.overtaken import UNLINKED
from handlers.services.reminders.due import Due, all_due, said
from handlers.services.reminders.known import NOBODY, PASSED, Known, Told, read
from handlers.services.reminders.routing import ChatOf, Path, Reader, Roads, route
from handlers.services.reminders.schedule import Steps


@dataclass(frozen=True, slots=True)
class Occasion:
    """A day on which reminders are planned: the registry, the schedule and the channels as they are then."""

    day: date
    catalogue: Catalogue
    steps: Steps
    roads: Roads
    language: str
    """of people whose own is not known"""


@dataclass(frozen=True, slots=True)
class Item:
    """A product in a digest; ``before`` is the same reminder whose letter reached nobody."""

    due: Due
    before: Told | None = None


@dataclass(frozen=True, slots=True)
class Digest:
    """What one person is told for one producer on one day: ``path`` None = an officer calls."""

    key: str
    producer: str
    reader: Reader
    items: tuple[Item, ...]
    """soonest end first"""
    path: Path | None
    skipped: tuple[tuple[str, str], ...] = ()
    """roads that were not taken, and why"""
    mailbox: ChatOf | None = None
    """where a copy waits"""
    language: str = "vi"


@dataclass(slots=True)
class Plan:
    """What is to be done on a day."""

    day: date
    digests: list[Digest] = field(default_factory=list)
    found: list[Due] = field(default_factory=list)
    known: Known = field(default_factory=Known)

    @property
    def producers(self) -> list[str]:
        """Producers with something to do."""
        return list(dict.fromkeys(digest.producer for digest in self.digests))


async def plan(engine: AsyncEngine, occasion: Occasion, producers: Collection[str] | None = None) -> Plan:
    """The plan of a day; for these producers only, where they are given."""
    async with engine.connect() as connection:
        return await plan_within(connection, occasion, producers)


async def plan_within(
    connection: AsyncConnection, occasion: Occasion, producers: Collection[str] | None = None
) -> Plan:
    """The same inside a transaction."""
    found = list(all_due(occasion.catalogue, occasion.day, occasion.steps, producers))
    made = Plan(occasion.day, found=found)
    if found:
        made.known = await read(connection, found, occasion.language)
        made.digests = list(_digests(occasion, found, made.known))
    return made


def _digests(occasion: Occasion, found: Sequence[Due], known: Known) -> Iterator[Digest]:
    def producer(one: Due) -> str:
        return one.producer

    for code, some in groupby(sorted(found, key=producer), key=producer):
        every = list(some)
        standing = [one for one in every if said(one, known.renewals.get(one.key), occasion.day) is None]
        standing.sort(key=lambda one: (one.end, one.product.name_vi))
        written = False
        for reader in _readers(code, known, occasion.roads):
            written = True
            used = _used(every, reader.person_id, known)
            yield from _of_reader(occasion, code, reader, standing, known, used)
        if not written:
            yield from _unreached(occasion, code, standing, known)


def _readers(producer: str, known: Known, roads: Roads) -> list[Reader]:
    """The people who serve a producer and did not refuse; a number that two of them gave is written to once.

    A contact person whom no message reaches is not called where somebody else of the producer has a chat.
    """
    found, taken = [], set()
    for person in known.links.get(producer, ()):
        reader = known.readers[person]
        if reader.unwilling:
            continue
        number = known.numbers.get(person, "")
        if number and number not in taken:
            taken.add(number)
            reader = replace(reader, phone=number)
        found.append(reader)
    if any(reader.chats for reader in found):
        return [one for one in found if one.person_id not in known.contacts or route(roads, one).path]
    return found


def _of_reader(
    occasion: Occasion,
    producer: str,
    reader: Reader,
    standing: Sequence[Due],
    known: Known,
    keys: set[str],
) -> Iterator[Digest]:
    base = f"digest:{occasion.day}:{producer}:{reader.person_id}"
    used = [_number(one) for one in keys if one.partition("~")[0] == base]
    key = f"{base}~{max(used) + 1}" if used else base
    items = [item for one in standing if (item := _item(one, reader, known, occasion))]
    if used:  # today's digest is out: what is new waits for tomorrow, what was refused takes another road
        items = [item for item in items if item.before]
    carried = [item for item in items if item.before]
    tried = {path for item in carried if item.before for path in known.tried.get(item.before.base, ())}
    tried |= {told.path for item in carried if (told := item.before) and _in_vain(told, occasion)}
    whole = _digest(occasion, key, producer, reader, items, tried)
    fresh = [item for item in items if not item.before]
    if whole is None:
        return
    if whole.path is None and carried and fresh:
        yield replace(whole, items=tuple(carried))
        second = _digest(occasion, key, producer, reader, fresh, ())
        if second:
            yield second
    elif whole.path is not None or not any(_still_waits(item, occasion) for item in items):
        yield whole


def _used(every: Sequence[Due], person: int, known: Known) -> set[str]:
    """Keys of the letters by which this person was told of these products."""
    return {told.key for one in every for told in known.told.get(one.key, ()) if told.person_id == person}


def _digest(
    occasion: Occasion,
    key: str,
    producer: str,
    reader: Reader,
    items: Sequence[Item],
    tried: Collection[Path],
) -> Digest | None:
    if not items:
        return None
    routed = route(occasion.roads, reader, tried)
    mailbox = occasion.roads.mailbox(reader)
    path = routed.path
    if path is None and mailbox and Path(mailbox.channel, mailbox.address) not in tried:
        path, mailbox = Path(mailbox.channel, mailbox.address), None
    again = "~" in key or path is None
    language = reader.language(occasion.language)
    return Digest(
        key, producer, reader, tuple(items), path, routed.skipped, None if again else mailbox, language
    )


def _item(one: Due, reader: Reader, known: Known, occasion: Occasion) -> Item | None:
    """The product, if this person was not told of its step; what has waited too long counts if it can go elsewhere."""
    now = occasion.roads.now
    for told in known.told.get(one.key, ()):
        if told.person_id == reader.person_id and told.step == one.step.name:
            if told.lost(now):
                return Item(one, told)
            if told.waits(now) and route(occasion.roads, reader, {told.path}).path:
                return Item(one, told)
            return None
    return Item(one)


def _in_vain(told: Told, occasion: Occasion) -> bool:
    """Queued, and its road is not to be taken again: too slow, or a mailbox that nobody opened."""
    now = occasion.roads.now
    return told.state == "queued" and (told.channel in PULLED or not told.lost(now))


def _still_waits(item: Item, occasion: Occasion) -> bool:
    """Not sent yet, and its time is not over: nobody has to call."""
    return bool(item.before and item.before.state == "queued" and not item.before.lost(occasion.roads.now))


def _unreached(occasion: Occasion, producer: str, standing: Sequence[Due], known: Known) -> Iterator[Digest]:
    """Nobody who can be told serves this producer: an officer calls, once a step."""
    why = "refused" if known.links.get(producer) else "nobody linked"
    items = [
        Item(one)
        for one in standing
        if not any(
            told.step == one.step.name and told.key != PASSED and told.reason != UNLINKED
            for told in known.told.get(one.key, ())
        )
    ]
    if items:
        key = f"digest:{occasion.day}:{producer}:{NOBODY}"
        yield Digest(key, producer, Reader(NOBODY), tuple(items), None, (("person", why),))


def _number(key: str) -> int:
    return int(key.partition("~")[2] or 1)
