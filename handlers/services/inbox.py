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
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import Select, delete, func, select, text, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlmodel import SQLModel, col

from db import Arrival, LockedError, Miss, Step
from handlers.services.erasure import erase
from handlers.services.ledger import Batch, Key, Row, Seen, Written, ledger_of
from handlers.services.standing import Standing

log = structlog.get_logger("inbox")

BATCH = 500
"""arrivals and settlements written in one transaction at most"""
KEPT = timedelta(hours=48)
"""how long an answered arrival is kept; Telegram repeats an update for 24 h (contract §4)"""
MISSES_KEPT = timedelta(days=90)
SETTLE_WITHIN = 0.02
"""seconds a settlement waits for company; a process killed meanwhile answers it again (at least once)"""
SEEN_EVERY = timedelta(minutes=1)
"""``last_seen_at`` is written at most this often a chat"""


@dataclass(slots=True)
class _Store:
    row: Row
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
    erase: bool = False
    """everything kept of the chat is to go; its standing is not written"""


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
        self._ours: set[Key] = set()
        """(channel, update_id) of arrivals that are on their way in, worked on, or settled and not written yet"""
        self._left: set[Key] | None = None
        """those that left :attr:`_ours` while open arrivals are looked for"""
        self._wake = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._closing = False
        self._due: asyncio.TimerHandle | None = None
        self._writer: asyncio.Task[None] | None = None
        self._lock: AsyncConnection | None = None
        self._ledger = ledger_of(engine)

    # ------------------------------------------------------------------------------------------------ life

    async def start(self) -> None:
        """Begin writing; on PostgreSQL hold the lock that tells other replicas that this worker lives."""
        await self.live()
        self._writer = asyncio.create_task(self._write_for_ever(), name="inbox")

    async def live(self) -> None:
        """Hold the lock that tells other replicas (PostgreSQL) that this worker lives; again, when it was lost.

        Raises what the database raises.
        """
        if self._engine.dialect.name != "postgresql":
            return
        if self._lock is not None:
            try:
                await self._lock.execute(text("SELECT 1"))
                await self._lock.commit()
                return
            except (DBAPIError, OSError):
                with contextlib.suppress(DBAPIError, OSError):
                    await self._lock.invalidate()
                    await self._lock.close()
                self._lock = None
        lock = await self._engine.connect()
        await lock.execute(text("SELECT pg_advisory_lock(:worker)"), {"worker": self._worker})
        await lock.commit()
        self._lock = lock

    async def stop(self) -> None:
        """Write what is left and stop."""
        self._closing = True
        self._wake.set()
        await self._idle.wait()
        if self._writer:
            self._writer.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._writer
        await self._ledger.close()
        if self._lock:
            with contextlib.suppress(DBAPIError, OSError):  # a lost connection holds nothing any more
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
        arrival = (channel, update_id)
        ours = arrival in self._ours
        self._ours.add(arrival)
        self._stores.append(_Store(row, done))
        self._idle.clear()
        self._wake.set()
        standing = None
        try:
            standing = await done
        finally:
            if standing is None and not ours:
                self._leave([arrival])
        return standing

    def settle(self, settlement: Settlement) -> None:
        """Remember what became of an arrival: written with the next arrival, or soon, or by :meth:`stop`."""
        self._settlements.append(settlement)
        self._idle.clear()
        if self._due is None:
            self._due = asyncio.get_running_loop().call_later(SETTLE_WITHIN, self._wake.set)

    async def written(self) -> None:
        """Wait until everything that was settled is in the database."""
        await self._idle.wait()

    def release(self, channel: str, address: str, update_id: str) -> None:
        """Let go of a standing that :meth:`store` or :meth:`take_over` gave and no settlement follows: the arrival
        stays open.
        """
        self._let_go([(channel, address)])
        self._leave([(channel, update_id)])

    async def offer(self, channel: str, address: str, choices: dict[str, Any]) -> None:
        """Remember what the numbers and labels of a message stand for that nobody asked for (a letter).

        Its numbers are those seen last; labels of the answer before it can still be typed.
        """
        live = self._live.get((channel, address))
        if live:
            live.standing.put("choices", _on_top(live.standing.get("choices"), choices))
            return
        here = (col(Step.channel) == channel) & (col(Step.address) == address)
        async with self._engine.begin() as connection:
            state = await connection.scalar(select(col(Step.state)).where(here).with_for_update())
            row = {"channel": channel, "address": address, "at": self._now()}
            whole = _on_top((state or {}).get("choices"), choices)
            await connection.execute(
                self._ledger.put_step, row | {"state": (state or {}) | {"choices": whole}}
            )

    async def erase(self, channel: str, address: str) -> None:
        """Delete everything kept of a chat, what is remembered here included."""
        live = self._live.get((channel, address))
        if live:
            standing = live.standing
            standing.state, standing.language, standing.guessed = {}, None, None
            standing.new, standing.changed, live.seen_at = True, False, None
        await erase(self._engine, channel, address)

    async def forget(self, channel: str, update_id: str) -> None:
        """Forget an arrival that nobody will answer any more, so that its id may come again."""
        async with self._engine.begin() as connection:
            await connection.execute(
                delete(Arrival).where(col(Arrival.channel) == channel, col(Arrival.update_id) == update_id)
            )

    async def answer_of(self, channel: str, update_id: str) -> tuple[str, str | None] | None:
        """State and kept answer of an arrival, or None when there is none."""
        query = select(col(Arrival.state), col(Arrival.answer)).where(
            col(Arrival.channel) == channel, col(Arrival.update_id) == update_id
        )
        async with self._engine.connect() as connection:
            row = (await connection.execute(query)).first()
        return (row[0], row[1]) if row else None

    async def take_over(self) -> list[tuple[str, str, str, str, Standing]]:
        """Open arrivals of workers that are dead, now ours: (channel, update_id, address, raw, standing).

        Our own that were given back by :meth:`release`, or left open by a broken connection, are given again; what is
        worked on, or settled and not written yet, is not.
        """
        skip, self._left = set(self._ours), set()
        try:
            async with self._engine.begin() as connection:
                dead = await self._dead_workers(connection)
                rows = (await connection.execute(self._open_of([*dead, self._worker]))).all()
                if dead:
                    moved = (
                        update(Arrival)
                        .where(col(Arrival.state) == "stored", col(Arrival.worker).in_(dead))
                        .values(worker=self._worker)
                    )
                    await connection.execute(moved)
                standings = await self._ledger.standings(connection, {(row[0], row[2]) for row in rows})
        finally:
            skip |= self._ours | self._left
            self._left = None
        taken = [row for row in rows if (row[0], row[1]) not in skip]
        self._ours.update((row[0], row[1]) for row in taken)
        return [(row[0], row[1], row[2], row[3], self._hold((row[0], row[2]), standings)) for row in taken]

    @staticmethod
    def _open_of(workers: Sequence[int]) -> Select[str, str, str, str]:
        return (
            select(col(Arrival.channel), col(Arrival.update_id), col(Arrival.address), col(Arrival.raw))
            .where(col(Arrival.state) == "stored", col(Arrival.worker).in_(workers))
            .order_by(col(Arrival.received_at), col(Arrival.update_id))
        )

    def _leave(self, arrivals: Iterable[Key]) -> None:
        """These are no longer on their way: settled in the database, given back, or never stored."""
        gone = set(arrivals)
        self._ours -= gone
        if self._left is not None:
            self._left |= gone

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

    async def _write_for_ever(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            if self._due is not None:
                self._due.cancel()
                self._due = None
            while self._stores or self._settlements:
                stores, self._stores = self._stores[:BATCH], self._stores[BATCH:]
                settlements, self._settlements = self._settlements[:BATCH], self._settlements[BATCH:]
                await self._write(stores, settlements)
            self._idle.set()

    async def _write(self, stores: list[_Store], settlements: list[Settlement]) -> None:
        keys = {(store.row["channel"], store.row["address"]) for store in stores}
        held = [key for key in keys if key in self._live]
        for key in held:
            self._live[key].holders += 1
        batch, changed = self._batch(stores, settlements)
        batch.unknown = keys.difference(held)
        try:
            written = await self._ledger.write(batch)
        except Exception as error:  # noqa: BLE001 - whatever failed, its owners are told and the writer goes on
            for standing, new in changed:
                standing.changed, standing.new = True, new
            if isinstance(error, LockedError) and not self._closing:
                self._turn_away(stores, error)
                self._settlements[:0] = settlements
            else:
                await self._write_apart(stores, settlements, error)
        else:
            self._give(stores, written)
            self._done_with(settlements)
        finally:
            self._let_go(held)

    def _done_with(self, settlements: Sequence[Settlement]) -> None:
        self._let_go((settled.channel, settled.address) for settled in settlements)
        self._leave((settled.channel, settled.update_id) for settled in settlements)

    @staticmethod
    def _turn_away(stores: list[_Store], error: Exception) -> None:
        for store in stores:
            if not store.done.done():
                store.done.set_exception(InboxUnavailable(type(error).__name__))

    def _give(self, stores: list[_Store], written: Written) -> None:
        """Tell who stored an arrival: its chat's standing, or None for one that was there before."""
        for store in stores:
            key = (store.row["channel"], store.row["update_id"])
            standing = None
            if key in written.fresh:
                written.fresh.discard(key)
                standing = self._hold((key[0], store.row["address"]), written.standings)
            if not store.done.done():
                store.done.set_result(standing)

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
        self._turn_away(stores, error)
        if settlements:
            log.error("settlement_failed", exc_info=error)
        self._done_with(settlements)

    def _hold(self, key: Key, standings: dict[Key, Seen]) -> Standing:
        live = self._live.get(key)
        if live is None:
            standing, seen_at = standings.get(key) or (Standing(*key, new=True), None)
            live = self._live[key] = _Live(standing, seen_at=seen_at)
        live.holders += 1
        return live.standing

    def _let_go(self, keys: Iterable[Key]) -> None:
        for key in keys:
            live = self._live.get(key)
            if live:
                live.holders -= 1
                if live.holders <= 0:
                    del self._live[key]

    def _batch(
        self, stores: list[_Store], settlements: list[Settlement]
    ) -> tuple[Batch, list[tuple[Standing, bool]]]:
        """The rows to write, and the standings among them with whether they were new.

        Their marks are taken away here: what a turn changes while the database writes is marked anew.
        """
        rows = {(store.row["channel"], store.row["update_id"]): store.row for store in stores}
        batch, now = Batch(arrivals=list(rows.values())), self._now()
        standings = {
            (settled.channel, settled.address): settled.standing
            for settled in settlements
            if settled.standing is not None
        }
        taken = []
        for key, standing in standings.items():
            if self._chat_due(key, standing, now):
                batch.chats.append(self._chat_row(key, standing, now))
            if standing.changed and key[1]:
                state = dict(standing.state)
                batch.steps.append({"channel": key[0], "address": key[1], "state": state, "at": now})
            if standing.changed or standing.new:
                taken.append((standing, standing.new))
                standing.changed = standing.new = False
        for settled in settlements:
            batch.settled.append(
                {
                    "channel_": settled.channel,
                    "update_id_": settled.update_id,
                    "state_": settled.state,
                    "answer_": settled.answer,
                }
            )
            batch.records.extend(settled.records)
        return batch, taken

    def _chat_due(self, key: Key, standing: Standing, now: datetime) -> bool:
        live = self._live.get(key)
        seen = live.seen_at if live else None
        if not key[1]:
            return False  # a receipt, or our own echo: nobody's chat
        return standing.new or standing.changed or seen is None or now - seen > SEEN_EVERY

    def _chat_row(self, key: Key, standing: Standing, now: datetime) -> Row:
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


def _on_top(before: dict[str, Any] | None, choices: dict[str, Any]) -> dict[str, Any]:
    """Choices of a letter over those of the answer before it."""
    return {**choices, "labels": {**(before or {}).get("labels", {}), **choices.get("labels", {})}}
