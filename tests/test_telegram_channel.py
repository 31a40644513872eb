"""The channel against the Bot API server for tests: sending, outcomes, presses, start, webhook, secrets."""

from __future__ import annotations

import asyncio
import logging
import random
import socket
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from bot.channels.channel import Channel, Gone, Later, Refused, Sent, Uncertain
from bot.channels.telegram import RedactTokens, TelegramChannel
from bot.channels.telegram.channel import SECRET_HEADER
from bot.channels.telegram.redact import redact
from handlers.talk.message import Attachment, Button, Inbound, Message, Place, Press, Text, Venue
from tests.fakes.telegram import TOKEN, FakeTelegram

AT = datetime(2026, 12, 3, 3, 0, tzinfo=UTC)
COMMANDS = (
    ("start", {"vi": "Bắt đầu", "en": "Start"}),
    ("near", {"vi": "Điểm bán gần tôi", "en": "Shops near me"}),
)
HELLO = Message("Chào bạn", title="OCOP")


class Clock:
    """Seconds that pass only when told."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds
        await asyncio.sleep(0)


@pytest.fixture
async def fake() -> AsyncIterator[FakeTelegram]:
    async with FakeTelegram() as server:
        server.chat(5)
        yield server


@pytest.fixture
def clock() -> Clock:
    return Clock()


def make(fake: FakeTelegram, clock: Clock, **more: Any) -> TelegramChannel:
    given = {"token": fake.token, "secret": "s3cret", "api_url": fake.url, "rng": random.Random(1)}
    return TelegramChannel(**{**given, "clock": clock, "sleep": clock.sleep, "now": lambda: AT, **more})


@pytest.fixture
async def channel(fake: FakeTelegram, clock: Clock, tmp_path: Path) -> AsyncIterator[TelegramChannel]:
    made = make(fake, clock, files_root=tmp_path)
    await made.start()
    yield made
    await made.stop()


def press(chat: int, about: str | None, toast: str = "") -> Inbound:
    return Inbound("telegram", str(chat), "1", Press("x", toast or None), AT, about=about)


# -------------------------------------------------------------------------------------- the plain road


async def test_a_whole_conversation_by_polling(fake: FakeTelegram, channel: TelegramChannel) -> None:
    async def store(update: dict[str, Any]) -> None:
        for inbound in channel.decode(update):
            await channel.confirm(inbound, "ok")
            words = inbound.content.text if isinstance(inbound.content, Text) else "pressed"
            buttons = ((Button("Next", action="n:1"),),)
            edits = isinstance(inbound.content, Press)
            answer = Message(title="Echo", text=f"<{words}> & more", buttons=buttons, edits=edits)
            assert isinstance(await channel.send(inbound.chat, answer, about=inbound), Sent)

    polling = asyncio.create_task(channel.poll(store, seconds=5))
    (shown,) = await fake.ask(5, "vịt quay")
    assert shown.text == "Echo\n<vịt quay> & more"
    assert shown.bold == ["Echo"]
    (edited,) = await fake.tap(5, "Next")
    assert edited.text == "Echo\n<pressed> & more"
    assert edited.message_id == shown.message_id
    assert list(fake.confirmed.values()) == ["ok"]
    assert channel.health() == {"state": "up", "detail": "polling", "username": "xulang_test_bot"}
    polling.cancel()


async def test_it_is_a_channel(channel: TelegramChannel) -> None:
    assert isinstance(channel, Channel)


async def test_a_send_is_one_urlencoded_request(fake: FakeTelegram, channel: TelegramChannel) -> None:
    outcome = await channel.send("5", HELLO)
    (shown,) = fake.screen(5)
    assert outcome == Sent(str(shown.message_id))
    (call,) = fake.called("sendMessage")
    assert call.content_type == "application/x-www-form-urlencoded"


async def test_an_empty_message_is_refused_without_a_request(
    fake: FakeTelegram, channel: TelegramChannel
) -> None:
    assert await channel.send("5", Message()) == Refused("the message is empty")
    assert fake.called("sendMessage") == []


async def test_text_and_venue_arrive_in_order(fake: FakeTelegram, channel: TelegramChannel) -> None:
    venue = Venue("Siêu thị", "2 Hùng Vương", 21.85, 106.76, "https://maps.example.vn/1")
    assert isinstance(await channel.send("5", Message("Mở đến 17:00", venue=venue)), Sent)
    assert [shown.kind for shown in fake.screen(5)] == ["text", "venue"]
    assert fake.screen(5)[1].labels == ["🧭 Siêu thị"]


async def test_asking_for_a_place_in_private_and_in_a_group(
    fake: FakeTelegram, channel: TelegramChannel
) -> None:
    await channel.send("5", Message("Bạn ở đâu?", asks="place"))
    assert fake.screen(5)[0].keyboard[0][0]["request_location"] is True
    about = Inbound("telegram", "5", "1", Place(21.8, 106.7), AT)
    await channel.send("5", Message("Gần bạn"), about=about)
    assert fake.screen(5)[1].markup == {"remove_keyboard": True}
    fake.chat(-1007)
    outcome = await channel.send("-1007", Message("Bạn ở đâu?", asks="place"))
    assert outcome == Sent(str(fake.screen(-1007)[0].message_id), ("button that asks for a place",))


# ----------------------------------------------------------------------------------- edits and presses


async def test_an_edit_without_change_is_sent(fake: FakeTelegram, channel: TelegramChannel) -> None:
    sent = await channel.send("5", HELLO)
    assert isinstance(sent, Sent)
    edit = Message(HELLO.text, title=HELLO.title, edits=True)
    again = [await channel.send("5", edit, about=press(5, sent.message_id)) for _ in range(2)]
    assert again == [Sent(sent.message_id), Sent(sent.message_id)]
    assert len(fake.screen(5)) == 1


async def test_an_edit_of_what_is_gone_or_no_text_is_a_new_message(
    fake: FakeTelegram, channel: TelegramChannel
) -> None:
    edit = Message("trang 2", edits=True)
    outcome = await channel.send("5", edit, about=press(5, "99999"))
    assert outcome == Sent(str(fake.screen(5)[0].message_id), ("edit",))
    venue = await channel.send("5", Message(venue=Venue("a", "b", 1, 2)))
    assert isinstance(venue, Sent)
    await channel.send("5", edit, about=press(5, venue.message_id))
    assert [shown.kind for shown in fake.screen(5)] == ["text", "venue", "text"]


async def test_an_edit_with_an_unknown_end_is_made_again(
    fake: FakeTelegram, channel: TelegramChannel
) -> None:
    sent = await channel.send("5", HELLO)
    assert isinstance(sent, Sent)
    fake.fail("drop-after", method="editMessageText")
    outcome = await channel.send("5", Message("2", edits=True), about=press(5, sent.message_id))
    assert outcome == Sent(sent.message_id)
    assert [shown.text for shown in fake.screen(5)] == ["2"]


async def test_a_press_is_confirmed_once(fake: FakeTelegram, channel: TelegramChannel) -> None:
    await fake.press_raw(5, "p:1")
    (inbound,) = channel.decode(list(fake.updates.values())[-1])
    await channel.confirm(inbound, "🍇" * 150)
    await channel.confirm(inbound)
    assert len(fake.called("answerCallbackQuery")) == 1
    assert list(fake.confirmed.values()) == ["🍇" * 99 + "…"]


async def test_a_press_of_long_ago_is_nothing_to_log(
    channel: TelegramChannel, caplog: pytest.LogCaptureFixture
) -> None:
    await channel.confirm(press(5, "1", "never seen"))
    assert caplog.records == []


async def test_confirming_is_repeated_over_a_broken_connection(
    fake: FakeTelegram, channel: TelegramChannel
) -> None:
    await fake.press_raw(5, "p:1")
    (inbound,) = channel.decode(list(fake.updates.values())[-1])
    fake.fail("drop-before", method="answerCallbackQuery")
    await channel.confirm(inbound, "ok")
    assert list(fake.confirmed.values()) == ["ok"]


async def test_confirming_something_else_than_a_press_is_nothing(
    fake: FakeTelegram, channel: TelegramChannel
) -> None:
    await channel.confirm(Inbound("telegram", "5", "1", Text("x"), AT))
    assert fake.called("answerCallbackQuery") == []


# -------------------------------------------------------------------------------------------- outcomes


@pytest.mark.parametrize(
    ("kind", "more", "outcome", "arrived"),
    [
        ("500", {}, Later, 0),
        ("502", {}, Later, 0),
        ("503", {}, Later, 0),
        ("504", {"words": "Gateway Timeout"}, Uncertain, 0),
        ("drop-before", {}, Uncertain, 0),
        ("drop-after", {}, Uncertain, 1),
        ("garbage", {}, Uncertain, 1),
        ("401", {"words": "Unauthorized"}, Later, 0),
        ("403", {"words": "Forbidden: user is deactivated"}, Gone, 0),
        ("403", {"words": "Forbidden: bot can't initiate conversation with a user"}, Gone, 0),
        ("400", {"words": "Bad Request: PEER_ID_INVALID"}, Gone, 0),
        ("400", {"words": "Bad Request: MESSAGE_WRONG"}, Refused, 0),
        ("404", {"words": "Not Found"}, Refused, 0),
    ],
)
async def test_what_goes_wrong_is_told_apart(
    fake: FakeTelegram, channel: TelegramChannel, kind: str, more: dict[str, Any], outcome: type, arrived: int
) -> None:
    fake.fail(kind, **more)
    assert type(await channel.send("5", HELLO)) is outcome
    assert len(fake.called("sendMessage")) == 1
    assert len(fake.screen(5)) == arrived


async def test_too_slow_an_answer_is_uncertain(fake: FakeTelegram, clock: Clock) -> None:
    channel = make(fake, clock, answer_seconds=0.2)
    await channel.start()
    fake.fail("slow", seconds=0.4)
    assert isinstance(await channel.send("5", HELLO), Uncertain)
    await channel.stop()


async def test_no_connection_is_later_and_holds_all_after_a_while(fake: FakeTelegram, clock: Clock) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        channel = make(fake, clock, api_url=f"http://127.0.0.1:{free.getsockname()[1]}")
    await channel._client.open()
    outcomes = [await channel.send("5", HELLO) for _ in range(4)]
    assert all(isinstance(one, Later) for one in outcomes)
    pauses = [one.seconds for one in outcomes if isinstance(one, Later)]
    assert pauses == sorted(pauses)
    assert [one.whole_channel for one in outcomes if isinstance(one, Later)] == [False, False, True, True]
    assert channel.health()["state"] == "down"
    await channel.stop()


async def test_blocked_unknown_and_moved_chats(fake: FakeTelegram, channel: TelegramChannel) -> None:
    await fake.block(5)
    assert await channel.send("5", HELLO) == Gone("Forbidden: bot was blocked by the user")
    assert await channel.send("404", HELLO) == Gone("chat not found")
    fake.chat(-7).moved_to = -1007
    fake.chat(-1007)
    first = await channel.send("-7", HELLO)
    assert isinstance(first, Sent)
    assert first.lost == ("moved to -1007",)
    assert await channel.send("-7", HELLO) == Sent(str(fake.screen(-1007)[1].message_id))


async def test_429_holds_the_chat_and_nobody_else(
    fake: FakeTelegram, channel: TelegramChannel, clock: Clock
) -> None:
    fake.chat(6)
    fake.fail("429", seconds=3, chat=5)
    first = await channel.send("5", HELLO)
    assert isinstance(first, Later)
    assert (3 <= first.seconds <= 4, first.whole_channel) == (True, False)
    assert isinstance(await channel.send("5", HELLO), Later)
    assert len(fake.called("sendMessage")) == 1
    assert isinstance(await channel.send("6", HELLO), Sent)
    clock.now += first.seconds
    assert isinstance(await channel.send("5", HELLO), Sent)


async def test_429_for_several_chats_at_once_holds_everybody(
    fake: FakeTelegram, channel: TelegramChannel, clock: Clock
) -> None:
    for chat in (6, 7, 8):
        fake.chat(chat)
    fake.fail("429", seconds=30, times=3)
    channel._report("up", "webhook")
    outcomes = [await channel.send(str(chat), HELLO) for chat in (5, 6, 7, 8)]
    assert [one.whole_channel for one in outcomes if isinstance(one, Later)] == [False, False, True, False]
    assert len(fake.called("sendMessage")) == 3
    assert channel.health()["state"] == "up", "to be asked to wait is not to be down"
    assert "wait (429), 3" in channel.health()["detail"]
    clock.now += 32
    assert channel.health()["detail"] == "webhook"


async def test_a_refused_token_holds_the_channel_and_shows(
    fake: FakeTelegram, channel: TelegramChannel
) -> None:
    fake.fail("401", words="Unauthorized")
    assert await channel.send("5", HELLO) == Later(300.0, "Telegram refuses the token", whole_channel=True)
    assert channel.health()["state"] == "down"
    await channel.send("5", HELLO)
    assert channel.health()["state"] == "up"


# ------------------------------------------------------------------------------------------ the ladder


async def test_markup_that_telegram_cannot_read_goes_out_plain(
    fake: FakeTelegram, channel: TelegramChannel, caplog: pytest.LogCaptureFixture
) -> None:
    fake.fail("400", words="Bad Request: can't parse entities: Unsupported start tag")
    assert isinstance(await channel.send("5", Message("<a> & b", title="T")), Sent)
    assert fake.screen(5)[0].text == "T\n<a> & b"
    assert [record.levelname for record in caplog.records] == ["ERROR"]


async def test_a_link_that_telegram_refuses_is_left_out(fake: FakeTelegram, channel: TelegramChannel) -> None:
    fake.fail("400", words="Bad Request: BUTTON_URL_INVALID")
    buttons = ((Button("Mở", url="https://x.vn"), Button("Menu", "menu")), (Button("B", url="https://y.vn"),))
    outcome = await channel.send("5", Message("x", buttons=buttons))
    assert isinstance(outcome, Sent)
    assert outcome.lost == ("buttons to addresses that Telegram does not open",)
    assert fake.screen(5)[0].labels == ["Menu"]


async def test_a_refused_venue_is_words(fake: FakeTelegram, channel: TelegramChannel) -> None:
    fake.fail("400", method="sendVenue", words="Bad Request: VENUE_INVALID")
    outcome = await channel.send("5", Message(venue=Venue("Chợ", "Đông Kinh", 21.8, 106.7)))
    assert outcome == Sent(str(fake.screen(5)[0].message_id), ("venue",))
    assert fake.screen(5)[0].text == "Chợ\nĐông Kinh"


async def test_a_picture_that_cannot_be_fetched_is_its_text(
    fake: FakeTelegram, channel: TelegramChannel
) -> None:
    fake.fail("400", method="sendPhoto", words="Bad Request: failed to get HTTP URL content")
    outcome = await channel.send("5", Message("Na", image="https://x.vn/na.jpg"))
    assert outcome == Sent(str(fake.screen(5)[0].message_id), ("image",))


async def test_a_picture_is_uploaded_once(
    fake: FakeTelegram, channel: TelegramChannel, tmp_path: Path
) -> None:
    (tmp_path / "na.jpg").write_bytes(b"\xff\xd8picture")
    for _ in range(2):
        assert isinstance(await channel.send("5", Message("Na", image="na.jpg")), Sent)
    first, second = fake.called("sendPhoto")
    assert first.content_type == "multipart/form-data"
    assert first.params["photo"] == ("na.jpg", b"\xff\xd8picture")
    assert isinstance(second.params["photo"], str)
    fake.files.clear()
    assert isinstance(await channel.send("5", Message("Na", image="na.jpg")), Sent)
    assert [isinstance(call.params["photo"], tuple) for call in fake.called("sendPhoto")[2:]] == [False, True]


@pytest.mark.parametrize("path", ["../secret.txt", "/etc/hostname", "missing.jpg"])
async def test_only_files_of_the_one_folder_are_sent(
    fake: FakeTelegram, channel: TelegramChannel, tmp_path: Path, path: str
) -> None:
    (tmp_path.parent / "secret.txt").write_text("secret")
    outcome = await channel.send("5", Message("Na", image=path))
    assert isinstance(outcome, Sent)
    assert outcome.lost == ("image",)
    assert isinstance(await channel.send("5", Message(file=Attachment("a", path))), Refused)
    assert fake.called("sendPhoto") == fake.called("sendDocument") == []


async def test_a_file_is_uploaded_under_its_name(
    fake: FakeTelegram, channel: TelegramChannel, tmp_path: Path
) -> None:
    (tmp_path / "x.docx").write_bytes(b"doc")
    assert isinstance(await channel.send("5", Message(file=Attachment("Mẫu đơn.docx", "x.docx"))), Sent)
    assert fake.called("sendDocument")[0].params["document"] == ("Mẫu đơn.docx", b"doc")


async def test_a_message_half_of_which_arrived_is_never_repeated_by_itself(
    fake: FakeTelegram, channel: TelegramChannel, clock: Clock
) -> None:
    both = Message("a", venue=Venue("b", "c", 1, 2))
    fake.fail("502", method="sendVenue")
    assert isinstance(await channel.send("5", both), Sent)
    assert [1 <= seconds <= 1.25 for seconds in clock.slept] == [True]
    fake.fail("502", method="sendVenue", times=2)
    outcome = await channel.send("5", both)
    assert outcome == Uncertain("1 of 2 parts arrived; then: HTTP 502")
    assert [shown.kind for shown in fake.screen(5)] == ["text", "venue", "text"]


# -------------------------------------------------------------------------------------- start and stop


async def test_start_learns_the_name_and_publishes_commands_once(fake: FakeTelegram, clock: Clock) -> None:
    for _ in range(2):
        channel = make(fake, clock, commands=COMMANDS)
        await channel.start()
        assert channel.deep_link("p-NACL01") == "https://t.me/xulang_test_bot?start=p-NACL01"
        await channel.stop()
    assert [call.params.get("language_code", "") for call in fake.called("setMyCommands")] == ["", "en", "vi"]
    assert fake.commands[""] == fake.commands["vi"]
    assert fake.commands["en"][1] == {"command": "near", "description": "Shops near me"}
    assert fake.called("setWebhook") == fake.called("deleteWebhook") == []


async def test_a_refused_list_of_commands_does_not_make_us_deaf(
    fake: FakeTelegram, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    channel = make(fake, clock, commands=(("Bad Name", {"vi": "x"}),))
    await channel.start()
    assert channel.health()["state"] == "up"
    assert "commands" in caplog.text
    await channel.stop()


@pytest.mark.parametrize("payload", ["a b", "é", "a" * 65])
async def test_a_deep_link_has_a_narrow_alphabet(channel: TelegramChannel, payload: str) -> None:
    with pytest.raises(ValueError):
        channel.deep_link(payload)


async def test_an_api_that_is_away_does_not_stop_the_start(fake: FakeTelegram, clock: Clock) -> None:
    channel = make(fake, clock)
    fake.fail("502", method="getMe", times=3)
    await channel.start()
    assert channel.health() == {"state": "up", "detail": "ready to poll", "username": "xulang_test_bot"}
    assert len(clock.slept) == 3
    assert clock.slept == sorted(clock.slept)
    await channel.stop()
    assert channel.health()["state"] == "idle"


async def test_a_refused_webhook_is_told_once_and_tried_again(
    fake: FakeTelegram, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    fake.fail("400", method="setWebhook", words="Bad Request: bad webhook: IP address is reserved", times=2)
    channel = make(fake, clock, public_url="https://ocop.example.vn")
    await channel.start()
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "IP address is reserved" in caplog.text
    assert len(clock.slept) == 2
    assert channel.health()["detail"] == "webhook"
    await channel.stop()


async def test_a_refused_token_is_told_and_not_tried_again(
    fake: FakeTelegram, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    token = "700000001:" + "x" * 35
    channel = make(fake, clock, token=token)
    await channel.start()
    assert channel.health() == {"state": "down", "detail": "Telegram refuses the token (TELEGRAM_TOKEN)"}
    assert channel.deep_link("x") == ""
    assert token not in caplog.text
    await channel.stop()


async def test_stop_without_start(fake: FakeTelegram, clock: Clock) -> None:
    await make(fake, clock).stop()


async def test_stop_ends_a_poll(fake: FakeTelegram, channel: TelegramChannel) -> None:
    async def store(update: dict[str, Any]) -> None:
        raise AssertionError("nothing was sent")

    polling = asyncio.create_task(channel.poll(store, seconds=50))
    await fake.polled()
    polling.cancel()
    async with asyncio.timeout(2):
        await asyncio.gather(polling, return_exceptions=True)
        await channel.stop()


# ----------------------------------------------------------------------------------------- the webhook


def test_the_secret(fake: FakeTelegram, clock: Clock) -> None:
    channel = make(fake, clock)
    assert channel.verify({SECRET_HEADER: "s3cret"}, None) == "good"
    assert channel.verify({SECRET_HEADER.lower(): "s3cret"}, None) == "good"
    for wrong in ({}, {SECRET_HEADER: ""}, {SECRET_HEADER: "s3cre"}, {SECRET_HEADER: "s3crét\ud800"}):
        assert channel.verify(wrong, None) == "bad"
    assert make(fake, clock, secret="").verify({SECRET_HEADER: ""}, None) == "bad"


async def test_the_webhook_is_registered_and_hears(fake: FakeTelegram, clock: Clock) -> None:
    """Registered at the start, secret checked, in order in a chat, repeated until we say 200."""
    heard: list[str] = []
    refusals = [500, 503]

    async def door(request: web.Request) -> web.Response:
        assert channel.verify(request.headers, None) == "good"
        if refusals:
            return web.Response(status=refusals.pop())
        heard.extend(one.content.text for one in channel.decode(await request.json()))
        return web.Response()

    app = web.Application()
    app.router.add_post("/webhooks/telegram", door)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    channel = make(fake, clock, public_url=f"http://127.0.0.1:{runner.addresses[0][1]}/")
    await channel.start()
    for words in ("một", "hai", "ba"):
        await fake.say(5, words)
    await fake.drained()
    assert heard == ["một", "hai", "ba"]
    assert [status for _, status in fake.webhook_answers] == [503, 500, 200, 200, 200]
    (call,) = fake.called("setWebhook")
    assert call.params["secret_token"] == "s3cret"
    assert call.params["allowed_updates"][-1] == "my_chat_member"
    assert "drop_pending_updates" not in call.params
    assert (await channel.webhook_info())["url"].endswith("/webhooks/telegram")
    looked = await channel.look()
    assert (looked["username"], looked["pending_update_count"]) == ("xulang_test_bot", 0)
    assert (
        await channel.webhook_set("https://ocop.example.vn/") == "https://ocop.example.vn/webhooks/telegram"
    )
    await channel.webhook_delete()
    assert (await channel.webhook_info())["url"] == ""
    await channel.stop()
    await runner.cleanup()


# --------------------------------------------------------------------------------------------- secrets


async def test_no_token_in_logs_errors_or_names(
    fake: FakeTelegram, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    caplog.handler.addFilter(RedactTokens(fake.token))
    channel = make(fake, clock, commands=COMMANDS)
    await channel.start()
    said = [repr(channel), repr(channel._client), str(channel.health())]
    for kind in (
        "500",
        "502",
        "504",
        "drop-before",
        "drop-after",
        "garbage",
        "401",
        "403",
        "400",
        "404",
        "429",
    ):
        fake.fail(kind)
        said.append(repr(await channel.send("5", HELLO)))
        clock.now += 10
    await channel.stop()
    said.append(repr(await channel.send("5", HELLO)))
    assert len(said) == 15
    assert TOKEN.partition(":")[2] not in "\n".join(said) + caplog.text
    assert caplog.records


def test_the_filter_hides_tokens_in_arguments_and_tracebacks() -> None:
    guard = RedactTokens("1:short")
    record = logging.LogRecord("x", 10, "f", 1, "GET %s %d", (f"https://t/bot{TOKEN}/getMe", 5), None)
    assert guard.filter(record)
    assert record.getMessage() == "GET https://t/bot<token>/getMe 5"
    try:
        raise ValueError(f"bad token 1:short or {TOKEN}")
    except ValueError as error:
        record = logging.LogRecord("x", 10, "f", 1, "oops", (), (type(error), error, error.__traceback__))
    guard.filter(record)
    assert "bad token <token> or <token>" in logging.Formatter().format(record)
    assert redact("at 10:30 see abot12:x") == "at 10:30 see abot12:x"
