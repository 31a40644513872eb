"""When something shall happen, from words: ``mai 8h``, ``8h tối thứ sáu``, ``25/12 lúc 7 giờ rưỡi``, ``friday 8pm``.

Nothing is guessed: a word that is not understood, an hour that is missing or a day that does not exist is said to be
so. Words are read folded, so diacritics may be missing. Why no library reads this: docs/decisions/announcements.md.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Literal

from handlers.services.daywords import FILLERS, RULES, Draft, NoSuchDay, NoSuchHour, Take
from handlers.services.text import fold

Problem = Literal[
    "", "not_understood", "no_hour", "no_such_day", "no_such_hour", "other_weekday", "past", "too_far", "now"
]
"""``now``: this very moment was meant"""
FARTHEST = timedelta(days=365)
"""further ahead nothing is planned: a wrong year is likelier"""


_NOW = re.compile(
    r"\bbây giờ\b|\bngay bay gio\b|\bngay lập tức\b|^\W*(?:gửi )?(?:ngay|luôn)\W*$|^\W*(?:right )?now\W*$"
)


@dataclass(frozen=True, slots=True)
class Moment:
    """What was read: ``at`` (aware, in the zone of ``now``), or the ``problem`` that kept it from being read."""

    at: datetime | None = None
    problem: Problem = ""


def read_moment(text: str, now: datetime) -> Moment:
    """The moment that words name, seen from ``now`` (aware, in the zone people live in)."""
    if _NOW.search(unicodedata.normalize("NFC", text).casefold()):
        return Moment(problem="now")
    draft = Draft(now, rest=f" {' '.join(fold(text).split())} ")
    if draft.rest.strip() == "bay gio" and text.isascii():  # “bây giờ” and “bảy giờ” are written alike
        return Moment(problem="no_hour")
    try:
        for pattern, take in RULES:
            draft.rest = pattern.sub(_taking(take, draft), draft.rest)
        if FILLERS.sub(" ", draft.rest).strip():
            return Moment(problem="not_understood")
        return _judged(draft)
    except NoSuchDay:
        return Moment(problem="no_such_day")
    except NoSuchHour:
        return Moment(problem="no_such_hour")


def _taking(take: Take, draft: Draft) -> Callable[[re.Match[str]], str]:
    def taken(match: re.Match[str]) -> str:
        take(draft, match)
        return " "

    return taken


def _judged(draft: Draft) -> Moment:
    if draft.exact is None and draft.day is None and draft.weekday is None and draft.hour is None:
        return Moment(problem="not_understood")
    if draft.day is not None and draft.day < draft.now.date():
        return Moment(problem="past")
    if draft.day is not None and draft.weekday not in (None, draft.day.weekday()):
        return Moment(problem="other_weekday")
    at = draft.exact or _combined(draft)
    if at is None:
        return Moment(problem="no_hour")
    if at <= draft.now:
        return Moment(problem="past")
    return Moment(at) if at - draft.now <= FARTHEST else Moment(problem="too_far")


def _combined(draft: Draft) -> datetime | None:
    """Day and hour together; without a day the next such hour, with a weekday the next such day."""
    if draft.hour is None:
        return None
    over, hour = divmod(_hour(draft.hour, draft.part), 24)
    clock, today, zone = time(hour, draft.minute), draft.now.date(), draft.now.tzinfo
    if draft.weekday is not None and draft.day is None:
        monday = today - timedelta(days=today.weekday())
        if draft.weeks is not None:
            day = monday + timedelta(weeks=draft.weeks, days=draft.weekday)
        else:
            day = today + timedelta(days=(draft.weekday - today.weekday()) % 7)
            if datetime.combine(day, clock, zone) <= draft.now:
                day += timedelta(days=7)
    elif draft.day is not None:
        day = draft.day
    else:
        day = today if datetime.combine(today, clock, zone) > draft.now else today + timedelta(days=1)
    return datetime.combine(day + timedelta(days=over), clock, zone)


def _hour(hour: int, part: str) -> int:
    """The hour of 24 that an hour and a part of the day mean; 24 = midnight after that day."""
    if part == "night":
        return 24 if hour == 12 else hour + 12 if 6 <= hour < 12 else hour
    if part == "morning":
        if hour > 12:
            raise NoSuchHour
        return 0 if hour == 12 else hour
    if part == "noon":
        return hour + 12 if hour < 4 else hour
    if part in ("afternoon", "evening") and hour < 12:
        return hour + 12
    return hour


_HOURS = re.compile(
    r"\s*(?:tu|from|between)?\s*(\d{1,2})(?:\s*(?:h|g|gio|:)\s*(\d{2})?)?\s*(am|pm)?"
    r"\s*(?:-|–|den|toi|to|until|and|\s)\s*(\d{1,2})(?:\s*(?:h|g|gio|:)\s*(\d{2})?)?\s*(am|pm)?\s*"
)


def read_hours(text: str) -> tuple[str, str] | None:
    """A span of the day from words (``12h-14h``, ``từ 20 giờ đến 8 giờ``) as two ``HH:MM``; None when it is none."""
    match = _HOURS.fullmatch(fold(text))
    if match is None:
        return None
    begins, ends = (_span_end(match[n], match[n + 1], match[n + 2]) for n in (1, 4))
    return (begins, ends) if begins and ends and begins != ends else None


def _span_end(hour: str, minute: str | None, half: str | None) -> str:
    number = int(hour) % 12 + (12 if half == "pm" else 0) if half else int(hour)
    return f"{number:02}:{int(minute or 0):02}" if number < 24 and int(minute or 0) < 60 else ""
