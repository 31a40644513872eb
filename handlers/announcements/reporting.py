"""What became of it: counted from the rows, by cause, channel and language; as a file; who did what."""

from __future__ import annotations

import re
import secrets
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy.ext.asyncio import AsyncEngine

from db import Announcement
from handlers.announcements import words
from handlers.announcements.cards import Messages, card, doer, listing, missing, the_one, to
from handlers.sentences import cut
from handlers.services import announcements as kept
from handlers.services import reports
from handlers.services.audit import history
from handlers.services.outbox import PULLED, Count, counts
from handlers.talk.language import _, languages, number, own_name
from handlers.talk.message import Attachment, Button, Message, Text
from handlers.talk.turn import Turn

MOST_HISTORY = 20


async def report(turn: Turn, chosen: str = "") -> Messages:
    """The report at this moment; where the channel can, the message with the button is replaced."""
    found = await the_one(turn, chosen)
    return await report_of(turn.engine, found) if found else missing()


def name_of(found: Announcement) -> str:
    """Under which what is told of its progress stands once in a chat."""
    return f"announcement-{found.id}"


async def progress(engine: AsyncEngine, found: Announcement) -> Message:
    """The report as it is told unasked: the newest takes the place of the one before, where a channel can do that."""
    (report,) = await report_of(engine, found)
    return replace(report, edits=False, replaces=name_of(found))


async def report_of(engine: AsyncEngine, found: Announcement) -> Messages:
    """How many deliveries came to which end; they add up to the audience."""
    rows = await counts(engine, found.id or 0)
    title = _("Report of announcement {number}: {state}").format(
        number=found.id, state=words.state_name(found.state)
    )
    total = sum(row.deliveries for row in rows)
    if not rows:
        text = _("It was not sent to anybody, so there is nothing to report yet.")
        return [Message(text, title=title, buttons=((to("an", _("Back to the announcement"), found),),))]
    lines = [_("Audience: {chats}.").format(chats=words.chats(total)), *_ends(found, rows)]
    lines += ["", *_by(rows)]
    if found.pause_reason and found.state == "paused":
        lines.append(_("Paused because: {reason}").format(reason=found.pause_reason))
    return [Message("\n".join(lines), title=title, buttons=_ways(found, rows), edits=True)]


def _ways(found: Announcement, rows: Sequence[Count]) -> tuple[tuple[Button, ...], ...]:
    first = [to("an-csv", _("Table (CSV)"), found), to("an", _("Back to the announcement"), found)]
    ways = [tuple(first)]
    update = to("an-report", _("Update"), found)
    if found.state == "sending":
        ways.insert(0, (update, to("an-pause", _("Pause"), found)))
    elif found.state == "paused":
        ways.insert(0, (update, to("an-resume", _("Go on sending"), found)))
    uncertain = sum(row.deliveries for row in rows if row.state == "uncertain")
    if uncertain:
        label = _("Resend the uncertain ones ({count})").format(count=uncertain)
        ways.append((to("an-again", label, found),))
    return tuple(ways)


def _ends(found: Announcement, rows: Sequence[Count]) -> list[str]:
    """One line an end; failures and skips with their causes below."""
    ends: Counter[str] = Counter()
    causes: dict[str, Counter[str]] = {}
    for row in rows:
        end = _end_of(found, row)
        ends[end] += row.deliveries
        if end in ("failed", "skipped", "uncertain"):
            causes.setdefault(end, Counter())[row.reason] += row.deliveries
    lines = []
    for end, name in _names().items():
        if not ends[end]:
            continue
        lines.append(f"• {name}: {number(ends[end])}")
        for reason, count in causes.get(end, Counter()).most_common():
            lines.append(f"   – {_cause(reason)}: {number(count)}")
    return lines


def _end_of(found: Announcement, row: Count) -> str:
    if row.state == "queued" and row.channel in PULLED and found.state != "cancelled":
        return "waiting"
    if row.state in ("queued", "sending"):
        return "cancelled" if found.state == "cancelled" and row.state == "queued" else "on_the_way"
    return row.state


def _names() -> dict[str, str]:
    return {
        "seen": _("seen"),
        "delivered": _("delivered, not known whether seen"),
        "sent": _("sent (the platform does not say more)"),
        "waiting": _("waiting on our page until the person comes back"),
        "on_the_way": _("still to be sent"),
        "gone": _("blocked us, or gone"),
        "failed": _("failed"),
        "skipped": _("left out"),
        "cancelled": _("not sent, because it was cancelled"),
        "uncertain": _("uncertain: it may or may not have arrived"),
    }


def _cause(reason: str) -> str:
    known = {
        "muted": _("switched the topic off meanwhile"),
        "expired": _("its last moment had passed"),
        "cancelled": _("it was cancelled"),
        "": _("no cause given"),
    }
    return known.get(reason) or words.reason_name(reason)


