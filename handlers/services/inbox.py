"""The inbox: what came in is stored under the platform's id before anybody says 200, and answered once.

Arrivals, standings and what a turn wants remembered are written by group commit: everything that gathered while the
last transaction ran goes into the next one, so that a flood costs a few microseconds a message. A standing is read in
the same transaction that stores the arrival, so any replica may answer; while a chat has something unsaved here, the
copy in memory wins.

What came in is erased as soon as it is answered (only its id stays): words and positions are not kept.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import Connection, delete, func, select, text, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlmodel import SQLModel, col

from db import Arrival, Chat, Miss, Step
from handlers.services.standing import Standing

log = structlog.get_logger("inbox")

BATCH = 500
"""arrivals and settlements written in one transaction at most"""
KEPT = timedelta(hours=48)
"""how long an answered arrival is kept; Telegram repeats an update for 24 h (contract §4)"""
MISSES_KEPT = timedelta(days=90)
SEEN_EVERY = timedelta(minutes=1)
"""``last_seen_at`` is written at most this often a chat"""

Key = tuple[str, str]


@dataclass(slots=True)
class _Store:
    row: dict[str, Any]
    done: asyncio.Future[Standing | None]


@dataclass(slots=True)
class Settlement:
    """What became of an arrival, what the turn changed, and what it wants remembered."""

    channel: str
    update_id: str
    address: str
    state: str = "answered"
    answer: str | None = None
    standing: Standing | None = None
    records: list[SQLModel] = field(default_factory=list)


@dataclass(slots=True)
class _Live:
    standing: Standing
    holders: int = 0
    seen_at: datetime | None = None


class InboxUnavailable(Exception):
    """The database did not take the arrival: tell the platform to come again (503)."""


class Inbox:
    """Stores arrivals, gives standings, settles what was answered.

    ``worker`` is this process's number, unique among those alive; ``now`` gives aware moments.
    """

    def __init__(self, engine: AsyncEngine, worker: int, now: Callable[[], datetime]) -> None:
        self._engine = engine
        self._worker = worker
        self._now = now
        self._stores: list[_Store] = []
        self._settlements: list[Settlement] = []
        self._live: dict[Key, _Live] = {}
        self._wake = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._writer: asyncio.Task[None] | None = None
        self._lock: AsyncConnection | None = None
        dialect = postgresql if engine.dialect.name == "postgresql" else sqlite
        self._insert = dialect.insert

    # ------------------------------------------------------------------------------------------------ life

    async def start(self) -> None:
        """Begin writing; on PostgreSQL hold the lock that tells other replicas that this worker lives."""
        if self._engine.dialect.name == "postgresql":
            self._lock = await self._engine.connect()
            await self._lock.execute(text("SELECT pg_advisory_lock(:worker)"), {"worker": self._worker})
            await self._lock.commit()
        self._writer = asyncio.create_task(self._write_for_ever(), name="inbox")

    async def stop(self) -> None:
        """Write what is left and stop."""
        await self._idle.wait()
        if self._writer:
            self._writer.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._writer
        if self._lock:
            await self._lock.execute(text("SELECT pg_advisory_unlock(:worker)"), {"worker": self._worker})
            await self._lock.commit()
            await self._lock.close()

    # ------------------------------------------------------------------------------------------------ verbs

    async def store(self, channel: str, update_id: str, address: str, raw: str) -> Standing | None:
        """Store an arrival; the chat's standing, or None when this id was stored before.

        Raises :class:`InboxUnavailable` when the database does not take it.
        """
        row = {
            "channel": channel,
            "update_id": update_id,
            "address": address,
            "raw": raw,
            "state": "stored",
            "worker": self._worker,
            "received_at": self._now(),
        }
        done: asyncio.Future[Standing | None] = asyncio.get_running_loop().create_future()
        self._stores.append(_Store(row, done))
        self._stir()
        return await done

    def settle(self, settlement: Settlement) -> None:
        """Remember what became of an arrival; written soon, at the latest by :meth:`stop`."""
        self._settlements.append(settlement)
        self._stir()

    def release(self, channel: str, address: str) -> None:
        """Let go of a standing that :meth:`store` or :meth:`take_over` gave and no settlement follows."""
        self._let_go([(channel, address)])

    async def answer_of(self, channel: str, update_id: str) -> tuple[str, str | None] | None:
        """State and kept answer of an arrival, or None when there is none."""
        query = select(col(Arrival.state), col(Arrival.answer)).where(
            col(Arrival.channel) == channel, col(Arrival.update_id) == update_id
        )
        async with self._engine.connect() as connection:
            row = (await connection.execute(query)).first()
        return (row[0], row[1]) if row else None

    async def take_over(self, busy: Iterable[Key] = ()) -> list[tuple[str, str, str, str, Standing]]:
        """Open arrivals of workers that are dead, now ours: (channel, update_id, address, raw, standing).

        ``busy`` are (channel, update_id) of our own that are being worked on; our own others are given again.
        """
        skip = set(busy)
        async with self._engine.begin() as connection:
            dead = await self._dead_workers(connection)
            query = (
                select(col(Arrival.channel), col(Arrival.update_id), col(Arrival.address), col(Arrival.raw))
                .where(col(Arrival.state) == "stored", col(Arrival.worker).in_([*dead, self._worker]))
                .order_by(col(Arrival.received_at), col(Arrival.update_id))
            )
            rows = [row for row in (await connection.execute(query)).all() if (row[0], row[1]) not in skip]
            if dead:
                moved = (
                    update(Arrival)
                    .where(col(Arrival.state) == "stored", col(Arrival.worker).in_(dead))
                    .values(worker=self._worker)
                )
                await connection.execute(moved)
            standings = await connection.run_sync(self._standings, {(row[0], row[2]) for row in rows})
        return [(row[0], row[1], row[2], row[3], self._hold((row[0], row[2]), standings)) for row in rows]

    async def forget_old(self) -> None:
        """Delete answered arrivals older than 48 h and misses older than 90 days."""
        now = self._now()
        async with self._engine.begin() as connection:
            await connection.execute(
                delete(Arrival).where(col(Arrival.received_at) < now - KEPT, col(Arrival.state) != "stored")
            )
            await connection.execute(delete(Miss).where(col(Miss.at) < now - MISSES_KEPT))

    async def open_count(self) -> int:
        """Arrivals not answered yet."""
        query = select(func.count()).select_from(Arrival).where(col(Arrival.state) == "stored")
        async with self._engine.connect() as connection:
            return int((await connection.execute(query)).scalar_one())

    # ------------------------------------------------------------------------------------------ group commit

    def _stir(self) -> None:
        self._idle.clear()
        self._wake.set()

    async def _write_for_ever(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._stores or self._settlements:
                stores, self._stores = self._stores[:BATCH], self._stores[BATCH:]
                settlements, self._settlements = self._settlements[:BATCH], self._settlements[BATCH:]
                await self._write(stores, settlements)
            self._idle.set()

    async def _write(self, stores: list[_Store], settlements: list[Settlement]) -> None:
        try:
            async with self._engine.begin() as connection:
                given = await connection.run_sync(self._transaction, stores, settlements)
        except Exception as error:  # noqa: BLE001 - whatever failed, its owners are told and the writer goes on
            await self._write_apart(stores, settlements, error)
            return
        for store, standing in zip(stores, given, strict=True):
            if not store.done.done():
                store.done.set_result(standing)
        self._let_go((settled.channel, settled.address) for settled in settlements)

    async def _write_apart(
        self, stores: list[_Store], settlements: list[Settlement], error: Exception
    ) -> None:
        """One bad row must not harm the others: each by itself; what still fails is reported to its owner."""
        if len(stores) + len(settlements) > 1:
            for store in stores:
                await self._write([store], [])
            for settled in settlements:
                await self._write([], [settled])
            return
        for store in stores:
            if not store.done.done():
                store.done.set_exception(InboxUnavailable(type(error).__name__))
        if settlements:
            log.error("settlement_failed", exc_info=error)
        self._let_go((settled.channel, settled.address) for settled in settlements)

    def _transaction(
        self, connection: Connection, stores: list[_Store], settlements: list[Settlement]
    ) -> list[Standing | None]:
        if settlements:
            self._save(connection, settlements)
        if not stores:
            return []
        statement = (
            self._insert(Arrival)
            .on_conflict_do_nothing(index_elements=["channel", "update_id"])
            .returning(col(Arrival.channel), col(Arrival.update_id))
        )
        rows = {(store.row["channel"], store.row["update_id"]): store.row for store in stores}
        fresh = {(row[0], row[1]) for row in connection.execute(statement, list(rows.values()))}
        keys = {(store.row["channel"], store.row["address"]) for store in stores}
        standings = self._standings(connection, keys - self._live.keys())
        given: list[Standing | None] = []
        for store in stores:
            key = (store.row["channel"], store.row["update_id"])
            new = key in fresh
            fresh.discard(key)
            given.append(self._hold((key[0], store.row["address"]), standings) if new else None)
        return given

    def _standings(self, connection: Connection, keys: set[Key]) -> dict[Key, _Live]:
        found: dict[Key, _Live] = {}
        by_channel: dict[str, list[str]] = {}
        for channel, address in keys:
            by_channel.setdefault(channel, []).append(address)
        for channel, addresses in by_channel.items():
            query = (
                select(
                    col(Chat.address),
                    col(Chat.language),
                    col(Chat.guessed),
                    col(Chat.state),
                    col(Chat.last_seen_at),
                    col(Step.state),
                )
                .outerjoin(
                    Step, (col(Step.channel) == col(Chat.channel)) & (col(Step.address) == col(Chat.address))
                )
                .where(col(Chat.channel) == channel, col(Chat.address).in_(addresses))
            )
            for address, language, guessed, status, seen, state in connection.execute(query):
                standing = Standing(channel, address, language, guessed, state or {}, status=status)
                found[channel, address] = _Live(standing, seen_at=seen)
        return found

    def _hold(self, key: Key, standings: dict[Key, _Live]) -> Standing:
        live = self._live.get(key)
        if live is None:
            live = self._live[key] = standings.get(key) or _Live(Standing(*key, new=True))
        live.holders += 1
        return live.standing

    def _let_go(self, keys: Iterable[Key]) -> None:
        for key in keys:
            live = self._live.get(key)
            if live:
                live.holders -= 1
                if live.holders <= 0:
                    del self._live[key]

    def _save(self, connection: Connection, settlements: list[Settlement]) -> None:
        now = self._now()
        changed = {
            (settled.channel, settled.address): settled.standing
            for settled in settlements
            if settled.standing is not None
        }
        chats = [
            self._chat_row(key, standing, now)
            for key, standing in changed.items()
            if self._chat_due(key, standing, now)
        ]
        steps = [
            {"channel": key[0], "address": key[1], "state": standing.state, "at": now}
            for key, standing in changed.items()
            if standing.changed
        ]
        if chats:
            connection.execute(self._upsert(Chat, ("channel", "address"), ("first_seen_at",)), chats)
        if steps:
            connection.execute(self._upsert(Step, ("channel", "address"), ()), steps)
        for standing in changed.values():
            standing.changed = standing.new = False
        for settled in settlements:
            for record in settled.records:
                connection.execute(self._insert(type(record)).values(record.model_dump(exclude_none=True)))
        self._mark(connection, settlements)

    def _mark(self, connection: Connection, settlements: list[Settlement]) -> None:
        plain: dict[tuple[str, str], list[str]] = {}
        for settled in settlements:
            if settled.answer is None:
                plain.setdefault((settled.channel, settled.state), []).append(settled.update_id)
            else:
                connection.execute(
                    update(Arrival)
                    .where(
                        col(Arrival.channel) == settled.channel, col(Arrival.update_id) == settled.update_id
                    )
                    .values(state=settled.state, raw="", answer=settled.answer)
                )
        for (channel, state), ids in plain.items():
            connection.execute(
                update(Arrival)
                .where(col(Arrival.channel) == channel, col(Arrival.update_id).in_(ids))
                .values(state=state, raw="")
            )

    def _chat_due(self, key: Key, standing: Standing, now: datetime) -> bool:
        live = self._live.get(key)
        seen = live.seen_at if live else None
        return standing.new or standing.changed or seen is None or now - seen > SEEN_EVERY

    def _chat_row(self, key: Key, standing: Standing, now: datetime) -> dict[str, Any]:
        live = self._live.get(key)
        if live:
            live.seen_at = now
        return {
            "channel": key[0],
            "address": key[1],
            "language": standing.language,
            "guessed": standing.guessed,
            "state": standing.status,
            "state_reason": standing.status_reason,
            "first_seen_at": now,
            "last_seen_at": now,
        }

    def _upsert(self, table: type[SQLModel], keys: tuple[str, ...], kept: tuple[str, ...]) -> Any:
        statement = self._insert(table)
        columns = {
            column.name: statement.excluded[column.name]
            for column in table.__table__.columns  # type: ignore[attr-defined]
            if column.name not in keys and column.name not in kept and column.name != "person_id"
        }
        return statement.on_conflict_do_update(index_elements=list(keys), set_=columns)

    async def _dead_workers(self, connection: AsyncConnection) -> list[int]:
        query = (
            select(col(Arrival.worker))
            .where(col(Arrival.state) == "stored", col(Arrival.worker) != self._worker)
            .distinct()
        )
        others = [int(row[0]) for row in (await connection.execute(query)).all()]
        if self._engine.dialect.name != "postgresql":
            return others  # SQLite has one process: whoever else took an arrival is gone
        dead = []
        for worker in others:
            taken = await connection.execute(
                text("SELECT pg_try_advisory_xact_lock(:worker)"), {"worker": worker}
            )
            if taken.scalar_one():
                dead.append(worker)
        return dead
