"""Telephone numbers through the whole program: shared on Telegram, typed on Zalo, and reminded by Zalo's template.

Between the bot and the platforms' servers of our own nothing is mocked.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlmodel import col

import db
from bot.app import Application
from bot.replay import MovingClock
from handlers.services.access import who
from handlers.services.invitations import code_for
from tests.fakes.telegram import FakeTelegram
from tests.fakes.zalo_oa import FakeZaloOA
from tests.office import CONG_SON, LEAF, ZONE
from tests.players import settled, time_passes, with_telegram, with_zalo_oa

NUMBER, ABROAD = "0900000123", "84900000123"
"""nobody's"""
LAN, HOA, OFFICER = 700_000_001, 700_000_002, 700_000_003


@pytest.fixture
async def telegram() -> AsyncIterator[FakeTelegram]:
    async with FakeTelegram() as server:
        yield server


@pytest.fixture
async def zalo() -> AsyncIterator[FakeZaloOA]:
    async with FakeZaloOA() as server:
        yield server


@asynccontextmanager
async def on_zalo(zalo: FakeZaloOA, tmp_path: Path, **changed: Any) -> AsyncIterator[tuple[Any, MovingClock]]:
    address = f"sqlite+aiosqlite:///{tmp_path}/bot.db"
    async with with_zalo_oa(zalo, database_url=address, **changed) as (program, clock):
        clock.at = datetime(2026, 7, 21, 10, 0, tzinfo=ZONE)
        program.channels["zalo-oa"].templates.now = clock  # type: ignore[attr-defined]
        yield program, clock


async def on_record(program: Application, number: str) -> None:
    async with program.engine.begin() as connection:
        await connection.execute(
            update(db.Producer).where(col(db.Producer.code) == CONG_SON).values(phone=number)
        )


async def rows(program: Application, table: Any) -> list[Any]:
    async with program.engine.connect() as connection:
        return list(await connection.execute(select(table)))


# ----------------------------------------------------------------------------------------------------------- telegram


def card(user: int | None, number: str = f"+{ABROAD}") -> dict[str, Any]:
    return {"phone_number": number, "first_name": "Lan", **({"user_id": user} if user else {})}


async def test_ones_own_contact_links_and_nobody_elses(telegram: FakeTelegram, tmp_path: Path) -> None:
    address = f"sqlite+aiosqlite:///{tmp_path}/bot.db"
    async with with_telegram(telegram, database_url=address) as (program, clock):
        clock.at = datetime(2026, 7, 21, 10, 0, tzinfo=ZONE)
        await on_record(program, NUMBER)
        shown = await telegram.ask(LAN, "liên kết tài khoản")
        keys = [key for one in shown for row in one.keyboard for key in row]
        assert [key.get("request_contact") for key in keys] == [True]
        for user in (HOA, None):
            mark = await telegram.message(LAN, contact=card(user))
            refused = "\n".join(one.text for one in await telegram.answer(LAN, mark))
            assert "của người khác" in refused, user
            assert "Công Sơn" not in refused
        assert not (await who(program.engine, "telegram", str(LAN))).producers
        assert await rows(program, db.Ticket) == []
        mark = await telegram.message(LAN, contact=card(LAN))
        assert "đã liên kết với HTX Nông nghiệp Công Sơn" in (await telegram.answer(LAN, mark))[0].text
        assert (await who(program.engine, "telegram", str(LAN))).producers == (CONG_SON,)
        assert await rows(program, db.Telephone) == []
        await telegram.tap(LAN, "Có, nhắc tôi")
        await telegram.tap(LAN, "Dùng cả số điện thoại?")
        (agreed,) = await telegram.tap(LAN, "Có, dùng cả số")
        assert "•••••••123" in agreed.text
        await settled(program)
        assert [one.number for one in await rows(program, db.Telephone)] == [NUMBER]
        assert not [one for one in await rows(program, db.Arrival) if one.state == "stored"]


async def test_ones_own_number_that_nobody_has_on_record(telegram: FakeTelegram, tmp_path: Path) -> None:
    address = f"sqlite+aiosqlite:///{tmp_path}/bot.db"
    async with with_telegram(telegram, database_url=address) as (program, _clock):
        mark = await telegram.message(LAN, contact=card(LAN, "+84900000999"))
        assert "không lưu" in (await telegram.answer(LAN, mark))[0].text
        assert not (await who(program.engine, "telegram", str(LAN))).producers


# --------------------------------------------------------------------------------------------------------------- zalo


