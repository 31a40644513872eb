"""A seeded world for reminders: 400 days, two workers that stop anywhere, platforms that refuse, people who change.

What it knows of the rules it has of itself (a table of days), so that it can contradict the program.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel import col

from db import Chat, Delivery, Link, Reminder, Renewal, Subscription, ZaloContact
from handlers.services.catalogue import Catalogue
from handlers.services.outbox import Outbox, Post, Settled, fetch
from handlers.services.reminders.escalation import raise_silent, reroute_officials
from handlers.services.reminders.keeping import Written, reroute, write
from handlers.services.reminders.planning import Digest, Occasion
from handlers.services.reminders.silence import Report
from tests.reminded import COMMUNE, EVERY_ROAD, Town, moment, occasion, plain, product, registry

FIRST = date(2026, 1, 5)
DAYS = 400
STEPS = (
    (210, "prepare"),
    (180, "opens"),
    (150, "middle"),
    (130, "late"),
    (120, "last_day"),
    (30, "month"),
    (0, "end"),
)
PUSHED = ("telegram", "zalo-oa", "zalo-bot")
OUTCOMES = (("sent", 66), ("failed", 18), ("gone", 4), ("later", 6), ("uncertain", 2), ("killed", 4))
"""what a platform does with a message, of a hundred; ``killed`` = the worker dies while it waits for the answer"""
CHATS = (
    ("telegram",), ("telegram", "web"), ("telegram", "zalo-oa"), ("zalo-oa",), ("zalo-oa", "zalo-bot"), ("web",),
    ("telegram", "zalo-oa", "zalo-bot", "web"), ("telegram", "zalo-bot"),
    ("telegram", "zalo-oa", "web"), (),
)  # fmt: skip
Told = tuple[str, str, str, int]
"""product, cycle, step, person"""


class StoppedError(Exception):
    """The program ends here, as by kill -9: nothing of the open transaction is kept."""


@dataclass(slots=True)
class Table:
    """What came of it."""

    due: int = 0
    sent_once: int = 0
    rerouted: int = 0
    uncertain: int = 0
    to_call: int = 0
    overtaken: int = 0
    """refused until a later step, an answer, or a leaving came"""
    repeated: int = 0
    lost: int = 0
    wrong_days: int = 0
    wrong_step: int = 0
    officials_repeated: int = 0
    officials: int = 0
    restarts: int = 0
    missed_days: int = 0

    def lines(self) -> list[str]:
        return [f"{name.replace('_', ' '):<20}{getattr(self, name):>7}" for name in self.__dataclass_fields__]


@dataclass(slots=True)
class World:
    """One run. ``chance`` decides everything."""

    engine: AsyncEngine
    chance: random.Random
    table: Table = field(default_factory=Table)
    ends: dict[str, date] = field(default_factory=dict)
    makers: dict[str, str] = field(default_factory=dict)
    stopped: set[tuple[str, str]] = field(default_factory=set)
    """(product, cycle) that need no reminder any more"""
    people: dict[int, list[str]] = field(default_factory=dict)
    """who serves whom"""
    unwilling: set[int] = field(default_factory=set)
    expected: dict[Told, str] = field(default_factory=dict)
    arrived: dict[Told, list[str]] = field(default_factory=dict)
    """keys of letters that a platform took, or perhaps took"""
    doubtful: set[str] = field(default_factory=set)
    official: Counter[str] = field(default_factory=Counter)
    snoozed: dict[tuple[str, str], date] = field(default_factory=dict)
    excused: set[Told] = field(default_factory=set)
    """what need not arrive any more: answered, renewed, left, or muted since"""
    outbox: Outbox | None = None
    catalogue: Catalogue | None = None
    now: datetime = field(default_factory=lambda: moment(FIRST))
    worker: int = 1
    calm: bool = False
    """nothing is refused and nobody dies: the last days"""

    # ------------------------------------------------------------------------------------------------------ its people

    async def begin(self) -> None:
        town = Town(self.engine, moment(FIRST))
        for number in range(8):
            maker = f"p{number}"
            shared = FIRST + timedelta(days=self.chance.randrange(-20, 500))
            for at in range(self.chance.choice((1, 2, 3, 4, 5))):
                code = f"s{number}-{at}"
                alone = FIRST + timedelta(days=self.chance.randrange(-20, 500))
                self.ends[code] = shared if self.chance.random() < 0.6 else alone
                self.makers[code] = maker
        for number in range(18):
            chats = [f"{channel}:{number}" for channel in CHATS[number % len(CHATS)]]
            serves = self.chance.sample([f"p{one}" for one in range(8)], self.chance.choice((1, 1, 2)))
            person = await town.person(*chats, serves=serves, heard=moment(FIRST))
            self.people[person] = serves
        await town.person("telegram:officer", "zalo-bot:officer", officer=COMMUNE)
        await town.person("telegram:editor", editor="")

    def on(self, now: datetime) -> Occasion:
        if self.catalogue is None:
            self.catalogue = registry(
                product(code, self.makers[code], end=end) for code, end in self.ends.items()
            )
        roads = [replace(road, budget=road.budget) for road in EVERY_ROAD]
        if not self.calm and self.chance.random() < 0.05:  # a channel is switched off for a while
            roads.pop(self.chance.randrange(3))
        return occasion(self.catalogue, now, roads)

    async def live(self, now: datetime) -> None:
        """What people and the office do on a day."""
        if self.chance.random() < 0.15:
            await self._speak(now)
        if self.chance.random() < 0.03:  # renewed: a new cycle
            code = self.chance.choice(list(self.ends))
            self.stopped.add((code, self.ends[code].isoformat()))
            self.ends[code] += timedelta(days=self.chance.choice((200, 300, 1_096)))
            self.catalogue = None
        if self.chance.random() < 0.05:
            await self._move(now)
        if self.chance.random() < 0.5:
            async with self.engine.begin() as connection:
                await connection.execute(update(Chat).values(state="active"))
                heard = [str(self.chance.randrange(18)) for _each in range(6)]
                await connection.execute(
                    update(ZaloContact).where(col(ZaloContact.address).in_(heard)).values(last_at=now)
                )

    async def _speak(self, now: datetime) -> None:
        code = self.chance.choice(list(self.ends))
        cycle = self.ends[code].isoformat()
        said = self.chance.choice(("preparing", "preparing", "filed", "declined", "later"))
        row = {"product_code": code, "cycle": cycle, "said_by": "x", "said_at": now, "answered_at": now}
        self.snoozed.pop((code, cycle), None)
        if said == "later":
            until = self.snoozed[code, cycle] = now.date() + timedelta(days=self.chance.randrange(1, 40))
            row["snoozed_until"] = until.isoformat()
        else:
            row["state"] = said
        async with self.engine.begin() as connection:
            await connection.execute(
                delete(Renewal).where(col(Renewal.product_code) == code, col(Renewal.cycle) == cycle)
            )
            await connection.execute(insert(Renewal).values(row))
        (self.stopped.add if said in ("filed", "declined") else self.stopped.discard)((code, cycle))

    async def _move(self, now: datetime) -> None:
        """Somebody links, leaves, or stops reminders."""
        person = self.chance.choice(list(self.people))
        maker = f"p{self.chance.randrange(8)}"
        async with self.engine.begin() as connection:
            if self.chance.random() < 0.3:
                wants = person in self.unwilling
                (self.unwilling.discard if wants else self.unwilling.add)(person)
                mine = select(col(Chat.address)).where(col(Chat.person_id) == person)
                await connection.execute(
                    update(Subscription).where(col(Subscription.address).in_(mine)).values(wanted=wants)
                )
            elif maker in self.people[person]:
                self.people[person].remove(maker)
                await connection.execute(
                    update(Link)
                    .where(
                        col(Link.person_id) == person,
                        col(Link.producer_code) == maker,
                        col(Link.ended_at).is_(None),
                    )
                    .values(ended_at=now, ended_by="x")
                )
            else:
                self.people[person].append(maker)
                await connection.execute(
                    insert(Link).values(person_id=person, producer_code=maker, since=now, how="code", by="x")
                )

    # --------------------------------------------------------------------------------------------------- its program

    async def morning(self, now: datetime) -> None:
        """Two workers begin at the same moment; each may be stopped anywhere, and begins again."""
        here = self.on(now)
        both = [self._work(here), self._work(here)] if self.chance.random() < 0.3 else [self._work(here)]
        for ended in await asyncio.gather(*both, return_exceptions=True):
            if isinstance(ended, StoppedError):
                self.table.restarts += 1
                await self._undisturbed(here)
            elif ended is not None:
                raise ended

    async def _work(self, here: Occasion) -> None:
        fuse = [self.chance.randrange(1, 8) if not self.calm and self.chance.random() < 0.3 else 10**9]

        def words(digest: Digest) -> Written:
            self._burn(fuse)
            return plain(digest)

        def report(one: Report) -> list[dict[str, str]]:
            self._burn(fuse)
            return _report(one)

        done = await write(self.engine, here, words)
        await raise_silent(self.engine, here, report, done.officials)

    async def _undisturbed(self, here: Occasion) -> None:
        done = await write(self.engine, here, plain)
        await raise_silent(self.engine, here, _report, done.officials)

    @staticmethod
    def _burn(fuse: list[int]) -> None:
        fuse[0] -= 1
        if not fuse[0]:
            raise StoppedError

    async def send(self, now: datetime) -> bool:
        """Each channel sends what is queued; True if anything was refused or waits."""
        open_ = False
        self.now = now
        outbox = self.outbox = self.outbox or Outbox(self.engine, self.worker, lambda: self.now)
        for channel in PUSHED:
            page = await outbox.claim(channel, 50)
            settled = []
            for post in page.posts:
                one = self._outcome(post, now)
                open_ = open_ or one is None or one.state in ("failed", "gone", "queued")
                if one:
                    settled.append(one)
            if settled:
                await outbox.settle(settled)
            if len(settled) < len(page.posts):
                await self._die()
                outbox = self.outbox
        return open_

    async def _waiting(self) -> bool:
        query = select(col(Delivery.id)).where(
            col(Delivery.state) == "queued", col(Delivery.channel).in_(PUSHED)
        )
        async with self.engine.connect() as connection:
            return (await connection.execute(query.limit(1))).first() is not None

    async def _die(self) -> None:
        """The worker that was sending is gone; the next one finds what it left."""
        assert self.outbox is not None
        await self.outbox.close()
        self.worker += 1
        self.outbox = Outbox(self.engine, self.worker, lambda: self.now)
        await self.outbox.dead()
        self.table.restarts += 1

    def _outcome(self, post: Post, now: datetime) -> Settled | None:
        kinds, weights = zip(*OUTCOMES, strict=True)
        kind = "sent" if self.calm else self.chance.choices(kinds, weights)[0]
        if kind in ("sent", "uncertain", "killed"):
            self._note(post, now, doubtful=kind != "sent")
        if kind == "killed":
            return None
        if kind == "later":
            return Settled(post, "queued", "slow down", not_before=now + timedelta(minutes=20))
        return Settled(post, kind, kind, "m" if kind == "sent" else None)

    def _note(self, post: Post, now: datetime, *, doubtful: bool) -> None:
        key = f"{post.channel} {post.id}"
        if doubtful:
            self.doubtful.add(key)
        if not post.notices:
            for line in post.content["messages"]:
                self.official[f"{post.person_id} {line['text']}"] += 1
            return
        days = {
            one["text"].split()[0]: int(one["text"].split()[1]) for one in post.content.get("messages", ())
        }
        for code, cycle, step in post.notices:
            assert post.person_id is not None
            self.arrived.setdefault((code, cycle, step, post.person_id), []).append(key)
            left = (date.fromisoformat(cycle) - now.date()).days
            told = days[code] if days else left
            self.table.wrong_days += told != left
            self.table.wrong_step += step != latest(left)

    async def day(self, day: date) -> None:
        """One day: a morning, sends, other roads, dead workers found, a page that is opened now and then."""
        now = moment(day)
        await self.live(now)
        self._excuse()
        if not self.calm and self.chance.random() < 0.12:
            self.table.missed_days += 1
            return
        await self.morning(now)
        self._expect(day)
        for _round in range(5):
            if not await self._waiting() or not await self.send(now):
                break
            now += timedelta(minutes=self.chance.choice((1, 21, 130)))
            here = self.on(now)
            await asyncio.gather(
                *(reroute(self.engine, here, plain) for _replica in range(self.chance.choice((1, 2))))
            )
            await reroute_officials(self.engine, here)
        if self.chance.random() < 0.4:
            for post in await fetch(self.engine, "web", str(self.chance.randrange(18)), now):
                self._fetched(post)

    def _fetched(self, post: Post) -> None:
        for code, cycle, step in post.notices:
            assert post.person_id is not None
            told = self.arrived.setdefault((code, cycle, step, post.person_id), [])
            if not told:  # beside another road it is a copy
                told.append(f"web {post.id}")

    # ---------------------------------------------------------------------------------------------------- what is right

    def _expect(self, day: date) -> None:
        for code, end in self.ends.items():
            cycle, step = end.isoformat(), latest((end - day).days)
            quiet = day < self.snoozed.get((code, cycle), day) and step != "last_day"
            if step is None or quiet or (code, cycle) in self.stopped:
                continue
            for person, serves in self.people.items():
                if self.makers[code] in serves and person not in self.unwilling:
                    self.expected.setdefault((code, cycle, step, person), day.isoformat())

    def _excuse(self) -> None:
        """What did not arrive until now, and has not to any more."""
        for told in self.expected.keys() - self.arrived.keys() - self.excused:
            code, cycle, _step, person = told
            left = self.makers[code] not in self.people[person] or person in self.unwilling
            if left or (code, cycle) in self.stopped or self.ends[code].isoformat() != cycle:
                self.excused.add(told)

    async def judge(self) -> Table:
        """Compare what should have been told with what was."""
        query = select(Reminder, col(Delivery.state)).outerjoin(
            Delivery, col(Delivery.key) == col(Reminder.delivery_key)
        )  # type: ignore[arg-type]
        async with self.engine.connect() as connection:
            rows = {
                (row.product_code, row.cycle, row.step, row.person_id): (row.delivery_key, row.state)
                for row in await connection.execute(query)
            }
        table = self.table
        table.repeated = sum(len(keys) > 1 for keys in self.arrived.values())
        table.officials = len(self.official)
        table.officials_repeated = sum(count > 1 for count in self.official.values())
        for told in self.expected:
            self._count(told, rows)
        unexpected = set(self.arrived) - set(self.expected)
        assert not unexpected, f"nobody was to be told: {sorted(unexpected)[:3]}"
        return table

    def _count(self, told: Told, rows: dict[Told, tuple[str, str | None]]) -> None:
        table = self.table
        table.due += 1
        keys, (key, _state) = self.arrived.get(told, []), rows.get(told, ("", None))
        if keys and set(keys) <= self.doubtful:
            table.uncertain += 1
        elif keys:
            table.sent_once += 1
            table.rerouted += "~" in key
        elif told in rows and (key == "" or key.startswith("officers:")):
            table.to_call += 1
        elif told in self.excused or self._overtaken(told, rows):
            table.overtaken += 1
        else:
            table.lost += 1

    @staticmethod
    def _overtaken(told: Told, rows: dict[Told, tuple[str, str | None]]) -> bool:
        """Every road refused it, or none was open, until the next step came, of which this person was told."""
        code, cycle, step, person = told
        later = [name for _days, name in STEPS][[name for _days, name in STEPS].index(step) + 1 :]
        refused = told in rows and rows[told][1] in ("failed", "gone", "skipped", "queued")
        return refused and any(
            rows.get((code, cycle, name, person), ("passed",))[0] != "passed" for name in later
        )


def latest(left: int) -> str | None:
    """The step that has come when so many days are left."""
    come = [name for days, name in STEPS if left <= days]
    return come[-1] if come and left >= -30 else None


def _report(one: Report) -> list[dict[str, str]]:
    silent = [{"text": f"{each.level} {each.due.product.code} {each.due.cycle}"} for each in one.silent]
    calls = [
        {"text": f"call {each.due.product.code} {each.due.cycle} {each.step} {each.person_id}"}
        for each in one.calls
    ]
    return [*silent, *calls]


async def simulate(engine: AsyncEngine, seed: int, days: int = DAYS) -> Table:
    """Live through the days, then five calm ones, and judge."""
    world = World(engine, random.Random(seed))
    await world.begin()
    for number in range(days):
        await world.day(FIRST + timedelta(days=number))
    world.calm = True
    for number in range(days, days + 5):
        await world.day(FIRST + timedelta(days=number))
    if world.outbox:
        await world.outbox.close()
    return await world.judge()
