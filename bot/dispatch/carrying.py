"""One post to the platform, and what its answer means for the row."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Protocol, runtime_checkable

from bot.channels.channel import Channel, Gone, Later, Outcome, Refused, Sent, Uncertain
from bot.channels.parts import in_parts
from bot.dispatch.chats import Chats
from bot.dispatch.contents import Contents
from handlers.services.outbox import PHONE, Post, Settled, tracking
from handlers.talk.message import Message

GIVEN_UP = 30
"""tries after which "later" is believed no more, unless the platform holds the whole channel"""
BACKOFF_MOST = 300.0
PATIENCE = 30.0
"""seconds the rest of a letter waits after its first message has arrived"""


@runtime_checkable
class Templated(Protocol):
    """A channel with approved templates for those whom a message does not reach."""

    async def remind(self, chat: str, facts: dict[str, str]) -> Outcome:
        """Send the template to somebody the platform knows."""
        ...

    async def remind_by_phone(self, phone: str, facts: dict[str, str], tracking: str) -> Outcome:
        """Send it to a telephone number."""
        ...


async def carry(post: Post, channel: Channel, contents: Contents) -> Outcome:
    """Send a post: its messages one after the other, or its template.

    When one message has arrived and the next has not, the whole is uncertain: it must not be repeated by itself.
    """
    if post.way == "template":
        return await _template(post, channel)

    async def send(message: Message) -> Outcome:
        return await channel.send(post.address, message)

    messages = await contents.of(post)
    names = ("letter", "messages")
    return await in_parts(messages, send, asyncio.sleep, pause=Chats.PAUSE, patience=PATIENCE, names=names)


async def _template(post: Post, channel: Channel) -> Outcome:
    if not isinstance(channel, Templated):
        return Refused("this channel has no templates")
    facts = post.content.get("facts", {})
    if post.address.startswith(PHONE):
        return await channel.remind_by_phone(post.address.removeprefix(PHONE), facts, tracking(post.id))
    return await channel.remind(post.address, facts)


def holds(outcome: Outcome) -> float:
    """Seconds for which the whole channel sends nothing that nobody waits for."""
    held = isinstance(outcome, Later) and (outcome.whole_channel or outcome.asked)
    return outcome.seconds if held and isinstance(outcome, Later) else 0.0


def settled(post: Post, outcome: Outcome, now: datetime) -> Settled:
    """What is written down of an outcome."""
    if isinstance(outcome, Sent):
        return Settled(post, "sent", message_id=outcome.message_id)
    if isinstance(outcome, Gone):
        return Settled(post, "gone", outcome.reason)
    if isinstance(outcome, Refused):
        return Settled(post, "failed", outcome.reason)
    if isinstance(outcome, Uncertain):
        return Settled(post, "uncertain", outcome.reason)
    if not holds(outcome) and post.tries + 1 >= GIVEN_UP:
        return Settled(post, "failed", f"given up: {outcome.reason}")
    growing = 0.0 if holds(outcome) else min(BACKOFF_MOST, float(2 ** min(post.tries, 10)))
    later = now + timedelta(seconds=max(outcome.seconds, growing, Chats.PAUSE))
    return Settled(post, "queued", outcome.reason, not_before=later)
