"""What goes out: one message of ours → plain texts that stand alone, without a network."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.channels.zalo_bot.outbound import TEXT_UNITS, Call, render
from handlers.services.cutting import parts as cut
from handlers.services.cutting import units
from handlers.talk.message import Attachment, Button, Card, Message, Venue
from handlers.talk.plain import numbered, public_address

MENU = Button("Danh mục", "menu")
WAY = Button("Chỉ đường", url="https://www.google.com/maps/dir/?api=1&destination=21.8,106.7")


def texts(message: Message) -> list[str]:
    """The texts and captions that are sent."""
    return [call.params.get("text") or call.params.get("caption", "") for call in render(message).calls]


def only(message: Message) -> str:
    """The one text that is sent."""
    found = texts(message)
    assert len(found) == 1
    return found[0]


def test_title_and_text_are_plain() -> None:
    shown = only(Message("5 < 6 & <b>không đậm</b> *sao*", title="Vịt quay"))
    assert shown == "Vịt quay\n5 < 6 & <b>không đậm</b> *sao*"


def test_no_call_asks_for_markup() -> None:
    call = render(Message("a", title="b")).calls[0]
    assert call == Call("sendMessage", {"text": "b\na"})


def test_every_action_gets_a_number() -> None:
    message = Message("Mời chọn", buttons=((Button("Tìm", "search"), Button("Gần tôi", "near")), (MENU,)))
    assert only(message) == "Mời chọn\n\n1. Tìm\n2. Gần tôi\n3. Danh mục"


def test_numbers_count_on_after_the_choices_in_the_text() -> None:
    message = Message(
        "1. Mật ong\n2. Vịt quay",
        buttons=(
            (Button("1. Mật ong", "p:a"),),
            (Button("2. Vịt quay", "p:b"),),
            (Button("Tiếp ›", "l:5:x"), MENU),
        ),
        choices=("p:a", "p:b"),
    )
    assert only(message).endswith("1. Mật ong\n2. Vịt quay\n\n3. Tiếp ›\n4. Danh mục")
    assert [(number, button.action) for number, button in numbered(message)] == [(3, "l:5:x"), (4, "menu")]


def test_an_action_has_one_number() -> None:
    twice = Message("a", buttons=((MENU, Button("Về danh mục", "menu")),))
    assert only(twice) == "a\n\n1. Danh mục"


def test_a_label_with_a_number_of_its_own_keeps_none() -> None:
    assert only(Message("a", buttons=((Button("7.  Vịt\nquay", "p:a"),),))) == "a\n\n1. Vịt quay"


def test_links_and_copies_are_written_out() -> None:
    message = Message(
        "a",
        buttons=(
            (WAY, Button("Gọi", url="tel:02053812345"), Button("Sao chép", copy="0205 381 2345")),
            (MENU,),
        ),
    )
    assert only(message) == (
        f"a\n\nChỉ đường: {WAY.url}\nGọi: 02053812345\nSao chép: 0205 381 2345\n\n1. Danh mục"
    )


def test_a_venue_is_an_address_and_a_map_link() -> None:
    rendered = render(Message("Gần nhất:", venue=Venue("Chợ Đông Kinh", "Phai Vệ", 21.85, 106.76)))
    assert rendered.calls[0].params["text"] == (
        "Gần nhất:\n\n📍 Chợ Đông Kinh\nPhai Vệ\nhttps://www.google.com/maps/search/?api=1&query=21.85,106.76"
    )
    assert "venue (address and link)" in rendered.lost


def test_a_link_is_given_once() -> None:
    venue = Venue("Chợ", "Phai Vệ", 21.8, 106.7, WAY.url or "")
    assert only(Message("a", buttons=((WAY,),), venue=venue)).count("https://") == 1
    assert only(Message("a", venue=venue)).endswith(f"📍 Chợ\nPhai Vệ\n{WAY.url}")


def test_entries_stand_above_their_own_buttons() -> None:
    cards = tuple(Card(name, "còn hạn", None, (Button("Xem", f"p:{name}"), WAY)) for name in ("A", "B"))
    assert only(Message("Hai loại", cards=cards, buttons=((MENU,),))) == (
        f"Hai loại\n\n▪ A\ncòn hạn\n1. Xem\nChỉ đường: {WAY.url}\n\n"
        f"▪ B\ncòn hạn\n2. Xem\nChỉ đường: {WAY.url}\n\n3. Danh mục"
    )


def test_a_picture_brings_the_text_as_its_caption() -> None:
    photo = render(Message("a", image="https://anh.example/vịt quay.jpg", buttons=((MENU,),))).calls[0]
    assert photo.method == "sendPhoto"
    assert photo.params == {
        "photo": "https://anh.example/v%E1%BB%8Bt%20quay.jpg",
        "caption": "a\n\n1. Danh mục",
    }
    assert photo.fallback == Call("sendMessage", {"text": "a\n\n1. Danh mục"})
    assert photo.loss == "image"


def test_a_picture_alone_falls_back_to_its_address() -> None:
    photo = render(Message(image="https://anh.example/1.jpg")).calls[0]
    assert photo.params == {"photo": "https://anh.example/1.jpg"}
    assert photo.fallback == Call("sendMessage", {"text": "https://anh.example/1.jpg"})


@pytest.mark.parametrize(
    "image", ["pictures/1.jpg", "file:///etc/passwd", "http://", "https://[", "ftp://a/b"]
)
def test_a_picture_without_a_public_address_is_said_to_be_lost(image: str) -> None:
    rendered = render(Message("a", image=image))
    assert [call.method for call in rendered.calls] == ["sendMessage"]
    assert "image" in rendered.lost


def test_addresses_are_quoted_once() -> None:
    assert public_address("https://a.example/x%20y?q=1&r=ắ#z") == "https://a.example/x%20y?q=1&r=%E1%BA%AF#z"


def test_a_file_is_its_link_or_its_name() -> None:
    by_link = render(Message("a", file=Attachment("mẫu.docx", "https://a.example/mau.docx")))
    assert by_link.calls[0].params["text"] == "a\n\n📎 mẫu.docx: https://a.example/mau.docx"
    lost = render(Message("a", file=Attachment("mẫu.docx", "papers/mau.docx")))
    assert lost.calls[0].params["text"] == "a\n\n📎 mẫu.docx"
    assert "file" in by_link.lost
    assert "file" in lost.lost


def test_what_is_lost_is_named() -> None:
    message = Message("a", buttons=((MENU,),), asks="place", edits=True)
    assert set(render(message).lost) == {
        "edit",
        "button that asks for a place",
        "buttons (numbers and labels to type)",
    }
    assert render(Message("a")).lost == ()


@pytest.mark.parametrize("message", [Message(), Message(" \n"), Message("\x00\ud800"), Message(title="\x07")])
def test_an_empty_message_has_no_call(message: Message) -> None:
    assert render(message).calls == ()


def test_text_is_composed_and_clean() -> None:
    decomposed = unicodedata.normalize("NFD", "Vịt quay Lạng Sơn")
    assert only(Message(f"{decomposed}\x00\r\n\x1bcó \ud800tiếng\r")) == "Vịt quay Lạng Sơn\ncó tiếng"


# -------------------------------------------------------------------------------------------------- cutting


def test_a_long_text_is_cut_between_sentences() -> None:
    sentence = "Sản phẩm này còn trong thời hạn chứng nhận đến hết năm. "
    parts = texts(Message(sentence * 80, buttons=((MENU,),)))
    assert len(parts) == 3
    assert all(part.endswith("hết năm.") for part in parts[:-1])
    assert parts[-1].endswith("\n\n1. Danh mục")


def test_paragraphs_and_lines_come_before_sentences() -> None:
    paragraph = "Một câu. " * 150
    assert cut(f"{paragraph}\n\n{paragraph}", TEXT_UNITS) == [paragraph.strip(), paragraph.strip()]
    line = "Một dòng. " * 140
    assert cut(f"{line}\n{line}", TEXT_UNITS)[0] == line.strip()


def test_the_ways_on_stay_together() -> None:
    buttons = tuple((Button(f"Sản phẩm số {n}", f"p:{n}"),) for n in range(9))
    parts = texts(Message("a" * 1_950, buttons=buttons))
    assert parts[0] == "a" * 1_950
    assert parts[1].splitlines()[0] == "1. Sản phẩm số 0"
    assert len(parts[1].splitlines()) == 9


def test_the_limit_is_in_utf_16_units() -> None:
    assert units("😀ắ") == 3
    parts = cut("😀" * 1_001, TEXT_UNITS)
    assert [units(part) for part in parts] == [2_000, 2]


def test_a_mark_and_a_joined_picture_stay_with_their_letter() -> None:
    accented = "x̣̂"  # composes to nothing: x has no marked form
    assert all(part.count("x") * 3 == len(part) for part in cut(accented * 800, 100))
    family = "👨‍👩‍👧"
    assert all(set(part.split(family)) == {""} for part in cut(family * 400, 101))


def test_one_endless_word_is_cut_all_the_same() -> None:
    assert "".join(cut("\u0301" * 5_000, TEXT_UNITS)) == "\u0301" * 5_000


LABELS = st.text(min_size=1, max_size=30)
ACTIONS = st.text(st.sampled_from("abc:12"), min_size=1, max_size=6)
BUTTONS = st.builds(Button, LABELS, ACTIONS) | st.builds(lambda one: Button(one, copy=one), LABELS)
MESSAGES = st.builds(
    Message,
    text=st.text(max_size=80) | st.text(min_size=1_900, max_size=4_500),
    title=st.text(max_size=20),
    buttons=st.lists(st.lists(BUTTONS, max_size=3).map(tuple), max_size=6).map(tuple),
    cards=st.lists(st.builds(Card, LABELS, LABELS), max_size=3).map(tuple),
    image=st.none() | st.just("https://a.example/1.jpg"),
    choices=st.lists(ACTIONS, max_size=3, unique=True).map(tuple),
)


@settings(max_examples=150, deadline=None)
@given(MESSAGES)
def test_whatever_comes_the_platform_takes_it_and_every_action_has_a_line(message: Message) -> None:
    found = texts(message)
    assert all(units(one) <= TEXT_UNITS for one in found)
    assert all(call.method == "sendPhoto" or call.params["text"] for call in render(message).calls)
    shown = "\n".join(found)
    for number, _button in numbered(message):
        assert re.search(rf"^{number}\. ", shown, re.MULTILINE)
    actions = {button.action for row in message.buttons for button in row if button.action}
    assert actions <= {*message.choices, *(button.action for _, button in numbered(message))}
