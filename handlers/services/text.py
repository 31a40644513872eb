"""Folding: how Vietnamese words are compared when the person may have typed no diacritics.

Fold = NFC → đ/Đ → NFD → drop marks → casefold. Done once when storing, once a query. A mark that was typed
still counts: :func:`agreement` says how well a typed word fits a written one of the same folded letters.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

_D = str.maketrans({"đ": "d", "Đ": "D", "ð": "d", "Ð": "D"})
_WORD = re.compile(r"[^\W_]+", re.UNICODE)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_TONES = "\u0300\u0301\u0303\u0309\u0323"
_NUCLEI = {
    old: new
    for olds, news in (
        ("oà oá oả oã oạ", "òa óa ỏa õa ọa"),
        ("oè oé oẻ oẽ oẹ", "òe óe ỏe õe ọe"),
        ("uỳ uý uỷ uỹ uỵ", "ùy úy ủy ũy ụy"),
    )
    for old, new in zip(olds.split(), news.split(), strict=True)
}


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
    """What a person typed, made safe to handle: NFC, no control or direction marks, at most ``limit``
    characters.
    """
    return _CONTROL.sub("", unicodedata.normalize("NFC", text[: limit * 2]))[:limit].strip()


@lru_cache(maxsize=65_536)
def written(word: str) -> str:
    """One word in lower case with the tone where today's spelling puts it (``hoà`` → ``hòa``)."""
    low = word.lower()
    if low.isascii():
        return low
    new = _NUCLEI.get(low[-2:])
    return low[:-2] + new if new and not low.startswith("q") else low


CAREFUL = 0.5
"""share of words with marks from which a text counts as typed with all of them"""


def is_careful(typed: Sequence[str]) -> bool:
    """Whether a text was typed with all its marks, as far as can be told: half of the words have some."""
    return sum(not word.isascii() for word in typed) >= CAREFUL * len(typed) > 0


@dataclass(slots=True)
class Sentence:
    """A text cut into words: as written and folded, each with its place in the (NFC) text."""

    text: str
    typed: list[str]
    folded: list[str]
    spans: list[tuple[int, int]]
    marked: bool
    """whether any letter carries a mark: then the marks decide"""

    def between(self, start: int, end: int) -> str:
        """The text of the words ``start`` … ``end - 1``, as typed."""
        return self.text[self.spans[start][0] : self.spans[end - 1][1]] if start < end else ""


def sentence(text: str, limit: int = 80) -> Sentence:
    """Cut a text into words; at most ``limit`` of them are read."""
    if text.isascii():
        low = text.lower()
        found = [(m.group(), m.span()) for m in _WORD.finditer(low)][:limit]
        plain = [word for word, _ in found]
        return Sentence(text, plain, plain[:], [span for _, span in found], False)
    text = unicodedata.normalize("NFC", text)
    spans = [m.span() for m in _WORD.finditer(text)][:limit]
    typed = [written(text[start:end]) for start, end in spans]
    folded = [fold(word) for word in typed]
    return Sentence(text, typed, folded, spans, typed != folded)


def key(text: str) -> str:
    """The folded words of a text joined by one blank: what dictionaries of names are keyed by."""
    return " ".join(fold(word) for word in _WORD.findall(text))


@lru_cache(maxsize=65_536)
def _parts(word: str) -> tuple[str, str]:
    """Letters with their quality (ă, ơ, đ) but without tone, and the tone."""
    plain = unicodedata.normalize("NFD", word)
    tone = "".join(c for c in plain if c in _TONES)
    return unicodedata.normalize("NFC", "".join(c for c in plain if c not in _TONES)), tone


@lru_cache(maxsize=65_536)
def agreement(typed: str, form: str) -> float:
    """How well a typed word fits a written form with the same folded letters.

    0.3 the same marks · 0 nothing typed that could disagree · −0.1 marks left out · −0.6 wrong tone ·
    −0.7 another vowel of the same tone · −1 another word (``đường`` for ``dương``, ``hỏi`` for ``hồi``).
    """
    if typed == form:
        return 0.0 if typed.isascii() else 0.3
    if typed.isascii():
        return 0.0
    letters, tone = _parts(typed)
    right_letters, right_tone = _parts(form)
    if letters == right_letters:
        return -0.6 if tone and right_tone != tone else -0.1
    omitted = all(a == b or a == fold(b) for a, b in zip(letters, right_letters, strict=False))
    if omitted and tone in ("", right_tone) and len(letters) == len(right_letters):
        return -0.1
    return -0.7 if tone == right_tone and "đ" not in letters + right_letters else -1.0


def agreements(typed: Sequence[str], forms: Iterable[str]) -> float:
    """The sum of :func:`agreement` over words side by side."""
    return sum(agreement(one, form) for one, form in zip(typed, forms, strict=False))
