"""The channel in front of a server of our own: outcomes by table, windows, money, uploads, templates,
officers."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.channels.channel import Channel, Gone, Later, Outcome, Refused, Sent, Uncertain
from bot.channels.zalo_oa import Account, Template, ZaloOAChannel
from bot.channels.zalo_oa.client import ZaloError, proof
from bot.channels.zalo_oa.contacts import DONG_A_MESSAGE, QUIET, Contacts, reach
from bot.channels.zalo_oa.outcomes import OPENAPI, ZBS, Pace
from bot.channels.zalo_oa.templates import international
from bot.settings import Settings
from handlers.talk.message import Attachment, Button, Inbound, Message, Press, Text
from tests.fakes.zalo_oa import APP_SECRET, OA_ID, ZONE, FakeZaloOA, signature

CS = "/v3.0/oa/message/cs"
MORNING = datetime(2026, 12, 3, 10, 0, tzinfo=ZONE)
ASKED = Message("Chọn mục:", buttons=((Button("Danh mục", "menu"),),))


class Clock:
    """Zalo's clock, ours, and the pauses between: all the same, moved by hand."""

    def __init__(self) -> None:
        self.at = MORNING
        self.slept: list[float] = []

    def __call__(self) -> datetime:
        return self.at

    def seconds(self) -> float:
        return self.at.timestamp()

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.at += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def fake(clock: Clock) -> AsyncIterator[FakeZaloOA]:
    async with FakeZaloOA(now=clock) as server:
        server.silent_for("lan", minutes=1)
        yield server


@asynccontextmanager
async def opened(
    fake: FakeZaloOA, engine: AsyncEngine, clock: Clock, *, root: Path | None = None, **changed: Any
) -> AsyncIterator[ZaloOAChannel]:
    """The channel with its connection open, and nothing going on by the clock."""
    account = Account.of(Settings(_env_file=None, **fake.settings()))
    assert account is not None
    channel = ZaloOAChannel(
        replace(account, **changed),
        engine,
        now=clock,
        files_root=root,
        answer_seconds=0.5,
        clock=clock.seconds,
        rng=random.Random(1),
        sleep=clock.sleep,
    )
    await channel._client.open()
    try:
        yield channel
    finally:
        await channel._client.close()


@pytest.fixture
async def channel(fake: FakeZaloOA, sqlite_engine: AsyncEngine, clock: Clock) -> AsyncIterator[ZaloOAChannel]:
    async with opened(fake, sqlite_engine, clock) as found:
        yield found


def about(chat: str = "lan", at: datetime = MORNING) -> Inbound:
    return Inbound("zalo-oa", chat, "1", Text("x"), at)


async def answered(channel: ZaloOAChannel, message: Message = ASKED, chat: str = "lan") -> Outcome:
    return await channel.send(chat, message, about=about(chat))


# ------------------------------------------------------------------------------------------ how a send went


async def test_an_answer_is_sent(channel: ZaloOAChannel, fake: FakeZaloOA) -> None:
    assert isinstance(channel, Channel)
    outcome = await answered(channel)
    (shown,) = fake.screen("lan")
    assert outcome == Sent(shown.message_id)
    assert shown.labels == ["Danh mục", "Danh mục"]


@pytest.mark.parametrize("strings", [True, False])
async def test_success_and_refusals_may_be_text(
    channel: ZaloOAChannel, fake: FakeZaloOA, strings: bool
) -> None:
    fake.strings = strings
    assert isinstance(await answered(channel), Sent)
    assert isinstance(await answered(channel, chat="nobody"), Gone)


KINDS: dict[str, type] = {
    "rate": Later,
    "expired": Refused,
    "again": Refused,
    "form": Refused,
    "token": Later,
    "recipient": Gone,
    "window": Gone,
    "night": Later,
    "quota": Later,
    "human": Later,
    "fault": Refused,
    "content": Refused,
}


@pytest.mark.parametrize("code", sorted(OPENAPI, reverse=True))
async def test_every_code_of_the_account(channel: ZaloOAChannel, fake: FakeZaloOA, code: int) -> None:
    fake.fail(str(code), times=9, words="because")
    outcome = await answered(channel, Message("Chào bạn"))
    assert isinstance(outcome, KINDS[OPENAPI[code]]), outcome
    assert "because" in outcome.reason
    assert str(code) in outcome.reason
    whole = isinstance(outcome, Later) and outcome.whole_channel
    assert whole == (OPENAPI[code] in ("rate", "token", "human"))


