"""Calendars: whole days, alarms, UIDs that stay, a sequence that rises, a secret that can be withdrawn."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import aiohttp
import icalendar
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, insert, select
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel import col

import db
from handlers.renewals import subscribed
from handlers.services import calendars
from handlers.services.calendars import Dated
from tests.office import CONG_SON, opened
from tests.players import running

NOW = datetime(2026, 8, 1, 3, tzinfo=UTC)
WINDOW = Dated("p1", "window", date(2026, 7, 22), date(2026, 9, 20), "nộp hồ sơ, đúng hạn", "a\nb")


async def test_the_sequence_rises_only_when_days_change(engine: AsyncEngine) -> None:
    first = await calendars.publish(engine, [WINDOW], NOW)
    same = await calendars.publish(engine, [replace(WINDOW, summary="other words")], NOW + timedelta(days=1))
    assert first == same
    moved = replace(WINDOW, first=date(2029, 7, 22), last=date(2029, 9, 20))
    assert moved.uid == WINDOW.uid
    after = await calendars.publish(engine, [moved], NOW + timedelta(days=2))
    assert after[WINDOW.uid].sequence == first[WINDOW.uid].sequence + 1
    assert after[WINDOW.uid].changed_at == NOW + timedelta(days=2)


async def test_a_secret_opens_one_producer_until_it_is_withdrawn(engine: AsyncEngine) -> None:
    secret = await calendars.make_address(engine, "p1", "person 1", NOW)
    other = await calendars.make_address(engine, "p2", "person 2", NOW)
    assert isinstance(secret, str)
    assert isinstance(other, str)
    assert await calendars.producer_of(engine, secret) == "p1"
    for wrong in ("", "x", secret[:-1], secret[:-1] + ("0" if secret[-1] != "0" else "1"), secret + "0"):
        assert await calendars.producer_of(engine, wrong) is None
    assert await calendars.withdraw(engine, ["p1"], "person 1", NOW) == 1
    assert await calendars.producer_of(engine, secret) is None
    assert await calendars.producer_of(engine, other) == "p2"


async def test_one_address_a_person_and_producer(engine: AsyncEngine) -> None:
    """However often and however fast it is asked for."""
    made = await asyncio.gather(*(calendars.make_address(engine, "p1", "person 1", NOW) for _ in range(6)))
    (secret,) = [one for one in made if isinstance(one, str)]
    assert [one for one in made if one != secret] == [NOW] * 5
    other = await calendars.make_address(engine, "p1", "person 2", NOW)
    assert isinstance(other, str)
    later = NOW + timedelta(days=1)
    anew = await calendars.renew_address(engine, "p1", "person 1", later)
    assert await calendars.producer_of(engine, secret) is None
    assert await calendars.producer_of(engine, anew) == await calendars.producer_of(engine, other) == "p1"
    assert await calendars.make_address(engine, "p1", "person 1", NOW) == later


async def test_of_several_addresses_given_before_the_newest_stays(engine: AsyncEngine) -> None:
    """Revision 0009, on a database that had several."""

    def to(revision: str) -> Callable[[Connection], None]:
        def move(connection: Connection) -> None:
            config = Config()
            config.set_main_option("script_location", str(db.MIGRATIONS))
            config.set_main_option("path_separator", "os")
            config.attributes["connection"] = connection
            (command.downgrade if revision == "0008" else command.upgrade)(config, revision)

        return move

    given = [
        ("p1", "person 1", "a"),
        ("p1", "person 1", "b"),
        ("p1", "person 2", "c"),
        ("p2", "person 1", "d"),
    ]
    async with engine.begin() as connection:
        await connection.run_sync(to("0008"))
        for producer, by, mark in given:
            row = {"producer_code": producer, "made_by": by, "token_hash": mark, "made_at": NOW}
            await connection.execute(insert(db.Calendar).values(row))
        await connection.run_sync(to("head"))
        rows = await connection.execute(select(db.Calendar).order_by(col(db.Calendar.id)))
        assert [row.token_hash for row in rows if row.withdrawn_at is None] == ["b", "c", "d"]


async def test_pressed_again_the_address_is_not_multiplied(tmp_path: Path) -> None:
    async with opened(tmp_path, "2026-08-01", pages=True) as office:
        producer = await office.somebody(f"producer:{CONG_SON}")
        first = await producer.say("lịch của tôi")
        again = await producer.say("lịch của tôi")
        assert "https://" in first
        assert "https://" not in again
        assert "từ ngày 01/08/2026" in again
        assert len(await office.rows(db.Calendar)) == 1
        anew = await producer.say("[Lấy địa chỉ mới, bỏ địa chỉ cũ]")
        assert "https://" in anew
        open_ = [row for row in await office.rows(db.Calendar) if row.withdrawn_at is None]
        assert len(open_) == 1
        stranger = office.seat()
        assert "https://" not in await stranger.press(f"cal-new:{CONG_SON}")
        assert len(await office.rows(db.Calendar)) == 2
        assert "đã thu hồi" in (await producer.press("cal-off")).lower()
        assert "https://" in await producer.say("lịch của tôi")


async def test_the_file(tmp_path: Path) -> None:
    async with opened(tmp_path, "2026-08-01", pages=True) as office:
        producer = await office.somebody(f"producer:{CONG_SON}")
        said = await producer.say("lịch của tôi")
        address = next(line for line in said.splitlines() if line.startswith("https://"))
        assert producer.messages[-1].file is not None
        assert producer.messages[-1].file.url == address
        secret = address.removeprefix("https://ocop.example/calendar/").removesuffix(".ics")
        content = await subscribed(office.engine, office.shelf().catalogue, secret, office.clock())
        assert content is not None
        assert all(len(line) <= 75 for line in content.split(b"\r\n")), "RFC 5545, 3.1"
        window, end = icalendar.Calendar.from_ical(content).walk("VEVENT")
        assert (window["dtstart"].dt, window["dtend"].dt) == (date(2026, 7, 22), date(2026, 9, 21))
        assert (end["dtstart"].dt, end["dtend"].dt) == (date(2027, 1, 18), date(2027, 1, 19))
        assert "Rượu men lá người Dao Công Sơn" in end["summary"]
        assert "UBND xã Công Sơn" in window["description"]
        assert len(window.walk("VALARM")) == 2
        assert len({window["uid"], end["uid"]}) == 2
        again = await subscribed(office.engine, office.shelf().catalogue, secret, office.clock())
        assert again == content
        assert "thu hồi" in await producer.say("thu hồi lịch")
        assert await subscribed(office.engine, office.shelf().catalogue, secret, office.clock()) is None


async def test_without_an_address_of_ours_there_is_none(tmp_path: Path) -> None:
    async with opened(tmp_path, "2026-08-01") as office:
        producer = await office.somebody(f"producer:{CONG_SON}")
        assert "chưa có" in await producer.say("lịch của tôi")
        assert "https://" not in await producer.say("lịch của tôi")
        stranger = office.seat()
        assert "chưa liên kết" in await stranger.say("lịch của tôi")


async def test_the_address_over_the_wire(tmp_path: Path) -> None:
    async with (
        running(database_url=f"sqlite+aiosqlite:///{tmp_path}/bot.db") as (application, clock),
        aiohttp.ClientSession() as session,
    ):
        secret = await calendars.make_address(application.engine, CONG_SON, "person 1", clock())
        assert isinstance(secret, str)
        async with session.get(f"{application.address}/calendar/{secret}.ics") as response:
            assert response.status == 200
            assert response.content_type == "text/calendar"
            assert "private" in response.headers["Cache-Control"]
            assert len(icalendar.Calendar.from_ical(await response.read()).walk("VEVENT")) == 2
        await calendars.withdraw(application.engine, [CONG_SON], "person 1", clock())
        for wrong in (secret, "0" * 40, "x"):
            async with session.get(f"{application.address}/calendar/{wrong}.ics") as response:
                assert response.status == 404
