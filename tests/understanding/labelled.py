"""The labelled corpus: what is learned from, and the part that is only run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from handlers.services.text import key
from handlers.talk.understanding import Meaning

HERE = Path(__file__).parent / "corpus"
WRITERS = (
    "north", "south", "makers", "away", "guests", "young", "plain", "variety", "daily", "abroad",
    "visitors", "offices", "short", "families", "travellers", "border", "double", "bureaus", "goods", "talk", "orders",
    "first_examination",
)  # fmt: skip
"""what is learned from"""
EXAMINATION = ("examination",)
"""what is only run: nobody who works on the reader has read it"""
POLITE = frozenset(("greet", "thanks", "bye", "yes", "no"))


@dataclass(frozen=True, slots=True)
class Row:
    """A sentence and the sets of intents that are right (an empty one: something is only looked up)."""

    writer: str
    who: str
    text: str
    told: str

    @property
    def right(self) -> list[frozenset[str]]:
        return [frozenset(one.split("+")) - {"look_up"} for one in self.told.split("|")]

    @property
    def kind(self) -> str:
        """Who says it; everything that is not ours is one kind."""
        return "offtopic" if self.told == "out_of_scope" else self.who


@lru_cache(maxsize=2)
def rows(*, held: bool) -> tuple[Row, ...]:
    """The rows that are learned from, or those only run."""
    found = []
    for writer in EXAMINATION if held else WRITERS:
        path = HERE / f"{writer}.tsv"
        for line in path.read_text(encoding="utf-8").splitlines():
            who, text, told, _ = line.split("\t")
            found.append(Row(writer, who, text, told))
    return tuple(found)


def grouped() -> Iterator[tuple[str, str]]:
    """(text, intents) of the sentences written by intent, without any that is a held-out one."""
    held = {key(row.text) for row in rows(held=True)}
    told = ""
    for line in (HERE / "grouped.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            told = line.strip("[]")
        elif line and not line.startswith("#") and key(line) not in held:
            yield line, told


def wrongly_answered(meaning: Meaning) -> bool:
    """Whether something was answered as if it were asked of us."""
    asked = {*meaning.intents} - POLITE - {"out_of_scope"}
    return bool(asked or (not meaning.intents and (meaning.products or meaning.producers)))


def is_right(row: Row, meaning: Meaning) -> bool:
    """Whether the intents are one of the sets wanted; what is not ours may be refused or not understood.
    A bare number picks only where something was listed.
    """
    if row.told == "out_of_scope":
        return not wrongly_answered(meaning)
    if row.told == "pick" and not meaning.intents and meaning.number:
        return True
    if not meaning.intents and row.told == "look_up":
        return bool(meaning.products or meaning.places or meaning.producers or meaning.words)
    return frozenset(meaning.intents) in row.right
