"""The registry in: the exchange format, or an official's own list, into the database; all or nothing.

:func:`import_paths` reads, recognises, checks and writes, and gives a :class:`Report`. The trial run goes
through the very same steps, the writing included, and is then rolled back.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine

import db
from handlers.services.importing.checking import Checker
from handlers.services.importing.comparing import Change, differences
from handlers.services.importing.judging import Held
from handlers.services.importing.reading import Reading, read_paths
from handlers.services.importing.recognising import Sheet, recognise
from handlers.services.importing.report import REASONS, Count, Entry, Report, Severity
from handlers.services.importing.returning import write_back
from handlers.services.importing.writing import lock, read_held, write

__all__ = ["REASONS", "Count", "Entry", "Report", "Severity", "import_paths", "load_if_empty", "write_back"]

ATTEMPTS = 5
"""How often an import starts again when the registry changed while it was being checked."""


async def import_paths(
    engine: AsyncEngine, paths: Iterable[Path | str], *, dry_run: bool = False, accept_good_rows: bool = False
) -> Report:
    """Bring the registry up to date with folders, .csv files and workbooks.

    Nothing is saved if anything is wrong, unless ``accept_good_rows``: then rows at fault (and rows that
    refer to them) are left out; a file that cannot be understood still refuses everything. The version of
    the registry rises by one if something changed. Never raises for what is in the files; database faults
    other than a broken constraint are passed on.
    """
    reading = await asyncio.to_thread(read_paths, [Path(path) for path in paths])
    sheets = await asyncio.to_thread(recognise, reading)
    for _ in range(ATTEMPTS):
        report = Report(dry_run, entries=list(reading.entries))
        async with engine.connect() as connection:
            held = await read_held(connection)
        changes = await asyncio.to_thread(_decide, reading, sheets, held, report, accept_good_rows)
        if changes is None or await _store(engine, changes, held, report):
            return report
    raise RuntimeError("the registry kept changing while an import was being checked")


def _decide(
    reading: Reading, sheets: list[Sheet], held: Held, report: Report, accept_good_rows: bool
) -> list[Change] | None:
    """What to write; None if the import is refused."""
    plan = Checker(held, report, accept_good_rows=accept_good_rows).check(reading, sheets)
    changes = differences(plan, held, report)
    whole_files_wrong = any(entry.row is None or entry.reason in _OF_FILES for entry in report.errors)
    if whole_files_wrong or (report.errors and not accept_good_rows):
        return None
    return changes


_OF_FILES = frozenset({"malformed", "missing_column", "duplicate_column", "wrong_header"})
"""Faults of a whole file that are found in one of its rows."""


async def _store(engine: AsyncEngine, changes: list[Change], held: Held, report: Report) -> bool:
    """Write, or write and roll back for a trial; False if the registry changed meanwhile."""
    seen = held["registry"][0]["version"] if held["registry"] else 0
    async with engine.connect() as connection:
        if await lock(connection) != seen:
            return False
        try:
            report.version = await write(connection, changes)
        except IntegrityError as error:
            detail = str(error.orig).splitlines()[0]
            report.entries.append(Entry("error", "database_refused", "-", args={"detail": detail}))
            return True
        if not report.dry_run:
            await connection.commit()
            report.saved = True
    return True


async def load_if_empty(engine: AsyncEngine, folder: Path | str) -> Report | None:
    """Load a folder at the first start; None if the registry has been loaded before."""
    async with engine.connect() as connection:
        if await connection.scalar(select(db.metadata.tables["registry"].c.version)):
            return None
    return await import_paths(engine, [folder])
