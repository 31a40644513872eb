"""What goes out: messages → calls, measured and cut as Telegram does it."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.channels.telegram.markup import Body, shorten, units
from bot.channels.telegram.outbound import Rendered, render
from bot.channels.telegram.transport import form
from handlers.talk.message import Attachment, Button, Card, Message, Venue
from tests.fakes import telegram_rules as rules

LABELS = {"place": "📍 Gửi vị trí", "phone": "📱 Gửi số"}
SHOP = Venue("Siêu thị OCOP", "2 Hùng Vương", 21.85, 106.76, "https://maps.example.vn/?q=21.85,106.76")


def shown(message: Message, **more: Any) -> Rendered:
    """The calls, after the Bot API's own rules have looked at each of them."""
    rendered = render(message, ask_labels=LABELS, **more)
    for call in rendered.calls:
        params = {"chat_id": 5, **call.params}
        if call.source_field:
            params[call.source_field] = "https://x.vn/a.jpg"
        rules.read_params(rules.METHODS[call.method.lower()], params, typed=True)
        rules.check_keyboard(params.get("reply_markup"))
        for name, limit in (("text", 4096), ("caption", 1024)):
            if name in params:
                rules.read_text(params, name, limit)
    return rendered


def texts(rendered: Rendered) -> list[str]:
    return [rules.read_text(call.params, "text", 4096)[0] for call in rendered.calls]


def rows(rendered: Rendered) -> list[list[dict[str, Any]]]:
    return rendered.calls[-1].params["reply_markup"]["inline_keyboard"]


def test_an_answer_with_a_title_is_one_message_in_html() -> None:
    rendered = shown(Message("4 ★ & <còn hạn>", title="Na <Chi Lăng>"))
    assert [(call.method, call.params) for call in rendered.calls] == [
        (
            "sendMessage",
            {
                "text": "<b>Na &lt;Chi Lăng&gt;</b>\n4 ★ &amp; &lt;còn hạn&gt;",
                "parse_mode": "HTML",
                "link_preview_options": {"is_disabled": True},
            },
        )
    ]
    assert rendered.lost == ()


@pytest.mark.parametrize(
    "message", [Message(), Message(" \n "), Message("\x00"), Message(buttons=((Button("a", "b"),),))]
)
def test_nothing_to_say_is_no_call(message: Message) -> None:
    assert render(message, ask_labels=LABELS).calls == ()


