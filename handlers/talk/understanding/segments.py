"""Cutting a sentence: which words are a product, a place, a maker, an intent, and which are padding.

Every reading of every stretch of words is an :class:`Item` with a score; the best non-overlapping cover
wins (weighted interval scheduling). Longer stretches beat shorter ones, typed marks count for or against,
products win over places inside their names, places over single words.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from handlers.services.places import PlaceMatch, Places
from handlers.services.search import Search
from handlers.services.text import agreement
from handlers.talk.understanding.lexicon import Lexicon, Phrase, said

NEXT = 0.8
"""worth of two words that belong together"""
HEAD, PLAIN, COMMON = 1.1, 0.9, 0.4
"""worth of a single word: a kind of goods, a word of a name, a word of a name that everybody uses"""
PLACE = 0.15
FILLER = 0.96
WARE = 0.05
"""a name people have for goods comes before the same words of several names of the registry"""
LEAD = 0.6
"""worth of "in", "near" … before a place"""
MAKER = 1.2
WRONG, MISTYPED = -0.35, -0.75
"""marks that fit worse make other words: of a single word, of a longer phrase (one wrong tone is forgiven)"""


@dataclass(slots=True)
class Item:
    """A stretch of words and what it may be."""

    start: int
    end: int
    score: float
    kind: str
    """phrase, product, ware, place, maker"""
    phrases: tuple[Phrase, ...] = ()


@dataclass(slots=True)
class Words:
    """The words being cut."""

    folded: list[str]
    typed: list[str]
    marked: bool


class Cutter:
    """Cuts sentences with the words of one catalogue and all languages."""

    def __init__(self, lexicon: Lexicon, search: Search, places: Places) -> None:
        self.lexicon = lexicon
        self.search = search
        self.places = places
        self._leads = {
            key
            for key, phrases in lexicon.phrases.items()
            for p in phrases
            if {"cue:here", "cue:near"} & {*p.labels}
        }

    def cut(self, words: Words) -> tuple[list[Item], list[PlaceMatch]]:
        """The best cover, left to right (words that are nothing are in no item), and all places named."""
        named = self.places.find_in(words.typed)
        ending: list[list[Item]] = [[] for _ in range(len(words.folded) + 1)]
        phrases = self._phrases(words)
        for item in phrases:
            ending[item.end].append(item)
        for item in self._products(words):
            ending[item.end].append(item)
        for match in named:
            ending[match.end].append(self._place(match, words))
        for item in self._made(words, phrases):
            ending[item.end].append(item)
        return _cover(ending), named

    def _phrases(self, words: Words) -> list[Item]:
        found: dict[tuple[int, int, float, bool], Item] = {}
        for start, end, fit, phrase in said(self.lexicon, words.folded, words.typed, words.marked):
            length = end - start
            if fit < 0 and _misfits(words.typed[start:end], phrase, fit):
                continue
            item = found.get((start, end, fit, phrase.filler))
            if item:
                item.phrases = (*item.phrases, phrase)
                continue
            score = length * (1 + NEXT) - NEXT + fit + (0.3 if phrase.last else 0.0)
            score = score * FILLER if phrase.filler else score
            kind = "ware" if phrase.ware else "phrase"
            score += WARE if phrase.ware else 0.0
            found[start, end, fit, phrase.filler] = Item(start, end, score, kind, (phrase,))
        return list(found.values())

    def _products(self, words: Words) -> list[Item]:
        known, pairs, items = self.search.names.vocabulary.words, self.search.names.pairs, []
        folded = words.folded
        worth = [self._alone(i, words) if word in known else 0.0 for i, word in enumerate(folded)]
        for start, single in enumerate(worth):
            if not single:
                continue
            items.append(Item(start, start + 1, single, "product"))
            total = 1.0 + self._fit(start, words)
            for end in range(start + 1, len(folded)):
                if not worth[end] or f"{folded[end - 1]} {folded[end]}" not in pairs:
                    break
                total += 1 + NEXT + 0.01 + self._fit(end, words)
                items.append(Item(start, end + 1, total, "product"))
        return items

    def _alone(self, i: int, words: Words) -> float:
        word = words.folded[i]
        fit = self._fit(i, words)
        if any(end == i + 1 for _, end in self._said(i, words)):
            return max(HEAD + fit, 0.01)
        if word not in self.lexicon.words and self.search.names.is_head(word, words.typed[i]):
            return max(HEAD + fit, 0.01)
        if word not in self.search.names.named:
            return 0.01
        return max((COMMON if word in self.lexicon.words else PLAIN) + fit, 0.01)

    def _said(self, i: int, words: Words) -> list[tuple[object, int]]:
        if words.folded[i] not in self.search.concepts.lengths:
            return []
        return list(self.search.concepts.said_at(words.folded, words.typed, i))

    def _fit(self, i: int, words: Words) -> float:
        return self.search.names.fit(words.folded[i], words.typed[i]) if words.marked else 0.0

    def _place(self, match: PlaceMatch, words: Words) -> Item:
        length = match.end - match.start
        score = length * (1 + NEXT) - NEXT + PLACE
        if words.marked:
            score += 0.25 * length if match.exact else -0.3 * length
        if match.start and words.folded[match.start - 1] in self._leads:
            score += LEAD
        if length == 1:
            score -= 0.5
        return Item(match.start, match.end, score, "place")

    def _made(self, words: Words, phrases: Sequence[Item]) -> list[Item]:
        """Producers told by what they are: ``HTX Mai Sao``, ``công ty Đức Quý``, ``Mai Sao cooperative``."""
        items = []
        for item in phrases:
            if not any("cue:maker" in phrase.labels for phrase in item.phrases):
                continue
            end = self._maker_end(words, item.end)
            start = self._maker_start(words, item.start)
            for first, last in ((item.start, end), (start, item.end)):
                if first < item.start or last > item.end:
                    items.append(Item(first, last, (last - first) * (1 + NEXT) - NEXT + MAKER, "maker"))
        return items

    def _maker_end(self, words: Words, start: int) -> int:
        best = start
        for end in range(start + 1, min(len(words.folded), start + 12) + 1):
            if words.folded[end - 1] not in self.search.makers:
                break
            if self.search.makers.find(words.folded[start:end], words.typed[start:end]):
                best = end
        return best

    def _maker_start(self, words: Words, end: int) -> int:
        best = end
        for start in range(end - 1, max(-1, end - 6), -1):
            if words.folded[start] not in self.search.makers:
                break
            if end - start > 1 and self.search.makers.find(words.folded[start:end], words.typed[start:end]):
                best = start
        return best


def _misfits(typed: Sequence[str], phrase: Phrase, fit: float) -> bool:
    """Whether the marks typed (fitting so well together) make other words than the phrase's."""
    if len(typed) == 1:
        return fit <= WRONG
    if "intent:out_of_scope" in phrase.labels:
        return min(agreement(one, form) for one, form in zip(typed, phrase.typed, strict=True)) <= WRONG
    return fit <= MISTYPED


def _cover(ending: list[list[Item]]) -> list[Item]:
    """The non-overlapping items with the highest total, left to right."""
    best = [0.0]
    chosen: list[Item | None] = [None]
    for end in range(1, len(ending)):
        top, item = best[end - 1], None
        for candidate in ending[end]:
            value = best[candidate.start] + candidate.score
            if value > top:
                top, item = value, candidate
        best.append(top)
        chosen.append(item)
    cover: list[Item] = []
    at = len(ending) - 1
    while at > 0:
        taken = chosen[at]
        if taken is None:
            at -= 1
        else:
            cover.append(taken)
            at = taken.start
    return cover[::-1]