@pytest.mark.parametrize("code", sorted(ZBS, reverse=True))
def test_every_code_of_the_templates(clock: Clock, code: int) -> None:
    pace = Pace(clock.seconds, clock, random.Random(1))
    outcome = pace.outcome(ZaloError("zbs", code, "because"))
    assert isinstance(outcome, KINDS[ZBS[code]]), outcome
    assert (pace.held() is not None) == (ZBS[code] == "rate"), "a template's trouble is not the account's"


async def test_an_unknown_code_is_final_and_an_error(channel: ZaloOAChannel, fake: FakeZaloOA) -> None:
    fake.fail("-9999", times=9, words="news")
    assert await answered(channel, Message("x")) == Refused("news (-9999)")


async def test_the_same_number_means_another_thing_on_another_host() -> None:
    assert (OPENAPI[-100], ZBS[-100]) == ("expired", "again")
    assert (OPENAPI[-235], -235 in ZBS) == ("fault", False)


@pytest.mark.parametrize(
    ("kind", "expected", "shown"),
    [
        ("html-502", Later, 0),
        ("html-200", Later, 0),
        ("html-504", Uncertain, 0),
        ("drop-before", Uncertain, 0),
        ("drop-after", Uncertain, 1),
        ("garbage", Uncertain, 1),
        ("slow", Uncertain, 1),
    ],
)
async def test_outages_and_lost_answers(
    channel: ZaloOAChannel, fake: FakeZaloOA, kind: str, expected: type, shown: int
) -> None:
    fake.fail(kind, seconds=0.7)
    outcome = await answered(channel)
    assert isinstance(outcome, expected), outcome
    await asyncio.sleep(0.3 if kind == "slow" else 0)
    assert len(fake.screen("lan")) == shown
    assert isinstance(await answered(channel), Sent)
    assert len(fake.screen("lan")) == shown + 1, "nothing was repeated by itself"


async def test_nobody_there(fake: FakeZaloOA, sqlite_engine: AsyncEngine, clock: Clock) -> None:
    async with opened(fake, sqlite_engine, clock) as channel:
        assert isinstance(await answered(channel), Sent)
        await fake.stop()
        outcome = await answered(channel)
        assert isinstance(outcome, Later | Uncertain)
        assert isinstance(await answered(channel), Later)


async def test_failures_in_a_row_hold_the_channel(channel: ZaloOAChannel, fake: FakeZaloOA) -> None:
    fake.fail("html-502", times=99)
    outcomes = [await answered(channel) for _ in range(4)]
    assert [isinstance(one, Later) and one.whole_channel for one in outcomes] == [False, False, True, True]
    assert len(fake.called(CS)) == 3, "while it is held, nothing is asked"


async def test_a_pause_is_no_fall(channel: ZaloOAChannel, fake: FakeZaloOA, clock: Clock) -> None:
    await channel._upkeep._check(full=True)
    fake.fail("-32")
    assert isinstance(await answered(channel), Later)
    assert channel.health()["state"] == "up"
    assert "slower" in channel.health()["detail"]
    await clock.sleep(3)
    assert channel.health()["detail"] == "package Growth"
    fake.fail("html-502", times=3)
    for _ in range(3):
        await answered(channel)
    assert channel.health()["state"] == "up"
    assert "502" in channel.health()["detail"]
    assert isinstance(await answered(channel), Later), "it is held all the same"


async def test_unreachable_again_and_again_is_down_until_it_answers(
    channel: ZaloOAChannel, fake: FakeZaloOA, clock: Clock
) -> None:
    upkeep = channel._upkeep
    await upkeep._check(full=True)
    assert not upkeep._doubtful
    fake.fail("html-502", path=None, times=5)
    for _ in range(3):
        await answered(channel)
    assert upkeep._doubtful, "sends that fail in a row make it look at once, not in ten minutes"
    await upkeep._check(full=True)
    assert channel.health()["state"] == "up"
    await clock.sleep(60)
    assert upkeep._doubtful
    await upkeep._check(full=True)
    assert channel.health()["state"] == "down"
    assert "502" in channel.health()["detail"]
    await upkeep._check(full=True)
    assert channel.health()["state"] == "up"
    assert not upkeep._doubtful


async def test_what_a_human_must_put_right_is_down(channel: ZaloOAChannel, fake: FakeZaloOA) -> None:
    await channel._upkeep._check(full=True)
    fake.fail("-221")
    assert isinstance(await answered(channel), Later)
    assert channel.health()["state"] == "down"
    assert "somebody must look at the account" in channel.health()["detail"]


