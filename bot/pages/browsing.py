"""The catalogue as a list in a browser: filters from the address, counts by state, pages of twenty."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from typing import Literal

from db import GROUPS
from handlers.services.catalogue import Catalogue, Product
from handlers.services.certificates import State, Verdict, verdict
from handlers.services.text import clean, fold, words

PAGE = 20
"""Products a page: two screens of a telephone."""

Standing = Literal["current", "expired", "other"]
STANDINGS: tuple[Standing, ...] = ("current", "other", "expired")
"""In date, not certain or not in force for another reason, past its last day; in the order they are shown."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A product, what its certificate is worth on the day, and its words folded for filtering."""

    product: Product
    verdict: Verdict
    standing: Standing
    folded: str

    @property
    def stars(self) -> int | None:
        """The stars to filter by: held, or once held; never those of an unconfirmed assessment."""
        return None if self.verdict.state is State.UNCONFIRMED else self.verdict.recorded_stars


@dataclass(frozen=True)
class Shelf:
    """Every product with its verdict on one day, made once for a catalogue and a day."""

    catalogue: Catalogue
    on: date
    entries: tuple[Entry, ...]

    @cached_property
    def counts(self) -> dict[str, int]:
        """How many products stand where."""
        return count(self.entries)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the address asks for; anything not understood counts as not asked for."""

    words: str = ""
    group: str = ""
    stars: int | None = None
    standing: str = ""
    page: int = 1

    @classmethod
    def parse(cls, query: Mapping[str, str]) -> Wanted:
        """Read ``q``, ``group``, ``stars``, ``state`` and ``page``."""
        group, standing = query.get("group", ""), query.get("state", "")
        stars, page = query.get("stars", ""), query.get("page", "")
        return cls(
            words=clean(query.get("q", ""), 100),
            group=group if group in GROUPS else "",
            stars=int(stars) if stars in {"3", "4", "5"} else None,
            standing=standing if standing in STANDINGS else "",
            page=int(page) if page.isascii() and page.isdecimal() and 0 < len(page) < 7 else 1,
        )

    @property
    def query(self) -> dict[str, str | int | None]:
        """The filters as parameters of an address, without the page."""
        return {"q": self.words, "group": self.group, "stars": self.stars, "state": self.standing}


@dataclass(frozen=True, slots=True)
class Found:
    """One page of a filtered list. ``counts`` are of the same filters in any state."""

    wanted: Wanted
    entries: tuple[Entry, ...]
    total: int
    pages: int
    counts: dict[str, int]


def shelve(catalogue: Catalogue, on: date) -> Shelf:
    """Judge and order every product: in date first, more stars first, then by name; some 20 µs a product."""
    entries = (_entry(product, catalogue, on) for product in catalogue.products.values())
    return Shelf(catalogue, on, tuple(sorted(entries, key=_order)))


def find(shelf: Shelf, wanted: Wanted) -> Found:
    """The page of the list that is wanted; the last one when it asks for a page beyond the end."""
    matching = tuple(_matching(shelf, wanted))
    chosen = tuple(e for e in matching if not wanted.standing or e.standing == wanted.standing)
    pages = max(1, -(-len(chosen) // PAGE))
    page = min(wanted.page, pages)
    shown = chosen[(page - 1) * PAGE : page * PAGE]
    return Found(replace(wanted, page=page), shown, len(chosen), pages, count(matching))


def count(entries: tuple[Entry, ...]) -> dict[str, int]:
    """How many entries there are in each standing, and in all (``""``)."""
    return {"": len(entries)} | {s: sum(e.standing == s for e in entries) for s in STANDINGS}


def _matching(shelf: Shelf, wanted: Wanted) -> Iterator[Entry]:
    parts = [fold(word) for word in words(wanted.words)]
    for entry in shelf.entries:
        if wanted.group and entry.product.group != wanted.group:
            continue
        if wanted.stars and entry.stars != wanted.stars:
            continue
        if all(part in entry.folded for part in parts):
            yield entry


def _entry(product: Product, catalogue: Catalogue, on: date) -> Entry:
    found = verdict(product.certificate, on)
    commune = catalogue.communes.get(product.commune_code or "")
    told = (
        product.name_vi,
        product.name_en,
        *product.aliases,
        product.code,
        product.place,
        product.producer.name if product.producer else None,
        commune.name_vi if commune else None,
        *(commune.old_districts if commune else ()),
    )
    return Entry(product, found, _standing(found), fold(" ".join(part for part in told if part)))


def _standing(found: Verdict) -> Standing:
    if found.current:
        return "current"
    return "expired" if found.state is State.EXPIRED else "other"


def _order(entry: Entry) -> tuple[int, int, str]:
    return STANDINGS.index(entry.standing), -(entry.stars or 0), fold(entry.product.name_vi)
