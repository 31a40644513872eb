"""The exchange format as data: which kinds of rows there are, their columns in the order an export writes
them.

``data/FORMAT.md`` and ``data/lang-son/PLACES.md`` describe them for people.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import db
from handlers.services.importing import cells
from handlers.services.importing.cells import Reader


@dataclass(frozen=True, slots=True)
class Kind:
    """One file or sheet of the exchange format.

    ``key`` names a row; a kind without one is a list that its file replaces as a whole.
    ``references`` maps a column to the kind whose key it must name.
    """

    name: str
    table: str
    columns: tuple[str, ...]
    required: tuple[str, ...]
    key: tuple[str, ...] = ()
    references: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    def reader(self, column: str) -> Reader:
        """How a cell of this column is read."""
        return READERS.get(f"{self.name}.{column}") or READERS.get(column) or cells.text


CERTIFICATE_COLUMNS = (
    "stars",
    "issued_on",
    "issued_on_basis",
    "valid_until",
    "decision",
    "status",
    "status_on",
    "status_note",
)
"""Columns of products.csv that are kept with the certificate in force."""

GROUP_WORDS: Mapping[str, str] = {
    "thuc pham": "food",
    "nganh thuc pham": "food",
    "nhom thuc pham": "food",
    "do uong": "beverages",
    "nganh do uong": "beverages",
    "nhom do uong": "beverages",
    "duoc lieu": "medicinal-herbs",
    "thao duoc": "medicinal-herbs",
    "duoc lieu va san pham tu duoc lieu": "medicinal-herbs",
    "hang thu cong my nghe": "handicrafts",
    "thu cong my nghe": "handicrafts",
    "sinh vat canh": "ornamentals",
    "dich vu du lich": "tourism-services",
    "dich vu du lich cong dong": "tourism-services",
    "dich vu du lich cong dong, du lich sinh thai va diem du lich": "tourism-services",
    "dich vu du lich cong dong va diem du lich": "tourism-services",
}
"""Folded Vietnamese names of the six groups (Annex I of Decision 26/2026/QĐ-TTg)."""

PRODUCER_WORDS: Mapping[str, str] = {
    "htx": "cooperative",
    "hop tac xa": "cooperative",
    "lien hiep hop tac xa": "cooperative",
    "cong ty": "company",
    "doanh nghiep": "company",
    "cong ty tnhh": "company",
    "cong ty co phan": "company",
    "dntn": "company",
    "doanh nghiep tu nhan": "company",
    "tht": "group",
    "to hop tac": "group",
    "ho": "household",
    "ho kinh doanh": "household",
    "ho gia dinh": "household",
    "ho san xuat": "household",
    "hkd": "household",
    "co so": "household",
    "co so san xuat": "household",
    "trang trai": "farm",
    "hoi": "association",
    "hiep hoi": "association",
}
"""Folded Vietnamese words for the kinds of producers."""

_latitude, _longitude = cells.decimal(-90, 90), cells.decimal(-180, 180)
_month, _day_of_month = cells.whole(1, 12), cells.whole(1, 31)
_calendar = cells.one_of(("solar", "lunar"), {"duong lich": "solar", "am lich": "lunar"})
_precision = cells.one_of(db.PRECISIONS)

READERS: Mapping[str, Reader] = {
    "stars": cells.stars,
    "group": cells.one_of(db.GROUPS, GROUP_WORDS),
    "issued_on": cells.partial_date,
    "issued_on_basis": cells.one_of(db.BASES),
    "valid_until": cells.partial_date,
    "status_on": cells.partial_date,
    "products.status": cells.one_of(db.STATUSES),
    "certificates.status": cells.one_of(db.STATUSES),
    "price_vnd": cells.whole(),
    "price_max_vnd": cells.whole(),
    "priced_on": cells.partial_date,
    "season": cells.months,
    "shelf_life_days": cells.whole(1),
    "producers.kind": cells.one_of(db.PRODUCER_KINDS, PRODUCER_WORDS),
    "contact_public": cells.yes_no,
    "showrooms.kind": cells.one_of(db.SHOWROOM_KINDS),
    "coordinate_precision": _precision,
    "latitude": _latitude,
    "longitude": _longitude,
    "centroid_lat": _latitude,
    "centroid_lon": _longitude,
    "min_lat": _latitude,
    "max_lat": _latitude,
    "min_lon": _longitude,
    "max_lon": _longitude,
    "old_lat": _latitude,
    "old_lon": _longitude,
    "n_old_units": cells.whole(),
    "communes.code": cells.commune_code,
    "final_code": cells.commune_code,
    "closed_until": cells.day,
    "confirmed_on": cells.day,
    "calendar": _calendar,
    "start_month": _month,
    "end_month": _month,
    "usual_start_month": _month,
    "usual_end_month": _month,
    "usual_start_day": _day_of_month,
    "usual_end_day": _day_of_month,
    "target": cells.whole(),
    "by": cells.day,
    "statistics.date": cells.partial_date,
}
"""Readers by column, or by kind and column; everything else is text."""


_COLUMNS: Mapping[str, str] = {
    "communes": """
        code name_vi short_name_vi name_en type primary_old_district old_districts old_units
        n_old_units area_km2 centroid_lat centroid_lon min_lat min_lon max_lat max_lon
        effective_date legal_basis source_url source_date
    """,
    "commune_merges": """
        step old_unit old_short_name old_type old_district old_code old_lat old_lon
        old_coord_check coverage new_unit new_code final_unit final_code confidence note
        legal_basis source_url source_date
    """,
    "producers": """
        code name kind commune_code place phone contact_name contact_public email website
        source_url source_date note
    """,
    "products": """
        code name_vi name_en aliases group stars producer_code commune_code place issued_on
        issued_on_basis valid_until decision status status_on status_note standards awards
        price_vnd price_max_vnd price_unit priced_on season shelf_life_days allergens online_url
        image description_vi description_en source_url source_date note
    """,
    "certificates": """
        product_code stars decision issued_on valid_until status status_on note source_url
    """,
    "showrooms": """
        showroom_id name_vi name_en kind operator address_old address_new commune_code
        commune_name phone opening_hours opening_hours_text market_days opened_date status
        products latitude longitude coordinate_precision coordinate_source confidence note
        source_url source_date closed_until closed_note
    """,
    "stock": """
        product_code showroom_id confirmed_on
    """,
    "attractions": """
        attraction_id name_vi name_en kind address_old commune_code commune_name latitude
        longitude coordinate_precision coordinate_source nearby_specialities best_months
        opening_hours note confidence source_url source_date
    """,
    "seasons": """
        item_vi item_en category area_vi commune_codes calendar start_month end_month peak_vi
        detail_vi confidence source_url source_date
    """,
    "events": """
        event_id name_vi name_en place_vi commune_code calendar usual_start_month
        usual_start_day usual_end_month usual_end_day recurrence past_dates ocop_link_vi
        confidence source_url source_date
    """,
    "targets": """
        measure target by rule source_url note
    """,
    "statistics": """
        date measure value source_url unit note
    """,
    "mentions_unconfirmed": """
        name_vi maker place why_not_in_products source_url note
    """,
}


def _kind(name: str, table: str, *, key: str = "", required: str = "", **refs: str) -> Kind:
    columns = tuple(_COLUMNS[name].split())
    return Kind(
        name, table, columns, (*key.split(), *required.split()), tuple(key.split()), MappingProxyType(refs)
    )


_ALL = (
    _kind("communes", "commune", key="code", required="name_vi"),
    _kind(
        "commune_merges",
        "commune_merge",
        required="old_unit old_short_name final_code",
        final_code="communes",
    ),
    _kind("producers", "producer", key="code", required="name", commune_code="communes"),
    _kind(
        "products",
        "product",
        key="code",
        required="name_vi group",
        producer_code="producers",
        commune_code="communes",
    ),
    _kind("certificates", "certificate", required="product_code", product_code="products"),
    _kind("showrooms", "showroom", key="showroom_id", required="name_vi", commune_code="communes"),
    _kind("stock", "stock", key="product_code showroom_id", product_code="products", showroom_id="showrooms"),
    _kind("attractions", "attraction", key="attraction_id", required="name_vi", commune_code="communes"),
    _kind("seasons", "season", required="item_vi", commune_codes="communes"),
    _kind("events", "event", key="event_id", required="name_vi", commune_code="communes"),
    _kind("targets", "target", key="measure", required="target"),
    _kind("statistics", "statistic", required="date measure value"),
    _kind("mentions_unconfirmed", "mention", required="name_vi"),
)
KINDS: Mapping[str, Kind] = MappingProxyType({kind.name: kind for kind in _ALL})
"""Every kind in the order in which rows may refer to one another."""

REGISTRY_KEYS = ("name", "province_code", "official", "as_of", "notice_vi", "notice_en")
"""What registry.toml (or the sheet ``registry``) says."""
