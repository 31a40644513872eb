"""Producers: who makes it, what else they make, how to reach them as far as that is public."""

from __future__ import annotations

from collections.abc import Sequence

from handlers.sentences import cut, menu_button, name_of, notice, product_button, short_name, source_line
from handlers.services.catalogue import Producer
from handlers.showing import KEPT, PAGE, asked_about, card_buttons, gone, remember, which
from handlers.talk import action
from handlers.talk.language import _, ngettext, number
from handlers.talk.message import Button, Message
from handlers.talk.turn import Turn
from handlers.verdicts import badge

Messages = list[Message]


def producer(turn: Turn, key: str = "") -> Messages:
    """A producer and what they make; without a key, the producer of the product in question."""
    if key:
        who = turn.catalogue.producers_by_key.get(key)
        return producer_card(turn, who) if who else gone(turn)
    meaning = turn.meaning
    if meaning and meaning.producers and not meaning.products:
        return producers_named(turn, meaning.producers)
    products = asked_about(turn)
    if not products:
        return which(turn)
    known = list(dict.fromkeys(p.producer for p in products if p.producer))
    if len(known) == 1:
        return producer_card(turn, known[0])
    if known:
        return producers_named(turn, known)
    remember(turn, products[0])
    text = _("The registry does not name the producer of {name}.").format(name=name_of(products[0]))
    return [Message(text, buttons=card_buttons(turn, products[0]))]


def producers_named(turn: Turn, producers: Sequence[Producer]) -> Messages:
    """One gives the card, several a list."""
    if len(producers) == 1:
        return producer_card(turn, producers[0])
    shown = producers[: PAGE * 2]
    lines = [f"{place}. {who.name}" for place, who in enumerate(shown, start=1)]
    rows = tuple(
        (Button(cut(f"{i}. {who.name}", 40), action.producer(who.key)),) for i, who in enumerate(shown, 1)
    )
    title = ngettext("{n} producer", "{n} producers", len(producers)).format(n=number(len(producers)))
    choices = tuple(action.producer(who.key) for who in shown)
    return [Message("\n".join(lines), title=title, buttons=(*rows, (menu_button(),)), choices=choices)]


def producer_card(turn: Turn, who: Producer) -> Messages:
    """What is public about a producer, and their products with verdicts."""
    products = turn.catalogue.products_of.get(who.code, ())
    commune = turn.catalogue.communes.get(who.commune_code or "")
    facts = [
        (_("Place"), ", ".join(filter(None, [who.place, commune.name_vi if commune else None]))),
        (_("Phone"), who.phone),
        (_("Contact"), who.contact_name),
        (_("Website"), who.website),
    ]
    lines = [f"{label}: {value}" for label, value in facts if value]
    if not who.phone:
        lines.append(_("No public phone number is recorded."))
    lines.append("")
    lines.extend(
        f"{i}. {name_of(p)} – {badge(p, turn.today)}" for i, p in enumerate(products[: PAGE * 2], start=1)
    )
    if len(products) > PAGE * 2:
        lines.append(_("… and {n} more.").format(n=number(len(products) - PAGE * 2)))
    lines.extend(filter(None, [source_line(who.source_url, who.source_date), notice(turn.catalogue)]))
    rows = tuple(
        (product_button(p, f"{i}. {short_name(p)}"),) for i, p in enumerate(products[:PAGE], start=1)
    )
    turn.standing.put("listed", [p.code for p in products[:KEPT]])
    if len(products) == 1:
        turn.standing.put("product", products[0].code)
    extra = (Button(_("Copy phone number"), copy=who.phone),) if who.phone else ()
    buttons = tuple(row for row in (*rows, extra, (menu_button(),)) if row)
    choices = tuple(action.product(p.key) for p in products[: PAGE * 2])
    return [Message("\n".join(lines), title=who.name, buttons=buttons, choices=choices)]


def contact(turn: Turn) -> Messages:
    """How to reach the producer."""
    return producer(turn)
