"""When something shall happen, from words: read exactly, or refused with the reason; nothing is guessed."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.services.moments import read_hours, read_moment

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
NOW = datetime(2026, 12, 3, 10, 0, tzinfo=ZONE)  # a Thursday


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("mai 8h", "2026-12-04 08:00"),
        ("8h sáng mai", "2026-12-04 08:00"),
        ("sang mai 8 gio", "2026-12-04 08:00"),
        ("8h tối thứ sáu", "2026-12-04 20:00"),
        ("8h thứ năm", "2026-12-10 08:00"),
        ("9h30 sáng thứ 2 tuần sau", "2026-12-07 09:30"),
        ("chủ nhật 7h", "2026-12-06 07:00"),
        ("25/12 lúc 7 giờ rưỡi", "2026-12-25 07:30"),
        ("ngày 25 tháng 12 lúc 19h15", "2026-12-25 19:15"),
        ("8 giờ 30 phút sáng ngày 5/12/2026", "2026-12-05 08:30"),
        ("thứ sáu 25/12 8h", "2026-12-25 08:00"),
        ("ngày kia 14h", "2026-12-05 14:00"),
        ("mốt 7h kém 15", "2026-12-05 06:45"),
        ("một giờ chiều mai", "2026-12-04 13:00"),
        ("12 giờ trưa mai", "2026-12-04 12:00"),
        ("12h đêm mai", "2026-12-05 00:00"),
        ("tối nay 7h", "2026-12-03 19:00"),
        ("8h", "2026-12-04 08:00"),
        ("20h", "2026-12-03 20:00"),
        ("2 tiếng nữa", "2026-12-03 12:00"),
        ("3 ngày nữa 9h", "2026-12-06 09:00"),
        ("01/01 8h", "2027-01-01 08:00"),
        ("2026-12-25T07:30", "2026-12-25 07:30"),
        ("2026-12-25T07:30+09:00", "2026-12-25 05:30"),
        ("tomorrow 8am", "2026-12-04 08:00"),
        ("friday 8 pm", "2026-12-04 20:00"),
        ("next monday 9:15", "2026-12-07 09:15"),
        ("December 25 at 7:30 pm", "2026-12-25 19:30"),
        ("25 December 2026 9:00", "2026-12-25 09:00"),
        ("in 3 hours", "2026-12-03 13:00"),
    ],
)
def test_read(text: str, expected: str) -> None:
    read = read_moment(text, NOW)
    assert read.problem == ""
    assert read.at is not None
    assert f"{read.at:%Y-%m-%d %H:%M}" == expected
    assert read.at.tzinfo is ZONE


@pytest.mark.parametrize(
    "text", ["ngay bây giờ", "bây giờ", "gửi ngay", "ngay", "ngay lập tức", "ngay bay gio", "now", "luôn"]
)
def test_this_very_moment(text: str) -> None:
    assert read_moment(text, NOW).problem == "now"


@pytest.mark.parametrize(
    ("text", "problem"), [("bay gio", "no_hour"), ("hôm qua 8h", "past"), ("hôm qua", "past")]
)
def test_what_must_not_become_seven_tomorrow(text: str, problem: str) -> None:
    assert read_moment(text, NOW).problem == problem


def test_seven_o_clock_in_words() -> None:
    read = read_moment("mai bảy giờ", NOW)
    assert read.at is not None
    assert read.at.hour == 7


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("31/02", "no_such_day"),
        ("31/02 8h", "no_such_day"),
        ("29/02 8h", "no_such_day"),
        ("05/13 8h", "no_such_day"),
        ("25h mai", "no_such_hour"),
        ("15h sáng mai", "no_such_hour"),
        ("8h75 mai", "no_such_hour"),
        ("mai", "no_hour"),
        ("30/12", "no_hour"),
        ("hôm nay 8h", "past"),
        ("2/12 8h", "past"),
        ("2020-01-01T08:00", "past"),
        ("thứ hai 25/12 8h", "other_weekday"),
        ("25/12/2028 8h", "too_far"),
        ("khi nào cũng được", "not_understood"),
        ("8h rằm tháng giêng", "not_understood"),
        ("", "not_understood"),
    ],
)
def test_refused(text: str, problem: str) -> None:
    read = read_moment(text, NOW)
    assert (read.at, read.problem) == (None, problem)


@given(st.text(max_size=60))
def test_whatever_is_typed_gives_a_moment_ahead_or_a_problem(text: str) -> None:
    read = read_moment(text, NOW)
    assert (read.at is None) == bool(read.problem)
    assert read.at is None or read.at > NOW


@given(st.datetimes(datetime(2026, 12, 4), datetime(2027, 11, 30)))  # noqa: DTZ001 - the zone is put on below
def test_a_full_date_is_read_as_it_is_written(at: datetime) -> None:
    read = read_moment(f"{at:%H:%M} ngày {at:%d/%m/%Y}", NOW)
    assert read.at == at.replace(second=0, microsecond=0, tzinfo=ZONE)


@pytest.mark.parametrize(
    ("text", "hours"),
    [
        ("12h-14h", ("12:00", "14:00")),
        ("từ 20 giờ đến 8 giờ", ("20:00", "08:00")),
        ("12:30 to 14:00", ("12:30", "14:00")),
        ("9pm-8am", ("21:00", "08:00")),
        ("25h-26h", None),
        ("8h-8h", None),
        ("buổi trưa", None),
    ],
)
def test_hours(text: str, hours: tuple[str, str] | None) -> None:
    assert read_hours(text) == hours
