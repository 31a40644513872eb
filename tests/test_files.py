"""Pictures that people send and tables they ask for: through the whole program, as bytes, with no public address."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from sqlalchemy import insert, update
from sqlmodel import col

from bot.app import Application
from bot.channels.downloads import TooLarge, Unfetched, download
from db import Announcement, Chat
from handlers.services import announcements as kept
from handlers.services import consent, photos
from handlers.services.invitations import invite, redeem
from tests.fakes.telegram import FakeTelegram
from tests.fakes.zalo_oa import FakeZaloOA
from tests.outboxes import NOON
from tests.players import settled, time_passes, with_telegram

JPEG = b"\xff\xd8\xff\xe0" + b"anh" * 1_000
EDITOR, READER = 810_001, 810_002
ZALO_READER, ZALO_EDITOR = "5001", "5002"


@asynccontextmanager
async def program(tmp_path: Path) -> AsyncIterator[tuple[Application, FakeTelegram, FakeZaloOA, Any]]:
    """Telegram, which is asked for updates, and an Official Account; no public address."""
    async with FakeTelegram() as telegram, FakeZaloOA() as zalo:
        database = f"sqlite+aiosqlite:///{tmp_path}/bot.db"
        settings = zalo.settings() | {"database_url": database, "public_url": ""}
        async with with_telegram(telegram, **settings) as (application, clock):
            zalo.webhook = f"{application.address}/webhooks/zalo-oa"
            try:
                yield application, telegram, zalo, clock
            finally:
                zalo.webhook = ""


@pytest.fixture(autouse=True)
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setattr("bot.app.FILES", tmp_path / "files")
    return tmp_path / "files"


async def official(
    application: Application, clock: Any, channel: str, address: str, role: str = "editor"
) -> None:
    code = await invite(application.engine, role, name=address, by="console", now=clock())
    await redeem(application.engine, channel, address, code, clock())


async def agrees(application: Application, clock: Any, channel: str, address: str) -> None:
    row = {"channel": channel, "address": address, "language": "vi", "state": "active"}
    async with application.engine.begin() as connection:
        await connection.execute(
            insert(Chat).values(row | {"first_seen_at": clock(), "last_seen_at": clock()})
        )
    await consent.agree(application.engine, (channel, address), ("news",), ("announcements-1", "vi"), clock())


async def test_a_picture_from_telegram_reaches_every_channel(tmp_path: Path) -> None:
    async with program(tmp_path) as (application, telegram, zalo, clock):
        engine = application.engine
        await official(application, clock, "telegram", str(EDITOR))
        await telegram.ask(EDITOR, "gửi thông báo: Hội chợ.", within=10)
        await telegram.tap(EDITOR, "Ảnh", within=10)
        telegram.files["small"] = JPEG
        mark = await telegram.message(
            EDITOR, photo=[{"file_id": "small", "file_unique_id": "u", "width": 9, "height": 9}]
        )
        (card,) = await telegram.answer(EDITOR, mark, within=10)
        assert "Ảnh: ảnh đã gửi trong cuộc trò chuyện" in card.text
        await agrees(application, clock, "telegram", str(READER))
        await agrees(application, clock, "web", "hoa")
        telegram.chat(READER)
        await zalo.say(ZALO_READER, "xin chào")
        await zalo.drained(10)
        await settled(application)
        await consent.agree(engine, ("zalo-oa", ZALO_READER), ("news",), ("announcements-1", "vi"), clock())
        async with engine.begin() as connection:
            ready = {"state": "scheduled", "approved_version": Announcement.version, "send_at": clock()}
            await connection.execute(update(Announcement).where(col(Announcement.id) == 1).values(ready))
        preview = await telegram.tap(EDITOR, "Lịch sử", within=10)
        assert preview
        preview = await telegram.answer(EDITOR, await telegram.press_raw(EDITOR, "an-look:1"), within=10)
        said = "\n".join(shown.text for shown in preview)
        assert "Zalo OA: chia thành 2 tin nhắn" in said, "the picture, then the text"
        assert "Telegram: hiển thị đầy đủ" in said
        await time_passes(application)
        (shown,) = telegram.screen(READER)
        assert (shown.kind, "Hội chợ" in shown.text) == ("photo", True)
        sent = [call for call in telegram.called("sendPhoto") if isinstance(call.params["photo"], tuple)]
        assert sent, "as bytes"
        assert all(call.params["photo"][1] == JPEG for call in sent)
        zalo_kinds = [one.kind for one in zalo.screen(ZALO_READER)]
        assert "media" in zalo_kinds, zalo_kinds
        assert [kind for kind, _at in zalo.uploaded.values()] == ["image"]
        async with aiohttp.ClientSession() as session:
            where = f"{application.address}/api/chat/waiting"
            async with session.get(where, params={"chat": "hoa"}) as answer:
                (message,) = (await answer.json())["messages"]
            async with session.get(application.address + message["image"]) as answer:
                assert (answer.status, answer.content_type, await answer.read()) == (200, "image/jpeg", JPEG)
            async with session.get(f"{application.address}/pictures/{'0' * 64}.jpg") as answer:
                assert answer.status == 404


async def test_twelve_megabytes_are_refused_in_a_sentence(tmp_path: Path) -> None:
    async with program(tmp_path) as (application, telegram, _zalo, clock):
        await official(application, clock, "telegram", str(EDITOR))
        await telegram.ask(EDITOR, "gửi thông báo: Hội chợ.", within=10)
        for size, said in ((12, "Ảnh nặng 12 MB; chỉ gửi được tối đa 10 MB"), (21, "Ảnh nặng 20 MB")):
            telegram.files["large"] = JPEG + bytes(size << 20)
            await telegram.tap(EDITOR, "Ảnh", within=10)
            document = {"file_id": "large", "file_unique_id": "u", "file_name": "anh.jpg"}
            mark = await telegram.message(EDITOR, document=document)
            (shown,) = await telegram.answer(EDITOR, mark, within=10)
            assert said in shown.text
        telegram.files["movie"] = b"GIF89a" + bytes(1_000)
        mark = await telegram.message(EDITOR, document={"file_id": "movie", "file_unique_id": "u"})
        (shown,) = await telegram.answer(EDITOR, mark, within=10)
        assert "không phải ảnh JPEG hoặc PNG" in shown.text
        found = await kept.found(application.engine, 1)
        assert found is not None
        assert found.image is None


async def test_the_table_comes_as_a_file(tmp_path: Path, folder: Path) -> None:
    async with program(tmp_path) as (application, telegram, zalo, clock):
        await official(application, clock, "telegram", str(EDITOR))
        await official(application, clock, "zalo-oa", ZALO_EDITOR)
        await agrees(application, clock, "telegram", str(READER))
        telegram.chat(READER)
        await telegram.ask(EDITOR, "gửi thông báo: Hội chợ.", within=10)
        async with application.engine.begin() as connection:
            ready = {"state": "scheduled", "approved_version": Announcement.version, "send_at": clock()}
            await connection.execute(update(Announcement).values(ready))
        await time_passes(application)
        table = await telegram.answer(EDITOR, await telegram.press_raw(EDITOR, "an-csv:1"), within=10)
        (document,) = [shown for shown in table if shown.kind == "document"]
        (call,) = telegram.called("sendDocument")
        assert call.params["document"][0] == "announcement-1.csv"
        lines = call.params["document"][1].decode("utf-8-sig").splitlines()
        assert lines[0] == "channel,address,language,state,reason,tries,settled_at"
        assert any(line.startswith(f"telegram,{READER},vi,sent") for line in lines), lines
        assert document.labels, "the way back"
        await zalo.say(ZALO_EDITOR, "báo cáo thông báo 1")
        await zalo.drained(10)
        await settled(application)
        await zalo.press(ZALO_EDITOR, "Bảng (CSV)", by="button")
        await zalo.drained(10)
        await settled(application)
        assert "file" in [shown.kind for shown in zalo.screen(ZALO_EDITOR)]
        assert "file" in [kind for kind, _at in zalo.uploaded.values()]
        assert len(list((folder / "tables").glob("*.csv"))) == 2
        log = await telegram.ask(EDITOR, "lịch sử thông báo 1", within=10)
        assert "lấy bảng" in log[0].text


async def test_only_the_platforms_own_hosts_are_asked() -> None:
    async def give(request: web.Request) -> web.StreamResponse:
        if request.path == "/away":
            raise web.HTTPFound("/picture")
        return web.Response(body=JPEG)

    app = web.Application()
    app.router.add_get("/{name}", give)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    address = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        assert await download(f"{address}/picture", 10_000, ["127.0.0.1"]) == JPEG
        with pytest.raises(TooLarge):
            await download(f"{address}/picture", 100, ["127.0.0.1"])
        for wrong, hosts in (
            (f"{address}/picture", [".zdn.vn"]),
            (f"{address}/away", ["127.0.0.1"]),
            ("file:///etc/hosts", [""]),
        ):
            with pytest.raises(Unfetched):
                await download(wrong, 10_000, hosts)
    finally:
        await runner.cleanup()


async def test_the_same_picture_is_kept_once_and_a_name_is_no_path(engine: Any) -> None:
    first = await photos.keep(engine, JPEG, NOON)
    assert await photos.keep(engine, JPEG, NOON) == first
    assert await photos.read(engine, first) == ("image/jpeg", JPEG)
    assert await photos.keep(engine, b"GIF89a", NOON) == ""
    for name in ("pictures/../bot.db", "pictures/x.jpg", "https://a.example/x.jpg", ""):
        assert not photos.kept_here(name)
        assert await photos.read(engine, name) is None
