"""A price as a producer writes it: ``270k``, ``270.000đ``, ``270 nghìn``, ``250-270k``, ``hai trăm bảy mươi nghìn``."""

from __future__ import annotations

import re

from handlers.services.numerals import numerals
from handlers.services.text import fold

UNITS = {
    **dict.fromkeys(("d", "dong", "vnd"), 1),
    **dict.fromkeys(("k", "nghin", "ngan", "ng"), 1_000),
    **dict.fromkeys(("tr", "trieu", "cu"), 1_000_000),
}
"""what follows a number, folded → dong"""
LEAST, MOST = 1_000, 1_000_000_000
"""dong; what is outside is no price of a product"""
TEN_TIMES = 8
"""a price this many times the old one, or a part as small, is asked about once more: a nought is easily lost"""
_MILLIONS = "tr|trieu|cu"
_THOUSANDS = "k|nghin|ngan"
_SUMS = re.compile(rf"(?<![\w.,])(\d{{1,3}})\s*(?:{_MILLIONS})\s*(\d{{1,3}})\s*(?:{_THOUSANDS})\b")
_HUNDREDS = re.compile(rf"(?<![\w.,])([1-9])\s*tram\s*(?:{_THOUSANDS})\b")
_BLANKS = re.compile(r"(?<=\d) (?=000(?!\d))")
_UNIT = "|".join(sorted(UNITS, key=len, reverse=True))
_ONE = rf"(\d{{1,3}}(?:[.,]\d{{3}})+|\d+(?:[.,]\d+)?)\s*({_UNIT})?(\d{{1,3}}|\s*ruoi)?(?![\w])"
_TO = re.compile(r"\s*(?:-|–|—|~|\bden\b|\btoi\b)\s*")
_RANGE = re.compile(rf"(?<![\w.,]){_ONE}{_TO.pattern}{_ONE}")
_SINGLE = re.compile(rf"(?<![\w.,-]){_ONE}")


def price(text: str) -> tuple[int, int | None] | None:
    """Dong, and the upper end of a range or None; None when no price can be read, or more than one."""
    folded = _BLANKS.sub(".", fold(text))
    folded = _SUMS.sub(lambda one: f"{int(one[1]) * 1_000 + int(one[2])}k", folded)
    folded = _HUNDREDS.sub(r"\g<1>00k", folded)
    ranged = _RANGE.search(folded)
    if ranged:
        high = _amount(ranged[4], ranged[5], ranged[6])
        return _between(_amount(ranged[1], ranged[2] or ranged[5], ranged[3]), high)
    read = [_amount(*one.groups()) for one in _SINGLE.finditer(folded)]
    found = {amount for amount in read if amount is not None and LEAST <= amount <= MOST}
    return _spoken(folded) if not found else (found.pop(), None) if len(found) == 1 else None


def far_off(old: int | None, new: int) -> bool:
    """Whether a new price looks like a nought too many or too few."""
    return bool(old) and (new >= TEN_TIMES * (old or 0) or new * TEN_TIMES <= (old or 0))


def _between(low: int | None, high: int | None) -> tuple[int, int | None] | None:
    return (low, high) if low is not None and high is not None and LEAST <= low < high <= MOST else None


def _amount(number: str, unit: str | None, rest: str | None) -> int | None:
    if re.fullmatch(r"\d{1,3}(?:[.,]\d{3})+", number) and unit != "tr":
        whole = float(re.sub(r"[.,]", "", number))
    else:
        whole = float(number.replace(",", "."))
    scale = UNITS.get(unit or "", 1)
    if rest and scale == 1:
        return None
    extra = 0
    if rest:
        extra = scale // 2 if rest.strip() == "ruoi" else int(rest) * scale // 10 ** len(rest)
    return round(whole * scale) + extra


def _spoken(folded: str) -> tuple[int, int | None] | None:
    """The price in words; of ``hai trăm năm mươi đến hai trăm bảy mươi nghìn`` the first half means thousands too."""
    said = numerals(folded)
    full = [one for one in said if one[0] is None or LEAST <= one[0] <= MOST]
    if not full or any(value is None for value, _start, _end in full):
        return None
    high, start, _end = full[-1]
    before = [one for one in numerals(folded[:start], 1) if _TO.fullmatch(folded, one[2], start)]
    if before and high is not None:
        low = before[-1][0] or 0
        return _between(low if low >= LEAST else low * (1_000_000 if high >= 1_000_000 else 1_000), high)
    return (high, None) if high is not None and len({value for value, *_where in full}) == 1 else None
