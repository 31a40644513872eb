"""The Zalo Bot channel against a Bot Platform server of our own: sending, outcomes, its life, secrets."""

from __future__ import annotations

import logging
import random
import traceback
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from bot.channels.channel import Gone, Later, Outcome, Refused, Sent, Uncertain
from bot.channels.zalo_bot import MESSAGES_A_MONTH, PEOPLE, CallError, ZaloBotChannel
from bot.channels.zalo_bot.client import Client, MaybeSentError, NotSentError, RefusedError, UnavailableError
from bot.channels.zalo_bot.quota import MemoryLedger, Month
from handlers.talk.message import Button, Message
from tests.fakes.zalo_bot import SECRET_HEADER, TOKEN, FakeZaloBot
from tests.players import free_port

SECRET = "a-secret-of-ours"
HELLO = Message("Xin chào", buttons=((Button("Danh mục", "menu"),),))
PICTURE = Message("Vịt quay", image="https://anh.example/vit.jpg")


class Clock:
    """Seconds that pass when somebody sleeps."""

    def __init__(self) -> None:
        self.at, self.slept = 1_000.0, list[float]()

    def __call__(self) -> float:
        return self.at

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.at += seconds


def made(fake: FakeZaloBot, clock: Clock | None = None, **changed: object) -> ZaloBotChannel:
    """A channel that talks to ``fake``."""
    clock = clock or Clock()
    settings = {"token": TOKEN, "secret": SECRET, "api_url": fake.url, "answer_seconds": 5.0} | changed
    return ZaloBotChannel(**settings, clock=clock, sleep=clock.sleep, rng=random.Random(7))  # type: ignore[arg-type]


@pytest.fixture
async def fake() -> AsyncIterator[FakeZaloBot]:
    async with FakeZaloBot() as server:
        server.chat("lan")
        yield server


@pytest.fixture
async def clock() -> Clock:
    return Clock()


@pytest.fixture
async def channel(fake: FakeZaloBot, clock: Clock) -> AsyncIterator[ZaloBotChannel]:
    opened = made(fake, clock)
    await opened.start()
    yield opened
    await opened.stop()


# -------------------------------------------------------------------------------------------------- sending


async def test_a_text_arrives(channel: ZaloBotChannel, fake: FakeZaloBot) -> None:
    outcome = await channel.send("lan", HELLO)
    (shown,) = fake.screen("lan")
    assert shown.text == "Xin chào\n\n1. Danh mục"
    assert outcome == Sent(shown.message_id, ("buttons (numbers and labels to type)",))


async def test_a_long_text_arrives_in_order(channel: ZaloBotChannel, fake: FakeZaloBot) -> None:
    assert isinstance(await channel.send("lan", Message("Một câu dài. " * 400)), Sent)
    parts = fake.screen("lan")
    assert len(parts) == 3
    assert " ".join(part.text for part in parts) == ("Một câu dài. " * 400).strip()


async def test_an_empty_message_is_our_fault(channel: ZaloBotChannel, fake: FakeZaloBot) -> None:
    assert await channel.send("lan", Message()) == Refused("the message is empty")
    assert not fake.called("sendMessage")


async def test_a_picture_is_announced_by_typing(channel: ZaloBotChannel, fake: FakeZaloBot) -> None:
    assert isinstance(await channel.send("lan", PICTURE), Sent)
    (shown,) = fake.screen("lan")
    assert (shown.kind, shown.text, shown.raw["photo"]) == ("photo", "Vịt quay", PICTURE.image)
    assert fake.chat("lan").typing == 1


async def test_a_refused_picture_leaves_its_text(channel: ZaloBotChannel, fake: FakeZaloBot) -> None:
    fake.fail("400", method="sendPhoto", words="photo cannot be fetched")
    outcome = await channel.send("lan", PICTURE)
    assert isinstance(outcome, Sent)
    assert outcome.lost == ("image",)
    assert [(one.kind, one.text) for one in fake.screen("lan")] == [("message", "Vịt quay")]


async def test_typing_that_fails_costs_nothing(channel: ZaloBotChannel, fake: FakeZaloBot) -> None:
    fake.fail("500", method="sendChatAction")
    assert isinstance(await channel.send("lan", PICTURE), Sent)


