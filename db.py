"""The memory: every table, the engine and the session.

Registry tables mirror the exchange format of ``data/FORMAT.md`` column for column, so that an export gives back
what an import took. An empty string never stands for "not recorded": that is NULL. Dates of certificates may be
partial (``2022`` or ``2022-12``) and are therefore kept as text; days on which we ourselves did something are
aware timestamps in UTC.

One code path serves SQLite (embedded default: WAL, foreign keys, busy timeout) and PostgreSQL.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from typing import Any, Literal

from sqlalchemy import (
    JSON,
    CheckConstraint,
    DateTime,
    Dialect,
    Engine,
    Index,
    MetaData,
    String,
    TypeDecorator,
    UniqueConstraint,
    event,
    make_url,
    text,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine
from sqlmodel import Field, SQLModel

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}
SQLModel.metadata.naming_convention = NAMING
metadata: MetaData = SQLModel.metadata

BUSY_TIMEOUT_MS = 5_000
"""How long a SQLite connection waits for another writer."""


class Instant(TypeDecorator[datetime]):
    """An aware moment: stored in UTC on both engines, always read back aware.

    SQLite has no zone of its own; a naive value is refused rather than guessed.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Turn an aware moment into UTC; raise ValueError for a naive one."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a naive datetime cannot be stored")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give an aware UTC moment back."""
        if value is None or value.tzinfo is not None:
            return value
        return value.replace(tzinfo=UTC)


def _one_of(column: str, *values: str) -> CheckConstraint:
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f'"{column}" IN ({listed})', name=column)


def _partial_date(column: str) -> CheckConstraint:
    return CheckConstraint(f"{column} IS NULL OR length({column}) IN (4, 7, 10)", name=f"{column}_partial")


# --------------------------------------------------------------------------------------------- the registry


class Registry(SQLModel, table=True):
    """What ``registry.toml`` says, and the version that every change of the registry raises by one.

    A replica reloads its catalogue when ``version`` differs from the one it holds.
    """

    __table_args__ = (CheckConstraint("id = 1", name="single"),)

    id: int = Field(default=1, primary_key=True)
    name: str
    province_code: str
    official: bool = False
    as_of: date | None = None
    notice_vi: str | None = None
    notice_en: str | None = None
    version: int = 0


class Commune(SQLModel, table=True):
    """A commune or ward in force since 2025-07-01; ``code`` is five digits of text with its leading zero."""

    __table_args__ = (
        CheckConstraint("length(code) = 5", name="code_length"),
        CheckConstraint("min_lat IS NULL OR (min_lat <= max_lat AND min_lon <= max_lon)", name="box"),
    )

    position: int = Field(default=0, description="row order of the file it came from")
    code: str = Field(primary_key=True)
    name_vi: str
    short_name_vi: str | None = None
    name_en: str | None = None
    type: str | None = None
    primary_old_district: str | None = None
    old_districts: str | None = None
    old_units: str | None = None
    n_old_units: int | None = None
    area_km2: str | None = None
    centroid_lat: float | None = None
    centroid_lon: float | None = None
    min_lat: float | None = None
    min_lon: float | None = None
    max_lat: float | None = None
    max_lon: float | None = None
    effective_date: str | None = None
    legal_basis: str | None = None
    source_url: str | None = None
    source_date: str | None = None


class CommuneMerge(SQLModel, table=True):
    """One old unit and the unit it became; ``final_code`` is today's commune."""

    __tablename__ = "commune_merge"
    __table_args__ = (Index(None, "old_short_name", "old_district"),)

    id: int | None = Field(default=None, primary_key=True)
    step: str | None = None
    old_unit: str
    old_short_name: str
    old_type: str | None = None
    old_district: str | None = None
    old_code: str | None = None
    old_lat: float | None = None
    old_lon: float | None = None
    old_coord_check: str | None = None
    coverage: str | None = None
    new_unit: str | None = None
    new_code: str | None = None
    final_unit: str | None = None
    final_code: str = Field(foreign_key="commune.code")
    confidence: str | None = None
    note: str | None = None
    legal_basis: str | None = None
    source_url: str | None = None
    source_date: str | None = None


