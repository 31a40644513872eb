"""The file an official sent, given back with a column that says what is wrong with each row.

The original is not touched; formats, formulas and merged cells of a workbook stay as they are.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path

from handlers.services.importing.reading import delimiter_of, sheet_label
from handlers.services.importing.report import Entry, Report

Say = Callable[[Entry], str]


def write_back(report: Report, source: Path, target: Path, say: Say, heading: str) -> bool:
    """Write ``source`` to ``target`` with one more column, ``heading``, in the rows that have errors or
    warnings.

    ``say`` puts an entry into words. Works for .csv in UTF-8 and for .xlsx; False where it cannot
    (another kind of file, or one that could not be read). Raises OSError when the target cannot be
    written.
    """
    suffix = source.suffix.lower()
    if suffix in {".xlsx", ".xlsm"} and not _unreadable(report, source):
        _write_workbook(report, source, target, say, heading)
    elif suffix == ".csv" and not _unreadable(report, source):
        _write_csv(report, source, target, say, heading)
    else:
        return False
    return True


def _unreadable(report: Report, source: Path) -> bool:
    unusable = {"unreadable", "not_utf8", "malformed", "empty_file", "no_such_path"}
    return any(entry.reason in unusable and entry.file == source.name for entry in report.errors)


def _by_row(report: Report, file: str, say: Say) -> dict[int, str]:
    """What is to be said beside each row, the errors first."""
    said: dict[int, list[str]] = {}
    for entry in [*report.errors, *report.warnings]:
        if entry.file == file and entry.row:
            said.setdefault(entry.row, []).append(say(entry))
    return {row: " · ".join(sentences) for row, sentences in said.items()}


def _write_csv(report: Report, source: Path, target: Path, say: Say, heading: str) -> None:
    content = source.read_bytes().decode("utf-8-sig")
    delimiter = delimiter_of(content)
    rows = list(csv.reader(io.StringIO(content, newline=""), delimiter=delimiter))
    said = _by_row(report, source.name, say)
    width = max(map(len, rows), default=0)
    with target.open("w", encoding="utf-8-sig", newline="") as file:
        out = csv.writer(file, delimiter=delimiter)
        for number, row in enumerate(rows, start=1):
            beside = said.get(number, heading if number == 1 else "")
            out.writerow([*row, *[""] * (width - len(row)), beside] if row else [])


def _write_workbook(report: Report, source: Path, target: Path, say: Say, heading: str) -> None:
    from openpyxl import load_workbook

    book = load_workbook(source)
    for sheet in book.worksheets:
        said = _by_row(report, sheet_label(source.name, sheet.title), say)
        if said:
            column = sheet.max_column + 1
            sheet.cell(1, column, heading)
            for row, sentence in said.items():
                sheet.cell(row, column, sentence).data_type = "s"
    book.save(target)
