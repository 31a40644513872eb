"""What comes in: one row a recorded update, under ``payloads/zalo_bot``; and what is not an update at all."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.channels.channel import BadRequest
from bot.channels.zalo_bot.inbound import Decoder, Me, identify, unwrapped
from handlers.talk.message import Inbound, Text

PAYLOADS = sorted((Path(__file__).parent / "payloads" / "zalo_bot").glob("*.json"))
NOW = datetime.fromtimestamp(1796266801, UTC)
NAMES = ("Bot Xứ Lạng", "bot.xulang")


def decoder(names: tuple[str, ...] = NAMES) -> Decoder:
    return Decoder(Me(names), lambda: NOW)


def told(inbound: Inbound) -> dict[str, Any]:
    """An inbound as the payload files write it."""
    content = {name: getattr(inbound.content, name) for name in inbound.content.__slots__}
    if "kind" in content:
        content["file"] = content["kind"]
    return {
        **content,
        "kind": type(inbound.content).__name__,
        "chat": inbound.chat,
        "id": inbound.id,
        "sender": inbound.sender,
        "at": inbound.at.timestamp(),
    }


def load(name: str) -> dict[str, Any]:
    found = json.loads((PAYLOADS[0].parent / f"{name}.json").read_text(encoding="utf-8"))
    return found["update"]


@pytest.mark.parametrize("path", PAYLOADS, ids=lambda path: path.stem)
def test_payload(path: Path) -> None:
    row = json.loads(path.read_text(encoding="utf-8"))
    found = decoder().decode(row["update"])
    assert len(found) == len(row["inbound"])
    for inbound, wanted in zip(found, row["inbound"], strict=True):
        assert {name: told(inbound)[name] for name in wanted} == wanted
        assert (inbound.channel, inbound.id, inbound.chat) == ("zalo-bot", *identify(row["update"]))


def test_every_update_has_an_id() -> None:
    for path in PAYLOADS:
        number, chat = identify(json.loads(path.read_text(encoding="utf-8"))["update"])
        assert number.startswith(f"{chat}/")
        assert len(number) > len(chat) + 1


def test_both_shapes_are_the_same_update() -> None:
    wrapped = load("text")
    assert identify(wrapped) == identify(unwrapped(wrapped))
    assert decoder().decode(wrapped) == decoder().decode(unwrapped(wrapped))


def test_the_same_number_in_two_chats_is_two_updates() -> None:
    one, other = load("text_flat"), load("text_flat")
    other["message"]["chat"]["id"] = "another"
    assert identify(one)[0] != identify(other)[0]


def test_a_reaction_is_not_the_message_it_is_about() -> None:
    assert identify(load("reaction"))[0] != identify(load("text"))[0]


def test_an_unknown_event_is_recognised_when_it_comes_again() -> None:
    one, other = load("unknown_event"), load("unknown_event")
    other["result"]["bot"]["name"] = "y"
    assert identify(one) == identify(load("unknown_event"))
    assert identify(one) != identify(other)


@pytest.mark.parametrize(
    "update",
    [
        {},
        {"ok": True},
        {"ok": True, "result": None},
        {"ok": True, "result": []},
        {"event_name": 5},
        {"event_name": "", "message": {}},
        {"event_name": "message.text.received"},
        {"event_name": "message.text.received", "message": {"chat": {"id": "1"}, "text": "a"}},
    ],
    ids=str,
)
def test_what_is_no_update(update: dict[str, Any]) -> None:
    with pytest.raises(BadRequest):
        identify(update)


def test_a_message_without_a_chat_is_malformed() -> None:
    update = load("text_flat")
    update["message"]["chat"] = None
    with pytest.raises(ValueError, match="without a chat"):
        decoder().decode(update)


def test_while_we_do_not_know_our_name_the_front_mention_goes() -> None:
    update = load("group_mention_account")
    assert decoder(()).decode(update)[0].content == Text("hoa hồi")


def test_a_private_chat_keeps_what_looks_like_a_mention() -> None:
    update = load("text_flat")
    update["message"]["text"] = "@Bot Xứ Lạng hoa hồi"
    assert decoder().decode(update)[0].content == Text("@Bot Xứ Lạng hoa hồi")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
FIELDS = ("message_id", "date", "from", "chat", "text", "caption", "photo", "sticker", "voice_url")
KINDS = ("text", "image", "sticker", "voice", "unsupported", "link", "reaction", "x")


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(KINDS), st.dictionaries(st.sampled_from(FIELDS), JSON), st.booleans())
def test_nothing_else_is_ever_raised(kind: str, message: dict[str, Any], wrapped: bool) -> None:
    event = {"event_name": f"message.{kind}.received", "message": message}
    update = {"ok": True, "result": event} if wrapped else event
    assert ending(update) in ("list", "BadRequest", "ValueError")


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(st.sampled_from(("event_name", "message", "result", "ok")), JSON))
def test_nothing_else_is_ever_raised_by_any_shape(update: dict[str, Any]) -> None:
    assert ending(update) in ("list", "BadRequest", "ValueError")


def ending(update: dict[str, Any]) -> str:
    """How reading ends: with a list, or with the name of the error."""
    try:
        identify(update)
        return type(decoder().decode(update)).__name__
    except Exception as error:  # noqa: BLE001 - which one it is, is the question
        return type(error).__name__
