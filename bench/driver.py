"""Plays Telegram: sends updates to a bot's webhook and waits until the answer reached the Bot API."""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from bench.fake_api import FakeApi
from bench.http1 import Client, connect, request

SECRET = "bench-secret"
FIRST_CHAT = 20_000_000
AGAIN_SECONDS = 0.2
"""after which an update that was refused (503, say) is sent again, as Telegram does"""


@dataclass(frozen=True)
class Target:
    """A bot's webhook on 127.0.0.1."""

    port: int
    path: str = "/webhooks/telegram"


@dataclass
class Outcome:
    """What came of a run; times in seconds."""

    seconds: float = 0.0
    answered: int = 0
    refused: Counter[int] = field(default_factory=Counter)
    waits: list[float] = field(default_factory=list)

    @property
    def rate(self) -> float:
        """Answered updates a second."""
        return self.answered / self.seconds if self.seconds else 0.0

    def percentile(self, share: float) -> float:
        """The wait that ``share`` of the updates stay under; infinity when nothing was answered."""
        ordered = sorted(self.waits)
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else float("inf")


class Updates:
    """Makes updates as Telegram sends them: one text of one person, each with its own number."""

    def __init__(self, texts: Sequence[str], first_id: int = 500_000_000) -> None:
        self._texts = [json.dumps(text, ensure_ascii=False) for text in texts]
        self._number = first_id

    def make(self, target: Target, chat: int) -> bytes:
        """The next update, as a whole request."""
        self._number += 1
        text = self._texts[self._number % len(self._texts)]
        body = (
            f'{{"update_id":{self._number},"message":{{"message_id":{self._number % 1_000_000},'
            f'"from":{{"id":{chat},'
            f'"is_bot":false,"first_name":"Lan","last_name":"Hoàng","username":"lan{chat}","language_code":"vi"}},'
            f'"chat":{{"id":{chat},"first_name":"Lan","last_name":"Hoàng","username":"lan{chat}","type":"private"}},'
            f'"date":1764730000,"text":{text}}}}}'
        )
        secret = f"X-Telegram-Bot-Api-Secret-Token: {SECRET}\r\n"
        return request(target.port, target.path, body.encode(), secret)

    def receipts(self, target: Target, chat: int) -> list[bytes]:
        """What the platform sends when an answer has arrived, as whole requests."""
        return []


class _Slot:
    """One of the updates in flight: free again when it has its 200 and its answer reached the API, and when the
    receipts of that answer have theirs."""

    def __init__(self, loop: ClosedLoop, first_chat: int) -> None:
        self._loop = loop
        self._first = first_chat
        self._turn = 0
        self._open = 0
        self.client: Client | None = None
        self.chat = first_chat
        self.sent = 0.0

    def next(self) -> None:
        """Send one more, as another person, while the run lasts."""
        if self._loop.over():
            self._loop.leave()
            return
        self._turn += 1
        self.chat = self._first + self._turn % 500
        self._loop.waiting[self.chat] = self
        self._open = 2
        self.sent = time.perf_counter()
        assert self.client is not None
        self.client.send(self._loop.updates.make(self._loop.target, self.chat))

    def acknowledged(self, status: int) -> None:
        """The webhook answered."""
        if status != 200:
            self._loop.outcome.refused[status] += 1
            self._loop.waiting.pop(self.chat, None)
            self._loop.leave()
            return
        self._done()

    def arrived(self, moment: float) -> None:
        """The answer reached the API."""
        self._loop.outcome.answered += 1
        self._loop.outcome.waits.append(moment - self.sent)
        assert self.client is not None
        for raw in self._loop.updates.receipts(self._loop.target, self.chat):
            self._open += 1
            self.client.send(raw)
        self._done()

    def _done(self) -> None:
        self._open -= 1
        if self._open == 0:
            self.next()


