"""Template messages (ZBS, formerly ZNS): the way to people who did not write for a week (contract §6.3, §11).

Whether the person agreed is the caller's to know. Nothing is sent at night: Zalo bars 22:00 to 06:00 (-133),
and we keep 07:00 to 21:00.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, time
from functools import partial
from typing import Any

from bot.channels.ceiling import Ceiling
from bot.channels.channel import Later, Outcome, Refused, Sent
from bot.channels.zalo_oa.api import Api
from bot.channels.zalo_oa.client import CallError, Host, part
from bot.channels.zalo_oa.outcomes import Pace, seconds_until
from handlers.services.cutting import sendable, shortened

BY_PHONE = "/message/template"
BY_ID = "/v3.0/oa/message/template"
MORNING, EVENING = time(7), time(21)
TRACKING_LENGTH = 48
LONGEST = {"producer": 30, "product": 200, "code": 30, "until": 20, "days": 20, "decision": 30}
"""Characters of each fact: the maxima of Zalo's parameter types for names, products, codes and dates
(-1121)."""
_PHONE = re.compile(r"84[235789]\d{8,9}")


def international(phone: str) -> str:
    """A Vietnamese number as Zalo wants it, ``84…``; ValueError when it is none."""
    digits = re.sub(r"\D", "", phone.replace("(0)", ""))
    digits = (
        "84" + digits[1:] if digits.startswith("0") and not digits.startswith("00") else digits.lstrip("0")
    )
    if not _PHONE.fullmatch(digits):
        raise ValueError("not a Vietnamese telephone number")
    return digits


@dataclass(frozen=True, slots=True)
class Template:
    """An approved template: its id, and which of our facts goes into each of its parameters."""

    id: str
    fields: Mapping[str, str] = field(default_factory=dict)

    def filled(self, facts: Mapping[str, object]) -> dict[str, str]:
        """The parameters, cut to what Zalo takes; ValueError when a fact is missing."""
        missing = [fact for fact in self.fields.values() if facts.get(fact) in (None, "")]
        if missing:
            raise ValueError(f"the template needs {', '.join(sorted(set(missing)))}")
        cut = {fact: shortened(sendable(str(facts[fact])), LONGEST.get(fact, 30)) for fact in facts}
        return {name: cut[fact] for name, fact in self.fields.items()}


@dataclass(slots=True)
class Templates:
    """Sends templates for one account. ``now`` is in the zone people live in."""

    api: Api
    pace: Pace
    now: Callable[[], datetime]
    ceiling: Ceiling = field(default_factory=lambda: Ceiling(math.inf))

    async def by_phone(
        self, phone: str, template: Template, facts: Mapping[str, object], tracking: str
    ) -> Outcome:
        """Send to a telephone number. ``tracking`` (at most 48 characters) comes back with the receipt; it
        keeps nobody from sending twice, so the caller must."""
        try:
            to = {"phone": international(phone), "sending_mode": "1", "tracking_id": tracking}
        except ValueError as error:
            return Refused(str(error), our_fault=False)
        if not 0 < len(tracking) <= TRACKING_LENGTH:
            return Refused(f"a tracking id has 1 to {TRACKING_LENGTH} characters")
        return await self._send(BY_PHONE, to, template, facts, "zbs")

    async def by_id(self, address: str, template: Template, facts: Mapping[str, object]) -> Outcome:
        """Send to somebody whom the account knows; cheaper. The message's id is all that receipts will
        name."""
        return await self._send(BY_ID, {"user_id": address}, template, facts, "openapi")

    def night(self) -> Later | None:
        """What to say between 21:00 and 07:00."""
        now = self.now()
        if MORNING <= now.time() < EVENING:
            return None
        return Later(seconds_until(now, MORNING), "templates are sent from 07:00 to 21:00")

    async def _send(
        self, path: str, to: dict[str, str], template: Template, facts: Mapping[str, object], host: Host
    ) -> Outcome:
        if night := self.night():
            return night
        if host == "openapi" and (held := self.pace.held()):
            return held
        try:
            parameters = template.filled(facts)
        except ValueError as error:
            return Refused(str(error))
        body: dict[str, Any] = {**to, "template_id": template.id, "template_data": parameters}
        try:
            answer = await self.ceiling.through(partial(self.api.post, path, body, host))
        except CallError as error:
            return self.pace.outcome(error)
        return Sent(str(part(answer, "msg_id") or part(answer, "message_id") or ""))