async def test_going_slower_with_growing_pauses(
    channel: ZaloOAChannel, fake: FakeZaloOA, clock: Clock
) -> None:
    fake.fail("-32", times=3)
    pauses = []
    for _ in range(3):
        outcome = await answered(channel)
        assert isinstance(outcome, Later)
        assert outcome.whole_channel
        assert isinstance(await answered(channel), Later)
        pauses.append(outcome.seconds)
        await clock.sleep(outcome.seconds + 0.01)
    assert [2 <= pauses[0] <= 2.5, 4 <= pauses[1] <= 5, 8 <= pauses[2] <= 10] == [True] * 3
    assert len(fake.called(CS)) == 3
    assert isinstance(await answered(channel), Sent)


async def test_the_rate_headers_are_respected(channel: ZaloOAChannel, fake: FakeZaloOA, clock: Clock) -> None:
    fake.rate = 2
    assert isinstance(await answered(channel), Sent)
    clock.at += timedelta(seconds=10)
    assert isinstance(await answered(channel), Sent)
    outcome = await answered(channel)
    assert isinstance(outcome, Later)
    assert 45 <= outcome.seconds <= 60
    assert len(fake.called(CS)) == 2
    clock.at += timedelta(seconds=60)
    fake.rate = 4_000
    assert isinstance(await answered(channel), Sent)


async def test_an_unexplained_failure_is_tried_three_times(channel: ZaloOAChannel, fake: FakeZaloOA) -> None:
    fake.fail("-200", times=2)
    assert isinstance(await answered(channel), Sent)
    fake.fail("-200", times=3)
    assert isinstance(await answered(channel, Message("x")), Refused)
    assert len(fake.called(CS)) == 6


# ------------------------------------------------------------------------------------------------- tokens


@pytest.mark.parametrize("code", ["-216", "-220"])
async def test_a_refused_token_is_exchanged_and_the_call_repeated_once(
    channel: ZaloOAChannel, fake: FakeZaloOA, code: str
) -> None:
    await answered(channel)
    fake.fail(code)
    assert isinstance(await answered(channel), Sent)
    assert [good for _, good in fake.refreshes] == [True, True]
    fake.fail(code, times=2)
    outcome = await answered(channel)
    assert isinstance(outcome, Later)
    assert outcome.whole_channel
    assert len(fake.refreshes) == 3
    assert isinstance(await answered(channel), Later)
    assert len(fake.refreshes) == 3, "a token that does not help is not exchanged again and again"


async def test_an_expired_token_is_noticed(channel: ZaloOAChannel, fake: FakeZaloOA, clock: Clock) -> None:
    await answered(channel)
    clock.at += timedelta(hours=26)
    assert isinstance(await answered(channel), Sent)
    assert len(fake.refreshes) == 2


async def test_without_consent_everything_waits_and_says_why(
    fake: FakeZaloOA, sqlite_engine: AsyncEngine, clock: Clock
) -> None:
    async with opened(fake, sqlite_engine, clock, first="spent") as channel:
        outcome = await answered(channel)
        assert isinstance(outcome, Later)
        assert outcome.whole_channel
        assert "consent" in outcome.reason
        channel._upkeep.report("up", "")
        assert channel.health()["state"] == "down"
        assert "consent" in channel.health()["detail"]


def test_the_proof_is_the_official_one() -> None:
    expected = "bd3f6010e44b67c2c4762c8713a0768dfad1c2f337cc51e40a096ae4b281211e"
    assert proof("app-secret-demo", "access-token-demo") == expected


async def test_the_proof_is_worked_out_anew_for_every_token(
    fake: FakeZaloOA, sqlite_engine: AsyncEngine, clock: Clock
) -> None:
    fake.proof = True
    async with opened(fake, sqlite_engine, clock, use_proof=True) as channel:
        assert isinstance(await answered(channel), Sent)
        fake.fail("-216")
        assert isinstance(await answered(channel), Sent)
    async with opened(fake, sqlite_engine, clock, use_proof=False) as channel:
        outcome = await answered(channel)
        assert isinstance(outcome, Later)
        assert "proof" in outcome.reason


# ------------------------------------------------------------------------------------------------- buttons


@pytest.mark.parametrize("code", ["-201", "-233"])
async def test_an_account_without_buttons_gets_the_text_in_the_same_turn(
    channel: ZaloOAChannel, fake: FakeZaloOA, code: str, caplog: pytest.LogCaptureFixture
) -> None:
    fake.fail(code)
    first = await answered(channel)
    second = await answered(channel)
    assert isinstance(first, Sent)
    assert first.lost == ("buttons (numbers)",)
    assert isinstance(second, Sent)
    assert [shown.text for shown in fake.screen("lan")] == ["Chọn mục:\n\n1. Danh mục"] * 2
    assert [shown.buttons for shown in fake.screen("lan")] == [[], []]
    assert len(fake.called(CS)) == 3, "the second time it is not tried"
    assert sum("refuses buttons" in record.getMessage() for record in caplog.records) == 1


