"""One turn of a conversation: what came in, where the conversation stands, what is published, and the day."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Protocol

from sqlmodel import SQLModel

from handlers.services.catalogue import Catalogue
from handlers.services.places import Places
from handlers.services.search import Search
from handlers.services.standing import Standing
from handlers.talk.message import Inbound
from handlers.talk.understanding import Meaning, Understanding


@dataclass(frozen=True, slots=True)
class Published:
    """The registry as look-ups see it: swapped whole when the registry changes."""

    catalogue: Catalogue
    search: Search
    places: Places
    understanding: Understanding


class Links(Protocol):
    """Addresses we may give to people; empty where nothing is set up."""

    def page(self, path: str) -> str:
        """A page of ours, or ``""`` without a public address."""
        ...

    def deep_link(self, payload: str) -> str:
        """A link that opens the chat with a payload, or ``""``."""
        ...


@dataclass(frozen=True, slots=True)
class Redo:
    """A handler's wish that another action answers in its place (a deep link, "back", "the second one")."""

    action: str


@dataclass(slots=True)
class Turn:
    """What a handler is given."""

    inbound: Inbound
    standing: Standing
    published: Published
    now: datetime
    """aware, in the zone people live in"""
    language: str
    links: Links
    meaning: Meaning | None = None
    records: list[SQLModel] = field(default_factory=list)
    """rows to save in the same transaction as the step"""
    toast: str = ""

    @property
    def catalogue(self) -> Catalogue:
        """The published registry."""
        return self.published.catalogue

    @property
    def today(self) -> date:
        """The day where people live."""
        return self.now.date()
