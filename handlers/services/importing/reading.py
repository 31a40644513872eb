"""From paths to grids of cells: a folder of CSV files, single files, workbooks. Nothing is understood yet.

Whatever is wrong with a file becomes an entry of the report; no error of a file leaves this module.
"""

from __future__ import annotations

import csv
import io
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from handlers.services.importing import cells
from handlers.services.importing.cells import Raw
from handlers.services.importing.kinds import KINDS, REGISTRY_KEYS
from handlers.services.importing.report import Entry

WORKBOOKS = frozenset({".xlsx", ".xlsm", ".xls", ".ods"})
"""Endings that python-calamine reads."""
LARGEST_FILE = 64 * 1024 * 1024
"""Bytes; the whole country's products take about 20 MB."""
REQUIRED_FILE = "products"
"""The one file a folder must have."""


@dataclass(frozen=True, slots=True)
class Grid:
    """The cells of one file or sheet. ``rows[0]`` is the spreadsheet's row 1; ``name`` hints at the kind."""

    file: str
    name: str
    rows: list[list[Raw]]


@dataclass(slots=True)
class Reading:
    """What was found under the paths given."""

    grids: list[Grid] = field(default_factory=list)
    registry: dict[str, Any] = field(default_factory=dict)
    registry_file: str = "registry.toml"
    entries: list[Entry] = field(default_factory=list)

    def wrong(self, reason: str, file: str, **args: str) -> None:
        """Report a fault of a whole file."""
        self.entries.append(Entry("error", reason, file, args=args))

    def warn(self, reason: str, file: str, **args: str) -> None:
        """Report something to look at."""
        self.entries.append(Entry("warning", reason, file, args=args))


def read_paths(paths: Sequence[Path]) -> Reading:
    """Read everything named: folders of the exchange format, .csv, workbooks, registry.toml."""
    reading = Reading()
    for path in paths:
        try:
            _read_path(path, reading)
        except OSError as error:
            reading.wrong("unreadable", path.name or str(path), detail=error.strerror or type(error).__name__)
    return reading


def _read_path(path: Path, reading: Reading) -> None:
    if path.is_dir():
        _read_folder(path, reading)
    elif not path.exists():
        reading.wrong("no_such_path", str(path))
    else:
        _read_file(path, reading)


def _read_folder(folder: Path, reading: Reading) -> None:
    files = sorted(path for path in folder.iterdir() if path.is_file() and path.name[0] not in ".~")
    known = [path for path in files if path.suffix.lower() == ".csv" and path.stem in KINDS]
    for path in files:
        if path in known or path.name == "registry.toml":
            _try_file(path, reading)
        elif path.suffix.lower() == ".csv" or path.suffix.lower() in WORKBOOKS:
            reading.warn("unknown_file", path.name, suggestion=_file_meant(path.stem))
    if REQUIRED_FILE not in {path.stem for path in known}:
        reading.wrong("missing_file", folder.name, expected=f"{REQUIRED_FILE}.csv")


def _file_meant(stem: str) -> str:
    meant = cells.nearest(stem, tuple(KINDS))
    return f"{meant}.csv" if meant else ""


def _try_file(path: Path, reading: Reading) -> None:
    try:
        _read_file(path, reading)
    except OSError as error:
        reading.wrong("unreadable", path.name, detail=error.strerror or type(error).__name__)


def _read_file(path: Path, reading: Reading) -> None:
    size = path.stat().st_size
    if size > LARGEST_FILE:
        reading.wrong("unreadable", path.name, detail=f"{size} > {LARGEST_FILE} bytes")
    elif size == 0:
        reading.wrong("empty_file", path.name)
    elif path.suffix.lower() in WORKBOOKS:
        _read_workbook(path, reading)
    elif path.suffix.lower() == ".toml":
        _read_toml(path, reading)
    elif path.suffix.lower() in {".csv", ".txt", ".tsv"}:
        _read_csv(path, reading)
    else:
        reading.wrong("unknown_file", path.name, suggestion=_file_meant(path.stem))


