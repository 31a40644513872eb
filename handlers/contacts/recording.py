"""A contact person is typed in, the text is read out to them, and their answer is written down."""

from __future__ import annotations

from handlers.contacts.choosing import STEP, act, not_yours, of, own_producer, recorded_by, tell_others
from handlers.sentences import menu_button
from handlers.services import contacts
from handlers.services.contacts import Told, read_contact
from handlers.showing import gone
from handlers.talk import action
from handlers.talk.language import N_, _
from handlers.talk.message import Button, Message
from handlers.talk.turn import Turn
from handlers.talk.understanding import Meaning

Messages = list[Message]
RECORDED = N_(
    "An official of the commune recorded a contact person for {producer}: {name}. If that is wrong, please tell the "
    "officer."
)
NAMELIKE = frozenset({"out_of_scope", "greet", "thanks", "yes", "no", "help", "contact", "pick"})
"""what a person's name may be taken for"""


def leaves(meaning: Meaning) -> bool:
    """Another wish, or a product by its name, is clearly something else than a person's name."""
    return bool(set(meaning.intents) - NAMELIKE or (meaning.products and meaning.exact))


async def typed(turn: Turn, text: str) -> Messages:
    """Name and number: read back, with the text to read out to the person."""
    step = turn.standing.get("step") or {}
    producer = turn.catalogue.producers.get(str(step.get("producer", "")))
    if producer is None or not (await turn.who()).may_act_in(producer.commune_code or ""):
        turn.standing.put("step", None)
        return gone(turn)
    told = read_contact(text)
    cancel = ((Button(_("Cancel"), action.CANCEL), menu_button()),)
    if told is None:
        why = _(
            "I found no name in that. Type the name and, if they wish, the number: “Nguyễn Thị Lan, 09…”."
        )
        return [Message(why, buttons=cancel)]
    if told.number is None:
        why = _(
            "That is no Vietnamese telephone number. Please type name and number again, or only the name."
        )
        return [Message(why, buttons=cancel)]
    turn.standing.put("step", {"name": STEP, "producer": producer.code, "who": told.name, "to": told.number})
    ask = _("Contact person for {producer}: {name}{number}.").format(
        producer=producer.name, name=told.name, number=f", {told.number}" if told.number else ""
    )
    read_out = _("Please read this out to them, and press what they answer:")
    text = f"{ask}\n{read_out}\n\n“{_agreed_to(bool(told.number))}”"
    rows = (
        (Button(_("They agree"), act("ct-yes", producer)), Button(_("They do not agree"), "ct-no")),
        (menu_button(),),
    )
    return [Message(text, buttons=rows)]


def _agreed_to(numbered: bool) -> str:
    """The text that is read out (version :data:`CONSENT`)."""
    first = _(
        "The OCOP office would like to remind you before your certificates end. For that it keeps your name and which "
        "producer you belong to; the provincial OCOP office and the officer of your commune can see it, nobody else. "
        "It is voluntary; tell the officer at any time and it is deleted."
    )
    more = _(
        "Your telephone number is kept too: the officer may call it, and a reminder may come to it on Zalo."
    )
    return f"{first} {more}" if numbered else first


async def agreed(turn: Turn, key: str = "") -> Messages:
    """They said yes: written down with who recorded it and the text; the producer's people are told."""
    producer = await own_producer(turn, key)
    step = turn.standing.get("step") or {}
    if producer is None or step.get("producer") != producer.code or not step.get("who"):
        return not_yours() if producer is None else await of(turn, producer)
    turn.standing.put("step", None)
    told = Told(str(step["who"]), str(step.get("to") or ""))
    recording = recorded_by((await turn.who()).actor, producer, turn)
    person = await contacts.record(turn.engine, recording, told)
    reached = await tell_others(turn, RECORDED, producer, (person, told.name))
    lines = [
        _("Recorded, marked as given by word of mouth and recorded by you."),
        _("Reminders for this producer now name {name}; whom no message reaches stands on your list “whom to "
          "call”.").format(name=told.name),
        _("The producer is told.") if reached else _("The producer has no linked chat and is not told."),
    ]  # fmt: skip
    calls = Button(_("Whom to call"), action.build("rm-calls"))
    return [Message("\n".join(lines), title=producer.name, buttons=((calls, menu_button()),))]


def refused(turn: Turn) -> Messages:
    """They said no, or nothing: nothing is kept."""
    turn.standing.put("step", None)
    text = _("All right: nothing was kept of this person.")
    return [Message(text, buttons=((menu_button(),),))]