def _by(rows: Sequence[Count]) -> list[str]:
    """Of those it went to, how many by channel and by language."""
    channels: Counter[str] = Counter()
    tongues: Counter[str] = Counter()
    for row in rows:
        if row.state in ("sent", "delivered", "seen"):
            channels[row.channel] += row.deliveries
            tongues[row.language] += row.deliveries
    if not channels:
        return []
    first = ", ".join(
        f"{words.channel_name(name)} {number(count)}" for name, count in sorted(channels.items())
    )
    second = ", ".join(
        f"{own_name(code) if code in languages() else code} {number(count)}"
        for code, count in sorted(tongues.items())
    )
    return [_("By channel: {parts}.").format(parts=first), _("By language: {parts}.").format(parts=second)]


async def again(turn: Turn, chosen: str, sure: str = "") -> Messages:
    """Resend what is uncertain: some people may get it twice, so it is asked once more."""
    found = await the_one(turn, chosen)
    if found is None:
        return missing()
    if not sure:
        text = _(
            "Some of these people may already have it and would get it twice. Send it again all the same?"
        )
        row = (to("an-again", _("Yes, send it again"), found, "yes"), to("an-report", _("No"), found))
        return [Message(text, buttons=(row,))]
    count = await reports.resend(turn.engine, found.id or 0, await doer(turn), turn.now)
    said = _("Queued again for {chats}.").format(chats=words.chats(count))
    return await card(turn, chosen, said)


async def table(turn: Turn, chosen: str) -> Messages:
    """Every delivery as a file where the channel takes one, else as a page of ours whose address nobody can guess."""
    found = await the_one(turn, chosen)
    if found is None:
        return missing()
    back = ((to("an-report", _("Report"), found), to("an", _("Back to the announcement"), found)),)
    name = f"announcement-{found.id}.csv"
    if file := await _brought(turn, found.id or 0):
        await reports.given(turn.engine, found.id or 0, await doer(turn), turn.now)
        said = _("One line a chat; open it with a spreadsheet. Please do not pass it on.")
        return [Message(said, file=Attachment(name, file), buttons=back)]
    if not (turn.links.page("/") or turn.inbound.channel == "web"):
        said = _("A table needs our own web address, which is not set up (PUBLIC_URL).")
        return [Message(said, buttons=back)]
    secret = secrets.token_urlsafe(24)
    await reports.report_secret(turn.engine, found.id or 0, await doer(turn), turn.now, secret)
    path = f"/reports/{secret}.csv"
    address = turn.links.page(path) or path
    said = _(
        "One line a chat; open it with a spreadsheet. The address works for 24 hours; do not pass it on."
    )
    return [Message(said, file=Attachment(name, address), buttons=back)]


async def _brought(turn: Turn, number: int) -> str:
    """The table as a file of ours that this channel takes; empty where it takes none so large."""
    most = next((r.upload_bytes for r in await turn.links.roads() if r.name == turn.inbound.channel), 0)
    file = await turn.links.table(number) if most else None
    return file.name if file and file.size <= most else ""


async def log(turn: Turn, chosen: str = "") -> Messages:
    """Who did what with it, oldest first."""
    found = await the_one(turn, chosen)
    if found is None:
        return missing()
    rows = await history(turn.engine, kept.subject(found.id or 0))
    names = await reports.names_of(turn.engine, [row.actor for row in rows])
    lines = []
    for row in rows[-MOST_HISTORY:]:
        at = row.at.astimezone(turn.now.tzinfo)
        who = names.get(row.actor) or _somebody(row.actor)
        why = f" ({cut(row.why, 80)})" if row.why else ""
        lines.append(f"{at:%d/%m/%Y %H:%M} · {who} · {_verb(row.verb)}{why}")
    title = _("History of announcement {number}").format(number=found.id)
    row_ = (to("an", _("Back to the announcement"), found),)
    return [Message("\n".join(lines), title=title, buttons=(row_,))]


def _somebody(actor: str) -> str:
    """Who has no name that we know."""
    if actor == "program":
        return _("the system")
    return _("official no. {number}").format(number=actor.removeprefix("person "))


def _verb(verb: str) -> str:
    known = {
        "drafted": _("drafted"),
        "edited": _("changed"),
        "submitted": _("asked for approval"),
        "approved": _("approved"),
        "sent back": _("did not approve"),
        "scheduled": _("set the hour"),
        "expiry set": _("set its last moment"),
        "sent": _("began to send"),
        "paused": _("paused"),
        "resumed": _("went on"),
        "late": _("was too late and asked"),
        "cancelled": _("cancelled"),
        "finished": _("finished"),
        "reported": _("wrote the report"),
        "table given": _("took the table of deliveries"),
        "resent": _("had the uncertain ones sent again"),
    }
    return known.get(verb, verb)


async def report_typed(turn: Turn) -> Messages:
    """“báo cáo thông báo 12”."""
    content = turn.inbound.content
    asked = re.search(r"\d+", content.text) if isinstance(content, Text) else None
    return await report(turn, asked[0]) if asked else await listing(turn)


async def log_typed(turn: Turn) -> Messages:
    """“lịch sử thông báo 12”."""
    content = turn.inbound.content
    asked = re.search(r"\d+", content.text) if isinstance(content, Text) else None
    return await log(turn, asked[0]) if asked else await listing(turn)
