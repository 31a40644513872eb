"""The registry in and out, in words: an import's report for the official who has to mend the list.

The facts are :mod:`handlers.services.importing`'s; here every reason of it has its sentence.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

from handlers.sentences import cut, group_name
from handlers.services.importing import REASONS, Count, Entry, Report
from handlers.services.importing.cells import CellError, partial_date
from handlers.services.importing.kinds import KINDS
from handlers.services.importing.reading import WORKBOOKS
from handlers.talk.language import N_, _, listed, money, ngettext, number, recorded

MOST_LINES = 100
"""Lines of one kind that the command line prints; the report file has them all."""
LONGEST_VALUE = 80
"""Characters of a cell that a line repeats."""

SENTENCES: Mapping[str, str] = {
    # the file as a whole
    "no_such_path": N_("There is no such file or folder; please check the path."),
    "unreadable": N_("This cannot be read: {detail}."),
    "not_utf8": N_("The text is not in UTF-8 (it looks like {encoding}); in Excel, save it as “CSV UTF-8”."),
    "malformed": N_("This row is not proper CSV ({detail}); look for a quotation mark that is not closed."),
    "empty_file": N_("The file is empty."),
    "missing_file": N_("The folder has no {expected}, and it must have one."),
    "unknown_file": N_("The file is not one of the exchange format, so it was not read."),
    "unknown_sheet": N_("This is no list that we know, so it was left out."),
    "nothing_recognised": N_(
        "No list was recognised. A list of products needs a row of headings such as “Tên sản phẩm”, "
        "“Hạng sao”, “Chủ thể”."
    ),
    "wrong_header": N_("The headings are not right: found are {found}; needed are {expected}."),
    "missing_column": N_("The list must have this column."),
    "duplicate_column": N_("Two columns have the same meaning; please keep one."),
    "unknown_column": N_("This column is not known, so it was left out."),
    "wrong_toml": N_("The file is not proper TOML: {detail}."),
    "semicolons": N_("The cells are separated by “{delimiter}” and not by commas; they were read so."),
    "places_unknown": N_(
        "The registry knows no communes yet, so no place could be found; import communes.csv with it."
    ),
    # one cell
    "required": N_("This cell must be filled in."),
    "not_a_date": N_("There is no such date; write for example 25/12/2026, 12/2026 or 2026."),
    "date_out_of_range": N_("The year cannot be right."),
    "turned_into_date": N_(
        "The spreadsheet made a date of it; format the cell as text and type the months again, "
        "for example 8-9."
    ),
    "stars_out_of_range": N_("The stars can only be 3, 4 or 5."),
    "not_whole": N_("This must be a whole number, for example 55000."),
    "not_a_number": N_("This must be a number, for example 21.85."),
    "out_of_range": N_("This must be from {least} to {most}."),
    "not_one_of": N_("This can only be {allowed}."),
    "not_yes_or_no": N_("Please write “yes” or “no”."),
    "not_months": N_("Write months such as 8-9, lunar months such as L7-L9."),
    "not_a_commune_code": N_("The code of a commune has five digits, for example 06253."),
    "control_character": N_("There is an invisible control character in it; please type the text again."),
    "spreadsheet_error": N_("A formula failed in this cell; please put the value itself."),
    "too_long": N_("The text is too long: at most {most} characters."),
    "not_a_price": N_(
        "This price could not be read, so it was left out; write for example 55.000 or "
        "50.000 - 60.000 đồng/kg."
    ),
    # one row
    "too_many_cells": N_("The row has more cells than there are headings; look for a comma too many."),
    "duplicate": N_("This stands in {first_file}, row {first_row}, already; please keep one of them."),
    "unknown_reference": N_("There is no {kind} with this code, neither in these files nor in the registry."),
    "valid_before_issued": N_("This is before the day of issue ({issued_on})."),
    "not_36_months": N_(
        "A certificate runs for 36 months, so {expected} was expected; it is taken as written."
    ),
    "range_upside_down": N_("The upper price is lower than the lower price ({price_vnd})."),
    "range_without_start": N_("There is an upper price but no lower one (column price_vnd)."),
    "box_upside_down": N_("The smallest latitude or longitude is greater than the greatest (min_…, max_…)."),
    "latest_disagrees": N_(
        "The certificate in force disagrees with products.csv, where {product_column} is “{product_value}”."
    ),
    "older_than_history": N_(
        "The certificate in force is older than one of the product's earlier ones ({latest})."
    ),
    "group_missing": N_("The product is new, so its group must be given (column “Nhóm sản phẩm”)."),
    "ambiguous_product": N_(
        "Several products of the registry have this name ({codes}); give the code in a column “Mã sản phẩm”."
    ),
    "ambiguous_producer": N_(
        "Several producers of the registry have this name ({codes}); give the code in a column "
        "“producer_code”, in place of the name."
    ),
    # places and what was understood
    "place_ambiguous": N_(
        "Several communes may be meant ({choices}); write the commune's code, or the former district with it."
    ),
    "place_unknown": N_("No commune has this name, neither today nor before July 2025."),
    "place_resolved": N_("Understood as {name} ({code})."),
    "code_padded": N_("The leading zero was put back: {code}."),
    "code_renewed": N_("A code from before July 2025; today it is {name} ({code})."),
    "code_made": N_("A new product, with the code {code}."),
    "matched_by_name": N_("Found in the registry by its name: {code}."),
    "producer_added": N_("A new producer, with the code {code}."),
    "section": N_("Heads the rows below it: {meaning}."),
    "row_ignored": N_("This row is no product, so it was left out."),
    "column_mapped": N_("Taken as: {field}."),
    "database_refused": N_("The database refused it: {detail}."),
}
"""The sentence of every reason but those that count (:func:`_rows`); its placeholders are the reason's
arguments."""

FIELDS: Mapping[str, str] = {
    "_number": N_("running number (not used)"),
    "code": N_("product code"),
    "name_vi": N_("product name"),
    "name_en": N_("English name"),
    "aliases": N_("other names"),
    "group": N_("product group"),
    "stars": N_("number of stars"),
    "decision": N_("decision number"),
    "issued_on": N_("day of recognition"),
    "valid_until": N_("last valid day"),
    "standards": N_("standards"),
    "awards": N_("awards"),
    "price_unit": N_("unit of the price"),
    "online_url": N_("shop page"),
    "description_vi": N_("description"),
    "note": N_("note (for the office only)"),
    "_price": N_("price"),
    "_producer": N_("producer"),
    "_producer_kind": N_("kind of producer"),
    "_phone": N_("producer's phone"),
    "_contact": N_("contact person"),
    "_email": N_("producer's e-mail"),
    "_website": N_("producer's website"),
    "_address": N_("address"),
    "_commune": N_("commune"),
    "_district": N_("former district"),
}
"""What an official's column was taken for; other columns go by their name in the exchange format."""

