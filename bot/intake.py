"""The way in: store, then 200, then work; in order within a chat, in parallel across chats, bounded.

An arrival is in the database before anybody says 200. Answering it happens afterwards, in a task a chat; a killed
process leaves its arrivals open, and the next one (or another replica) takes them over.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict, deque
from collections.abc import Mapping
from typing import Any

import orjson
import structlog
from prometheus_client import Counter, Gauge
from pydantic import TypeAdapter

from bot.channels.channel import BadRequest, Channel
from bot.delivery import Delivery
from handlers.answer import Answering
from handlers.services.inbox import Inbox, InboxUnavailable, Settlement
from handlers.services.outbox import Receipts
from handlers.services.standing import Standing
from handlers.talk.message import Inbound, Message, Press, Receipt

log = structlog.get_logger("intake")

AT_ONCE = 256
"""chats answered at the same time, a channel: a slow platform holds back nobody else's"""
WAITING_MOST = 20_000
"""arrivals in memory; beyond it the platform is told to come again (503)"""

ARRIVED = Counter("bot_arrivals_total", "Updates that came in", ["channel", "what"])
OPEN = Gauge("bot_open_arrivals", "Updates stored and not answered yet in this process")

Work = tuple[Channel, str, dict[str, Any], Standing]
_messages: TypeAdapter[list[Message]] | None = None


class Busy(Exception):
    """Too much is waiting, or the database does not answer: tell the platform to come again."""


