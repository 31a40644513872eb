"""The memory refuses wrong states on both engines, whoever writes them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy import insert, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError, StatementError
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel import SQLModel

import db

CODE = "06040"


async def _add(engine: AsyncEngine, *rows: SQLModel) -> None:
    async with db.session(engine) as session:
        for row in rows:
            session.add(row)
            await session.flush()
            session.expunge(row)


def _commune(**changes: object) -> db.Commune:
    return db.Commune(**{"code": CODE, "name_vi": "Xã Thất Khê", **changes})


def _product(**changes: object) -> db.Product:
    return db.Product(**{"code": "na", "name_vi": "Na Chi Lăng", "group": "food", **changes})


WRONG = {
    "stars 6": lambda: [_product(), db.Certificate(product_code="na", stars=6)],
    "stars 2": lambda: [_product(), db.Certificate(product_code="na", stars=2)],
    "two certificates in force": lambda: [
        _product(),
        db.Certificate(product_code="na", stars=3),
        db.Certificate(product_code="na", stars=4),
    ],
    "a status nobody knows": lambda: [_product(), db.Certificate(product_code="na", status="lost")],
    "a date as people write it": lambda: [
        _product(),
        db.Certificate(product_code="na", issued_on="1/2/2024"),
    ],
    "a certificate of no product": lambda: [db.Certificate(product_code="nowhere")],
    "one code twice": lambda: [_product(), _product(name_vi="Another")],
    "a producer that is not there": lambda: [_product(producer_code="nobody")],
    "a commune that is not there": lambda: [_product(commune_code="99999")],
    "a group that is none of the six": lambda: [_product(group="cars")],
    "a price below zero": lambda: [_product(price_vnd=-1)],
    "a range upside down": lambda: [_product(price_vnd=10, price_max_vnd=5)],
    "a range without a beginning": lambda: [_product(price_max_vnd=5)],
    "a commune code without its zero": lambda: [_commune(code="6040")],
    "a latitude of 200": lambda: [db.Showroom(showroom_id="a", name_vi="A", latitude=200.0)],
    "a thirteenth month": lambda: [db.Season(item_vi="na", start_month=13)],
    "a kind of shop nobody knows": lambda: [db.Showroom(showroom_id="a", name_vi="A", kind="kiosk")],
    "stock of a shop that is not there": lambda: [
        _product(),
        db.Stock(product_code="na", showroom_id="nowhere"),
    ],
    "a second registry": lambda: [db.Registry(id=2, name="x", province_code="20")],
}


@pytest.mark.parametrize("wrong", WRONG, ids=str)
async def test_a_wrong_state_cannot_be_stored(engine: AsyncEngine, wrong: str) -> None:
    rows = WRONG[wrong]()
    with pytest.raises(IntegrityError):
        await _add(engine, *rows)


async def test_many_past_certificates_beside_one_in_force(engine: AsyncEngine) -> None:
    past = [db.Certificate(product_code="na", stars=3, in_force=False) for _ in range(3)]
    await _add(engine, _product(), db.Certificate(product_code="na", stars=4), *past)


async def test_leading_zeros_and_partial_dates_come_back_as_they_went_in(engine: AsyncEngine) -> None:
    await _add(
        engine,
        _commune(),
        _product(code="0007", commune_code=CODE),
        db.Certificate(product_code="0007", issued_on="2022-12", valid_until="2025"),
    )
    async with engine.connect() as connection:
        product = (await connection.execute(select(db.Product.code, db.Product.commune_code))).one()
        held = (await connection.execute(select(db.Certificate.issued_on, db.Certificate.valid_until))).one()
    assert tuple(product) == ("0007", "06040")
    assert tuple(held) == ("2022-12", "2025")


async def test_a_moment_is_kept_in_utc_and_a_naive_one_refused(engine: AsyncEngine) -> None:
    noon = datetime(2026, 12, 3, 12, tzinfo=timezone(timedelta(hours=7)))
    await _add(engine, db.Person(created_at=noon))
    async with engine.connect() as connection:
        stored = (await connection.execute(select(db.Person.created_at))).scalar_one()
    assert stored == noon
    assert stored.tzinfo == UTC
    with pytest.raises((StatementError, DBAPIError), match="naive"):
        await _add(engine, db.Person(created_at=noon.replace(tzinfo=None)))


async def _stop_halfway(engine: AsyncEngine) -> None:
    async with db.session(engine) as session:
        session.add(_commune())
        await session.flush()
        raise RuntimeError("stop")


async def test_a_block_that_fails_leaves_nothing(engine: AsyncEngine) -> None:
    with pytest.raises(RuntimeError):
        await _stop_halfway(engine)
    async with engine.connect() as connection:
        assert (await connection.execute(select(db.Commune.code))).all() == []


async def test_sqlite_is_opened_as_promised(tmp_path: Path) -> None:
    engine = db.async_engine(f"sqlite+aiosqlite:///{tmp_path / 'new folder' / 'bot.db'}")
    asked = ("journal_mode", "foreign_keys", "busy_timeout", "synchronous")
    async with engine.connect() as connection:
        found = [(await connection.execute(text(f"PRAGMA {name}"))).scalar_one() for name in asked]
    await engine.dispose()
    assert found == ["wal", 1, db.BUSY_TIMEOUT_MS, 1]


async def test_text_is_utf8_on_both_engines(engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        await connection.execute(
            insert(db.Commune).values(code=CODE, name_vi="Xã Thất Khê 🍵 “ơ”", position=0)
        )
        assert (await connection.execute(select(db.Commune.name_vi))).scalar_one() == "Xã Thất Khê 🍵 “ơ”"
