"""What the words of one reading ask for: products, the places and producers beside them."""

from __future__ import annotations

import re
from collections.abc import Sequence, Set
from dataclasses import dataclass, replace

from handlers.services.catalogue import Producer
from handlers.services.places import PlaceMatch
from handlers.services.search import NOTHING, Found, Search
from handlers.services.text import Sentence, key, sentence
from handlers.talk.understanding.lexicon import Lexicon
from handlers.talk.understanding.meaning import Span
from handlers.talk.understanding.segments import Item, Words

ORIGIN = frozenset(("from", "of", "cua", "vung", "xu", "goc"))
"""words between goods and the place they come from"""
PACKS = frozenset(("hop", "hu", "lo", "chai", "goi", "tui", "bich", "thung", "loai", "hang"))
"""what goods come in, said between them and where they come from or who makes them (``khau nhục hộp Mai Sao``)"""
LINKS = ORIGIN | PACKS
TOWARDS = frozenset(
    ("o", "tai", "tu", "ve", "vao", "ra", "den", "toi", "cho", "from", "in", "at", "to", "for")
)
"""before a place outside the province they say where somebody is or goes: no part of what goods are called"""
GOODS = ("product", "ware")
"""kinds of items that are goods: of the registry, or called so by people"""
CONTAINING = frozenset(
    ("co", "chua", "dung", "bang", "tu", "contain", "contains", "containing", "with", "without", "any", "use", "uses")
)  # fmt: skip
"""before goods in a question about ingredients: something is made with them"""
BREAK = re.compile(r"[,;.?!:\n]")


@dataclass(slots=True)
class Reading:
    """One way to read a sentence."""

    words: Words
    origin: list[int]
    """number of the word of the text that each word came from"""
    items: list[Item]
    places: list[PlaceMatch]
    repaired: bool
    fields: tuple[str, ...] = ()
    """the subjects of its words"""

    @property
    def wares(self) -> frozenset[int]:
        """Where goods begin that people ask for whether or not the registry has them."""
        return frozenset(item.start for item in self.items if item.kind == "ware")

    @property
    def within(self) -> bool:
        """Whether goods are said to be in something (``có lạc không``): ingredients, not what is asked about."""
        return any(start and self.words.folded[start - 1] in CONTAINING for start in self.wares)

    @property
    def only_names(self) -> bool:
        """Whether every word is one of goods, of a place or of a maker."""
        return sum(i.end - i.start for i in self.items if i.kind != "phrase") == len(self.words.folded)


