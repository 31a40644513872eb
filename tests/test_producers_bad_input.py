"""What producers run into: equal names, a certificate with only a year, codes with a slip, leaving and returning."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel import col

import db
from handlers.services.invitations import code_for
from handlers.talk.router import is_a_code
from tests.fakes.zalo_oa import FakeZaloOA
from tests.office import CONG_SON, LEAF, TWO, ZONE, opened
from tests.players import settled, time_passes, with_zalo_oa

SAUSAGES = ("xuc-xich-sam-thu", "xuc-xich-sam-thu-2")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("K3M9P-QR7XT", True),
        ("k3m9pqr7xt", True),
        ("k 3 m 9 p q r 7 x t", True),
        ("mã của tôi là k3m9p qr7xt ạ", True),
        ("em gửi ma k3m9p.qr7xt", True),
        ("na 25k 300g", False),
        ("giá 250k hay 270k", False),
        ("0912345678", False),
        ("kiểm tra mã 20-06613-001-2025", False),
    ],
)
def test_a_code_with_a_slip_is_still_taken_for_one(text: str, code: bool) -> None:
    assert is_a_code(text) is code


async def same_name(engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        named = update(db.Product).where(col(db.Product.code).in_(SAUSAGES))
        await connection.execute(named.values(name_vi="Xúc xích Sam Thu", name_en=None))


async def test_equal_names_are_told_apart_and_never_chosen_in_silence(tmp_path: Path) -> None:
    async with opened(tmp_path, "2026-12-03", more=same_name) as office:
        producer = await office.somebody(f"producer:{TWO}")
        every = await producer.say("bao giờ hết hạn")
        asked = await producer.say("đã nộp xúc xích sam thu hôm qua")
        for said in (every, asked, await producer.say("đổi giá xúc xích sam thu thành 90k")):
            assert all(f"({code})" in said for code in SAUSAGES), said
        assert "Của cái nào" in await producer.say("xúc xích Sam Thu")
        said = await producer.say("2")
        assert f"({SAUSAGES[1]})" in said
        assert "Đã gửi" in await producer.say("[Đúng, gửi đi]")
        assert [one.subject for one in await office.rows(db.Correction)] == [f"product {SAUSAGES[1]}"]
        await producer.say("đã nộp xúc xích sam thu hôm qua")
        assert f"({SAUSAGES[0]})" in await producer.say("1")
        assert [one.product_code for one in await office.rows(db.Renewal)] == [SAUSAGES[0]]


async def only_the_year(engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        held = update(db.Certificate).where(col(db.Certificate.product_code) == LEAF)
        await connection.execute(held.values(issued_on="2024", valid_until=None))


async def test_nothing_is_promised_of_a_certificate_with_only_a_year(tmp_path: Path) -> None:
    async with opened(tmp_path, "2026-12-03", more=only_the_year) as office:
        producer = await office.somebody(f"producer:{CONG_SON}")
        assert "ngày cấp chính xác" in await producer.say("bao giờ hết hạn")
        assert "không nhắc được" in await producer.say("nhắc tôi sau")
        assert await office.rows(db.Renewal) == []


async def test_a_file_is_not_handed_in_before_the_certificate_was_issued(tmp_path: Path) -> None:
    async with opened(tmp_path, "2026-12-03") as office:
        producer = await office.somebody(f"producer:{CONG_SON}")
        assert "chưa được cấp" in await producer.say("đã nộp ngày 17/1/2024")
        assert await office.rows(db.Renewal) == []
        assert "02/12/2026" in await producer.say("hôm qua")


async def test_an_official_writes_nothing_for_what_is_only_near_the_words(tmp_path: Path) -> None:
    async with opened(tmp_path, "2026-12-03") as office:
        editor = await office.somebody("editor")
        for said in ("record for Sam Le Thu handed in yesterday", "ghi hộ Sam Le Thu đã nộp hôm qua"):
            await editor.say(said)
            assert await office.rows(db.Renewal) == [], said


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        ("lịch của tôi", "lịch"),
        ("đổi giá thành 270k", "270.000"),
        ("huỷ liên kết", "Đã huỷ liên kết"),
        ("đang chuẩn bị", "đang chuẩn bị"),
        ("nhắc tôi sau", "Bao giờ nhắc lại"),
        ("mùng 3", "03/"),
        ("blablabla", "chưa đọc được ngày"),
    ],
)
async def test_another_wish_wins_over_the_day_that_was_asked_for(
    tmp_path: Path, said: str, answer: str
) -> None:
    async with opened(tmp_path, "2026-12-13") as office:
        producer = await office.somebody(f"producer:{CONG_SON}")
        assert "ngày nào" in await producer.say("nộp rồi")
        assert answer.casefold() in (await producer.say(said)).casefold()


@pytest.mark.parametrize("reason", ["giấy tờ phức tạp quá", "bán không được giá", "tôi già rồi"])
async def test_a_reason_in_ones_own_words_is_kept(tmp_path: Path, reason: str) -> None:
    async with opened(tmp_path, "2026-12-13") as office:
        producer = await office.somebody(f"producer:{CONG_SON}")
        await producer.say("không làm lại nữa")
        assert reason in await producer.say(reason)
        assert [one.reason for one in await office.rows(db.Renewal)] == [reason]


# ------------------------------------------------------------------------------------------------ leaving, coming back


@pytest.fixture
async def zalo() -> AsyncIterator[FakeZaloOA]:
    async with FakeZaloOA() as server:
        yield server


async def test_who_leaves_zalo_is_called_and_who_comes_back_is_reminded_again(
    zalo: FakeZaloOA, tmp_path: Path
) -> None:
    address = f"sqlite+aiosqlite:///{tmp_path}/bot.db"
    async with with_zalo_oa(zalo, database_url=address) as (program, clock):
        clock.at = datetime(2026, 6, 1, 10, 0, tzinfo=ZONE)
        await zalo.ask("officer", await code_for(program.engine, "officer:06220", clock()))
        await zalo.ask("lan", await code_for(program.engine, f"producer:{CONG_SON}", clock()))
        await zalo.ask("lan", "có")
        await zalo.unfollow("lan")
        await zalo.drained()
        await settled(program)
        clock.at = datetime(2026, 6, 22, 8, 5, tzinfo=ZONE)
        before = zalo.chat("lan").changes
        await time_passes(program)
        assert zalo.chat("lan").changes == before, "nothing is sent to somebody who left"
        assert "Rượu men lá" in (await zalo.ask("officer", "cần gọi ai"))[0].text
        await zalo.follow("lan")
        await zalo.drained()
        await zalo.ask("lan", "menu")
        clock.at = datetime(2026, 7, 22, 8, 5, tzinfo=ZONE)
        await heard_now(program.engine, clock.at)
        before = zalo.chat("lan").changes
        await time_passes(program)
        arrived = "\n".join(one.text for one in zalo.screen("lan") if one.changed > before)
        assert "Nhắc hạn ngày 22/07/2026" in arrived
        assert "đã liên kết" not in arrived


async def heard_now(engine: AsyncEngine, at: datetime) -> None:
    """Zalo's clock is the real one, the conversation's is not: the person wrote a moment ago."""
    async with engine.begin() as connection:
        await connection.execute(
            update(db.ZaloContact).where(col(db.ZaloContact.address) == "lan").values(last_at=at)
        )
        assert (await connection.execute(select(col(db.ZaloContact.address)))).first()
