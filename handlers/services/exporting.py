"""The registry out: the exchange format back, as a folder of CSV files or one workbook.

What is exported can be imported again and changes nothing; exported twice it is the same, byte for byte.
Columns that say nothing are empty, rows keep the order of the file they came from.
"""

from __future__ import annotations

import asyncio
import csv
import io
import json
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import Any, Literal

from sqlalchemy.ext.asyncio import AsyncEngine

from handlers.services.catalogue import Certificate
from handlers.services.certificates import State, Verdict, verdict
from handlers.services.importing.kinds import CERTIFICATE_COLUMNS, KINDS, REGISTRY_KEYS
from handlers.services.importing.writing import read_held

Only = Literal["all", "valid", "expiring", "expired"]
Values = dict[str, Any]

WANTED: Mapping[str, Callable[[Verdict], bool]] = {
    "valid": lambda found: found.current,
    "expiring": lambda found: found.state is State.EXPIRING,
    "expired": lambda found: found.state is State.EXPIRED,
}
"""Which products an export keeps, by their certificate's verdict; the other files are always whole."""


async def export_folder(engine: AsyncEngine, path: Path | str, only: Only = "all", *, on: date) -> int:
    """Write the registry to a folder (made if need be), or to a workbook when the path ends in ``.xlsx``.

    ``only`` keeps the products whose certificate is so on the day ``on``, with their stock and history.
    Gives the number of products written. Raises OSError when the place cannot be written to.
    """
    target = Path(path)
    async with engine.connect() as connection:
        held = await read_held(connection)
    tables = await asyncio.to_thread(_tables, held, only, on)
    registry = held["registry"][0] if held["registry"] else {}
    write = _write_workbook if target.suffix.lower() == ".xlsx" else _write_folder
    await asyncio.to_thread(write, target, tables, registry)
    return len(tables["products"]) - 1


def _tables(held: dict[str, list[Values]], only: Only, on: date) -> dict[str, list[list[str]]]:
    """By kind, the cells of every row, headings first."""
    wanted = {row["code"] for row in held["product"] if only == "all" or WANTED[only](_verdict(row, on))}
    tables: dict[str, list[list[str]]] = {}
    for kind in KINDS.values():
        rows = _history(held) if kind.name == "certificates" else held[kind.table]
        named = {"products": "code", "certificates": "product_code", "stock": "product_code"}.get(kind.name)
        kept = (row for row in rows if named is None or row[named] in wanted)
        written = [[_written(row[column]) for column in kind.columns] for row in kept]
        tables[kind.name] = [list(kind.columns), *written]
    return tables


def _verdict(product: Values, on: date) -> Verdict:
    return verdict(Certificate(**{column: product[column] for column in CERTIFICATE_COLUMNS}), on)


def _history(held: dict[str, list[Values]]) -> list[Values]:
    """Every certificate of the products that have a past one, and those with a remark: the past ones
    first."""
    past: dict[str, list[Values]] = {}
    for row in held["certificate"]:
        past.setdefault(row["product_code"], []).append(row)
    in_force = {row["product_code"]: row for row in held["in_force"]}
    rows: list[Values] = []
    for product in held["product"]:
        code = product["code"]
        own = in_force.get(code)
        if own and (code in past or own["note"] or own["source_url"]):
            rows += [*past.get(code, []), own]
    return rows


def _written(value: Any) -> str:
    match value:
        case None | False:
            return ""
        case True:
            return "yes"
        case float():
            return str(int(value)) if value.is_integer() else repr(value)
        case date():
            return value.isoformat()
        case _:
            return str(value)


def _write_folder(folder: Path, tables: dict[str, list[list[str]]], registry: Values) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    contents = {f"{name}.csv": _csv(rows) for name, rows in tables.items()}
    if registry:
        contents["registry.toml"] = _toml(registry)
    for name, content in contents.items():
        unfinished = folder / f".{name}.part"
        unfinished.write_bytes(content.encode())
        unfinished.replace(folder / name)


def _csv(rows: list[list[str]]) -> str:
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\n").writerows(rows)
    return out.getvalue()


def _toml(registry: Values) -> str:
    return "".join(
        f"{key} = {_toml_value(registry[key])}\n" for key in REGISTRY_KEYS if registry[key] is not None
    )


def _toml_value(value: Any) -> str:
    """A JSON string is a basic string of TOML, but for DEL, which no import lets in."""
    match value:
        case bool():
            return "true" if value else "false"
        case date():
            return value.isoformat()
        case _:
            return json.dumps(str(value), ensure_ascii=False)


def _write_workbook(path: Path, tables: dict[str, list[list[str]]], registry: Values) -> None:
    """Every cell is text: leading zeros stay, and nothing a person wrote becomes a formula."""
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell

    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.part")
    unfinished.open("wb").close()  # a place that cannot be written to is said before openpyxl has begun
    book = Workbook(write_only=True)
    about = [["key", "value"], *([key, _written(registry[key])] for key in REGISTRY_KEYS if registry)]
    for name, rows in {**tables, "registry": about}.items():
        sheet = book.create_sheet(name)
        for row in rows:
            line = []
            for value in row:
                cell = WriteOnlyCell(sheet, value or None)
                if value:
                    cell.data_type = "s"
                line.append(cell)
            sheet.append(line)
    book.save(unfinished)
    unfinished.replace(path)
