"""A message as words that stand alone, for channels without buttons, cards, maps or documents.

Every action gets a number that can be typed (:attr:`Message.numbered`) and every address is written out.
"""

from __future__ import annotations

import re
from urllib.parse import quote, urlsplit

from handlers.services.cutting import parts, sendable, units
from handlers.talk.message import Attachment, Button, Message, Venue

_OWN_NUMBER = re.compile(r"^\d{1,3}\.\s+")
_READ_OUT = ("tel:", "mailto:", "sms:")


def texts(message: Message, limit: int) -> list[str]:
    """The whole message as texts of at most ``limit`` UTF-16 units; the ways on stay together where they
    fit."""
    pieces, ways = parts(body(message), limit), ways_on(message)
    if not ways:
        return pieces
    if pieces and units(pieces[-1]) + 2 + units(ways) <= limit:
        return [*pieces[:-1], f"{pieces[-1]}\n\n{ways}"]
    return [*pieces, *parts(ways, limit)]


def body(message: Message) -> str:
    """What is to be read: title and text, the entries, the place, the file."""
    blocks = [message.plain, *_entries(message)]
    if message.venue:
        blocks.append(place(message.venue, {button.url for button in message.every_button}))
    if message.file:
        blocks.append(document(message.file))
    return "\n\n".join(clean for block in blocks if (clean := sendable(block).strip()))


def ways_on(message: Message) -> str:
    """The buttons under the message: links, then the numbered actions, one a line."""
    rows = [button for row in message.buttons for button in row]
    lines = _lines(message)
    own = {button.action for card in message.cards for button in card.buttons}
    links = [line for button in rows if (line := link(button))]
    actions = [lines[a] for button in rows if (a := button.action) in lines and a not in own]
    blocks = ["\n".join(dict.fromkeys(links)), "\n".join(dict.fromkeys(actions))]
    return "\n\n".join(sendable(block) for block in blocks if block)


def link(button: Button) -> str:
    """A button that opens or copies something, as a line; empty for an action."""
    target = button.url if button.url is not None else button.copy
    if not target:
        return ""
    if button.url is not None and target.startswith(_READ_OUT):
        target = target.partition(":")[2]
    label = sendable(button.label).strip()
    return f"{label}: {target}" if label else target


def place(venue: Venue, linked: set[str | None]) -> str:
    """Name, address and a link to the map, unless a button's line gives the same link."""
    lines = [f"📍 {venue.title}".strip(), venue.address, "" if map_link(venue) in linked else map_link(venue)]
    return "\n".join(line for line in dict.fromkeys(lines) if line)


def map_link(venue: Venue) -> str:
    """The venue's own address on the web, else its position on a map."""
    return venue.url or f"https://www.google.com/maps/search/?api=1&query={venue.latitude},{venue.longitude}"


def document(file: Attachment) -> str:
    """The file's name, and its address where it has a public one."""
    return "📎 " + ": ".join(filter(None, [file.name, public_address(file.url)]))


def public_address(url: str) -> str:
    """``url`` in plain ASCII when somebody else's server could fetch it, else ``""``."""
    try:
        pieces = urlsplit(url.strip())
        ascii_only = quote(url.strip(), safe="%/:=&?~#+!$,;'@()*[]")
    except ValueError:
        return ""
    return ascii_only if pieces.scheme in ("http", "https") and pieces.hostname else ""


def numbered(message: Message) -> list[tuple[int, Button]]:
    """The buttons that get a line of their own, each with the number that may be typed instead of pressing;
    those that the text numbers itself (``choices``) are not among them."""
    first = {button.action: button for button in reversed(message.every_button) if button.action}
    actions = enumerate(message.numbered, 1)
    return [(number, first[action]) for number, action in actions if number > len(message.choices)]


def _lines(message: Message) -> dict[str, str]:
    """The line of each action that the text does not number itself."""
    return {
        button.action or "": f"{number}. {_one_line(button.label)}" for number, button in numbered(message)
    }


def _one_line(label: str) -> str:
    """A label on one line, without a number of its own."""
    return _OWN_NUMBER.sub("", " ".join(sendable(label).split())) or "→"


def _entries(message: Message) -> list[str]:
    """The entries of a list, each above the lines of its own buttons."""
    lines = _lines(message) if message.cards else {}
    return [
        "\n".join(
            [
                f"▪ {card.title}",
                *filter(None, [card.text]),
                *(
                    line
                    for button in card.buttons
                    if (line := lines.get(button.action or "") or link(button))
                ),
            ]
        )
        for card in message.cards
    ]
