"""The exchange format in: all or nothing, one validator, a report with file, row, column, value, reason."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine

import db
from handlers.services import importing
from handlers.services.importing import REASONS, Report, import_paths, load_if_empty
from handlers.services.importing.cells import CellError, partial_date, stars, whole
from handlers.services.importing.comparing import Change
from handlers.services.importing.kinds import KINDS
from handlers.services.publishing import published, registry_version
from tests.conftest import SAMPLE

COMMUNES = [
    "code,name_vi,short_name_vi,type",
    "06040,Xã Thất Khê,Thất Khê,xã",
    "06253,Xã Văn Quan,Văn Quan,xã",
]
MERGES = [
    "old_unit,old_short_name,old_type,old_district,old_code,final_code",
    "Xã Hòa Bình,Hòa Bình,xã,Huyện Văn Quan,06262,06253",
    "Xã Hòa Bình,Hòa Bình,xã,Huyện Tràng Định,06043,06040",
    "Xã Tri Phương,Tri Phương,xã,Huyện Tràng Định,06058,06040",
]
PRODUCERS = ["code,name,kind,phone,contact_name,contact_public", "htx-a,HTX A,cooperative,0912345678,Bà A,"]
PRODUCTS = [
    "code,name_vi,group,stars,producer_code",
    "na,Na Chi Lăng,food,4,htx-a",
    "che,Chè Thái Bình,food,3,",
]


def folder_of(place: Path, **files: Iterable[str]) -> Path:
    """A folder of the exchange format, by lines."""
    place.mkdir(parents=True, exist_ok=True)
    for name, lines in files.items():
        (place / f"{name}.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return place


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A small registry that is in order."""
    return folder_of(
        tmp_path / "small", communes=COMMUNES, commune_merges=MERGES, producers=PRODUCERS, products=PRODUCTS
    )


async def rows_in(engine: AsyncEngine, table: str) -> int:
    async with engine.connect() as connection:
        return await connection.scalar(select(func.count()).select_from(db.metadata.tables[table])) or 0


async def stored(engine: AsyncEngine, table: str, key: str, value: str) -> Mapping[str, Any]:
    selected = db.metadata.tables[table]
    async with engine.connect() as connection:
        return (await connection.execute(select(selected).where(selected.c[key] == value))).mappings().one()


def said(report: Report, severity: str = "error") -> list[tuple[str, str, int | None, str, str]]:
    return [(e.reason, e.file, e.row, e.column, e.value) for e in report.entries if e.severity == severity]


# ---------------------------------------------------------- the real registry


async def test_the_real_registry_loads_whole(engine: AsyncEngine) -> None:
    report = await import_paths(engine, [SAMPLE])
    assert report.ok
    assert report.saved
    assert {name: count.added for name, count in report.counts.items()} == {
        "communes": 65,
        "commune_merges": 215,
        "producers": 39,
        "products": 77,
        "showrooms": 13,
        "stock": 0,
        "attractions": 26,
        "seasons": 13,
        "events": 15,
        "targets": 4,
        "statistics": 73,
        "mentions_unconfirmed": 17,
    }
    # the one former unit of the sample that was divided among two communes stays open
    assert [(e.reason, e.file, e.row) for e in report.warnings] == [
        ("place_ambiguous", "producers.csv", 12),
        ("place_ambiguous", "products.csv", 59),
    ]
    catalogue = await published(engine)
    assert list(catalogue.products) == [row["code"] for row in csv.DictReader(_text(SAMPLE / "products.csv"))]
    assert catalogue.communes["05977"].old_districts == ("Huyện Cao Lộc", "Thành phố Lạng Sơn")
    assert catalogue.info.name == "OCOP Lạng Sơn"
    assert not catalogue.info.official
    assert catalogue.version == 1


