"""The engine, the session, and a schema that is brought up to date at the start."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import Connection, Engine, event, inspect, make_url, text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine

BUSY_TIMEOUT_MS = 5_000
"""How long a SQLite connection waits for another writer."""


def async_engine(url: str) -> AsyncEngine:
    """Open the engine for a database address.

    SQLite gets WAL, foreign keys, a busy timeout and ``synchronous=NORMAL`` (a killed process loses nothing;
    a power cut may lose the last moments), and its folder is made. PostgreSQL gets a checked pool.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        return create_async_engine(
            url,
            pool_pre_ping=True,
            hide_parameters=True,
            pool_size=5,
            max_overflow=5,
            json_serializer=as_json,
            json_deserializer=from_json,
        )
    if parsed.database and parsed.database != ":memory:":
        Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_async_engine(
        url, json_serializer=as_json, json_deserializer=from_json, hide_parameters=True
    )
    _prepare_sqlite(engine.sync_engine)
    return engine


def as_json(value: Any) -> str:
    """How JSON columns are written: quickly, or the standard library's way where it takes more."""
    try:
        return orjson.dumps(value).decode()
    except TypeError:  # half a surrogate pair, a key that is no text
        return json.dumps(value)


def from_json(text: str | bytes) -> Any:
    """How JSON columns are read."""
    return orjson.loads(text)


def _prepare_sqlite(engine: Engine) -> None:
    @event.listens_for(engine, "connect")
    def configure(connection: Any, _record: Any) -> None:
        tune(connection)


def tune(connection: Any, busy_timeout_ms: int = BUSY_TIMEOUT_MS) -> None:
    """Give a connection to SQLite the settings named at :func:`async_engine`."""
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout = {busy_timeout_ms}")
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.execute("PRAGMA synchronous = NORMAL")
    cursor.close()


@asynccontextmanager
async def session(engine: AsyncEngine) -> AsyncIterator[AsyncSession]:
    """One transaction: committed when the block ends well, rolled back when it does not."""
    async with AsyncSession(engine, expire_on_commit=False) as opened, opened.begin():
        yield opened


MIGRATIONS = Path(__file__).resolve().parent.parent / "migrations"


class SchemaError(Exception):
    """The database's schema cannot be brought up to date by this program: one sentence, no trace."""


def head_revision() -> str:
    """The newest revision this program knows; read from file names, so that no start waits for Alembic."""
    return max(path.name.split("_")[0] for path in (MIGRATIONS / "versions").glob("[0-9]*.py"))


async def current_revision(engine: AsyncEngine) -> str | None:
    """The revision the database stands at; None for an empty one. Errors of the connection are passed on."""
    async with engine.connect() as connection:
        if not await connection.run_sync(lambda sync: inspect(sync).has_table("alembic_version")):
            return None
        found: str | None = await connection.scalar(text("SELECT version_num FROM alembic_version"))
        return found


async def migrate(engine: AsyncEngine) -> bool:
    """Bring the schema up to date; True if there was something to do. Alembic is loaded only then.

    One transaction, and one program at a time: a second replica waits and then finds nothing to do. Raises
    :class:`SchemaError` when the database was made by a newer program.
    """
    current, head = await current_revision(engine), head_revision()
    if current == head:
        return False
    if current is not None and current > head:
        raise SchemaError(
            f"The database is at revision {current}, newer than this program's {head}: update the program."
        )
    async with engine.connect() as connection:
        if connection.dialect.name == "sqlite":
            await connection.exec_driver_sql("BEGIN IMMEDIATE")
        else:
            await connection.execute(text("SELECT pg_advisory_xact_lock(20250701)"))
        await connection.run_sync(_upgrade)
        await connection.commit()
    return True


def _upgrade(connection: Connection) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
