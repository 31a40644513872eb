"""Verdicts: states, the renewal clock, the transition of article 12.3, what partial records may not say."""

from __future__ import annotations

import csv
from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from dateutil.relativedelta import relativedelta
from hypothesis import given
from hypothesis import strategies as st

from handlers.services import rules as law
from handlers.services.catalogue import Certificate
from handlers.services.certificates import CURRENT, State, Verdict, WhyUnknown, verdict
from handlers.services.dates import PartialDate

TODAY = date(2026, 11, 24)
ROOT = Path(__file__).resolve().parents[1]
EMPTY = Certificate(None, None, None, None, None, None, None, None)
DAYS = st.dates(date(2019, 1, 1), date(2032, 12, 31))
STATUSES = st.sampled_from([None, "in_renewal", "revoked", "superseded", "stopped", "unconfirmed"])
BASES = st.sampled_from([None, "decision", "certificate", "ceremony", "assessment", "report"])


def certificate(issued_on: str | None = None, **fields: str | int | None) -> Certificate:
    return replace(EMPTY, **({"stars": 4, "issued_on": issued_on} | fields))  # type: ignore[arg-type]


def at(record: Certificate, on: str | date) -> Verdict:
    return verdict(record, on if isinstance(on, date) else date.fromisoformat(on))


def partial(day: date, precision: str) -> str:
    return day.isoformat()[: {"day": 10, "month": 7, "year": 4}[precision]]


@st.composite
def records(draw: st.DrawFn) -> Certificate:
    """Any record an import can leave behind."""
    precision = st.sampled_from(["day", "month", "year"])
    day = st.builds(partial, DAYS, precision)
    return certificate(
        issued_on=draw(st.none() | day),
        issued_on_basis=draw(BASES),
        valid_until=draw(st.none() | day),
        status=draw(STATUSES),
        status_on=draw(st.none() | day),
        stars=draw(st.none() | st.integers(3, 5)),
    )


# ---------------------------------------- 36 months and days


@pytest.mark.parametrize(
    ("issued", "last"),
    [
        ("2024-02-29", "2027-02-28"),
        ("2023-08-31", "2026-08-31"),
        ("2023-12-25", "2026-12-25"),
        ("2025-11-30", "2028-11-30"),
        ("2021-02-28", "2024-02-28"),
        ("2022-12", "2025-12"),
        ("2022", "2025"),
    ],
)
def test_thirty_six_months(issued: str, last: str) -> None:
    assert str(at(certificate(issued), TODAY).last_day) == last


def test_recorded_end_wins_over_the_computed_one() -> None:
    found = at(certificate("2023-01-10", valid_until="2027-06-30", issued_on_basis="ceremony"), TODAY)
    assert str(found.last_day) == "2027-06-30"
    assert (found.state, found.days, found.approximate) == (State.VALID, 218, False)


@given(DAYS)
def test_the_last_day_is_valid_and_the_next_is_not(issued: date) -> None:
    record = certificate(issued.isoformat())
    end = issued + relativedelta(months=36)
    last, after = at(record, end), at(record, end + timedelta(days=1))
    assert (last.state, last.days, last.stars) == (State.EXPIRING, 0, 4)
    assert (after.state, after.days, after.stars) == (State.EXPIRED, -1, None)
    assert after.recorded_stars == 4


@given(DAYS, st.integers(0, 400))
def test_expiring_begins_with_the_filing_window(issued: date, before: int) -> None:
    end = issued + relativedelta(months=36)
    found = at(certificate(issued.isoformat()), end - timedelta(days=before))
    assert found.state is (State.EXPIRING if before <= 180 else State.VALID)
    assert found.days == before
    if found.filing:
        assert found.filing.state == ("not_yet" if before > 180 else "open" if before >= 120 else "closed")


