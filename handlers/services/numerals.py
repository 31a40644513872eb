"""Vietnamese number words with or without their accents: ``hai trăm bảy mươi nghìn``, ``một triệu hai``.

What two people would write down differently (``hai trăm năm nghìn``: 205 000 or 250 000?) is no number here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

DIGITS = {
    "mot": 1, "hai": 2, "ba": 3, "bon": 4, "tu": 4, "nam": 5, "lam": 5, "nham": 5, "sau": 6, "bay": 7, "tam": 8,
    "chin": 9,
}  # fmt: skip
SCALES = {"nghin": 1_000, "ngan": 1_000, "trieu": 1_000_000}
_TENS = ("muoi", "chuc")
_AND = ("le", "linh")
_HALF = "ruoi"
_LEADS_ON = ("tram", *_TENS, *SCALES)
_WORD = re.compile(r"[a-z]+")
_BEGINS = re.compile(rf"\b(?:{'|'.join((*DIGITS, 'muoi'))})\b")


@dataclass(slots=True)
class _Sum:
    """A number while its words are read."""

    total: int = 0
    """what stands before the last scale, with it"""
    scale: int = 0
    """the last scale said"""
    group: int = 0
    """hundreds, tens and ones since then"""
    ones: int = 0
    """the digit said last, while nothing followed it"""
    hundred: bool = False
    """``trăm`` was the word before"""


def numerals(folded: str, words_at_least: int = 2) -> list[tuple[int | None, int, int]]:
    """Numbers in folded text with the characters where they stand; None for one that can be read two ways."""
    found = []
    last = 0
    for begin in _BEGINS.finditer(folded):
        if begin.start() < last:
            continue
        words = list(_run(folded, begin.start()))
        value, used = _read([word[0] for word in words])
        if used >= words_at_least:
            last = words[used - 1].end()
            found.append((value, begin.start(), last))
    return found


def _run(folded: str, start: int) -> Iterator[re.Match[str]]:
    """The words from here on that nothing but blanks stand between."""
    end = start
    for word in _WORD.finditer(folded, start):
        if folded[end : word.start()].strip():
            return
        yield word
        end = word.end()


def _read(words: Sequence[str]) -> tuple[int | None, int]:
    """The number at the beginning of these words (None: doubtful), and how many of them it takes."""
    made = _Sum()
    used = 0
    linked = False
    for place, word in enumerate(words):
        following = words[place + 1] if place + 1 < len(words) else ""
        if word in _AND and (made.hundred or (made.scale and not made.group)) and following in DIGITS:
            linked = True
            continue
        if word in DIGITS:
            if made.ones:
                break
            if made.scale and not made.group and not linked and following not in _LEADS_ON:
                if made.scale > 1_000 and (not following or following in DIGITS):
                    return made.total + DIGITS[word] * made.scale // 10, place + 1
                break
            if made.hundred and not linked and following not in _TENS:
                return None, place + 1
            made.group, made.ones, made.hundred = made.group + DIGITS[word], DIGITS[word], False
        elif not _scaled(made, word):
            break
        linked = False
        used = place + 1
        if word == _HALF and not made.group:
            break
    if made.scale and made.group:
        by_thousands = made.scale > 1_000 and made.group >= 100 and not made.group % 10
        return (made.total + made.group * 1_000 if by_thousands else None), used
    return made.total + made.group, used


def _scaled(made: _Sum, word: str) -> bool:
    """Take a word that makes what was said larger; False when it cannot stand here."""
    ones, hundred = made.ones, made.hundred
    if word == "tram" and ones and made.group == ones:
        made.group, made.hundred = ones * 100, True
    elif word in _TENS and ones:
        made.group, made.hundred = made.group - ones + ones * 10, False
    elif word == "muoi" and not made.group % 100:
        made.group, made.hundred = made.group + 10, False
    elif word in SCALES and made.group and (not made.scale or SCALES[word] < made.scale):
        made.total, made.scale = made.total + made.group * SCALES[word], SCALES[word]
        made.group, made.hundred = 0, False
    elif word == _HALF and (hundred or (made.scale and not made.group)):
        made.group, made.hundred = made.group + (50 if hundred else 0), False
        made.total += 0 if hundred else made.scale // 2
    else:
        return False
    made.ones = 0
    return True
