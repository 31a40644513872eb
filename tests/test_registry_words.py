"""An import's report in words: a sentence for every reason in every language, and the lines of a shell."""

from __future__ import annotations

import contextvars
import csv
import re
import sqlite3
from pathlib import Path
from string import Formatter
from typing import Any

import pytest
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_file
from openpyxl import Workbook
from typer.testing import CliRunner, Result

import db
from bot.__main__ import app
from handlers import registry
from handlers.services.importing import REASONS, Count, Entry, Report, import_paths
from handlers.services.importing.headings import HEADINGS
from handlers.services.importing.kinds import KINDS
from handlers.talk.language import languages, speaking, translations
from tests.conftest import SAMPLE

LIKE_REAL = {
    "rows": "12",
    "price_vnd": "60000",
    "most": "20000",
    "least": "3",
    "kind": "producers",
    "meaning": "food",
    "field": "_price",
    "allowed": "food, company, yes",
}
"""Arguments that are not any text; what they look like to a reader is in ``SHOWN``."""
SHOWN = {
    "vi": {
        "price_vnd": "60.000",
        "most": "20.000",
        "kind": "chủ thể",
        "meaning": "Thực phẩm",
        "field": "giá bán",
        "allowed": "food (Thực phẩm), company (công ty) hoặc yes",
    },
    "en": {
        "price_vnd": "60,000",
        "most": "20,000",
        "kind": "producer",
        "meaning": "Food",
        "field": "price",
        "allowed": "food, company, or yes",
    },
}


def placeholders(sentence: str) -> set[str]:
    return {name for _literal, name, _spec, _conversion in Formatter().parse(sentence) if name is not None}


def entry_of(reason: str, **args: str) -> Entry:
    filled = {name: LIKE_REAL.get(name, f"({name}!)") for name in REASONS[reason]}
    return Entry("error", reason, "products.csv", 3, "stars", "6", {**filled, **args})


def own_messages() -> list[Any]:
    path = Path(registry.__file__)
    return [found[1] for found in extract_from_file("python", str(path), keywords=DEFAULT_KEYWORDS)]


# ---------------------------------------------------------- every reason has its sentence


def test_every_reason_has_a_sentence_with_its_own_arguments() -> None:
    counted = {reason for reason, args in REASONS.items() if "rows" in args}
    assert registry.SENTENCES.keys() == REASONS.keys() - counted
    for reason, sentence in registry.SENTENCES.items():
        assert placeholders(sentence) == set(REASONS[reason]) - {"suggestion"}, reason


@pytest.mark.parametrize("language", languages())
@pytest.mark.parametrize("reason", REASONS)
def test_every_reason_is_told_whole(reason: str, language: str) -> None:
    with speaking(language):
        said = registry.told(entry_of(reason))
    assert said[0].isupper()
    assert said[-1] in ".?"
    assert not set("{}\n") & set(said)
    for name in REASONS[reason]:
        shown = SHOWN[language].get(name, LIKE_REAL.get(name, f"({name}!)"))
        assert shown in said, f"{name} is not told: {said}"


@pytest.mark.parametrize("language", languages())
@pytest.mark.parametrize("reason", [reason for reason, args in REASONS.items() if args])
def test_arguments_that_do_not_apply_leave_no_trace(reason: str, language: str) -> None:
    may_be_empty = {"suggestion", "encoding", "found", "product_value"}
    empty = {name: "" for name in REASONS[reason] if name in may_be_empty}
    with speaking(language):
        said = registry.told(entry_of(reason, **empty))
    assert not re.search(r"“”|\(\)|\s\s| \.|\s$|: ?[;.]", said), said


def test_every_message_is_in_vietnamese_with_the_same_placeholders() -> None:
    vietnamese = translations("vi")
    messages = own_messages()
    assert len(messages) > 120
    for message in messages:
        singular, plural = message if isinstance(message, tuple) else (message, None)
        said = vietnamese.ngettext(singular, plural, 7) if plural else vietnamese.gettext(singular)
        assert said not in {singular, plural}, f"not translated: {singular}"
        assert placeholders(said) == placeholders(singular), singular


