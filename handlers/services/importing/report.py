"""What an import says: row by row, as facts that a conversation or the command line puts into words.

``Entry.row`` is the row as a spreadsheet shows it (the heading of a plain file is row 1); None means the
file as a whole. Every reason is one of :data:`REASONS`; its arguments are texts, ready to be shown.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

Severity = Literal["error", "warning", "note"]
"""An error keeps the row (or the whole import) out, a warning asks to look, a note tells what was
understood."""

REASONS: Mapping[str, tuple[str, ...]] = {
    # the file as a whole
    "no_such_path": (),
    "unreadable": ("detail",),
    "not_utf8": ("encoding",),
    "malformed": ("detail",),
    "empty_file": (),
    "missing_file": ("expected",),
    "unknown_file": ("suggestion",),
    "unknown_sheet": ("suggestion",),
    "nothing_recognised": (),
    "wrong_header": ("found", "expected"),
    "missing_column": ("suggestion",),
    "duplicate_column": (),
    "unknown_column": ("suggestion",),
    "wrong_toml": ("detail",),
    "semicolons": ("delimiter",),
    "column_absent": ("rows",),
    "not_in_file": ("rows",),
    "rows_removed": ("rows",),
    "places_unknown": (),
    # one cell
    "required": (),
    "not_a_date": (),
    "date_out_of_range": (),
    "turned_into_date": (),
    "stars_out_of_range": (),
    "not_whole": (),
    "not_a_number": (),
    "out_of_range": ("least", "most"),
    "not_one_of": ("allowed", "suggestion"),
    "not_yes_or_no": (),
    "not_months": (),
    "not_a_commune_code": (),
    "control_character": (),
    "spreadsheet_error": (),
    "too_long": ("most",),
    "not_a_price": (),
    # one row
    "too_many_cells": (),
    "duplicate": ("first_file", "first_row"),
    "unknown_reference": ("kind", "suggestion"),
    "valid_before_issued": ("issued_on",),
    "not_36_months": ("expected",),
    "range_upside_down": ("price_vnd",),
    "range_without_start": (),
    "box_upside_down": (),
    "latest_disagrees": ("product_column", "product_value"),
    "older_than_history": ("latest",),
    "group_missing": (),
    "ambiguous_product": ("codes",),
    "ambiguous_producer": ("codes",),
    # places and what was understood
    "place_ambiguous": ("choices",),
    "place_unknown": ("suggestion",),
    "place_resolved": ("code", "name"),
    "code_padded": ("code",),
    "code_renewed": ("code", "name"),
    "code_made": ("code",),
    "matched_by_name": ("code",),
    "producer_added": ("code",),
    "section": ("meaning",),
    "row_ignored": (),
    "column_mapped": ("field",),
    "database_refused": ("detail",),
}
"""Every reason with the names of its arguments; an argument that does not apply is an empty text."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing to say about a file, a row or a cell."""

    severity: Severity
    reason: str
    file: str
    row: int | None = None
    column: str = ""
    value: str = ""
    args: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.reason not in REASONS or not set(self.args) <= set(REASONS[self.reason]):
            raise ValueError(f"not a reason of REASONS: {self.reason} {sorted(self.args)}")

    def __str__(self) -> str:
        where = f"{self.file}:{self.row}" if self.row else self.file
        cell = f" {self.column}={self.value!r}" if self.column or self.value else ""
        args = ", ".join(f"{name}={text}" for name, text in self.args.items() if text)
        return f"{self.severity}: {where}{cell}: {self.reason}" + (f" ({args})" if args else "")


@dataclass(slots=True)
class Count:
    """What happened (or would happen) to the rows of one kind; ``absent`` rows are in the registry, not
    in the file."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    removed: int = 0
    absent: int = 0

    def __str__(self) -> str:
        return (
            f"added {self.added}, changed {self.changed}, unchanged {self.unchanged}, removed {self.removed},"
            f" not in file {self.absent}"
        )


@dataclass(slots=True)
class Report:
    """The whole answer of an import. ``saved`` is true when the database now holds it."""

    dry_run: bool = False
    saved: bool = False
    version: int | None = None
    entries: list[Entry] = field(default_factory=list)
    counts: dict[str, Count] = field(default_factory=dict)

    @property
    def errors(self) -> list[Entry]:
        """What keeps rows, or everything, out."""
        return [entry for entry in self.entries if entry.severity == "error"]

    @property
    def warnings(self) -> list[Entry]:
        """What somebody should look at."""
        return [entry for entry in self.entries if entry.severity == "warning"]

    @property
    def notes(self) -> list[Entry]:
        """What was mapped, resolved or made up on the way."""
        return [entry for entry in self.entries if entry.severity == "note"]

    @property
    def ok(self) -> bool:
        """Is there no error? The command line ends with 1 when this is false."""
        return not self.errors

    @property
    def changes(self) -> int:
        """Rows added, changed or removed."""
        return sum(count.added + count.changed + count.removed for count in self.counts.values())

    def lines(self, most: int = 200) -> Iterator[str]:
        """The report for a shell, a line an entry, in terms and not in sentences; ``most`` entries a
        severity."""
        for entries in (self.errors, self.warnings, self.notes):
            yield from map(str, entries[:most])
            if len(entries) > most:
                yield f"{entries[0].severity}: +{len(entries) - most}"
        for name, count in self.counts.items():
            yield f"{name}: {count}"
        saved = "yes" if self.saved else "no"
        yield f"errors: {len(self.errors)}, saved: {saved}, version: {self.version or '-'}"

    def write_csv(self, path: Path, say: Callable[[Entry], str] | None = None) -> None:
        """Write the entries as a table that a spreadsheet opens; ``say`` adds a sentence in somebody's
        language."""
        with path.open("w", encoding="utf-8-sig", newline="") as file:
            out = csv.writer(file)
            out.writerow(["severity", "file", "row", "column", "value", "reason", "details", "message"])
            for entry in self.entries:
                details = "; ".join(f"{name}={text}" for name, text in entry.args.items() if text)
                shown = [entry.severity, entry.file, entry.row or "", entry.column, entry.value, entry.reason]
                cells = [*shown, details, say(entry) if say else ""]
                out.writerow([_harmless(cell) for cell in cells])


def _harmless(cell: object) -> object:
    """A cell that a spreadsheet will not take for a formula."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(("=", "+", "-", "@")) else cell
