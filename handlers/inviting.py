"""Officials invite: producers of their commune, and further officials; who holds which role, and taking it away."""

from __future__ import annotations

from handlers.sentences import cut, menu_button, role_name
from handlers.services import access
from handlers.services.access import Held
from handlers.services.catalogue import Producer
from handlers.services.invitations import HOURS, invite
from handlers.services.text import fold
from handlers.talk import action
from handlers.talk.language import _, day, number
from handlers.talk.message import Button, Message, Text
from handlers.talk.turn import Turn

Messages = list[Message]
MOST = 8
"""producers on buttons when it has to be asked which is meant"""
PROVINCE = ("editor", "approver")
"""roles that invite officials and see who holds what"""


def _said(turn: Turn) -> str:
    content = turn.inbound.content
    return content.text if isinstance(content, Text) else ""


async def invite_producer(turn: Turn) -> Messages:
    """``mời chủ thể <name or code>``: a one-time code for somebody of a producer."""
    who = await turn.who()
    named = _producers(turn)
    mine = [one for one in named if who.may_act_in(one.commune_code or "")]
    if len(mine) == 1:
        return await _made(turn, "producer", producer=mine[0])
    if mine:
        rows = [(Button(cut(one.name, 40), action.build("inv", one.key)),) for one in mine[:MOST]]
        return [Message(_("Which producer?"), buttons=(*rows, (menu_button(),)))]
    if named:
        text = _("{producer} is not of your commune; its own officer or the province invites it.")
        return [Message(text.format(producer=named[0].name), buttons=((menu_button(),),))]
    text = _("Which producer? For example: “invite producer HTX Công Sơn”, or its code in the registry.")
    return [Message(text, buttons=((menu_button(),),))]


async def invite_this(turn: Turn, key: str = "") -> Messages:
    """A producer chosen by button."""
    producer = turn.catalogue.producers_by_key.get(key)
    if producer is None or not (await turn.who()).may_act_in(producer.commune_code or ""):
        return [Message(_("This producer is not of your commune."), buttons=((menu_button(),),))]
    return await _made(turn, "producer", producer=producer)


def _producers(turn: Turn) -> list[Producer]:
    catalogue, meaning = turn.catalogue, turn.meaning
    coded = [catalogue.producers[word] for word in _said(turn).lower().split() if word in catalogue.producers]
    if coded or meaning is None:
        return coded
    if meaning.producers:
        return list(meaning.producers)
    made = [product.producer for product in meaning.products if product.producer]
    return list({producer.code: producer for producer in made}.values())


async def invite_official(turn: Turn) -> Messages:
    """``mời cán bộ <commune>``, ``mời biên tập``, ``mời người duyệt``."""
    said = f" {fold(_said(turn))} "
    if any(words in said for words in (" duyet ", " lanh dao ", " approver ")):
        if not (await turn.who()).is_a("approver"):
            return [Message(_("Only an approver invites approvers."), buttons=((menu_button(),),))]
        return await _made(turn, "approver")
    if any(words in said for words in (" bien tap ", " editor ")):
        return await _made(turn, "editor")
    places = turn.meaning.places if turn.meaning else ()
    communes = list(dict.fromkeys(code for place in places for code in place.commune_codes))
    named = [code for code in communes if code in turn.catalogue.communes]
    named += [word for word in said.split() if word in turn.catalogue.communes and word not in named]
    if len(named) != 1:
        text = _("Officer of which commune? For example: “invite officer xã Công Sơn”.")
        return [Message(text, buttons=((menu_button(),),))]
    return await _made(turn, "officer", commune=named[0])


async def _made(turn: Turn, role: str, *, commune: str = "", producer: Producer | None = None) -> Messages:
    """Make the code, show it once with its link and how long it lives."""
    who = await turn.who()
    made = await invite(
        turn.engine,
        role,
        commune=commune,
        producer=producer.code if producer else "",
        by=who.actor,
        now=turn.now,
    )
    place = turn.catalogue.communes.get(commune)
    whom = producer.name if producer else role_name(role) + (f", {place.name_vi}" if place else "")
    lines = [
        _("Code for {whom}: {code}").format(whom=whom, code=made),
        _(
            "It works once, for {hours} hours. Give it only to the person it is for; they send it to this chat."
        ).format(hours=number(HOURS)),
    ]
    lines += await _links(turn, f"{action.CODE}_{made}")
    return [Message("\n".join(lines), buttons=((Button(_("Copy the code"), copy=made),), (menu_button(),)))]


async def _links(turn: Turn, payload: str) -> list[str]:
    """Links that carry the code; where a channel's links carry nothing, the one that opens the chat."""
    carrying = {"Telegram": turn.links.deep_link(payload), "Web": turn.links.page(f"/chat?start={payload}")}
    lines = [f"• {name}: {link}" for name, link in carrying.items() if link]
    if lines:
        lines.insert(0, _("Or they open a link, which carries the code and works as long as the code does:"))
    for road in await turn.links.roads():
        if road.link:
            lines.append(_("On Zalo they open {link} and send the code there.").format(link=road.link))
    return lines


# --------------------------------------------------------------------------------------------------------------- roles


async def roles(turn: Turn) -> Messages:
    """Who holds which role, with the number it is taken away by."""
    held = await access.roles_held(turn.engine)
    lines = [_role_line(turn, one) for one in held]
    lines.append("")
    lines.append(_("To take a role away: “end role” and its number."))
    return [Message("\n".join(lines), title=_("Roles"), buttons=((menu_button(),),))]


def _role_line(turn: Turn, held: Held) -> str:
    commune = turn.catalogue.communes.get(held.commune)
    where = f", {commune.name_vi}" if commune else ""
    name = held.name or _("person {number}").format(number=held.person_id)
    since = day(held.given_at.astimezone(turn.now.tzinfo).date())
    return f"{held.id}. {name}: {role_name(held.role)}{where} ({since})"


async def end_role(turn: Turn) -> Messages:
    """``thu hồi vai trò N``: asked once more."""
    wanted = [int(word) for word in _said(turn).split() if word.isdecimal() and len(word) < 9]
    found = await _held(turn, wanted[-1] if wanted else 0)
    if found is None:
        text = _("There is no such role. “List roles” shows them with their numbers.")
        return [Message(text, buttons=((menu_button(),),))]
    text = _("Take this role away? {role}").format(role=_role_line(turn, found))
    yes = Button(_("Yes, take it away"), action.build("role-end", found.id))
    return [Message(text, buttons=((yes, menu_button()),))]


async def role_ended(turn: Turn, number: str = "") -> Messages:
    """Take a role away at once."""
    found = await _held(turn, int(number) if number.isdecimal() and len(number) < 9 else 0)
    if found is None or not await access.end_role(turn.engine, found.id, (await turn.who()).actor, turn.now):
        return [Message(_("This role was taken away already."), buttons=((menu_button(),),))]
    turn.changed_who()
    text = _("Done, at once: {role} is no longer held.").format(role=_role_line(turn, found))
    return [Message(text, buttons=((menu_button(),),))]


async def _held(turn: Turn, number: int) -> Held | None:
    """A role that is held and that who writes may take away: an approver's only by an approver."""
    found = next((one for one in await access.roles_held(turn.engine) if one.id == number), None)
    if found and found.role == "approver" and not (await turn.who()).is_a("approver"):
        return None
    return found
