"""What goes out: a message as calls, its words standing alone; plain texts measured and cut."""

from __future__ import annotations

import unicodedata
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.zalo_oa.outbound import ASK_TITLE, Call, Rendered, render, with_upload
from handlers.services.cutting import parts, sendable, shortened, units
from handlers.talk.message import Attachment, Button, Card, Message, Venue
from handlers.talk.plain import texts

MENU = Button("Danh mục", "menu")


def words(rendered: Rendered) -> str:
    return "\n".join(call.message.get("text", "") for call in rendered.calls)


def attachment(call: Call) -> dict[str, Any]:
    return call.message["attachment"]["payload"]  # type: ignore[no-any-return]


# ------------------------------------------------------------------------------------------------ buttons


def test_the_text_stands_alone_with_numbers_and_buttons_come_on_top() -> None:
    rows = ((Button("Tìm sản phẩm", "find"), MENU), (Button("Bản đồ", url="https://a.example/map"),))
    (call,) = render(Message("Chọn mục:", buttons=rows)).calls
    assert (
        call.message["text"] == "Chọn mục:\n\nBản đồ: https://a.example/map\n\n1. Tìm sản phẩm\n2. Danh mục"
    )
    assert attachment(call) == {
        "buttons": [
            {"title": "Tìm sản phẩm", "type": "oa.query.hide", "payload": "#ocop:find"},
            {"title": "Danh mục", "type": "oa.query.hide", "payload": "#ocop:menu"},
            {"title": "Bản đồ", "type": "oa.open.url", "payload": {"url": "https://a.example/map"}},
        ]
    }
    assert call.fallback is not None
    assert call.fallback.message == {"text": call.message["text"]}


def test_without_buttons_the_text_is_the_same() -> None:
    message = Message("Chọn mục:", buttons=((MENU,),))
    (call,) = render(message, buttons=False).calls
    assert call.message == {"text": "Chọn mục:\n\n1. Danh mục"}
    assert call.fallback is None


def test_numbers_go_on_after_those_of_the_text() -> None:
    message = Message("1. A\n2. B", buttons=((Button("1. A", "a"), MENU),), choices=("a", "b"))
    assert words(render(message)) == "1. A\n2. B\n\n3. Danh mục"


def test_at_most_five_buttons_and_every_way_in_the_text() -> None:
    rows = tuple((Button(f"Mục số {number}", f"m:{number}"),) for number in range(9))
    (call,) = render(Message("x", buttons=rows)).calls
    assert len(attachment(call)["buttons"]) == 5
    assert all(f"{number}. Mục số {number - 1}" in call.message["text"] for number in range(1, 10))


def test_titles_are_cut_and_stand_whole_in_the_text() -> None:
    long = "Trung tâm xúc tiến thương mại 🍯 tỉnh Lạng Sơn"
    (call,) = render(Message("x", buttons=((Button(long, "a"), Button("\n", "b")),))).calls
    first, second = attachment(call)["buttons"]
    assert first["title"] == "Trung tâm xúc tiến…"
    assert units(first["title"]) <= 20
    assert second["title"] == "→"
    assert f"1. {long}" in call.message["text"]


def test_telephones_are_called_and_codes_read_out() -> None:
    row = (Button("Gọi", url="tel:+84 205 381 2345"), Button("Gọi", url="tel:0912 000 111"))
    (call,) = render(Message("x", buttons=(row, (Button("Mã", copy="OCOP-1"),)))).calls
    assert [button["payload"] for button in attachment(call)["buttons"]] == [
        {"phone_code": "842053812345"},
        {"phone_code": "84912000111"},
    ]
    assert "Gọi: 0912 000 111" in call.message["text"]
    assert "Mã: OCOP-1" in call.message["text"]


def test_entries_carry_the_lines_of_their_own_buttons() -> None:
    cards = (
        Card("Vịt quay", "★★★", None, (Button("Xem", "p:1"),)),
        Card("Hồng", "★★★★", "https://a.example/i.jpg", (Button("Xem", "p:2"),)),
    )
    rendered = render(Message("Tìm thấy 2.", cards=cards, buttons=((MENU,),)))
    assert words(rendered) == "Tìm thấy 2.\n\n▪ Vịt quay\n★★★\n1. Xem\n\n▪ Hồng\n★★★★\n2. Xem\n\n3. Danh mục"
    assert rendered.lost == ("pictures of the entries",)


# ------------------------------------------------------------------------------------ places, pictures, files


def test_a_place_is_its_words_and_a_link() -> None:
    venue = Venue("Chợ Đông Kinh", "Bà Triệu", 21.855, 106.765)
    rendered = render(Message("Gần nhất:", venue=venue, asks="place"))
    assert words(rendered) == (
        "Gần nhất:\n\n📍 Chợ Đông Kinh\nBà Triệu\n"
        "https://www.google.com/maps/search/?api=1&query=21.855,106.765"
    )
    assert rendered.lost == ("venue (address and link)", "button that asks for a place")
    known = Message("", venue=Venue("A", "", 1, 2, "https://m.example"), buttons=((_link(),),))
    assert words(render(known)).count("https://m.example") == 1


