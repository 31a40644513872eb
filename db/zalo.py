"""What the Zalo Official Account channel must remember: its grant, whom it may write to, what it spent."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Field, SQLModel

from db.base import Instant, one_of

GRANT_STATES = ("good", "unknown", "needs_consent")


class ZaloGrant(SQLModel, table=True):
    """The one pair of tokens of an app and its Official Account; ``access`` and ``refresh`` are encrypted.

    The refresh token works once. ``tries`` counts its uses whose outcome is not known; they are written down
    before Zalo is asked, so that a killed program leaves ``state`` at ``unknown``. Nobody else may use the
    token before ``held_until``. ``seed`` is the fingerprint of the setting the grant began with.
    """

    __tablename__ = "zalo_grant"
    __table_args__ = (one_of("state", *GRANT_STATES),)

    account: str = Field(primary_key=True)
    access: str = ""
    refresh: str = ""
    expires_at: datetime = Field(sa_type=Instant, description="of the access token")
    granted_at: datetime = Field(sa_type=Instant, description="of the refresh token, which lives 3 months")
    generation: int = 0
    state: str = "good"
    reason: str = ""
    tries: int = 0
    seed: str = ""
    holder: str | None = None
    held_until: datetime | None = Field(default=None, sa_type=Instant)


class ZaloContact(SQLModel, table=True):
    """When a person last did something that opens Zalo's window, and until when an officer talks to them."""

    __tablename__ = "zalo_contact"

    address: str = Field(primary_key=True)
    last_at: datetime = Field(sa_type=Instant)
    quiet_until: datetime | None = Field(default=None, sa_type=Instant, index=True)


class ZaloSpending(SQLModel, table=True):
    """Messages of a day that were not free, and what they cost in dong."""

    __tablename__ = "zalo_spending"

    day: str = Field(primary_key=True, description="ISO 8601, in the zone people live in")
    messages: int = 0
    dong: int = 0