def _text(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines(keepends=True)


async def test_importing_the_same_again_changes_nothing(engine: AsyncEngine) -> None:
    await import_paths(engine, [SAMPLE])
    again = await import_paths(engine, [SAMPLE])
    assert again.ok
    assert again.changes == 0
    assert await registry_version(engine) == 1


async def test_the_first_start_loads_and_the_second_does_not(engine: AsyncEngine) -> None:
    assert await registry_version(engine) == 0
    first = await load_if_empty(engine, SAMPLE)
    assert first is not None
    assert first.saved
    assert await load_if_empty(engine, SAMPLE) is None
    assert await registry_version(engine) == 1


# ---------------------------------------------------------- what an import changes


async def test_the_version_rises_by_one_with_each_import_that_changes_something(
    engine: AsyncEngine, small: Path
) -> None:
    assert (await import_paths(engine, [small])).version == 1
    folder_of(small, products=[*PRODUCTS[:2], "che,Chè Thái Bình,food,4,"])
    changed = await import_paths(engine, [small])
    assert changed.version == 2
    assert (changed.counts["products"].changed, changed.counts["products"].unchanged) == (1, 1)
    assert (await published(engine)).products["che"].certificate.stars == 4


async def test_a_trial_run_tells_the_same_and_saves_nothing(engine: AsyncEngine, small: Path) -> None:
    trial = await import_paths(engine, [small], dry_run=True)
    assert await rows_in(engine, "product") == 0
    assert await registry_version(engine) == 0
    real = await import_paths(engine, [small])
    assert (trial.entries, trial.counts, trial.version) == (real.entries, real.counts, real.version)
    assert (trial.saved, real.saved) == (False, True)


async def test_a_partial_list_removes_nothing_and_says_what_it_leaves_out(
    engine: AsyncEngine, small: Path
) -> None:
    await import_paths(engine, [small])
    folder_of(small, products=[PRODUCTS[0], PRODUCTS[2], "hoi,Tinh dầu hồi,medicinal-herbs,3,"])
    report = await import_paths(engine, [small / "products.csv"])
    assert report.counts["products"].absent == 1
    assert ("not_in_file", "products.csv", None, "", "") in said(report, "note")
    assert list((await published(engine)).products) == ["na", "che", "hoi"]


async def test_the_order_of_the_file_is_kept(engine: AsyncEngine, small: Path) -> None:
    await import_paths(engine, [small])
    folder_of(small, products=[PRODUCTS[0], PRODUCTS[2], PRODUCTS[1]])
    report = await import_paths(engine, [small])
    assert list((await published(engine)).products) == ["che", "na"]
    assert report.version == 2


async def test_an_absent_column_is_not_recorded_and_that_is_said(engine: AsyncEngine, small: Path) -> None:
    await import_paths(engine, [small])
    folder_of(
        small, products=["code,name_vi,group,producer_code", "na,Na Chi Lăng,food,htx-a", "che,Chè,food,"]
    )
    report = await import_paths(engine, [small])
    emptied = [e for e in report.warnings if e.reason == "column_absent"]
    assert [(e.column, e.args["rows"]) for e in emptied] == [("stars", "2")]
    assert (await published(engine)).products["na"].certificate.stars is None


async def test_an_absent_file_leaves_its_kind_untouched(engine: AsyncEngine, small: Path) -> None:
    await import_paths(engine, [small])
    (small / "producers.csv").unlink()
    assert (await import_paths(engine, [small])).changes == 0
    assert await rows_in(engine, "producer") == 1


async def test_private_contacts_are_not_published(engine: AsyncEngine, small: Path) -> None:
    await import_paths(engine, [small])
    hidden = (await published(engine)).producers["htx-a"]
    assert (hidden.phone, hidden.contact_name) == (None, None)
    folder_of(small, producers=[PRODUCERS[0], PRODUCERS[1] + "yes"])
    await import_paths(engine, [small])
    shown = (await published(engine)).producers["htx-a"]
    assert (shown.phone, shown.contact_name) == ("0912345678", "Bà A")


# ---------------------------------------------------------- how files are written


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
async def test_line_ends_and_byte_order_marks(
    sqlite_engine: AsyncEngine, small: Path, line_end: str, encoding: str
) -> None:
    text = line_end.join([*PRODUCTS, 'ruou,"Rượu ""men lá"", 500 ml",beverages,3,', ""])
    (small / "products.csv").write_bytes(text.encode(encoding))
    assert (await import_paths(sqlite_engine, [small])).ok
    row = await stored(sqlite_engine, "product", "code", "ruou")
    assert row["name_vi"] == 'Rượu "men lá", 500 ml'


async def test_decomposed_text_is_stored_composed(sqlite_engine: AsyncEngine, small: Path) -> None:
    import unicodedata

    folder_of(small, products=[PRODUCTS[0], unicodedata.normalize("NFD", "na,Na Chi Lăng,food,4,")])
    assert (await import_paths(sqlite_engine, [small])).ok
    assert (await stored(sqlite_engine, "product", "code", "na"))["name_vi"] == "Na Chi Lăng"


async def test_semicolons_of_a_vietnamese_spreadsheet_are_read(
    sqlite_engine: AsyncEngine, small: Path
) -> None:
    folder_of(small, products=["code;name_vi;group;stars", "na;Na Chi Lăng;food;4"])
    report = await import_paths(sqlite_engine, [small])
    assert report.ok
    assert [e.args["delimiter"] for e in report.warnings if e.reason == "semicolons"] == [";"]


async def test_rows_are_counted_as_a_spreadsheet_shows_them(sqlite_engine: AsyncEngine, small: Path) -> None:
    lines = ["code,name_vi,group,stars,description_vi", 'na,Na,food,4,"two', 'lines"', "", "che,Chè,food,9,"]
    folder_of(small, products=lines)
    report = await import_paths(sqlite_engine, [small])
    assert said(report) == [("stars_out_of_range", "products.csv", 4, "stars", "9")]


async def test_partial_dates_stay_partial(engine: AsyncEngine, small: Path) -> None:
    folder_of(
        small,
        products=[
            "code,name_vi,group,issued_on,valid_until",
            "na,Na,food,2022-12,2025",
            "che,Chè,food,05/04/2024,",
        ],
    )
    assert (await import_paths(engine, [small])).ok
    products = (await published(engine)).products
    assert (products["na"].certificate.issued_on, products["na"].certificate.valid_until) == (
        "2022-12",
        "2025",
    )
    assert products["che"].certificate.issued_on == "2024-04-05"


# ---------------------------------------------------------- what is wrong with whole files


async def refused(engine: AsyncEngine, *paths: Path) -> Report:
    """An import that must change nothing and leave no trace."""
    report = await import_paths(engine, paths)
    assert not report.ok
    assert not report.saved
    assert await registry_version(engine) == 0
    assert await rows_in(engine, "product") == 0
    assert await rows_in(engine, "commune") == 0
    return report


async def test_a_path_that_is_not_there(sqlite_engine: AsyncEngine, tmp_path: Path) -> None:
    assert said(await refused(sqlite_engine, tmp_path / "none"))[0][0] == "no_such_path"


async def test_a_folder_without_products(sqlite_engine: AsyncEngine, small: Path) -> None:
    (small / "products.csv").rename(small / "product.csv")
    report = await refused(sqlite_engine, small)
    assert [e.args["expected"] for e in report.errors] == ["products.csv"]
    assert [(e.reason, e.args["suggestion"]) for e in report.warnings] == [("unknown_file", "products.csv")]


async def test_a_folder_that_may_not_be_read(
    sqlite_engine: AsyncEngine, small: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forbidden(self: Path) -> Iterable[Path]:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "iterdir", forbidden)
    report = await refused(sqlite_engine, small)
    assert [(e.reason, e.args["detail"]) for e in report.errors] == [("unreadable", "Permission denied")]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty_file"),
        (b"\xef\xbb\xbf\n", "empty_file"),
        ("code,name_vi,group\nna,Nâ,food\n".encode("utf-16"), "not_utf8"),
        ("code,name_vi,group\nna,Trà,food\n".encode("cp1252"), "not_utf8"),
        (b'code,name_vi,group\nna,"Na,food\n', "malformed"),
        (b"a,b,c\n1,2,3\n", "wrong_header"),
        (b"code,name_vi,grop\nna,Na,food\n", "missing_column"),
        (b"code,name_vi,group,group\nna,Na,food,food\n", "duplicate_column"),
        (b"code,name_vi,group\nna,N\x00a,food\n", "control_character"),
        (b"code,name_vi,group\nna,Na,food,extra\n", "too_many_cells"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "not_utf8"),
    ],
)
async def test_a_file_that_cannot_be_used(
    sqlite_engine: AsyncEngine, small: Path, content: bytes, reason: str
) -> None:
    (small / "products.csv").write_bytes(content)
    report = await refused(sqlite_engine, small)
    assert [e.reason for e in report.errors] == [reason]
    assert report.errors[0].file == "products.csv"


