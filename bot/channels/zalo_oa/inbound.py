"""Theirs → ours: one webhook event of the Official Account (a parsed JSON object) → what a person did.

Scalars may be strings or numbers, and events differ in where they name the person (contract §9.3, §9.4). A
button of ours comes back as a text that begins with :data:`PREFIX`; a person can type it as well, so handlers
check every action.
"""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal
from urllib.parse import quote, unquote

import orjson

from bot.channels.channel import BadRequest
from handlers.services.outbox.receipts import TRACKING
from handlers.talk.message import (
    Content,
    File,
    Inbound,
    Joined,
    Left,
    Phone,
    Place,
    Press,
    Receipt,
    Text,
    Unsupported,
)

Raw = dict[str, Any]

PREFIX = "#ocop:"
ANONYMOUS = "anon:"
NEAR = timedelta(hours=24)
"""An event's own time is believed when it is no further than this from our clock: one of the two is wrong
then."""
_START = re.compile(r"/start(?:\s+([A-Za-z0-9_-]{1,64}))?\s*", re.IGNORECASE)
_FILES: dict[str, Literal["photo", "sticker", "voice", "video", "document", "contact"]] = {
    "image": "photo",
    "gif": "photo",
    "sticker": "sticker",
    "audio": "voice",
    "video": "video",
    "file": "document",
    "business_card": "contact",
}
_OPENING = ("user_send_", "user_submit_info", "user_click_chatnow", "follow", "anonymous_send_")
"""Events that open the 48-hour window (contract §5); reading and reacting do not."""
RECEIPTS: dict[str, Literal["delivered", "seen"]] = {
    "user_received_message": "delivered",
    "user_seen_message": "seen",
}
"""Of the account's own messages and of templates alike; a template's carries a telephone number (contract
§11.3)."""
_STAFF = re.compile(r"oa_send_(?!anonymous|consent)\w+")


def anonymous(visitor: str, conversation: str) -> str:
    """The address of somebody who writes without having said who they are."""
    return f"{ANONYMOUS}{quote(visitor, safe='')}:{quote(conversation, safe='')}"


def recipient(address: str) -> dict[str, str]:
    """The ``recipient`` of a call that reaches this address."""
    if not address.startswith(ANONYMOUS):
        return {"user_id": address}
    visitor, _, conversation = address.removeprefix(ANONYMOUS).partition(":")
    return {"anonymous_id": unquote(visitor), "conversation_id": unquote(conversation)}


def identify(event: Raw) -> tuple[str, str]:
    """The event's id and its chat's address (``""`` when it concerns no chat), without reading the rest.

    The event's name is part of the id: receipts carry the ids of our own messages. :class:`BadRequest`
    without a name.
    """
    name = _scalar(event.get("event_name"))
    if not name:
        raise BadRequest("an event needs an event_name")
    address = address_of(name, event)
    number = _scalar(_message(event).get("msg_id"))
    if not number:
        whole = hashlib.sha256(json.dumps(event, sort_keys=True).encode()).hexdigest()[:16]
        number = f"{_scalar(event.get('timestamp'))}:{whole}"
    return f"{name}:{number}", address


def address_of(name: str, event: Raw) -> str:
    """The chat an event belongs to: the person's id on this account, or their anonymous address.

    Receipts, groups and what the account itself sends belong to none: no conversation goes on there.
    """
    if name.startswith("anonymous_"):
        sender, conversation = _id(event.get("sender")), _scalar(_message(event).get("conversation_id"))
        return anonymous(sender, conversation) if sender else ""
    if name.startswith("oa_") or name in RECEIPTS or "group" in name:
        return ""
    return _id(event.get("follower")) or _id(event.get("sender")) or _scalar(event.get("user_id"))


