"""Ours → theirs: one :class:`Message` → the calls of the Official Account's API, without touching a network.

The text stands alone, with a number before every action; buttons, pictures and files come on top, and each
call knows the step below it on the ladder (``fallback``). ``lost`` names what had to be changed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any, Literal

from bot.channels.zalo_oa.inbound import PREFIX
from handlers.services.cutting import sendable, shortened
from handlers.talk.message import Button, Message
from handlers.talk.plain import public_address, texts

TEXT_UNITS = 2_000
"""Of a text (docs.zaloplatforms.com/docs/OA, consultation message); Zalo does not name the unit."""
BUTTONS = 5
BUTTON_TITLE = 20
"""The shortest of the limits that Zalo's pages and running clients name (contract §3.1)."""
ASK_TITLE = "Gửi số điện thoại · Share your number"
ASK_SUBTITLE = "Bấm để gửi · Tap to send"
"""Both languages at once: a channel does not know which one the person chose."""


@dataclass(frozen=True, slots=True)
class Call:
    """One message of the API, without its recipient.

    ``source`` is a file of ours that must be uploaded first; its id goes into the message by ``slot``.
    ``fallback`` is shown instead when Zalo refuses the call, at the price of ``loss``; None with a ``loss`` =
    it may be left out.
    """

    message: dict[str, Any]
    source: str = ""
    slot: Literal["", "image", "file"] = ""
    fallback: Call | None = None
    loss: str = ""
    buttons: bool = False
    extra: bool = False
    name: str = ""


@dataclass(frozen=True, slots=True)
class Rendered:
    """The calls in their order, and what could not be shown as it was meant."""

    calls: tuple[Call, ...]
    lost: tuple[str, ...] = ()


def render(message: Message, *, buttons: bool = True, forms: bool = True, picture: str = "") -> Rendered:
    """The calls for ``message``; none when it is empty.

    ``buttons``: whether the account takes them. ``forms``: whether contact details may be asked for with a
    form (not of anonymous visitors, who get words only); its picture is at ``picture``.
    """
    lost = _losses(message)
    calls = [_text(part) for part in texts(message, TEXT_UNITS)]
    native = native_buttons(message) if buttons else []
    if calls and native:
        calls[-1] = _with_buttons(calls[-1], native)
    calls = _with_image(message, calls, lost, forms=forms)
    if message.file and forms and not public_address(message.file.url):
        calls.append(Call({}, message.file.url, "file", loss="file", extra=True, name=message.file.name))
    if message.asks == "phone" and forms:
        calls.append(_form(picture))
    return Rendered(tuple(calls), tuple(lost))


def native_buttons(message: Message) -> list[dict[str, Any]]:
    """At most five buttons as Zalo shows them; all of them stand in the text as well."""
    rows = [button for row in message.buttons for button in row]
    own = [button for card in message.cards for button in card.buttons]
    found = [shown for button in (*rows, *own) if (shown := _button(button))]
    return found[:BUTTONS]


def _button(button: Button) -> dict[str, Any] | None:
    """The button as Zalo has it; None for what it has not."""
    title = shortened(" ".join(sendable(button.label).split()), BUTTON_TITLE) or "→"
    if button.action is not None:
        return {"title": title, "type": "oa.query.hide", "payload": PREFIX + button.action}
    url = button.url or ""
    if url.startswith("tel:"):
        digits = re.sub(r"\D", "", url)
        number = "84" + digits[1:] if digits.startswith("0") else digits
        return {"title": title, "type": "oa.open.phone", "payload": {"phone_code": number}}
    address = public_address(url)
    if not address:
        return None
    return {"title": title, "type": "oa.open.url", "payload": {"url": address}}


def _losses(message: Message) -> list[str]:
    """What this channel has in no form."""
    found = ["edit"] if message.edits else []
    if message.venue:
        found.append("venue (address and link)")
    if message.asks == "place":
        found.append("button that asks for a place")
    if message.file and public_address(message.file.url):
        found.append("file (link)")
    if any(card.image for card in message.cards):
        found.append("pictures of the entries")
    return found


def _text(text: str) -> Call:
    return Call({"text": text})


def _with_buttons(call: Call, buttons: list[dict[str, Any]]) -> Call:
    """The text with buttons under it (contract §3.1: on this form rests what running clients do)."""
    attachment = {"type": "template", "payload": {"buttons": buttons}}
    return Call(
        {**call.message, "attachment": attachment}, fallback=call, loss="buttons (numbers)", buttons=True
    )


def _with_image(message: Message, calls: list[Call], lost: list[str], *, forms: bool) -> list[Call]:
    """The picture above the first text, or with that text under it where nothing else hangs on it."""
    if not message.image:
        return calls
    address = public_address(message.image)
    if not forms:
        lost.append("image")
        return calls
    words = calls[0] if calls and not calls[0].buttons else None
    element: dict[str, Any] = {"media_type": "image", **({"url": address} if address else {})}
    attachment = {"type": "template", "payload": {"template_type": "media", "elements": [element]}}
    picture = Call(
        {**(words.message if words else {}), "attachment": attachment},
        source="" if address else message.image,
        slot="" if address else "image",
        fallback=words,
        loss="image",
        extra=words is None,
        name=message.image.rsplit("/", 1)[-1],
    )
    return [picture, *(calls[1:] if words else calls)]


def _form(picture: str) -> Call:
    """The form that asks for contact details (contract §3); words have asked already."""
    element = {"title": ASK_TITLE, "subtitle": ASK_SUBTITLE, **({"image_url": picture} if picture else {})}
    payload = {"template_type": "request_user_info", "elements": [element]}
    return Call(
        {"attachment": {"type": "template", "payload": payload}},
        loss="form that asks for a phone",
        extra=True,
    )


def with_upload(call: Call, found: str) -> Call:
    """The call with the id that an upload gave."""
    if call.slot == "file":
        message = {"attachment": {"type": "file", "payload": {"token": found}}}
        return replace(call, message=message)
    attachment = call.message["attachment"]
    element = {"media_type": "image", "attachment_id": found}
    payload = {**attachment["payload"], "elements": [element]}
    return replace(call, message={**call.message, "attachment": {**attachment, "payload": payload}})