async def test_a_misspelt_column_is_suggested_and_an_unknown_one_ignored(
    sqlite_engine: AsyncEngine, small: Path
) -> None:
    folder_of(small, products=["code,name_vi,group,stras,colour", "na,Na,food,4,green"])
    report = await import_paths(sqlite_engine, [small])
    assert report.saved
    found = {e.column: e.args["suggestion"] for e in report.warnings if e.reason == "unknown_column"}
    assert found == {"stras": "stars", "colour": ""}


async def test_a_broken_workbook_and_a_broken_toml(
    sqlite_engine: AsyncEngine, small: Path, tmp_path: Path
) -> None:
    (tmp_path / "list.xlsx").write_bytes(b"not a workbook")
    assert [e.reason for e in (await refused(sqlite_engine, tmp_path / "list.xlsx")).errors] == ["unreadable"]
    (small / "registry.toml").write_text("name = ", encoding="utf-8")
    assert [e.reason for e in (await refused(sqlite_engine, small)).errors] == ["wrong_toml"]


async def test_registry_toml_is_checked_like_the_rest(sqlite_engine: AsyncEngine, small: Path) -> None:
    (small / "registry.toml").write_text('name = ""\nofficial = "maybe"\nas_of = "soon"\n', encoding="utf-8")
    report = await refused(sqlite_engine, small)
    assert [(e.column, e.reason) for e in report.errors] == [
        ("name", "required"),
        ("official", "not_yes_or_no"),
        ("as_of", "not_a_date"),
    ]


