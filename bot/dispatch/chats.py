"""When each chat may get its next message: one after the other, and at most one a second."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import ClassVar


class Chats:
    """Remembers the chats of the last moments; seconds of ``clock``."""

    PAUSE: ClassVar[float] = 1.1
    """between two messages to one chat (core.telegram.org/bots/faq: about one a second), and a little more"""
    EARLY: ClassVar[float] = 0.05
    """what is put back for a moment may come so much early: two clocks differ"""
    MANY: ClassVar[int] = 512

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._free: dict[str, float] = {}
        self._put_back: dict[str, float] = {}
        self._swept = self.MANY

    def wait(self, address: str) -> float:
        """Seconds until this chat's next message may leave; 0 = now. Whoever asks waits, and keeps its turn."""
        now = self._clock()
        free = max(self._free.get(address, 0.0), self._put_back.get(address, 0.0) - self.EARLY)
        if free <= now:
            return 0.0
        wait = self.PAUSE if free is math.inf or math.isinf(free) else max(free - now, 0.1)
        self._put_back[address] = max(self._put_back.get(address, 0.0), now + wait)
        return wait

    @property
    def waiting(self) -> bool:
        """Whether something was put back for a moment that has not come."""
        now = self._clock()
        return any(until > now for until in self._put_back.values())

    def busy(self, address: str) -> None:
        """A message to this chat is on its way."""
        self._put_back.pop(address, None)
        self._free[address] = math.inf

    def done(self, address: str, wait: float = 0.0) -> None:
        """Its outcome is known; nothing more for this chat for a second, or for ``wait``."""
        self._free[address] = self._clock() + max(self.PAUSE, wait)
        if len(self._free) > self._swept:
            self._sweep()

    def _sweep(self) -> None:
        now = self._clock()
        self._free = {address: free for address, free in self._free.items() if free > now}
        self._put_back = {address: until for address, until in self._put_back.items() if until > now}
        self._swept = max(self.MANY, 2 * len(self._free))
