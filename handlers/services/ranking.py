"""Which of the products that have the words fit best: typed marks, kind of goods, order of the words."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from handlers.services.catalogue import Product
from handlers.services.naming import Names
from handlers.services.text import agreement

RANKED = 200
"""candidates that are compared one by one; more keep the registry's order, heads first"""
FORGIVEN, REFUSED = -0.8, -0.55
"""how badly the marks of all words may fit: side by side in a name (one wrong tone), or else"""
CLOSE = 0.45
"""products whose marks fit worse than the best by more are left out"""


@dataclass(frozen=True, slots=True)
class Element:
    """One thing that must be matched: by one of the terms (a concept's mark first, or a folded word)."""

    terms: tuple[str, ...]
    start: int
    end: int
    concept: bool


@dataclass(frozen=True, slots=True)
class Asked:
    """What is looked for: the words, what they are made of, and the words whose marks tell products apart."""

    folded: Sequence[str]
    typed: Sequence[str]
    elements: Sequence[Element]
    contested: tuple[tuple[str, str], ...]
    """(folded, typed) of words that are written in several ways in the registry"""
    base: float
    """how well the marks of the other words fit, the same for every product"""

    @classmethod
    def of(
        cls, names: Names, folded: Sequence[str], typed: Sequence[str], elements: Sequence[Element] = ()
    ) -> Asked:
        """Prepare a question; concepts were compared when they were said and are not compared again."""
        if all(word.isascii() for word in typed):
            return cls(folded, typed, elements, (), 0.0)
        skip = {i for e in elements if e.concept for i in range(e.start, e.end)}
        contested, base = [], 0.0
        for i, (word, mark) in enumerate(zip(folded, typed, strict=True)):
            forms = names.written.get(word, ())
            if i in skip or not forms:
                continue
            if len(forms) > 1:
                contested.append((word, mark))
            else:
                base += names.fit(word, mark)
        return cls(folded, typed, elements, tuple(contested), base)

    def heads(self, names: Names) -> Collection[int]:
        """Products whose kind of goods is one of the elements."""
        found = [names.heads_of(element.terms[0]) for element in self.elements]
        return found[0] if len(found) == 1 else frozenset().union(*found)


def agrees(names: Names, number: int, asked: Asked) -> float:
    """How well the typed marks fit a product's names."""
    if not asked.contested:
        return asked.base
    forms, total = names.forms(number), asked.base
    for word, mark in asked.contested:
        if word in forms:
            total += max(agreement(mark, form) for form in forms[word])
    return total


def fitting(names: Names, numbers: set[int], asked: Asked) -> set[int]:
    """The products whose marks fit well enough, and about as well as the best."""
    if (not asked.contested and asked.base >= REFUSED) or len(numbers) > RANKED:
        return numbers
    fit = {n: agrees(names, n, asked) for n in numbers}
    least = max(fit.values()) - CLOSE
    together = f" {' '.join(asked.folded)} "
    forgiven = FORGIVEN if len(asked.folded) > 1 else REFUSED
    return {
        n
        for n, value in fit.items()
        if value >= least and (value >= REFUSED or (value >= forgiven and together in names.keys[n]))
    }


def ranked(names: Names, numbers: set[int], asked: Asked, whole: Collection[int] = ()) -> tuple[Product, ...]:
    """The products in order: whole names, marks that fit, the kind of goods, words as said, short names."""
    heads = names.heads_of(asked.elements[0].terms[0]) if asked.elements else frozenset()
    if len(numbers) > RANKED:
        order = sorted(numbers, key=lambda n: (n not in whole, n not in heads, n))
        return tuple(names.products[n] for n in order)
    start = " ".join(asked.folded)

    def worth(n: int) -> tuple[bool, float, bool, bool, int, int]:
        name = names.keys[n]
        fits = -round(agrees(names, n, asked), 1)
        return n not in whole, fits, n not in heads, start not in name, name.count(" "), n

    return tuple(names.products[n] for n in sorted(numbers, key=worth))
