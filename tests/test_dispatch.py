"""From the outbox to the platform and back, in one process: through the real library, against the fake Bot API."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel import col

import db
from bot.channels.ceiling import Ceiling
from bot.channels.channel import Channel, Sent
from bot.channels.telegram import TelegramChannel
from bot.dispatch import Dispatch, Words
from db import Announcement, Chat, Delivery
from handlers.services.outbox import PHONE, Letter, Outbox, Post, counts, enqueue, tracking
from handlers.talk.message import Message
from tests.fakes.telegram import FakeTelegram
from tests.outboxes import NOON, addresses, announcement, deliveries, fixed, people, state_of
from tests.test_ceiling import most_in_a_second

Opened = Callable[..., AbstractAsyncContextManager[Dispatch]]


@pytest.fixture
async def fake() -> AsyncIterator[FakeTelegram]:
    async with FakeTelegram() as opened:
        yield opened


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody sent before us, so that nothing has to be waited for at the start."""
    monkeypatch.setattr("bot.dispatch.sender.HANDOVER", 0.05)
    monkeypatch.setattr(Ceiling, "rest", lambda self: None)


def rendered(found: Announcement, language: str) -> list[Message]:
    return [Message(found.texts.get(language) or found.texts["vi"])]


async def told(found: Announcement, reason: str) -> list[Letter]:
    key = f"paused {found.id}"
    return [Letter(key, "telegram", "1", None, "vi", [Message(f"Tạm dừng: {reason}")])]


def now() -> datetime:
    """The real seconds of a day without a night."""
    return NOON + timedelta(seconds=time.monotonic() % 3_600)


async def nobody_types(_post: Any, _messages: Any) -> None:
    """No conversation goes on here."""


async def nobody_looks(found: Announcement, _language: str) -> Message:
    return Message(found.state)


@asynccontextmanager
async def sending(
    engine: AsyncEngine, fake: FakeTelegram, limit: float = 1_000, worker: int = 1, answer_seconds: float = 5
) -> AsyncIterator[Dispatch]:
    channel = TelegramChannel(
        token=fake.token,
        secret="s" * 20,
        api_url=fake.url,
        ceiling=Ceiling(limit),
        answer_seconds=answer_seconds,
    )
    await channel._client.open()
    async with another(engine, channel, worker) as dispatch:
        yield dispatch
    await channel.stop()


@asynccontextmanager
async def another(engine: AsyncEngine, channel: Channel, worker: int = 1) -> AsyncIterator[Dispatch]:
    dispatch = Dispatch(
        Outbox(engine, worker, now),
        {channel.name: channel},
        Words(rendered, told, nobody_types, nobody_looks),
    )
    await dispatch.start()
    try:
        yield dispatch
    finally:
        await dispatch.stop(5)


async def audience(engine: AsyncEngine, fake: FakeTelegram, count: int, **changed: Any) -> int:
    chats = addresses(count)
    for chat in chats:
        fake.chat(chat)
    await people(engine, chats)
    number = await announcement(engine, **changed)
    await fixed(engine, number, chats)
    return number


async def put(engine: AsyncEngine, *letters: Letter) -> None:
    async with engine.begin() as connection:
        await enqueue(connection, letters, NOON)


def letter(key: str, address: str, **changed: Any) -> Letter:
    values = {"channel": "telegram", "person_id": None, "language": "vi", "messages": [Message(f"Thư {key}")]}
    return Letter(key=key, address=address, **(values | changed))


async def over(engine: AsyncEngine, number: int, within: float = 10) -> Announcement:
    async with asyncio.timeout(within):
        while (found := await state_of(engine, number)).state == "sending":
            await asyncio.sleep(0.05)
    return found