MADE_FROM: Mapping[str, str] = {
    "commune_code": "_commune",
    "place": "_address",
    "price_max_vnd": "_price",
    "price_vnd": "_price",
    "producer_code": "_producer",
}
"""Columns of the exchange format that are made from another field of an official's list."""

TERMS: Mapping[str, str] = {
    "cooperative": N_("cooperative"),
    "company": N_("company"),
    "group": N_("cooperative group"),
    "household": N_("household"),
    "farm": N_("farm"),
    "association": N_("association"),
    "communes": N_("commune"),
    "producers": N_("producer"),
    "products": N_("product"),
    "showrooms": N_("showroom"),
}
"""Words for terms of the exchange format."""

LISTS: Mapping[str, str] = {
    "communes": N_("Communes"),
    "commune_merges": N_("Communes before July 2025"),
    "producers": N_("Producers"),
    "products": N_("Products"),
    "certificates": N_("Certificates, earlier ones included"),
    "showrooms": N_("Showrooms"),
    "stock": N_("What showrooms sell"),
    "attractions": N_("Sights"),
    "seasons": N_("Seasons"),
    "events": N_("Events"),
    "targets": N_("Aims"),
    "statistics": N_("Figures"),
    "mentions_unconfirmed": N_("Unconfirmed mentions"),
}
"""What a kind of rows is called."""

ONE_BY_ONE = frozenset({"column_mapped", "code_made", "producer_added"})
"""Notes that are shown each: a misspelt name would make a product or producer anew. Others are summed up."""


# --------------------------------------------------------------------------------------------- one sentence


def told(entry: Entry) -> str:
    """An entry in one short plain sentence, in the language spoken now; where it is, :func:`where` says."""
    args = {name: _clean(entry.args.get(name, "")) for name in REASONS[entry.reason]}
    special = _SPECIAL.get(entry.reason)
    sentence = special(entry, args) if special else _plain(entry.reason, args)
    return " ".join(filter(None, [sentence, _hint(args.get("suggestion", ""))]))