async def test_a_refused_text_says_nothing_about_buttons(channel: ZaloOAChannel, fake: FakeZaloOA) -> None:
    fake.fail("-201", times=2)
    assert isinstance(await answered(channel), Refused)
    assert isinstance(await answered(channel), Sent)
    (shown,) = fake.screen("lan")
    assert shown.buttons


async def test_buttons_may_be_switched_off(
    fake: FakeZaloOA, sqlite_engine: AsyncEngine, clock: Clock
) -> None:
    async with opened(fake, sqlite_engine, clock, buttons=False) as channel:
        assert isinstance(await answered(channel), Sent)
    assert fake.screen("lan")[0].buttons == []


# --------------------------------------------------------------------------------- parts, pictures, documents


async def test_a_refused_extra_costs_nothing_else(channel: ZaloOAChannel, fake: FakeZaloOA) -> None:
    fake.fail("-201")
    picture = Message("Vịt quay", image="https://a.example/i.jpg", buttons=((Button("Xem", "p"),),))
    assert await answered(channel, picture) == Sent(fake.screen("lan")[-1].message_id, ("image",))
    fake.fail("-201")
    with_text = await answered(channel, Message("Vịt quay", image="https://a.example/i.jpg"))
    assert isinstance(with_text, Sent)
    assert with_text.lost == ("image",)
    assert [shown.text[:8] for shown in fake.screen("lan")] == ["Vịt quay", "Vịt quay"]


async def test_half_a_message_is_never_repeated_by_itself(channel: ZaloOAChannel, fake: FakeZaloOA) -> None:
    long = Message("Một câu dài để đếm cho đủ. " * 120)
    fake.fail("-248", skip=1)
    outcome = await answered(channel, long)
    assert isinstance(outcome, Uncertain)
    assert outcome.reason.startswith("1 of 2 parts arrived")
    assert len(fake.screen("lan")) == 1
    fake.fail("-217", skip=1)
    assert isinstance(await answered(channel, long), Gone)


async def test_the_rest_of_a_message_waits_a_little(
    channel: ZaloOAChannel, fake: FakeZaloOA, clock: Clock
) -> None:
    fake.fail("html-502", skip=1)
    assert isinstance(await answered(channel, Message("Một câu dài để đếm cho đủ. " * 120)), Sent)
    assert len(fake.screen("lan")) == 2
    assert len(clock.slept) == 1


async def test_files_of_ours_are_uploaded_once_and_again_after_six_days(
    fake: FakeZaloOA, sqlite_engine: AsyncEngine, clock: Clock, tmp_path: Path
) -> None:
    (tmp_path / "form.pdf").write_bytes(b"%PDF-1.7")
    message = Message("Mẫu đây", file=Attachment("Mẫu 01.pdf", "form.pdf"))
    async with opened(fake, sqlite_engine, clock, root=tmp_path) as channel:
        for days in (0, 5, 1, 0):
            clock.at += timedelta(days=days)
            fake.silent_for("lan", minutes=1)
            outcome = await answered(channel, message)
            assert outcome == Sent(fake.screen("lan")[-1].message_id)
            assert fake.screen("lan")[-1].kind == "file"
    assert len(fake.called("/v2.0/oa/upload/file")) == 2


async def test_an_upload_that_zalo_forgot_is_repeated_once(
    fake: FakeZaloOA, sqlite_engine: AsyncEngine, clock: Clock, tmp_path: Path
) -> None:
    (tmp_path / "i.png").write_bytes(b"\x89PNG")
    async with opened(fake, sqlite_engine, clock, root=tmp_path) as channel:
        fake.fail("-100")
        assert isinstance(await answered(channel, Message("x", image="i.png")), Sent)
        assert len(fake.called("/v2.0/oa/upload/image")) == 2
        fake.fail("-100", times=2)
        outcome = await answered(channel, Message("x", image="i.png"))
        assert isinstance(outcome, Sent)
        assert outcome.lost == ("image",)


