"""When each person last did something: what an answer costs, whether it is possible, and whether an officer
talks.

Kept in the table ``zalo_contact``, so that every replica sees it: what this one hears is written every
second, and chats that an officer took over are read every second.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import delete, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel import col

from db import ZaloContact, ZaloSpending

HOUR = timedelta(hours=1)
FREE = timedelta(hours=48)
OPEN = timedelta(days=7)
"""Consultation messages are free for 48 hours after the person's last interaction, paid for up to 7 days, and
impossible afterwards (docs.zaloplatforms.com/docs/OA, consultation messages)."""
DONG_A_MESSAGE = 55
"""Price of a message outside the free window, as resellers say (contract §1)."""
QUIET = timedelta(hours=3)
"""How long the bot says nothing after an officer wrote in this chat from OA Manager."""

Reach = Literal["free", "paid", "impossible"]


def reach(last: datetime | None, now: datetime) -> Reach:
    """What a message costs to somebody whose last interaction was then; None = there was none."""
    if last is None or now - last > OPEN:
        return "impossible"
    return "free" if now - last <= FREE else "paid"


class Contacts:
    """Interactions of everybody. ``now`` gives aware moments in the zone whose days the budget counts."""

    def __init__(self, engine: AsyncEngine, now: Callable[[], datetime]) -> None:
        self._engine, self.now = engine, now
        self._heard: dict[str, datetime] = {}
        self._turned: dict[str, datetime | None] = {}
        self._quiet: dict[str, datetime] = {}
        self._asked: dict[str, asyncio.Future[datetime | None]] = {}
        self._reading: asyncio.Task[None] | None = None
        dialect = postgresql if engine.dialect.name == "postgresql" else sqlite
        self._insert = dialect.insert

    # ---------------------------------------------------------------------------------------- what is heard

    def heard(self, address: str, at: datetime) -> None:
        """The person did something that opens the window."""
        if at > self._heard.get(address, at - FREE):
            self._heard[address] = at

    def officer_wrote(self, address: str, at: datetime) -> None:
        """An officer talks to this person: the bot is quiet for some hours."""
        self._quiet[address] = self._turned[address] = at + QUIET

    def turned_back(self, address: str) -> None:
        """The person turned to the bot again."""
        if self._quiet.pop(address, None):
            self._turned[address] = None

    def officer_talks(self, address: str) -> bool:
        """Whether the bot has to be quiet in this chat."""
        until = self._quiet.get(address)
        return until is not None and until > self.now()

    # ------------------------------------------------------------------------------------------ what is asked

    async def reach(self, address: str) -> Reach | None:
        """What a message to this person costs now; None when nothing is known of them."""
        last = await self.last(address)
        return None if last is None else reach(last, self.now())

    async def last(self, address: str) -> datetime | None:
        """The person's last interaction, as far as anybody here heard of it."""
        asked = self._asked.get(address)
        if asked is None:
            asked = self._asked[address] = asyncio.get_running_loop().create_future()
            if self._reading is None or self._reading.done():
                self._reading = asyncio.create_task(self._read(), name="zalo-contacts")
        stored = await asyncio.shield(asked)
        return max(filter(None, [stored, self._heard.get(address)]), default=None)

    async def _read(self) -> None:
        """Answer what was asked meanwhile, all of it with one query: an announcement asks for one after another."""
        while self._asked:
            asked, self._asked = self._asked, {}
            query = select(col(ZaloContact.address), col(ZaloContact.last_at)).where(
                col(ZaloContact.address).in_(asked)
            )
            try:
                async with self._engine.connect() as connection:
                    stored = {row[0]: row[1] for row in await connection.execute(query)}
            except Exception as error:  # noqa: BLE001 - whoever asked is told
                for one in asked.values():
                    one.set_exception(error)
                    one.exception()
                continue
            for address, one in asked.items():
                one.set_result(stored.get(address))

    async def newest(self) -> datetime | None:
        """When anybody last did something, as far as it is written down."""
        async with self._engine.connect() as connection:
            found: datetime | None = await connection.scalar(select(func.max(col(ZaloContact.last_at))))
        return found

    # -------------------------------------------------------------------------------------------------- money

    async def reserve(self, budget: int, messages: int = 1) -> bool:
        """Set aside the price of some messages from today's ``budget`` (dong); False when it does not do."""
        price = messages * DONG_A_MESSAGE
        if budget < price:
            return False
        within = col(ZaloSpending.dong) + price <= budget
        return await self._write(self._counting(messages, within))

    async def spent(self, messages: int) -> None:
        """Count messages that Zalo took from an allowance (less than 0 gives a reservation back)."""
        await self._write(self._counting(messages, None))

    async def spent_today(self) -> tuple[int, int]:
        """Messages of today that were not free, and their price in dong."""
        query = select(col(ZaloSpending.messages), col(ZaloSpending.dong)).where(
            col(ZaloSpending.day) == self._today()
        )
        async with self._engine.connect() as connection:
            row = (await connection.execute(query)).first()
        return (row[0], row[1]) if row else (0, 0)

    def _counting(self, messages: int, where: Any) -> Any:
        dong = messages * DONG_A_MESSAGE
        first = self._insert(ZaloSpending).values(day=self._today(), messages=messages, dong=dong)
        counted = {"messages": col(ZaloSpending.messages) + messages, "dong": col(ZaloSpending.dong) + dong}
        return first.on_conflict_do_update(index_elements=["day"], set_=counted, where=where)

    def _today(self) -> str:
        return self.now().date().isoformat()

    async def _write(self, statement: Any) -> bool:
        async with self._engine.begin() as connection:
            return bool((await connection.execute(statement)).rowcount)

    # --------------------------------------------------------------------------------------- every second

    async def flush(self) -> None:
        """Write what was heard. What cannot be written is kept for the next time."""
        if not self._heard and not self._turned:
            return
        heard, turned = self._heard, self._turned
        self._heard, self._turned = {}, {}
        try:
            async with self._engine.begin() as connection:
                for statement, rows in self._statements(heard, turned):
                    await connection.execute(statement, rows)
        except Exception:
            self._heard, self._turned = heard | self._heard, turned | self._turned
            raise

    async def refresh(self) -> None:
        """Learn from the table which chats officers have taken over, here or on another replica."""
        now = self.now()
        query = select(col(ZaloContact.address), col(ZaloContact.quiet_until)).where(
            col(ZaloContact.quiet_until) > now
        )
        async with self._engine.connect() as connection:
            stored = {row[0]: row[1] for row in await connection.execute(query)}
        known = stored | self._turned
        self._quiet = {address: until for address, until in known.items() if until is not None}

    async def forget(self, address: str) -> None:
        """Erase what is kept of a person."""
        for kept in (self._heard, self._turned, self._quiet):
            kept.pop(address, None)
        await self._write(delete(ZaloContact).where(col(ZaloContact.address) == address))

    def _statements(
        self, heard: dict[str, datetime], turned: dict[str, datetime | None]
    ) -> list[tuple[Any, list[dict[str, Any]]]]:
        insert = self._insert(ZaloContact)
        found: list[tuple[Any, list[dict[str, Any]]]] = []
        if heard:
            newer = insert.on_conflict_do_update(
                index_elements=["address"],
                set_={"last_at": insert.excluded.last_at},
                where=insert.excluded.last_at > col(ZaloContact.last_at),
            )
            rows = [{"address": address, "last_at": at} for address, at in sorted(heard.items())]
            found.append((newer, rows))
        if turned:
            quiet = insert.on_conflict_do_update(
                index_elements=["address"], set_={"quiet_until": insert.excluded.quiet_until}
            )
            long_ago = self.now() - 2 * OPEN
            found.append(
                (
                    quiet,
                    [
                        {"address": address, "last_at": long_ago, "quiet_until": until}
                        for address, until in sorted(turned.items())
                    ],
                )
            )
        return found
