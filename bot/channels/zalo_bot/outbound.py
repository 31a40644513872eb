"""Ours → theirs: one :class:`Message` → the calls of the Bot Platform that show it, without touching a
network.

The platform has no buttons, no map card, no documents and no edits (docs.zaloplatforms.com/docs/BOT), so
all of it becomes plain text that stands alone (:mod:`handlers.talk.plain`). ``lost`` names what was changed
on the way.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from handlers.talk.message import Message
from handlers.talk.plain import public_address, texts

TEXT_UNITS = 2_000
"""Of a text and of a caption (docs.zaloplatforms.com/docs/BOT, sendMessage and sendPhoto), in UTF-16 units:
the platform does not name its own, and this is the strictest one that people's clients use."""


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
    picture = public_address(message.image or "")
    lost = tuple(_losses(message, picture))
    parts = texts(message, TEXT_UNITS)
    if not picture:
        return Rendered(tuple(_text(part) for part in parts), lost)
    first, *rest = parts or [""]
    params = {"photo": picture, "caption": first} if first else {"photo": picture}
    photo = Call("sendPhoto", params, _text(first or picture), "image")
    return Rendered((photo, *(_text(part) for part in rest)), lost)


def _text(text: str) -> Call:
    return Call("sendMessage", {"text": text})


def _losses(message: Message, picture: str) -> list[str]:
    """What this channel has in no form, or in words only; ``picture`` is the image's public address."""
    happened = {
        "edit": message.edits,
        f"button that asks for a {message.asks}": message.asks,
        "buttons (numbers and labels to type)": any(one.action for one in message.every_button),
        "pictures of the entries": any(card.image for card in message.cards),
        "image": message.image and not picture,
        "venue (address and link)": message.venue,
        "file": message.file,
    }
    return [loss for loss, lost in happened.items() if lost]
