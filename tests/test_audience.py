"""Whom an announcement reaches: every reason for exclusion, counted and fixed by the same query, on both engines."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, insert, select
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel import col

from db import Announcement, Chat, Delivery, Link, Person, QuietHours, Role, Subscription, ZaloContact
from handlers.services.audience import Audience, producers_meant
from handlers.services.catalogue import Catalogue, Certificate, Producer, Product, RegistryInfo
from handlers.services.consent import after_the_night
from handlers.services.forecasting import forecast
from handlers.services.reach import Aim, Part, Reach, fix, reach
from handlers.services.roads import Road

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
NOW = datetime(2026, 12, 3, 10, 0, tzinfo=ZONE)
TELEGRAM = Road("telegram", 4096, 1024, 100, "full", "full", per_second=25)
ZALO = Road(
    "zalo-oa",
    1900,
    0,
    5,
    "partial",
    "none",
    per_second=10,
    free_for=timedelta(hours=48),
    open_for=timedelta(days=7),
    price=55,
    budget=0,
)
WEB = Road("web", 20_000, 20_000, 50, "full", "none", per_second=1_000)
ROADS = (TELEGRAM, ZALO, WEB)


def aim(audience: Audience | None = None, *, roads: tuple[Road, ...] = ROADS, **more: Any) -> Aim:
    return Aim(audience or Audience(), "news", more.get("producers"), roads)


async def chat(
    engine: AsyncEngine, channel: str, address: str, *, wanted: bool | None = True, **more: Any
) -> None:
    """A chat with its wish; ``ago`` = since the person wrote last, ``serves``/``role`` make it somebody's."""
    seen = NOW - more.get("ago", timedelta(hours=1))
    async with engine.begin() as connection:
        person = None
        if more.get("serves") or more.get("role"):
            made = await connection.execute(insert(Person).values(created_at=NOW).returning(col(Person.id)))
            person = made.scalar_one()
        if serves := more.get("serves"):
            row = {"person_id": person, "producer_code": serves, "since": NOW, "how": "code", "by": "console"}
            await connection.execute(insert(Link).values(row | {"ended_at": more.get("ended")}))
        if role := more.get("role"):
            row = {
                "person_id": person,
                "role": role,
                "given_at": NOW,
                "given_by": "console",
                "commune_code": "",
            }
            await connection.execute(insert(Role).values(row))
        await connection.execute(
            insert(Chat).values(
                channel=channel,
                address=address,
                person_id=person,
                language=more.get("language"),
                guessed=more.get("guessed"),
                state=more.get("state", "active"),
                first_seen_at=seen,
                last_seen_at=seen,
            )
        )
        if wanted is not None:
            row = {"channel": channel, "address": address, "topic": "news", "wanted": wanted, "since": NOW}
            await connection.execute(insert(Subscription).values(row))
        if quiet := more.get("quiet"):
            row = {"channel": channel, "address": address, "begins": quiet[0], "ends": quiet[1]}
            await connection.execute(insert(QuietHours).values(row))


async def announcement(engine: AsyncEngine) -> int:
    async with engine.begin() as connection:
        made = await connection.execute(
            insert(Announcement)
            .values(author_id=1, author_chat="web:a", created_at=NOW, texts={"vi": "x"}, audience={})
            .returning(col(Announcement.id))
        )
        return int(made.scalar_one() or 0)


async def counted(engine: AsyncEngine, aimed: Aim) -> Reach:
    async with engine.connect() as connection:
        return await reach(connection, aimed, NOW)


