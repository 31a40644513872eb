"""The understander: read (typos, abbreviations), cut, look up, combine."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

from handlers.services.catalogue import Catalogue, Producer, Product
from handlers.services.places import PlaceMatch, Places
from handlers.services.search import NOTHING, Found, Search
from handlers.services.text import Sentence, fold, key, sentence
from handlers.services.vocabulary import Vocabulary
from handlers.talk.understanding.amounts import money, star_signs
from handlers.talk.understanding.intents import Labels, Things, combined, labels_of
from handlers.talk.understanding.lexicon import Lexicon, expand, load
from handlers.talk.understanding.meaning import Context, Meaning, Span
from handlers.talk.understanding.segments import Cutter, Item, Words

CACHE = 2_048
LONGER = re.compile(r"([^\W\d])\1{2,}")
CODE = re.compile(
    r"(?<![\w-])(?=[\w./-]*\d)(?=[\w./-]*[A-Za-zĐđ-])[A-Za-zĐđ0-9]+(?:[-./][A-Za-zĐđ0-9]+)+(?![\w-])"
)
"""letters and digits joined by dashes, dots or slashes: ``OCOP-20-0153``, ``1234/QĐ-UBND``"""
AFTER_CODE = re.compile(
    r"\b(?:ma|code|id)\b(?: (?:so|sp|san pham|ocop|vach|qr|hang|nay|la|chung nhan|number))*\s*[:#]?\s*"
    r"(?=[\w./-]*\d)([a-z0-9][\w./-]{2,40})"
)
"""a word with a digit behind "mã", "mã số", "code" …"""
BREAK = re.compile(r"[,;.?!:\n]")
VIETNAMESE = re.compile(r"[ăâđêôơưĂÂĐÊÔƠƯ\u1ea0-\u1ef9]|[àáãèéìíòóõùúýĩũ]", re.IGNORECASE)
HAN = re.compile(r"[\u3400-\u9fff]")
PRODUCT_ASKS = frozenset("buy certificate price season producer cheaper".split())
"""intents that want a product: when none was found, known words may have been typos"""


@dataclass(slots=True)
class Reading:
    """One way to read a sentence."""

    words: Words
    origin: list[int]
    """number of the word of the text that each word came from"""
    items: list[Item]
    places: list[PlaceMatch]
    repaired: bool


class Understanding:
    """Understands sentences about one catalogue. Built once per catalogue; immutable but for bounded caches."""

    def __init__(self, catalogue: Catalogue, search: Search, places: Places, phrases_dir: Path) -> None:
        self.catalogue = catalogue
        self.search = search
        self.lexicon: Lexicon = load(phrases_dir)
        self.cutter = Cutter(self.lexicon, search, places)
        words, pairs = _place_words(catalogue)
        self.vocabulary = Vocabulary(
            {*self.lexicon.words, *words}, {**pairs, **self.lexicon.pairs}, base=search.vocabulary
        )
        self._cached = lru_cache(maxsize=CACHE)(self._understand)

    def understand(
        self, text: str, language: str, context: Context | None = None, *, explain: bool = False
    ) -> Meaning:
        """The meaning of a text; ``language`` is the chat's, which decides nothing here but ties.

        ``explain`` fills :attr:`Meaning.spans` with what each stretch of the text was taken for.
        """
        del language
        meaning = self._understand(text, explain=True) if explain else self._cached(text)
        if context and context.listed and meaning.number and not meaning.products and not meaning.intents:
            return replace(meaning, intents=("pick",))
        return meaning

    # ---------------------------------------------------------------------------------------------- the steps

    def _understand(self, text: str, *, explain: bool = False) -> Meaning:
        cut = sentence(LONGER.sub(r"\1", text))
        if not cut.folded:
            return Meaning(stars=star_signs(text), language="zh" if HAN.search(text) else None)
        quick = self._by_whole_name(cut)
        if quick:
            return quick
        reading = self._read(cut)
        meaning = self._mean(cut, reading, explain=explain)
        if self._doubtful(meaning, reading):
            doubted = self._read(cut, doubting=True)
            second = self._mean(cut, doubted, explain=explain)
            if second.products and len(second.words.split()) > 1 and not second.missing:
                return second
        return meaning

    def _by_whole_name(self, cut: Sentence) -> Meaning | None:
        """The text is nothing but the whole name of a product: no need to cut it."""
        name = " ".join(cut.folded)
        if name not in self.search.whole or name in self.lexicon.phrases or len(cut.folded) < 2:
            return None
        found = self.search.look(cut.folded, cut.typed)
        if not found.exact:
            return None
        words = cut.between(0, len(cut.folded))
        span = Span(cut.spans[0][0], cut.spans[-1][1], "product", found.products[0].code)
        tongue = "vi" if cut.marked else None
        return Meaning(products=found.products, exact=True, words=words, language=tongue, spans=(span,))

    def _read(self, cut: Sentence, *, doubting: bool = False) -> Reading:
        short = self.lexicon.short
        if any(word in short for word in cut.typed):
            pieces = expand(self.lexicon, cut.typed)
            typed, origin = [word for word, _ in pieces], [number for _, number in pieces]
            folded = [fold(word) for word in typed]
        else:
            typed, folded, origin = cut.typed, cut.folded, list(range(len(cut.folded)))
        repaired = False
        if doubting or any(word not in self.vocabulary and not word.isdigit() for word in folded):
            reads = self.vocabulary.read(folded, doubting=doubting)
            meant = [read.word for read in reads]
            repaired = meant != folded
            if repaired:
                typed = [typed[r.start] if folded[r.start] == r.word else r.word for r in reads]
                origin = [origin[r.start] for r in reads]
                folded = meant
        words = Words(folded, typed, any(not word.isascii() for word in typed))
        items, places = self.cutter.cut(words)
        return Reading(words, origin, items, places, repaired)

    def _doubtful(self, meaning: Meaning, reading: Reading) -> bool:
        """Whether the sentence asks for a product that was not found although words are left over."""
        if meaning.products or meaning.code or meaning.wants_language or meaning.producers:
            return False
        wants = not meaning.intents or bool(PRODUCT_ASKS & set(meaning.intents))
        return wants and (bool(meaning.words) or bool(meaning.places)) and len(reading.words.folded) <= 24

    def _mean(self, cut: Sentence, reading: Reading, *, explain: bool) -> Meaning:
        labels = labels_of(reading.items)
        code, known = self._code(cut.text)
        ask = Asking(self, cut, reading)
        found, asked = (Found((known,), True), key(known.code)) if known else ask.products(labels)
        places = ask.places_left()
        producers = tuple(ask.producers())
        theirs = tuple(p for p in found.products if p.producer in producers) if producers else ()
        if theirs:
            found = replace(found, products=theirs)
        if not found.products and not producers and not found.near and asked:
            producers = tuple(self.search.producers(asked)) if len(asked.split()) > 1 else ()
        budget = money(fold(cut.text))
        wants = labels.others.get("language") or ("zh" if HAN.search(cut.text) else None)
        stars = int(labels.others["stars"]) if "stars" in labels.others else star_signs(cut.text)
        group = labels.others.get("group")
        things = Things(
            bool(found.products),
            bool(places),
            any(place.kind in ("attraction", "showroom") for place in places),
            bool(producers),
            bool(group or stars),
        )
        intents = combined(self.lexicon, labels, things)
        return self._finish(
            Meaning(
                products=found.products,
                exact=found.exact,
                corrected=found.corrected or (ask.read_as() if reading.repaired and found.products else None),
                near=found.near,
                missing=found.missing,
                words="" if code else asked,
                places=tuple(places),
                producers=producers,
                group=group,
                stars=stars,
                budget=budget[0] if budget else None,
                number=_number(cut, labels),
                code=code,
                language=self._language(cut),
                wants_language=wants,
                spans=ask.spans(budget) if explain else (),
            ),
            intents,
            labels,
        )

    def _finish(self, meaning: Meaning, intents: list[str], labels: Labels) -> Meaning:
        """Intents that follow from what else was said."""
        state = None
        if intents == ["out_of_scope"]:
            return Meaning(
                intents=("out_of_scope",),
                language=meaning.language,
                spans=meaning.spans,
                places=meaning.places,
            )
        if meaning.wants_language and "language" not in intents:
            intents = ["language"]
        if meaning.code and not meaning.products and "certificate" not in intents:
            intents = [*(intent for intent in intents if intent != "list"), "certificate"]
        listing = labels.has("which") or "list" in labels.intents or meaning.stars or meaning.group
        if (
            "state" in labels.others
            and not meaning.products
            and not meaning.code
            and "my_certificates" not in intents
        ):
            if listing or meaning.places:
                state = labels.others["state"]
                intents = [i for i in intents if i not in ("certificate", "season")]
        if (meaning.group or meaning.stars or state) and not meaning.products and not intents:
            intents = ["list"]
        elif state and "list" not in intents:
            intents.append("list")
        if (meaning.stars or meaning.group or state) and "good_here" in intents:
            intents = list(dict.fromkeys("list" if intent == "good_here" else intent for intent in intents))
        if meaning.stars and len(meaning.products) == 1 and not intents:
            intents = ["certificate"]
        if not intents and meaning.products and labels.has("trade"):
            intents = ["buy"]
        if meaning.budget and not meaning.products and not intents:
            intents = ["gifts"]
        if meaning.producers and not meaning.products and intents == ["good_here"]:
            intents = ["list"]
        if meaning.products and intents == ["list"] and not (meaning.stars or meaning.group):
            intents = []
        if not intents and meaning.number and "number" in labels.others:
            intents = ["pick"]
        return replace(meaning, intents=tuple(intents), state=state)

    # ----------------------------------------------------------------------------------------------- the pieces

    def _code(self, text: str) -> tuple[str | None, Product | None]:
        """(a code that is unknown, the product of one that is known)."""
        whole = self.search.by_code(text)
        if whole and ("-" in text or any(c.isdigit() for c in text)):
            return None, whole
        if text.strip().isdecimal() and len(text.strip()) >= 4:
            return text.strip(), None
        for match in CODE.finditer(text):
            known = self.search.by_code(match.group())
            if known:
                return None, known
            if any(part[0].isalpha() for part in re.split(r"[-./]", match.group())):
                return match.group(), None
        plain = fold(text)
        said = AFTER_CODE.search(plain)
        if not said:
            return None, None
        known = self.search.by_code(said[1])
        typed = text[said.start(1) : said.end(1)] if len(plain) == len(text) else said[1]
        return (None, known) if known else (typed, None)

    def _language(self, cut: Sentence) -> str | None:
        if cut.marked and VIETNAMESE.search(cut.text):
            return "vi"
        votes = {"vi": 0, "en": 0}
        for word in cut.folded:
            tongues = self.lexicon.tongues.get(word)
            if tongues and len(tongues) == 1:
                votes[next(iter(tongues))] = votes.get(next(iter(tongues)), 0) + 1
        best = max(votes, key=votes.__getitem__)
        rest = sum(votes.values()) - votes[best]
        return best if votes[best] > rest else None


def search_of(catalogue: Catalogue, phrases_dir: Path) -> Search:
    """The search of a catalogue with the synonyms of all languages."""
    lexicon = load(phrases_dir)
    return Search(catalogue, lexicon.synonyms, lexicon.kinds)


class Asking:
    """The products, places and producers of one reading."""

    def __init__(self, understanding: Understanding, cut: Sentence, reading: Reading) -> None:
        self.search = understanding.search
        self.lexicon = understanding.lexicon
        self.cutter = understanding.cutter
        self.cut = cut
        self.reading = reading
        self.words = reading.words
        covered = [False] * len(self.words.folded)
        for item in reading.items:
            for i in range(item.start, item.end):
                covered[i] = True
        self.covered = covered
        self.taken_places: set[int] = set()
        self.asked: list[tuple[int, int]] = []

    def products(self, labels: Labels) -> tuple[Found, str]:
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
            if item.kind != "product":
                continue
            if chunks and chunks[-1][1] == item.start and not self._broken(item.start):
                chunks[-1] = (chunks[-1][0], item.end)
            else:
                chunks.append((item.start, item.end))
        grown = []
        for start, end in chunks:
            while end < len(self.covered) and not self.covered[end] and not self._broken(end):
                if self.words.folded[end][0].isdigit():
                    break
                end += 1
            grown.append((start, end))
        grown = [chunk for chunk in grown if not self._stray(chunk)]
        if len(grown) > 1:
            grown = [chunk for chunk in grown if chunk[0] not in self._denied()] or grown
        if len(grown) > 1:
            strong = [c for c in grown if not self._weak(c)]
            grown = strong or grown
        return grown

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
        if end > start + 1 or len(self.words.folded) < 4:
            return False
        return word not in self.search.heads and word not in self.search.concepts.said

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
            if found.products and found.by_name:
                return found
        results = [(self.search.look(*self._pick(range(*chunk))), chunk) for chunk in chunks]
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

    def _with_place(self, chunks: list[tuple[int, int]]) -> Found | None:
        """A place beside the goods belongs to them, if something has both: ``na Hữu Lũng``, ``Mau Son wine``."""
        for item in self.reading.items:
            if item.kind != "place":
                continue
            goods = next(
                (c for c in chunks if item.start == c[1] or (c[0] == item.end and not self.words.marked)),
                None,
            )
            if not goods:
                continue
            found = self._both(goods, item)
            if found:
                self.taken_places.add(item.start)
                self.asked = [(min(goods[0], item.start), max(goods[1], item.end))]
                return found
        return None

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
        return [
            i for i, known in enumerate(self.covered) if not known and not self.words.folded[i][0].isdigit()
        ]

    def _typed(self, numbers: Sequence[int]) -> str:
        """The words as the person typed them, between the first and the last."""
        if not numbers:
            return ""
        first, last = self.reading.origin[numbers[0]], self.reading.origin[numbers[-1]]
        return self.cut.between(first, last + 1)

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
    forms = search.written.get(word)
    return min(forms, key=lambda form: (form.isascii(), form)) if forms else word


def _number(cut: Sentence, labels: Labels) -> int | None:
    if "number" in labels.others:
        return int(labels.others["number"])
    digits = [word for word in cut.folded if word.isdigit() and len(word) <= 3]
    padding = {"so", "cai", "thu", "chon", "lay", "number", "option", "no", "the", "cai so"}
    if len(digits) == 1 and all(word in padding or word.isdigit() for word in cut.folded):
        return int(digits[0])
    return None


def _place_words(catalogue: Catalogue) -> tuple[set[str], dict[str, float]]:
    """Folded words of place names, and which of them stand side by side."""
    names = [commune.short_name_vi for commune in catalogue.communes.values()]
    names += [unit.short_name for unit in catalogue.old_units]
    names += [district for commune in catalogue.communes.values() for district in commune.old_districts]
    for attraction in catalogue.attractions.values():
        names += [attraction.name_vi, attraction.name_en or ""]
    for showroom in catalogue.showrooms.values():
        names += [showroom.name_vi, showroom.name_en or ""]
    words: set[str] = set()
    pairs: dict[str, float] = {}
    for name in set(names):
        folded = key(name).split()
        words.update(folded)
        pairs.update((f"{first} {second}", 0.9) for first, second in pairwise(folded))
    return words, pairs
