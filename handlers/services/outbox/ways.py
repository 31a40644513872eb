"""Claiming and settling as transactions: through SQLAlchemy, or quickly on a SQLite file."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from db import Prepared, Quick
from handlers.services.outbox import statements
from handlers.services.outbox.judging import judge
from handlers.services.outbox.overtaken import TOPIC, asked_about, now_known, overtaken
from handlers.services.outbox.posts import LETTERS, Page, Post, Queue, Settled

FINAL = ("sent", "failed", "gone", "uncertain")
"""outcomes that are proof of a notice given, or not given"""
NOTICE = ("at", "product_code", "cycle", "step", "person_id", "channel", "way", "outcome", "answer")


@dataclass(slots=True)
class Claim:
    """What a claim asks; where it stands in each announcement, so that rows already taken are not read again.

    ``due_first``: what waited for its moment comes before what waits for none; else it fills what room is left.
    """

    channel: str
    most: int
    worker: int
    now: datetime
    night: bool
    after: dict[tuple[str, int], int]
    due_first: bool = True
    page: Page = field(default_factory=Page)

    def queues(self, announcements: Sequence[Sequence[Any]]) -> list[Queue]:
        """Where to look, in this order; announcements that are over, or that wait for the morning, are left."""
        found = [LETTERS]
        for number, version, topic, urgent, expires in announcements:
            over = expires is not None and expires <= self.now
            if not over and (urgent or not self.night):
                found.append(Queue(number, version, topic, bool(urgent), expires))
        open_ = {row[0] for row in announcements}
        self.after = {key: last for key, last in self.after.items() if key[1] in open_}
        return found

    def questions(self, queue: Queue) -> Iterator[tuple[tuple[bool, bool], dict[str, Any]]]:
        """(announced, due) and parameters of each query of a queue, while there is room."""
        for due in (self.due_first, not self.due_first):
            if self.room <= 0:
                return
            asked = {
                "channel": self.channel,
                "topic": queue.topic or TOPIC,
                "most": self.room,
            }
            announced = queue.announcement_id is not None
            if announced:
                asked["announcement_id"] = queue.announcement_id
            if due:
                asked["now"] = self.now
            elif announced:
                asked["after"] = self.after.get((self.channel, queue.announcement_id or 0), 0)
            yield (announced, due), asked

    @property
    def room(self) -> int:
        """How many more may be taken."""
        return self.most - len(self.page.posts)

    def heed(self, queue: Queue, due: bool, rows: Sequence[Sequence[Any]]) -> None:
        """Judge what a query gave."""
        for row in rows:
            found = judge(row, self.channel, queue, self.now)
            if isinstance(found, Post):
                self.page.posts.append(found)
            else:
                self.page.passed_over.append(found)
        self.page.seen += len(rows)
        if (
            queue.announcement_id and not due
        ):  # once round from the start when nothing is left: some were locked
            self.after[self.channel, queue.announcement_id] = rows[-1][0] if rows else 0

    def heed_since(self, rows: Iterable[Sequence[Any]]) -> None:
        """Pass over reminders that were overtaken since they were written."""
        found = overtaken(rows)
        self.page.posts = [post for post in self.page.posts if post.id not in found]
        self.page.passed_over += found.values()

    @property
    def put_off(self) -> list[dict[str, Any]]:
        """Rows that wait."""
        return [
            {"id_": one.id, "not_before_": one.until, "reason_": one.reason}
            for one in self.page.passed_over
            if one.until
        ]

    @property
    def ended(self) -> list[dict[str, Any]]:
        """Rows that nobody gets."""
        return [
            {"id_": one.id, "state_": one.state, "reason_": one.reason, "at_": self.now}
            for one in self.page.passed_over
            if not one.until
        ]


def _settling(
    settlements: Sequence[Settled], worker: int, now: datetime
) -> tuple[list[dict[str, Any]], list[dict[str, Any]], list[dict[str, Any]]]:
    """Rows of ``delivery``, of chats that are gone, and of ``notice``."""
    rows = [
        {
            "id_": one.post.id,
            "worker_": worker,
            "state_": one.state,
            "reason_": one.reason,
            "message_id_": one.message_id or None,
            "at_": None if one.state == "queued" else now,
            "not_before_": one.not_before,
            "tried_": int(one.tried),
        }
        for one in settlements
    ]
    gone = [
        {"channel_": one.post.channel, "address_": one.post.address, "reason_": one.reason}
        for one in settlements
        if one.state == "gone" and one.post.way == "message"
    ]
    notices = [
        notice
        for one in settlements
        if one.state in FINAL and one.post.person_id is not None
        for notice in notices_of(one.post, one.state, one.message_id or one.reason or "", now)
    ]
    return rows, gone, notices


def notices_of(post: Post, outcome: str, answer: str, now: datetime) -> list[dict[str, Any]]:
    """Rows of ``notice`` for what became of a post."""
    return [
        dict(
            zip(
                NOTICE,
                (now, product, cycle, step, post.person_id, post.channel, post.way, outcome, answer),
                strict=True,
            )
        )
        for product, cycle, step in post.notices
    ]


class Ways:
    """Through SQLAlchemy: PostgreSQL, and a SQLite database in memory."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._ask = {
            (announced, due): statements.candidates(announced=announced, due=due)
            for announced in (True, False)
            for due in (True, False)
        }
        self._ask_since = now_known(many=True)

    async def close(self) -> None:
        """Nothing of its own is open."""

    async def claim(
        self, claim: Claim, on: AsyncConnection | None
    ) -> tuple[Page, dict[tuple[str, int], int]]:
        """One transaction: look, judge, write."""
        if on is None:
            async with self._engine.begin() as connection:
                await self._claim(claim, connection)
        else:
            async with on.begin():
                await self._claim(claim, on)
        return claim.page, claim.after

    async def _claim(self, claim: Claim, connection: AsyncConnection) -> None:
        announcements = (await connection.execute(statements.OPEN_ANNOUNCEMENTS)).all()
        for queue in claim.queues(announcements):
            for which, asked in claim.questions(queue):
                rows = (await connection.execute(self._ask[which], asked)).all()
                claim.heed(queue, which[1], rows)
            if queue is LETTERS and (reminders := asked_about(claim.page.posts)):
                claim.heed_since((await connection.execute(self._ask_since, {"ids": reminders})).all())
        ids = [post.id for post in claim.page.posts]
        if ids:
            await connection.execute(
                statements.TAKE_ALL, {"ids": ids, "worker_": claim.worker, "at_": claim.now}
            )
        for statement, rows_ in ((statements.PASS_OVER, claim.ended), (statements.PUT_OFF, claim.put_off)):
            if rows_:
                await connection.execute(statement, rows_)

    async def settle(self, settlements: Sequence[Settled], worker: int, now: datetime) -> None:
        """One transaction."""
        rows, gone, notices = _settling(settlements, worker, now)
        async with self._engine.begin() as connection:
            for statement, values in (
                (statements.SETTLE, rows),
                (statements.CHAT_GONE, gone),
                (statements.NOTICE, notices),
            ):
                if values:
                    await connection.execute(statement, values)


