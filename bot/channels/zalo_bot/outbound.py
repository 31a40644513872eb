"""Ours → theirs: one :class:`Message` → the calls of the Bot Platform that show it, without touching a
network.

The platform has no buttons, no map card, no documents and no edits (docs.zaloplatforms.com/docs/BOT), so
all of it becomes plain text that stands alone: every action gets a number that can be typed (see
:func:`numbered`), every address is written out. ``lost`` names what was changed on the way.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

from bot.channels.zalo_bot.cutting import TEXT_UNITS, clean, pieces, units
from handlers.talk.message import Attachment, Button, Message, Venue

_OWN_NUMBER = re.compile(r"^\d{1,3}\.\s+")
_READ_OUT = ("tel:", "mailto:", "sms:")


@dataclass(frozen=True, slots=True)
class Call:
    """One call of the Bot Platform, without ``chat_id``.

    ``fallback`` is shown instead when the platform refuses the call, at the price of ``loss``.
    """

    method: str
    params: dict[str, Any]
    fallback: Call | None = None
    loss: str = ""


@dataclass(frozen=True, slots=True)
class Rendered:
    """The calls in their order, and what could not be shown as it was meant."""

    calls: tuple[Call, ...]
    lost: tuple[str, ...] = ()


def render(message: Message) -> Rendered:
    """The calls for ``message``; none when it is empty."""
    lost = list(_losses(message))
    picture = public_address(message.image or "")
    if message.image and not picture:
        lost.append("image")
    parts = _joined(_body(message, lost), _ways(message))
    if not picture:
        return Rendered(tuple(_text(part) for part in parts), tuple(lost))
    first, *rest = parts or [""]
    params = {"photo": picture, "caption": first} if first else {"photo": picture}
    photo = Call("sendPhoto", params, _text(first or picture), "image")
    return Rendered((photo, *(_text(part) for part in rest)), tuple(lost))


def numbered(message: Message) -> list[tuple[int, Button]]:
    """The buttons that get a line of their own, each with the number that may be typed instead of pressing."""
    numbers = message.numbered
    first = {button.action: button for button in reversed(message.every_button) if button.action}
    return [(place, first[one]) for place, one in enumerate(numbers, 1) if place > len(message.choices)]


def public_address(url: str) -> str:
    """``url`` in plain ASCII when somebody else's server could fetch it, else ``""``."""
    try:
        parts = urlsplit(url.strip())
    except ValueError:
        return ""
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return ""
    return quote(url.strip(), safe="%/:=&?~#+!$,;'@()*[]")


def _text(text: str) -> Call:
    return Call("sendMessage", {"text": text})


def _losses(message: Message) -> list[str]:
    """What this channel has in no form."""
    found = ["edit"] if message.edits else []
    if message.asks:
        found.append(f"button that asks for a {message.asks}")
    if any(button.action is not None for button in _buttons(message)):
        found.append("buttons (numbers and labels to type)")
    if any(card.image for card in message.cards):
        found.append("pictures of the entries")
    return found


def _buttons(message: Message) -> list[Button]:
    """Every button, the entries' first, as they stand on the screen."""
    cards = [button for card in message.cards for button in card.buttons]
    return [*cards, *(button for row in message.buttons for button in row)]


def _body(message: Message, lost: list[str]) -> str:
    """What is to be read: title and text, the entries, the place, the file."""
    blocks = [message.plain, *_entries(message)]
    if message.venue:
        lost.append("venue (address and link)")
        blocks.append(_place(message.venue, {button.url for button in _buttons(message)}))
    if message.file:
        lost.append("file")
        blocks.append(_file(message.file))
    return "\n\n".join(cleaned for block in blocks if (cleaned := clean(block).strip()))


def _entries(message: Message) -> list[str]:
    """The entries of a list, each above the lines of its own buttons."""
    ways = {id(button): f"{number}. {_label(button)}" for number, button in numbered(message)}
    return [
        "\n".join(
            [
                f"▪ {card.title}",
                *filter(None, [card.text]),
                *(line for button in card.buttons if (line := ways.get(id(button)) or _link(button))),
            ]
        )
        for card in message.cards
    ]


def _place(venue: Venue, linked: set[str | None]) -> str:
    """Name, address and a link to the map, unless a button's line gives the same link."""
    url = venue.url or f"https://www.google.com/maps/search/?api=1&query={venue.latitude},{venue.longitude}"
    lines = [f"📍 {venue.title}".strip(), venue.address, "" if url in linked else url]
    return "\n".join(line for line in dict.fromkeys(lines) if line)


def _file(file: Attachment) -> str:
    """The file's name, and its address where it has a public one."""
    return "📎 " + ": ".join(filter(None, [file.name, public_address(file.url)]))


def _ways(message: Message) -> str:
    """The ways on: links written out, then the numbered actions, one a line."""
    own = {id(button) for card in message.cards for button in card.buttons}
    rows = [button for row in message.buttons for button in row]
    links = [line for button in rows if (line := _link(button))]
    actions = [f"{n}. {_label(button)}" for n, button in numbered(message) if id(button) not in own]
    blocks = ["\n".join(dict.fromkeys(links)), "\n".join(actions)]
    return "\n\n".join(clean(block) for block in blocks if block)


def _link(button: Button) -> str:
    """A button that opens or copies something, as a line; empty for an action."""
    target = button.url if button.url is not None else button.copy
    if not target:
        return ""
    if button.url is not None and target.startswith(_READ_OUT):
        target = target.partition(":")[2]
    label = clean(button.label).strip()
    return f"{label}: {target}" if label else target


def _label(button: Button) -> str:
    """The label on one line, without a number of its own."""
    return _OWN_NUMBER.sub("", " ".join(clean(button.label).split())) or "→"


def _joined(body: str, ways: str) -> list[str]:
    """The texts to send; the ways on stay together, under the last part where they fit."""
    parts = pieces(body)
    if not ways:
        return parts
    if parts and units(parts[-1]) + 2 + units(ways) <= TEXT_UNITS:
        return [*parts[:-1], f"{parts[-1]}\n\n{ways}"]
    return [*parts, *pieces(ways)]
