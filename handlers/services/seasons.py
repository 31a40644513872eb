"""What is in season on a day, and market days, by the solar and the Vietnamese lunar calendar.

Months are whole: "7–9" is from the first day of the seventh month to the last of the ninth, and an end before
the start crosses the year. Lunar dates are those of Viet Nam (UTC+7, ``vnlunar``), which now and then differ
from China's. A leap month counts as the month it repeats.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import Literal

from vnlunar import get_lunar_date

from handlers.services.catalogue import Catalogue, Product, Season
from handlers.services.text import fold, words

Known = Literal["yes", "no", "unknown"]

_SPAN = re.compile(r"(L?)([0-9]{1,2})(?:\s*[-–]\s*(L?)([0-9]{1,2}))?", re.IGNORECASE)
_LUNAR_DAYS = re.compile(r"am lich\s*(?:ngay\s*)?((?:\d{1,2}\s*,\s*)*\d{1,2})(?:\s*hang thang)?\s*(?:;|$)")


@dataclass(frozen=True, slots=True)
class LunarDay:
    """A day of the Vietnamese lunar calendar."""

    year: int
    month: int
    day: int
    leap: bool
    """in the second of two months of this number"""


@lru_cache(maxsize=1_024)
def lunar(on: date) -> LunarDay:
    """The lunar date of a day, by the calendar of Viet Nam."""
    found = get_lunar_date(on.day, on.month, on.year)
    return LunarDay(found["year"], found["month"], found["day"], bool(found["leap"]))


def in_season(season: Season, on: date) -> Known:
    """Whether something is in season on a day; unknown where no month is recorded.

    Where only the first month is recorded, that month is in season and the others are unknown.
    """
    start, end = season.start_month, season.end_month
    if start is None:
        return "unknown"
    month = lunar(on).month if season.calendar == "lunar" else on.month
    if end is None:
        return "yes" if month == start else "unknown"
    inside = start <= month <= end if start <= end else month >= start or month <= end
    return "yes" if inside else "no"


def season_of(product: Product, catalogue: Catalogue) -> list[Season]:
    """When a product is in season: as recorded for the product itself, else for the goods it is made of.

    Goods are recognised by their whole name ("Hồng vành khuyên") in the product's or an alias, as written,
    and by the place where both have one; nothing is inferred from a group.
    """
    own = parse(product.season, product.name_vi) if product.season else []
    return own or [season for season in catalogue.seasons if _about(season, product)]


def seasonal(catalogue: Catalogue, on: date) -> list[tuple[Season, Known]]:
    """The registry's seasons that are on, then those that may be; in its order."""
    told = [(season, in_season(season, on)) for season in catalogue.seasons]
    return [fact for known in ("yes", "unknown") for fact in told if fact[1] == known]


def parse(text: str, item: str = "") -> list[Season]:
    """A product's ``season`` cell: ``8-9``, ``11-1``, ``5``, ``L7-L9``, several with ";"; else ValueError."""
    return [_span(part.strip(), item) for part in text.split(";") if part.strip()]


def _span(text: str, item: str) -> Season:
    match = _SPAN.fullmatch(text)
    if not match:
        raise ValueError(f"not months (8-9, 11-1, L7-L9): {text!r}")
    first, start, second, end = match.groups()
    months = (int(start), int(end or start))
    if not all(1 <= month <= 12 for month in months) or (second and not first):
        raise ValueError(f"not months (8-9, 11-1, L7-L9): {text!r}")
    return Season(
        item_vi=item,
        item_en=None,
        category=None,
        area_vi=None,
        commune_codes=(),
        calendar="lunar" if first else "solar",
        start_month=months[0],
        end_month=months[1],
        peak_vi=None,
        source_url=None,
        source_date=None,
    )


def _about(season: Season, product: Product) -> bool:
    if season.category == "scenery":
        return False
    if season.commune_codes and product.commune_code and product.commune_code not in season.commune_codes:
        return False
    names = [f" {_plain(name)} " for name in (product.name_vi, *product.aliases)]
    return any(f" {goods} " in name for goods in _goods(season.item_vi) for name in names)


@lru_cache(maxsize=1_024)
def _goods(item: str) -> tuple[str, ...]:
    """The names inside a season's item but those of one word: "Na (na Chi Lăng, na Đồng Bành)" has two."""
    names = [_plain(part) for part in re.split(r"[(),;–]", item)]
    return tuple(name for name in names if " " in name)


@lru_cache(maxsize=65_536)
def _plain(text: str) -> str:
    return " ".join(words(text)).casefold()


def lunar_market_days(text: str | None) -> tuple[int, ...]:
    """The lunar days of a monthly fair ("âm lịch 2, 7, 12, 17, 22, 27 hằng tháng"); empty = not told."""
    if not text:
        return ()
    for part in text.split(";"):
        match = _LUNAR_DAYS.search(fold(part.strip()))
        if match and "hang thang" in fold(part):
            days = sorted({int(day) for day in re.findall(r"\d+", match[1])})
            return tuple(days) if all(1 <= day <= 30 for day in days) else ()
    return ()


def next_market_day(text: str | None, on: date) -> date | None:
    """The next day of a monthly lunar fair, today included; None where its days are not told."""
    days = lunar_market_days(text)
    coming = (on + timedelta(days=ahead) for ahead in range(62))
    return next((day for day in coming if lunar(day).day in days), None) if days else None