@pytest.mark.parametrize(("length", "parts"), [(4096, 1), (4097, 2), (8192, 2), (8193, 3)])
def test_the_limit_counts_utf16_units(length: int, parts: int) -> None:
    assert len(shown(Message("a" * length)).calls) == parts
    emoji = "🍇" * (length // 2) + "a" * (length % 2)
    assert len(shown(Message(emoji)).calls) == parts
    assert "".join(texts(shown(Message(emoji)))) == emoji


def test_a_long_text_is_cut_at_a_paragraph_and_has_its_buttons_under_the_last_part() -> None:
    paragraphs = ["đoạn " * 300 + str(number) for number in range(5)]
    rendered = shown(Message("\n\n".join(paragraphs), buttons=((Button("Menu", "menu"),),)))
    assert [text.split("\n\n") for text in texts(rendered)] == [
        paragraphs[:2],
        paragraphs[2:4],
        paragraphs[4:],
    ]
    assert ["reply_markup" in call.params for call in rendered.calls] == [False, False, True]


def test_a_cut_never_falls_into_bold_or_an_escape() -> None:
    rendered = shown(Message("&" * 100, title="<" * 5000))
    assert "".join(texts(rendered)) == "<" * 5000 + "\n" + "&" * 100
    assert all(
        call.params["text"].count("<b>") == call.params["text"].count("</b>") for call in rendered.calls
    )


TEXTS = st.text(st.sampled_from("a <>&\n ạ\u0301🍇đ\t\u200f"), max_size=300).map(lambda text: text * 30)


@settings(max_examples=150, deadline=None)
@given(title=TEXTS, text=TEXTS)
def test_no_word_is_lost_in_cutting(title: str, text: str) -> None:
    message = Message(text, title=title)
    rendered = render(message, ask_labels=LABELS)
    assert "".join("".join(texts(rendered)).split()) == "".join(message.plain.split())
    assert all(units(text) <= 4096 for text in texts(rendered))


@given(text=st.text(max_size=200), limit=st.integers(2, 50))
def test_shortening_keeps_the_limit(text: str, limit: int) -> None:
    text = text.encode("utf-8", "ignore").decode()
    assert units(shorten(text, limit)) <= limit


@given(st.dictionaries(st.text("abc", min_size=1), st.text(max_size=60), max_size=4))
def test_the_body_of_a_call_reads_back(params: dict[str, str]) -> None:
    params = {name: value.encode("utf-8", "ignore").decode() for name, value in params.items()}
    assert (
        dict(parse_qsl(form(params).decode(), keep_blank_values=True, strict_parsing=bool(params))) == params
    )


def test_halves_of_pairs_and_control_characters_are_left_out() -> None:
    assert texts(shown(Message("a\ud83cb\x00c\x1bd"))) == ["abcd"]


def test_buttons_of_each_kind() -> None:
    rendered = shown(
        Message(
            "x",
            buttons=(
                (Button("Xem", "p:NACL01"), Button("Trang web", url="https://ocop.example.vn/p/NACL01")),
                (Button("Chép số", copy="0205 123"),),
                (Button("Gọi", url="tel:+84205123"),),
            ),
        )
    )
    assert rows(rendered) == [
        [
            {"text": "Xem", "callback_data": "p:NACL01"},
            {"text": "Trang web", "url": "https://ocop.example.vn/p/NACL01"},
        ],
        [{"text": "Chép số", "copy_text": {"text": "0205 123"}}],
        [{"text": "Gọi", "copy_text": {"text": "+84205123"}}],
    ]
    assert rendered.lost == ("link to call or write (copies instead)",)


@pytest.mark.parametrize(
    "url", ["http://localhost:8080/p/1", "javascript:alert(1)", "/p/1", "http://[", "zalo://x"]
)
def test_an_address_that_telegram_does_not_open_becomes_a_line(url: str) -> None:
    rendered = shown(Message("x", buttons=((Button("Mở", url=url),),)))
    assert texts(rendered) == [f"x\nMở: {url}"]
    assert rendered.lost == ("button to an address that Telegram does not open",)


def test_too_many_buttons_and_too_long_rows_and_labels() -> None:
    wide = tuple(Button(f"{number}", f"n:{number}") for number in range(21))
    rendered = shown(Message("x", buttons=(wide,) * 5 + ((Button("🍇" * 50, "z"),),)))
    assert [len(row) for row in rows(rendered)] == [8, 8, 5] * 4 + [8, 8]
    assert rendered.lost == ("5 of the buttons", "1 of the buttons")
    (label,) = (
        button["text"]
        for row in rows(shown(Message("x", buttons=((Button("🍇" * 50, "z"),),))))
        for button in row
    )
    assert label == "🍇" * 31 + "…"


def test_64_bytes_of_vietnamese_letters_pass_and_65_do_not() -> None:
    action = "p:" + "ệ" * 20 + "ab"
    assert len(action.encode()) == 64
    assert rows(shown(Message("x", buttons=((Button("a", action),),))))[0][0]["callback_data"] == action
    with pytest.raises(ValueError):
        Button("a", action + "c")


def test_entries_of_a_list_are_numbered_with_their_buttons() -> None:
    cards = tuple(Card(name, "4 ★", buttons=(Button("Xem", f"p:{name}"),)) for name in ("Na", "Hồng"))
    rendered = shown(Message(title="Hai sản phẩm", cards=cards, buttons=((Button("Menu", "menu"),),)))
    assert texts(rendered) == ["Hai sản phẩm\n\n1. Na\n4 ★\n\n2. Hồng\n4 ★"]
    assert [[button["text"] for button in row] for row in rows(rendered)] == [
        ["1. Xem"],
        ["2. Xem"],
        ["Menu"],
    ]
    (alone,) = shown(Message(cards=cards[:1])).calls
    assert alone.params["text"] == "<b>Na</b>\n4 ★"


def test_a_venue_has_directions_and_its_words_below_it() -> None:
    (call,) = shown(Message(venue=SHOP)).calls
    assert call.method == "sendVenue"
    assert call.params["reply_markup"]["inline_keyboard"] == [[{"text": "🧭 Siêu thị OCOP", "url": SHOP.url}]]
    assert call.fallback is not None
    assert call.fallback.params["text"] == f"<b>Siêu thị OCOP</b>\n2 Hùng Vương\n{SHOP.url}"
    assert call.fallback.params["reply_markup"] == call.params["reply_markup"]


def test_a_venue_after_a_text_carries_the_buttons_and_no_second_way_to_it() -> None:
    rendered = shown(Message("Mở đến 17:00", venue=SHOP, buttons=((Button("Chỉ đường", url=SHOP.url),),)))
    assert [call.method for call in rendered.calls] == ["sendMessage", "sendVenue"]
    assert "reply_markup" not in rendered.calls[0].params
    assert rows(rendered) == [[{"text": "Chỉ đường", "url": SHOP.url}]]


def test_a_venue_nowhere_on_earth_is_words_and_one_without_words_still_a_card() -> None:
    (call,) = shown(Message(venue=Venue("Ở đâu", "", 200, 300))).calls
    assert (call.method, call.params["text"]) == ("sendMessage", "<b>Ở đâu</b>")
    (call,) = shown(Message(venue=Venue("", " ", 1, 2))).calls
    assert (call.params["title"], call.params["address"]) == ("•", "•")


def test_a_picture_carries_a_short_text_and_precedes_a_long_one() -> None:
    (call,) = shown(Message("ngắn", image="https://x.vn/na.jpg")).calls
    assert (call.method, call.params["caption"]) == ("sendPhoto", "ngắn")
    assert call.source == Attachment("na.jpg", "https://x.vn/na.jpg")
    long = shown(Message("dài " * 400, image="https://x.vn/na.jpg"))
    assert [call.method for call in long.calls] == ["sendPhoto", "sendMessage"]
    assert "caption" not in long.calls[0].params


def test_a_file() -> None:
    rendered = shown(Message("Mẫu", file=Attachment("mẫu.docx", "https://x.vn/m.docx")))
    assert [call.method for call in rendered.calls] == ["sendMessage", "sendDocument"]
    assert rendered.calls[1].fallback is not None
    assert rendered.calls[1].fallback.plain == "mẫu.docx\nhttps://x.vn/m.docx"


def test_asking_for_a_place_and_who_wins_when_there_are_buttons() -> None:
    (call,) = shown(Message("Bạn ở đâu?", asks="place")).calls
    assert call.params["reply_markup"]["keyboard"] == [[{"text": "📍 Gửi vị trí", "request_location": True}]]
    (call,) = shown(Message("Số của bạn?", asks="phone")).calls
    assert call.params["reply_markup"]["keyboard"] == [[{"text": "📱 Gửi số", "request_contact": True}]]
    both = shown(Message("Bạn ở đâu?", asks="place", buttons=((Button("Menu", "menu"),),)))
    assert rows(both) == [[{"text": "Menu", "callback_data": "menu"}]]
    assert both.lost == ("button that asks for a place",)
    in_group = render(Message("Bạn ở đâu?", asks="place"), ask_labels={})
    assert "reply_markup" not in in_group.calls[0].params
    assert in_group.lost == ("button that asks for a place",)


def test_the_asking_keyboard_is_taken_away_after_the_answer() -> None:
    (call,) = shown(Message("Gần bạn:"), after_ask=True).calls
    assert call.params["reply_markup"] == {"remove_keyboard": True}


def test_an_edit_keeps_its_message_and_sends_what_is_more() -> None:
    (call,) = shown(Message("trang 2", buttons=((Button("3", "n:3"),),)), edit="77").calls
    assert (call.method, call.params["message_id"]) == ("editMessageText", 77)
    assert call.fallback is not None
    assert call.fallback.method == "sendMessage"
    assert "message_id" not in call.fallback.params
    long = shown(Message("a" * 5000), edit="77")
    assert [call.method for call in long.calls] == ["editMessageText", "sendMessage"]


@pytest.mark.parametrize(
    "message", [Message(venue=SHOP), Message("?", asks="place"), Message("x", image="https://x.vn/i.jpg")]
)
def test_what_cannot_be_an_edit_is_a_new_message_and_says_so(message: Message) -> None:
    rendered = shown(message, edit="77")
    assert rendered.calls[0].method != "editMessageText"
    assert rendered.lost == ("edit",)


def test_body_of_nothing() -> None:
    assert Body().slices() == []
