"""Of which producer a contact person is recorded, and who is recorded already."""

from __future__ import annotations

from handlers.sentences import cut, menu_button
from handlers.services import contacts
from handlers.services.access import linked_people
from handlers.services.catalogue import Producer
from handlers.services.contacts import Contact, Recording
from handlers.services.text import fold
from handlers.talk import action
from handlers.talk.language import _, day
from handlers.talk.message import Button, Message, Text
from handlers.talk.telling import tell
from handlers.talk.turn import Turn

Messages = list[Message]
CONSENT = "oral-1"
"""version of the text that is read out; a changed text takes a new number"""
STEP = "contact"
FOR_SOMEBODY = (" ghi ", " them ", " record ", " add ", " write down for ")
"""how an official begins who writes for a producer"""


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
        return await of(turn, mine[0])
    if mine:
        rows = [(Button(cut(one.name, 40), action.build("ct", one.key)),) for one in mine[:8]]
        return [Message(_("Which producer?"), buttons=(*rows, (menu_button(),)))]
    text = _("Name a producer of your commune, for example: “record for HTX Công Sơn contact”.")
    return [Message(text, buttons=((menu_button(),),))]


async def of_producer(turn: Turn, key: str = "") -> Messages:
    """The same, from a button."""
    producer = await own_producer(turn, key)
    return await of(turn, producer) if producer else not_yours()


async def own_producer(turn: Turn, key: str) -> Producer | None:
    """The producer of a button, if it is of the commune of who presses."""
    found = turn.catalogue.producers_by_key.get(key)
    return found if found and (await turn.who()).may_act_in(found.commune_code or "") else None


def not_yours() -> Messages:
    """It is of another commune."""
    return [Message(_("This producer is not of your commune."), buttons=((menu_button(),),))]


async def of(turn: Turn, producer: Producer) -> Messages:
    """Who is recorded for a producer; one more can be typed in."""
    known = await contacts.contacts_of(turn.engine, producer.code)
    lines = [_line(one, turn) for one in known]
    rows = [
        (Button(cut(_("Remove {name}").format(name=one.name), 40), act("ct-off", producer, one.person_id)),)
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


def act(verb: str, producer: Producer, *arguments: int) -> str:
    """A button about a producer's contact persons."""
    return action.build(verb, producer.key, *arguments)


def _line(one: Contact, turn: Turn) -> str:
    since = day(one.since.astimezone(turn.now.tzinfo).date())
    number = one.number or _("no number")
    return _("{name}, {number}, since {day}, recorded by an official").format(
        name=one.name, number=number, day=since
    )


def recorded_by(actor: str, producer: Producer, turn: Turn) -> Recording:
    """Who records, for whom, and the text that was read out."""
    return Recording(producer.code, actor, (CONSENT, turn.language), turn.now)


async def tell_others(turn: Turn, said: str, producer: Producer, contact: tuple[int, str]) -> int:
    """Tell the people who serve the producer, except the contact person (number, name); how many are reached."""
    person, name = contact
    people = (await linked_people(turn.engine, [producer.code])).get(producer.code, [])
    others = [one for one in people if one != person]

    def write() -> Messages:
        return [Message(_(said).format(producer=producer.name, name=name))]

    return await tell(
        turn.engine, others, f"contact:{turn.inbound.channel}:{turn.inbound.id}", write, turn.now
    )
