"""New values as a producer types them, read and checked: a price, months, hours, a telephone, a web address, words."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from handlers.services.daywords import WEEKDAYS
from handlers.services.linking import normalised
from handlers.services.prices import price
from handlers.services.text import clean, fold

LONGEST = {"description": 600, "link": 300, "photo": 300}
"""characters"""
_OSM = re.compile(r"(?:Mo|Tu|We|Th|Fr|Sa|Su|PH|24/7|\d\d:\d\d)")
_TIME = re.compile(r"(\d{1,2})(?:\s*(?::|h|gio)\s*(\d{2})?)\s*(sang|trua|chieu|toi)?")
_DAYS = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")
_DAY = re.compile(r"\b(?:thu\s+(2|3|4|5|6|7|hai|ba|tu|nam|sau|bay)|(chu nhat|cn))\b")
_MONTH = re.compile(
    r"\b(?:thang\s+)?(\d{1,2})\s*(?:-|–|den|toi)\s*(?:thang\s+)?(\d{1,2})\b|\bthang\s+(\d{1,2})\b"
)


class ReadError(ValueError):
    """A value that cannot be read or may not be."""


def read(field: str, text: str) -> tuple[Any, ...]:
    """The values of a field's columns. Raises :class:`ReadError`."""
    typed = clean(text, 2_000)
    found = _READERS[field](typed)
    if found is None or len(typed) > LONGEST.get(field, 200):
        raise ReadError(field)
    return found


def _price(text: str) -> tuple[Any, ...] | None:
    return price(text)


def _season(text: str) -> tuple[Any, ...] | None:
    parts = []
    for first, last, single in _MONTH.findall(fold(text)):
        months = [int(month) for month in (first, last, single) if month]
        if not all(1 <= month <= 12 for month in months):
            return None
        parts.append("-".join(str(month) for month in months))
    return ("; ".join(parts),) if parts else None


def _hours(text: str) -> tuple[Any, ...] | None:
    """OpenStreetMap's syntax as it is, or two times and the days between two names."""
    expression = text if _OSM.match(text) else _as_osm(fold(text))
    return (expression,) if expression and _opens(expression) else None


def _as_osm(folded: str) -> str:
    times = [_time(*one.groups()) for one in _TIME.finditer(folded)]
    if len(times) != 2 or None in times:
        return ""
    days = [6 if sunday else WEEKDAYS[name] for name, sunday in _DAY.findall(folded)]
    named = f"{_DAYS[days[0]]}-{_DAYS[days[1]]}" if len(days) == 2 else "Mo-Su"
    return f"{named} {times[0]}-{times[1]}" if len(days) in (0, 2) else ""


def _time(hour: str, minute: str | None, part: str | None) -> str | None:
    hours = int(hour) + (12 if part in ("chieu", "toi") and int(hour) < 12 else 0)
    return f"{hours:02}:{int(minute or 0):02}" if hours <= 24 and int(minute or 0) < 60 else None


def _opens(expression: str) -> bool:
    from opening_hours import OpeningHours, ParserError  # type: ignore[attr-defined]

    try:
        OpeningHours(expression)
    except (ParserError, SyntaxError, ValueError):
        return False
    return True


def _phone(text: str) -> tuple[Any, ...] | None:
    number = normalised(text)
    return (number,) if number else None


def _link(text: str) -> tuple[Any, ...] | None:
    parts = urlsplit(text)
    good = parts.scheme == "https" and parts.hostname and "." in parts.hostname and not re.search(r"\s", text)
    return (text,) if good else None


def _words(text: str) -> tuple[Any, ...] | None:
    return (text,) if len(text) >= 10 else None


_READERS = {
    "price": _price,
    "season": _season,
    "hours": _hours,
    "phone": _phone,
    "link": _link,
    "photo": _link,
    "description": _words,
}
