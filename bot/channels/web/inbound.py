"""Theirs → ours: the body of ``POST /api/chat`` (operating contract) as an :class:`Inbound`.

Strict about shape and lenient about meaning: a position at 200, 300 or a button nobody knows is a thing a
person did, which the conversation answers kindly; two contents at once are the caller's mistake.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import orjson

from bot.channels.channel import BadRequest
from handlers.talk.message import Content, Inbound, Joined, Place, Press, Text

CHAT_LENGTH = 64
"""Characters a chat's id may have (operating contract)."""
ID_LENGTH = 64
"""Characters a message's id may have: a UUID has 36."""
ACTION_BYTES = 64
"""Bytes of an action: no button of ours has more (:class:`handlers.talk.message.Button`)."""
START_LENGTH = 256
"""Characters of a deep link's payload: generous, since a page may pass on what stood in its address."""
LANGUAGE_LENGTH = 35
"""Characters of a language tag: the length RFC 5646 section 4.4.1 asks everybody to allow."""

_SEPARATOR = "\x1f"
"""Between chat and id: neither can hold it, so that two chats never share a message's id."""


def parse(body: bytes) -> dict[str, Any]:
    """The body as a JSON object; raise BadRequest for anything else."""
    try:
        update = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise BadRequest("The body is not JSON in UTF-8.") from error
    if not isinstance(update, dict):
        raise BadRequest("The body is not a JSON object.")
    return update


def update_id(update: dict[str, Any]) -> tuple[str, str]:
    """The message's id, made unique by its chat, and the chat; raise BadRequest where one is wrong."""
    chat = _name(update, "chat", CHAT_LENGTH)
    return f"{chat}{_SEPARATOR}{_name(update, 'id', ID_LENGTH)}", chat


def chat(asked: Mapping[str, Any]) -> str:
    """The chat that is named; raise BadRequest where it is none."""
    return _name(asked, "chat", CHAT_LENGTH)


def decode(update: dict[str, Any], at: datetime) -> Inbound:
    """What the person did at the moment ``at``; raise BadRequest with one sentence for anything malformed."""
    identity, chat = update_id(update)
    given = [name for name in _CONTENTS if update.get(name) is not None]
    if len(given) != 1:
        raise BadRequest("Give exactly one of text, action, place and start.")
    language = _string(update.get("language") or "", "language", LANGUAGE_LENGTH)
    content = _CONTENTS[given[0]](update[given[0]])
    return Inbound(
        channel="web", chat=chat, id=identity, content=content, at=at, language=language, sender=chat
    )


def _name(update: Mapping[str, Any], field: str, length: int) -> str:
    value = update.get(field)
    if value is None or value == "":
        raise BadRequest(f'"{field}" is missing.')
    name = _string(value, field, length)
    if any(unicodedata.category(character) == "Cc" for character in name):
        raise BadRequest(f'"{field}" has a control character in it.')
    return name


def _string(value: object, field: str, length: int) -> str:
    if not isinstance(value, str):
        raise BadRequest(f'"{field}" is not a string.')
    if len(value) > length:
        raise BadRequest(f'"{field}" is longer than {length} characters.')
    return value


def _text(value: object) -> Text:
    if not isinstance(value, str):
        raise BadRequest('"text" is not a string.')
    return Text(value)


def _action(value: object) -> Press:
    if not isinstance(value, str) or not value:
        raise BadRequest('"action" is not the action of a button.')
    if len(value.encode()) > ACTION_BYTES:
        raise BadRequest(f'"action" is longer than the {ACTION_BYTES} bytes a button of ours can have.')
    return Press(value)


def _place(value: object) -> Place:
    if not isinstance(value, dict):
        raise BadRequest('"place" is not an object with latitude and longitude.')
    return Place(_degrees(value, "latitude"), _degrees(value, "longitude"))


def _degrees(place: dict[str, Any], field: str) -> float:
    value = place.get(field)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise BadRequest(f'"place" has no number called "{field}".')
    return float(value)


def _start(value: object) -> Joined:
    return Joined(_string(value, "start", START_LENGTH))


_CONTENTS: dict[str, Callable[[object], Content]] = {
    "text": _text,
    "action": _action,
    "place": _place,
    "start": _start,
}
