"""What a producer may ask to correct, and of which of their things: a product, themselves, or a point of sale."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from handlers.services.catalogue import Catalogue, Producer, Showroom
from handlers.services.renewing import commune_of, products_of
from handlers.services.text import key

FIELDS: dict[str, tuple[str, tuple[str, ...]]] = {
    "price": ("product", ("price_vnd", "price_max_vnd")),
    "season": ("product", ("season",)),
    "description": ("product", ("description_vi",)),
    "link": ("product", ("online_url",)),
    "photo": ("product", ("image",)),
    "phone": ("producer", ("phone",)),
    "hours": ("showroom", ("opening_hours",)),
}
"""what may be corrected → whose, and the columns of the exchange format"""

OWN_SHOPS = frozenset({"ocop_store", "ocop_centre", "rest_stop", "online", None})
"""kinds of points of sale that one producer may run"""
SHORTER = {
    "hop tac xa": "htx",
    "trach nhiem huu han": "tnhh",
    "mot thanh vien": "mtv",
    "co phan": "cp",
    "cty": "cong ty",
    "ho kinh doanh": "hkd",
}
"""legal forms as they are written out, and shortly"""


@dataclass(frozen=True, slots=True)
class Subject:
    """Something whose public values a producer may ask to correct; ``commune`` decides ("" = only the province)."""

    kind: str
    code: str
    key: str
    """as it may stand in a button"""
    producer: Producer
    commune: str

    @property
    def name(self) -> str:
        """``product na-dai``, as the log names it."""
        return f"{self.kind} {self.code}"


def subjects_of(catalogue: Catalogue, field: str, producers: Collection[str], today: date) -> list[Subject]:
    """Everything of these producers that has this field."""
    kind = FIELDS[field][0]
    if kind == "product":
        return [
            Subject(kind, one.code, one.key, one.producer, commune_of(one))
            for one in products_of(catalogue, producers, today)
            if one.producer
        ]
    served = [catalogue.producers[code] for code in producers if code in catalogue.producers]
    if kind == "producer":
        return [Subject(kind, one.code, one.key, one, one.commune_code or "") for one in served]
    return [
        Subject(kind, shop.id, shop.key, one, shop.commune_code or one.commune_code or "")
        for one in served
        for shop in catalogue.showrooms.values()
        if runs(one, shop)
    ]


def runs(producer: Producer, shop: Showroom) -> bool:
    """Whether a point of sale is a producer's: recorded as its operator, or, where no operator is recorded, by name.

    A market or a street that is only called after somebody is nobody's shop.
    """
    if shop.operator:
        return shop.operator.strip() == producer.code or _legal(shop.operator) == _legal(producer.name)
    return shop.kind in OWN_SHOPS and f" {_legal(producer.name)} " in f" {_legal(shop.name_vi)} "


def _legal(name: str) -> str:
    """A name without case, accents and stops, its legal form written shortly."""
    found = f" {key(name)} "
    for long, short in SHORTER.items():
        found = found.replace(f" {long} ", f" {short} ")
    return found.strip()
