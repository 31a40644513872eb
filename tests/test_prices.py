"""Prices as people write and say them: read right, or not at all."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from handlers.services.numerals import numerals
from handlers.services.prices import LEAST, MOST, far_off, price
from handlers.services.text import fold
from handlers.talk.understanding.amounts import money

SAID = ("không", "một", "hai", "ba", "bốn", "năm", "sáu", "bảy", "tám", "chín")
THOUSANDS = st.integers(1, 999_999)


def hundreds(number: int, *, whole: bool) -> str:
    """1–999 in words, as schoolbooks write it; ``whole`` = hundreds stand before it, so that none is said too."""
    hundred, rest = divmod(number, 100)
    tens, ones = divmod(rest, 10)
    words = [SAID[hundred], "trăm"] if hundred or whole else []
    if tens == 1:
        words.append("mười")
    elif tens:
        words += [SAID[tens], "mươi"]
    elif ones and words:
        words.append("linh")
    if ones:
        words.append({1: "mốt", 5: "lăm"}.get(ones, SAID[ones]) if tens > 1 else SAID[ones])
        if tens == 1 and ones == 5:
            words[-1] = "lăm"
    return " ".join(words)


def in_words(thousands: int) -> str:
    """So many thousand dong in words."""
    millions, rest = divmod(thousands, 1_000)
    said = [f"{hundreds(millions, whole=False)} triệu"] if millions else []
    if rest:
        said.append(f"{hundreds(rest, whole=False)} nghìn")
    return " ".join(said)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("270k", (270_000, None)),
        ("270.000đ", (270_000, None)),
        ("270 000đ", (270_000, None)),
        ("270,000 VND", (270_000, None)),
        ("270 nghìn", (270_000, None)),
        ("270 ngàn một cân", (270_000, None)),
        ("2 trăm nghìn", (200_000, None)),
        ("1 triệu 200 nghìn", (1_200_000, None)),
        ("hai trăm bảy mươi nghìn", (270_000, None)),
        ("HAI TRĂM BẢY MƯƠI NGHÌN ĐỒNG", (270_000, None)),
        ("hai tram bay muoi ngan dong", (270_000, None)),
        ("hai trăm nghìn một cân", (200_000, None)),
        ("hai trăm rưỡi nghìn", (250_000, None)),
        ("bảy chục nghìn", (70_000, None)),
        ("một trăm linh năm nghìn", (105_000, None)),
        ("1tr2", (1_200_000, None)),
        ("1,2 triệu", (1_200_000, None)),
        ("một triệu hai", (1_200_000, None)),
        ("một triệu hai trăm", (1_200_000, None)),
        ("một triệu rưỡi", (1_500_000, None)),
        ("một triệu một chai", (1_000_000, None)),
        ("250-270k", (250_000, 270_000)),
        ("250 ~ 270k", (250_000, 270_000)),
        ("250k đến 270k", (250_000, 270_000)),
        ("250.000 - 270.000đ", (250_000, 270_000)),
        ("từ hai trăm năm mươi đến hai trăm bảy mươi nghìn", (250_000, 270_000)),
        ("270k/kg", (270_000, None)),
        ("270.000đ/500g", (270_000, None)),
        ("270-250k", None),
        ("270", None),
        ("hai trăm năm nghìn", None),
        ("một triệu hai mươi", None),
        ("100k hoặc 200k", None),
        ("không phải hai trăm nghìn mà ba trăm nghìn", None),
        ("-5k", None),
        ("0k", None),
        ("rẻ thôi", None),
        ("99999999999999999999999", None),
        ("", None),
    ],
)
def test_prices_as_people_write_them(text: str, expected: Any) -> None:
    assert price(text) == expected


@given(THOUSANDS)
def test_every_way_of_writing_a_price_is_the_same_price(thousands: int) -> None:
    dotted = f"{thousands * 1_000:,}".replace(",", ".")
    for text in (
        f"{thousands}k",
        f"{thousands} nghìn",
        f"{thousands} ngàn đồng",
        f"{dotted}đ",
        f"{dotted} đồng",
        f"{thousands * 1_000:,} vnd",
        f"{thousands * 1_000}",
        in_words(thousands),
        f"{fold(in_words(thousands))} dong",
        in_words(thousands).replace("nghìn", "ngàn").replace("linh", "lẻ"),
    ):
        assert price(text) == (thousands * 1_000, None), text


@given(THOUSANDS, THOUSANDS)
def test_every_way_of_writing_a_range_is_the_same_range(one: int, other: int) -> None:
    assume(one != other)
    low, high = sorted((one, other))
    for text in (f"{low}-{high}k", f"từ {low}k đến {high}k", f"{in_words(low)} đến {in_words(high)}"):
        assert price(text) == (low * 1_000, high * 1_000), text


WORDS = st.lists(
    st.sampled_from(
        [*SAID, "mười", "mươi", "trăm", "nghìn", "triệu", "rưỡi", "linh", "cân", "đến", "270k", "-"]
    ),
    max_size=10,
)


@given(WORDS)
def test_whatever_is_said_a_price_is_within_its_limits(words: list[str]) -> None:
    found = price(" ".join(words))
    if found:
        low, high = found
        assert LEAST <= low <= MOST
        assert high is None or low < high <= MOST
    text = fold(" ".join(words))
    ends = [0]
    for _value, start, end in numerals(text):
        assert ends[-1] <= start < end <= len(text)
        ends.append(end)


@given(st.text(max_size=80))
def test_no_text_breaks_reading(text: str) -> None:
    price(text)


@given(THOUSANDS.filter(lambda thousands: thousands >= 10))
def test_a_budget_in_words_is_the_same_sum(thousands: int) -> None:
    text = fold(f"quà dưới {in_words(thousands)} ạ")
    found = money(text)
    assert found is not None
    dong, start, end = found
    assert (dong, text[start:end]) == (thousands * 1_000, fold(in_words(thousands)))


@given(st.integers(LEAST, MOST), st.integers(LEAST, MOST))
def test_a_nought_too_many_or_too_few_is_asked_about(old: int, new: int) -> None:
    assert far_off(old, new) == far_off(new, old)
    assert far_off(old, new) == (max(old, new) >= 8 * min(old, new))
    assert not far_off(None, new)