def _plain(reason: str, args: Mapping[str, str]) -> str:
    return _(SENTENCES[reason]).format(**args)


def _hint(suggestion: str) -> str:
    return _("Is “{suggestion}” meant?").format(suggestion=suggestion) if suggestion else ""


def _rows(entry: Entry, args: Mapping[str, str]) -> str:
    n = int(args["rows"])
    words = {
        "column_absent": ngettext(
            "The file has no such column; what the registry has there is emptied in {n} row.",
            "The file has no such column; what the registry has there is emptied in {n} rows.",
            n,
        ),
        "not_in_file": ngettext(
            "The registry has {n} row that is not in this file; it stays as it is.",
            "The registry has {n} rows that are not in this file; they stay as they are.",
            n,
        ),
        "rows_removed": ngettext(
            "This file replaces the whole list, and has {n} row fewer than the registry.",
            "This file replaces the whole list, and has {n} rows fewer than the registry.",
            n,
        ),
    }
    return words[entry.reason].format(n=number(n))


def _unreadable(entry: Entry, args: Mapping[str, str]) -> str:
    if args["detail"] == os.strerror(errno.EACCES):
        return _("You have no permission to read this.")
    if Path(entry.file).suffix.lower() in WORKBOOKS:
        sentence = _("This workbook cannot be read ({detail}); open it in Excel and save it anew as .xlsx.")
        return sentence.format(**args)
    return _plain("unreadable", args)


def _not_utf8(_entry: Entry, args: Mapping[str, str]) -> str:
    if not args["encoding"]:
        return _("The text is not in UTF-8; in Excel, save it as “CSV UTF-8”.")
    return _plain("not_utf8", args)


def _wrong_header(_entry: Entry, args: Mapping[str, str]) -> str:
    if not args["found"]:
        return _("There is no row of headings; needed are {expected}.").format(**args)
    return _plain("wrong_header", args)


def _separated(_entry: Entry, args: Mapping[str, str]) -> str:
    if args["delimiter"] == "tab":
        return _("The cells are separated by tabs and not by commas; they were read so.")
    return _plain("semicolons", args)


def _not_a_date(entry: Entry, args: Mapping[str, str]) -> str:
    try:
        partial_date(entry.value)
    except CellError:
        return _plain("not_a_date", args)
    return _("A whole day is needed here, for example 25/12/2026.")


def _range(_entry: Entry, args: Mapping[str, str]) -> str:
    return _plain("out_of_range", {name: _counted(text) for name, text in args.items()})


def _allowed(_entry: Entry, args: Mapping[str, str]) -> str:
    allowed = [_both(term) for term in args["allowed"].split(", ")]
    return _plain("not_one_of", {"allowed": listed(allowed, "or")})


def _latest(_entry: Entry, args: Mapping[str, str]) -> str:
    if not args["product_value"]:
        return _(
            "The certificate in force disagrees with products.csv, where {product_column} is empty."
        ).format(**args)
    return _plain("latest_disagrees", {**args, "product_value": recorded(args["product_value"])})


def _shown_as(name: str, show: Callable[[str], str]) -> Callable[[Entry, Mapping[str, str]], str]:
    """A sentence whose argument ``name`` is put into the reader's form first."""

    def sentence(entry: Entry, args: Mapping[str, str]) -> str:
        return _plain(entry.reason, {**args, name: show(args[name])})

    return sentence


def _both(term: str) -> str:
    """A term of the format with its word in the reader's language: ``food (Thực phẩm)``."""
    name = group_name(term)
    word = name if name != term else _(TERMS[term]) if term in TERMS else term
    return term if word.lower() == term else f"{term} ({word})"


def _counted(written: str) -> str:
    return number(int(written)) if written.lstrip("-").isdigit() else written


_SPECIAL: Mapping[str, Callable[[Entry, Mapping[str, str]], str]] = {
    "column_absent": _rows,
    "not_in_file": _rows,
    "rows_removed": _rows,
    "unreadable": _unreadable,
    "not_utf8": _not_utf8,
    "wrong_header": _wrong_header,
    "semicolons": _separated,
    "not_a_date": _not_a_date,
    "out_of_range": _range,
    "not_one_of": _allowed,
    "latest_disagrees": _latest,
    "too_long": _shown_as("most", _counted),
    "unknown_reference": _shown_as("kind", lambda kind: _(TERMS[kind])),
    "valid_before_issued": _shown_as("issued_on", recorded),
    "not_36_months": _shown_as("expected", recorded),
    "older_than_history": _shown_as("latest", recorded),
    "range_upside_down": _shown_as("price_vnd", lambda dong: money(int(dong))),
    "section": _shown_as("meaning", group_name),
    "column_mapped": _shown_as("field", lambda field: _(FIELDS[field]) if field in FIELDS else field),
}


