"""What the phrases of a cut sentence say, collected: intents, cues, wishes, and how much of it nobody knows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from handlers.talk.understanding.segments import Item

WHICH = frozenset(("nao", "dau", "which", "any", "anywhere", "where", "nhung", "cac"))
TIMES = frozenset(
    ("ngay", "gio", "luc", "khi", "hom", "thu", "phien", "day", "days", "time", "times", "hours")
)
"""beside them it is asked when, not which"""
NEGATIONS = frozenset(("khong", "chang", "cha", "chua"))
ASKING = frozenset(
    ("o", "mua", "ban", "tai", "cho", "di", "den", "toi", "ra", "biet", "kiem", "tim", "ghe", "nop")
)
"""before it "đâu" asks where all the same"""
LEAVING = frozenset(("len", "xuong", "qua", "sang", "ra", "ve", "toi", "den", "moi"))
"""behind it they say that somebody leaves it: ``mình ở Hà Nội lên``"""
BOUND = frozenset(("tu", "ve", "vao", "cho", "from", "to", "for"))
"""before a place outside it says where one comes from or goes, not what is asked about"""


@dataclass(slots=True)
class Labels:
    """What the phrases of a sentence say, by kind, each with the place of its first word."""

    intents: dict[str, int] = field(default_factory=dict)
    weak: dict[str, int] = field(default_factory=dict)
    """intents that count only if the sentence asks for nothing else"""
    soft: bool = False
    """whether something is said that is not our business, unless goods are named beside it"""
    cues: list[tuple[str, int]] = field(default_factory=list)
    strange: int = 0
    """different words that are nothing we know"""
    other_shop: bool = False
    """whether a shop for something nobody here knows is asked for: ``quán net``"""
    denied: bool = False
    """whether "đâu" only says no once more: ``không cần đâu``"""
    which: bool = False
    """whether it is asked which of several, or where (not which hour or day)"""
    elsewhere: bool = False
    """whether a place outside the province is asked about"""
    others: dict[str, str] = field(default_factory=dict)
    """group, stars, state, number, language → the last one said"""

    def has(self, cue: str) -> bool:
        """Whether a cue was said."""
        return any(name == f"cue:{cue}" for name, _ in self.cues)


def labels_of(items: Sequence[Item], folded: Sequence[str], home: Sequence[str]) -> Labels:
    """Collect the labels of the phrases of a cover; ``home``: what the province is called, folded."""
    labels = Labels()
    labels.which = any(
        word in WHICH and not TIMES & {*folded[max(0, i - 1) : i], *folded[i + 1 : i + 2]}
        for i, word in enumerate(folded)
    )
    labels.denied = any(
        word == "dau" and NEGATIONS & {*folded[:i]} and folded[i - 1] not in ASKING
        for i, word in enumerate(folded)
    )
    covered = {i for item in items for i in range(item.start, item.end)}
    unknown = {word for i, word in enumerate(folded) if i not in covered}
    labels.strange = sum(not word[0].isdecimal() for word in unknown)
    labels.other_shop = _other_shop(items, folded)
    text = f" {' '.join(folded)} "
    labels.elsewhere = not any(f" {name} " in text for name in home) and any(
        "cue:elsewhere" in phrase.labels and not _on_the_way(item, folded)
        for item in items
        for phrase in item.phrases
    )
    for item in items:
        for phrase in item.phrases:
            for label in phrase.labels:
                kind, _, name = label.partition(":")
                if kind == "intent":
                    labels.intents.setdefault(name, item.start)
                elif kind == "weak":
                    labels.weak.setdefault(name, item.start)
                elif kind == "soft":
                    labels.soft = True
                elif kind == "cue":
                    labels.cues.append((label, item.start))
                elif kind == "topic":
                    labels.intents.setdefault(name, item.start)
                    labels.others[kind] = name
                elif kind != "filler":
                    labels.others[kind] = name
    return labels


def _other_shop(items: Sequence[Item], folded: Sequence[str]) -> bool:
    """Whether a word that is nothing stands right behind a bare "shop"."""
    starts = {item.start for item in items}
    return any(
        item.end < len(folded) and item.end not in starts and not folded[item.end][0].isdecimal()
        for item in items
        if any("cue:shop" in phrase.labels for phrase in item.phrases)
    )


def _on_the_way(item: Item, folded: Sequence[str]) -> bool:
    """Whether a place outside the province is only where somebody comes from or goes."""
    before = folded[item.start - 1] if item.start else ""
    after = folded[item.end] if item.end < len(folded) else ""
    return before in BOUND or after in LEAVING
