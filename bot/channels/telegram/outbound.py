"""Ours → theirs: one :class:`Message` → the calls of the Bot API that show it, without touching a network.

Every call knows the step below it on the ladder (``fallback``), and ``lost`` names what had to be left out or
changed. A Telegram message carries one ``reply_markup`` only; buttons under the message win over a keyboard
that asks for a position (docs/decisions/telegram-transport.md, "One keyboard a message").
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

from bot.channels.telegram.keyboard import Keyboard, asking, inline
from bot.channels.telegram.markup import CAPTION_UNITS, Body, clean, shorten
from bot.channels.telegram.transport import form
from handlers.talk.message import Attachment, Message, Venue

LINK_PREVIEW = {"is_disabled": True}
"""The one place that decides about link previews: an answer with links keeps its size."""
TITLE_UNITS = 256
"""Of a venue. Telegram names no limit for its title and address; longer ones are unreadable on a card."""


@dataclass(slots=True)
class Call:
    """One call of the Bot API, without ``chat_id``.

    ``source`` is a file (public address or path of ours) that goes into the parameter ``source_field``;
    ``plain`` is the text without markup; ``loss`` is what is lost when ``fallback`` has to be taken.
    """

    method: str
    params: dict[str, Any]
    plain: str = ""
    source_field: str = ""
    source: Attachment | None = None
    fallback: Call | None = None
    loss: str = ""
    _body: bytes = field(default=b"", init=False, compare=False, repr=False)

    def body(self, chat: str) -> bytes:
        """The body of a call to this chat, its part that is the same for everybody written once."""
        if not self._body:
            self._body = form(self.params)
        to = f"chat_id={chat}".encode() if chat.lstrip("-").isdigit() else form({"chat_id": chat})
        return to + (b"&" + self._body if self._body else b"")

    def unmarked(self) -> Call:
        """The same call as plain text, for when Telegram cannot read our markup."""
        key = "caption" if "caption" in self.params else "text"
        params = {name: value for name, value in self.params.items() if name != "parse_mode"}
        return replace(self, params={**params, key: self.plain})

    def without_links(self) -> Call:
        """The same call without buttons that open an address, for when Telegram refuses one of them."""
        rows = self.params.get("reply_markup", {}).get("inline_keyboard", [])
        kept = [[button for button in row if "url" not in button] for row in rows]
        params = {name: value for name, value in self.params.items() if name != "reply_markup"}
        if any(kept):
            params["reply_markup"] = {"inline_keyboard": [row for row in kept if row]}
        return replace(self, params=params)


@dataclass(frozen=True, slots=True)
class Rendered:
    """The calls in their order, and what could not be shown."""

    calls: tuple[Call, ...]
    lost: tuple[str, ...] = ()


def render(
    message: Message, *, edit: str = "", after_ask: bool = False, ask_labels: Mapping[str, str]
) -> Rendered:
    """The calls for ``message``.

    ``edit`` is the id of the message to replace; ``after_ask`` takes away a keyboard that asked before;
    ``ask_labels`` are the labels of the buttons that ask for a ``place`` and a ``phone``, where these may be
    shown.
    """
    keyboard = inline(message)
    markup = _markup(message, keyboard, after_ask, ask_labels)
    body = _body(message, keyboard)
    calls = [*_image(message, body), *_texts(body, message), *_venue(message.venue), *_file(message.file)]
    if calls and markup:
        _give_markup(calls[-1], markup)
    if edit and calls:
        calls[0] = _as_edit(calls[0], edit, keyboard.lost)
    return Rendered(tuple(calls), tuple(keyboard.lost))


class Repeated:
    """An announcement is one message for many: it is rendered once."""

    MOST: ClassVar[int] = 16

    def __init__(self) -> None:
        self._kept: dict[tuple[int, int], tuple[Message, Rendered]] = {}

    def render(self, message: Message, ask_labels: Mapping[str, str]) -> Rendered:
        """As :func:`render`; the same object gives the same calls."""
        key = (id(message), len(ask_labels))
        found = self._kept.get(key)
        if found is None:
            found = (message, render(message, ask_labels=ask_labels))
            while len(self._kept) >= self.MOST:
                del self._kept[next(iter(self._kept))]
            self._kept[key] = found
        return found[1]


def _markup(
    message: Message, keyboard: Keyboard, after_ask: bool, ask_labels: Mapping[str, str]
) -> dict[str, Any]:
    """The one ``reply_markup``: buttons, else a keyboard that asks, else taking such a keyboard away."""
    if message.asks and not keyboard.rows and message.asks in ask_labels:
        return asking(message.asks, ask_labels[message.asks])
    if message.asks:
        keyboard.lost.append(f"button that asks for a {message.asks}")
    if keyboard.rows:
        return {"inline_keyboard": keyboard.rows}
    return {"remove_keyboard": True} if after_ask else {}


def _body(message: Message, keyboard: Keyboard) -> Body:
    """All that is to be read: title, text, the entries of a list, and addresses that no button can open."""
    body = Body()
    body.add(clean(message.title), bold=True)
    if message.text:
        body.add(("\n" if message.title else "") + clean(message.text))
    for number, card in enumerate(message.cards, 1):
        body.add(("\n\n" if body.text else "") + (f"{number}. " if len(message.cards) > 1 else ""))
        body.add(clean(card.title), bold=True)
        body.add("\n" + clean(card.text) if card.text else "")
    for line in keyboard.lines:
        body.add("\n" + clean(line))
    return body


def _texts(body: Body, message: Message) -> list[Call]:
    """The text as one or more messages; none when it stands under the picture."""
    if message.image and body.fits(CAPTION_UNITS):
        return []
    return [_text(body.html(*part), body.text[slice(*part)]) for part in body.slices()]


def _text(html: str, plain: str) -> Call:
    params = {"text": html, "parse_mode": "HTML", "link_preview_options": LINK_PREVIEW}
    return Call("sendMessage", params, plain)


def _image(message: Message, body: Body) -> list[Call]:
    """The picture, with the text under it where it fits."""
    if not message.image:
        return []
    parts = body.slices() if body.fits(CAPTION_UNITS) else []
    caption, plain = (body.html(*parts[0]), body.text[slice(*parts[0])]) if parts else ("", "")
    params = {"caption": caption, "parse_mode": "HTML"} if parts else {}
    return [
        Call(
            "sendPhoto",
            params,
            plain,
            source_field="photo",
            source=Attachment(message.image.rsplit("/", 1)[-1] or "photo", message.image),
            fallback=_text(caption, plain) if parts else None,
            loss="image",
        )
    ]


def _venue(venue: Venue | None) -> list[Call]:
    """The map card; below it on the ladder, its words and its link."""
    if venue is None:
        return []
    title = shorten(clean(venue.title).strip() or clean(venue.address).strip() or "•", TITLE_UNITS)
    address = shorten(clean(venue.address).strip() or title, TITLE_UNITS)
    words = Body()
    words.add(title, bold=True)
    words.add("".join(f"\n{line}" for line in (address, clean(venue.url)) if line and line != title))
    fallback = _text(words.html(0, len(words.text)), words.text)
    if not (-90 <= venue.latitude <= 90 and -180 <= venue.longitude <= 180):
        return [replace(fallback, loss="venue")]
    params = {
        "latitude": venue.latitude,
        "longitude": venue.longitude,
        "title": title,
        "address": address,
    }
    return [Call("sendVenue", params, fallback=fallback, loss="venue")]


def _file(file: Attachment | None) -> list[Call]:
    """The file; below it, its name and address."""
    if file is None:
        return []
    words = "\n".join(part for part in (clean(file.name), clean(file.url)) if part)
    body = Body(words)
    fallback = _text(body.html(0, len(words)), words) if file.url.startswith("http") else None
    return [Call("sendDocument", {}, source_field="document", source=file, fallback=fallback, loss="file")]


def _give_markup(call: Call, markup: dict[str, Any]) -> None:
    """Put the buttons under ``call`` and under every step below it."""
    step: Call | None = call
    while step is not None:
        step.params["reply_markup"] = markup
        step = step.fallback


def _as_edit(call: Call, message_id: str, lost: list[str]) -> Call:
    """``call`` as an edit of an earlier message where it is text, with a new message as the step below."""
    markup = call.params.get("reply_markup", {})
    if (
        call.method != "sendMessage"
        or not message_id.isdigit()
        or (markup and "inline_keyboard" not in markup)
    ):
        lost.append("edit")
        return call
    params = {**call.params, "message_id": int(message_id)}
    return replace(call, method="editMessageText", params=params, fallback=call, loss="edit")
