"""Corrections as they are talked about: whose, which, how much, who decides, and who never sees any of it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from sqlalchemy import update
from sqlmodel import col

import db
from handlers.services.access import end_role, roles_held
from handlers.services.roads import Picture
from handlers.talk.message import File
from tests.office import CONG_SON, LEAF, TWO, Office, Seat, WithPages, opened

DAY = "2026-12-03"
SHOP = "LS-SR-001"


async def _asked(seat: Seat, line: str = "đổi giá thành 270k") -> str:
    await seat.say(line)
    return await seat.say("[Đúng, gửi đi]")


async def _price(office: Office, code: str = LEAF) -> Any:
    return next(row.price_vnd for row in await office.rows(db.Product) if row.code == code)


async def _requests(office: Office) -> list[tuple[str, str]]:
    return [(row.subject, row.state) for row in await office.rows(db.Correction)]


async def test_a_wrong_nought_is_asked_about_once_more(tmp_path: Path) -> None:
    async with opened(tmp_path, DAY) as office:
        change = update(db.Product).where(col(db.Product.code) == LEAF).values(price_vnd=270_000)
        async with office.engine.begin() as connection:
            await connection.execute(change)
        producer = await office.somebody(f"producer:{CONG_SON}")
        assert "mười lần" in await producer.say("đổi giá thành hai triệu bảy trăm nghìn")
        assert "hỏi lại" in await producer.say("[Đúng, gửi đi]")
        assert await _requests(office) == []
        assert "Đã gửi" in await producer.say("[Đúng là như vậy]")
        assert await _requests(office) == [(f"product {LEAF}", "asked")]


async def test_only_the_commune_and_the_province_decide(tmp_path: Path) -> None:
    async with opened(tmp_path, DAY) as office:
        here, elsewhere = await office.somebody("officer:06220"), await office.somebody("officer:06613")
        producer = await office.somebody(f"producer:{CONG_SON}")
        assert "Đã gửi" in await _asked(producer)
        assert len(await office.letters(here)) == 1
        assert await office.letters(elsewhere) == []
        for action in ("ca:1", "cn:1"):
            assert "Không có yêu cầu" in await elsewhere.press(action)
        assert "Không có yêu cầu" in await elsewhere.say("duyệt yêu cầu số 1")
        assert await _price(office) is None
        strange = await office.seat().press("no-such-verb")
        for seat in (office.seat(), producer):
            assert await seat.press("ca:1") == strange, "the button does not exist"
        assert "công khai" in await here.say("duyệt yêu cầu số 1")
        assert await _price(office) == 270_000
        assert "đã duyệt" in await here.press("ca:1")
        assert "đã duyệt" in await here.press("cn:1")
        assert len(await office.letters(producer)) == 1


async def test_a_role_that_ended_decides_nothing(tmp_path: Path) -> None:
    async with opened(tmp_path, DAY) as office:
        officer = await office.somebody("officer:06220")
        await _asked(await office.somebody(f"producer:{CONG_SON}"))
        await officer.press("cn:1")
        for held in await roles_held(office.engine):
            await end_role(office.engine, held.id, "console", office.clock())
        strange = await office.seat().press("no-such-verb")
        await officer.say("sai giá rồi nhé")  # answers a question that does not exist any more
        assert await officer.press("ca:1") == strange
        assert await _requests(office) == [(f"product {LEAF}", "asked")]


async def test_refused_in_one_sentence(tmp_path: Path) -> None:
    async with opened(tmp_path, DAY) as office:
        officer = await office.somebody("officer:06220")
        producer = await office.somebody(f"producer:{CONG_SON}")
        await _asked(producer)
        assert "Đã từ chối" in await officer.say("từ chối yêu cầu số 1 vì giá phải kèm đơn vị")
        (letter,) = await office.letters(producer)
        assert "giá phải kèm đơn vị" in letter
        assert "vì giá" not in letter
        history = await officer.say(f"lịch sử {LEAF}")
        assert "xin sửa" in history
        assert "giá phải kèm đơn vị" in history
        assert "270.000" in history


async def test_history_and_queue_are_for_officials(tmp_path: Path) -> None:
    async with opened(tmp_path, DAY) as office:
        producer = await office.somebody(f"producer:{CONG_SON}")
        await _asked(producer)
        for seat in (office.seat(), producer):
            for line in ("lịch sử rượu men lá người Dao Công Sơn", "việc chờ duyệt", "duyệt yêu cầu số 1"):
                said = await seat.say(line)
                assert "xin sửa" not in said
                assert "270.000" not in said
        assert await _price(office) is None


async def test_two_of_ones_own_are_asked_about(tmp_path: Path) -> None:
    async with opened(tmp_path, DAY) as office:
        producer = await office.somebody(f"producer:{TWO}")
        await producer.say("đổi giá thành 120k")
        assert {"1. Xúc xích Sam Thu", "2. Xúc xích kiểu hot dog Sam Thu"} <= set(producer.labels)
        said = await producer.say("xúc xích kiểu hot dog")
        assert "hot dog" in said
        assert "120.000" in said
        await producer.say("đổi giá thành 120k")
        assert "120.000" in await producer.say("[1. Xúc xích Sam Thu]")
        await producer.say("đổi giá thành 120k")
        assert "Xúc xích Sam Thu, giá bán" in await producer.say("Xúc xích Sam Thu")


async def test_what_is_not_mine_or_not_known(tmp_path: Path) -> None:
    async with opened(tmp_path, DAY) as office:
        producer = await office.somebody(f"producer:{CONG_SON}")
        assert "không thuộc chủ thể" in await producer.say("đổi giá mật ong thành 270k")
        said = await producer.say("đổi giá kim cương thành 270k")
        assert "270.000" not in said, "a product nobody named is not taken for it"
        assert any("Công Sơn" in label for label in producer.labels)
        assert await _requests(office) == []


async def test_an_old_yes_sends_nothing_else(tmp_path: Path) -> None:
    async with opened(tmp_path, DAY) as office:
        producer = await office.somebody(f"producer:{CONG_SON}")
        await producer.say("đổi giá thành 270k")
        old = next(b.action for b in producer.channel.buttons if b.action and b.action.startswith("cy"))
        await producer.say("đổi giá thành 300k")
        assert "đã cũ" in await producer.press(old)
        assert await _requests(office) == []


async def test_withdrawn(tmp_path: Path) -> None:
    async with opened(tmp_path, DAY) as office:
        producer = await office.somebody(f"producer:{CONG_SON}")
        other = await office.somebody(f"producer:{TWO}")
        await _asked(producer)
        assert "270.000" in await producer.say("yêu cầu của tôi")
        assert "không có" in await other.press("cx:1")
        assert "Đã rút" in await producer.say("[Rút số 1]")
        officer = await office.somebody("officer:06220")
        assert "đã rút" in await officer.press("ca:1")
        assert await _price(office) is None


async def test_who_runs_no_shop_is_told_so(tmp_path: Path) -> None:
    async with opened(tmp_path, DAY) as office:
        producer = await office.somebody(f"producer:{CONG_SON}")
        assert "chưa có giờ mở cửa để sửa" in await producer.say("đổi giờ mở cửa 8h-17h hằng ngày")
        assert "Gặp cán bộ" in producer.labels
        assert await office.rows(db.Correction) == []


async def test_the_other_fields(tmp_path: Path) -> None:
    async with opened(tmp_path, DAY) as office:
        shop = update(db.Showroom).where(col(db.Showroom.showroom_id) == SHOP)
        async with office.engine.begin() as connection:
            await connection.execute(
                shop.values(operator="Hợp tác xã Nông nghiệp Công Sơn", commune_code="06220")
            )
            await connection.execute(update(db.Registry).values(version=col(db.Registry.version) + 1))
        await office.shelf.refresh()
        officer = await office.somebody("officer:06220")
        producer = await office.somebody(f"producer:{CONG_SON}")
        lines = {
            "đổi giờ mở cửa 8h-17h hằng ngày": "",
            "đổi giờ mở cửa thành: thứ 2 đến thứ 6, 7h30 - 16h30": "Mo-Fr 07:30-16:30",
            "đổi số điện thoại thành 0205 3 812 345": "02053812345",
            "đổi link bán hàng https://example.org/shop": "https://example.org/shop",
            "đổi mùa vụ thành tháng 7 đến tháng 9": "7-9",
            "đổi mô tả thành: Nấu từ men lá của người Dao, thơm như mật ong.": "thơm như mật ong",
        }
        for number, (line, value) in enumerate(lines.items(), start=1):
            said = await producer.say(line)
            if not value:
                assert re.search("Giá trị mới", said), said
                assert "08:00-17:00" in await producer.say("8h-17h hằng ngày")
            else:
                assert value in said, said
            assert "Đã gửi" in await producer.say("[Đúng, gửi đi]")
            assert "công khai" in await officer.press(f"ca:{number}")
        await office.shelf.refresh()
        catalogue = office.shelf().catalogue
        product = catalogue.products[LEAF]
        assert (product.season, product.online_url) == ("7-9", "https://example.org/shop")
        assert catalogue.showrooms[SHOP].opening_hours == "Mo-Fr 07:30-16:30"
        assert product.producer
        assert product.producer.phone == "02053812345"


class _Pictures(WithPages):
    async def picture(self, address: str) -> Picture | None:
        return Picture("image/jpeg", 1_000) if address.endswith(".jpg") else None


async def test_photos(tmp_path: Path) -> None:
    async with opened(tmp_path, DAY) as office:
        office.answering = type(office.answering)(office.shelf, office.clock, _Pictures(), office.engine)
        producer = await office.somebody(f"producer:{CONG_SON}")
        assert "không có ảnh" in await producer.say("đổi ảnh thành https://example.org/page")
        assert "ruou.jpg" in await producer.say("https://example.org/ruou.jpg")
        await producer.say("đổi ảnh")
        assert "địa chỉ" in await producer.give(File("photo", "AgACAgUAAx"))
        assert "Đúng, gửi đi" not in producer.labels
        assert "moi.jpg" in await producer.give(File("photo", "https://cdn.example/moi.jpg"))
        assert "Đã gửi" in await producer.say("[Đúng, gửi đi]")


async def test_a_value_that_cannot_be_read_is_asked_for_again(tmp_path: Path) -> None:
    async with opened(tmp_path, DAY) as office:
        producer = await office.somebody(f"producer:{CONG_SON}")
        assert "270k" in await producer.say("đổi giá thành rẻ thôi")
        assert "270.000" in await producer.say("hai trăm bảy mươi nghìn")
        await _asked(producer, "đổi giá thành 280k")
        await (await office.somebody("officer:06220")).press("ca:1")
        assert "đúng như vậy" in await producer.say("đổi giá thành 280k"), "it is so already"