async def test_every_reason_is_counted_and_fixed_alike(engine: AsyncEngine) -> None:
    days = timedelta(days=1)
    await chat(engine, "telegram", "good", language="en")
    await chat(engine, "telegram", "guessed", guessed="en")
    await chat(engine, "web", "quiet", quiet=("09:00", "11:00"))
    await chat(engine, "telegram", "never-asked", wanted=None)
    await chat(engine, "telegram", "stopped", wanted=False)
    await chat(engine, "telegram", "blocked", state="gone")
    await chat(engine, "zalo-oa", "free", ago=days)
    await chat(engine, "zalo-oa", "paid", ago=3 * days)
    await chat(engine, "zalo-oa", "closed", ago=8 * days)
    await chat(engine, "zalo-bot", "off")
    found = await counted(engine, aim())
    assert found.excluded == {
        "left": 1,
        "channel_off": 1,
        "no_consent": 1,
        "opted_out": 1,
        "window": 1,
        "budget": 1,
    }
    assert found.by("channel") == {"telegram": 2, "web": 1, "zalo-oa": 1}
    assert found.by("language") == {"en": 2, "vi": 2}
    assert (found.everybody, found.sent, found.count("quiet")) == (10, 4, 1)
    number = await announcement(engine)
    async with engine.begin() as connection:
        await fix(connection, number, aim(), NOW, None)
    shape = (col(Delivery.state), func.coalesce(col(Delivery.reason), ""))
    async with engine.connect() as connection:
        rows = (await connection.execute(select(*shape, func.count()).group_by(*shape))).all()
        english = await connection.execute(
            select(col(Delivery.address)).where(
                col(Delivery.language) == "en", col(Delivery.state) == "queued"
            )
        )
        assert {row[0] for row in english} == {"good", "guessed"}
    assert {(row[0], row[1]): row[2] for row in rows} == {
        ("queued", ""): 4,
        **{("skipped", reason): count for reason, count in found.excluded.items()},
    }


async def test_an_audience_is_fixed_once(engine: AsyncEngine) -> None:
    await chat(engine, "web", "a")
    number = await announcement(engine)
    async with engine.begin() as connection:
        await fix(connection, number, aim(), NOW, None)
    with pytest.raises(Exception, match=r"(?i)unique"):
        async with engine.begin() as connection:
            await fix(connection, number, aim(), NOW, None)


async def test_money_makes_zalos_second_window_reachable(engine: AsyncEngine) -> None:
    await chat(engine, "zalo-oa", "paid", ago=timedelta(days=3))
    await chat(engine, "zalo-oa", "other", ago=timedelta(days=4))
    await chat(engine, "zalo-oa", "heard", ago=timedelta(days=20))
    async with engine.begin() as connection:
        seen = {"address": "heard", "last_at": NOW - timedelta(hours=2)}
        await connection.execute(insert(ZaloContact).values(seen))
    rich = replace(ZALO, budget=100)
    found = await counted(engine, aim(roads=(rich,)))
    assert (found.sent, found.count("paid")) == (3, 2)
    ahead = forecast(found, (rich,), {"zalo-oa": 1})
    assert (ahead.dong, ahead.paid, ahead.beyond_budget) == (55, 1, 1)
    twice = forecast(found, (rich,), {"zalo-oa": 2})
    assert (twice.dong, twice.beyond_budget) == (0, 2), "110 dong a person is more than is left"


async def test_who_heard_from_us_within_a_day_is_counted(engine: AsyncEngine) -> None:
    await chat(engine, "web", "a")
    await chat(engine, "web", "b")
    number = await announcement(engine)
    async with engine.begin() as connection:
        await fix(connection, number, aim(), NOW, None)
        sent = Delivery.__table__.update().values(state="sent", settled_at=NOW - timedelta(hours=2))  # type: ignore[attr-defined]
        await connection.execute(sent.where(col(Delivery.address) == "a"))
    assert (await counted(engine, aim())).count("recent") == 1