class QuickWays(Ways):
    """The same on a SQLite file."""

    def __init__(self, engine: AsyncEngine) -> None:
        super().__init__(engine)
        self._quick = Quick(engine)
        self._announcements = Prepared(statements.OPEN_ANNOUNCEMENTS)
        self._asks = {which: Prepared(statement) for which, statement in self._ask.items()}
        self._since = Prepared(now_known(many=False))
        self._take = Prepared(statements.TAKE, ())
        self._pass_over = Prepared(statements.PASS_OVER, ())
        self._put_off = Prepared(statements.PUT_OFF, ())
        self._settle = Prepared(statements.SETTLE, ())
        self._gone = Prepared(statements.CHAT_GONE, ())
        self._notice = Prepared(statements.NOTICE, NOTICE)

    async def close(self) -> None:
        """Close the connection."""
        await self._quick.close()

    async def claim(
        self, claim: Claim, on: AsyncConnection | None
    ) -> tuple[Page, dict[tuple[str, int], int]]:
        """As :meth:`Ways.claim`."""
        await self._quick.run(lambda connection: self._claim_quickly(claim, connection))
        return claim.page, claim.after

    def _claim_quickly(self, claim: Claim, connection: sqlite3.Connection) -> None:
        for queue in claim.queues(self._announcements.every(connection, {})):
            for which, asked in claim.questions(queue):
                claim.heed(queue, which[1], self._asks[which].every(connection, asked))
            for number in asked_about(claim.page.posts) if queue is LETTERS else ():
                claim.heed_since(self._since.every(connection, {"id_": number}))
        take = [{"id_": post.id, "worker_": claim.worker, "at_": claim.now} for post in claim.page.posts]
        for statement, rows in (
            (self._take, take),
            (self._pass_over, claim.ended),
            (self._put_off, claim.put_off),
        ):
            statement.run(connection, rows)

    async def settle(self, settlements: Sequence[Settled], worker: int, now: datetime) -> None:
        """As :meth:`Ways.settle`."""
        whole = _settling(settlements, worker, now)

        def write(connection: sqlite3.Connection) -> None:
            for statement, rows in zip((self._settle, self._gone, self._notice), whole, strict=True):
                statement.run(connection, rows)

        await self._quick.run(write)


def ways_of(engine: AsyncEngine) -> Ways:
    """The quickest way on this database."""
    return QuickWays(engine) if Quick.serves(engine) else Ways(engine)
