"""What a sentence means, as plain data: intents, things, places, numbers, and the words that led to them."""

from __future__ import annotations

from dataclasses import dataclass

from handlers.services.catalogue import Producer, Product
from handlers.services.places import PlaceMatch


@dataclass(frozen=True, slots=True)
class Context:
    """Where the conversation stands: the product just shown (its code), the open question, codes just
    listed.
    """

    product: str | None = None
    step: str | None = None
    listed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Span:
    """Characters ``start`` … ``end`` of the text and what they were taken for."""

    start: int
    end: int
    kind: str
    """intent, cue, product, place, producer, group, stars, state, budget, number, code, language,
    filler, unknown
    """
    value: str


@dataclass(frozen=True, slots=True)
class Meaning:
    """What was understood. Empty fields were not said; nothing is guessed beyond correcting typos."""

    intents: tuple[str, ...] = ()
    """in the order of the sentence; empty with products = a plain look-up"""
    products: tuple[Product, ...] = ()
    """ranked candidates"""
    exact: bool = False
    corrected: str | None = None
    near: tuple[str, ...] = ()
    missing: str = ""
    """words beside the product that no product has (``mật ong bạc hà`` → ``bạc hà``)"""
    words: str = ""
    """the words taken as the thing asked for, as typed; "which place" where just that is asked
    (``chỗ nào đang mở cửa``: not the place just shown)"""
    in_passing: bool = False
    """the words that name goods say other things as well: only a question about goods makes them goods"""
    guessed: bool = False
    """no goods are named: :attr:`words` are only words that nobody knows"""
    nameless: bool = False
    """and they are nobody's name for goods"""
    places: tuple[PlaceMatch, ...] = ()
    producers: tuple[Producer, ...] = ()
    group: str | None = None
    stars: int | None = None
    budget: int | None = None
    """dong"""
    state: str | None = None
    """a wish of a list: valid, expired, expiring"""
    number: int | None = None
    code: str | None = None
    """looks like a product code but is unknown"""
    language: str | None = None
    """of the text itself; None when unsure"""
    wants_language: str | None = None
    topic: str | None = None
    """one thing asked about goods: shelf_life, allergens, delivery; the intent says whom to ask where it is
    not recorded (``contact``, ``buy``)"""
    about_one: bool = False
    """with ``open_now``: the hours of the one just shown or named (``mở cửa mấy giờ``), not which place is
    open (``chỗ nào đang mở cửa``)"""
    spans: tuple[Span, ...] = ()
