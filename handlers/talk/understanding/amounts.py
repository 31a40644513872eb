"""Numbers in a sentence: money, stars written as signs, a bare choice."""

from __future__ import annotations

import re

from handlers.services.numerals import SCALES, numerals
from handlers.services.prices import UNITS

_UNITS = {
    **UNITS,
    **dict.fromkeys(("canh", "thousand"), 1_000),
    **dict.fromkeys(("xi", "lit"), 100_000),
    **dict.fromkeys(("million", "m"), 1_000_000),
}
"""what follows a number, folded → dong; slang is good enough for a budget"""
_UNIT = "|".join(sorted(_UNITS, key=len, reverse=True))
_MONEY = re.compile(
    rf"(?<![\w.,])(\d{{1,3}}(?:[.,]\d{{3}})+|\d+(?:[.,]\d+)?)\s*({_UNIT})?(?![^\W\d])(?:(\d{{1,3}})(?!\d))?",
    re.ASCII,
)
_HALF = re.compile(r"(\d+)\s*(tr|trieu|cu)\s*(\d{1,3}|ruoi)\b")
_WORDS = {
    "mot": 1, "hai": 2, "ba": 3, "bon": 4, "nam": 5, "sau": 6, "bay": 7, "tam": 8, "chin": 9, "muoi": 10,
}  # fmt: skip
_SCALED = re.compile(rf"\b(?:{'|'.join(SCALES)})\b")
_SPOKEN = re.compile(rf"\b({'|'.join(_WORDS)}|nua|\d)\s+(tram|trieu|cu)(?:\s+(nghin|ngan|k))?\b")
_STARS = re.compile(r"(?<!\d)([345])\s*(?:\*|⭐|★|✩|🌟)|(?<![⭐★*])(?:(⭐{3,5})|(\*{3,5})|(★{3,5}))")
LEAST = 10_000
"""dong; smaller amounts are no budget"""


def money(folded_text: str) -> tuple[int, int, int] | None:
    """The first sum of money: (dong, start, end), or None. ``300k``, ``1tr5``, ``500.000đ``, ``hai
    trăm nghìn``.
    """
    half = _HALF.search(folded_text)
    if half:
        rest = half[3]
        extra = 500_000 if rest == "ruoi" else int(rest) * 10 ** (6 - len(rest))
        return int(half[1]) * 1_000_000 + extra, half.start(), half.end()
    for match in _MONEY.finditer(folded_text):
        number, unit = match[1], match[2]
        if re.fullmatch(r"\d{1,3}(?:[.,]\d{3})+", number):
            amount = float(re.sub(r"[.,]", "", number))
        else:
            amount = float(number.replace(",", "."))
        amount *= _UNITS.get(unit or "", 1)
        if amount >= LEAST and (unit or amount % 1_000 == 0):
            return int(amount), match.start(), match.end()
    if _SCALED.search(folded_text):
        for value, start, end in numerals(folded_text):
            if value is not None and value >= LEAST:
                return value, start, end
    spoken = _SPOKEN.search(folded_text)
    if spoken:
        scale = 100_000 if spoken[2] == "tram" else 1_000_000
        count = _WORDS[spoken[1]] if spoken[1] in _WORDS else 0.5 if spoken[1] == "nua" else int(spoken[1])
        return int(count * scale), spoken.start(), spoken.end()
    return None


def star_signs(text: str) -> int | None:
    """Stars written as signs: ``4*``, ``4⭐``, ``⭐⭐⭐⭐``."""
    match = _STARS.search(text)
    if not match:
        return None
    return int(match[1]) if match[1] else len(match[2] or match[3] or match[4])