Row = tuple[str, bool, type[Outcome], int]
ROWS: list[Row] = [
    ("400", False, Refused, 0),
    ("string", False, Refused, 0),
    ("401", False, Later, 0),
    ("403", False, Later, 0),
    ("404", False, Refused, 0),
    ("408", False, Uncertain, 0),
    ("429", False, Later, 0),
    ("500", False, Later, 0),
    ("504", False, Uncertain, 0),
    ("html-502", False, Later, 0),
    ("html-503", False, Later, 0),
    ("html-403", False, Later, 0),
    ("html-404", False, Later, 0),
    ("html-504", False, Uncertain, 0),
    ("html-200", False, Uncertain, 0),
    ("drop-before", False, Uncertain, 0),
    ("drop-after", False, Uncertain, 1),
    ("garbage", False, Uncertain, 1),
]


@pytest.mark.parametrize("status_errors", [False, True])
@pytest.mark.parametrize(("kind", "_", "outcome", "arrived"), ROWS, ids=[row[0] for row in ROWS])
async def test_outcomes(
    channel: ZaloBotChannel,
    fake: FakeZaloBot,
    status_errors: bool,
    kind: str,
    _: bool,
    outcome: type,
    arrived: int,
) -> None:
    fake.status_errors = status_errors
    fake.fail(kind, words="what they say")
    assert isinstance(await channel.send("lan", HELLO), outcome)
    assert len(fake.screen("lan")) == arrived
    assert len(fake.called("sendMessage")) == 1, "what may have arrived is not repeated"


async def test_a_slow_answer_is_uncertain(fake: FakeZaloBot) -> None:
    channel = made(fake, answer_seconds=0.1)
    await channel.start()
    fake.fail("slow", seconds=0.4)
    assert isinstance(await channel.send("lan", HELLO), Uncertain)
    await channel.stop()


async def test_no_server_is_later(fake: FakeZaloBot) -> None:
    channel = made(fake, api_url=f"http://127.0.0.1:{free_port()}")
    await channel.start()
    found = [await channel.send("lan", HELLO) for _ in range(3)]
    assert [isinstance(one, Later) and one.whole_channel for one in found] == [False, False, True]
    assert channel.health()["state"] == "down"
    await channel.stop()


async def test_the_rest_of_a_message_waits_a_little(
    channel: ZaloBotChannel, fake: FakeZaloBot, clock: Clock
) -> None:
    long = Message("Một câu dài. " * 300)
    channel_calls = fake.called("sendMessage")
    assert not channel_calls
    fake.fail("slow", seconds=0)  # the first part goes through
    fake.fail("500")
    assert isinstance(await channel.send("lan", long), Sent)
    assert len(fake.screen("lan")) == 2
    assert len(clock.slept) == 1


async def test_half_a_message_is_uncertain(channel: ZaloBotChannel, fake: FakeZaloBot) -> None:
    fake.fail("slow", seconds=0)
    fake.fail("429")
    outcome = await channel.send("lan", Message("Một câu dài. " * 300))
    assert isinstance(outcome, Uncertain)
    assert outcome.reason.startswith("1 of 2 parts arrived")


# ---------------------------------------------------------------------------------------- holding back


async def test_429_holds_everybody_and_doubles_to_ten_minutes(
    channel: ZaloBotChannel, fake: FakeZaloBot, clock: Clock
) -> None:
    fake.chat("minh")
    fake.fail("429", times=8)
    pauses = []
    for _ in range(8):
        outcome = await channel.send("lan", HELLO)
        assert isinstance(outcome, Later)
        assert outcome.whole_channel
        pauses.append(outcome.seconds)
        calls = len(fake.called("sendMessage"))
        other = await channel.send("minh", HELLO)
        assert isinstance(other, Later)
        assert len(fake.called("sendMessage")) == calls, "while it holds, nobody is bothered"
        clock.at += outcome.seconds
    assert 30 <= pauses[0] <= 37.5
    assert pauses == sorted(pauses)
    assert pauses[-1] == 600
    assert isinstance(await channel.send("lan", HELLO), Sent)
    fake.fail("429")
    again = await channel.send("lan", HELLO)
    assert isinstance(again, Later)
    assert again.seconds < 40, "after a success it begins anew"


