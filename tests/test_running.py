"""The program as a process: start, SIGTERM, kill −9, two replicas, settings that are wrong."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.fakes.telegram import TOKEN, FakeTelegram
from tests.players import free_port, running, settled

ROOT = Path(__file__).parent.parent
STARTED_WITHIN = 30.0


def environment(tmp_path: Path, **changed: str) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
    database = f"sqlite+aiosqlite:///{tmp_path}/bot.db"
    return {**kept, "DATABASE_URL": database, "HOST": "127.0.0.1", "PORT": str(free_port()), **changed}


@asynccontextmanager
async def process(env: dict[str, str], *arguments: str) -> AsyncIterator[asyncio.subprocess.Process]:
    started = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", *arguments, cwd=ROOT, env=env,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        yield started
    finally:
        if started.returncode is None:
            started.kill()
            await started.wait()


async def ready(env: dict[str, str]) -> dict[str, Any]:
    """Wait until it says that it is ready."""
    async with asyncio.timeout(STARTED_WITHIN), aiohttp.ClientSession() as session:
        while True:
            try:
                async with session.get(f"http://127.0.0.1:{env['PORT']}/health/ready") as response:
                    if response.status == 200:
                        return await response.json()
            except aiohttp.ClientError:
                pass
            await asyncio.sleep(0.05)


async def ended(started: asyncio.subprocess.Process, within: float = 20) -> tuple[int, str, str]:
    async with asyncio.timeout(within):
        out, err = await started.communicate()
    return started.returncode or 0, out.decode(), err.decode()


async def test_it_starts_answers_and_stops(tmp_path: Path) -> None:
    env = environment(tmp_path)
    async with process(env, "run") as started:
        health = await ready(env)
        assert health["ready"] is True
        assert health["channels"]["web"]["state"] == "up"
        body = {"chat": "a", "text": "vit quay o dau", "language": "vi"}
        async with (
            aiohttp.ClientSession() as session,
            session.post(f"http://127.0.0.1:{env['PORT']}/api/chat", json=body) as response,
        ):
            assert "Vịt quay Hồng Xiêm" in (await response.json())["messages"][0]["text"]
        started.send_signal(signal.SIGTERM)
        code, out, err = await ended(started, within=10)
    assert code == 0, err
    assert f"Open http://127.0.0.1:{env['PORT']}" in out
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"DATABASE_URL": "mysql://x"}, "DATABASE_URL"),
        ({"PORT": "eighty"}, "PORT"),
        ({"BOT_NOW": "2026-12-03T10:00"}, "BOT_NOW"),
        ({"BOT_TIMEZONE": "Mars/Olympus"}, "BOT_TIMEZONE"),
        ({"TELEGRAM_TOKEN": "not a token"}, "TELEGRAM_TOKEN"),
        ({"TELEGRAM_WEBHOOK_SECRET": "s"}, "TELEGRAM_WEBHOOK_SECRET"),
        ({"PUBLIC_URL": "ocop.example"}, "PUBLIC_URL"),
        ({"LOG_FORMAT": "xml"}, "LOG_FORMAT"),
    ],
)
async def test_a_wrong_setting_is_one_sentence(tmp_path: Path, wrong: dict[str, str], named: str) -> None:
    async with process(environment(tmp_path, **wrong), "run") as started:
        code, _out, err = await ended(started)
    assert code == 1
    assert named in err
    assert len(err.strip().splitlines()) == 1
    assert "not a token" not in err


async def test_a_taken_port_is_one_sentence(tmp_path: Path) -> None:
    server = await asyncio.start_server(lambda _r, _w: None, "127.0.0.1", 0)
    port = str(server.sockets[0].getsockname()[1])
    async with process(environment(tmp_path, PORT=port), "run") as started:
        code, _out, err = await ended(started)
    server.close()
    assert code == 1
    assert "Traceback" not in err


async def test_killed_between_200_and_answer_it_answers_after_the_restart(tmp_path: Path) -> None:
    """Stored before the 200: the platform answers slowly, the process dies with 30 messages in hand."""
    async with FakeTelegram() as fake:
        port = str(free_port())
        env = environment(
            tmp_path,
            PORT=port,
            TELEGRAM_TOKEN=TOKEN,
            TELEGRAM_API_URL=fake.url,
            PUBLIC_URL=f"http://127.0.0.1:{port}",
        )
        async with process(env, "run") as first:
            await ready(env)
            fake.fail("slow", method="sendMessage", times=1_000, seconds=30)
            for number in range(30):
                await fake.say(1_000 + number, "trà diếp cá")
            await fake.drained(10)
            assert len(_open(tmp_path)) == 30
            first.kill()
            await first.wait()
        fake.faults.clear()
        assert len(_open(tmp_path)) == 30
        async with process(env, "run") as second:
            await ready(env)
            async with asyncio.timeout(15):
                while _open(tmp_path):
                    await asyncio.sleep(0.05)
            assert all(len(fake.screen(1_000 + number)) >= 1 for number in range(30))
            second.send_signal(signal.SIGTERM)
            code, _out, err = await ended(second, within=12)
        assert code == 0, err
        assert TOKEN not in err


def _open(tmp_path: Path) -> list[tuple[str]]:
    with sqlite3.connect(f"file:{tmp_path}/bot.db?mode=ro", uri=True) as connection:
        return connection.execute("SELECT update_id FROM arrival WHERE state = 'stored'").fetchall()


async def test_two_replicas_on_postgresql_answer_once(postgresql_server: Any) -> None:
    """The same updates to both replicas at once: one answer each, whoever gives it."""
    await postgresql_server.tell("CREATE DATABASE replicas")
    async with FakeTelegram() as fake:
        common = {
            "database_url": postgresql_server.of("replicas"),
            "telegram_token": TOKEN,
            "telegram_api_url": fake.url,
            "public_url": "http://127.0.0.1:1",
        }
        async with running(**common) as (one, _c1), running(**common) as (two, _c2):
            fake.webhook.clear()
            secret = {"X-Telegram-Bot-Api-Secret-Token": one.settings.telegram_secret}
            async with aiohttp.ClientSession(headers=secret) as session:

                async def post(address: str, number: int) -> int:
                    fake.chat(number)
                    person = {"id": number, "type": "private", "first_name": "Lan"}
                    message = {"message_id": 1, "date": 1, "chat": person, "from": person, "text": "vịt quay"}
                    body = {"update_id": number, "message": message}
                    async with session.post(f"{address}/webhooks/telegram", json=body) as response:
                        return response.status

                both = [post(replica.address, number) for number in range(1, 41) for replica in (one, two)]
                assert set(await asyncio.gather(*both)) == {200}
            await settled(one)
            await settled(two)
        assert [len(fake.screen(number)) for number in range(1, 41)] == [1] * 40


async def test_a_changed_registry_is_published_without_a_restart(tmp_path: Path) -> None:
    from handlers.services.importing import import_paths

    database = f"sqlite+aiosqlite:///{tmp_path}/bot.db"
    async with running(database_url=database) as (application, _clock):
        assert "so-dien-thoai-moi" not in application.catalogue.products
        sheet = tmp_path / "products.csv"
        sheet.write_text("code,name_vi,group,stars\nmuoi-ot-moi,Muối ớt Mới,food,3\n", "utf-8")
        report = await import_paths(application.engine, [sheet])
        assert report.ok
        async with asyncio.timeout(10):
            while "muoi-ot-moi" not in application.catalogue.products:
                await asyncio.sleep(0.05)


async def test_doctor_and_routes_and_replay(tmp_path: Path) -> None:
    env = environment(tmp_path)
    async with process(env, "doctor") as started:
        code, out, err = await ended(started)
    assert code == 0, out + err
    assert "telegram: off" in out
    async with process({**env, "BOT_NOW": "2026-12-03T10:00+07:00"}, "doctor") as started:
        code, out, _err = await ended(started)
    assert code == 1
    assert "BOT_NOW is set" in out
    async with process(env, "routes") as started:
        code, out, _err = await ended(started)
    assert code == 0
    assert "nearby.buy" in out
    script = tmp_path / "wrong.chat"
    script.write_text("language: vi\n> vịt quay\n< contains: phở\n", "utf-8")
    async with process(env, "replay", str(script)) as started:
        code, out, err = await ended(started)
    assert code == 1
    assert "“contains: phở” does not hold" in err
    assert "Vịt quay Hồng Xiêm" in out
