"""The outbox: announcements, and one delivery a chat for whatever is sent to somebody who did not ask just now."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Index, LargeBinary, UniqueConstraint, text
from sqlalchemy.dialects import sqlite
from sqlmodel import Field, SQLModel

from db.access import TOPICS
from db.base import NULLABLE_JSON, Instant, one_of

BIG = BigInteger().with_variant(sqlite.INTEGER(), "sqlite")

ANNOUNCEMENT_STATES = (
    "draft",
    "submitted",
    "approved",
    "scheduled",
    "sending",
    "paused",
    "late",
    "finished",
    "cancelled",
)


class Announcement(SQLModel, table=True):
    """What the office tells many. ``texts`` by language (``vi`` always), ``audience`` as services.audience reads it.

    ``version`` rises with every edit; an approval holds for ``approved_version`` only. People are ids without a
    foreign key, so that erasing one leaves the announcement.
    """

    __table_args__ = (one_of("topic", *TOPICS), one_of("state", *ANNOUNCEMENT_STATES))

    id: int | None = Field(default=None, primary_key=True)
    author_id: int = Field(index=True)
    author_chat: str = Field(description="channel:address where the author is told")
    created_at: datetime = Field(sa_type=Instant)
    topic: str = "news"
    texts: dict[str, str] = Field(default_factory=dict, sa_type=JSON)
    image: str | None = None
    link_label: str | None = None
    link_url: str | None = None
    audience: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    urgent_reason: str | None = None
    state: str = Field(default="draft", index=True)
    version: int = 1
    approved_version: int | None = None
    approved_by: int | None = None
    approved_at: datetime | None = Field(default=None, sa_type=Instant)
    send_at: datetime | None = Field(default=None, sa_type=Instant)
    expires_at: datetime | None = Field(default=None, sa_type=Instant)
    fixed_at: datetime | None = Field(default=None, sa_type=Instant)
    finished_at: datetime | None = Field(default=None, sa_type=Instant)
    pause_reason: str | None = None
    progress_message: str | None = Field(
        default=None, description="key of the author's letter in which the progress is shown"
    )
    report_hash: str | None = Field(
        default=None, index=True, description="of the secret in the table's address"
    )
    report_until: datetime | None = Field(default=None, sa_type=Instant)


DELIVERY_STATES = (
    "queued",
    "sending",
    "sent",
    "delivered",
    "seen",
    "failed",
    "gone",
    "skipped",
    "uncertain",
)
LANES = ("personal", "bulk")


class Delivery(SQLModel, table=True):
    """One message to one chat: ``queued → sending → sent → delivered → seen``, or why not.

    An announcement's delivery has no content of its own: its text is rendered in ``language``. Anything else
    carries ``content`` (the messages as JSON) and a ``key`` that makes it unique. ``way`` is ``template`` for
    Zalo's paid templates. ``sending`` is written before the platform is asked: a row left there by a dead
    worker is ``uncertain`` and never repeated by itself.
    """

    __table_args__ = (
        one_of("state", *DELIVERY_STATES),
        one_of("lane", *LANES),
        one_of("way", "message", "template"),
        UniqueConstraint("announcement_id", "channel", "address", name="uq_delivery_announcement_chat"),
        Index(
            "ix_delivery_queued",
            "announcement_id",
            "channel",
            "lane",
            "not_before",
            "id",
            sqlite_where=text("state = 'queued'"),
            postgresql_where=text("state = 'queued'"),
        ),
        Index(
            "ix_delivery_sending",
            "channel",
            "worker",
            sqlite_where=text("state = 'sending'"),
            postgresql_where=text("state = 'sending'"),
        ),
        Index(
            "ix_delivery_message_id",
            "channel",
            "message_id",
            sqlite_where=text("message_id IS NOT NULL"),
            postgresql_where=text("message_id IS NOT NULL"),
        ),
        Index("ix_delivery_chat", "channel", "address"),
    )

    id: int | None = Field(default=None, primary_key=True, sa_type=BIG)
    announcement_id: int | None = Field(default=None, foreign_key="announcement.id")
    key: str | None = Field(default=None, unique=True)
    channel: str
    address: str
    person_id: int | None = None
    language: str = "vi"
    lane: str = "bulk"
    way: str = "message"
    content: Any = Field(default=None, sa_type=NULLABLE_JSON, nullable=True)
    state: str = "queued"
    reason: str | None = None
    tries: int = 0
    not_before: datetime | None = Field(default=None, sa_type=Instant)
    expires_at: datetime | None = Field(default=None, sa_type=Instant)
    queued_at: datetime = Field(sa_type=Instant)
    worker: int | None = Field(default=None, sa_type=BIG)
    claimed_at: datetime | None = Field(default=None, sa_type=Instant)
    message_id: str | None = None
    settled_at: datetime | None = Field(default=None, sa_type=Instant)


class Tally(SQLModel, table=True):
    """Messages of a month on a channel whose platform limits them (Zalo Bot Platform: 3,000)."""

    channel: str = Field(primary_key=True)
    month: str = Field(primary_key=True, description="YYYY-MM in the zone people live in")
    sent: int = 0


class Photo(SQLModel, table=True):
    """A picture that an official sent in a chat for an announcement, by the SHA-256 of its bytes."""

    digest: str = Field(primary_key=True)
    kind: str = Field(description="media type")
    content: bytes = Field(sa_type=LargeBinary)
    added_at: datetime = Field(sa_type=Instant)