# ---------------------------------------------------------- what is wrong with rows

CELL_FAULTS = {
    "stars": [("6", "stars_out_of_range"), ("2", "stars_out_of_range"), ("4.5", "stars_out_of_range")],
    "group": [("foood", "not_one_of"), ("", "required")],
    "name_vi": [("", "required"), ("#REF!", "spreadsheet_error"), ("x" * 20_001, "too_long")],
    "issued_on": [
        ("31/02/2024", "not_a_date"),
        ("2024-02-31", "not_a_date"),
        ("soon", "not_a_date"),
        ("0024-01-01", "date_out_of_range"),
        ("2024-1-5", "not_a_date"),
    ],
    "price_vnd": [("cheap", "not_whole"), ("-1", "out_of_range"), ("99999999999", "out_of_range")],
    "price_max_vnd": [("5", "range_without_start")],
    "season": [("13", "not_months"), ("summer", "not_months")],
    "shelf_life_days": [("0", "out_of_range")],
    "status": [("lost", "not_one_of")],
    "producer_code": [("nobody", "unknown_reference")],
    "commune_code": [
        ("99999", "unknown_reference"),
        ("Hòa Bình", "place_ambiguous"),
        ("Atlantis", "place_unknown"),
    ],
}


@pytest.mark.parametrize(
    ("column", "value", "reason"),
    [(column, value, reason) for column, faults in CELL_FAULTS.items() for value, reason in faults],
)
async def test_a_cell_at_fault_is_named(
    sqlite_engine: AsyncEngine, small: Path, column: str, value: str, reason: str
) -> None:
    row = {"code": "hoi", "name_vi": "Tinh dầu hồi", "group": "food", column: value}
    with (small / "products.csv").open("w", encoding="utf-8", newline="") as file:
        out = csv.DictWriter(file, row)
        out.writeheader()
        out.writerow(row)
    report = await refused(sqlite_engine, small)
    assert said(report) == [(reason, "products.csv", 2, column, value[:200])]