def test_worked_check_of_the_renewal_clock() -> None:
    record = certificate("2023-12-25")
    found = at(record, "2026-06-27")
    assert found.filing is not None
    assert (found.filing.opens, found.filing.closes) == (date(2026, 6, 28), date(2026, 8, 27))
    assert (found.state, found.filing.state) == (State.VALID, "not_yet")
    states = {day: at(record, day).filing for day in ("2026-06-28", "2026-08-27", "2026-08-28")}
    assert [window.state for window in states.values() if window] == ["open", "open", "closed"]
    assert at(record, "2026-08-27").extension_cap is None
    assert at(record, "2026-08-28").extension_cap == date(2027, 6, 23)
    assert at(record, "2027-06-23").extension_cap == date(2027, 6, 23)
    assert at(record, "2027-06-24").extension_cap is None


def test_there_was_no_window_before_the_decision_of_2026() -> None:
    assert at(certificate("2022-03-01"), "2025-02-01").filing is None
    early, first = at(certificate("2023-09-18"), TODAY).filing, at(certificate("2023-09-19"), TODAY).filing
    assert early is not None
    assert early.predates_rule
    assert first is not None
    assert not first.predates_rule


# ---------------------------------------- renewal and the transition


def test_a_dossier_before_the_end_leaves_it_valid() -> None:
    record = certificate("2023-12-25", status="in_renewal", status_on="2026-08-01")
    found = at(record, TODAY)
    assert (found.state, found.current, found.stars, found.days) == (State.IN_RENEWAL, True, 4, 31)
    assert (found.dossier, str(found.dossier_on)) == (True, "2026-08-01")
    assert found.extension_cap is None
    assert at(record, "2026-07-31").state is State.EXPIRING


@pytest.mark.parametrize(
    ("end", "status_on", "on", "state"),
    [
        ("2026-09-18", "2026-09-01", "2026-09-19", State.VALID_EXTENDED),
        ("2026-09-18", "2026-10-05", "2026-11-24", State.VALID_EXTENDED),
        ("2026-09-18", "2026-09-01", "2027-03-17", State.VALID_EXTENDED),
        ("2026-09-18", "2026-09-01", "2027-03-18", State.EXPIRED),
        ("2026-09-18", None, "2026-11-24", State.EXPIRED),
        ("2026-09-19", "2026-09-01", "2026-11-24", State.EXPIRED),
        ("2025-11-22", "2025-11-01", "2025-11-23", State.EXPIRED),
    ],
)
def test_transition_only(end: str, status_on: str | None, on: str, state: State) -> None:
    found = at(certificate(valid_until=end, status="in_renewal", status_on=status_on), on)
    assert found.state is state
    assert found.dossier
    assert found.current is (state is State.VALID_EXTENDED)
    assert found.stars == (4 if found.current else None)
    cap = date.fromisoformat(end) + timedelta(days=180)
    assert found.extended_until == (cap if state is State.VALID_EXTENDED else None)


def test_no_dossier_no_extension() -> None:
    found = at(certificate(valid_until="2026-09-01"), TODAY)
    assert (found.state, found.extension_cap) == (State.EXPIRED, date(2027, 2, 28))


@pytest.mark.parametrize(
    ("status_on", "state"),
    [("2026-07-05", State.VALID_EXTENDED), ("2026-07-04", State.EXPIRED), ("2026-07", State.UNKNOWN)],
)
def test_any_missed_window_covers_dossiers_after_the_last_filing_day(status_on: str, state: State) -> None:
    reading = law.national().read_as(law.Reading.ANY_MISSED_WINDOW)
    record = certificate(valid_until="2026-11-01", status="in_renewal", status_on=status_on)
    assert verdict(record, TODAY, reading).state is state
    assert verdict(record, TODAY).state is State.EXPIRED


# ---------------------------------------- statuses that win over dates


@pytest.mark.parametrize("status", ["revoked", "superseded", "stopped"])
def test_decided_statuses_win_from_their_day(status: str) -> None:
    record = certificate("2025-12-31", status=status, status_on="2026-10-10")
    assert at(record, "2026-10-09").state is State.VALID
    found = at(record, "2026-10-10")
    assert (found.state, found.current, found.stars) == (State(status), False, None)
    assert (found.days, found.filing, str(found.status_on)) == (None, None, "2026-10-10")
    assert at(replace(record, status_on=None), "2026-01-01").state is State(status)


