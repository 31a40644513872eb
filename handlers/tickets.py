"""Talking to a person: a question or a complaint is written down with a number and waits for the OCOP office."""

from __future__ import annotations

from handlers.sentences import cut, menu_button
from handlers.services.tickets import opened
from handlers.talk import action
from handlers.talk.language import _
from handlers.talk.message import Button, Message
from handlers.talk.turn import Turn
from handlers.talk.understanding import Meaning

Messages = list[Message]
LONGEST = 1_000
"""characters of a ticket"""


def human(turn: Turn) -> Messages:
    """Ask for the question; the next text is written down."""
    return _ask(
        turn, "question", _("Please write your question in one message; it is kept for the OCOP office.")
    )


def complain(turn: Turn) -> Messages:
    """Ask for the complaint; the next text is written down."""
    text = _("I am sorry to hear that. Please write in one message what happened, which product and where.")
    return _ask(turn, "complaint", text)


def _ask(turn: Turn, kind: str, text: str) -> Messages:
    turn.standing.put("step", {"name": "ticket", "kind": kind, "product": turn.standing.get("product")})
    promise = _(
        "It is kept with this chat's address, so that the office can answer. Do not send pictures of an identity card. "
        "“cancel” stops this."
    )
    return [Message(f"{text}\n{promise}", buttons=((Button(_("Cancel"), action.CANCEL), menu_button()),))]


def leaves_ticket(meaning: Meaning) -> bool:
    """Only a way out is clearly something else: a complaint may well name products and places."""
    ways_out = {"cancel", "menu", "back", "help"}
    if meaning.intents == ("stop",) and not meaning.words:
        return True
    return bool(meaning.intents) and set(meaning.intents) <= ways_out


def written(turn: Turn, text: str) -> Messages:
    """Write it down, give its number."""
    step = turn.standing.get("step") or {}
    inbound = turn.inbound
    made = opened(
        (inbound.channel, inbound.chat),
        inbound.id,
        inbound.at,
        kind=step.get("kind", "question"),
        text=text[:LONGEST],
        product=step.get("product"),
    )
    turn.records.append(made)
    turn.standing.put("step", None)
    turn.standing.put("missed", None)
    words = _(
        "Written down as number {number}: “{text}”\n"
        "It waits for the OCOP office; how soon they answer is not known. Please keep the number."
    ).format(number=made.number, text=cut(text, 200))
    return [Message(words, buttons=((menu_button(),),))]
