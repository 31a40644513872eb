"""A small province for tests of reminders: producers, products that end on given days, people with chats."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel import col

from db import Chat, Delivery, Link, Notice, Person, Reminder, Role, Subscription, ZaloContact
from handlers.services.catalogue import Catalogue, Certificate, Producer, Product
from handlers.services.reminders.keeping import Written
from handlers.services.reminders.planning import Digest, Occasion
from handlers.services.reminders.routing import Roads
from handlers.services.reminders.schedule import Steps, programme
from handlers.services.roads import Road
from tests.sample_catalogue import catalogue

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
SAMPLE = catalogue()
COMMUNE = next(iter(SAMPLE.communes))
TELEGRAM = Road("telegram", 4_096, 1_024, 8, "full", "full")
ACCOUNT = Road(
    "zalo-oa",
    2_000,
    0,
    5,
    "partial",
    "none",
    free_for=timedelta(hours=48),
    open_for=timedelta(days=7),
    price=55,
    budget=0,
)
ZALO_BOT = Road("zalo-bot", 2_000, 2_000, 0, "full", "none")
WEB = Road("web", 20_000, 20_000, 50, "full", "none")
EVERY_ROAD = (TELEGRAM, replace(ACCOUNT, budget=550, templates=True), ZALO_BOT, WEB)


def moment(day: date, hour: int = 8, minute: int = 0) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=ZONE)


def producer(code: str, phone: str | None = None) -> Producer:
    return Producer(code, code, f"HTX {code}", "cooperative", COMMUNE, None, phone, None, None, None, None)


def product(code: str, of: str | None, **certificate: Any) -> Product:
    """``end`` = the last valid day; anything else as :class:`Certificate` names it."""
    end = certificate.pop("end", None)
    values: dict[str, Any] = dict.fromkeys(Certificate.__dataclass_fields__) | {"stars": 3}
    values |= {"valid_until": end.isoformat() if isinstance(end, date) else end} | certificate
    base = next(iter(SAMPLE.products.values()))
    return replace(
        base,
        code=code,
        key=code,
        name_vi=f"Sản phẩm {code}",
        name_en=None,
        producer=producer(of) if of else None,
        commune_code=COMMUNE,
        certificate=Certificate(**values),
    )


def registry(products: Iterable[Product]) -> Catalogue:
    found = {one.code: one for one in products}
    makers = {one.producer.code: one.producer for one in found.values() if one.producer}
    return replace(SAMPLE, products=found, producers=makers, showrooms={}, stock={})


def occasion(
    products: Iterable[Product] | Catalogue,
    now: datetime,
    roads: Sequence[Road] = EVERY_ROAD,
    steps: Steps | None = None,
) -> Occasion:
    known = products if isinstance(products, Catalogue) else registry(products)
    return Occasion(now.date(), known, steps or programme(), Roads.of(roads, now), "vi")


def plain(digest: Digest) -> Written:
    """Words that a test can read back."""
    told = [{"text": f"{one.due.product.code} {one.due.days}"} for one in digest.items]
    return Written(told, {"code": digest.items[0].due.product.code, "days": str(digest.items[0].due.days)})


@dataclass(slots=True)
class Town:
    """People of a database."""

    engine: AsyncEngine
    since: datetime = field(default_factory=lambda: moment(date(2026, 1, 1)))

    async def person(
        self,
        *chats: str,
        serves: Sequence[str] = (),
        wants: bool | None = True,
        heard: datetime | None = None,
        language: str = "vi",
        **roles: str,
    ) -> int:
        """Somebody with these chats (``channel:address``); ``officer="20123"``, ``editor=""`` give roles."""
        async with self.engine.begin() as connection:
            made = insert(Person).values(created_at=self.since).returning(col(Person.id))
            person = int((await connection.execute(made)).scalar_one() or 0)
            for chat in chats:
                channel, _colon, address = chat.partition(":")
                await connection.execute(
                    insert(Chat).values(
                        channel=channel,
                        address=address,
                        person_id=person,
                        language=language,
                        state="active",
                        first_seen_at=self.since,
                        last_seen_at=self.since,
                    )
                )
                if wants is not None:
                    await connection.execute(
                        insert(Subscription).values(
                            channel=channel,
                            address=address,
                            topic="reminders",
                            wanted=wants,
                            since=self.since,
                        )
                    )
                if heard and channel == "zalo-oa":
                    await connection.execute(insert(ZaloContact).values(address=address, last_at=heard))
            for code in serves:
                await connection.execute(
                    insert(Link).values(
                        person_id=person, producer_code=code, since=self.since, how="code", by="console"
                    )
                )
            for role, commune in roles.items():
                await connection.execute(
                    insert(Role).values(
                        person_id=person,
                        role=role,
                        commune_code=commune,
                        given_at=self.since,
                        given_by="console",
                    )
                )
        return person

    async def rows(self, table: type[Any], *where: Any) -> list[Any]:
        query = select(table).where(*where)
        async with self.engine.connect() as connection:
            return [table.model_validate(dict(row._mapping)) for row in await connection.execute(query)]

    async def reminders(self) -> list[Reminder]:
        return await self.rows(Reminder)

    async def letters(self) -> list[Delivery]:
        return sorted(await self.rows(Delivery), key=lambda one: one.id or 0)

    async def notices(self) -> list[Notice]:
        return sorted(await self.rows(Notice), key=lambda one: one.id or 0)
