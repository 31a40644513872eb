"""A price as a producer writes it: ``270k``, ``270.000đ``, ``270 nghìn``, ``250-270k``, ``hai trăm bảy mươi nghìn``."""

from __future__ import annotations

import re

from handlers.services.text import fold

UNITS = {
    **dict.fromkeys(("d", "dong", "vnd"), 1),
    **dict.fromkeys(("k", "nghin", "ngan", "ng"), 1_000),
    **dict.fromkeys(("tr", "trieu", "cu"), 1_000_000),
}
DIGITS = {
    "khong": 0, "mot": 1, "hai": 2, "ba": 3, "bon": 4, "tu": 4, "nam": 5, "lam": 5, "sau": 6, "bay": 7, "tam": 8,
    "chin": 9,
}  # fmt: skip
SCALES = {"nghin": 1_000, "ngan": 1_000, "trieu": 1_000_000}
LEAST, MOST = 1_000, 1_000_000_000
"""dong; what is outside is no price of a product"""
TEN_TIMES = 8
"""a price this many times the old one, or a part as small, is asked about once more: a nought is easily lost"""
_UNIT = "|".join(sorted(UNITS, key=len, reverse=True))
_ONE = rf"(\d{{1,3}}(?:[.,]\d{{3}})+|\d+(?:[.,]\d+)?)\s*({_UNIT})?(\d{{1,3}}|\s*ruoi)?(?![\w])"
_RANGE = re.compile(rf"(?<![\w.,]){_ONE}\s*(?:-|–|den|toi)\s*{_ONE}")
_SINGLE = re.compile(rf"(?<![\w.,-]){_ONE}")


def price(text: str) -> tuple[int, int | None] | None:
    """Dong, and the upper end of a range or None; None when no price can be read, or more than one."""
    folded = fold(text)
    ranged = _RANGE.search(folded)
    if ranged:
        high = _amount(ranged[4], ranged[5], ranged[6])
        low = _amount(ranged[1], ranged[2] or ranged[5], ranged[3])
        return (low, high) if low is not None and high is not None and LEAST <= low < high <= MOST else None
    amounts = [_amount(*one.groups()) for one in _SINGLE.finditer(folded)]
    found = {amount for amount in amounts if amount is not None and LEAST <= amount <= MOST}
    if not amounts:
        spoken = in_words(folded)
        found = {spoken} if spoken is not None and LEAST <= spoken <= MOST else set()
    return (found.pop(), None) if len(found) == 1 else None


def far_off(old: int | None, new: int) -> bool:
    """Whether a new price looks like a nought too many or too few."""
    return bool(old) and (new >= TEN_TIMES * (old or 0) or new * TEN_TIMES <= (old or 0))


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


def in_words(folded: str) -> int | None:
    """The longest number in folded words: ``hai tram bay muoi nghin``; None when there is none."""
    words = [word for word in re.findall(r"[a-z]+", folded) if word not in ("dong", "vnd", "le", "linh")]
    best: tuple[int, int] | None = None
    for start in range(len(words)):
        value, used = _spoken(words[start:])
        if used and (best is None or used > best[0]):
            best = (used, value)
    return best[1] if best and best[0] > 1 else None


def _spoken(words: list[str]) -> tuple[int, int]:
    """The value of the number at the beginning, and how many words it takes."""
    total = group = last = used = 0
    for place, word in enumerate(words, start=1):
        if word in DIGITS:
            group, last = group + DIGITS[word], DIGITS[word]
        elif word == "tram" and last:
            group, last = group - last + last * 100, 0
        elif word == "muoi":
            group, last = (group - last + last * 10 if last else group + 10), 0
        elif word in SCALES and group:
            total, group, last = total + group * SCALES[word], 0, 0
        elif word == "ruoi" and total:
            return total + _half(total), place
        else:
            break
        used = place
    return total + group, used


def _half(total: int) -> int:
    scale = max(size for size in SCALES.values() if size <= total)
    return scale // 2
