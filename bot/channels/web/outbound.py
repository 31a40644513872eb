"""Ours → theirs: messages as the JSON answer of ``POST /api/chat`` (operating contract).

All strings are plain text; the page puts them into the document as text, never as markup. The contract's keys
are as it names them; ``title`` (the part of ``text`` to emphasise), a venue's ``url`` and
``replaces`` (the name of a message that stands once: the newest takes the place of the one before) come on top.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from handlers.services.photos import kept_here
from handlers.talk.message import Button, Card, Message, Venue

_PHONE = re.compile(r"\+?[\d .()-]{3,20}")


def render(messages: Sequence[Message]) -> dict[str, Any]:
    """The whole answer."""
    return {"messages": [_message(message) for message in messages]}


def _message(message: Message) -> dict[str, Any]:
    buttons = [button for row in message.buttons for button in row]
    shown: dict[str, Any] = {
        "text": _with_copies(message.plain, buttons),
        "buttons": _buttons(buttons),
        "cards": [_card(card) for card in message.cards],
        "asks": message.asks,
    }
    if message.title:
        shown["title"] = message.title
    if message.replaces:
        shown["replaces"] = message.replaces
    if message.venue:
        shown["venue"] = _venue(message.venue)
    if message.image:
        shown["image"] = f"/{message.image}" if kept_here(message.image) else message.image
    if message.file:
        shown["file"] = {"name": message.file.name, "url": message.file.url}
    return shown


def _card(card: Card) -> dict[str, Any]:
    return {
        "title": card.title,
        "text": _with_copies(card.text, card.buttons),
        "image": card.image,
        "buttons": _buttons(card.buttons),
    }


def _buttons(buttons: Sequence[Button]) -> list[dict[str, str]]:
    rendered = (_button(button) for button in buttons)
    return [button for button in rendered if button]


def _button(button: Button) -> dict[str, str] | None:
    """None where the button has become words: the contract knows actions and addresses, nothing to copy."""
    if button.action is not None:
        return {"label": button.label, "action": button.action}
    if button.url is not None:
        return {"label": button.label, "url": button.url}
    if button.copy and _PHONE.fullmatch(button.copy):
        return {"label": button.label, "url": "tel:" + re.sub(r"[^\d+]", "", button.copy)}
    return None


def _with_copies(text: str, buttons: Sequence[Button]) -> str:
    """The text, and below it what had no button form, so that nothing is lost."""
    copies = [
        f"{button.label}: {button.copy}" for button in buttons if button.copy and _button(button) is None
    ]
    return "\n".join(part for part in (text, *copies) if part)


def _venue(venue: Venue) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "title": venue.title,
        "address": venue.address,
        "latitude": venue.latitude,
        "longitude": venue.longitude,
    }
    if venue.url:
        shown["url"] = venue.url
    return shown