# ----------------------------------------------------------------------------------------- the whole report


def report_lines(report: Report, written_to: Path | None = None) -> list[str]:
    """What the command line prints: errors, warnings, what was understood, counts; last, whether it is saved.

    ``written_to`` is the file that holds the whole report, if there is one.
    """
    headings = {
        (entry.file, entry.args["field"]): entry.column
        for entry in report.notes
        if entry.reason == "column_mapped"
    }
    lines: list[str] = []
    for heading, entries in (
        (_("To be corrected ({n}):"), report.errors),
        (_("Please look at ({n}):"), report.warnings),
    ):
        said = [f"{where(entry, headings)}{told(entry)}" for entry in _in_order(entries)]
        lines += _section(heading.format(n=number(len(said))), said)
    lines += _section(_("How the file was understood:"), list(_notes(report.notes, headings)))
    lines += _section(_counts_heading(report), [_count_line(*item) for item in report.counts.items()])
    if written_to:
        lines.append(_("The whole report is in {path}.").format(path=written_to))
    return [*lines, _outcome(report)]


def _in_order(entries: list[Entry]) -> list[Entry]:
    """As somebody goes through the files: one file after another, from its first row to its last."""
    files = list(dict.fromkeys(entry.file for entry in entries))
    return sorted(entries, key=lambda entry: (files.index(entry.file), entry.row or 0))


def where(entry: Entry, headings: Mapping[tuple[str, str], str] | None = None) -> str:
    """File, row, column and value of an entry, ready to be followed by its sentence.

    ``headings`` gives the words above the columns of officials' lists, by file and field.
    """
    parts = [_clean(entry.file)] if entry.file != "-" else []
    if entry.row:
        parts.append(_("row {row}").format(row=entry.row))
    if entry.column:
        parts.append(_("column {column}").format(column=_column(entry, headings or {})))
    if entry.value:
        parts.append(_("value “{value}”").format(value=cut(_clean(entry.value), LONGEST_VALUE)))
    return ", ".join(parts) + ": " if parts else ""


def _column(entry: Entry, headings: Mapping[tuple[str, str], str]) -> str:
    """The heading as the official wrote it, else its word; in the exchange format the column itself."""
    if all(file != entry.file for file, _field in headings):
        return _(FIELDS[entry.column]) if entry.column[0] == "_" else _clean(entry.column)
    field = MADE_FROM.get(entry.column, entry.column)
    heading = headings.get((entry.file, entry.column)) or headings.get((entry.file, field))
    if heading is None and field in FIELDS:
        return _(FIELDS[field])
    return f"“{_clean(heading or entry.column)}”"


def _section(heading: str, said: list[str]) -> list[str]:
    if not said:
        return []
    lines = [heading, *(f"  {line}" for line in said[:MOST_LINES])]
    if len(said) > MOST_LINES:
        more = _("… and {n} more; “--report FILE” writes all of them to a file.")
        lines.append("  " + more.format(n=number(len(said) - MOST_LINES)))
    return [*lines, ""]


def _notes(notes: Iterable[Entry], headings: Mapping[tuple[str, str], str]) -> Iterator[str]:
    """Each column and each addition in a line; of the others the first of its sort, and how many.

    What is not in a file is told by the counts.
    """
    sorts: dict[tuple[str, str], list[Entry]] = {}
    for entry in notes:
        if entry.reason in ONE_BY_ONE:
            yield where(entry, headings) + told(entry)
        elif entry.reason != "not_in_file":
            sorts.setdefault((entry.file, entry.reason), []).append(entry)
    for first, *others in sorts.values():
        line = where(first, headings) + told(first)
        if others:
            n = len(others)
            more = ngettext("(and {n} more like this)", "(and {n} more like this)", n)
            line = f"{line} {more.format(n=number(n))}"
        yield line


def _counts_heading(report: Report) -> str:
    if not report.ok:
        return _("Rows without an error:")
    return _("In a real run:") if report.dry_run else _("Rows:")


def _count_line(kind: str, count: Count) -> str:
    parts = [
        sentence.format(n=number(n))
        for n, sentence in (
            (count.added, _("{n} added")),
            (count.changed, _("{n} changed")),
            (count.removed, _("{n} removed")),
            (count.unchanged, _("{n} unchanged")),
            (count.absent, _("{n} only in the registry, kept")),
        )
        if n
    ]
    said = ", ".join(parts) or _("no rows")
    return f"{_(LISTS[kind])}: {said}"


