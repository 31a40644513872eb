"""Before anything is sent: the exact preview, what is lost where, whom it reaches, what it costs, a test to oneself."""

from __future__ import annotations

from collections.abc import Sequence

from db import Announcement
from handlers.announcements import words
from handlers.announcements.aiming import aim_of, measured
from handlers.announcements.cards import Messages, missing, the_one, to
from handlers.announcements.rendering import LARGEST_PICTURE, losses, pieces, render
from handlers.sentences import topic_name
from handlers.services.audience import Audience
from handlers.services.consent import NIGHT, after_the_night
from handlers.services.forecasting import forecast
from handlers.services.reach import Reach
from handlers.services.roads import Road
from handlers.talk.language import _, languages, listed, money, own_name, speaking, spoken
from handlers.talk.message import Buttons, Message
from handlers.talk.turn import Desk, Turn


async def look(turn: Turn, chosen: str) -> Messages:
    """The preview with the ways on."""
    found = await the_one(turn, chosen)
    if found is None:
        return missing()
    turn.standing.put("step", None)
    shown = await preview(turn, found)
    rows: Buttons = ((to("an-test", _("Send a test to me"), found), to("an", _("Change something"), found)),)
    if found.state == "draft":
        rows = (*rows, (to("an-submit", _("Ask for approval"), found),))
    last = shown[-1]
    return [*shown[:-1], Message(last.text, title=last.title, buttons=rows)]


async def test(turn: Turn, chosen: str) -> Messages:
    """The announcement as it will arrive, to oneself, on this channel and in each language it has."""
    found = await the_one(turn, chosen)
    if found is None:
        return missing()
    office = turn.catalogue.info.name
    if found.image:
        await turn.links.picture(found.image)  # one of ours is brought to where the channel finds it
    sent = [message for code in _written(found) for message in render(found, code, office)]
    done = _("That was the test: exactly what people on this channel will get.")
    rows = ((to("an-look", _("Preview"), found), to("an", _("Back to the announcement"), found)),)
    return [*sent, Message(done, buttons=rows)]


def _written(found: Announcement) -> list[str]:
    return [code for code in languages() if code in found.texts or code == "vi"]


async def preview(at: Turn | Desk, found: Announcement) -> Messages:
    """One message a language exactly as it arrives, then everything to be known before it is sent."""
    published = at.published if isinstance(at, Turn) else at.published()
    now = at.now if isinstance(at, Turn) else at.now()
    office = published.catalogue.info.name
    shown: Messages = []
    for code in languages():
        name = own_name(code)
        lead = _("Preview, {language}:").format(language=name)
        if code not in found.texts:
            lead = _("Preview, {language} (not written, so the Vietnamese text with a note):").format(
                language=name
            )
        first, *rest = render(found, code, office)
        shown += [Message(first.text, title=lead, buttons=first.buttons, image=first.image), *rest]
    aim = await aim_of(at, found)
    reached = await measured(at.engine, aim, now)
    audience = words.audience_words(Audience.from_json(found.audience), published.catalogue)
    picture = await at.links.picture(found.image) if found.image else None
    lines = [
        _("Topic: {topic}. For: {audience}.").format(topic=topic_name(found.topic), audience=audience),
        _hour(at, found),
        *([_("Urgent: {reason}").format(reason=found.urgent_reason)] if found.urgent_reason else []),
        *_reach_lines(reached),
        *_road_lines(found, reached, aim.roads, picture.size if picture else None),
        *([words.too_large(picture.size)] if picture and picture.size > LARGEST_PICTURE else []),
        *_warnings(found, reached, aim.roads),
    ]
    return [*shown, Message("\n".join(lines), title=_("Before it is sent"))]


def _hour(at: Turn | Desk, found: Announcement) -> str:
    now = at.now if isinstance(at, Turn) else at.now()
    if found.send_at is None:
        return _("Hour: not set; it is sent when somebody presses “Send now” after the approval.")
    moment = found.send_at.astimezone(now.tzinfo)
    if not found.urgent_reason:
        moment = after_the_night(moment, NIGHT)
    return _("Hour: {when}.").format(when=words.when(moment))


def _reach_lines(reached: Reach) -> list[str]:
    """Whom it reaches by channel and language, and who gets nothing for which reason."""
    lines = [
        _("It is sent to {reached} of {everybody}.").format(
            reached=words.chats(reached.sent), everybody=words.chats(reached.everybody)
        )
    ]
    if reached.sent:
        parts = [f"{words.channel_name(name)}: {count}" for name, count in reached.by("channel").items()]
        lines.append("• " + ", ".join(parts))
        parts = [f"{_language(code)}: {count}" for code, count in reached.by("language").items()]
        lines.append("• " + ", ".join(parts))
    for reason, count in reached.excluded.items():
        left_out = _("not sent to {chats}: {reason}")
        lines.append("• " + left_out.format(chats=words.chats(count), reason=words.reason_name(reason)))
    return lines


def _language(code: str) -> str:
    return own_name(code) if code in languages() else code


def _road_lines(found: Announcement, reached: Reach, roads: Sequence[Road], size: int | None) -> list[str]:
    """What a channel shows differently; only channels that somebody is reached on."""
    lines = []
    chats = reached.by("channel")
    for road in roads:
        if not chats.get(road.name):
            continue
        lost: list[str] = []
        tongue = spoken()
        for code in _written(found):
            rendered = render(found, code)
            with speaking(tongue):
                lost += losses(found, rendered, road, size)
        how = listed(list(dict.fromkeys(lost))) if lost else _("nothing is lost")
        lines.append(_("{channel}: {how}.").format(channel=words.channel_name(road.name), how=how))
    return lines


def _warnings(found: Announcement, reached: Reach, roads: Sequence[Road]) -> list[str]:
    """Time and money it takes, and what should make one think again."""
    if not reached.sent:
        return [_("⚠ Nobody would get it. Choose another audience or another topic.")]
    counted = {
        road.name: max(pieces(render(found, code), road) for code in _written(found)) for road in roads
    }
    ahead = forecast(reached, roads, counted)
    lines = [_("Sending takes {duration}.").format(duration=words.duration(ahead.longest))]
    if ahead.paid:
        said = _("To be paid: {count} Zalo messages, {price}.")
        lines.append(said.format(count=ahead.paid, price=money(ahead.dong)))
    else:
        lines.append(_("Nothing has to be paid."))
    if ahead.beyond_budget:
        said = _("⚠ Today's budget does not do for {chats}; they get it tomorrow or not at all.")
        lines.append(said.format(chats=words.chats(ahead.beyond_budget)))
    if ahead.beyond_month:
        said = _("⚠ This month's limit of the channel does not do for {chats}.")
        lines.append(said.format(chats=words.chats(ahead.beyond_month)))
    if quiet := reached.count("quiet"):
        said = _("{chats} have their quiet hours now and would get it afterwards.")
        lines.append(said.format(chats=words.chats(quiet)))
    if recent := reached.count("recent"):
        said = _("⚠ {chats} of them heard from us within the last 24 hours.")
        lines.append(said.format(chats=words.chats(recent)))
    return lines
