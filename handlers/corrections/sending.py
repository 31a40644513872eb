"""A new value is read back, asked about, and put into the queue; and what waits there can be withdrawn."""

from __future__ import annotations

import hashlib
import re

from handlers.corrections.deciding import for_officer
from handlers.corrections.words import (
    VALUE,
    cancel_button,
    changed_lines,
    example,
    subject_words,
    ten_times,
    value_words,
)
from handlers.sentences import menu_button
from handlers.services import corrections as queue
from handlers.services.access import officers_of
from handlers.services.correctable import Subject, subjects_of
from handlers.services.values import ReadError, read
from handlers.talk import action
from handlers.talk.language import _
from handlers.talk.message import Button, Message
from handlers.talk.telling import tell
from handlers.talk.turn import Turn

Messages = list[Message]
MOST = 8
"""requests shown at a time"""


async def own_subjects(turn: Turn, field: str) -> list[Subject]:
    """Everything of the producers of this chat that has this field."""
    return subjects_of(turn.catalogue, field, (await turn.who()).producers, turn.today)


def theirs(name: str) -> str:
    """It belongs to somebody else."""
    return _(
        "“{name}” does not belong to the producer this chat is linked to, so it cannot be changed here."
    ).format(name=name)


def again() -> Messages:
    """What was begun is gone."""
    return [Message(_("Please begin again, for example: “change the price of … to 270k”."))]


async def read_back(turn: Turn, value: str) -> Messages:
    """Old and new, and whether that is right."""
    asked = turn.standing.get("correction") or {}
    own = await own_subjects(turn, asked["field"]) if "subject" in asked else []
    subject = next((one for one in own if one.name == asked["subject"]), None)
    if subject is None:
        return again()
    field = asked["field"]
    try:
        values = read(field, value)
    except ReadError:
        unread = _("I could not read that.")
        return _once_more(turn, f"{unread} {example(field)}")
    if field == "photo" and await turn.links.picture(values[0]) is None:
        text = _("There is no picture at this address that everybody can open. Please send another one.")
        return _once_more(turn, text)
    async with turn.engine.connect() as connection:
        old = await queue.current(connection, field, subject.code)
        private = field == "phone" and await queue.phone_stays_private(connection, subject.code)
    turn.standing.put("step", None)
    if old is None:
        return [Message(_("The registry does not have this any more, so nothing was sent."))]
    if old == values:
        return [Message(_("That is its value already."), buttons=((menu_button(),),))]
    turn.standing.put("correction", {**asked, "values": list(values), "old": list(old)})
    lines = changed_lines(turn, field, subject.name, old, values)
    if private:
        lines.append(_("The number is for the office only: contacts of this producer are not public."))
    if ten_times(field, old, values):
        lines.append(
            _("⚠ That is about ten times more or less than now. Is no nought missing, and none too many?")
        )
    lines.append(_("Is that right? An officer of the commune looks at it before it becomes public."))
    yes = Button(_("Yes, send it"), action.build("cy", _mark(turn)))
    return [Message("\n".join(lines), buttons=((yes, cancel_button()),))]


def _once_more(turn: Turn, text: str) -> Messages:
    turn.standing.put("step", {"name": VALUE})
    return [Message(text, buttons=((cancel_button(),),))]


def _mark(turn: Turn) -> str:
    """What was read back, in eight characters, so that a button from before sends nothing else."""
    asked = turn.standing.get("correction") or {}
    said = repr([asked.get(name) for name in ("field", "subject", "values", "old")])
    return hashlib.sha256(said.encode()).hexdigest()[:8]


async def confirmed(turn: Turn, mark: str = "") -> Messages:
    """Yes; a price ten times the old one is asked about once more."""
    asked = turn.standing.get("correction") or {}
    if (
        asked.get("values")
        and mark == _mark(turn)
        and ten_times(asked["field"], asked["old"], asked["values"])
    ):
        text = _(
            "Once more, because a nought is easily lost: from {old} to {new}. Is that really so?"
        ).format(old=value_words("price", asked["old"]), new=value_words("price", asked["values"]))
        return [
            Message(text, buttons=((Button(_("Yes, really"), action.build("cz", mark)), cancel_button()),))
        ]
    return await sure(turn, mark)


async def sure(turn: Turn, mark: str = "") -> Messages:
    """It waits for an officer, who is told."""
    asked = turn.standing.get("correction") or {}
    who = await turn.who()
    if not asked.get("values") or mark != _mark(turn) or who.person_id is None:
        return [Message(_("This was sent already, or it is too old. Please begin again."))]
    subject = next(
        (one for one in await own_subjects(turn, asked["field"]) if one.name == asked["subject"]), None
    )
    if subject is None:
        return [Message(theirs(subject_words(turn, asked["subject"])), buttons=((menu_button(),),))]
    wish = queue.Wish(
        asked["field"], subject.code, subject.producer.code, subject.commune, tuple(asked["values"])
    )
    made = await queue.ask(turn.engine, wish, who.person_id, turn.chat, turn.now)
    turn.standing.put("correction", None)
    if made is None:
        return [Message(_("The registry does not have this any more, so nothing was sent."))]
    told = await tell(
        turn.engine,
        await officers_of(turn.engine, subject.commune),
        f"correction:{made.id}",
        lambda: [for_officer(turn, made)],
        turn.now,
    )
    text = _("Sent as request number {number}. You hear from me when it is decided.").format(number=made.id)
    if not told:
        text += " " + _("No officer of the commune uses this bot yet: it waits in the province's list.")
    return [Message(text, buttons=((menu_button(),),))]


# ----------------------------------------------------------------------------------------------------- what was asked


async def mine(turn: Turn) -> Messages:
    """My requests that wait, each with a way to withdraw it."""
    waiting = await queue.waiting(turn.engine, (await turn.who()).producers)
    if not waiting:
        return [Message(_("No request of yours waits for a decision."), buttons=((menu_button(),),))]
    blocks, rows = [], []
    for one in waiting[:MOST]:
        lines = changed_lines(turn, one.field, one.subject, one.old, one.new)
        blocks.append("\n".join([_("Request number {number}").format(number=one.id), *lines]))
        label = _("Withdraw no. {number}").format(number=one.id)
        rows.append((Button(label, action.build("cx", str(one.id))),))
    return [Message("\n\n".join(blocks), buttons=(*rows, (menu_button(),)))]


async def withdraw(turn: Turn, number: str = "") -> Messages:
    """Take a request back."""
    one = await queue.get(turn.engine, int(number)) if re.fullmatch(r"[0-9]{1,9}", number) else None
    who = await turn.who()
    if one is None or one.producer_code not in who.producers or who.person_id is None:
        return [Message(_("There is no such request of yours."), buttons=((menu_button(),),))]
    outcome = await queue.withdraw(turn.engine, one, who.person_id, turn.now)
    if outcome in ("approved", "refused"):
        text = _("It is too late to withdraw it: the request is decided.")
    else:
        text = _("Request number {number} is withdrawn; nothing was changed.").format(number=one.id)
    return [Message(text, buttons=((menu_button(),),))]
