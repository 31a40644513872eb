"""The exchange format out: imported again it changes nothing, exported again it is the same, byte for
byte."""

from __future__ import annotations

import csv
import string
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook
from sqlalchemy.ext.asyncio import AsyncEngine

import db
from handlers.services.certificates import State, verdict
from handlers.services.exporting import Only, export_folder
from handlers.services.importing import import_paths
from handlers.services.importing.cells import SPREADSHEET_ERRORS
from handlers.services.importing.kinds import KINDS
from handlers.services.publishing import published, registry_version
from tests.conftest import SAMPLE

TODAY = date(2026, 11, 24)
COMMUNE = "code,name_vi\n06040,Xã Thất Khê\n"
PRODUCERS = 'code,name,note\nhtx-a,HTX A,\nhtx-b,"Hộ ""B"", thôn 1",=1+1\n'


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


async def test_the_real_registry_goes_round(engine: AsyncEngine, tmp_path: Path) -> None:
    await import_paths(engine, [SAMPLE])
    await export_folder(engine, tmp_path / "one", on=TODAY)
    again = await import_paths(engine, [tmp_path / "one"])
    assert again.errors == []
    assert again.changes == 0
    assert await registry_version(engine) == 1
    await export_folder(engine, tmp_path / "two", on=TODAY)
    assert contents(tmp_path / "one") == contents(tmp_path / "two")
    # an empty registry that takes the export gives the very same export
    fresh = db.async_engine(f"sqlite+aiosqlite:///{tmp_path / 'fresh.db'}")
    await db.migrate(fresh)
    assert (await import_paths(fresh, [tmp_path / "one"])).saved
    await export_folder(fresh, tmp_path / "three", on=TODAY)
    await fresh.dispose()
    assert contents(tmp_path / "one") == contents(tmp_path / "three")


async def test_nothing_of_the_sample_is_lost(sqlite_engine: AsyncEngine, tmp_path: Path) -> None:
    await import_paths(sqlite_engine, [SAMPLE])
    await export_folder(sqlite_engine, tmp_path / "out", on=TODAY)
    for path in SAMPLE.glob("*.csv"):
        exported = table(tmp_path / "out" / path.name)
        original = table(path)
        assert (
            [{name: row[name] for name in original[0]} for row in exported] == original
            if original
            else not exported
        )
    assert (tmp_path / "out" / "registry.toml").read_text("utf-8") == (SAMPLE / "registry.toml").read_text(
        "utf-8"
    )


async def test_a_workbook_holds_the_same(engine: AsyncEngine, tmp_path: Path) -> None:
    await import_paths(engine, [SAMPLE])
    path = tmp_path / "new" / "registry.xlsx"
    assert await export_folder(engine, path, on=TODAY) == 77
    assert load_workbook(path)["communes"]["A2"].value == "05977"
    again = await import_paths(engine, [path])
    assert again.errors == []
    assert again.changes == 0
    fresh = db.async_engine(f"sqlite+aiosqlite:///{tmp_path / 'fresh.db'}")
    await db.migrate(fresh)
    assert (await import_paths(fresh, [path])).saved
    for source, name in ((engine, "one"), (fresh, "two")):
        await export_folder(source, tmp_path / name, on=TODAY)
    await fresh.dispose()
    assert contents(tmp_path / "one") == contents(tmp_path / "two")


@pytest.mark.parametrize("only", ["valid", "expiring", "expired"])
async def test_only_what_was_asked_for(sqlite_engine: AsyncEngine, tmp_path: Path, only: Only) -> None:
    await import_paths(sqlite_engine, [SAMPLE])
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "stock.csv").write_text(
        "product_code,showroom_id\n"
        + "".join(f"{row['code']},LS-SR-001\n" for row in table(SAMPLE / "products.csv"))
    )
    assert (await import_paths(sqlite_engine, [tmp_path / "in" / "stock.csv"])).saved
    products = (await published(sqlite_engine)).products
    found = {code: verdict(product.certificate, TODAY) for code, product in products.items()}
    wanted = [
        code
        for code, one in found.items()
        if (
            one.current
            if only == "valid"
            else one.state is {"expiring": State.EXPIRING}.get(only, State.EXPIRED)
        )
    ]
    assert 0 < len(wanted) < len(products)
    assert await export_folder(sqlite_engine, tmp_path / "out", only, on=TODAY) == len(wanted)
    assert [row["code"] for row in table(tmp_path / "out" / "products.csv")] == wanted
    assert {row["product_code"] for row in table(tmp_path / "out" / "stock.csv")} == set(wanted)
    assert len(table(tmp_path / "out" / "producers.csv")) == 39
    before = await registry_version(sqlite_engine)
    assert (await import_paths(sqlite_engine, [tmp_path / "out"])).changes == 0
    assert await registry_version(sqlite_engine) == before


