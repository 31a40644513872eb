"""Fields: words that belong to one subject (``weather``, ``keeping``, ``office`` …), from ``[fields]`` of
``locales/*/phrases.toml``.

They decide nothing by themselves: the intent reader looks at them beside the words, so that a word it has met in no
sentence still counts for its subject.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from handlers.services.text import agreement, fold, sentence

MISFIT = -0.5
"""marks that fit worse make another word: ``đất`` (land) is not ``đắt`` (dear)"""
MOST_WORDS = 40
"""of a sentence that are looked at: longer ones say it before"""


class Term(NamedTuple):
    """A word or a few of a field, as written."""

    field: str
    typed: tuple[str, ...]


class Fields:
    """All terms, found by their first word and their folded letters."""

    def __init__(self, terms: Iterable[tuple[str, str]]) -> None:
        """``terms``: (field, words). Raises ValueError for a term without words."""
        found: dict[str, list[Term]] = {}
        lengths: dict[str, set[int]] = {}
        for field, text in terms:
            typed = tuple(sentence(text).typed)
            if not typed:
                raise ValueError(f"a term without words in the field {field}: {text!r}")
            folded = [fold(word) for word in typed]
            found.setdefault(" ".join(folded), []).append(Term(field, typed))
            lengths.setdefault(folded[0], set()).add(len(folded))
        self._terms: Mapping[str, tuple[Term, ...]] = {key: tuple(terms) for key, terms in found.items()}
        self._lengths = {word: tuple(sorted(all_lengths)) for word, all_lengths in lengths.items()}

    def said(self, folded: Sequence[str], typed: Sequence[str], *, marked: bool) -> Iterator[str]:
        """The fields of the words, in their order; one may come more than once."""
        total = min(len(folded), MOST_WORDS)
        for start in range(total):
            for length in self._lengths.get(folded[start], ()):
                end = start + length
                if end > total:
                    break
                for term in self._terms.get(" ".join(folded[start:end]), ()):
                    if not marked or _fits(typed[start:end], term.typed):
                        yield term.field


def _fits(typed: Sequence[str], form: tuple[str, ...]) -> bool:
    return min(agreement(one, other) for one, other in zip(typed, form, strict=True)) > MISFIT
