"""The sample registry as a catalogue, read straight from its files without database or importer."""

from __future__ import annotations

import csv
import tomllib
from collections.abc import Iterator
from datetime import date
from functools import lru_cache
from pathlib import Path

from handlers.services.catalogue import (
    Attraction,
    Catalogue,
    Certificate,
    Commune,
    Event,
    OldUnit,
    Product,
    RegistryInfo,
    Season,
    Showroom,
    key_of,
)

FOLDER = Path(__file__).resolve().parents[1] / "data/lang-son"
Row = dict[str, str | None]


def rows(name: str) -> Iterator[Row]:
    with (FOLDER / name).open(encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            yield {column: cell.strip() or None for column, cell in row.items()}


def must(cell: str | None) -> str:
    assert cell is not None
    return cell


def number(cell: str | None) -> float | None:
    return float(cell) if cell else None


def whole(cell: str | None) -> int | None:
    return int(cell) if cell else None


def several(cell: str | None) -> tuple[str, ...]:
    return tuple(part.strip() for part in cell.split(";")) if cell else ()


def communes() -> Iterator[Commune]:
    for row in rows("communes.csv"):
        yield Commune(
            code=must(row["code"]),
            name_vi=must(row["name_vi"]),
            short_name_vi=must(row["short_name_vi"]),
            name_en=must(row["name_en"]),
            type=must(row["type"]),
            old_districts=several(row["old_districts"]),
            latitude=number(row["centroid_lat"]),
            longitude=number(row["centroid_lon"]),
            box=None,
        )


def old_units() -> Iterator[OldUnit]:
    for row in rows("commune_merges.csv"):
        yield OldUnit(
            name=must(row["old_unit"]),
            short_name=must(row["old_short_name"]),
            type=must(row["old_type"]),
            district=must(row["old_district"]),
            commune_code=must(row["final_code"]),
            coverage=must(row["coverage"]),
            latitude=number(row["old_lat"]),
            longitude=number(row["old_lon"]),
        )


def showrooms() -> Iterator[Showroom]:
    for row in rows("showrooms.csv"):
        yield Showroom(
            id=must(row["showroom_id"]),
            key=key_of(must(row["showroom_id"])),
            name_vi=must(row["name_vi"]),
            name_en=row["name_en"],
            kind=row["kind"],
            operator=row["operator"],
            address_old=row["address_old"],
            address=row["address_new"],
            commune_code=row["commune_code"],
            phone=row["phone"],
            opening_hours=row["opening_hours"],
            opening_hours_text=row["opening_hours_text"],
            market_days=row["market_days"],
            status=row["status"],
            products_text=row["products"],
            latitude=number(row["latitude"]),
            longitude=number(row["longitude"]),
            precision=row["coordinate_precision"],
            source_url=row["source_url"],
            source_date=row["source_date"],
            closed_until=None,
            closed_note=None,
        )


def attractions() -> Iterator[Attraction]:
    for row in rows("attractions.csv"):
        yield Attraction(
            id=must(row["attraction_id"]),
            key=key_of(must(row["attraction_id"])),
            name_vi=must(row["name_vi"]),
            name_en=row["name_en"],
            kind=row["kind"],
            commune_code=row["commune_code"],
            latitude=number(row["latitude"]),
            longitude=number(row["longitude"]),
            precision=row["coordinate_precision"],
            nearby_specialities=several(row["nearby_specialities"]),
            best_months=row["best_months"],
            opening_hours=row["opening_hours"],
            source_url=row["source_url"],
            source_date=row["source_date"],
        )


def seasons() -> Iterator[Season]:
    for row in rows("seasons.csv"):
        yield Season(
            item_vi=must(row["item_vi"]),
            item_en=row["item_en"],
            category=row["category"],
            area_vi=row["area_vi"],
            commune_codes=several(row["commune_codes"]),
            calendar=must(row["calendar"]),
            start_month=whole(row["start_month"]),
            end_month=whole(row["end_month"]),
            peak_vi=row["peak_vi"],
            source_url=row["source_url"],
            source_date=row["source_date"],
        )


def events() -> Iterator[Event]:
    for row in rows("events.csv"):
        yield Event(
            id=must(row["event_id"]),
            name_vi=must(row["name_vi"]),
            name_en=row["name_en"],
            place_vi=row["place_vi"],
            commune_code=row["commune_code"],
            calendar=must(row["calendar"]),
            start=(whole(row["usual_start_month"]), whole(row["usual_start_day"])),
            end=(whole(row["usual_end_month"]), whole(row["usual_end_day"])),
            recurrence=row["recurrence"],
            source_url=row["source_url"],
        )


def certificate(row: Row) -> Certificate:
    return Certificate(
        stars=whole(row["stars"]),
        issued_on=row["issued_on"],
        issued_on_basis=row["issued_on_basis"],
        valid_until=row["valid_until"],
        decision=row["decision"],
        status=row["status"],
        status_on=row["status_on"],
        status_note=row["status_note"],
    )


def products() -> Iterator[Product]:
    for row in rows("products.csv"):
        yield Product(
            code=must(row["code"]),
            key=key_of(must(row["code"])),
            name_vi=must(row["name_vi"]),
            name_en=row["name_en"],
            aliases=several(row["aliases"]),
            group=must(row["group"]),
            producer=None,
            commune_code=row["commune_code"],
            place=row["place"],
            certificate=certificate(row),
            standards=several(row["standards"]),
            awards=several(row["awards"]),
            price_vnd=None,
            price_max_vnd=None,
            price_unit=None,
            priced_on=None,
            season=row["season"],
            shelf_life_days=None,
            allergens=None,
            online_url=None,
            image=None,
            description_vi=None,
            description_en=None,
            source_url=row["source_url"],
            source_date=row["source_date"],
        )


@lru_cache(maxsize=1)
def catalogue() -> Catalogue:
    with (FOLDER / "registry.toml").open("rb") as file:
        info = tomllib.load(file)
    return Catalogue(
        version=1,
        info=RegistryInfo(
            info["name"],
            info["province_code"],
            info["official"],
            date(2026, 11, 23),
            info["notice_vi"],
            info["notice_en"],
        ),
        communes={commune.code: commune for commune in communes()},
        old_units=tuple(old_units()),
        producers={},
        products={product.code: product for product in products()},
        showrooms={showroom.id: showroom for showroom in showrooms()},
        attractions={attraction.id: attraction for attraction in attractions()},
        seasons=tuple(seasons()),
        events=tuple(events()),
        stock={},
        mentions=(),
    )
