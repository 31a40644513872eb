"""What must agree: the cells of one row, and a product's certificates with one another."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

from handlers.services.dates import PartialDate
from handlers.services.importing.cells import plain
from handlers.services.importing.judging import Checked, Judge, Values
from handlers.services.importing.kinds import CERTIFICATE_COLUMNS
from handlers.services.importing.recognising import Line

VALIDITY_MONTHS = 36
"""Life of a certificate: article 4.3 of Decision 26/2026/QĐ-TTg, and the decisions before it."""
LEGAL_BASES = (None, "decision", "certificate")
"""What ``issued_on_basis`` says of a day that the law counts from."""


def row_agrees(judge: Judge, line: Line, values: Values) -> None:
    """Check the cells of one row against one another."""
    box = [values.get(column) for column in ("min_lat", "max_lat", "min_lon", "max_lon")]
    if None not in box and (box[0] > box[1] or box[2] > box[3]):  # type: ignore[operator]
        judge.say("error", "box_upside_down", line, "min_lat")
    _price(judge, line, values)
    if values.get("issued_on") and values.get("valid_until"):
        _validity(judge, line, values)


def _price(judge: Judge, line: Line, values: Values) -> None:
    low, high = values.get("price_vnd"), values.get("price_max_vnd")
    if high is None:
        return
    if low is None and not plain(line.cells.get("price_vnd")):
        judge.say("error", "range_without_start", line, "price_max_vnd")
    elif low is not None and high < low:
        judge.say("error", "range_upside_down", line, "price_max_vnd", price_vnd=str(low))


def _validity(judge: Judge, line: Line, values: Values) -> None:
    issued, until = PartialDate.parse(values["issued_on"]), PartialDate.parse(values["valid_until"])
    if until.last < issued.first:
        judge.say("error", "valid_before_issued", line, "valid_until", issued_on=str(issued))
    elif issued.precision == until.precision == "day" and values.get("issued_on_basis") in LEGAL_BASES:
        expected = issued.plus_months(VALIDITY_MONTHS)
        if abs((until.first - expected.first).days) > 1:
            judge.say("warning", "not_36_months", line, "valid_until", expected=str(expected))


def products_follow_their_past(
    judge: Judge, products: Iterable[Checked], past: Mapping[str, list[Values]]
) -> None:
    """No certificate in force may be older than one of the product's past ones."""
    for row in products:
        newest = _newest(past.get(row.values["code"], ()))
        if _older(row.values["issued_on"], newest):
            judge.say("error", "older_than_history", row.line, "issued_on", latest=newest.isoformat())


def settle_history(
    judge: Judge, rows: Iterable[Checked], products: Mapping[str, Values]
) -> dict[str, list[Values]]:
    """Mark in each product's certificates the one in force (``in_force``), and give the past ones by product.

    The one in force is the last that contradicts nothing in products.csv. Where there is none, or where a
    later one follows it, that is an error and none of the product's certificates is stored.
    """
    grouped: dict[str, list[Checked]] = {}
    for row in rows:
        grouped.setdefault(row.values["product_code"], []).append(row)
    past: dict[str, list[Values]] = {}
    for code, certificates in grouped.items():
        found = _in_force(judge, certificates, products[code])
        if found is None:
            for row in certificates:
                judge.refuse(row.line)
            continue
        found.values["in_force"] = True
        past[code] = [row.values for row in certificates if row is not found]
    return past


def _in_force(judge: Judge, certificates: list[Checked], product: Values) -> Checked | None:
    agreeing = [row for row in certificates if _disagreement(row.values, product) is None]
    if not agreeing:
        newest = max(certificates, key=lambda row: _first_day(row.values["issued_on"]))
        column = _disagreement(newest.values, product) or ""
        args = {"product_column": column, "product_value": plain(product[column])}
        judge.say("error", "latest_disagrees", newest.line, column, **args)
        return None
    found = agreeing[-1]
    newest_past = _newest(row.values for row in certificates if row is not found)
    if _older(found.values["issued_on"], newest_past):
        judge.say("error", "older_than_history", found.line, "issued_on", latest=newest_past.isoformat())
        return None
    return found


def _disagreement(certificate: Values, product: Values) -> str | None:
    """The first column in which a row of the history contradicts products.csv."""
    for column in CERTIFICATE_COLUMNS:
        stated = certificate.get(column)
        if stated is not None and stated != product[column]:
            return column
    return None


def _older(issued_on: str | None, than: date) -> bool:
    return bool(issued_on) and PartialDate.parse(issued_on or "").last < than


def _newest(certificates: Iterable[Values]) -> date:
    return max((_first_day(values["issued_on"]) for values in certificates), default=date.min)


def _first_day(partial: str | None) -> date:
    return PartialDate.parse(partial).first if partial else date.min
