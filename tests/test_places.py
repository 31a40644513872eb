"""Place names on the real registry: old and new units, sights, ambiguity kept, diacritics respected."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.services.placenames import short_forms, spoken_forms, without_type
from handlers.services.places import PlaceMatch, Places
from handlers.services.text import fold, words
from tests.sample_catalogue import catalogue

PLACES = Places(catalogue())


def found(text: str) -> list[PlaceMatch]:
    return PLACES.find_in(words(text))


def told(text: str) -> list[tuple[str, str]]:
    return [(match.kind, match.name) for match in found(text)]


# ---------------------------------------- units of today and before


def test_every_commune_is_found_with_and_without_type_and_diacritics() -> None:
    for commune in catalogue().communes.values():
        for text in (commune.name_vi, commune.short_name_vi, fold(commune.name_vi), commune.name_en):
            assert any(match.commune_codes == (commune.code,) for match in found(text)), text
        assert ("commune", commune.name_vi) in told(commune.name_vi)


def test_every_former_unit_with_its_district_leads_to_its_communes() -> None:
    for unit in catalogue().old_units:
        codes = {
            u.commune_code
            for u in catalogue().old_units
            if (u.name, u.district) == (unit.name, unit.district)
        }
        assert set(PLACES.resolve(unit.name, unit.district)) == codes
        assert set(PLACES.resolve_address(f"thôn Một, {unit.name}, {unit.district}")) == codes
        assert set(PLACES.resolve(fold(unit.short_name), fold(unit.district))) >= codes


def test_a_former_unit_says_what_it_is_called_now() -> None:
    (match,) = found("phường Chi Lăng")
    assert (match.kind, match.former, match.district) == ("old_unit", True, "Thành phố Lạng Sơn")
    assert match.now_called is not None
    assert match.now_called.name_vi == "Phường Lương Văn Tri"


def test_a_repeated_name_keeps_all_its_meanings() -> None:
    meanings = {
        (m.kind, m.district or "", m.commune_codes) for m in found("na Chi Lăng") if m.kind != "district"
    }
    assert meanings == {
        ("commune", "", ("06463",)),
        ("old_unit", "Huyện Tràng Định", ("06040",)),
        ("old_unit", "Thành phố Lạng Sơn", ("05983",)),
    }
    assert ("district", "Huyện Chi Lăng") in told("na Chi Lăng")
    assert PLACES.resolve("xã Chi Lăng") == ["06040", "06463"]
    assert PLACES.today("Chi Lăng") == PLACES.today("xã chi lang") == ["06463"]
    assert PLACES.resolve("Hòa Bình") == sorted(PLACES.resolve("hoa binh"))
    assert len(PLACES.resolve("Hòa Bình")) == 4


def test_the_district_after_a_name_settles_it() -> None:
    (match,) = found("xã Chi Lăng, huyện Tràng Định")
    assert (match.commune_codes, match.start, match.end) == (("06040",), 0, 6)
    assert [m.commune_codes for m in found("mật ong xã tân thành huyện cao lộc")] == [("06316",)]
    assert PLACES.resolve("Mẫu Sơn", "huyện Cao Lộc") == ["06196"]
    assert PLACES.resolve("thị trấn Cao Lộc", "huyện Cao Lộc") == ["06187"]
    assert PLACES.resolve("xã Cao Lộc", "huyện Cao Lộc") == ["06211"]


def test_a_split_unit_has_several_communes() -> None:
    assert PLACES.resolve("thị trấn Thất Khê", "Tràng Định") == ["06004", "06040"]


@pytest.mark.parametrize("unknown", ["Hà Nội", "", "xã", "xã Không Có Thật", "\x00", "%s"])
def test_what_is_unknown_stays_unknown(unknown: str) -> None:
    assert PLACES.resolve(unknown) == []
    assert PLACES.today(unknown) == []
    assert PLACES.district_communes(unknown) == ()


@pytest.mark.parametrize(
    "name", ["huyện Chi Lăng", "H. Chi Lăng", "Chi Lăng", "chi lang", "Huyện  Chi Lăng ".strip()]
)
def test_communes_of_a_former_district(name: str) -> None:
    assert set(PLACES.district_communes(name)) == {"06463", "06475", "06481", "06496", "06505", "06517"}


@pytest.mark.parametrize(
    "name", ["TP Lạng Sơn", "TP. Lạng Sơn", "thành phố Lạng Sơn", "t.p Lạng Sơn", "tp lang son"]
)
def test_the_former_city(name: str) -> None:
    assert set(PLACES.district_communes(name)) == {"05977", "05983", "05986", "06187"}
    assert told(name) == [("district", "Thành phố Lạng Sơn")]


def test_the_province_is_not_the_city() -> None:
    assert told("đặc sản Lạng Sơn") == []
    assert told("mật ong trong thành phố") == [("district", "Thành phố Lạng Sơn")]
    assert told("thành phố Vinh") == []


def test_districts_have_a_middle() -> None:
    districts = {match.name: match for match in found("huyện Bắc Sơn và huyện Đình Lập")}
    assert districts["Huyện Bắc Sơn"].longitude is not None
    assert districts["Huyện Đình Lập"].longitude is not None
    assert districts["Huyện Bắc Sơn"].longitude < districts["Huyện Đình Lập"].longitude


def test_most_places_of_the_registry_resolve_to_its_own_codes() -> None:
    placed = [p for p in catalogue().products.values() if p.place and p.commune_code and "xã" in p.place]
    wrong = [p.place for p in placed if p.commune_code not in PLACES.resolve_address(p.place or "")]
    assert len(placed) > 20
    assert wrong == []


# ---------------------------------------- sights and landmarks


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("where can I buy honey near Tam Thanh cave", "Động Tam Thanh – chùa Tam Thanh"),
        ("gần động tam thanh có gì", "Động Tam Thanh – chùa Tam Thanh"),
        ("chùa Tam Thanh", "Động Tam Thanh – chùa Tam Thanh"),
        ("Tam Thanh pagoda", "Động Tam Thanh – chùa Tam Thanh"),
        ("Nhị Thanh", "Động Nhị Thanh – chùa Tam Giáo"),
        ("hồ Đồng Lâm", "Thảo nguyên (hồ) Đồng Lâm"),
        ("nui na lay", "Thung lũng Bắc Sơn – núi Nà Lay"),
        ("cửa khẩu Hữu Nghị", "Cửa khẩu quốc tế Hữu Nghị"),
        ("chợ kỳ lừa", "Chợ Kỳ Lừa"),
        ("Vincom", "Trung tâm thương mại Vincom Lạng Sơn"),
        ("đường Trần Đăng Ninh", "Điểm giới thiệu và bán sản phẩm OCOP (cửa hàng OCOP) 211 Trần Đăng Ninh"),
    ],
)
def test_sights(text: str, name: str) -> None:
    assert [match.name for match in found(text)] == [name]


def test_every_sight_is_found_by_its_names() -> None:
    for sight in catalogue().attractions.values():
        for name in (sight.name_vi, sight.name_en, fold(sight.name_vi)):
            assert name is not None
            assert any(match.key == sight.key for match in found(name)), name


def test_mountain_and_commune_of_the_same_name_are_both_kept() -> None:
    assert told("Mẫu Sơn")[:2] == [("commune", "Xã Mẫu Sơn"), ("attraction", "Núi Mẫu Sơn (khu du lịch)")]


def test_ordinary_words_are_no_places() -> None:
    for text in ("cửa hàng OCOP ở đâu", "phố đi bộ", "sản phẩm 4 sao còn hạn không", "chợ", "", "😀"):
        assert told(text) == []
    assert [match.bare for match in found("đồng ý")] == [True]
    assert [match.bare for match in found("xã Đồng Ý")] == [False]


# ---------------------------------------- spelling


def test_typed_diacritics_are_respected() -> None:
    assert {match.name for match in found("Tân Thành")} == {"Xã Tân Thành"}
    assert {match.name for match in found("Tân Thanh")} == {"Xã Tân Thanh"}
    assert {match.name for match in found("tan thanh")} == {"Xã Tân Thành", "Xã Tân Thanh"}
    assert not any(match.exact for match in found("tan thanh"))


def test_old_and_new_tone_placement_and_decomposed_letters_are_one_spelling() -> None:
    assert all(match.exact for text in ("Nhất Hoà", "Nhất Hòa", "Nhâ\u0301t Hoà") for match in found(text))


def test_a_mistyped_name_is_only_a_guess() -> None:
    (guess,) = PLACES.find("ky luaa")
    assert (guess.name, guess.guessed) == ("Phường Kỳ Lừa", True)
    assert PLACES.find("xyz") == PLACES.find("") == []
    assert not any(match.guessed for match in PLACES.find("Kỳ Lừa"))


@given(st.text(max_size=60))
def test_any_text_gives_ordered_spans_within_the_words(text: str) -> None:
    typed = words(text)
    spans = [(match.start, match.end) for match in PLACES.find(text)]
    assert spans == sorted(spans)
    assert all(0 <= start < end <= len(typed) for start, end in spans)


# ---------------------------------------- names


def test_parts_of_compound_names() -> None:
    assert spoken_forms("Chùa Tiên – Giếng Tiên") == [["Chùa", "Tiên"], ["Giếng", "Tiên"]]
    assert ["chợ", "na"] not in spoken_forms("Chợ Đồng Bành (chợ na)")
    assert short_forms(["Núi", "Mẫu", "Sơn"], "OCOP Lạng Sơn") == [["Mẫu", "Sơn"]]
    assert short_forms(["chợ", "Lạng", "Sơn"], "OCOP Lạng Sơn") == []


@pytest.mark.parametrize(
    ("name", "bare", "kind"),
    [
        ("TP. Lạng Sơn", "Lạng Sơn", "thanh pho"),
        ("thị trấn Đồng Mỏ", "Đồng Mỏ", "thi tran"),
        ("X. Mai Sao", "Mai Sao", "xa"),
        ("Xuân Dương", "Xuân Dương", None),
        ("Hữu Lũng", "Hữu Lũng", None),
        ("Phú Xá", "Phú Xá", None),
    ],
)
def test_types(name: str, bare: str, kind: str | None) -> None:
    assert without_type(name) == (bare, kind)
