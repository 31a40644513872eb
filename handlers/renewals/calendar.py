"""The calendar of a producer: a secret address for their telephone, and the file behind it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncEngine

from handlers.renewals.acting import not_linked
from handlers.sentences import menu_button, name_of, office
from handlers.services import calendars
from handlers.services.calendars import Dated
from handlers.services.catalogue import Catalogue, Product
from handlers.services.renewing import products_of
from handlers.talk import action
from handlers.talk.language import DEFAULT, _, day, speaking
from handlers.talk.message import Attachment, Button, Message
from handlers.talk.turn import Turn

Messages = list[Message]


async def address(turn: Turn) -> Messages:
    """A secret address a producer, to subscribe to; without an address of ours that is said."""
    who = await turn.who()
    if not who.producers:
        return not_linked()
    back = ((Button(_("My certificates"), action.build("mine", "0")), menu_button()),)
    if not turn.links.page("/"):
        text = _(
            "A calendar needs our own web address, which is not set up here, so I can give you none. I remind you in "
            "this chat instead."
        )
        return [Message(text, buttons=back)]
    given = [await _given(turn, code, who.actor) for code in who.producers]
    last = given.pop()
    off = Button(_("Withdraw the address"), "cal-off")
    return [*given, replace(last, buttons=(*last.buttons, (off,), *back))]


async def _given(turn: Turn, code: str, by: str) -> Message:
    """A new address, or word of the one that this person has: only its fingerprint is kept."""
    made = await calendars.make_address(turn.engine, code, by, turn.now)
    if isinstance(made, str):
        return _fresh(turn, code, made)
    producer = turn.catalogue.producers.get(code)
    text = _(
        "You have the address of the calendar of {producer} since {day}, and it works. I keep only its fingerprint, so "
        "I cannot show it again. If it is lost, take a new one: the old one then shows nothing any more."
    ).format(producer=producer.name if producer else code, day=day(made.astimezone(turn.now.tzinfo).date()))
    anew = action.build("cal-new", producer.key if producer else code)
    return Message(text, buttons=((Button(_("New address, the old one ends"), anew),),))


def _fresh(turn: Turn, code: str, secret: str) -> Message:
    producer = turn.catalogue.producers.get(code)
    link = turn.links.page(f"/calendar/{secret}.ics")
    text = _(
        "Calendar of {producer}: filing windows and last valid days. Add this address to your telephone's calendar "
        "(“subscribe”); it follows every change:\n{link}\nThe address is secret: whoever has it sees these dates."
    ).format(producer=producer.name if producer else code, link=link)
    return Message(text, file=Attachment("ocop.ics", link))


async def renewed(turn: Turn, key: str = "") -> Messages:
    """The address ends and a new one is given, in one press."""
    who = await turn.who()
    producer = turn.catalogue.producers_by_key.get(key)
    code = producer.code if producer else key
    if code not in who.producers or not turn.links.page("/"):
        return await address(turn)
    secret = await calendars.renew_address(turn.engine, code, who.actor, turn.now)
    off = Button(_("Withdraw the address"), "cal-off")
    return [replace(_fresh(turn, code, secret), buttons=((off,), (menu_button(),)))]


async def withdrawn(turn: Turn) -> Messages:
    """Every address of one's producers' calendars ends at once."""
    who = await turn.who()
    if not who.producers:
        return not_linked()
    ended = await calendars.withdraw(turn.engine, who.producers, who.actor, turn.now)
    text = (
        _("Done: the calendar address is withdrawn; it shows nothing any more.")
        if ended
        else _("There is no calendar address to withdraw.")
    )
    return [Message(text, buttons=((Button(_("New address"), "cal"), menu_button()),))]


async def subscribed(engine: AsyncEngine, catalogue: Catalogue, secret: str, now: datetime) -> bytes | None:
    """The file behind an address, in the language of the producers; None for a wrong or withdrawn one."""
    code = await calendars.producer_of(engine, secret)
    if code is None:
        return None
    with speaking(DEFAULT):
        events = _worded(products_of(catalogue, [code], now.date()), catalogue, now)
        producer = catalogue.producers.get(code)
        name = _("OCOP: {producer}").format(producer=producer.name if producer else code)
    published = await calendars.publish(engine, events, now)
    return calendars.as_ics(name, events, published)


def _worded(products: Sequence[Product], catalogue: Catalogue, now: datetime) -> list[Dated]:
    found = []
    for product in products:
        for event in calendars.dates_of(product, now.date()):
            if event.kind == "window":
                summary = _("Hand in the OCOP renewal file: {name}")
                words = _("At {where}. Last filing day: {day}.")
            else:
                summary = _("Last valid day of the OCOP certificate: {name}")
                words = _("Without renewal the stars and the OCOP mark may no longer be printed after {day}.")
            description = words.format(where=office(product, catalogue), day=day(event.last))
            found.append(
                replace(event, summary=summary.format(name=name_of(product)), description=description)
            )
    return found
