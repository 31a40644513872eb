"""What a certificate is worth on a day, and its renewal clock, by the rules of ``data/programme/rules.toml``.

Three things are kept apart. The *verdict* is a state; it is never firmer than the record behind it. The
*advice* is the filing window and how long article 12.3 could carry the certificate at most, which the
authority decides. *Stars* are given only while they are held. E is the last valid day, counted to its end.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Literal

from dateutil.relativedelta import relativedelta

from handlers.services.catalogue import Certificate
from handlers.services.dates import PartialDate
from handlers.services.rules import Authority, Reading, Regime, Rules, national

LEGAL_BASES = frozenset({None, "", "decision", "certificate"})
"""``issued_on_basis`` values that name the legal day; ceremony, assessment and report are only near it."""


class State(StrEnum):
    """A certificate's state on a day."""

    VALID = "valid"
    EXPIRING = "expiring"
    """valid, and its filing window has opened"""
    EXPIRED = "expired"
    VALID_EXTENDED = "valid_extended"
    """after E, carried by article 12.3 while its dossier is examined"""
    IN_RENEWAL = "in_renewal"
    """still valid, and a renewal dossier is recorded"""
    REVOKED = "revoked"
    SUPERSEDED = "superseded"
    """replaced by another certificate of the product"""
    STOPPED = "stopped"
    """the producer no longer makes the product"""
    UNCONFIRMED = "unconfirmed"
    """put before a council, result not seen"""
    UNKNOWN = "unknown"


class WhyUnknown(StrEnum):
    """Why there is no firm state."""

    NO_CERTIFICATE = "no_certificate"
    """neither stars nor decision nor date is recorded"""
    NO_DATE = "no_date"
    NOT_YET_ISSUED = "not_yet_issued"
    """the recorded day of issue lies after the day asked for"""
    PARTIAL_DATE = "partial_date"
    """only the month or year of E is known, and the day asked for may be before or after it"""
    NEAR_BOUNDARY = "near_boundary"
    """the recorded day is not the legal one, and E is near"""
    NOT_CONFIRMED = "not_confirmed"


