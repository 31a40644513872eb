"""The door out: replies at once, each outcome accounted for.

``Later`` is waited for (the chat is held, nothing else is), ``Uncertain`` is never repeated, ``Gone`` marks the chat,
``Refused`` for a fault of ours is an error in the log.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

import structlog
from prometheus_client import Counter

from bot.channels.channel import Channel, Gone, Later, Outcome, Refused, Sent, Uncertain
from handlers.services.standing import Standing
from handlers.talk.message import Inbound, Message

log = structlog.get_logger("delivery")
SENT = Counter("bot_replies_total", "Replies by channel and outcome", ["channel", "outcome"])

PATIENCE = 30.0
"""seconds a reply waits for a platform that said "later" before it is left for the next sweep"""


@dataclass(frozen=True, slots=True)
class Delivered:
    """What became of the answer to one inbound: ``done`` is false when it must be tried again later."""

    outcomes: tuple[Outcome, ...]
    done: bool


class Delivery:
    """Sends replies. ``sleep`` is the one door for waiting."""

    def __init__(self, sleep: Callable[[float], Awaitable[Any]] = asyncio.sleep) -> None:
        self._sleep = sleep
        self._counts: dict[tuple[str, str], Counter] = {}

    async def reply(
        self, channel: Channel, inbound: Inbound, messages: Sequence[Message], standing: Standing
    ) -> Delivered:
        """Send the messages of an answer in order; stop at the first that says the chat is gone or wait."""
        outcomes: list[Outcome] = []
        for message in messages:
            outcome = await self._patiently(channel, inbound, message)
            outcomes.append(outcome)
            self._count(channel.name, outcome)
            if isinstance(outcome, Later):
                return Delivered(tuple(outcomes), done=len(outcomes) > 1)
            if isinstance(outcome, Gone):
                standing.status, standing.status_reason, standing.changed = "gone", outcome.reason, True
                break
            _tell(channel.name, outcome)
        return Delivered(tuple(outcomes), done=True)

    async def _patiently(self, channel: Channel, inbound: Inbound, message: Message) -> Outcome:
        waited = 0.0
        while True:
            outcome = await channel.send(inbound.chat, message, about=inbound)
            if not isinstance(outcome, Later) or waited + outcome.seconds > PATIENCE:
                return outcome
            waited += max(outcome.seconds, 0.1)
            await self._sleep(max(outcome.seconds, 0.1))

    def _count(self, channel: str, outcome: Outcome) -> None:
        name = type(outcome).__name__.lower()
        counter = self._counts.get((channel, name))
        if counter is None:
            counter = self._counts[channel, name] = SENT.labels(channel, name)
        counter.inc()


def _tell(channel: str, outcome: Outcome) -> None:
    if isinstance(outcome, Refused):
        level = log.error if outcome.our_fault else log.warning
        level("reply_refused", channel=channel, reason=outcome.reason)
    elif isinstance(outcome, Uncertain):
        log.warning("reply_uncertain", channel=channel, reason=outcome.reason)
    elif isinstance(outcome, Sent) and outcome.lost:
        log.debug("reply_degraded", channel=channel, lost=list(outcome.lost))
