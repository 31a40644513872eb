"""Where and when specialities are met, and the aims of the programme, as the exchange format has them."""

from __future__ import annotations

from datetime import date

from sqlalchemy import CheckConstraint
from sqlmodel import Field, SQLModel

from db.base import one_of

SHOWROOM_KINDS = (
    "ocop_store",
    "ocop_centre",
    "rest_stop",
    "market",
    "night_market",
    "border_market",
    "seasonal_market",
    "mall",
    "tourist_area",
    "online",
    "fair_ground",
)
PRECISIONS = ("exact", "street", "commune", "district")


class Showroom(SQLModel, table=True):
    """A point of sale; ``opening_hours`` is in OpenStreetMap syntax, WGS 84 degrees."""

    __table_args__ = (
        one_of("kind", *SHOWROOM_KINDS),
        one_of("coordinate_precision", *PRECISIONS),
        CheckConstraint("latitude IS NULL OR latitude BETWEEN -90 AND 90", name="latitude"),
        CheckConstraint("longitude IS NULL OR longitude BETWEEN -180 AND 180", name="longitude"),
    )

    position: int = 0
    showroom_id: str = Field(primary_key=True)
    name_vi: str
    name_en: str | None = None
    kind: str | None = None
    operator: str | None = None
    address_old: str | None = None
    address_new: str | None = None
    commune_code: str | None = Field(default=None, foreign_key="commune.code", index=True)
    commune_name: str | None = None
    phone: str | None = None
    opening_hours: str | None = None
    opening_hours_text: str | None = None
    market_days: str | None = None
    opened_date: str | None = None
    status: str | None = None
    products: str | None = None
    latitude: float | None = None
    longitude: float | None = None
    coordinate_precision: str | None = None
    coordinate_source: str | None = None
    confidence: str | None = None
    note: str | None = None
    source_url: str | None = None
    source_date: str | None = None
    closed_until: date | None = None
    closed_note: str | None = None


class Stock(SQLModel, table=True):
    """Which showroom sells what, and the day it last said so."""

    product_code: str = Field(foreign_key="product.code", primary_key=True)
    showroom_id: str = Field(foreign_key="showroom.showroom_id", primary_key=True, index=True)
    confirmed_on: date | None = None


class Attraction(SQLModel, table=True):
    """A place travellers go to."""

    __table_args__ = (
        one_of("coordinate_precision", *PRECISIONS),
        CheckConstraint("latitude IS NULL OR latitude BETWEEN -90 AND 90", name="latitude"),
        CheckConstraint("longitude IS NULL OR longitude BETWEEN -180 AND 180", name="longitude"),
    )

    position: int = 0
    attraction_id: str = Field(primary_key=True)
    name_vi: str
    name_en: str | None = None
    kind: str | None = None
    address_old: str | None = None
    commune_code: str | None = Field(default=None, foreign_key="commune.code", index=True)
    commune_name: str | None = None
    latitude: float | None = None
    longitude: float | None = None
    coordinate_precision: str | None = None
    coordinate_source: str | None = None
    nearby_specialities: str | None = None
    best_months: str | None = None
    opening_hours: str | None = None
    note: str | None = None
    confidence: str | None = None
    source_url: str | None = None
    source_date: str | None = None


class Season(SQLModel, table=True):
    """When something is in season: months 1 to 12, solar or lunar; it may cross the new year."""

    __table_args__ = (
        one_of("calendar", "solar", "lunar"),
        CheckConstraint("start_month IS NULL OR start_month BETWEEN 1 AND 12", name="start_month"),
        CheckConstraint("end_month IS NULL OR end_month BETWEEN 1 AND 12", name="end_month"),
    )

    id: int | None = Field(default=None, primary_key=True)
    item_vi: str
    item_en: str | None = None
    category: str | None = None
    area_vi: str | None = None
    commune_codes: str | None = None
    calendar: str | None = None
    start_month: int | None = None
    end_month: int | None = None
    peak_vi: str | None = None
    detail_vi: str | None = None
    confidence: str | None = None
    source_url: str | None = None
    source_date: str | None = None


class Event(SQLModel, table=True):
    """A fair or festival with its usual time; dates of coming years are not known."""

    __table_args__ = (
        one_of("calendar", "solar", "lunar"),
        *(
            CheckConstraint(f"{column} IS NULL OR {column} BETWEEN 1 AND {most}", name=column)
            for column, most in (
                ("usual_start_month", 12),
                ("usual_start_day", 31),
                ("usual_end_month", 12),
                ("usual_end_day", 31),
            )
        ),
    )

    position: int = 0
    event_id: str = Field(primary_key=True)
    name_vi: str
    name_en: str | None = None
    place_vi: str | None = None
    commune_code: str | None = Field(default=None, foreign_key="commune.code")
    calendar: str | None = None
    usual_start_month: int | None = None
    usual_start_day: int | None = None
    usual_end_month: int | None = None
    usual_end_day: int | None = None
    recurrence: str | None = None
    past_dates: str | None = None
    ocop_link_vi: str | None = None
    confidence: str | None = None
    source_url: str | None = None
    source_date: str | None = None


class Target(SQLModel, table=True):
    """An aim of the programme."""

    position: int = 0
    measure: str = Field(primary_key=True)
    target: int
    by: date | None = None
    rule: str | None = None
    source_url: str | None = None
    note: str | None = None


class Statistic(SQLModel, table=True):
    """A figure that somebody published on a day (the day may be partial)."""

    id: int | None = Field(default=None, primary_key=True)
    date: str
    measure: str
    value: str
    unit: str | None = None
    source_url: str | None = None
    note: str | None = None


class Mention(SQLModel, table=True):
    """Goods seen beside OCOP products without stars: never shown as certified."""

    id: int | None = Field(default=None, primary_key=True)
    name_vi: str
    maker: str | None = None
    place: str | None = None
    why_not_in_products: str | None = None
    source_url: str | None = None
    note: str | None = None
