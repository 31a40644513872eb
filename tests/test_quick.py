"""The short road to SQLite: another program's lock, a log that stays small, a failure that leaves nothing."""

from __future__ import annotations

import asyncio
import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from db import LockedError, Quick, quick
from handlers.services.inbox import Inbox, InboxUnavailable, Settlement

NOW = datetime(2026, 12, 3, 3, tzinfo=UTC)


@pytest.fixture
def other(sqlite_engine: AsyncEngine) -> sqlite3.Connection:
    """Another program on the same file."""
    return sqlite3.connect(sqlite_engine.url.database or "", isolation_level=None)


async def test_another_programs_lock_is_waited_for_asleep(
    sqlite_engine: AsyncEngine, other: sqlite3.Connection
) -> None:
    opened = Inbox(sqlite_engine, 1, lambda: NOW)
    await opened.start()
    other.execute("BEGIN IMMEDIATE")
    storing = asyncio.create_task(opened.store("telegram", "1", "42", "{}"))
    await asyncio.sleep(0.05)  # the loop is free meanwhile
    assert not storing.done()
    other.execute("COMMIT")
    assert (await storing) is not None
    await opened.stop()


async def test_a_lock_that_stays_turns_arrivals_away_and_keeps_settlements(
    sqlite_engine: AsyncEngine, other: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quick, "BUSY_TIMEOUT_MS", 30)
    opened = Inbox(sqlite_engine, 1, lambda: NOW)
    await opened.start()
    standing = await opened.store("telegram", "1", "42", "{}")
    assert standing is not None
    other.execute("BEGIN IMMEDIATE")
    standing.put("step", "open")
    opened.settle(Settlement("telegram", "1", "42", standing=standing))
    with pytest.raises(InboxUnavailable):
        await opened.store("telegram", "2", "43", "{}")
    other.execute("COMMIT")
    assert (await opened.store("telegram", "3", "44", "{}")) is not None
    await opened.stop()
    rows = other.execute("SELECT update_id, state FROM arrival ORDER BY update_id").fetchall()
    assert rows == [("1", "answered"), ("3", "stored")]
    assert other.execute("SELECT state FROM step").fetchall() == [('{"step":"open"}',)]


async def test_a_failure_leaves_nothing(sqlite_engine: AsyncEngine, other: sqlite3.Connection) -> None:
    def half(connection: sqlite3.Connection) -> None:
        connection.execute("INSERT INTO person (created_at) VALUES ('2026-12-03 03:00:00.000000')")
        raise ZeroDivisionError

    opened = Quick(sqlite_engine)
    with pytest.raises(ZeroDivisionError):
        await opened.run(half)
    await opened.run(lambda connection: None)
    assert other.execute("SELECT count(*) FROM person").fetchone() == (0,)
    await opened.close()


async def test_a_lock_of_our_own_program_is_said(
    sqlite_engine: AsyncEngine, other: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quick, "BUSY_TIMEOUT_MS", 20)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(LockedError):
        await Quick(sqlite_engine).run(lambda connection: None)


def size(path: Path) -> int:
    return path.stat().st_size


async def test_the_log_begins_anew(sqlite_engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quick, "CHECKPOINT_AFTER", 20)
    opened = Quick(sqlite_engine)

    def write(connection: sqlite3.Connection) -> None:
        connection.execute("INSERT INTO person (created_at) VALUES ('2026-12-03 03:00:00.000000')")

    log = Path(f"{sqlite_engine.url.database}-wal")
    for _ in range(40):
        await opened.run(write)
    await opened.run(write)
    await opened.carried_over()
    begun = size(log)
    for _ in range(15):
        await opened.run(write)
    assert size(log) == begun  # written over from its beginning
    await opened.close()


def test_a_database_in_memory_goes_the_usual_way() -> None:
    import db

    assert not Quick.serves(db.async_engine("sqlite+aiosqlite://"))
