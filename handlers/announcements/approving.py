"""The second pair of eyes: asked for, given or refused, and never one's own."""

from __future__ import annotations

import re

from db import Announcement
from handlers.announcements import letters, words
from handlers.announcements.aiming import aim_of, measured
from handlers.announcements.cards import Messages, ask, card, doer, missing, the_one, to
from handlers.announcements.previewing import preview
from handlers.sentences import cut, menu_button
from handlers.services import announcements as kept
from handlers.services import approval
from handlers.services.access import Address
from handlers.services.audience import Audience
from handlers.services.outbox import Letter
from handlers.talk.language import _, listed
from handlers.talk.message import Button, Message, Text
from handlers.talk.turn import Turn


async def submit(turn: Turn, chosen: str) -> Messages:
    """Ask everybody else who approves, by letter; refused while nobody would get it or nobody can approve."""
    found = await the_one(turn, chosen)
    if found is None:
        return missing()
    own = (await turn.who()).communes
    if own and not Audience.from_json(found.audience).within(own):
        return await card(turn, chosen, words.not_yours(own, turn.catalogue))
    reached = await measured(turn.engine, await aim_of(turn, found), turn.now)
    if not reached.sent:
        why = _("Nobody would get it: choose another audience or another topic before asking for approval.")
        return await card(turn, chosen, why)
    asked = await letters.approvers(turn.engine, found)
    if not asked:
        why = _("There is nobody else who may approve. A second approver must be invited first.")
        return await card(turn, chosen, why)
    step = await approval.submit(
        turn.engine,
        found.id or 0,
        found.version,
        await doer(turn),
        turn.now,
        await _requests(turn, found, asked),
    )
    if step != "done":
        return await card(turn, chosen, words.not_done(step))
    return await card(turn, chosen, _("Asked for approval. You are told as soon as somebody has decided."))


async def _requests(turn: Turn, found: Announcement, asked: list[Address]) -> list[Letter]:
    """The letters to those who may approve: the preview, and the two buttons."""
    who = await turn.who()
    author = who.name
    if who.communes:
        communes = listed(words.commune_names(who.communes, turn.catalogue))
        author = _("{name}, officer of {communes}").format(name=who.name or _("somebody"), communes=communes)

    async def request() -> Messages:
        shown = await preview(turn, found)
        last = shown[-1]
        title = _("Announcement {number} waits for your approval").format(number=found.id)
        lead = _("Written by {name}.").format(name=author) if author else ""
        typed = _("You can also type “approve {number}” or “send back {number}”.").format(number=found.id)
        text = "\n".join(filter(None, [lead, last.text, typed]))
        return [*shown[:-1], Message(text, title=title, buttons=(_decision(found),))]

    return letters.written(asked, found, "approve", await letters.in_languages(asked, request))


def _decision(found: Announcement) -> tuple[Button, ...]:
    return (
        to("an-approve", _("Approve"), found, found.version),
        to("an-return", _("Send back"), found, found.version),
    )


async def approve(turn: Turn, chosen: str = "", version: str = "") -> Messages:
    """Approve the version that was shown."""
    found = await the_one(turn, chosen)
    if found is None:
        return missing()
    shown = int(version) if version.isdecimal() else found.version
    told = await _decided(turn, found, "approved", "")
    step = await approval.approve(turn.engine, found.id or 0, shown, await doer(turn), turn.now, told)
    if step == "done":
        lead = _("Approved.")
        if found.send_at:
            lead = _("Approved. It is sent at {when}.").format(
                when=words.when(found.send_at.astimezone(turn.now.tzinfo))
            )
        return await card(turn, chosen, lead)
    if step == "not_now" and found.approved_version == shown:
        return await card(turn, chosen, _("Somebody else has approved it already."))
    return await card(turn, chosen, words.not_done(step))


async def ask_why(turn: Turn, chosen: str = "", version: str = "") -> Messages:
    """Do not approve: ask for the reason, which the author gets."""
    found = await the_one(turn, chosen)
    if found is None:
        return missing()
    shown = version if version.isdecimal() else str(found.version)
    asked = ask(turn, found, "return", _("What should be changed? Please write it in one message."))
    turn.standing.put("step", {**turn.standing.get("step"), "version": shown})
    return asked


async def take_why(turn: Turn, found: Announcement, text: str) -> Messages:
    """The reason why it is not approved."""
    why = cut(" ".join(text.split()), 500)
    version = str((turn.standing.get("step") or {}).get("version", found.version))
    told = await _decided(turn, found, "returned", why)
    step = await approval.send_back(
        turn.engine, found.id or 0, int(version), await doer(turn), turn.now, why, told
    )
    lead = _("Sent back to the author.") if step == "done" else words.not_done(step)
    return await card(turn, str(found.id), lead)


async def _decided(turn: Turn, found: Announcement, what: str, why: str) -> list[Letter]:
    """The letter to the author about a decision."""
    by = (await turn.who()).name
    asked = await letters.author(turn.engine, found)

    async def decision() -> Messages:
        name = by or _("an approver")
        if what == "returned":
            said = _("Announcement {number} was not approved by {name}: {why}")
            text = said.format(number=found.id, name=name, why=why)
            return [Message(text, buttons=((to("an", _("Open the announcement"), found), menu_button()),))]
        text = _("Announcement {number} was approved by {name}.").format(number=found.id, name=name)
        if found.send_at:
            when = words.when(found.send_at.astimezone(turn.now.tzinfo))
            after = _("It is sent at {when}.").format(when=when)
            return [Message(f"{text} {after}", buttons=((to("an", _("Open the announcement"), found),),))]
        row = (to("an-now", _("Send now"), found), to("an-when", _("Set the hour"), found))
        return [Message(text, buttons=(row,))]

    return letters.written(asked, found, what, await letters.in_languages(asked, decision))


async def typed_decision(turn: Turn, decide: str) -> Messages:
    """“duyệt 12”, “trả lại 12”: decide about the announcement of that number, or about the only one that waits."""
    content = turn.inbound.content
    asked = re.search(r"\d+", content.text) if isinstance(content, Text) else None
    waiting = await kept.in_state(turn.engine, "submitted")
    number = asked[0] if asked else str(waiting[0].id) if len(waiting) == 1 else ""
    if number:
        return await (approve if decide == "approve" else ask_why)(turn, number)
    if not waiting:
        return [Message(_("No announcement waits for approval."), buttons=((menu_button(),),))]
    which = listed([str(one.id) for one in waiting], "or")
    return [Message(_("Which one: {numbers}?").format(numbers=which), buttons=((menu_button(),),))]


async def approve_typed(turn: Turn) -> Messages:
    """Approve, in words."""
    return await typed_decision(turn, "approve")


async def return_typed(turn: Turn) -> Messages:
    """Send back, in words."""
    return await typed_decision(turn, "return")
