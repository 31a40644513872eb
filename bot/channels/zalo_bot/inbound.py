"""Theirs → ours: one update of the Bot Platform (a parsed JSON object) → what a person did.

The body is documented as wrapped in ``{"ok", "result"}`` and was seen bare as well: both are read. Ids are
strings, ``date`` is milliseconds, either may come as the other JSON type. A position never arrives: the
platform says ``message.unsupported.received`` without content. Format: docs.zaloplatforms.com/docs/BOT.
"""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from bot.channels.channel import BadRequest
from handlers.talk.message import Content, File, Inbound, Joined, Text, Unsupported

Raw = dict[str, Any]

_RECEIVED = re.compile(r"message\.(\w+)\.received")
_START = re.compile(r"/start(?:\s+([A-Za-z0-9_-]{1,64}))?\s*", re.IGNORECASE)
_SILENT = frozenset({"reaction"})
"""Kinds that ask for no answer: a thumb on one of our messages."""
_UNKNOWN_MENTION = re.compile(r"^\s*@\S+\s*")
"""What is taken off the front in a group while we do not know our own name."""


@dataclass(slots=True)
class Me:
    """The names people may call us by in a group, as ``getMe`` says; empty until it has answered."""

    names: tuple[str, ...] = ()


def unwrapped(update: Raw) -> Raw:
    """The event itself, whether or not the platform put it into ``{"ok", "result"}``."""
    inner = update.get("result") if isinstance(update, dict) else None
    return inner if isinstance(inner, dict) else update


def identify(update: Raw) -> tuple[str, str]:
    """The update's id and its chat's (``""`` when it has none), without reading the rest.

    The id is the chat's and the message's together, since nobody promises that a message's id is unique
    beyond its chat. An event of an unknown kind without a message's id gets one made from its content, so
    that repeating it is noticed. :class:`BadRequest` when it is no event at all.
    """
    event = unwrapped(update)
    name = event.get("event_name") if isinstance(event, dict) else None
    if not isinstance(name, str) or not name:
        raise BadRequest("an update needs an event_name")
    message = event.get("message")
    message = message if isinstance(message, dict) else {}
    chat = _id(message.get("chat"))
    number = _scalar(message.get("message_id"))
    if not number:
        if _kind(name):
            raise BadRequest("a message needs a message_id")
        number = hashlib.sha256(json.dumps(event, sort_keys=True).encode()).hexdigest()[:32]
    if not _kind(name) or _kind(name) in _SILENT:
        number = f"{name}:{number}"
    return f"{chat}/{number}", chat


@dataclass(slots=True)
class Decoder:
    """Reads updates for one bot. ``now`` dates a message whose own date cannot be read."""

    me: Me
    now: Callable[[], datetime]
    _mention: tuple[tuple[str, ...], re.Pattern[str]] | None = field(default=None)

    def decode(self, update: Raw) -> list[Inbound]:
        """What the update means; an unknown event is an empty list, a malformed one a ValueError."""
        event = unwrapped(update)
        kind = _kind(str(event.get("event_name") or ""))
        message = event.get("message")
        if not kind or kind in _SILENT:
            return []
        if not isinstance(message, dict) or not _id(message.get("chat")):
            raise ValueError("malformed update: a message without a chat")
        who = message.get("from")
        who = who if isinstance(who, dict) else {}
        if who.get("is_bot") is True:
            return []
        number, chat = identify(update)
        content = self._content(kind, message, group=_in_group(message))
        return [Inbound("zalo-bot", chat, number, content, self._at(message), sender=_id(who) or chat)]

    def _content(self, kind: str, message: Raw, *, group: bool) -> Content:
        said = message.get("text")
        words = unicodedata.normalize("NFC", said) if isinstance(said, str) else ""
        caption = str(message.get("caption") or "")
        if group:
            words, caption = self._without_mention(words), self._without_mention(caption)
        if kind == "text" or (kind == "link" and words):
            started = _START.fullmatch(words)
            return Joined(started[1] or "") if started else Text(words)
        if kind == "image":
            return File("photo", _first(message, "photo", "photo_url"), caption)
        if kind == "sticker":
            return File("sticker", _first(message, "sticker", "url"))
        if kind == "voice":
            return File("voice", _first(message, "voice_url", "voice"))
        return Unsupported(kind)

    def _without_mention(self, text: str) -> str:
        """``text`` without the words that call us; in a group nothing else reaches the bot."""
        if not self.me.names:
            return _UNKNOWN_MENTION.sub("", text)
        if self._mention is None or self._mention[0] != self.me.names:
            longest_first = sorted(self.me.names, key=len, reverse=True)
            pattern = "|".join(re.escape(unicodedata.normalize("NFC", name)) for name in longest_first)
            self._mention = self.me.names, re.compile(rf"(?<!\w)@(?:{pattern})(?!\w)[ ,:]*", re.IGNORECASE)
        return self._mention[1].sub("", text).strip()

    def _at(self, message: Raw) -> datetime:
        """When it was written; the moment of reading when the platform's date makes no sense."""
        try:
            return datetime.fromtimestamp(int(message["date"]) / 1000, UTC)
        except (KeyError, TypeError, ValueError, OverflowError, OSError):
            return self.now()


def _kind(event_name: str) -> str:
    """``text``, ``image`` … of ``message.<kind>.received``; empty for every other event."""
    found = _RECEIVED.fullmatch(event_name)
    return found[1] if found else ""


def _in_group(message: Raw) -> bool:
    return str(message["chat"].get("chat_type") or "").upper() == "GROUP"


def _scalar(value: object) -> str:
    """An id as text; empty when it is none."""
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else ""


def _id(thing: object) -> str:
    return _scalar(thing.get("id")) if isinstance(thing, dict) else ""


def _first(message: Raw, *names: str) -> str:
    """The first of these fields that is there; the page and running clients disagree about the name."""
    return next((found for name in names if (found := _scalar(message.get(name)))), "")