@pytest.mark.parametrize(
    ("name", "size"), [("a.xlsx", 10), ("a.pdf", (5 << 20) + 1), ("missing.pdf", -1), ("../secret.pdf", 10)]
)
async def test_what_cannot_be_sent_as_a_file_stands_in_words(
    fake: FakeZaloOA, sqlite_engine: AsyncEngine, clock: Clock, tmp_path: Path, name: str, size: int
) -> None:
    (tmp_path / "root").mkdir()
    if size >= 0:
        (tmp_path / "root" / name).write_bytes(b"x" * size)
    async with opened(fake, sqlite_engine, clock, root=tmp_path / "root") as channel:
        outcome = await answered(channel, Message("Đây", file=Attachment("Tệp", name)))
    assert isinstance(outcome, Sent)
    assert outcome.lost == ("file",)
    assert [shown.text for shown in fake.screen("lan")] == ["Đây\n\n📎 Tệp"]
    assert not fake.uploaded


# ------------------------------------------------------------------------------------------ windows and money


@pytest.mark.parametrize(
    ("silence", "expected"),
    [
        (timedelta(0), "free"),
        (timedelta(hours=48), "free"),
        (timedelta(hours=48, seconds=1), "paid"),
        (timedelta(days=7), "paid"),
        (timedelta(days=7, seconds=1), "impossible"),
    ],
)
def test_the_windows(silence: timedelta, expected: str) -> None:
    assert reach(MORNING - silence, MORNING) == expected
    assert reach(None, MORNING) == "impossible"


async def heard(channel: ZaloOAChannel, fake: FakeZaloOA, chat: str = "lan") -> None:
    """The person writes, and it is written down."""
    event = fake.event(chat, "user_send_text", message={"msg_id": fake._id(), "text": "x"})
    fake.silent_for(chat, seconds=0)
    channel.decode(event)
    await channel.contacts.flush()


async def test_unasked_messages_know_their_price_before(
    fake: FakeZaloOA, sqlite_engine: AsyncEngine, clock: Clock
) -> None:
    async with opened(fake, sqlite_engine, clock, budget=2 * DONG_A_MESSAGE) as channel:
        await heard(channel, fake)
        assert await channel.reach("lan") == "free"
        assert isinstance(await channel.send("lan", ASKED), Sent)
        clock.at += timedelta(hours=49)
        assert await channel.reach("lan") == "paid"
        assert isinstance(await channel.send("lan", ASKED), Sent)
        assert await channel.contacts.spent_today() == (1, DONG_A_MESSAGE)
        assert isinstance(await channel.send("lan", ASKED), Sent)
        outcome = await channel.send("lan", ASKED)
        assert isinstance(outcome, Later)
        assert outcome.seconds == 13 * 3600, "tomorrow has a budget of its own"
        assert fake.allowance == 498
        clock.at += timedelta(hours=13)
        assert isinstance(await channel.send("lan", ASKED), Sent)
        clock.at += timedelta(days=5)
        assert await channel.reach("lan") == "impossible"
        assert isinstance(await channel.send("lan", ASKED), Gone)
        assert len(fake.called(CS)) == 4
        assert not fake.called("/v3.0/oa/quota/message")


async def test_without_a_budget_nothing_paid_is_sent(
    channel: ZaloOAChannel, fake: FakeZaloOA, clock: Clock
) -> None:
    await heard(channel, fake)
    clock.at += timedelta(days=3)
    outcome = await channel.send("lan", ASKED)
    assert isinstance(outcome, Refused)
    assert not outcome.our_fault
    assert not fake.called(CS)


async def test_what_was_reserved_and_not_sent_costs_nothing(
    fake: FakeZaloOA, sqlite_engine: AsyncEngine, clock: Clock
) -> None:
    async with opened(fake, sqlite_engine, clock, budget=1_000) as channel:
        await heard(channel, fake)
        clock.at += timedelta(days=3)
        fake.allowance = 0
        assert isinstance(await channel.send("lan", ASKED), Later)
        await channel._upkeep.write()
        assert await channel.contacts.spent_today() == (0, 0)


async def test_an_answer_that_zalo_counts_is_counted(
    channel: ZaloOAChannel, fake: FakeZaloOA, clock: Clock
) -> None:
    fake.silent_for("lan", days=3)
    assert isinstance(await answered(channel), Sent)
    await channel._upkeep.write()
    assert await channel.contacts.spent_today() == (1, DONG_A_MESSAGE)


async def test_zalo_is_asked_about_people_of_whom_nothing_is_known(
    channel: ZaloOAChannel, fake: FakeZaloOA
) -> None:
    fake.silent_for("an", hours=5)
    fake.silent_for("binh", days=30)
    fake.chat("chi")
    assert [await channel.reach(chat) for chat in ("an", "binh", "chi")] == [
        "free",
        "impossible",
        "impossible",
    ]
    await channel.contacts.flush()
    assert await channel.reach("an") == "free"
    assert len(fake.called("/v3.0/oa/quota/message")) == 3
    fake.fail("html-502", path="/v3.0/oa/quota/message")
    fake.silent_for("dung", hours=1)
    assert isinstance(await channel.send("dung", ASKED), Later)


