"""An announcement under trouble: faults of the platform, kill -9, a clock that jumps, a database that restarts.

A trial runs real processes against the fake Bot API of the tests, then compares what arrived with what is written
down: lost = arrived nowhere and not explained by its row; twice = arrived more than once; and the most requests that
fell into any one second.
"""

from __future__ import annotations

import asyncio
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.exc import DBAPIError
from sqlmodel import col

import db
from bench.announced import queued
from bench.bots import ROOT, TOKEN
from db import Announcement, Delivery
from tests.fakes.telegram import FakeTelegram, Weather

SHARES = {"403": 0.02, "429": 0.01, "500": 0.01, "drop-before": 0.005, "drop-after": 0.005, "slow": 0.01}
"""shares of requests: who blocked the bot (for good), the rest by chance"""
ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
FIRST_CHAT = 60_000_000
ANSWER_SECONDS = 5.0
EXPLAINED = ("gone", "failed", "uncertain", "skipped")


@dataclass
class Trial:
    """What is tried. ``kills`` kill -9 at moments drawn from ``seed``; ``jumps`` = seconds the clock jumps by, one
    after the other; ``outage`` restarts the database once in the middle."""

    name: str
    url: str
    room: Path
    recipients: int
    pace: float
    kills: int = 0
    replicas: int = 1
    seed: int = 1
    jumps: tuple[float, ...] = ()
    outage: Callable[[], Awaitable[None]] | None = None
    shares: dict[str, float] = field(default_factory=lambda: SHARES)
    patience: float = 900.0


@dataclass
class Found:
    """What came of a trial; seconds."""

    states: Counter[str]
    lost: int
    twice: int
    uncertain: int
    uncertain_arrived: int
    most: int
    seconds: float
    asked_to_wait: float
    takeover: float
    sustained: float
    """messages a second, while the platform did not ask for silence"""
    killed: int
    """how often kill -9 hit before the end"""


def most_in_a_second(moments: list[float]) -> int:
    """The most moments in any window of one second."""
    moments, first, most = sorted(moments), 0, 0
    for last, moment in enumerate(moments):
        while moments[first] <= moment - 1:
            first += 1
        most = max(most, last - first + 1)
    return most


async def run(trial: Trial) -> Found:
    """Do it."""
    engine = db.async_engine(trial.url)
    await db.migrate(engine)
    shift = trial.room / f"{trial.name}.shift"
    now = datetime.now(ZONE)
    shifted = (now.replace(hour=9, minute=0) - now).total_seconds()
    _write(shift, shifted)
    chats = [str(FIRST_CHAT + number) for number in range(trial.recipients)]
    async with engine.begin() as connection:
        await queued(connection, "telegram", chats, now)
    fake = FakeTelegram(token=TOKEN)
    fake.weather = Weather(trial.seed, trial.shares, slow=0.5)
    for chat in chats:
        fake.chat(chat)
    await fake.start()
    programs = Programs(trial, fake.url, shift)
    try:
        began = time.monotonic()
        await programs.start()
        trouble = asyncio.create_task(_trouble(trial, programs, shift, shifted, fake))
        await _finished(engine, trial.patience)
        seconds = time.monotonic() - began
        trouble.cancel()
    finally:
        await programs.stop()
        await fake.stop()
    return await _compare(engine, fake, chats, (seconds, programs.killed))


class Programs:
    """The senders: each is started again at once when it dies."""

    def __init__(self, trial: Trial, api: str, shift: Path) -> None:
        self._command = [
            sys.executable,
            "-m",
            "bench.outbox_bot",
            trial.url,
            api,
            str(trial.pace),
            str(shift),
        ]
        self._command += ["telegram", str(ANSWER_SECONDS)]
        self._log = (trial.room / f"{trial.name}.log").open("ab")
        self._running: dict[int, asyncio.subprocess.Process] = {}
        self._keepers: list[asyncio.Task[None]] = []
        self._replicas = trial.replicas
        self._stopping = False
        self.killed = 0

    async def start(self) -> None:
        """As many as there are replicas; wait until the first is there."""
        ready = asyncio.Event()
        self._keepers = [asyncio.create_task(self._keep(number, ready)) for number in range(self._replicas)]
        await asyncio.wait_for(ready.wait(), 60)

    async def _keep(self, number: int, ready: asyncio.Event) -> None:
        while not self._stopping:
            process = await asyncio.create_subprocess_exec(
                *self._command, cwd=ROOT, stdout=subprocess.PIPE, stderr=self._log
            )
            assert process.stdout is not None
            self._running[number] = process
            if b"ready" in await process.stdout.readline():
                ready.set()
            await process.wait()
            await asyncio.sleep(0.05)

    def kill(self, number: int) -> None:
        """kill -9."""
        process = self._running.get(number)
        if process is not None and process.returncode is None:
            process.send_signal(signal.SIGKILL)
            self.killed += 1

    async def stop(self) -> None:
        """SIGTERM to all."""
        self._stopping = True
        for process in self._running.values():
            if process.returncode is None:
                process.terminate()
        _, left = await asyncio.wait(self._keepers, timeout=15)
        for process in self._running.values():
            if process.returncode is None:
                process.kill()
        await asyncio.gather(*left, return_exceptions=True)
        self._log.close()


