"""What the intent reader looks at: words and what stands beside what, goods and places as one word each.

A feature is a short text: ``w:mua``, ``w:mua|o``, ``c:^mu`` (letters of a word), ``m:đường`` (a word with its
marks), ``k:keeping`` (a word of a field), ``r:buy`` (an intent that the phrases say), ``s:goods`` (something of ours is
named).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from handlers.talk.understanding.asking import Reading
from handlers.talk.understanding.fields import MOST_WORDS
from handlers.talk.understanding.labels import Labels
from handlers.talk.understanding.meaning import Meaning
from handlers.talk.understanding.segments import Item

STANDS_FOR = {"product": "<goods>", "ware": "<goods>", "place": "<place>", "maker": "<maker>"}
NOTHING_OURS = "s:nothing"
"""the feature of a sentence that names nothing of ours"""
GOODS_NAMED = frozenset(("s:goods", "s:ware"))
"""features of a sentence that names goods, of the registry or others"""
AWAY = "cue:elsewhere"
LONGEST = 2
"""words of a feature that stand side by side"""
SHORTEST_PIECE, LONGEST_PIECE = 2, 4
"""letters of a piece of a word, its borders counted"""


def features(reading: Reading, labels: Labels, meaning: Meaning, rules: Sequence[str]) -> list[str]:
    """The features of a sentence, each once; ``rules``: what the phrases make of it."""
    found = dict.fromkeys(_words(reading))
    found |= dict.fromkeys(f"k:{field}" for field in reading.fields)
    found |= dict.fromkeys(_pieces(reading.words.folded))
    found |= dict.fromkeys(_said(labels, meaning, rules, ware=bool(reading.wares)))
    return list(found)


def _words(reading: Reading) -> Iterator[str]:
    words = _plain(reading)
    for length in range(1, LONGEST + 1):
        for at in range(len(words) - length + 1):
            yield "w:" + "|".join(words[at : at + length])
    for at in range(len(words) - 2):
        yield f"w:{words[at]}|*|{words[at + 2]}"
    if reading.words.marked:
        yield from (f"m:{word}" for word in reading.words.typed[:MOST_WORDS] if not word.isascii())


def _plain(reading: Reading) -> list[str]:
    """The folded words with their borders, what is named as one word for its kind."""
    folded = reading.words.folded
    starts: dict[int, Item] = {item.start: item for item in reading.items}
    words, at = ["^"], 0
    while at < len(folded) and len(words) <= MOST_WORDS:
        item = starts.get(at)
        name = _named(item) if item else None
        if item and name:
            if words[-1] != name:
                words.append(name)
            at = item.end
            continue
        words.append("<number>" if folded[at][0].isdecimal() else folded[at])
        at += 1
    return [*words, "$"]


def _named(item: Item) -> str | None:
    if any(AWAY in phrase.labels for phrase in item.phrases):
        return "<away>"
    return STANDS_FOR.get(item.kind)


def _pieces(folded: Sequence[str]) -> Iterator[str]:
    for word in folded[:MOST_WORDS]:
        bordered = f"^{word}$"
        for length in range(SHORTEST_PIECE, LONGEST_PIECE + 1):
            for at in range(len(bordered) - length + 1):
                yield f"c:{bordered[at : at + length]}"


def _said(labels: Labels, meaning: Meaning, rules: Sequence[str], *, ware: bool) -> Iterator[str]:
    yield "s:"
    yield from (f"r:{intent}" for intent in rules)
    if not rules:
        yield "r:"
    if len(rules) == 1:
        yield f"r:only {rules[0]}"
    yield from (f"p:{intent}" for intent in labels.intents)
    yield from (f"p:weak {intent}" for intent in labels.weak)
    yield from (cue for cue, _ in labels.cues)
    yield f"s:strange {min(labels.strange, 3)}"
    told = {
        "goods": meaning.products, "ware": ware, "many": len(meaning.products) > 1, "place": meaning.places,
        "maker": meaning.producers, "near": meaning.near, "missing": meaning.missing, "code": meaning.code,
        "budget": meaning.budget, "group": meaning.group, "stars": meaning.stars, "state": meaning.state,
        "number": meaning.number, "away": labels.elsewhere, "soft": labels.soft, "denied": labels.denied,
        "tongue": meaning.wants_language, "english": meaning.language == "en", "words": meaning.words,
    }  # fmt: skip
    yield from (f"s:{name}" for name, value in told.items() if value)
    if not any(told[name] for name in ("goods", "ware", "place", "maker", "code", "group", "stars", "state")):
        yield NOTHING_OURS
