"""One cell: from what a file or a spreadsheet holds to the value the registry stores, or the reason why
not."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from typing import Any

from handlers.services.dates import PartialDate
from handlers.services.text import fold

Raw = str | int | float | bool | date | datetime | time | timedelta | None
"""A cell as it was read: text from CSV, anything from a spreadsheet."""
Reader = Callable[[str], Any]

LONGEST_TEXT = 20_000
"""Characters in one cell; a spreadsheet allows 32,767."""
LARGEST_WHOLE = 2_147_483_647
"""What an INTEGER of PostgreSQL holds."""
FIRST_YEAR, LAST_YEAR = 1900, 2200
"""Years outside are typing errors."""
SERIAL_ZERO = date(1899, 12, 30)
"""Day 0 of a spreadsheet's serial numbers (1900 date system, valid from 1 March 1900)."""

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
SPREADSHEET_ERRORS = frozenset({"#N/A", "#REF!", "#VALUE!", "#NAME?", "#DIV/0!", "#NULL!", "#NUM!"})
"""What a spreadsheet shows where a formula failed."""
_DAY_FIRST = re.compile(r"(?:(\d{1,2})[/.-])?(\d{1,2})[/.-](\d{4})")
_SERIAL = re.compile(r"[2-9]\d{4}(?:\.\d+)?")
_GROUPED = re.compile(r"\d{1,3}(?:[.,\s]\d{3})+")
_MONTHS = re.compile(r"L?(\d{1,2})(?:-L?(\d{1,2}))?")


class CellError(ValueError):
    """A cell that cannot be stored: a reason of the report and its arguments."""

    def __init__(self, reason: str, **args: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.args_of = args


def plain(raw: Raw) -> str:
    """The text of a cell: NFC, trimmed, whole numbers without a decimal point, dates in ISO 8601."""
    match raw:
        case None:
            return ""
        case str():
            return (raw if raw.isascii() else unicodedata.normalize("NFC", raw)).strip()
        case bool():
            return "yes" if raw else "no"
        case float():
            return str(int(raw)) if raw.is_integer() else repr(raw)
        case datetime():
            return raw.date().isoformat() if raw.time() == time() else raw.isoformat(" ")
        case date():
            return raw.isoformat()
        case time():
            return raw.strftime("%H:%M")
        case _:
            return str(raw)


def text(written: str) -> str:
    """Any text without control characters."""
    if len(written) > LONGEST_TEXT:
        raise CellError("too_long", most=str(LONGEST_TEXT))
    if _CONTROL.search(written):
        raise CellError("control_character")
    if written in SPREADSHEET_ERRORS:
        raise CellError("spreadsheet_error")
    return written


def partial_date(written: str) -> str:
    """A day, month or year as ISO 8601; dd/mm/yyyy, mm/yyyy and a spreadsheet's serial number are
    understood."""
    return str(_partial(written))


def day(written: str) -> date:
    """A whole day."""
    found = _partial(written)
    if found.precision != "day":
        raise CellError("not_a_date")
    return found.first


def _partial(written: str) -> PartialDate:
    written = written.removesuffix(" 00:00:00")
    try:
        if _SERIAL.fullmatch(written):
            counted = SERIAL_ZERO + timedelta(days=int(float(written)))
            found = PartialDate(counted.year, counted.month, counted.day)
        elif match := _DAY_FIRST.fullmatch(written):
            dd, mm, year = match.groups()
            found = PartialDate.parse(f"{year}-{mm:0>2}" + (f"-{dd:0>2}" if dd else ""))
        else:
            found = PartialDate.parse(written)
    except ValueError:
        raise CellError("not_a_date") from None
    if not FIRST_YEAR <= found.year <= LAST_YEAR:
        raise CellError("date_out_of_range")
    return found


def stars(written: str) -> int:
    """3, 4 or 5; "4 sao", "4 stars" and four asterisks are understood."""
    bare = re.sub(r"sao|stars?|\s", "", fold(written))
    if bare and not bare.strip("*★⭐\ufe0f"):
        bare = str(sum(bare.count(mark) for mark in "*★⭐"))
    if bare not in {"3", "4", "5"}:
        raise CellError("stars_out_of_range")
    return int(bare)


def whole(least: int = 0, most: int = LARGEST_WHOLE) -> Reader:
    """A reader of whole numbers in a range; ``55.000`` is fifty-five thousand, as Vietnam writes it."""

    def read(written: str) -> int:
        bare = re.sub(r"[.,\s]", "", written) if _GROUPED.fullmatch(written) else written
        if not re.fullmatch(r"-?\d{1,18}", bare) or not bare.isascii():
            raise CellError("not_whole")
        if not least <= int(bare) <= most:
            raise CellError("out_of_range", least=str(least), most=str(most))
        return int(bare)

    return read


def decimal(least: float, most: float) -> Reader:
    """A reader of decimal numbers in a range; a decimal comma is understood."""

    def read(written: str) -> float:
        try:
            number = float(written.replace(",", "."))
        except ValueError:
            raise CellError("not_a_number") from None
        if not math.isfinite(number):
            raise CellError("not_a_number")
        if not least <= number <= most:
            raise CellError("out_of_range", least=f"{least:g}", most=f"{most:g}")
        return number

    return read


def one_of(allowed: tuple[str, ...], words: Mapping[str, str] | None = None) -> Reader:
    """A reader of a closed vocabulary; ``words`` maps folded Vietnamese words to its terms."""
    terms = {**(words or {}), **{fold(term): term for term in allowed}}

    def read(written: str) -> str:
        found = terms.get(" ".join(fold(written).split()))
        if found is None:
            raise CellError("not_one_of", allowed=", ".join(allowed), suggestion=nearest(written, allowed))
        return found

    return read


def yes_no(written: str) -> bool:
    """``yes`` or ``no``, in English or Vietnamese."""
    match fold(written):
        case "yes" | "true" | "1" | "co" | "x":
            return True
        case "no" | "false" | "0" | "khong":
            return False
    raise CellError("not_yes_or_no")


def months(written: str) -> str:
    """Months such as ``8-9``, ``11-1``, ``L7-L9``, several joined with ``;``."""
    parts = [part.strip() for part in written.split(";") if part.strip()]
    for part in parts:
        match = _MONTHS.fullmatch(part)
        if not match or any(not 1 <= int(month) <= 12 for month in match.groups() if month):
            raise CellError("not_months")
    return written


def commune_code(written: str) -> str:
    """The code of today's commune itself: five digits, the leading zero given back if a spreadsheet ate
    it."""
    if not re.fullmatch(r"[0-9]{4,5}", written):
        raise CellError("not_a_commune_code")
    return written.zfill(5)


def nearest(written: str, known: tuple[str, ...]) -> str:
    """The known word that was probably meant, or an empty text."""
    from rapidfuzz import fuzz, process

    found = process.extractOne(
        fold(written), known, scorer=fuzz.ratio, processor=_comparable, score_cutoff=70
    )
    return str(found[0]) if found else ""


def _comparable(word: str) -> str:
    return fold(word).replace("_", " ").replace("-", " ")
