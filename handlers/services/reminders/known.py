"""What the database knows of products that are due: answers, reminders and what became of them, people, their chats."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from db import (
    Chat,
    Delivery,
    Escalation,
    Link,
    Person,
    Reminder,
    Renewal,
    Subscription,
    Telephone,
    ZaloContact,
)
from handlers.services.outbox import OVERTAKEN, PULLED
from handlers.services.outbox.overtaken import ROADS
from handlers.services.reminders.due import Answer, Due
from handlers.services.reminders.routing import ACCOUNT, ChatOf, Path, Reader

NOBODY = 0
"""in place of a person: the producer has nobody who can be told"""
AT_ONCE = 500
"""codes a query"""

PASSED = "passed"
CALL = ""
OFFICERS = "officers:"
"""what stands in ``reminder.delivery_key`` in place of a delivery: overtaken by a later step; an officer calls and is
not told yet; officers were told in the letters of that day"""
AGAIN = tuple(f"~{number}" for number in ROADS)
"""what stands behind a letter's key on its second, third … road"""
PATIENCE = timedelta(hours=2)
"""how long a letter waits for a channel that does not send, while there is another road"""
DEAD = ("failed", "gone", "skipped")
"""states of a delivery that reached nobody and will not"""


class Told(NamedTuple):
    """A reminder as it is written down, with what became of its delivery."""

    step: str
    person_id: int
    day: str
    made_at: datetime
    key: str
    state: str | None = None
    channel: str = ""
    address: str = ""
    way: str = "message"
    reason: str | None = None
    queued_at: datetime | None = None
    not_before: datetime | None = None
    expires_at: datetime | None = None

    @property
    def base(self) -> str:
        """The key of the digest's first letter: the same message on another road has a number behind it."""
        return self.key.partition("~")[0]

    @property
    def path(self) -> Path:
        """The road it took."""
        return Path(self.channel, self.address, "template" if self.way == "template" else "message")

    def lost(self, now: datetime) -> bool:
        """Whether it reached nobody and will not; what the person muted meanwhile is not lost."""
        if self.state == "queued":
            return self.expires_at is not None and self.expires_at <= now
        return self.state in DEAD and self.reason != "muted"

    def waits(self, now: datetime) -> bool:
        """Whether it has waited so long for its channel that another road is better."""
        return (
            self.state == "queued"
            and self.channel not in PULLED
            and self.queued_at is not None
            and now - self.queued_at >= PATIENCE
            and (self.not_before is None or self.not_before <= now)
        )


@dataclass(slots=True)
class Known:
    """Everything that planning asks of the database, read once."""

    renewals: dict[tuple[str, str], Answer] = field(default_factory=dict)
    told: dict[tuple[str, str], list[Told]] = field(default_factory=dict)
    escalated: dict[tuple[str, str], set[str]] = field(default_factory=dict)
    links: dict[str, list[int]] = field(default_factory=dict)
    readers: dict[int, Reader] = field(default_factory=dict)
    numbers: dict[int, str] = field(default_factory=dict)
    """person → number they agreed to be reached by"""
    contacts: dict[int, str] = field(default_factory=dict)
    """person → name, as the office wrote it, of those whom an official recorded"""
    tried: dict[str, set[Path]] = field(default_factory=dict)
    """first key of a digest → roads that its letters took in vain"""

    def to_call(self, person: int) -> str:
        """Name and number by which an officer calls somebody; empty = as the registry has it."""
        return " ".join(filter(None, [self.contacts.get(person, ""), self.numbers.get(person, "")]))


def parts(codes: Iterable[str]) -> Iterator[list[str]]:
    """Codes in portions that one query takes."""
    every = list(codes)
    for first in range(0, len(every), AT_ONCE):
        yield every[first : first + AT_ONCE]


async def read(connection: AsyncConnection, found: Sequence[Due], language: str) -> Known:
    """Read what is known of products that are due, and of whoever serves their producers."""
    known = Known()
    for some in parts(one.product.code for one in found):
        await _products(connection, known, some)
    people: set[int] = set()
    for some in parts(sorted({one.producer for one in found})):
        links = (
            select(col(Link.producer_code), col(Link.person_id))
            .where(col(Link.producer_code).in_(some), col(Link.ended_at).is_(None))
            .order_by(col(Link.id))
        )
        for code, person in await connection.execute(links):
            known.links.setdefault(code, []).append(person)
            people.add(person)
    await _tried(connection, known, found)
    if people:
        known.readers = await readers(connection, people, language)
        await _to_call(connection, known, people)
    return known


