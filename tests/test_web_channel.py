"""The web as a channel: what the body of POST /api/chat means, and what messages look like as JSON."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.channel import BadRequest, Channel, Refused
from bot.channels.web import WebChannel
from handlers.talk.message import Attachment, Button, Card, Joined, Message, Place, Press, Text, Venue

AT = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)


def web() -> WebChannel:
    return WebChannel(lambda: AT, lambda: "made")


def decode(**update: Any) -> Any:
    channel = web()
    (inbound,) = channel.decode(channel.read(json.dumps(update).encode()))
    return inbound


def test_is_a_channel() -> None:
    assert isinstance(web(), Channel)


@pytest.mark.parametrize(
    ("body", "content"),
    [
        ({"text": "vịt quay"}, Text("vịt quay")),
        ({"text": ""}, Text("")),
        ({"text": "a\x00b <b> %s {0} '; DROP"}, Text("a\x00b <b> %s {0} '; DROP")),
        ({"text": "x" * 5_000}, Text("x" * 5_000)),
        ({"action": "p:na"}, Press("p:na")),
        ({"place": {"latitude": 21.846, "longitude": 106.757}}, Place(21.846, 106.757)),
        ({"place": {"latitude": 200, "longitude": 300}}, Place(200.0, 300.0)),
        ({"place": {"latitude": 0, "longitude": 0, "accuracy": 5}}, Place(0.0, 0.0)),
        ({"start": ""}, Joined("")),
        ({"start": "p_na"}, Joined("p_na")),
        ({"text": "a", "action": None, "language": None, "id": None}, Text("a")),
    ],
)
def test_what_is_understood(body: dict[str, Any], content: object) -> None:
    inbound = decode(chat="c", **body)
    assert inbound.content == content
    assert (inbound.channel, inbound.chat, inbound.at) == ("web", "c", AT)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"chat": "c"}, "exactly one"),
        ({"chat": "c", "text": "a", "action": "b"}, "exactly one"),
        ({"chat": "c", "text": "a", "start": ""}, "exactly one"),
        ({"chat": "c", "text": None}, "exactly one"),
        ({"text": "a"}, '"chat" is missing'),
        ({"chat": "", "text": "a"}, '"chat" is missing'),
        ({"chat": 7, "text": "a"}, '"chat" is not a string'),
        ({"chat": "c" * 65, "text": "a"}, '"chat" is longer'),
        ({"chat": "c\x00", "text": "a"}, "control character"),
        ({"chat": "c", "text": "a", "id": "i" * 65}, '"id" is longer'),
        ({"chat": "c", "text": "a", "id": 5}, '"id" is not a string'),
        ({"chat": "c", "text": "a", "id": ""}, '"id" is missing'),
        ({"chat": "c", "text": "a", "language": 1}, '"language" is not a string'),
        ({"chat": "c", "text": "a", "language": "x" * 36}, '"language" is longer'),
        ({"chat": "c", "text": ["a"]}, '"text"'),
        ({"chat": "c", "action": ""}, '"action"'),
        ({"chat": "c", "action": "đ" * 33}, "64 bytes"),
        ({"chat": "c", "place": [21, 106]}, '"place"'),
        ({"chat": "c", "place": {"latitude": 21}}, '"longitude"'),
        ({"chat": "c", "place": {"latitude": "21", "longitude": 106}}, '"latitude"'),
        ({"chat": "c", "place": {"latitude": True, "longitude": 106}}, '"latitude"'),
        ({"chat": "c", "start": 1}, '"start"'),
    ],
)
def test_what_is_malformed_gets_one_sentence(body: dict[str, Any], said: str) -> None:
    with pytest.raises(BadRequest) as caught:
        decode(**body)
    assert said in str(caught.value)
    assert str(caught.value).endswith(".")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b'"text"',
        b"null",
        b"\xff\xfe",
        b'{"chat":"c","place":{"latitude":NaN,"longitude":1}}',
        b'{"chat":"c","place":{"latitude":1e999,"longitude":1}}',
        b'{"chat":"c","text":"\\ud800"}',
    ],
)
def test_what_is_not_json_is_malformed(body: bytes) -> None:
    channel = web()
    with pytest.raises(BadRequest):
        channel.decode(channel.read(body))


@given(
    st.dictionaries(
        st.sampled_from(["chat", "id", "language", "text", "action", "place", "start"]),
        st.one_of(
            st.none(),
            st.text(),
            st.integers(),
            st.floats(allow_nan=False, allow_infinity=False),
            st.booleans(),
            st.lists(st.integers(), max_size=2),
            st.dictionaries(st.sampled_from(["latitude", "longitude"]), st.floats(-400, 400)),
        ),
    )
)
def test_anything_is_either_understood_or_a_bad_request(body: dict[str, Any]) -> None:
    channel = web()
    with suppress(BadRequest):
        (inbound,) = channel.decode(channel.read(json.dumps(body).encode()))
        assert 0 < len(inbound.chat) <= 64


def test_a_message_id_belongs_to_its_chat() -> None:
    assert decode(chat="a", id="1", text="x").id == decode(chat="a", id="1", text="x").id
    assert decode(chat="a", id="1", text="x").id != decode(chat="b", id="1", text="x").id
    assert decode(chat="a b", id="c", text="x").id != decode(chat="a", id="b c", text="x").id


def test_a_missing_id_is_made() -> None:
    assert decode(chat="c", text="a").id.endswith("made")


def test_an_answer_has_the_keys_of_the_contract() -> None:
    message = Message(
        "Còn hạn.",
        title="Na Chi Lăng",
        buttons=((Button("Bán ở đâu", "w:na"),), (Button("Nguồn", url="https://example.vn/na"),)),
        cards=(Card("Na", "3 sao", None, (Button("Xem", "p:na"),)),),
        venue=Venue("Chợ", "Phường Kỳ Lừa", 21.86, 106.75, "https://maps.example/1"),
        image="/static/x/na.jpg",
        file=Attachment("na.pdf", "/files/na.pdf"),
        asks="place",
    )
    assert web().render([message]) == {
        "messages": [
            {
                "text": "Na Chi Lăng\nCòn hạn.",
                "title": "Na Chi Lăng",
                "buttons": [
                    {"label": "Bán ở đâu", "action": "w:na"},
                    {"label": "Nguồn", "url": "https://example.vn/na"},
                ],
                "cards": [
                    {
                        "title": "Na",
                        "text": "3 sao",
                        "image": None,
                        "buttons": [{"label": "Xem", "action": "p:na"}],
                    }
                ],
                "venue": {
                    "title": "Chợ",
                    "address": "Phường Kỳ Lừa",
                    "latitude": 21.86,
                    "longitude": 106.75,
                    "url": "https://maps.example/1",
                },
                "image": "/static/x/na.jpg",
                "file": {"name": "na.pdf", "url": "/files/na.pdf"},
                "asks": "place",
            }
        ]
    }


def test_a_plain_answer_has_only_what_the_contract_always_has() -> None:
    assert web().render([Message("Chào bạn")]) == {
        "messages": [{"text": "Chào bạn", "buttons": [], "cards": [], "asks": None}]
    }


def test_a_number_to_copy_becomes_a_call_and_anything_else_words() -> None:
    buttons = ((Button("Gọi", copy="0205 381 2345"), Button("Mã", copy="OCOP-20-1")),)
    (shown,) = web().render([Message("Liên hệ", buttons=buttons)])["messages"]
    assert shown["buttons"] == [{"label": "Gọi", "url": "tel:02053812345"}]
    assert shown["text"] == "Liên hệ\nMã: OCOP-20-1"


async def test_a_page_cannot_be_written_to_unasked() -> None:
    outcome = await web().send("c", Message("Nhắc hạn"))
    assert isinstance(outcome, Refused)
    assert not outcome.our_fault