class ClosedLoop:
    """A fixed number of updates in flight for a time."""

    def __init__(self, api: FakeApi, target: Target, updates: Updates) -> None:
        self._api, self.target, self.updates = api, target, updates
        self.waiting: dict[int, _Slot] = {}
        self.outcome = Outcome()
        self._end = 0.0
        self._running = 0
        self._left = asyncio.Event()

    async def run(self, in_flight: int, seconds: float) -> Outcome:
        """Keep ``in_flight`` updates on their way for ``seconds``; the last answers are waited for."""
        self._api.arrived = self._arrived
        slots = [_Slot(self, FIRST_CHAT + number * 500) for number in range(in_flight)]
        for slot in slots:
            slot.client = await connect(self.target.port, slot.acknowledged)
        self._running = in_flight
        started = time.perf_counter()
        self._end = started + seconds
        for slot in slots:
            slot.next()
        try:
            async with asyncio.timeout(seconds + 20):
                await self._left.wait()
        except TimeoutError:
            pass  # what was not answered is missing from the outcome
        self.outcome.seconds = time.perf_counter() - started
        for slot in slots:
            assert slot.client is not None
            slot.client.close()
        return self.outcome

    def over(self) -> bool:
        """Is the time up?"""
        return time.perf_counter() >= self._end

    def leave(self) -> None:
        """A slot stops."""
        self._running -= 1
        if self._running == 0:
            self._left.set()

    def _arrived(self, chat: int, moment: float) -> None:
        slot = self.waiting.pop(chat, None)
        if slot is not None:
            slot.arrived(moment)


class Sender:
    """Sends given updates over a pool of connections; remembers which got their 200, which their answer."""

    def __init__(self, api: FakeApi, target: Target) -> None:
        self.target = target
        self.acknowledged: set[int] = set()
        self.answers: Counter[int] = Counter()
        self.sent_at: dict[int, float] = {}
        self.waits: list[float] = []
        self.refused: Counter[int] = Counter()
        api.arrived = self._arrived

    def _arrived(self, chat: int, moment: float) -> None:
        self.answers[chat] += 1
        if self.answers[chat] == 1 and chat in self.sent_at:
            self.waits.append(moment - self.sent_at[chat])

    async def flood(
        self, requests: dict[int, bytes], connections: int, stop: asyncio.Event | None = None
    ) -> None:
        """Send all (chat → request) as quickly as they are taken; end early when ``stop`` is set."""
        queue = list(requests.items())[::-1]
        await asyncio.gather(*(self._worker(queue, stop) for _ in range(connections)))

    async def _worker(self, queue: list[tuple[int, bytes]], stop: asyncio.Event | None) -> None:
        status: asyncio.Queue[int] = asyncio.Queue()
        client = await connect(self.target.port, status.put_nowait)
        while queue and not (stop and stop.is_set()):
            chat, raw = queue.pop()
            self.sent_at[chat] = time.perf_counter()
            client.send(raw)
            code = await status.get()
            if code == 200:
                self.acknowledged.add(chat)
                continue
            self.refused[code] += 1
            if code == 0:
                return
            queue.insert(0, (chat, raw))
            await asyncio.sleep(AGAIN_SECONDS)
        client.close()

    async def paced(self, requests: dict[int, bytes], rate: float, connections: int = 64) -> None:
        """Send at a fixed pace, come what may (open loop); a wait counts from the moment that was due."""
        loop = asyncio.get_running_loop()
        free: asyncio.Queue[Client] = asyncio.Queue()
        for _ in range(connections):
            free.put_nowait(await self._pooled(free))
        started = loop.time() + 0.05
        clock = time.perf_counter() - loop.time()
        for number, (chat, raw) in enumerate(requests.items()):
            due = started + number / rate
            if (ahead := due - loop.time()) > 0:
                await asyncio.sleep(ahead)
            client = await free.get()
            self.sent_at[chat] = due + clock
            client.send(raw)

    async def _pooled(self, free: asyncio.Queue[Client]) -> Client:
        holder: list[Client] = []

        def answered(status: int) -> None:
            if status != 200:
                self.refused[status] += 1
            free.put_nowait(holder[0])

        holder.append(await connect(self.target.port, answered))
        return holder[0]

    async def settled(self, expected: int, patience: float) -> bool:
        """Wait until ``expected`` chats have an answer; False if none came for ``patience`` seconds."""
        last, since = -1, time.perf_counter()
        while len(self.answers) < expected:
            if len(self.answers) != last:
                last, since = len(self.answers), time.perf_counter()
            elif time.perf_counter() - since > patience:
                return False
            await asyncio.sleep(0.02)
        return True
