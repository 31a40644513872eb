"""Theirs → ours: one update of the Bot API (a parsed JSON object) → what a person did.

Read by hand from the raw object: the library's own parsing costs 70 µs an update and refuses the whole batch
when a field it believes in is missing. What we do not know is an empty list; what contradicts the
documentation is a ValueError. Format: core.telegram.org/bots/api#update.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from bot.channels.channel import BadRequest
from handlers.talk.message import (
    Content,
    File,
    Inbound,
    Joined,
    Left,
    Phone,
    Place,
    Press,
    Text,
    Unsupported,
)

ALLOWED = (
    "message",
    "edited_message",
    "callback_query",
    "inline_query",
    "chosen_inline_result",
    "my_chat_member",
)
"""The kinds of updates we ask Telegram for; it remembers the list."""
_START = re.compile(r"[A-Za-z0-9_-]{1,64}")
_LIVE_REMEMBERED = 4096
_FILES: tuple[tuple[str, Any], ...] = (
    ("sticker", "sticker"),
    ("voice", "voice"),
    ("audio", "voice"),
    ("video", "video"),
    ("video_note", "video"),
    ("animation", "video"),
    ("document", "document"),
)
_DELIBERATE = (
    "poll",
    "dice",
    "game",
    "story",
    "checklist",
    "paid_media",
    "live_photo",
    "gift",
    "rich_message",
)
"""What a person sends on purpose and we have no use for. Everything else without words is a service
message."""

Raw = dict[str, Any]


@dataclass(slots=True)
class Me:
    """Who we are on Telegram, as ``getMe`` says; empty until it has answered."""

    id: int = 0
    username: str = ""


@dataclass(slots=True)
class Decoder:
    """Reads updates for one bot. ``now`` gives the time of a press, which Telegram does not say.

    ``_live`` remembers which update of a live location was taken, so that a walk is answered once: a courtesy
    that a restart may forget, not a step of a conversation.
    """

    me: Me
    now: Callable[[], datetime]
    _live: dict[tuple[str, int], str] = field(default_factory=dict)

    def decode(self, update: Raw) -> list[Inbound]:
        """What the update means; ValueError when it contradicts the documentation."""
        try:
            if message := update.get("message"):
                return self._message(update, message)
            if press := update.get("callback_query"):
                return [self._press(update, press)]
            if member := update.get("my_chat_member"):
                return self._membership(update, member)
            if edited := update.get("edited_message"):
                return self._message(update, edited) if "location" in edited else []
        except (KeyError, TypeError, AttributeError, ValueError, OverflowError, OSError) as error:
            raise ValueError(f"malformed update ({type(error).__name__}: {str(error)[:80]})") from None
        return []

    def _inbound(self, update: Raw, chat: Raw, who: Raw, content: Content, at: datetime) -> Inbound:
        return Inbound(
            channel="telegram",
            chat=str(int(chat["id"])),
            id=str(update["update_id"]),
            content=content,
            at=at,
            language=str(who.get("language_code") or ""),
            sender=str(who.get("id", "")),
        )

    def _message(self, update: Raw, message: Raw) -> list[Inbound]:
        chat, who = message["chat"], message.get("from") or message.get("sender_chat") or {}
        at = datetime.fromtimestamp(message["date"], UTC)
        if "migrate_to_chat_id" in message:
            content: Content | None = Left(f"migrated to {int(message['migrate_to_chat_id'])}")
        elif chat["type"] == "private":
            content = self._content(update, message)
        elif chat["type"] in ("group", "supergroup"):
            content = self._in_group(update, message, who)
        else:
            content = None
        return [self._inbound(update, chat, who, content, at)] if content else []

    def _in_group(self, update: Raw, message: Raw, who: Raw) -> Content | None:
        """In a group only what is meant for us: commands, replies to us, mentions of us."""
        if who.get("is_bot") and "sender_chat" not in message:
            return None
        text = message.get("text") or message.get("caption") or ""
        if text.startswith("/") and (self._command_for(text) in ("", self.me.username.lower())):
            return self._content(update, message)
        replied = (message.get("reply_to_message") or {}).get("from") or {}
        if self.me.id and replied.get("id") == self.me.id:
            return self._content(update, message)
        without = self._without_mention(message, text)
        if without is None:
            return None
        content = self._content(update, message)
        return Text(without) if isinstance(content, Text) else content

    def _without_mention(self, message: Raw, text: str) -> str | None:
        """``text`` without the mention of us; None when there is none."""
        for entity in message.get("entities") or message.get("caption_entities") or ():
            if entity["type"] == "text_mention" and self.me.id and entity["user"]["id"] == self.me.id:
                return text
        if not self.me.username:
            return None
        mention = re.compile(rf"(?<!\w)@{re.escape(self.me.username)}(?!\w)", re.IGNORECASE)
        return " ".join(mention.sub(" ", text).split()) if mention.search(text) else None

    def _command_for(self, text: str) -> str:
        """The bot a command names (``/lang@SomeBot``), in lower case; ``""`` when it names none or we know no
        name."""
        named = text.split(maxsplit=1)[0].partition("@")[2].lower()
        return named if self.me.username else ""

    def _content(self, update: Raw, message: Raw) -> Content | None:
        if "text" in message:
            return _words(str(message["text"]))
        if location := message.get("location") or (message.get("venue") or {}).get("location"):
            return self._place(update, message, location)
        if contact := message.get("contact"):
            own = contact.get("user_id") is not None and contact.get("user_id") == message["from"]["id"]
            return Phone(str(contact["phone_number"]), own)
        return _file(message)

    def _place(self, update: Raw, message: Raw, location: Raw) -> Place | None:
        if "live_period" in location or "edit_date" in message:
            key, this = (str(message["chat"]["id"]), int(message["message_id"])), str(update["update_id"])
            if self._live.setdefault(key, this) != this:
                return None
            while len(self._live) > _LIVE_REMEMBERED:
                del self._live[next(iter(self._live))]
        return Place(float(location["latitude"]), float(location["longitude"]))

    def _press(self, update: Raw, press: Raw) -> Inbound:
        """A press; an inaccessible message (``date`` 0) or none at all means there is nothing to edit."""
        message, who = press.get("message"), press["from"]
        content = Press(str(press.get("data") or ""), str(press["id"]))
        made = self._inbound(update, message["chat"] if message else who, who, content, self.now())
        if not message or not message.get("date"):
            return made
        return Inbound(
            made.channel,
            made.chat,
            made.id,
            content,
            made.at,
            made.language,
            str(message["message_id"]),
            made.sender,
        )

    def _membership(self, update: Raw, change: Raw) -> list[Inbound]:
        """Blocked, thrown out, unblocked, added; a change between two ways of being present is nothing."""
        before, after = (_present(change[name]) for name in ("old_chat_member", "new_chat_member"))
        if before == after or change["chat"]["type"] == "channel":
            return []
        content = Joined() if after else Left(str(change["new_chat_member"]["status"]))
        at = datetime.fromtimestamp(change["date"], UTC)
        return [self._inbound(update, change["chat"], change["from"], content, at)]


def _present(member: Raw) -> bool:
    status = member["status"]
    return bool(member.get("is_member")) if status == "restricted" else status not in ("kicked", "left")


def _words(text: str) -> Content:
    """Words, a command without the bot's name, or the start of a chat with a deep link's payload."""
    if not text.startswith("/"):
        return Text(text)
    command, *more = text.split(maxsplit=1)
    command, rest = command.partition("@")[0], more[0] if more else ""
    if command.lower() == "/start":
        return Joined(rest.strip() if _START.fullmatch(rest.strip()) else "")
    return Text(f"{command} {rest}" if rest else command)


def _file(message: Raw) -> Content | None:
    caption = str(message.get("caption") or "")
    if photo := message.get("photo"):
        return File("photo", str(photo[-1]["file_id"]), caption)
    for name, kind in _FILES:
        if found := message.get(name):
            return File(kind, str(found["file_id"]), caption)
    for name in _DELIBERATE:
        if name in message:
            return Unsupported(name)
    return None


def identify(update: Raw) -> tuple[str, str]:
    """The update's id and its chat's id (``""`` when it has none), without reading the rest.

    :class:`BadRequest` when there is no integer ``update_id``.
    """
    number = update.get("update_id") if isinstance(update, dict) else None
    if not isinstance(number, int) or isinstance(number, bool):
        raise BadRequest("an update needs an integer update_id")
    for name in ALLOWED:
        if isinstance(event := update.get(name), dict):
            return str(number), _chat_of(event)
    return str(number), ""


def _chat_of(event: Raw) -> str:
    for where in (event, event.get("message")):
        if isinstance(where, dict) and isinstance(chat := where.get("chat"), dict):
            return str(chat.get("id", ""))
    who = event.get("from")
    return str(who.get("id", "")) if isinstance(who, dict) else ""
