"""“When do mine end?”: one's own products only, soonest first; for strangers how to link."""

from __future__ import annotations

from handlers.renewals.acting import LINK, own_products
from handlers.renewals.coach import card
from handlers.renewals.words import after_the_end, end_line, label, next_line, stand_line, window_words
from handlers.sentences import cut, menu_button, told_apart
from handlers.services.catalogue import Product
from handlers.services.certificates import verdict
from handlers.services.renewing import cycle_of, stand
from handlers.services.rules import national
from handlers.talk import action
from handlers.talk.language import _, ngettext, number
from handlers.talk.message import Button, Message
from handlers.talk.turn import Turn
from handlers.verdicts import badge

Messages = list[Message]
PAGE = 3
"""products a page: five lines each fit a telephone's screen"""


async def mine(turn: Turn) -> Messages:
    """My certificates, the soonest end first; not linked: the public verdict of a named product, and how to link."""
    who = await turn.who()
    if not who.producers:
        return _stranger(turn)
    turn.standing.put("step", None)
    return await page(turn)


def _stranger(turn: Turn) -> Messages:
    turn.standing.put("step", {"name": "certificate"})
    text = _(
        "Type the name of your product or of your cooperative or household, and we say what is recorded of its "
        "certificate. A certificate lasts {months} months."
    ).format(months=national().at(turn.today).validity_months)
    papers = Button(_("Renewal papers"), action.PAPERS)
    link = how_to_link()[0]
    return [Message(f"{text}\n{link.text}", buttons=(*link.buttons, (papers, menu_button())))]


def how_to_link() -> Messages:
    """Beside the public verdict of what somebody says is theirs."""
    text = _("If it is yours, link this chat to it: then I remind you in time.")
    return [Message(text, buttons=((Button(_("Link my account"), LINK),),))]


async def page(turn: Turn, offset: str = "0") -> Messages:
    """A page of one's own products, from a button."""
    products = await own_products(turn)
    if not products:
        return _nothing(turn) if (await turn.who()).producers else _stranger(turn)
    if len(products) == 1:
        return await card(turn, products[0])
    start = int(offset) if offset.isdecimal() and len(offset) < 5 and int(offset) < len(products) else 0
    blocks, rows = [], []
    for place, product in enumerate(products[start : start + PAGE], start + 1):
        blocks.append(f"{place}. {await _block(turn, product)}")
        rows.append((Button(cut(label(place, product), 40), action.renewal(product.key, "show")),))
    title = ngettext("Your product", "Your {n} products, the soonest end first", len(products))
    return [
        Message(
            "\n\n".join([*blocks, after_the_end()]),
            title=title.format(n=number(len(products))),
            buttons=(*rows, *_pager(turn, start, len(products)), (_calendar(), menu_button())),
            edits=offset != "0",
        )
    ]


def _pager(turn: Turn, start: int, total: int) -> tuple[tuple[Button, ...], ...]:
    back, ahead = max(0, start - PAGE), start + PAGE
    row = []
    if start:
        row.append(Button(_("◀ Back"), action.build("mine", back)))
    if ahead < total:
        row.append(Button(_("More ▶"), action.build("mine", ahead)))
    turn.standing.put("next", action.build("mine", ahead) if ahead < total else None)
    turn.standing.put("previous", action.build("mine", back) if start else None)
    return (tuple(row),) if row else ()


def _calendar() -> Button:
    return Button(_("Calendar"), "cal")


async def _block(turn: Turn, product: Product) -> str:
    found = verdict(product.certificate, turn.today)
    said = await stand(turn.engine, product.code, cycle_of(product, turn.today))
    lines = [f"{told_apart(product, turn.catalogue)}: {badge(product, turn.today)}", end_line(found)]
    if found.filing and not (found.days is not None and found.days < 0):
        lines.append(window_words(found.filing, turn.today))
    lines.append(stand_line(said) or "")
    lines.append(next_line(product, found, said, turn.catalogue))
    return "\n".join(filter(None, lines))


def _nothing(turn: Turn) -> Messages:
    text = _("No product of yours is in the registry now. Please ask the provincial OCOP office.")
    return [Message(text, buttons=((menu_button(),),))]