async def test_the_history_goes_round(engine: AsyncEngine, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "products.csv").write_text(
        "code,name_vi,group,stars,issued_on,issued_on_basis,status_note\n"
        "na,Na,food,4,2023-05,report,kept\nhoi,Hồi,food,,,,\n",
        "utf-8",
    )
    (folder / "certificates.csv").write_text(
        "product_code,stars,issued_on,status,status_on,note\n"
        "na,4,2023-05,,,second\nna,3,2020,superseded,2023-05,first\nhoi,,,,,only a remark\n",
        "utf-8",
    )
    assert (await import_paths(engine, [folder])).errors == []
    await export_folder(engine, tmp_path / "one", on=TODAY)
    history = [
        (r["product_code"], r["stars"], r["note"]) for r in table(tmp_path / "one" / "certificates.csv")
    ]
    assert history == [("na", "3", "first"), ("na", "4", "second"), ("hoi", "", "only a remark")]
    assert (await import_paths(engine, [tmp_path / "one"])).changes == 0
    await export_folder(engine, tmp_path / "two", on=TODAY)
    assert contents(tmp_path / "one") == contents(tmp_path / "two")


async def test_an_empty_registry_exports_headings(engine: AsyncEngine, tmp_path: Path) -> None:
    assert await export_folder(engine, tmp_path / "out", on=TODAY) == 0
    assert {path.stem for path in (tmp_path / "out").iterdir()} == set(KINDS)
    assert table(tmp_path / "out" / "products.csv") == []


async def test_a_formula_stays_text_in_a_workbook(sqlite_engine: AsyncEngine, tmp_path: Path) -> None:
    (tmp_path / "producers.csv").write_text(PRODUCERS, "utf-8")
    assert (await import_paths(sqlite_engine, [tmp_path / "producers.csv"])).saved
    path = tmp_path / "out.xlsx"
    await export_folder(sqlite_engine, path, on=TODAY)
    sheet = load_workbook(path)["producers"]
    notes = [cell for row in sheet.iter_rows() for cell in row if cell.value == "=1+1"]
    assert [cell.data_type for cell in notes] == ["s"]


words = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"], include_characters="\n\t,;\"'đĐơƯ"),
    max_size=20,
).filter(lambda word: word.strip() not in SPREADSHEET_ERRORS)
"""What people write, but for the marks of a broken formula, which an import refuses."""
partial = st.one_of(
    st.dates(date(2000, 1, 1), date(2100, 1, 1)).map(str),
    st.dates(date(2000, 1, 1), date(2100, 1, 1)).map(lambda day: f"{day:%Y-%m}"),
    st.integers(2000, 2100).map(str),
)
COLUMNS = [
    "code",
    "name_vi",
    "group",
    "stars",
    "aliases",
    "producer_code",
    "commune_code",
    "issued_on",
    "issued_on_basis",
    "status",
    "status_on",
    "price_vnd",
    "season",
    "description_vi",
    "note",
]
product = st.fixed_dictionaries(
    {
        "code": st.text(string.ascii_lowercase + string.digits + "-. ", min_size=1, max_size=12).map(
            lambda c: f"x{c}x"
        ),
        "name_vi": words.map(lambda word: f"Sản phẩm {word}."),
        "group": st.sampled_from(db.GROUPS),
        "stars": st.sampled_from(["", "3", "4", "5"]),
        "aliases": words,
        "producer_code": st.sampled_from(["", "htx-a", "htx-b"]),
        "commune_code": st.sampled_from(["", "06040"]),
        "issued_on": st.one_of(st.just(""), partial),
        "issued_on_basis": st.sampled_from(["", *db.BASES]),
        "status": st.sampled_from(["", *db.STATUSES]),
        "status_on": st.one_of(st.just(""), partial),
        "price_vnd": st.one_of(st.just(""), st.integers(0, 2**31 - 1).map(str)),
        "season": st.sampled_from(["", "8-9", "11-1", "L7-L9", "1;5-6"]),
        "description_vi": words,
        "note": words,
    }
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(product, max_size=8, unique_by=lambda row: row["code"]))
async def test_whatever_the_office_writes_goes_round(
    rows: list[dict[str, str]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    place = tmp_path_factory.mktemp("round")
    (place / "in").mkdir()
    (place / "in" / "communes.csv").write_text(COMMUNE, "utf-8")
    (place / "in" / "producers.csv").write_text(PRODUCERS, "utf-8")
    with (place / "in" / "products.csv").open("w", encoding="utf-8", newline="") as file:
        out = csv.DictWriter(file, COLUMNS)
        out.writeheader()
        out.writerows(rows)
    engine = db.async_engine(f"sqlite+aiosqlite:///{place / 'bot.db'}")
    await db.migrate(engine)
    first = await import_paths(engine, [place / "in"])
    assert first.errors == []
    await export_folder(engine, place / "one", on=TODAY)
    assert (await import_paths(engine, [place / "one"])).changes == 0
    await export_folder(engine, place / "two", on=TODAY)
    workbook = place / "three.xlsx"
    assert await export_folder(engine, workbook, on=TODAY) == len(rows)
    assert (await import_paths(engine, [workbook])).changes == 0
    await engine.dispose()
    assert contents(place / "one") == contents(place / "two")
    assert [row["code"] for row in table(place / "one" / "products.csv")] == [row["code"] for row in rows]
