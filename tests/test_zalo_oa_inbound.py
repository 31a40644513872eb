"""What comes in: one row a recorded event, under ``payloads/zalo_oa``; signatures; and what is no event at
all."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.channel import BadRequest
from bot.channels.zalo_oa.inbound import (
    Decoder,
    anonymous,
    identify,
    officer_wrote_to,
    opens_window,
    recipient,
    told_at,
)
from bot.channels.zalo_oa.signature import HEADER, Signatures, mac
from handlers.talk.message import Inbound, Place

PAYLOADS = sorted((Path(__file__).parent / "payloads" / "zalo_oa").glob("*.json"))
NOW = datetime.fromtimestamp(1796266801, UTC)
PERSON = "246845883529197922"


def decoder() -> Decoder:
    return Decoder(lambda: NOW)


def told(inbound: Inbound) -> dict[str, Any]:
    """An inbound as the payload files write it."""
    content = {name: getattr(inbound.content, name) for name in inbound.content.__slots__}
    if "kind" in content:
        content["file"] = content["kind"]
    return {**content, "kind": type(inbound.content).__name__, "chat": inbound.chat}


def load(name: str) -> dict[str, Any]:
    update: dict[str, Any] = json.loads((PAYLOADS[0].parent / f"{name}.json").read_text("utf-8"))["update"]
    return update


@pytest.mark.parametrize("path", PAYLOADS, ids=lambda path: path.stem)
def test_payload(path: Path) -> None:
    row = json.loads(path.read_text("utf-8"))
    found = decoder().decode(row["update"])
    assert len(found) == len(row["inbound"])
    for inbound, wanted in zip(found, row["inbound"], strict=True):
        told_here = told(inbound)
        assert {name: told_here[name] for name in wanted} == wanted
        assert told_here["chat"] == wanted.get("chat", PERSON)
        assert (inbound.channel, inbound.id, inbound.chat) == ("zalo-oa", *identify(row["update"]))
        assert inbound.at == datetime.fromtimestamp(1796266800, UTC)


def test_every_event_has_an_id_of_its_own() -> None:
    ids = [identify(json.loads(path.read_text("utf-8"))["update"])[0] for path in PAYLOADS]
    assert len(set(ids)) == len(ids)
    assert all(PERSON not in number for number in ids)


def test_receipts_do_not_share_the_id_of_our_message() -> None:
    """They carry its msg_id: the event's name is part of the id."""
    received, sent = load("user_received_message"), load("oa_send_text")
    assert received["message"]["msg_id"] == sent["message"]["msg_id"]
    assert identify(received)[0] != identify(sent)[0]


def test_without_a_message_the_same_event_again_has_the_same_id() -> None:
    event = load("follow")
    again = dict(reversed(event.items()))
    assert identify(event) == identify(again)
    assert identify(event | {"timestamp": "1796266800001"}) != identify(event)


@pytest.mark.parametrize(
    "event", [{}, {"event_name": ""}, {"event_name": None}, {"event_name": []}, {"message": {"msg_id": "1"}}]
)
def test_without_a_name_it_is_no_event(event: dict[str, Any]) -> None:
    with pytest.raises(BadRequest):
        identify(event)
    assert decoder().decode(event) == []


@pytest.mark.parametrize("name", ["user_send_text", "follow", "user_submit_info", "user_click_chatnow"])
def test_a_message_of_nobody_is_malformed(name: str) -> None:
    with pytest.raises(ValueError, match="without a person"):
        decoder().decode({"event_name": name, "info": {"phone": "84912000111"}})


def test_scalars_may_be_numbers() -> None:
    event = load("user_send_text")
    event["sender"]["id"] = int(PERSON)
    event["timestamp"] = 1796266800000
    (inbound,) = decoder().decode(event)
    assert inbound.chat == PERSON
    assert inbound.at == datetime.fromtimestamp(1796266800, UTC)


@pytest.mark.parametrize("stamp", ["", "soon", None, "9" * 30, "-1", {}, "1794200000000"])
def test_an_unbelievable_time_is_the_moment_of_reading(stamp: object) -> None:
    (inbound,) = decoder().decode(load("user_send_text") | {"timestamp": stamp})
    assert inbound.at == NOW


def test_positions_out_of_range_are_passed_on() -> None:
    event = load("user_send_location")
    event["message"]["attachments"][0]["payload"]["coordinates"] = {"latitude": "200", "longitude": "-300.5"}
    (inbound,) = decoder().decode(event)
    assert inbound.content == Place(200.0, -300.5)


def test_what_opens_the_window() -> None:
    """Following, writing, tapping the icon, sending details; not reading, reacting or what we send
    ourselves."""
    opening = {path.stem for path in PAYLOADS if opens_window(load(path.stem)["event_name"])}
    assert {"follow", "user_click_chatnow", "user_submit_info", "user_send_sticker"} <= opening
    closed = {path.stem for path in PAYLOADS} - opening
    assert {
        "unfollow",
        "user_received_message",
        "user_seen_message",
        "user_reacted_message",
        "oa_send_text",
        "user_send_group_text",
        "user_withdraw",
    } <= closed


def test_an_officer_is_told_from_our_own_echo() -> None:
    assert officer_wrote_to(load("oa_send_text_by_officer")) == PERSON
    others = [path.stem for path in PAYLOADS if officer_wrote_to(load(path.stem))]
    assert others == ["oa_send_text_by_officer"]


