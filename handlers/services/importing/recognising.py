"""From a grid to a sheet: which kind it is, which row holds the headings, which column is what.

A file of the exchange format has its headings in row 1; an official's own list has a title above them,
Vietnamese headings, numbered columns, remarks between the rows. Both come out as the same :class:`Sheet`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from handlers.services.importing import cells
from handlers.services.importing.cells import Raw
from handlers.services.importing.headings import IGNORED, field_of
from handlers.services.importing.kinds import KINDS, Kind
from handlers.services.importing.reading import Grid, Reading
from handlers.services.importing.report import Entry

HEADER_WITHIN = 30
"""Rows in which the headings are looked for."""
LEAST_HEADINGS = 3
"""Vietnamese headings a nameless list must show to be taken for a list of products."""
_NUMBERING = re.compile(r"\(?(?:\d{1,2}|[A-Za-z])\)?(?:\s*=.*)?")


@dataclass(slots=True)
class Line:
    """One row: where it stands, and its cells by column of the format or field of :mod:`headings`."""

    file: str
    row: int
    cells: dict[str, Raw]


@dataclass(slots=True)
class Sheet:
    """A recognised file or sheet. ``official`` when it is somebody's own list and not the exchange format."""

    file: str
    kind: Kind
    official: bool
    fields: tuple[str, ...]
    lines: list[Line] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Header:
    at: int
    fields: dict[int, str]
    headings: list[str]
    vietnamese: bool


def recognise(reading: Reading) -> list[Sheet]:
    """Make sheets of the grids that are understood; say of the others what is wrong with them."""
    sheets = [sheet for grid in reading.grids if (sheet := _sheet(grid, reading))]
    refused = any(entry.severity == "error" for entry in reading.entries)
    if not sheets and not refused and not reading.registry:
        files = dict.fromkeys(grid.file.split(" [")[0] for grid in reading.grids)
        for file in files or ["-"]:
            reading.wrong("nothing_recognised", file)
    return sheets


def _sheet(grid: Grid, reading: Reading) -> Sheet | None:
    kind = KINDS.get(grid.name.strip().lower())
    header = _header(grid, kind) if kind else None
    if kind is None:
        kind, header = _guessed(grid)
        if kind is None or header is None:
            reading.warn("unknown_sheet", grid.file, suggestion=cells.nearest(grid.name, tuple(KINDS)))
            return None
    if header is None:
        found = ", ".join(text for text in map(cells.plain, grid.rows[0] if grid.rows else []) if text)
        reading.wrong("wrong_header", grid.file, found=found[:300], expected=", ".join(kind.required))
        return None
    sheet = Sheet(grid.file, kind, header.vietnamese, tuple(header.fields.values()))
    if _columns_fit(sheet, header, reading):
        sheet.lines = list(_lines(grid, header, reading))
        return sheet
    return None


def _guessed(grid: Grid) -> tuple[Kind | None, _Header | None]:
    """The kind of a file whose name says nothing: by the columns it must have, else by Vietnamese
    headings."""
    found = [
        (kind, header)
        for kind in KINDS.values()
        if (header := _header(grid, kind))
        and not header.vietnamese
        and {*kind.required} <= {*header.fields.values()}
    ]
    if found:
        return max(found, key=lambda pair: len(pair[1].fields))
    products = KINDS["products"]
    header = _header(grid, products)
    if header and len(header.fields) >= LEAST_HEADINGS and "name_vi" in header.fields.values():
        return products, header
    return None, None


def _header(grid: Grid, kind: Kind) -> _Header | None:
    """The row that holds most headings of this kind, the first of equals; None if no row holds any."""
    found = [
        header
        for at, row in enumerate(grid.rows[:HEADER_WITHIN])
        if (header := _read_header(at, row, kind)).fields
    ]
    return max(found, key=lambda header: (len(header.fields), -header.at)) if found else None


def _read_header(at: int, row: list[Raw], kind: Kind) -> _Header:
    headings = [cells.plain(cell) for cell in row]
    fields: dict[int, str] = {}
    vietnamese = False
    for index, heading in enumerate(headings):
        name = " ".join(heading.split()).lower()
        if name in kind.columns:
            fields[index] = name
        elif heading and kind.name == "products" and (known := field_of(heading)):
            fields[index] = known
            vietnamese = True
    return _Header(at, fields, headings, vietnamese)


def _columns_fit(sheet: Sheet, header: _Header, reading: Reading) -> bool:
    """Report what each column was taken for; False when a required one is missing or one stands twice."""
    row = header.at + 1
    seen: dict[str, int] = {}
    fits = True
    for index, heading in enumerate(header.headings):
        known = header.fields.get(index)
        if known is None:
            if heading:
                meant = cells.nearest(heading, tuple(c for c in sheet.kind.columns if c not in sheet.fields))
                reading.entries.append(
                    Entry("warning", "unknown_column", sheet.file, row, heading, args={"suggestion": meant})
                )
        elif known in seen and known != IGNORED:
            reading.entries.append(Entry("error", "duplicate_column", sheet.file, row, heading))
            fits = False
        else:
            seen[known] = index
            if sheet.official:
                reading.entries.append(
                    Entry("note", "column_mapped", sheet.file, row, heading, args={"field": known})
                )
    needed = ("name_vi",) if sheet.official else sheet.kind.required
    for column in needed:
        if column not in seen:
            unknown = tuple(h for i, h in enumerate(header.headings) if h and i not in header.fields)
            suggestion = cells.nearest(column, unknown)
            reading.entries.append(
                Entry("error", "missing_column", sheet.file, row, column, args={"suggestion": suggestion})
            )
            fits = False
    return fits


def _lines(grid: Grid, header: _Header, reading: Reading) -> Iterable[Line]:
    width = len(header.headings)
    for at, row in enumerate(grid.rows[header.at + 1 :], start=header.at + 1):
        if not any(cell is not None and cell != "" for cell in row):
            continue
        if header.vietnamese and _is_repeated(row, at, header):
            continue
        if any(cells.plain(cell) for cell in row[width:]):
            reading.entries.append(Entry("error", "too_many_cells", grid.file, at + 1))
        yield Line(
            grid.file,
            at + 1,
            {name: row[index] if index < len(row) else None for index, name in header.fields.items()},
        )


def _is_repeated(row: list[Raw], at: int, header: _Header) -> bool:
    """Is it the headings again (merged over two rows), or the row below them that numbers the columns?"""
    written = [text for text in map(cells.plain, row) if text]
    if written == [text for text in header.headings if text]:
        return True
    return at == header.at + 1 and len(written) > 1 and all(_NUMBERING.fullmatch(text) for text in written)
