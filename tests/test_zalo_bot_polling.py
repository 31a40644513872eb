"""The long poll of the Bot Platform: one update, once; stored before the next is asked for."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest

from bot.channels.zalo_bot import ZaloBotChannel
from bot.channels.zalo_bot import polling as rules
from tests.fakes.zalo_bot import TOKEN, FakeZaloBot


@pytest.fixture
async def fake() -> AsyncIterator[FakeZaloBot]:
    async with FakeZaloBot() as server:
        server.chat("lan")
        yield server


class Slept:
    """Pauses that were asked for; they take no time."""

    def __init__(self) -> None:
        self.pauses: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.pauses.append(seconds)
        await asyncio.sleep(0.002)


def made(fake: FakeZaloBot, slept: Slept | None = None, **changed: Any) -> ZaloBotChannel:
    settings = {"token": TOKEN, "secret": "", "api_url": fake.url} | changed
    return ZaloBotChannel(**settings, sleep=slept or Slept(), rng=random.Random(7))


@asynccontextmanager
async def polling(
    channel: ZaloBotChannel, store: Callable[[dict[str, Any]], Awaitable[None]], seconds: int = 5
) -> AsyncIterator[asyncio.Task[None]]:
    """The channel polls meanwhile."""
    await channel.start()
    task = asyncio.create_task(channel.poll(store, seconds=seconds))
    try:
        yield task
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        await channel.stop()


class Stored:
    """A store that fails as often as it is told."""

    def __init__(self, failures: int = 0) -> None:
        self.updates: list[dict[str, Any]] = []
        self.failures, self.tries = failures, 0

    async def __call__(self, update: dict[str, Any]) -> None:
        self.tries += 1
        if self.failures:
            self.failures -= 1
            raise OSError("the database is away")
        self.updates.append(update)

    @property
    def texts(self) -> list[str]:
        return [update["message"]["text"] for update in self.updates]


async def until(true: Callable[[], object], within: float = 5) -> None:
    async with asyncio.timeout(within):
        while not true():
            await asyncio.sleep(0.002)


async def test_updates_come_in_order(fake: FakeZaloBot) -> None:
    stored = Stored()
    async with polling(made(fake), stored):
        for number in range(20):
            await fake.say("lan", str(number))
        await until(lambda: len(stored.updates) == 20)
    assert stored.texts == [str(number) for number in range(20)]


async def test_a_webhook_is_taken_away_first(fake: FakeZaloBot) -> None:
    fake.webhook = {"url": "https://old.example", "secret_token": "x" * 8}
    stored = Stored()
    async with polling(made(fake), stored):
        await fake.polled()
        assert not fake.webhook
        await fake.say("lan", "a")
        await until(lambda: stored.texts == ["a"])
    methods = [call.method for call in fake.calls if call.method != "getMe"]
    assert methods[:2] == ["deleteWebhook", "getUpdates"]


@pytest.mark.parametrize("status_errors", [False, True])
async def test_an_empty_poll_is_no_trouble(
    fake: FakeZaloBot, status_errors: bool, caplog: pytest.LogCaptureFixture
) -> None:
    fake.status_errors = status_errors
    channel, stored = made(fake), Stored()
    async with polling(channel, stored, seconds=0):
        await until(lambda: len(fake.called("getUpdates")) > 3)
        assert channel.health()["state"] == "up"
        await fake.say("lan", "a")
        await until(lambda: stored.texts == ["a"])
    assert not caplog.records
    assert fake.called("getUpdates")[0].params == {"timeout": "0"}


async def test_an_empty_answer_at_once_does_not_spin(fake: FakeZaloBot) -> None:
    slept = Slept()
    async with polling(made(fake, slept), Stored(), seconds=0):
        await until(lambda: len(fake.called("getUpdates")) > 3)
    assert slept.pauses[:3] == [rules.EARLY_SECONDS / 5] * 3


async def test_the_next_is_not_asked_for_before_the_last_is_stored(fake: FakeZaloBot) -> None:
    stored = Stored(failures=3)
    for number in range(3):
        await fake.say("lan", str(number))
    asked: list[int] = []

    async def store(update: dict[str, Any]) -> None:
        asked.append(len(fake.called("getUpdates")))
        await stored(update)

    async with polling(made(fake), store):
        await until(lambda: len(stored.updates) == 3)
    assert stored.texts == ["0", "1", "2"]
    assert asked == [1, 1, 1, 1, 2, 3]


async def test_while_the_database_is_away_nothing_is_lost(fake: FakeZaloBot) -> None:
    count = rules.HELD + 10
    for number in range(count):
        await fake.say("lan", str(number))
    stored = Stored(failures=1_500)
    async with polling(made(fake), stored):
        await until(lambda: stored.tries > 1_400, within=20)
        assert len(fake.called("getUpdates")) == rules.HELD, "the rest stays with the platform"
        await until(lambda: len(stored.updates) == count, within=20)
    assert sorted(map(int, stored.texts)) == [*range(count)]
    early = [place for place, text in enumerate(stored.texts) if int(text) > place]
    assert len(early) <= 1, "one alone found out that the database is back"


async def test_one_update_that_cannot_be_stored_stops_no_other(
    fake: FakeZaloBot, caplog: pytest.LogCaptureFixture
) -> None:
    others = [str(number) for number in range(8)]
    for text in ("a", "poison", *others):
        await fake.say("lan", text)
    stored = Stored()

    async def store(update: dict[str, Any]) -> None:
        if update["message"]["text"] == "poison":
            raise RuntimeError("poison")
        await stored(update)

    async with polling(made(fake), store):
        await until(lambda: stored.texts == ["a", *others])
    assert caplog.text.count("left out") == 1


async def test_what_is_in_hand_at_the_end_is_stored(fake: FakeZaloBot) -> None:
    stored, begun = Stored(), asyncio.Event()

    async def store(update: dict[str, Any]) -> None:
        begun.set()
        await asyncio.sleep(0.1)
        await stored(update)

    async with polling(made(fake), store) as task:
        await fake.say("lan", "a")
        await begun.wait()
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        assert stored.texts == ["a"]


@pytest.mark.parametrize("kind", ["500", "html-502", "drop-before", "403", "404", "429"])
async def test_trouble_is_waited_for_and_told_once(
    fake: FakeZaloBot, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    slept, stored = Slept(), Stored()
    channel = made(fake, slept)
    fake.fail(kind, method="getUpdates", times=4)
    await fake.say("lan", "a")
    async with polling(channel, stored):
        await until(lambda: stored.texts == ["a"])
        await until(lambda: channel.health()["state"] == "up")
    assert slept.pauses[:4] == sorted(slept.pauses[:4])
    assert slept.pauses[0] >= (30 if kind == "429" else 1)
    assert len(caplog.records) == 1
    assert TOKEN not in caplog.text


async def test_polling_without_quota_does_not_free_the_sends(fake: FakeZaloBot) -> None:
    from handlers.talk.message import Message

    channel, stored = made(fake), Stored()
    async with polling(channel, stored):
        fake.fail("429")
        await channel.send("lan", Message("a"))
        await fake.say("lan", "a")
        await until(lambda: stored.texts == ["a"])
        calls = len(fake.called("sendMessage"))
        await channel.send("lan", Message("a"))
        assert len(fake.called("sendMessage")) == calls


async def test_a_refused_token_ends_the_poll(fake: FakeZaloBot) -> None:
    channel = made(fake, token="910000000000000001:AnotherTokenAnotherTokenAnotherToken")
    async with polling(channel, Stored()) as task:
        await asyncio.wait_for(task, 5)
        assert channel.health()["state"] == "down"


async def test_silence_may_be_a_webhook(fake: FakeZaloBot, caplog: pytest.LogCaptureFixture) -> None:
    stored = Stored()
    async with polling(made(fake), stored, seconds=0):
        await until(lambda: fake.called("getUpdates"))
        fake.webhook = {"url": "https://other.example", "secret_token": "x" * 8}
        await fake.say("lan", "a")
        for worker in fake._workers.values():
            worker.cancel()
        await until(lambda: stored.texts == ["a"])
    assert "a webhook was set while we poll" in caplog.text


async def test_a_list_and_nonsense_are_borne(fake: FakeZaloBot) -> None:
    answers: list[Any] = [[{"event_name": "x"}, 5], None, "?", {}, {"event_name": "y"}]

    async def nonsense(params: dict[str, Any]) -> Any:
        return answers.pop(0) if answers else await FakeZaloBot._get_updates(fake, params)

    fake._get_updates = nonsense  # type: ignore[method-assign]
    stored = Stored()
    async with polling(made(fake), stored):
        await until(lambda: len(stored.updates) == 2)
    assert [update["event_name"] for update in stored.updates] == ["x", "y"]


async def test_a_stop_ends_an_open_poll(fake: FakeZaloBot) -> None:
    began = time.monotonic()
    async with polling(made(fake), Stored(), seconds=30):
        await fake.polled()
    assert time.monotonic() - began < 20, "the poll of 30 s was left"
