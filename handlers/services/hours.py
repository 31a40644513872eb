"""Open now, until when, or when next: opening hours in OpenStreetMap syntax, with Vietnamese public holidays.

The syntax is read by ``opening_hours``. The holidays come from ``holidays``, because the former knows none
that follow the lunar calendar (Tết, the Hùng Kings' day): ``PH`` in an expression is replaced by their dates.
What is not recorded or cannot be read is unknown, never guessed. Both libraries are loaded when hours are asked for
the first time: a look-up of products does not need them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path
from typing import TYPE_CHECKING, Literal
from zoneinfo import ZoneInfo

from handlers.services.catalogue import Attraction, Showroom

if TYPE_CHECKING:
    from holidays import HolidayBase
    from opening_hours import OpeningHours, State

LOCAL = ZoneInfo("Asia/Ho_Chi_Minh")
"""where the doors are: Viet Nam has one time zone"""

_HORIZON = timedelta(days=366)
"""a change later than this is not told"""
_WEEKDAY = r"(?:Mo|Tu|We|Th|Fr|Sa|Su)"
_ITEM = rf"(?:{_WEEKDAY}(?:\s*-\s*{_WEEKDAY})?|PH)"
_DAYS = re.compile(rf"\s*({_ITEM}(?:\s*,\s*{_ITEM})*)(?![\w\[])")
_HOLIDAY = re.compile(r"\bPH\b")
_QUOTED = re.compile(r'"[^"]*"')
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True, slots=True)
class Opening:
    """Whether a place is open at a moment. Times are in Viet Nam's zone."""

    state: Literal["open", "closed", "closed_temporarily", "unknown"]
    until: datetime | None = None
    """open: closes then; closed for the time being: the first moment after it; None = no end known"""
    opens_at: datetime | None = None
    """closed: opens then; None = not known"""
    text: str | None = None
    """hours in the source's own loose words, if that is all there is"""
    holiday: bool = False
    """a public holiday: hours may differ from the recorded ones"""


def opening(place: Showroom | Attraction, now: datetime) -> Opening:
    """Whether a showroom or attraction is open at ``now`` (with a time zone; ValueError without).

    A recorded closure wins over the hours: through ``closed_until``, or without end if only a note is given.
    """
    if now.tzinfo is None:
        raise ValueError("now needs a time zone")
    local = now.astimezone(LOCAL)
    free = is_holiday(local.date())
    if isinstance(place, Showroom) and _shut(place, local.date()):
        until = _midnight_after(place.closed_until) if place.closed_until else None
        return Opening("closed_temporarily", until, text=place.closed_note, holiday=free)
    text = place.opening_hours_text if isinstance(place, Showroom) else None
    spot = (
        (place.latitude, place.longitude)
        if place.latitude is not None and place.longitude is not None
        else None
    )
    return _by_hours(place.opening_hours, local, spot, Opening("unknown", text=text, holiday=free))


def is_holiday(day: date) -> bool:
    """Whether a day is a public holiday in Viet Nam, days moved by decree included as far as known."""
    return day in _holidays(day.year)


def readable(expression: str) -> bool:
    """Whether an ``opening_hours`` cell is in the syntax (wiki.openstreetmap.org/wiki/Key:opening_hours)."""
    return _parsed(expression.strip(), 2026, None) is not None


def _shut(showroom: Showroom, day: date) -> bool:
    return day <= showroom.closed_until if showroom.closed_until else bool(showroom.closed_note)


def _midnight_after(day: date) -> datetime:
    return datetime.combine(day + timedelta(days=1), time(), LOCAL)


def _by_hours(
    expression: str | None, now: datetime, spot: tuple[float, float] | None, unknown: Opening
) -> Opening:
    """``unknown``, with state and times filled in as far as the expression tells them."""
    from opening_hours import State

    hours = _parsed(expression.strip(), now.year, spot) if expression else None
    if hours is None or (unknown.holiday and _holiday_unplaced(expression or "", now.year)):
        return unknown
    state, _ = hours.state(now)
    if state == State.OPEN:
        return replace(unknown, state="open", until=_next(hours, now, State.OPEN)[0])
    if state == State.CLOSED:
        change, then = _next(hours, now, State.CLOSED)
        return replace(unknown, state="closed", opens_at=change if then == State.OPEN else None)
    return unknown


def _next(hours: OpeningHours, now: datetime, state: State) -> tuple[datetime | None, State]:
    """When another state begins, and which; intervals that differ only in their comment are one."""
    for start, _, then, _ in hours.intervals(now, now + _HORIZON):
        if then != state:
            return start, then
    return None, state


def _holiday_unplaced(expression: str, year: int) -> bool:
    return bool(_HOLIDAY.search(_QUOTED.sub("", with_holidays(expression, year))))


@lru_cache(maxsize=2_048)
def _parsed(expression: str, year: int, spot: tuple[float, float] | None) -> OpeningHours | None:
    """The expression with that year's holidays and the next's; None if it is not in the syntax."""
    from opening_hours import OpeningHours, ParserError  # type: ignore[attr-defined]

    try:
        return OpeningHours(
            with_holidays(expression, year),
            timezone=LOCAL,
            coords=spot,
            auto_country=False,
            auto_timezone=False,
        )
    except ParserError:
        return None


def with_holidays(expression: str, year: int) -> str:
    """The expression with ``PH`` at the head of a rule replaced by the holidays of that year and the next.

    "Mo-Fr,PH 08:00-17:00" becomes two rules. ``PH`` elsewhere is left: such hours are unknown on holidays.
    """
    rules = []
    for rule in expression.split(";"):
        head = _DAYS.match(rule)
        days = re.split(r"\s*,\s*", head[1]) if head else []
        if head is None or "PH" not in days:
            rules.append(rule)
            continue
        rest = rule[head.end() :]
        plain = ",".join(day for day in days if day != "PH")
        rules += [f"{plain}{rest}"] if plain else []
        rules.append(f"{_dates(year)}{rest}")
    return ";".join(rules)


@lru_cache(maxsize=16)
def _dates(year: int) -> str:
    days = sorted(_holidays(year) | _holidays(year + 1))
    return ",".join(f"{day.year} {_MONTHS[day.month - 1]} {day.day:02d}" for day in days)


@lru_cache(maxsize=32)
def _holidays(year: int) -> frozenset[date]:
    return frozenset(_vietnam()(years=[year]))


@lru_cache(maxsize=1)
def _vietnam() -> type[HolidayBase]:
    """The library's calendar of Viet Nam alone: its own door opens those of 200 countries (16 MB)."""
    library = find_spec("holidays")
    assert library is not None
    assert library.origin is not None
    file = Path(library.origin).with_name("countries") / "vietnam.py"
    spec = spec_from_file_location("holidays_of_vietnam", file)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    calendar: type[HolidayBase] = module.Vietnam
    return calendar