def _link() -> Button:
    return Button("Chỉ đường", url="https://m.example")


def test_a_public_picture_goes_by_its_address_with_the_text_under_it() -> None:
    (call,) = render(Message("Vịt quay", image="https://a.example/vịt.jpg")).calls
    assert call.message["text"] == "Vịt quay"
    assert attachment(call) == {
        "template_type": "media",
        "elements": [{"media_type": "image", "url": "https://a.example/v%E1%BB%8Bt.jpg"}],
    }
    assert call.fallback is not None
    assert call.fallback.message == {"text": "Vịt quay"}


def test_a_picture_beside_buttons_is_a_message_of_its_own_and_may_fail() -> None:
    first, second = render(Message("Vịt", image="https://a.example/i.jpg", buttons=((MENU,),))).calls
    assert (first.extra, "text" in first.message) == (True, False)
    assert attachment(second)["buttons"]


def test_our_own_files_are_uploaded_first() -> None:
    picture, document = render(
        Message("x", image="i.jpg", file=Attachment("hồ sơ.pdf", "out/form.pdf"))
    ).calls
    assert (picture.slot, picture.source) == ("image", "i.jpg")
    assert attachment(with_upload(picture, "id-1"))["elements"] == [
        {"media_type": "image", "attachment_id": "id-1"}
    ]
    assert with_upload(picture, "id-1").message["text"] == "x\n\n📎 hồ sơ.pdf"
    assert (document.slot, document.source, document.name) == ("file", "out/form.pdf", "hồ sơ.pdf")
    assert with_upload(document, "t").message == {"attachment": {"type": "file", "payload": {"token": "t"}}}


def test_a_public_file_is_a_link_which_does_not_expire() -> None:
    rendered = render(Message("x", file=Attachment("Mẫu", "https://a.example/m.xlsx")))
    assert words(rendered) == "x\n\n📎 Mẫu: https://a.example/m.xlsx"
    assert rendered.lost == ("file (link)",)


def test_a_phone_is_asked_for_with_a_form() -> None:
    _text, form = render(Message("Số của bạn?", asks="phone"), picture="https://a.example/i.png").calls
    (element,) = attachment(form)["elements"]
    assert element["title"] == ASK_TITLE
    assert element["image_url"] == "https://a.example/i.png"
    assert form.extra


def test_anonymous_visitors_get_words_only() -> None:
    message = Message("x", image="https://a.example/i.jpg", asks="phone", buttons=((MENU,),))
    (call,) = render(message, buttons=False, forms=False).calls
    assert call.message == {"text": "x\n\n1. Danh mục"}


def test_an_empty_message_is_no_call() -> None:
    assert render(Message(" \n\x00")).calls == ()


# ------------------------------------------------------------------------------------------------- long texts


def test_long_texts_are_cut_between_sentences_and_lines() -> None:
    line = "Giấy chứng nhận của sản phẩm này còn hạn đến ngày 3 tháng 12 năm 2028. "
    rendered = render(Message(line * 80, buttons=((MENU,),)))
    pieces = [call.message["text"] for call in rendered.calls]
    assert len(pieces) > 2
    assert all(units(piece) <= 2_000 for piece in pieces)
    assert all(piece.endswith(".") for piece in pieces[:-1])
    assert pieces[-1].endswith("1. Danh mục")
    assert [call.buttons for call in rendered.calls] == [False] * (len(pieces) - 1) + [True]


_text = st.text(alphabet=st.sampled_from("aăâ đ\u0300\u0323.\n🦆👩\u200d🌾\ufe0f!x"), max_size=400)


@given(_text, st.integers(min_value=16, max_value=60))
def test_cutting_loses_nothing_but_white_space(text: str, limit: int) -> None:
    clean = sendable(text)
    pieces = parts(clean, limit)
    assert all(0 < units(piece) <= limit for piece in pieces)
    assert all(piece == piece.strip() for piece in pieces)
    assert "".join("".join(pieces).split()) == "".join(clean.split())


@given(_text, st.integers(min_value=2, max_value=40))
def test_shortening_keeps_the_beginning(text: str, limit: int) -> None:
    clean = sendable(text)
    short = shortened(clean, limit)
    assert units(short) <= max(limit, 2) or short == clean
    assert short == clean or clean.startswith(short.removesuffix("…").rstrip())


def test_text_is_composed_before_it_is_measured() -> None:
    decomposed = unicodedata.normalize("NFD", "ở" * 1_500)
    assert len(decomposed) == 4_500
    (piece,) = texts(Message(decomposed), 2_000)
    assert piece == "ở" * 1_500


@pytest.mark.parametrize("hostile", ["\x00a", "a\ud800", "a\u202e", "<b>a</b>", "%s {0}", "[@123]"])
def test_hostile_text_is_sent_as_it_is_without_what_nobody_can_send(hostile: str) -> None:
    (piece,) = texts(Message(hostile), 2_000)
    assert piece == hostile.replace("\x00", "").replace("\ud800", "")
    piece.encode()
