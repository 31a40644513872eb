"""The registry: communes, producers, products and their certificates, as the exchange format has them."""

from __future__ import annotations

from datetime import date

from sqlalchemy import CheckConstraint, Index, text
from sqlmodel import Field, SQLModel

from db.base import one_of, partial_date


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

    __table_args__ = (one_of("kind", *PRODUCER_KINDS),)

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
        one_of("group", *GROUPS),
        CheckConstraint("price_vnd IS NULL OR price_vnd >= 0", name="price"),
        CheckConstraint(
            "price_max_vnd IS NULL OR (price_vnd IS NOT NULL AND price_max_vnd >= price_vnd)",
            name="price_range",
        ),
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

    ``issued_on`` and ``valid_until`` are partial dates; ``valid_until`` is the last valid day (NULL:
    computed).
    """

    __table_args__ = (
        CheckConstraint("stars IS NULL OR stars BETWEEN 3 AND 5", name="stars"),
        one_of("issued_on_basis", *BASES),
        one_of("status", *STATUSES),
        partial_date("issued_on"),
        partial_date("valid_until"),
        partial_date("status_on"),
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
