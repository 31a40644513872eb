"""The webhook door through the running program: proof, size, shape, once only, order, trouble."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from sqlalchemy import func, select

from db import Arrival, Chat
from handlers.talk import action
from tests.fakes.telegram import FakeTelegram
from tests.players import TelegramPlayer, running, settled, telegram_player

SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"


@pytest.fixture
async def player(tmp_path: Any) -> AsyncIterator[TelegramPlayer]:
    async with telegram_player(database_url=f"sqlite+aiosqlite:///{tmp_path}/bot.db") as opened:
        yield opened


def fake_of(player: TelegramPlayer) -> FakeTelegram:
    return player._fake


async def post(player: TelegramPlayer, body: bytes, secret: str | None = "right") -> int:
    application = player._application
    headers = {"Content-Type": "application/json"}
    if secret is not None:
        headers[SECRET_HEADER] = application.settings.telegram_secret if secret == "right" else secret
    address = f"{application.address}/webhooks/telegram"
    async with (
        aiohttp.ClientSession() as session,
        session.post(address, data=body, headers=headers) as response,
    ):
        return response.status


def update(number: int, text: str = "vịt quay", chat: int = 42) -> bytes:
    import json

    person = {"id": chat, "type": "private", "first_name": "Lan"}
    message = {
        "message_id": number,
        "date": 1,
        "chat": person,
        "from": {**person, "is_bot": False},
        "text": text,
    }
    return json.dumps({"update_id": number, "message": message}).encode()


async def stored(player: TelegramPlayer) -> int:
    async with player._application.engine.connect() as connection:
        return int((await connection.execute(select(func.count()).select_from(Arrival))).scalar_one())


@pytest.mark.parametrize("secret", [None, "", "wrong", "wrong" * 100])
async def test_without_proof_nothing_happens(player: TelegramPlayer, secret: str | None) -> None:
    assert await post(player, update(1), secret) == 401
    assert await stored(player) == 0


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b'"text"', b"{}", b'{"update_id": "x"}', b"\xff\xfe", b'{"update_id": null}']
)
async def test_what_is_no_update_is_400_and_harms_nobody(player: TelegramPlayer, body: bytes) -> None:
    fake_of(player).chat(42)
    assert await post(player, body) == 400
    assert await post(player, update(2)) == 200
    await settled(player._application)
    assert fake_of(player).screen(42)


async def test_too_large_is_413(player: TelegramPlayer) -> None:
    assert await post(player, b"x" * (10 << 20)) == 413
    assert await stored(player) == 0


async def test_other_verbs_and_doors(player: TelegramPlayer) -> None:
    address = player._application.address
    async with aiohttp.ClientSession() as session:
        async with session.get(f"{address}/webhooks/telegram") as response:
            assert response.status == 405
        async with session.post(f"{address}/webhooks/elsewhere", data=b"{}") as response:
            assert response.status == 404


async def test_the_same_update_is_answered_once(player: TelegramPlayer) -> None:
    fake_of(player).chat(42)
    statuses = await asyncio.gather(*(post(player, update(7)) for _ in range(20)))
    assert set(statuses) == {200}
    await settled(player._application)
    assert await post(player, update(7)) == 200
    await settled(player._application)
    assert len(fake_of(player).called("sendMessage")) == 1


async def test_one_bad_update_does_not_stop_the_others(player: TelegramPlayer) -> None:
    fake_of(player).chat(42)
    assert await post(player, b'{"update_id": 1, "message": {"chat": {"id": 42}, "text": 5}}') == 200
    assert await post(player, b'{"update_id": 2, "something_new": {}}') == 200
    assert await post(player, update(3)) == 200
    await settled(player._application)
    assert len(fake_of(player).called("sendMessage")) == 1


async def test_fifty_messages_in_a_second_from_one_chat(player: TelegramPlayer) -> None:
    fake_of(player).chat(42)
    texts = ["trà diếp cá" if number % 2 else "vịt quay" for number in range(50)]
    await asyncio.gather(*(post(player, update(100 + number, text)) for number, text in enumerate(texts)))
    await settled(player._application)
    assert len(fake_of(player).called("sendMessage")) == 50


async def test_an_update_from_a_group_we_do_not_serve_is_quiet(player: TelegramPlayer) -> None:
    fake_of(player).chat(-100500)
    await fake_of(player).say(-100500, "chào cả nhà")
    await fake_of(player).drained()
    await settled(player._application)
    assert fake_of(player).screen(-100500) == []


async def test_stale_and_foreign_buttons(player: TelegramPlayer) -> None:
    fake = fake_of(player)
    for pressed in (
        action.product("no-such-product"),
        "zz:1:2:3",
        "p",
        "",
        "q:999999:vit quay",
        "l:x:g=nothing",
    ):
        mark = await fake.press_raw(42, pressed)
        shown = await fake.answer(42, mark)
        assert shown
        assert shown[-1].labels
    assert len(fake.confirmed) == 6


async def test_a_page_is_edited_in_place(player: TelegramPlayer) -> None:
    fake = fake_of(player)
    await fake.ask(42, "/menu")
    await fake.tap(42, "Sản phẩm theo nhóm")
    await fake.tap(42, "Thực phẩm")
    before = len(fake.screen(42))
    changed = await fake.tap(42, "Tiếp")
    assert len(fake.screen(42)) == before
    assert changed[0].edited
    assert "6. " in changed[0].text


async def test_what_people_type_is_escaped(player: TelegramPlayer) -> None:
    fake = fake_of(player)
    await fake.ask(42, "gặp cán bộ")
    shown = await fake.ask(42, "bị <b>mốc</b> & <i> hỏng &amp;")
    assert "“bị <b>mốc</b> & <i> hỏng &amp;”" in shown[0].text


@pytest.mark.parametrize("fault", ["429", "502"])
async def test_a_platform_in_trouble_gets_the_answer_once(player: TelegramPlayer, fault: str) -> None:
    fake = fake_of(player)
    fake.chat(42)
    if fault == "429":
        fake.fail("429", method="sendMessage", times=1, seconds=1)
    else:
        fake.fail("502", method="sendMessage", times=1)
    await fake.say(42, "trà diếp cá")
    await fake.drained()
    await settled(player._application)
    assert len(fake.screen(42)) == 1


async def test_blocked_is_remembered_and_forgotten(player: TelegramPlayer) -> None:
    fake = fake_of(player)
    await fake.ask(42, "vịt quay")
    await fake.block(42)
    await fake.drained()
    await settled(player._application)
    assert await chat_state(player) == "gone"
    assert await fake.ask(42, "vịt quay")
    await settled(player._application)
    assert await chat_state(player) == "active"


async def chat_state(player: TelegramPlayer) -> str:
    """What is remembered of chat 42, once it is written."""
    await player._application.inbox.written()
    async with player._application.engine.connect() as connection:
        return str((await connection.execute(select(Chat.state).where(Chat.address == "42"))).scalar_one())


async def test_polling_without_a_public_address(tmp_path: Any) -> None:
    from tests.fakes.telegram import TOKEN

    async with FakeTelegram() as fake:
        settings = {"telegram_token": TOKEN, "telegram_api_url": fake.url}
        async with running(**settings, database_url=f"sqlite+aiosqlite:///{tmp_path}/b.db") as (
            application,
            _clock,
        ):
            await fake.polled(10)
            shown = await fake.ask(42, "vịt quay", within=10)
            assert "Vịt quay Hồng Xiêm" in shown[0].text
            assert application.health()["channels"]["telegram"]["state"] == "up"
            assert [one["command"] for one in fake.commands["en"]][:2] == ["menu", "tim"]
            assert fake.commands["vi"] != fake.commands["en"]