class Intake:
    """Takes what comes in through every channel."""

    def __init__(
        self,
        inbox: Inbox,
        answering: Answering,
        delivery: Delivery,
        channels: Mapping[str, Channel],
        receipts: Receipts,
    ) -> None:
        self._inbox = inbox
        self._answering = answering
        self._delivery = delivery
        self._channels = channels
        self._receipts = receipts
        self._queues: dict[tuple[str, str], deque[Work]] = {}
        self._gates: defaultdict[str, asyncio.Semaphore] = defaultdict(lambda: asyncio.Semaphore(AT_ONCE))
        self._tasks: set[asyncio.Task[None]] = set()
        self._busy: set[tuple[str, str]] = set()
        self._asked: dict[str, asyncio.Future[list[Message]]] = {}
        self._arrived: dict[tuple[str, str], Counter] = {}
        self._closing = False

    # --------------------------------------------------------------------------------------------- in from a webhook

    async def accept(self, channel: Channel, update: dict[str, Any], raw: str) -> bool:
        """Store an update and see to its answer; False when it was stored before.

        Raises :class:`bot.channels.channel.BadRequest` for an update without an id, :class:`Busy` when it was not
        stored.
        """
        update_id, address = channel.update_id(update)
        if self._closing or len(self._busy) >= WAITING_MOST:
            raise Busy
        if not address and self._needs_no_answer(channel, update):
            return True
        try:
            standing = await self._inbox.store(channel.name, update_id, address, raw)
        except InboxUnavailable as error:
            raise Busy from error
        self._note(channel.name, "repeated" if standing is None else "new")
        if standing is None:
            return False
        self._enqueue(channel, update_id, update, standing)
        return True

    def _needs_no_answer(self, channel: Channel, update: dict[str, Any]) -> bool:
        """Whether an update of no chat is a receipt, or nothing to us: taken at once, for a repetition does no harm.

        Zalo sends three of these for each message of ours; as arrivals they would cost as much as a question.
        """
        try:
            inbounds = channel.decode(update)
        except Exception:  # noqa: BLE001 - the longer road writes it down
            return False
        if not all(isinstance(inbound.content, Receipt) for inbound in inbounds):
            return False
        for inbound in inbounds:
            assert isinstance(inbound.content, Receipt)
            self._receipts.take(channel.name, inbound.content.message_id, inbound.content.state)
        self._note(channel.name, "receipt" if inbounds else "nothing")
        return True

    async def polled(self, channel: Channel, update: dict[str, Any]) -> None:
        """What a poller gives: stored before the poller goes on; an update without an id is left out."""
        try:
            await self.accept(channel, update, orjson.dumps(update).decode())
        except BadRequest:
            self._note(channel.name, "bad")
            log.warning("update_without_id", channel=channel.name)

    async def take_over(self) -> int:
        """Answer what dead workers, or a broken connection, left open; how many."""
        taken = await self._inbox.take_over()
        for name, update_id, address, raw, standing in taken:
            channel = self._channels.get(name)
            if channel is None or not raw:  # nobody waits for it: a web page asks again with the same id
                self._inbox.release(name, address, update_id)
                await self._inbox.forget(name, update_id)
                continue
            if channel.health()["state"] == "down":  # it is taken up again when the channel is back
                self._inbox.release(name, address, update_id)
                continue
            self._enqueue(channel, update_id, orjson.loads(raw), standing)
        return len(taken)

    # ------------------------------------------------------------------------------------------- in from our own page

    async def converse(self, inbound: Inbound) -> list[Message]:
        """Answer a web inbound; the same id again gets the same messages.

        Raises :class:`Busy` when it could not be stored.
        """
        asked = self._asked.get(inbound.id)
        if asked is not None:
            return await asyncio.shield(asked)
        done: asyncio.Future[list[Message]] = asyncio.get_running_loop().create_future()
        self._asked[inbound.id] = done
        try:
            messages = await self._conversed(inbound)
        except BaseException as error:
            done.set_exception(error)
            done.exception()
            raise
        else:
            done.set_result(messages)
            return messages
        finally:
            del self._asked[inbound.id]

    async def _conversed(self, inbound: Inbound) -> list[Message]:
        try:
            standing = await self._inbox.store(inbound.channel, inbound.id, inbound.chat, "")
        except InboxUnavailable as error:
            raise Busy from error
        self._note(inbound.channel, "repeated" if standing is None else "new")
        if standing is None:
            return await self._answered_before(inbound)
        settlement = Settlement(inbound.channel, inbound.id, inbound.chat, standing=standing)
        try:
            reply = await self._answering.answer(inbound, standing)
        except BaseException:
            self._inbox.release(inbound.channel, inbound.chat, inbound.id)
            raise
        settlement.records = reply.records
        settlement.answer = orjson.dumps(reply.messages).decode()
        settlement.erase = reply.erase
        await self._settle(settlement)
        return reply.messages

    async def _answered_before(self, inbound: Inbound) -> list[Message]:
        """The answer kept under this id; another replica may still be making it."""
        for _attempt in range(50):
            found = await self._inbox.answer_of(inbound.channel, inbound.id)
            if found and found[1] is not None:
                return _adapter().validate_json(found[1])
            await asyncio.sleep(0.1)
        raise Busy

    # -------------------------------------------------------------------------------------------------------- working

    def _enqueue(self, channel: Channel, update_id: str, update: dict[str, Any], standing: Standing) -> None:
        key = (channel.name, standing.address)
        self._busy.add((channel.name, update_id))
        OPEN.set(len(self._busy))
        queue = self._queues.get(key)
        if queue is not None:
            queue.append((channel, update_id, update, standing))
            return
        self._queues[key] = deque([(channel, update_id, update, standing)])
        task = asyncio.create_task(self._drain(key))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _drain(self, key: tuple[str, str]) -> None:
        queue = self._queues[key]
        while queue:
            channel, update_id, update, standing = queue[0]
            async with self._gates[channel.name]:
                await self._work(channel, update_id, update, standing)
            queue.popleft()
            self._busy.discard((channel.name, update_id))
            OPEN.set(len(self._busy))
        del self._queues[key]

    async def _work(
        self, channel: Channel, update_id: str, update: dict[str, Any], standing: Standing
    ) -> None:
        settlement = Settlement(channel.name, update_id, standing.address, standing=standing)
        try:
            inbounds = channel.decode(update)
        except Exception:
            log.warning("undecodable", channel=channel.name, update=update_id, exc_info=True)
            self._note(channel.name, "undecodable")
            settlement.state = "undecodable"
            self._inbox.settle(settlement)
            return
        done = True
        for inbound in inbounds:
            done = await self._answer(channel, inbound, settlement) and done
        if not done:
            self._inbox.release(channel.name, standing.address, update_id)
            return
        await self._settle(settlement)

    async def _settle(self, settlement: Settlement) -> None:
        if settlement.erase:
            settlement.standing = None
        self._inbox.settle(settlement)
        if settlement.erase:
            await self._inbox.erase(settlement.channel, settlement.address)

    async def _answer(self, channel: Channel, inbound: Inbound, settlement: Settlement) -> bool:
        """Answer one inbound; False when the platform asked us to come again later."""
        standing = settlement.standing
        assert standing is not None
        confirming = None
        if isinstance(inbound.content, Press):
            confirming = asyncio.create_task(channel.confirm(inbound))
        try:
            reply = await self._answering.answer(inbound, standing)
        except Exception:
            log.exception("answer_failed", channel=channel.name)
            self._note(channel.name, "failed")
            reply = self._answering.apology(standing)
        if confirming:
            await confirming
        settlement.records.extend(reply.records)
        settlement.erase = settlement.erase or reply.erase
        delivered = await self._delivery.reply(channel, inbound, reply.messages, standing)
        return delivered.done

    def _note(self, channel: str, what: str) -> None:
        counter = self._arrived.get((channel, what))
        if counter is None:
            counter = self._arrived[channel, what] = ARRIVED.labels(channel, what)
        counter.inc()

    # ------------------------------------------------------------------------------------------------------- stopping

    async def finish(self, seconds: float) -> None:
        """Take nothing new, finish what is in hand within ``seconds``; the rest stays open in the database."""
        self._closing = True
        if self._tasks:
            await asyncio.wait(list(self._tasks), timeout=seconds)
        for task in list(self._tasks):
            task.cancel()

    @property
    def waiting(self) -> int:
        """Updates stored here and not answered yet."""
        return len(self._busy)


def _adapter() -> TypeAdapter[list[Message]]:
    global _messages
    if _messages is None:
        _messages = TypeAdapter(list[Message])
    return _messages
