"""Synonyms as data: one mark for all the names of a kind of goods, put on what is written and on what is
said.

``mãng cầu Chi Lăng`` meets ``Na Chi Lăng`` because both carry the mark of *na*. What is written is compared
mark by mark (``chè`` is not ``chế``), what is said may lack its diacritics.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from handlers.services.text import agreement, key, sentence


@dataclass(frozen=True, slots=True)
class Concept:
    """A kind of goods with all its names; ``wide``: said for several kinds, so that narrower words win
    first.
    """

    mark: str
    typed: tuple[str, ...]
    wide: bool


class Concepts:
    """Synonyms as data: which words said (or written) carry which mark."""

    def __init__(
        self, synonyms: Mapping[str, Sequence[str]], kinds: Mapping[str, Sequence[str]] | None = None
    ) -> None:
        self.said: dict[str, list[Concept]] = {}
        self._written: dict[str, list[tuple[str, str]]] = {}
        self.lengths: dict[str, tuple[int, ...]] = {}
        self._starts: dict[str, tuple[int, ...]] = {}
        for name, others in synonyms.items():
            for phrase in (name, *others):
                self._say(f"={key(name)}", phrase, wide=False)
                self._write(f"={key(name)}", phrase)
        for name, covered in (kinds or {}).items():
            said = [part.strip() for part in name.split("/")]
            for phrase in said:
                self._say(f"~{key(said[0])}", phrase, wide=True)
            for phrase in covered:
                self._write(f"~{key(said[0])}", phrase)

    def _say(self, mark: str, phrase: str, *, wide: bool) -> None:
        words = sentence(phrase)
        if not words.folded:
            return
        concepts = self.said.setdefault(" ".join(words.folded), [])
        concepts.append(Concept(mark, tuple(words.typed), wide))
        _measure(self.lengths, words.folded)

    def _write(self, mark: str, phrase: str) -> None:
        words = sentence(phrase).typed
        if words:
            self._written.setdefault(" ".join(words), []).append((mark, phrase))
            _measure(self._starts, words)

    def marks(self, typed: Sequence[str]) -> list[tuple[str, int, int]]:
        """The marks of a written name: (mark, first word, past the last); the longest phrase of each
        mark counts.
        """
        found: list[tuple[str, int, int]] = []
        for i, word in enumerate(typed):
            for length in self._starts.get(word, ()):
                written = (
                    self._written.get(" ".join(typed[i : i + length])) if i + length <= len(typed) else None
                )
                found.extend((mark, i, i + length) for mark, _ in written or ())
        return found

    def said_at(self, folded: Sequence[str], typed: Sequence[str], i: int) -> list[tuple[Concept, int]]:
        """The concepts that the words from ``i`` on may say, longest first, with the place past their
        last word.
        """
        found = []
        for length in self.lengths.get(folded[i], ()):
            if i + length > len(folded):
                continue
            for concept in self.said.get(" ".join(folded[i : i + length]), ()):
                if all(
                    agreement(t, c) >= -0.1 for t, c in zip(typed[i : i + length], concept.typed, strict=True)
                ):
                    found.append((concept, i + length))
        return found


def _measure(lengths: dict[str, tuple[int, ...]], words: Sequence[str]) -> None:
    known = lengths.get(words[0], ())
    if len(words) not in known:
        lengths[words[0]] = tuple(sorted({*known, len(words)}, reverse=True))
