"""The understander: read (typos, abbreviations), cut, look up, combine."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

from handlers.services.catalogue import Catalogue, Producer, Product
from handlers.services.keystrokes import is_syllable
from handlers.services.places import Places
from handlers.services.remembering import remembered
from handlers.services.search import NOTHING, Found, Search
from handlers.services.text import Sentence, fold, is_careful, key, sentence
from handlers.services.vocabulary import Read, Vocabulary, cost
from handlers.talk.understanding.amounts import money, star_signs
from handlers.talk.understanding.asking import GOODS, Asking, Reading
from handlers.talk.understanding.deciding import (
    REFUSED,
    SURE,
    clear,
    decided,
    follows,
    ordered,
    own_phrases,
    parts,
    plainly,
    spoken_for,
)
from handlers.talk.understanding.features import features
from handlers.talk.understanding.gaps import across
from handlers.talk.understanding.goods import ABOUT_GOODS, PRODUCT_ASKS, names_no_goods
from handlers.talk.understanding.intents import answered, combined, settled
from handlers.talk.understanding.labels import Labels, labels_of
from handlers.talk.understanding.learned import Learned
from handlers.talk.understanding.learned import load as load_learned
from handlers.talk.understanding.lexicon import Lexicon, expand, load, said_at_all
from handlers.talk.understanding.meaning import Context, Meaning, Span
from handlers.talk.understanding.segments import Cutter, Words

CACHE = 2_048
ALIKE = 0.25
NEIGHBOURING = 0.3
"""cost of words that sound alike, and of a neighbouring key, see :func:`cost`"""
NAME = 7
"""words of the longest text that may be a mistyped name and nothing else"""
LONGER = re.compile(r"([^\W\d])\1{2,}")
CODE = re.compile(
    r"(?<![\w-])(?=[\w./-]*\d)(?=[\w./-]*[A-Za-zĐđ-])[A-Za-zĐđ0-9]+(?:[-./][A-Za-zĐđ0-9]+)+(?![\w-])"
)
"""letters and digits joined by dashes, dots or slashes: ``OCOP-20-0153``, ``1234/QĐ-UBND``"""
STARS = re.compile(r"[1-5]-(?:stars?|sao)", re.IGNORECASE)
AFTER_CODE = re.compile(
    r"\b(?:ma|code|id)\b(?: (?:so|sp|san pham|ocop|vach|qr|hang|nay|la|chung nhan|number))*\s*[:#]?\s*"
    r"(?=[\w./-]*\d)([a-z0-9][\w./-]{2,40})"
)
"""a word with a digit behind "mã", "mã số", "code" …"""
VIETNAMESE = re.compile(r"[ăâđêôơưĂÂĐÊÔƠƯ\u1ea0-\u1ef9]|[àáãèéìíòóõùúýĩũ]", re.IGNORECASE)
CODE_LIKE = re.compile(r"[{}<>*=;|\\\\]|://")
"""signs of a program or an address: no evidence of a language"""
HAN = re.compile(r"[\u3400-\u9fff]")


class Understanding:
    """Understands sentences about one catalogue. Built once per catalogue; immutable but for bounded
    caches.
    """

    def __init__(
        self, catalogue: Catalogue, search: Search, places: Places, phrases_dir: Path, *,
        learned: Learned | None = None,
    ) -> None:  # fmt: skip
        """``learned``: other weights than those that are shipped."""
        self.catalogue = catalogue
        self.search = search
        self.lexicon: Lexicon = load(phrases_dir)
        self.cutter = Cutter(self.lexicon, search, places)
        self.learned: Learned = learned or load_learned()
        self._own = self.learned.unknown(said_at_all(self.lexicon))
        words, pairs = _place_words(catalogue)
        self.vocabulary = Vocabulary(
            {*self.lexicon.words, *words}, {**pairs, **self.lexicon.pairs}, base=search.names.vocabulary
        )
        self._cached = remembered(self._understand, CACHE)

    def understand(
        self, text: str, language: str, context: Context | None = None, *, explain: bool = False
    ) -> Meaning:
        """The meaning of a text; ``language`` is the chat's, which decides nothing here but ties.

        ``explain`` fills :attr:`Meaning.spans` with what each stretch of the text was taken for.
        """
        del language
        after = "step" if context and context.step else "product" if context and context.product else ""
        meaning = self._understand(text, after, explain=True) if explain else self._cached(text, after)
        if context and context.listed and meaning.number and not meaning.products and not meaning.intents:
            return replace(meaning, intents=("pick",))
        return meaning

    # ---------------------------------------------------------------------------------------------- the steps

    def _understand(self, text: str, after: str = "", *, explain: bool = False) -> Meaning:
        """``after``: a ``product`` that was just shown, or the open ``step`` of a question."""
        cut = sentence(LONGER.sub(r"\1", text))
        if not cut.folded:
            return Meaning(stars=star_signs(text), language="zh" if HAN.search(text) else None)
        quick = self._by_whole_name(cut)
        if quick:
            return quick
        reading = self._read(cut)
        meaning = self._mean(cut, reading, explain=explain)
        if after and not meaning.products and meaning.intents in ((), (REFUSED,)):
            _, _, ruled = self._ruled(cut, reading, explain=explain)
            if follows(meaning, ruled, cut, answers=after == "step"):
                return ruled
        if self._doubtful(meaning, reading):
            doubted = self._read(cut, doubting=True)
            second = self._mean(cut, doubted, explain=explain)
            sure = doubted.only_names if meaning.intents == (REFUSED,) else _surer(second)
            if self._keeps(reading.words, doubted.words) and sure and second.products:
                return second
        return meaning

    def _by_whole_name(self, cut: Sentence) -> Meaning | None:
        """The text is nothing but the whole name of a product: no need to cut it."""
        name = " ".join(cut.folded)
        if name not in self.search.names.whole or name in self.lexicon.phrases or len(cut.folded) < 2:
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
        if doubting or any(word not in self.vocabulary and not word.isdecimal() for word in folded):
            reads = self.vocabulary.read(folded, doubting=doubting)
            reads = [self._believed(read, folded, careful=is_careful(cut.typed)) for read in reads]
            meant = [read.word for read in reads]
            repaired = meant != folded
            if repaired:
                typed = [typed[r.start] if folded[r.start] == r.word else r.word for r in reads]
                origin = [origin[r.start] for r in reads]
                folded = meant
        words = Words(folded, typed, cut.marked)
        items, places = self.cutter.cut(words)
        fields = tuple(self.lexicon.fields.said(folded, typed, marked=cut.marked))
        return Reading(words, origin, items, places, repaired, fields)

    def _believed(self, read: Read, folded: list[str], *, careful: bool) -> Read:
        """The correction, or the word as typed: a whole syllable is rarely another word of speech mistyped
        (``cột`` for ``còn``), least in a text that has all its marks.
        """
        typed = folded[read.start]
        goods = read.word not in self.lexicon.words or read.word in self.search.names.named
        if read.word == typed or read.end > read.start + 1 or goods:
            return read
        most = ALIKE if careful else NEIGHBOURING
        if is_syllable(typed) and cost(typed, read.word) > most:
            return Read(typed, read.start, read.end)
        return read

    def _doubtful(self, meaning: Meaning, reading: Reading) -> bool:
        """Whether the sentence asks for a product that was not found although words are left over."""
        if meaning.products or meaning.code or meaning.wants_language or meaning.producers:
            return False
        if meaning.intents == (REFUSED,):
            return any(item.kind in GOODS for item in reading.items) and len(reading.words.folded) <= NAME
        wants = not meaning.intents or bool(PRODUCT_ASKS & set(meaning.intents))
        return wants and (bool(meaning.words) or bool(meaning.places)) and len(reading.words.folded) <= 24

    def _keeps(self, words: Words, doubted: Words) -> bool:
        """Whether no word was taken for a typo that is surely none: a kind of goods, or one that was typed
        with all marks of a word we know.
        """
        sure = self.search.names.goods_in(words.folded, words.typed)
        told = zip(words.folded, words.typed, strict=True)
        sure |= {word for word, typed in told if typed in self.lexicon.forms}
        return sure <= set(doubted.folded)

    def _mean(self, cut: Sentence, reading: Reading, *, explain: bool) -> Meaning:
        labels, named, ruled = self._ruled(cut, reading, explain=explain)
        if reading.only_names and (ruled.products or reading.wares) and not (ruled.intents or ruled.missing):
            return ruled
        order = ordered(ruled, self.learned)
        if clear(cut, ruled, labels, self.learned) or own_phrases(reading.items, self._own):
            return ruled
        if order and plainly(cut, reading.items):
            return ruled
        seen = features(reading, labels, named, ruled.intents)
        chances = self.learned.chances(seen)
        if order and max(chances.values()) < SURE:
            return ruled
        intents = decided(chances, ruled, seen, lambda: self._clauses(cut))
        if explain:
            why = spoken_for(self.learned, seen, chances, len(cut.text))
            named = replace(named, spans=(why, *named.spans))
        if intents is None:
            return replace(named, intents=(), words="", topic=None)
        if names_no_goods(named, intents, reading):
            named = replace(named, products=(), words="", near=(), missing="")
        return answered(named, intents, labels, ruled.intents)

    def _ruled(self, cut: Sentence, reading: Reading, *, explain: bool) -> tuple[Labels, Meaning, Meaning]:
        """What the phrases say, what is named, and what the phrases alone make of the sentence."""
        labels = labels_of(reading.items, reading.words.folded, self.search.province)
        named = self._named(cut, reading, labels, explain=explain)
        intents = combined(self.lexicon, labels, named)
        if not intents:
            labels.intents |= self._across(reading, named)
            intents = combined(self.lexicon, labels, named)
        return labels, named, settled(named, intents, labels)

    def features(self, text: str) -> list[str]:
        """What the intent reader looks at in a text."""
        cut = sentence(LONGER.sub(r"\1", text))
        reading = self._read(cut)
        labels, named, ruled = self._ruled(cut, reading, explain=False)
        return features(reading, labels, named, ruled.intents)

    def _clauses(self, cut: Sentence) -> list[dict[str, float]]:
        """What each clause would ask by itself."""
        return [self.learned.chances(self.features(part)) for part in parts(cut.text)]

    def _named(self, cut: Sentence, reading: Reading, labels: Labels, *, explain: bool) -> Meaning:
        """Everything a sentence names; its intents are still to be told."""
        code, known = self._code(cut.text)
        ask = Asking(self.search, self.lexicon, cut, reading)
        found, asked = (Found((known,), True), key(known.code)) if known else ask.products()
        if code and asked in self.lexicon.words:
            found = NOTHING
        producers = tuple(ask.producers())
        found = _of_makers(found, producers)
        if not (found.products or producers or found.near) and len(asked.split()) > 1:
            producers = tuple(self.search.producers(asked))
        which = ask.which_place() if not asked and "open_now" in labels.intents else ""
        budget = money(fold(cut.text))
        return Meaning(
            products=found.products,
            exact=found.exact,
            corrected=found.corrected or (ask.read_as() if reading.repaired and found.products else None),
            near=found.near,
            missing=found.missing,
            words="" if code else asked or which,
            in_passing=ask.hardly and not code,
            guessed=not (ask.asked or which),
            nameless=not which and ask.nameless(self.learned.ordinary),
            places=tuple(ask.places_left()),
            producers=producers,
            group=labels.others.get("group"),
            topic=labels.others.get("topic"),
            stars=int(labels.others.get("stars", 0)) or star_signs(cut.text),
            budget=budget[0] if budget else None,
            number=_number(cut, labels),
            code=code,
            language=self._language(cut),
            wants_language=labels.others.get("language") or ("zh" if HAN.search(cut.text) else None),
            spans=ask.spans(budget) if explain else (),
        )

    def _across(self, reading: Reading, meaning: Meaning) -> dict[str, int]:
        """Intents of phrases whose words stand apart; beside goods or a wish only what asks about goods."""
        found = across(self.lexicon, reading.words, reading.items)
        if meaning.products or meaning.stars or meaning.group:
            return {intent: at for intent, at in found.items() if intent in ABOUT_GOODS}
        return found

    # --------------------------------------------------------------------------------------- the pieces

    def _code(self, text: str) -> tuple[str | None, Product | None]:
        """(a code that is unknown, the product of one that is known)."""
        whole = self.search.by_code(text)
        if whole and ("-" in text or any(c.isdecimal() for c in text)):
            return None, whole
        if text.strip().isdecimal() and len(text.strip()) >= 4:
            return text.strip(), None
        for match in CODE.finditer(text):
            known = self.search.by_code(match.group())
            if known:
                return None, known
            if STARS.fullmatch(match.group()):
                continue
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
        if CODE_LIKE.search(cut.text):
            return None
        votes = {"vi": 0, "en": 0}
        for word in cut.folded:
            tongues = self.lexicon.tongues.get(word) if len(word) > 1 else None
            if tongues and len(tongues) == 1:
                votes[next(iter(tongues))] = votes.get(next(iter(tongues)), 0) + 1
        best = max(votes, key=votes.__getitem__)
        rest = sum(votes.values()) - votes[best]
        enough = votes[best] > 1 or votes[best] == sum(len(word) > 1 for word in cut.folded)
        return best if votes[best] > rest and enough else None


def search_of(catalogue: Catalogue, phrases_dir: Path) -> Search:
    """The search of a catalogue with the synonyms of all languages."""
    lexicon = load(phrases_dir)
    return Search(catalogue, lexicon.synonyms, lexicon.kinds)


def _surer(meaning: Meaning) -> bool:
    """Whether a reading that doubts known words found something all the same."""
    return bool(meaning.products) and len(meaning.words.split()) > 1 and not meaning.missing


def _of_makers(found: Found, producers: Sequence[Producer]) -> Found:
    """Only the products of the producers named beside them, if there are such."""
    theirs = tuple(product for product in found.products if product.producer in producers)
    return replace(found, products=theirs) if theirs else found


def _number(cut: Sentence, labels: Labels) -> int | None:
    if "number" in labels.others:
        return int(labels.others["number"])
    digits = [word for word in cut.folded if word.isdecimal() and len(word) <= 3]
    padding = {"so", "cai", "thu", "chon", "lay", "number", "option", "no", "the", "cai so"}
    if len(digits) == 1 and all(word in padding or word.isdecimal() for word in cut.folded):
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