CURRENT = frozenset({State.VALID, State.EXPIRING, State.IN_RENEWAL, State.VALID_EXTENDED})
"""States in which the stars are held."""
_FINAL = {"revoked": State.REVOKED, "superseded": State.SUPERSEDED, "stopped": State.STOPPED}
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class FilingWindow:
    """First and last day on which a renewal file is received, and where the day asked for stands to them."""

    opens: date
    closes: date
    state: Literal["not_yet", "open", "closed"]
    predates_rule: bool
    """the last filing day lay before the rule took effect, so nobody could have kept it"""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a certificate is worth on a day.

    ``last_day`` is as precise as the record; what else depends on E is None unless E is an exact legal day.
    """

    state: State
    current: bool
    """counts among products in date"""
    stars: int | None
    """the stars held; None = none may be shown as held"""
    recorded_stars: int | None
    approximate: bool
    """E was counted from a day that is not the legal one: words say "about" """
    last_day: PartialDate | None
    """E"""
    days: int | None
    """days left until E, 0 on E itself; negative = days since"""
    why_unknown: WhyUnknown | None
    filing: FilingWindow | None
    extended_until: date | None
    """state ``valid_extended``: the latest day the extension can last"""
    extension_cap: date | None
    """advice: window closed, no dossier recorded; article 12.3 could carry it so far if the office agrees"""
    dossier: bool
    """a renewal dossier is recorded"""
    dossier_on: PartialDate | None
    decided_by: Authority | None
    """who decides on these stars by the law of the day asked for"""
    file_with: str | None
    decision: str | None
    issued_on: PartialDate | None
    status_on: PartialDate | None


@dataclass(frozen=True, slots=True)
class _End:
    """E as far as it is known: held for certain through ``earliest``, over for certain after ``latest``."""

    day: PartialDate
    earliest: date
    latest: date
    approximate: bool

    @property
    def exact(self) -> date | None:
        return self.day.first if self.day.precision == "day" and not self.approximate else None


@dataclass(frozen=True, slots=True)
class _Finding:
    state: State
    why: WhyUnknown | None = None
    extended_until: date | None = None


def verdict(certificate: Certificate, on: date, rules: Rules | None = None) -> Verdict:
    """The certificate's state on a day, by the national rules unless others are given.

    Raises ValueError for a record whose dates cannot be read (the importer lets none pass).
    """
    return _verdict(certificate, on, rules or national())


@lru_cache(maxsize=32_768)
def _verdict(certificate: Certificate, on: date, rules: Rules) -> Verdict:
    issued = _date(certificate.issued_on)
    status_on = _date(certificate.status_on)
    end = _end(certificate, issued, rules)
    found = _finding(certificate, on, (issued, status_on, end), rules)
    renewing = certificate.status == "in_renewal"
    exact = (
        end.exact
        if end and not (found.state in _FINAL.values() or found.state is State.UNCONFIRMED)
        else None
    )
    filing = _filing(exact, on, rules) if exact else None
    late = filing is not None and filing.state == "closed"
    current = found.state in CURRENT
    regime = rules.at(on)
    return Verdict(
        state=found.state,
        current=current,
        stars=certificate.stars if current else None,
        recorded_stars=certificate.stars,
        approximate=bool(end and end.approximate),
        last_day=end.day if end else None,
        days=(exact - on).days if exact else None,
        why_unknown=found.why,
        filing=filing,
        extended_until=found.extended_until,
        extension_cap=_cap(exact, on, rules) if exact and late and not renewing else None,
        dossier=renewing,
        dossier_on=status_on if renewing else None,
        decided_by=regime.decided_by.get(certificate.stars) if certificate.stars else None,
        file_with=regime.file_with,
        decision=certificate.decision,
        issued_on=issued,
        status_on=status_on,
    )


def exact_end(certificate: Certificate, rules: Rules | None = None) -> date | None:
    """E where the record gives it as one legal day, whatever became of the certificate since; else None."""
    end = _end(certificate, _date(certificate.issued_on), rules or national())
    return end.exact if end else None


def _date(text: str | None) -> PartialDate | None:
    return PartialDate.parse(text) if text else None


def _end(certificate: Certificate, issued: PartialDate | None, rules: Rules) -> _End | None:
    """E as recorded, else counted from the day of issue; wider when that day is not the legal one."""
    if certificate.valid_until:
        day = PartialDate.parse(certificate.valid_until)
        return _End(day, day.first, day.last, approximate=False)
    if issued is None:
        return None
    regime = rules.at(issued.first)
    day = issued.plus_months(regime.validity_months)
    if certificate.issued_on_basis in LEGAL_BASES:
        return _End(day, day.first, day.last, approximate=False)
    margin = relativedelta(months=regime.approximate_margin_months)
    return _End(day, day.first - margin - _DAY, day.last + margin, approximate=True)


def _finding(
    certificate: Certificate,
    on: date,
    dates: tuple[PartialDate | None, PartialDate | None, _End | None],
    rules: Rules,
) -> _Finding:
    """The state: what was decided about the certificate wins over what its dates say."""
    issued, status_on, end = dates
    status = certificate.status
    reached = status_on is None or status_on.first <= on
    if status == "unconfirmed":
        return _Finding(State.UNCONFIRMED, WhyUnknown.NOT_CONFIRMED)
    if status in _FINAL and reached:
        return _Finding(_FINAL[status])
    if end is None:
        named = certificate.stars or certificate.decision or status
        return _Finding(State.UNKNOWN, WhyUnknown.NO_DATE if named else WhyUnknown.NO_CERTIFICATE)
    if issued and on < issued.first:
        return _Finding(State.UNKNOWN, WhyUnknown.NOT_YET_ISSUED)
    renewing = status == "in_renewal"
    if on <= end.earliest:
        return _Finding(State.IN_RENEWAL if renewing and reached else _held(end, on, rules))
    open_why = WhyUnknown.NEAR_BOUNDARY if end.approximate else WhyUnknown.PARTIAL_DATE
    if on <= end.latest:
        return _Finding(State.UNKNOWN, open_why)
    return _after(end, on, status_on if renewing else None, rules) or _Finding(State.UNKNOWN, open_why)


def _held(end: _End, on: date, rules: Rules) -> State:
    """Valid or expiring; expiring only if that is certain."""
    days = timedelta(days=rules.at(end.latest).expiring_days)
    return State.EXPIRING if end.latest - days <= on else State.VALID


def _after(end: _End, on: date, dossier_on: PartialDate | None, rules: Rules) -> _Finding | None:
    """After E: expired, or extended if the reading covers a dated dossier; None = cannot be told."""
    regime = rules.extending(end.latest)
    if dossier_on is None or regime is None or regime.extension_max_days is None:
        return _Finding(State.EXPIRED)
    days = timedelta(days=regime.extension_max_days)
    surely, perhaps = (_covered_before(regime, day) for day in (dossier_on.first, dossier_on.last))
    if end.earliest >= on - days and end.latest < surely:
        return _Finding(State.VALID_EXTENDED, extended_until=end.exact + days if end.exact else None)
    if max(end.earliest, on - days) <= end.latest and max(end.earliest, on - days) < perhaps:
        return None
    return _Finding(State.EXPIRED)


def _covered_before(regime: Regime, dossier_on: date) -> date:
    """The extension covers certificates whose E lies before this day."""
    limit = regime.extension_ends_before or date.min
    if regime.extension_reading is Reading.ANY_MISSED_WINDOW and regime.window_closes_days is not None:
        return max(limit, dossier_on + timedelta(days=regime.window_closes_days))
    return limit


def _filing(end: date, on: date, rules: Rules) -> FilingWindow | None:
    """The window for renewing a certificate that ends on ``end``, by the law of that day."""
    regime = rules.at(end)
    if regime.window_opens_days is None or regime.window_closes_days is None:
        return None
    opens = end - timedelta(days=regime.window_opens_days)
    closes = end - timedelta(days=regime.window_closes_days)
    state: Literal["not_yet", "open", "closed"] = (
        "not_yet" if on < opens else "open" if on <= closes else "closed"
    )
    ruled_from = next(r.starts for r in rules.regimes if r.window_closes_days is not None)
    return FilingWindow(opens, closes, state, predates_rule=closes < ruled_from)


def _cap(end: date, on: date, rules: Rules) -> date | None:
    """The latest day an extension could last, while that is not past."""
    regime = rules.extending(end)
    if regime is None or regime.extension_max_days is None:
        return None
    cap = end + timedelta(days=regime.extension_max_days)
    return cap if on <= cap else None
