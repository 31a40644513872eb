"""A map without a map server: the province sketched from its communes' centres and bounding boxes.

Each commune is the part of its bounding box that lies nearer to its own centre than to any other's. That is a
sketch to find one's way by, not a boundary, and the page says so.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from handlers.services.catalogue import Catalogue, Commune, Showroom

Point = tuple[float, float]

WIDTH = 1000.0
MARGIN = 30.0
PIN = 24.0
"""Radius of a pin; all lengths are units of the drawing."""
TOGETHER = 52.0
"""Pins nearer than this are spread around their middle."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A commune as drawn: the points of its outline, and where its name goes."""

    code: str
    name: str
    outline: str
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Pin:
    """A showroom as drawn at ``x, y``; ``at`` is its true point when it had to step aside."""

    number: int
    showroom: Showroom
    x: float
    y: float
    at: Point | None


@dataclass(frozen=True, slots=True)
class Sketch:
    """The province as drawn."""

    width: float
    height: float
    cells: tuple[Cell, ...]
    projection: Projection


@dataclass(frozen=True, slots=True)
class Projection:
    """Degrees to units of the drawing: equirectangular, true at the middle latitude."""

    west: float
    north: float
    per_longitude: float
    per_latitude: float

    def __call__(self, latitude: float, longitude: float) -> Point:
        """Where a position is drawn."""
        x = MARGIN + (longitude - self.west) * self.per_longitude
        return x, MARGIN + (self.north - latitude) * self.per_latitude


@lru_cache(maxsize=2)
def _sketched(communes: tuple[Commune, ...]) -> Sketch | None:
    boxed = [c for c in communes if c.box and c.latitude is not None and c.longitude is not None]
    boxes = [commune.box for commune in boxed if commune.box]
    if not boxes:
        return None
    south, west = min(box[0] for box in boxes), min(box[1] for box in boxes)
    north, east = max(box[2] for box in boxes), max(box[3] for box in boxes)
    per_longitude = (WIDTH - 2 * MARGIN) / ((east - west) or 1)
    per_latitude = per_longitude / math.cos(math.radians((south + north) / 2))
    projection = Projection(west, north, per_longitude, per_latitude)
    centres = [projection(c.latitude or 0, c.longitude or 0) for c in boxed]
    cells = tuple(_cell(commune, centres, projection) for commune in boxed)
    return Sketch(WIDTH, 2 * MARGIN + (north - south) * per_latitude, cells, projection)


def sketch(catalogue: Catalogue) -> Sketch | None:
    """The province, drawn once for a set of communes; None when no commune has coordinates."""
    return _sketched(tuple(catalogue.communes.values()))


def _cell(commune: Commune, centres: list[Point], projection: Projection) -> Cell:
    south, west, north, east = commune.box or (0, 0, 0, 0)
    corners = [(north, west), (north, east), (south, east), (south, west)]
    outline = [projection(*corner) for corner in corners]
    own = projection(commune.latitude or 0, commune.longitude or 0)
    for other in centres:
        if other != own:
            outline = _nearer(outline, own, other)
    points = " ".join(f"{x:.0f},{y:.0f}" for x, y in outline)
    x, y = (sum(values) / len(outline) for values in zip(*outline, strict=True)) if outline else own
    return Cell(commune.code, commune.short_name_vi, points, round(x), round(y))


def _nearer(outline: list[Point], own: Point, other: Point) -> list[Point]:
    """The part of a convex outline that is nearer to ``own`` than to ``other``."""
    dx, dy = other[0] - own[0], other[1] - own[1]
    limit = (other[0] ** 2 + other[1] ** 2 - own[0] ** 2 - own[1] ** 2) / 2
    beyond = [dx * x + dy * y - limit for x, y in outline]
    kept: list[Point] = []
    for index, (x, y) in enumerate(outline):
        before = index - 1
        if (beyond[before] > 0) != (beyond[index] > 0):
            share = beyond[before] / (beyond[before] - beyond[index])
            px, py = outline[before]
            kept.append((px + share * (x - px), py + share * (y - py)))
        if beyond[index] <= 0:
            kept.append((x, y))
    return kept


def pins(drawn: Sketch, showrooms: Iterable[tuple[int, Showroom]]) -> list[Pin]:
    """A numbered pin for each showroom with a position; those that would cover each other stand in a ring."""
    placed = [
        (number, showroom, drawn.projection(showroom.latitude, showroom.longitude))
        for number, showroom in showrooms
        if showroom.latitude is not None and showroom.longitude is not None
    ]
    clusters: list[list[tuple[int, Showroom, Point]]] = []
    for pin in placed:
        near = next((c for c in clusters if any(math.dist(pin[2], o[2]) < TOGETHER for o in c)), None)
        if near is None:
            clusters.append([pin])
        else:
            near.append(pin)
    return [pin for cluster in clusters for pin in _spread(cluster)]


def _spread(cluster: list[tuple[int, Showroom, Point]]) -> list[Pin]:
    if len(cluster) == 1:
        ((number, showroom, (x, y)),) = cluster
        return [Pin(number, showroom, round(x), round(y), None)]
    x = sum(point[0] for _, _, point in cluster) / len(cluster)
    y = sum(point[1] for _, _, point in cluster) / len(cluster)
    radius = 1.15 * PIN / math.sin(math.pi / len(cluster))
    ring = []
    for index, (number, showroom, at) in enumerate(cluster):
        angle = 2 * math.pi * index / len(cluster) - math.pi / 2
        px, py = round(x + radius * math.cos(angle)), round(y + radius * math.sin(angle))
        ring.append(Pin(number, showroom, px, py, (round(at[0]), round(at[1]))))
    return ring
