"""Who may do what: roles, invitations, links between people and producers, consent, and the log of who did what."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Index, text
from sqlmodel import Field, SQLModel

from db.base import NULLABLE_JSON, Instant, one_of

ROLES = ("officer", "editor", "approver")
"""what a person may do for the authority; to serve a producer is a :class:`Link`, not a role"""
INVITED = ("producer", *ROLES)
TOPICS = ("news", "fairs", "market", "notices")
"""what announcements are about; reminders of one's own certificates are a topic of their own"""
SUBSCRIBED = (*TOPICS, "reminders")
PURPOSES = ("announcements", "reminders", "phone")


class Role(SQLModel, table=True):
    """What a person may do for the authority. Never deleted: ``ended_at`` takes it away at once.

    An officer's role is for one commune; ``given_by`` and ``ended_by`` are people as :class:`Audit` names them.
    """

    __table_args__ = (
        one_of("role", *ROLES),
        Index(
            "uq_role_held",
            "person_id",
            "role",
            "commune_code",
            unique=True,
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    person_id: int = Field(foreign_key="person.id", index=True)
    role: str
    commune_code: str = Field(default="", description="empty = the whole province")
    given_at: datetime = Field(sa_type=Instant)
    given_by: str
    ended_at: datetime | None = Field(default=None, sa_type=Instant)
    ended_by: str | None = None


class Invitation(SQLModel, table=True):
    """A one-time code that gives a role or links a producer; only its hash is kept."""

    __table_args__ = (one_of("role", *INVITED),)

    id: int | None = Field(default=None, primary_key=True)
    code_hash: str = Field(unique=True)
    role: str
    commune_code: str = ""
    producer_code: str = Field(
        default="", index=True, description="no foreign key: an import rewrites producers"
    )
    name: str = Field(default="", description="of the person who is invited, as the office writes it")
    made_at: datetime = Field(sa_type=Instant)
    made_by: str
    expires_at: datetime = Field(sa_type=Instant)
    used_at: datetime | None = Field(default=None, sa_type=Instant)
    used_by: int | None = Field(default=None, description="person; no foreign key: erasure leaves the log")
    withdrawn_at: datetime | None = Field(default=None, sa_type=Instant)


class WrongCode(SQLModel, table=True):
    """A code that was tried and did not fit: five from one chat lock it for a day."""

    __tablename__ = "wrong_code"
    __table_args__ = (Index(None, "channel", "address", "at"),)

    id: int | None = Field(default=None, primary_key=True)
    channel: str
    address: str
    at: datetime = Field(sa_type=Instant)


LINKED = ("code", "phone", "officer", "console")


class Link(SQLModel, table=True):
    """A person who serves a producer; several people may serve one, and one person several. Ended, not deleted."""

    __tablename__ = "producer_link"
    __table_args__ = (
        one_of("how", *LINKED),
        Index(
            "uq_producer_link_held",
            "person_id",
            "producer_code",
            unique=True,
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    person_id: int = Field(foreign_key="person.id", index=True)
    producer_code: str = Field(index=True)
    since: datetime = Field(sa_type=Instant)
    how: str
    by: str = Field(description="who gave the proof, as Audit names people")
    ended_at: datetime | None = Field(default=None, sa_type=Instant)
    ended_by: str | None = None


class Telephone(SQLModel, table=True):
    """A number a person agreed to be reached by; the row goes when they take that back.

    ``proved`` = the platform says it is theirs, ``recorded`` = an official wrote it down for them.
    """

    __table_args__ = (one_of("how", "proved", "recorded"),)

    person_id: int = Field(primary_key=True, foreign_key="person.id")
    number: str = Field(description="as services.linking.normalised writes it: 0912345678")
    how: str
    since: datetime = Field(sa_type=Instant)
    by: str = Field(description="who gave or recorded it, as Audit names people")


class Consent(SQLModel, table=True):
    """What somebody agreed to or withdrew, with the version of the text they read; rows are only added.

    Somebody without a chat said it to an official: channel and address are empty, ``person_id`` says who agreed and
    ``recorded_by`` who wrote it down.
    """

    __table_args__ = (one_of("purpose", *PURPOSES), Index(None, "channel", "address"))

    id: int | None = Field(default=None, primary_key=True)
    channel: str
    address: str
    purpose: str
    version: str
    language: str
    given: bool
    at: datetime = Field(sa_type=Instant)
    person_id: int | None = Field(default=None, description="no foreign key: erasure leaves the proof")
    recorded_by: str = Field(default="", sa_column_kwargs={"server_default": ""})


class Subscription(SQLModel, table=True):
    """Whether a chat wants messages of a topic. No row = never asked = no. A row survives leaving and re-joining."""

    __table_args__ = (one_of("topic", *SUBSCRIBED),)

    channel: str = Field(primary_key=True)
    address: str = Field(primary_key=True)
    topic: str = Field(primary_key=True)
    wanted: bool
    since: datetime = Field(sa_type=Instant)


class QuietHours(SQLModel, table=True):
    """When a chat wants no message that nobody asked for, beyond the 22:00–07:00 of everybody; ``HH:MM`` local."""

    __tablename__ = "quiet_hours"

    channel: str = Field(primary_key=True)
    address: str = Field(primary_key=True)
    begins: str
    ends: str


class Audit(SQLModel, table=True):
    """Who did what, when, why, with the old and the new value. The database refuses to change or delete a row.

    ``actor`` is ``person 12``, ``console`` or ``program``; ``subject`` is a kind and a key: ``product na-dai``.
    """

    __table_args__ = (Index(None, "subject", "at"),)

    id: int | None = Field(default=None, primary_key=True)
    at: datetime = Field(sa_type=Instant)
    actor: str
    acts_for: str = Field(default="", description="the producer for whom an officer acted")
    verb: str
    subject: str
    before: Any = Field(default=None, sa_type=NULLABLE_JSON, nullable=True)
    after: Any = Field(default=None, sa_type=NULLABLE_JSON, nullable=True)
    why: str = ""
