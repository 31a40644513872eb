"""Which points of sale are nearest to a position, how far off that may be, and the link that leads there."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from haversine import haversine  # type: ignore[import-untyped]

from handlers.services.catalogue import Showroom

FAR_KM = 30.0
"""further than this is said to be far away: about the way from the city to the next former district town"""

ERROR_KM = {"exact": 0.1, "street": 2.0, "commune": 5.0, "district": 15.0}
"""Upper expected error of a point by its ``coordinate_precision`` (registry's PLACES.md; district: ours)."""

COUNTRY = (8.0, 102.0, 23.5, 118.0)
"""Viet Nam with its islands: south, west, north, east, in degrees, generously"""

_NOWHERE = 0.01
"""degrees around 0,0 that a device without a position reports"""


@dataclass(frozen=True, slots=True)
class Nearby:
    """A showroom and how far it is, as the crow flies."""

    showroom: Showroom
    km: float
    approximate: bool
    """the showroom's own point is not recorded, only one near it: do not tell metres"""
    error_km: float
    """the recorded point may be this far off"""


def nearest(showrooms: Iterable[Showroom], latitude: float, longitude: float) -> list[Nearby]:
    """All showrooms with a known point, nearest first; at equal distance the better known point first.

    Those without a point are left out (see :func:`unplaced`). Raises ValueError for a position out of range.
    """
    here = (latitude, longitude)
    if not in_range(*here):
        raise ValueError("latitude must lie in −90…90, longitude in −180…180")
    found = [
        _nearby(showroom, haversine(here, (showroom.latitude, showroom.longitude)))
        for showroom in showrooms
        if showroom.latitude is not None and showroom.longitude is not None
    ]
    return sorted(found, key=lambda nearby: (nearby.km, nearby.error_km, nearby.showroom.id))


def _nearby(showroom: Showroom, km: float) -> Nearby:
    return Nearby(
        showroom,
        km,
        approximate=showroom.precision != "exact",
        error_km=ERROR_KM.get(showroom.precision or "", ERROR_KM["commune"]),
    )


def unplaced(showrooms: Iterable[Showroom]) -> list[Showroom]:
    """Showrooms without a point on the map: online, or not recorded."""
    return [showroom for showroom in showrooms if showroom.latitude is None or showroom.longitude is None]


def in_range(latitude: float, longitude: float) -> bool:
    """Whether these are degrees at all; NaN and infinity are not."""
    return (
        math.isfinite(latitude) and math.isfinite(longitude) and abs(latitude) <= 90 and abs(longitude) <= 180
    )


def plausible(latitude: float, longitude: float) -> bool:
    """Whether somebody may be there: in range, and not the 0,0 of a device that does not know."""
    nowhere = abs(latitude) < _NOWHERE and abs(longitude) < _NOWHERE
    return in_range(latitude, longitude) and not nowhere


def in_country(latitude: float, longitude: float) -> bool:
    """Whether the position may lie in Viet Nam (a box, so parts of the neighbours count too)."""
    south, west, north, east = COUNTRY
    return south <= latitude <= north and west <= longitude <= east


def directions_url(latitude: float, longitude: float) -> str:
    """Directions to a point, in the phone's map (developers.google.com/maps/documentation/urls)."""
    return f"https://www.google.com/maps/dir/?api=1&destination={latitude:.5f},{longitude:.5f}"


def map_url(latitude: float, longitude: float) -> str:
    """A point shown on a map (developers.google.com/maps/documentation/urls)."""
    return f"https://www.google.com/maps/search/?api=1&query={latitude:.5f},{longitude:.5f}"
