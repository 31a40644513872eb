"""What the platform said, on its way into the database: gathered for a moment, written together, kept until written."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from contextlib import suppress

import structlog

from handlers.services.outbox import Outbox, Post, Settled

log = structlog.get_logger("dispatch")

TOGETHER = 0.02
"""seconds an outcome waits for company; a process killed meanwhile leaves it uncertain"""
AGAIN = 0.5
"""seconds until a writing that failed is tried once more"""
BATCH = 200


class Settling:
    """Posts in hand, from the claim until their outcome is written down."""

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox
        self._in_hand: dict[int, Post] = {}
        self._waiting: list[Settled] = []
        self._wake = asyncio.Event()
        self._writer: asyncio.Task[None] | None = None
        self.failing = False
        """the database does not take it: nothing may be claimed meanwhile"""

    @property
    def in_hand(self) -> Collection[int]:
        """Ids of posts whose outcome is not written down yet."""
        return self._in_hand.keys()

    def start(self) -> None:
        """Begin writing."""
        self._writer = asyncio.create_task(self._for_ever(), name="settling")

    def take(self, post: Post) -> None:
        """A post is in hand."""
        self._in_hand[post.id] = post

    def put(self, settled: Settled) -> None:
        """What became of one."""
        self._waiting.append(settled)
        self._wake.set()

    async def stop(self, seconds: float) -> None:
        """Write what is left; what cannot be written stays ``sending`` and is uncertain after the next start."""
        if self._writer:
            self._writer.cancel()
            with suppress(asyncio.CancelledError):
                await self._writer
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._write()
        if self._waiting:
            log.error("outcomes_not_written", posts=len(self._waiting))

    async def _for_ever(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            await asyncio.sleep(TOGETHER)
            await self._write()

    async def _write(self) -> None:
        while self._waiting:
            batch = self._waiting[:BATCH]
            try:
                await self._outbox.settle(batch)
            except Exception as error:  # noqa: BLE001 - kept, and tried until the database takes it
                if not self.failing:
                    log.warning("outcomes_cannot_be_written", cause=type(error).__name__)
                self.failing = True
                await asyncio.sleep(AGAIN)
                continue
            self.failing = False
            del self._waiting[: len(batch)]
            for one in batch:
                self._in_hand.pop(one.post.id, None)
