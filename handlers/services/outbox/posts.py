"""The words of the outbox: a queue, a post taken from it, what it was passed over for, what became of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(slots=True)
class Post:
    """A delivery that is ours to send now. ``version`` is its announcement's."""

    id: int
    channel: str
    address: str
    person_id: int | None
    language: str
    lane: str = "bulk"
    way: str = "message"
    content: dict[str, Any] = field(default_factory=dict)
    tries: int = 0
    announcement_id: int | None = None
    version: int = 0

    @property
    def chat(self) -> tuple[str, str]:
        """Channel and address."""
        return self.channel, self.address

    @property
    def notices(self) -> list[tuple[str, str, str]]:
        """(product code, cycle, step) that this is the proof of."""
        return [tuple(one) for one in self.content.get("notices", ())]


@dataclass(frozen=True, slots=True)
class Queue:
    """Where rows are taken from: the letters, or what one announcement still has to send."""

    announcement_id: int | None = None
    version: int = 0
    topic: str = ""
    urgent: bool = False
    expires_at: datetime | None = None


LETTERS = Queue()


@dataclass(frozen=True, slots=True)
class PassedOver:
    """Not sent, and why: ``skipped`` or ``gone`` for ever, or (``until``) not yet."""

    id: int
    state: str
    reason: str
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of a post. ``queued`` with ``not_before`` = not taken, again later; ``tried`` = it was asked."""

    post: Post
    state: str
    reason: str | None = None
    message_id: str | None = None
    not_before: datetime | None = None
    tried: bool = True


@dataclass(slots=True)
class Page:
    """What a claim gave: posts to send, and how many rows were looked at for them."""

    posts: list[Post] = field(default_factory=list)
    seen: int = 0
    passed_over: list[PassedOver] = field(default_factory=list)