async def test_rows_that_contradict_themselves_or_each_other(sqlite_engine: AsyncEngine, small: Path) -> None:
    folder_of(
        small,
        products=[
            "code,name_vi,group,issued_on,valid_until,price_vnd,price_max_vnd",
            "a,A,food,2024-05-01,2023-05-01,,",
            "b,B,food,,,9000,8000",
            "a,A again,food,,,,",
            "c,C,food,2024-05-01,2029-05-01,,",
        ],
    )
    report = await refused(sqlite_engine, small)
    assert said(report) == [
        ("valid_before_issued", "products.csv", 2, "valid_until", "2023-05-01"),
        ("range_upside_down", "products.csv", 3, "price_max_vnd", "8000"),
        ("duplicate", "products.csv", 4, "code", "a"),
    ]
    assert report.errors[2].args == {"first_file": "products.csv", "first_row": "2"}
    assert said(report, "warning") == [("not_36_months", "products.csv", 5, "valid_until", "2029-05-01")]


async def test_all_faults_are_told_at_once_and_each_only_once(
    sqlite_engine: AsyncEngine, small: Path
) -> None:
    """A commune at fault does not drag every row that refers to it into the report."""
    folder_of(
        small,
        communes=["code,name_vi", "06040,", "abc,Xã Thất Khê"],
        producers=["code,name,kind,commune_code", "htx-a,HTX A,cooperativ,06040"],
    )
    report = await refused(sqlite_engine, small)
    assert [(e.reason, e.file, e.row) for e in report.errors] == [
        ("required", "communes.csv", 2),
        ("not_a_commune_code", "communes.csv", 3),
        ("unknown_reference", "commune_merges.csv", 2),
        ("not_one_of", "producers.csv", 2),
    ]
    assert report.errors[3].args["suggestion"] == "cooperative"


async def test_the_good_rows_may_be_accepted(engine: AsyncEngine, small: Path) -> None:
    """A row that refers to a refused one is refused too: nothing half is stored."""
    folder_of(
        small,
        producers=[*PRODUCERS, "htx-b,HTX B,wrong,,,"],
        products=[*PRODUCTS, "hoi,Hồi,food,7,", "mat,Mật ong,food,3,htx-b"],
        showrooms=["showroom_id,name_vi", "s1,Cửa hàng"],
        stock=["product_code,showroom_id,confirmed_on", "na,s1,2026-01-02", "mat,s1,", "hoi,s1,"],
        certificates=["product_code,stars,issued_on", "hoi,3,2020-01-01"],
    )
    report = await import_paths(engine, [small], accept_good_rows=True)
    assert report.saved
    assert [(e.reason, e.file, e.row) for e in report.errors] == [
        ("not_one_of", "producers.csv", 3),
        ("stars_out_of_range", "products.csv", 4),
        ("unknown_reference", "products.csv", 5),
        ("unknown_reference", "certificates.csv", 2),
        ("unknown_reference", "stock.csv", 3),
        ("unknown_reference", "stock.csv", 4),
    ]
    catalogue = await published(engine)
    assert list(catalogue.products) == ["na", "che"]
    assert list(catalogue.stock) == ["na"]


