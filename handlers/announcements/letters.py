"""Letters about an announcement: to its author, to those who approve."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from sqlalchemy.ext.asyncio import AsyncEngine

from db import Announcement
from handlers.services import approval
from handlers.services.access import Address, first_chats, people_with
from handlers.services.outbox import Letter
from handlers.talk.language import DEFAULT, speaking
from handlers.talk.message import Message

Words = Callable[[], Awaitable[Sequence[Message]]]
"""makes the messages of a letter in the language spoken when it is called"""


async def author(engine: AsyncEngine, announcement: Announcement) -> list[Address]:
    """Where the author is told: the chat they wrote from, else another of theirs; if there is none any more, or their
    role was taken away, the one who approved, else every editor."""
    writers = {
        person for role in ("officer", "editor", "approver") for person in await people_with(engine, role)
    }
    for people in (
        writers & {announcement.author_id},
        writers & {announcement.approved_by or 0},
        await people_with(engine, "editor"),
    ):
        found = await first_chats(engine, people, DEFAULT, announcement.author_chat)
        if found:
            return found
    return []


async def approvers(engine: AsyncEngine, announcement: Announcement) -> list[Address]:
    """Everybody who may approve it: approvers who neither wrote nor changed it."""
    hands = await approval.hands(engine, announcement)
    people = [one for one in await people_with(engine, "approver") if one not in hands]
    return await first_chats(engine, people, DEFAULT)


def written(
    to: Sequence[Address], announcement: Announcement, what: str, messages: dict[str, Sequence[Message]]
) -> list[Letter]:
    """A letter a chat, once for each version; ``messages`` by language (:func:`in_languages`)."""
    about = f"announcement:{announcement.id}:{announcement.version}:{what}"
    return [
        Letter(
            f"{about}:{one.channel}:{one.address}",
            one.channel,
            one.address,
            one.person_id,
            one.language,
            list(messages.get(one.language) or messages[DEFAULT]),
        )
        for one in to
    ]


async def in_languages(to: Sequence[Address], words: Words) -> dict[str, Sequence[Message]]:
    """The messages in each language that somebody of these reads."""
    made: dict[str, Sequence[Message]] = {}
    for language in dict.fromkeys([DEFAULT, *(one.language for one in to)]):
        with speaking(language):
            made[language] = await words()
    return made
