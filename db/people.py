"""People, their chats, and what came in and is not yet settled."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from sqlalchemy import JSON, Index, String
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Field, SQLModel

from db.base import Instant, one_of


class Person(SQLModel, table=True):
    """One human. A person has no row until something about them must be remembered."""

    id: int | None = Field(default=None, primary_key=True)
    created_at: datetime = Field(sa_type=Instant)
    language: str | None = None
    name: str | None = Field(default=None, description="as the office wrote it in the invitation")


class Chat(SQLModel, table=True):
    """One address on one channel. ``language`` is the person's choice, ``guessed`` ours from the text."""

    __table_args__ = (one_of("state", "active", "gone", "left"),)

    channel: str = Field(primary_key=True)
    address: str = Field(primary_key=True)
    person_id: int | None = Field(default=None, foreign_key="person.id", index=True)
    language: str | None = None
    guessed: str | None = None
    state: str = "active"
    state_reason: str | None = None
    first_seen_at: datetime = Field(sa_type=Instant)
    last_seen_at: datetime = Field(sa_type=Instant)


class Step(SQLModel, table=True):
    """Where a conversation stands: the open question, the numbered choices, the product last shown.

    A row, never memory of a process, so that any replica and a restarted one can go on.
    """

    channel: str = Field(primary_key=True)
    address: str = Field(primary_key=True)
    state: dict[str, Any] = Field(sa_type=JSON)
    at: datetime = Field(sa_type=Instant)


INBOX_STATES = ("stored", "answered", "undecodable")


class Arrival(SQLModel, table=True):
    """An update as it came in, stored under the platform's id before we say 200; the id is answered once.

    ``worker`` is the process that took it: a dead worker's rows are taken over. ``answer`` is kept only where
    the caller may ask again for the same answer (the web chat). Rows older than 48 h are deleted.
    """

    __table_args__ = (one_of("state", *INBOX_STATES), Index("ix_arrival_open", "state", "worker"))

    channel: str = Field(primary_key=True)
    update_id: str = Field(primary_key=True)
    address: str
    raw: str
    state: str = "stored"
    worker: int = Field(sa_type=postgresql.BIGINT().with_variant(sqlite.INTEGER(), "sqlite"))
    received_at: datetime = Field(sa_type=Instant, index=True)
    answer: str | None = None


class Miss(SQLModel, table=True):
    """A text that was not understood: folded, without the person, kept 90 days, so that officials see it."""

    id: int | None = Field(default=None, primary_key=True)
    at: datetime = Field(sa_type=Instant, index=True)
    language: str
    text: str = Field(sa_type=String(200))


class Ticket(SQLModel, table=True):
    """A question or complaint waiting for a human."""

    __table_args__ = (one_of("state", "open", "closed"),)

    id: int | None = Field(default=None, primary_key=True)
    number: str = Field(unique=True, description="what the person is told, and reads out")
    channel: str
    address: str
    opened_at: datetime = Field(sa_type=Instant)
    closed_at: datetime | None = Field(default=None, sa_type=Instant)
    state: str = "open"
    kind: Literal["question", "complaint", "help"] = Field(default="question", sa_type=String)
    text: str
    product_code: str | None = None
