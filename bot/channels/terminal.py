"""A terminal as a channel: the newcomer's first minute, and the plainest of all channels.

What a person types: words; ``@21.846,106.757`` shares a position; ``[label]`` presses a button.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from bot.channels.channel import Limits, Outcome, Proof, Sent
from handlers.talk.message import Button, Content, Inbound, Joined, Message, Place, Press, Text

LIMITS = Limits(
    text=1_000_000,
    caption=1_000_000,
    buttons=1_000,
    button_label=1_000,
    edit="none",
    venue="partial",
    image="partial",
    image_bytes=0,
    file="partial",
    upload_bytes=0,
    ask_place="partial",
    ask_phone="none",
    emphasis="none",
    deep_link="none",
    free_hours=0,
    open_hours=0,
    dong=0,
    source="a terminal has none",
)
POSITION = re.compile(r"@\s*(-?\d+(?:\.\d+)?)\s*[,; ]\s*(-?\d+(?:\.\d+)?)")
PRESSED = re.compile(r"\[(.+)\]")


class TerminalChannel:
    """Writes answers through ``write``; remembers the buttons on the screen so that labels can be typed.

    ``session`` begins the ids of lines, so that two evenings at one database do not share them.
    """

    name = "terminal"
    limits = LIMITS

    def __init__(self, write: Callable[[str], None], now: Callable[[], datetime], session: str = "") -> None:
        self._session = session
        self._write = write
        self._now = now
        self._count = 0
        self.buttons: list[Button] = []

    def read(self, line: str, chat: str = "terminal", language: str = "") -> Inbound:
        """What a typed line means."""
        self._count += 1
        return Inbound(
            "terminal",
            chat,
            f"{self._session}{self._count}",
            self._content(line),
            self._now(),
            language=language,
        )

    def _content(self, line: str) -> Content:
        position = POSITION.fullmatch(line.strip())
        if position:
            return Place(float(position[1]), float(position[2]))
        pressed = PRESSED.fullmatch(line.strip())
        button = self.labelled(pressed[1]) if pressed else None
        if button and button.action:
            return Press(button.action)
        if line.startswith("/start"):
            return Joined(line.removeprefix("/start").strip())
        return Text(line)

    def labelled(self, label: str) -> Button | None:
        """The button on the screen with this label, or whose label begins with it."""
        exact = [button for button in self.buttons if button.label == label]
        near = [button for button in self.buttons if label.casefold() in button.label.casefold()]
        return next(iter(exact or near), None)

    def pressed_link(self, line: str) -> str | None:
        """Where a typed ``[label]`` leads, if its button opens an address or copies."""
        pressed = PRESSED.fullmatch(line.strip())
        button = self.labelled(pressed[1]) if pressed else None
        return (button.url or button.copy) if button else None

    def verify(self, headers: Mapping[str, str], body: bytes | None) -> Proof:
        """Nobody but the person at the keyboard."""
        return "bad"

    def update_id(self, update: dict[str, Any]) -> tuple[str, str]:
        """The line's number."""
        return str(update["id"]), "terminal"

    def decode(self, update: dict[str, Any]) -> list[Inbound]:
        """A stored line."""
        return [self.read(str(update["text"]))]

    async def send(self, chat: str, message: Message, *, about: Inbound | None = None) -> Outcome:
        """Write it down."""
        self.buttons = message.every_button or self.buttons
        self._write(shown(message))
        return Sent()

    async def confirm(self, inbound: Inbound, toast: str = "") -> None:
        """Nothing to confirm."""

    async def start(self) -> None:
        """Nothing to open."""

    async def stop(self) -> None:
        """Nothing to close."""

    def health(self) -> dict[str, Any]:
        """Up while somebody types."""
        return {"state": "up", "detail": "a terminal"}


def shown(message: Message) -> str:
    """A message as plain lines."""
    lines = [message.plain] if message.plain else []
    for card in message.cards:
        lines.append(f"▪ {card.title}" + (f"\n  {card.text}" if card.text else ""))
    if message.venue:
        venue = message.venue
        lines.append(f"📍 {venue.title}, {venue.address} ({venue.latitude}, {venue.longitude})")
    if message.image:
        lines.append(f"🖼 {message.image}")
    if message.file:
        lines.append(f"📎 {message.file.name}: {message.file.url}")
    labels = [
        f"[{button.label}]" + (f" → {button.url}" if button.url else "") for button in message.every_button
    ]
    if labels:
        lines.append("  ".join(labels))
    return "\n".join(lines)
