"""The three bots under measure as processes of their own, held to one core; what they cost in memory."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from bench import zalo
from bench.driver import SECRET, Target

ROOT = Path(__file__).parent.parent
TOKEN = "123456789:" + "bench" * 7
Kind = Literal["floor", "stock", "stock-concurrent", "ours", "ours-zalo", "ours-zalo-receipts"]
"""``ours`` answers on Telegram, the last two as an Official Account"""


def cores() -> tuple[set[int], set[int]]:
    """The bot's core and the rest, for the driver; the same set twice on a machine with one core."""
    every = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    return ({every[0]}, set(every[1:])) if len(every) > 1 else (set(every), set(every))


@dataclass
class Bot:
    """A running bot; ``ready_after`` is the time from its start to its first readiness, in seconds."""

    process: subprocess.Popen[bytes]
    target: Target
    ready_after: float

    def memory(self, which: Literal["VmRSS", "VmHWM"]) -> float:
        """Resident memory now, or its peak, in MB (Linux)."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        line = next(line for line in status.splitlines() if line.startswith(which))
        return int(line.split()[1]) / 1024

    def cpu(self) -> float:
        """Processor time it has used so far, in seconds (Linux)."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def kill(self) -> None:
        """kill -9."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        """SIGTERM, and kill -9 after ten seconds."""
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.kill()


def free_port() -> int:
    """A port nobody listens on now."""
    with socket.socket() as opened:
        opened.bind(("127.0.0.1", 0))
        return int(opened.getsockname()[1])


async def status_of(port: int, path: str) -> int:
    """The status of a GET, 0 while nobody listens."""
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return 0
    try:
        writer.write(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".encode())
        line = await reader.readline()
        return int(line.split()[1]) if line else 0
    except OSError:
        return 0
    finally:
        writer.close()


def _command(kind: Kind, port: int, api: str, folder: Path, room: Path) -> list[str]:
    if kind.startswith("ours"):
        return [sys.executable, "-m", "bot", "run"]
    module, *more = kind.split("-")
    database = room / f"{kind}-{port}.db"
    return [sys.executable, "-m", f"bench.{module}", str(port), api, str(folder), str(database), *more]


def environment(kind: Kind, port: int, api: str, folder: Path, room: Path) -> dict[str, str]:
    """The settings of our bot for a run: nothing of the person's own settings."""
    telegram = {"TELEGRAM_TOKEN": TOKEN, "TELEGRAM_API_URL": api, "TELEGRAM_WEBHOOK_SECRET": SECRET}
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "LC_ALL") if name in os.environ}
    return kept | {
        "DATABASE_URL": f"sqlite+aiosqlite:///{room / 'bot.db'}",
        "DATA_DIR": str(folder),
        "HOST": "127.0.0.1",
        "PORT": str(port),
        "PUBLIC_URL": f"http://127.0.0.1:{port}",
        **(zalo.environment(api) if kind.startswith("ours-zalo") else telegram),
        "LOG_LEVEL": "WARNING",
        "PYTHONPATH": str(ROOT),
    }


async def start(kind: Kind, api: str, folder: Path, room: Path, patience: float = 60) -> Bot:
    """Start a bot on its core and wait until it is ready; RuntimeError with its last words if it dies."""
    port = free_port()
    ours, _ = cores()
    with (room / f"{kind}.log").open("ab") as log:
        began = time.perf_counter()
        process = subprocess.Popen(  # noqa: ASYNC220 - starting takes a millisecond
            _command(kind, port, api, folder, room),
            cwd=room,
            env=environment(kind, port, api, folder, room),
            stdout=log,
            stderr=log,
            preexec_fn=(lambda: os.sched_setaffinity(0, ours)) if ours else None,
        )
    while not await _is_ready(kind, port):
        if process.poll() is not None or time.perf_counter() - began > patience:
            process.kill()
            raise RuntimeError(f"{kind} did not start:\n" + (room / f"{kind}.log").read_text()[-3_000:])
        await asyncio.sleep(0.005)
    target = Target(port, zalo.PATH) if kind.startswith("ours-zalo") else Target(port)
    return Bot(process, target, time.perf_counter() - began)


async def _is_ready(kind: Kind, port: int) -> bool:
    status = await status_of(port, "/health/ready")
    return status == 200 or (kind.startswith("stock") and status > 0)


@contextlib.asynccontextmanager
async def running(kind: Kind, api: str, folder: Path, room: Path) -> AsyncIterator[Bot]:
    """A bot that is stopped at the end of the block."""
    bot = await start(kind, api, folder, room)
    try:
        yield bot
    finally:
        bot.stop()
