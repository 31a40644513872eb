"""How sending goes, in one message of the author's that is changed again and again, where the platform can do that."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from datetime import datetime
from typing import ClassVar, Protocol, runtime_checkable

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.channels.ceiling import UNASKED, Unasked
from bot.channels.channel import Gone, Outcome, Refused, Sent
from bot.dispatch.sender import Sender
from db import Announcement
from handlers.services import reports
from handlers.services.following import Followed, followed, unfollow
from handlers.talk.message import Message

log = structlog.get_logger("dispatch")


@runtime_checkable
class Editing(Protocol):
    """A channel on which a message can be changed after it was sent."""

    async def edit(self, chat: str, message_id: str, message: Message) -> Outcome:
        """Put ``message`` in the place of an earlier one; repeating it does no harm."""
        ...


class Progress:
    """Changes the messages of the channels that this process sends on. ``words`` makes the report of an announcement
    in a language."""

    EVERY: ClassVar[float] = 3.0
    """seconds between two changes at least; a chat takes about one message a second"""
    SHARE: ClassVar[float] = 20.0
    """times as long as the counting took is waited: a million rows are not counted all the time"""

    def __init__(
        self,
        engine: AsyncEngine,
        senders: Mapping[str, Sender],
        now: Callable[[], datetime],
        words: Callable[[Announcement, str], Awaitable[Message]],
    ) -> None:
        self._engine, self._senders, self._now, self._words = engine, senders, now, words
        self._shown: dict[int, Message] = {}
        self._looking = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin."""
        self._task = asyncio.create_task(self._for_ever(), name="progress")

    async def stop(self) -> None:
        """Change nothing more."""
        if self._task:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def look(self) -> None:
        """Change what is not up to date."""
        here = {
            name: sender.channel
            for name, sender in self._senders.items()
            if sender.holding.held and isinstance(sender.channel, Editing)
        }
        if not here:
            return
        async with self._looking:
            for one in await followed(self._engine, list(here)):
                if one.lost:
                    await self._give_up(one, "its letter did not arrive")
                elif one.message_id:
                    await self._change(one, here[one.channel])

    async def _for_ever(self) -> None:
        while True:
            began = time.monotonic()
            try:
                await self.look()
            except Exception as error:  # noqa: BLE001 - the next look does it
                log.warning("progress_not_shown", cause=type(error).__name__)
            await asyncio.sleep(max(self.EVERY, self.SHARE * (time.monotonic() - began)))

    async def _change(self, one: Followed, channel: Editing) -> None:
        number = one.announcement.id or 0
        message = await self._words(one.announcement, one.language)
        over = one.announcement.state in ("finished", "cancelled")
        if message == self._shown.get(number) and not over:
            return
        UNASKED.set(Unasked())
        outcome = await channel.edit(one.address, one.message_id, message)
        if isinstance(outcome, Refused | Gone):
            await self._give_up(one, outcome.reason)
        elif isinstance(outcome, Sent):
            self._shown[number] = message
            if over:
                await self._told(one)

    async def _told(self, one: Followed) -> None:
        """The last word stands in the message."""
        number = one.announcement.id or 0
        self._shown.pop(number, None)
        if one.announcement.state == "cancelled":
            await unfollow(self._engine, number)
        else:
            await reports.report(self._engine, number, self._now(), ())

    async def _give_up(self, one: Followed, reason: str) -> None:
        log.info("progress_told_by_letter", announcement=one.announcement.id, reason=reason)
        self._shown.pop(one.announcement.id or 0, None)
        await unfollow(self._engine, one.announcement.id or 0)
