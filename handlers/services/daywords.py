"""Pieces of words that name a day or an hour, and what each says; read by :mod:`handlers.services.moments`.

Vietnamese and English, folded. The order of the rules matters: what is longer or surer comes first.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

HALF_A_YEAR = timedelta(days=183)
"""a day without a year that passed less long ago was meant and is past; before that, next year's is meant"""


class NoSuchDay(Exception):
    """A date that is in no calendar."""


class NoSuchHour(Exception):
    """An hour that no clock shows."""


@dataclass(slots=True)
class Draft:
    """What has been recognised so far."""

    now: datetime
    day: date | None = None
    weekday: int | None = None
    weeks: int | None = None
    hour: int | None = None
    minute: int = 0
    part: str = ""
    exact: datetime | None = None
    rest: str = field(default="")


_NUMBERS = {
    "mot": 1, "hai": 2, "ba": 3, "bon": 4, "nam": 5, "sau": 6, "bay": 7, "tam": 8, "chin": 9, "muoi": 10,
    "muoi mot": 11, "muoi hai": 12,
}  # fmt: skip
WEEKDAYS = {
    "hai": 0, "2": 0, "ba": 1, "3": 1, "tu": 2, "4": 2, "nam": 3, "5": 3, "sau": 4, "6": 4, "bay": 5, "7": 5,
}  # fmt: skip
"""folded, what stands behind ``thứ`` → days after Monday; Sunday has a name of its own"""
_ENGLISH_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_PARTS = {
    "sang": "morning", "morning": "morning", "trua": "noon", "noon": "noon", "chieu": "afternoon",
    "afternoon": "afternoon", "toi": "evening", "evening": "evening", "tonight": "evening", "dem": "night",
    "khuya": "night", "night": "night", "am": "morning", "pm": "afternoon",
}  # fmt: skip
_MONTH_NAMES = (
    r"(jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sep(?:t(?:ember)?)?|oct(?:ober)?"
    r"|nov(?:ember)?|dec(?:ember)?)"
)
_WORD_NUMBER = "|".join(sorted(_NUMBERS, key=len, reverse=True))
FILLERS = re.compile(
    r"\b(?:luc|vao|hoi|ngay|nay|thu|gui|hen|hang|nhe|nha|a|di|at|on|the|send|in|of|this|buoi|tuan|gio|dung|sharp"
    r"|next|o'?clock|dien ra|khoang)\b|[,.;:!]"
)


Take = Callable[[Draft, "re.Match[str]"], None]
"""takes what a piece says into the draft"""


# --------------------------------------------------------------------------------------------------- pieces of words


def _iso(draft: Draft, match: re.Match[str]) -> None:
    try:
        found = datetime.fromisoformat(match[1].strip().replace(" ", "T").upper())
    except ValueError:
        raise NoSuchDay from None
    zone = draft.now.tzinfo
    draft.exact = found.replace(tzinfo=zone) if found.tzinfo is None else found.astimezone(zone)


def _date(draft: Draft, number: str, month: int, year: str | None) -> None:
    today = draft.now.date()
    try:
        if year:
            draft.day = date(int(year) if len(year) == 4 else 2000 + int(year), month, int(number))
            return
        day = date(today.year, month, int(number))
    except ValueError:
        raise NoSuchDay from None
    if today - day > HALF_A_YEAR:
        try:
            day = day.replace(year=today.year + 1)
        except ValueError:
            raise NoSuchDay from None
    draft.day = day


def _numeric(draft: Draft, match: re.Match[str]) -> None:
    _date(draft, match[1], int(match[2]), match[3])


def _iso_day(draft: Draft, match: re.Match[str]) -> None:
    _date(draft, match[3], int(match[2]), match[1])


def _day_month(draft: Draft, match: re.Match[str]) -> None:
    _date(draft, match[1], 1 + MONTHS.index(match[2][:3]), match[3])


def _month_day(draft: Draft, match: re.Match[str]) -> None:
    _date(draft, match[2], 1 + MONTHS.index(match[1][:3]), match[3])


def _of_month(draft: Draft, match: re.Match[str]) -> None:
    """A day without a month: this month's, or next month's when that is over."""
    today, number = draft.now.date(), int(match[1])
    ahead = today.month + (number < today.day)
    _date(draft, str(number), (ahead - 1) % 12 + 1, str(today.year + (ahead > 12)))


def _later(draft: Draft, match: re.Match[str]) -> None:
    count, unit = int(match[1]), match[2]
    if unit in ("ngay", "days", "day"):
        draft.day = draft.now.date() + timedelta(days=min(count, 4_000))
        return
    minutes = count if unit.startswith(("phut", "min")) else count * 60
    draft.exact = draft.now + timedelta(minutes=min(minutes, 4_000_000))


def _days_ahead(days: int) -> Take:
    def take(draft: Draft, match: re.Match[str]) -> None:
        draft.day = draft.now.date() + timedelta(days=days)

    return take


def _next_week(draft: Draft, match: re.Match[str]) -> None:
    draft.weeks = 1


def _this_week(draft: Draft, match: re.Match[str]) -> None:
    draft.weeks = 0


def _weekday(draft: Draft, match: re.Match[str]) -> None:
    draft.weekday = WEEKDAYS[match[1]]


def _sunday(draft: Draft, match: re.Match[str]) -> None:
    draft.weekday = 6


