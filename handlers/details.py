"""Details of goods: how long they keep, what is in them, whether they are sent; else who is to be asked."""

from __future__ import annotations

from collections.abc import Callable

from handlers.sentences import menu_button, name_of, product_button
from handlers.services.catalogue import Product
from handlers.showing import PAGE, asked_about, card_buttons, remember, remember_together, which
from handlers.talk.language import _, ngettext, number
from handlers.talk.message import Button, Message
from handlers.talk.turn import Turn

Messages = list[Message]


def shelf_life(turn: Turn) -> Messages:
    """How long it keeps."""
    return _told(turn, _keeps)


def allergens(turn: Turn) -> Messages:
    """What is in it, as far as the producer declared it; never advice about health."""
    return _told(
        turn, _contains, _("Only the label and the producer can say it for sure; ask a doctor about health.")
    )


def delivery(turn: Turn) -> Messages:
    """Whether it can be ordered and sent: the address to order at, else whom to ask."""
    products = asked_about(turn)
    if not products:
        text = _(
            "Nothing is ordered or paid here. Many producers send their goods by post: name a product and I say where "
            "to order or whom to call."
        )
        return [Message(text, buttons=((menu_button(),),))]
    return _told(turn, _sent)


def _told(turn: Turn, say: Callable[[Product], str], warning: str = "") -> Messages:
    products = asked_about(turn)[:PAGE]
    if not products:
        return which(turn)
    lines = [say(product) for product in products]
    known = list(dict.fromkeys(_whom(product) for product in products))
    lines += [whom for whom in known if whom]
    lines += [warning] if warning else []
    if len(products) > 1:
        remember_together(turn, products)
        rows = tuple((product_button(product),) for product in products)
        return [Message("\n".join(lines), buttons=(*rows, (menu_button(),)))]
    remember(turn, products[0])
    order = products[0].online_url
    links = ((Button(_("Order online"), url=order),),) if order and say is _sent else ()
    return [Message("\n".join(lines), buttons=(*links, *card_buttons(turn, products[0])))]


def _keeps(product: Product) -> str:
    days, name = product.shelf_life_days, name_of(product)
    if not days:
        return _("{name}: how long it keeps is not recorded; see the label.").format(name=name)
    kept = ngettext("{name}: keeps {n} day.", "{name}: keeps {n} days.", days)
    return kept.format(name=name, n=number(days))


def _contains(product: Product) -> str:
    name = name_of(product)
    if not product.allergens:
        return _("{name}: ingredients and allergens are not recorded; see the label.").format(name=name)
    if product.allergens == "none":
        return _("{name}: no allergens, as the producer declares.").format(name=name)
    return _("{name}: contains {allergens}.").format(name=name, allergens=product.allergens)


def _sent(product: Product) -> str:
    name = name_of(product)
    if product.online_url:
        return _("{name} can be ordered online: {url}").format(name=name, url=product.online_url)
    return _("{name}: whether it is sent is not recorded.").format(name=name)


def _whom(product: Product) -> str:
    """Who is to be asked: the producer, with a phone number where it is public."""
    who = product.producer
    if who is None:
        return ""
    if who.phone:
        return _("Ask the producer: {name}, {phone}.").format(name=who.name, phone=who.phone)
    return _("Ask the producer: {name} (no public phone number is recorded).").format(name=who.name)
