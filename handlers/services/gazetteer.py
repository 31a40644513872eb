"""The places of a catalogue that have a name and perhaps a position, all in one form.

Today's communes, former communes and towns (the parts of a split one together), former districts,
attractions, and points of sale. :mod:`handlers.services.places` looks them up by name.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from handlers.services.catalogue import Attraction, Catalogue, Commune, OldUnit, Showroom
from handlers.services.placenames import without_type
from handlers.services.text import fold

Kind = Literal["commune", "district", "attraction", "showroom", "old_unit"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Something with a name and a position."""

    kind: Kind
    name: str
    commune_codes: tuple[str, ...]
    """today's communes it lies in; for a former district all of them; empty = not recorded"""
    latitude: float | None = None
    longitude: float | None = None
    precision: str | None = None
    """how exact the point is: exact, street, commune, district"""
    former: bool = False
    """ended on or before 2025-07-01"""
    now_called: Commune | None = None
    """for a former unit that went to one commune"""
    district: str | None = None
    """for a former unit, with its type"""
    key: str | None = None
    """of the attraction or showroom"""


def district_key(name: str) -> str:
    """What a former district is called by: its folded name without "huyện", "TP"."""
    return fold(without_type(name)[0])


def communes(catalogue: Catalogue) -> list[Place]:
    """Today's communes and wards."""
    return [
        Place(
            kind="commune",
            name=commune.name_vi,
            commune_codes=(commune.code,),
            latitude=commune.latitude,
            longitude=commune.longitude,
            precision="commune",
        )
        for commune in catalogue.communes.values()
    ]


def districts(catalogue: Catalogue) -> dict[str, Place]:
    """Former districts by key, each at the middle of the former units whose points are known."""
    names = {district for commune in catalogue.communes.values() for district in commune.old_districts}
    found = {}
    for name in sorted(names):
        points = [
            (unit.latitude, unit.longitude)
            for unit in catalogue.old_units
            if unit.district == name and unit.latitude is not None and unit.longitude is not None
        ]
        found[district_key(name)] = Place(
            kind="district",
            name=name,
            commune_codes=tuple(c.code for c in catalogue.communes.values() if name in c.old_districts),
            latitude=sum(lat for lat, _ in points) / len(points) if points else None,
            longitude=sum(lon for _, lon in points) / len(points) if points else None,
            precision="district",
            former=True,
        )
    return found


def old_units(catalogue: Catalogue) -> list[Place]:
    """Former communes, wards and towns."""
    grouped: dict[tuple[str, str], list[OldUnit]] = {}
    for unit in catalogue.old_units:
        grouped.setdefault((unit.name, unit.district), []).append(unit)
    return [_old_unit(catalogue, parts) for parts in grouped.values()]


def _old_unit(catalogue: Catalogue, parts: list[OldUnit]) -> Place:
    codes = tuple(dict.fromkeys(part.commune_code for part in parts))
    located = next((part for part in parts if part.latitude is not None), parts[0])
    return Place(
        kind="old_unit",
        name=located.name,
        commune_codes=codes,
        latitude=located.latitude,
        longitude=located.longitude,
        precision="commune",
        former=True,
        now_called=catalogue.communes.get(codes[0]) if len(codes) == 1 else None,
        district=located.district,
    )


def sights(catalogue: Catalogue) -> Iterator[tuple[Place, list[str]]]:
    """Attractions, and points of sale that can be found on a map, each with its names."""
    for attraction in catalogue.attractions.values():
        yield _sight("attraction", attraction)
    for showroom in catalogue.showrooms.values():
        if showroom.latitude is not None:
            yield _sight("showroom", showroom)


def _sight(kind: Kind, thing: Attraction | Showroom) -> tuple[Place, list[str]]:
    place = Place(
        kind=kind,
        name=thing.name_vi,
        commune_codes=(thing.commune_code,) if thing.commune_code else (),
        latitude=thing.latitude,
        longitude=thing.longitude,
        precision=thing.precision,
        key=thing.key,
    )
    return place, [name for name in (thing.name_vi, thing.name_en) if name]