@pytest.mark.usefixtures("at_once")
async def test_recalled_before_it_began(engine: AsyncEngine, fake: FakeTelegram) -> None:
    """The platform asks to wait just when a post was claimed: its task is cancelled before its first step."""
    (chat,) = addresses(1)
    await audience(engine, fake, 1, state="paused")
    async with sending(engine, fake) as dispatch:
        flight = dispatch.senders["telegram"]._flight
        async with engine.begin() as connection:
            await connection.execute(update(Delivery).values(state="sending", worker=1))
        (row,) = await deliveries(engine)
        post = Post(row.id or 0, "telegram", chat, None, "vi", announcement_id=row.announcement_id, version=1)
        flight.take(post)
        flight.recall()
        async with asyncio.timeout(5):
            while (await deliveries(engine))[0].state != "queued":
                await asyncio.sleep(0.02)
        assert flight.quiet
        flight.recall()
        async with engine.begin() as connection:
            await connection.execute(update(Announcement).values(state="sending"))
        await over(engine, 1)
    assert len(fake.screen(chat)) == 1


@pytest.mark.usefixtures("at_once")
async def test_everybody_once_and_what_became_of_each(engine: AsyncEngine, fake: FakeTelegram) -> None:
    number = await audience(engine, fake, 60)
    fake.chat(addresses(60)[3]).blocked = True
    fake.chats.pop(int(addresses(60)[4]))
    fake.fail("400", chat=int(addresses(60)[5]), words="Bad Request: wrong thing")
    fake.fail("500", chat=int(addresses(60)[6]))
    fake.fail("drop-after", chat=int(addresses(60)[7]))
    async with sending(engine, fake):
        assert (await over(engine, number)).state == "finished"
    found: Counter[str] = Counter()
    for one in await counts(engine, number):
        found[one.state] += one.deliveries
    assert found == {"sent": 56, "gone": 2, "failed": 1, "uncertain": 1}
    shown = [len(fake.screen(chat)) for chat in addresses(60)]
    assert max(shown) == 1
    async with engine.connect() as connection:
        gone = await connection.execute(select(col(Chat.address)).where(col(Chat.state) == "gone"))
        assert {row[0] for row in gone} == {addresses(60)[3], addresses(60)[4]}


async def test_never_above_the_ceiling_with_replies_and_retries(
    sqlite_engine: AsyncEngine, fake: FakeTelegram
) -> None:
    number = await audience(sqlite_engine, fake, 75)
    for chat in addresses(75)[::15]:
        fake.fail("500", chat=int(chat))
    async with sending(sqlite_engine, fake, limit=30) as dispatch:
        channel = dispatch.senders["telegram"].channel
        began = time.monotonic()
        for reply in range(10):
            await asyncio.sleep(0.1)
            chat = str(9_000_000 + reply)
            fake.chat(chat)
            before = time.monotonic()
            assert isinstance(await channel.send(chat, Message("Trả lời")), Sent)
            assert time.monotonic() - before < 0.5
        await over(sqlite_engine, number, 15)
        took = time.monotonic() - began
    calls = [call.at for call in fake.called("sendMessage")]
    assert len(calls) == 75 + 5 + 10
    assert most_in_a_second(calls) <= 30
    assert took < 6.5


@pytest.mark.usefixtures("at_once")
async def test_a_platform_that_asks_to_wait_holds_everything_nobody_waits_for(
    sqlite_engine: AsyncEngine, fake: FakeTelegram
) -> None:
    number = await audience(sqlite_engine, fake, 40)
    fake.fail("429", chat=int(addresses(40)[10]), seconds=2)
    async with sending(sqlite_engine, fake, limit=30):
        await over(sqlite_engine, number, 15)
    calls = fake.called("sendMessage")
    at = next(call.at for call in calls if call.status == 429)
    after = [call.at for call in calls if call.at > at + 0.3]
    assert len(after) > 10
    assert min(after) >= at + 2
    assert Counter(row.state for row in await deliveries(sqlite_engine)) == {"sent": 40}


@pytest.mark.usefixtures("at_once")
async def test_within_a_chat_in_order_and_at_most_one_a_second(
    sqlite_engine: AsyncEngine, fake: FakeTelegram
) -> None:
    fake.chat("5"), fake.chat("6")
    await put(sqlite_engine, *(letter(str(n), "5") for n in range(3)), letter("other", "6"))
    fake.fail("429", chat=5, seconds=1)
    async with sending(sqlite_engine, fake) as dispatch:
        assert await dispatch.drained(15)
        await put(sqlite_engine, letter("3", "5"))
        assert await dispatch.drained(15)
    assert [shown.text for shown in fake.screen("5")] == ["Thư 0", "Thư 1", "Thư 2", "Thư 3"]
    done = [call.at for call in fake.called("sendMessage") if call.params["chat_id"] == 5]
    assert all(second - first >= 1 for first, second in pairwise(done))


