"""What platforms say of messages that were taken: delivered, seen. Never backwards, and written in batches.

Most receipts are of answers, which have no row here: they cost one look into an index. A receipt may be quicker than
the outcome of the send it is about, so that one that fits nothing is tried once more.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import orjson
import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from db import Prepared, Quick
from handlers.services.outbox import statements
from handlers.services.outbox.posts import Post
from handlers.services.outbox.ways import NOTICE, notices_of

log = structlog.get_logger("receipts")

State = Literal["delivered", "seen"]
STATES: tuple[State, ...] = ("delivered", "seen")
TRACKING = "xl-"
"""begins our own id of a message; what follows is the delivery's number"""
PAUSE = 1.0
"""seconds between two writings"""
BATCH = 1_000


def tracking(delivery_id: int) -> str:
    """Our own id of a message, for platforms that give it back with the receipt (at most 48 characters)."""
    return f"{TRACKING}{delivery_id}"


@dataclass(frozen=True, slots=True)
class _Receipt:
    channel: str
    message_id: str
    state: State
    again: bool = False

    @property
    def row(self) -> tuple[bool, dict[str, Any]]:
        """Whether it names our own id, and the parameters of its statement."""
        number = self.message_id.removeprefix(TRACKING)
        if self.message_id.startswith(TRACKING) and number.isdigit() and len(number) < 19:
            return True, {"channel_": self.channel, "id_": int(number)}
        return False, {"channel_": self.channel, "message_id_": self.message_id}


class Receipts:
    """Takes receipts and writes them every second; ``now`` gives aware moments."""

    def __init__(self, engine: AsyncEngine, now: Callable[[], datetime]) -> None:
        self._engine, self._now = engine, now
        self._waiting: dict[tuple[str, str, State], _Receipt] = {}
        self._quick = Quick(engine) if Quick.serves(engine) else None
        self._statements = {
            (state, tracked): statements.received(state, tracked=tracked)
            for state in STATES
            for tracked in (False, True)
        }
        self._prepared = {which: Prepared(statement, ()) for which, statement in self._statements.items()}
        self._notice = Prepared(statements.NOTICE, NOTICE)
        self._writer: asyncio.Task[None] | None = None

    def take(self, channel: str, message_id: str, state: State) -> None:
        """Remember one; a repetition costs nothing."""
        self._waiting.setdefault((channel, message_id, state), _Receipt(channel, message_id, state))

    async def start(self) -> None:
        """Begin writing."""
        self._writer = asyncio.create_task(self._for_ever(), name="receipts")

    async def stop(self) -> None:
        """Write what is left and stop."""
        if self._writer:
            self._writer.cancel()
            with suppress(asyncio.CancelledError):
                await self._writer
        await self.write()
        if self._quick:
            await self._quick.close()

    async def _for_ever(self) -> None:
        while True:
            await asyncio.sleep(PAUSE)
            try:
                await self.write()
            except Exception as error:  # noqa: BLE001 - what cannot be written now is kept for the next time
                log.warning("receipts_not_written", cause=type(error).__name__)

    async def write(self) -> None:
        """Write what was taken so far; what fits no row is kept for one more time."""
        while self._waiting:
            batch = list(self._waiting.values())[:BATCH]
            batch.sort(key=lambda receipt: STATES.index(receipt.state))
            missed = await self._write(batch)
            for receipt in batch:
                self._waiting.pop((receipt.channel, receipt.message_id, receipt.state), None)
            again = [one for one in missed if not one.again]
            if again:
                asyncio.get_running_loop().call_later(PAUSE, self._once_more, again)

    def _once_more(self, receipts: Iterable[_Receipt]) -> None:
        for one in receipts:
            later = _Receipt(one.channel, one.message_id, one.state, again=True)
            self._waiting.setdefault((one.channel, one.message_id, one.state), later)

    async def _write(self, batch: Sequence[_Receipt]) -> list[_Receipt]:
        if self._quick:
            return await self._quick.run(lambda connection: self._quickly(batch, connection))
        missed = []
        async with self._engine.begin() as connection:
            for receipt in batch:
                tracked, row = receipt.row
                found = (await connection.execute(self._statements[receipt.state, tracked], row)).first()
                if found is None:
                    missed.append(receipt)
                elif notices := self._notices(found, receipt, found[3] or {}):
                    await connection.execute(statements.NOTICE, notices)
        return missed

    def _quickly(self, batch: Sequence[_Receipt], connection: sqlite3.Connection) -> list[_Receipt]:
        missed = []
        for receipt in batch:
            tracked, row = receipt.row
            found = self._prepared[receipt.state, tracked].ask(connection, row)
            if found is None:
                missed.append(receipt)
                continue
            content = orjson.loads(found[3]) if found[3] else {}
            self._notice.run(connection, self._notices(found, receipt, content))
        return missed

    def _notices(self, found: Sequence[Any], receipt: _Receipt, content: dict[str, Any]) -> list[Any]:
        if found[0] is None or not content.get("notices"):
            return []
        post = Post(0, found[1], "", found[0], "", way=found[2], content=content)
        return notices_of(post, receipt.state, receipt.message_id, self._now())
