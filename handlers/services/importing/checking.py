"""One validator for the trial and the real run: cells, references, duplicates, and what rows must agree on.

It decides row by row what may be stored. Nothing here touches the database: what the registry holds comes
in as :data:`Held`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from handlers.services.dates import PartialDate
from handlers.services.importing import cells
from handlers.services.importing.cells import CellError, plain
from handlers.services.importing.communes import Communes, Found
from handlers.services.importing.kinds import CERTIFICATE_COLUMNS, KINDS, Kind
from handlers.services.importing.official import Official
from handlers.services.importing.reading import Reading
from handlers.services.importing.recognising import Line, Sheet
from handlers.services.importing.report import Entry, Report, Severity

Values = dict[str, Any]
Held = Mapping[str, list[Values]]
"""The registry's rows by table, in their order; products carry the columns of their certificate in force."""

VALIDITY_MONTHS = 36
"""Life of a certificate: Article 4.3 of Decision 26/2026/QĐ-TTg and the rules before it."""
PLACES_OF: Mapping[str, tuple[str, ...]] = {
    "producers": ("place",),
    "products": ("place",),
    "showrooms": ("address_new", "address_old"),
}
"""Columns whose text may name the commune when no code is given."""


@dataclass(slots=True)
class Checked:
    """One row that may be stored, and where it came from."""

    line: Line
    values: Values


@dataclass(slots=True)
class Plan:
    """What an import would make of the registry: by kind, the good rows in the order of their files."""

    rows: dict[str, list[Checked]] = field(default_factory=dict)
    registry: Values = field(default_factory=dict)
    absent: dict[str, frozenset[str]] = field(default_factory=dict)
    """by kind, columns of the format that its files do not have (exchange format only)"""


