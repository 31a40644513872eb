"""What the checks share: the rows that may be stored, the rows that may not, and what is said about
either."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from handlers.services.importing.cells import plain
from handlers.services.importing.recognising import Line
from handlers.services.importing.report import Entry, Report, Severity

Values = dict[str, Any]
Held = Mapping[str, list[Values]]
"""The registry's rows by table, in their order; products carry the columns of their certificate in force."""

LONGEST_SHOWN = 200
"""Characters of a cell that a report repeats."""


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


class Judge:
    """Keeps the report and remembers which rows are at fault."""

    def __init__(self, report: Report) -> None:
        self.report = report
        self._bad: set[tuple[str, int]] = set()
        self._take(report.entries)

    def _take(self, entries: list[Entry]) -> None:
        self._bad |= {(entry.file, entry.row) for entry in entries if entry.severity == "error" and entry.row}

    def add(self, entries: list[Entry]) -> None:
        """Take over what another step found."""
        self.report.entries += entries
        self._take(entries)

    def say(self, severity: Severity, reason: str, line: Line, column: str = "", **args: str) -> None:
        """Add an entry about a row (or one of its cells); an error keeps the row out."""
        value = plain(line.cells.get(column))[:LONGEST_SHOWN]
        self.add([Entry(severity, reason, line.file, line.row, column, value, args)])

    def refuse(self, line: Line) -> None:
        """Keep a row out for a fault that has been told elsewhere."""
        self._bad.add((line.file, line.row))

    def good(self, line: Line) -> bool:
        """Has nothing been found against this row?"""
        return (line.file, line.row) not in self._bad