async def test_good_rows_of_an_unreadable_file_do_not_exist(sqlite_engine: AsyncEngine, small: Path) -> None:
    (small / "producers.csv").write_bytes(b"\xff\xfe\x00")
    report = await import_paths(sqlite_engine, [small], accept_good_rows=True)
    assert not report.saved
    assert await rows_in(sqlite_engine, "product") == 0


# ---------------------------------------------------------- places


@pytest.mark.parametrize(
    ("place", "code"),
    [
        ("thôn 1, xã Hòa Bình, huyện Văn Quan", "06253"),
        ("thôn 1, Xã Hoà Bình, H. Văn Quan, tỉnh Lạng Sơn", "06253"),
        ("xã Tri Phương", "06040"),
        ("xa tri phuong, huyen trang dinh", "06040"),
        ("xã Hòa Bình", None),
        ("thôn Tri Phương", None),
        ("huyện Văn Quan", None),
    ],
)
async def test_an_old_place_becomes_todays_commune_unless_in_doubt(
    sqlite_engine: AsyncEngine, small: Path, place: str, code: str | None
) -> None:
    folder_of(small, products=["code,name_vi,group,place", f'na,Na,food,"{place}"'])
    report = await import_paths(sqlite_engine, [small])
    assert report.ok
    row = await stored(sqlite_engine, "product", "code", "na")
    assert (row["commune_code"], row["place"]) == (code, place)
    doubts = [e.args["choices"] for e in report.warnings if e.reason == "place_ambiguous"]
    assert doubts == (["06040 Xã Thất Khê; 06253 Xã Văn Quan"] if place == "xã Hòa Bình" else [])


@pytest.mark.parametrize(
    ("cell", "reason"),
    [("6253", "code_padded"), ("06262", "code_renewed"), ('"xã Hòa Bình, huyện Văn Quan"', "place_resolved")],
)
async def test_a_commune_cell_is_brought_up_to_date(
    sqlite_engine: AsyncEngine, small: Path, cell: str, reason: str
) -> None:
    folder_of(small, products=["code,name_vi,group,commune_code", f"na,Na,food,{cell}"])
    report = await import_paths(sqlite_engine, [small])
    assert [e.reason for e in report.notes if e.file == "products.csv"] == [reason]
    assert (await stored(sqlite_engine, "product", "code", "na"))["commune_code"] == "06253"


async def test_the_real_mergers_decide_every_whole_unit() -> None:
    from handlers.services.importing.communes import Communes

    merges = list(csv.DictReader(_text(SAMPLE / "commune_merges.csv")))
    communes = Communes(csv.DictReader(_text(SAMPLE / "communes.csv")), merges)
    for row in merges:
        found = communes.named(row["old_unit"], row["old_district"])
        targets = {
            other["final_code"]
            for other in merges
            if (other["old_unit"], other["old_district"]) == (row["old_unit"], row["old_district"])
        }
        assert set(found.codes) == targets, row["old_unit"]
    repeated = ["Hòa Bình", "Tân Thành", "Hồng Phong", "Hồng Thái", "Chiến Thắng", "Tân Lập", "Mẫu Sơn"]
    assert all(communes.named(name).code is None for name in repeated)
    assert communes.named("Chi Lăng").code is None
    assert communes.named("phường Chi Lăng").code == "05983"


# ---------------------------------------------------------- certificates of the past

HISTORY = [
    "product_code,stars,decision,issued_on,note",
    "na,3,1/QĐ,2020-05-01,first",
    "na,4,2/QĐ,2023-05-01,second",
]
CERTIFIED = ["code,name_vi,group,stars,decision,issued_on", "na,Na,food,4,2/QĐ,2023-05-01"]


async def _certificates(engine: AsyncEngine) -> list[tuple[Any, ...]]:
    table = db.metadata.tables["certificate"]
    async with engine.connect() as connection:
        found = await connection.execute(
            select(table.c.in_force, table.c.stars, table.c.note)
            .where(table.c.product_code == "na")
            .order_by(table.c.issued_on)
        )
        return [tuple(row) for row in found]


