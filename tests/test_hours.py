"""Open or not: boundaries, midnight, holidays with Tết, closures, and hours that nobody recorded."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from handlers.services.catalogue import Showroom
from handlers.services.hours import LOCAL, Opening, is_holiday, opening, readable, with_holidays
from tests.sample_catalogue import catalogue

MARKET = catalogue().showrooms["LS-SR-006"]


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=LOCAL)


def found(hours: str | None, now: str, **fields: object) -> Opening:
    place: Showroom = replace(MARKET, opening_hours=hours, **fields)  # type: ignore[arg-type]
    return opening(place, at(now))


@pytest.mark.parametrize(
    ("hours", "now", "state", "change"),
    [
        ("08:00-17:00", "2026-12-03T07:59", "closed", "2026-12-03T08:00"),
        ("08:00-17:00", "2026-12-03T08:00", "open", "2026-12-03T17:00"),
        ("08:00-17:00", "2026-12-03T17:00", "closed", "2026-12-04T08:00"),
        ("Fr,Sa 18:00-24:00", "2026-12-03T10:00", "closed", "2026-12-04T18:00"),
        ("Fr,Sa 18:00-24:00", "2026-12-05T23:59", "open", "2026-12-06T00:00"),
        ("18:00-02:00", "2026-12-03T01:00", "open", "2026-12-03T02:00"),
        ("18:00-02:00", "2026-12-03T23:00", "open", "2026-12-04T02:00"),
        ("24/7", "2026-12-03T01:00", "open", None),
        ("off", "2026-12-03T11:00", "closed", None),
        ("Mo-Fr 08:00-17:00", "2026-12-04T17:30", "closed", "2026-12-07T08:00"),
    ],
)
def test_ordinary_days(hours: str, now: str, state: str, change: str | None) -> None:
    told = found(hours, now)
    assert (told.state, told.until or told.opens_at) == (state, at(change) if change else None)


@pytest.mark.parametrize(
    ("hours", "now", "state", "change"),
    [
        ("08:00-17:00; PH off", "2027-02-06T10:00", "closed", "2027-02-11T08:00"),
        ("08:00-17:00; PH off", "2027-04-16T10:00", "closed", "2027-04-17T08:00"),
        ("08:00-17:00; PH off", "2026-12-31T18:00", "closed", "2027-01-02T08:00"),
        ("Mo-Fr,PH 08:00-11:00", "2027-02-06T10:00", "open", "2027-02-06T11:00"),
        ("Mo-Sa 08:00-17:00; PH,Su off", "2027-02-03T17:30", "closed", "2027-02-11T08:00"),
        ('08:00-17:00; PH off "nghỉ Tết"', "2027-02-06T10:00", "closed", "2027-02-11T08:00"),
        ("08:00-17:00", "2027-02-06T10:00", "open", "2027-02-06T17:00"),
    ],
)
def test_holidays_of_the_lunar_calendar(hours: str, now: str, state: str, change: str) -> None:
    told = found(hours, now)
    assert (told.state, told.until or told.opens_at) == (state, at(change))
    assert told.holiday is is_holiday(at(now).date())


def test_a_holiday_rule_that_cannot_be_placed_is_unknown_on_holidays_only() -> None:
    hours = "Mo-Su 08:00-17:00, PH 10:00-11:00"
    assert found(hours, "2027-02-06T10:30").state == "unknown"
    assert found(hours, "2026-12-03T10:30").state == "open"


def test_rules_without_holidays_are_left_alone() -> None:
    for hours in ("Mo-Fr 08:00-17:00; Sa 08:00-12:00", "24/7", 'Mo "PH"', "Mo[1] 08:00-10:00"):
        assert with_holidays(hours, 2026) == hours
        assert readable(hours)


@pytest.mark.parametrize("hours", [None, "", "8h-17h", "sáng đến chiều", "08:00-17:00 unknown", ";", "\x00"])
def test_what_is_not_recorded_or_not_readable_is_not_guessed(hours: str | None) -> None:
    told = found(hours, "2026-12-03T10:00", opening_hours_text="mỗi buổi sáng")
    assert told.state == "unknown"
    assert told.text == "mỗi buổi sáng"
    assert told.until is None
    assert readable("8h-17h") is False


def test_a_closure_wins() -> None:
    closed = {"closed_until": date(2026, 12, 5), "closed_note": "sửa chữa"}
    told = found("24/7", "2026-12-05T23:00", **closed)
    assert (told.state, told.until, told.text) == ("closed_temporarily", at("2026-12-06T00:00"), "sửa chữa")
    assert found("24/7", "2026-12-06T00:00", **closed).state == "open"
    assert found("24/7", "2026-12-06T00:00", closed_note="sửa chữa").until is None
    assert found("24/7", "2026-12-06T00:00", closed_note="sửa chữa").state == "closed_temporarily"


def test_any_zone_is_understood_and_none_refused() -> None:
    place = replace(MARKET, opening_hours="08:00-17:00")
    assert opening(place, datetime(2026, 12, 3, 1, 0, tzinfo=UTC)).state == "open"
    with pytest.raises(ValueError):
        opening(place, datetime(2026, 12, 3, 10, 0))  # noqa: DTZ001


def test_the_sample_registry() -> None:
    now = at("2026-12-04T19:00")
    states = [opening(showroom, now).state for showroom in catalogue().showrooms.values()]
    assert (states.count("open"), states.count("unknown")) == (1, len(states) - 1)
    caves = [opening(sight, now) for sight in catalogue().attractions.values() if sight.opening_hours]
    assert [cave.opens_at for cave in caves] == [at("2026-12-05T06:00")] * 2
