"""Seasons by both calendars, across the year, and what nobody recorded."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.services.catalogue import Product, Season
from handlers.services.seasons import (
    in_season,
    lunar,
    lunar_market_days,
    next_market_day,
    parse,
    season_of,
    seasonal,
)
from tests.sample_catalogue import catalogue

DAYS = st.dates(date(2024, 1, 1), date(2035, 12, 31))


def season(text: str) -> Season:
    (only,) = parse(text)
    return only


def product(name: str) -> Product:
    return next(p for p in catalogue().products.values() if p.name_vi.startswith(name))


@pytest.mark.parametrize(
    ("text", "inside", "outside"),
    [
        ("8-9", ["2026-08-01", "2026-09-30"], ["2026-07-31", "2026-10-01"]),
        ("11-1", ["2026-11-01", "2026-12-31", "2027-01-31"], ["2026-10-31", "2027-02-01"]),
        ("5", ["2026-05-31"], ["2026-06-01"]),
        ("1-12", ["2026-01-01", "2026-12-31"], []),
        ("L7-L9", ["2026-08-13", "2026-11-08"], ["2026-08-12", "2026-11-09"]),
        ("L12", ["2027-01-08", "2027-02-05"], ["2027-01-07", "2027-02-06"]),
        ("L6", ["2025-06-25", "2025-08-22"], ["2025-06-24", "2025-08-23"]),
    ],
)
def test_spans(text: str, inside: list[str], outside: list[str]) -> None:
    assert {in_season(season(text), date.fromisoformat(day)) for day in inside} == {"yes"}
    assert {in_season(season(text), date.fromisoformat(day)) for day in outside} <= {"no"}


@pytest.mark.parametrize(
    ("day", "told"),
    [
        ("2026-02-17", (2026, 1, 1, False)),
        ("2027-02-06", (2027, 1, 1, False)),
        ("2027-02-05", (2026, 12, 29, False)),
        ("2025-07-25", (2025, 6, 1, True)),
        ("2030-02-02", (2030, 1, 1, False)),
    ],
)
def test_the_vietnamese_calendar(day: str, told: tuple[int, int, int, bool]) -> None:
    found = lunar(date.fromisoformat(day))
    assert (found.year, found.month, found.day, found.leap) == told


def test_months_that_nobody_stated_are_unknown() -> None:
    open_end = replace(season("9"), end_month=None)
    assert [in_season(open_end, date(2026, month, 5)) for month in (8, 9, 10)] == [
        "unknown",
        "yes",
        "unknown",
    ]
    assert in_season(replace(open_end, start_month=None), date(2026, 9, 5)) == "unknown"


@pytest.mark.parametrize("text", ["13", "0-3", "8..9", "tháng 8", "8-L9", "8-9-10", "²"])
def test_other_texts_are_refused(text: str) -> None:
    with pytest.raises(ValueError):
        parse(text)


def test_several_spans() -> None:
    assert [(s.start_month, s.end_month) for s in parse("7; 11-1 ;")] == [(7, 7), (11, 1)]


@given(DAYS, st.integers(1, 12), st.integers(1, 12), st.sampled_from(["", "L"]))
def test_a_span_and_its_complement_fill_the_year(on: date, start: int, end: int, calendar: str) -> None:
    rest = (end % 12 + 1, (start - 2) % 12 + 1)
    inside = in_season(season(f"{calendar}{start}-{calendar}{end}"), on) == "yes"
    whole = rest[0] == start
    outside = not whole and in_season(season(f"{calendar}{rest[0]}-{calendar}{rest[1]}"), on) == "yes"
    assert inside is not outside


def test_season_of_a_product() -> None:
    assert [s.item_vi for s in season_of(product("Quýt vàng Bắc Sơn"), catalogue())] == ["Quýt vàng Bắc Sơn"]
    assert season_of(product("Hồng vành khuyên"), catalogue())[0].calendar == "lunar"
    own = replace(product("Quýt vàng Bắc Sơn"), season="L10-L12")
    assert [(s.start_month, s.end_month, s.item_vi) for s in season_of(own, catalogue())] == [
        (10, 12, own.name_vi)
    ]
    elsewhere = replace(product("Quýt vàng Bắc Sơn"), commune_code="06463")
    assert season_of(elsewhere, catalogue()) == []
    assert season_of(replace(own, season=None, name_vi="Quýt"), catalogue()) == []


def test_what_is_in_season_in_november() -> None:
    told = seasonal(catalogue(), date(2026, 11, 24))
    assert (told[0][0].item_vi, told[0][1]) == ("Quýt vàng Bắc Sơn", "yes")
    assert [known for _, known in told] == sorted((known for _, known in told), reverse=True)
    assert "no" not in {known for _, known in told}


def test_market_days() -> None:
    days = "âm lịch 2, 7, 12, 17, 22, 27 hằng tháng; hội chợ 22–27 tháng Giêng âm lịch"
    assert lunar_market_days(days) == (2, 7, 12, 17, 22, 27)
    assert next_market_day(days, date(2026, 11, 24)) == date(2026, 11, 25)
    assert next_market_day(days, date(2026, 11, 25)) == date(2026, 11, 25)
    for text in (
        None,
        "",
        "mùa na (từ đầu tháng 8)",
        "âm lịch 40 hằng tháng",
        "tuần lễ trong tháng 8: từ 10/8/2022",
    ):
        assert lunar_market_days(text) == ()
        assert next_market_day(text, date(2026, 11, 24)) is None


@given(DAYS)
def test_a_market_day_comes_within_six_days(on: date) -> None:
    days = "các ngày âm lịch 2, 7, 12, 17, 22, 27 hằng tháng"
    found = next_market_day(days, on)
    assert found is not None
    assert on <= found <= on + timedelta(days=6)
    assert lunar(found).day in lunar_market_days(days)
