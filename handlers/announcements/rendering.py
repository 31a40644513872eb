"""What people receive: an announcement in one language, with who sends it and how to stop."""

from __future__ import annotations

from db import Announcement
from handlers.services.cutting import units
from handlers.services.photos import kept_here
from handlers.services.roads import Road
from handlers.talk.language import _, speaking
from handlers.talk.message import Button, Message
from handlers.talk.plain import public_address, texts

LONGEST = 6_000
"""characters of one language: two messages on Telegram, four on Zalo"""


LARGEST_PICTURE = 10 * 1024 * 1024
"""bytes; Telegram's limit of a picture (core.telegram.org/bots/api#sendphoto), the widest of all channels"""


def render(announcement: Announcement, language: str, office: str = "") -> list[Message]:
    """The messages of an announcement in a language; one it was not written in falls back with a note.

    ``office`` names who sends it.
    """
    with speaking(language):
        written = announcement.texts.get(language)
        note = "" if written else _("(This announcement is only in Vietnamese.)")
        sender = _("Sent by {office}.").format(office=office or _("the OCOP office of the province"))
        stop = _("Type STOP to receive no more announcements.")
    text = "\n\n".join(
        filter(None, [note, written or announcement.texts.get("vi", ""), f"— {sender} {stop}"])
    )
    return [Message(text, buttons=_link(announcement), image=announcement.image)]


def _link(announcement: Announcement) -> tuple[tuple[Button, ...], ...]:
    if not announcement.link_url:
        return ()
    return ((Button(announcement.link_label or announcement.link_url, url=announcement.link_url),),)


def pieces(messages: list[Message], road: Road, *, pictured: bool = True) -> int:
    """How many messages of the platform one announcement is on a channel; ``pictured`` = its picture goes along."""
    count = 0
    for message in messages:
        parts = texts(message if not road.buttons else bare(message), road.text)
        beside = bool(message.image) and pictured and road.image != "none"
        captioned = beside and len(parts) == 1 and units(parts[0]) <= road.caption
        count += len(parts) + (beside and not captioned)
    return max(count, 1)


def bare(message: Message) -> Message:
    """The message without its buttons, which a channel that has some puts under the text."""
    return Message(message.text, title=message.title, image=message.image)


def losses(announcement: Announcement, messages: list[Message], road: Road, size: int | None) -> list[str]:
    """What is different on a channel from what was written; ``size`` are the picture's bytes, where known."""
    missing = _without_picture(announcement, road, size)
    lost = [missing] if missing else []
    count = pieces(messages, road, pictured=not missing)
    if count > 1:
        lost.insert(0, _("sent as {count} messages").format(count=count))
    if announcement.link_url and not road.buttons:
        lost.append(_("the link as a line of text instead of a button"))
    return lost


def _without_picture(announcement: Announcement, road: Road, size: int | None) -> str:
    """Why the picture is not shown on a channel; empty where it is, or where there is none."""
    if not announcement.image:
        return ""
    if road.image == "none":
        return _("without the picture")
    if not public_address(announcement.image) and not (kept_here(announcement.image) and road.shows_ours):
        return _("without the picture: it has no public address")
    if size and road.image_bytes and size > road.image_bytes:
        return _("without the picture: it is too large there")
    return ""
