"""Sends rendered calls to one chat and says how it went; never raises for what the platform does.

Nothing on this platform makes a repeated send harmless, so what may have arrived is not repeated.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from bot.channels.ceiling import Ceiling
from bot.channels.channel import Later, Outcome, Refused, Sent
from bot.channels.parts import in_parts
from bot.channels.zalo_bot.client import PHOTO_SECONDS, CallError, Client
from bot.channels.zalo_bot.outbound import Call, Rendered
from bot.channels.zalo_bot.outcomes import Pace
from bot.channels.zalo_bot.quota import Month

log = logging.getLogger(__name__)

TYPING_SECONDS = 5.0


@dataclass(slots=True)
class Sender:
    """Sends for one bot; ``sleep`` waits seconds, ``month`` counts what was taken."""

    client: Client
    pace: Pace
    month: Month
    sleep: Callable[[float], Awaitable[Any]] = asyncio.sleep
    ceiling: Ceiling = field(default_factory=lambda: Ceiling(math.inf))

    async def send(self, chat: str, rendered: Rendered) -> Outcome:
        """Send all calls in order, as :func:`in_parts` does."""
        lost = list(rendered.lost)
        outcome = await in_parts(rendered.calls, lambda call: self._one(chat, call, lost), self.sleep)
        return Sent(outcome.message_id, tuple(lost)) if isinstance(outcome, Sent) else outcome

    async def typing(self, chat: str) -> None:
        """Show "is typing" (``sendChatAction``); a courtesy whose failure is nobody's trouble."""
        try:
            await self.client.call("sendChatAction", {"chat_id": chat, "action": "typing"}, TYPING_SECONDS)
        except CallError as error:
            log.debug("typing could not be shown: %s", error.words)

    async def _one(self, chat: str, call: Call, lost: list[str]) -> Outcome:
        """One call; when the platform refuses it, what stands below it on the ladder."""
        if wait := self.pace.wait():
            return Later(wait, "Zalo asked to wait", whole_channel=True)
        try:
            result = await self._perform(chat, call)
        except CallError as error:
            outcome = self.pace.outcome(error, chat)
            if not isinstance(outcome, Refused) or call.fallback is None:
                return outcome
            log.warning("Zalo refuses %s (%s): sent without", call.method, error.words)
            lost.append(call.loss)
            return await self._one(chat, call.fallback, lost)
        self.pace.succeeded(chat)
        await self.month.count(1)
        return Sent(str(result.get("message_id") or "") if isinstance(result, dict) else "")

    async def _perform(self, chat: str, call: Call) -> Any:
        params = {"chat_id": chat, **call.params}
        if call.method != "sendPhoto":
            return await self.ceiling.through(partial(self.client.call, call.method, params))
        await self.typing(chat)
        return await self.ceiling.through(partial(self.client.call, call.method, params, PHOTO_SECONDS))
