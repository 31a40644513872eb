"""How a meaning is held against what was expected of it."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from handlers.services.text import fold
from handlers.talk.understanding import Context, Meaning

HERE = Path(__file__).parent
SAID_NOTHING = frozenset(("out_of_scope", "greet", "thanks", "bye", "yes", "no"))


def groups() -> dict[str, list[str]]:
    """Short names of sets of products."""
    return {name: codes.split(",") for name, codes in _lines("groups.tsv")}


def sentences() -> list[tuple[str, str, str]]:
    """The rows written by hand."""
    return [(kind, text, expected) for kind, text, expected in _lines("sentences.tsv")]


def looked_at() -> list[tuple[str, str, str]]:
    """Rows that were read while the phrases were written: no measure, only a guard against going back."""
    return [(kind, text, expected) for kind, text, expected in _lines("looked_at.tsv")]


@dataclass(frozen=True, slots=True)
class Fresh:
    """A row of a fresh round: written in one go and scored before it was looked at."""

    round: int
    kind: str
    text: str
    expected: str
    after: str | None
    """code of the product just shown"""

    @property
    def context(self) -> Context | None:
        """Where the conversation stands."""
        return Context(product=self.after) if self.after else None


def fresh() -> list[Fresh]:
    """The rows of all fresh rounds. What failed was taught afterwards: they only guard against going back."""
    found = []
    for path in sorted(
        (HERE / "fresh").glob("round*.tsv"), key=lambda path: int(path.stem.removeprefix("round"))
    ):
        for kind, text, told in _lines(f"fresh/{path.name}"):
            parts = told.split(" ")
            after = next((part[6:] for part in parts if part.startswith("after=")), None)
            expected = " ".join(part for part in parts if not part.startswith("after="))
            found.append(Fresh(int(path.stem.removeprefix("round")), kind, text, expected, after))
    return found


def _lines(name: str) -> list[list[str]]:
    lines = (HERE / name).read_text(encoding="utf-8").splitlines()
    return [line.split("\t") for line in lines if line and not line.startswith("#")]


def held_back(text: str) -> bool:
    """Whether a row belongs to the half that is only run, never looked at."""
    return zlib.crc32(text.encode()) % 2 == 1


def fault(meaning: Meaning, expected: str, named: Mapping[str, list[str]]) -> str | None:
    """What is wrong with the meaning, or None."""
    if expected == "none":
        asked = set(meaning.intents) - SAID_NOTHING
        if asked or meaning.products or meaning.producers:
            return f"answered: {meaning.intents} {[p.code for p in meaning.products][:3]}"
        return None
    for part in _parts(expected):
        name, _, value = part.partition("=")
        wrong = _differs(name, value, meaning, named)
        if wrong:
            return wrong
    return None


def products_wanted(expected: str, named: Mapping[str, list[str]]) -> set[str] | None:
    """The codes of which one must come first, an empty set for "no product", None if nothing is said
    of products.
    """
    if expected == "none":
        return set()
    for part in _parts(expected):
        name, _, value = part.partition("=")
        if name in ("products", "top", "has"):
            return {code for one in value.split("|") for code in _codes(one, named)}
    return None


def _parts(expected: str) -> list[str]:
    parts: list[str] = []
    for word in expected.split(" "):
        if "=" in word:
            parts.append(word)
        else:
            parts[-1] += f" {word}"
    return parts


NEWER = {
    "shelf_life": {"contact"}, "allergens": {"contact"}, "delivery": {"buy", "contact"}, "register_product": {"papers"},
}  # fmt: skip
"""intents that are younger than the rows → what these called them"""


def _same_set(said: set[str], wanted: set[str]) -> bool:
    """Whether the intents are those wanted, where an older row uses the older name."""
    old = {one for one in said if one not in wanted and NEWER.get(one, set()) & wanted}
    return said - old == wanted - {name for one in old for name in NEWER[one]} if old else said == wanted


def _differs(name: str, value: str, meaning: Meaning, named: Mapping[str, list[str]]) -> str | None:
    codes = [product.code for product in meaning.products]
    if name == "intents":
        said = set(meaning.intents)
        return (
            None
            if any(_same_set(said, set(one.split("+")) - {""}) for one in value.split("|"))
            else f"intents {meaning.intents}"
        )
    if name == "products":
        right = any(set(codes) == set(_codes(one, named)) for one in value.split("|"))
        return None if right else f"products {codes}"
    if name == "has":
        return None if set(_codes(value, named)) <= set(codes) else f"products {codes}"
    if name == "top":
        return None if codes[:1] == [value] else f"products {codes}"
    if name == "place":
        found = [fold(place.name) for place in meaning.places]
        return None if any(fold(value) in one for one in found) else f"places {found}"
    if name == "producers":
        makers = {producer.code for producer in meaning.producers}
        return None if makers == set(value.split(",")) else f"producers {makers}"
    found_value = meaning.wants_language if name == "wants" else getattr(meaning, name)
    return None if str(found_value) == value else f"{name} {found_value}"


def _codes(value: str, named: Mapping[str, list[str]]) -> Iterable[str]:
    if value.startswith("@"):
        return named[value[1:]]
    return [code for code in value.split(",") if code]
