"""Short transactions on SQLite, quickly: SQLAlchemy's statements compiled once, the driver's own calls.

An answer waits until its arrival is stored. Through aiosqlite every statement is a round trip to a thread
that has to win Python's lock from a busy event loop (up to 5 ms each), and building, looking up and unpacking
a statement costs 50 µs; SQLite itself needs 10 µs. So these few transactions run on the loop's own thread,
and what may take longer stays off it: another program's lock is waited for asleep, and the write-ahead log is
carried into the database, the only step that waits for the disk, by a thread.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, TypeVar

from sqlalchemy import Select
from sqlalchemy.dialects.sqlite import dialect as sqlite_dialect
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.sql.dml import UpdateBase

from db.base import Instant
from db.engine import BUSY_TIMEOUT_MS, as_json, from_json, tune

LOCKED_PAUSE = 0.01
"""seconds between two tries while another program writes"""
CHECKPOINT_AFTER = 500
"""transactions after which the write-ahead log is carried over: some megabytes"""
CHECKPOINT = "PRAGMA wal_checkpoint(PASSIVE)"
DIALECT = sqlite_dialect(paramstyle="named", json_serializer=as_json, json_deserializer=from_json)
Result = TypeVar("Result")
Value = Callable[[Any], Any]


class LockedError(Exception):
    """Another program held the database's lock for longer than ``BUSY_TIMEOUT_MS``."""


class Prepared:
    """One statement, compiled once. ``names`` are the columns that an insert fills."""

    def __init__(self, statement: UpdateBase | Select[Any], names: Iterable[str] | None = None) -> None:
        compiled = statement.compile(dialect=DIALECT, column_keys=list(names) if names is not None else None)
        self._sql = str(compiled)
        self._fixed = {name: value for name, value in compiled.params.items() if value is not None}
        self._bound = {
            name: way for name, bind in compiled.binds.items() if (way := _way(bind.type, "bind_processor"))
        }
        columns = statement.selected_columns if isinstance(statement, Select) else ()
        self._read = [_way(column.type, "result_processor") for column in columns]

    def run(self, connection: sqlite3.Connection, rows: Iterable[Mapping[str, Any]]) -> None:
        """Run it for each row."""
        connection.executemany(self._sql, [self._values(row) for row in rows])

    def ask(self, connection: sqlite3.Connection, row: Mapping[str, Any]) -> Sequence[Any] | None:
        """Run it for one row and give the first row of the answer, or None."""
        found = connection.execute(self._sql, self._values(row)).fetchall()
        if not found or not self._read:
            return found[0] if found else None
        return [way(value) if way else value for way, value in zip(self._read, found[0], strict=True)]

    def every(self, connection: sqlite3.Connection, row: Mapping[str, Any]) -> list[Sequence[Any]]:
        """Run it for one row and give every row of the answer."""
        return [
            [way(value) if way else value for way, value in zip(self._read, found, strict=True)]
            for found in connection.execute(self._sql, self._values(row))
        ]

    def _values(self, row: Mapping[str, Any]) -> dict[str, Any]:
        values = {**self._fixed, **row}
        for name, way in self._bound.items():
            values[name] = way(values[name])
        return values


def _way(kind: Any, which: str) -> Value | None:
    """How a type's values are written or read on SQLite; None = as they are. A batch has one moment for all."""
    made = kind.dialect_impl(DIALECT)
    found: Value | None = (
        made.bind_processor(DIALECT) if which == "bind_processor" else made.result_processor(DIALECT, None)
    )
    return lru_cache(maxsize=8)(found) if found and isinstance(kind, Instant) else found


class Quick:
    """One more connection to a SQLite file, for transactions of some milliseconds, one at a time."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._opened: sqlite3.Connection | None = None
        self._one = asyncio.Lock()
        self._since = 0
        self._carrying: asyncio.Task[None] | None = None

    @staticmethod
    def serves(engine: AsyncEngine) -> bool:
        """Whether there is a SQLite file; a database in memory belongs to its one connection."""
        return engine.dialect.name == "sqlite" and engine.url.database not in (None, "", ":memory:")

    async def run(self, work: Callable[[sqlite3.Connection], Result]) -> Result:
        """Do the work in one transaction; nothing of it stays when it raises.

        Raises :class:`LockedError` when another program does not let it begin.
        """
        async with self._one:
            result = await self._tried(work)
        self._since += 1
        if self._since >= CHECKPOINT_AFTER and (self._carrying is None or self._carrying.done()):
            self._since = 0
            self._carrying = asyncio.create_task(self._carry_over(), name="checkpoint")
        return result

    async def carried_over(self) -> None:
        """Wait until the write-ahead log is carried over, if that has begun."""
        if self._carrying is not None:
            await self._carrying

    async def close(self) -> None:
        """Close the connection."""
        await self.carried_over()
        if self._opened:
            self._opened.close()
            self._opened = None

    async def _tried(self, work: Callable[[sqlite3.Connection], Result]) -> Result:
        waited = 0.0
        while True:
            try:
                return self._transaction(work)
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                    raise
                if waited * 1_000 >= BUSY_TIMEOUT_MS:
                    raise LockedError from error
            await asyncio.sleep(LOCKED_PAUSE)
            waited += LOCKED_PAUSE

    def _transaction(self, work: Callable[[sqlite3.Connection], Result]) -> Result:
        connection = self._connection()
        connection.execute("BEGIN IMMEDIATE")
        try:
            result = work(connection)
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
        return result

    def _connection(self) -> sqlite3.Connection:
        if self._opened is None:
            self._opened = sqlite3.connect(self._engine.url.database or "", isolation_level=None)
            tune(self._opened, busy_timeout_ms=0)
            self._opened.execute("PRAGMA wal_autocheckpoint = 0")
        return self._opened

    async def _carry_over(self) -> None:
        """The bulk while others write, the rest while nobody does: only then can the log begin anew."""
        async with self._engine.connect() as connection:
            await connection.exec_driver_sql(CHECKPOINT)
            async with self._one:
                await connection.exec_driver_sql(CHECKPOINT)
