"""At its hour: begin, or ask when it is too late; pause, go on, cancel; tell when it is over."""

from __future__ import annotations

import re
from datetime import datetime

from db import Announcement
from handlers.announcements import letters, words
from handlers.announcements.aiming import aim_of
from handlers.announcements.cards import Messages, card, doer, missing, the_one, to
from handlers.announcements.reporting import name_of, progress
from handlers.services import announcements as kept
from handlers.services import reports
from handlers.services.announcements import LATE, Step
from handlers.services.consent import NIGHT, after_the_night
from handlers.services.following import shown_in
from handlers.services.outbox import Letter, sweep
from handlers.services.text import fold
from handlers.talk.language import _
from handlers.talk.message import Message, Text
from handlers.talk.turn import Desk, Turn

_NAMED = re.compile(r"\b(?:thong bao|announcement)(?: so)? (\d{1,9})\b")
_CANCEL = re.compile(r"\b(huy|cancel)\b")


async def due(desk: Desk) -> None:
    """Every minute: begin what is due, ask about what is late, write the report of what is over."""
    now = desk.now()
    for found in await kept.in_state(desk.engine, "scheduled"):
        if found.send_at is None:
            continue
        hour = allowed_from(found, now)
        if hour > now:
            continue
        if now - hour > LATE:
            await _ask_about(desk, found, now)
        else:
            told = await _begun(desk, found)
            await kept.begin(desk.engine, found.id or 0, await aim_of(desk, found), now, told)
    await sweep(desk.engine, now)
    for found in await reports.unreported(desk.engine):
        await _report(desk, found, now)


def allowed_from(found: Announcement, now: datetime) -> datetime:
    """When it may begin: its hour, or the end of the night it falls into, unless it is urgent."""
    assert found.send_at is not None
    hour = found.send_at.astimezone(now.tzinfo)
    return hour if found.urgent_reason else after_the_night(hour, NIGHT)


async def _ask_about(desk: Desk, found: Announcement, now: datetime) -> None:
    """Its hour passed while nobody could send: the author and the approvers decide."""
    assert found.send_at is not None
    planned = found.send_at.astimezone(now.tzinfo)
    asked = [
        *await letters.author(desk.engine, found),
        *await letters.approvers(desk.engine, found),
    ]
    asked = list({(one.channel, one.address): one for one in asked}.values())

    async def question() -> Messages:
        text = _(
            "Announcement {number} should have been sent at {when}, but the system was not running. It was not sent. "
            "What shall happen?"
        ).format(number=found.id, when=words.when(planned))
        row = (to("an-now", _("Send now"), found), to("an-when", _("Another hour"), found))
        return [Message(text, buttons=(row, (to("an-cancel", _("Cancel the announcement"), found),)))]

    told = letters.written(asked, found, f"late-{now:%Y%m%d}", await letters.in_languages(asked, question))
    await kept.too_late(desk.engine, found.id or 0, now, told)


async def _begun(desk: Desk, found: Announcement) -> list[Letter]:
    asked = await letters.author(desk.engine, found)

    async def news() -> Messages:
        text = _("Announcement {number} is being sent now.").format(number=found.id)
        row = (to("an-report", _("Report"), found), to("an-pause", _("Pause"), found))
        return [Message(text, buttons=(row,), replaces=name_of(found))]

    return letters.written(asked, found, "begun", await letters.in_languages(asked, news))


async def _report(desk: Desk, found: Announcement, now: datetime) -> None:
    """The final report by letter, unless the message that shows the progress becomes it."""
    asked = await letters.author(desk.engine, found)
    changeable = {road.name for road in await desk.links.roads() if road.edit == "full"}
    shown = await shown_in(desk.engine, found)
    if shown and shown[0] in changeable and {(one.channel, one.address) for one in asked} == {shown}:
        return

    async def report() -> Messages:
        return [await progress(desk.engine, found)]

    over = found.finished_at or now
    told = letters.written(
        asked, found, f"report-{over.timestamp():.0f}", await letters.in_languages(asked, report)
    )
    await reports.report(desk.engine, found.id or 0, now, told)


def paused_by_itself(announcement: Announcement, reason: str) -> list[Message]:
    """What the author is told when the platform refused again and again and sending was paused."""
    text = _(
        "Announcement {number} was paused by the system: the platform refused it ten times in a row ({reason}). Nobody "
        "else gets it until somebody goes on."
    ).format(number=announcement.id, reason=reason)
    row = (
        to("an-resume", _("Go on sending"), announcement),
        to("an-report", _("Report"), announcement),
    )
    return [Message(text, buttons=(row, (to("an-cancel", _("Cancel the announcement"), announcement),)))]


# ---------------------------------------------------------------------------------------------- what officials decide


async def pause(turn: Turn, chosen: str) -> Messages:
    """Pause sending."""
    found = await the_one(turn, chosen)
    if found is None:
        return missing()
    step = await kept.pause(turn.engine, found.id or 0, await doer(turn), turn.now)
    return await _after(turn, chosen, step, _("Paused. What is on its way this second still arrives."))


async def resume(turn: Turn, chosen: str) -> Messages:
    """Go on sending."""
    found = await the_one(turn, chosen)
    if found is None:
        return missing()
    step = await kept.resume(turn.engine, found.id or 0, await doer(turn), turn.now)
    return await _after(turn, chosen, step, _("Sending goes on."))


async def cancel(turn: Turn, chosen: str, sure: str = "") -> Messages:
    """Cancel it; asked once more where people have got it already or are getting it."""
    found = await the_one(turn, chosen)
    if found is None:
        return missing()
    if not sure and found.state in ("sending", "paused"):
        text = _("Some people have got it already, which cannot be undone. Cancel the rest?")
        row = (to("an-cancel", _("Yes, cancel the rest"), found, "yes"), to("an", _("No"), found))
        return [Message(text, buttons=(row,))]
    step = await kept.cancel(turn.engine, found.id or 0, await doer(turn), turn.now)
    return await _after(turn, chosen, step, _("Cancelled. Nobody gets it (any more)."))


def named(turn: Turn) -> str:
    """The number of an announcement that a text names (“huỷ thông báo 12”); empty where it names none."""
    content = turn.inbound.content
    said = _NAMED.search(fold(content.text)) if isinstance(content, Text) else None
    return said[1] if said else ""


async def stopped_typed(turn: Turn) -> Messages:
    """“huỷ thông báo 12”, “dừng thông báo 12”: cancel it, or pause it."""
    content = turn.inbound.content
    said = fold(content.text) if isinstance(content, Text) else ""
    return await (cancel if _CANCEL.search(said) else pause)(turn, named(turn))


async def _after(turn: Turn, chosen: str, step: Step, done: str) -> Messages:
    return await card(turn, chosen, done if step == "done" else words.not_done(step))
