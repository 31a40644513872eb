"""What the Bot API refuses, as the fake server knows it: unknown methods and parameters, wrong types, limits,
bad HTML.

The methods and types are the table ``telegram-bot-api.json`` (Bot API 10.3), derived from aiogram 3.31.0, MIT
licence (``telegram-bot-api.LICENSE``). The numbers come from core.telegram.org/bots/api."""

from __future__ import annotations

import html
import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

TABLE = json.loads((Path(__file__).parent / "telegram-bot-api.json").read_text(encoding="utf-8"))
METHODS: dict[str, dict[str, Any]] = {name.lower(): method for name, method in TABLE["methods"].items()}
SIMPLE = {"Integer": int, "Float": (int, float), "String": str, "Boolean": bool}
TAGS = {
    **dict.fromkeys(("b", "strong"), "bold"),
    **dict.fromkeys(("i", "em"), "italic"),
    **dict.fromkeys(("u", "ins"), "underline"),
    **dict.fromkeys(("s", "strike", "del"), "strikethrough"),
    "tg-spoiler": "spoiler",
    "span": "spoiler",
    "a": "text_link",
    "code": "code",
    "pre": "pre",
    "blockquote": "blockquote",
    "tg-emoji": "custom_emoji",
    "tg-time": "date_time",
}


class RefusalError(Exception):
    """An answer other than 2xx: status, Telegram's words, response parameters."""

    def __init__(self, status: int, words: str, **parameters: Any) -> None:
        super().__init__(words)
        self.status, self.words, self.parameters = status, words, parameters


def bad(words: str) -> RefusalError:
    return RefusalError(400, f"Bad Request: {words}")


