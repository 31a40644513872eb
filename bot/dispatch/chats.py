"""When each chat may get its next message: one after the other, in their order, and at most one a second."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import ClassVar


class Chats:
    """Remembers the chats of the last moments, and which posts wait there; seconds of ``clock``."""

    PAUSE: ClassVar[float] = 1.1
    """between two messages to one chat (core.telegram.org/bots/faq: about one a second), and a little more"""
    EARLY: ClassVar[float] = 0.05
    """what comes again at its moment may come so much early: two clocks differ"""
    KEPT: ClassVar[float] = 5.0
    """seconds beyond its moment for which a post that waits is waited for; it may have been cancelled"""
    SOON: ClassVar[float] = 10.0
    MANY: ClassVar[int] = 512

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._free: dict[str, float] = {}
        self._line: dict[str, dict[int, float]] = {}
        self._swept = self.MANY

    def wait(self, address: str, number: int) -> float:
        """Seconds until this post may leave for its chat; 0 = now. Who has to wait is waited for by those behind."""
        now, free = self._clock(), self._free.get(address, 0.0)
        line = self._line.get(address, {})
        behind = any(other < number and until + self.KEPT > now for other, until in line.items())
        if free <= now and not behind:
            return 0.0
        wait = self.PAUSE if behind or math.isinf(free) else max(free - now, 0.1)
        self._line.setdefault(address, {})[number] = now + wait
        return wait

    @property
    def waiting(self) -> bool:
        """Whether a post waits whose moment comes within seconds."""
        now = self._clock()
        moments = (until for line in self._line.values() for until in line.values())
        return any(now - self.KEPT < until < now + self.SOON for until in moments)

    def busy(self, address: str, number: int) -> None:
        """A post is on its way to this chat."""
        self._free[address] = math.inf
        line = self._line.get(address)
        if line is not None:
            line.pop(number, None)
            if not line:
                del self._line[address]

    def back(self, address: str) -> None:
        """It was not sent after all."""
        self._free.pop(address, None)

    def done(self, address: str) -> None:
        """Its outcome is known; nothing more for this chat for a second."""
        self._free[address] = self._clock() + self.PAUSE
        self._keep_small()

    def later(self, address: str, number: int, wait: float) -> None:
        """It was not taken: for so many seconds nothing for this chat, and then this post before those behind it."""
        self._free[address] = self._clock() + wait - self.EARLY
        self._line.setdefault(address, {})[number] = self._clock() + wait
        self._keep_small()

    def _keep_small(self) -> None:
        if len(self._free) <= self._swept:
            return
        now = self._clock()
        self._free = {address: free for address, free in self._free.items() if free > now}
        self._line = {
            address: line
            for address, line in self._line.items()
            if any(until + self.KEPT > now for until in line.values())
        }
        self._swept = max(self.MANY, 2 * len(self._free))
