"""Whatever a list says of a place becomes today's commune, or stays open: an ambiguous name is never guessed.

The key is the former name *with* its former district; a name without one counts only if every unit of that
name, former or of today, lies in the same commune. A former unit that was divided stays open too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from handlers.services.text import fold

_UNIT = re.compile(r"^(xa|phuong|thi tran|tt|p|x)(?:\.\s*|\s+)(.+)$")
_DISTRICT = re.compile(r"^(huyen|thanh pho|thi xa|tp|tx|h)(?:\.\s*|\s+)(.+)$")
_PART = re.compile(r"\s*[,;\n]\s*|\s+[-–]\s+")
_ASIDE = re.compile(r"\([^)]*\)")
_TYPES = {"xa": "xa", "x": "xa", "phuong": "phuong", "p": "phuong", "thi tran": "thi tran", "tt": "thi tran"}


@dataclass(frozen=True, slots=True)
class Found:
    """The communes of today a text may mean: one is an answer, several are a question, none is unknown."""

    codes: tuple[str, ...] = ()

    @property
    def code(self) -> str | None:
        """The commune, if there is no doubt."""
        return self.codes[0] if len(self.codes) == 1 else None


@dataclass(frozen=True, slots=True)
class _Unit:
    name: str
    spelt: str
    type: str
    district: str
    """folded; empty for a commune of today"""
    code: str


class Communes:
    """Today's communes and the former units that went into them."""

    def __init__(self, communes: Iterable[Mapping[str, Any]], merges: Iterable[Mapping[str, Any]]) -> None:
        self.names: dict[str, str] = {}
        self.renewed: dict[str, set[str]] = {}
        self._units: dict[str, list[_Unit]] = {}
        self._districts: set[str] = set()
        for row in communes:
            self.names[row["code"]] = row["name_vi"]
            self._add(row.get("short_name_vi") or row["name_vi"], row.get("type") or "", "", row["code"])
        for row in merges:
            district = _bare(row.get("old_district") or "", _DISTRICT)
            self._districts.add(district)
            self._add(row["old_short_name"], row.get("old_type") or "", district, row["final_code"])
            if row.get("old_code"):
                self.renewed.setdefault(row["old_code"], set()).add(row["final_code"])
        self._districts.discard("")

    def _add(self, name: str, kind: str, district: str, code: str) -> None:
        spelt = _spelt(_without_type(name))
        unit = _Unit(fold(spelt), spelt, fold(kind), district, code)
        self._units.setdefault(unit.name, []).append(unit)

    def is_district(self, text: str) -> bool:
        """Does the text name a former district of the province?"""
        return _bare(text, _DISTRICT) in self._districts

    def named(self, unit: str, district: str = "") -> Found:
        """What "xã Hòa Bình" (or just "Hòa Bình") means, with its former district if one is known."""
        wanted = _ASIDE.sub(" ", fold(unit)).strip(" .,")
        match = _UNIT.match(wanted)
        kind = _TYPES[match[1]] if match else ""
        units = self._units.get(" ".join((match[2] if match else wanted).split()), [])
        if former := _bare(district, _DISTRICT):
            units = [one for one in units if one.district == former] or [
                one for one in units if not one.district
            ]
        if kind:
            units = [one for one in units if one.type == kind] or units
        spelt = _spelt(_without_type(_ASIDE.sub(" ", unit).strip(" .,")))
        units = [one for one in units if one.spelt == spelt] or units
        return Found(tuple(sorted({one.code for one in units})))

    def of_address(self, address: str) -> Found:
        """The commune of an address that names exactly one unit with its type: "thôn X, xã Y, huyện Z"."""
        parts = [part for part in _PART.split(_ASIDE.sub(" ", address)) if part]
        units = [part for part in parts if _UNIT.match(fold(part))]
        districts = [part for part in parts if _DISTRICT.match(fold(part)) and self.is_district(part)]
        if len(units) != 1 or len(districts) > 1:
            return Found()
        return self.named(units[0], districts[0] if districts else "")


def _bare(text: str, prefix: re.Pattern[str]) -> str:
    folded = " ".join(fold(text).split()).strip(" .,")
    match = prefix.match(folded)
    return match[2] if match else folded


def _without_type(name: str) -> str:
    match = _UNIT.match(fold(name))
    return name[match.start(2) :] if match and len(fold(name)) == len(name) else name


def _spelt(name: str) -> str:
    """Lower case, with the tone mark where the newer spelling puts it (hoà → hòa, thuỵ → thụy)."""
    lower = " ".join(name.lower().split())
    for newer, older in _TONES:
        lower = re.sub(newer + r"\b", older, lower)
    return lower


_TONES = tuple(
    (a + b, c)
    for a, marked, plain in (("o", "àáảãạ", "òóỏõọ"), ("u", "ỳýỷỹỵ", "ùúủũụ"))
    for b, c in zip(marked, [mark + ("a" if a == "o" else "y") for mark in plain], strict=True)
) + tuple(zip([f"o{m}" for m in "èéẻẽẹ"], [f"{m}e" for m in "òóỏõọ"], strict=True))
