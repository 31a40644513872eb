"""The hour: when it is sent, and after when it is not sent any more."""

from __future__ import annotations

from datetime import datetime

from db import Announcement
from handlers.announcements import words
from handlers.announcements.cards import Messages, ask, card, doer, missing, the_one, to
from handlers.services import announcements as kept
from handlers.services.consent import NIGHT, after_the_night
from handlers.services.moments import read_moment
from handlers.services.text import key
from handlers.talk.language import _
from handlers.talk.turn import Turn


async def ask_hour(turn: Turn, chosen: str, off: str = "") -> Messages:
    """Ask when it shall be sent."""
    found = await the_one(turn, chosen)
    if found is None:
        return missing()
    if off:
        return await _scheduled(turn, found, None)
    text = _(
        "When shall it be sent? For example: “tomorrow 8:00”, “Friday 8 pm”, “25/12 at 7:30”. "
        "Between 22:00 and 07:00 only urgent announcements are sent."
    )
    rows = ((to("an-when", _("No hour yet"), found, "no"),),) if found.send_at else ()
    return ask(turn, found, "when", text, *rows)


async def take_hour(turn: Turn, found: Announcement, text: str) -> Messages:
    """An hour that was typed, read back with its weekday."""
    read = read_moment(text, turn.now)
    if read.problem == "now":
        return await send_now(turn, str(found.id))
    if read.at is None:
        return ask(turn, found, "when", words.not_a_moment(read.problem))
    return await _scheduled(turn, found, read.at)


async def send_now(turn: Turn, chosen: str) -> Messages:
    """Send what is approved: within a minute, or after the night."""
    found = await the_one(turn, chosen)
    if found is None:
        return missing()
    if found.approved_version != found.version:
        return await card(turn, chosen, _("It must be approved first."))
    return await _scheduled(turn, found, turn.now)


async def _scheduled(turn: Turn, found: Announcement, asked: datetime | None) -> Messages:
    at = asked if asked is None or found.urgent_reason else after_the_night(asked, NIGHT)
    if at and found.expires_at and at >= found.expires_at:
        return ask(turn, found, "when", _("That is after the moment from which it is not sent any more."))
    step = await kept.schedule(turn.engine, found.id or 0, await doer(turn), turn.now, at)
    if step != "done":
        return await card(turn, str(found.id), words.not_done(step))
    approved = found.approved_version == found.version
    if at is None:
        return await card(turn, str(found.id), _("No hour is set."))
    if at == turn.now and approved:
        return await card(turn, str(found.id), _("Sending begins within a minute."))
    lead = _("It will be sent at {when}.") if approved else _("Once approved, it is sent at {when}.")
    lead = lead.format(when=words.when(at))
    if at != asked:
        lead = f"{_night_words()} {lead}"
    return await card(turn, str(found.id), lead)


def _night_words() -> str:
    return _("Nothing is sent between 22:00 and 07:00.")


async def ask_expiry(turn: Turn, chosen: str) -> Messages:
    """Ask after when it is not sent any more."""
    found = await the_one(turn, chosen)
    text = _(
        "After when is it of no use any more? What could not be sent by then is left out. For example: “25/12 at "
        "18:00”; “none” takes it away."
    )
    return ask(turn, found, "until", text) if found else missing()


async def take_expiry(turn: Turn, found: Announcement, text: str) -> Messages:
    """A moment after which it is not sent any more."""
    nothing = key(text) in ("khong", "khong co", "bo", "none", "no")
    read = read_moment(text, turn.now)
    if not nothing and read.at is None:
        return ask(turn, found, "until", words.not_a_moment(read.problem))
    if read.at and found.send_at and read.at <= found.send_at:
        return ask(turn, found, "until", _("That is before it is sent."))
    step = await kept.expire_at(
        turn.engine, found.id or 0, await doer(turn), turn.now, None if nothing else read.at
    )
    return await card(turn, str(found.id), _("Changed.") if step == "done" else words.not_done(step))