async def test_a_spent_month_is_429(fake: FakeZaloBot) -> None:
    fake.quota = 1
    channel = made(fake)
    await channel.start()
    assert isinstance(await channel.send("lan", HELLO), Sent)
    assert isinstance(await channel.send("lan", HELLO), Later)
    await channel.stop()


async def test_the_third_403_in_a_row_means_gone(channel: ZaloBotChannel, fake: FakeZaloBot) -> None:
    fake.block("lan")
    found = [await channel.send("lan", HELLO) for _ in range(3)]
    assert [type(one) for one in found] == [Later, Later, Gone]
    assert not any(one.whole_channel for one in found if isinstance(one, Later))
    assert sum(one.seconds for one in found if isinstance(one, Later)) < 30, "one reply's patience"


async def test_a_403_between_successes_is_forgotten(channel: ZaloBotChannel, fake: FakeZaloBot) -> None:
    for _ in range(4):
        fake.fail("403")
        assert isinstance(await channel.send("lan", HELLO), Later)
        assert isinstance(await channel.send("lan", HELLO), Sent)


# ---------------------------------------------------------------------------------------------------- proofs


@pytest.mark.parametrize(
    ("headers", "body", "verdict"),
    [
        ({SECRET_HEADER: SECRET}, None, "good"),
        ({SECRET_HEADER.lower(): SECRET}, None, "good"),
        ({SECRET_HEADER: SECRET[:-1]}, None, "bad"),
        ({SECRET_HEADER: SECRET + "ắ"}, None, "bad"),
        ({SECRET_HEADER: "x"}, b"{}", "bad"),
        ({}, None, "unread"),
        ({}, b"", "probe"),
        ({}, b" {} \n", "probe"),
        ({}, b'{"event_name": "message.text.received"}', "bad"),
        ({SECRET_HEADER: ""}, b"[]", "bad"),
    ],
    ids=str,
)
def test_verify(headers: dict[str, str], body: bytes | None, verdict: str) -> None:
    channel = ZaloBotChannel(token=TOKEN, secret=SECRET)
    assert channel.verify(headers, body) == verdict


def test_without_a_secret_nothing_is_good() -> None:
    assert ZaloBotChannel(token=TOKEN, secret="").verify({SECRET_HEADER: "x"}, None) == "bad"


@pytest.mark.parametrize("secret", ["", "short", "x" * 257])
def test_a_secret_that_zalo_would_refuse(secret: str) -> None:
    with pytest.raises(ValueError, match="ZALO_BOT_SECRET"):
        ZaloBotChannel(token=TOKEN, secret=secret, public_url="https://ocop.example")


# --------------------------------------------------------------------------------------------------- its life


async def test_start_registers_the_webhook(fake: FakeZaloBot) -> None:
    channel = made(fake, public_url="https://ocop.example/")
    await channel.start()
    assert fake.webhook == {"url": "https://ocop.example/webhooks/zalo-bot", "secret_token": SECRET}
    assert channel.health()["state"] == "up"
    assert (await channel.webhook_info())["url"] == fake.webhook["url"]
    await channel.webhook_delete()
    await channel.webhook_delete()
    assert await channel.webhook_info() == {}
    assert await channel.webhook_set("https://other.example") == "https://other.example/webhooks/zalo-bot"
    await channel.stop()


async def test_start_does_not_wait_for_a_dead_platform(fake: FakeZaloBot, clock: Clock) -> None:
    fake.fail("html-502", method="getMe", times=3)
    channel = made(fake, clock)
    await channel.start()
    assert channel.health()["state"] == "up"
    assert len(clock.slept) == 3
    assert clock.slept == sorted(clock.slept)
    await channel.stop()


async def test_a_refused_token_is_said_once(fake: FakeZaloBot, caplog: pytest.LogCaptureFixture) -> None:
    channel = made(fake, token="910000000000000001:AnotherTokenAnotherTokenAnotherToken")
    await channel.start()
    assert channel.health()["state"] == "down"
    assert "ZALO_BOT_TOKEN" in channel.health()["detail"]
    assert caplog.text.count("refuses the bot's token") == 1
    outcome = await channel.send("lan", HELLO)
    assert isinstance(outcome, Later)
    assert outcome.whole_channel
    with pytest.raises(CallError):
        await channel.webhook_info()
    await channel.stop()