def test_unconfirmed_never_has_stars() -> None:
    found = at(certificate("2024-12-27", issued_on_basis="assessment", status="unconfirmed"), TODAY)
    assert (found.state, found.stars, found.why_unknown) == (
        State.UNCONFIRMED,
        None,
        WhyUnknown.NOT_CONFIRMED,
    )


def test_nothing_recorded() -> None:
    assert at(EMPTY, TODAY).why_unknown is WhyUnknown.NO_CERTIFICATE
    assert at(certificate(), TODAY).why_unknown is WhyUnknown.NO_DATE
    assert at(certificate("2026-12-01"), TODAY).why_unknown is WhyUnknown.NOT_YET_ISSUED


def test_who_decides() -> None:
    assert [at(certificate("2025-12-31", stars=s), TODAY).decided_by for s in (3, 4, 5, None)] == [
        "province",
        "province",
        "ministry",
        None,
    ]
    assert at(certificate("2024-01-01", stars=3), "2025-07-05").decided_by == "district"
    assert at(certificate("2024-01-01", stars=3), "2025-07-06").decided_by == "province"
    assert at(certificate("2024-01-01"), TODAY).file_with == "commune"


# ---------------------------------------- partial and approximate records


def test_a_month_is_known_before_and_after_it_only() -> None:
    record = certificate("2023-11")
    assert [at(record, day).state for day in ("2026-11-01", "2026-11-02", "2026-11-30", "2026-12-01")] == [
        State.EXPIRING,
        State.UNKNOWN,
        State.UNKNOWN,
        State.EXPIRED,
    ]
    assert at(record, TODAY).why_unknown is WhyUnknown.PARTIAL_DATE
    assert (at(record, TODAY).days, at(record, TODAY).filing, at(record, TODAY).stars) == (None, None, None)


def test_a_basis_that_is_not_legal_gives_about_and_nothing_near_the_boundary() -> None:
    record = certificate("2023-09-10", issued_on_basis="ceremony")
    days = ("2026-06-09", "2026-06-10", "2026-09-10", "2026-12-10", "2026-12-11")
    found = [at(record, day) for day in days]
    assert [f.state for f in found] == [State.VALID, *[State.UNKNOWN] * 3, State.EXPIRED]
    assert all(f.approximate and f.days is None and f.filing is None for f in found)
    assert found[1].why_unknown is WhyUnknown.NEAR_BOUNDARY
    assert [f.stars for f in found] == [4, None, None, None, None]


def test_extension_of_a_month_wholly_inside_the_transition() -> None:
    record = certificate(valid_until="2026-07", status="in_renewal", status_on="2026-07-01")
    assert at(record, TODAY).state is State.VALID_EXTENDED
    assert at(record, "2027-01-10").state is State.UNKNOWN
    assert at(record, "2027-02-01").state is State.EXPIRED


@given(DAYS, st.sampled_from(["month", "year"]), BASES, STATUSES, st.integers(-600, 600))
def test_a_partial_date_is_never_firmer_than_each_full_date_it_can_mean(
    issued: date, precision: str, basis: str | None, status: str | None, shift: int
) -> None:
    full = certificate(issued.isoformat(), issued_on_basis=basis, status=status, status_on="2026-01-01")
    vague = replace(full, issued_on=partial(issued, precision))
    on = issued + relativedelta(months=36) + timedelta(days=shift)
    firm, soft = at(full, on), at(vague, on)
    if soft.state in CURRENT:
        assert firm.current
    if soft.state is State.EXPIRED:
        assert firm.state is State.EXPIRED
    assert soft.days is None
    assert soft.filing is None


