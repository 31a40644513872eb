"""What a channel is: it verifies and decodes what comes in, sends what goes out, and says how that went.

A channel decides nothing. The contract stands here, beside no particular platform; every channel folder has the same
rooms (``inbound.py`` theirs → ours, ``outbound.py`` ours → theirs, ``client.py`` the calls).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol, runtime_checkable

from handlers.talk.message import Inbound, Message

# ------------------------------------------------------------------------- how a send went: a closed vocabulary


@dataclass(frozen=True, slots=True)
class Sent:
    """The platform took it. ``message_id`` may be empty where the platform gives none. ``lost`` says what had to be
    left out or changed on this channel."""

    message_id: str = ""
    lost: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Later:
    """Not taken, and certainly not delivered: try again after ``seconds``. ``whole_channel`` holds every chat.

    ``asked``: the platform itself asked to go slower; what nobody waits for is held on the whole channel then.
    """

    seconds: float
    reason: str
    whole_channel: bool = False
    asked: bool = False


@dataclass(frozen=True, slots=True)
class Refused:
    """The platform will never take this message. ``our_fault`` asks for an error in the log."""

    reason: str
    our_fault: bool = True


@dataclass(frozen=True, slots=True)
class Gone:
    """This chat cannot be reached any more, until the person writes again."""

    reason: str


@dataclass(frozen=True, slots=True)
class Uncertain:
    """The request left, no answer came: it may have arrived. Never repeated by itself."""

    reason: str


Outcome = Sent | Later | Refused | Gone | Uncertain


Proof = Literal["good", "bad", "unread", "probe"]
"""What a request's proof is worth: ``unread`` = the proof covers the body, read it and ask again; ``probe`` = a
platform's unsigned try-out, which gets 200 and nothing else."""


# ------------------------------------------------------------------------------------- what a channel can show

Level = Literal["full", "partial", "none"]


@dataclass(frozen=True, slots=True)
class Limits:
    """What a channel can show, and what a message costs there, as data; ``docs/channels.md`` is compared with it by a
    test.

    Lengths are UTF-16 code units unless said. ``source`` is the page the numbers come from.
    """

    text: int
    caption: int
    """under a picture; 0 = what is longer follows it"""
    buttons: int
    button_label: int
    edit: Level
    venue: Level
    image: Level
    image_bytes: int
    """of a picture; 0 = no limit is known"""
    file: Level
    upload_bytes: int
    """of a file or picture of ours that is brought there; 0 = an address is all that can be given"""
    ask_place: Level
    ask_phone: Level
    emphasis: Level
    deep_link: Level
    free_hours: int
    """since the person's last message, while one of ours that nobody asked for costs nothing; 0 = always"""
    open_hours: int
    """while it can be sent at all; 0 = always"""
    dong: int
    """what it costs between the two"""
    source: str


class BadRequest(Exception):
    """What came in is malformed: HTTP 400 with this sentence, nothing stored."""


@runtime_checkable
class Channel(Protocol):
    """The three verbs of a channel, its name and its limits.

    ``update_id`` and ``decode`` work on the parsed JSON of one update as the platform sent it.
    """

    name: str
    limits: Limits

    def verify(self, headers: Mapping[str, str], body: bytes | None) -> Proof:
        """Is this request from the platform? Asked first without the body, and again with it for ``unread``.

        Compared in constant time over the raw bytes.
        """
        ...

    def update_id(self, update: dict[str, Any]) -> tuple[str, str]:
        """The platform's unique id of this update and the chat's address ("" when it has none).

        Raise :class:`BadRequest` when there is no id.
        """
        ...

    def decode(self, update: dict[str, Any]) -> list[Inbound]:
        """What the update means. An unknown kind is an empty list; may raise ValueError for a malformed one."""
        ...

    async def send(self, chat: str, message: Message, *, about: Inbound | None = None) -> Outcome:
        """Send one message, in reply to ``about`` when it is an answer; never raises for what a platform does."""
        ...

    async def confirm(self, inbound: Inbound, toast: str = "") -> None:
        """Confirm a press at once (Telegram's answerCallbackQuery); nothing where a platform has no such thing."""
        ...

    async def start(self) -> None:
        """Open connections and, where the platform wants it, register commands and webhooks."""
        ...

    async def stop(self) -> None:
        """Close connections."""
        ...

    def health(self) -> dict[str, Any]:
        """``{"state": "up" | "idle" | "down", "detail": …}`` without secrets."""
        ...
