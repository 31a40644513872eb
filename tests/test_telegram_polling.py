"""The long poll: nothing is confirmed before it is stored, and no single update stops the others."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from typing import Any

import pytest

from bot.channels.channel import BadRequest
from bot.channels.telegram.client import Client
from bot.channels.telegram.polling import TRIES, Poller
from tests.fakes.telegram import FakeTelegram


class Keeper:
    """A store that remembers, and fails for what it is told to."""

    def __init__(self) -> None:
        self.kept: dict[int, dict[str, Any]] = {}
        self.calls: list[int] = []
        self.refuse: set[int] = set()
        self.away = 0

    async def store(self, update: dict[str, Any]) -> None:
        self.calls.append(update["update_id"])
        if self.away:
            self.away -= 1
            raise ConnectionError("the database is away")
        if update["update_id"] in self.refuse:
            raise BadRequest("not this one")
        self.kept[update["update_id"]] = update

    def texts(self) -> list[str]:
        return [update["message"]["text"] for update in self.kept.values()]


class Poll:
    """A poller at work, what it reported and how long it paused."""

    def __init__(self, fake: FakeTelegram, keeper: Keeper, token: str = "") -> None:
        self.client = Client(token or fake.token, fake.url)
        self.reports: list[tuple[str, str]] = []
        self.pauses: list[float] = []
        report = lambda state, detail: self.reports.append((state, detail))  # noqa: E731
        self.poller = Poller(self.client, keeper.store, report, random.Random(1), self._sleep, 5)
        self.task: asyncio.Task[None] | None = None

    async def _sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        await asyncio.sleep(0.01)

    async def __aenter__(self) -> Poll:
        await self.client.open()
        self.task = asyncio.create_task(self.poller.run())
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self.task is not None
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)
        await self.client.close()


@pytest.fixture
async def fake() -> AsyncIterator[FakeTelegram]:
    async with FakeTelegram() as server:
        yield server


async def test_what_was_written_while_we_were_away_is_read(fake: FakeTelegram) -> None:
    keeper = Keeper()
    await fake.say(5, "một")
    await fake.say(6, "hai")
    async with Poll(fake, keeper) as poll:
        await fake.drained()
        await fake.say(5, "ba")
        await fake.drained()
        assert keeper.texts() == ["một", "hai", "ba"]
        assert poll.reports[-1] == ("up", "polling")
    assert len(keeper.calls) == 3
    assert not fake.called("deleteWebhook")[0].params.get("drop_pending_updates")
    assert fake.called("getUpdates")[0].params["allowed_updates"][-1] == "my_chat_member"


async def test_an_update_of_any_shape_lets_the_others_through(fake: FakeTelegram) -> None:
    keeper = Keeper()
    await fake.say(5, "trước")
    bad = await fake.push({"message": {"odd": True}})
    await fake.push({"telepathy": 1})
    keeper.refuse.add(bad)
    await fake.say(6, "sau")
    async with Poll(fake, keeper) as poll:
        await fake.drained()
        assert len(poll.pauses) == TRIES - 1
    assert keeper.calls.count(bad) == TRIES
    assert len(keeper.kept) == 3


async def test_a_lone_bad_update_waits_and_never_blocks_the_next(fake: FakeTelegram) -> None:
    keeper = Keeper()
    keeper.refuse.add(await fake.push({"message": {"odd": True}}))
    async with Poll(fake, keeper):
        while len(keeper.calls) < TRIES + 2:
            await asyncio.sleep(0.01)
        await fake.say(5, "sau")
        await fake.drained()
    assert keeper.texts() == ["sau"]


async def test_while_nothing_can_be_stored_nothing_is_confirmed(fake: FakeTelegram) -> None:
    keeper = Keeper()
    keeper.away = 8
    for words in ("một", "hai"):
        await fake.say(5, words)
    async with Poll(fake, keeper):
        await fake.drained()
    assert keeper.texts() == ["một", "hai"]
    assert len(keeper.calls) == 10


async def test_hundreds_at_once(fake: FakeTelegram) -> None:
    keeper = Keeper()
    for number in range(250):
        await fake.say(number % 7 + 1, str(number))
    async with Poll(fake, keeper):
        await fake.drained()
    assert keeper.texts() == [str(number) for number in range(250)]
    assert len(keeper.calls) == 250


@pytest.mark.parametrize("kind", ["500", "502", "504", "garbage", "drop-before", "drop-after"])
async def test_a_failing_server_is_waited_for(fake: FakeTelegram, kind: str) -> None:
    keeper = Keeper()
    fake.fail(kind, method="getUpdates", times=3)
    await fake.say(5, "một")
    async with Poll(fake, keeper) as poll:
        await fake.drained()
        assert [state for state, _ in poll.reports[:4]] == ["down", "down", "down", "up"]
        assert poll.pauses == sorted(poll.pauses)
    assert keeper.texts() == ["một"]


async def test_429_is_obeyed(fake: FakeTelegram) -> None:
    fake.fail("429", method="getUpdates", seconds=7)
    async with Poll(fake, Keeper()) as poll:
        await fake.say(5, "một")
        await fake.drained()
        assert [7 <= pause <= 8 for pause in poll.pauses] == [True]


async def test_a_second_poller_is_named_and_the_poll_goes_on(fake: FakeTelegram) -> None:
    keeper = Keeper()
    async with Poll(fake, keeper) as first:
        await fake.polled()
        async with Poll(fake, Keeper()):
            while not first.reports:
                await asyncio.sleep(0.01)
        assert first.reports[0] == ("down", "another program polls with this token, or a webhook is set")
        await fake.say(5, "một")
        await fake.drained()
    assert len(keeper.kept) <= 1


async def test_a_refused_token_ends_the_poll_with_a_sentence(fake: FakeTelegram) -> None:
    async with Poll(fake, Keeper(), "700000001:" + "x" * 35) as poll:
        assert poll.task is not None
        await asyncio.wait_for(poll.task, 5)
        assert poll.reports == [("down", "Telegram refuses the token: no updates are asked for any more")]