async def test_a_sent_message_says_that_all_is_well(fake: FakeZaloBot) -> None:
    channel = made(fake)
    fake.fail("400", method="getMe")
    await channel.start()
    assert channel.health()["state"] == "down"
    await channel.send("lan", HELLO)
    assert channel.health()["state"] == "up"
    await channel.stop()


# ------------------------------------------------------------------------------------------ the month


async def test_the_month_is_counted(channel: ZaloBotChannel, fake: FakeZaloBot) -> None:
    await channel.send("lan", HELLO)
    await channel.send("lan", Message("Một câu dài. " * 300))
    fake.fail("400")
    await channel.send("lan", HELLO)
    assert channel.health()["sent_this_month"] == fake.sent == 3
    assert channel.health()["messages_a_month"] == MESSAGES_A_MONTH == 3_000
    assert PEOPLE == 50


async def test_a_count_warns_once_at_each_step(caplog: pytest.LogCaptureFixture) -> None:
    at = [datetime(2026, 12, 31, 23, 59, tzinfo=UTC)]
    month = Month(lambda: at[0])
    for _ in range(31):
        await month.count(100)
    assert [record.args[0] for record in caplog.records if record.args] == [2_400, 3_000]
    at[0] = datetime(2027, 1, 1, tzinfo=UTC)
    await month.count(1)
    assert (month.name, month.sent) == ("2027-01", 1)


async def test_a_ledger_is_shared_and_may_fail(caplog: pytest.LogCaptureFixture) -> None:
    ledger = MemoryLedger()

    def now() -> datetime:
        return datetime(2026, 12, 1, tzinfo=UTC)

    one, other = Month(now, ledger), Month(now, ledger)
    await one.count(2)
    await other.count(0)
    assert other.sent == 2

    class Broken:
        async def add(self, month: str, sent: int) -> int:
            raise OSError("away")

    other.ledger = Broken()
    await other.count(1)
    assert other.sent == 3
    assert "could not be counted" in caplog.text


# ---------------------------------------------------------------------------------------------------- secrets


def everything(error: BaseException | None) -> str:
    """An error with all that hangs on it, suppressed or not."""
    if error is None:
        return ""
    shown = "".join(traceback.format_exception(error)) + repr(error) + str(vars(error))
    return shown + everything(error.__cause__) + everything(error.__context__)


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("drop-before", MaybeSentError),
        ("html-502", UnavailableError),
        ("400", RefusedError),
        ("garbage", MaybeSentError),
    ],
)
async def test_no_error_carries_the_token(fake: FakeZaloBot, kind: str, error: type[CallError]) -> None:
    client = Client(TOKEN, fake.url)
    await client.open()
    fake.fail(kind, words=f"no bot{TOKEN} here")
    with pytest.raises(error) as caught:
        await client.call("sendMessage", {"chat_id": "lan", "text": "a"})
    assert TOKEN not in everything(caught.value)
    assert TOKEN not in repr(client)
    await client.close()


@pytest.mark.parametrize("api_url", ["http://127.0.0.1:1", "http://[oops", ""])
async def test_no_connection_carries_the_token(api_url: str) -> None:
    client = Client(TOKEN, api_url)
    await client.open()
    with pytest.raises(CallError) as caught:
        await client.call("getMe", {})
    assert isinstance(caught.value, NotSentError | MaybeSentError)
    assert TOKEN not in everything(caught.value)
    await client.close()


async def test_a_closed_client_sends_nothing() -> None:
    with pytest.raises(NotSentError):
        await Client(TOKEN, "http://127.0.0.1:1").call("getMe", {})


async def test_no_log_and_no_health_carries_the_token(
    fake: FakeZaloBot, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    channel = made(fake)
    for kind in ("400", "html-502", "drop-before", "500", "403", "429"):
        fake.fail(kind, method=None, words=f"bot{TOKEN}")
    await channel.start()
    for _ in range(3):
        await channel.send("lan", PICTURE)
    assert TOKEN not in caplog.text
    assert TOKEN not in str(channel.health())
    await channel.stop()
