"""The programme's law as effective-dated data: reads ``data/programme/rules.toml`` into immutable values.

A rule is looked up for a day: the regime in force then. Nothing here knows a sentence or today's date.
"""

from __future__ import annotations

import tomllib
from bisect import bisect_right
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

NATIONAL = Path(__file__).resolve().parents[2] / "data" / "programme" / "rules.toml"

Authority = Literal["district", "province", "ministry"]


class Reading(StrEnum):
    """How article 12.3 of QĐ 26/2026/QĐ-TTg is read: whom its extension covers after the end date E."""

    TRANSITION_ONLY = "transition-only"
    """only certificates whose last filing day lay before the decision took effect"""
    ANY_MISSED_WINDOW = "any-missed-window"
    """also every later certificate whose dossier came after its last filing day"""


@dataclass(frozen=True, slots=True)
class Regime:
    """The rules in force from ``starts`` until the next regime; None or empty = that law has no such rule.

    E is a certificate's last valid day.
    """

    starts: date
    validity_months: int = 36
    """months from the day of issue to E"""
    decided_by: MappingProxyType[int, Authority] = field(default_factory=lambda: MappingProxyType({}))
    """stars → who recognises"""
    file_with: str | None = None
    """who receives a renewal file"""
    window_opens_days: int | None = None
    """first filing day, days before E"""
    window_closes_days: int | None = None
    """last filing day, days before E"""
    extension_max_days: int | None = None
    """longest extension, days after E"""
    extension_reading: Reading = Reading.TRANSITION_ONLY
    extension_ends_before: date | None = None
    """``transition-only`` covers E before this day"""
    expiring_days: int = 180
    """called expiring from this many days before E"""
    approximate_margin_months: int = 3
    """no verdict this near to E when the recorded day is not the legal one"""


@dataclass(frozen=True, eq=False, slots=True)
class Rules:
    """All regimes in order. Compared and hashed by identity, so that verdicts can be cached by them."""

    regimes: tuple[Regime, ...]
    sources: MappingProxyType[tuple[str, date], str]
    """(rule, first day) → the text it comes from"""

    def at(self, day: date) -> Regime:
        """The regime in force on a day; before the first one, the first."""
        return self.regimes[max(bisect_right(self.regimes, day, key=lambda regime: regime.starts) - 1, 0)]

    def extending(self, end: date) -> Regime | None:
        """The regime whose extension a certificate that ended on ``end`` could still have reached, if any.

        It depends on ``end`` alone and not on the day of asking, so that nothing expired comes back to life.
        """
        for regime in reversed(self.regimes):
            days = regime.extension_max_days
            if days is not None and end + timedelta(days=days) >= regime.starts:
                return regime
        return None

    def read_as(self, reading: Reading) -> Rules:
        """The same law with another reading of the extension."""
        return Rules(
            tuple(replace(regime, extension_reading=reading) for regime in self.regimes), self.sources
        )


def load(path: Path = NATIONAL) -> Rules:
    """Read a rules file. Raises OSError, or ValueError naming the entry that is wrong."""
    entries = sorted(tomllib.loads(path.read_text("utf-8"))["rule"], key=lambda entry: entry["from"])
    regimes: list[Regime] = []
    sources: dict[tuple[str, date], str] = {}
    for entry in entries:
        name, starts = entry["name"], entry["from"]
        if name == "starts" or name not in Regime.__dataclass_fields__ or not entry["source"]:
            raise ValueError(f"{path.name}: no such rule, or no source: {name!r} from {starts}")
        if not regimes:
            regimes.append(Regime(starts))
        elif regimes[-1].starts != starts:
            regimes.append(replace(regimes[-1], starts=starts))
        regimes[-1] = replace(regimes[-1], **{name: _value(name, entry["value"])})
        sources[name, starts] = entry["source"]
    return Rules(tuple(regimes), MappingProxyType(sources))


def _value(name: str, value: Any) -> Any:
    """A TOML value as the type of its rule."""
    if name == "decided_by":
        return MappingProxyType({int(stars): authority for stars, authority in value.items()})
    return Reading(value) if name == "extension_reading" else value


@lru_cache(maxsize=1)
def national() -> Rules:
    """The rules that ship with the programme, read once."""
    return load()
