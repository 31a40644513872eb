"""An announcement at a glance, the list of them, and the ways on from each state."""

from __future__ import annotations

import re

from db import Announcement
from handlers.announcements import words
from handlers.sentences import cut, menu_button, topic_name
from handlers.services import announcements as kept
from handlers.services.announcements import By
from handlers.services.audience import Audience
from handlers.services.photos import kept_here
from handlers.talk import action
from handlers.talk.language import _
from handlers.talk.message import Button, Buttons, Message, Text
from handlers.talk.turn import Turn

Messages = list[Message]
STEP = "announcement"
"""the open question for a text of an announcement; its ``part`` says which"""
CHOICE = "announcement-choice"
"""the open question for anything shorter: an hour, an audience, an address"""
PROVINCE = ("editor", "approver")
"""see and write to everybody; an officer writes to the producers of their commune"""
TEXTS = ("new", "text", "en", "return")
"""parts that may be any text at all"""
MOST_LISTED = 8


def by(turn: Turn, person_id: int | None) -> By:
    """Who does this, and where they are told."""
    assert person_id is not None, "only people with a role come here"
    return By(person_id, ":".join(turn.chat))


async def doer(turn: Turn) -> By:
    """Who writes."""
    return by(turn, (await turn.who()).person_id)


async def the_one(turn: Turn, number: str) -> Announcement | None:
    """The announcement that a button or a step names; to a commune's officer there are only their own."""
    found = await kept.found(turn.engine, int(number)) if number.isdecimal() and len(number) < 10 else None
    author = await only_of(turn)
    return None if found and author is not None and found.author_id != author else found


async def only_of(turn: Turn) -> int | None:
    """Whose announcements alone are seen: their own by a commune's officer; everybody's (None) by the province."""
    who = await turn.who()
    return None if who.is_a(*PROVINCE) else who.person_id


def missing() -> Messages:
    """There is no such announcement."""
    return [Message(words.not_done("missing"), buttons=((_list_button(), menu_button()),))]


def to(verb: str, label: str, announcement: Announcement, *more: str | int) -> Button:
    """A button that does something with an announcement."""
    return Button(label, action.build(verb, announcement.id or 0, *more))


def ask(turn: Turn, announcement: Announcement, part: str, text: str, *rows: tuple[Button, ...]) -> Messages:
    """Ask for a part of an announcement; the next text is taken for it."""
    name = STEP if part in TEXTS else CHOICE
    turn.standing.put("step", {"name": name, "part": part, "id": announcement.id})
    return [Message(text, buttons=(*rows, (to("an", _("Back to the announcement"), announcement),)))]


async def card(turn: Turn, number: str = "", lead: str = "") -> Messages:
    """An announcement at a glance, with what can be done with it now."""
    found = await the_one(turn, number)
    if found is None:
        return missing()
    turn.standing.put("step", None)
    title = _("Announcement {number}: {state}").format(number=found.id, state=words.state_name(found.state))
    lines = [lead, *_facts(turn, found)] if lead else _facts(turn, found)
    return [Message("\n".join(lines), title=title, buttons=ways(found))]


def _facts(turn: Turn, found: Announcement) -> list[str]:
    none = _("none")
    english = found.texts.get("en")
    audience = words.audience_words(Audience.from_json(found.audience), turn.catalogue)
    facts = [
        (_("Vietnamese"), "“" + cut(found.texts.get("vi", ""), 300) + "”"),
        (_("English"), "“" + cut(english, 300) + "”" if english else _("none: the Vietnamese text is sent")),
        (_("Photo"), _("sent in the chat") if kept_here(found.image or "") else found.image or none),
        (_("Link button"), f"{found.link_label} → {found.link_url}" if found.link_url else none),
        (_("Topic"), topic_name(found.topic)),
        (_("For"), audience),
        (_("Hour"), _hour(turn, found)),
    ]
    if found.expires_at:
        facts.append((_("Not after"), words.when(found.expires_at.astimezone(turn.now.tzinfo))))
    if found.urgent_reason:
        facts.append((_("Urgent"), found.urgent_reason))
    return [f"{name}: {value}" for name, value in facts]


def _hour(turn: Turn, found: Announcement) -> str:
    if found.send_at is None:
        return _("not set")
    return words.when(found.send_at.astimezone(turn.now.tzinfo))


def ways(found: Announcement) -> Buttons:
    """What can be done in each state."""
    if found.state in ("draft", "submitted"):
        return _of_a_draft(found)
    stop = to("an-cancel", _("Cancel the announcement"), found)
    rows: dict[str, Buttons] = {
        "approved": (
            (to("an-now", _("Send now"), found), to("an-when", _("Set the hour"), found)),
            (to("an-look", _("Preview"), found), stop),
        ),
        "late": ((to("an-now", _("Send now"), found), to("an-when", _("Another hour"), found)), (stop,)),
        "scheduled": (
            (to("an-when", _("Another hour"), found), to("an-look", _("Preview"), found)),
            (stop,),
        ),
        "sending": ((to("an-pause", _("Pause"), found), to("an-report", _("Report"), found)), (stop,)),
        "paused": (
            (to("an-resume", _("Go on sending"), found), to("an-report", _("Report"), found)),
            (stop,),
        ),
        "finished": ((to("an-report", _("Report"), found), to("an-csv", _("Table (CSV)"), found)),),
        "cancelled": ((to("an-report", _("Report"), found),),),
    }
    return (*rows[found.state], (to("an-log", _("History"), found), _list_button()))


def _of_a_draft(found: Announcement) -> Buttons:
    return (
        (to("an-look", _("Preview"), found), to("an-to", _("For whom"), found)),
        (to("an-topic", _("Topic"), found), to("an-when", _("Hour"), found)),
        (to("an-text", _("Change the text"), found), to("an-en", _("English text"), found)),
        (to("an-image", _("Photo"), found), to("an-link", _("Link button"), found)),
        (to("an-until", _("Not after"), found), to("an-urgent", _("Urgent"), found)),
        (to("an-cancel", _("Cancel the announcement"), found), to("an-log", _("History"), found)),
    )


def _list_button() -> Button:
    return Button(_("All announcements"), action.ANNOUNCEMENTS)


async def listing(turn: Turn) -> Messages:
    """The newest announcements."""
    turn.standing.put("step", None)
    new = Button(_("New announcement"), "an-new")
    found = await kept.recent(turn.engine, MOST_LISTED, await only_of(turn))
    if not found:
        return [Message(_("There is no announcement yet."), buttons=((new, menu_button()),))]
    lines = [f"{_line(one)}" for one in found]
    rows = tuple((to("an", cut(_line(one), 40), one),) for one in found)
    return [Message("\n".join(lines), title=_("Announcements"), buttons=(*rows, (new, menu_button())))]


async def listing_typed(turn: Turn) -> Messages:
    """“danh sách thông báo”; a number in the words opens that one."""
    content = turn.inbound.content
    asked = re.search(r"\d+", content.text) if isinstance(content, Text) else None
    return await (card(turn, asked[0]) if asked else listing(turn))


def _line(found: Announcement) -> str:
    state = words.state_name(found.state)
    return f"{found.id} · {state} · " + cut(" ".join(found.texts.get("vi", "").split()), 60)
