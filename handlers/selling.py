"""Who sells what, on what ground we say so, and the way there: for the conversations about buying and showrooms."""

from __future__ import annotations

from collections.abc import Sequence

from handlers.sentences import name_of
from handlers.services.catalogue import Product, Showroom
from handlers.services.certificates import State, verdict
from handlers.services.nearest import directions_url
from handlers.services.text import fold, words
from handlers.talk.language import _, day, number
from handlers.talk.message import Button, Venue
from handlers.talk.turn import Turn
from handlers.verdicts import badge_and_maker

SHOWN = 3
"""showrooms in one answer"""
WANTED = 6
"""products named in one answer about showrooms"""
BY_HAND = ("online", "fair_ground")
"""kinds of showroom that nobody walks into on any day"""


def in_and_over(turn: Turn, products: Sequence[Product]) -> tuple[list[Product], list[Product]]:
    """Products whose certificate may be in force, and those whose certificate is surely not."""
    ended = {State.EXPIRED, State.REVOKED, State.SUPERSEDED, State.STOPPED}
    over = [p for p in products if verdict(p.certificate, turn.today).state in ended]
    return [p for p in products if p not in over], over


def wanted(turn: Turn, in_force: Sequence[Product], over: Sequence[Product]) -> list[str]:
    """The products asked for, those in force first, those that are not named as such."""
    lines = [f"• {name_of(product)}{badge_and_maker(product, turn.today)}" for product in in_force[:WANTED]]
    if len(in_force) > WANTED:
        lines.append(_("… and {n} more.").format(n=number(len(in_force) - WANTED)))
    if over:
        names = ", ".join(product.name_vi for product in over[:WANTED])
        lines.append(_("No longer within its certified term: {names}.").format(names=names))
    return lines


def makers(products: Sequence[Product]) -> list[str]:
    """Ways to buy from the producers themselves, as far as they are public."""
    lines = []
    for product in products[:3]:
        if product.producer and product.producer.phone:
            lines.append(
                _("From the producer: {name}, {phone}").format(
                    name=product.producer.name, phone=product.producer.phone
                )
            )
        if product.online_url:
            lines.append(_("Online: {url}").format(url=product.online_url))
    return list(dict.fromkeys(lines))


def sellers_of(turn: Turn, products: Sequence[Product]) -> dict[str, bool]:
    """Showrooms that sell one of the products: id → confirmed by the stock list, or named only by kind of goods."""
    found: dict[str, bool] = {}
    for product in products:
        for showroom_id, _confirmed in turn.catalogue.stock.get(product.code, ()):
            found[showroom_id] = True
    for showroom in turn.catalogue.showrooms.values():
        if showroom.id not in found and any(_named_in(product, showroom) for product in products):
            found[showroom.id] = False
    return dict(sorted(found.items(), key=lambda item: not item[1]))


def _named_in(product: Product, showroom: Showroom) -> bool:
    """The showroom's own words name this kind of goods (the first two words of the product's name)."""
    kind = [fold(word) for word in words(product.name_vi)[:2]]
    said = [fold(word) for word in words(showroom.products_text or "")]
    width = len(kind)
    return bool(kind) and any(said[i : i + width] == kind for i in range(len(said) - width + 1))


def stock_words(turn: Turn, products: Sequence[Product], sellers: dict[str, bool]) -> str:
    """On what ground we name these showrooms: confirmed on a day, named by kind of goods, or not at all."""
    if any(sellers.values()):
        days = [
            confirmed
            for product in products
            for showroom_id, confirmed in turn.catalogue.stock.get(product.code, ())
            if showroom_id in sellers and confirmed
        ]
        if days:
            return _("Sold there, as last confirmed on {day}:").format(day=day(max(days)))
        return _("Sold there, as the showrooms said:")
    if sellers:
        return _(
            "No showroom has confirmed that it sells this; these name such goods (please ask before you go):"
        )
    return _("No showroom has confirmed that it sells this, and none names such goods.")


def directions_button(showroom: Showroom) -> Button | None:
    """Open the way there in a map."""
    if showroom.latitude is None or showroom.longitude is None:
        return None
    return Button(_("Directions"), url=directions_url(showroom.latitude, showroom.longitude))


def venue_of(showroom: Showroom) -> Venue | None:
    """The showroom as a map card, where its point is known."""
    if showroom.latitude is None or showroom.longitude is None:
        return None
    address = showroom.address or showroom.address_old or _("address not recorded")
    url = directions_url(showroom.latitude, showroom.longitude)
    return Venue(showroom.name_vi, address, showroom.latitude, showroom.longitude, url)
