"""What is measured; every measure gives rows of the table: name, figure, what it should be, whether it is."""

from __future__ import annotations

import asyncio
import shutil
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import get_args

from bench.bots import Bot, Kind, running, start
from bench.driver import ClosedLoop, Sender, Updates
from bench.fake_api import FakeApi
from bench.zalo import Events, EventsWithReceipts, FakeAccount

IN_FLIGHT = 40
FLOOD = 4_000
RECEIPTS = "Official Account, with Zalo's three receipts of every answer"


@dataclass(frozen=True)
class Row:
    """One line of the table; ``passed`` is None where nothing is asked."""

    name: str
    figure: str
    wanted: str = ""
    passed: bool | None = None


@dataclass(frozen=True)
class Bench:
    """What the measures share: the fake APIs, 500 products and texts that ask for them, a room."""

    api: FakeApi
    account: FakeAccount
    folder: Path
    texts: Sequence[str]
    room: Path
    quick: bool

    @property
    def address(self) -> str:
        """The fake Bot API's base."""
        return self.api.address

    def api_of(self, kind: Kind) -> FakeApi:
        """The API that this kind sends its answers to."""
        return self.account if kind.startswith("ours-zalo") else self.api

    def updates_of(self, kind: Kind) -> Updates:
        """What this kind is asked."""
        makers = {"ours-zalo": Events, "ours-zalo-receipts": EventsWithReceipts}
        return makers.get(kind, Updates)(self.texts)

    def fresh(self, name: str) -> Path:
        """An empty folder for one bot's database."""
        folder = self.room / name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        return folder


@dataclass
class Rates:
    """What a kind did in each round: look-ups a second, and processor time a look-up in µs."""

    a_second: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)

    def __str__(self) -> str:
        spread = f"{min(self.a_second):,.0f} to {max(self.a_second):,.0f}"
        return f"{statistics.median(self.a_second):,.0f}/s ({spread}), {statistics.median(self.cpu):,.0f} µs"


async def _rates(bench: Bench, kinds: Sequence[Kind], rounds: int, seconds: float) -> dict[Kind, Rates]:
    """Measure each kind, in turn, ``rounds`` times."""
    found: dict[Kind, Rates] = {kind: Rates() for kind in kinds}
    bots: dict[Kind, Bot] = {}
    try:
        for kind in kinds:
            address = bench.api_of(kind).address
            bots[kind] = await start(kind, address, bench.folder, bench.fresh(f"rate-{kind}"))
        updates = {kind: bench.updates_of(kind) for kind in kinds}
        for kind in kinds:
            await ClosedLoop(bench.api_of(kind), bots[kind].target, updates[kind]).run(IN_FLIGHT, 1)
        for _ in range(rounds):
            for kind in kinds:
                before = bots[kind].cpu()
                loop = ClosedLoop(bench.api_of(kind), bots[kind].target, updates[kind])
                outcome = await loop.run(IN_FLIGHT, seconds)
                if outcome.refused or not outcome.answered:
                    raise RuntimeError(f"{kind} refused updates: {dict(outcome.refused)}")
                found[kind].a_second.append(outcome.rate)
                found[kind].cpu.append((bots[kind].cpu() - before) / outcome.answered * 1e6)
    finally:
        for bot in bots.values():
            bot.stop()
    return found


def _ratio(ours: Sequence[float], others: Sequence[float]) -> float:
    """The median of the ratios of each round."""
    return statistics.median(mine / other for mine, other in zip(ours, others, strict=True))


