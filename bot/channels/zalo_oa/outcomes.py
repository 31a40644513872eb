"""What a refusal means, by host and code, and how long to hold back after one.

Codes: docs.zaloplatforms.com/docs/OA, appendix of error codes, and docs.zaloplatforms.com/docs/ZBS (contract
§8, §11.4). The same number means different things on the two hosts.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Literal

from bot.channels.backoff import Backoff
from bot.channels.channel import Gone, Later, Outcome, Refused, Uncertain
from bot.channels.zalo_oa.client import CallError, Host, MaybeSentError, ZaloError
from bot.channels.zalo_oa.tokens import NeedsConsentError, NotYetError

Kind = Literal[
    "rate",
    "expired",
    "again",
    "form",
    "token",
    "recipient",
    "window",
    "night",
    "quota",
    "human",
    "fault",
    "content",
]

Why = Literal["rate", "outage", "human"]

OPENAPI: dict[int, Kind] = {
    -32: "rate",
    -100: "expired",
    -200: "again",
    **dict.fromkeys((-201, -233), "form"),
    **dict.fromkeys((-124, -216, -220), "token"),
    **dict.fromkeys((-213, -217, -218, -227, -244), "recipient"),
    **dict.fromkeys((-230, -232), "window"),
    -234: "night",
    **dict.fromkeys((-211, -238, -241), "quota"),
    **dict.fromkeys((-204, -205, -209, -212, -219, -221, -223, -224, -242, -320, -321), "human"),
    **dict.fromkeys((-210, -214, -235, -237, -240, -249, -403), "fault"),
    -248: "content",
}
_APP = (-101, -102, -103, -104, -105, -117, -120, -125, -1201, -1202, -1241)
_MONEY = (-135, -136, -137, -138, -145, -1351, -1381)
_TEMPLATE = (-109, -131, -146, -1091)
ZBS: dict[int, Kind] = {
    -32: "rate",
    -100: "again",
    **dict.fromkeys((-124, -216, -220), "token"),
    **dict.fromkeys((-108, -114, -118, -119, -139, -140, -141), "recipient"),
    -133: "night",
    **dict.fromkeys((-115, -126, -144, -147, -160, -1441, -1471, -1472), "quota"),
    **dict.fromkeys((*_APP, *_MONEY, *_TEMPLATE), "human"),
    **dict.fromkeys((-111, -112, -113, -1121, -1122, -1123, -1124, -1131, -1132), "fault"),
    **dict.fromkeys((-116, -121, -122, -130, -132, -153, -161, -162, -249), "fault"),
}
KINDS: dict[Host, dict[int, Kind]] = {"openapi": OPENAPI, "zbs": ZBS, "oauth": {-32: "rate"}}

RATE_SECONDS = (2.0, 60.0)
OUTAGE_SECONDS = (1.0, 60.0)
QUOTA_SECONDS = 3_600.0
HUMAN_SECONDS = (5.0, 300.0)
"""Until something that a human must put right is tried again; it may be over sooner than we fear."""
STRIKES = 3
"""Failures in a row after which the whole channel waits, not only the message."""
MINUTE = 60.0
"""Both rate limits are counted by the minute (contract §2.4)."""
AFTER_NIGHT: dict[Host, time] = {"openapi": time(6, 5), "zbs": time(7, 0), "oauth": time(0)}


def kind_of(error: ZaloError) -> Kind | None:
    """What the table says; None for a code that nobody has described."""
    return KINDS[error.host].get(error.code)


def seconds_until(now: datetime, at: time) -> float:
    """Seconds from ``now`` until the clock next shows ``at``, in the zone of ``now``."""
    day = now.date() if now.time() < at else now.date() + timedelta(days=1)
    return (datetime.combine(day, at, now.tzinfo) - now).total_seconds()


@dataclass(slots=True)
class Pace:
    """Until when everything waits, and why: ``rate`` (Zalo asks to go slower), ``outage``, or ``human``
    (somebody must put something right). Seconds of ``clock``, which never goes back; ``now`` is in people's
    zone."""

    clock: Callable[[], float]
    now: Callable[[], datetime]
    rng: random.Random
    trouble: str = ""
    why: Why = "rate"
    _until: float = 0.0
    _remain: int = 0
    _minute: float = 0.0
    _rate: Backoff = field(init=False)
    _outages: Backoff = field(init=False)
    _humans: Backoff = field(init=False)

    def __post_init__(self) -> None:
        self._rate, self._outages = Backoff(self.rng, *RATE_SECONDS), Backoff(self.rng, *OUTAGE_SECONDS)
        self._humans = Backoff(self.rng, *HUMAN_SECONDS)

    def wait(self) -> float:
        """Seconds until anything may be sent; 0 when it may now."""
        return max(0.0, self._until - self.clock())

    def held(self) -> Later | None:
        """What to say while everything waits."""
        wait = self.wait()
        return Later(wait, self.trouble, whole_channel=True) if wait else None

    def succeeded(self) -> None:
        """A call was answered well: every back-off begins anew."""
        self._rate.failures = self._outages.failures = self._humans.failures = 0

    def hear_rate(self, limit: int, remain: int) -> None:
        """The rate headers of an answer: at nothing left, wait for the minute to end."""
        if remain > self._remain or self.clock() - self._minute >= MINUTE:
            self._minute = self.clock()
        self._remain = remain
        if remain <= 0:
            self._hold(
                max(1.0, self._minute + MINUTE - self.clock()),
                f"all {limit} requests are used (rate)",
                "rate",
            )

    def outcome(self, error: CallError) -> Outcome:
        """What ``error`` means for the message that was to be sent."""
        if isinstance(error, NotYetError):
            return Later(max(error.seconds, 0.5), error.words, whole_channel=True)
        if isinstance(error, NeedsConsentError):
            return Later(HUMAN_SECONDS[1], f"needs consent: {error.words}", whole_channel=True)
        if isinstance(error, MaybeSentError):
            self._outage(error.words)
            return Uncertain(error.words)
        if not isinstance(error, ZaloError):
            return self._outage(error.words)
        return self._refusal(error)

    def _refusal(self, error: ZaloError) -> Outcome:
        kind = kind_of(error)
        if kind == "rate":
            if not self.wait():
                self._hold(self._rate.next(), f"Zalo asks to go slower: {error.words}", "rate")
            return Later(self.wait(), self.trouble, whole_channel=True)
        if kind in ("token", "human"):
            return self._for_a_human(error)
        if kind in ("recipient", "window"):
            return Gone(error.words)
        if kind == "night":
            return Later(seconds_until(self.now(), AFTER_NIGHT[error.host]), error.words)
        if kind == "quota":
            return Later(QUOTA_SECONDS, error.words)
        if kind == "again":
            return Refused(error.words, our_fault=False)
        return Refused(error.words)

    def _for_a_human(self, error: ZaloError) -> Later:
        """On the account's own host everything waits; templates have a host, and troubles, of their own."""
        if error.host != "openapi":
            return Later(HUMAN_SECONDS[1], error.words)
        if not self.wait():
            self._hold(self._humans.next(), f"somebody must look at the account: {error.words}", "human")
        return Later(self.wait(), error.words, whole_channel=True)

    def _outage(self, words: str) -> Later:
        seconds = self._outages.next()
        several = self._outages.failures >= STRIKES
        if several:
            self._hold(seconds, words, "outage")
        return Later(seconds, words, whole_channel=several)

    def _hold(self, seconds: float, words: str, why: Why) -> None:
        self._until, self.trouble, self.why = self.clock() + seconds, words, why
