"""Workbooks, and the lists officials keep: Vietnamese headings, titles, merged cells, former places."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook, load_workbook
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

import db
from handlers.services.importing import Report, import_paths, write_back
from handlers.services.importing.headings import HEADINGS, field_of
from handlers.services.importing.official import slug
from handlers.services.publishing import published
from tests.conftest import SAMPLE

HEADINGS_OF_A_LIST = (
    "STT",
    "Tên sản phẩm",
    "Nhóm sản phẩm",
    "Chủ thể",
    "Địa chỉ",
    "Xã",
    "Huyện",
    "Hạng sao",
    "Số quyết định",
    "Ngày công nhận",
    "Ngày hết hạn",
    "Giá bán",
    "Điện thoại",
)
DUCK = (
    1,
    "Vịt quay Tràng Định",
    "Thực phẩm",
    "HTX Thất Khê Xanh",
    "Khu 5",
    "xã Tri Phương",
    "Tràng Định",
    "4 sao",
)
DUCK_REST = ("123/QĐ-UBND", date(2025, 3, 4), "04/03/2028", "250.000 - 300.000 đ/con", 912345678)
HONEY = (2, "Mật ong Văn Quan", "Thực phẩm", "HTX Văn Quan Mới", "", "Hòa Bình", "Văn Quan", 3)
HONEY_REST = ("Số 9/QĐ-UBND ngày 15/01/2026", "", "", 120000, "0205 3812 345")


def book_of(path: Path, **sheets: list[tuple[Any, ...]]) -> Workbook:
    """A workbook by rows; ``None`` leaves a cell out."""
    book = Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name.replace("_", " ") if name.startswith("Danh") else name)
        for row in rows:
            sheet.append(row)
    book.save(path)
    return book


def notes(report: Report, reason: str) -> list[tuple[int | None, str, dict[str, str]]]:
    return [(e.row, e.value, dict(e.args)) for e in report.notes if e.reason == reason]


async def _producers(engine: AsyncEngine) -> list[Mapping[str, Any]]:
    async with engine.connect() as connection:
        found = await connection.execute(select(db.metadata.tables["producer"]))
        return [dict(row) for row in found.mappings()]


@pytest.fixture
async def loaded(engine: AsyncEngine) -> AsyncEngine:
    """The real registry, which knows the places."""
    assert (await import_paths(engine, [SAMPLE])).saved
    return engine


@pytest.fixture
async def loaded_sqlite(sqlite_engine: AsyncEngine) -> AsyncEngine:
    assert (await import_paths(sqlite_engine, [SAMPLE])).saved
    return sqlite_engine


# ---------------------------------------------------------- the exchange format as a workbook


async def test_a_workbook_of_the_exchange_format(loaded: AsyncEngine, tmp_path: Path) -> None:
    head = (
        "code",
        "name_vi",
        "group",
        "stars",
        "commune_code",
        "issued_on",
        "valid_until",
        "price_vnd",
        "status_on",
    )
    book_of(
        tmp_path / "b.xlsx",
        products=[
            head,
            ("cell", "Ngày trong ô", "food", 4, 6040, date(2027, 4, 3), None, 55000.0, None),
            ("serial", "Số thứ tự ngày", "food", 3.0, "06040", 46480, None, "55.000", None),
            ("text", "Ngày bằng chữ", "food", "5", "06040", "03/04/2027", "2030", None, "12/2029"),
        ],
        stock=[("product_code", "showroom_id", "confirmed_on"), ("cell", "LS-SR-001", date(2026, 11, 1))],
        registry=[("key", "value"), ("name", "OCOP thử"), ("province_code", "20"), ("official", True)],
    )
    report = await import_paths(loaded, [tmp_path / "b.xlsx"])
    assert report.errors == []
    catalogue = await published(loaded)
    found = [catalogue.products[code] for code in ("cell", "serial", "text")]
    assert [p.certificate.issued_on for p in found] == ["2027-04-03"] * 3
    assert [p.certificate.stars for p in found] == [4, 3, 5]
    assert [p.commune_code for p in found] == ["06040"] * 3
    assert [p.price_vnd for p in found] == [55_000, 55_000, None]
    assert (found[2].certificate.valid_until, found[2].certificate.status_on) == ("2030", "2029-12")
    assert catalogue.stock["cell"] == (("LS-SR-001", date(2026, 11, 1)),)
    assert (catalogue.info.name, catalogue.info.official) == ("OCOP thử", True)


async def test_faults_in_a_workbook_name_sheet_and_row(loaded_sqlite: AsyncEngine, tmp_path: Path) -> None:
    book_of(
        tmp_path / "b.xlsx",
        products=[
            ("code", "name_vi", "group", "season"),
            None or (),
            ("a", "A", "food", date(2026, 9, 8)),
            ("b", "B", "food", "8-9"),
            ("c", None, "food", None),
        ],
        notes=[("whatever",), ("is here",)],
    )
    report = await import_paths(loaded_sqlite, [tmp_path / "b.xlsx"])
    assert [(e.reason, e.file, e.row) for e in report.errors] == [
        ("turned_into_date", "b.xlsx [products]", 3),
        ("required", "b.xlsx [products]", 5),
    ]
    assert [(e.reason, e.file) for e in report.warnings if e.row is None] == [
        ("unknown_sheet", "b.xlsx [notes]")
    ]


async def test_a_workbook_with_nothing_in_it(sqlite_engine: AsyncEngine, tmp_path: Path) -> None:
    book_of(tmp_path / "b.xlsx", Sheet1=[("hello",), ("world",)])
    report = await import_paths(sqlite_engine, [tmp_path / "b.xlsx"])
    assert [(e.reason, e.file) for e in report.errors] == [("nothing_recognised", "b.xlsx")]


# ---------------------------------------------------------- officials' own lists


async def test_an_officials_list(loaded: AsyncEngine, tmp_path: Path) -> None:
    before = await published(loaded)
    book_of(
        tmp_path / "Danh sách.xlsx",
        Danh_sách=[
            ("UBND TỈNH LẠNG SƠN",),
            ("DANH SÁCH SẢN PHẨM OCOP NĂM 2025",),
            (),
            HEADINGS_OF_A_LIST,
            tuple(f"({n})" for n in range(1, 14)),
            DUCK + DUCK_REST,
            HONEY + HONEY_REST,
            ("", "Tổng cộng: 2 sản phẩm"),
        ],
    )
    report = await import_paths(loaded, [tmp_path / "Danh sách.xlsx"])
    assert report.errors == []
    assert report.saved
    catalogue = await published(loaded)
    assert len(catalogue.products) == len(before.products) + 2
    duck = catalogue.products["vit-quay-trang-dinh"]
    assert (duck.group, duck.certificate.stars, duck.certificate.decision) == ("food", 4, "123/QĐ-UBND")
    assert (duck.certificate.issued_on, duck.certificate.valid_until) == ("2025-03-04", "2028-03-04")
    assert (duck.price_vnd, duck.price_max_vnd, duck.price_unit) == (250_000, 300_000, "con")
    assert duck.commune_code is not None
    assert catalogue.communes[duck.commune_code].name_vi == "Xã Quốc Khánh"
    assert duck.place == "Khu 5, xã Tri Phương, Tràng Định"
    assert duck.producer is not None
    assert (duck.producer.name, duck.producer.kind) == ("HTX Thất Khê Xanh", "cooperative")
    assert duck.producer.phone is None, "a number in an official's list is not thereby public"
    honey = catalogue.products["mat-ong-van-quan"]
    assert honey.commune_code == "06253"
    assert (honey.certificate.decision, honey.certificate.issued_on) == ("Số 9/QĐ-UBND", "2026-01-15")
    (held,) = [r for r in await _producers(loaded) if r["name"] == "HTX Thất Khê Xanh"]
    assert held["phone"] == "0912345678", "a spreadsheet eats the leading zero"
    # what was understood is said
    mapped = {value["field"] for _, _, value in notes(report, "column_mapped")}
    assert {
        "name_vi",
        "_producer",
        "_commune",
        "_district",
        "stars",
        "decision",
        "_price",
        "_phone",
    } <= mapped
    assert [(row, value["code"]) for row, _, value in notes(report, "place_resolved")] == [
        (6, "06004"),
        (7, "06253"),
    ]
    assert [row for row, _, _ in notes(report, "producer_added")] == [6, 7]
    assert [row for row, _, _ in notes(report, "row_ignored")] == [8]


async def test_the_same_list_again_changes_nothing(loaded: AsyncEngine, tmp_path: Path) -> None:
    book_of(tmp_path / "l.xlsx", Sheet1=[HEADINGS_OF_A_LIST, DUCK + DUCK_REST, HONEY + HONEY_REST])
    assert (await import_paths(loaded, [tmp_path / "l.xlsx"])).saved
    again = await import_paths(loaded, [tmp_path / "l.xlsx"])
    assert again.errors == []
    assert again.changes == 0
    assert [value["code"] for _, _, value in notes(again, "matched_by_name")] == [
        "vit-quay-trang-dinh",
        "mat-ong-van-quan",
    ]


async def test_a_list_corrects_and_does_not_erase(loaded_sqlite: AsyncEngine, tmp_path: Path) -> None:
    before = (await published(loaded_sqlite)).products["bun-ngo-thuan-anh"]
    assert before.certificate.issued_on is None
    book_of(
        tmp_path / "l.xlsx",
        Sheet1=[("STT", "Tên sản phẩm", "Sao", "Ngày công nhận"), (1, "bún ngô thuận anh", 4, "02/03/2026")],
    )
    report = await import_paths(loaded_sqlite, [tmp_path / "l.xlsx"])
    assert report.errors == []
    after = (await published(loaded_sqlite)).products["bun-ngo-thuan-anh"]
    assert (after.certificate.stars, after.certificate.issued_on) == (4, "2026-03-02")
    assert after.certificate.issued_on_basis is None
    assert (after.description_vi, after.awards, after.producer) == (
        before.description_vi,
        before.awards,
        before.producer,
    )


async def test_merged_cells_and_section_rows(loaded_sqlite: AsyncEngine, tmp_path: Path) -> None:
    book = book_of(
        tmp_path / "l.xlsx",
        Sheet1=[
            ("DANH SÁCH",),
            ("STT", "Tên sản phẩm", "Thông tin chủ thể", None, None, "Phân hạng"),
            (None, None, "Chủ thể", "Xã", "Điện thoại", None),
            ("I. NHÓM ĐỒ UỐNG",),
            ("Huyện Chi Lăng",),
            (1, "Rượu A", "HTX Rượu", "Hòa Bình", "0205123456", 3),
            (2, "Rượu B", None, None, None, 4),
            ("II. Dược liệu và sản phẩm từ dược liệu",),
            (3, "Tinh dầu C", "Cơ sở C", "Chi Lăng", None, 3),
        ],
    )
    sheet = book["Sheet1"]
    for cells in ("A1:F1", "A2:A3", "B2:B3", "C2:E2", "F2:F3", "A4:F4", "A5:F5", "C6:C7", "D6:D7", "A8:F8"):
        sheet.merge_cells(cells)
    book.save(tmp_path / "l.xlsx")
    report = await import_paths(loaded_sqlite, [tmp_path / "l.xlsx"])
    assert report.errors == []
    products = (await published(loaded_sqlite)).products
    first, second, third = (products[code] for code in ("ruou-a", "ruou-b", "tinh-dau-c"))
    assert [p.group for p in (first, second, third)] == ["beverages", "beverages", "medicinal-herbs"]
    assert [p.certificate.stars for p in (first, second, third)] == [3, 4, 3]
    assert first.producer is not None
    assert first.producer == second.producer
    assert [p.commune_code for p in (first, second, third)] == ["06505", "06505", "06463"]
    assert [row for row, _, _ in notes(report, "section")] == [4, 5, 8]


async def test_an_ambiguous_place_is_reported_never_guessed(
    loaded_sqlite: AsyncEngine, tmp_path: Path
) -> None:
    head = ("Tên sản phẩm", "Nhóm", "Xã", "Huyện")
    book_of(
        tmp_path / "l.xlsx",
        Sheet1=[
            head,
            ("A", "Thực phẩm", "Hòa Bình", None),
            ("B", "Thực phẩm", "thị trấn Thất Khê", "Tràng Định"),
            ("C", "Thực phẩm", "Không Có", "Chi Lăng"),
            ("D", "Thực phẩm", "Mai Pha", "TP Lạng Sơn"),
        ],
    )
    report = await import_paths(loaded_sqlite, [tmp_path / "l.xlsx"])
    assert not report.saved
    assert [(e.reason, e.row, e.value) for e in report.errors] == [
        ("place_ambiguous", 2, "Hòa Bình"),
        ("place_ambiguous", 3, "thị trấn Thất Khê, Tràng Định"),
        ("place_unknown", 4, "Không Có, Chi Lăng"),
    ]
    assert report.errors[0].args["choices"].count(";") == 3
    accepted = await import_paths(loaded_sqlite, [tmp_path / "l.xlsx"], accept_good_rows=True)
    assert accepted.saved
    assert accepted.counts["products"].added == 1
    assert (await published(loaded_sqlite)).products["d"].commune_code == "05977"


async def test_a_list_without_groups_says_which_products_need_one(
    loaded_sqlite: AsyncEngine, tmp_path: Path
) -> None:
    book_of(
        tmp_path / "l.xlsx",
        Sheet1=[("STT", "Tên sản phẩm", "Hạng sao"), (1, "Bún ngô Thuận Anh", 3), (2, "Bánh lạ", 3)],
    )
    report = await import_paths(loaded_sqlite, [tmp_path / "l.xlsx"])
    assert [(e.reason, e.row, e.column) for e in report.errors] == [("group_missing", 3, "group")]


async def test_one_name_of_several_producers(loaded: AsyncEngine, tmp_path: Path) -> None:
    head = ("Tên sản phẩm", "Nhóm", "Chủ thể", "Hạng sao")
    rows = [("Mật ong rừng", "Thực phẩm", "HTX A", 3), ("Mật ong rừng", "Thực phẩm", "HTX B", 4)]
    book_of(tmp_path / "l.xlsx", Sheet1=[head, *rows])
    assert (await import_paths(loaded, [tmp_path / "l.xlsx"])).saved
    products = (await published(loaded)).products
    assert [products[c].certificate.stars for c in ("mat-ong-rung", "mat-ong-rung-htx-b")] == [3, 4]
    assert (await import_paths(loaded, [tmp_path / "l.xlsx"])).changes == 0
    book_of(tmp_path / "n.xlsx", Sheet1=[("Tên sản phẩm", "Sao", "Giá"), ("Mật ong rừng", 5, None)])
    report = await import_paths(loaded, [tmp_path / "n.xlsx"])
    assert [(e.reason, e.args["codes"]) for e in report.errors] == [
        ("ambiguous_product", "mat-ong-rung, mat-ong-rung-htx-b")
    ]
    book_of(tmp_path / "d.xlsx", Sheet1=[head, rows[0], rows[0]])
    assert [e.reason for e in (await import_paths(loaded, [tmp_path / "d.xlsx"])).errors] == ["duplicate"]


async def test_a_list_as_csv(loaded_sqlite: AsyncEngine, tmp_path: Path) -> None:
    (tmp_path / "danh sach.csv").write_text(
        "DANH SÁCH SẢN PHẨM OCOP;;;\nSTT;Mã sản phẩm;Tên sản phẩm;Nhóm;Hạng sao\n"
        "1;007;Chè B;Thực phẩm;3 sao\n",
        encoding="utf-8",
    )
    report = await import_paths(loaded_sqlite, [tmp_path / "danh sach.csv"])
    assert report.errors == []
    assert (await published(loaded_sqlite)).products["007"].certificate.stars == 3


@pytest.mark.parametrize(
    ("price", "low", "high", "unit"),
    [
        ("55.000 đ/kg", 55_000, None, "kg"),
        ("55,000 - 60,000 đồng/kg", 55_000, 60_000, "kg"),
        ("120k/hộp", 120_000, None, "hộp"),
        ("35 nghìn đồng", 35_000, None, None),
        (180000, 180_000, None, None),
        ("liên hệ", None, None, None),
    ],
)
async def test_prices_as_lists_have_them(
    loaded_sqlite: AsyncEngine,
    tmp_path: Path,
    price: object,
    low: int | None,
    high: int | None,
    unit: str | None,
) -> None:
    book_of(tmp_path / "l.xlsx", Sheet1=[("Tên sản phẩm", "Nhóm", "Giá bán"), ("P", "Thực phẩm", price)])
    report = await import_paths(loaded_sqlite, [tmp_path / "l.xlsx"])
    assert report.errors == []
    found = (await published(loaded_sqlite)).products["p"]
    assert (found.price_vnd, found.price_max_vnd, found.price_unit) == (low, high, unit)
    assert ("not_a_price" in {e.reason for e in report.warnings}) == (low is None)


@pytest.mark.parametrize(
    ("heading", "field"),
    [
        ("STT", "_number"),
        ("TÊN SẢN PHẨM", "name_vi"),
        ("Tên  sản phẩm OCOP (*)", "name_vi"),
        ("Hạng sao (3-5)", "stars"),
        ("Số QĐ", "decision"),
        ("Xã/phường", "_commune"),
        ("Xã, phường", "_commune"),
        ("Gía bán (đồng)", "_price"),
        ("Ngày hết hạn:", "valid_until"),
        ("Ngày hêt hạnn", "valid_until"),
        ("Sở thích", None),
        ("", None),
    ],
)
def test_headings(heading: str, field: str | None) -> None:
    assert field_of(heading) == field


def test_no_heading_stands_for_two_fields() -> None:
    known = [heading for headings in HEADINGS.values() for heading in headings]
    assert len(known) == len(set(known))


def test_a_code_made_of_a_name() -> None:
    assert slug("Rượu men lá “Hữu Lễ” (500 ml)") == "ruou-men-la-huu-le-500-ml"


# ---------------------------------------------------------- the same file back


async def test_the_same_workbook_comes_back_with_what_is_wrong(
    loaded_sqlite: AsyncEngine, tmp_path: Path
) -> None:
    rows = [("Tên sản phẩm", "Nhóm", "Sao"), ("A", "Thực phẩm", 9), ("B", "Thực phẩm", 3), ("C", "Xe cộ", 2)]
    book_of(tmp_path / "l.xlsx", Sheet1=[("DANH SÁCH",), *rows])
    report = await import_paths(loaded_sqlite, [tmp_path / "l.xlsx"])
    back = tmp_path / "back.xlsx"
    assert write_back(report, tmp_path / "l.xlsx", back, lambda entry: entry.reason, "Lỗi")
    sheet = load_workbook(back)["Sheet1"]
    assert [row[3].value for row in sheet.iter_rows()] == [
        "Lỗi",
        None,
        "stars_out_of_range",
        None,
        "not_one_of · stars_out_of_range",
    ]
    assert [row[0].value for row in sheet.iter_rows()] == ["DANH SÁCH", *(row[0] for row in rows)]


async def test_the_same_csv_comes_back_with_what_is_wrong(loaded_sqlite: AsyncEngine, tmp_path: Path) -> None:
    source, back = tmp_path / "products.csv", tmp_path / "back.csv"
    source.write_text("code;name_vi;group\na;Ăn;food\n\nb;;food\n", "utf-8")
    report = await import_paths(loaded_sqlite, [source])
    assert write_back(report, source, back, lambda entry: entry.reason, "Lỗi")
    written = back.read_text("utf-8-sig").splitlines()
    assert written == ["code;name_vi;group;Lỗi", "a;Ăn;food;", "", "b;;food;required"]


async def test_a_file_that_cannot_be_read_does_not_come_back(
    sqlite_engine: AsyncEngine, tmp_path: Path
) -> None:
    source = tmp_path / "products.csv"
    source.write_bytes(b"\xff\xfe")
    report = await import_paths(sqlite_engine, [source])
    assert not write_back(report, source, tmp_path / "back.csv", lambda entry: entry.reason, "Lỗi")
    assert not (tmp_path / "back.csv").exists()
