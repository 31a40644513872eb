"""Corrections: read as people write, decided once, public only then, and all of it in the log."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.ext.asyncio import AsyncEngine

from handlers.services import audit, corrections
from handlers.services.access import person_of
from handlers.services.catalogue import Producer
from handlers.services.correctable import runs
from handlers.services.corrections import Wish
from handlers.services.importing import import_paths
from handlers.services.publishing import published, registry_version
from handlers.services.values import ReadError, read
from tests.sample_catalogue import catalogue
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
    assert await corrections.approve(engine, one, officer, NOW) == "approved"
    assert await corrections.refuse(engine, one, officer, "", NOW) == "approved"
    assert await corrections.withdraw(engine, one, producer, NOW) == "approved"
    assert len(await audit.history(engine, f"product {PRODUCT}")) == 2, (
        "what did not happen is not written down"
    )


async def test_a_newer_wish_takes_the_place_of_an_open_one(engine: AsyncEngine) -> None:
    await import_paths(engine, [SAMPLE])
    first, _producer, officer = await _asked(engine, 270_000)
    second, _producer, _officer = await _asked(engine, 280_000)
    assert [one.id for one in await corrections.waiting(engine)] == [second.id]
    assert await corrections.approve(engine, first, officer, NOW) == "withdrawn"
    verbs = [row.verb for row in await audit.history(engine, f"product {PRODUCT}")]
    assert verbs == ["asked: price", "withdrawn: price", "asked: price"]


async def test_asking_twice_is_one_request(engine: AsyncEngine) -> None:
    """A killed process answers the same press again."""
    await import_paths(engine, [SAMPLE])
    first, *_people = await _asked(engine, 270_000)
    second, *_people = await _asked(engine, 270_000)
    assert first.id == second.id
    assert len(await audit.history(engine, f"product {PRODUCT}")) == 1


async def test_many_ask_and_decide_at_once(engine: AsyncEngine) -> None:
    await import_paths(engine, [SAMPLE])
    before = await registry_version(engine)
    await asyncio.gather(*(_asked(engine, 100_000 + 1_000 * n) for n in range(4)))
    (one,) = await corrections.waiting(engine)
    outcomes = await asyncio.gather(*(corrections.approve(engine, one, 1, NOW) for _ in range(4)))
    assert sorted(outcomes) == ["approved", "approved", "approved", "done"]
    assert await registry_version(engine) == before + 1


@pytest.mark.parametrize(("contact", "public"), [(None, True), ("", True), ("Bà Hoa", False)])
async def test_a_number_takes_no_name_along(engine: AsyncEngine, contact: str | None, public: bool) -> None:
    await import_paths(engine, [SAMPLE])
    table = corrections.db.metadata.tables["producer"]
    here = table.c.code == "htx-nong-nghiep-cong-son"
    async with engine.begin() as connection:
        await connection.execute(
            table.update().where(here).values(contact_name=contact, contact_public=False)
        )
        assert await corrections.phone_stays_private(connection, "htx-nong-nghiep-cong-son") is not public
    wish = Wish("phone", "htx-nong-nghiep-cong-son", "htx-nong-nghiep-cong-son", "06220", ("0205381234",))
    asked = await corrections.ask(engine, wish, 1, ("web", "producer"), NOW)
    assert asked
    assert await corrections.approve(engine, asked, 1, NOW) == "done"
    shown = (await published(engine)).producers["htx-nong-nghiep-cong-son"]
    assert (shown.phone, shown.contact_name) == (("0205381234", contact) if public else (None, None))


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


@pytest.mark.parametrize(
    ("name", "operator", "kind", "shop", "its"),
    [
        ("HTX Mai Sao", "HTX Mai Sao", "ocop_store", "Cửa hàng", True),
        ("HTX Mai Sao", "Hợp tác xã  MAI SAO", "market", "Cửa hàng", True),
        ("Công ty TNHH MTV Đức Quý", "Cty trách nhiệm hữu hạn một thành viên Đức Quý", None, "x", True),
        ("Công ty Cổ phần Ba Sơn", "Công ty CP Ba Sơn", "mall", "x", True),
        ("HTX Mai Sao", "htx-mai-sao", "ocop_store", "x", True),
        ("HTX Mai Sao", "HTX Mai Sao Lạng Sơn", "ocop_store", "x", False),
        ("HTX Mai Sao", "Công ty Vincom", "ocop_store", "Cửa hàng HTX Mai Sao", False),
        ("HTX Mai Sao", None, "ocop_store", "Cửa hàng Hợp tác xã Mai Sao, Chi Lăng", True),
        ("HTX Mai Sao", None, "market", "Chợ HTX Mai Sao", False),
        ("HTX Mai Sao", None, "ocop_store", "Cửa hàng Mai Sao", False),
    ],
)
def test_whose_shop_it_is(name: str, operator: str | None, kind: str | None, shop: str, its: bool) -> None:
    producer = Producer("htx-mai-sao", "k", name, None, None, None, None, None, None, None, None)
    showroom = replace(next(iter(catalogue().showrooms.values())), operator=operator, kind=kind, name_vi=shop)
    assert runs(producer, showroom) is its