async def test_the_history_is_kept_beside_the_certificate_in_force(engine: AsyncEngine, small: Path) -> None:
    folder_of(small, products=CERTIFIED, certificates=HISTORY)
    assert (await import_paths(engine, [small])).ok
    assert await _certificates(engine) == [(False, 3, "first"), (True, 4, "second")]
    assert (await import_paths(engine, [small])).changes == 0
    folder_of(small, certificates=[HISTORY[0], HISTORY[2]])
    assert (await import_paths(engine, [small])).version == 2
    assert await _certificates(engine) == [(True, 4, "second")]


async def test_a_history_that_contradicts_the_products_is_refused(
    sqlite_engine: AsyncEngine, small: Path
) -> None:
    folder_of(small, products=CERTIFIED, certificates=[*HISTORY[:2], "na,5,2/QĐ,2023-05-01,"])
    report = await refused(sqlite_engine, small)
    assert said(report) == [("latest_disagrees", "certificates.csv", 3, "stars", "5")]
    assert report.errors[0].args == {"product_column": "stars", "product_value": "4"}
    folder_of(small, certificates=[*HISTORY, "na,3,3/QĐ,2024-05-01,"])
    assert [e.reason for e in (await refused(sqlite_engine, small)).errors] == ["older_than_history"]


async def test_a_certificate_older_than_its_past_is_refused(engine: AsyncEngine, small: Path) -> None:
    folder_of(small, products=CERTIFIED, certificates=HISTORY)
    await import_paths(engine, [small])
    (small / "certificates.csv").unlink()
    folder_of(small, products=[CERTIFIED[0], "na,Na,food,4,0/QĐ,2019-05-01"])
    assert [e.reason for e in (await import_paths(engine, [small])).errors] == ["older_than_history"]


# ---------------------------------------------------------- the report, and the gate before the database


async def test_the_report_as_a_file(sqlite_engine: AsyncEngine, small: Path, tmp_path: Path) -> None:
    folder_of(small, products=[*PRODUCTS, "hoi,Hồi,food,7,"])
    report = await import_paths(sqlite_engine, [small])
    report.write_csv(tmp_path / "report.csv", lambda entry: f"row {entry.row}: {entry.reason}")
    with (tmp_path / "report.csv").open(encoding="utf-8-sig", newline="") as file:
        (row,) = csv.DictReader(file)
    assert row == {
        "severity": "error",
        "file": "products.csv",
        "row": "4",
        "column": "stars",
        "value": "7",
        "reason": "stars_out_of_range",
        "details": "",
        "message": "row 4: stars_out_of_range",
    }


async def test_the_report_in_a_shell(sqlite_engine: AsyncEngine, small: Path) -> None:
    folder_of(small, products=[*PRODUCTS, "hoi,Hồi,fod,7,", "mat,Mật,cars,3,"])
    lines = list((await import_paths(sqlite_engine, [small])).lines(most=2))
    groups = ", ".join(db.GROUPS)
    assert lines[:3] == [
        f"error: products.csv:4 group='fod': not_one_of (allowed={groups}, suggestion=food)",
        "error: products.csv:4 stars='7': stars_out_of_range",
        "error: +1",
    ]
    assert "products: added 2, changed 0, unchanged 0, removed 0, not in file 0" in lines
    assert lines[-1] == "errors: 3, saved: no, version: -"


