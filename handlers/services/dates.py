"""Partial dates: a day, month or year as the registry records it, never rounded to a day nobody stated."""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import date
from functools import total_ordering
from typing import Literal

from dateutil.relativedelta import relativedelta

Precision = Literal["day", "month", "year"]
_ISO = re.compile(r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2}))?)?")


@total_ordering
@dataclass(frozen=True, slots=True)
class PartialDate:
    """A day (``2022-12-25``), a month (``2022-12``) or a year (``2022``).

    Sorted by the first day it can mean, then the last: dates of different precision can stand in one list.
    """

    year: int
    month: int | None = None
    day: int | None = None

    @classmethod
    def parse(cls, text: str) -> PartialDate:
        """Read ISO 8601, possibly reduced. Raises ValueError for anything else, 31 February included."""
        match = _ISO.fullmatch(text.strip())
        if not match:
            raise ValueError(f"not a date (YYYY, YYYY-MM or YYYY-MM-DD): {text!r}")
        year, month, day = (None if part is None else int(part) for part in match.groups())
        date(year or 0, 1 if month is None else month, 1 if day is None else day)
        return cls(year or 0, month, day)

    @classmethod
    def of(cls, day: date) -> PartialDate:
        """A full date."""
        return cls(day.year, day.month, day.day)

    @property
    def precision(self) -> Precision:
        """How exact it is."""
        return "day" if self.day else "month" if self.month else "year"

    @property
    def first(self) -> date:
        """The first day it can mean."""
        return date(self.year, self.month or 1, self.day or 1)

    @property
    def last(self) -> date:
        """The last day it can mean."""
        month = self.month or 12
        return date(self.year, month, self.day or calendar.monthrange(self.year, month)[1])

    def plus_months(self, months: int) -> PartialDate:
        """As precise as before, ``months`` later; a day that does not exist becomes the last of its month.

        A year moved by months that do not fill years stays a year, the one its first day falls into.
        """
        moved = self.first + relativedelta(months=months)
        return PartialDate(moved.year, moved.month if self.month else None, moved.day if self.day else None)

    def __lt__(self, other: PartialDate) -> bool:
        return (self.first, self.last) < (other.first, other.last)

    def __str__(self) -> str:
        parts = [f"{self.year:04d}", *(f"{part:02d}" for part in (self.month, self.day) if part)]
        return "-".join(parts)
