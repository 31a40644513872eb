"""Folding: how Vietnamese words are compared when the person may have typed no diacritics.

Fold = NFC → đ/Đ → NFD → drop marks → casefold. Done once when storing, once a query.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_D = str.maketrans({"đ": "d", "Đ": "D", "ð": "d", "Ð": "D"})
_WORD = re.compile(r"[^\W_]+", re.UNICODE)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")


@lru_cache(maxsize=65_536)
def fold(text: str) -> str:
    """The text without diacritics and case; ``đ`` becomes ``d``. Length may change; words do not."""
    if text.isascii():
        return text.lower()
    plain = unicodedata.normalize("NFD", unicodedata.normalize("NFC", text).translate(_D))
    return "".join(c for c in plain if not unicodedata.combining(c)).casefold()


def words(text: str) -> list[str]:
    """The letters-and-digits words of a text, in order, as typed."""
    return _WORD.findall(text)


def clean(text: str, limit: int = 2_000) -> str:
    """What a person typed, made safe to handle: NFC, no control or direction marks, at most ``limit`` characters."""
    return _CONTROL.sub("", unicodedata.normalize("NFC", text[: limit * 2]))[:limit].strip()