def told_at(event: Raw) -> datetime | None:
    """The event's own time; None when it cannot be read."""
    try:
        return datetime.fromtimestamp(int(_scalar(event.get("timestamp"))) / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def opens_window(name: str) -> bool:
    """Whether the event lets us write to the person again."""
    return name.startswith(_OPENING) and "group" not in name


def officer_wrote_to(event: Raw) -> str:
    """To whom an officer wrote from OA Manager; empty for other events. What we send ourselves comes back,
    too, without ``admin_id``."""
    sender = event.get("sender")
    by_hand = isinstance(sender, dict) and _scalar(sender.get("admin_id"))
    named = _STAFF.fullmatch(_scalar(event.get("event_name")))
    return _id(event.get("recipient")) if named and by_hand else ""


@dataclass(slots=True)
class Decoder:
    """Reads events of one account. ``now`` is the real clock."""

    now: Callable[[], datetime]
    channel: str = field(default="zalo-oa")

    def decode(self, event: Raw) -> list[Inbound]:
        """What the event means; an unknown one is an empty list, a malformed one a ValueError."""
        name = _scalar(event.get("event_name"))
        contents = list(_contents(name, event))
        if not contents:
            return []
        number, address = identify(event)
        if not address and not all(isinstance(content, Receipt) for content in contents):
            raise ValueError(f"malformed event: {name} without a person")
        at = self.at(event)
        return [Inbound(self.channel, address, number, content, at, sender=address) for content in contents]

    def at(self, event: Raw) -> datetime:
        """When it happened; the moment of reading when the event's own time makes no sense."""
        now, told = self.now(), told_at(event)
        return told if told is not None and abs(now - told) <= NEAR else now


def _contents(name: str, event: Raw) -> list[Content]:
    if name.startswith(("user_send_", "anonymous_send_")) and "group" not in name:
        return [_sent(name.partition("_send_")[2], _message(event))]
    if name in ("follow", "user_click_chatnow"):
        return [Joined()]
    if name in ("unfollow", "user_withdraw"):
        return [Left(name)]
    if name == "user_submit_info":
        info = event.get("info")
        number = _scalar(info.get("phone")) if isinstance(info, dict) else ""
        return (
            [Phone(number, own=False, typed=True)]
            if number
            else [Unsupported("contact details without a number")]
        )
    if name in RECEIPTS:
        return [Receipt(number, RECEIPTS[name]) for number in _receipted(event)]
    return []


def _sent(kind: str, message: Raw) -> Content:
    """What a person sent: words, a press, a position, or something that is not words."""
    words = message.get("text")
    words = unicodedata.normalize("NFC", words) if isinstance(words, str) else ""
    if kind == "text" or (kind == "link" and words):
        return _said(words)
    payload = _payload(message)
    if kind == "location":
        return _place(payload, words)
    if kind in _FILES:
        return File(_FILES[kind], _scalar(payload.get("url")) or _scalar(payload.get("id")), words)
    return Unsupported(kind)


def _said(words: str) -> Content:
    words = _unwrapped(words)
    stripped = words.strip()
    if stripped.startswith(PREFIX):
        return Press(stripped.removeprefix(PREFIX).strip())
    started = _START.fullmatch(stripped)
    return Joined(started[1] or "") if started else Text(words)


def _unwrapped(words: str) -> str:
    """Zalo's own chatbot builder sends a hidden press as ``{"content": "…"}`` (contract §9.4)."""
    if not words.startswith('{"content"'):
        return words
    try:
        wrapped = orjson.loads(words)
    except orjson.JSONDecodeError:
        return words
    content = wrapped.get("content") if isinstance(wrapped, dict) and len(wrapped) == 1 else None
    return content if isinstance(content, str) else words


def _place(payload: Raw, name: str) -> Content:
    """A position, whose degrees are strings; without readable ones, its name may still say where."""
    degrees = payload.get("coordinates")
    try:
        return Place(float(degrees["latitude"]), float(degrees["longitude"]))  # type: ignore[index]
    except (KeyError, TypeError, ValueError):
        return Text(name) if name.strip() else Unsupported("location")


def _message(event: Raw) -> Raw:
    message = event.get("message")
    return message if isinstance(message, dict) else {}


def _payload(message: Raw) -> Raw:
    """The first attachment's payload; empty when there is none."""
    attachments = message.get("attachments")
    first = attachments[0] if isinstance(attachments, list) and attachments else None
    payload = first.get("payload") if isinstance(first, dict) else None
    return payload if isinstance(payload, dict) else {}


def _receipted(event: Raw) -> list[str]:
    """The ids of our messages that a receipt is about; a template's comes with the id we gave it."""
    message = _message(event)
    several = message.get("msg_ids")
    found = [_scalar(one) for one in several] if isinstance(several, list) else []
    ours = _scalar(message.get("tracking_id"))
    number = ours if ours.startswith(TRACKING) else _scalar(message.get("msg_id"))
    return [one for one in [*found, number] if one]


def _scalar(value: object) -> str:
    """An id, a number or a word as text; empty when it is none."""
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else ""


def _id(thing: object) -> str:
    return _scalar(thing.get("id")) if isinstance(thing, dict) else ""
