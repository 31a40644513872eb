"""How sending goes, seen by the author: one message that is changed, through the real library and the fake Bot API."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel import col

from bot.channels.ceiling import Ceiling
from bot.channels.telegram import TelegramChannel
from bot.dispatch import Dispatch, Words
from bot.dispatch.progress import Progress
from db import Announcement, Delivery
from handlers.announcements import progress
from handlers.services.access import end_role, grant, person_of, roles_held
from handlers.services.audit import history
from handlers.services.following import on_page, shown_in
from handlers.services.outbox import Letter, Outbox, enqueue
from handlers.services.reports import unreported
from handlers.talk.language import speaking
from handlers.talk.message import Message
from tests.fakes.telegram import FakeTelegram
from tests.outboxes import NOON, addresses, announcement, fixed, people, state_of
from tests.players import WebPlayer, running
from tests.test_dispatch import nobody_types, now, over, rendered, told

AUTHOR = 4_000_001
KEY = "announcement:1:1:begun:telegram:4000001"


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody sent before us, and three seconds are 0.3."""
    monkeypatch.setattr(Ceiling, "rest", lambda self: None)
    monkeypatch.setattr("bot.dispatch.sender.HANDOVER", 0.05)
    monkeypatch.setattr(Progress, "EVERY", 0.3)
    monkeypatch.setattr(Progress, "SHARE", 0.0)


@asynccontextmanager
async def begun(engine: AsyncEngine, fake: FakeTelegram, count: int) -> AsyncIterator[tuple[Dispatch, int]]:
    """An announcement to so many, 40 a second, whose author was told that it began."""

    async def how_far(found: Announcement, language: str) -> Message:
        with speaking(language):
            return await progress(engine, found)

    chats = addresses(count)
    for chat in (*chats, str(AUTHOR)):
        fake.chat(chat)
    await people(engine, chats)
    number = await announcement(engine, progress_message=KEY)
    await fixed(engine, number, chats)
    first = Message("Đang gửi.", replaces=f"announcement-{number}")
    async with engine.begin() as connection:
        person = await person_of(connection, "telegram", str(AUTHOR), NOON)
        await grant(connection, person, "editor", "", "console", NOON)
        await enqueue(connection, [Letter(KEY, "telegram", str(AUTHOR), person, "vi", [first])], NOON)
    channel = TelegramChannel(token=fake.token, secret="s" * 20, api_url=fake.url, ceiling=Ceiling(40))
    await channel._client.open()
    dispatch = Dispatch(
        Outbox(engine, 1, now), {"telegram": channel}, Words(rendered, told, nobody_types, how_far)
    )
    await dispatch.start()
    try:
        yield dispatch, number
    finally:
        await dispatch.stop(5)
        await channel.stop()


async def reported(engine: AsyncEngine, number: int, within: float = 10) -> None:
    async with asyncio.timeout(within):
        while "reported" not in [row.verb for row in await history(engine, f"announcement {number}")]:
            await asyncio.sleep(0.05)


async def test_one_message_is_changed_until_it_is_the_final_report(engine: AsyncEngine) -> None:
    async with FakeTelegram() as fake, begun(engine, fake, 60) as (_dispatch, number):
        await over(engine, number)
        await reported(engine, number)
        (shown,) = fake.screen(AUTHOR)
        edits = [call.at for call in fake.called("editMessageText")]
    assert shown.edited
    assert "Báo cáo thông báo số 1: đã gửi" in shown.text
    assert "đã gửi (kênh không cho biết thêm): 60" in shown.text
    assert len(edits) >= 3, "while it was being sent, too"
    assert all(later - first >= 0.29 for first, later in pairwise(edits))
    assert await unreported(engine) == [], "no letter on top"
    assert sum(len(fake.screen(chat)) for chat in addresses(60)) == 60


async def test_nothing_is_changed_while_the_numbers_stand_still(engine: AsyncEngine) -> None:
    async with FakeTelegram() as fake, begun(engine, fake, 4) as (dispatch, number):
        async with engine.begin() as connection:
            await connection.execute(update(Announcement).values(state="paused"))
        assert await dispatch.drained(5)
        await asyncio.sleep(1.0)
        before = len(fake.called("editMessageText"))
        await asyncio.sleep(0.7)
        assert len(fake.called("editMessageText")) == before
        (shown,) = fake.screen(AUTHOR)
        assert "tạm dừng" in shown.text
        assert "Gửi tiếp" in shown.labels
        async with engine.begin() as connection:
            await connection.execute(update(Announcement).values(state="cancelled", finished_at=NOON))
        await dispatch.progress.look()
        (shown,) = fake.screen(AUTHOR)
        assert "đã huỷ" in shown.text.casefold(), shown.text
        assert (await state_of(engine, number)).progress_message is None


async def test_a_message_that_was_deleted_is_not_followed_any_more(engine: AsyncEngine) -> None:
    async with FakeTelegram() as fake, begun(engine, fake, 20) as (_dispatch, number):
        async with asyncio.timeout(5):
            while not fake.screen(AUTHOR):
                await asyncio.sleep(0.02)
        fake.chat(AUTHOR).shown.clear()
        await over(engine, number)
        async with asyncio.timeout(5):
            while (await state_of(engine, number)).progress_message:
                await asyncio.sleep(0.05)
    assert fake.screen(AUTHOR) == [], "nothing new instead of it"
    assert [one.id for one in await unreported(engine)] == [number], "a letter tells the end"


async def test_who_lost_the_role_sees_nothing_more(engine: AsyncEngine) -> None:
    async with FakeTelegram() as fake, begun(engine, fake, 60) as (_dispatch, number):
        async with asyncio.timeout(5):
            while not fake.called("editMessageText"):
                await asyncio.sleep(0.02)
        (held,) = await roles_held(engine)
        await end_role(engine, held.id, "console", NOON)
        before = len(fake.called("editMessageText"))
        await over(engine, number)
        await asyncio.sleep(0.7)
        assert len(fake.called("editMessageText")) <= before + 1, "one may have been on its way"
        assert await shown_in(engine, await state_of(engine, number)) is None, (
            "the end is told to somebody else"
        )


async def test_the_page_shows_it_in_place(tmp_path: Path) -> None:
    async with running(database_url=f"sqlite+aiosqlite:///{tmp_path}/bot.db") as (application, clock):
        engine, page = application.engine, WebPlayer(application, clock)
        number = await announcement(engine, progress_message="begun")
        await fixed(engine, number, addresses(3), channel="zalo-oa")
        first = Message("Đang gửi.", replaces="announcement-1")
        async with engine.begin() as connection:
            person = await person_of(connection, "web", "lan", NOON)
            await grant(connection, person, "editor", "", "console", NOON)
            await enqueue(connection, [Letter("begun", "web", "lan", person, "vi", [first])], NOON)
        assert await on_page(engine, "web", "lan") == [], "not before the page has the first one"

        async def seen() -> list[Any]:
            found = await page._waiting("lan")
            return [(one["replaces"], one["text"]) for one in found["messages"]]

        (began, going) = await seen()
        assert began == ("announcement-1", "Đang gửi.")
        assert going[0] == "announcement-1"
        assert "còn phải gửi: 3" in going[1]
        assert await seen() == [], "nothing while nothing changes"
        async with engine.begin() as connection:
            done = update(Delivery).where(col(Delivery.address) == addresses(3)[0])
            await connection.execute(done.values(state="sent"))
        ((name, text),) = await seen()
        assert (name, "còn phải gửi: 2" in text) == ("announcement-1", True)
