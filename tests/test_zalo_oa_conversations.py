"""The real program behind Zalo's servers of our own: what a person meets, and the door of the webhook.

Whole conversations are played by ``tests/test_conversations.py``."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot.channels.zalo_oa import ZaloOAChannel
from tests.fakes.zalo_oa import FakeZaloOA, signature
from tests.players import settled, with_zalo_oa


def program(fake: FakeZaloOA, tmp_path: Path, **changed: Any) -> AbstractAsyncContextManager[Any]:
    """The program with this channel beside its own page; its clock is the conversation's, Zalo's is the real
    one."""
    return with_zalo_oa(fake, database_url=f"sqlite+aiosqlite:///{tmp_path}/bot.db", **changed)


# ------------------------------------------------------------------------------------------ conversations


@pytest.fixture
async def fake() -> AsyncIterator[FakeZaloOA]:
    async with FakeZaloOA() as server:
        yield server


async def test_a_look_up_a_press_and_a_position(fake: FakeZaloOA, tmp_path: Path) -> None:
    async with program(fake, tmp_path):
        (shown,) = await fake.ask("lan", "vit quay o dau")
        assert "Hồng Xiêm" in shown.text
        (menu,) = await fake.tap("lan", "Danh mục")
        assert "1. Tìm sản phẩm" in menu.text
        assert len(menu.buttons) == 5
        (near,) = await fake.at("lan", 21.866, 106.758)
        assert near.venue
        assert "Chỉ đường" in near.labels


async def test_every_number_on_the_screen_can_be_typed(fake: FakeZaloOA, tmp_path: Path) -> None:
    async with program(fake, tmp_path):
        (menu,) = await fake.ask("lan", "menu", quiet=0.02)
        for number, label in menu.choices.items():
            await fake.ask("lan", "menu", quiet=0.02)
            (by_number,) = await fake.ask("lan", number, quiet=0.02)
            await fake.ask("lan", "menu", quiet=0.02)
            (by_label,) = await fake.ask("lan", label, quiet=0.02)
            assert by_number.text == by_label.text, label


async def test_nothing_that_a_person_does_is_met_with_silence(fake: FakeZaloOA, tmp_path: Path) -> None:
    async with program(fake, tmp_path):
        for kind in ("sticker", "image", "audio", "video", "file", "link", "hologram", "business_card"):
            (shown,) = await fake.answer("lan", await fake.message("lan", kind))
            assert "Danh mục" in shown.labels, kind
        for act in (fake.follow, fake.chat_now, lambda chat: fake.give_phone(chat, "84912000111")):
            assert await fake.answer("lan", await act("lan"))


async def test_an_anonymous_visitor_is_answered_politely(fake: FakeZaloOA, tmp_path: Path) -> None:
    async with program(fake, tmp_path):
        (shown,) = await fake.answer("v1", await fake.anonymous("v1", "c1", "vịt quay ở đâu"))
        assert "Hồng Xiêm" in shown.text
        (again,) = await fake.answer("v1", await fake.anonymous("v1", "c1", "5"))
        assert again.text != shown.text


async def test_receipts_echoes_and_leaving_are_not_answered(fake: FakeZaloOA, tmp_path: Path) -> None:
    async with program(fake, tmp_path) as (application, _clock):
        await fake.ask("lan", "menu")
        await fake.unfollow("lan")
        await fake.push(fake.event("lan", "user_reacted_message", message={"msg_id": "1"}), "lan")
        await fake.push(fake._event("add_user_to_tag", user_id="lan", tag_name="x"), "lan")
        await fake.push(fake._event("event_of_tomorrow"), "")
        await fake.template_delivered("zbs-1", "84912000111", "t1")
        await fake.drained()
        await settled(application)
        assert len(fake.screen("lan")) == 1
        assert {status for _, status in fake.webhook_answers} == {200}


async def test_the_officer_who_took_over_is_not_interrupted(fake: FakeZaloOA, tmp_path: Path) -> None:
    async with program(fake, tmp_path) as (application, _clock):
        await fake.ask("lan", "menu")
        await fake.officer("lan", "Chào bạn, mình là Hoa ở Sở.")
        await fake.drained()
        await settled(application)
        await fake.say("lan", "vịt quay ở đâu")
        await fake.drained()
        await settled(application)
        assert len(fake.screen("lan")) == 1
        assert await fake.ask("minh", "vịt quay ở đâu"), "others are answered"
        (shown,) = await fake.tap("lan", "Tìm sản phẩm")
        assert shown.changed == 2


async def test_an_action_that_was_typed_is_no_more_than_a_press(fake: FakeZaloOA, tmp_path: Path) -> None:
    async with program(fake, tmp_path):
        for typed in ("#ocop:approve:1", "#ocop:", "#ocop:" + "x" * 900, "#ocop:p:\x00đ"):
            (shown,) = await fake.ask("lan", typed)
            assert shown.text, typed


async def test_when_buttons_are_refused_the_same_turn_answers_in_words(
    fake: FakeZaloOA, tmp_path: Path
) -> None:
    fake.buttons = False
    async with program(fake, tmp_path):
        (shown,) = await fake.ask("lan", "menu")
        assert not shown.buttons
        (found,) = await fake.ask("lan", "1")
        assert found.text != shown.text


@pytest.mark.parametrize("trouble", ["-216", "-32", "html-502"])
async def test_trouble_on_the_way_out_is_waited_for(fake: FakeZaloOA, tmp_path: Path, trouble: str) -> None:
    async with program(fake, tmp_path):
        fake.fail(trouble)
        (shown,) = await fake.ask("lan", "menu", within=8)
        assert shown.text


# ------------------------------------------------------------------------------------------------ the door


async def test_the_same_event_a_thousand_times_is_answered_once(fake: FakeZaloOA, tmp_path: Path) -> None:
    fake.receipts = False
    async with program(fake, tmp_path) as (application, _clock):
        await fake.ask("lan", "menu")
        event = fake.event("lan", "user_send_text", message={"msg_id": "c1", "text": "mật ong"})
        for _ in range(20):
            assert set(await asyncio.gather(*(fake.post(event) for _ in range(50)))) == {200}
        await settled(application)
        assert len(fake.screen("lan")) == 2


def _signed(text: str, stamp: str = "1796266800000") -> tuple[bytes, dict[str, str]]:
    return text.encode(), {"X-ZEvent-Signature": signature(text.encode(), stamp)}


TEXT = '{"event_name":"user_send_text","sender":{"id":"lan"},"message":{"msg_id":"1","text":"🦆 vịt"},"timestamp":'
AT_THE_DOOR: list[tuple[bytes, dict[str, str], int]] = [
    (b"", {}, 200),
    (b" {} ", {}, 200),
    (b"{}", {"X-ZEvent-Signature": "mac=" + "0" * 64}, 401),
    (TEXT.encode() + b'"1796266800000"}', {}, 401),
    (TEXT.encode() + b'"1796266800000"}', {"X-ZEvent-Signature": "mac=x"}, 401),
    (*_signed(TEXT + '"1796266800000"}', "1796266800001"), 401),
    (*_signed("[1]", ""), 401),
    (*_signed('{"timestamp":"1796266800000"}'), 400),
    (*_signed('{"event_name":"event_of_tomorrow","timestamp":"1796266800000"}'), 200),
    (b" " * (1 << 20) + b"{}", {}, 413),
    (*_signed(TEXT + '"1796266800000"}'), 200),
    (*_signed(json.dumps(json.loads(TEXT + '"1796266800000"}'), indent=1)), 200),
    (*_signed(TEXT + "1796266800000}"), 200),
]


async def test_the_door(fake: FakeZaloOA, tmp_path: Path) -> None:
    fake.silent_for("lan", minutes=1)
    async with program(fake, tmp_path) as (application, _clock):
        for body, headers, status in AT_THE_DOOR:
            assert await fake.post_raw(body, headers) == status, (body[:80], headers)
        await fake.answer("lan")
        await fake.drained()
        await settled(application)
        async with asyncio.timeout(5):
            while await application.inbox.open_count():
                await asyncio.sleep(0.01)
        assert len(fake.screen("lan")) == 1, "three spellings of one event are one event"


@pytest.mark.parametrize("trouble", ["html-502", "drop-before"])
async def test_a_dead_platform_hurts_nobody_else(fake: FakeZaloOA, tmp_path: Path, trouble: str) -> None:
    fake.fail(trouble, path=None, times=1_000)
    async with program(fake, tmp_path) as (application, _clock), aiohttp.ClientSession() as session:
        assert application.channels["zalo-oa"].health()["state"] == "down"
        asked = {"chat": "w", "text": "vịt quay"}
        async with session.post(f"{application.address}/api/chat", json=asked) as answer:
            assert "Vịt quay" in await answer.text()
        async with session.get(f"{application.address}/health/ready") as answer:
            assert answer.status == 200
            assert (await answer.json())["channels"]["zalo-oa"]["state"] == "down"


async def test_lost_consent_is_shown_and_an_answer_waits(fake: FakeZaloOA, tmp_path: Path) -> None:
    async with program(fake, tmp_path, zalo_oa_refresh_token="spent") as (application, _clock):
        health = application.channels["zalo-oa"].health()
        assert health["state"] == "down"
        assert "consent" in health["detail"]
        assert await fake.say("lan", "menu") == 0
        await fake.drained()
        channel = application.channels["zalo-oa"]
        assert isinstance(channel, ZaloOAChannel)
        await settled(application)
        assert await application.inbox.open_count() == 1
        await channel.paste(fake.refresh)
        await application.intake.take_over()
        assert await fake.answer("lan")
