"""What an import would change: the difference between what the registry holds and what a plan brings.

A kind with a key is brought up to date row by row: rows that the file does not name stay, and are
counted. A kind without a key (mergers, seasons, figures, mentions) is a list, which its file replaces.
The certificates of the past are replaced for the products that certificates.csv names.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import db
from handlers.services.importing.judging import Checked, Held, Plan, Values
from handlers.services.importing.kinds import CERTIFICATE_COLUMNS, KINDS, Kind
from handlers.services.importing.report import Count, Entry, Report

PRODUCT_COLUMNS = tuple(column for column in KINDS["products"].columns if column not in CERTIFICATE_COLUMNS)
HISTORY_COLUMNS = KINDS["certificates"].columns
NAMELESS = {"name": "OCOP", "province_code": ""}
"""What a registry is called before a registry.toml has been imported."""


@dataclass(slots=True)
class Change:
    """What is to be written to one table, in the order delete, insert, update."""

    table: str
    key: tuple[str, ...] = ()
    delete: list[Values] = field(default_factory=list)
    delete_all: bool = False
    insert: list[Values] = field(default_factory=list)
    update: list[Values] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.delete or self.delete_all or self.insert or self.update)


def differences(plan: Plan, held: Held, report: Report) -> list[Change]:
    """What to write, in the order in which rows refer to one another; ``report`` gets the counts."""
    changes: list[Change] = []
    for name, rows in plan.rows.items():
        kind = KINDS[name]
        count = report.counts[name] = Count()
        if name == "certificates":
            changes += _history(rows, held, count)
        elif kind.key:
            changes += _keyed(kind, rows, held, count)
            _warn_of_what_is_missing(plan, kind, rows, held, report)
        else:
            changes.append(_listed(kind, rows, held, count))
            if count.removed > count.added:
                file = rows[0].line.file if rows else name
                lost = str(count.removed - count.added)
                report.entries.append(Entry("warning", "rows_removed", file, args={"rows": lost}))
    changes.append(_registry(plan, held))
    return [change for change in changes if change]


def _key(values: Values, kind: Kind) -> tuple[Any, ...]:
    return tuple(values[column] for column in kind.key)


def _keyed(kind: Kind, rows: list[Checked], held: Held, count: Count) -> list[Change]:
    before = {_key(row, kind): row for row in held[kind.table]}
    positions = _positions(kind, rows, before)
    columns = PRODUCT_COLUMNS if kind.name == "products" else kind.columns
    change, certificates = Change(kind.table, kind.key), Change("certificate", ("product_code",))
    has_certificate = {row["product_code"] for row in held["in_force"]}
    for row in rows:
        key = _key(row.values, kind)
        old = before.get(key)
        new = {column: row.values[column] for column in columns}
        if positions:
            new["position"] = positions[key]
        differs = old is not None and any(old[column] != value for column, value in new.items())
        if old is None:
            change.insert.append(new)
        elif differs:
            change.update.append(new)
        if kind.name == "products":
            differs |= _certificate(row.values, old, has_certificate, certificates)
        count.added += old is None
        count.changed += old is not None and differs
        count.unchanged += old is not None and not differs
    named = {_key(row.values, kind) for row in rows}
    count.absent = sum(key not in named for key in before)
    for key in before.keys() - named if positions else ():
        if before[key]["position"] != positions[key]:
            kept = {column: before[key][column] for column in columns}
            change.update.append(kept | {"position": positions[key]})
    return [change, certificates]


def _positions(
    kind: Kind, rows: list[Checked], before: dict[tuple[Any, ...], Values]
) -> dict[tuple[Any, ...], int]:
    """The order of the file when it names every row; else the order of the registry, new rows at its end."""
    if "position" not in db.metadata.tables[kind.table].c:
        return {}
    of_file = [_key(row.values, kind) for row in rows]
    named = set(of_file)
    order = of_file if named >= before.keys() else [*before, *(key for key in of_file if key not in before)]
    return {key: place for place, key in enumerate(order, start=1)}


def _certificate(values: Values, old: Values | None, existing: set[str], change: Change) -> bool:
    """The certificate in force of a product: written in place. True if it differs from what was held."""
    new = {column: values[column] for column in CERTIFICATE_COLUMNS}
    row = {"product_code": values["code"], **new}
    if values["code"] not in existing:
        change.insert.append({**row, "in_force": True})
        return any(value is not None for value in new.values())
    differs = old is None or any(old[column] != value for column, value in new.items())
    if differs:
        change.update.append(row)
    return differs


def _listed(kind: Kind, rows: list[Checked], held: Held, count: Count) -> Change:
    new = [{column: row.values[column] for column in kind.columns} for row in rows]
    old = [{column: row[column] for column in kind.columns} for row in held[kind.table]]
    if new == old:
        count.unchanged = len(new)
        return Change(kind.table)
    before, after = ({tuple(row.values()) for row in listed} for listed in (old, new))
    count.unchanged = len(before & after)
    count.added, count.removed = len(new) - count.unchanged, len(old) - count.unchanged
    return Change(kind.table, delete_all=bool(old), insert=new)


def _history(rows: list[Checked], held: Held, count: Count) -> list[Change]:
    """Certificates of the past, replaced for the products named; the one in force keeps its note and
    source."""
    past = Change("certificate", ("product_code", "in_force"))
    in_force = Change("certificate", ("product_code",))
    remarks = {row["product_code"]: (row["note"], row["source_url"]) for row in held["in_force"]}
    grouped: dict[str, list[Values]] = {}
    for row in rows:
        if row.values.get("in_force"):
            code, note, source = (row.values[name] for name in ("product_code", "note", "source_url"))
            grouped.setdefault(code, [])
            if remarks.get(code, (None, None)) != (note, source):
                in_force.update.append({"product_code": code, "note": note, "source_url": source})
                count.changed += 1
            else:
                count.unchanged += 1
        else:
            new = {column: row.values[column] for column in HISTORY_COLUMNS}
            grouped.setdefault(row.values["product_code"], []).append({**new, "in_force": False})
    before: dict[str, list[Values]] = {}
    for old in held["certificate"]:
        before.setdefault(old["product_code"], []).append(
            {**{column: old[column] for column in HISTORY_COLUMNS}, "in_force": False}
        )
    for code, certificates in grouped.items():
        if certificates == before.get(code, []):
            count.unchanged += len(certificates)
            continue
        if code in before:
            past.delete.append({"product_code": code, "in_force": False})
        past.insert += certificates
        count.added += len(certificates)
        count.removed += len(before.get(code, []))
    return [past, in_force]


def _registry(plan: Plan, held: Held) -> Change:
    old = held["registry"][0] if held["registry"] else {"id": 1, **NAMELESS}
    differs = any(old.get(name) != value for name, value in plan.registry.items())
    return Change("registry", ("id",), update=[{"id": 1, **plan.registry}] if differs else [])


def _warn_of_what_is_missing(plan: Plan, kind: Kind, rows: list[Checked], held: Held, report: Report) -> None:
    """Rows that the file leaves out stay; values whose column it leaves out go: both are said."""
    if not rows:
        return
    file = rows[0].line.file
    if report.counts[kind.name].absent:
        args = {"rows": str(report.counts[kind.name].absent)}
        report.entries.append(Entry("note", "not_in_file", file, args=args))
    named = {_key(row.values, kind): row.values for row in rows}
    for column in sorted(plan.absent.get(kind.name, ())):
        emptied = sum(
            bool(row[column]) and not named[key][column]
            for row in held[kind.table]
            if (key := _key(row, kind)) in named
        )
        if emptied:
            args = {"rows": str(emptied)}
            report.entries.append(Entry("warning", "column_absent", file, column=column, args=args))
