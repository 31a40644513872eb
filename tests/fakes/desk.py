"""A desk for the pages without the rest of the program: the sample registry, and answers made from it."""

from __future__ import annotations

import csv
from dataclasses import replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from handlers import verdicts
from handlers.services.catalogue import Catalogue, Commune, Producer
from handlers.services.text import fold
from handlers.talk import language
from handlers.talk.message import Button, Card, Inbound, Joined, Message, Place, Press, Text, Venue
from tests.sample_catalogue import FOLDER, catalogue

NOW = datetime(2026, 11, 24, 10, 0, tzinfo=ZoneInfo("Asia/Ho_Chi_Minh"))
BOX = ("min_lat", "min_lon", "max_lat", "max_lon")


def registry() -> Catalogue:
    """The sample with the communes' boxes, and one producer whose telephone is public."""
    sample = catalogue()
    with (FOLDER / "communes.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = {row["code"]: row for row in csv.DictReader(file)}
    communes = {code: _boxed(commune, rows[code]) for code, commune in sample.communes.items()}
    code, first = next(iter(sample.products.items()))
    maker = Producer(
        "chi", "chi", "Hộ Nông Thị Chi", "household", None, None, "0205 381 2345", None, None, None, None
    )
    products = dict(sample.products) | {code: replace(first, producer=maker)}
    return replace(sample, communes=communes, products=products, producers={"chi": maker})


def _boxed(commune: Commune, row: dict[str, str]) -> Commune:
    south, west, north, east = (float(row[column]) for column in BOX)
    return replace(commune, box=(south, west, north, east))


class FakeDesk:
    """A :class:`bot.pages.Desk`. ``seen`` keeps what came in; ``fails`` is raised instead of an answer."""

    def __init__(self) -> None:
        self.catalogue = registry()
        self.public_url = ""
        self.zalo_verifier = ""
        self.telegram_link: str | None = None
        self.ready = True
        self.seen: list[Inbound] = []
        self.fails: Exception | None = None
        self.waits: dict[tuple[str, str], list[Message]] = {}
        self._answers: dict[str, list[Message]] = {}

    def now(self) -> datetime:
        return NOW

    def health(self) -> dict[str, Any]:
        return {"ready": self.ready, "channels": {"web": {"state": "up"}, "telegram": {"state": "idle"}}}

    async def photo(self, name: str) -> tuple[str, bytes] | None:
        return None

    async def calendar(self, secret: str) -> bytes | None:
        return None

    async def waiting(self, channel: str, chat: str) -> list[Message]:
        return self.waits.pop((channel, chat), [])

    async def chat(self, inbound: Inbound) -> list[Message]:
        if self.fails:
            raise self.fails
        self.seen.append(inbound)
        if inbound.id not in self._answers:
            with language.speaking(language.supported(inbound.language) or "vi"):
                self._answers[inbound.id] = self._answer(inbound)
        return self._answers[inbound.id]

    def _answer(self, inbound: Inbound) -> list[Message]:
        match inbound.content:
            case Joined():
                return [
                    Message("Bạn hỏi gì cũng được.", title="Chào bạn!", buttons=((near(), certificates()),))
                ]
            case Press(action="near"):
                return [Message("Bạn đang ở đâu?", asks="place")]
            case Place():
                shop = next(iter(self.catalogue.showrooms.values()))
                where = Venue(shop.name_vi, shop.address or "", shop.latitude or 0, shop.longitude or 0)
                return [Message("Gần nhất:", venue=where)]
            case Text(text=text):
                return [self._found(text)]
            case _:
                return [Message("Chưa rõ ý bạn.", buttons=((near(),),))]

    def _found(self, text: str) -> Message:
        found = [p for p in self.catalogue.products.values() if fold(text) in fold(p.name_vi)][:3]
        if not found:
            return Message(f"Chưa có thông tin về “{text}”.", buttons=((near(),),))
        cards = tuple(
            Card(p.name_vi, verdicts.badge(p, NOW.date()), None, (Button("Xem", f"p:{p.key}"),))
            for p in found
        )
        return Message(f"Tìm thấy {len(found)}.", cards=cards)


def near() -> Button:
    return Button("Gần tôi", "near")


def certificates() -> Button:
    return Button("Danh sách", url="/catalogue")
