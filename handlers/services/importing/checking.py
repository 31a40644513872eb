"""One validator for the trial and the real run: cells, references, duplicates, and what rows must agree on.

It decides row by row what may be stored. Nothing here touches the database: what the registry holds comes
in as :data:`Held`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from handlers.services.importing import agreeing, cells
from handlers.services.importing.cells import CellError, plain
from handlers.services.importing.communes import Communes
from handlers.services.importing.judging import Checked, Held, Judge, Plan, Values
from handlers.services.importing.kinds import KINDS, Kind
from handlers.services.importing.locating import PLACES_OF, Locator
from handlers.services.importing.official import Official
from handlers.services.importing.reading import Reading
from handlers.services.importing.recognising import Line, Sheet
from handlers.services.importing.report import Entry, Report


class Checker:
    """Checks everything that was read, against itself and the registry; ``report`` gets what is to be said.

    With ``accept_good_rows`` a row that refers to a row at fault is at fault too. Without, everything is
    refused anyway, and one fault is told once.
    """

    def __init__(self, held: Held, report: Report, *, accept_good_rows: bool) -> None:
        self.held = held
        self.judge = Judge(report)
        self.accept_good_rows = accept_good_rows
        self.plan = Plan()
        self.known: dict[str, set[str]] = {}
        self.locator = Locator(Communes((), ()), self.judge)

    def check(self, reading: Reading, sheets: list[Sheet]) -> Plan:
        """Check all kinds, in the order in which rows refer to one another."""
        self._registry(reading)
        lines = {name: [s for s in sheets if s.kind.name == name and not s.official] for name in KINDS}
        derived: dict[str, list[Line]] = {}
        for kind in KINDS.values():
            if kind.name == "producers":
                self._learn_places(sheets)
                derived = self._read_official([sheet for sheet in sheets if sheet.official])
            own = [line for sheet in lines[kind.name] for line in sheet.lines] + derived.get(kind.name, [])
            if lines[kind.name] or own:
                self._kind(kind, own)
                if lines[kind.name]:
                    seen = {column for sheet in lines[kind.name] for column in sheet.fields}
                    self.plan.absent[kind.name] = frozenset(set(kind.columns) - seen)
            else:
                self._learn(kind, ())
            if kind.name == "certificates":
                self._certificates()
        return self.plan

    # ---------------------------------------------------------- the whole files

    def _registry(self, reading: Reading) -> None:
        for key, raw in reading.registry.items():
            written = plain(raw)
            try:
                self.plan.registry[key] = value = _registry_value(key, written)
                reason, args = (
                    ("required", {}) if value is None and key in {"name", "province_code"} else ("", {})
                )
            except CellError as error:
                reason, args = error.reason, error.args_of
            if reason:
                self.judge.add([Entry("error", reason, reading.registry_file, None, key, written, args)])

    def _learn_places(self, sheets: list[Sheet]) -> None:
        """Today's communes and the former ones: those of this import, else (or also) the registry's."""
        communes = self.held["commune"] + [row.values for row in self.plan.rows.get("communes", ())]
        imported = self.plan.rows.get("commune_merges")
        merges = self.held["commune_merge"] if imported is None else [row.values for row in imported]
        self.locator.communes = Communes(communes, merges)
        wanting = next((sheet for sheet in sheets if sheet.kind.name in PLACES_OF and sheet.lines), None)
        if wanting and not communes:
            self.judge.add([Entry("warning", "places_unknown", wanting.file)])

    def _read_official(self, sheets: list[Sheet]) -> dict[str, list[Line]]:
        reader = Official(
            self.locator.communes,
            {row["code"]: row for row in self.held["product"]},
            {row["code"]: row for row in self.held["producer"]},
        )
        products = [line for sheet in sheets for line in reader.rows(sheet)]
        self.judge.add(reader.entries)
        return {"producers": list(reader.added_producers.values()), "products": products}

    def _certificates(self) -> None:
        """The latest certificate of a product's history must be the one products.csv tells of."""
        products = {row["code"]: row for row in self.held["product"]}
        products |= {row.values["code"]: row.values for row in self.plan.rows.get("products", ())}
        past: dict[str, list[Values]] = {}
        for held in self.held["certificate"]:
            past.setdefault(held["product_code"], []).append(held)
        if "certificates" in self.plan.rows:
            rows = [row for row in self.plan.rows["certificates"] if row.values["product_code"] in products]
            past |= agreeing.settle_history(self.judge, rows, products)
        agreeing.products_follow_their_past(self.judge, self.plan.rows.get("products", ()), past)
        self._drop(KINDS["products"], KINDS["certificates"])

    def _drop(self, *kinds: Kind) -> None:
        """Leave out the rows that turned out to be at fault, and what refers to them."""
        for kind in kinds:
            rows = self.plan.rows.get(kind.name)
            if rows is None:
                continue
            if kind.name == "certificates" and self.accept_good_rows:
                for row in rows:
                    if row.values["product_code"] not in self.known["products"]:
                        self.judge.refuse(row.line)
            self.plan.rows[kind.name] = [row for row in rows if self.judge.good(row.line)]
            if self.accept_good_rows:
                self._learn(kind, (_key(row.values, kind) for row in self.plan.rows[kind.name]))

    # ---------------------------------------------------------- kind by kind

    def _kind(self, kind: Kind, lines: list[Line]) -> None:
        first: dict[tuple[Any, ...], Line] = {}
        checked = [Checked(line, self._values(kind, line)) for line in lines]
        for row in checked:
            key = _key(row.values, kind)
            if kind.key and None not in key and first.setdefault(key, row.line) is not row.line:
                args = {"first_file": first[key].file, "first_row": str(first[key].row)}
                self.judge.say("error", "duplicate", row.line, kind.key[0], **args)
            agreeing.row_agrees(self.judge, row.line, row.values)
        good = [row for row in checked if self.judge.good(row.line)]
        self.plan.rows[kind.name] = good
        self._learn(kind, (_key(row.values, kind) for row in (good if self.accept_good_rows else checked)))

    def _learn(self, kind: Kind, keys: Iterable[tuple[Any, ...]]) -> None:
        """What rows of later kinds may refer to."""
        if len(kind.key) == 1:
            held = {row[kind.key[0]] for row in self.held[kind.table]}
            self.known[kind.name] = held | {key[0] for key in keys if key[0] is not None}

    def _values(self, kind: Kind, line: Line) -> Values:
        values: Values = {}
        for column in kind.columns:
            written = plain(line.cells.get(column))
            values[column] = self._value(kind, line, column, written) if written else None
            told = column == "group" and not self.judge.good(line)
            if not written and column in kind.required and not told:
                self.judge.say("error", "required", line, column)
        if "contact_public" in values:
            values["contact_public"] = bool(values["contact_public"])
        if kind.name in PLACES_OF and not plain(line.cells.get("commune_code")):
            values["commune_code"] = self.locator.of_text(kind.name, line, values)
        return values

    def _value(self, kind: Kind, line: Line, column: str, written: str) -> Any:
        target = kind.references.get(column)
        try:
            cells.text(written)
            if target == "communes":
                read = self.locator.list_cell if column == "commune_codes" else self.locator.cell
                return read(line, column, written, self.known["communes"])
            if column == "season" and not isinstance(line.cells[column], str):
                raise CellError("turned_into_date")
            value = kind.reader(column)(written)
        except CellError as error:
            self.judge.say("error", error.reason, line, column, **error.args_of)
            return None
        if target and value not in self.known[target]:
            suggestion = cells.nearest(str(value), tuple(self.known[target]))
            self.judge.say("error", "unknown_reference", line, column, kind=target, suggestion=suggestion)
        return value


def _key(values: Values, kind: Kind) -> tuple[Any, ...]:
    return tuple(values[column] for column in kind.key)


def _registry_value(key: str, written: str) -> Any:
    match key:
        case "official":
            return cells.yes_no(written) if written else False
        case "as_of":
            return cells.day(written) if written else None
        case _:
            return cells.text(written) or None