async def _to_call(connection: AsyncConnection, known: Known, people: Collection[int]) -> None:
    """Numbers that may be used, and names of contact persons: asked of everybody, since few have one."""
    numbers = select(col(Telephone.person_id), col(Telephone.number))
    known.numbers = {row[0]: row[1] for row in await connection.execute(numbers) if row[0] in people}
    names = (
        select(col(Link.person_id), col(Person.name))
        .join(Person, col(Person.id) == col(Link.person_id))
        .where(col(Link.how) == "officer", col(Link.ended_at).is_(None), col(Person.name).is_not(None))
    )
    known.contacts = {row[0]: row[1] or "" for row in await connection.execute(names) if row[0] in people}


async def _products(connection: AsyncConnection, known: Known, codes: Sequence[str]) -> None:
    renewals = select(
        col(Renewal.product_code),
        col(Renewal.cycle),
        col(Renewal.state),
        col(Renewal.snoozed_until),
        col(Renewal.answered_at),
    ).where(col(Renewal.product_code).in_(codes))
    for row in await connection.execute(renewals):
        known.renewals[row[0], row[1]] = Answer(*row[2:])
    query: Any = (
        select(
            col(Reminder.product_code),
            col(Reminder.cycle),
            col(Reminder.step),
            col(Reminder.person_id),
            col(Reminder.day),
            col(Reminder.made_at),
            col(Reminder.delivery_key),
            col(Delivery.state),
            col(Delivery.channel),
            col(Delivery.address),
            col(Delivery.way),
            col(Delivery.reason),
            col(Delivery.queued_at),
            col(Delivery.not_before),
            col(Delivery.expires_at),
        )
        .outerjoin(Delivery, col(Delivery.key) == col(Reminder.delivery_key))
        .where(col(Reminder.product_code).in_(codes))
    )
    for told in await connection.execute(query):
        known.told.setdefault((told[0], told[1]), []).append(Told(*told[2:]))
    raised = select(col(Escalation.product_code), col(Escalation.cycle), col(Escalation.level)).where(
        col(Escalation.product_code).in_(codes)
    )
    for product, cycle, level in await connection.execute(raised):
        known.escalated.setdefault((product, cycle), set()).add(level)


async def _tried(connection: AsyncConnection, known: Known, found: Sequence[Due]) -> None:
    """Roads that digests of the step that has come took in vain; one that expired or was overtaken was never taken."""
    bases = {
        told.base
        for one in found
        for told in known.told.get(one.key, ())
        if told.step == one.step.name and told.state in (*DEAD, "queued")
    }
    query = select(col(Delivery.key), col(Delivery.channel), col(Delivery.address), col(Delivery.way)).where(
        col(Delivery.state).in_(DEAD),
        or_(
            col(Delivery.reason).is_(None),
            col(Delivery.reason).not_in(("expired", *OVERTAKEN)),
            col(Delivery.channel).in_(PULLED),
        ),
    )
    keys = (f"{base}{again}" for base in sorted(bases) for again in ("", *AGAIN))
    for some in parts(keys):
        for key, channel, address, way in await connection.execute(query.where(col(Delivery.key).in_(some))):
            path = Path(channel, address, "template" if way == "template" else "message")
            known.tried.setdefault(str(key).partition("~")[0], set()).add(path)


async def readers(
    connection: AsyncConnection, people: Collection[int], language: str, *, topic: str = "reminders"
) -> dict[int, Reader]:
    """These people with their active chats; with no topic, every chat counts as wanted."""
    query = (
        select(
            col(Chat.person_id),
            col(Chat.channel),
            col(Chat.address),
            func.coalesce(col(Chat.language), col(Chat.guessed), language),
            col(Subscription.wanted),
            col(ZaloContact.last_at),
        )
        .outerjoin(
            Subscription,
            and_(
                col(Subscription.channel) == col(Chat.channel),
                col(Subscription.address) == col(Chat.address),
                col(Subscription.topic) == topic,
            ),
        )
        .outerjoin(
            ZaloContact,
            and_(col(ZaloContact.address) == col(Chat.address), col(Chat.channel) == ACCOUNT),
        )
        .where(col(Chat.state) == "active")
        .order_by(col(Chat.last_seen_at).desc())
    )
    chats: dict[int, list[ChatOf]] = {person: [] for person in people}
    numbers = sorted(people)
    for first in range(0, len(numbers), AT_ONCE):
        some = numbers[first : first + AT_ONCE]
        for row in await connection.execute(query.where(col(Chat.person_id).in_(some))):
            chats[row[0] or 0].append(ChatOf(row[1], row[2], row[3], bool(row[4]) or not topic, row[5]))
    return {person: Reader(person, tuple(found)) for person, found in chats.items()}
