"""Words → products, codes and producers: an inverted index over folded words, typos corrected against its
vocabulary.

A product is found by its name, an alias, its English name, a part of a name, its code, its maker or its
place, with or without diacritics. Synonyms are *concepts*: the same mark is put on a product's name and on
what a person said, so that ``mãng cầu Chi Lăng`` meets ``Na Chi Lăng``. Only products that match all that
was said are given, best first; what matches less is offered by name (``near``) or with what was left out
(``missing``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from rapidfuzz import fuzz, process

from handlers.services.catalogue import Catalogue, Producer, Product
from handlers.services.concepts import Concepts
from handlers.services.makers import Makers
from handlers.services.naming import STOP, Names, place_pairs, province, split
from handlers.services.ranking import RANKED, Asked, Element, agrees, fitting, ranked
from handlers.services.remembering import remembered
from handlers.services.text import key, sentence

NEAR = 5
"""names offered when nothing matches"""
FOUND_CACHE = 512


@dataclass(frozen=True, slots=True)
class Found:
    """What free words mean among the products."""

    products: tuple[Product, ...] = ()
    exact: bool = False
    corrected: str | None = None
    near: tuple[str, ...] = ()
    missing: str = ""
    """words that none of the products has: they were left out"""
    by_name: bool = False
    """all words stand in the name (not only in the place or the maker)"""


NOTHING = Found()


class Search:
    """Finds products, codes and producers. Built once per catalogue; immutable afterwards but for
    bounded caches.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        synonyms: Mapping[str, Sequence[str]] | None = None,
        kinds: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        self.concepts = Concepts(synonyms or {}, kinds)
        self.names = Names(catalogue, self.concepts)
        self.makers = Makers(catalogue.producers.values())
        self.products = self.names.products
        self.province = province(catalogue)
        """what the province is called, folded"""
        self._place_pairs = frozenset(place_pairs(catalogue))
        self._codes = {key(product.code): product for product in self.products}
        self._find = remembered(self._search, FOUND_CACHE)

    def by_code(self, text: str) -> Product | None:
        """The product with this code, whatever its case, blanks and dashes; None if the registry has none."""
        return self._codes.get(key(text))

    def producers(self, words: str) -> list[Producer]:
        """Producers whose name has all the telling words of ``words``, best first."""
        text = sentence(words)
        return self.makers.find(text.folded, text.typed)

    def find(self, words: str, *, limit: int | None = None) -> Found:
        """Products for free words; ``limit`` cuts the list only. Typos are forgiven, typed marks
        respected.
        """
        text = sentence(words)
        found = self._find(tuple(text.folded), tuple(text.typed))
        if limit is not None and len(found.products) > limit:
            return replace(found, products=found.products[:limit])
        return found

    def look(self, folded: Sequence[str], typed: Sequence[str]) -> Found:
        """:meth:`find` for words that are cut already."""
        return self._find(tuple(folded), tuple(typed))

    def match(self, folded: Sequence[str], typed: Sequence[str]) -> Found:
        """:meth:`find` without correction of typos, for words that were already read."""
        return self._exactly(list(folded), list(typed)) or NOTHING

    def _search(self, folded: tuple[str, ...], typed: tuple[str, ...]) -> Found:
        if not folded:
            return NOTHING
        plain, written = self._without_province(list(folded), list(typed))
        found = self._exactly(plain, written)
        if found:
            return found
        for doubting in (False, True):
            reads = self.names.vocabulary.read(plain, doubting=doubting)
            meant = [read.word for read in reads]
            if meant == plain or not self.names.vocabulary.plausible(plain, reads):
                continue
            if not self.names.goods_in(plain, written) <= set(meant):
                continue
            marks = [written[r.start] if plain[r.start] == r.word else r.word for r in reads]
            found = self._exactly(meant, marks)
            if found:
                return self._as_corrected(found, meant)
        return self._partly(plain, written)

    def _without_province(self, folded: list[str], typed: list[str]) -> tuple[list[str], list[str]]:
        """The words without the province's name, which says nothing here, unless nothing else is left."""
        text = " ".join(folded)
        if text in self.names.whole:
            return folded, typed
        for name in self.province:
            parts = name.split(" ")
            for i in range(len(folded) - len(parts) + 1):
                if folded[i : i + len(parts)] == parts and len(folded) > len(parts):
                    return folded[:i] + folded[i + len(parts) :], typed[:i] + typed[i + len(parts) :]
        return folded, typed

    def _exactly(self, folded: list[str], typed: list[str]) -> Found | None:
        """Products that have all the words, or None."""
        whole = self.names.whole.get(" ".join(folded), ())
        if whole:
            plain = Asked.of(self.names, folded, typed)
            whole = [n for n in dict.fromkeys(whole) if agrees(self.names, n, plain) > -0.65]
        strict = self._elements(folded, typed, wide=False)
        wide = self._elements(folded, typed, wide=True)
        readings = (strict,) if wide == strict else (strict, wide)
        if len(readings) == 2 and not any(self.names.heads_of(element.terms[0]) for element in strict):
            readings = (wide, strict)
        asked = [Asked.of(self.names, folded, typed, elements) for elements in readings]
        for one in asked:
            numbers = self._all(one.elements, self.names.named)
            numbers = self._true(numbers, one) | set(whole) if numbers else set(whole)
            if not numbers:
                continue
            if len(whole) == 1 and len(numbers) > 1 and not self._kind(folded, numbers, whole[0]):
                numbers = {whole[0]}
            return Found(ranked(self.names, numbers, one, whole), bool(whole), by_name=True)
        for one in asked:
            found = self._nearby(one)
            if found:
                return found
        return None

    def _kind(self, folded: list[str], numbers: set[int], whole: int) -> bool:
        """Whether the words are a kind of goods: a concept, or whole in other names too."""
        if " ".join(folded) in self.concepts.said:
            return True
        start = f" {' '.join(folded)} "
        return any(start in self.names.keys[n] for n in numbers - {whole})

    def _elements(self, folded: Sequence[str], typed: Sequence[str], *, wide: bool) -> list[Element]:
        elements: list[Element] = []
        i = 0
        while i < len(folded):
            said = self.concepts.said_at(folded, typed, i) if folded[i] in self.concepts.lengths else []
            taken = next(((c, end) for c, end in said if wide or not c.wide), None)
            if taken:
                concept, end = taken
                terms = (concept.mark, folded[i]) if end == i + 1 else (concept.mark,)
                elements.append(Element(terms, i, end, True))
                i = end
                continue
            if folded[i] not in STOP:
                elements.append(Element((folded[i],), i, i + 1, False))
            i += 1
        return elements

    def _all(self, elements: Sequence[Element], postings: Mapping[str, list[int]]) -> set[int]:
        """Products with every element: by concepts alone if that finds any, else by words too."""
        for terms in ([e.terms[:1] for e in elements], [e.terms for e in elements]):
            lists = [[postings.get(term, ()) for term in of] for of in terms]
            lists.sort(key=lambda of: sum(map(len, of)))
            result: set[int] = set()
            for i, of in enumerate(lists):
                union = (
                    set().union(*of)
                    if i == 0
                    else result.intersection(of[0] if len(of) == 1 else set().union(*of))
                )
                result = union
                if not result:
                    break
            if result:
                return result
        return set()

    def _nearby(self, asked: Asked) -> Found | None:
        """Products with some words in the name and the rest in place, maker or bracket."""
        elements, folded = asked.elements, asked.folded
        if len(elements) < 2:
            return None
        result: set[int] | None = None
        inside: set[int] = set()
        for element in elements:
            named = set().union(*(self.names.named.get(term, ()) for term in element.terms))
            around = set() if element.concept else set(self.names.around.get(element.terms[0], ()))
            inside |= self.names.heads_of(element.terms[0]) or (named if len(folded) > 2 else set())
            result = named | around if result is None else result & (named | around)
            if not result:
                return None
        result = {n for n in (result or set()) & inside if self._adjoins(n, elements, folded)}
        if not result:
            return None
        return Found(ranked(self.names, result, asked))

    def _adjoins(self, number: int, elements: Sequence[Element], folded: Sequence[str]) -> bool:
        """Whether words that are not in the name stand side by side where they were found, as they
        were said.
        """
        around = self.names.surroundings(number)
        named = set(self.names.forms(number))
        runs: list[list[str]] = [[]]
        for element in elements:
            if element.concept or folded[element.start] in named:
                runs.append([])
            else:
                runs[-1].extend(folded[element.start : element.end])
        return all(f" {' '.join(run)} " in f" {around} " for run in runs if run)

    def _true(self, numbers: set[int], asked: Asked) -> set[int]:
        """Without products that have the words only by accident: other marks, or one stray word of a name."""
        elements, folded, typed = asked.elements, asked.folded, asked.typed
        heads = asked.heads(self.names)
        if not numbers.isdisjoint(heads):
            numbers = numbers.intersection(heads)
        elif len(elements) == 1 and not (elements[0].concept or self._telling(folded[0], typed[0], numbers)):
            return set()
        return fitting(self.names, numbers, asked)

    def _telling(self, word: str, typed: str, numbers: set[int]) -> bool:
        """Whether one word that is no kind of goods still names a product: rare, and no part of a
        place's name.
        """
        if len(numbers) > 3 or word in self._of_places(numbers):
            return False
        if len(word) >= 4:
            return True
        return (
            len(word) == 3
            and not typed.isascii()
            and any(typed in self.names.forms(n).get(word, ()) for n in numbers)
        )

    def _of_places(self, numbers: Iterable[int]) -> set[str]:
        """The words that belong to names of places inside the names of these products."""
        found: set[str] = set()
        for n in numbers:
            words = sentence(self.products[n].name_vi).folded
            for first, second in pairwise(words):
                if f"{first} {second}" in self._place_pairs:
                    found.update((first, second))
        return found

    # ------------------------------------------------------------------------------------ what nearly fits

    def _as_corrected(self, found: Found, meant: Sequence[str]) -> Found:
        forms = self.names.forms(self._number(found.products[0]))
        shown = " ".join(min(forms[word], key=str.isascii) if word in forms else word for word in meant)
        return Found(found.products, False, shown, found.near, found.missing, found.by_name)

    def _number(self, product: Product) -> int:
        return next(
            n for n in self.names.whole[key(split(product.name_vi)[0])] if self.products[n] is product
        )

    def _partly(self, folded: list[str], typed: list[str]) -> Found:
        """Nothing has all the words: what has the kind of goods, with the rest named as missing; else
        near names.
        """
        elements = self._elements(folded, typed, wide=True)
        known = [
            e
            for e in elements
            if any(term in self.names.named for term in e.terms)
            and (e.concept or self.names.fit(folded[e.start], typed[e.start]) > -0.35)
        ]
        for kept in (known, [e for e in known if self.names.heads_of(e.terms[0])][:1]):
            numbers = self._all(kept, self.names.named) if kept else set()
            heads = set().union(*(self.names.heads_of(e.terms[0]) for e in kept)) if kept else set()
            if numbers & heads:
                lost = " ".join(typed[i] for e in elements if e not in kept for i in range(e.start, e.end))
                asked = Asked.of(self.names, folded, typed, kept)
                products = ranked(self.names, numbers & heads, asked)
                near = tuple(product.name_vi for product in products[:NEAR])
                if sum(e.end - e.start for e in kept) > 1 or not lost:
                    return Found(products, missing=lost, near=near)
                return Found(near=near)
        return Found(near=self._alike(folded))

    def _alike(self, folded: list[str]) -> tuple[str, ...]:
        """Names that share a word or look alike, for "did you mean"; compared on a short list only."""
        pool: set[int] = set()
        for word in folded:
            for other in (word, *(near for near, _ in self.names.vocabulary.candidates(word)[:3])):
                if other not in STOP and len(other) > 2:
                    pool.update(self.names.named.get(other, ())[:RANKED])
        names = {n: key(self.products[n].name_vi) for n in sorted(pool)[: 2 * RANKED]}
        best = process.extract(
            " ".join(folded), names, scorer=fuzz.token_set_ratio, score_cutoff=60, limit=NEAR
        )
        return tuple(self.products[n].name_vi for _, _, n in best)