class Asking:
    """The products, places and producers of one reading."""

    def __init__(self, search: Search, lexicon: Lexicon, cut: Sentence, reading: Reading) -> None:
        self.search = search
        self.lexicon = lexicon
        self.cut = cut
        self.reading = reading
        self.words = reading.words
        covered = [False] * len(self.words.folded)
        for item in reading.items:
            for i in range(item.start, item.end):
                covered[i] = True
        self.covered = covered
        self.wares = reading.wares
        self.english = not self.words.marked and lexicon.tongue_of(self.words.folded) == "en"
        """in English nothing behind goods belongs to what they are called"""
        said_before = {item.end for item in reading.items if item.kind == "phrase"}
        self.outside = {
            i
            for item in reading.items
            if item.start and self.words.folded[item.start - 1] not in TOWARDS
            if item.start not in said_before
            if any("cue:elsewhere" in phrase.labels for phrase in item.phrases)
            for i in range(item.start, item.end)
        }
        """words of places outside the province: right behind goods they belong to them (``bún bò Huế``)"""
        self.taken_places: set[int] = set()
        self.asked: list[tuple[int, int]] = []

    def products(self) -> tuple[Found, str]:
        """What the words left ask for, and these words as typed."""
        chunks = self._chunks()
        if not chunks:
            return NOTHING, self._typed(self._unknown())
        self.asked = chunks
        found = self._look(chunks)
        return found, self._typed([i for start, end in self.asked for i in range(start, end)])

    def _chunks(self) -> list[tuple[int, int]]:
        """Stretches of product words, with the unknown words right behind them."""
        chunks: list[tuple[int, int]] = []
        for item in self.reading.items:
            if item.kind not in GOODS:
                continue
            apart = item.start in self.wares or (chunks and chunks[-1][0] in self.wares)
            if chunks and chunks[-1][1] == item.start and not (apart or self._broken(item.start)):
                chunks[-1] = (chunks[-1][0], item.end)
            else:
                chunks.append((item.start, item.end))
        grown = []
        for start, end in chunks:
            while end < len(self.covered) and self._belongs(end) and not (self.english or self._broken(end)):
                if self.words.folded[end][0].isdecimal():
                    break
                end += 1
            grown.append((start, end))
        grown = [chunk for chunk in grown if not self._stray(chunk)]
        if len(grown) > 1:
            grown = [chunk for chunk in grown if chunk[0] not in self._denied()] or grown
        if len(grown) > 1:
            placed = {item.start for item in self.reading.items if item.kind == "place"}
            strong = [c for c in grown if c[1] in placed or not (self._weak(c) or self._padding(c))]
            grown = strong or grown
        return grown

    def _belongs(self, i: int) -> bool:
        """Whether a word behind goods is a part of what they are called."""
        return not self.covered[i] or i in self.outside

    def _broken(self, i: int) -> bool:
        """Whether a comma or the like stands before this word."""
        before, here = self.reading.origin[i - 1], self.reading.origin[i]
        return bool(BREAK.search(self.cut.text[self.cut.spans[before][1] : self.cut.spans[here][0]]))

    def _denied(self) -> set[int]:
        """Where words begin that were said not to be meant: ``không phải na``."""
        return {
            item.end
            for item in self.reading.items
            if any("intent:not_that" in phrase.labels for phrase in item.phrases)
        }

    def _stray(self, chunk: tuple[int, int]) -> bool:
        """One word of some name, no kind of goods, amid a sentence: hardly what was asked for."""
        start, end = chunk
        word = self.words.folded[start]
        if start in self.wares or end > start + 1 or len(self.words.folded) < 4:
            return False
        return word not in self.search.names.heads and word not in self.search.concepts.said

    @property
    def hardly(self) -> bool:
        """Whether goods are named only by a word that says other things as well (``mat``, ``hoi``), or by words of
        a name that are no kind of goods (``xứ lạng``).
        """
        return bool(self.asked) and all(self._hardly(chunk) for chunk in self.asked)

    def nameless(self, ordinary: Set[str]) -> bool:
        """Whether no goods are named and the words left are nobody's name for any: ``ordinary`` ones, or strewn
        over the sentence.
        """
        strange = [i for i in self._unknown() if self.words.folded[i] not in ordinary]
        return not self.asked and (not strange or strange[-1] - strange[0] >= len(strange))

    def _hardly(self, chunk: tuple[int, int]) -> bool:
        if chunk[0] in self.wares:
            return False
        names, folded = self.search.names, self.words.folded[slice(*chunk)]
        kinds = [word for word in folded if word in names.heads or word in self.search.concepts.said]
        if kinds and len(folded) == 1:
            forms = names.written.get(folded[0], ())
            return folded[0] in self.lexicon.words and not (
                self.words.marked and any(map(str.isascii, forms))
            )
        return not kinds

    def _padding(self, chunk: tuple[int, int]) -> bool:
        """Words that say nothing beside goods, though some name has them: ``xứ lạng``."""
        phrases = self.lexicon.phrases.get(" ".join(self.words.folded[slice(*chunk)]), ())
        return any(phrase.filler for phrase in phrases)

    def _weak(self, chunk: tuple[int, int]) -> bool:
        start, end = chunk
        return end == start + 1 and self.words.folded[start] in self.lexicon.words

    def _look(self, chunks: list[tuple[int, int]]) -> Found:
        with_place = self._with_place(chunks)
        if with_place:
            return with_place
        if len(chunks) > 1:
            together = [i for start, end in chunks for i in range(start, end)]
            found = self.search.match(*self._pick(together))
            if found.products and (found.by_name or self._narrower(found, chunks[0])):
                return found
        results = [(self._found(chunk), chunk) for chunk in chunks]
        good = [(found, chunk) for found, chunk in results if found.products and not found.missing]
        good = good or [(found, chunk) for found, chunk in results if found.products]
        if not good:
            return results[0][0] if results else NOTHING
        self.asked = [chunk for _, chunk in good]
        first = good[0][0]
        if len(good) == 1:
            return first
        products = dict.fromkeys(product for found, _ in good for product in found.products)
        return replace(first, products=tuple(products), exact=False)

    def _found(self, chunk: tuple[int, int]) -> Found:
        """What a stretch finds; near goods that people have a name for stand only goods of their kind."""
        found = self.search.look(*self._pick(range(*chunk)))
        if chunk[0] not in self.wares or (found.products and not found.corrected):
            return found
        head = self.words.folded[chunk[1] - 1 if self.english else chunk[0]]
        if self.english:
            return found if head in self.search.names.heads else NOTHING
        return Found(near=tuple(name for name in found.near if key(name).split()[0] == head))

    def _narrower(self, found: Found, first: tuple[int, int]) -> bool:
        """Whether the words behind the goods choose among them: ``trà bồ khai loại hòa tan``."""
        return set(found.products) < set(self.search.look(*self._pick(range(*first))).products)

    def _with_place(self, chunks: list[tuple[int, int]]) -> Found | None:
        """A place beside the goods belongs to them, if something has both: ``na Hữu Lũng``, ``Mau Son
        wine``; other goods of the sentence are found as well.
        """
        answers: list[Found] = []
        asked: list[tuple[int, int]] = []
        rest = list(chunks)
        for item in self.reading.items:
            goods = self._goods_beside(item, rest) if item.kind == "place" else None
            found = self._both(goods, item) if goods else None
            if goods and found:
                self.taken_places.add(item.start)
                rest.remove(goods)
                answers.append(found)
                asked.append((min(goods[0], item.start), max(goods[1], item.end)))
        if not answers:
            return None
        for chunk in rest:
            found = self.search.look(*self._pick(range(*chunk)))
            if found.products and not found.missing and not found.corrected:
                answers.append(found)
                asked.append(chunk)
        self.asked = sorted(asked)
        if len(answers) == 1:
            return answers[0]
        products = dict.fromkeys(product for found in answers for product in found.products)
        return replace(answers[0], products=tuple(products), exact=False)

    def _goods_beside(self, place: Item, chunks: Sequence[tuple[int, int]]) -> tuple[int, int] | None:
        """The goods right before a place, or right behind it where no marks tell the order of English."""
        start = place.start - self._linked(place.start)
        return next(
            (c for c in chunks if start == c[1] or (c[0] == place.end and not self.words.marked)), None
        )

    def _linked(self, start: int) -> int:
        """1 if the word before tells origin (``from``, ``của``) or what goods come in: the place belongs to the
        goods all the same.
        """
        return int(start > 0 and self.words.folded[start - 1] in LINKS)

    def _both(self, goods: tuple[int, int], place: Item) -> Found | None:
        """What is these goods and of this place, the goods as typed or as a typo is read."""
        folded, typed = self._pick(range(*goods))
        for where in (range(place.start, place.end), self._without_type(place)):
            there, marks = self._pick(where)
            found = self.search.match([*folded, *there], [*typed, *marks])
            if found.products:
                return found
        meant = self.search.look(folded, typed).corrected
        if not meant:
            return None
        words = sentence(meant)
        found = self.search.match([*words.folded, *there], [*words.typed, *marks])
        return replace(found, corrected=meant) if found.products else None

    def _without_type(self, item: Item) -> range:
        words = ("huyen", "xa", "phuong", "thi", "tran", "tp", "thanh", "pho", "tt")
        start = item.start
        while start < item.end - 1 and self.words.folded[start] in words:
            start += 1
        return range(start, item.end)

    def _pick(self, numbers: Sequence[int]) -> tuple[list[str], list[str]]:
        return [self.words.folded[i] for i in numbers], [self.words.typed[i] for i in numbers]

    def _unknown(self) -> list[int]:
        folded = self.words.folded
        return [
            i
            for i, known in enumerate(self.covered)
            if (not known or i in self.outside) and not folded[i][0].isdecimal()
        ]

    def _typed(self, numbers: Sequence[int]) -> str:
        """The words as the person typed them, between the first and the last."""
        if not numbers:
            return ""
        first, last = self.reading.origin[numbers[0]], self.reading.origin[numbers[-1]]
        return self.cut.between(first, last + 1)

    def which_place(self) -> str:
        """The words that ask which place, as typed; empty if none do."""
        for item in self.reading.items:
            if any("cue:where" in phrase.labels for phrase in item.phrases):
                return self._typed(range(item.start, item.end))
        return ""

    def read_as(self) -> str | None:
        """The asked words as read, when that differs from what was typed."""
        numbers = [i for start, end in self.asked for i in range(start, end)]
        meant = [self.words.folded[i] for i in numbers]
        typed = [self.cut.folded[self.reading.origin[i]] for i in numbers]
        if meant == typed:
            return None
        return " ".join(_shown(self.search, word) for word in meant)

    def places_left(self) -> list[PlaceMatch]:
        """The places that are no part of a product or a producer."""
        kept = {
            (item.start, item.end)
            for item in self.reading.items
            if item.kind == "place" and item.start not in self.taken_places
        }
        found = [match for match in self.reading.places if (match.start, match.end) in kept]
        origin = self.reading.origin
        return [
            match
            if not self.reading.repaired and origin[match.start] == match.start
            else replace(match, start=origin[match.start], end=origin[match.end - 1] + 1)
            for match in found
        ]

    def producers(self) -> list[Producer]:
        """Producers that were named with what they are (``HTX …``)."""
        found: list[Producer] = []
        for item in self.reading.items:
            if item.kind == "maker":
                found += self.search.makers.find(self.words.folded[item.start : item.end])
        return found

    def spans(self, budget: tuple[int, int, int] | None) -> tuple[Span, ...]:
        """What each stretch of the text was taken for."""
        spans = [
            Span(start, end, "budget", str(amount)) for amount, start, end in ([budget] if budget else [])
        ]
        for item in self.reading.items:
            start = self.cut.spans[self.reading.origin[item.start]][0]
            end = self.cut.spans[self.reading.origin[item.end - 1]][1]
            if item.kind != "phrase":
                spans.append(Span(start, end, item.kind, " ".join(self.words.folded[item.start : item.end])))
                continue
            for label in dict.fromkeys(label for phrase in item.phrases for label in phrase.labels):
                kind, _, value = label.partition(":")
                spans.append(Span(start, end, kind, value))
        for i in self._unknown():
            start, end = self.cut.spans[self.reading.origin[i]]
            spans.append(Span(start, end, "unknown", self.words.folded[i]))
        return tuple(sorted(spans, key=lambda span: (span.start, span.end)))


def _shown(search: Search, word: str) -> str:
    forms = search.names.written.get(word)
    return min(forms, key=lambda form: (form.isascii(), form)) if forms else word