def test_the_words_cover_what_can_be_named() -> None:
    assert registry.FIELDS.keys() == HEADINGS.keys()
    assert registry.LISTS.keys() == KINDS.keys()
    referred = {target for kind in KINDS.values() for target in kind.references.values()}
    assert registry.TERMS.keys() == referred | set(db.PRODUCER_KINDS)
    assert set(registry.MADE_FROM.values()) <= HEADINGS.keys()
    assert set(REASONS) >= registry.ONE_BY_ONE


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        (Entry("error", "not_a_date", "p", 2, "closed_until", "12/2026"), "Cần ghi đủ ngày, tháng, năm"),
        (Entry("error", "not_a_date", "p", 2, "issued_on", "31/02/2024"), "Không có ngày này"),
        (Entry("error", "unreadable", "ds.xlsx", args={"detail": "zip"}), "lưu lại dạng .xlsx"),
        (
            Entry("error", "unreadable", "lang-son", args={"detail": "Permission denied"}),
            "Không có quyền đọc",
        ),
        (Entry("error", "not_utf8", "p.csv", args={"encoding": "cp1258"}), "có vẻ là cp1258"),
        (Entry("warning", "semicolons", "p.csv", args={"delimiter": "tab"}), "dấu tab"),
        (Entry("warning", "not_36_months", "p.csv", 2, args={"expected": "2026-12-25"}), "25/12/2026"),
        (Entry("error", "latest_disagrees", "c.csv", 2, args={"product_column": "stars"}), "để trống"),
        (Entry("error", "missing_column", "p.csv", 1, "group", args={"suggestion": "grop"}), "“grop”"),
    ],
)
def test_what_is_told_depends_on_the_case(entry: Entry, said: str) -> None:
    with speaking("vi"):
        assert said in registry.told(entry)


# ---------------------------------------------------------- the whole report


def lines_of(report: Report, language: str = "en") -> list[str]:
    with speaking(language):
        return registry.report_lines(report)


def test_errors_come_first_in_the_order_of_the_file() -> None:
    report = Report(
        entries=[
            Entry("note", "code_padded", "products.csv", 2, "commune_code", "6253", {"code": "06253"}),
            Entry("warning", "places_unknown", "producers.csv"),
            Entry(
                "error", "duplicate", "products.csv", 9, "code", "na", {"first_file": "a", "first_row": "2"}
            ),
            Entry("error", "stars_out_of_range", "products.csv", 3, "stars", "6"),
        ],
        counts={"products": Count(added=1, changed=2, unchanged=3, absent=4), "stock": Count()},
    )
    lines = lines_of(report)
    assert lines[:3] == [
        "To be corrected (2):",
        "  products.csv, row 3, column stars, value “6”: The stars can only be 3, 4 or 5.",
        "  products.csv, row 9, column code, value “na”: "
        "This stands in a, row 2, already; please keep one of them.",
    ]
    assert lines[4].startswith("Please look at (1)")
    assert lines[5].startswith("  producers.csv: The registry knows no communes")
    assert lines[-5:-2] == [
        "Rows without an error:",
        "  Products: 1 added, 2 changed, 3 unchanged, 4 only in the registry, kept",
        "  What showrooms sell: no rows",
    ]
    assert lines[-1] == "Nothing was saved: 2 errors."


def test_a_long_report_is_cut_and_says_so() -> None:
    errors = [Entry("error", "required", "products.csv", row, "group") for row in range(2, 1237)]
    lines = lines_of(Report(entries=errors))
    assert len([line for line in lines if ", row " in line]) == registry.MOST_LINES
    assert "  … and 1,135 more; “--report FILE” writes all of them to a file." in lines
    assert lines[-1] == "Nothing was saved: 1,235 errors."


def test_notes_of_one_sort_are_summed_up_and_additions_are_not() -> None:
    resolved = [
        Entry(
            "note", "place_resolved", "ds.xlsx", row, "place", "X", {"code": "06253", "name": "Xã Văn Quan"}
        )
        for row in range(2, 9)
    ]
    made = [Entry("note", "code_made", "ds.xlsx", row, "code", f"P{row}", {"code": "p"}) for row in (2, 3)]
    lines = lines_of(Report(saved=True, version=2, entries=[*resolved, *made]))
    assert len([line for line in lines if "new product" in line]) == 2
    assert [line for line in lines if "Văn Quan" in line] == [
        "  ds.xlsx, row 2, column place, value “X”: Understood as Xã Văn Quan (06253). (and 6 more like this)"
    ]


