"""The words a text may consist of, and what a mistyped one was meant to be.

A typo is corrected against this vocabulary, never against whole names: candidates come from an index of
deletions (one letter left out of either side finds every single edit), a key of alike sounds and raw
Telex/VNI keys; the neighbours decide between them (a Viterbi walk over candidates, worth more where two
words are known to stand side by side). Costs are in "words": 0 as typed, 1 = as unlikely as an unknown
word.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from rapidfuzz.distance import OSA

from handlers.services.keystrokes import NEIGHBOURS, sound, unkeyed
from handlers.services.remembering import remembered

UNKNOWN = 0.95
"""cost of leaving a word as it is though nobody knows it"""
DOUBT = 0.4
"""extra cost of reading a known word as another one"""
ALONE = 0.46
"""highest cost at which a word is corrected with no neighbour to support it"""
SLIGHT = 0.42
"""mean cost up to which words are believed to be typos although every single one of them would be"""
CANDIDATES = 12
VOWELS = frozenset("aeiouy")
CACHE = 8_192
LONG = 6
"""from this length on two edits are forgiven"""


class Read(NamedTuple):
    """A word as read, and the words of the text (first, past the last) that it was read from."""

    word: str
    start: int
    end: int


class Vocabulary:
    """Known words, which of them stand side by side, and corrections.

    ``base`` is looked into as well; ``strong`` words (kinds of goods) are
    corrected to even where short and alone.
    """

    def __init__(
        self,
        words: Iterable[str],
        pairs: Mapping[str, float],
        base: Vocabulary | None = None,
        strong: Container[str] = (),
    ) -> None:
        self.base = base
        self.strong = strong
        self.words = frozenset(words)
        self.pairs = pairs
        self._shorter: dict[str, str] = {}
        self._sounds: dict[str, str] = {}
        for word in self.words:
            if word.isdecimal() or len(word) < 2:
                continue
            _put(self._sounds, sound(word), word)
            if len(word) > 2:
                for i in range(len(word)):
                    if i == 0 or word[i] != word[i - 1]:
                        _put(self._shorter, word[:i] + word[i + 1 :], word)
        self.candidates = remembered(self._candidates, CACHE)

    def __contains__(self, word: str) -> bool:
        return word in self.words or (self.base is not None and word in self.base)

    def pair(self, first: str, second: str) -> float:
        """What it is worth that these two stand side by side: 0 when they never do."""
        worth = self.pairs.get(f"{first} {second}", 0.0)
        return max(worth, self.base.pair(first, second)) if self.base else worth

    def _candidates(self, word: str) -> tuple[tuple[str, float], ...]:
        found: dict[str, float] = {}
        for other in self._near(word):
            price = cost(word, other)
            if price < UNKNOWN:
                found[other] = price
        for other in unkeyed(word):
            if other in self.words:
                found[other] = min(found.get(other, 1.0), 0.2)
        if self.base:
            for other, price in self.base.candidates(word):
                found[other] = min(found.get(other, 1.0), price)
        found.pop(word, None)
        return tuple(sorted(found.items(), key=lambda item: (item[1], item[0]))[:CANDIDATES])

    def _near(self, word: str) -> set[str]:
        found = set(self._sounds.get(sound(word), "").split())
        if len(word) < 2 or len(word) > 24 or word.isdecimal():
            return found
        found.update(self._shorter.get(word, "").split())
        if len(word) == 2:
            return found
        for i in range(len(word)):
            shorter = word[:i] + word[i + 1 :]
            if len(shorter) > 1 and shorter in self.words:
                found.add(shorter)
            found.update(self._shorter.get(shorter, "").split())
        return found

    def read(self, words: Sequence[str], *, doubting: bool = False) -> list[Read]:
        """The words as they were probably meant. ``doubting``: known words may be typos as well."""
        reads = self._respaced(words)
        choices = [self._choices(read.word, doubting) for read in reads]
        chosen = self._walk(choices)
        meant = []
        for i, read in enumerate(reads):
            word, price = choices[i][chosen[i]]
            if word != read.word and not self._supported(i, word, price, choices, chosen):
                word = read.word
            meant.append(Read(word, read.start, read.end))
        return meant

    @staticmethod
    def plausible(words: Sequence[str], reads: Sequence[Read]) -> bool:
        """Whether the corrections may be believed: where nothing stands as typed, each must be a
        slight one.
        """
        prices = [
            cost(words[read.start], read.word)
            for read in reads
            if read.end == read.start + 1 and words[read.start] != read.word
        ]
        return len(prices) < len(reads) or len(reads) == 1 or sum(prices) <= SLIGHT * len(prices)

    def _choices(self, word: str, doubting: bool) -> list[tuple[str, float]]:
        known = word in self
        if known and not doubting:
            return [(word, 0.0)]
        if word.isdecimal():
            return [(word, 0.0)]
        own = (word, 0.0 if known else UNKNOWN)
        extra = DOUBT if known else 0.0
        return [own, *((other, price + extra) for other, price in self.candidates(word))]

    def _walk(self, choices: list[list[tuple[str, float]]]) -> list[int]:
        if not choices:
            return []
        best = [-price for _, price in choices[0]]
        back: list[list[int]] = []
        for before, here in pairwise(choices):
            row, came = [], []
            for word, price in here:
                worth = [best[j] + self.pair(other, word) for j, (other, _) in enumerate(before)]
                j = max(range(len(worth)), key=worth.__getitem__)
                row.append(worth[j] - price)
                came.append(j)
            back.append(came)
            best = row
        at = max(range(len(best)), key=best.__getitem__)
        path = [at]
        for came in reversed(back):
            at = came[at]
            path.append(at)
        return path[::-1]

    def _supported(
        self, i: int, word: str, price: float, choices: list[list[tuple[str, float]]], chosen: list[int]
    ) -> bool:
        before = choices[i - 1][chosen[i - 1]][0] if i else ""
        after = choices[i + 1][chosen[i + 1]][0] if i + 1 < len(choices) else ""
        if (before and self.pair(before, word)) or (after and self.pair(word, after)):
            return True
        typed = choices[i][0][0]
        if min(len(typed), len(word)) > 4:
            return price <= ALONE
        return price <= 0.3 and self._is_strong(word)

    def _is_strong(self, word: str) -> bool:
        return word in self.strong or (self.base is not None and self.base._is_strong(word))

    def _respaced(self, words: Sequence[str]) -> list[Read]:
        """Unknown words cut in two known neighbours, or joined to one known word."""
        reads: list[Read] = []
        i = 0
        while i < len(words):
            word = words[i]
            if word in self or word.isdecimal():
                reads.append(Read(word, i, i + 1))
            elif i + 1 < len(words) and len(word + words[i + 1]) > 3 and word + words[i + 1] in self:
                reads.append(Read(word + words[i + 1], i, i + 2))
                i += 1
            else:
                reads.extend(Read(part, i, i + 1) for part in self._cut(word))
            i += 1
        return reads

    def _cut(self, word: str) -> list[str]:
        for i in range(2, len(word) - 1):
            first, rest = word[:i], word[i:]
            if first in self and rest in self and self.pair(first, rest):
                return [first, rest]
        for i in range(2, len(word) - 3):
            first, rest = word[:i], word[i:]
            if first in self and rest not in self:
                more = self._cut(rest) if len(rest) > 3 else [rest]
                if len(more) > 1 and self.pair(first, more[0]):
                    return [first, *more]
        return [word]


def _put(index: dict[str, str], place: str, word: str) -> None:
    """Words of one place are joined by a blank: nearly all places have one, which then costs no object more."""
    others = index.get(place)
    index[place] = f"{others} {word}" if others else word


@lru_cache(maxsize=65_536)
def cost(typed: str, meant: str) -> float:
    """How far a typed word is from a known one, in words: 0.25 for alike sounds … 0.8 for two edits of
    a long word.

    Neighbouring keys, swapped and doubled letters cost least; a wrong first letter and short words cost more.
    """
    if sound(typed) == sound(meant):
        return 0.25
    distance = OSA.distance(typed, meant, score_cutoff=2)
    if distance > 2 or (distance == 2 and min(len(typed), len(meant)) < LONG):
        return 1.0
    price = _edit(typed, meant) if distance == 1 else 0.75
    if typed[0] != meant[0]:
        slip = len(typed) != len(meant) or meant[0] in NEIGHBOURS.get(typed[0], "") or typed[0] in meant[:2]
        price += 0.12 if slip else 0.4
    return price + (0.1 if min(len(typed), len(meant)) <= 2 else 0.0)


def _edit(typed: str, meant: str) -> float:
    """The price of the one edit between two words."""
    at = next(
        (i for i, (a, b) in enumerate(zip(typed, meant, strict=False)) if a != b), min(len(typed), len(meant))
    )
    if len(typed) == len(meant):
        if typed[at + 1 :] == meant[at + 1 :]:
            if meant[at] in NEIGHBOURS.get(typed[at], ""):
                return 0.3
            return 0.45 if len(typed) > 3 or {typed[at], meant[at]} <= VOWELS else 1.0
        return 0.3
    longer = typed if len(typed) > len(meant) else meant
    doubled = at < len(longer) and at > 0 and longer[at] == longer[at - 1]
    return 0.3 if doubled else 0.38
