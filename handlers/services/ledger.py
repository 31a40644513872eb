"""The statements of the inbox: one transaction stores what came in and settles what was answered.

Every statement is built once. On PostgreSQL SQLAlchemy runs them; on a SQLite file the same statements take a
shorter way, because there they cost less than the road to them (:mod:`db.quick`).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import bindparam, literal_column, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlalchemy.sql.dml import Insert
from sqlmodel import SQLModel, col

from db import Arrival, Chat, Prepared, Quick, Step
from handlers.services.standing import Standing

Key = tuple[str, str]
"""(channel, update id) of an arrival, (channel, address) of a chat"""
Row = dict[str, Any]
Seen = tuple[Standing, datetime]
"""where a chat stands, and when it was last seen"""

ARRIVAL = ("channel", "update_id", "address", "raw", "state", "worker", "received_at")
CHAT = (
    "channel",
    "address",
    "language",
    "guessed",
    "state",
    "state_reason",
    "first_seen_at",
    "last_seen_at",
)
STEP = ("channel", "address", "state", "at")
STANDING = select(
    col(Chat.address),
    col(Chat.language),
    col(Chat.guessed),
    col(Chat.state),
    col(Chat.last_seen_at),
    col(Step.state),
).outerjoin(Step, (col(Step.channel) == col(Chat.channel)) & (col(Step.address) == col(Chat.address)))


@dataclass(slots=True)
class Batch:
    """What one transaction writes: rows of each table, as the columns are called."""

    arrivals: list[Row] = field(default_factory=list)
    unknown: set[Key] = field(default_factory=set)
    """chats whose standing is to be read"""
    chats: list[Row] = field(default_factory=list)
    steps: list[Row] = field(default_factory=list)
    records: list[SQLModel] = field(default_factory=list)
    settled: list[Row] = field(default_factory=list)
    """channel_, update_id_, state_, answer_"""


@dataclass(frozen=True, slots=True)
class Written:
    """What a transaction found: which arrivals are new, and the standings asked for."""

    fresh: set[Key] = field(default_factory=set)
    standings: dict[Key, Seen] = field(default_factory=dict)


class Ledger:
    """The inbox's statements on one database."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self.insert = (postgresql if engine.dialect.name == "postgresql" else sqlite).insert
        self.store = (
            self.insert(Arrival)
            .on_conflict_do_nothing(index_elements=["channel", "update_id"])
            .returning(col(Arrival.channel), col(Arrival.update_id))
        )
        self.put_chat = self._upsert(Chat, kept=("person_id", "first_seen_at"))
        self.put_step = self._upsert(Step, kept=())
        self.settle = (
            update(Arrival.__table__)  # type: ignore[attr-defined]
            .where(
                col(Arrival.channel) == bindparam("channel_"),
                col(Arrival.update_id) == bindparam("update_id_"),
            )
            .values(state=bindparam("state_"), raw=literal_column("''"), answer=bindparam("answer_"))
        )

    async def write(self, batch: Batch) -> Written:
        """Write a batch in one transaction: what was settled first, so that what is read then is true."""
        async with self._engine.begin() as connection:
            for statement, rows in (
                (self.put_chat, batch.chats),
                (self.put_step, batch.steps),
                (self.settle, batch.settled),
            ):
                if rows:
                    await connection.execute(statement, rows)
            for record in batch.records:
                row = record.model_dump(exclude_none=True)
                await connection.execute(self.insert(type(record)).values(row))
            if not batch.arrivals:
                return Written()
            fresh = {(row[0], row[1]) for row in await connection.execute(self.store, batch.arrivals)}
            return Written(fresh, await self.standings(connection, batch.unknown))

    async def standings(self, connection: AsyncConnection, keys: Iterable[Key]) -> dict[Key, Seen]:
        """Where chats stand, and when they were last seen; a chat without a row is left out."""
        by_channel: dict[str, list[str]] = {}
        for channel, address in keys:
            by_channel.setdefault(channel, []).append(address)
        found: dict[Key, Seen] = {}
        for channel, addresses in by_channel.items():
            asked = STANDING.where(col(Chat.channel) == channel, col(Chat.address).in_(addresses))
            found.update(_seen(channel, row) for row in await connection.execute(asked))
        return found

    async def close(self) -> None:
        """Nothing of its own is open."""

    def _upsert(self, table: type[SQLModel], kept: tuple[str, ...]) -> Insert:
        """Insert a chat's row, or change all of it but its key and what is ``kept``."""
        statement = self.insert(table)
        columns = [column.name for column in table.__table__.columns]  # type: ignore[attr-defined]
        changed = {
            name: statement.excluded[name] for name in columns if name not in ("channel", "address", *kept)
        }
        changing: Insert = statement.on_conflict_do_update(
            index_elements=["channel", "address"], set_=changed
        )
        return changing


class QuickLedger(Ledger):
    """The same on a SQLite file, through :class:`db.Quick`."""

    def __init__(self, engine: AsyncEngine) -> None:
        super().__init__(engine)
        self._quick = Quick(engine)
        self._stores = Prepared(self.store, ARRIVAL)
        self._chats = Prepared(self.put_chat, CHAT)
        self._steps = Prepared(self.put_step, STEP)
        self._settles = Prepared(self.settle, ())
        self._asks = Prepared(
            STANDING.where(
                col(Chat.channel) == bindparam("channel"), col(Chat.address) == bindparam("address")
            )
        )

    async def write(self, batch: Batch) -> Written:
        """As :meth:`Ledger.write`."""
        return await self._quick.run(partial(self._write, batch))

    async def close(self) -> None:
        """Close its connection."""
        await self._quick.close()

    def _write(self, batch: Batch, connection: sqlite3.Connection) -> Written:
        self._chats.run(connection, batch.chats)
        self._steps.run(connection, batch.steps)
        self._settles.run(connection, batch.settled)
        for record in batch.records:
            row = record.model_dump(exclude_none=True)
            Prepared(self.insert(type(record)), row).run(connection, [row])
        written = Written()
        for row in batch.arrivals:
            if self._stores.ask(connection, row):
                written.fresh.add((row["channel"], row["update_id"]))
        for channel, address in batch.unknown:
            found = self._asks.ask(connection, {"channel": channel, "address": address})
            if found:
                key, seen = _seen(channel, found)
                written.standings[key] = seen
        return written


def ledger_of(engine: AsyncEngine) -> Ledger:
    """The quickest ledger that serves this database."""
    return QuickLedger(engine) if Quick.serves(engine) else Ledger(engine)


def _seen(channel: str, row: Sequence[Any]) -> tuple[Key, Seen]:
    address, language, guessed, status, seen, state = row
    standing = Standing(channel, address, language, guessed, state or {}, status=status)
    return (channel, address), (standing, seen)
