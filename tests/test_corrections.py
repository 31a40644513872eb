"""Corrections: read as people write, decided once, public only then, and all of it in the log."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.ext.asyncio import AsyncEngine

from handlers.services import audit, corrections
from handlers.services.access import person_of
from handlers.services.corrections import Wish
from handlers.services.importing import import_paths
from handlers.services.publishing import registry_version
from handlers.services.values import ReadError, read
from tests.test_answers import SAMPLE

NOW = datetime(2026, 12, 3, 3, tzinfo=UTC)
PRODUCT = "ruou-men-la-nguoi-dao-cong-son"


@given(st.text(max_size=60))
def test_no_text_breaks_reading(text: str) -> None:
    for field in corrections.FIELDS:
        try:
            assert read(field, text)
        except ReadError:
            continue


@pytest.mark.parametrize(
    ("field", "text", "expected"),
    [
        ("season", "từ tháng 7 đến tháng 9", ("7-9",)),
        ("season", "7-9", ("7-9",)),
        ("season", "tháng 13", None),
        ("hours", "8h-17h hằng ngày", ("Mo-Su 08:00-17:00",)),
        ("hours", "thứ 2 đến thứ 6, 7h30 - 16h30", ("Mo-Fr 07:30-16:30",)),
        ("hours", "Mo-Sa 08:00-18:00", ("Mo-Sa 08:00-18:00",)),
        ("hours", "Mo-Xy 99:00", None),
        ("hours", "lúc nào cũng mở", None),
        ("phone", "+84 205 3 812 345", ("02053812345",)),
        ("phone", "mười hai", None),
        ("link", "https://example.org/shop", ("https://example.org/shop",)),
        ("link", "javascript:alert(1)", None),
        ("link", "http://example.org", None),
        ("description", "ngon", None),
    ],
)
def test_other_values(field: str, text: str, expected: Any) -> None:
    if expected is None:
        with pytest.raises(ReadError):
            read(field, text)
    else:
        assert read(field, text) == expected


async def _asked(engine: AsyncEngine, dong: int) -> tuple[Any, int, int]:
    async with engine.begin() as connection:
        producer = await person_of(connection, "web", "producer", NOW)
        officer = await person_of(connection, "web", "officer", NOW)
    wish = Wish("price", PRODUCT, "htx-nong-nghiep-cong-son", "06220", (dong, None))
    return await corrections.ask(engine, wish, producer, ("web", "producer"), NOW), producer, officer


async def test_public_only_after_approval_and_written_down(engine: AsyncEngine) -> None:
    await import_paths(engine, [SAMPLE])
    before = await registry_version(engine)
    one, producer, officer = await _asked(engine, 270_000)
    async with engine.connect() as connection:
        assert await corrections.current(connection, "price", PRODUCT) == (None, None)
    assert await corrections.approve(engine, one, officer, NOW) == "done"
    async with engine.connect() as connection:
        assert await corrections.current(connection, "price", PRODUCT) == (270_000, None)
    assert await registry_version(engine) == before + 1
    log = await audit.history(engine, f"product {PRODUCT}")
    assert [(row.actor, row.verb) for row in log] == [
        (f"person {producer}", "asked: price"),
        (f"person {officer}", "approved: price"),
    ]
    assert (log[1].before, log[1].after) == ([None, None], [270_000, None])
    assert await corrections.approve(engine, one, officer, NOW) == "decided"
    assert await corrections.refuse(engine, one, officer, "", NOW) == "decided"


async def test_a_newer_wish_takes_the_place_of_an_open_one(engine: AsyncEngine) -> None:
    await import_paths(engine, [SAMPLE])
    first, _producer, officer = await _asked(engine, 270_000)
    second, _producer, _officer = await _asked(engine, 280_000)
    assert [one.id for one in await corrections.waiting(engine)] == [second.id]
    assert await corrections.approve(engine, first, officer, NOW) == "decided"


async def test_a_value_that_changed_meanwhile_is_not_overwritten(engine: AsyncEngine) -> None:
    await import_paths(engine, [SAMPLE])
    one, _producer, officer = await _asked(engine, 270_000)
    async with engine.begin() as connection:
        table = corrections.db.metadata.tables["product"]
        await connection.execute(table.update().where(table.c.code == PRODUCT).values(price_vnd=1_000))
    assert await corrections.approve(engine, one, officer, NOW) == "changed"
    assert await corrections.waiting(engine), "it still waits"


async def test_a_subject_that_is_gone(engine: AsyncEngine) -> None:
    await import_paths(engine, [SAMPLE])
    async with engine.begin() as connection:
        person = await person_of(connection, "web", "producer", NOW)
    wish = Wish("price", "no-such-product", "p", "06220", (1_000, None))
    assert await corrections.ask(engine, wish, person, ("web", "producer"), NOW) is None