async def test_producers_tourists_languages_and_channels(engine: AsyncEngine) -> None:
    await chat(engine, "web", "hoa", serves="p1")
    await chat(engine, "telegram", "binh", serves="p2", language="en")
    await chat(engine, "web", "left", serves="p1", ended=NOW)
    await chat(engine, "web", "editor", role="editor")
    await chat(engine, "telegram", "guest", language="en")

    async def sent(audience: Audience, producers: Any = None) -> int:
        return (await counted(engine, aim(audience, producers=producers))).sent

    assert await sent(Audience()) == 5
    assert await sent(Audience("producers")) == 2
    assert await sent(Audience("producers", communes=("1",)), frozenset({"p1"})) == 1
    assert await sent(Audience("producers", communes=("1",)), frozenset()) == 0
    assert await sent(Audience("tourists")) == 2, "who serves nobody any more is a visitor like others"
    assert await sent(Audience("tourists", languages=("en",), channels=("telegram",))) == 1
    assert await sent(Audience(channels=("web",))) == 3


def registry() -> Catalogue:
    def producer(code: str, commune: str) -> Producer:
        return Producer(code, code, code, None, commune, None, None, None, None, None, None)

    def product(code: str, maker: Producer, group: str, until: str | None) -> Product:
        paper = Certificate(3, None, None, until, "1/QĐ", None, None, None)
        plain = dict.fromkeys(Product.__slots__)
        return Product(
            **plain
            | {"code": code, "key": code, "name_vi": code, "aliases": (), "group": group, "producer": maker}
            | {"commune_code": None, "certificate": paper, "standards": (), "awards": ()}
        )

    hoa, binh, chi = producer("hoa", "c1"), producer("binh", "c2"), producer("chi", "c1")
    products = (
        product("na", hoa, "food", "2027-01-15"),
        product("ruou", hoa, "beverages", "2026-01-15"),
        product("mat", binh, "food", "2029-01-15"),
        product("che", binh, "beverages", None),
    )
    nothing: Any = MappingProxyType({})
    return Catalogue(
        1,
        RegistryInfo("OCOP", "20", True, None, None, None),
        nothing,
        (),
        {one.code: one for one in (hoa, binh, chi)},
        {one.code: one for one in products},
        nothing,
        nothing,
        (),
        (),
        nothing,
        (),
    )


@pytest.mark.parametrize(
    ("audience", "meant"),
    [
        (Audience("producers"), None),
        (Audience(communes=("c1",)), {"hoa", "chi"}),
        (Audience(groups=("beverages",)), {"hoa", "binh"}),
        (Audience(communes=("c2",), groups=("food",)), {"binh"}),
        (Audience(state="ending", days=90), {"hoa"}),
        (Audience(state="ending", days=42), set()),
        (Audience(state="ending", days=43), {"hoa"}),
        (Audience(state="expired"), {"hoa"}),
        (Audience(state="expired", days=30), set()),
        (Audience(state="valid"), {"hoa", "binh"}),
        (Audience(product="mat"), {"binh"}),
        (Audience(product="none"), set()),
        (Audience(communes=("c2",), state="expired"), set()),
    ],
)
def test_the_producers_that_are_meant(audience: Audience, meant: set[str] | None) -> None:
    found = producers_meant(audience, registry(), NOW.date())
    assert (None if found is None else set(found)) == meant
    assert Audience.from_json(audience.as_json()) == audience


def test_parts_add_up() -> None:
    found = Reach(
        (Part("web", "vi", "", True, False, False, 3), Part("web", "vi", "left", False, False, False, 2))
    )
    assert (found.everybody, found.sent, found.excluded) == (5, 3, {"left": 2})


@pytest.mark.parametrize(
    ("at", "after"),
    [("06:59", "07:00"), ("07:00", "07:00"), ("21:59", "21:59"), ("22:00", "07:00 next"), ("00:00", "07:00")],
)
def test_the_night(at: str, after: str) -> None:
    hour, minute = (int(part) for part in at.split(":"))
    moment = after_the_night(NOW.replace(hour=hour, minute=minute), ("22:00", "07:00"))
    assert f"{moment:%H:%M}" + (" next" if moment.date() > NOW.date() else "") == after
