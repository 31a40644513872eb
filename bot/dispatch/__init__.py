"""The other door out: what nobody asked for just now, from the outbox, at each channel's pace.

One sender a channel; on PostgreSQL one replica sends for a channel, and another takes over within seconds when it
dies. The clock finishes announcements and finds what dead workers left.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import structlog

from bot.channels.ceiling import Paced
from bot.channels.channel import Channel
from bot.dispatch.contents import Contents, Words
from bot.dispatch.progress import Progress
from bot.dispatch.sender import Sender
from handlers.services.outbox import Outbox, Post, sweep
from handlers.talk.message import Message

__all__ = ["Contents", "Dispatch", "Sender", "Words"]

log = structlog.get_logger("dispatch")

SWEEP = 1.0
"""seconds between two looks at announcements that may be finished, cancelled or over"""
DEAD = 30
"""sweeps between two looks for dead workers"""


class Dispatch:
    """The senders of all channels that can be written to."""

    def __init__(self, outbox: Outbox, channels: Mapping[str, Channel], words: Words) -> None:
        self._outbox = outbox
        self._contents = Contents(outbox.engine, words)
        self.senders = {
            name: Sender(channel, outbox, self._contents)
            for name, channel in channels.items()
            if isinstance(channel, Paced)
        }
        self.progress = Progress(outbox.engine, self.senders, outbox.now, words.progress)
        self._sweeper: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin; what dead workers left is looked for first."""
        with suppress(Exception):  # the database may be away: the sweep looks again
            await self._outbox.dead()
        for sender in self.senders.values():
            sender.start()
        self.progress.start()
        self._sweeper = asyncio.create_task(self._sweep(), name="outbox-sweep")

    async def stop(self, seconds: float) -> None:
        """Send nothing new; wait for answers, ``seconds`` at most."""
        await self.progress.stop()
        if self._sweeper:
            self._sweeper.cancel()
            with suppress(asyncio.CancelledError):
                await self._sweeper
        await asyncio.gather(*(sender.stop(seconds) for sender in self.senders.values()))
        await self._outbox.close()

    def wake(self) -> None:
        """Something was put into the outbox: look now."""
        for sender in self.senders.values():
            sender.wake()

    async def drained(self, seconds: float) -> bool:
        """Wait until nothing that is due is left; False when it took longer than ``seconds``."""
        self.wake()
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while not all(sender.quiet for sender in self.senders.values()):  # noqa: ASYNC110
                    await asyncio.sleep(0.01)
                await sweep(self._outbox.engine, self._outbox.now())
                await self.progress.look()
                return True
        return False

    async def messages(self, post: Post) -> list[Message]:
        """What a post says, for whoever fetches it."""
        return list(await self._contents.of(post))

    def health(self) -> dict[str, Any]:
        """Each channel's sender: whether it is this process, and how much is in flight."""
        return {
            name: {"here": sender.holding.held, "in_flight": sender.in_flight}
            for name, sender in self.senders.items()
        }

    async def _sweep(self) -> None:
        looks = 0
        while True:
            await asyncio.sleep(SWEEP)
            looks += 1
            try:
                for number in await sweep(self._outbox.engine, self._outbox.now()):
                    log.info("announcement_finished", announcement=number)
                if looks % DEAD == 0:
                    await self._outbox.dead()
            except Exception as error:  # noqa: BLE001 - the next look finds it
                log.warning("outbox_sweep_failed", cause=type(error).__name__)
