"""An officer of the commune, or the province, decides about what producers ask for."""

from __future__ import annotations

import re

from db import Correction
from handlers.corrections.words import REASON, cancel_button, changed_lines, decided_words, ten_times, undone
from handlers.sentences import menu_button
from handlers.services import corrections as queue
from handlers.talk import action
from handlers.talk.language import _
from handlers.talk.message import Button, Message, Text
from handlers.talk.telling import tell
from handlers.talk.turn import Turn

Messages = list[Message]
SHOWN = 5
"""requests at a time, each a message with its own buttons"""
LONGEST_REASON = 300
"""characters of a reason"""
_NUMBER = re.compile(r"(?<!\d)(\d{1,9})(?!\d)\s*(?:[:,.–-]|\b(?:vì|vi|do|because|as)\b)?\s*(.*)", re.DOTALL)


async def waiting(turn: Turn) -> Messages:
    """Corrections that wait for a decision, of one's own commune."""
    mine = await _waiting(turn)
    if not mine:
        return [Message(_("No correction waits for a decision."), buttons=((menu_button(),),))]
    shown = [for_officer(turn, one) for one in mine[:SHOWN]]
    if len(mine) > SHOWN:
        more = _("{number} more wait; they come when these are decided.").format(number=len(mine) - SHOWN)
        shown.insert(0, Message(more))
    return shown


async def _waiting(turn: Turn) -> list[Correction]:
    who = await turn.who()
    return [one for one in await queue.waiting(turn.engine) if who.may_act_in(one.commune_code)]


def for_officer(turn: Turn, one: Correction) -> Message:
    """A request with the buttons that decide it; the labels carry its number, because labels are typed too."""
    producer = turn.catalogue.producers.get(one.producer_code)
    lines = [
        _("Request number {number}: {producer} asks to correct").format(
            number=one.id, producer=producer.name if producer else one.producer_code
        ),
        *changed_lines(turn, one.field, one.subject, one.old, one.new),
    ]
    if ten_times(one.field, one.old, one.new):
        lines.append(_("⚠ About ten times more or less than now."))
    buttons = (
        Button(_("Approve no. {number}").format(number=one.id), action.build("ca", str(one.id))),
        Button(_("Refuse no. {number}").format(number=one.id), action.build("cn", str(one.id))),
    )
    return Message("\n".join(lines), buttons=(buttons,))


async def approve(turn: Turn, number: str = "") -> Messages:
    """The new value becomes public; the producer hears it."""
    one = await _mine_to_decide(turn, number)
    if one is None:
        return _none()
    outcome = await queue.approve(turn.engine, one, (await turn.who()).person_id or 0, turn.now)
    await _tell_producer(turn, one)
    if outcome != "done":
        return [Message(undone(outcome), buttons=((menu_button(),),))]
    return [Message(_("Approved: the new value is public now, and the producer is told."))]


async def refuse(turn: Turn, number: str = "") -> Messages:
    """Ask for the reason, which the producer hears."""
    one = await _mine_to_decide(turn, number)
    if one is None:
        return _none()
    if one.state != "asked":
        return [Message(undone(one.state), buttons=((menu_button(),),))]
    turn.standing.put("step", {"name": REASON, "number": one.id})
    text = _("Please write the reason in one sentence; the producer reads it.")
    return [Message(text, buttons=((cancel_button(),),))]


async def reasoned(turn: Turn, text: str) -> Messages:
    """Refuse with this reason."""
    step = turn.standing.get("step") or {}
    turn.standing.put("step", None)
    return await _refuse_because(turn, str(step.get("number", "")), text)


async def approve_written(turn: Turn) -> Messages:
    """Approve what was named by its number; without one, the only one that waits."""
    number, _reason = await _written(turn)
    return await approve(turn, number) if number else await waiting(turn)


async def refuse_written(turn: Turn) -> Messages:
    """Refuse what was named by its number, with the reason that follows it."""
    number, reason = await _written(turn)
    if not number:
        return await waiting(turn)
    return await _refuse_because(turn, number, reason) if reason else await refuse(turn, number)


async def _written(turn: Turn) -> tuple[str, str]:
    content = turn.inbound.content
    found = _NUMBER.search(content.text if isinstance(content, Text) else "")
    if found:
        return found[1], found[2].strip()
    mine = await _waiting(turn)
    return (str(mine[0].id), "") if len(mine) == 1 else ("", "")


async def _refuse_because(turn: Turn, number: str, reason: str) -> Messages:
    one = await _mine_to_decide(turn, number)
    if one is None:
        return _none()
    person = (await turn.who()).person_id or 0
    outcome = await queue.refuse(turn.engine, one, person, reason[:LONGEST_REASON], turn.now)
    await _tell_producer(turn, one)
    if outcome != "done":
        return [Message(undone(outcome), buttons=((menu_button(),),))]
    return [Message(_("Refused; the producer is told the reason."))]


async def _mine_to_decide(turn: Turn, number: str) -> Correction | None:
    one = await queue.get(turn.engine, int(number)) if re.fullmatch(r"[0-9]{1,9}", number) else None
    return one if one and (await turn.who()).may_act_in(one.commune_code) else None


def _none() -> Messages:
    return [Message(_("There is no such request for your commune."), buttons=((menu_button(),),))]


async def _tell_producer(turn: Turn, asked: Correction) -> None:
    """Tell of the decision as it stands, once: also when the one who decided was stopped before telling."""
    one = await queue.get(turn.engine, asked.id or 0)
    if one and one.state in ("approved", "refused"):
        key = f"correction:{one.id}:decided"
        await tell(turn.engine, [one.asked_by], key, lambda: [Message(decided_words(turn, one))], turn.now)
