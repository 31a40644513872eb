"""The channel-neutral model, both directions: a small closed list.

Channels translate their platform's payloads into :class:`Inbound` and :class:`Message` into their platform's calls;
conversations see nothing else. Everything here is plain data that can be stored and compared.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

# ------------------------------------------------------------------------------------------------- what comes in


@dataclass(frozen=True, slots=True)
class Text:
    """Words a person typed, as they came (not folded, not cut)."""

    text: str


@dataclass(frozen=True, slots=True)
class Press:
    """A button's action as we gave it; ``toast`` is the platform's id for confirming the press, if it has one."""

    action: str
    toast: str | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """A position in WGS 84 degrees, possibly out of range; used once, never stored."""

    latitude: float
    longitude: float


@dataclass(frozen=True, slots=True)
class Phone:
    """A shared phone number; ``own`` is true only when the platform proves that it is the sender's.

    ``typed``: they wrote it into a form themselves, which proves nothing. Neither = the contact card of somebody else.
    """

    number: str
    own: bool
    typed: bool = False


@dataclass(frozen=True, slots=True)
class File:
    """Something that is not words: what kind, and the platform's reference for fetching it."""

    kind: Literal["photo", "sticker", "voice", "video", "document", "contact"]
    reference: str = ""
    caption: str = ""


@dataclass(frozen=True, slots=True)
class Joined:
    """The person opened the chat, perhaps through a deep link whose payload this is (``""`` = none)."""

    start: str = ""


@dataclass(frozen=True, slots=True)
class Left:
    """The person blocked us or left."""

    reason: str = ""


@dataclass(frozen=True, slots=True)
class Receipt:
    """The platform says what became of a message of ours."""

    message_id: str
    state: Literal["delivered", "seen"]


@dataclass(frozen=True, slots=True)
class Unsupported:
    """Something we have no use for but that a person did on purpose: it still gets a kind word."""

    what: str


Content = Text | Press | Place | Phone | File | Joined | Left | Receipt | Unsupported


@dataclass(frozen=True, slots=True)
class Inbound:
    """One thing a person did, on one channel, in one chat.

    ``id`` is the platform's id of the update (unique a channel; answered once). ``language`` is the platform's hint
    (IETF tag, may be empty). ``about`` is the id of our message whose button was pressed, for editing in place.
    ``sender`` differs from ``chat`` only in groups.
    """

    channel: str
    chat: str
    id: str
    content: Content
    at: datetime
    language: str = ""
    about: str | None = None
    sender: str = ""


# ------------------------------------------------------------------------------------------------ what goes out


@dataclass(frozen=True, slots=True)
class Button:
    """A way on. Exactly one of ``action`` (comes back as :class:`Press`), ``url`` and ``copy`` is set.

    ``action`` is at most 64 bytes of UTF-8 (Telegram ``callback_data``, core.telegram.org/bots/api).
    """

    label: str
    action: str | None = None
    url: str | None = None
    copy: str | None = None

    def __post_init__(self) -> None:
        if sum(value is not None for value in (self.action, self.url, self.copy)) != 1:
            raise ValueError(f"a button needs exactly one of action, url, copy: {self.label!r}")
        if self.action is not None and len(self.action.encode()) > 64:
            raise ValueError(f"an action may have 64 bytes: {self.action!r}")


@dataclass(frozen=True, slots=True)
class Venue:
    """A place with its name and address, shown as a map card where the channel can."""

    title: str
    address: str
    latitude: float
    longitude: float
    url: str = ""


@dataclass(frozen=True, slots=True)
class Card:
    """One entry of a list: what web pages show as a card and other channels as numbered lines."""

    title: str
    text: str = ""
    image: str | None = None
    buttons: tuple[Button, ...] = ()


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file we send: a name and where its bytes are (a public address or a path of ours)."""

    name: str
    url: str


Buttons = tuple[tuple[Button, ...], ...]
"""Rows of buttons, top to bottom."""


@dataclass(frozen=True, slots=True)
class Message:
    """One answer. ``title`` is emphasised where the channel can; all text is plain and escaped by the channel.

    ``choices`` are actions that the numbers 1, 2, 3 … typed by the person stand for; the text numbers them.
    ``edits`` asks the channel to replace the message whose button was pressed (paging) if it can.
    ``replaces`` names what is told unasked again and again (the progress of sending): the newest is what counts, and
    a channel that can shows only that.
    ``asks`` says what kind of answer would help: a position or a phone number.
    """

    text: str = ""
    title: str = ""
    buttons: Buttons = ()
    cards: tuple[Card, ...] = ()
    venue: Venue | None = None
    image: str | None = None
    file: Attachment | None = None
    asks: Literal["place", "phone"] | None = None
    choices: tuple[str, ...] = ()
    edits: bool = False
    replaces: str = ""

    @property
    def plain(self) -> str:
        """Title and text as one plain string, as channels without emphasis show it."""
        return "\n".join(part for part in (self.title, self.text) if part)

    @property
    def every_button(self) -> list[Button]:
        """Buttons of the entries first, then those under the message."""
        entries = [button for card in self.cards for button in card.buttons]
        return [*entries, *(button for row in self.buttons for button in row)]

    @property
    def numbered(self) -> list[str]:
        """Actions in the order of the numbers that may be typed for them: ``choices``, whose numbers stand in the
        text already, then every other button's; an action has one number only."""
        known = list(self.choices)
        for button in self.every_button:
            if button.action is not None and button.action not in known:
                known.append(button.action)
        return known