def test_an_official_reads_the_headings_of_the_own_list() -> None:
    report = Report(
        entries=[
            Entry("note", "column_mapped", "ds.xlsx", 3, "Hạng sao", args={"field": "stars"}),
            Entry("note", "column_mapped", "ds.xlsx", 3, "Xã", args={"field": "_commune"}),
            Entry("error", "stars_out_of_range", "ds.xlsx", 7, "stars", "6"),
            Entry("error", "place_unknown", "ds.xlsx", 8, "commune_code", "Xã X"),
            Entry("error", "group_missing", "ds.xlsx", 9, "group"),
            Entry("error", "required", "products.csv", 2, "producer_code"),
        ]
    )
    said = "\n".join(lines_of(report, "vi"))
    assert "ds.xlsx, dòng 7, cột “Hạng sao”, giá trị “6”: Hạng sao chỉ có thể là" in said
    assert "dòng 8, cột “Xã”, giá trị" in said
    assert "dòng 9, cột nhóm sản phẩm:" in said
    assert "products.csv, dòng 2, cột producer_code:" in said
    assert "dòng 3, cột “Xã”: Hiểu là: xã, phường." in said


def test_a_cell_cannot_steer_the_terminal() -> None:
    entry = Entry("error", "not_a_date", "p\x1b.csv", 2, "issued_on", "a\x1b[2J\nb\u202ec" + "x" * 500)
    lines = lines_of(Report(entries=[entry]))
    assert all(char.isprintable() for line in lines for char in line)
    assert len(max(lines, key=len)) < 250


WRONG = [Entry("error", "required", "p.csv", 2, "group")]
SOME = {"products": Count(added=2, changed=1)}


@pytest.mark.parametrize(
    ("report", "last"),
    [
        (Report(saved=True, version=3, counts=SOME), "Saved; the registry is now version 3."),
        (Report(saved=True, version=3), "Saved: no row is different; the registry is version 3."),
        (
            Report(saved=True, version=3, counts=SOME, entries=WRONG),
            "Saved without the rows that have errors (1 error); the registry is now version 3.",
        ),
        (Report(entries=WRONG), "Nothing was saved: 1 error."),
        (
            Report(dry_run=True, version=3, counts=SOME),
            "Dry run: nothing was saved; it would add 2, change 1 and remove 0 rows.",
        ),
        (Report(dry_run=True, version=3), "Dry run: nothing was saved; no row is different."),
        (
            Report(dry_run=True, version=3, counts=SOME, entries=WRONG),
            "Dry run: nothing was saved; without the rows that have errors (1 error) it would add 2, "
            "change 1 and remove 0 rows.",
        ),
        (
            Report(dry_run=True, counts=SOME, entries=WRONG),
            "Dry run: nothing was saved, and a real run would save nothing either: 1 error.",
        ),
    ],
)
def test_the_last_line_says_whether_it_was_saved(report: Report, last: str) -> None:
    assert lines_of(report)[-1] == last


# ---------------------------------------------------------- the command line


