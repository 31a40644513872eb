"""The words of reminders: digests in two languages, and what the command line prints."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from handlers.reminders import digest, telling
from handlers.services.catalogue import Catalogue
from handlers.services.reminders.due import Due, due
from handlers.services.reminders.schedule import programme
from handlers.services.roads import Road
from handlers.talk.language import speaking
from handlers.talk.message import Message
from handlers.talk.turn import Desk
from tests.reminded import EVERY_ROAD, TELEGRAM, Town, moment, product, registry

END = date(2027, 6, 28)


def digest_of(days: int, count: int = 1, language: str = "vi", **certificate: Any) -> Message:
    today = END - timedelta(days=days)
    found = []
    for number in range(count):
        one = due(product(f"s{number:02}", "htx", end=END, **certificate), today, programme())
        assert isinstance(one, Due)
        found.append(one)
    with speaking(language):
        return digest.message(found, registry([]), today)


@pytest.mark.parametrize(
    ("days", "said", "not_said"),
    [
        (210, ["còn 210 ngày", "chuẩn bị hồ sơ", "từ 30/12/2026 đến 28/02/2027"], "nộp hồ sơ tại"),
        (150, ["còn 150 ngày", "nộp hồ sơ tại UBND", "28/02/2027: còn 30 ngày"], "12.3"),
        (120, ["còn 120 ngày", "Hôm nay là ngày cuối nhận hồ sơ"], "12.3"),
        (30, ["còn 30 ngày", "nộp hồ sơ ngay", "28/02/2027", "12.3", "25/12/2027"], "hôm nay"),
        (0, ["Hôm nay, 28/06/2027, là ngày cuối của giấy chứng nhận"], "còn 0"),
        (-3, ["đã hết hạn ngày 28/06/2027, cách đây 3 ngày", "không in sao", "vẫn được làm và bán"], "12.3"),
    ],
)
def test_a_digest_says_the_true_days_and_what_to_do(days: int, said: list[str], not_said: str) -> None:
    text = digest_of(days).plain
    for words in said:
        assert words in text
    assert not_said not in text


def test_one_product_has_the_answers_as_buttons() -> None:
    actions = [button.action for button in digest_of(150).every_button]
    words = ("preparing", "filed", "later", "declined", "help", "list")
    assert actions == [*(f"rn:s00:{word}" for word in words), "cal", "unremind"]


def test_many_products_stand_in_one_digest() -> None:
    message = digest_of(150, count=15, language="en")
    assert message.plain.count("150 days left") == 1, "one decision, one sentence"
    assert "12. Sản phẩm s11" in message.plain
    assert "and 3 more products" in message.plain
    assert message.choices[2] == "rn:s02:show"
    assert len(message.plain) < 2_000, "one message everywhere"


def desk(engine: AsyncEngine, catalogue: Catalogue, days: int, roads: Sequence[Road] = EVERY_ROAD) -> Desk:
    async def working() -> tuple[Road, ...]:
        return tuple(roads)

    published: Any = SimpleNamespace(catalogue=catalogue)
    links: Any = SimpleNamespace(roads=working)
    now = moment(END - timedelta(days=days))
    return Desk(engine, lambda: published, lambda: now, links, "vi")


async def test_the_plan_of_a_day_and_why(sqlite_engine: AsyncEngine) -> None:
    town = Town(sqlite_engine)
    lan = await town.person("telegram:1", serves=["htx"])
    hoa = await town.person("zalo-oa:2", serves=["htx"])
    other = await town.person("telegram:3", serves=["htx"], wants=False)
    catalogue = registry(
        [product("na", "htx", end=END), product("che", "chi", end=END), product("mat", "chi", end="2027")]
    )
    roads = [TELEGRAM, replace(EVERY_ROAD[1], templates=False)]
    here = desk(sqlite_engine, catalogue, 180, roads)
    plan = "\n".join(await telling.planned(here, None))
    assert "30/12/2026, 08:00: 1 tin nhắc" in plan
    assert f"htx: người số {lan} → telegram" in plan
    assert f"htx: người số {hoa}" in plan.partition("Cán bộ gọi điện:")[2]
    assert "zalo-oa free (im lặng quá lâu)" in plan
    assert "Chưa rõ ngày hết hạn nên không nhắc: 1." in plan
    assert await town.letters() == []
    assert "\n".join(await telling.done(here)).startswith(
        "Đã ghi: 1 tin nhắc gồm 1 lượt sản phẩm, 2 lượt cần gọi"
    )
    why = "\n".join(await telling.explained(here, "na", None))
    assert "✓ bắt đầu nhận hồ sơ: trước 180 ngày" in why
    assert "· giữa kỳ nhận hồ sơ: trước 150 ngày" in why
    assert f"người số {lan}: đã nhắc ngày 30/12/2026 qua telegram (queued)" in why
    assert f"người số {hoa}: cần gọi điện" in why
    assert f"người số {other}: không muốn nhận nhắc hạn" in why
    assert "Không nhắc: chưa rõ ngày hết hạn." in await telling.explained(here, "mat", None)
    assert "chưa đến mốc nhắc nào" in "\n".join(await telling.explained(here, "na", date(2026, 1, 1)))
    with pytest.raises(telling.NoSuchProductError, match="zzz"):
        await telling.explained(here, "zzz", None)
    later = await telling.planned(here, END - timedelta(days=150))
    assert "29/01/2027, 08:00: 1 tin nhắc" in later[0]


async def test_nothing_is_written_at_night(sqlite_engine: AsyncEngine) -> None:
    town = Town(sqlite_engine)
    await town.person("telegram:1", serves=["htx"])
    here = replace(
        desk(sqlite_engine, registry([product("na", "htx", end=END)]), 180),
        now=lambda: moment(END - timedelta(days=180), 22, 30),
    )
    assert "ban đêm" in (await telling.done(here))[0]
    assert await town.letters() == []
