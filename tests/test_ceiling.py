"""The ceiling: never more than its number of requests in any one second, whenever the platform counts them."""

from __future__ import annotations

import asyncio
import random
import time
from itertools import pairwise

import pytest

from bot.channels.ceiling import UNASKED, WINDOW, Ceiling, Unasked


class Time:
    """Seconds that go on only when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += max(seconds, 0.0001)


def most_in_a_second(moments: list[float], second: float = 1.0) -> int:
    """The most moments in any window of one second."""
    moments, first, most = sorted(moments), 0, 0
    for last, moment in enumerate(moments):
        while moments[first] <= moment - second:
            first += 1
        most = max(most, last - first + 1)
    return most


@pytest.mark.parametrize("limit", [1, 2, 10, 25, 30])
async def test_never_more_than_its_number_and_hardly_less(limit: int) -> None:
    clock = Time()
    ceiling = Ceiling(limit, clock, clock.sleep)
    moments = []
    for _ in range(limit * 20):
        place = await ceiling.turn()
        moments.append(place.at)
        ceiling.leave(place)
    assert most_in_a_second(moments) <= limit
    assert (moments[-1] - moments[0]) < 20 * WINDOW * 1.02


async def test_less_than_one_a_second() -> None:
    clock = Time()
    ceiling = Ceiling(0.25, clock, clock.sleep)
    moments = [(await ceiling.turn()).at for _ in range(5)]
    assert all(later - first >= 4 for first, later in pairwise(moments))


async def test_replies_are_counted_and_never_wait() -> None:
    clock = Time()
    ceiling = Ceiling(10, clock, clock.sleep)
    for _ in range(12):
        ceiling.leave(await ceiling.enter())
    assert clock.now == 100.0
    UNASKED.set(unasked := Unasked())
    await ceiling.enter()
    assert clock.now >= 101.0
    assert unasked.asked == 1


async def test_a_late_answer_keeps_its_place() -> None:
    clock = Time()
    ceiling = Ceiling(2, clock, clock.sleep)
    for _ in range(20):
        place = await ceiling.turn()
        ceiling.leave(place)
    clock.now += 5
    late, second = await ceiling.turn(), await ceiling.turn()
    ceiling.leave(second)
    clock.now += 0.7
    ceiling.leave(late)
    third = await ceiling.turn()
    fourth = await ceiling.turn()
    assert third.at - second.at >= 1.0
    assert fourth.at - late.answered >= 1.0


async def test_who_takes_over_rests_for_a_second() -> None:
    clock = Time()
    ceiling = Ceiling(25, clock, clock.sleep)
    ceiling.rest()
    assert (await ceiling.turn()).at >= 101.0


async def test_without_a_limit_nothing_waits_and_nothing_is_kept() -> None:
    clock = Time()
    ceiling = Ceiling(float("inf"), clock, clock.sleep)
    for _ in range(10_000):
        ceiling.leave(await ceiling.turn())
    assert clock.now == 100.0


async def test_whenever_it_arrives_on_a_real_clock() -> None:
    """Requests arrive at any moment between leaving and their answer; the platform counts them then."""
    rng, ceiling, arrived = random.Random(5), Ceiling(30), []
    began = time.monotonic()

    async def send() -> None:
        place = await ceiling.turn()
        way, back = rng.random() * 0.02, rng.random() * 0.01
        await asyncio.sleep(way)
        arrived.append(time.monotonic())
        await asyncio.sleep(back)
        ceiling.leave(place)

    await asyncio.gather(*(send() for _ in range(80)))
    assert most_in_a_second(arrived) <= 30
    assert time.monotonic() - began < 4


async def test_a_long_way_costs_nothing_once_it_is_known() -> None:
    clock = Time()
    ceiling = Ceiling(20, clock, clock.sleep)
    way, waiting, moments = 0.25, [], []
    for _ in range(8_000):
        place = await ceiling.turn()
        moments.append(place.at)
        waiting.append(place)
        while waiting and waiting[0].at + way <= clock.now:
            first, now = waiting.pop(0), clock.now
            clock.now = first.at + way
            ceiling.leave(first)
            clock.now = now
    rate = 400 / (moments[-1] - moments[-401])
    assert rate > 20 / WINDOW * 0.98
    assert most_in_a_second(moments) <= 20
