"""Phrases with something between their words: ``bao giờ hồng mới chín`` asks what ``bao giờ chín`` asks.

Only looked for where nothing else was asked: names of goods and places and words that carry no meaning are
left out on both sides, what remains must stand side by side.
"""

from __future__ import annotations

from collections.abc import Sequence

from handlers.talk.understanding.lexicon import Lexicon, Loose, fits
from handlers.talk.understanding.segments import Item, Words

LONGEST = 5
"""words of a phrase that are looked at, without those that carry no meaning"""
NAMED = frozenset(("product", "place", "maker"))


def across(lexicon: Lexicon, words: Words, items: Sequence[Item]) -> dict[str, int]:
    """Intents of phrases whose words stand apart, each with the place of its first word."""
    left_out = {i for item in items if item.kind in NAMED for i in range(item.start, item.end)}
    kept = [i for i, word in enumerate(words.typed) if i not in left_out and word not in lexicon.light]
    found: dict[str, int] = {}
    at = 0
    while at < len(kept):
        taken = _longest(lexicon, words, kept[at : at + LONGEST])
        if taken:
            phrase, length = taken
            for intent in phrase.intents:
                found.setdefault(intent, kept[at])
            at += length
        else:
            at += 1
    return found


def _longest(lexicon: Lexicon, words: Words, numbers: Sequence[int]) -> tuple[Loose, int] | None:
    """The longest phrase that these words begin with, and how many of them it has."""
    for length in range(len(numbers), 1, -1):
        typed = [words.typed[i] for i in numbers[:length]]
        for phrase in lexicon.loose.get(" ".join(words.folded[i] for i in numbers[:length]), ()):
            if fits(typed, phrase.typed, words.marked):
                return phrase, length
    return None
