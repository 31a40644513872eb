"""Goods in sentences: those the registry lacks, words that are goods only by what is asked, what is no name."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from handlers.services.places import Places
from handlers.talk.understanding import Understanding, search_of
from tests.understanding import registry


@pytest.fixture(scope="module")
def understanding() -> Understanding:
    return registry.understanding()


@pytest.mark.parametrize(
    ("text", "words", "intents"),
    [
        ("mang ot lang son mua o dau", "mang ot", ("buy",)),
        ("nấm hương khô có bán không", "nấm hương", ("buy",)),
        ("gao bao thai ban o dau", "gao bao thai", ("buy",)),
        ("ech huong mau son bao nhieu", "ech huong mau son", ("price",)),
        ("banh cuon trung con ocop khong", "banh cuon trung", ("certificate",)),
        ("thổ cẩm", "thổ cẩm", ()),
        ("durian", "durian", ()),
        ("co ban mang le khong", "mang le", ("buy",)),
    ],
)
def test_goods_that_the_registry_lacks(
    understanding: Understanding, text: str, words: str, intents: tuple[str, ...]
) -> None:
    meaning = understanding.understand(text, "vi")
    assert (meaning.words, meaning.intents, meaning.products) == (words, intents, ())


def test_near_goods_are_of_the_same_kind_or_none(understanding: Understanding) -> None:
    assert not understanding.understand("nấm hương có bán không", "vi").near
    assert not understanding.understand("móc mật", "vi").near
    assert understanding.understand("ruou ngo gia bao nhieu", "vi").near
    oil = understanding.understand("tinh dau que mua o dau", "vi")
    assert oil.missing == "que"
    assert all("Tinh dầu hồi" in product.name_vi for product in oil.products)


def test_goods_of_another_province_are_still_refused(understanding: Understanding) -> None:
    for text in (
        "che day cao bang mua o dau",
        "nuoc mam phu quoc loai nao ngon",
        "gia ca phe dak lak hom nay",
    ):
        assert understanding.understand(text, "vi").intents == ("out_of_scope",), text


def test_an_official_adds_a_ware_with_a_line_of_data(tmp_path: Path) -> None:
    shutil.copytree(registry.LOCALES, tmp_path, dirs_exist_ok=True)
    phrases = tmp_path / "vi" / "phrases.toml"
    text = "bún tằm mua ở đâu"
    assert registry.understanding().understand(text, "vi").words != "bún tằm"
    phrases.write_text(phrases.read_text().replace("[wares]\n", '[wares]\nmore = ["bún tằm"]\n', 1))
    catalogue = registry.catalogue()
    taught = Understanding(catalogue, search_of(catalogue, tmp_path), Places(catalogue), tmp_path)
    meaning = taught.understand(text, "vi")
    assert (meaning.words, meaning.products) == ("bún tằm", ())


@pytest.mark.parametrize(
    "text",
    [
        "mi la nguoi hay la may rua",
        "Xứ Lạng có món gì ngon nhất hả bác",
        "tet nay mua j bieu ny ra mat bo me vk",
        "Chợ Kỳ Lừa cách ga bao nhiêu cây, tối có mở không",
        "ba con hoi lam the nao de dang ky ocop lan dau, tra loi giup",
        "thoi han nop ho so de nghi cap tinh danh gia dot toi",
    ],
)
def test_words_that_say_other_things_as_well_are_no_goods(understanding: Understanding, text: str) -> None:
    meaning = understanding.understand(text, "vi")
    assert (meaning.products, meaning.words) == ((), "")


@pytest.mark.parametrize(
    "text", ["na con han khong", "hoi bao nhieu tien", "ga gia sao", "liet ke cac loai na"]
)
def test_the_same_words_are_goods_where_goods_are_asked_for(understanding: Understanding, text: str) -> None:
    assert understanding.understand(text, "vi").products


@pytest.mark.parametrize(
    "text",
    [
        "Giay cua nha toi bao gio het",
        "is it vegetarian",
        "cho hoi khach tra tien chuyen khoan qua dau",
        "chừng nào hết rồi gia hạn cần giấy gì",
    ],
)
def test_ordinary_words_are_nobody_s_name_for_goods(understanding: Understanding, text: str) -> None:
    assert understanding.understand(text, "vi").words == ""


@pytest.mark.parametrize("text", ["có đậu phộng không", "does it contain peanuts"])
def test_an_ingredient_is_not_what_is_asked_about(understanding: Understanding, text: str) -> None:
    meaning = understanding.understand(text, "vi")
    assert (meaning.intents, meaning.words) == (("allergens",), "")


def test_what_goods_come_in_may_stand_before_where_they_come_from(understanding: Understanding) -> None:
    found = understanding.understand("Khau nhục hộp Mai Sao để được bao lâu", "vi").products
    assert [product.code for product in found] == ["khau-nhuc-mai-sao"]


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("Moi xuong tau o ga Dong Dang, vung ni co mon mo ngon", "good_here"),
        ("Đã nộp hồ sơ từ tháng 3 mà tuần nào cũng giục, bực quá", "complain"),
        ("ho so moi nop truc tiep hay buu dien, dia chi nao", "where_to_file"),
        ("đã nộp hồ sơ rồi", "renewal_filed"),
        ("mời chủ thể htx mai sao", "invite_producer"),
    ],
)
def test_the_words_of_an_order_inside_a_question(
    understanding: Understanding, text: str, intent: str
) -> None:
    assert understanding.understand(text, "vi").intents == (intent,)
