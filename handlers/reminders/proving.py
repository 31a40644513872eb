"""What notice was given of a product's end, for officials."""

from __future__ import annotations

from datetime import date

from db import Notice
from handlers.reminders.officials import commune_code
from handlers.sentences import cut, menu_button, name_of
from handlers.services.catalogue import Product
from handlers.services.reminders.known import NOBODY
from handlers.services.reminders.proofs import names, notices
from handlers.showing import remember, subjects
from handlers.talk import action
from handlers.talk.language import _, clock, day, number
from handlers.talk.message import Button, Message
from handlers.talk.turn import Turn

Messages = list[Message]
PROOFS = 20
"""notices shown; the newest"""


async def proof(turn: Turn) -> Messages:
    """What notice was given of the product that was named."""
    found = list(subjects(turn))
    if len(found) == 1:
        return await _proof(turn, found[0])
    if not found:
        text = _("Of which product? Type for example: “reminder proof” and the product's name.")
        return [Message(text, buttons=((menu_button(),),))]
    rows = tuple(
        (
            Button(
                cut(f"{name_of(one)} – {one.producer.name if one.producer else ''}", 40),
                action.build("rm-proof", one.key),
            ),
        )
        for one in found[:8]
    )
    return [Message(_("Which one?"), buttons=(*rows, (menu_button(),)))]


async def proof_of(turn: Turn, key: str = "") -> Messages:
    """The same, from a button."""
    product = turn.catalogue.products_by_key.get(key)
    return await _proof(turn, product) if product else await proof(turn)


async def _proof(turn: Turn, product: Product) -> Messages:
    remember(turn, product)
    if not (await turn.who()).may_act_in(commune_code(product)):
        text = _("This product belongs to another commune.")
        return [Message(text, buttons=((menu_button(),),))]
    every = await notices(turn.engine, product.code)
    who = await names(turn.engine, (one.person_id for one in every))
    lines = [_notice_line(one, who, turn) for one in every[-PROOFS:]]
    if not lines:
        lines = [_("No reminder of this product was sent.")]
    elif len(every) > PROOFS:
        lines.insert(0, _("The newest {n} of {all}:").format(n=PROOFS, all=number(len(every))))
    title = _("Proof of reminders: {name}").format(name=name_of(product))
    return [Message("\n".join(lines), title=title, buttons=((menu_button(),),))]


def _notice_line(one: Notice, who: dict[int, str], turn: Turn) -> str:
    at = one.at.astimezone(turn.now.tzinfo)
    person = who.get(one.person_id) or (
        _("nobody linked") if one.person_id == NOBODY else _("person {n}").format(n=one.person_id)
    )
    parts = [
        f"{clock(at)} {day(at.date())}",
        step_name(one.step),
        person,
        *([one.channel + (" " + _("(template)") if one.way == "template" else "")] if one.channel else []),
        _outcome(one.outcome),
    ]
    end = _("end {day}").format(day=day(date.fromisoformat(one.cycle)))
    return " · ".join([f"• {parts[0]}", *parts[1:], end, *([one.answer] if one.answer else [])])


def _outcome(outcome: str) -> str:
    return {
        "sent": _("sent"),
        "delivered": _("delivered"),
        "seen": _("seen"),
        "failed": _("refused by the platform"),
        "gone": _("the chat cannot be reached"),
        "uncertain": _("perhaps arrived"),
        "call": _("an officer was asked to call"),
    }.get(outcome, outcome)


def step_name(name: str) -> str:
    """A step of the schedule."""
    return {
        "prepare": _("prepare"),
        "opens": _("the filing window opens"),
        "middle": _("half of the window"),
        "late": _("the window closes soon"),
        "last_day": _("last filing day"),
        "month": _("the certificate ends soon"),
        "end": _("the end"),
    }.get(name, name)