async def _trouble(trial: Trial, programs: Programs, shift: Path, shifted: float, fake: FakeTelegram) -> None:
    """Each trouble when a drawn share of the people was written to: so that all of it happens before the end."""
    rng = random.Random(trial.seed)
    shares: list[tuple[float, str, Any]] = [
        (rng.uniform(0.02, 0.9), "kill", rng.randrange(trial.replicas)) for _ in range(trial.kills)
    ]
    shares += [(rng.uniform(0.1, 0.9), "jump", by) for by in trial.jumps]
    if trial.outage:
        shares.append((0.5, "outage", None))
    for share, what, detail in sorted(shares, key=lambda one: one[0]):
        while len(fake.calls) < share * trial.recipients:  # noqa: ASYNC110
            await asyncio.sleep(0.005)
        if what == "kill":
            programs.kill(detail)
        elif what == "jump":
            shifted += detail
            _write(shift, shifted)
        elif trial.outage:
            await trial.outage()


def _write(path: Path, seconds: float) -> None:
    new = path.with_suffix(".new")
    new.write_text(f"{seconds:.3f}")
    new.replace(path)


async def _finished(engine: Any, patience: float) -> None:
    async with asyncio.timeout(patience):
        while True:
            await asyncio.sleep(0.2)
            try:
                async with engine.connect() as connection:
                    states = (await connection.execute(select(col(Announcement.state)))).scalars().all()
            except (DBAPIError, OSError):
                continue
            if set(states) == {"finished"}:
                return


async def _compare(engine: Any, fake: FakeTelegram, chats: list[str], run: tuple[float, int]) -> Found:
    query = select(col(Delivery.address), col(Delivery.state))
    async with engine.connect() as connection:
        states = {row[0]: row[1] for row in await connection.execute(query)}
    await engine.dispose()
    arrived = {chat: len(fake.chat(chat).shown) for chat in chats}
    lost = [c for c in chats if not arrived[c] and states[c] not in EXPLAINED]
    calls = fake.called("sendMessage")
    moments = [call.at for call in calls]
    pauses = [later - first for first, later in pairwise(moments)]
    waits = _told_to_wait(
        [call.at for call in calls if call.status == 429], fake.weather.wait if fake.weather else 1
    )
    return Found(
        Counter(states.values()),
        len(lost),
        sum(count > 1 for count in arrived.values()),
        sum(state == "uncertain" for state in states.values()),
        sum(state == "uncertain" and arrived[chat] > 0 for chat, state in states.items()),
        most_in_a_second(moments),
        run[0],
        waits,
        max(pauses, default=0.0),
        len(moments) / max(0.001, (moments[-1] - moments[0]) - waits),
        run[1],
    )


def _told_to_wait(moments: list[float], seconds: float) -> float:
    """Seconds in which the platform had asked for silence; what it asks for twice counts once."""
    total, until = 0.0, 0.0
    for moment in sorted(moments):
        total += max(0.0, moment + seconds - max(until, moment))
        until = max(until, moment + seconds)
    return total


def told(trial: Trial, found: Found) -> str:
    """One line of the table in docs/operating.md."""
    states = ", ".join(f"{count} {state}" for state, count in sorted(found.states.items()))
    return (
        f"| {trial.name} | {trial.recipients} | {found.killed} | {trial.pace:g} | {found.lost} | {found.twice} "
        f"| {found.uncertain} ({found.uncertain_arrived} had arrived) | {found.most} "
        f"| {found.takeover:.1f} s | {found.seconds:.0f} s | {states} |"
    )


HEAD = (
    "| trial | recipients | kill -9 | pace | lost | sent twice | uncertain "
    "| most in a second | longest pause | took | rows |\n"
    "|---|---|---|---|---|---|---|---|---|---|---|"
)
