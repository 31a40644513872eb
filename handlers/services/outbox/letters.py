"""Letters: what somebody is sent who did not ask just now, one row of ``delivery`` each, and nobody twice."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

import orjson
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from db import Delivery
from db.engine import as_json

Lane = Literal["personal", "bulk"]
"""``personal`` goes before ``bulk``"""
Way = Literal["message", "template"]
PHONE = "tel:"
"""begins the address of a template that goes to a telephone number"""
AT_ONCE = 500
"""letters a statement"""


@dataclass(frozen=True, slots=True)
class Letter:
    """One message (or several in a row) to one chat, under a ``key`` that makes it unique for ever.

    ``messages`` are :class:`handlers.talk.message.Message`. A ``template`` has ``facts`` instead (producer, product,
    code, until, days, decision), and as its address a Zalo id or ``tel:`` and a number. ``notices`` are the
    (product code, cycle, step) that this letter is the proof of: every outcome becomes a row of ``notice``.
    ``topic``: what the chat may have muted meanwhile; it also makes the letter wait for the end of the night and of
    the chat's own quiet hours. Without a topic nothing of that is asked.
    """

    key: str
    channel: str
    address: str
    person_id: int | None
    language: str
    messages: Sequence[Any]
    lane: Lane = "personal"
    way: Way = "message"
    notices: Sequence[tuple[str, str, str]] = ()
    not_before: datetime | None = None
    expires_at: datetime | None = None
    topic: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)

    @property
    def content(self) -> dict[str, Any]:
        """What the row keeps, as JSON."""
        whole = {"messages": self.messages, "notices": self.notices, "topic": self.topic, "facts": self.facts}
        kept: dict[str, Any] = orjson.loads(as_json({name: value for name, value in whole.items() if value}))
        return kept


async def enqueue(
    connection: AsyncConnection | AsyncSession, letters: Iterable[Letter], now: datetime
) -> None:
    """Put letters into the outbox, in the caller's transaction; one whose key is there already is left out."""
    bind = connection.get_bind() if isinstance(connection, AsyncSession) else connection
    make = (postgresql if bind.dialect.name == "postgresql" else sqlite).insert(Delivery)
    rows = [_row(letter, now) for letter in letters]
    for first in range(0, len(rows), AT_ONCE):
        await connection.execute(
            make.on_conflict_do_nothing(index_elements=["key"]), rows[first : first + AT_ONCE]
        )


def _row(letter: Letter, now: datetime) -> dict[str, Any]:
    return {
        "key": letter.key,
        "channel": letter.channel,
        "address": letter.address,
        "person_id": letter.person_id,
        "language": letter.language,
        "lane": letter.lane,
        "way": letter.way,
        "content": letter.content,
        "state": "queued",
        "tries": 0,
        "not_before": letter.not_before,
        "expires_at": letter.expires_at,
        "queued_at": now,
    }
