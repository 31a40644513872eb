"""The ceiling: how many requests a platform gets in any one second, whoever makes them.

A strict sliding window: a request holds one of ``limit`` places from the moment it leaves until a second after its
answer came. Whenever the platform counts it in between, no more than ``limit`` fall into one of its seconds. The way
there and back, which takes every request at least :attr:`Ceiling.way` seconds, is left out: on a steady line it costs
nothing, only what arrives unevenly does. Replies to people are counted and never wait; what nobody waits for
(:data:`UNASKED`) waits for a place.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections import deque
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar, runtime_checkable

Result = TypeVar("Result")
WINDOW = 1.02
"""seconds; the platform's second and 20 ms for clocks that run differently"""
LATE = 1.0
"""seconds for which a request whose answer is late keeps its place"""
AHEAD = 0.05
"""seconds before its place is free that a message is fetched"""
SLOWLY = 0.001
"""share by which the way is thought longer with every answer that took longer"""
FASTER = 1.1
"""places are filled a tenth faster than they come free: the window is the limit, this only spreads them"""


@dataclass(slots=True)
class Unasked:
    """A message that nobody waits for, while it is being sent. ``asked``: requests that left for it."""

    asked: int = 0


UNASKED: ContextVar[Unasked | None] = ContextVar("unasked", default=None)
"""set by who sends from the outbox; a reply leaves it empty"""


@dataclass(slots=True)
class Place:
    """One request in the window; ``answered`` when its answer is there, or is not going to come."""

    at: float
    answered: float = math.inf


class Ceiling:
    """At most ``limit`` requests in any one second; less than 1 = one in ``1 / limit`` seconds.

    ``clock`` gives seconds that never go backwards.
    """

    def __init__(
        self,
        limit: float,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[Any]] = asyncio.sleep,
    ) -> None:
        self.limit = limit
        self._clock, self._sleep = clock, sleep
        self._most = math.inf if math.isinf(limit) else max(1, int(limit))
        self._window = WINDOW * max(1.0, 1 / limit)
        self._pace = 0.0 if math.isinf(limit) else self._window / (self._most * FASTER)
        self._burst = 1.0 if math.isinf(limit) else max(1, self._most // 6)
        self._spread = -1e9
        self._places: deque[Place] = deque()
        self.way = 0.0
        """seconds there and back, at least"""
        self._line = asyncio.Lock()

    # ------------------------------------------------------------------------------------------ for channels

    async def enter(self) -> Place:
        """Just before a request leaves: count it, and if nobody waits for it, wait for a place first."""
        unasked = UNASKED.get()
        if unasked is None:
            return self.count()
        place = await self.turn()
        unasked.asked += 1
        return place

    async def through(self, call: Callable[[], Awaitable[Result]]) -> Result:
        """Make a call in a place of its own."""
        place = await self.enter()
        try:
            return await call()
        finally:
            self.leave(place)

    def count(self) -> Place:
        """Count a request that does not wait."""
        place = Place(self._clock())
        if self._most is not math.inf:
            self._forget(place.at)
            self._places.append(place)
        return place

    async def turn(self) -> Place:
        """Wait for a place, first come, first served."""
        if self._most is math.inf:
            return Place(self._clock())
        async with self._line:
            while (wait := self._wait()) > 0:
                await self._sleep(wait)
            place = self.count()
            self._spread = max(self._spread, place.at - self._pace * self._burst) + self._pace
            return place

    def leave(self, place: Place) -> None:
        """The answer to a request is there, or is not going to come."""
        place.answered = self._clock()
        took = place.answered - place.at
        self.way = min(took, self.way + (min(took, LATE) - self.way) * SLOWLY)

    # ------------------------------------------------------------------------------------- for who sends much

    @property
    def ahead(self) -> int:
        """How many may stand before the door, so that none of its places stays empty while more are fetched."""
        return 1_000_000 if math.isinf(self.limit) else math.ceil(self.limit * AHEAD)

    async def near(self, most: float) -> bool:
        """Wait until the next place is some moments away; False when that takes longer than ``most`` seconds."""
        wait = self._wait() - AHEAD
        if wait > 0:
            await self._sleep(min(wait, most))
        return wait <= most

    def rest(self) -> None:
        """Take no place for a second: somebody else may have sent just now."""
        self._spread = max(self._spread, self._clock() + self._window)

    # ------------------------------------------------------------------------------------------------ insides

    def _wait(self) -> float:
        """Seconds until the next place, as far as that can be known now."""
        now = self._clock()
        wait = self._spread - now
        ends = sorted(end for place in self._places if (end := self._end(place)) > now)
        if len(ends) >= self._most:
            next_free = ends[-int(self._most)]  # so many end after it that it makes the first place free
            wait = max(wait, min(next_free - now, self._window))
        return wait

    def _end(self, place: Place) -> float:
        """When a place is free again."""
        arrived = min(place.answered, place.at + LATE) - self.way
        return max(place.at, arrived) + self._window

    def _forget(self, now: float) -> None:
        """Drop what is surely over."""
        while self._places and self._places[0].at + LATE + self._window <= now:
            self._places.popleft()


@runtime_checkable
class Paced(Protocol):
    """A channel that can be written to without being asked, at its pace."""

    name: str
    ceiling: Ceiling
