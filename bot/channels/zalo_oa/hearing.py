"""Who is heard: an event opens the window of who caused it, and what people write to an officer is not for
the bot."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.channels.zalo_oa import inbound
from bot.channels.zalo_oa.contacts import Contacts
from handlers.talk.message import File, Inbound, Joined, Place, Press, Text, Unsupported

log = logging.getLogger(__name__)

TOO_OLD = timedelta(hours=24)
"""An event this much older than the newest one is a repetition of long ago (contract §9.2)."""
AHEAD = timedelta(hours=1)
"""Further in the future no event is believed to be."""


@dataclass(slots=True)
class Hearing:
    """Hears the events of one account. ``withdrawn`` collects people whose traces must go."""

    contacts: Contacts
    withdrawn: set[str]
    now: Callable[[], datetime]
    newest: datetime | None = None
    _decoder: inbound.Decoder = field(init=False)

    def __post_init__(self) -> None:
        self._decoder = inbound.Decoder(self.now)

    def hear(self, event: inbound.Raw) -> list[Inbound]:
        """What the event means for the bot; ValueError for a malformed one."""
        found = self._decoder.decode(event)
        name = str(event.get("event_name"))
        if self._too_old(event):
            log.warning("an event of more than a day ago is left out: %s", name)
            return []
        if person := inbound.officer_wrote_to(event):
            self.contacts.officer_wrote(person, self._decoder.at(event))
        if not found:
            log.debug("nothing to answer in an event: %s", name)
        for one in found:
            if one.chat and inbound.opens_window(name):
                self.contacts.heard(one.chat, one.at)
            if name == "user_withdraw":
                self.withdrawn.add(one.chat)
        return [one for one in found if not self._for_the_officer(one)]

    def _too_old(self, event: inbound.Raw) -> bool:
        """Zalo's times are compared with each other, so that a wrong clock of ours silences nobody."""
        told = inbound.told_at(event)
        if told is None or told > self.now() + AHEAD:
            return False
        self.newest = max(self.newest or told, told)
        return self.newest - told > TOO_OLD

    def _for_the_officer(self, one: Inbound) -> bool:
        """Whether an officer talks to this person; a press, or a command to start, turns to the bot again."""
        if isinstance(one.content, Press | Joined):
            self.contacts.turned_back(one.chat)
        written = isinstance(one.content, Text | File | Place | Unsupported)
        if not written or not self.contacts.officer_talks(one.chat):
            return False
        log.info("an officer talks in this chat: the bot is quiet")
        return True
