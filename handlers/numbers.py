"""Telephone numbers: whether somebody may be reached by theirs when no chat does, shown and taken back at any time."""

from __future__ import annotations

from collections.abc import Mapping

from handlers.sentences import menu_button
from handlers.services import consent, linking
from handlers.talk import action
from handlers.talk.language import _
from handlers.talk.message import Button, Buttons, Message
from handlers.talk.router import Handler
from handlers.talk.turn import Turn
from handlers.talk.understanding import Meaning

Messages = list[Message]
CONSENT = "phone-1"
"""version of the text that is agreed to; a changed text takes a new number"""
STEP = "phone-consent"


def asked(turn: Turn) -> Messages:
    """May the number that was proved be used? Nothing is chosen beforehand; silence is no."""
    if not turn.standing.get("proved"):
        return _unproved()
    turn.standing.put("step", {"name": STEP})
    rows = ((Button(_("Yes, by number too"), "tel-yes"), Button(_("No number"), "tel-no")), (menu_button(),))
    return [Message(_agreed_to(), buttons=rows)]


def _unproved() -> Messages:
    text = _("I do not know which number is yours. Please share it once more.")
    return [Message(text, buttons=((Button(_("How to link"), "link"), menu_button()),))]


def _agreed_to() -> str:
    """The text that is agreed to (version :data:`CONSENT`)."""
    return _(
        "When no message reaches you in a chat, may a reminder come to your telephone number on "
        "Zalo, and may the officer of your commune call it? For that I keep the number you just shared and your yes; "
        "the provincial OCOP office and your commune's officer can see it. It is voluntary. To see it or to take it "
        "back, type /sdt at any time."
    )


async def answered(turn: Turn, _text: str) -> Messages:
    """Yes or no in words."""
    said = set(turn.meaning.intents) if turn.meaning else set()
    return await refused(turn) if "no" in said else await agreed(turn)


async def agreed(turn: Turn) -> Messages:
    """Yes: the number that was proved is kept, with the version of the text."""
    turn.standing.put("step", None)
    producers, mark = (await turn.who()).producers, str(turn.standing.get("proved") or "")
    number = await linking.proved_number(turn.engine, producers, mark) if mark else ""
    if not number:
        return _unproved()
    turn.standing.put("proved", None)
    await consent.keep_number(turn.engine, turn.chat, number, (CONSENT, turn.language), turn.now)
    text = _("Noted: if no chat reaches you, {number} is used. /sdt takes it back.").format(
        number=masked(number)
    )
    return [Message(text, buttons=_back())]


async def refused(turn: Turn) -> Messages:
    """No: nothing is kept but the no."""
    turn.standing.put("step", None)
    turn.standing.put("proved", None)
    await consent.refuse_number(turn.engine, turn.chat, (CONSENT, turn.language), turn.now)
    return [Message(_("All right: your number is not kept."), buttons=_back())]


async def kept(turn: Turn) -> Messages:
    """``/sdt``: which number is kept, and taking it back."""
    number = await consent.number_of(turn.engine, (await turn.who()).person_id)
    if not number:
        text = _("No telephone number of yours is kept.")
        return [Message(text, buttons=((Button(_("How to link"), "link"), menu_button()),))]
    text = _("If no chat reaches you, reminders go to {number}.").format(number=masked(number))
    return [Message(text, buttons=((Button(_("Take the number back"), "tel-no"), menu_button()),))]


def masked(number: str) -> str:
    """A number of which only the end is shown."""
    return "•" * (len(number) - 3) + number[-3:]


def leaves(meaning: Meaning) -> bool:
    """Anything but a yes or a no is something else; silence is not consent."""
    return not set(meaning.intents) & {"yes", "no"}


def _back() -> Buttons:
    return ((Button(_("My certificates"), action.build("mine", "0")),), (menu_button(),))


ACTIONS: Mapping[str, Handler] = {"tel-ask": asked, "tel-yes": agreed, "tel-no": refused, "tel": kept}
