"""What sending will cost and how long it will take, before it begins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from handlers.services.reach import Reach
from handlers.services.roads import Road


@dataclass(frozen=True, slots=True)
class Forecast:
    """What sending will cost and take: dong, messages that are paid for, seconds a channel at its pace, chats for
    which today's budget or the month's rest will not do."""

    dong: int
    paid: int
    seconds: dict[str, float]
    beyond_budget: int
    beyond_month: int

    @property
    def longest(self) -> float:
        """Seconds until the slowest channel is through."""
        return max(self.seconds.values(), default=0.0)


def forecast(found: Reach, roads: Sequence[Road], pieces: dict[str, int]) -> Forecast:
    """``pieces``: how many messages one announcement is on each channel (a long text is split)."""
    dong = paid = beyond_budget = beyond_month = 0
    seconds: dict[str, float] = {}
    chats = found.by("channel")
    for road in roads:
        calls = pieces.get(road.name, 1)
        count = chats.get(road.name, 0)
        costs = found.count("paid", road.name)
        if count:
            seconds[road.name] = count * calls / road.per_second
        price = road.price * calls
        affordable = costs if road.budget is None or not price else min(costs, road.budget // price)
        beyond_budget += costs - affordable
        paid += affordable * calls
        dong += affordable * price
        if road.remaining is not None:
            beyond_month += max(0, count - road.remaining // calls)
    return Forecast(dong, paid, seconds, beyond_budget, beyond_month)
