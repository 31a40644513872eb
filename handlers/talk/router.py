"""Choosing the handler: press → command → number or label just offered → open step → intent → look-up → fallback.

Free text always wins over an open step when it is clearly something else; what counts as clear is said by the step.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from handlers.services.access import Who
from handlers.services.codes import code_in
from handlers.services.text import clean, key
from handlers.talk.action import parse
from handlers.talk.language import speak, supported
from handlers.talk.message import Content, Message, Press, Text
from handlers.talk.turn import Desk, Redo, Turn
from handlers.talk.understanding import Context, Meaning

Messages = list[Message]
Handler = Callable[..., Messages | Redo | Awaitable[Messages | Redo] | Awaitable[Messages]]
Chosen = tuple["Handler | Guarded", tuple[str, ...]]

WRITTEN_CODE = re.compile(r"(?<![\w-])[0-9A-Za-z]{5}-[0-9A-Za-z]{5}(?![\w-])")
SAYS_CODE = re.compile(r"\b(?:mã|ma|code)\b", re.IGNORECASE)
LONGEST_TEXT = 1_000
"""characters of a typed text that are read; the rest is passed over in silence"""
MOST_TEXT = 8_000
"""characters that an open question (the text of an announcement) is given"""
NUMBERS_LIVE_SECONDS = 15 * 60
"""a bare number is a choice of the last list only so long (contract of Zalo §13); later it is a text like any other"""
SAID_BY = {
    "nearest": frozenset({"buy", "open_now", "how_far", "good_here"}),
    "greet": frozenset(
        {"buy", "nearest", "certificate", "price", "my_certificates", "papers", "list", "good_here"}
    ),
    "thanks": frozenset({"buy", "certificate", "price", "bye"}),
}
"""intents that another one in the same sentence already answers"""
TOGETHER = 3
"""intents of one sentence that are answered"""


@dataclass(frozen=True, slots=True)
class Guarded:
    """A handler for people who hold one of these roles; for everybody else this entry does not exist."""

    handler: Handler
    roles: tuple[str, ...]


def only(handler: Handler, *roles: str) -> Guarded:
    """A table entry for some only: ``officer``, ``editor``, ``approver``, or ``producer`` (who serves one)."""
    return Guarded(handler, roles)


Entry = Handler | Guarded
Job = Callable[[Desk], Awaitable[None]]
"""what the clock does; running it twice must do nothing twice"""


@dataclass(frozen=True, slots=True)
class Command:
    """A slash command; ``about`` is the English sentence that menus show in each language (empty = not in menus)."""

    name: str
    handler: Entry
    about: str = ""


@dataclass(frozen=True, slots=True)
class OpenStep:
    """An open question. ``yields_to(meaning)`` says whether a text is clearly something else."""

    handler: Entry
    yields_to: Callable[[Meaning], bool]


@dataclass(frozen=True, slots=True)
class Routes:
    """The table of contents."""

    commands: Mapping[str, Command]
    actions: Mapping[str, Entry]
    steps: Mapping[str, OpenStep]
    intents: Mapping[str, Entry]
    contents: Mapping[type, Handler]
    code: Handler
    look_up: Handler
    stale: Handler
    unknown: Handler
    empty: Handler
    mornings: tuple[Job, ...] = ()
    """once a day, from 08:00 local time on"""
    minutes: tuple[Job, ...] = ()
    """once a minute"""


def redo(_turn: Turn, action: str) -> Redo:
    """Let an action answer, as if its button had been pressed."""
    return Redo(action)


class Router:
    """Finds what answers a turn."""

    def __init__(self, routes: Routes) -> None:
        self.routes = routes

    def choose(self, turn: Turn, who: Who | None = None) -> list[Chosen]:
        """The handlers of this turn with their arguments, in the order of the sentence; never empty.

        Some may be :class:`Guarded`. With ``who``, entries that this person may not use do not exist.
        """
        content: Content = turn.inbound.content
        if isinstance(content, Press):
            return [self.pressed(content.action, who)]
        if isinstance(content, Text):
            return self._written(turn, content.text, who)
        return [(self.routes.contents.get(type(content), self.routes.unknown), ())]

    def pressed(self, action: str, who: Who | None = None) -> Chosen:
        """What a button's action asks for; an unknown one is stale."""
        verb, arguments = parse(action)
        entry = allowed(self.routes.actions.get(verb), who)
        return (entry, arguments) if entry else (self.routes.stale, ())

    def _written(self, turn: Turn, typed: str, who: Who | None) -> list[Chosen]:
        text = clean(typed, LONGEST_TEXT)
        if not text:
            return [(self.routes.empty, ())]
        if text.startswith("/"):
            name, _, rest = text[1:].partition(" ")
            command = self.routes.commands.get(name.lower())
            entry = allowed(command.handler, who) if command else None
            if entry:
                return [(entry, (rest.strip(),) if rest.strip() else ())]
        offered = self._offered(turn, text)
        if offered:
            return [(redo, (offered,))]
        if is_a_code(text):
            return [(self.routes.code, (text,))]
        meaning = self._understand(turn, text)
        step = turn.standing.get("step")
        opened = self.routes.steps.get(step["name"]) if step else None
        entry = allowed(opened.handler, who) if opened else None
        if opened and entry and not opened.yields_to(meaning):
            return [(entry, (clean(typed, MOST_TEXT),))]
        if opened:
            turn.standing.put("step", None)
        return self._meant(meaning, who)

    def _understand(self, turn: Turn, text: str) -> Meaning:
        step = turn.standing.get("step")
        context = Context(
            product=turn.standing.get("product"),
            step=step["name"] if step else None,
            listed=tuple(turn.standing.get("listed") or ()),
        )
        meaning = turn.published.understanding.understand(text, turn.language, context)
        turn.meaning = meaning
        written = supported(meaning.language)
        if written and not turn.standing.language and written != turn.language:
            turn.language = written
            speak(written)
        return meaning

    def _meant(self, meaning: Meaning, who: Who | None) -> list[Chosen]:
        said = [
            name for name in meaning.intents if not (SAID_BY.get(name, frozenset()) & set(meaning.intents))
        ]
        entries = [allowed(self.routes.intents.get(name), who) for name in said]
        known: list[Chosen] = [(entry, ()) for entry in entries if entry]
        if known:
            return list(dict.fromkeys(known))[:TOGETHER]
        if (
            meaning.products
            or meaning.places
            or meaning.producers
            or meaning.code
            or meaning.words
            or meaning.group
            or meaning.stars
            or meaning.state
        ):
            return [(self.routes.look_up, ())]
        return [(self.routes.unknown, ())]

    @staticmethod
    def _offered(turn: Turn, text: str) -> str | None:
        """The action of a number or of a label that the last answer offered."""
        choices = turn.standing.get("choices")
        if not choices:
            return None
        if text.isdecimal() and len(text) <= 3:
            return choice(turn, int(text))
        action = choices.get("labels", {}).get(key(text))
        return str(action) if action else None