async def test_windows_are_kept_for_every_replica(engine: AsyncEngine, clock: Clock) -> None:
    one, two = Contacts(engine, clock), Contacts(engine, clock)
    one.heard("lan", MORNING - timedelta(hours=1))
    one.heard("lan", MORNING - timedelta(hours=3))
    await one.flush()
    two.heard("lan", MORNING - timedelta(hours=2))
    await two.flush()
    assert await two.last("lan") == MORNING - timedelta(hours=1), "the latest counts"
    assert await two.newest() == MORNING - timedelta(hours=1)
    one.officer_wrote("lan", MORNING)
    await one.flush()
    await two.refresh()
    assert two.officer_talks("lan")
    assert await two.last("lan") == MORNING - timedelta(hours=1)
    two.turned_back("lan")
    await two.flush()
    await one.refresh()
    assert not one.officer_talks("lan")
    one.officer_wrote("new", MORNING)
    await one.flush()
    assert reach(await one.last("new"), MORNING) == "impossible", "an officer's message opens no window"
    await one.forget("lan")
    assert await one.last("lan") is None


async def test_the_budget_is_one_for_all_replicas(engine: AsyncEngine, clock: Clock) -> None:
    replicas = [Contacts(engine, clock) for _ in range(4)]
    tries = [await replicas[number % 4].reserve(5 * DONG_A_MESSAGE) for number in range(8)]
    assert tries == [True] * 5 + [False] * 3
    assert not await replicas[0].reserve(0)
    assert not await replicas[0].reserve(9 * DONG_A_MESSAGE, 5)


async def test_reading_opens_no_window(channel: ZaloOAChannel, fake: FakeZaloOA) -> None:
    for name in ("user_seen_message", "user_reacted_message", "user_received_message"):
        channel.decode(fake.event("minh", name, message={"msg_id": "1", "msg_ids": ["1"]}))
    await channel.contacts.flush()
    assert await channel.contacts.last("minh") is None


# ------------------------------------------------------------------------------------------------- people


async def test_while_an_officer_talks_the_bot_is_quiet(
    channel: ZaloOAChannel, fake: FakeZaloOA, clock: Clock
) -> None:
    said = fake.event("lan", "user_send_text", message={"msg_id": "1", "text": "còn hàng không"})
    assert len(channel.decode(said)) == 1
    by_hand = fake._event("oa_send_text", sender={"id": OA_ID, "admin_id": "7"}, recipient={"id": "lan"})
    assert channel.decode(by_hand) == []
    assert channel.decode(said) == []
    assert len(channel.decode(fake.event("minh", "user_send_text", message={"text": "x"}))) == 1
    clock.at += QUIET
    assert len(channel.decode(said | {"timestamp": str(int(clock.at.timestamp() * 1000))})) == 1


async def test_a_press_turns_to_the_bot_again(channel: ZaloOAChannel, fake: FakeZaloOA) -> None:
    channel.decode(
        fake._event("oa_send_text", sender={"id": OA_ID, "admin_id": "7"}, recipient={"id": "lan"})
    )
    press = fake.event("lan", "user_send_text", message={"msg_id": "1", "text": "#ocop:menu"})
    assert [one.content for one in channel.decode(press)] == [Press("menu")]
    said = fake.event("lan", "user_send_text", message={"msg_id": "2", "text": "vịt quay"})
    assert len(channel.decode(said)) == 1


async def test_our_own_echo_silences_nobody(channel: ZaloOAChannel, fake: FakeZaloOA) -> None:
    channel.decode(fake._event("oa_send_text", sender={"id": OA_ID}, recipient={"id": "lan"}))
    assert not channel.contacts.officer_talks("lan")


async def test_an_event_of_long_ago_is_left_out(
    channel: ZaloOAChannel, fake: FakeZaloOA, clock: Clock
) -> None:
    old = fake.event("lan", "user_send_text", message={"msg_id": "1", "text": "x"})
    assert len(channel.decode(old)) == 1
    clock.at += timedelta(hours=25)
    assert len(channel.decode(old)) == 1, "nothing newer was heard: perhaps our clock is wrong"
    channel.decode(fake.event("minh", "user_send_text", message={"msg_id": "2", "text": "x"}))
    assert channel.decode(old) == []
    future = fake.event("lan", "user_send_text", message={"msg_id": "3", "text": "x"})
    channel.decode(future | {"timestamp": "9" * 13})
    assert len(channel.decode(future)) == 1, "a time in the far future is not believed"


