"""One channel's sender: takes what is queued, sends it at the channel's pace, says what became of each.

A platform that asks to go slower holds everything that nobody waits for; one that refuses an announcement again and
again, for a fault of ours, gets no more of it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, cast

import structlog
from prometheus_client import Gauge

from bot.channels.ceiling import Ceiling
from bot.channels.channel import Channel, Outcome, Refused, Sent
from bot.dispatch.carrying import holds
from bot.dispatch.contents import Contents
from bot.dispatch.flight import AT_ONCE, PAGE, Flight
from bot.dispatch.holding import LOST, Holding
from bot.dispatch.settling import Settling
from db import LockedError
from handlers.services.outbox import Outbox, Post, pause_for_fault

log = structlog.get_logger("dispatch")
HOLDS = Gauge("bot_sender", "1 where this process sends for the channel", ["channel"])

IDLE = 0.5
"""seconds between two looks into an empty queue; a pause, too, is noticed within this time"""
BREATH = 0.01
"""seconds between two looks whether what was claimed has left"""
HELD_ELSEWHERE = 2.0
"""seconds between two tries to take a channel that another replica holds"""
HANDOVER = 2.0
"""seconds between taking a channel and the first message: the last ones of another replica may be on their way"""
OUT_OF_ORDER = 10
"""refusals in a row, for a fault of ours, after which an announcement is paused"""
SET_BACK = timedelta(seconds=-5)
"""a clock that lags by more behind our own counting was set back"""


class Sender:
    """Sends on one channel from :meth:`start` to :meth:`stop`. ``clock`` gives seconds that never go backwards."""

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
        self._flight = Flight(channel, contents, self._settling, outbox.now, self._note, clock)
        self._woken = asyncio.Event()
        self._until = 0.0
        self._refused: dict[int, int] = {}
        self._to_pause: dict[int, str] = {}
        self._seen: tuple[datetime, float] | None = None
        self._loop: asyncio.Task[None] | None = None
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
        return self._flight.quiet and self._looked == self._asked

    @property
    def in_flight(self) -> int:
        """Posts the platform was asked for, or is about to be."""
        return self._flight.size

    async def stop(self, seconds: float) -> None:
        """Claim nothing more; wait for answers, ``seconds`` at most; leave no row unexplained."""
        if self._loop:
            self._loop.cancel()
            with suppress(asyncio.CancelledError):
                await self._loop
        await self._flight.land(seconds)
        await self._settling.stop(1.0)
        with suppress(*LOST, LockedError):
            if self.holding.held:
                await self._outbox.lost(self.channel.name, self._settling.in_hand)
        await self._let_go()

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
        """Take the channel: what a claim of ours left behind is queued again, what the dead left is uncertain.

        The clock may have been set back while nobody held it, so that what waits is tried once.
        """
        if not await self.holding.take():
            return False
        self._ceiling.rest()
        if self.holding.shared:
            await asyncio.sleep(HANDOVER)
        await self._outbox.lost(self.channel.name, self._settling.in_hand)
        await self._outbox.dead()
        await self._outbox.hurry(self.channel.name)
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
        """Claim as much as may leave soon, and let it go: the ceiling has the last word."""
        await self._notice_clock()
        for number in list(self._to_pause):
            await self._pause(number)
        wait = self._until - self._clock()
        if wait > 0 or self._settling.failing:
            await self._rest(min(max(wait, 0.05), IDLE))
            return
        if not await self._ceiling.near(IDLE):
            return
        await self._flight.space(IDLE)
        room = self._ceiling.ahead - self._flight.before_the_door
        most = min(room, AT_ONCE - self._flight.size, PAGE)
        if most < 1:
            await asyncio.sleep(BREATH)
            return
        asked = self._asked
        page = await self._outbox.claim(self.channel.name, most, self.holding.connection)
        for post in page.posts:
            self._flight.take(post)
        if not page.seen:
            self._looked = asked
            await self._rest(IDLE)

    def _note(self, post: Post, outcome: Outcome) -> None:
        """What an outcome means for the channel, and for the announcement."""
        if seconds := holds(outcome):
            self._until = max(self._until, self._clock() + seconds)
            self._flight.recall()
        number = post.announcement_id
        ours = isinstance(outcome, Refused) and outcome.our_fault
        if number is None:
            if isinstance(outcome, Refused) and ours:
                log.error("letter_refused", channel=self.channel.name, letter=post.id, reason=outcome.reason)
        elif isinstance(outcome, Sent):
            self._refused.pop(number, None)
        elif isinstance(outcome, Refused) and ours:
            self._refused[number] = self._refused.get(number, 0) + 1
            if self._refused[number] >= OUT_OF_ORDER:
                self._to_pause[number] = outcome.reason

    async def _pause(self, number: int) -> None:
        reason = self._to_pause[number]
        try:
            told = await self._contents.on_pause(number, reason)
        except LOST:
            raise
        except Exception:  # it is paused all the same
            log.exception("author_not_told", announcement=number)
            told = ()
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
