"""Distances to points of sale: order, honesty about the points, positions that cannot be."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.services.nearest import (
    directions_url,
    in_country,
    in_range,
    map_url,
    nearest,
    plausible,
    unplaced,
)
from tests.sample_catalogue import catalogue

SHOWROOMS = list(catalogue().showrooms.values())
KY_LUA = (21.86565, 106.75776)


def test_nearest_first_and_none_lost() -> None:
    found = nearest(SHOWROOMS, *KY_LUA)
    assert found[0].showroom.name_vi == "Chợ Kỳ Lừa"
    assert found[0].km < 0.01
    assert [nearby.km for nearby in found] == sorted(nearby.km for nearby in found)
    assert {n.showroom.id for n in found} | {s.id for s in unplaced(SHOWROOMS)} == {s.id for s in SHOWROOMS}
    assert len(unplaced(SHOWROOMS)) == 3


def test_a_known_distance() -> None:
    by_name = {nearby.showroom.name_vi: nearby for nearby in nearest(SHOWROOMS, *KY_LUA)}
    assert by_name["Chợ Đồng Đăng"].km == pytest.approx(11.3, abs=0.2)


def test_points_of_a_commune_are_approximate() -> None:
    by_name = {nearby.showroom.name_vi: nearby for nearby in nearest(SHOWROOMS, *KY_LUA)}
    assert by_name["Chợ Kỳ Lừa"].approximate
    assert by_name["Chợ Kỳ Lừa"].error_km == 5.0
    assert by_name["Chợ cửa khẩu Tân Thanh"].error_km == 2.0


@pytest.mark.parametrize(
    ("position", "ranged", "likely"),
    [
        ((21.846, 106.757), True, True),
        ((0.0, 0.0), True, False),
        ((200.0, 300.0), False, False),
        ((90.1, 0.0), False, False),
        ((math.nan, 106.0), False, False),
        ((21.0, math.inf), False, False),
        ((-33.9, 151.2), True, True),
    ],
)
def test_positions(position: tuple[float, float], ranged: bool, likely: bool) -> None:
    assert in_range(*position) is ranged
    assert plausible(*position) is likely
    if not ranged:
        with pytest.raises(ValueError):
            nearest(SHOWROOMS, *position)


def test_in_the_country() -> None:
    assert in_country(*KY_LUA)
    assert in_country(8.6, 104.7)
    assert not in_country(48.85, 2.35)


@given(st.floats(-90, 90), st.floats(-180, 180))
def test_every_position_on_earth_has_ordered_answers(latitude: float, longitude: float) -> None:
    found = nearest(SHOWROOMS, latitude, longitude)
    assert all(0 <= a.km <= b.km <= 20_100 for a, b in pairwise(found))


def test_links() -> None:
    assert directions_url(*KY_LUA) == "https://www.google.com/maps/dir/?api=1&destination=21.86565,106.75776"
    assert map_url(1e-7, -106.0) == "https://www.google.com/maps/search/?api=1&query=0.00000,-106.00000"
