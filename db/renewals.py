"""What producers say and do about their renewals, what they were reminded of, and what they ask to correct.

A *cycle* is the last valid day of a certificate (ISO 8601): after a renewal a new cycle begins by itself.
Products and producers are codes without foreign keys, because an import rewrites the registry.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Index, text
from sqlmodel import Field, SQLModel

from db.base import NULLABLE_JSON, Instant, one_of

RENEWAL_STATES = ("preparing", "filed", "declined")
CORRECTION_STATES = ("asked", "approved", "refused", "withdrawn")


class Renewal(SQLModel, table=True):
    """Where a product's renewal stands, as its producer (or an officer for them) said last.

    ``answered_at`` is when anybody last answered a reminder of this cycle; ``snoozed_until`` an ISO day.
    """

    __table_args__ = (one_of("state", *RENEWAL_STATES),)

    product_code: str = Field(primary_key=True)
    cycle: str = Field(primary_key=True)
    state: str | None = None
    filed_on: str | None = Field(default=None, description="ISO 8601 day the dossier reached the commune")
    reason: str | None = Field(default=None, description="why it is not renewed")
    snoozed_until: str | None = None
    answered_at: datetime | None = Field(default=None, sa_type=Instant)
    said_by: str
    said_at: datetime = Field(sa_type=Instant)


class Tick(SQLModel, table=True):
    """One paper of the checklist that is ready; ``item`` is its name in ``data/programme``."""

    product_code: str = Field(primary_key=True)
    cycle: str = Field(primary_key=True)
    item: str = Field(primary_key=True)
    ticked_by: str
    ticked_at: datetime = Field(sa_type=Instant)


class Reminder(SQLModel, table=True):
    """A step of the schedule of which a person was reminded; the key makes it happen once.

    ``delivery_key`` is the key of the digest's delivery, the newest if it took several roads; empty = nobody could be
    written to, an officer calls; ``officers:DAY`` = officers were asked to call; ``passed`` = a later step overtook it.
    ``person_id`` 0 = the producer has nobody who can be told.
    """

    product_code: str = Field(primary_key=True)
    cycle: str = Field(primary_key=True)
    step: str = Field(primary_key=True)
    person_id: int = Field(primary_key=True)
    producer_code: str
    day: str = Field(description="ISO 8601 day it was planned on", index=True)
    delivery_key: str = Field(default="", index=True)
    made_at: datetime = Field(sa_type=Instant)


class Escalation(SQLModel, table=True):
    """A product without an answer that was handed to the commune's officer, or to the province; once each."""

    __table_args__ = (one_of("level", "commune", "province"),)

    product_code: str = Field(primary_key=True)
    cycle: str = Field(primary_key=True)
    level: str = Field(primary_key=True)
    day: str
    made_at: datetime = Field(sa_type=Instant)


class Notice(SQLModel, table=True):
    """Proof of what notice was given: when, on which channel, what the platform answered.

    The database refuses to change or delete a row; no address stands here, so that erasing a chat leaves it.
    """

    __table_args__ = (Index(None, "product_code", "cycle"),)

    id: int | None = Field(default=None, primary_key=True)
    at: datetime = Field(sa_type=Instant)
    product_code: str
    cycle: str
    step: str
    person_id: int
    channel: str
    way: str = "message"
    outcome: str = Field(
        description="sent, delivered, seen, failed, gone, uncertain, or call (no road: an officer calls)"
    )
    answer: str = Field(default="", description="the platform's message id or its reason")


class Schedule(SQLModel, table=True):
    """The steps of reminding as officers changed them: days before the end by name; no row = the programme's."""

    step: str = Field(primary_key=True)
    days_before: int | None = Field(default=None, description="None = this step is switched off")
    changed_by: str
    changed_at: datetime = Field(sa_type=Instant)


class Calendar(SQLModel, table=True):
    """A secret address of a producer's calendar, one a person; only its hash is kept, and it can be withdrawn."""

    __table_args__ = (
        Index(
            "uq_calendar_given",
            "producer_code",
            "made_by",
            unique=True,
            sqlite_where=text("withdrawn_at IS NULL"),
            postgresql_where=text("withdrawn_at IS NULL"),
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    producer_code: str = Field(index=True)
    token_hash: str = Field(unique=True)
    made_by: str
    made_at: datetime = Field(sa_type=Instant)
    withdrawn_at: datetime | None = Field(default=None, sa_type=Instant)


class CalendarEvent(SQLModel, table=True):
    """The state an event was last published in: its sequence rises when its days change (RFC 5545, SEQUENCE)."""

    __tablename__ = "calendar_event"

    uid: str = Field(primary_key=True)
    sequence: int = 0
    content: str = Field(description="the days and words it was published with")
    changed_at: datetime = Field(sa_type=Instant)


class Correction(SQLModel, table=True):
    """A change of a public value that a producer asks for; it becomes public when an officer approves it.

    ``subject`` is ``product CODE``, ``showroom ID`` or ``producer CODE``; ``field`` a column of the exchange format.
    """

    __table_args__ = (
        one_of("state", *CORRECTION_STATES),
        Index(
            "uq_correction_asked",
            "subject",
            "field",
            unique=True,
            sqlite_where=text("state = 'asked'"),
            postgresql_where=text("state = 'asked'"),
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    subject: str
    field: str
    producer_code: str = Field(index=True)
    commune_code: str = Field(default="", index=True)
    old: Any = Field(default=None, sa_type=NULLABLE_JSON, nullable=True)
    new: Any = Field(default=None, sa_type=NULLABLE_JSON, nullable=True)
    state: str = "asked"
    asked_by: int
    asked_chat: str = Field(description="channel:address where the answer goes")
    asked_at: datetime = Field(sa_type=Instant)
    decided_by: int | None = None
    decided_at: datetime | None = Field(default=None, sa_type=Instant)
    reason: str | None = None
