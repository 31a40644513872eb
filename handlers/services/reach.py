"""Whom an announcement really reaches: every chat of its audience with the reason that keeps it out, in one query.

The same query counts for the preview (:func:`reach`) and fixes the audience (:func:`fix`), so that what was shown is
what is sent. Nothing is loaded: a million chats are one ``INSERT … SELECT``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

import orjson
from sqlalchemy import (
    JSON,
    Select,
    String,
    and_,
    case,
    cast,
    exists,
    false,
    func,
    insert,
    literal,
    null,
    or_,
    select,
    text,
)
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from db import Chat, Delivery, Instant, Link, QuietHours, Role, Subscription, ZaloContact
from handlers.services.audience import Audience
from handlers.services.roads import Road

Reason = Literal["no_consent", "opted_out", "left", "channel_off", "window", "budget"]
REASONS: tuple[Reason, ...] = ("left", "channel_off", "no_consent", "opted_out", "window", "budget")
"""why a chat of the audience gets nothing, the first that holds"""
RECENT = timedelta(hours=24)
"""people who heard from us within this time are counted in the preview"""


@dataclass(frozen=True, slots=True)
class Aim:
    """What an audience is measured with: its topic, the producers it means today (None = no narrowing), the channels
    that work, the language of chats whose own is not known."""

    audience: Audience
    topic: str
    producers: Collection[str] | None
    roads: Sequence[Road]
    language: str = "vi"


@dataclass(frozen=True, slots=True)
class Part:
    """Chats of one channel and language with the same fate. ``reason`` "" = it is sent to them; ``paid`` = not for
    free; ``quiet`` = in their own quiet hours now; ``recent`` = heard from us within a day."""

    channel: str
    language: str
    reason: str
    paid: bool
    quiet: bool
    recent: bool
    chats: int


@dataclass(frozen=True, slots=True)
class Reach:
    """An audience in numbers; ``parts`` add up to it."""

    parts: tuple[Part, ...]

    @property
    def everybody(self) -> int:
        """Chats of the audience, reached or not."""
        return sum(part.chats for part in self.parts)

    @property
    def sent(self) -> int:
        """Chats it is sent to."""
        return sum(self.by("channel").values())

    @property
    def excluded(self) -> dict[str, int]:
        """Chats that get nothing, by reason."""
        found: Counter[str] = Counter()
        for part in self.parts:
            if part.reason:
                found[part.reason] += part.chats
        return {reason: found[reason] for reason in REASONS if found[reason]}

    def by(self, name: Literal["channel", "language"]) -> dict[str, int]:
        """Chats it is sent to, by channel or language."""
        found: Counter[str] = Counter()
        for part in self.parts:
            if not part.reason:
                found[getattr(part, name)] += part.chats
        return dict(sorted(found.items()))

    def count(self, name: Literal["paid", "quiet", "recent"], channel: str = "") -> int:
        """Chats among those it is sent to that are paid for, quiet now, or heard from us within a day."""
        return sum(
            part.chats
            for part in self.parts
            if not part.reason and getattr(part, name) and channel in ("", part.channel)
        )


async def reach(connection: AsyncConnection, aim: Aim, now: datetime) -> Reach:
    """Count an audience as it is at this moment (aware, in the zone people live in)."""
    chats = _chats(connection.dialect.name, aim, now).subquery()
    shape = (
        chats.c.channel,
        chats.c.language,
        chats.c.reason,
        chats.c.paid,
        chats.c.quiet,
        chats.c.recent,
    )
    rows = await connection.execute(select(*shape, func.count()).group_by(*shape))
    return Reach(
        tuple(Part(row[0], row[1], row[2], bool(row[3]), bool(row[4]), bool(row[5]), row[6]) for row in rows)
    )


async def fix(
    connection: AsyncConnection, announcement: int, aim: Aim, now: datetime, expires_at: datetime | None
) -> None:
    """Write one delivery a chat of the audience, queued or skipped with its reason; once (unique)."""
    chats = _chats(connection.dialect.name, aim, now, preview=False).subquery()
    put_in = chats.c.reason == ""
    values: dict[str, Any] = {
        "announcement_id": literal(announcement),
        "channel": chats.c.channel,
        "address": chats.c.address,
        "person_id": chats.c.person_id,
        "language": chats.c.language,
        "lane": literal("bulk"),
        "way": literal("message"),
        "state": case((put_in, "queued"), else_="skipped"),
        "reason": case((put_in, null()), else_=chats.c.reason),
        "tries": literal(0),
        "expires_at": literal(expires_at, Instant()),
        "queued_at": literal(now, Instant()),
        "settled_at": case((put_in, null()), else_=literal(now, Instant())),
    }
    rows = select(*(value.label(name) for name, value in values.items())).order_by(
        chats.c.last_seen_at.desc()
    )
    await connection.execute(insert(Delivery).from_select(list(values), rows, include_defaults=False))
    if connection.dialect.name == "postgresql":  # a page claimed from so many new rows takes 80 ms without it
        await connection.execute(text("ANALYZE delivery"))


def _chats(dialect: str, aim: Aim, now: datetime, *, preview: bool = True) -> Select[Any]:
    """Every chat of the audience with its language, its reason and, for a preview, what else is counted."""
    language = func.coalesce(col(Chat.language), col(Chat.guessed), aim.language)
    # Zalo's own contacts and our last sight of the chat are both moments at which the person did something
    heard = case(
        (col(ZaloContact.last_at) > col(Chat.last_seen_at), col(ZaloContact.last_at)),
        else_=col(Chat.last_seen_at),
    )
    paid = or_(*(_outside(road, "free_for", heard, now) for road in aim.roads), false())
    columns: list[Any] = [
        col(Chat.channel),
        col(Chat.address),
        col(Chat.person_id),
        col(Chat.last_seen_at),
        language.label("language"),
        _reason(aim, heard, now).label("reason"),
    ]
    if preview:
        columns += [
            paid.label("paid"),
            _quiet(now).label("quiet"),
            _recent(now).label("recent"),
        ]
    found = (
        select(*columns)
        .select_from(Chat)
        .outerjoin(Subscription, _of_chat(Subscription, col(Subscription.topic) == aim.topic))
        .outerjoin(
            ZaloContact, and_(col(Chat.channel) == "zalo-oa", col(ZaloContact.address) == col(Chat.address))
        )
    )
    if preview:
        found = found.outerjoin(QuietHours, _of_chat(QuietHours))
    for narrowed in _narrowed(dialect, aim, language):
        found = found.where(narrowed)
    return found


def _of_chat(table: Any, *more: Any) -> Any:
    return and_(col(table.channel) == col(Chat.channel), col(table.address) == col(Chat.address), *more)


def _reason(aim: Aim, heard: Any, now: datetime) -> Any:
    known = [road.name for road in aim.roads]
    closed = or_(*(_outside(road, "open_for", heard, now) for road in aim.roads), false())
    unpaid = or_(*(_outside(road, "free_for", heard, now) for road in aim.roads if road.budget == 0), false())
    return case(
        (col(Chat.state) != "active", "left"),
        (col(Chat.channel).not_in(known), "channel_off"),
        (col(Subscription.wanted).is_(None), "no_consent"),
        (col(Subscription.wanted).is_(False), "opted_out"),
        (closed, "window"),
        (unpaid, "budget"),
        else_="",
    )


def _outside(road: Road, window: Literal["free_for", "open_for"], heard: Any, now: datetime) -> Any:
    """Whether a chat of this channel is outside a window of it."""
    length: timedelta | None = getattr(road, window)
    if length is None:
        return false()
    return and_(col(Chat.channel) == road.name, heard < literal(now - length, Instant()))


def _quiet(now: datetime) -> Any:
    clock = f"{now:%H:%M}"
    begins, ends = col(QuietHours.begins), col(QuietHours.ends)
    return case(
        (begins < ends, and_(begins <= clock, clock < ends)),
        (begins > ends, or_(begins <= clock, clock < ends)),
        else_=false(),
    )


def _recent(now: datetime) -> Any:
    return exists().where(
        col(Delivery.channel) == col(Chat.channel),
        col(Delivery.address) == col(Chat.address),
        col(Delivery.announcement_id).is_not(None),
        col(Delivery.state).in_(("sent", "delivered", "seen", "uncertain")),
        col(Delivery.settled_at) > literal(now - RECENT, Instant()),
    )


def _narrowed(dialect: str, aim: Aim, language: Any) -> list[Any]:
    """What the audience asks for, as conditions on a chat."""
    audience = aim.audience
    found: list[Any] = []
    if audience.channels:
        found.append(col(Chat.channel).in_(audience.channels))
    if audience.languages:
        found.append(language.in_(audience.languages))
    serves = exists().where(col(Link.person_id) == col(Chat.person_id), col(Link.ended_at).is_(None))
    if audience.of_producers:
        if aim.producers is not None:
            serves = serves.where(col(Link.producer_code).in_(_listed(dialect, aim.producers)))
        found.append(serves)
    elif audience.who == "tourists":
        held = exists().where(col(Role.person_id) == col(Chat.person_id), col(Role.ended_at).is_(None))
        found += [~serves, ~held]
    return found


def _listed(dialect: str, codes: Collection[str]) -> Any:
    """Codes as a query of one parameter, however many there are."""
    written = orjson.dumps(sorted(codes)).decode()
    if dialect == "postgresql":
        return select(func.json_array_elements_text(cast(literal(written, String), JSON)))
    return select(func.json_each(written).table_valued("value").c.value)
