"""One channel's sender: takes what is queued, sends it at the channel's pace, says what became of each.

Within a chat one message after the other, at most one a second. A platform that asks to go slower holds everything
that nobody waits for.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, Protocol, cast, runtime_checkable

import structlog
from prometheus_client import Counter, Gauge

from bot.channels.ceiling import UNASKED, Ceiling, Unasked
from bot.channels.channel import Channel, Gone, Later, Outcome, Refused, Sent, Uncertain
from bot.dispatch.chats import Chats
from bot.dispatch.contents import Contents
from bot.dispatch.holding import LOST, Holding
from bot.dispatch.settling import Settling
from db import LockedError
from handlers.services.outbox import PHONE, Outbox, Post, Settled, pause_for_fault, tracking

log = structlog.get_logger("dispatch")
DELIVERIES = Counter(
    "bot_deliveries_total", "Deliveries from the outbox by outcome", ["channel", "lane", "outcome"]
)
IN_FLIGHT = Gauge("bot_deliveries_in_flight", "Deliveries the platform was asked for just now", ["channel"])
HOLDS = Gauge("bot_sender", "1 where this process sends for the channel", ["channel"])

AT_ONCE = 128
"""posts in flight on one channel"""
PAGE = 64
"""posts claimed at once, where the pace allows more"""
BREATH = 0.01
"""seconds until what was claimed has surely left, or waits for its turn"""
KEEP_SECONDS = 2.0
"""a post whose chat is free again within so many seconds is kept for it; else it is queued again"""
IDLE = 0.5
"""seconds between two looks into an empty queue; a pause, too, is noticed within this time"""
HELD_ELSEWHERE = 2.0
"""seconds between two tries to take a channel that another replica holds"""
HANDOVER = 2.0
"""seconds between taking a channel and the first message: the last ones of another replica may be on their way"""
OUT_OF_ORDER = 10
"""refusals in a row, for a fault of ours, after which an announcement is paused"""
GIVEN_UP = 30
"""tries after which "later" is believed no more, unless the platform holds the whole channel"""
BACKOFF_MOST = 300.0
PATIENCE = 30.0
"""seconds the rest of a letter waits after its first message has arrived"""
SET_BACK = timedelta(seconds=-5)
"""a clock that lags by more behind our own counting was set back"""
CUT_SHORT = "the program was stopped before the platform answered"


@runtime_checkable
class Templated(Protocol):
    """A channel with approved templates for those whom a message does not reach."""

    async def remind(self, chat: str, facts: dict[str, str]) -> Outcome:
        """Send the template to somebody the platform knows."""
        ...

    async def remind_by_phone(self, phone: str, facts: dict[str, str], tracking: str) -> Outcome:
        """Send it to a telephone number."""
        ...


class Sender:
    """Sends on one channel for as long as :meth:`run` runs. ``clock`` gives seconds that never go backwards."""

    def __init__(
        self,
        channel: Channel,
        outbox: Outbox,
        contents: Contents,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.channel, self._outbox, self._contents, self._clock = channel, outbox, contents, clock
        self._ceiling: Ceiling = cast(Any, channel).ceiling
        self.holding = Holding(outbox.engine, channel.name)
        self._settling = Settling(outbox)
        self._chats = Chats(clock)
        self._tasks: set[asyncio.Task[None]] = set()
        self._counters: dict[tuple[str, str], Counter] = {}
        self._in_flight = IN_FLIGHT.labels(channel.name)
        self._kept: dict[int, tuple[Post, asyncio.TimerHandle]] = {}
        self._open: dict[int, Unasked] = {}
        self._woken = asyncio.Event()
        self._until = 0.0
        self._refused: dict[int, int] = {}
        self._to_pause: dict[int, str] = {}
        self._seen: tuple[datetime, float] | None = None
        self._loop: asyncio.Task[None] | None = None
        self._space = asyncio.Event()
        self._asked, self._looked = 1, 0

    # ---------------------------------------------------------------------------------------------------- its life

    def start(self) -> None:
        """Begin."""
        self._settling.start()
        self._loop = asyncio.create_task(self._run(), name=f"{self.channel.name}-sender")

    def wake(self) -> None:
        """Look into the queue now."""
        self._asked += 1
        self._woken.set()

    @property
    def quiet(self) -> bool:
        """Whether nothing was due at a look that began after the last :meth:`wake`, and nothing is on its way."""
        idle = not self._tasks and not self._settling.in_hand and not self._chats.waiting
        return idle and self._looked == self._asked

    @property
    def in_flight(self) -> int:
        """Posts the platform was asked for, or is about to be."""
        return len(self._tasks)

    async def stop(self, seconds: float) -> None:
        """Claim nothing more; wait for answers, ``seconds`` at most; leave no row unexplained."""
        if self._loop:
            self._loop.cancel()
            with suppress(asyncio.CancelledError):
                await self._loop
        for post, handle in self._kept.values():
            handle.cancel()
            self._put_back(post)
        self._kept.clear()
        if self._tasks:
            await asyncio.wait(list(self._tasks), timeout=seconds)
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._settling.stop(1.0)
        with suppress(*LOST, LockedError):
            if self.holding.held:
                await self._outbox.lost(self.channel.name, self._settling.in_hand)
        await self.holding.drop()
        HOLDS.labels(self.channel.name).set(0)

    async def _run(self) -> None:
        told = False
        while True:
            try:
                if self.holding.held or await self._take():
                    await self._round()
                else:
                    await self._rest(HELD_ELSEWHERE)
                told = False
            except (*LOST, LockedError) as error:
                if not told:
                    log.warning("outbox_out_of_reach", channel=self.channel.name, cause=type(error).__name__)
                told = True
                await self._let_go()
                await self._rest(1.0)
            except Exception:
                log.exception("sender_failed", channel=self.channel.name)
                await self._let_go()
                await self._rest(1.0)

    async def _take(self) -> bool:
        """Take the channel: what a claim of ours left behind is queued again, what the dead left is uncertain."""
        if not await self.holding.take():
            return False
        self._ceiling.rest()
        if self.holding.shared:
            await asyncio.sleep(HANDOVER)
        await self._outbox.lost(self.channel.name, self._settling.in_hand)
        await self._outbox.dead()
        HOLDS.labels(self.channel.name).set(1)
        log.info("sending_here", channel=self.channel.name)
        return True

    async def _let_go(self) -> None:
        HOLDS.labels(self.channel.name).set(0)
        await self.holding.drop()

    async def _rest(self, seconds: float) -> None:
        self._woken.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._woken.wait()

    # ---------------------------------------------------------------------------------------------------- its work

    async def _round(self) -> None:
        """Claim as much as may leave now, and let it go."""
        await self._notice_clock()
        for number in list(self._to_pause):
            await self._pause(number)
        wait = self._until - self._clock()
        if wait > 0 or self._settling.failing:
            await self._rest(min(max(wait, 0.05), IDLE))
            return
        await self._ceiling.free(IDLE)
        await self._wait_for_space()
        waiting = sum(not one.asked for one in self._open.values())
        most = min(self._ceiling.room() - waiting, AT_ONCE - len(self._tasks), PAGE)
        if most < 1:
            await asyncio.sleep(BREATH)
            return
        asked = self._asked
        page = await self._outbox.claim(self.channel.name, most, self.holding.connection)
        for post in page.posts:
            self._take_in_hand(post)
        if not page.seen:
            self._looked = asked
            await self._rest(IDLE)

    async def _wait_for_space(self) -> None:
        """Wait, some moments at most, until another page may be in flight."""
        if len(self._tasks) <= AT_ONCE - PAGE:
            return
        self._space.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(IDLE):
                await self._space.wait()

    def _take_in_hand(self, post: Post) -> None:
        if post.id not in self._settling.in_hand:
            self._settling.take(post)
            self._begin(post)

    def _begin(self, post: Post) -> None:
        """Send a post; keep it, or put it back, when its chat had a message just now."""
        self._kept.pop(post.id, None)
        wait = self._chats.wait(post.address, post.id)
        if wait > KEEP_SECONDS or (wait > 0 and len(self._kept) >= PAGE):
            self._put_back(post, wait)
            return
        if wait > 0:
            loop = asyncio.get_running_loop()
            self._kept[post.id] = (post, loop.call_later(wait, self._begin, post))
            return
        self._chats.busy(post.address, post.id)
        self._open[post.id] = Unasked()
        task = asyncio.create_task(self._deliver(post))
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        self._in_flight.set(len(self._tasks))

    def _put_back(self, post: Post, seconds: float = 0.0) -> None:
        """Nobody was asked: queue it again."""
        later = self._outbox.now() + timedelta(seconds=seconds)
        self._settling.put(Settled(post, "queued", not_before=later, tried=False))

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._in_flight.set(len(self._tasks))
        if len(self._tasks) <= AT_ONCE - PAGE:
            self._space.set()

    async def _deliver(self, post: Post) -> None:
        unasked = self._open[post.id]
        UNASKED.set(unasked)
        try:
            outcome = await self._send(post)
        except asyncio.CancelledError:
            if unasked.asked:
                self._note(post, Uncertain(CUT_SHORT))
            else:
                self._put_back(post)
            raise
        except Exception as error:
            log.exception("delivery_failed", channel=self.channel.name, delivery=post.id)
            words = f"a fault of ours: {type(error).__name__}"
            outcome = Uncertain(words) if unasked.asked else Refused(words)
        finally:
            del self._open[post.id]
        self._note(post, outcome)

    async def _send(self, post: Post) -> Outcome:
        if post.way == "template":
            return await self._send_template(post)
        messages = await self._contents.of(post)
        outcome: Outcome = Refused("the letter is empty")
        for number, message in enumerate(messages):
            if number:
                await asyncio.sleep(Chats.PAUSE)
            outcome = await self.channel.send(post.address, message)
            if number and isinstance(outcome, Later) and outcome.seconds <= PATIENCE:
                await asyncio.sleep(outcome.seconds)
                outcome = await self.channel.send(post.address, message)
            if not isinstance(outcome, Sent):
                return outcome if not number else _partly(number, len(messages), outcome)
        return outcome

    async def _send_template(self, post: Post) -> Outcome:
        if not isinstance(self.channel, Templated):
            return Refused("this channel has no templates")
        facts = post.content.get("facts", {})
        if post.address.startswith(PHONE):
            number = post.address.removeprefix(PHONE)
            return await self.channel.remind_by_phone(number, facts, tracking(post.id))
        return await self.channel.remind(post.address, facts)

    # ------------------------------------------------------------------------------------------------ what it said

    def _note(self, post: Post, outcome: Outcome) -> None:
        """Remember an outcome: for the row, for the chat, for the channel, for the announcement."""
        settled = self._settled(post, outcome)
        self._settling.put(settled)
        if settled.not_before is None:
            self._chats.done(post.address)
        else:
            self._chats.later(
                post.address, post.id, (settled.not_before - self._outbox.now()).total_seconds()
            )
        if isinstance(outcome, Later) and (outcome.whole_channel or outcome.asked):
            self._until = max(self._until, self._clock() + outcome.seconds)
        self._count_refusals(post, outcome)
        self._count(post.lane, type(outcome).__name__.lower())

    def _count(self, lane: str, outcome: str) -> None:
        counter = self._counters.get((lane, outcome))
        if counter is None:
            counter = self._counters[lane, outcome] = DELIVERIES.labels(self.channel.name, lane, outcome)
        counter.inc()

    def _settled(self, post: Post, outcome: Outcome) -> Settled:
        if isinstance(outcome, Sent):
            return Settled(post, "sent", message_id=outcome.message_id)
        if isinstance(outcome, Gone):
            return Settled(post, "gone", outcome.reason)
        if isinstance(outcome, Refused):
            return Settled(post, "failed", outcome.reason)
        if isinstance(outcome, Uncertain):
            return Settled(post, "uncertain", outcome.reason)
        held = outcome.whole_channel or outcome.asked
        if not held and post.tries + 1 >= GIVEN_UP:
            return Settled(post, "failed", f"given up: {outcome.reason}")
        growing = 0.0 if held else min(BACKOFF_MOST, float(2 ** min(post.tries, 10)))
        later = self._outbox.now() + timedelta(seconds=max(outcome.seconds, growing, Chats.PAUSE))
        return Settled(post, "queued", outcome.reason, not_before=later)

    def _count_refusals(self, post: Post, outcome: Outcome) -> None:
        """Ten refusals in a row that are our own fault: the next person would get the same."""
        number = post.announcement_id
        if number is None:
            if isinstance(outcome, Refused) and outcome.our_fault:
                log.error("letter_refused", channel=self.channel.name, key=post.id, reason=outcome.reason)
            return
        if isinstance(outcome, Sent):
            self._refused.pop(number, None)
        elif isinstance(outcome, Refused) and outcome.our_fault:
            self._refused[number] = self._refused.get(number, 0) + 1
            if self._refused[number] >= OUT_OF_ORDER:
                self._to_pause[number] = outcome.reason

    async def _pause(self, number: int) -> None:
        reason = self._to_pause[number]
        told = await self._contents.on_pause(number, reason)
        await pause_for_fault(self._outbox.engine, number, reason, self._outbox.now(), told)
        log.error("announcement_paused", announcement=number, reason=reason)
        self._to_pause.pop(number, None)
        self._refused.pop(number, None)

    async def _notice_clock(self) -> None:
        """Moments that were written down mean nothing when the clock has been set back."""
        now, seconds = self._outbox.now(), self._clock()
        seen, self._seen = self._seen, (now, seconds)
        if seen and (now - seen[0]) - timedelta(seconds=seconds - seen[1]) < SET_BACK:
            log.warning("clock_set_back", channel=self.channel.name)
            await self._outbox.hurry(self.channel.name)


def _partly(arrived: int, whole: int, outcome: Outcome) -> Outcome:
    if isinstance(outcome, Gone):
        return outcome
    return Uncertain(f"{arrived} of {whole} messages arrived; then: {getattr(outcome, 'reason', '')}")