def allowed(entry: Entry | None, who: Who | None) -> Entry | None:
    """The entry for this person: itself while nobody was asked who they are, its handler, or None."""
    if who is None or not isinstance(entry, Guarded):
        return entry
    return entry.handler if who.is_a(*entry.roles) else None


def is_a_code(text: str) -> bool:
    """Whether a one-time code stands in a text: its check symbol is right, or it is written or announced as one."""
    found = code_in(text)
    if found is None:
        return False
    alone = "".join(char for char in text.upper() if char.isalnum()) == found[0]
    return found[1] or alone or WRITTEN_CODE.search(text) is not None or SAYS_CODE.search(text) is not None


def choice(turn: Turn, number: int | None) -> str | None:
    """The action that a number stands for in the last answer, while that is fresh."""
    choices = turn.standing.get("choices") or {}
    numbers = choices.get("numbers", [])
    fresh = turn.now.timestamp() - choices.get("at", 0) <= NUMBERS_LIVE_SECONDS
    return str(numbers[number - 1]) if fresh and number and 1 <= number <= len(numbers) else None


def remember_choices(turn: Turn, messages: Messages) -> None:
    """Keep what the numbers and labels of the last answer stand for, so that typing them works everywhere."""
    turn.standing.put("choices", choices_of(messages, int(turn.now.timestamp())))


def choices_of(messages: Sequence[Message], at: int) -> dict[str, Any] | None:
    """What numbers and labels stand for that were shown at a moment (seconds since 1970); None = nothing.

    Numbers are those of the last message that has any, counted as channels without buttons count them.
    """
    numbers = next((message.numbered for message in reversed(messages) if message.numbered), [])
    labels = {_typed(b.label): b.action for message in messages for b in message.every_button if b.action}
    return {"numbers": numbers, "labels": labels, "at": at} if labels or numbers else None


@lru_cache(maxsize=16_384)
def _typed(label: str) -> str:
    """A label as it is looked up; the same ones are shown again and again."""
    return key(label)


def merge(parts: list[Messages]) -> Messages:
    """Answers to several intents of one sentence in one message, where that is possible.

    Texts are joined in order, buttons are kept once; what cannot be merged (a venue, a picture, a file) follows.
    """
    flat = [message for part in parts for message in part]
    plain = [m for m in flat if not (m.venue or m.image or m.file or m.cards)]
    if len(parts) < 2 or len(plain) < 2:
        return flat
    first = plain[0]
    texts = list(dict.fromkeys(m.plain for m in plain))
    text = "\n\n".join([*(_without_notice(one) for one in texts[:-1]), texts[-1]])
    rows = tuple(dict.fromkeys(row for m in plain for row in m.buttons))
    asks = next((m.asks for m in plain if m.asks), None)
    choices = next((m.choices for m in plain if m.choices), ())
    joined = replace(first, title="", text=text, buttons=rows, asks=asks, choices=choices)
    return [joined, *(m for m in flat if m not in plain)]


def _without_notice(text: str) -> str:
    """A text without the registry's notice (its line begins with ℹ️): said once in an answer is enough."""
    return "\n".join(line for line in text.splitlines() if not line.startswith("ℹ️")).strip()
