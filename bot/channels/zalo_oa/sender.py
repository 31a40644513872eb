"""Sends rendered calls to one person and says how it went; never raises for what Zalo does.

Nothing makes a repeated send harmless here (contract §3), so what may have arrived is not repeated.
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
from bot.channels.parts import PATIENCE_SECONDS, partly
from bot.channels.zalo_oa.api import Api
from bot.channels.zalo_oa.client import CallError, ZaloError, part
from bot.channels.zalo_oa.inbound import ANONYMOUS, recipient
from bot.channels.zalo_oa.outbound import Call, Rendered, with_upload
from bot.channels.zalo_oa.outcomes import Pace, kind_of
from bot.channels.zalo_oa.uploads import UnfitError, Uploads

log = logging.getLogger(__name__)

CONSULTATION = "/v3.0/oa/message/cs"
TO_ANONYMOUS = "/v2.0/oa/message"
UNSPECIFIED_TRIES = 2
"""Repetitions after -200, "send failed" (contract §8)."""


@dataclass(slots=True)
class Sender:
    """Sends for one account. ``buttons`` turns false when the account does not take them; ``beyond`` counts
    messages that were taken from an allowance without having been reserved, less those reserved and not
    sent."""

    api: Api
    pace: Pace
    uploads: Uploads
    buttons: bool = True
    sleep: Callable[[float], Awaitable[Any]] = asyncio.sleep
    beyond: int = 0
    ceiling: Ceiling = field(default_factory=lambda: Ceiling(math.inf))

    async def send(self, address: str, rendered: Rendered, *, reserved: bool = False) -> Outcome:
        """Send all calls in order. When a part has arrived and the next has not, the whole is uncertain: it
        must not be repeated by itself. What is an extra (a picture, a form) may be refused without harm."""
        lost = list(rendered.lost)
        message_id, arrived = "", 0
        for call in rendered.calls:
            outcome = await self._one(address, call, lost, reserved)
            if arrived and isinstance(outcome, Later) and outcome.seconds <= PATIENCE_SECONDS:
                await self.sleep(outcome.seconds)
                outcome = await self._one(address, call, lost, reserved)
            if isinstance(outcome, Sent):
                message_id, arrived = outcome.message_id, arrived + 1
            elif call.extra and isinstance(outcome, Refused) and len(rendered.calls) > 1:
                lost.append(call.loss)
            else:
                return partly(arrived, len(rendered.calls), outcome)
        return Sent(message_id, tuple(lost)) if arrived else Refused("nothing of the message could be sent")

    async def _one(self, address: str, call: Call, lost: list[str], reserved: bool) -> Outcome:
        """One call; when Zalo refuses it, what stands below it on the ladder."""
        if held := self.pace.held():
            return held
        try:
            answer = await self._repaired(address, call)
        except UnfitError as error:
            outcome: Outcome = Refused(error.words, our_fault=False)
            form = False
        except CallError as error:
            outcome = self.pace.outcome(error)
            form = isinstance(error, ZaloError) and kind_of(error) == "form"
        else:
            self.pace.succeeded()
            self._count(answer, reserved)
            return Sent(str(part(answer, "message_id") or ""))
        if not isinstance(outcome, Refused) or call.fallback is None:
            return outcome
        below = await self._one(address, call.fallback, lost, reserved)
        if isinstance(below, Sent):
            lost.append(call.loss)
            if form and call.buttons:
                self._learn(outcome.reason)
        return below

    async def _repaired(self, address: str, call: Call) -> dict[str, Any]:
        """Make the call; again after an expired upload, and after a failure that Zalo does not explain."""
        renewed, tries = False, 0
        while True:
            brought = await self.uploads.brought(call.source, call.name, call.slot) if call.slot else ""
            ready = with_upload(call, brought) if brought else call
            try:
                return await self._perform(address, ready.message)
            except ZaloError as error:
                kind = kind_of(error)
                if kind == "expired" and brought and not renewed:
                    renewed = True
                    self.uploads.forget(brought)
                elif kind == "again" and tries < UNSPECIFIED_TRIES:
                    tries += 1
                    await self.sleep(float(tries))
                else:
                    raise

    async def _perform(self, address: str, message: dict[str, Any]) -> dict[str, Any]:
        path = TO_ANONYMOUS if address.startswith(ANONYMOUS) else CONSULTATION
        body = {"recipient": recipient(address), "message": message}
        return await self.ceiling.through(partial(self.api.post, path, body))

    def _count(self, answer: dict[str, Any], reserved: bool) -> None:
        quota = part(answer, "quota")
        kind = str(quota.get("quota_type") or "reply") if isinstance(quota, dict) else "reply"
        if kind != "reply" and not reserved:
            self.beyond += 1

    def _learn(self, reason: str) -> None:
        """A message with buttons was refused and its text was not: this account has no buttons."""
        if self.buttons:
            self.buttons = False
            log.warning("Zalo refuses buttons (%s): from now on, numbered choices only", reason)