async def test_who_withdraws_is_forgotten(channel: ZaloOAChannel, fake: FakeZaloOA) -> None:
    await heard(channel, fake)
    channel.decode(fake._event("user_withdraw", oa_id=OA_ID, user_id="lan"))
    await channel._upkeep.write()
    assert await channel.contacts.last("lan") is None


async def test_an_anonymous_visitor_is_answered_in_words(channel: ZaloOAChannel, fake: FakeZaloOA) -> None:
    await fake.anonymous("v:1", "c/1", "xin chào")
    (_chat, event) = fake._waiting[-1]
    (inbound,) = channel.decode(event)
    assert isinstance(await channel.send(inbound.chat, ASKED, about=inbound), Sent)
    (shown,) = fake.screen("v:1")
    assert shown.raw == {"text": "Chọn mục:\n\n1. Danh mục"}
    outcome = await channel.send(inbound.chat, ASKED)
    assert isinstance(outcome, Refused)
    assert await channel.reach(inbound.chat) == "impossible"


# ------------------------------------------------------------------------------------------------ templates

RENEWAL = Template("512345", {"name": "producer", "product": "product", "date": "until"})
FACTS = {"producer": "HTX Na Chi Lăng", "product": "Na dai", "until": "31/12/2026", "code": "OCOP-1"}


async def test_a_template_by_phone(channel: ZaloOAChannel, fake: FakeZaloOA) -> None:
    outcome = await channel.templates.by_phone("0912 000 111", RENEWAL, FACTS, "renew-2026-000417-30d")
    assert isinstance(outcome, Sent)
    assert outcome.message_id
    assert fake.templates == [
        {
            "phone": "84912000111",
            "template_id": "512345",
            "sending_mode": "1",
            "template_data": {"name": "HTX Na Chi Lăng", "product": "Na dai", "date": "31/12/2026"},
            "tracking_id": "renew-2026-000417-30d",
        }
    ]


async def test_a_template_by_id_with_the_settings(
    fake: FakeZaloOA, sqlite_engine: AsyncEngine, clock: Clock
) -> None:
    fields = dict(RENEWAL.fields)
    async with opened(fake, sqlite_engine, clock, renewal="512345", renewal_fields=fields) as channel:
        assert isinstance(await channel.remind("lan", FACTS), Sent)
        assert isinstance(await channel.remind_by_phone("0912000111", FACTS, "t1"), Sent)
    assert [set(body) for body in fake.templates] == [
        {"user_id", "template_id", "template_data"},
        {"phone", "template_id", "sending_mode", "template_data", "tracking_id"},
    ]


@pytest.mark.parametrize(("hour", "seconds"), [(21, 36_000), (22, 32_400), (0, 25_200), (6, 3_600)])
async def test_nights_are_refused_by_us(
    channel: ZaloOAChannel, fake: FakeZaloOA, clock: Clock, hour: int, seconds: int
) -> None:
    clock.at = clock.at.replace(hour=hour)
    assert await channel.templates.by_phone("0912000111", RENEWAL, FACTS, "t") == Later(
        seconds, "templates are sent from 07:00 to 21:00"
    )
    assert not fake.calls


async def test_long_names_are_cut_and_missing_facts_refused(channel: ZaloOAChannel, fake: FakeZaloOA) -> None:
    long = FACTS | {"producer": "Hợp tác xã " * 10}
    assert isinstance(await channel.templates.by_phone("0912000111", RENEWAL, long, "t"), Sent)
    assert len(fake.templates[0]["template_data"]["name"]) <= 30
    outcome = await channel.templates.by_phone("0912000111", RENEWAL, FACTS | {"until": ""}, "t")
    assert outcome == Refused("the template needs until")
    assert isinstance(await channel.templates.by_phone("0912000111", RENEWAL, FACTS, "t" * 49), Refused)
    assert len(fake.templates) == 1


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("0912 000 111", "84912000111"),
        ("+84 (0)912.000.111", "84912000111"),
        ("84912000111", "84912000111"),
        ("0084912000111", "84912000111"),
        ("02053812345", "842053812345"),
    ],
)
def test_numbers_as_zalo_wants_them(written: str, found: str) -> None:
    assert international(written) == found


