"""Links that carry an invitation: printed, given by chat, opened, and the chat is linked."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import aiohttp
import pytest
from typer.testing import CliRunner

from bot.__main__ import app
from handlers.services.access import who
from handlers.services.invitations import code_for
from tests.fakes.telegram import TOKEN, FakeTelegram
from tests.fakes.zalo_oa import OA_ID, FakeZaloOA
from tests.office import CONG_SON, opened
from tests.players import running, settled, with_telegram, with_zalo_oa

LAN, OFFICER = 700_000_001, 700_000_003
INVITE = ["invite", "producer", "--producer", CONG_SON]


def printed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, **settings: str) -> list[str]:
    monkeypatch.setenv("DATABASE_URL", f"sqlite+aiosqlite:///{tmp_path}/bot.db")
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    result = CliRunner().invoke(app, INVITE)
    assert result.exit_code == 0, result.output
    return result.output.splitlines()


def code_of(lines: list[str]) -> str:
    return lines[0].removeprefix("Code: ")


def test_without_any_account_only_our_own_page(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    lines = printed(monkeypatch, tmp_path, PORT="8099")
    link = f"Web: http://127.0.0.1:8099/chat?start=i_{code_of(lines)} (on this machine only)"
    assert lines[2:] == [link]


async def test_with_every_channel(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    async with FakeTelegram() as server:
        settings = {
            "PUBLIC_URL": "https://ocop.example",
            "TELEGRAM_TOKEN": TOKEN,
            "TELEGRAM_API_URL": server.url,
            "ZALO_OA_APP_ID": "1",
            "ZALO_OA_APP_SECRET": "s",
            "ZALO_OA_SECRET_KEY": "k",
            "ZALO_OA_REFRESH_TOKEN": "r",
            "ZALO_OA_ID": "388613280878808645",
        }
        lines = await asyncio.to_thread(lambda: printed(monkeypatch, tmp_path, **settings))
    code = code_of(lines)
    assert lines[2:] == [
        f"Web: https://ocop.example/chat?start=i_{code}",
        f"Telegram: https://t.me/xulang_test_bot?start=i_{code}",
        "Zalo: https://zalo.me/388613280878808645, then send the code: its links carry none",
    ]


def test_a_telegram_that_is_away_keeps_nobody_from_the_code(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    lines = printed(monkeypatch, tmp_path, TELEGRAM_TOKEN=TOKEN, TELEGRAM_API_URL="http://127.0.0.1:9")
    assert re.fullmatch(r"Telegram: no link, its name is not known now \(\w+\)", lines[3])
    assert TOKEN not in "\n".join(lines)


async def test_an_officer_is_given_the_link_and_it_links_on_telegram(tmp_path: Path) -> None:
    async with (
        FakeTelegram() as server,
        with_telegram(server, database_url=f"sqlite+aiosqlite:///{tmp_path}/bot.db") as (program, clock),
    ):
        await server.ask(OFFICER, await code_for(program.engine, "officer:06220", clock()))
        (made,) = await server.ask(OFFICER, "mời chủ thể HTX Nông nghiệp Công Sơn")
        payload = re.search(r"https://t\.me/\w+\?start=(\S+)", made.text)
        assert payload
        assert f"/chat?start={payload[1]}" in made.text
        (linked,) = await server.ask(LAN, f"/start {payload[1]}")
        assert "đã liên kết với HTX Nông nghiệp Công Sơn" in linked.text
        await settled(program)
        assert (await who(program.engine, "telegram", str(LAN))).producers == (CONG_SON,)
        (again,) = await server.ask(LAN + 7, f"/start {payload[1]}")
        assert "đã được dùng" in again.text


async def test_the_pages_link_links_the_pages_chat(tmp_path: Path) -> None:
    async with running(database_url=f"sqlite+aiosqlite:///{tmp_path}/bot.db") as (program, clock):
        code = await code_for(program.engine, f"producer:{CONG_SON}", clock())
        async with aiohttp.ClientSession() as session:
            async with session.get(f"{program.address}/chat", params={"start": f"i_{code}"}) as page:
                assert f'data-start="i_{code}"' in await page.text()
            assert not (await who(program.engine, "web", "w")).producers, "a look at the page uses nothing up"
            body = {"chat": "w", "start": f"i_{code}", "language": "vi"}
            async with session.post(f"{program.address}/api/chat", json=body) as answer:
                assert "đã liên kết" in (await answer.json())["messages"][0]["text"]
        assert (await who(program.engine, "web", "w")).producers == (CONG_SON,)


async def test_on_zalo_the_code_is_sent(tmp_path: Path) -> None:
    async with (
        FakeZaloOA() as server,
        with_zalo_oa(server, database_url=f"sqlite+aiosqlite:///{tmp_path}/bot.db", zalo_oa_id=OA_ID) as (
            program,
            clock,
        ),
    ):
        await server.ask("officer", await code_for(program.engine, "officer:06220", clock()))
        (made,) = await server.ask("officer", "mời chủ thể HTX Nông nghiệp Công Sơn")
        assert f"https://zalo.me/{OA_ID}" in made.text
        code = re.search(r"\b(\w{5}-\w{5})\b", made.text)
        assert code
        (linked,) = await server.ask("lan", f"em gửi mã {code[1].lower()} ạ")
        assert "đã liên kết" in linked.text


async def test_without_addresses_the_code_stands_alone(tmp_path: Path) -> None:
    async with opened(tmp_path, "2026-08-01") as office:
        officer = await office.somebody("officer:06220")
        said = await officer.say("mời chủ thể HTX Nông nghiệp Công Sơn")
        assert "Mã cho" in said
        assert "http" not in said