@given(DAYS, BASES, st.integers(-600, 600))
def test_an_approximate_date_is_never_firmer_than_a_legal_one(
    issued: date, basis: str | None, shift: int
) -> None:
    on = issued + relativedelta(months=36) + timedelta(days=shift)
    soft = at(certificate(issued.isoformat(), issued_on_basis=basis), on)
    firm = at(certificate(issued.isoformat()), on)
    assert soft.state is State.UNKNOWN or soft.current is firm.current


@given(records(), DAYS, st.integers(1, 2_000))
def test_what_is_over_stays_over(record: Certificate, on: date, later: int) -> None:
    for reading in law.Reading:
        rules = law.national().read_as(reading)
        if verdict(record, on, rules).state is State.EXPIRED:
            then = verdict(record, on + timedelta(days=later), rules)
            assert then.state in (State.EXPIRED, State.REVOKED, State.SUPERSEDED, State.STOPPED)


@given(records(), DAYS)
def test_stars_only_while_held(record: Certificate, on: date) -> None:
    found = at(record, on)
    assert found.current is (found.state in CURRENT)
    assert found.stars == (record.stars if found.current else None)
    assert (found.why_unknown is not None) is (found.state in (State.UNKNOWN, State.UNCONFIRMED))
    if record.status == "unconfirmed":
        assert found.state is State.UNCONFIRMED


# ---------------------------------------- the law and the sample


def test_the_transition_boundary_follows_from_the_filing_rule() -> None:
    regime = law.national().at(date(2026, 5, 22))
    assert regime.starts == date(2026, 5, 22)
    assert regime.window_closes_days is not None
    assert regime.extension_ends_before == regime.starts + timedelta(days=regime.window_closes_days)
    assert law.national().at(date(2026, 5, 21)).window_closes_days is None
    assert regime.extension_reading is law.Reading.TRANSITION_ONLY


def test_every_rule_names_its_source() -> None:
    assert all(len(source) > 10 for source in law.national().sources.values())


def test_a_rules_file_with_an_unknown_name_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "rules.toml"
    path.write_text('[[rule]]\nname = "validty_months"\nfrom = 2019-01-01\nvalue = 36\nsource = "x"\n')
    with pytest.raises(ValueError, match="validty_months"):
        law.load(path)


def sample() -> list[Certificate]:
    with (ROOT / "data/lang-son/products.csv").open(encoding="utf-8", newline="") as file:
        return [
            certificate(
                row["issued_on"] or None,
                stars=int(row["stars"]) if row["stars"] else None,
                **{
                    k: row[k] or None
                    for k in ("issued_on_basis", "valid_until", "status", "status_on", "decision")
                },
            )
            for row in csv.DictReader(file)
        ]


def test_the_sample_registry() -> None:
    found = [at(record, TODAY) for record in sample()]
    firm = [f for f in found if f.state is State.VALID and not f.approximate]
    assert len(firm) == 8
    assert {str(f.last_day) for f in firm} == {"2028-12-31"}
    assert Counter(f.state for f in found)[State.UNCONFIRMED] == 5
    assert all(f.stars is None for f in found if not f.current)
    assert all(f.why_unknown for f in found if f.state is State.UNKNOWN)


# ---------------------------------------- partial dates


@pytest.mark.parametrize(
    "text", ["2022-00", "2022-13", "2023-02-29", "22", "2022-1", "2022-12-25T00", "", "٢٠٢٢"]
)
def test_a_wrong_date_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        PartialDate.parse(text)


@given(DAYS, st.sampled_from(["day", "month", "year"]))
def test_partial_dates_read_and_write_the_same(day: date, precision: str) -> None:
    text = partial(day, precision)
    read = PartialDate.parse(text)
    assert (str(read), read.precision) == (text, precision)
    assert read.first <= day <= read.last


def test_partial_dates_of_different_precision_can_be_sorted() -> None:
    dates = ["2022-12-25", "2022", "2022-12", "2021-05"]
    assert [str(d) for d in sorted(map(PartialDate.parse, dates))] == [
        "2021-05",
        "2022",
        "2022-12",
        "2022-12-25",
    ]
