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
        self.burst = max(1, int(min(self._most, 300) // 6))
        """requests that may leave at the same moment"""
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
            self._spread = max(self._spread, place.at - self._pace * self.burst) + self._pace
            return place

    def leave(self, place: Place) -> None:
        """The answer to a request is there, or is not going to come."""
        place.answered = self._clock()
        took = place.answered - place.at
        self.way = min(took, self.way + (min(took, LATE) - self.way) * SLOWLY)

    # ------------------------------------------------------------------------------------- for who sends much

    def rest(self) -> None:
        """Take no place for a second: somebody else may have sent just now."""
        self._spread = max(self._spread, self._clock() + self._window)

    def room(self) -> int:
        """How many requests may leave now without waiting."""
        if self._most is math.inf:
            return 1_000_000
        now = self._clock()
        free = self._most - self._taken(now)
        at_once = (now - self._spread) // self._pace if now > self._spread else 0
        return max(0, int(min(free, at_once, self.burst)))

    async def free(self, most: float) -> None:
        """Wait until as many may leave together as do at this pace, or ``most`` seconds."""
        end = self._clock() + most
        while self.room() < self.burst and (now := self._clock()) < end:
            await self._sleep(min(end - now, max(0.005, self._wait())))

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

    def _taken(self, now: float) -> int:
        self._forget(now)
        return sum(self._end(place) > now for place in self._places)

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
