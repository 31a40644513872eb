"""What comes in: one row a recorded update, under ``payloads/telegram``; and what is not an update at all."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.channels.channel import BadRequest
from bot.channels.telegram.inbound import Decoder, Me, identify
from handlers.talk.message import Inbound

PAYLOADS = sorted((Path(__file__).parent / "payloads" / "telegram").glob("*.json"))
NOW = datetime(2026, 12, 3, 3, 0, tzinfo=UTC)


def decoder() -> Decoder:
    return Decoder(Me(700000001, "xulang_test_bot"), lambda: NOW)


def told(inbound: Inbound) -> dict[str, Any]:
    """An inbound as the payload files write it."""
    content = {name: getattr(inbound.content, name) for name in inbound.content.__slots__}
    if "kind" in content:
        content["file"] = content["kind"]
    return {
        **content,
        "kind": type(inbound.content).__name__,
        "chat": inbound.chat,
        "language": inbound.language,
        "about": inbound.about,
        "sender": inbound.sender,
        "at": inbound.at.timestamp(),
    }


def read(update: dict[str, Any]) -> str:
    """How reading ends: with a list, with the error it may raise, or with anything else."""
    try:
        return f"a {type(decoder().decode(update)).__name__}"
    except ValueError as error:
        return str(error).partition(" ")[0]


@pytest.mark.parametrize("path", PAYLOADS, ids=lambda path: path.stem)
def test_payload(path: Path) -> None:
    row = json.loads(path.read_text(encoding="utf-8"))
    found = decoder().decode(row["update"])
    assert len(found) == len(row["inbound"])
    for inbound, wanted in zip(found, row["inbound"], strict=True):
        assert {name: told(inbound)[name] for name in wanted} == wanted
        number, chat = identify(row["update"])
        assert (inbound.channel, inbound.id, inbound.chat) == ("telegram", number, chat)


def test_every_required_field_left_out_is_nothing_or_a_value_error() -> None:
    """A missing field spoils one update only, and says so in one way."""
    for path in PAYLOADS:
        update = json.loads(path.read_text(encoding="utf-8"))["update"]
        kind = next(name for name in update if name != "update_id")
        for name in update[kind]:
            broken = {
                "update_id": 1,
                kind: {key: value for key, value in update[kind].items() if key != name},
            }
            assert identify(broken)[0] == "1"
            assert read(broken) in ("a list", "malformed")


def test_a_walk_with_a_live_location_is_answered_once_and_a_repeated_delivery_again() -> None:
    first = json.loads((PAYLOADS[0].parent / "live_location.json").read_text(encoding="utf-8"))["update"]
    edit = json.loads((PAYLOADS[0].parent / "live_location_edited.json").read_text(encoding="utf-8"))[
        "update"
    ]
    reader = decoder()
    assert len(reader.decode(first)) == 1
    assert reader.decode(edit) == []
    assert len(reader.decode(first)) == 1


def test_a_press_is_dated_now_since_telegram_does_not_say() -> None:
    update = json.loads((PAYLOADS[0].parent / "press.json").read_text(encoding="utf-8"))["update"]
    assert decoder().decode(update)[0].at == NOW


def test_before_we_know_our_name_a_command_in_a_group_is_ours() -> None:
    path = PAYLOADS[0].parent / "group_command.json"
    update = json.loads(path.read_text(encoding="utf-8"))["update"]
    assert len(Decoder(Me(), lambda: NOW).decode(update)) == 1


@pytest.mark.parametrize(
    "update", [{}, {"update_id": "5"}, {"update_id": True}, {"update_id": None}, [], "x", None, 5]
)
def test_without_an_integer_id_it_is_a_bad_request(update: Any) -> None:
    with pytest.raises(BadRequest):
        identify(update)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False)
    | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["message", "chat", "id", "from", "type", "text", "date", "location", "data", "status"]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=12,
)
KINDS = st.sampled_from(["message", "edited_message", "callback_query", "my_chat_member", "inline_query"])


@settings(max_examples=300, deadline=None)
@given(kind=KINDS, body=JSON)
def test_any_json_at_all_is_a_list_or_a_value_error(kind: str, body: Any) -> None:
    update = {"update_id": 1, kind: body}
    assert identify(update)[0] == "1"
    assert read(update) in ("a list", "malformed")