async def throughput(bench: Bench) -> list[Row]:
    """Look-ups a second beside both yardsticks; the ratio of a round is taken within that round.

    The ratio of processor time says the same on a machine that does other work at the same time.
    """
    rounds, seconds = (2, 2.0) if bench.quick else (5, 3.0)
    kinds = tuple(kind for kind in get_args(Kind) if not (bench.quick and kind == "ours-zalo-receipts"))
    rates = await _rates(bench, kinds, rounds, seconds)
    with_receipts = [Row(RECEIPTS, str(rates[kind])) for kind in kinds if kind == "ours-zalo-receipts"]
    ours, floor, account = rates["ours"], rates["floor"], rates["ours-zalo"]
    of_floor = _ratio(ours.a_second, floor.a_second)
    of_stock = _ratio(ours.a_second, rates["stock-concurrent"].a_second)
    return [
        Row("floor: bare aiohttp + FTS5, 40 in flight", str(floor)),
        Row("stock python-telegram-bot, updates side by side", str(rates["stock-concurrent"])),
        Row("stock python-telegram-bot, one update at a time", str(rates["stock"])),
        Row("this bot", str(ours)),
        Row("this bot ÷ floor", f"{of_floor:.2f}", "≥ 0.50 (goal 0.70)", of_floor >= 0.5),
        Row("the same by processor time", f"{_ratio(floor.cpu, ours.cpu):.2f}"),
        Row("this bot as a Zalo Official Account, signed webhooks", str(account)),
        Row("Official Account ÷ floor", f"{_ratio(account.a_second, floor.a_second):.2f}"),
        Row("the same by processor time", f"{_ratio(floor.cpu, account.cpu):.2f}"),
        *with_receipts,
        Row("this bot ÷ stock, updates side by side", f"{of_stock:.1f}", "≥ 6", of_stock >= 6),
        Row(
            "this bot ÷ stock, one update at a time", f"{_ratio(ours.a_second, rates['stock'].a_second):.1f}"
        ),
    ]


async def slow_api(bench: Bench) -> list[Row]:
    """The same with a Bot API that answers after 50 ms."""
    bench.api.delay = 0.05
    try:
        rates = await _rates(bench, ("floor", "ours"), 2 if bench.quick else 3, 2.0 if bench.quick else 3.0)
    finally:
        bench.api.delay = 0.0
    ratio = _ratio(rates["ours"].a_second, rates["floor"].a_second)
    return [
        Row("API answering in 50 ms: this bot", str(rates["ours"])),
        Row("API answering in 50 ms: this bot ÷ floor", f"{ratio:.2f}", "≥ 0.50", ratio >= 0.5),
    ]


async def _paced(bench: Bench, bot: Bot, first_chat: int, rate: int, seconds: int) -> list[float]:
    updates = Updates(bench.texts, first_id=600_000_000 + first_chat)
    sender = Sender(bench.api, bot.target)
    requests = {
        chat: updates.make(bot.target, chat) for chat in range(first_chat, first_chat + rate * seconds)
    }
    await sender.paced(requests, rate)
    await sender.settled(len(requests), 3)
    if sender.refused or len(sender.answers) < len(requests):
        raise RuntimeError(
            f"at {rate}/s: {len(sender.answers)} of {len(requests)} answered, {dict(sender.refused)}"
        )
    return sorted(sender.waits)


async def latency(bench: Bench) -> list[Row]:
    """The wait at 1,000 updates a second, sent whatever becomes of them; windows of three seconds."""
    kinds: tuple[Kind, ...] = ("ours",) if bench.quick else ("floor", "ours")
    rows = []
    for kind in kinds:
        async with running(kind, bench.address, bench.folder, bench.fresh(f"latency-{kind}")) as bot:
            await ClosedLoop(bench.api, bot.target, Updates(bench.texts)).run(IN_FLIGHT, 0.5)
            windows = [await _paced(bench, bot, 30_000_000 + n * 10_000, 1_000, 3) for n in range(3)]
        p50, p99 = (
            statistics.median(window[int(len(window) * share)] * 1_000 for window in windows)
            for share in (0.5, 0.99)
        )
        best = min(window[int(len(window) * 0.99)] * 1_000 for window in windows)
        name = "this bot" if kind == "ours" else kind
        wanted, passed = ("≤ 8 ms (goal 4)", p99 <= 8) if kind == "ours" else ("", None)
        rows.append(
            Row(f"p99 at 1,000/s: {name}", f"{p99:.1f} ms (best {best:.1f}, p50 {p50:.1f})", wanted, passed)
        )
    return rows


