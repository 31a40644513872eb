"""Whom an announcement is for: what can be chosen, and which producers a choice means today.

An :class:`Audience` is kept as JSON in ``announcement.audience``. Everything in it narrows: producers of these
communes *and* of these groups *and* with a certificate in this state. Who can really be written to, and who not for
which reason, is :mod:`handlers.services.reach`.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict, dataclass, replace
from datetime import date, timedelta
from typing import Any, Literal

from handlers.services.catalogue import Catalogue, Product
from handlers.services.certificates import State, verdict

Who = Literal["everyone", "producers", "tourists"]
CertificateState = Literal["", "valid", "ending", "expired"]
"""``ending``: valid, and its last day is within :attr:`Audience.days`; ``expired`` with ``days``: since so many"""
MOST_DAYS = 1_100
"""three years: as long as a certificate lasts"""


@dataclass(frozen=True, slots=True)
class Audience:
    """A choice of people; empty = everyone. ``communes``, ``groups``, ``state`` and ``product`` mean producers."""

    who: Who = "everyone"
    languages: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    communes: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    state: CertificateState = ""
    days: int = 0
    product: str = ""

    @property
    def narrows_producers(self) -> bool:
        """Whether it asks something that only producers have."""
        return bool(self.communes or self.groups or self.state or self.product)

    def within(self, communes: Collection[str]) -> bool:
        """Whether only producers of these communes are meant."""
        return bool(self.communes) and set(self.communes) <= set(communes)

    @property
    def of_producers(self) -> bool:
        """Whether only people who serve a producer are meant."""
        return self.who == "producers" or self.narrows_producers

    def as_json(self) -> dict[str, Any]:
        """What is kept: only what was chosen."""
        return {name: value for name, value in asdict(self).items() if value and value != "everyone"}

    @classmethod
    def from_json(cls, kept: dict[str, Any]) -> Audience:
        """Back from what is kept."""
        listed = ("languages", "channels", "communes", "groups")
        values: dict[str, Any] = {n: tuple(v) if n in listed else v for n, v in kept.items()}
        return cls(**values)

    def of(self, who: Who) -> Audience:
        """For these people; what only producers have is dropped for anybody else."""
        if who == "producers":
            return replace(self, who=who)
        return replace(self, who=who, communes=(), groups=(), state="", days=0, product="")


def producers_meant(audience: Audience, catalogue: Catalogue, on: date) -> frozenset[str] | None:
    """Codes of the producers an audience means on a day; None = every producer, known to the registry or not."""
    if not audience.narrows_producers:
        return None
    if audience.product:
        product = catalogue.products.get(audience.product)
        products: list[Product] = [product] if product else []
    else:
        products = list(catalogue.products.values())
    found = {one.producer.code for one in products if one.producer and _fits(one, audience, on)}
    if audience.communes and not (audience.groups or audience.state or audience.product):
        found |= {one.code for one in catalogue.producers.values() if one.commune_code in audience.communes}
    return frozenset(found)


def _fits(product: Product, audience: Audience, on: date) -> bool:
    if audience.communes and not _of_communes(product, audience.communes):
        return False
    if audience.groups and product.group not in audience.groups:
        return False
    return not audience.state or _in_state(product, audience, on)


def _of_communes(product: Product, communes: tuple[str, ...]) -> bool:
    """A product's commune, and its producer's: whoever lives there is meant."""
    maker = product.producer.commune_code if product.producer else None
    return product.commune_code in communes or maker in communes


def _in_state(product: Product, audience: Audience, on: date) -> bool:
    found = verdict(product.certificate, on)
    days = timedelta(days=audience.days)
    if audience.state == "valid":
        return found.current
    if found.last_day is None:
        return False
    if audience.state == "ending":
        return found.current and on <= found.last_day.last and found.last_day.first <= on + days
    return found.state is State.EXPIRED and (not audience.days or found.last_day.last >= on - days)
