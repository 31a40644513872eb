"""What people say, read from ``locales/*/phrases.toml``: phrases with their labels, found by their first
word; ``locales/intents.toml`` tells which intents stand for which others.

A label is ``<kind>:<name>``: ``intent:buy``, ``cue:where``, ``filler:``, ``group:food``, ``stars:4``,
``language:en``, ``state:expired``, ``number:2``. Texts of all languages are known at once, because people
mix them.
"""

from __future__ import annotations

import tomllib
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import chain, pairwise
from pathlib import Path
from typing import Any, TypeVar

from handlers.services.text import agreement, fold, is_careful, sentence, written
from handlers.talk.understanding.fields import Fields

TABLES = {
    "intents": "intent",
    "weak": "weak",
    "soft": "soft",
    "topics": "topic",
    "wares": "ware",
    "cues": "cue",
    "groups": "group",
    "stars": "stars",
    "languages": "language",
    "states": "state",
    "numbers": "number",
    "fillers": "filler",
}


ORDER = "intents.toml"
"""beside the languages' folders: which intents stand for which others"""

Value = TypeVar("Value", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words somebody may say. ``first``/``last``: only at the start or the end of a sentence."""

    labels: tuple[str, ...]
    typed: tuple[str, ...]
    first: bool
    last: bool
    tongues: frozenset[str]
    """the languages that have it"""
    filler: bool
    """says nothing by itself"""
    exact: bool = False
    """only as written, marks included: without them it is a more common word"""

    @property
    def ware(self) -> bool:
        """Whether goods are called so, be they in the registry or not."""
        return any(label.startswith("ware:") for label in self.labels)


@dataclass(frozen=True, slots=True)
class Loose:
    """What is left of a phrase without the words that carry no meaning."""

    intents: tuple[str, ...]
    typed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Lexicon:
    """All phrases of all languages, and the data that goes with them."""

    phrases: Mapping[str, tuple[Phrase, ...]]
    """by folded words joined with one blank"""
    lengths: Mapping[str, tuple[int, ...]]
    """first folded word → how many words phrases with it have"""
    words: frozenset[str]
    pairs: Mapping[str, float]
    short: Mapping[str, tuple[str, ...]]
    """an abbreviation as typed → the words it stands for, written"""
    synonyms: Mapping[str, tuple[str, ...]]
    kinds: Mapping[str, tuple[str, ...]]
    combinations: Mapping[str, tuple[tuple[str, tuple[str, ...]], ...]]
    """first cue → (intent, the cues that make it, in their order)"""
    over: Mapping[str, frozenset[str]]
    """intent → the intents it stands for as well"""
    light: frozenset[str] = frozenset()
    """words that carry no meaning between the words of a phrase: as written, and folded where no other word
    of a phrase folds to the same"""
    loose: Mapping[str, tuple[Loose, ...]] = field(default_factory=dict)
    """phrases without such words, of two words or more, by what is left of them"""
    forms: frozenset[str] = frozenset()
    """words of phrases that have marks, as written: typed like that they are no typos"""
    tongues: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """folded word → languages in whose phrases it occurs"""
    fields: Fields = field(default_factory=lambda: Fields(()))

    def tongue_of(self, folded: Iterable[str]) -> str | None:
        """The language that more words are only known in than in any other."""
        votes: dict[str, int] = {}
        for word in folded:
            tongues = self.tongues.get(word)
            if tongues and len(tongues) == 1:
                tongue = next(iter(tongues))
                votes[tongue] = votes.get(tongue, 0) + 1
        ranked = sorted(votes.items(), key=lambda pair: -pair[1])
        if not ranked or (len(ranked) > 1 and ranked[0][1] == ranked[1][1]):
            return None
        return ranked[0][0]


@dataclass(slots=True)
class _Draft:
    phrases: dict[tuple[tuple[str, ...], bool, bool, bool], tuple[list[str], set[str]]] = field(
        default_factory=dict
    )
    short: dict[str, tuple[str, ...]] = field(default_factory=dict)
    synonyms: dict[str, tuple[str, ...]] = field(default_factory=dict)
    kinds: dict[str, tuple[str, ...]] = field(default_factory=dict)
    combinations: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)
    over: dict[str, frozenset[str]] = field(default_factory=dict)
    goods: dict[str, set[str]] = field(default_factory=dict)
    light: set[str] = field(default_factory=set)
    terms: list[tuple[str, str]] = field(default_factory=list)


@lru_cache(maxsize=4)
def load(folder: Path) -> Lexicon:
    """Read every language's phrases below ``folder``, and the order of intents, which all languages share.
    Raises tomllib.TOMLDecodeError with line and column.
    """
    draft = _Draft()
    for path in sorted(folder.glob("*/phrases.toml")):
        with path.open("rb") as stream:
            _take(draft, tomllib.load(stream))
    with (folder / ORDER).open("rb") as stream:
        draft.over = _over(tomllib.load(stream))
    return _finish(draft)


def _over(told: Mapping[str, Any]) -> dict[str, frozenset[str]]:
    """What each intent stands for; ``@name``: a set of intents that the file names. Raises KeyError for a set
    that it does not.
    """
    sets: Mapping[str, Sequence[str]] = told["sets"]
    return {
        intent: frozenset(
            chain.from_iterable(sets[other[1:]] if other.startswith("@") else [other] for other in others)
        )
        - {intent}
        for intent, others in told["over"].items()
    }


def _take(draft: _Draft, told: Mapping[str, Any]) -> None:
    tongue = str(told["language"])
    for table, kind in TABLES.items():
        for name, phrases in told.get(table, {}).items():
            for phrase in phrases:
                _add(draft, f"{kind}:{'' if kind == 'filler' else name}", phrase, tongue)
    for name, others in told.get("synonyms", {}).items():
        draft.synonyms[name] = (*draft.synonyms.get(name, ()), *others)
    for name, covered in told.get("kinds", {}).items():
        draft.kinds[name] = tuple(covered)
    for phrase in chain(*told.get("synonyms", {}).values(), told.get("kinds", {})):
        for word in sentence(phrase).folded:
            draft.goods.setdefault(word, set()).add(tongue)
    for name, meant in told.get("short", {}).items():
        draft.short[written(name)] = tuple(sentence(meant).typed)
    for intent, alternatives in told.get("combinations", {}).items():
        draft.combinations += [(intent, tuple(f"cue:{cue}" for cue in cues)) for cues in alternatives]
    draft.terms += [(name, term) for name, terms in told.get("fields", {}).items() for term in terms]
    draft.light.update(written(word) for word in told.get("between", {}).get("words", ()))


def _add(draft: _Draft, label: str, phrase: str, tongue: str) -> None:
    typed = tuple(sentence(phrase).typed)
    if not typed:
        raise ValueError(f"a phrase without words under {label}: {phrase!r}")
    labels, tongues = draft.phrases.setdefault(
        (typed, "^" in phrase[:2], phrase.endswith("$"), "=" in phrase[:2]), ([], set())
    )
    if label not in labels:
        labels.append(label)
    tongues.add(tongue)


def _finish(draft: _Draft) -> Lexicon:
    phrases: dict[str, list[Phrase]] = {}
    lengths: dict[str, set[int]] = {}
    pairs: dict[str, float] = {}
    tongues: dict[str, set[str]] = {}
    for (typed, first, last, exact), (labels, spoken) in draft.phrases.items():
        folded = [fold(word) for word in typed]
        filler = all(label == "filler:" for label in labels)
        phrase = Phrase(_same(tuple(labels)), typed, first, last, _same(frozenset(spoken)), filler, exact)
        phrases.setdefault(" ".join(folded), []).append(phrase)
        lengths.setdefault(folded[0], set()).add(len(folded))
        for word in folded:
            tongues.setdefault(word, set()).update(spoken)
        for pair in pairwise(folded):
            pairs[" ".join(pair)] = 0.8
    words = frozenset(tongues)
    for word, spoken in draft.goods.items():
        tongues.setdefault(word, set()).update(spoken)
    return Lexicon(
        phrases={key: tuple(found) for key, found in phrases.items()},
        lengths={word: _same(tuple(sorted(found, reverse=True))) for word, found in lengths.items()},
        words=words,
        pairs=pairs,
        short=draft.short,
        synonyms=draft.synonyms,
        kinds=draft.kinds,
        combinations=_by_first_cue(draft.combinations),
        over=draft.over,
        light=_light(draft),
        loose=_loose(draft),
        forms=frozenset(word for typed, *_ in draft.phrases for word in typed if not word.isascii()),
        tongues={word: _same(frozenset(found)) for word, found in tongues.items()},
        fields=Fields(draft.terms),
    )


@lru_cache(maxsize=8_192)
def _same(value: Value) -> Value:
    """Equal values are kept once: thousands of phrases have the same few languages and labels."""
    return value


def _light(draft: _Draft) -> frozenset[str]:
    others = {fold(word) for typed, *_ in draft.phrases for word in typed if word not in draft.light}
    return frozenset(draft.light | ({fold(word) for word in draft.light} - others))


def _loose(draft: _Draft) -> dict[str, tuple[Loose, ...]]:
    """Phrases of intents without light words, if two words are left of which one says something."""
    padding = {typed for (typed, *_), (labels, _) in draft.phrases.items() if "filler:" in labels}
    found: dict[str, list[Loose]] = {}
    for (typed, first, last, exact), (labels, _) in draft.phrases.items():
        intents = tuple(label.partition(":")[2] for label in labels if label.startswith("intent:"))
        kept = tuple(word for word in typed if word not in draft.light)
        telling = kept not in padding and any((word,) not in padding for word in kept)
        if intents and len(kept) > 1 and telling and not (first or last or exact):
            found.setdefault(" ".join(fold(word) for word in kept), []).append(Loose(intents, kept))
    return {key: tuple(phrases) for key, phrases in found.items()}


def _by_first_cue(
    combinations: list[tuple[str, tuple[str, ...]]],
) -> dict[str, tuple[tuple[str, tuple[str, ...]], ...]]:
    grouped: dict[str, list[tuple[str, tuple[str, ...]]]] = {}
    for intent, cues in combinations:
        grouped.setdefault(cues[0], []).append((intent, cues))
    return {cue: tuple(found) for cue, found in grouped.items()}


def said_at_all(lexicon: Lexicon) -> list[str]:
    """Every phrase of an intent with its label: ``intent:buy mua ở đâu``."""
    return [
        f"{label} {' '.join(phrase.typed)}"
        for phrases in lexicon.phrases.values()
        for phrase in phrases
        for label in phrase.labels
        if label.startswith("intent:")
    ]


OMITTED = -0.4
"""a mark left out in such a text: ``đâu mua`` is hardly ``đầu mùa``"""
Said = tuple[int, int, float, Phrase]
"""first word, past the last, how well the typed marks fit (0 = nothing typed that could disagree), the
phrase
"""


def said(lexicon: Lexicon, folded: Sequence[str], typed: Sequence[str], marked: bool) -> list[Said]:
    """Every phrase in the words."""
    total, lengths, phrases = len(folded), lexicon.lengths, lexicon.phrases
    careful = marked and is_careful(typed)
    found: list[Said] = []
    for i, word in enumerate(folded):
        for length in lengths.get(word, ()):
            end = i + length
            if end > total:
                continue
            for phrase in phrases.get(word if length == 1 else " ".join(folded[i:end]), ()):
                if (phrase.first and i) or (phrase.last and (end != total or (phrase.filler and not i))):
                    continue
                fit = _fitted(tuple(typed[i:end]), phrase.typed, careful) if marked else 0.0
                if not phrase.exact or fit > 0 or (marked and tuple(typed[i:end]) == phrase.typed):
                    found.append((i, end, fit, phrase))
    return found


@lru_cache(maxsize=16_384)
def _fitted(typed: tuple[str, ...], form: tuple[str, ...], careful: bool) -> float:
    fits = (
        (agreement(one, other), OMITTED if careful and one != other else 0.0)
        for one, other in zip(typed, form, strict=True)
    )
    return sum(min(fit, omitted) if omitted else fit for fit, omitted in fits)


def fits(typed: Sequence[str], form: tuple[str, ...], marked: bool) -> bool:
    """Whether words of the same folded letters may be these: at most a mark or two left out."""
    return not marked or min(agreement(one, other) for one, other in zip(typed, form, strict=True)) > -0.3


def expand(lexicon: Lexicon, typed: Iterable[str]) -> list[tuple[str, int]]:
    """The words with abbreviations written out, each with the number of the word it came from."""
    out: list[tuple[str, int]] = []
    for i, word in enumerate(typed):
        for meant in lexicon.short.get(word, (word,)):
            out.append((meant, i))
    return out
