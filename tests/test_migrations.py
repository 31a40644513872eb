"""The schema: up from empty on both engines, the same as the models, and brought up to date cheaply."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import CheckConstraint, Connection, inspect, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

import db


def _checks(connection: Connection) -> set[tuple[str, str]]:
    inspector = inspect(connection)
    return {
        (table, str(check["name"]))
        for table in db.metadata.tables
        for check in inspector.get_check_constraints(table)
    }


async def test_the_migrated_schema_is_the_one_of_the_models(empty_engine: AsyncEngine) -> None:
    assert await db.migrate(empty_engine)
    async with empty_engine.connect() as connection:
        difference = await connection.run_sync(
            lambda sync: compare_metadata(
                MigrationContext.configure(sync, opts={"compare_type": True}), db.metadata
            )
        )
        checks = await connection.run_sync(_checks)
    assert difference == []
    assert checks == {
        (table.name, str(constraint.name))
        for table in db.metadata.tables.values()
        for constraint in table.constraints
        if isinstance(constraint, CheckConstraint)
    }


async def test_a_second_start_finds_nothing_to_do(empty_engine: AsyncEngine) -> None:
    assert await db.current_revision(empty_engine) is None
    assert await db.migrate(empty_engine)
    assert await db.current_revision(empty_engine) == db.head_revision()
    assert not await db.migrate(empty_engine)


async def test_a_database_of_a_newer_program_is_refused_in_one_sentence(engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(db.SchemaError, match="9999"):
        await db.migrate(engine)


async def test_a_migration_that_fails_leaves_nothing_behind(
    empty_engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def half(connection: Connection) -> None:
        connection.execute(text("CREATE TABLE half (a INTEGER)"))
        raise RuntimeError("power cut")

    monkeypatch.setattr("db.engine._upgrade", half)
    with pytest.raises(RuntimeError):
        await db.migrate(empty_engine)
    async with empty_engine.connect() as connection:
        assert not await connection.run_sync(lambda sync: inspect(sync).has_table("half"))


def test_the_newest_file_is_alembics_head() -> None:
    config = Config()
    config.set_main_option("script_location", str(db.MIGRATIONS))
    config.set_main_option("path_separator", "os")
    assert ScriptDirectory.from_config(config).get_heads() == [db.head_revision()]


def test_alembic_is_loaded_only_for_work(tmp_path: Path) -> None:
    """A start on a database that is up to date must not pay for the import."""
    program = (
        "import asyncio, sys, db\n"
        f"engine = db.async_engine('sqlite+aiosqlite:///{tmp_path}/bot.db')\n"
        "async def start():\n"
        "    await db.migrate(engine)\n"
        "    await engine.dispose()\n"
        "asyncio.run(start())\n"
        "print('alembic' in sys.modules)\n"
    )
    said = [
        subprocess.run(
            [sys.executable, "-c", program],
            cwd=db.MIGRATIONS.parent,
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        for _ in range(2)
    ]
    assert said == ["True", "False"]


@pytest.mark.parametrize("table", ["audit", "notice"])
async def test_the_database_refuses_to_change_what_is_only_added(engine: AsyncEngine, table: str) -> None:
    columns = db.metadata.tables[table].columns
    moment = datetime(2026, 12, 3, tzinfo=UTC)
    row = {
        c.name: moment if isinstance(c.type, db.Instant) else 1 if c.name == "person_id" else "x"
        for c in columns
        if c.name != "id"
    }
    async with engine.begin() as connection:
        await connection.execute(db.metadata.tables[table].insert().values(row))
    for change in (f"DELETE FROM {table}", f"UPDATE {table} SET {list(row)[-1]} = 'y'"):
        with pytest.raises(DBAPIError, match="only added"):
            async with engine.begin() as connection:
                await connection.execute(text(change))
