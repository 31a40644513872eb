"""What people get unasked: topics on and off, their quiet hours, and the end of it all with one word."""

from __future__ import annotations

from db import TOPICS
from handlers.sentences import menu_button, topic_name
from handlers.services import consent
from handlers.services.moments import read_hours
from handlers.services.text import key
from handlers.talk.language import _, listed
from handlers.talk.message import Button, Message
from handlers.talk.turn import Turn
from handlers.talk.understanding import Meaning

Messages = list[Message]
CONSENT = "announcements-1"
"""version of the text that is agreed to; a changed text takes a new number"""
NO_HOURS = ("00:00", "00:00")


def _agreed_to() -> str:
    """The text that is agreed to (version :data:`CONSENT`)."""
    return _(
        "If you agree, the OCOP office sends you announcements of the topics you choose, here in this chat, between "
        "07:00 and 22:00. For this we keep this chat's address and your choice, nothing else. It is voluntary and "
        "free: type STOP at any time and it ends at once."
    )


async def topics(turn: Turn) -> Messages:
    """Which topics this chat gets, the text that is agreed to, and the ways to change it."""
    wanted = await consent.wanted(turn.engine, *turn.chat)
    return [
        Message("\n".join(await _state_lines(turn, wanted)), title=_("Announcements"), buttons=_ways(wanted))
    ]


async def _state_lines(turn: Turn, wanted: set[str]) -> list[str]:
    on = [topic_name(topic) for topic in TOPICS if topic in wanted]
    lines = [_agreed_to(), ""]
    lines.append(
        _("You get: {topics}.").format(topics=listed(on)) if on else _("You get no announcements now.")
    )
    quiet = await consent.quiet_hours(turn.engine, *turn.chat)
    if quiet and quiet[0] != quiet[1]:
        said = _("Your quiet hours: {begins} to {ends}; what comes then waits until they are over.")
        lines.append(said.format(begins=quiet[0], ends=quiet[1]))
    return lines


def _ways(wanted: set[str]) -> tuple[tuple[Button, ...], ...]:
    rows: list[tuple[Button, ...]] = []
    if not set(TOPICS) <= wanted:
        rows.append((Button(_("I agree, all topics"), "sub:all"),))
    for topic in TOPICS:
        mark = "✓" if topic in wanted else "+"
        label = f"{mark} {topic_name(topic)}"
        rows.append((Button(label, f"{'unsub' if topic in wanted else 'sub'}:{topic}"),))
    last = [Button(_("Quiet hours"), "quiet")]
    if wanted & set(TOPICS):
        last.insert(0, Button(_("Stop all announcements"), "unsub:all"))
    return (*rows, tuple(last), (menu_button(),))


async def subscribe(turn: Turn, topic: str = "all") -> Messages:
    """Agree to a topic, or to all."""
    chosen = TOPICS if topic == "all" else tuple(one for one in TOPICS if one == topic)
    if not chosen:
        return await topics(turn)
    read = (CONSENT, turn.language)
    await consent.agree(turn.engine, turn.chat, chosen, read, turn.now)
    wanted = await consent.wanted(turn.engine, *turn.chat)
    done = _("Thank you. From now on you get: {topics}. Type STOP at any time to end it.")
    text = done.format(topics=listed([topic_name(one) for one in TOPICS if one in wanted]))
    return [Message(text, buttons=((Button(_("Change"), "subs"), menu_button()),))]


async def unsubscribe(turn: Turn, topic: str = "all") -> Messages:
    """Switch a topic off; the last one, or all of them, is the end of announcements everywhere."""
    if topic in TOPICS and await consent.wanted(turn.engine, *turn.chat) & set(TOPICS) - {topic}:
        await consent.mute(turn.engine, turn.chat, (topic,), turn.now)
        text = _("Switched off: {topic}.").format(topic=topic_name(topic))
        return [Message(text, buttons=((Button(_("Change"), "subs"), menu_button()),))]
    return await stop(turn)


async def stop(turn: Turn) -> Messages:
    """The one word: no announcement any more, at once, in every chat of this person."""
    turn.standing.put("step", None)
    await consent.stop_announcements(turn.engine, turn.chat, (CONSENT, turn.language), turn.now)
    lines = [
        _("Done: you get no more announcements, here and in every other chat of yours that we know."),
        _(
            "Answers to your own questions still come. To get announcements again, type “receive announcements”."
        ),
    ]
    row = [Button(_("Receive announcements"), "subs"), menu_button()]
    if "producer" in await _roles(turn):
        lines.append(
            _(
                "Reminders of the end of your own certificates are separate: they protect a legal deadline and go on. "
                "Press the button if you do not want them either."
            )
        )
        row.insert(0, Button(_("Stop reminders too"), "unremind"))
    return [Message("\n".join(lines), buttons=(tuple(row),))]


async def _roles(turn: Turn) -> set[str]:
    return {"producer"} if (await turn.who()).is_a("producer") else set()


async def stop_reminders(turn: Turn) -> Messages:
    """No reminder of one's own certificates either, in every chat of this person."""
    await consent.stop_reminders(turn.engine, turn.chat, (CONSENT, turn.language), turn.now)
    text = _(
        "Done: no more reminders of your certificates. You answer for the deadlines yourself now; “when do my "
        "certificates end” always tells you."
    )
    return [Message(text, buttons=((menu_button(),),))]


# ------------------------------------------------------------------------------------------------------- quiet hours


def quiet(turn: Turn) -> Messages:
    """Ask for quiet hours of one's own."""
    turn.standing.put("step", {"name": "quiet"})
    text = _(
        "Between 22:00 and 07:00 nothing is sent anyway. When else shall it be quiet? For example: “12:00 to 14:00”, "
        "“20h-8h”. “none” takes your quiet hours away."
    )
    return [Message(text, buttons=((Button(_("No quiet hours"), "quiet-off"), menu_button()),))]


async def no_quiet(turn: Turn) -> Messages:
    """Take the quiet hours away."""
    turn.standing.put("step", None)
    await consent.set_quiet_hours(turn.engine, turn.chat, NO_HOURS)
    return [Message(_("You have no quiet hours of your own now."), buttons=((menu_button(),),))]


def leaves_quiet(meaning: Meaning) -> bool:
    """A way out, or a question about goods, is clearly something else than hours."""
    return bool(
        set(meaning.intents) - {"no", "yes", "open_now", "pick"} or meaning.products or meaning.places
    )


async def quiet_typed(turn: Turn, text: str) -> Messages:
    """Hours that were typed."""
    if key(text) in ("khong", "khong co", "bo", "tat", "none", "no"):
        return await no_quiet(turn)
    hours = read_hours(text)
    if hours is None:
        why = _("I could not read these hours. For example: “12:00 to 14:00”, “20h-8h”.")
        return [Message(why, buttons=((Button(_("No quiet hours"), "quiet-off"), menu_button()),))]
    turn.standing.put("step", None)
    await consent.set_quiet_hours(turn.engine, turn.chat, hours)
    said = _("From now on it is quiet from {begins} to {ends}; announcements wait until then.")
    return [Message(said.format(begins=hours[0], ends=hours[1]), buttons=((menu_button(),),))]
