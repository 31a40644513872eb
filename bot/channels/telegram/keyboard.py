"""Our buttons as Telegram's keyboards, within its limits.

Limits: 100 buttons, 8 in a row, ``callback_data`` 64 bytes (checked by :class:`Button`), ``copy_text`` 256
characters (core.telegram.org/bots/api#inlinekeyboardbutton). Telegram opens http, https and tg addresses
only, and wants a host name with a dot.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from bot.channels.telegram.markup import clean, shorten, units
from handlers.talk.message import Button, Buttons, Message

ROW = 8
BUTTONS = 100
LABEL_UNITS = 64
"""Telegram names no limit; more than this no client shows."""
COPY_UNITS = 256


@dataclass(slots=True)
class Keyboard:
    """Rows for ``inline_keyboard``, lines of text for what no button can do, and what was changed."""

    rows: list[list[dict[str, Any]]] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)


def inline(message: Message) -> Keyboard:
    """The keyboard under ``message``: the entries' buttons first, then its own, then directions to its
    venue."""
    keyboard = Keyboard()
    left = BUTTONS
    for row in (*_card_rows(message), *message.buttons, *_directions(message)):
        made = [one for button in row if (one := _button(button, keyboard))]
        for start in range(0, min(len(made), left), ROW):
            keyboard.rows.append(made[start : min(start + ROW, left)])
        if len(made) > left:
            keyboard.lost.append(f"{len(made) - left} of the buttons")
        left = max(0, left - len(made))
    return keyboard


def _card_rows(message: Message) -> Buttons:
    """One row an entry, numbered like the entries, so that equal labels can be told apart."""
    if len(message.cards) < 2:
        return tuple(card.buttons for card in message.cards)
    return tuple(
        tuple(
            Button(f"{number}. {button.label}", button.action, button.url, button.copy)
            for button in card.buttons
        )
        for number, card in enumerate(message.cards, 1)
    )


def _directions(message: Message) -> Buttons:
    """A button that opens the venue's own address, unless the message brings one."""
    venue = message.venue
    if venue is None or not venue.url or any(one.url == venue.url for row in message.buttons for one in row):
        return ()
    return ((Button(f"🧭 {venue.title}", url=venue.url),),)


def _button(button: Button, keyboard: Keyboard) -> dict[str, Any] | None:
    """One button; None when it became a line of text or was left out."""
    label = clean(button.label).strip() or "→"
    made: dict[str, Any] = {"text": shorten(label, LABEL_UNITS)}
    if button.action is not None:
        return made | {"callback_data": button.action} if button.action else None
    target = button.url or button.copy or ""
    if button.url is not None and target.startswith(("tel:", "mailto:")):
        target = target.partition(":")[2]
        keyboard.lost.append("link to call or write (copies instead)")
    elif button.url is not None:
        if opens(target):
            return made | {"url": target}
        keyboard.lines.append(f"{label}: {target}")
        keyboard.lost.append("button to an address that Telegram does not open")
        return None
    if 1 <= units(target) <= COPY_UNITS:
        return made | {"copy_text": {"text": target}}
    keyboard.lines.append(f"{label}: {target}")
    keyboard.lost.append("button that copies a long text")
    return None


def opens(url: str) -> bool:
    """Whether Telegram takes ``url`` for a button."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return False
    if parts.scheme == "tg":
        return True
    return parts.scheme in ("http", "https") and ("." in host or ":" in host) and " " not in url


def asking(what: str, label: str) -> dict[str, Any]:
    """A keyboard with one button that sends the person's position or own number; it hides after use.

    It works on phones; Telegram's web client sends the label as a text, which must be understood.
    """
    wish = "request_location" if what == "place" else "request_contact"
    return {
        "keyboard": [[{"text": shorten(label, LABEL_UNITS), wish: True}]],
        "resize_keyboard": True,
        "one_time_keyboard": True,
    }
