"""Labels of a cut sentence → intents, in the order of the sentence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from handlers.talk.understanding.lexicon import Lexicon
from handlers.talk.understanding.segments import Item

POLITE = frozenset(
    ("greet", "thanks", "bye", "yes", "no", "help", "menu", "cancel", "back", "next", "previous")
)
"""said beside a question they need no answer of their own"""
ALONE = "out_of_scope"


@dataclass(slots=True)
class Labels:
    """What the phrases of a sentence say, by kind, each with the place of its first word."""

    intents: dict[str, int] = field(default_factory=dict)
    cues: list[tuple[str, int]] = field(default_factory=list)
    others: dict[str, str] = field(default_factory=dict)
    """group, stars, state, number, language → the last one said"""

    def has(self, cue: str) -> bool:
        """Whether a cue was said."""
        return any(name == f"cue:{cue}" for name, _ in self.cues)


def labels_of(items: Sequence[Item]) -> Labels:
    """Collect the labels of the phrases of a cover."""
    labels = Labels()
    for item in items:
        for phrase in item.phrases:
            for label in phrase.labels:
                kind, _, name = label.partition(":")
                if kind == "intent":
                    labels.intents.setdefault(name, item.start)
                elif kind == "cue":
                    labels.cues.append((label, item.start))
                elif kind != "filler":
                    labels.others[kind] = name
    return labels


@dataclass(frozen=True, slots=True)
class Things:
    """What else the sentence names: it decides what "where" asks for."""

    products: bool
    places: bool
    spots: bool
    """a point of sale or an attraction is named"""
    producers: bool
    listing: bool
    """a group, stars or a list is asked for"""


def combined(lexicon: Lexicon, labels: Labels, things: Things) -> list[str]:
    """The intents of the sentence, in its order, without those that another one stands for."""
    found = dict(labels.intents)
    for cue in {name for name, _ in labels.cues}:
        for intent, cues in lexicon.combinations.get(cue, ()):
            at = _in_order(cues, labels.cues)
            if at is not None:
                found.setdefault(intent, at)
    _ask_where(found, labels, things)
    if ALONE in found:
        return [ALONE]
    for intent in list(found):
        for other in lexicon.over.get(intent, ()):
            if intent in found:
                found.pop(other, None)
    rest = set(found) - POLITE
    if rest or things.products or things.places or things.producers:
        for intent in POLITE & set(found):
            del found[intent]
    return sorted(found, key=found.__getitem__)


def _in_order(cues: Sequence[str], said: Sequence[tuple[str, int]]) -> int | None:
    """Where the first cue stands if all were said in this order."""
    start, at, position = None, 0, -1
    for cue in cues:
        while at < len(said) and not (said[at][0] == cue and said[at][1] > position):
            at += 1
        if at == len(said):
            return None
        position = said[at][1]
        start = position if start is None else start
    return start


def _ask_where(found: dict[str, int], labels: Labels, things: Things) -> None:
    """A bare "where": to buy a product, the way to a place, where to file, by what else is said."""
    where = next((at for cue, at in labels.cues if cue == "cue:where"), None)
    if where is None or found.keys() & {
        "buy",
        "producer",
        "where_to_file",
        "nearest",
        "directions",
        "how_far",
        "contact",
    }:
        return
    if things.products or not (things.places or things.producers):
        if not (found.keys() - POLITE) or things.products:
            found["buy"] = where
    elif things.producers:
        found["producer"] = where
    else:
        found["directions"] = where