@given(st.text(max_size=30), st.text(max_size=30))
def test_an_anonymous_address_leads_back(visitor: str, conversation: str) -> None:
    found = recipient(anonymous(visitor, conversation))
    assert found == {"anonymous_id": visitor, "conversation_id": conversation}


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(
    st.sampled_from([load(path.stem) for path in PAYLOADS]),
    st.lists(st.tuples(st.sampled_from(("sender", "message", "info", "timestamp", "follower")), _json)),
)
def test_strange_events_are_malformed_at_worst(event: dict[str, Any], changes: list[tuple[str, Any]]) -> None:
    changed = event | dict(changes)
    try:
        found = decoder().decode(changed)
    except ValueError:
        return
    assert all(isinstance(one, Inbound) for one in found)


# --------------------------------------------------------------------------------------------- signatures

APP, KEY, STAMP = "1234567890123456789", "oa-secret-key-demo", "1794200000000"
BODY = (
    '{"app_id":"1234567890123456789","sender":{"id":"246845883529197922"},"user_id_by_app":"552177279717587730",'
    '"recipient":{"id":"388613280878808645"},"event_name":"user_send_text","message":{"text":"Hoa hồi Lạng Sơn",'
    '"msg_id":"96d3cdf3af150460909"},"timestamp":"1794200000000"}'
).encode()
MAC = "81de63ea89b674b5eed73ca114ee94d1542fee8099613073381931e651ffae05"


def judged(body: bytes, header: str | None, *, keys: tuple[str, ...] = (KEY,)) -> str:
    headers = {} if header is None else {HEADER: header}
    return Signatures(APP, keys).judge(headers, body)


def signed(body: bytes, stamp: str = STAMP, key: str = KEY) -> str:
    return judged(body, f"mac={mac(APP, body, stamp, key)}")


def test_the_vector_of_the_contract() -> None:
    assert len(BODY) == 279
    assert mac(APP, BODY, STAMP, KEY) == MAC
    assert judged(BODY, f"mac={MAC}") == "good"


def test_the_body_is_asked_for_first() -> None:
    assert Signatures(APP, (KEY,)).judge({HEADER: f"mac={MAC}"}, None) == "unread"
    assert Signatures(APP, (KEY,)).judge({}, None) == "unread"


def test_header_names_have_no_case() -> None:
    assert Signatures(APP, (KEY,)).judge({HEADER.lower(): f"mac={MAC}"}, BODY) == "good"


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "mac=",
        f"mac={MAC[:-1]}",
        f"mac={MAC}0",
        f"mac={MAC[::-1]}",
        "mac=" + "0" * 64,
        "mac=đ",
        f"sha256={MAC}",
        "x" * 100_000,
    ],
)
def test_a_wrong_or_missing_mac(header: str | None) -> None:
    assert judged(BODY, header) == "bad"


def test_only_the_bytes_as_they_came_are_signed() -> None:
    again = json.dumps(json.loads(BODY)).encode()
    assert json.loads(again) == json.loads(BODY)
    assert judged(again, f"mac={MAC}") == "bad"
    assert judged(BODY + b"\n", f"mac={MAC}") == "bad"


@pytest.mark.parametrize("escaped", [True, False])
@pytest.mark.parametrize(
    "text", ["Hoa hồi Lạng Sơn", "🦆🍯 vịt quay 𝔏", "\u0000\u2028</script>", "Ho\u0300i"]
)
def test_every_way_to_write_the_same_text(text: str, escaped: bool) -> None:
    body = json.dumps({"app_id": APP, "message": {"text": text}, "timestamp": STAMP}, ensure_ascii=escaped)
    assert signed(body.encode()) == "good"


@pytest.mark.parametrize("stamp", ['"1794200000000"', "1794200000000"])
def test_the_timestamp_may_be_a_number(stamp: str) -> None:
    assert signed(f'{{"app_id":"{APP}","timestamp":{stamp}}}'.encode()) == "good"
    assert signed(f'{{"app_id":{APP},"timestamp":{stamp}}}'.encode()) == "good"


def test_the_timestamp_is_part_of_it() -> None:
    assert signed(BODY, "1794200000001") == "bad"
    assert signed(BODY.replace(STAMP.encode(), b"1794200000001"), STAMP) == "bad"


def test_an_event_of_another_app_is_refused() -> None:
    body = BODY.replace(APP.encode(), b"9" * 19)
    assert signed(body) == "bad"
    assert signed(f'{{"oa_id":"1","timestamp":"{STAMP}"}}'.encode()) == "good", "some events name no app"


@pytest.mark.parametrize("body", [b"", b"{}", b" { } ", b"\n"])
def test_the_consoles_unsigned_probe(body: bytes) -> None:
    assert judged(body, None) == "probe"
    assert judged(body, "mac=" + "0" * 64) == "bad"


@pytest.mark.parametrize("body", [b"[]", b"{", b"null", b"\xff\xfe", b"{}{}", b"0"])
def test_what_is_no_event_is_refused(body: bytes) -> None:
    assert judged(body, None) == "bad"
    assert signed(body) == "bad"


def test_several_keys_while_it_is_not_known_which(caplog: pytest.LogCaptureFixture) -> None:
    keys = Signatures(APP, ("another", KEY))
    for _ in range(2):
        assert keys.judge({HEADER: f"mac={MAC}"}, BODY) == "good"
    assert [record.getMessage() for record in caplog.records] == [
        "webhooks are signed with the key number 2 of ZALO_OA_SECRET_KEY: keep that one"
    ]
    assert judged(BODY, f"mac={mac(APP, BODY, STAMP, '')}", keys=("", KEY)) == "bad", "no key is no key"


def test_an_events_own_time() -> None:
    assert told_at({"timestamp": STAMP}) == datetime.fromtimestamp(1794200000, UTC)
    assert told_at({}) is None
    assert told_at({"timestamp": str(10**40)}) is None
    assert NOW - timedelta(days=30) < datetime.fromtimestamp(1794200000, UTC)
