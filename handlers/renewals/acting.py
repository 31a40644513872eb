"""Who may speak about a product's renewal: those who serve its producer, and officials of its commune for them."""

from __future__ import annotations

from dataclasses import dataclass

from handlers.sentences import human_button, menu_button, name_of
from handlers.services.catalogue import Product
from handlers.services.renewing import Saying, commune_of, cycle_of, products_of
from handlers.talk.language import _
from handlers.talk.message import Button, Message
from handlers.talk.turn import Turn

Messages = list[Message]
LINK = "link"
"""action: how a chat is linked to a producer"""


@dataclass(frozen=True, slots=True)
class Acting:
    """Somebody who may speak about a product: for themselves, or (``for_them``) an official for its producer."""

    product: Product
    saying: Saying
    for_them: bool


async def acting(turn: Turn, product: Product) -> Acting | None:
    """What may be written down about a product by who writes; None = nothing, it is somebody else's."""
    who = await turn.who()
    code = product.producer.code if product.producer else ""
    own = bool(code) and code in who.producers
    if not own and not (who.official and who.may_act_in(commune_of(product))):
        return None
    cycle = cycle_of(product, turn.today)
    saying = Saying(product.code, cycle, who.actor, turn.now, "" if own else code)
    return Acting(product, saying, not own)


async def own_products(turn: Turn) -> list[Product]:
    """The products of the producers that this chat serves, soonest end first."""
    return products_of(turn.catalogue, (await turn.who()).producers, turn.today)


def not_yours(product: Product) -> Messages:
    """Somebody else's product is refused."""
    text = _(
        "“{name}” does not belong to the producer this chat is linked to, so I write nothing down about it. Its "
        "certificate can be looked up by anybody."
    ).format(name=name_of(product))
    return [Message(text, buttons=((Button(_("How to link"), LINK), menu_button()),))]


def not_linked() -> Messages:
    """Nobody is known here: how to become known."""
    text = _(
        "I can write that down only for the producer the certificate belongs to, and this chat is linked to none yet."
    )
    return [Message(text, buttons=((Button(_("How to link"), LINK), human_button()), (menu_button(),)))]
