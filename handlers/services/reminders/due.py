"""Which products are due for a reminder on a day, and why the others are not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import NamedTuple

from handlers.services.catalogue import Catalogue, Product
from handlers.services.certificates import State, exact_end, verdict
from handlers.services.reminders.schedule import Step, Steps
from handlers.services.rules import Rules, national

REMINDED = frozenset({State.VALID, State.EXPIRING, State.EXPIRED})
"""states in which a producer can still do something about the end"""


class WhyNot(StrEnum):
    """Why a product is not due."""

    NO_EXACT_END = "no_exact_end"
    """only the month or year of its end is known, or nothing"""
    NOT_YET = "not_yet"
    """the first step has not come"""
    LONG_OVER = "long_over"
    """its end is further past than reminders go"""
    STATE = "state"
    """revoked, replaced, stopped, not confirmed"""
    DOSSIER = "dossier"
    """the registry records a renewal dossier"""
    FILED = "filed"
    """the producer filed"""
    DECLINED = "declined"
    """the producer does not renew"""
    SNOOZED = "snoozed"
    """the producer asked for quiet until later"""
    NO_PRODUCER = "no_producer"
    """nobody is recorded as its producer"""


@dataclass(frozen=True, slots=True)
class Due:
    """A product with a step that has come. ``end`` is E, ``days`` are left until then (negative = since)."""

    product: Product
    end: date
    days: int
    step: Step
    passed: tuple[str, ...]
    """names of the steps before it"""

    @property
    def cycle(self) -> str:
        """As the tables name it."""
        return self.end.isoformat()

    @property
    def key(self) -> tuple[str, str]:
        """Product and cycle."""
        return self.product.code, self.cycle

    @property
    def producer(self) -> str:
        """Code of who is reminded."""
        assert self.product.producer is not None
        return self.product.producer.code


class Answer(NamedTuple):
    """What a producer said last about a renewal: the columns of ``renewal`` that reminders heed."""

    state: str | None = None
    snoozed_until: str | None = None
    """ISO 8601"""
    answered_at: datetime | None = None


def due(product: Product, day: date, steps: Steps, rules: Rules | None = None) -> Due | WhyNot:
    """What the registry and the schedule say of a product on a day, before anybody's word on it."""
    rules = rules or national()
    end = exact_end(product.certificate, rules)
    if end is None:
        return WhyNot.NO_EXACT_END
    come = steps.until(end, day)
    if not come:
        return WhyNot.NOT_YET if day <= end else WhyNot.LONG_OVER
    found = verdict(product.certificate, day, rules)
    if found.dossier:
        return WhyNot.DOSSIER
    if found.state not in REMINDED:
        return WhyNot.STATE
    if product.producer is None:
        return WhyNot.NO_PRODUCER
    return Due(product, end, (end - day).days, come[-1], tuple(step.name for step in come[:-1]))


def said(one: Due, renewal: Answer | None, day: date) -> WhyNot | None:
    """What the producer's own word changes: None = the reminder stands."""
    if renewal is None:
        return None
    if renewal.state == "filed":
        return WhyNot.FILED
    if renewal.state == "declined":
        return WhyNot.DECLINED
    quiet = renewal.snoozed_until is not None and day.isoformat() < renewal.snoozed_until
    return WhyNot.SNOOZED if quiet and not one.step.despite_snooze else None


def all_due(
    catalogue: Catalogue, day: date, steps: Steps, producers: Iterable[str] | None = None
) -> Iterator[Due]:
    """Every product that is due by the registry; of these producers only, where they are given."""
    rules = national()
    before, after = steps.span
    products = (
        catalogue.products.values()
        if producers is None
        else (one for code in producers for one in catalogue.products_of.get(code, ()))
    )
    for product in products:
        end = exact_end(product.certificate, rules)
        if end is None or not end - before <= day <= end + after:
            continue
        found = due(product, day, steps, rules)
        if isinstance(found, Due):
            yield found


def without_end(catalogue: Catalogue) -> list[Product]:
    """Products that hold or held a certificate and whose last valid day is not known to the day."""
    return [
        product
        for product in catalogue.products.values()
        if exact_end(product.certificate) is None
        and (product.certificate.stars or product.certificate.issued_on or product.certificate.decision)
        and product.certificate.status not in ("revoked", "superseded", "stopped", "unconfirmed")
    ]
