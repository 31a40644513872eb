"""Products: looking one up, its price, a cheaper one, another one."""

from __future__ import annotations

from dataclasses import replace

from handlers.sentences import cut, menu_button, name_of, price_of, source_line
from handlers.services.catalogue import Product
from handlers.showing import (
    asked_about,
    card_buttons,
    card_of,
    found_page,
    gone,
    last_listed,
    nothing_found,
    offset_of,
    prices,
    product_list,
    remember,
    which,
)
from handlers.talk import action
from handlers.talk.language import _
from handlers.talk.message import Button, Message
from handlers.talk.turn import Turn

Messages = list[Message]


def named(turn: Turn) -> Messages:
    """Something was named without saying what is wanted: one gives a card, several a list, none near names."""
    meaning = turn.meaning
    if meaning is None or not meaning.products:
        return nothing_found(turn)
    if len(meaning.products) == 1:
        shown = card_of(turn, meaning.products[0], corrected=meaning.corrected)
    else:
        shown = found_page(turn, 0, meaning.words, meaning.products)
    if not meaning.missing:
        return shown
    lead = _("Nothing on record is called “{words}”. Without “{missing}” there is:").format(
        words=cut(meaning.words, 60), missing=cut(meaning.missing, 40)
    )
    if len(meaning.products) > 1:
        return [replace(shown[0], title=lead)]
    return [replace(shown[0], text=f"{lead}\n\n{shown[0].text}")]


def card(turn: Turn, key: str) -> Messages:
    """The card of a product by its key."""
    product = turn.catalogue.products_by_key.get(key) or turn.catalogue.products.get(key)
    if product is None:
        return gone(turn)
    return card_of(turn, product)


def found(turn: Turn, offset: str = "0", words: str = "") -> Messages:
    """A page of what words find, from a button."""
    result = turn.published.search.find(words)
    if not result.products:
        return nothing_found(turn)
    return found_page(turn, offset_of(offset), words, result.products, edits=True)


def price(turn: Turn) -> Messages:
    """How much it costs, with the day it was recorded."""
    products = asked_about(turn)
    if not products:
        return which(turn)
    if len(products) > 1:
        return prices(turn, products)
    product = products[0]
    remember(turn, product)
    known = price_of(product)
    line = (
        _("{name}: {price}.").format(name=name_of(product), price=known)
        if known
        else _("No price is recorded for {name}. Please ask the producer or the shop.").format(
            name=name_of(product)
        )
    )
    lines = [line, source_line(product.source_url, product.source_date) if known else None]
    return [Message("\n".join(filter(None, lines)), buttons=card_buttons(turn, product))]


def cheaper(turn: Turn) -> Messages:
    """Products of the same kind that cost less, as far as prices are recorded."""
    products = asked_about(turn)
    if len(products) != 1:
        return prices(turn, products) if products else which(turn)
    base = products[0]
    same = [
        other
        for other in turn.published.search.find(_kind(base)).products
        if other.code != base.code and other.price_vnd is not None
    ]
    if base.price_vnd is None:
        text = _("No price is recorded for {name}, so we cannot compare.").format(name=name_of(base))
        return [Message(text, buttons=card_buttons(turn, base))]
    less = [
        other
        for other in same
        if (other.price_vnd or 0) < base.price_vnd and other.price_unit == base.price_unit
    ]
    if not less:
        text = _("No cheaper product of this kind has a price on record.")
        return [Message(text, buttons=card_buttons(turn, base))]
    return prices(turn, less)


def _kind(product: Product) -> str:
    """The first two words of a name say the kind of goods ("mật ong", "vịt quay")."""
    return " ".join(product.name_vi.split()[:2])


def another(turn: Turn) -> Messages:
    """Not that one: the others of the last list, else ask what is meant."""
    last = turn.standing.get("product")
    others = [product for product in last_listed(turn) if product.code != last]
    if len(others) == 1:
        return card_of(turn, others[0])
    if others:
        title = _("The others")
        return product_list(turn, 0, others, (title, lambda at: action.PRODUCTS))
    turn.standing.put("product", None)
    text = _("Sorry about that. Please type the name again, or a part of it, or the producer or the commune.")
    return [Message(text, buttons=((Button(_("Products by group"), action.PRODUCTS), menu_button()),))]
