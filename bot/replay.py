"""Conversation files: read one, check what was answered, play it offline.

The format is the operating contract's: ``language:``, ``now:`` and ``as:`` lines, then ``> what a person does`` (words,
``@latitude,longitude``, ``[button]``, ``/start payload``, ``…`` = says nothing and looks what arrived) and ``< what
must be answered``. ``now:`` may come again in the middle: time passes. So may ``as:``: from there on another person
speaks, in a chat of their own. Lines that begin with ``#`` are remarks.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine

from bot.channels.terminal import POSITION, PRESSED, TerminalChannel
from handlers.answer import Answering
from handlers.services.erasure import erase
from handlers.services.invitations import asked, code_for
from handlers.services.standing import Standing
from handlers.talk.message import Message
from handlers.talk.router import choices_of
from handlers.talk.understanding import Understanding


class NoSuchButton(Exception):
    """A conversation presses a button that is not on the screen."""


class ScriptError(Exception):
    """A conversation file that cannot be read: file, line and why, in one sentence."""


@dataclass(frozen=True, slots=True)
class Expectation:
    """One ``<`` line: what must hold for the answer to the step before it."""

    line: int
    verb: str
    value: str = ""


@dataclass(slots=True)
class ScriptStep:
    """One ``>`` line with its expectations; ``now`` is the moment from here on, if it changes; ``speaker`` who says it
    (``tourist``, or as :func:`handlers.services.invitations.asked` reads it, perhaps with a number behind it)."""

    line: int
    said: str
    now: datetime | None = None
    speaker: str = "tourist"
    expected: list[Expectation] = field(default_factory=list)


@dataclass(slots=True)
class Script:
    """A conversation file."""

    path: Path
    language: str = "vi"
    speaker: str = "tourist"
    """who speaks at the line that is being read"""
    steps: list[ScriptStep] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Screen:
    """What a person sees of one message, whatever the channel: text, labels (with addresses), map card, the rest."""

    text: str
    labels: tuple[str, ...] = ()
    links: tuple[str, ...] = ()
    venue: bool = False
    image: bool = False
    file: bool = False
    asks: str | None = None
    """place, phone, or ? where the channel does not show it"""


TOURIST = "tourist"
VERBS = (
    "nothing",
    "contains",
    "not",
    "venue",
    "no venue",
    "button",
    "no button",
    "asks",
    "messages",
    "image",
    "file",
    "link",
)
_EXPECTED = re.compile(r"<\s*([a-z ]+?)\s*(?::\s*(.*))?$")
_HEADER = re.compile(r"(language|now|as)\s*:\s*(.+)")


def read_script(path: Path) -> Script:
    """Read a conversation file. Raises :class:`ScriptError`."""
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ScriptError(f"{path}: cannot be read ({type(error).__name__}).") from None
    script = Script(path)
    now: datetime | None = None
    for number, raw in enumerate(lines, start=1):
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        header = _HEADER.fullmatch(line)
        if header:
            now = _header(script, header[1], header[2].strip(), number) or now
        elif line.startswith(">"):
            script.steps.append(ScriptStep(number, line[1:].strip(), now, script.speaker))
            now = None
        elif line.startswith("<") and script.steps:
            script.steps[-1].expected.append(_expectation(script, line, number))
        else:
            raise ScriptError(f"{path}:{number}: neither a header nor a > or < line: {line}")
    return script


def _header(script: Script, name: str, value: str, number: int) -> datetime | None:
    if name == "now":
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            raise ScriptError(f"{script.path}:{number}: not a moment: {value}") from None
        if moment.tzinfo is None:
            raise ScriptError(
                f"{script.path}:{number}: the moment needs an offset, as in 2026-12-03T10:00+07:00"
            )
        return moment
    if name == "language":
        script.language = value
        return None
    try:
        if role_of(value) != TOURIST:
            asked(role_of(value))
    except ValueError as error:
        raise ScriptError(f"{script.path}:{number}: {error}") from None
    script.speaker = value
    return None


def role_of(speaker: str) -> str:
    """What a speaker is, without the number that tells two of a kind apart (``editor 2``)."""
    return re.sub(r"\s+\d+$", "", speaker)


def waits(said: str) -> bool:
    """Whether a step says nothing: time passes, and what arrived is looked at."""
    return said in ("…", "...")


def _expectation(script: Script, line: str, number: int) -> Expectation:
    match = _EXPECTED.fullmatch(line)
    if not match or match[1] not in VERBS:
        raise ScriptError(f"{script.path}:{number}: expected one of {', '.join(VERBS)}: {line}")
    return Expectation(number, match[1], (match[2] or "").strip())


# ----------------------------------------------------------------------------------------------------------- checking


def failures(screens: Sequence[Screen], expected: Sequence[Expectation]) -> list[str]:
    """What is not as expected, one sentence each; an answer of nothing is a failure unless ``nothing`` is expected."""
    if any(one.verb == "nothing" for one in expected):
        return [f"line {expected[0].line}: something arrived: {screens[0].text[:80]}"] if screens else []
    if not screens:
        return ["nothing was answered"]
    return [f"line {one.line}: {why}" for one in expected if (why := _wrong(screens, one))]


def _wrong(screens: Sequence[Screen], one: Expectation) -> str | None:
    text = "\n".join([*(s.text for s in screens), *(label for s in screens for label in s.labels)]).casefold()
    labels = [label.casefold() for s in screens for label in s.labels]
    value = one.value.casefold()
    holds = {
        "contains": lambda: value in text,
        "not": lambda: value not in text,
        "venue": lambda: any(s.venue for s in screens),
        "no venue": lambda: not any(s.venue for s in screens),
        "button": lambda: any(value in label for label in labels),
        "no button": lambda: not any(value in label for label in labels),
        "asks": lambda: any(s.asks in (value, "?") for s in screens),
        "messages": lambda: len([s for s in screens if s.text or not s.venue]) == int(value or 0),
        "image": lambda: any(s.image for s in screens),
        "file": lambda: any(s.file for s in screens),
        "link": lambda: any(value in link.casefold() for s in screens for link in s.links),
    }
    if holds[one.verb]():
        return None
    return f"“{one.verb}{': ' + one.value if one.value else ''}” does not hold"


def screen(message: Message) -> Screen:
    """What a person sees of a message of ours, on a channel without limits."""
    buttons = message.every_button
    return Screen(
        text="\n".join([message.plain, *(f"{c.title}\n{c.text}" for c in message.cards)]),
        labels=tuple(button.label for button in buttons),
        links=tuple(button.url for button in buttons if button.url),
        venue=message.venue is not None,
        image=message.image is not None,
        file=message.file is not None,
        asks=message.asks,
    )


# ------------------------------------------------------------------------------------------------------------ playing

Say = Callable[[ScriptStep], Awaitable[list[Screen]]]


async def play(
    script: Script,
    say: Say,
    write: Callable[[str], None],
    explain: Callable[[str], list[str]] = lambda said: [],
) -> list[str]:
    """Play a conversation through ``say`` (one channel); what went wrong, one sentence each.

    ``explain`` gives lines about what was said, written before the answer.
    """
    wrong: list[str] = []
    for step in script.steps:
        write("\n".join([f"> {step.said}", *explain(step.said)]))
        try:
            screens = await say(step)
        except NoSuchButton as error:
            wrong.append(f"{script.path.name}: line {step.line}: there is no button {error}")
            continue
        for seen in screens:
            labels = " ".join(f"[{label}]" for label in seen.labels)
            write("\n".join(filter(None, [seen.text, "📍" if seen.venue else "", labels])) + "\n")
        wrong += [f"{script.path.name}: {why}" for why in failures(screens, step.expected)]
    return wrong


@dataclass(slots=True)
class MovingClock:
    """A clock that stands still until it is set."""

    at: datetime

    def __call__(self) -> datetime:
        """The moment it stands at."""
        return self.at


class Offline:
    """Plays conversations with no channel and no network: the mind alone, over a database in memory."""

    def __init__(
        self,
        answering: Answering,
        understanding: Understanding,
        clock: MovingClock,
        zone: Any,
        engine: AsyncEngine,
        refresh: Callable[[], Awaitable[Any]],
        rounds: Callable[[], Awaitable[None]],
        waiting: Callable[[str], Awaitable[list[Message]]],
    ) -> None:
        self._answering = answering
        self._understanding = understanding
        self._clock = clock
        self._zone = zone
        self._engine = engine
        self._refresh = refresh
        self._rounds = rounds
        self._waiting = waiting

    def explain(self, said: str) -> list[str]:
        """What each stretch of a text was taken for, and what it means as a whole."""
        if PRESSED.fullmatch(said) or POSITION.fullmatch(said) or said.startswith("/") or waits(said):
            return []
        meaning = self._understanding.understand(said, "", explain=True)
        spans = [f"  {said[one.start : one.end]!r}: {one.kind} = {one.value}" for one in meaning.spans]
        return [*spans, f"  intents: {', '.join(meaning.intents) or 'none (a look-up)'}"]

    def player(self, script: Script, language: str | None = None) -> Say:
        """A chat of its own for each person of this conversation."""
        chats: dict[str, _Seat] = {}

        async def say(step: ScriptStep) -> list[Screen]:
            if step.now:
                self._clock.at = step.now.astimezone(self._zone)
            seat = chats.get(step.speaker)
            if seat is None:
                address = f"{script.path.stem}-{len(chats)}" if chats else script.path.stem
                seat = chats[step.speaker] = _Seat(
                    TerminalChannel(lambda line: None, self._clock, session=f"{address}."),
                    Standing("terminal", address, new=True),
                )
                if role_of(step.speaker) != TOURIST:
                    code = await code_for(self._engine, role_of(step.speaker), self._clock())
                    await self._say(seat, code, language or script.language)
            if waits(step.said):
                await self._rounds()
                arrived = await self._waiting(seat.standing.address)
                choices = choices_of(arrived, int(self._clock().timestamp()))
                if choices:
                    seat.standing.put("choices", choices)
                return self._shown(seat, arrived)
            return await self._say(seat, step.said, language or script.language)

        return say

    async def _say(self, seat: _Seat, said: str, language: str) -> list[Screen]:
        pressed = PRESSED.fullmatch(said)
        if pressed and seat.channel.labelled(pressed[1]) is None:
            raise NoSuchButton(said)
        link = seat.channel.pressed_link(said)
        if link:
            return [Screen(text=link, links=(link,))]
        address = seat.standing.address
        inbound = seat.channel.read(said, chat=address, language=language)
        reply = await self._answering.answer(inbound, seat.standing)
        await self._refresh()
        if reply.erase:
            await erase(self._engine, "terminal", address)
            seat.standing = Standing("terminal", address, new=True)
        return self._shown(seat, reply.messages)

    @staticmethod
    def _shown(seat: _Seat, messages: Sequence[Message]) -> list[Screen]:
        seat.channel.buttons = [b for m in messages for b in m.every_button] or seat.channel.buttons
        return [screen(message) for message in messages]


@dataclass(slots=True)
class _Seat:
    """One person of a conversation at a terminal of their own."""

    channel: TerminalChannel
    standing: Standing
