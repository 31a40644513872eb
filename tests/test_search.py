"""Words → products: names, kinds, codes, makers, typos and marks, on the real registry."""

from __future__ import annotations

import dataclasses

import pytest

from handlers.services.keystrokes import sound, unkeyed
from handlers.services.search import Search
from handlers.services.text import agreement, fold, sentence, written
from handlers.services.vocabulary import Vocabulary, cost
from tests.understanding import registry


@pytest.fixture(scope="module")
def search() -> Search:
    return registry.search()


def codes(search: Search, words: str) -> list[str]:
    return [product.code for product in search.find(words).products]


def test_a_unique_name_gives_exactly_one_product(search: Search) -> None:
    for product in search.products:
        assert search.find(product.name_vi).products[0] is product
    assert codes(search, "Quýt vàng Bắc Sơn") == ["quyt-vang-bac-son"]
    assert codes(search, "ngong hoa cai") == ["ngong-hoa-cai-lang-son"]


def test_two_products_of_one_name_are_never_picked_from(search: Search) -> None:
    found = search.find("na chi lăng")
    assert {p.code for p in found.products} == {"na-dong-banh", "na-chi-lang-huu-lung"}
    assert found.exact


def test_a_kind_gives_all_of_that_kind(search: Search) -> None:
    honey = {"mat-ong-ngu-gia-bi-quang-lac", "mat-ong-huong-rung-xu-lang", "mat-ong-van-lang"}
    for words in ("mật ong", "mat ong", "honey", "MẬT ONG", "mật ong lạng sơn"):
        assert set(codes(search, words)) == honey, words


def test_place_and_maker_narrow_a_kind(search: Search) -> None:
    assert codes(search, "mật ong văn lãng") == ["mat-ong-van-lang"]
    assert codes(search, "vit quay cao loc") == ["vit-quay-nguyen-xinh"]
    assert set(codes(search, "na huu lung")) == {
        "na-cai-kinh",
        "na-hoa-lac",
        "na-yen-son",
        "na-chi-lang-huu-lung",
    }


def test_codes_are_found_however_they_are_written(search: Search) -> None:
    for text in ("na-y-tich", "NA-Y-TICH", " na y tich "):
        product = search.by_code(text)
        assert product is not None
        assert product.code == "na-y-tich"
    assert search.by_code("na-y-tich-2") is None


def test_producers_by_the_telling_words_of_their_names(search: Search) -> None:
    assert [p.code for p in search.producers("htx mai sao")] == ["htx-mai-sao-lang-son"]
    assert [p.code for p in search.producers("công ty Đức Quý")] == [
        "cong-ty-tnhh-san-xuat-va-dau-tu-xuat-nhap-khau-duc-quy"
    ]
    assert search.producers("htx") == []
    assert search.producers("cơ sở tôi") == []


@pytest.mark.parametrize("words", ["đường", "dương", "lạc", "hỏi", "sầu riêng", "cá hồi", "trà sữa", "x", ""])
def test_what_is_not_there_is_not_found(search: Search, words: str) -> None:
    assert search.find(words).products == ()


def test_what_no_product_has_is_told(search: Search) -> None:
    found = search.find("mật ong bạc hà")
    assert found.missing == "bạc hà"
    assert len(found.products) == 3
    cake = search.find("bánh cuốn")
    assert cake.products == ()
    assert "Bánh khảo Tất Liên" in cake.near


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("vjt quay", "vịt quay"),
        ("vit qauy", "vịt quay"),
        ("mat5 ong", "mật ong"),
        ("na chilang", "na chi lăng"),
        ("xúc sích", "xúc xích"),
        ("ruwowuj men las", "rượu men lá"),
    ],
)
def test_typos_are_corrected_and_the_correction_is_told(search: Search, typed: str, read: str) -> None:
    found = search.find(typed)
    assert found.products
    assert found.corrected == read


def test_the_limit_cuts_the_list_only(search: Search) -> None:
    assert search.find("na", limit=2).products == search.find("na").products[:2]


def test_a_registry_without_products_finds_nothing() -> None:
    empty = Search(dataclasses.replace(registry.catalogue(), products={}, producers={}))
    assert empty.find("mật ong").products == ()
    assert empty.by_code("x") is None


@pytest.mark.parametrize(
    ("typed", "form", "worth"),
    [
        ("hồi", "hồi", 0.3),
        ("hoi", "hồi", 0.0),
        ("hôi", "hồi", -0.1),
        ("mất", "mật", -0.6),
        ("hỏi", "hồi", -1.0),
        ("đường", "dương", -1.0),
        ("hoà", "hòa", 0.3),
    ],
)
def test_typed_marks_count(typed: str, form: str, worth: float) -> None:
    assert agreement(written(typed), written(form)) == worth


def test_decomposed_letters_are_the_same_words() -> None:
    import unicodedata

    text = "Rượu Mẫu Sơn, đường"
    assert sentence(unicodedata.normalize("NFD", text)).typed == sentence(text).typed
    assert sentence(text).folded == ["ruou", "mau", "son", "duong"] == [fold(w) for w in sentence(text).typed]


def test_raw_keys_and_alike_sounds() -> None:
    assert "vit" in unkeyed("vijt")
    assert "ruou" in unkeyed("ruwowuj")
    assert unkeyed("mat65") == ["mat"]
    assert unkeyed("4sao") == []
    assert sound("xuc") == sound("suc")
    assert sound("chung") == sound("trung")
    assert sound("mac") == sound("mak")
    assert cost("qauy", "quay") < cost("qxay", "quay") < cost("abcd", "quay")


def test_the_neighbours_decide_what_a_typo_meant() -> None:
    vocabulary = Vocabulary(("mat", "mac", "ong", "ca"), {"mat ong": 1.0, "mac ca": 1.0})
    assert [read.word for read in vocabulary.read(["mxt", "ong"], doubting=True)][1] == "ong"
    assert [read.word for read in vocabulary.read(["matt", "ong"])] == ["mat", "ong"]
    assert [read.word for read in vocabulary.read(["mat", "ca"], doubting=True)] == ["mac", "ca"]
    joined = vocabulary.read(["m", "at", "ong"])
    assert [(read.word, read.start, read.end) for read in joined][-1] == ("ong", 2, 3)
    assert [read.word for read in vocabulary.read(["matong"])] == ["mat", "ong"]
