"""Posts on their way on one channel: in hand from the claim until their outcome is written down."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta

import structlog
from prometheus_client import Counter, Gauge

from bot.channels.ceiling import UNASKED, Unasked
from bot.channels.channel import Channel, Outcome, Refused, Uncertain
from bot.dispatch.carrying import carry, settled
from bot.dispatch.chats import Chats
from bot.dispatch.contents import Contents
from bot.dispatch.settling import Settling
from handlers.services.outbox import Post, Settled

log = structlog.get_logger("dispatch")
DELIVERIES = Counter(
    "bot_deliveries_total", "Deliveries from the outbox by outcome", ["channel", "lane", "outcome"]
)
IN_FLIGHT = Gauge("bot_deliveries_in_flight", "Deliveries the platform was asked for just now", ["channel"])

AT_ONCE = 128
"""posts in flight on one channel"""
PAGE = 64
"""posts claimed at once, where the pace allows more"""
KEEP_SECONDS = 2.0
"""a post whose chat is free again within so many seconds is kept for it; else it is queued again"""
CUT_SHORT = "the program was stopped before the platform answered"


class Flight:
    """Sends posts, each in a task of its own. ``told`` hears of each outcome; ``clock`` never goes backwards."""

    def __init__(
        self,
        channel: Channel,
        contents: Contents,
        settling: Settling,
        now: Callable[[], datetime],
        told: Callable[[Post, Outcome], None],
        clock: Callable[[], float],
    ) -> None:
        self._channel, self._contents, self._settling = channel, contents, settling
        self._now, self._told = now, told
        self._chats = Chats(clock)
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._kept: dict[int, tuple[Post, asyncio.TimerHandle]] = {}
        self._open: dict[int, Unasked] = {}
        self._space = asyncio.Event()
        self._counters: dict[tuple[str, str], Counter] = {}
        self._gauge = IN_FLIGHT.labels(channel.name)

    @property
    def size(self) -> int:
        """Posts the platform was asked for, or is about to be."""
        return len(self._tasks)

    @property
    def before_the_door(self) -> int:
        """Posts for which no request has left yet."""
        return sum(not one.asked for one in self._open.values())

    @property
    def quiet(self) -> bool:
        """Whether nothing is on its way, nor comes again within seconds."""
        return not self._tasks and not self._settling.in_hand and not self._chats.waiting

    def take(self, post: Post) -> None:
        """A post that was claimed; one that is in hand already waits for its outcome to be written."""
        if post.id not in self._settling.in_hand:
            self._settling.take(post)
            self._begin(post)

    def recall(self) -> None:
        """Queue again what no request has left for: the platform asks to wait."""
        for number, unasked in self._open.items():
            if not unasked.asked:
                self._tasks[number].cancel()

    async def space(self, seconds: float) -> None:
        """Wait until another page may be in flight, ``seconds`` at most."""
        if len(self._tasks) <= AT_ONCE - PAGE:
            return
        self._space.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._space.wait()

    async def land(self, seconds: float) -> None:
        """Wait for answers, ``seconds`` at most; what has none then is uncertain, what was not asked is queued."""
        for post, handle in self._kept.values():
            handle.cancel()
            self._put_back(post)
        self._kept.clear()
        if self._tasks:
            await asyncio.wait(list(self._tasks.values()), timeout=seconds)
        left = list(self._tasks.values())
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    def _begin(self, post: Post) -> None:
        """Send a post; keep it, or put it back, when its chat had a message just now."""
        self._kept.pop(post.id, None)
        wait = self._chats.wait(post.address, post.id)
        if wait > KEEP_SECONDS or (wait > 0 and len(self._kept) >= PAGE):
            self._put_back(post, wait)
            return
        if wait > 0:
            handle = asyncio.get_running_loop().call_later(wait, self._begin, post)
            self._kept[post.id] = (post, handle)
            return
        self._chats.busy(post.address, post.id)
        self._open[post.id] = Unasked()
        task = self._tasks[post.id] = asyncio.create_task(self._deliver(post))
        task.add_done_callback(lambda _task: self._ended(post))
        self._gauge.set(len(self._tasks))

    def _put_back(self, post: Post, seconds: float = 0.0) -> None:
        """Nobody was asked: queue it again."""
        later = self._now() + timedelta(seconds=seconds)
        self._settling.put(Settled(post, "queued", not_before=later, tried=False))

    def _ended(self, post: Post) -> None:
        """Its task is over; one that was cancelled before its first step has said nothing, and nobody was asked."""
        self._tasks.pop(post.id, None)
        if self._open.pop(post.id, None) is not None:
            self._chats.back(post.address)
            self._put_back(post)
        self._gauge.set(len(self._tasks))
        if len(self._tasks) <= AT_ONCE - PAGE:
            self._space.set()

    async def _deliver(self, post: Post) -> None:
        unasked = self._open[post.id]
        UNASKED.set(unasked)
        try:
            outcome = await carry(post, self._channel, self._contents)
        except asyncio.CancelledError:
            if unasked.asked:
                self._note(post, Uncertain(CUT_SHORT))
            else:
                self._chats.back(post.address)
                self._put_back(post)
            raise
        except Exception as error:
            log.exception("delivery_failed", channel=self._channel.name, delivery=post.id)
            words = f"a fault of ours: {type(error).__name__}"
            outcome = Uncertain(words) if unasked.asked else Refused(words)
        finally:
            del self._open[post.id]
        self._note(post, outcome)

    def _note(self, post: Post, outcome: Outcome) -> None:
        """Remember an outcome: for the row, for the chat, for whoever counts."""
        now = self._now()
        row = settled(post, outcome, now)
        self._settling.put(row)
        if row.not_before is None:
            self._chats.done(post.address)
        else:
            self._chats.later(post.address, post.id, (row.not_before - now).total_seconds())
        key = (post.lane, type(outcome).__name__.lower())
        counter = self._counters.get(key)
        if counter is None:
            counter = self._counters[key] = DELIVERIES.labels(self._channel.name, *key)
        counter.inc()
        self._told(post, outcome)
