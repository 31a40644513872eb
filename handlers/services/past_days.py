"""A day that is over, from words: ``hôm qua``, ``ngày 3/12``, ``thứ hai``, ``3 ngày trước``, ``3 December``.

Where :mod:`handlers.services.moments` looks ahead, this looks back. Nothing is guessed.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from handlers.services.daywords import MONTHS, WEEKDAYS
from handlers.services.text import fold

SOON = timedelta(days=120)
"""a day without a year that comes within this time was meant as it stands and lies ahead; later ones are last year's"""
_NAMES = "|".join(f"{name}[a-z]*" for name in MONTHS)


@dataclass(frozen=True, slots=True)
class DayRead:
    """The day that was read, or why there is none: no day was named, it does not exist, or it lies ahead."""

    day: date | None = None
    problem: Literal["", "none", "no_such_day", "future"] = ""


def read_past_day(text: str, today: date) -> DayRead:
    """The first day that words name, seen from ``today``."""
    folded = f" {fold(text)} "
    for pattern, take in _RULES:
        match = pattern.search(folded)
        if match:
            try:
                found = take(match, today)
            except ValueError:
                return DayRead(problem="no_such_day")
            return DayRead(found) if found <= today else DayRead(found, "future")
    return DayRead(problem="none")


def _of(day: str, month: int, year: str | None, today: date) -> date:
    if year:
        return date(int(year) + (2000 if len(year) == 2 else 0), month, int(day))
    try:
        found = date(today.year, month, int(day))
    except ValueError:
        return date(today.year - 1, month, int(day))  # 29 February
    return found.replace(year=today.year - 1) if found - today > SOON else found


def _ago(days: int) -> Callable[[re.Match[str], date], date]:
    return lambda match, today: today - timedelta(days=days)


def _weekday(match: re.Match[str], today: date) -> date:
    """The last such day that is over; "last week" goes a week further back only where it would be this week's."""
    found = today - timedelta(days=(today.weekday() - WEEKDAYS[match[1] or match[2]]) % 7)
    monday = today - timedelta(days=today.weekday())
    return found - timedelta(days=7) if "tuan truoc" in match.string and found >= monday else found


def _of_month(match: re.Match[str], today: date) -> date:
    day = int(match[1])
    if day <= today.day:
        return today.replace(day=day)
    return (today.replace(day=1) - timedelta(days=1)).replace(day=day)


_RULES: tuple[tuple[re.Pattern[str], Callable[[re.Match[str], date], date]], ...] = (
    (re.compile(r"\b(\d{4})-(\d{1,2})-(\d{1,2})\b"), lambda m, t: date(int(m[1]), int(m[2]), int(m[3]))),
    (
        re.compile(r"\b(\d{1,2}) ?[/.-] ?(\d{1,2})(?: ?[/.-] ?(\d{4}|\d{2}))?\b"),
        lambda m, t: _of(m[1], int(m[2]), m[3], t),
    ),
    (
        re.compile(r"\b(\d{1,2}) thang (\d{1,2})(?:,? nam (\d{4}))?\b"),
        lambda m, t: _of(m[1], int(m[2]), m[3], t),
    ),
    (
        re.compile(rf"\b(\d{{1,2}})(?:st|nd|rd|th)? (?:of )?({_NAMES})\b(?:,? (\d{{4}}))?"),
        lambda m, t: _of(m[1], 1 + MONTHS.index(m[2][:3]), m[3], t),
    ),
    (
        re.compile(rf"\b({_NAMES}) (\d{{1,2}})(?:st|nd|rd|th)?\b(?:,? (\d{{4}}))?"),
        lambda m, t: _of(m[2], 1 + MONTHS.index(m[1][:3]), m[3], t),
    ),
    (
        re.compile(r"\b(\d{1,3}) (?:ngay truoc|hom truoc|days? ago)\b"),
        lambda m, t: t - timedelta(days=int(m[1])),
    ),
    (re.compile(r"\bhom kia\b|\bday before yesterday\b"), _ago(2)),
    (re.compile(r"\bhom qua\b|\bqua\b(?= )|\byesterday\b|\b(?:chieu|sang|toi) qua\b"), _ago(1)),
    (re.compile(r"\b(?:hom|bua|sang|chieu|vua) (?:nay|xong)\b|\btoday\b|\bmoi nop\b|\bvua nop\b"), _ago(0)),
    (re.compile(r"\bmai\b|\btomorrow\b"), lambda m, t: t + timedelta(days=1)),
    (re.compile(r"\bthu (hai|ba|tu|nam|sau|bay|[2-7])\b|\bt([2-7])\b"), _weekday),
    (re.compile(r"\b(?:hom|ngay|mung|mong) (\d{1,2})\b"), _of_month),
)
