"""What a post says: a letter brings its messages, an announcement is rendered once a version and language."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from pydantic import TypeAdapter
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel import col

from db import Announcement
from handlers.services.outbox import Letter, Post
from handlers.talk.message import Message

KEPT = 64
"""renderings kept"""


@dataclass(frozen=True, slots=True)
class Words:
    """What only conversations can say: an announcement in a language, and the letters to its author when it had to be
    paused for a reason. ``offered`` hears what a letter says before it leaves, so that its numbers can be typed.
    ``progress`` tells how far an announcement is, in a language.
    ``bring`` puts a picture of ours where the channels find it."""

    render: Callable[[Announcement, str], Sequence[Message]]
    paused: Callable[[Announcement, str], Awaitable[Sequence[Letter]]]
    offered: Callable[[Post, Sequence[Message]], Awaitable[None]]
    progress: Callable[[Announcement, str], Awaitable[Message]]
    bring: Callable[[str], Awaitable[object]] | None = None


class Contents:
    """Gives the messages of posts."""

    def __init__(self, engine: AsyncEngine, words: Words) -> None:
        self._engine, self._words = engine, words
        self._rendered: dict[tuple[int, int, str], Sequence[Message]] = {}
        self._messages: TypeAdapter[list[Message]] = TypeAdapter(list[Message])

    async def of(self, post: Post) -> Sequence[Message]:
        """The messages of a post, in their order. Raises what rendering raises."""
        if post.announcement_id is None:
            messages = self._messages.validate_python(post.content.get("messages", []))
            await self._words.offered(post, messages)
            return messages
        key = (post.announcement_id, post.version, post.language)
        found = self._rendered.get(key)
        if found is None:
            announcement = await self.announcement(post.announcement_id)
            if announcement.image and self._words.bring:
                await self._words.bring(announcement.image)
            found = self._words.render(announcement, post.language)
            while len(self._rendered) >= KEPT:
                del self._rendered[next(iter(self._rendered))]
            self._rendered[key] = found
        return found

    async def announcement(self, number: int) -> Announcement:
        """Its row."""
        query = select(Announcement).where(col(Announcement.id) == number)
        async with self._engine.connect() as connection:
            row = (await connection.execute(query)).one()
        return Announcement.model_validate(dict(row._mapping))

    async def on_pause(self, number: int, reason: str) -> Sequence[Letter]:
        """What the author is told of an announcement that is paused."""
        return await self._words.paused(await self.announcement(number), reason)
