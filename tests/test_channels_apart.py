"""A channel that is down never hurts another: Telegram and the page answer while Zalo's servers do not."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from bot import app
from bot.channels.zalo_oa import Account, ZaloOAChannel
from bot.intake import AT_ONCE
from bot.settings import Settings
from tests.fakes.telegram import FakeTelegram
from tests.fakes.zalo_oa import FakeZaloOA
from tests.players import free_port, with_telegram

CROWD = AT_ONCE + 44
"""People who write to the dead channel: more than it answers at the same time."""
ASKED = 9
PATIENCE = 3.0
"""Seconds a call to Zalo may take here; 15 in earnest."""


def unreachable(fake: FakeZaloOA) -> dict[str, Any]:
    """Nobody listens where Zalo should be."""
    nowhere = f"http://127.0.0.1:{free_port()}"
    return {"zalo_oa_api_url": nowhere, "zalo_oauth_url": nowhere}


def refusing(fake: FakeZaloOA) -> dict[str, Any]:
    """The refresh token is worth nothing."""
    return {"zalo_oa_refresh_token": "spent"}


def slow(fake: FakeZaloOA) -> dict[str, Any]:
    """Tokens are given, and then every call takes half a minute."""
    for path in ("/v3.0/oa/message/cs", "/v2.0/oa/getoa"):
        fake.fail("slow", path=path, times=1_000_000, seconds=30)
    return {}


def impatient(settings: Settings, engine: AsyncEngine) -> ZaloOAChannel | None:
    """The channel as the program makes it, with less patience."""
    account = Account.of(settings)
    return ZaloOAChannel(account, engine, answer_seconds=PATIENCE) if account else None


@asynccontextmanager
async def crowded(
    zalo: FakeZaloOA, started: AbstractAsyncContextManager[Any]
) -> AsyncIterator[app.Application]:
    """The program, with a crowd that has written to the Official Account and has got its 200."""
    async with started as (application, _clock):
        zalo.webhook = f"{application.address}/webhooks/zalo-oa"
        await asyncio.gather(*(zalo.say(f"person-{number}", "vịt quay ở đâu") for number in range(CROWD)))
        await zalo.drained(20)
        try:
            yield application
        finally:
            zalo.webhook = ""


async def look_up(telegram: FakeTelegram, chat: int) -> float:
    """Ask on Telegram; the seconds until the answer was on the screen."""
    began = time.perf_counter()
    (shown,) = await telegram.ask(chat, "vịt quay ở đâu", within=20, quiet=0)
    assert "Hồng Xiêm" in shown.text
    return time.perf_counter() - began


async def ready(address: str) -> tuple[int, dict[str, Any]]:
    """Status and channels of ``/health/ready``."""
    async with aiohttp.ClientSession() as session, session.get(f"{address}/health/ready") as answer:
        return answer.status, (await answer.json())["channels"]


@pytest.mark.parametrize("trouble", [unreachable, refusing, slow])
async def test_telegram_answers_while_the_official_account_is_down(
    trouble: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app, "zalo_oa_of", impatient)
    monkeypatch.setattr(app, "GRACE_SECONDS", 0.1)
    async with FakeTelegram() as telegram, FakeZaloOA() as zalo:
        database = f"sqlite+aiosqlite:///{tmp_path}/bot.db"
        settings = zalo.settings() | trouble(zalo) | {"database_url": database}
        async with crowded(zalo, with_telegram(telegram, **settings)) as application:
            waits = await asyncio.gather(*(look_up(telegram, 700_001 + number) for number in range(ASKED)))
            assert not any(chat.shown for chat in zalo.chats.values()), "the trouble is no trouble"
            assert statistics.median(waits) < 1
            async with asyncio.timeout(2 * PATIENCE):
                while (await ready(application.address))[1]["zalo-oa"]["state"] != "down":
                    await asyncio.sleep(0.05)
            status, channels = await ready(application.address)
            assert (status, channels["telegram"]["state"]) == (200, "up")
            await look_up(telegram, 700_001 + ASKED)
