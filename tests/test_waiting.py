"""What nobody asked for, through the whole program: Zalo's receipts, what waits for a page, a SIGTERM in the middle."""

from __future__ import annotations

import asyncio
import signal
import time
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from sqlalchemy import func, select

import db
from db import Arrival
from handlers.services.outbox import Letter, enqueue
from handlers.talk.message import Button, Message
from tests.fakes.telegram import FakeTelegram
from tests.fakes.zalo_oa import FakeZaloOA
from tests.outboxes import NOON, addresses, announcement, deliveries, fixed, people
from tests.players import running, with_zalo_oa
from tests.test_running import environment, process, ready


@pytest.fixture
async def zalo() -> AsyncIterator[FakeZaloOA]:
    async with FakeZaloOA() as server:
        yield server


def letter(channel: str, address: str, **changed: object) -> Letter:
    message = Message("Hồ sơ của bạn đã được nhận.", buttons=((Button("Xem", action="menu"),),))
    return Letter("a letter", channel, address, None, "vi", [message], **changed)  # type: ignore[arg-type]


async def test_zalos_receipts_are_written_down_and_are_no_arrivals(zalo: FakeZaloOA, tmp_path: Path) -> None:
    async with with_zalo_oa(zalo, database_url=f"sqlite+aiosqlite:///{tmp_path}/bot.db") as (program, _clock):
        await zalo.ask("lan", "menu")
        await zalo.drained()
        async with program.engine.begin() as connection:
            await enqueue(connection, [letter("zalo-oa", "lan")], program.now())
        assert await program.dispatch.drained(10)
        (row,) = await deliveries(program.engine)
        assert row.state == "sent"
        assert row.message_id
        await zalo.drained()
        await asyncio.sleep(0.1)
        await program.receipts.write()
        assert [row.state for row in await deliveries(program.engine)] == ["seen"]
        late = {"msg_id": row.message_id}
        await zalo.push(zalo.event("lan", "user_received_message", message=late), "lan")
        await zalo.drained()
        await program.receipts.write()
        assert [row.state for row in await deliveries(program.engine)] == ["seen"]
        async with program.engine.connect() as connection:
            assert await connection.scalar(select(func.count()).select_from(Arrival)) == 1


async def test_a_page_fetches_what_waits_for_it_once(tmp_path: Path) -> None:
    async with running(database_url=f"sqlite+aiosqlite:///{tmp_path}/bot.db") as (program, _clock):
        await people(program.engine, ["page"], channel="web")
        number = await announcement(program.engine)
        await fixed(program.engine, number, ["page"], channel="web")
        async with program.engine.begin() as connection:
            await enqueue(connection, [letter("web", "page")], NOON)
        async with aiohttp.ClientSession(program.address) as session:
            got = await session.get("/api/chat/waiting", params={"chat": "page"})
            first, second = (await got.json())["messages"]
            assert "Phiên chợ na" in first["text"]
            assert (second["text"], second["buttons"]) == (
                "Hồ sơ của bạn đã được nhận.",
                [{"label": "Xem", "action": "menu"}],
            )
            again = await session.get("/api/chat/waiting", params={"chat": "page"})
            assert await again.json() == {"messages": []}
            for wrong in ("", "x" * 65, "a\nb"):
                assert (await session.get("/api/chat/waiting", params={"chat": wrong})).status == 400
        assert [row.state for row in await deliveries(program.engine)] == ["sent", "sent"]


async def test_sigterm_in_the_middle_of_an_announcement(tmp_path: Path) -> None:
    chats = addresses(150)
    async with FakeTelegram() as fake:
        for chat in chats:
            fake.chat(chat)
        fake.fail("slow", chat=int(chats[20]), seconds=30)
        told = {"TELEGRAM_TOKEN": fake.token, "TELEGRAM_API_URL": fake.url, "SENDS_PER_SECOND_TELEGRAM": "30"}
        env = environment(tmp_path, **told)
        async with process(env, "run") as started:
            await ready(env)
            engine = db.async_engine(env["DATABASE_URL"])
            await people(engine, chats)
            number = await announcement(engine, urgent_reason="a test at any hour")
            await fixed(engine, number, chats)
            async with asyncio.timeout(20):
                while len(fake.called("sendMessage")) < 50:
                    await asyncio.sleep(0.02)
            began = time.monotonic()
            started.send_signal(signal.SIGTERM)
            assert await started.wait() == 0
            assert time.monotonic() - began < 10.5
        states = {row.address: row.state for row in await deliveries(engine)}
        await engine.dispose()
        assert states[chats[20]] == "uncertain"
        assert set(Counter(states.values())) == {"sent", "queued", "uncertain"}
        assert all(len(fake.screen(chat)) == 1 for chat, state in states.items() if state == "sent")
        assert not any(fake.screen(chat) for chat, state in states.items() if state == "queued")