async def test_a_number_typed_on_zalo_waits_for_the_officer(zalo: FakeZaloOA, tmp_path: Path) -> None:
    async with on_zalo(zalo, tmp_path) as (program, clock):
        await on_record(program, NUMBER)
        await zalo.ask("officer", await code_for(program.engine, "officer:06220", clock()))
        shown = await zalo.ask("lan", "liên kết tài khoản")
        assert any(one.kind == "request_user_info" for one in shown)
        mark = await zalo.give_phone("lan", ABROAD)
        (answer,) = await zalo.answer("lan", mark)
        assert "cán bộ xã sẽ xác nhận" in answer.text
        assert not (await who(program.engine, "zalo-oa", "lan")).producers
        mark = zalo.chat("officer").changes
        await time_passes(program)
        told = "\n".join(one.text for one in zalo.screen("officer") if one.changed > mark)
        assert f"mời chủ thể {CONG_SON}" in told
        assert NUMBER not in told
        mark = await zalo.give_phone("hoa", "84900000999")
        assert "không lưu" in (await zalo.answer("hoa", mark))[0].text


async def record_contact(zalo: FakeZaloOA, program: Application, clock: MovingClock) -> None:
    await zalo.ask("officer", await code_for(program.engine, "officer:06220", clock()))
    await zalo.ask("officer", "ghi hộ HTX Nông nghiệp Công Sơn người liên hệ")
    await zalo.ask("officer", f"Nguyễn Thị Lan, {NUMBER}")
    (done,) = await zalo.tap("officer", "Người đó đồng ý")
    assert "đồng ý bằng lời" in done.text
    clock.at = datetime(2026, 7, 22, 8, 5, tzinfo=ZONE)
    zalo.now = lambda: datetime.now(ZONE).replace(hour=8)  # neither server sends templates at night


async def test_a_template_goes_to_the_number_of_a_contact_person(zalo: FakeZaloOA, tmp_path: Path) -> None:
    async with on_zalo(zalo, tmp_path, zalo_zbs_template_renewal="512345") as (program, clock):
        await record_contact(zalo, program, clock)
        await time_passes(program)
        (sent,) = zalo.templates
        assert (sent["phone"], sent["template_id"]) == (ABROAD, "512345")
        assert sent["template_data"]["date"] == "18/01/2027"
        (notice,) = await rows(program, db.Notice)
        assert (notice.product_code, notice.step, notice.channel) == (LEAF, "opens", "zalo-oa")
        assert (notice.way, notice.outcome) == ("template", "sent")
        await zalo.template_delivered(notice.answer, ABROAD, sent["tracking_id"])
        await zalo.drained()
        await settled(program)
        await program.receipts.write()
        assert [one.outcome for one in await rows(program, db.Notice)] == ["sent", "delivered"]
        assert "Không cần gọi ai" in (await zalo.ask("officer", "cần gọi ai"))[0].text
        await time_passes(program)
        assert len(zalo.templates) == 1, "once"


async def test_without_a_template_the_officer_calls(zalo: FakeZaloOA, tmp_path: Path) -> None:
    async with on_zalo(zalo, tmp_path) as (program, clock):
        await record_contact(zalo, program, clock)
        await time_passes(program)
        assert zalo.templates == []
        assert f"Nguyễn Thị Lan {NUMBER}" in (await zalo.ask("officer", "cần gọi ai"))[0].text


async def test_a_number_taken_back_in_time_is_not_written_to(zalo: FakeZaloOA, tmp_path: Path) -> None:
    """The letter waits in the outbox when the contact person is removed: nothing is sent."""
    async with on_zalo(zalo, tmp_path, zalo_zbs_template_renewal="512345") as (program, clock):
        await record_contact(zalo, program, clock)
        await program.dispatch.senders["zalo-oa"].stop(1.0)
        await program.rounds.go()
        (waiting,) = [one for one in await rows(program, db.Delivery) if one.way == "template"]
        assert (waiting.state, waiting.address) == ("queued", f"tel:{NUMBER}")
        async with program.engine.begin() as connection:
            await connection.execute(db.Telephone.__table__.delete())  # type: ignore[attr-defined]
        page = await program.outbox.claim("zalo-oa", 5)
        assert [post.way for post in page.posts] == []
        (skipped,) = [one for one in await rows(program, db.Delivery) if one.way == "template"]
        assert (skipped.state, skipped.reason) == ("skipped", "number taken back")
        assert zalo.templates == []
