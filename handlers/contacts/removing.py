"""A contact person is taken away, with name and number."""

from __future__ import annotations

from handlers.contacts.choosing import act, not_yours, of, own_producer, recorded_by, tell_others
from handlers.sentences import menu_button
from handlers.services import contacts
from handlers.services.catalogue import Producer
from handlers.services.contacts import Contact
from handlers.talk.language import N_, _
from handlers.talk.message import Button, Message
from handlers.talk.turn import Turn

Messages = list[Message]
REMOVED = N_("An official of the commune removed the contact person of {producer}: {name}.")


async def removing(turn: Turn, key: str = "", person: str = "") -> Messages:
    """Take a contact person away: asked once more."""
    producer = await own_producer(turn, key)
    if producer is None:
        return not_yours()
    turn.standing.put("step", None)
    found = await _contact(turn, producer, person)
    if found is None:
        return await of(turn, producer)
    text = _("Remove {name}? Name and number are deleted, and no reminder is sent to them any more.")
    yes = Button(_("Yes, remove"), act("ct-end", producer, found.person_id))
    return [Message(text.format(name=found.name), buttons=((yes, menu_button()),))]


async def removed(turn: Turn, key: str = "", person: str = "") -> Messages:
    """Gone at once; the producer's people are told."""
    producer = await own_producer(turn, key)
    if producer is None:
        return not_yours()
    found = await _contact(turn, producer, person)
    recording = recorded_by((await turn.who()).actor, producer, turn)
    if found is None or not await contacts.remove(turn.engine, recording, found.person_id):
        return await of(turn, producer)
    await tell_others(turn, REMOVED, producer, (found.person_id, found.name))
    text = _("Removed: {name}. Name and number are deleted; that they had agreed stays in the log.")
    return [Message(text.format(name=found.name), title=producer.name, buttons=((menu_button(),),))]


async def _contact(turn: Turn, producer: Producer, person: str) -> Contact | None:
    known = await contacts.contacts_of(turn.engine, producer.code)
    return next((one for one in known if str(one.person_id) == person), None)