async def test_what_the_database_refuses_is_reported_not_raised(
    engine: AsyncEngine, small: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Should the validator ever let a wrong state pass, the constraint still stops everything."""
    real = importing.differences

    def blind(*args: Any) -> list[Change]:
        changes = real(*args)
        changes.append(Change("stock", (), insert=[{"product_code": "na", "showroom_id": "nowhere"}]))
        return changes

    monkeypatch.setattr(importing, "differences", blind)
    report = await import_paths(engine, [small])
    assert [e.reason for e in report.errors] == ["database_refused"]
    assert not report.saved
    assert await rows_in(engine, "product") == 0


async def test_an_import_starts_again_when_the_registry_changed_meanwhile(
    engine: AsyncEngine, small: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = folder_of(small.parent / "other", products=["code,name_vi,group", "moi,Mới,food"])
    real, meanwhile = importing._store, []

    async def late(*args: Any) -> bool:
        if not meanwhile:
            meanwhile.append("once")
            assert (await import_paths(engine, [other])).saved
        return await real(*args)

    monkeypatch.setattr(importing, "_store", late)
    report = await import_paths(engine, [small])
    assert report.saved
    assert report.version == 2
    assert list((await published(engine)).products) == ["moi", "na", "che"]


def test_every_kind_has_its_table_and_every_column_its_place() -> None:
    in_force = set(KINDS["certificates"].columns) | {"issued_on_basis", "status_note"}
    for kind in KINDS.values():
        columns = set(db.metadata.tables[kind.table].c.keys())
        own = set(kind.columns) - (in_force if kind.name == "products" else set())
        assert own <= columns, kind.name
        assert set(kind.required) | set(kind.key) | set(kind.references) <= set(kind.columns)


def test_the_sample_has_no_column_that_would_be_ignored() -> None:
    for kind in KINDS.values():
        path = SAMPLE / f"{kind.name}.csv"
        if path.exists():
            (header, *_) = csv.reader(_text(path))
            assert set(header) <= set(kind.columns), kind.name


def test_reasons_are_a_closed_list() -> None:
    with pytest.raises(ValueError, match="no such"):
        importing.Entry("error", "no such reason", "f")
    with pytest.raises(ValueError, match="not_a_date"):
        importing.Entry("error", "not_a_date", "f", args={"detail": "x"})
    assert "not_a_date" in REASONS


@pytest.mark.parametrize(
    ("written", "read"),
    [("4", 4), ("4 sao", 4), ("★★★★", 4), ("*****", 5), ("3 Sao", 3), ("5 stars", 5), ("⭐️⭐️⭐️", 3)],
)
def test_stars_as_people_write_them(written: str, read: int) -> None:
    assert stars(written) == read


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("2022", "2022"),
        ("2022-12", "2022-12"),
        ("2027-04-03", "2027-04-03"),
        ("03/04/2027", "2027-04-03"),
        ("3.4.2027", "2027-04-03"),
        ("12/2022", "2022-12"),
        ("46480", "2027-04-03"),
    ],
)
def test_dates_as_people_write_them(written: str, read: str) -> None:
    assert partial_date(written) == read


def test_thousands_as_vietnam_writes_them() -> None:
    assert [whole()(text) for text in ("55000", "55.000", "1,250,000", "0")] == [55_000, 55_000, 1_250_000, 0]
    with pytest.raises(CellError):
        whole()("5.5")


async def test_ten_thousand_rows_go_in_whole(engine: AsyncEngine, small: Path) -> None:
    lines = [f"sp-{n},Sản phẩm {n},food,{3 + n % 3},htx-a" for n in range(10_000)]
    folder_of(small, products=[PRODUCTS[0], *lines])
    report = await import_paths(engine, [small])
    assert report.counts["products"].added == 10_000
    assert len((await published(engine)).products) == 10_000
    folder_of(small, products=[PRODUCTS[0], *lines[:-1], lines[-1].replace("food", "cars")])
    assert [e.row for e in (await import_paths(engine, [small])).errors] == [10_001]


async def test_several_files_of_one_kind_are_one_list(
    sqlite_engine: AsyncEngine, small: Path, tmp_path: Path
) -> None:
    shutil.copy(small / "products.csv", tmp_path / "more.csv")
    report = await import_paths(sqlite_engine, [small, tmp_path / "more.csv"])
    assert [(e.reason, e.file, e.row) for e in report.errors] == [
        ("duplicate", "more.csv", 2),
        ("duplicate", "more.csv", 3),
    ]
