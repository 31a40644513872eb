"""Messages that nobody asked for: free, paid from the day's budget, or impossible; known before anything is
sent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import time

from sqlalchemy.exc import SQLAlchemyError

from bot.channels.channel import Gone, Later, Outcome, Refused, Sent, Uncertain
from bot.channels.zalo_oa.api import Api
from bot.channels.zalo_oa.client import CallError, ZaloError, part
from bot.channels.zalo_oa.contacts import Contacts, Reach, reach
from bot.channels.zalo_oa.inbound import told_at
from bot.channels.zalo_oa.outbound import Rendered
from bot.channels.zalo_oa.outcomes import Pace, kind_of, seconds_until
from bot.channels.zalo_oa.sender import Sender

DATABASE_SECONDS = 5.0
QUOTA = "/v3.0/oa/quota/message"


@dataclass(slots=True)
class Unasked:
    """Sends for one account whose paid messages may cost ``budget`` dong a day."""

    api: Api
    pace: Pace
    contacts: Contacts
    sender: Sender
    budget: int

    async def reach(self, address: str) -> Reach:
        """What a message to this person costs now.

        Zalo is asked only about people of whom nothing is written down. Raises :class:`CallError` when it
        does not say.
        """
        known = await self.contacts.reach(address)
        if known is not None:
            return known
        try:
            answer = await self.api.post(QUOTA, {"user_id": address})
        except ZaloError as error:
            if kind_of(error) in ("recipient", "window"):
                return "impossible"
            raise
        last = told_at({"timestamp": part(answer, "last_interaction")})
        if last is not None:
            self.contacts.heard(address, last)
        return reach(last, self.contacts.now())

    async def send(self, address: str, rendered: Rendered) -> Outcome:
        """Send where the window and the budget allow it."""
        if held := self.pace.held():
            return held
        try:
            cost = await self.reach(address)
            obstacle = await self._obstacle(cost, len(rendered.calls))
        except CallError as error:
            return self.pace.outcome(error)
        except (SQLAlchemyError, OSError) as error:
            return Later(DATABASE_SECONDS, f"the database does not answer ({type(error).__name__})")
        if obstacle:
            return obstacle
        outcome = await self.sender.send(address, rendered, reserved=cost == "paid")
        if cost == "paid" and not isinstance(outcome, Sent | Uncertain):
            self.sender.beyond -= len(rendered.calls)
        return outcome

    async def _obstacle(self, cost: Reach, calls: int) -> Outcome | None:
        """What keeps this many calls from being sent; the price of paid ones is set aside."""
        if cost == "impossible":
            return Gone("no interaction within 7 days")
        if cost == "free":
            return None
        if not self.budget:
            return Refused("more than 48 hours since the last interaction, and no budget", our_fault=False)
        if await self.contacts.reserve(self.budget, calls):
            return None
        return Later(seconds_until(self.contacts.now(), time()), "today's budget is used up")
