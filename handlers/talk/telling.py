"""Telling somebody who did not write just now: a letter in their own language, to the chat they used last."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncEngine

from handlers.services.access import first_chats
from handlers.services.outbox.letters import Letter, enqueue
from handlers.talk.language import DEFAULT, speaking, supported
from handlers.talk.message import Message


async def tell(
    engine: AsyncEngine,
    people: Collection[int],
    key: str,
    write: Callable[[], list[Message]],
    now: datetime,
) -> int:
    """Put one letter for each of these people into the outbox; how many can be reached.

    ``key`` makes it happen once; ``write`` is called in each person's language.
    """
    letters = []
    for chat in await first_chats(engine, people, DEFAULT):
        language = supported(chat.language) or DEFAULT
        with speaking(language):
            messages = write()
        to = (chat.channel, chat.address, chat.person_id)
        letters.append(Letter(f"{key}:{chat.person_id}", *to, language, messages))
    if letters:
        async with engine.begin() as connection:
            await enqueue(connection, letters, now)
    return len(letters)
