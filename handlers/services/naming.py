"""The inverted index of a catalogue's names: which products have a word or a concept in name, place, maker
or code.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence, Set
from itertools import pairwise

from handlers.services.catalogue import Catalogue
from handlers.services.concepts import Concepts
from handlers.services.remembering import remembered
from handlers.services.text import agreement, key, sentence
from handlers.services.vocabulary import Vocabulary

BRACKETS = re.compile(r"\s*\(([^()]*)\)")
STOP = frozenset(
    ("of", "the", "and", "with", "from", "under", "grown", "a", "in", "for", "to", "vol", "va", "cua")
)
"""words of names that say nothing when somebody asks for them"""
FORMS_CACHE, FIT_CACHE = 4_096, 8_192


class Names:
    """Built once per catalogue, then only read. Products are known by their number in the registry's
    order.
    """

    def __init__(self, catalogue: Catalogue, concepts: Concepts) -> None:
        self.catalogue = catalogue
        self.concepts = concepts
        self.products = tuple(catalogue.products.values())
        self.named: dict[str, list[int]] = {}
        """folded word or concept → products with it in a name"""
        self.around: dict[str, list[int]] = {}
        """folded word → products with it in place, maker, code or brackets only"""
        self.heads: dict[str, set[int]] = {}
        """the kind of goods a name begins with → products"""
        self.whole: dict[str, list[int]] = {}
        """folded whole name → products"""
        self.pairs: dict[str, float] = {}
        """two folded words that stand side by side in a name or a synonym → 1"""
        self.written: dict[str, set[str]] = {}
        """folded word → the ways it is written in names and synonyms"""
        self.keys: list[str] = []
        """by product: its folded names with a blank before and behind each, divided by ``|``"""
        self._head_forms: dict[str, set[str]] = {}
        self._behind: set[str] = set()
        self._index()
        self._say()
        self.vocabulary = Vocabulary((*self.written, *self._behind), self.pairs, strong=self.heads)
        self.forms = remembered(self._forms, FORMS_CACHE)
        self.fit = remembered(self._fit, FIT_CACHE)
        self.surroundings = remembered(self._surroundings, FORMS_CACHE)

    def _say(self) -> None:
        for phrase, concepts in self.concepts.said.items():
            words = phrase.split(" ")
            for concept in concepts:
                for word, typed in zip(words, concept.typed, strict=True):
                    self.written.setdefault(word, set()).add(typed)
            for first, second in pairwise(words):
                self.pairs.setdefault(f"{first} {second}", 1.0)

    def _index(self) -> None:
        surroundings: dict[str, list[str]] = {}
        for number, product in enumerate(self.products):
            terms: set[str] = set()
            self.keys.append("")
            main, qualifier = split(product.name_vi)
            self._name(number, main, terms, qualifier=qualifier)
            for alias in product.aliases:
                self._name(number, alias, terms)
            if product.name_en:
                self._name(number, split(product.name_en)[0], terms, head=False)
            for term in terms:
                self.named.setdefault(term, []).append(number)
            near: set[str] = set(sentence(qualifier).folded)
            near.update(sentence(product.code).folded)
            for text in (product.producer.name if product.producer else "", product.place or ""):
                if text not in surroundings:
                    surroundings[text] = sentence(text).folded
                near.update(surroundings[text])
            commune = self.catalogue.communes.get(product.commune_code or "")
            if commune:
                near.update(key(commune.short_name_vi).split(" "))
            for term in near - terms:
                self.around.setdefault(term, []).append(number)

    def _name(
        self, number: int, name: str, terms: set[str], *, qualifier: str = "", head: bool = True
    ) -> None:
        words = sentence(name)
        if not words.folded:
            return
        folded = words.folded
        terms.update(word for word in folded if word not in STOP)
        marks = self.concepts.marks(words.typed)
        terms.update(mark for mark, _, _ in marks)
        if head:
            for term in {folded[0], *(mark for mark, start, _ in marks if start <= 1)}:
                self.heads.setdefault(term, set()).add(number)
            self._head_forms.setdefault(folded[0], set()).add(words.typed[0])
        joined = " ".join(folded)
        self.whole.setdefault(joined, []).append(number)
        behind = sentence(qualifier).folded if qualifier else []
        if behind:
            joined = " ".join(folded + behind)
            self.whole.setdefault(joined, []).append(number)
        self.keys[number] += f" {joined} |"
        for word, typed in zip(folded, words.typed, strict=True):
            self.written.setdefault(word, set()).add(typed)
        self._behind.update(behind)
        pairs, before = self.pairs, folded[0]
        for word in (*folded[1:], *behind):
            pairs[f"{before} {word}"] = 1.0
            before = word

    def _forms(self, number: int) -> dict[str, frozenset[str]]:
        """Folded word → the ways it is written in the names of a product."""
        forms: dict[str, set[str]] = {}
        product = self.products[number]
        for name in (product.name_vi, *product.aliases, product.name_en or ""):
            words = sentence(name)
            for folded, typed in zip(words.folded, words.typed, strict=True):
                forms.setdefault(folded, set()).add(typed)
        return {folded: frozenset(typed) for folded, typed in forms.items()}

    def _fit(self, folded: str, typed: str) -> float:
        """How well typed marks fit any way a word is written in names or synonyms."""
        return max((agreement(typed, form) for form in self.written.get(folded, ())), default=0.0)

    def heads_of(self, term: str) -> Set[int]:
        """Products whose kind of goods a word or concept is."""
        return self.heads.get(term, frozenset())

    def goods_in(self, folded: Sequence[str], typed: Sequence[str]) -> set[str]:
        """The words that surely are kinds of goods: with their marks, or too long to be another word
        mistyped. No correction may replace them.
        """
        return {
            word
            for word, one in zip(folded, typed, strict=True)
            if (len(word) >= 4 or not one.isascii()) and self.is_head(word, one)
        }

    def is_head(self, folded: str, typed: str) -> bool:
        """Whether a word is the first of a name: a kind of goods (``cải``, not ``cái``)."""
        forms = self._head_forms.get(folded, ())
        return any(agreement(typed, form) >= -0.1 for form in forms)

    def _surroundings(self, number: int) -> str:
        """The folded words around a product's name: brackets, code, maker, place, commune, divided by
        ``|``.
        """
        product = self.products[number]
        commune = self.catalogue.communes.get(product.commune_code or "")
        texts = [split(product.name_vi)[1], product.code, product.producer.name if product.producer else ""]
        texts += [product.place or "", commune.short_name_vi if commune else ""]
        return " | ".join(map(key, texts))


def split(name: str) -> tuple[str, str]:
    """A name and what stands in its brackets: ``Na Chi Lăng (HTX Đồng Bành)``."""
    if "(" not in name:
        return name, ""
    return BRACKETS.sub("", name).strip(), " ".join(BRACKETS.findall(name))


def province(catalogue: Catalogue) -> tuple[str, ...]:
    """The folded names of the province itself, which every product could carry."""
    name = " ".join(word for word in key(catalogue.info.name).split() if word != "ocop")
    return (name,) if name else ()


def place_pairs(catalogue: Catalogue) -> Iterable[str]:
    """Folded words that stand side by side in the names of communes, former units, districts and
    attractions.
    """
    names = [commune.short_name_vi for commune in catalogue.communes.values()]
    names += [unit.short_name for unit in catalogue.old_units]
    names += [district for c in catalogue.communes.values() for district in c.old_districts]
    names += [attraction.name_vi for attraction in catalogue.attractions.values()]
    for name in set(names):
        yield from (f"{first} {second}" for first, second in pairwise(key(name).split(" ")))