@pytest.mark.usefixtures("at_once")
async def test_letters_go_before_an_announcement(sqlite_engine: AsyncEngine, fake: FakeTelegram) -> None:
    number = await audience(sqlite_engine, fake, 40)
    fake.chat("7")
    async with sending(sqlite_engine, fake, limit=10):
        await asyncio.sleep(0.5)
        await put(sqlite_engine, letter("now", "7"))
        await asyncio.sleep(1.2)
        assert [shown.text for shown in fake.screen("7")] == ["Thư now"]
    assert (await state_of(sqlite_engine, number)).state == "sending"


@pytest.mark.usefixtures("at_once")
async def test_a_letter_of_several_messages(sqlite_engine: AsyncEngine, fake: FakeTelegram) -> None:
    fake.chat("5"), fake.chat("6")
    both = [Message("Một"), Message("Hai")]
    await put(sqlite_engine, letter("a", "5", messages=both), letter("b", "6", messages=both))
    async with sending(sqlite_engine, fake) as dispatch:
        await asyncio.sleep(0.6)
        fake.fail("400", chat=6, words="Bad Request: no")
        assert await dispatch.drained(10)
    assert [shown.text for shown in fake.screen("5")] == ["Một", "Hai"]
    a, b = await deliveries(sqlite_engine)
    assert a.state == "sent"
    assert (b.state, b.reason) == ("uncertain", "1 of 2 messages arrived; then: no")


@pytest.mark.usefixtures("at_once")
async def test_ten_refusals_in_a_row_pause_and_tell(engine: AsyncEngine, fake: FakeTelegram) -> None:
    number = await audience(engine, fake, 60)
    fake.chat("1")
    for chat in addresses(60):
        fake.fail("400", chat=int(chat), words="Bad Request: BUTTON_DATA_INVALID")
    async with sending(engine, fake, limit=30) as dispatch:
        found = await over(engine, number)
        assert await dispatch.drained(10)
        states = Counter(row.state for row in await deliveries(engine, announcement_id=number))
        assert (found.state, found.pause_reason) == ("paused", "BUTTON_DATA_INVALID")
        assert 10 <= states["failed"] <= 20
        assert [shown.text for shown in fake.screen("1")] == ["Tạm dừng: BUTTON_DATA_INVALID"]
        fake.faults.clear()
        async with engine.begin() as connection:
            await connection.execute(update(Announcement).values(state="sending"))
        assert (await over(engine, number)).state == "finished"
    states = Counter(row.state for row in await deliveries(engine, announcement_id=number))
    assert states["sent"] + states["failed"] == 60


@pytest.mark.parametrize("verb", ["paused", "cancelled"])
@pytest.mark.usefixtures("at_once")
async def test_a_pause_or_an_end_takes_effect_within_two_seconds(
    sqlite_engine: AsyncEngine, fake: FakeTelegram, verb: str
) -> None:
    await audience(sqlite_engine, fake, 200)
    async with sending(sqlite_engine, fake, limit=30):
        await asyncio.sleep(1.1)
        async with sqlite_engine.begin() as connection:
            await connection.execute(update(Announcement).values(state=verb))
        asked = time.monotonic()
        await asyncio.sleep(2)
    assert max(call.at for call in fake.called("sendMessage")) < asked + 1
    states = Counter(row.state for row in await deliveries(sqlite_engine))
    assert states["sent"] > 25
    assert states["skipped" if verb == "cancelled" else "queued"] == 200 - states["sent"]