PRODUCER_KINDS = ("cooperative", "company", "group", "household", "farm", "association")


class Producer(SQLModel, table=True):
    """Who holds certificates. Phone and contact are public only when ``contact_public`` is true."""

    __table_args__ = (_one_of("kind", *PRODUCER_KINDS),)

    position: int = 0
    code: str = Field(primary_key=True)
    name: str
    kind: str | None = None
    commune_code: str | None = Field(default=None, foreign_key="commune.code", index=True)
    place: str | None = None
    phone: str | None = None
    contact_name: str | None = None
    contact_public: bool = False
    email: str | None = None
    website: str | None = None
    source_url: str | None = None
    source_date: str | None = None
    note: str | None = None


GROUPS = ("food", "beverages", "medicinal-herbs", "handicrafts", "ornamentals", "tourism-services")
"""The six groups of Annex I of Decision 26/2026/QĐ-TTg."""


class Product(SQLModel, table=True):
    """A product of the programme. What it is certified for stands in :class:`Certificate`."""

    __table_args__ = (
        _one_of("group", *GROUPS),
        CheckConstraint("price_vnd IS NULL OR price_vnd >= 0", name="price"),
        CheckConstraint("price_max_vnd IS NULL OR price_max_vnd >= price_vnd", name="price_range"),
        CheckConstraint("shelf_life_days IS NULL OR shelf_life_days > 0", name="shelf_life"),
    )

    position: int = 0
    code: str = Field(primary_key=True)
    name_vi: str
    name_en: str | None = None
    aliases: str | None = None
    group: str
    producer_code: str | None = Field(default=None, foreign_key="producer.code", index=True)
    commune_code: str | None = Field(default=None, foreign_key="commune.code", index=True)
    place: str | None = None
    standards: str | None = None
    awards: str | None = None
    price_vnd: int | None = None
    price_max_vnd: int | None = None
    price_unit: str | None = None
    priced_on: str | None = None
    season: str | None = None
    shelf_life_days: int | None = None
    allergens: str | None = None
    online_url: str | None = None
    image: str | None = None
    description_vi: str | None = None
    description_en: str | None = None
    source_url: str | None = None
    source_date: str | None = None
    note: str | None = None


BASES = ("decision", "certificate", "ceremony", "assessment", "report")
STATUSES = ("in_renewal", "revoked", "superseded", "stopped", "unconfirmed")


