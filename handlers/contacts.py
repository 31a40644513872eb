"""An official records a contact person for a producer without a telephone of their own that chats, and takes them away.

The person agrees by word of mouth: the official reads a text out and writes down the answer, marked as such.
"""

from __future__ import annotations

from collections.abc import Mapping

from handlers.sentences import cut, menu_button
from handlers.services import contacts
from handlers.services.access import linked_people
from handlers.services.catalogue import Producer
from handlers.services.contacts import Contact, Recording, Told, read_contact
from handlers.services.text import fold
from handlers.showing import gone
from handlers.talk import action
from handlers.talk.language import N_, _, day
from handlers.talk.message import Button, Message, Text
from handlers.talk.router import Handler
from handlers.talk.telling import tell
from handlers.talk.turn import Turn
from handlers.talk.understanding import Meaning

Messages = list[Message]
CONSENT = "oral-1"
"""version of the text that is read out; a changed text takes a new number"""
STEP = "contact"
FOR_SOMEBODY = (" ghi ho ", " ghi giup ", " record for ")
"""how an official begins who writes for a producer"""
RECORDED = N_(
    "An official of the commune recorded a contact person for {producer}: {name}. If that is wrong, please tell the "
    "officer."
)
REMOVED = N_("An official of the commune removed the contact person of {producer}: {name}.")
NAMELIKE = frozenset({"out_of_scope", "greet", "thanks", "yes", "no", "help", "contact", "pick"})
"""what a person's name may be taken for"""


def wants_contact(turn: Turn) -> bool:
    """Whether ``ghi hộ … người liên hệ`` (``record for … contact``) is about a contact person."""
    content = turn.inbound.content
    said = f" {fold(content.text)} " if isinstance(content, Text) else ""
    return said.startswith(FOR_SOMEBODY) and (" lien he " in said or " contact " in said)


async def asked(turn: Turn) -> Messages:
    """The same words: of which producer of one's commune, and who is recorded."""
    who, meaning = await turn.who(), turn.meaning
    named = list(meaning.producers) if meaning else []
    if meaning and meaning.exact:  # a product that is only near the words is nobody's name
        named += [one.producer for one in meaning.products if one.producer]
    mine = [one for one in dict.fromkeys(named) if who.may_act_in(one.commune_code or "")]
    if len(mine) == 1:
        return await _of(turn, mine[0])
    if mine:
        rows = [(Button(cut(one.name, 40), action.build("ct", one.key)),) for one in mine[:8]]
        return [Message(_("Which producer?"), buttons=(*rows, (menu_button(),)))]
    text = _("Name a producer of your commune, for example: “record for HTX Công Sơn contact”.")
    return [Message(text, buttons=((menu_button(),),))]


async def of_producer(turn: Turn, key: str = "") -> Messages:
    """The same, from a button."""
    producer = await _mine(turn, key)
    return await _of(turn, producer) if producer else _not_yours()


async def _mine(turn: Turn, key: str) -> Producer | None:
    found = turn.catalogue.producers_by_key.get(key)
    return found if found and (await turn.who()).may_act_in(found.commune_code or "") else None


def _not_yours() -> Messages:
    return [Message(_("This producer is not of your commune."), buttons=((menu_button(),),))]


async def _of(turn: Turn, producer: Producer) -> Messages:
    """Who is recorded for a producer; one more can be typed in."""
    known = await contacts.contacts_of(turn.engine, producer.code)
    lines = [_line(one, turn) for one in known]
    rows = [
        (Button(cut(_("Remove {name}").format(name=one.name), 40), _act("ct-off", producer, one.person_id)),)
        for one in known
    ]
    if len(known) < contacts.MOST:
        turn.standing.put("step", {"name": STEP, "producer": producer.code})
        lines.append(
            _(
                "Whom shall we tell for this producer? Type the name and, if they wish, the telephone number, for "
                "example: “Nguyễn Thị Lan, 09…”."
            )
        )
    title = _("Contact person: {producer}").format(producer=producer.name)
    cancel = Button(_("Cancel"), action.CANCEL)
    return [Message("\n".join(lines), title=title, buttons=(*rows, (cancel, menu_button())))]


def _act(verb: str, producer: Producer, *arguments: int) -> str:
    return action.build(verb, producer.key, *arguments)


def _line(one: Contact, turn: Turn) -> str:
    since = day(one.since.astimezone(turn.now.tzinfo).date())
    number = one.number or _("no number")
    return _("{name}, {number}, since {day}, recorded by an official").format(
        name=one.name, number=number, day=since
    )


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
        (Button(_("They agree"), _act("ct-yes", producer)), Button(_("They do not agree"), "ct-no")),
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
    producer = await _mine(turn, key)
    step = turn.standing.get("step") or {}
    if producer is None or step.get("producer") != producer.code or not step.get("who"):
        return _not_yours() if producer is None else await _of(turn, producer)
    turn.standing.put("step", None)
    told = Told(str(step["who"]), str(step.get("to") or ""))
    recording = _recording(turn, producer, (await turn.who()).actor)
    person = await contacts.record(turn.engine, recording, told)
    others = (await linked_people(turn.engine, [producer.code])).get(producer.code, [])
    reached = await _tell(turn, [one for one in others if one != person], RECORDED, producer, told.name)
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


def _recording(turn: Turn, producer: Producer, by: str) -> Recording:
    return Recording(producer.code, by, (CONSENT, turn.language), turn.now)


async def removing(turn: Turn, key: str = "", person: str = "") -> Messages:
    """Take a contact person away: asked once more."""
    producer = await _mine(turn, key)
    if producer is None:
        return _not_yours()
    turn.standing.put("step", None)
    found = await _contact(turn, producer, person)
    if found is None:
        return await _of(turn, producer)
    text = _("Remove {name}? Name and number are deleted, and no reminder is sent to them any more.")
    yes = Button(_("Yes, remove"), _act("ct-end", producer, found.person_id))
    return [Message(text.format(name=found.name), buttons=((yes, menu_button()),))]


async def removed(turn: Turn, key: str = "", person: str = "") -> Messages:
    """Gone at once; the producer's people are told."""
    producer = await _mine(turn, key)
    if producer is None:
        return _not_yours()
    found = await _contact(turn, producer, person)
    recording = _recording(turn, producer, (await turn.who()).actor)
    if found is None or not await contacts.remove(turn.engine, recording, found.person_id):
        return await _of(turn, producer)
    others = (await linked_people(turn.engine, [producer.code])).get(producer.code, [])
    await _tell(turn, others, REMOVED, producer, found.name)
    text = _("Removed: {name}. Name and number are deleted; that they had agreed stays in the log.")
    return [Message(text.format(name=found.name), title=producer.name, buttons=((menu_button(),),))]


async def _contact(turn: Turn, producer: Producer, person: str) -> Contact | None:
    known = await contacts.contacts_of(turn.engine, producer.code)
    return next((one for one in known if str(one.person_id) == person), None)


async def _tell(turn: Turn, people: list[int], said: str, producer: Producer, name: str) -> int:
    def write() -> Messages:
        return [Message(_(said).format(producer=producer.name, name=name))]

    return await tell(
        turn.engine, people, f"contact:{turn.inbound.channel}:{turn.inbound.id}", write, turn.now
    )


ACTIONS: Mapping[str, Handler] = {
    "ct": of_producer,
    "ct-yes": agreed,
    "ct-no": refused,
    "ct-off": removing,
    "ct-end": removed,
}
