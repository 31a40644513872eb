"""How a recorded place name is spoken: type words and their short forms, parts of compound names, bare names.

Pure functions over words; :mod:`handlers.services.places` builds its index from them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from handlers.services.text import fold, words

TYPES: dict[str, tuple[tuple[tuple[str, ...], ...], tuple[str, ...]]] = {
    "xa": ((("xã",), ("x",)), ("commune",)),
    "phuong": ((("phường",), ("p",)), ("ward",)),
    "thi tran": ((("thị", "trấn"), ("tt",)), ("town", "township")),
    "huyen": ((("huyện",), ("h",)), ("district",)),
    "thi xa": ((("thị", "xã"), ("tx",)), ("town",)),
    "thanh pho": ((("thành", "phố"), ("tp",), ("t", "p")), ("city",)),
}
"""folded type of a unit → what may stand before the name, what may stand after it in English"""

_TYPE = re.compile(
    r"(?:(xa|x|phuong|p|thi tran|tt|huyen|h|thi xa|tx|thanh pho|tp|t\.p)(?:\.\s*|\s+))(?=\S)", re.IGNORECASE
)
_SHORT = {
    "x": "xa",
    "p": "phuong",
    "tt": "thi tran",
    "h": "huyen",
    "tx": "thi xa",
    "tp": "thanh pho",
    "t.p": "thanh pho",
}
_BRACKETS = re.compile(r"\(([^()]*)\)")
_JOINTS = re.compile(r"\s[–—-]\s|[,;/]")


def without_type(name: str) -> tuple[str, str | None]:
    """A unit's bare name, and its folded type if one stands before it: "TP. Vinh" → "Vinh", "thanh pho"."""
    name = name.strip()
    match = _TYPE.match(fold(name))
    if not match:
        return name, None
    return name[match.end() :].strip(), _SHORT.get(match[1], match[1])


def type_forms(bare: Sequence[str], kind: str | None) -> list[list[str]]:
    """A unit's name with its type before it (Vietnamese, short or long) or after it (English)."""
    if kind not in TYPES:
        return []
    before, after = TYPES[kind]
    return [*([*prefix, *bare] for prefix in before), *([*bare, suffix] for suffix in after)]


def spoken_forms(name: str) -> list[list[str]]:
    """The names inside a compound one, as words; only those with a proper name in them.

    "Động Tam Thanh – chùa Tam Thanh" is two; so are "Thảo nguyên (hồ) Đồng Lâm" and "Tam Thanh cave and
    pagoda", since what is said of one half holds for the other.
    """
    texts = [_BRACKETS.sub(" ", name), *_BRACKETS.findall(name)]
    texts += [f"{match[1]} {name[match.end() :]}" for match in _BRACKETS.finditer(name)]
    parts = [part for text in texts for part in _JOINTS.split(text)]
    for part in list(parts):
        head, _, tail = part.partition(" and ")
        if tail:
            own = tail if _proper(words(tail)) else " ".join([*_leading_name(words(head)), tail])
            parts += [head, own]
    forms = [words(part) for part in parts]
    return [form for form in forms if len(form) > 1 and _proper(form[1:])]


def short_forms(form: Sequence[str], province: str) -> list[list[str]]:
    """The proper name alone: "Núi Mẫu Sơn" → "Mẫu Sơn", "Tam Thanh cave" → "Tam Thanh".

    ``province`` is a name that ends with the province's; at the end of a longer name it is left off:
    "mall Vincom Lạng Sơn" → "Vincom".
    """
    tail = _trailing_name(form)
    if len(tail) == len(form):
        tail = tail[1:] if len(tail) > 2 else []
    short = tail or _leading_name(form)
    home = [fold(word) for word in _trailing_name(words(province))]
    if home and [fold(word) for word in short[-len(home) :]] == home:
        short = short[: -len(home)]
        return [short] if short else []
    return [short] if len(short) > 1 else []


def _named(word: str) -> bool:
    """Capitalised, but not an abbreviation such as OCOP."""
    return word[0].isupper() and not (len(word) > 1 and word.isupper())


def _proper(form: Sequence[str]) -> bool:
    return any(_named(word) for word in form)


def _trailing_name(form: Sequence[str]) -> list[str]:
    kept: list[str] = []
    for word in reversed(form):
        if not _named(word):
            break
        kept.insert(0, word)
    return kept


def _leading_name(form: Sequence[str]) -> list[str]:
    kept = []
    for word in form:
        if not _named(word):
            break
        kept.append(word)
    return kept