def units(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


# ------------------------------------------------------------------------------- methods and parameters


def read_params(method: dict[str, Any], given: dict[str, Any], *, typed: bool) -> dict[str, Any]:
    """The parameters as Python values; ``typed`` when they came as JSON and not as strings of a form."""
    known = {field["name"]: field for field in method["fields"]}
    for name in given:
        if name not in known:
            raise bad(f"unknown parameter {name!r} of {method['name']}")
        if known[name].get("legacy"):
            raise bad(f"parameter {name!r} of {method['name']} is no longer documented")
    for name, field in known.items():
        if field["required"] and given.get(name) in (None, ""):
            empty = {"text": "message text is empty", "chat_id": "chat_id is empty"}.get(name)
            raise bad(empty or f"parameter {name!r} of {method['name']} is required")
    return {name: _value(value, known[name], typed) for name, value in given.items()}


def _value(value: Any, field: dict[str, Any], typed: bool) -> Any:
    if not isinstance(value, str) or typed:
        checked, errors = value, []
        for kind in field["types"]:
            try:
                check(value, kind, field["name"])
                return checked
            except RefusalError as refusal:
                errors.append(refusal)
        raise errors[0]
    errors = []
    for kind in sorted(field["types"], key=lambda one: one in ("String", "InputFile")):
        if kind in ("String", "InputFile"):
            return value
        try:
            found = json.loads(value)
        except json.JSONDecodeError:
            found = value
        try:
            check(found, kind, field["name"])
            return found
        except RefusalError as refusal:
            errors.append(refusal)
    raise errors[0]


def check(value: Any, kind: str, where: str) -> None:
    """Refuse ``value`` unless it is of the table's type ``kind``, down to the last field."""
    if " | " in kind and not kind.startswith("Array of"):
        errors = []
        for one in kind.split(" | "):
            try:
                return check(value, one, where)
            except RefusalError as refusal:
                errors.append(refusal)
        raise errors[0]
    if kind.startswith("Array of "):
        if not isinstance(value, list):
            raise bad(f"can't parse {where}: expected an array")
        for number, one in enumerate(value):
            check(one, kind.removeprefix("Array of "), f"{where}[{number}]")
    elif kind in SIMPLE:
        if not isinstance(value, SIMPLE[kind]) or (isinstance(value, bool) and kind != "Boolean"):
            raise bad(f"can't parse {where}: expected {kind}, got {type(value).__name__}")
    elif kind == "InputFile":
        if not isinstance(value, bytes | tuple):
            raise bad(f"{where} is not an upload")
    else:
        _check_object(value, kind, where)
    return None


def _check_object(value: Any, kind: str, where: str) -> None:
    if not isinstance(value, dict):
        raise bad(f"can't parse {where}: expected an object {kind}")
    known = {field["name"]: field for field in TABLE["types"].get(kind, {"fields": []})["fields"]}
    for name, one in value.items():
        if name not in known or known[name].get("legacy"):
            raise bad(f"can't parse {where}: {kind} has no field {name!r}")
        check(one, " | ".join(known[name]["types"]), f"{where}.{name}")
    for name, field in known.items():
        if field["required"] and name not in value:
            raise bad(f"can't parse {where}: {kind} needs {name!r}")


# ---------------------------------------------------------------------------------- texts and keyboards


def parse_html(source: str) -> tuple[str, list[dict[str, Any]]]:
    """Visible text and entities, as Telegram's HTML parser gives them, or its refusal."""
    text, entities, open_tags, at = "", [], [], 0
    while at < len(source):
        if source[at] != "<":
            found = re.match(r"&(lt|gt|amp|quot|#\d{1,7}|#x[0-9a-fA-F]{1,6});", source[at:])
            text += html.unescape(found[0]) if found else source[at]
            at += len(found[0]) if found else 1
            continue
        offset = len(source[:at].encode())
        tag = re.match(r"<(/?)([a-zA-Z][a-zA-Z0-9-]*)?([^<>]*)>", source[at:])
        if not tag or not tag[2]:
            raise bad(f"can't parse entities: Unclosed start tag at byte offset {offset}")
        name = tag[2].lower()
        if name not in TAGS:
            raise bad(f'can\'t parse entities: Unsupported start tag "{name}" at byte offset {offset}')
        if not tag[1]:
            open_tags.append((name, units(text), tag[3]))
        elif not open_tags or open_tags[-1][0] != name:
            raise bad(f'can\'t parse entities: Unexpected end tag "{name}" at byte offset {offset}')
        else:
            _, start, attributes = open_tags.pop()
            entities.append(_entity(name, start, units(text) - start, attributes))
        at += tag.end()
    if open_tags:
        name = open_tags[-1][0]
        raise bad(f"can't parse entities: Can't find end tag corresponding to start tag \"{name}\"")
    return text, sorted((one for one in entities if one["length"]), key=lambda one: one["offset"])[:100]


def _entity(name: str, start: int, length: int, attributes: str) -> dict[str, Any]:
    made: dict[str, Any] = {"type": TAGS[name], "offset": start, "length": length}
    if link := re.search(r'href="([^"]*)"', attributes):
        made["url"] = html.unescape(link[1])
    if "expandable" in attributes:
        made["type"] = "expandable_blockquote"
    return made


def read_text(params: dict[str, Any], name: str, limit: int) -> tuple[str, list[dict[str, Any]]]:
    """The text parameter ``name``, parsed, trimmed and measured."""
    text = params.get(name, "")
    mode = params.get("parse_mode", "")
    if mode.lower() not in ("", "html", "markdown", "markdownv2"):
        raise bad("unsupported parse_mode")
    entities = params.get("entities", [])
    if mode.lower() == "html":
        text, entities = parse_html(text)
    text = re.sub("[\x00-\x08\x0b\x0c\x0e-\x1f]", " ", text)
    lead = units(text) - units(text.lstrip())
    text = text.strip()
    length = units(text)
    if length > limit:
        raise bad("message is too long" if name == "text" else "message caption is too long")
    kept = []
    for one in entities:
        start = max(0, one["offset"] - lead)
        end = min(length, one["offset"] - lead + one["length"])
        if end > start:
            kept.append({**one, "offset": start, "length": end - start})
    return text, kept


def check_keyboard(markup: dict[str, Any] | None) -> None:
    """Refuse an inline keyboard beyond the limits; other keyboards only need their shape."""
    if not markup or "inline_keyboard" not in markup:
        return
    rows = markup["inline_keyboard"]
    if sum(len(row) for row in rows) > 100 or any(len(row) > 8 for row in rows):
        raise bad("reply markup is too long")
    for button in (button for row in rows for button in row):
        if not button["text"].strip():
            raise bad("can't parse inline keyboard button: text must be non-empty")
        if len(button) - ("style" in button) - ("icon_custom_emoji_id" in button) != 2:
            raise bad("can't parse inline keyboard button: exactly one action is allowed")
        if "callback_data" in button and not 1 <= len(button["callback_data"].encode()) <= 64:
            raise bad("BUTTON_DATA_INVALID")
        if "copy_text" in button and not 1 <= units(button["copy_text"]["text"]) <= 256:
            raise bad("BUTTON_COPY_TEXT_INVALID")
        if "url" in button:
            _check_url(button["url"])


def _check_url(url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme == "tg" or (parts.scheme in ("http", "https", "ton") and "." in (parts.hostname or "")):
        return
    raise bad(f"inline keyboard button URL '{url}' is invalid: Wrong HTTP URL")