def _outcome(report: Report) -> str:
    """The last line: was it saved, would it be."""
    faults = ngettext("{n} error", "{n} errors", len(report.errors)).format(n=number(len(report.errors)))
    version = report.version or 0
    if report.saved and not report.ok:
        sentence = _(
            "Saved without the rows that have errors ({faults}); the registry is now version {version}."
        )
    elif report.saved and not report.changes:
        sentence = _("Saved: no row is different; the registry is version {version}.")
    elif report.saved:
        sentence = _("Saved; the registry is now version {version}.")
    elif report.dry_run and report.version is not None:
        return _trial(report, faults)
    elif report.dry_run:
        sentence = _("Dry run: nothing was saved, and a real run would save nothing either: {faults}.")
    else:
        sentence = _("Nothing was saved: {faults}.")
    return sentence.format(faults=faults, version=number(version))


def _trial(report: Report, faults: str) -> str:
    counts = report.counts.values()
    if report.ok and not report.changes:
        return _("Dry run: nothing was saved; no row is different.")
    if not report.ok:
        sentence = _(
            "Dry run: nothing was saved; without the rows that have errors ({faults}) it would add {added}, "
            "change {changed} and remove {removed} rows."
        )
    else:
        sentence = _(
            "Dry run: nothing was saved; it would add {added}, change {changed} and remove {removed} rows."
        )
    return sentence.format(
        faults=faults,
        added=number(sum(count.added for count in counts)),
        changed=number(sum(count.changed for count in counts)),
        removed=number(sum(count.removed for count in counts)),
    )


# ---------------------------------------------------------------------------------- what a shell needs more


def overwrites(report: Path, paths: Iterable[Path]) -> bool:
    """Would the report file replace one of the files that are to be imported?"""
    target = report.resolve()
    taken = {f"{name}.csv" for name in KINDS} | {"registry.toml"}
    return any(
        target == path.resolve() or (target.parent == path.resolve() and target.name in taken)
        for path in paths
    )


def overwriting(path: Path) -> str:
    """Why a report is not written over a list."""
    return _("{path} is one of the files to import; please name another file for the report.").format(
        path=path
    )


def not_writable(path: Path, error: OSError) -> str:
    """Why nothing can be written to a place."""
    if error.errno in {errno.EACCES, errno.EPERM, errno.EROFS}:
        return _("{path} cannot be written: you have no permission there.").format(path=path)
    if error.errno in {errno.ENOENT, errno.ENOTDIR}:
        return _("{path} cannot be written: there is no such folder.").format(path=path)
    return _("{path} cannot be written ({detail}).").format(path=path, detail=_detail(error))


def no_database(error: Exception) -> str:
    """Why the database cannot be used."""
    return _("The database cannot be used: {detail}.").format(detail=_detail(error).rstrip("."))


def newer_database() -> str:
    """Why a database that a newer program made is left alone."""
    return _("The database was made by a newer version of this program; please update the program first.")


def not_an_export(only: str) -> str:
    """What ``--only`` can be."""
    return _("“--only {only}” is not known; it can be all, valid, expiring or expired.").format(
        only=_clean(only)
    )


def export_lines(path: Path, products: int) -> list[str]:
    """What an export wrote, and where."""
    if path.suffix.lower() == ".xlsx":
        written = ngettext(
            "{n} product written to the workbook {path}.",
            "{n} products written to the workbook {path}.",
            products,
        )
        return [written.format(n=number(products), path=path)]
    names = [f"{name}.csv" for name in KINDS]
    files = [*names, *(["registry.toml"] if (path / "registry.toml").exists() else [])]
    written = ngettext(
        "{n} product written to the folder {path}.", "{n} products written to the folder {path}.", products
    )
    return [f"  {name}" for name in files] + [written.format(n=number(products), path=path)]


def _detail(error: Exception) -> str:
    """The first line of what an error says, without the statement that a database repeats."""
    if isinstance(error, OSError) and error.strerror:
        return _clean(error.strerror)
    said = str(getattr(error, "orig", None) or error) or type(error).__name__
    return _clean(said.splitlines()[0])


def _clean(text: str) -> str:
    """One line, without what a terminal or a spreadsheet would obey."""
    return "".join(char if char.isprintable() else "�" for char in " ".join(text.split()))