class Certificate(SQLModel, table=True):
    """One certificate of one product. At most one a product is ``in_force`` (the one products.csv tells of).

    ``issued_on`` and ``valid_until`` are partial dates; ``valid_until`` is the last valid day, NULL = computed.
    """

    __table_args__ = (
        CheckConstraint("stars IS NULL OR stars BETWEEN 3 AND 5", name="stars"),
        _one_of("issued_on_basis", *BASES),
        _one_of("status", *STATUSES),
        _partial_date("issued_on"),
        _partial_date("valid_until"),
        _partial_date("status_on"),
        Index(
            "uq_certificate_in_force",
            "product_code",
            unique=True,
            sqlite_where=text("in_force"),
            postgresql_where=text("in_force"),
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    product_code: str = Field(foreign_key="product.code", index=True)
    in_force: bool = True
    stars: int | None = None
    issued_on: str | None = None
    issued_on_basis: str | None = None
    valid_until: str | None = None
    decision: str | None = None
    status: str | None = None
    status_on: str | None = None
    status_note: str | None = None
    note: str | None = None
    source_url: str | None = None


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
        _one_of("kind", *SHOWROOM_KINDS),
        _one_of("coordinate_precision", *PRECISIONS),
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

    __table_args__ = (_one_of("coordinate_precision", *PRECISIONS),)

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
    """When something is in season; months 1 to 12, solar or lunar, an end before the start crosses the year."""

    __table_args__ = (
        _one_of("calendar", "solar", "lunar"),
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

    __table_args__ = (_one_of("calendar", "solar", "lunar"),)

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


# ------------------------------------------------------------------------------------- people and their chats


class Person(SQLModel, table=True):
    """One human. A person has no row until something about them must be remembered."""

    id: int | None = Field(default=None, primary_key=True)
    created_at: datetime = Field(sa_type=Instant)
    language: str | None = None


class Chat(SQLModel, table=True):
    """One address on one channel. ``language`` is chosen by the person; ``guessed`` is what we answered in last."""

    __table_args__ = (_one_of("state", "active", "gone", "left"),)

    channel: str = Field(primary_key=True)
    address: str = Field(primary_key=True)
    person_id: int | None = Field(default=None, foreign_key="person.id", index=True)
    language: str | None = None
    guessed: str | None = None
    state: str = "active"
    state_reason: str | None = None
    first_seen_at: datetime = Field(sa_type=Instant)
    last_seen_at: datetime = Field(sa_type=Instant)


class Step(SQLModel, table=True):
    """Where a conversation stands: the open question, the numbered choices, the product last shown.

    A row, never memory of a process, so that any replica and a restarted one can go on.
    """

    channel: str = Field(primary_key=True)
    address: str = Field(primary_key=True)
    state: dict[str, Any] = Field(sa_type=JSON)
    at: datetime = Field(sa_type=Instant)


INBOX_STATES = ("stored", "answered", "undecodable")


class Arrival(SQLModel, table=True):
    """An update as it came in, stored under the platform's id before we say 200; the id is answered once.

    ``worker`` is the process that took it: rows of a dead worker are taken over. ``answer`` is kept only where the
    caller may ask again for the same answer (the web chat). Rows older than 48 h are deleted.
    """

    __table_args__ = (_one_of("state", *INBOX_STATES), Index("ix_arrival_open", "state", "worker"))

    channel: str = Field(primary_key=True)
    update_id: str = Field(primary_key=True)
    address: str
    raw: str
    state: str = "stored"
    worker: int = Field(sa_type=postgresql.BIGINT().with_variant(sqlite.INTEGER(), "sqlite"))  # type: ignore[call-overload]
    received_at: datetime = Field(sa_type=Instant, index=True)
    answer: str | None = None


class Miss(SQLModel, table=True):
    """A text that was not understood: folded, without the person, kept 90 days, so that officials see it."""

    id: int | None = Field(default=None, primary_key=True)
    at: datetime = Field(sa_type=Instant, index=True)
    language: str
    text: str = Field(sa_type=String(200))


class Ticket(SQLModel, table=True):
    """A question or complaint waiting for a human."""

    __table_args__ = (_one_of("state", "open", "closed"),)

    id: int | None = Field(default=None, primary_key=True)
    channel: str
    address: str
    opened_at: datetime = Field(sa_type=Instant)
    closed_at: datetime | None = Field(default=None, sa_type=Instant)
    state: str = "open"
    kind: Literal["question", "complaint"] = Field(default="question", sa_type=String)
    text: str
    product_code: str | None = None


# ------------------------------------------------------------------------------------------------ the engine


def async_engine(url: str) -> AsyncEngine:
    """Open the engine for a database address.

    SQLite gets WAL, foreign keys, a busy timeout and ``synchronous=NORMAL`` (a killed process loses nothing; a
    power cut may lose the last moments), and its folder is made. PostgreSQL gets a checked pool.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        return create_async_engine(url, pool_pre_ping=True, pool_size=5, max_overflow=5)
    engine = create_async_engine(url)
    _prepare_sqlite(engine.sync_engine)
    return engine


def _prepare_sqlite(engine: Engine) -> None:
    @event.listens_for(engine, "connect")
    def configure(connection: Any, _record: Any) -> None:
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
        cursor.execute("PRAGMA journal_mode = WAL")
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.execute("PRAGMA synchronous = NORMAL")
        cursor.close()


@asynccontextmanager
async def session(engine: AsyncEngine) -> AsyncIterator[AsyncSession]:
    """One transaction: committed when the block ends well, rolled back when it does not."""
    async with AsyncSession(engine, expire_on_commit=False) as opened, opened.begin():
        yield opened
