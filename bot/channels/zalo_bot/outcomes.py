"""What a refusal of the Bot Platform means for a send, and how long to hold back after one.

Codes: docs.zaloplatforms.com/docs/BOT. 429 says neither who is too fast nor for how long, and may mean
that the month is used up: it holds the whole channel, 30 s at first, doubling to 10 minutes.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field

from bot.channels.backoff import Backoff
from bot.channels.channel import Gone, Later, Outcome, Refused, Uncertain
from bot.channels.zalo_bot.client import CallError, MaybeSentError, RefusedError

QUOTA_SECONDS = (30.0, 600.0)
OUTAGE_SECONDS = (1.0, 60.0)
TOKEN_PAUSE_SECONDS = 300.0
TOOK_TOO_LONG = (408, 504)
"""Whether the message was taken, nobody knows."""
STRIKES = 3
"""Refusals with 403 in a row before a chat counts as gone: the official page calls 403 an internal error."""
STRIKE_PAUSES = (3.0, 10.0)
_CHATS_REMEMBERED = 4096


@dataclass(slots=True)
class Pace:
    """Until when everything waits, and which chats were refused. Seconds of ``clock``, which never goes
    back."""

    clock: Callable[[], float]
    rng: random.Random
    _until: float = 0.0
    _strikes: dict[str, int] = field(default_factory=dict)
    _quota: Backoff = field(init=False)
    _outages: Backoff = field(init=False)

    def __post_init__(self) -> None:
        self._quota, self._outages = Backoff(self.rng, *QUOTA_SECONDS), Backoff(self.rng, *OUTAGE_SECONDS)

    def wait(self) -> float:
        """Seconds until anything may be sent; 0 when it may now."""
        return max(0.0, self._until - self.clock())

    def succeeded(self, chat: str = "") -> None:
        """A call was answered well: every back-off begins anew."""
        self._quota.failures = self._outages.failures = 0
        self._until = 0.0
        self._strikes.pop(chat, None)

    def outcome(self, error: CallError, chat: str) -> Outcome:
        """What ``error`` means for the message that was to be sent to ``chat``."""
        if isinstance(error, MaybeSentError) or error.code in TOOK_TOO_LONG:
            return Uncertain(error.words)
        if not isinstance(error, RefusedError) or error.code >= 500:
            return self._outage(error)
        if error.code == 429:
            return self._flood()
        if error.code == 401:
            self._until = self.clock() + TOKEN_PAUSE_SECONDS
            return Later(TOKEN_PAUSE_SECONDS, "Zalo refuses the token (401)", whole_channel=True)
        if error.code == 403:
            return self._strike(chat, error.words)
        return Refused(error.words)

    def pause(self, error: CallError) -> float:
        """Seconds to wait before anything else is tried, after another failure in a row."""
        return self._quota.next() if error.code == 429 else self._outages.next()

    def _flood(self) -> Later:
        """Hold everything; answers to requests that were already under way do not make it longer."""
        if not self.wait():
            self._until = self.clock() + self._quota.next()
        return Later(self.wait(), "Zalo says that the quota is used up (429)", whole_channel=True)

    def _outage(self, error: CallError) -> Later:
        seconds = self._outages.next()
        return Later(seconds, error.words, whole_channel=self._outages.failures >= STRIKES)

    def _strike(self, chat: str, words: str) -> Outcome:
        strikes = self._strikes.pop(chat, 0) + 1
        if strikes >= STRIKES:
            return Gone(f"refused {STRIKES} times (403): {words}")
        self._strikes[chat] = strikes
        while len(self._strikes) > _CHATS_REMEMBERED:
            del self._strikes[next(iter(self._strikes))]
        return Later(STRIKE_PAUSES[strikes - 1], f"refused (403): {words}")