def _english_day(draft: Draft, match: re.Match[str]) -> None:
    draft.weekday = next(n for n, name in enumerate(_ENGLISH_DAYS) if name.startswith(match[1][:3]))


def _clock(draft: Draft, match: re.Match[str]) -> None:
    said = match["hour"]
    hour, minute = int(said) if said.isdecimal() else _NUMBERS[said], 0
    if match["half"]:
        minute = 30
    elif match["minute"]:
        minute = int(match["minute"])
    elif match["short"]:
        hour, minute = hour - 1, 60 - int(match["short"])
    _set_clock(draft, hour, minute)


def _plain_clock(draft: Draft, match: re.Match[str]) -> None:
    _set_clock(draft, int(match[1]), int(match[2] or 0))


def _set_clock(draft: Draft, hour: int, minute: int) -> None:
    if draft.hour is not None or not (0 <= hour <= 23 and 0 <= minute <= 59):
        raise NoSuchHour
    draft.hour, draft.minute = hour, minute


def _twelve(draft: Draft, match: re.Match[str]) -> None:
    """English hours: 12 pm is noon, 12 am midnight."""
    hour, minute = int(match[1]), int(match[2] or 0)
    if not 1 <= hour <= 12:
        raise NoSuchHour
    _set_clock(draft, hour % 12 + (12 if match[3].startswith("p") else 0), minute)


def _part(draft: Draft, match: re.Match[str]) -> None:
    draft.part = _PARTS[match[1]]
    if match[1] == "noon" and draft.hour is None:
        draft.hour = 12


RULES: tuple[tuple[re.Pattern[str], Take], ...] = tuple(
    (re.compile(pattern), take)
    for pattern, take in (
        (r"\s(\d{4}-\d{2}-\d{2}[t ]\d{2}:\d{2}(?::\d{2})?(?:z|[+-]\d{2}:?\d{2})?)(?=\s)", _iso),
        (r"\b(\d{4})-(\d{1,2})-(\d{1,2})\b", _iso_day),
        (r"(?:\bngay )?\b(\d{1,2})[/.-](\d{1,2})(?:[/.-](\d{4}|\d{2}))?\b(?![/:\d])", _numeric),
        (r"(?:\bngay )?\b(\d{1,2}) thang (\d{1,2})(?:,? nam (\d{4}))?\b", _numeric),
        (rf"\b(\d{{1,2}})(?:st|nd|rd|th)?(?: of)? {_MONTH_NAMES}\b(?:,? (\d{{4}}))?", _day_month),
        (rf"\b{_MONTH_NAMES} (\d{{1,2}})(?:st|nd|rd|th)?\b(?!:)(?:,? (\d{{4}}))?", _month_day),
        (r"\b(?:in |sau )?(\d{1,4}) (ngay|tieng|gio|phut) nua\b", _later),
        (r"\bin (\d{1,4}) (days?|hours?|minutes?|mins?)\b", _later),
        (r"\b(?:the )?day after tomorrow\b|\bngay (?:kia|mot)\b", _days_ahead(2)),
        (r"\b(?:ngay )?mai\b|\btomorrow\b", _days_ahead(1)),
        (r"\bhom qua\b|\byesterday\b", _days_ahead(-1)),
        (r"\btuan (?:sau|toi)\b|\bnext week\b|\bnext(?= (?:mon|tues?|wed|thu|fri|sat|sun))", _next_week),
        (r"\btuan nay\b|\bthis week\b", _this_week),
        (r"\bthu (hai|ba|tu|nam|sau|bay|[2-7])\b|\bt([2-7])\b", lambda d, m: _set_weekday(d, m[1] or m[2])),
        (r"\bchu nhat\b|\bchua nhat\b|\bcn\b", _sunday),
        (r"\b(mon|tues?|wed(?:nes)?|thu(?:rs?)?|fri|satur|sat|sun)(?:day)?\b", _english_day),
        (r"\b(\d{1,2})(?:[:.](\d{2}))? ?(am|pm|a\.m\.|p\.m\.)(?=\W)", _twelve),
        (
            rf"\b(?P<hour>\d{{1,2}}|{_WORD_NUMBER}) ?(?:gio|h|g)(?![a-z])"
            r" ?(?:(?P<half>ruoi)|kem ?(?P<short>\d{1,2})(?: ?(?:phut|p))?"
            r"|(?P<minute>\d{1,2})(?: ?(?:phut|p))?(?![\d/]))?",
            _clock,
        ),
        (r"\b(\d{1,2}):(\d{2})\b", _plain_clock),
        (r"\b(sang|trua|chieu|toi|dem|khuya) nay\b|\b(tonight)\b", lambda d, m: _set_part(d, m[1] or m[2])),
        (r"\b(?:hom nay|bua nay|today)\b", _days_ahead(0)),
        (r"\b(sang|trua|chieu|toi|dem|khuya|morning|noon|afternoon|evening|night)\b", _part),
        (r"\bngay (\d{1,2})\b", _of_month),
        (r"\bmot\b", _days_ahead(2)),
        (r"\bat (\d{1,2})()\b|\bluc (\d{1,2})\b", lambda d, m: _set_clock(d, int(m[1] or m[3]), 0)),
    )
)


def _set_weekday(draft: Draft, said: str) -> None:
    draft.weekday = WEEKDAYS[said]


def _set_part(draft: Draft, said: str) -> None:
    draft.day, draft.part = draft.now.date(), _PARTS[said]