async def flood(bench: Bench) -> list[Row]:
    """4,000 updates as quickly as they are taken, each of another person: all answered, memory bounded."""
    async with running("ours", bench.address, bench.folder, bench.fresh("flood")) as bot:
        await ClosedLoop(bench.api, bot.target, Updates(bench.texts)).run(IN_FLIGHT, 0.5)
        before = bot.memory("VmRSS")
        updates = Updates(bench.texts, first_id=700_000_000)
        sender = Sender(bench.api, bot.target)
        await sender.flood(
            {c: updates.make(bot.target, c) for c in range(40_000_000, 40_000_000 + FLOOD)}, 100
        )
        await sender.settled(FLOOD, 10)
        peak = bot.memory("VmHWM")
    lost, twice = FLOOD - len(sender.answers), sum(1 for n in sender.answers.values() if n > 1)
    return [
        Row("flood of 4,000: lost, answered twice", f"{lost}, {twice}", "0, 0", lost == 0 and twice == 0),
        Row(
            "flood of 4,000: memory before, peak",
            f"{before:.0f}, {peak:.0f} MB",
            "grows < 40 MB",
            peak - before < 40,
        ),
    ]


async def killed(bench: Bench) -> list[Row]:
    """The same flood with kill -9 in the middle; the driver repeats what had no 200, as Telegram does."""
    room = bench.fresh("killed")
    bot = await start("ours", bench.address, bench.folder, room)
    updates = Updates(bench.texts, first_id=800_000_000)
    requests = {chat: updates.make(bot.target, chat) for chat in range(50_000_000, 50_000_000 + FLOOD)}
    sender, stop = Sender(bench.api, bot.target), asyncio.Event()
    flooding = asyncio.create_task(sender.flood(requests, 100, stop))
    while len(sender.acknowledged) < FLOOD // 2 and not flooding.done():  # noqa: ASYNC110
        await asyncio.sleep(0.001)
    bot.kill()
    stop.set()
    await flooding
    in_hand = len(sender.acknowledged - set(sender.answers))
    again = await start("ours", bench.address, bench.folder, room)
    try:
        sender.target = again.target
        port = str(bot.target.port).encode(), str(again.target.port).encode()
        left = {c: raw.replace(*port, 1) for c, raw in requests.items() if c not in sender.acknowledged}
        await sender.flood(left, 100)
        await sender.settled(FLOOD, 10)
    finally:
        again.stop()
    lost, twice = FLOOD - len(sender.answers), sum(1 for n in sender.answers.values() if n > 1)
    figure = f"{lost} lost, {twice} twice; {in_hand} had their 200 and no answer yet"
    return [Row("flood of 4,000 with kill -9 in the middle", figure, "0 lost", lost == 0)]


async def starting(bench: Bench, sample: Path, large: Path) -> list[Row]:
    """Start to ready, and peak memory after look-ups, on the sample and on 20,000 products."""
    room = bench.fresh("start")
    times = []
    for _ in range(3 if bench.quick else 7):
        async with running("ours", bench.address, sample, room) as bot:
            times.append(bot.ready_after)
    first, *warm = times
    rows = [
        Row("start to ready, first time (loads the sample)", f"{first:.2f} s"),
        Row(
            "start to ready",
            f"{statistics.median(warm):.2f} s",
            "≤ 1.2 s (goal 0.9)",
            statistics.median(warm) <= 1.2,
        ),
    ]
    for folder, name, limit in ((sample, "the sample", 120), (large, "20,000 products", 180)):
        room = bench.fresh("memory")
        async with running("ours", bench.address, folder, room) as bot:
            loaded = bot.ready_after
        async with running("ours", bench.address, folder, room) as bot:
            await ClosedLoop(bench.api, bot.target, Updates(bench.texts)).run(IN_FLIGHT, 2)
            peak = bot.memory("VmHWM")
        figure = f"{peak:.0f} MB (ready with loading {loaded:.1f} s, without {bot.ready_after:.1f} s)"
        rows.append(Row(f"peak memory on {name}", figure, f"≤ {limit} MB", peak <= limit))
    return rows