@pytest.mark.parametrize("written", ["", "912000111", "0112000111", "+1 212 555 0100", "091200011", "x" * 11])
async def test_what_is_no_vietnamese_number(channel: ZaloOAChannel, fake: FakeZaloOA, written: str) -> None:
    with pytest.raises(ValueError, match="telephone"):
        international(written)
    outcome = await channel.templates.by_phone(written, RENEWAL, FACTS, "t")
    assert isinstance(outcome, Refused)
    assert not outcome.our_fault
    assert not fake.calls


async def test_a_templates_trouble_does_not_stop_answers(channel: ZaloOAChannel, fake: FakeZaloOA) -> None:
    fake.fail("-137", path="/message/template", words="no money")
    outcome = await channel.templates.by_phone("0912000111", RENEWAL, FACTS, "t")
    assert isinstance(outcome, Later)
    assert isinstance(await answered(channel), Sent)


async def test_a_template_with_a_token_that_died(channel: ZaloOAChannel, fake: FakeZaloOA) -> None:
    await answered(channel)
    fake.access = "somebody else's"
    assert isinstance(await channel.templates.by_phone("0912000111", RENEWAL, FACTS, "t"), Sent)


# --------------------------------------------------------------------------------------------------- its life


@asynccontextmanager
async def living(
    fake: FakeZaloOA, engine: AsyncEngine, **changed: Any
) -> AsyncIterator[tuple[ZaloOAChannel, list[str]]]:
    """The channel as the program runs it, on the real clock."""
    fake.now = lambda: datetime.now(UTC)
    account = Account.of(Settings(_env_file=None, **fake.settings()))
    assert account is not None
    alarms: list[str] = []
    channel = ZaloOAChannel(replace(account, **changed), engine, alarm=alarms.append, answer_seconds=0.5)
    await channel.start()
    try:
        yield channel, alarms
    finally:
        await channel.stop()


async def test_a_start_looks_at_the_account(fake: FakeZaloOA, sqlite_engine: AsyncEngine) -> None:
    async with living(fake, sqlite_engine) as (channel, alarms):
        assert channel.health() == {
            "state": "up",
            "detail": "package Growth",
            "account": "OCOP Xứ Lạng",
            "grant_days_left": 89,
        }
        assert (await channel.look())["oaid"] == OA_ID
    assert channel.health()["state"] == "idle"
    assert alarms == []


async def test_a_start_without_consent_says_so_and_goes_on(
    fake: FakeZaloOA, sqlite_engine: AsyncEngine
) -> None:
    async with living(fake, sqlite_engine, first="") as (channel, alarms):
        assert channel.health()["state"] == "down"
        assert "zalo login" in channel.health()["detail"]
        assert len(alarms) == 1
        asked = channel.asking("https://ocop.example.vn/zalo")
        fake.consent("code-1", asked.verifier)
        await channel.login(asked, f"https://ocop.example.vn/zalo?code=code-1&state={asked.state}")
        await channel._upkeep._check(full=True)
        assert channel.health()["state"] == "up"


@pytest.mark.parametrize("kind", ["html-502", "drop-before"])
async def test_a_start_while_zalo_is_away(fake: FakeZaloOA, sqlite_engine: AsyncEngine, kind: str) -> None:
    fake.fail(kind, path=None, times=2)
    async with living(fake, sqlite_engine) as (channel, _alarms):
        assert channel.health()["state"] == "down"


async def test_what_was_heard_is_written_at_the_latest_by_the_stop(
    fake: FakeZaloOA, engine: AsyncEngine
) -> None:
    async with living(fake, engine) as (channel, _alarms):
        channel.decode(fake.event("minh", "user_send_text", message={"msg_id": "1", "text": "x"}))
    assert await Contacts(engine, lambda: datetime.now(UTC)).last("minh") is not None


async def test_no_secret_in_any_words(
    fake: FakeZaloOA, sqlite_engine: AsyncEngine, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG", logger="bot")
    fake.fail("-216", times=2)
    async with living(fake, sqlite_engine) as (channel, alarms):
        outcome = await answered(channel)
        said = " ".join([*(record.getMessage() for record in caplog.records), *alarms, repr(outcome)])
        said += repr(channel.health()) + repr(channel._account) + repr(channel._client)
    for secret in (APP_SECRET, fake.access, fake.refresh, "first-refresh-token", "FakeOaSecretKey"):
        assert secret not in said


async def test_the_fakes_signatures_are_good(channel: ZaloOAChannel) -> None:
    body = b'{"event_name":"follow","timestamp":"1796266800000"}'
    header = {"X-ZEvent-Signature": signature(body, "1796266800000")}
    assert channel.verify(header, body) == "good"
    assert channel.verify(header, body + b" ") == "bad"
    await channel.confirm(about())
