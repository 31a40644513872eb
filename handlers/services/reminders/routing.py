"""By which road somebody is told, in order: a chat that is free, a template, a paid message; a page's mailbox beside.

Contract of Zalo §13: Telegram, Official Account inside its free window, Bot Platform, template by id, template by
phone with consent, Official Account outside the window when there is a budget; else an officer calls.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, NamedTuple

from handlers.services.outbox import PHONE, PULLED
from handlers.services.roads import Road

Way = Literal["message", "template"]
ACCOUNT = "zalo-oa"


class Path(NamedTuple):
    """One way to one person: the channel, the address there, and whether it is a template."""

    channel: str
    address: str
    way: Way = "message"


@dataclass(frozen=True, slots=True)
class ChatOf:
    """A chat that can be written to; ``heard_at`` = the last time the person did something on the account."""

    channel: str
    address: str
    language: str
    wanted: bool = True
    heard_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Reader:
    """A person who is to be told: their chats (the one used last first) and the number that may be written to."""

    person_id: int
    chats: tuple[ChatOf, ...] = ()
    phone: str = ""
    """to which they agreed; empty = none"""

    @property
    def unwilling(self) -> bool:
        """They have chats and want reminders in none."""
        return bool(self.chats) and not any(chat.wanted for chat in self.chats)

    def language(self, default: str) -> str:
        """The language of the chat used last."""
        return self.chats[0].language if self.chats else default


@dataclass(frozen=True, slots=True)
class Roads:
    """The channels that work at a moment."""

    by_name: Mapping[str, Road] = field(default_factory=dict)
    now: datetime = field(kw_only=True)

    @classmethod
    def of(cls, roads: Sequence[Road], now: datetime) -> Roads:
        """From what ``links.roads()`` gives."""
        return cls({road.name: road for road in roads}, now=now)

    def paths(self, reader: Reader) -> Iterator[Path | tuple[str, str]]:
        """Every way to a person in order; between them (road, why not) for each that is left out."""
        yield from self._chats(reader, "telegram")
        yield from self._account(reader, "free")
        yield from self._chats(reader, "zalo-bot")
        yield from self._templates(reader)
        yield from self._account(reader, "paid")

    def mailbox(self, reader: Reader) -> ChatOf | None:
        """A chat that is fetched by a page or terminal, never written to."""
        return next((chat for chat in reader.chats if chat.channel in PULLED and chat.wanted), None)

    def _chats(self, reader: Reader, channel: str) -> Iterator[Path | tuple[str, str]]:
        if channel not in self.by_name:
            yield channel, "off"
            return
        found = [chat for chat in reader.chats if chat.channel == channel and chat.wanted]
        yield from (Path(channel, chat.address) for chat in found)
        if not found:
            yield channel, "no chat"

    def _account(self, reader: Reader, price: Literal["free", "paid"]) -> Iterator[Path | tuple[str, str]]:
        """Messages of the Official Account: inside the free window, or later for money."""
        road, name = self.by_name.get(ACCOUNT), f"{ACCOUNT} {price}"
        if road is None:
            yield name, "off"
            return
        found = [chat for chat in reader.chats if chat.channel == ACCOUNT and chat.wanted]
        if not found:
            yield name, "no chat"
        for chat in found:
            silent = self.now - chat.heard_at if chat.heard_at else None
            inside = silent is not None and road.free_for is not None and silent <= road.free_for
            open_ = silent is not None and road.open_for is not None and silent <= road.open_for
            if price == "free" and inside:
                yield Path(ACCOUNT, chat.address)
            elif price == "free" or not open_:
                yield name, "silent"
            elif (road.budget or 0) < road.price or not road.budget:
                yield name, "no budget"
            elif not inside:
                yield Path(ACCOUNT, chat.address)

    def _templates(self, reader: Reader) -> Iterator[Path | tuple[str, str]]:
        road, name = self.by_name.get(ACCOUNT), f"{ACCOUNT} template"
        if road is None or not road.templates:
            yield name, "off"
            return
        for chat in reader.chats:
            if chat.channel == ACCOUNT and chat.wanted:
                yield Path(ACCOUNT, chat.address, "template")
        if reader.phone:
            yield Path(ACCOUNT, PHONE + reader.phone, "template")
        else:
            yield f"{name} by phone", "no consent"


@dataclass(frozen=True, slots=True)
class Routed:
    """The road that is taken (None = an officer calls), and why others were not."""

    path: Path | None
    skipped: tuple[tuple[str, str], ...]


def route(roads: Roads, reader: Reader, tried: Collection[Path] = ()) -> Routed:
    """The first way to a person that was not tried yet."""
    skipped: list[tuple[str, str]] = []
    for found in roads.paths(reader):
        if not isinstance(found, Path):
            skipped.append(found)
        elif found in tried:
            skipped.append((found.channel, "refused"))
        else:
            return Routed(found, tuple(skipped))
    return Routed(None, tuple(skipped))