class Checker:
    """Checks everything that was read against itself and the registry. ``report`` gets what is to be said."""

    def __init__(self, held: Held, report: Report, *, accept_good_rows: bool) -> None:
        self.held = held
        self.report = report
        self.accept_good_rows = accept_good_rows
        self.plan = Plan()
        self.known: dict[str, set[str]] = {}
        self.communes = Communes((), ())
        self._bad: set[tuple[str, int]] = {(e.file, e.row) for e in report.errors if e.row}

    def check(self, reading: Reading, sheets: list[Sheet]) -> Plan:
        """Check all kinds, in the order in which rows refer to one another."""
        self._registry(reading)
        official = [sheet for sheet in sheets if sheet.official]
        for kind in KINDS.values():
            lines = [
                line for sheet in sheets if sheet.kind is kind and not sheet.official for line in sheet.lines
            ]
            if kind.name == "producers":
                self._learn_places(sheets)
                from_lists = self._read_official(official)
                lines += from_lists["producers"]
            if kind.name == "products" and official:
                lines += from_lists["products"]
            present = [sheet for sheet in sheets if sheet.kind is kind and not sheet.official]
            if present or lines:
                self._kind(kind, lines)
                seen = {column for sheet in present for column in sheet.fields}
                self.plan.absent[kind.name] = frozenset(set(kind.columns) - seen if present else ())
            else:
                self._learn(kind, ())
        self._certificates()
        return self.plan

    def say(self, severity: Severity, reason: str, line: Line, column: str = "", **args: str) -> None:
        """Add an entry about a row (or one of its cells); an error keeps the row out."""
        value = plain(line.cells.get(column))[:200]
        self.report.entries.append(Entry(severity, reason, line.file, line.row, column, value, args))
        if severity == "error":
            self._bad.add((line.file, line.row))

    # ---------------------------------------------------------- the whole files

    def _registry(self, reading: Reading) -> None:
        line = Line(reading.registry_file, 0, dict(reading.registry))
        for key, raw in reading.registry.items():
            written = plain(raw)
            try:
                match key:
                    case "official":
                        value: Any = cells.yes_no(written) if written else False
                    case "as_of":
                        value = cells.day(written) if written else None
                    case _:
                        value = cells.text(written) or None
            except CellError as error:
                self.report.entries.append(
                    Entry("error", error.reason, line.file, None, key, written, error.args_of)
                )
                continue
            if value is None and key in {"name", "province_code"}:
                self.report.entries.append(Entry("error", "required", line.file, None, key))
            self.plan.registry[key] = value

    def _learn_places(self, sheets: list[Sheet]) -> None:
        """Today's communes and the former ones: those of this import where it has them, else the
        registry's."""
        found = {
            name: [row.values for row in self.plan.rows.get(name, ())]
            + (self.held[KINDS[name].table] if name == "communes" or name not in self.plan.rows else [])
            for name in ("communes", "commune_merges")
        }
        self.communes = Communes(found["communes"], found["commune_merges"])
        wanting = next((s for s in sheets if s.kind.name in PLACES_OF and s.lines), None)
        if wanting and not found["communes"]:
            self.report.entries.append(Entry("warning", "places_unknown", wanting.file))

    def _read_official(self, sheets: list[Sheet]) -> dict[str, list[Line]]:
        reader = Official(
            self.communes,
            {row["code"]: row for row in self.held["product"]},
            {row["code"]: row for row in self.held["producer"]},
        )
        products = [line for sheet in sheets for line in reader.rows(sheet)]
        self.report.entries += reader.entries
        self._bad |= {
            (entry.file, entry.row) for entry in reader.entries if entry.severity == "error" and entry.row
        }
        return {"producers": list(reader.added_producers.values()), "products": products}

    # ---------------------------------------------------------- kind by kind

    def _kind(self, kind: Kind, lines: list[Line]) -> None:
        seen: dict[tuple[Any, ...], Line] = {}
        good: list[Checked] = []
        all_keys: list[tuple[Any, ...]] = []
        for line in lines:
            values = self._values(kind, line)
            key = tuple(values.get(column) for column in kind.key)
            if kind.key and None not in key:
                first = seen.setdefault(key, line)
                all_keys.append(key)
                if first is not line:
                    args = {"first_file": first.file, "first_row": str(first.row)}
                    self.say("error", "duplicate", line, kind.key[0], **args)
            self._agree(kind, line, values)
            if (line.file, line.row) not in self._bad:
                good.append(Checked(line, values))
        self.plan.rows[kind.name] = good
        keys = [tuple(row.values[c] for c in kind.key) for row in good] if self.accept_good_rows else all_keys
        self._learn(kind, keys)

    def _learn(self, kind: Kind, keys: Iterable[tuple[Any, ...]]) -> None:
        """What rows after these may refer to. A row that is itself at fault still counts when all is refused
        anyway, so that one fault is told once."""
        if len(kind.key) == 1:
            held = {row[kind.key[0]] for row in self.held[kind.table]}
            self.known[kind.name] = held | {key[0] for key in keys}

    def _values(self, kind: Kind, line: Line) -> Values:
        values: Values = {}
        for column in kind.columns:
            written = plain(line.cells.get(column))
            values[column] = self._value(kind, line, column, written) if written else None
            told = column == "group" and (line.file, line.row) in self._bad
            if not written and column in kind.required and not told:
                self.say("error", "required", line, column)
        if "contact_public" in values:
            values["contact_public"] = bool(values["contact_public"])
        if not values.get("commune_code") and kind.name in PLACES_OF:
            values["commune_code"] = self._commune_of_text(kind, line, values)
        return values

    def _value(self, kind: Kind, line: Line, column: str, written: str) -> Any:
        target = kind.references.get(column)
        try:
            if target == "communes":
                cells.text(written)
                return self._commune_cell(line, column, written)
            if column == "season" and not isinstance(line.cells[column], str):
                raise CellError("turned_into_date")
            value = kind.reader(column)(cells.text(written))
        except CellError as error:
            self.say("error", error.reason, line, column, **error.args_of)
            return None
        if target and value not in self.known[target]:
            suggestion = cells.nearest(str(value), tuple(self.known[target]))
            self.say("error", "unknown_reference", line, column, kind=target, suggestion=suggestion)
        return value

    # ---------------------------------------------------------- places

    def _commune_cell(self, line: Line, column: str, written: str) -> str | None:
        """A cell that must be today's commune: its code, a code of before, or a name that leaves no doubt."""
        if column == "commune_codes":
            codes = [
                self._commune_cell(line, "", part.strip()) for part in written.split(";") if part.strip()
            ]
            return ";".join(code for code in codes if code) or None
        if written.isascii() and written.isdigit():
            return self._commune_by_code(line, column, written)
        found = self.communes.of_address(written) if "," in written else self.communes.named(written)
        if found.code:
            self._say_resolved(line, column, found.code)
            return found.code
        if found.codes:
            self.say("error", "place_ambiguous", line, column, choices=self._choices(found))
        else:
            names = tuple(self.communes.names.values())
            self.say("error", "place_unknown", line, column, suggestion=cells.nearest(written, names))
        return None

    def _commune_by_code(self, line: Line, column: str, written: str) -> str | None:
        code = written.zfill(5)
        renewed = self.communes.renewed.get(code, set())
        if code in self.known["communes"]:
            if code != written:
                self.say("note", "code_padded", line, column, code=code)
            return code
        if len(renewed) == 1:
            today = next(iter(renewed))
            self.say(
                "note", "code_renewed", line, column, code=today, name=self.communes.names.get(today, "")
            )
            return today
        suggestion = ", ".join(sorted(renewed))
        self.say("error", "unknown_reference", line, column, kind="communes", suggestion=suggestion)
        return None

    def _commune_of_text(self, kind: Kind, line: Line, values: Values) -> str | None:
        if plain(line.cells.get("commune_code")):
            return None
        for column in PLACES_OF[kind.name]:
            found = self.communes.of_address(values.get(column) or "")
            if found.code:
                self._say_resolved(line, column, found.code)
                return found.code
            if found.codes:
                self.say("warning", "place_ambiguous", line, column, choices=self._choices(found))
                return None
        return None

    def _say_resolved(self, line: Line, column: str, code: str) -> None:
        self.say("note", "place_resolved", line, column, code=code, name=self.communes.names.get(code, ""))

    def _choices(self, found: Found) -> str:
        return "; ".join(f"{code} {self.communes.names.get(code, '')}".strip() for code in found.codes)

    # ---------------------------------------------------------- what must agree in a row

    def _agree(self, kind: Kind, line: Line, values: Values) -> None:
        if kind.name == "communes":
            box = [values[column] for column in ("min_lat", "max_lat", "min_lon", "max_lon")]
            if None not in box and (box[0] > box[1] or box[2] > box[3]):
                self.say("error", "box_upside_down", line, "min_lat")
        if "price_max_vnd" in values and values["price_max_vnd"] is not None:
            low, high = values["price_vnd"], values["price_max_vnd"]
            if low is None and not plain(line.cells.get("price_vnd")):
                self.say("error", "range_without_start", line, "price_max_vnd")
            elif low is not None and high < low:
                self.say("error", "range_upside_down", line, "price_max_vnd", price_vnd=str(low))
        if values.get("issued_on") and values.get("valid_until"):
            self._validity(line, values)

    def _validity(self, line: Line, values: Values) -> None:
        issued, until = PartialDate.parse(values["issued_on"]), PartialDate.parse(values["valid_until"])
        if until.last < issued.first:
            self.say("error", "valid_before_issued", line, "valid_until", issued_on=str(issued))
        elif issued.precision == until.precision == "day":
            expected = issued.plus_months(VALIDITY_MONTHS)
            legal = values.get("issued_on_basis") in (None, "decision", "certificate")
            if legal and abs((until.first - expected.first).days) > 1:
                self.say("warning", "not_36_months", line, "valid_until", expected=str(expected))

    # ---------------------------------------------------------- certificates of the past

    def _certificates(self) -> None:
        """The latest certificate of a product's history must be the one products.csv tells of."""
        products = {row["code"]: row for row in self.held["product"]}
        products |= {row.values["code"]: row.values for row in self.plan.rows.get("products", ())}
        rows = self.plan.rows.get("certificates")
        past: dict[str, list[Values]] = {}
        for held in self.held["certificate"]:
            past.setdefault(held["product_code"], []).append(held)
        if rows is not None:
            past |= self._history(rows, products)
        for row in self.plan.rows.get("products", ()):
            newest = max(
                (_day(held["issued_on"]) for held in past.get(row.values["code"], ())), default=date.min
            )
            if row.values["issued_on"] and PartialDate.parse(row.values["issued_on"]).last < newest:
                self.say("error", "older_than_history", row.line, "issued_on", latest=newest.isoformat())
        if self._bad:
            for checked in self.plan.rows.values():
                checked[:] = [row for row in checked if (row.line.file, row.line.row) not in self._bad]

    def _history(self, rows: list[Checked], products: Mapping[str, Values]) -> dict[str, list[Values]]:
        """Mark in each product's rows the one that is in force; report where none agrees. Gives the past
        ones."""
        grouped: dict[str, list[Checked]] = {}
        for row in rows:
            grouped.setdefault(row.values["product_code"], []).append(row)
        past: dict[str, list[Values]] = {}
        for code, certificates in grouped.items():
            product = products.get(code)
            if product is None:
                continue
            latest = [row for row in certificates if _disagreement(row.values, product) is None]
            if not latest:
                newest = max(certificates, key=lambda row: _day(row.values["issued_on"]))
                column = _disagreement(newest.values, product) or ""
                args = {"product_column": column, "product_value": plain(product[column])}
                self.say("error", "latest_disagrees", newest.line, column, **args)
                continue
            latest[-1].values["in_force"] = True
            past[code] = [row.values for row in certificates if row is not latest[-1]]
            newest_past = max((_day(values["issued_on"]) for values in past[code]), default=date.min)
            own = latest[-1].values["issued_on"]
            if own and PartialDate.parse(own).last < newest_past:
                self.say(
                    "error",
                    "older_than_history",
                    latest[-1].line,
                    "issued_on",
                    latest=newest_past.isoformat(),
                )
        return past


def _day(partial: str | None) -> date:
    return PartialDate.parse(partial).first if partial else date.min


def _disagreement(certificate: Values, product: Values) -> str | None:
    """The first column in which a row of the history contradicts products.csv."""
    for column in CERTIFICATE_COLUMNS:
        stated = certificate.get(column)
        if stated is not None and stated != product[column]:
            return column
    return None
