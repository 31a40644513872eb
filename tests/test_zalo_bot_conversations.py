"""The real program behind a Bot Platform server of our own: what a typing person meets, and the door.

Whole conversations are played by ``tests/test_conversations.py``."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.fakes.zalo_bot import SECRET_HEADER, FakeZaloBot
from tests.players import ZALO_BOT_SECRET as SECRET
from tests.players import settled, with_zalo_bot


def program(fake: FakeZaloBot, tmp_path: Path, **changed: Any) -> AbstractAsyncContextManager[Any]:
    """The program with this channel beside its own page."""
    return with_zalo_bot(fake, database_url=f"sqlite+aiosqlite:///{tmp_path}/bot.db", **changed)


# ------------------------------------------------------------------------------------------ conversations


@pytest.fixture
async def fake() -> AsyncIterator[FakeZaloBot]:
    async with FakeZaloBot() as server:
        server.chat("lan")
        yield server


@pytest.mark.parametrize("webhook", [True, False], ids=["webhook", "polling"])
@pytest.mark.parametrize("wrapped", [True, False], ids=["wrapped", "flat"])
async def test_a_look_up(fake: FakeZaloBot, tmp_path: Path, webhook: bool, wrapped: bool) -> None:
    fake.wrapped = wrapped
    async with program(fake, tmp_path, webhook=webhook):
        (shown,) = await fake.ask("lan", "vit quay o dau")
        assert "Hồng Xiêm" in shown.text
        (again,) = await fake.tap("lan", "Danh mục")
        assert "1. Tìm sản phẩm" in again.text
    assert bool(fake.webhook) == webhook


async def test_a_position_is_asked_for_in_words(fake: FakeZaloBot, tmp_path: Path) -> None:
    async with program(fake, tmp_path):
        await fake.ask("lan", "gần tôi")
        (shown,) = await fake.at("lan", 21.866, 106.758)
        assert shown.venue
        assert "Chỉ đường" in shown.labels


async def test_a_typed_code_is_a_deep_link(fake: FakeZaloBot, tmp_path: Path) -> None:
    async with program(fake, tmp_path):
        (shown,) = await fake.ask("lan", "/start p_tra-diep-ca-lua-vy")
        assert "Trà diếp cá Lụa Vy" in shown.text


async def test_every_label_on_the_screen_can_be_typed(fake: FakeZaloBot, tmp_path: Path) -> None:
    async with program(fake, tmp_path):
        (menu,) = await fake.ask("lan", "menu")
        assert len(menu.choices) == 10
        for label in menu.choices.values():
            await fake.ask("lan", "menu")
            (shown,) = await fake.ask("lan", label)
            assert shown.text != menu.text, label


async def test_every_number_on_the_screen_can_be_typed(fake: FakeZaloBot, tmp_path: Path) -> None:
    async with program(fake, tmp_path):
        (menu,) = await fake.ask("lan", "menu")
        for number, label in menu.choices.items():
            await fake.ask("lan", "menu")
            (by_number,) = await fake.ask("lan", number)
            await fake.ask("lan", "menu")
            (by_label,) = await fake.ask("lan", label)
            assert by_number.text == by_label.text, label


async def test_nothing_is_met_with_silence(fake: FakeZaloBot, tmp_path: Path) -> None:
    async with program(fake, tmp_path):
        for kind in ("sticker", "image", "voice", "unsupported", "hologram"):
            (shown,) = await fake.answer("lan", await fake.message("lan", kind, url="https://a.example/1"))
            assert "Danh mục" in shown.labels, kind


async def test_in_a_group_the_mention_is_not_part_of_the_question(fake: FakeZaloBot, tmp_path: Path) -> None:
    fake.chat("group-of-officials", group=True)
    async with program(fake, tmp_path):
        mark = await fake.say("group-of-officials", "trà diếp cá", sender="lan")
        (shown,) = await fake.answer("group-of-officials", mark)
        assert "Trà diếp cá Lụa Vy" in shown.text
        assert not fake.screen("lan"), "the group is answered, not the person"


# ------------------------------------------------------------------------------------------------ the door


async def test_the_same_message_a_thousand_times_is_answered_once(fake: FakeZaloBot, tmp_path: Path) -> None:
    async with program(fake, tmp_path) as (application, _clock):
        await fake.ask("lan", "menu")
        event = {
            "event_name": "message.text.received",
            "message": {
                "message_id": "c1",
                "date": 1796266800000,
                "text": "mật ong",
                "from": {"id": "lan"},
                "chat": {"id": "lan", "chat_type": "PRIVATE"},
            },
        }
        for _ in range(20):
            assert set(await asyncio.gather(*(fake.post(event) for _ in range(50)))) == {200}
        await settled(application)
        assert len(fake.screen("lan")) == 2


AT_THE_DOOR: list[tuple[str | None, bytes, int]] = [
    (None, b"", 200),
    (None, b" {} ", 200),
    (None, b'{"event_name":"bot.renamed"}', 401),
    ("", b"[]", 401),
    (SECRET[:-1], b"{}", 401),
    (f"{SECRET}x", b'{"event_name":"bot.renamed"}', 401),
    ("x" * 5_000, b"", 401),
    (SECRET, b"[1]", 400),
    (SECRET, b"{", 400),
    (SECRET, b"\xff", 400),
    (SECRET, b'{"ok":true}', 400),
    (SECRET, b'{"event_name":"message.text.received"}', 400),
    (SECRET, b'{"event_name":"bot.renamed"}', 200),
    (SECRET, b" " * (1 << 20) + b"{}", 413),
]


async def test_the_door(fake: FakeZaloBot, tmp_path: Path) -> None:
    async with program(fake, tmp_path) as (application, _clock):
        for secret, body, status in AT_THE_DOOR:
            headers = {} if secret is None else {SECRET_HEADER: secret}
            assert await posted(fake, body, headers) == status, (secret, body[:50])
        await settled(application)
        assert await application.inbox.open_count() == 0
        assert not fake.called("sendMessage")


async def posted(fake: FakeZaloBot, body: bytes, headers: dict[str, str]) -> int:
    """The status of the answer to raw bytes."""
    async with (
        aiohttp.ClientSession(headers=headers) as session,
        session.post(fake.webhook["url"], data=body) as answer,
    ):
        return answer.status


async def test_a_dead_platform_hurts_nobody_else(fake: FakeZaloBot, tmp_path: Path) -> None:
    fake.fail("html-502", method=None, times=1_000)
    async with program(fake, tmp_path) as (application, _clock), aiohttp.ClientSession() as session:
        assert application.channels["zalo-bot"].health()["state"] == "down"
        asked = {"chat": "w", "text": "vịt quay"}
        async with session.post(f"{application.address}/api/chat", json=asked) as answer:
            assert "Vịt quay" in await answer.text()


async def test_beyond_fifty_people_nobody_is_heard(fake: FakeZaloBot, tmp_path: Path) -> None:
    fake.people = 1
    async with program(fake, tmp_path):
        await fake.ask("lan", "menu")
        await fake.say("minh", "menu")
        assert len(fake.lost) == 1
        assert not fake.screen("minh")
