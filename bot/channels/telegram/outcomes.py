"""What an error of the Bot API means for a send, and how long to hold back after one.

The texts are Telegram's own and stable (``fail_query_with_error`` in its open server); they are matched only
where the status does not decide.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field

from telegram.error import BadRequest, EndPointNotFound, Forbidden, InvalidToken, TelegramError

from bot.channels.backoff import Backoff
from bot.channels.channel import Gone, Later, Outcome, Refused, Uncertain
from bot.channels.telegram.redact import redact
from bot.channels.telegram.transport import MaybeSentError, WaitError

UNREACHABLE = ("chat not found", "peer_id_invalid")
NOT_MODIFIED = "message is not modified"
UNREADABLE_MARKUP = "can't parse entities"
BAD_LINK = ("button_url_invalid", "wrong http url", "button url")
PRESS_OVER = ("query is too old", "query id is invalid")
TOKEN_PAUSE_SECONDS = 300.0
BACKOFF_SECONDS = (1.0, 60.0)
FLOOD_WINDOW_SECONDS = 2.0
FLOOD_CHATS = 3
"""So many chats refused with 429 within the window mean that the whole bot is too fast."""


def words(error: BaseException) -> str:
    """The error's own words, without a token, short enough for a report."""
    return redact(str(error))[:200]


@dataclass(slots=True)
class Pace:
    """Who must wait, and until when. Seconds of ``clock``, which never goes backwards.

    429 holds the chat, several chats at once the whole channel; failures of the connection back off 1 … 60 s.
    """

    clock: Callable[[], float]
    rng: random.Random
    _until: dict[str, float] = field(default_factory=dict)
    _floods: list[tuple[float, str]] = field(default_factory=list)
    outages: Backoff = field(init=False)
    """the pauses after failures of the connection"""

    def __post_init__(self) -> None:
        self.outages = Backoff(self.rng, *BACKOFF_SECONDS)

    def wait(self, chat: str) -> float:
        """Seconds to wait before ``chat`` may be sent anything; 0 when it may now."""
        if not self._until:
            return 0.0
        now = self.clock()
        self._until = {one: until for one, until in self._until.items() if until > now}
        return max(self._until.get(chat, now), self._until.get("", now)) - now

    def succeeded(self) -> None:
        """A call was answered: the connection is well."""
        self.outages.failures = 0

    def flood(self, chat: str, seconds: float) -> Later:
        """Telegram said 429: hold the chat, or everything when it said so to several chats at once."""
        now = self.clock()
        seconds += self.rng.random()
        self._floods = [one for one in self._floods if one[0] > now - FLOOD_WINDOW_SECONDS] + [(now, chat)]
        whole = len({one for _, one in self._floods}) >= FLOOD_CHATS
        self._until["" if whole else chat] = now + seconds
        return Later(seconds, "Telegram asks to wait (429)", whole_channel=whole, asked=True)

    def outcome(self, error: TelegramError, chat: str) -> Outcome:
        """What ``error`` means for the message that was to be sent to ``chat``."""
        if isinstance(error, WaitError):
            return self.flood(chat, error.seconds)
        if isinstance(error, MaybeSentError):
            return Uncertain(words(error))
        if isinstance(error, Forbidden):
            return Gone(words(error))
        if isinstance(error, InvalidToken):
            return Later(TOKEN_PAUSE_SECONDS, "Telegram refuses the token", whole_channel=True)
        if isinstance(error, BadRequest | EndPointNotFound):
            unreachable = any(text in str(error).lower() for text in UNREACHABLE)
            return Gone(words(error)) if unreachable else Refused(words(error))
        seconds = self.outages.next()
        return Later(seconds, words(error), whole_channel=self.outages.failures >= FLOOD_CHATS)
