"""The published registry held in memory, swapped whole when the registry changes, so that look-ups read no table.

Everything here is immutable. ``Catalogue.key_of`` gives the short key that stands for a code in buttons and deep links.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType
from typing import TypeVar

KEY = re.compile(r"[A-Za-z0-9_-]{1,40}")
Keyed = TypeVar("Keyed", "Product", "Producer", "Showroom", "Attraction")


def key_of(code: str) -> str:
    """A code as it may stand in a button or a deep link: itself if short and plain, else 16 hex digits of its hash.

    Telegram allows 64 bytes of ``callback_data`` and 64 characters ``A-Za-z0-9_-`` of start payload.
    """
    return code if KEY.fullmatch(code) else hashlib.sha256(code.encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Commune:
    """Today's commune or ward."""

    code: str
    name_vi: str
    short_name_vi: str
    name_en: str
    type: str
    old_districts: tuple[str, ...]
    latitude: float | None
    longitude: float | None
    box: tuple[float, float, float, float] | None
    """min_lat, min_lon, max_lat, max_lon"""


@dataclass(frozen=True, slots=True)
class OldUnit:
    """A former commune, ward or town and today's commune that holds it."""

    name: str
    short_name: str
    type: str
    district: str
    commune_code: str
    coverage: str
    latitude: float | None
    longitude: float | None


@dataclass(frozen=True, slots=True)
class Producer:
    """Who holds certificates; ``phone`` and ``contact_name`` are filled only where they are public."""

    code: str
    key: str
    name: str
    kind: str | None
    commune_code: str | None
    place: str | None
    phone: str | None
    contact_name: str | None
    website: str | None
    source_url: str | None
    source_date: str | None


@dataclass(frozen=True, slots=True)
class Certificate:
    """The certificate in force last, as recorded; dates may be partial."""

    stars: int | None
    issued_on: str | None
    issued_on_basis: str | None
    valid_until: str | None
    decision: str | None
    status: str | None
    status_on: str | None
    status_note: str | None


@dataclass(frozen=True, slots=True)
class Product:
    """A product with its certificate and its producer."""

    code: str
    key: str
    name_vi: str
    name_en: str | None
    aliases: tuple[str, ...]
    group: str
    producer: Producer | None
    commune_code: str | None
    place: str | None
    certificate: Certificate
    standards: tuple[str, ...]
    awards: tuple[str, ...]
    price_vnd: int | None
    price_max_vnd: int | None
    price_unit: str | None
    priced_on: str | None
    season: str | None
    shelf_life_days: int | None
    allergens: str | None
    online_url: str | None
    image: str | None
    description_vi: str | None
    description_en: str | None
    source_url: str | None
    source_date: str | None


@dataclass(frozen=True, slots=True)
class Showroom:
    """A point of sale."""

    id: str
    key: str
    name_vi: str
    name_en: str | None
    kind: str | None
    operator: str | None
    address_old: str | None
    address: str | None
    commune_code: str | None
    phone: str | None
    opening_hours: str | None
    opening_hours_text: str | None
    market_days: str | None
    status: str | None
    products_text: str | None
    latitude: float | None
    longitude: float | None
    precision: str | None
    source_url: str | None
    source_date: str | None
    closed_until: date | None
    closed_note: str | None


@dataclass(frozen=True, slots=True)
class Attraction:
    """A place travellers go to."""

    id: str
    key: str
    name_vi: str
    name_en: str | None
    kind: str | None
    commune_code: str | None
    latitude: float | None
    longitude: float | None
    precision: str | None
    nearby_specialities: tuple[str, ...]
    best_months: str | None
    opening_hours: str | None
    source_url: str | None
    source_date: str | None


@dataclass(frozen=True, slots=True)
class Season:
    """When something is in season; months 1–12 in the calendar named, None = not stated."""

    item_vi: str
    item_en: str | None
    category: str | None
    area_vi: str | None
    commune_codes: tuple[str, ...]
    calendar: str
    start_month: int | None
    end_month: int | None
    peak_vi: str | None
    source_url: str | None
    source_date: str | None


@dataclass(frozen=True, slots=True)
class Event:
    """A fair or festival with its usual time."""

    id: str
    name_vi: str
    name_en: str | None
    place_vi: str | None
    commune_code: str | None
    calendar: str
    start: tuple[int | None, int | None]
    """month, day"""
    end: tuple[int | None, int | None]
    recurrence: str | None
    source_url: str | None


@dataclass(frozen=True, slots=True)
class Target:
    """An aim of the programme."""

    measure: str
    target: int
    by: date | None
    source_url: str | None


@dataclass(frozen=True, slots=True)
class RegistryInfo:
    """What the registry says of itself."""

    name: str
    province_code: str
    official: bool
    as_of: date | None
    notice_vi: str | None
    notice_en: str | None


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The whole registry as one immutable value."""

    version: int
    info: RegistryInfo
    communes: Mapping[str, Commune]
    old_units: tuple[OldUnit, ...]
    producers: Mapping[str, Producer]
    products: Mapping[str, Product]
    """by code, in the registry's order"""
    showrooms: Mapping[str, Showroom]
    attractions: Mapping[str, Attraction]
    seasons: tuple[Season, ...]
    events: tuple[Event, ...]
    stock: Mapping[str, tuple[tuple[str, date | None], ...]]
    """product code → (showroom id, confirmed on)"""
    mentions: tuple[str, ...]
    """names of goods seen without stars"""
    targets: tuple[Target, ...] = ()
    products_by_key: Mapping[str, Product] = field(init=False, repr=False)
    producers_by_key: Mapping[str, Producer] = field(init=False, repr=False)
    showrooms_by_key: Mapping[str, Showroom] = field(init=False, repr=False)
    attractions_by_key: Mapping[str, Attraction] = field(init=False, repr=False)
    products_of: Mapping[str, tuple[Product, ...]] = field(init=False, repr=False)
    """producer code → products"""

    def __post_init__(self) -> None:
        put = object.__setattr__
        put(self, "products_by_key", _by_key(self.products.values()))
        put(self, "producers_by_key", _by_key(self.producers.values()))
        put(self, "showrooms_by_key", _by_key(self.showrooms.values()))
        put(self, "attractions_by_key", _by_key(self.attractions.values()))
        grouped: dict[str, list[Product]] = {}
        for product in self.products.values():
            if product.producer:
                grouped.setdefault(product.producer.code, []).append(product)
        put(self, "products_of", {code: tuple(products) for code, products in grouped.items()})


def _by_key(things: Iterable[Keyed]) -> Mapping[str, Keyed]:
    return MappingProxyType({thing.key: thing for thing in things})