@pytest.mark.usefixtures("at_once")
async def test_a_stop_in_the_middle_leaves_no_row_unexplained(
    engine: AsyncEngine, fake: FakeTelegram
) -> None:
    number = await audience(engine, fake, 80)
    fake.fail("slow", chat=int(addresses(80)[8]), seconds=30)
    fake.fail("slow", chat=int(addresses(80)[9]), seconds=0.8)
    async with sending(engine, fake, limit=30, answer_seconds=20) as dispatch:
        await asyncio.sleep(1.3)
        began = time.monotonic()
        await dispatch.stop(2)
        assert time.monotonic() - began < 5
    states = {row.address: row.state for row in await deliveries(engine)}
    assert Counter(states.values()).keys() <= {"sent", "queued", "uncertain"}
    assert states[addresses(80)[8]] == "uncertain"
    assert states[addresses(80)[9]] == "sent"
    async with sending(engine, fake, worker=2):
        await over(engine, number)
    assert max(len(fake.screen(chat)) for chat in addresses(80)) == 1
    assert Counter(row.state for row in await deliveries(engine)) == {"sent": 79, "uncertain": 1}


@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
async def test_one_replica_sends_and_another_takes_over(engine: AsyncEngine, fake: FakeTelegram) -> None:
    number = await audience(engine, fake, 90)
    second = db.async_engine(engine.url.render_as_string(hide_password=False))
    async with sending(second, fake, limit=30, worker=2) as other:
        async with sending(engine, fake, limit=30, worker=1) as first:
            await asyncio.sleep(3.5)
            held = [one.senders["telegram"].holding.held for one in (first, other)]
            assert sorted(held) == [False, True]
        finished = await over(engine, number, 20)
        assert finished.state == "finished"
    await second.dispose()
    assert most_in_a_second([call.at for call in fake.called("sendMessage")]) <= 30
    assert [len(fake.screen(chat)) for chat in addresses(90)] == [1] * 90


@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
@pytest.mark.usefixtures("at_once")
async def test_broken_connections_lose_nothing_and_send_nothing_twice(
    engine: AsyncEngine, fake: FakeTelegram
) -> None:
    number = await audience(engine, fake, 150)
    killing = (
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE pid <> pg_backend_pid() AND datname = current_database()"
    )
    killer = db.async_engine(engine.url.render_as_string(hide_password=False))
    async with sending(engine, fake, limit=60, worker=1):
        for _ in range(2):
            await asyncio.sleep(0.7)
            async with killer.connect() as connection:
                await connection.execute(text(killing))
        await over(engine, number, 30)
    await killer.dispose()
    assert [len(fake.screen(chat)) for chat in addresses(150)] == [1] * 150
    assert Counter(row.state for row in await deliveries(engine)) == {"sent": 150}


class Templates:
    """A channel with templates; remembers what it was asked."""

    name = "zalo-oa"

    def __init__(self) -> None:
        self.ceiling = Ceiling(float("inf"))
        self.asked: list[tuple[Any, ...]] = []

    async def remind(self, chat: str, facts: dict[str, str]) -> Sent:
        self.asked.append((chat, facts))
        return Sent("m1")

    async def remind_by_phone(self, phone: str, facts: dict[str, str], tracking: str) -> Sent:
        self.asked.append((phone, facts, tracking))
        return Sent("m2")


@pytest.mark.usefixtures("at_once")
async def test_templates_by_id_and_by_telephone(engine: AsyncEngine) -> None:
    facts = {"product": "Na dai"}
    by = {"channel": "zalo-oa", "way": "template", "messages": [], "facts": facts}
    await put(engine, letter("a", "311", **by), letter("b", f"{PHONE}84900000000", **by))
    channel = Templates()
    async with another(engine, channel) as dispatch:  # type: ignore[arg-type]
        assert await dispatch.drained(10)
    first, second = await deliveries(engine)
    assert channel.asked == [("311", facts), ("84900000000", facts, tracking(second.id or 0))]
    assert [(row.state, row.message_id) for row in (first, second)] == [("sent", "m1"), ("sent", "m2")]


@pytest.mark.usefixtures("at_once")
async def test_what_cannot_be_sent_says_why(sqlite_engine: AsyncEngine, fake: FakeTelegram) -> None:
    await put(
        sqlite_engine,
        letter("a", "5", way="template"),
        letter("b", "6", messages=[]),
        letter("c", "7", messages=[Message("")]),
    )
    async with sending(sqlite_engine, fake) as dispatch:
        assert await dispatch.drained(10)
    assert [(row.state, row.reason) for row in await deliveries(sqlite_engine)] == [
        ("failed", "this channel has no templates"),
        ("failed", "the letter is empty"),
        ("failed", "the message is empty"),
    ]
