"""From the database to the catalogue in memory: every table is read once, nothing private goes along.

A phone and a contact are published only where ``contact_public`` says so; notes for the office never.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

from sqlalchemy import Row, Table, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

import db
from handlers.services import catalogue as published_as
from handlers.services.catalogue import Catalogue, key_of

NO_CERTIFICATE = published_as.Certificate(None, None, None, None, None, None, None, None)
"""What is published of a product for which the registry records no certificate."""
AT_A_TIME = 1_000
"""products read at a time"""


async def registry_version(engine: AsyncEngine) -> int:
    """The version of the registry, 0 before the first load; cheap enough to be asked every second."""
    async with engine.connect() as connection:
        version: int | None = await connection.scalar(select(db.metadata.tables["registry"].c.version))
        return version or 0


async def published(engine: AsyncEngine) -> Catalogue:
    """Read the whole registry as one immutable value, in one transaction that sees one state."""
    async with engine.connect() as connection:
        if connection.dialect.name == "sqlite":
            await connection.exec_driver_sql("BEGIN")
        else:
            await connection.execution_options(isolation_level="REPEATABLE READ")
        return await _read(connection)


async def _read(connection: AsyncConnection) -> Catalogue:
    registry = await _rows(connection, "registry", "id")
    producers = _producers(await _rows(connection, "producer", "position", "code"))
    products = await _products(connection, producers)
    return Catalogue(
        version=registry[0].version if registry else 0,
        info=_info(registry[0] if registry else None),
        communes=_communes(await _rows(connection, "commune", "position", "code")),
        old_units=_old_units(await _rows(connection, "commune_merge", "id")),
        producers=producers,
        products=products,
        showrooms=_showrooms(await _rows(connection, "showroom", "position", "showroom_id")),
        attractions=_attractions(await _rows(connection, "attraction", "position", "attraction_id")),
        seasons=_seasons(await _rows(connection, "season", "id")),
        events=_events(await _rows(connection, "event", "position", "event_id")),
        stock=_stock(await _rows(connection, "stock", "product_code", "showroom_id")),
        mentions=tuple(row.name_vi for row in await _rows(connection, "mention", "id")),
        targets=tuple(
            published_as.Target(row.measure, row.target, row.by, row.source_url)
            for row in await _rows(connection, "target", "position", "measure")
        ),
    )


async def _rows(connection: AsyncConnection, name: str, *order: str) -> list[Row[Any]]:
    table: Table = db.metadata.tables[name]
    result = await connection.execute(select(table).order_by(*(table.c[column] for column in order)))
    return list(result.all())


async def _in_force(connection: AsyncConnection, once: Once) -> dict[str, published_as.Certificate]:
    table = db.metadata.tables["certificate"]
    facts = published_as.Certificate.__slots__
    asked = select(table.c.product_code, *(table.c[name] for name in facts)).where(table.c.in_force)
    return {
        code: published_as.Certificate(*map(once, values))
        for code, *values in await connection.execute(asked)
    }


class Once:
    """Keeps one copy of each text: addresses, places and decisions repeat in thousands of rows."""

    def __init__(self) -> None:
        self._kept: dict[Any, Any] = {}

    def __call__(self, value: Any) -> Any:
        """The value, or an equal one that was met before."""
        return self._kept.setdefault(value, value) if isinstance(value, str | tuple) else value


def split(cell: str | None) -> tuple[str, ...]:
    """The values of a cell that joins several with ``;``."""
    if not cell:
        return ()
    return tuple(part.strip() for part in cell.split(";") if part.strip())


def _info(row: Row[Any] | None) -> published_as.RegistryInfo:
    if row is None:
        return published_as.RegistryInfo("", "", False, None, None, None)
    return published_as.RegistryInfo(
        row.name, row.province_code, row.official, row.as_of, row.notice_vi, row.notice_en
    )


def _communes(rows: Iterable[Row[Any]]) -> Mapping[str, published_as.Commune]:
    return MappingProxyType(
        {
            row.code: published_as.Commune(
                code=row.code,
                name_vi=row.name_vi,
                short_name_vi=row.short_name_vi or row.name_vi,
                name_en=row.name_en or row.name_vi,
                type=row.type or "",
                old_districts=split(row.old_districts),
                latitude=row.centroid_lat,
                longitude=row.centroid_lon,
                box=_box(row),
            )
            for row in rows
        }
    )


def _box(row: Row[Any]) -> tuple[float, float, float, float] | None:
    box = (row.min_lat, row.min_lon, row.max_lat, row.max_lon)
    return None if None in box else box


def _old_units(rows: Iterable[Row[Any]]) -> tuple[published_as.OldUnit, ...]:
    return tuple(
        published_as.OldUnit(
            name=row.old_unit,
            short_name=row.old_short_name,
            type=row.old_type or "",
            district=row.old_district or "",
            commune_code=row.final_code,
            coverage=row.coverage or "",
            latitude=row.old_lat,
            longitude=row.old_lon,
        )
        for row in rows
    )


def _producers(rows: Iterable[Row[Any]]) -> Mapping[str, published_as.Producer]:
    return MappingProxyType(
        {
            row.code: published_as.Producer(
                code=row.code,
                key=key_of(row.code),
                name=row.name,
                kind=row.kind,
                commune_code=row.commune_code,
                place=row.place,
                phone=row.phone if row.contact_public else None,
                contact_name=row.contact_name if row.contact_public else None,
                website=row.website,
                source_url=row.source_url,
                source_date=row.source_date,
            )
            for row in rows
        }
    )


async def _products(
    connection: AsyncConnection, producers: Mapping[str, published_as.Producer]
) -> Mapping[str, published_as.Product]:
    """Read a thousand rows at a time: the whole country's at once would be the peak of the program's memory."""
    once, table = Once(), db.metadata.tables["product"]
    certificates = await _in_force(connection, once)
    found = {}
    rows = await connection.stream(select(table).order_by(table.c.position, table.c.code))
    async for some in rows.partitions(AT_A_TIME):
        for row in some:
            certificate = certificates.get(row.code, NO_CERTIFICATE)
            found[row.code] = _product(row, producers.get(row.producer_code), certificate, once)
    return MappingProxyType(found)


def _product(
    row: Row[Any], producer: published_as.Producer | None, certificate: published_as.Certificate, once: Once
) -> published_as.Product:
    return published_as.Product(
        code=row.code,
        key=key_of(row.code),
        name_vi=row.name_vi,
        name_en=row.name_en,
        aliases=once(split(row.aliases)),
        group=once(row.group),
        producer=producer,
        commune_code=once(row.commune_code),
        place=once(row.place),
        certificate=certificate,
        standards=once(split(row.standards)),
        awards=once(split(row.awards)),
        price_vnd=row.price_vnd,
        price_max_vnd=row.price_max_vnd,
        price_unit=once(row.price_unit),
        priced_on=once(row.priced_on),
        season=once(row.season),
        shelf_life_days=row.shelf_life_days,
        allergens=once(row.allergens),
        online_url=once(row.online_url),
        image=once(row.image),
        description_vi=once(row.description_vi),
        description_en=once(row.description_en),
        source_url=once(row.source_url),
        source_date=once(row.source_date),
    )


def _showrooms(rows: Iterable[Row[Any]]) -> Mapping[str, published_as.Showroom]:
    return MappingProxyType(
        {
            row.showroom_id: published_as.Showroom(
                id=row.showroom_id,
                key=key_of(row.showroom_id),
                name_vi=row.name_vi,
                name_en=row.name_en,
                kind=row.kind,
                operator=row.operator,
                address_old=row.address_old,
                address=row.address_new,
                commune_code=row.commune_code,
                phone=row.phone,
                opening_hours=row.opening_hours,
                opening_hours_text=row.opening_hours_text,
                market_days=row.market_days,
                status=row.status,
                products_text=row.products,
                latitude=row.latitude,
                longitude=row.longitude,
                precision=row.coordinate_precision,
                source_url=row.source_url,
                source_date=row.source_date,
                closed_until=row.closed_until,
                closed_note=row.closed_note,
            )
            for row in rows
        }
    )


def _attractions(rows: Iterable[Row[Any]]) -> Mapping[str, published_as.Attraction]:
    return MappingProxyType(
        {
            row.attraction_id: published_as.Attraction(
                id=row.attraction_id,
                key=key_of(row.attraction_id),
                name_vi=row.name_vi,
                name_en=row.name_en,
                kind=row.kind,
                commune_code=row.commune_code,
                latitude=row.latitude,
                longitude=row.longitude,
                precision=row.coordinate_precision,
                nearby_specialities=split(row.nearby_specialities),
                best_months=row.best_months,
                opening_hours=row.opening_hours,
                source_url=row.source_url,
                source_date=row.source_date,
            )
            for row in rows
        }
    )


def _seasons(rows: Iterable[Row[Any]]) -> tuple[published_as.Season, ...]:
    return tuple(
        published_as.Season(
            item_vi=row.item_vi,
            item_en=row.item_en,
            category=row.category,
            area_vi=row.area_vi,
            commune_codes=split(row.commune_codes),
            calendar=row.calendar or "solar",
            start_month=row.start_month,
            end_month=row.end_month,
            peak_vi=row.peak_vi,
            source_url=row.source_url,
            source_date=row.source_date,
        )
        for row in rows
    )


def _events(rows: Iterable[Row[Any]]) -> tuple[published_as.Event, ...]:
    return tuple(
        published_as.Event(
            id=row.event_id,
            name_vi=row.name_vi,
            name_en=row.name_en,
            place_vi=row.place_vi,
            commune_code=row.commune_code,
            calendar=row.calendar or "solar",
            start=(row.usual_start_month, row.usual_start_day),
            end=(row.usual_end_month, row.usual_end_day),
            recurrence=row.recurrence,
            source_url=row.source_url,
        )
        for row in rows
    )


def _stock(rows: Iterable[Row[Any]]) -> Mapping[str, tuple[tuple[str, Any], ...]]:
    found: dict[str, list[tuple[str, Any]]] = {}
    for row in rows:
        found.setdefault(row.product_code, []).append((row.showroom_id, row.confirmed_on))
    return MappingProxyType({code: tuple(places) for code, places in found.items()})
