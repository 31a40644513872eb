"""Answers that the sample registry cannot give: stock, closures, renewals, an official registry, misses."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import db
from bot.app import NoLinks
from bot.channels.terminal import TerminalChannel
from handlers.answer import Answering, Reply
from handlers.services.importing import import_paths
from handlers.services.standing import Standing
from handlers.talk.message import File, Inbound, Message, Phone, Receipt, Unsupported
from handlers.talk.shelf import Shelf

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
SAMPLE = Path(__file__).parent.parent / "data" / "lang-son"


class Talk:
    """One chat with the mind alone, on a day."""

    def __init__(self, answering: Answering, now: datetime) -> None:
        self._answering, self._now = answering, now
        self.standing = Standing("terminal", "test")
        self.channel = TerminalChannel(lambda line: None, lambda: self._now)

    async def say(self, line: str, language: str = "vi") -> str:
        reply = await self.reply(self.channel.read(line, language=language))
        return "\n".join(message.plain for message in reply.messages)

    async def reply(self, inbound: Inbound) -> Reply:
        reply = await self._answering.answer(inbound, self.standing)
        self.channel.buttons = [b for m in reply.messages for b in m.every_button]
        return reply

    async def give(self, content: Any) -> list[Message]:
        return (
            await self.reply(Inbound("terminal", "test", "1", content, self._now, language="vi"))
        ).messages


@asynccontextmanager
async def talk(tmp_path: Path, day: str, **files: str) -> AsyncIterator[Talk]:
    """The sample registry with further files imported over it."""
    engine = db.async_engine(f"sqlite+aiosqlite:///{tmp_path}/bot.db")
    await db.migrate(engine)
    await import_paths(engine, [SAMPLE])
    if files:
        folder = tmp_path / "more"
        folder.mkdir()
        for name, text in files.items():
            suffix = "toml" if name == "registry" else "csv"
            (folder / f"{name}.{suffix}").write_text(text, "utf-8")
        report = await import_paths(engine, sorted(folder.iterdir()))
        assert report.ok, report.entries
    shelf = Shelf(engine)
    await shelf.refresh()
    now = datetime.fromisoformat(day).replace(tzinfo=ZONE)
    try:
        yield Talk(Answering(shelf, lambda: now, NoLinks(), engine), now)
    finally:
        await engine.dispose()


CERTIFIED = "code,name_vi,group,stars,issued_on,issued_on_basis,valid_until,status,status_on\n"


async def test_stock_says_which_showroom_and_when_confirmed(tmp_path: Path) -> None:
    stock = "product_code,showroom_id,confirmed_on\ntra-diep-ca-lua-vy,LS-SR-005,2026-11-20\n"
    async with talk(tmp_path, "2026-12-03T10:00", stock=stock) as chat:
        said = await chat.say("trà diếp cá mua ở đâu")
        assert "xác nhận gần nhất ngày 20/11/2026" in said
        assert "Chợ Kỳ Lừa" in said
        said = await chat.say("@21.60,106.52")
        assert "1. Chợ Kỳ Lừa" in said
        assert "Chợ Đồng Bành" not in said
        assert "xác nhận 20/11/2026" in await chat.say("trà diếp cá lụa vy")


async def test_a_closed_showroom_is_closed(tmp_path: Path) -> None:
    head, *rows = (SAMPLE / "showrooms.csv").read_text("utf-8").splitlines()
    row = next(one for one in rows if one.startswith("LS-SR-006"))
    closed = f"{head},closed_until,closed_note\n{row},2026-12-31,sửa đường\n"
    async with talk(tmp_path, "2026-12-05T19:00", showrooms=closed) as chat:
        said = await chat.say("phố đi bộ kỳ lừa mở cửa mấy giờ")
        assert "tạm đóng cửa đến 31/12/2026" in said


async def test_every_state_has_its_words(tmp_path: Path) -> None:
    products = CERTIFIED + (
        "a-valid,Muối ớt Một,food,4,2026-01-10,decision,,,\n"
        "a-last-day,Muối ớt Hai,food,3,2023-12-03,decision,,,\n"
        "a-day-after,Muối ớt Ba,food,3,2023-12-02,decision,,,\n"
        "a-renewal,Muối ớt Bốn,food,3,2024-03-01,decision,,in_renewal,2026-10-05\n"
        "a-extended,Muối ớt Năm,food,3,2023-08-01,decision,,in_renewal,2026-07-20\n"
        "a-revoked,Muối ớt Sáu,food,3,2025-03-01,decision,,revoked,2026-05-06\n"
        "a-stopped,Muối ớt Bảy,food,3,2025-03-01,decision,,stopped,\n"
        "a-month,Muối ớt Tám,food,3,2023-12,decision,,,\n"
        "a-five,Muối ớt Chín,food,5,2026-01-10,decision,,,\n"
    )
    async with talk(tmp_path, "2026-12-03T10:00", products=products) as chat:
        expected = {
            "Muối ớt Một": ["Còn hạn: ★★★★ (4 sao), đến hết ngày 10/01/2029", "Nhận hồ sơ đánh giá lại từ"],
            "Muối ớt Hai": ["Còn hạn: ★★★ (3 sao), đến hết ngày 03/12/2026 (còn 0 ngày)"],
            "Muối ớt Ba": ["Đã hết hạn: ngày cuối còn hiệu lực là 02/12/2026 (cách đây 1 ngày)"],
            "Muối ớt Bốn": ["Còn hạn", "Đã nộp hồ sơ đánh giá lại (05/10/2026)"],
            "Muối ớt Năm": ["Vẫn còn hiệu lực: ★★★ (3 sao)", "chậm nhất đến 28/01/2027"],
            "Muối ớt Sáu": ["đã bị thu hồi", "Từ ngày 06/05/2026"],
            "Muối ớt Bảy": ["đã ngừng sản xuất"],
            "Muối ớt Tám": ["Hôm nay chưa thể nói chắc", "tháng 12/2026"],
            "Muối ớt Chín": ["5 sao", "Bộ Nông nghiệp và Môi trường"],
        }
        for name, sentences in expected.items():
            said = await chat.say(f"{name} còn hạn không")
            for sentence in sentences:
                assert sentence in said, (name, said)
            if name in {"Muối ớt Ba", "Muối ớt Sáu", "Muối ớt Bảy", "Muối ớt Tám"}:
                assert "★" not in said, said


async def test_an_official_registry_carries_no_notice(tmp_path: Path) -> None:
    official = (
        'name = "OCOP Lạng Sơn"\nprovince_code = "20"\nofficial = true\nas_of = 2026-11-23\n'
        'notice_vi = "Dữ liệu mẫu."\nnotice_en = "Sample."\n'
    )
    async with talk(tmp_path, "2026-12-03T10:00", registry=official) as chat:
        assert "Dữ liệu mẫu" not in await chat.say("trà diếp cá còn hạn không")


async def test_what_is_not_words_gets_a_kind_word(tmp_path: Path) -> None:
    async with talk(tmp_path, "2026-12-03T10:00") as chat:
        for content in (
            File("sticker"),
            File("photo"),
            File("voice"),
            Unsupported("poll"),
            Phone("0912", own=False, typed=True),
        ):
            (message,) = await chat.give(content)
            assert message.text
            assert message.buttons
        assert await chat.give(Receipt("5", "seen")) == []


async def test_a_miss_is_recorded_folded_without_the_person(tmp_path: Path) -> None:
    async with talk(tmp_path, "2026-12-03T10:00") as chat:
        reply = await chat.reply(chat.channel.read("Xyzzy Đường Bờ Lô"))
        (miss,) = reply.records
        assert miss.text == "xyzzy duong bo lo"
        assert set(miss.model_dump()) == {"id", "at", "language", "text"}
        reply = await chat.reply(chat.channel.read("Qwrty plugh"))
        assert any("cán bộ" in button.label for message in reply.messages for button in message.every_button)


async def test_strange_texts_are_answered(tmp_path: Path) -> None:
    texts = [
        "",
        "   ",
        "\x00\x00",
        "\u202e\u200f",
        "🦆" * 50,
        "a" * 5_000,
        "vịt quay " * 700,
        "<b>&",
        "%s%d",
        "{0}{x}",
    ]
    texts += [
        "'; DROP TABLE product; --",
        "[",
        "@",
        "/",
        "/nothing",
        "999999999999",
        "-1",
        "v\u0069\u0323t quay",
    ]
    async with talk(tmp_path, "2026-12-03T10:00") as chat:
        for text in texts:
            said = await chat.say(text)
            assert said, repr(text)
            assert "trục trặc" not in said
        assert "Vịt quay Hồng Xiêm" in await chat.say("v\u0069\u0323t quay")
