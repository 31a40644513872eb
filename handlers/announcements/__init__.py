"""Announcements: drafted, previewed, approved by somebody else, sent at their hour, reported.

For officers, editors and approvers; to everybody else nothing of this exists (:func:`handlers.talk.router.only`).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from db import Announcement
from handlers.announcements import (
    approving,
    cards,
    choosing,
    drafting,
    previewing,
    reporting,
    sending,
    timing,
)
from handlers.announcements.cards import CHOICE, STEP, Messages
from handlers.announcements.rendering import render
from handlers.announcements.reporting import progress
from handlers.announcements.sending import due, named, paused_by_itself, stopped_typed
from handlers.talk import action
from handlers.talk.router import Handler
from handlers.talk.turn import Redo, Turn
from handlers.talk.understanding import Meaning

WRITES = ("officer", "editor", "approver")
"""roles that write, send and see announcements; an officer only their own, to producers of their commune"""
DECIDES = ("approver",)
ACTIONS: Mapping[str, Handler] = {
    "an": cards.card,
    "an-list": cards.listing,
    "an-new": drafting.announce,
    "an-text": drafting.ask_text,
    "an-en": drafting.ask_english,
    "an-image": drafting.ask_picture,
    "an-link": drafting.ask_link,
    "an-topic": drafting.ask_topic,
    "an-urgent": drafting.ask_urgent,
    "an-to": choosing.audience,
    "an-when": timing.ask_hour,
    "an-until": timing.ask_expiry,
    "an-now": timing.send_now,
    "an-look": previewing.look,
    "an-test": previewing.test,
    "an-submit": approving.submit,
    "an-pause": sending.pause,
    "an-resume": sending.resume,
    "an-cancel": sending.cancel,
    "an-report": reporting.report,
    "an-csv": reporting.table,
    "an-log": reporting.log,
    "an-again": reporting.again,
}
"""buttons of those who write"""
DECISIONS: Mapping[str, Handler] = {"an-approve": approving.approve, "an-return": approving.ask_why}
"""buttons of those who approve"""
INTENTS: Mapping[str, Handler] = {
    "announce": drafting.announce,
    "announcements": cards.listing_typed,
    "announcement_report": reporting.report_typed,
    "announcement_log": reporting.log_typed,
}
DECIDING_INTENTS: Mapping[str, Handler] = {
    "announcement_approve": approving.approve_typed,
    "announcement_return": approving.return_typed,
}
_PARTS: Mapping[str, Callable[[Turn, Announcement, str], Awaitable[Messages]]] = {
    "text": drafting.take_text,
    "en": drafting.take_english,
    "image": drafting.take_picture,
    "link": drafting.take_link,
    "topic": drafting.take_topic,
    "urgent": drafting.take_urgent,
    "audience": choosing.take_words,
    "when": timing.take_hour,
    "until": timing.take_expiry,
    "return": approving.take_why,
}
_WAYS_OUT: Mapping[str, str] = {
    "cancel": action.CANCEL,
    "menu": action.MENU,
    "back": "an-list",
    "stop": "unsub:all",
}
_SHORT = 3
"""words of a way out at most; a longer text that begins with “huỷ” is a text"""


def leaves(_meaning: Meaning) -> bool:
    """A text may be any text, so that nothing is clearly something else: :func:`written` looks at it."""
    return False


def _way_out(meaning: Meaning) -> bool:
    """A bare way out."""
    named = meaning.words or meaning.products or meaning.places or meaning.producers or meaning.number
    return bool(meaning.intents) and set(meaning.intents) <= _WAYS_OUT.keys() and not named


def leaves_choice(meaning: Meaning) -> bool:
    """A way out, or another of these requests, is something else than an hour or an audience."""
    return _way_out(meaning) or bool({*INTENTS, *DECIDING_INTENTS} & set(meaning.intents))


async def written(turn: Turn, text: str) -> Messages | Redo:
    """What was typed for the part that was asked for; a bare way out is one here too."""
    step = turn.standing.get("step") or {}
    meaning = turn.meaning
    if meaning and _way_out(meaning) and len(text.split()) <= _SHORT:
        return Redo(_WAYS_OUT[meaning.intents[0]])
    if step.get("part") == "new":
        return await drafting.begun(turn, text)
    found = await cards.the_one(turn, str(step.get("id", "")))
    take = _PARTS.get(str(step.get("part")))
    if found is None or take is None:
        return cards.missing()
    if step["part"] == "return" and not (await turn.who()).is_a(*DECIDES):
        return cards.missing()
    return await take(turn, found, text)


async def photo(turn: Turn) -> Messages:
    """A picture that was sent while one was asked for."""
    step = turn.standing.get("step") or {}
    found = await cards.the_one(turn, str(step.get("id", "")))
    return await drafting.photo(turn, found) if found else cards.missing()


def wants_picture(turn: Turn) -> bool:
    """Whether a picture of an announcement was asked for in this chat."""
    step = turn.standing.get("step") or {}
    return step.get("name") == CHOICE and step.get("part") == "image"


__all__ = [
    "ACTIONS",
    "CHOICE",
    "DECIDES",
    "DECIDING_INTENTS",
    "DECISIONS",
    "INTENTS",
    "STEP",
    "WRITES",
    "due",
    "leaves",
    "leaves_choice",
    "named",
    "paused_by_itself",
    "photo",
    "progress",
    "render",
    "stopped_typed",
    "wants_picture",
    "written",
]
