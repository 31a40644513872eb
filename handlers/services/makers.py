"""Producers by the telling words of their names: ``HTX Mai Sao``, ``công ty Đức Quý``, ``Mai Sao
cooperative``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from handlers.services.catalogue import Producer
from handlers.services.text import agreement, sentence

GENERIC = tuple(
    tuple(phrase.split())
    for phrase in [
        "htx",
        "hop tac xa",
        "cong ty",
        "cty",
        "co phan",
        "cp",
        "tnhh",
        "mtv",
        "mot thanh vien",
        "co so",
        "san xuat",
        "ho kinh doanh",
        "ho",
        "kinh doanh",
        "to hop tac",
        "chu the",
        "xi nghiep",
        "chi nhanh",
        "ban quan ly",
        "nong trang",
        "nong nghiep",
        "nong san",
        "dich vu",
        "che bien",
        "phat trien",
        "cong nghe cao",
        "dau tu",
        "xuat nhap khau",
        "van tai",
        "sinh thai",
        "du lich",
        "thuong mai",
        "di tich",
        "va",
        "ba",
        "ong",
        "cooperative",
        "company",
        "household",
        "the",
        "of",
        "and",
        "lang son",
    ]
)
"""words of producers' names that tell no producer from another"""


class Makers:
    """Producers by the telling words of their names."""

    def __init__(self, producers: Iterable[Producer]) -> None:
        self._all = tuple(producers)
        self._telling: dict[str, list[int]] = {}
        self._names: list[list[str]] = []
        self._written: list[dict[str, str]] = []
        self._words: set[str] = {word for phrase in GENERIC for word in phrase}
        for number, producer in enumerate(self._all):
            words = sentence(producer.name)
            telling = telling_words(words.folded)
            self._names.append(telling)
            self._written.append(dict(zip(words.folded, words.typed, strict=True)))
            self._words.update(words.folded)
            for word in set(telling):
                self._telling.setdefault(word, []).append(number)

    def __contains__(self, word: str) -> bool:
        return word in self._words

    def find(self, folded: Sequence[str], typed: Sequence[str] = ()) -> list[Producer]:
        """Producers with all the telling words, side by side where they are several; whole names first."""
        asked = telling_words(folded)
        if not asked:
            return []
        lists = [self._telling.get(word, ()) for word in asked]
        numbers: set[int] = set(lists[0]).intersection(*lists[1:])
        text = " ".join(asked)
        marks = dict(zip(folded, typed, strict=False))

        def fits(n: int) -> bool:
            if len(asked) == 1 and len(self._names[n]) > 1 and len(text) < 4:
                return False
            if f" {text} " not in f" {' '.join(self._names[n])} ":
                return False
            return all(agreement(marks.get(w, w), self._written[n][w]) > -0.55 for w in asked)

        fit = [n for n in numbers if fits(n)]
        return [self._all[n] for n in sorted(fit, key=lambda n: (len(self._names[n]), n))]


def telling_words(folded: Sequence[str]) -> list[str]:
    """The words that are in no general phrase."""
    kept: list[str] = []
    i = 0
    while i < len(folded):
        general = max((len(p) for p in GENERIC if tuple(folded[i : i + len(p)]) == p), default=0)
        if general:
            i += general
        else:
            kept.append(folded[i])
            i += 1
    return kept or [word for word in folded if word not in ("htx", "cong", "ty")]