class Shell:
    """``python -m bot`` in a folder of its own, with a database of its own."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.environment = {
            "DATABASE_URL": f"sqlite+aiosqlite:///{place / 'var' / 'bot.db'}",
            "BOT_LANGUAGE": "en",
            "BOT_NOW": "2026-12-03T10:00+07:00",
        }

    def __call__(self, *words: str | Path, **environment: str) -> Result:
        """Run a verb; the language it speaks does not stay spoken."""
        env = {**self.environment, **environment}
        invoke = CliRunner(env=env).invoke
        return contextvars.copy_context().run(invoke, app, [str(word) for word in words])


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("bot.logs.configure", lambda *_, **__: None)
    return Shell(tmp_path)


def products(place: Path, *rows: str) -> Path:
    place.mkdir(exist_ok=True)
    (place / "products.csv").write_text(
        "\n".join(["code,name_vi,group,stars", *rows]) + "\n", encoding="utf-8"
    )
    return place


def last(result: Result) -> str:
    return result.output.strip().splitlines()[-1]


def one_sentence(result: Result) -> str:
    """What a refused verb says: exit code 1, one line, no trace."""
    assert result.exit_code == 1, result.output
    (line,) = result.output.strip().splitlines()
    assert line.endswith(".")
    return line


def test_an_import_saves_all_or_nothing(shell: Shell, tmp_path: Path) -> None:
    bad = products(tmp_path / "bad", "a,A,food,6", "b,B,food,4")
    result = shell("import", bad)
    assert result.exit_code == 1
    assert "  products.csv, row 2, column stars, value “6”: The stars can only be 3, 4 or 5." in result.output
    assert last(result) == "Nothing was saved: 1 error."
    good = products(tmp_path / "good", "a,A,food,5", "b,B,food,4")
    result = shell("import", good, "--dry-run")
    assert result.exit_code == 0
    assert last(result) == "Dry run: nothing was saved; it would add 2, change 0 and remove 0 rows."
    result = shell("import", good)
    assert result.exit_code == 0
    assert last(result) == "Saved; the registry is now version 1."
    assert last(shell("import", good, BOT_LANGUAGE="vi")).startswith("Đã lưu: không có dòng nào thay đổi")


def test_good_rows_are_saved_on_demand_and_the_fault_still_shows_in_the_exit_code(
    shell: Shell, tmp_path: Path
) -> None:
    result = shell("import", products(tmp_path / "bad", "a,A,food,6", "b,B,food,4"), "--accept-good-rows")
    assert result.exit_code == 1
    assert last(result) == (
        "Saved without the rows that have errors (1 error); the registry is now version 1."
    )
    assert "1 product written" in last(shell("export", tmp_path / "out"))


def test_the_report_file_has_every_sentence(shell: Shell, tmp_path: Path) -> None:
    bad = products(tmp_path / "bad", *(f"p{row},P,food,6" for row in range(130)))
    result = shell("import", bad, "--report", tmp_path / "report.csv", BOT_LANGUAGE="vi")
    assert result.exit_code == 1
    assert result.output.strip().splitlines()[-2:] == [
        f"Toàn bộ báo cáo ở tệp {tmp_path / 'report.csv'}.",
        "Chưa lưu gì: 130 lỗi.",
    ]
    assert "… và 30 mục nữa" in result.output
    with (tmp_path / "report.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len([row for row in rows if row["severity"] == "error"]) == 130
    messages = {row["message"] for row in rows if row["severity"] == "error"}
    assert messages == {"Hạng sao chỉ có thể là 3, 4 hoặc 5."}
    assert all(row["message"] for row in rows)


def test_a_report_that_cannot_be_written_stops_before_the_import(shell: Shell, tmp_path: Path) -> None:
    good = products(tmp_path / "good", "a,A,food,5")
    said = one_sentence(shell("import", good, "--report", tmp_path / "nowhere" / "r.csv"))
    assert said.endswith("r.csv cannot be written: there is no such folder.")
    said = one_sentence(shell("import", good, "--report", tmp_path))
    assert "cannot be written" in said
    assert not (tmp_path / "var" / "bot.db").exists()


def test_a_report_never_replaces_a_list(shell: Shell, tmp_path: Path) -> None:
    good = products(tmp_path / "good", "a,A,food,5")
    before = (good / "products.csv").read_bytes()
    for paths in ([good], [good / "products.csv"]):
        said = one_sentence(shell("import", *paths, "--report", good / "products.csv"))
        assert "is one of the files to import" in said
    assert (good / "products.csv").read_bytes() == before


def test_bad_paths_are_told(shell: Shell, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    result = shell("import", tmp_path / "nowhere", tmp_path / "empty")
    assert result.exit_code == 1
    assert "nowhere: There is no such file or folder; please check the path." in result.output
    assert "empty: The folder has no products.csv, and it must have one." in result.output
    assert last(result) == "Nothing was saved: 2 errors."


def test_a_vietnamese_workbook_is_told_in_its_own_words(shell: Shell, tmp_path: Path) -> None:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (
        ["DANH SÁCH SẢN PHẨM OCOP"],
        ["STT", "Tên sản phẩm", "Nhóm sản phẩm", "Hạng sao", "Ngày công nhận"],
        [1, "Mật ong", "Thực phẩm", "4 sao", "31/02/2024"],
    ):
        sheet.append(row)
    book.save(tmp_path / "ds.xlsx")
    result = shell("import", tmp_path / "ds.xlsx", BOT_LANGUAGE="vi")
    assert result.exit_code == 1
    assert "ds.xlsx [Sheet], dòng 3, cột “Ngày công nhận”, giá trị “31/02/2024”: Không có" in result.output
    assert "ds.xlsx [Sheet], dòng 2, cột “Hạng sao”: Hiểu là: hạng sao." in result.output
    assert "giá trị “Mật ong”: Sản phẩm mới, được đặt mã mat-ong." in result.output


def test_an_export_says_what_it_wrote(shell: Shell, tmp_path: Path) -> None:
    assert shell("import", SAMPLE).exit_code == 0
    result = shell("export", tmp_path / "out")
    assert result.exit_code == 0
    written = {line.strip() for line in result.output.splitlines() if line.startswith("  ")}
    assert written == {path.name for path in (tmp_path / "out").iterdir()}
    assert re.fullmatch(r"\d+ products written to the folder .*out\.", last(result))
    result = shell("export", tmp_path / "out.xlsx", "--only", "valid", BOT_LANGUAGE="vi")
    assert re.match(r"Đã xuất \d+ sản phẩm ra bảng tính .*out\.xlsx\.", last(result))
    assert last(shell("import", tmp_path / "out")).startswith("Saved: no row is different")


def test_an_export_that_cannot_be_is_one_sentence(shell: Shell, tmp_path: Path) -> None:
    said = one_sentence(shell("export", tmp_path / "out", "--only", "fresh"))
    assert said == "“--only fresh” is not known; it can be all, valid, expiring or expired."
    (tmp_path / "file").write_text("")
    for place in ("file", "file/out"):
        assert "cannot be written" in one_sentence(shell("export", tmp_path / place))


@pytest.mark.parametrize("verb", ["import", "export"])
def test_a_database_that_cannot_be_used_is_one_sentence(shell: Shell, tmp_path: Path, verb: str) -> None:
    place = products(tmp_path / "good", "a,A,food,5")
    (tmp_path / "file").write_text("no database, whatever the name says " * 100)
    for url in ("sqlite+aiosqlite:///file/bot.db", "sqlite+aiosqlite:///file"):
        assert one_sentence(shell(verb, place, DATABASE_URL=url)).startswith("The database cannot be used: ")
    unreachable = "postgresql+asyncpg://who:hidden@127.0.0.1:1/x"
    said = one_sentence(shell(verb, place, DATABASE_URL=unreachable))
    assert said.startswith("The database cannot be used: ")
    assert "hidden" not in said


@pytest.mark.parametrize("verb", ["import", "export"])
def test_a_database_of_another_program_is_one_sentence(shell: Shell, tmp_path: Path, verb: str) -> None:
    place = products(tmp_path / "good", "a,A,food,5")
    assert shell("import", place).exit_code == 0
    for revision, said in (("9999", "made by a newer version"), ("0000", "cannot be used: Can't locate")):
        with sqlite3.connect(tmp_path / "var" / "bot.db") as connection:
            connection.execute("UPDATE alembic_version SET version_num = ?", (revision,))
        assert said in one_sentence(shell(verb, place))


async def test_the_report_of_a_real_import_is_told_in_every_language(tmp_path: Path) -> None:
    engine = db.async_engine(f"sqlite+aiosqlite:///{tmp_path / 'bot.db'}")
    await db.migrate(engine)
    report = await import_paths(engine, [SAMPLE])
    await engine.dispose()
    for language in languages():
        assert lines_of(report, language)[-1].endswith("1.")
