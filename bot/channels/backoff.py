"""How long a channel holds back after failures in a row; every channel counts its own."""

from __future__ import annotations

import random
from dataclasses import dataclass


@dataclass(slots=True)
class Backoff:
    """Growing pauses: ``first`` seconds, doubling up to ``last``, with up to a quarter of jitter."""

    rng: random.Random
    first: float
    last: float
    failures: int = 0

    def next(self) -> float:
        """Seconds to wait after another failure in a row."""
        seconds = self.first * float(2 ** min(self.failures, 10)) * (1 + self.rng.random() / 4)
        self.failures += 1
        return min(self.last, seconds)
