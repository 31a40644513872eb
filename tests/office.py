"""A registry with several people in front of the mind alone: producers, officers, strangers, each in a chat."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel import col

import db
from bot.app import NoLinks
from bot.channels.terminal import TerminalChannel
from bot.replay import MovingClock
from handlers.answer import Answering
from handlers.services.importing import import_paths
from handlers.services.invitations import code_for
from handlers.services.standing import Standing
from handlers.talk.message import Inbound, Message, Press
from handlers.talk.shelf import Shelf

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
SAMPLE = Path(__file__).parent.parent / "data" / "lang-son"
CONG_SON = "htx-nong-nghiep-cong-son"
"""its one product ends on 18/01/2027: filing from 22/07/2026 to 20/09/2026; commune 06220"""
LEAF = "ruou-men-la-nguoi-dao-cong-son"
TWO = "ho-kinh-doanh-sam-le-thu"
"""has two products that end on 31/12/2028; commune 06613"""


class WithPages(NoLinks):
    """A public address is set."""

    def page(self, path: str) -> str:
        return f"https://ocop.example{path}"


class Seat:
    """One person in a chat of their own."""

    def __init__(self, office: Office, address: str) -> None:
        self._office, self._address = office, address
        self.standing = Standing("terminal", address)
        self.channel = TerminalChannel(lambda line: None, office.clock, session=f"{address}.")
        self.messages: list[Message] = []
        self._count = 0

    async def say(self, line: str) -> str:
        """Type a line, or press ``[label]``."""
        return await self._given(self.channel.read(line, chat=self._address, language="vi"))

    async def press(self, action: str) -> str:
        """Press a button that need not be on the screen."""
        return await self.give(Press(action))

    async def give(self, content: Any) -> str:
        """Anything that may come in."""
        self._count += 1
        now = self._office.clock()
        return await self._given(
            Inbound("terminal", self._address, f"{self._address}-{self._count}", content, now, language="vi")
        )

    async def _given(self, inbound: Inbound) -> str:
        reply = await self._office.answering.answer(inbound, self.standing)
        self.channel.buttons = [b for m in reply.messages for b in m.every_button]
        self.messages = reply.messages
        self.records = reply.records
        return "\n".join(message.plain for message in reply.messages)

    @property
    def labels(self) -> list[str]:
        """What stands on the buttons."""
        return [button.label for button in self.channel.buttons]


class Office:
    """The whole house on one database."""

    def __init__(self, engine: AsyncEngine, shelf: Shelf, clock: MovingClock, links: NoLinks) -> None:
        self.engine, self.shelf, self.clock = engine, shelf, clock
        self.answering = Answering(shelf, clock, links, engine)
        self._seats = 0

    def seat(self) -> Seat:
        """A stranger."""
        self._seats += 1
        return Seat(self, f"chat-{self._seats}")

    async def somebody(self, role: str) -> Seat:
        """Somebody with a role (``producer:CODE``, ``officer:COMMUNE``, ``editor``, ``approver``)."""
        seat = self.seat()
        await seat.say(await code_for(self.engine, role, self.clock()))
        return seat

    async def at(self, day: str) -> None:
        """Ten in the morning of another day."""
        self.clock.at = datetime.combine(date.fromisoformat(day), datetime.min.time(), ZONE).replace(hour=10)

    async def phone(self, producer: str, number: str) -> None:
        """Put a number on a producer's record that is not public."""
        change = update(db.Producer).where(col(db.Producer.code) == producer).values(phone=number)
        async with self.engine.begin() as connection:
            await connection.execute(change)

    async def rows(self, table: Any) -> list[Any]:
        """Every row of a table."""
        async with self.engine.connect() as connection:
            return list(await connection.execute(select(table)))

    async def letters(self, to: Seat) -> list[str]:
        """The letters that wait for a chat, as JSON text."""
        return [
            str(row.content) for row in await self.rows(db.Delivery) if row.address == to.standing.address
        ]


@asynccontextmanager
async def opened(
    tmp_path: Path,
    day: str,
    *,
    pages: bool = False,
    more: Callable[[AsyncEngine], Awaitable[Any]] | None = None,
) -> AsyncIterator[Office]:
    """The sample registry at ten in the morning of a day."""
    engine = db.async_engine(f"sqlite+aiosqlite:///{tmp_path}/bot.db")
    try:
        await db.migrate(engine)
        await import_paths(engine, [SAMPLE])
        if more:
            await more(engine)
        shelf = Shelf(engine)
        await shelf.refresh()
        office = Office(engine, shelf, MovingClock(datetime.now(ZONE)), WithPages() if pages else NoLinks())
        await office.at(day)
        yield office
    finally:
        await engine.dispose()


async def last_consent(engine: AsyncEngine, chat: tuple[str, str], purpose: str) -> db.Consent | None:
    """What a chat said last about a purpose."""
    query = (
        select(db.Consent)
        .where(
            col(db.Consent.channel) == chat[0],
            col(db.Consent.address) == chat[1],
            col(db.Consent.purpose) == purpose,
        )
        .order_by(col(db.Consent.id).desc())
        .limit(1)
    )
    async with engine.connect() as connection:
        row = (await connection.execute(query)).first()
    return db.Consent.model_validate(dict(row._mapping)) if row else None