# ---------------------------------------------------------- text


def _decoded(content: bytes, name: str, reading: Reading) -> str | None:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        from charset_normalizer import from_bytes

        guess = from_bytes(content[:100_000]).best()
        reading.wrong("not_utf8", name, encoding=guess.encoding if guess else "")
        return None


def _read_csv(path: Path, reading: Reading) -> None:
    content = _decoded(path.read_bytes(), path.name, reading)
    if content is None:
        return
    if not content.strip():
        reading.wrong("empty_file", path.name)
        return
    delimiter = delimiter_of(content)
    if delimiter != ",":
        reading.warn("semicolons", path.name, delimiter="tab" if delimiter == "\t" else delimiter)
    rows: list[list[Raw]] = []
    try:
        for row in csv.reader(io.StringIO(content, newline=""), delimiter=delimiter, strict=True):
            rows.append(list(row))
    except csv.Error as error:
        detail = str(error)
        reading.entries.append(Entry("error", "malformed", path.name, len(rows) + 1, args={"detail": detail}))
        return
    reading.grids.append(Grid(path.name, path.stem, rows))


def delimiter_of(content: str) -> str:
    """A comma as RFC 4180 has it; spreadsheets set to Vietnamese write semicolons."""
    head = content.lstrip().split("\n", 1)[0]
    return max(",;\t", key=head.count) if head.count(",") < max(head.count(";"), head.count("\t")) else ","


def _read_toml(path: Path, reading: Reading) -> None:
    content = _decoded(path.read_bytes(), path.name, reading)
    if content is None:
        return
    try:
        said = tomllib.loads(content)
    except tomllib.TOMLDecodeError as error:
        reading.wrong("wrong_toml", path.name, detail=str(error))
        return
    _take_registry(said, path.name, reading)


def _take_registry(said: dict[str, Any], file: str, reading: Reading) -> None:
    for key in said.keys() - set(REGISTRY_KEYS):
        suggestion = cells.nearest(key, REGISTRY_KEYS)
        reading.entries.append(
            Entry("warning", "unknown_column", file, column=key, args={"suggestion": suggestion})
        )
    reading.registry = {key: said[key] for key in REGISTRY_KEYS if key in said}
    reading.registry_file = file


# ---------------------------------------------------------- workbooks


def _read_workbook(path: Path, reading: Reading) -> None:
    import python_calamine

    try:
        with python_calamine.CalamineWorkbook.from_path(path) as book:
            for name in book.sheet_names:
                sheet = book.get_sheet_by_name(name)
                grid = Grid(sheet_label(path.name, name), name, list(_filled(sheet)))
                if name.strip().lower() == "registry":
                    _take_registry(_pairs(grid), grid.file, reading)
                elif any(_written(row) for row in grid.rows):
                    reading.grids.append(grid)
    except (python_calamine.CalamineError, python_calamine.PasswordError, ValueError) as error:
        reading.wrong("unreadable", path.name, detail=str(error))


def sheet_label(file: str, sheet: str) -> str:
    """How a report names a sheet."""
    return f"{file} [{sheet}]"


def _pairs(grid: Grid) -> dict[str, Any]:
    pairs = [(cells.plain(row[0]), row[1]) for row in grid.rows if len(row) > 1]
    return {key: value for key, value in pairs if key not in ("", "key") and value not in ("", None)}


def _written(row: Iterable[Raw]) -> bool:
    return any(cell not in ("", None) for cell in row)


def _filled(sheet: Any) -> Iterator[list[Raw]]:
    """The rows of a sheet from its row 1 on, where a cell merged over several rows stands in each of them."""
    rows: list[list[Raw]] = sheet.to_python(skip_empty_area=False)
    for (top, left), (bottom, _right) in sheet.merged_cell_ranges or ():
        if bottom > top and top < len(rows) and left < len(rows[top]):
            for row in rows[top + 1 : bottom + 1]:
                row[left] = rows[top][left]
    yield from rows
