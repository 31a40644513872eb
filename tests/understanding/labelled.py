"""The labelled corpus: what is learned from, and the part that is only run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from handlers.services.text import key
from handlers.talk.understanding import Meaning

HERE = Path(__file__).parent / "corpus"
EXAMINATION = ("examination", "third_examination")
"""what is only run: nobody who works on the reader has read it"""
WRITERS = tuple(sorted(path.stem for path in HERE.glob("*.tsv") if path.stem not in EXAMINATION))
"""what is learned from: a file a writer"""
POLITE = frozenset(("greet", "thanks", "bye", "yes", "no"))


@dataclass(frozen=True, slots=True)
class Row:
    """A sentence and the sets of intents that are right (an empty one: something is only looked up)."""

    writer: str
    who: str
    text: str
    told: str
    things: str = "-"
    """what is named, in words; in the third examination the code of the product meant, several with commas where
    any of them is right, or ``missing``
    """

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
            who, text, told, things = line.split("\t")
            found.append(Row(writer, who, text, told, things))
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


def goods_right(row: Row, meaning: Meaning) -> bool | None:
    """Whether the first product is one that was meant, or none where the registry lacks the goods; None for rows
    that do not tell, or of which the intents already say that nothing is looked for.
    """
    asked = row.writer == "third_examination" and row.things != "-" and meaning.intents != ("out_of_scope",)
    if not asked or row.told == "out_of_scope":
        return None
    if row.things == "missing":
        return not meaning.products or bool(meaning.missing)
    return bool(meaning.products) and meaning.products[0].code in row.things.split(",")


def wrongly_answered(meaning: Meaning) -> bool:
    """Whether something was answered as if it were asked of us."""
    asked = {*meaning.intents} - POLITE - {"out_of_scope"}
    return bool(asked or (not meaning.intents and (meaning.products or meaning.producers)))


def is_right(row: Row, meaning: Meaning) -> bool:
    """Whether the intents are one of the sets wanted; what is not ours may be refused or not understood."""
    if row.told == "out_of_scope":
        return not wrongly_answered(meaning)
    if not meaning.intents and row.told == "look_up":
        return bool(meaning.products or meaning.places or meaning.producers or meaning.words)
    return frozenset(meaning.intents) in row.right
