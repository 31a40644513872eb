"""One turn of a conversation: what came in, where the conversation stands, what is published, and the day."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Protocol, TypeVar, cast

from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel import SQLModel

from handlers.services import access
from handlers.services.access import Who
from handlers.services.catalogue import Catalogue
from handlers.services.places import Places
from handlers.services.roads import Picture, Received, Road, Table
from handlers.services.search import Search
from handlers.services.standing import Standing
from handlers.talk.message import Inbound
from handlers.talk.understanding import Meaning, Understanding

Thing = TypeVar("Thing")


class Kept:
    """What depends on nothing but the registry, the day and a key, made once: at most ``MOST`` things of one day."""

    MOST = 1_024

    def __init__(self) -> None:
        self._day: date | None = None
        self._things: dict[tuple[str, ...], Any] = {}

    def get(self, day: date, key: tuple[str, ...], make: Callable[[], Thing]) -> Thing:
        """The thing kept under this key for this day, else what ``make`` gives; it must not be changed."""
        if day != self._day or len(self._things) >= self.MOST:
            self._things.clear()
            self._day = day
        found = self._things.get(key)
        if found is None:
            found = self._things[key] = make()
        return cast(Thing, found)


@dataclass(frozen=True, slots=True)
class Published:
    """The registry as look-ups see it: swapped whole when the registry changes."""

    catalogue: Catalogue
    search: Search
    places: Places
    understanding: Understanding
    kept: Kept = field(default_factory=lambda: Kept(), compare=False)


class Links(Protocol):
    """Addresses we may give to people; empty where nothing is set up."""

    def page(self, path: str) -> str:
        """A page of ours, or ``""`` without a public address."""
        ...

    def deep_link(self, payload: str) -> str:
        """A link that opens the chat with a payload, or ``""``."""
        ...

    async def roads(self) -> tuple[Road, ...]:
        """The channels that work, with what is known of each beforehand."""
        ...

    async def picture(self, address: str) -> Picture | None:
        """What stands at a public address, or is kept under a name of ours, if it is a picture; else None."""
        ...

    async def received(self, channel: str, reference: str) -> Received | None:
        """Fetch and keep a picture that a person sent; None when it cannot be had."""
        ...

    async def table(self, announcement: int) -> Table | None:
        """The table of an announcement's deliveries as a file that a channel can bring; None without a network."""
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
    engine: AsyncEngine
    """for services; a handler that only reads the registry needs none"""
    meaning: Meaning | None = None
    records: list[SQLModel] = field(default_factory=list)
    """rows to save in the same transaction as the step"""
    erase: bool = False
    """everything kept of this chat is to go, once the answer is given"""

    _who: Who | None = None

    async def who(self) -> Who:
        """Who writes, and what they may do now; asked of the database once a turn, and only when it matters."""
        if self._who is None:
            self._who = await access.who(self.engine, *self.chat)
        return self._who

    def changed_who(self) -> None:
        """What somebody may do was changed in this turn: ask anew."""
        self._who = None

    @property
    def chat(self) -> tuple[str, str]:
        """Channel and address of this chat."""
        return self.inbound.channel, self.inbound.chat

    @property
    def catalogue(self) -> Catalogue:
        """The published registry."""
        return self.published.catalogue

    @property
    def today(self) -> date:
        """The day where people live."""
        return self.now.date()


@dataclass(frozen=True, slots=True)
class Desk:
    """What a job of the clock is given: nobody wrote, so there is no chat and no language."""

    engine: AsyncEngine
    published: Callable[[], Published]
    now: Callable[[], datetime]
    """aware, in the zone people live in"""
    links: Links
    language: str
    """the one for people whose own is not known"""
