"""The Bot API server for tests refuses what Telegram refuses, as python-telegram-bot sees it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
import telegram
from telegram.error import BadRequest, Conflict, EndPointNotFound, Forbidden, InvalidToken, RetryAfter

from tests.fakes import telegram_rules as rules
from tests.fakes.telegram import FakeTelegram

pytestmark = pytest.mark.filterwarnings("ignore::telegram.warnings.PTBDeprecationWarning")


@pytest.fixture
async def fake() -> AsyncIterator[FakeTelegram]:
    async with FakeTelegram() as server:
        server.chat(5)
        yield server


@pytest.fixture
async def bot(fake: FakeTelegram) -> AsyncIterator[telegram.Bot]:
    async with telegram.Bot(fake.token, base_url=f"{fake.url}/bot") as made:
        yield made


async def raw(fake: FakeTelegram, method: str, **more: Any) -> tuple[int, dict[str, Any]]:
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{fake.url}/bot{fake.token}/{method}", **more) as answer,
    ):
        return answer.status, await answer.json()


async def test_the_library_as_it_comes_can_talk_to_it(fake: FakeTelegram, bot: telegram.Bot) -> None:
    markup = telegram.InlineKeyboardMarkup([[telegram.InlineKeyboardButton("Xem", callback_data="p:1")]])
    sent = await bot.send_message(5, "<b>Na</b> &amp; <i>hồng</i> ", parse_mode="HTML", reply_markup=markup)
    assert sent.text == "Na & hồng"
    assert [(one.type, one.offset, one.length) for one in sent.entities] == [("bold", 0, 2), ("italic", 5, 4)]
    assert sent.reply_markup == markup
    asked = await bot.send_message(5, "?", reply_markup=telegram.ReplyKeyboardMarkup([["a"]]))
    assert asked.reply_markup is None
    photo = await bot.send_photo(5, b"\xff\xd8", caption="x")
    assert photo.photo
    file = await bot.get_file(photo.photo[-1].file_id)
    assert file.file_path is not None
    await fake.say(5, "/start@xulang_test_bot x")
    await fake.press(5, "Xem")
    (update, press) = await bot.get_updates()
    assert update.message is not None
    assert update.message.entities[0].type == "bot_command"
    assert press.callback_query is not None
    assert press.callback_query.message is not None
    assert press.callback_query.message.message_id == sent.message_id
    assert await press.callback_query.answer()


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"chat_id": 5}, "message text is empty"),
        ({"chat_id": 5, "text": " \n"}, "message text is empty"),
        ({"chat_id": 5, "text": "a" * 4097}, "message is too long"),
        ({"chat_id": 5, "text": "🍇" * 2049}, "message is too long"),
        ({"text": "a"}, "chat_id is empty"),
        ({"chat_id": 5, "text": "a", "colour": "red"}, "unknown parameter"),
        ({"chat_id": 5, "text": "a", "disable_web_page_preview": "true"}, "no longer documented"),
        ({"chat_id": 5, "text": "a", "disable_notification": "maybe"}, "expected Boolean"),
        ({"chat_id": 5, "text": "a", "reply_markup": '{"inline_keyboard": 5}'}, "expected an array"),
        ({"chat_id": 5, "text": "<b>a", "parse_mode": "HTML"}, "can't parse entities"),
        ({"chat_id": 5, "text": "a</b>", "parse_mode": "HTML"}, "can't parse entities"),
        ({"chat_id": 5, "text": "<p>a</p>", "parse_mode": "HTML"}, "can't parse entities"),
        ({"chat_id": 5, "text": "1 < 2", "parse_mode": "HTML"}, "can't parse entities"),
        ({"chat_id": 99, "text": "a"}, "chat not found"),
    ],
)
async def test_what_telegram_refuses(fake: FakeTelegram, params: dict[str, Any], words: str) -> None:
    status, answer = await raw(fake, "sendMessage", data={key: str(value) for key, value in params.items()})
    assert (status, answer["ok"]) == (400, False)
    assert words in answer["description"]


@pytest.mark.parametrize(
    "button",
    [
        {"text": "a", "callback_data": "ệ" * 22},
        {"text": "a", "callback_data": ""},
        {"text": "a"},
        {"text": "a", "callback_data": "x", "url": "https://x.vn"},
        {"text": " ", "callback_data": "x"},
        {"text": "a", "url": "http://localhost/"},
        {"text": "a", "copy_text": {"text": "x" * 257}},
    ],
)
def test_buttons_that_telegram_refuses(button: dict[str, Any]) -> None:
    with pytest.raises(rules.RefusalError):
        rules.check_keyboard({"inline_keyboard": [[button]]})


async def test_errors_are_the_ones_the_library_knows(fake: FakeTelegram, bot: telegram.Bot) -> None:
    await fake.block(5)
    with pytest.raises(Forbidden, match="bot was blocked"):
        await bot.send_message(5, "a")
    await fake.unblock(5)
    with pytest.raises(EndPointNotFound):
        await bot.do_api_request("sendNothing")
    with pytest.raises(InvalidToken):
        await telegram.Bot("1:wrong", base_url=f"{fake.url}/bot").initialize()
    fake.fail("429", seconds=9)
    with pytest.raises(RetryAfter, match="9"):
        await bot.send_message(5, "a")
    sent = await bot.send_message(5, "a")
    with pytest.raises(BadRequest, match="not modified"):
        await sent.edit_text("a")
    with pytest.raises(BadRequest, match="Query is too old"):
        await bot.answer_callback_query("1")


async def test_a_second_poller_and_a_webhook_are_conflicts(fake: FakeTelegram, bot: telegram.Bot) -> None:
    first = asyncio.create_task(bot.get_updates(timeout=5))
    await fake.polled()
    await raw(fake, "getUpdates")
    with pytest.raises(Conflict, match="other getUpdates"):
        await first
    await bot.set_webhook("https://x.example.vn/hook")
    with pytest.raises(Conflict, match="webhook is active"):
        await bot.get_updates()


async def test_an_empty_poll_is_held_open(fake: FakeTelegram) -> None:
    started = time.monotonic()
    status, answer = await raw(fake, "getUpdates", json={"timeout": 1})
    assert (status, answer["result"]) == (200, [])
    assert time.monotonic() - started >= 1


async def test_updates_not_asked_for_are_not_sent(fake: FakeTelegram, bot: telegram.Bot) -> None:
    await bot.get_updates(allowed_updates=["message"])
    await fake.block(5)
    await fake.say(5, "a")
    assert [update.my_chat_member for update in await bot.get_updates()] == [None]


async def test_pace_is_policed(fake: FakeTelegram, bot: telegram.Bot) -> None:
    fake.police = True
    await bot.send_message(5, "a")
    with pytest.raises(RetryAfter):
        await bot.send_message(5, "b")
    for chat in range(100, 128):
        fake.chat(chat)
        await bot.send_message(chat, "a")
    fake.chat(200)
    with pytest.raises(RetryAfter):
        await bot.send_message(200, "a")


async def test_screen_and_waiting(fake: FakeTelegram, bot: telegram.Bot) -> None:
    mark = await fake.say(5, "a")
    sent = await bot.send_message(5, "1")
    assert [shown.text for shown in await fake.answer(5, mark)] == ["1"]
    mark = fake.chat(5).changes
    await sent.edit_text("2")
    assert [(shown.text, shown.edited) for shown in await fake.answer(5, mark)] == [("2", True)]
    await sent.delete()
    assert fake.screen(5) == []
    with pytest.raises(AssertionError, match="showed nothing"):
        await fake.answer(5, fake.chat(5).changes, within=0.05)
    with pytest.raises(AssertionError, match="no button"):
        await fake.press(5, "Xem")
