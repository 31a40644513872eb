"""Who somebody is: one-time codes, the producers and roles they give, and leaving again."""

from __future__ import annotations

from handlers.sentences import human_button, menu_button
from handlers.services.invitations import Redeemed, redeem
from handlers.talk import action
from handlers.talk.language import _
from handlers.talk.message import Button, Message
from handlers.talk.turn import Turn

Messages = list[Message]


async def code(turn: Turn, text: str) -> Messages:
    """A one-time code was sent: use it, say what it opened, or why not."""
    used = await redeem(turn.engine, *turn.chat, text, turn.now)
    turn.changed_who()
    if used.state in ("good", "again"):
        turn.standing.put("step", None)
        return _welcome_producer(turn, used) if used.role == "producer" else _welcome_official(turn, used)
    return [Message(_why_not(used), buttons=((human_button(), menu_button()),))]


def _welcome_producer(turn: Turn, used: Redeemed) -> Messages:
    producer = turn.catalogue.producers.get(used.producer)
    name = producer.name if producer else used.producer
    text = _("This chat now belongs to {producer}. Ask “when do my certificates end” at any time.").format(
        producer=name
    )
    return [Message(text, buttons=((menu_button(),),))]


def _welcome_official(turn: Turn, used: Redeemed) -> Messages:
    commune = turn.catalogue.communes.get(used.commune)
    where = f" ({commune.name_vi})" if commune else ""
    text = _("This chat now has the role: {role}{where}.").format(role=role_name(used.role), where=where)
    return [Message(text, buttons=((Button(_("Help"), action.HELP), menu_button()),))]


def role_name(role: str) -> str:
    """A role in the language spoken."""
    return {
        "officer": _("commune officer"),
        "editor": _("editor"),
        "approver": _("approver"),
        "producer": _("producer"),
    }[role]


def _why_not(used: Redeemed) -> str:
    return {
        "unknown": _(
            "This code does not fit. Please check it letter by letter; a new one comes from the office."
        ),
        "used": _("This code was used already; each code works once. Please ask the office for a new one."),
        "expired": _("This code has ended. Please ask the office for a new one."),
        "withdrawn": _("This code was withdrawn. Please ask the office for a new one."),
        "locked": _("Too many codes that did not fit: codes are not accepted in this chat for 24 hours."),
    }[used.state]
