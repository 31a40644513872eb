"""The coach: days from words, what is written down and by whom, and what is refused."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel import col

import db
from handlers.renewals.words import PAPERS
from handlers.services import audit
from handlers.services.checklist import next_round, papers
from handlers.services.past_days import read_past_day
from handlers.services.renewing import SAID, Saying, say, stand, tick
from handlers.talk.language import languages, translations
from tests.office import CONG_SON, LEAF, TWO, opened

TODAY = date(2026, 12, 3)  # a Thursday


@pytest.mark.parametrize(
    ("said", "iso"),
    [
        ("nộp hôm qua", "2026-12-02"),
        ("nop hom kia roi", "2026-12-01"),
        ("hôm nay em nộp rồi", "2026-12-03"),
        ("nộp ngày 3/12", "2026-12-03"),
        ("nộp ngày 28/2", "2026-02-28"),
        ("nộp ngày 25 tháng 11 năm 2026", "2026-11-25"),
        ("đã nộp 30.11.2026", "2026-11-30"),
        ("nộp 3 ngày trước", "2026-11-30"),
        ("nộp thứ hai", "2026-11-30"),
        ("nộp ngày 20", "2026-11-20"),
        ("we filed on 1 December", "2026-12-01"),
        ("submitted Nov 30, 2026", "2026-11-30"),
        ("2026-11-15", "2026-11-15"),
    ],
)
def test_a_day_that_is_over(said: str, iso: str) -> None:
    read = read_past_day(said, TODAY)
    assert (str(read.day), read.problem) == (iso, "")


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        ("nộp ngày 30/2/2026", "no_such_day"),
        ("nộp ngày 29/2/2025", "no_such_day"),
        ("nộp ngày mai", "future"),
        ("nộp ngày 5/12", "future"),
        ("nộp rồi", "none"),
        ("đã nộp ở xã", "none"),
    ],
)
def test_what_is_no_day_that_is_over(said: str, problem: str) -> None:
    assert read_past_day(said, TODAY).problem == problem


def test_29_february_without_a_year_is_the_last_there_was() -> None:
    assert read_past_day("29/2", date(2025, 1, 10)).day == date(2024, 2, 29)
    assert read_past_day("29/2", date(2028, 3, 1)).day == date(2028, 2, 29)


def test_the_checklist_has_words_and_a_source() -> None:
    assert {paper.key for paper in papers()} == set(PAPERS)
    assert all(paper.source.startswith("QĐ 26/2026") for paper in papers())
    for language in languages():
        assert all(translations(language).gettext(words) for words in PAPERS.values())


@pytest.mark.parametrize(
    ("today", "proposed"),
    [("2026-04-29", "2026-04-30"), ("2026-04-30", "2026-10-30"), ("2026-10-30", "2027-04-30")],
)
def test_the_next_round(today: str, proposed: str) -> None:
    assert next_round(date.fromisoformat(today)).proposed.isoformat() == proposed


async def test_what_is_said_twice_is_written_down_once(engine: AsyncEngine) -> None:
    now = datetime(2026, 8, 1, 3, tzinfo=UTC)
    saying = Saying("p1", "2027-01-18", "person 1", now)
    assert await say(engine, saying, state="filed", filed_on="2026-08-01")
    assert not await say(engine, saying, state="filed", filed_on="2026-08-01")
    await tick(engine, saying, "form01", True)
    await tick(engine, saying, "form01", True)
    found = await stand(engine, "p1", "2027-01-18")
    assert (found.state, found.filed_on, found.ticks) == ("filed", date(2026, 8, 1), {"form01"})
    assert [row.verb for row in await audit.history(engine, "product p1")] == [SAID, SAID]
    assert (await stand(engine, "p1", "2030-01-18")).state is None, "a renewed certificate begins anew"
    assert await say(engine, saying, state="preparing")
    assert (await stand(engine, "p1", "2027-01-18")).filed_on is None


async def test_a_year_in_words(tmp_path: Path) -> None:
    async with opened(tmp_path, "2026-08-20") as office:
        producer = await office.somebody(f"producer:{CONG_SON}")
        assert "22/07/2026 đến 20/09/2026" in await producer.say("giấy của tôi bao giờ hết hạn")
        assert "chưa tới" in await producer.press(f"rn-filed:{LEAF}:2026-08-21")
        assert "Hồ sơ đã nộp ngày nào" in await producer.press(f"rn-filed:{LEAF}:2026-08-21")
        assert "15 ngày làm việc" in await producer.press(f"rn-filed:{LEAF}:2026-08-19")
        assert "ngoài thời gian" in await producer.press(f"rn-filed:{LEAF}:2026-05-02")
        (row,) = await office.rows(db.Renewal)
        assert (row.state, row.filed_on, row.cycle) == ("filed", "2026-05-02", "2027-01-18")
        assert row.answered_at == office.clock()
        await producer.press(f"rn-why:{LEAF}:money")
        await producer.press(f"rn-later:{LEAF}:30")
        (row,) = await office.rows(db.Renewal)
        assert (row.state, row.reason, row.snoozed_until) == ("declined", "money", "2026-09-19")


async def test_the_rest_of_the_world_is_refused(tmp_path: Path) -> None:
    async with opened(tmp_path, "2026-08-20") as office:
        stranger, other = office.seat(), await office.somebody(f"producer:{TWO}")
        far = await office.somebody("officer:06613")
        for seat in (stranger, other, far):
            for action in ("filed", "preparing", "declined", "help", "later", "list", "show"):
                await seat.press(f"rn:{LEAF}:{action}")
            for action in (f"rn-filed:{LEAF}:2026-08-01", f"rn-why:{LEAF}:money", f"rn-tick:{LEAF}:form01:1"):
                await seat.press(action)
        assert not await office.rows(db.Renewal)
        assert not await office.rows(db.Tick)
        assert "không phải của chủ thể" in await other.press(f"rn:{LEAF}:preparing")
        for broken in (
            "rn",
            "rn:",
            "rn:nope:filed",
            f"rn-later:{LEAF}:9999",
            f"rn-filed:{LEAF}:x",
            "rn-tick:a:b:c",
        ):
            assert await other.press(broken)


async def test_of_several_products_it_is_asked_which(tmp_path: Path) -> None:
    async with opened(tmp_path, "2028-08-20") as office:
        producer = await office.somebody(f"producer:{TWO}")
        listed = await producer.say("giấy của tôi bao giờ hết hạn")
        assert "2 sản phẩm" in listed
        assert listed.count("31/12/2028") >= 2
        await producer.say("em đã nộp hồ sơ hôm qua")
        assert len(producer.labels) == 3, "both products, and the menu"
        assert not await office.rows(db.Renewal)
        assert "19/08/2028" in await producer.say("2")
        (row,) = await office.rows(db.Renewal)
        assert row.filed_on == "2028-08-19"


async def test_an_officer_writes_for_a_producer_who_is_told(tmp_path: Path) -> None:
    async with opened(tmp_path, "2026-08-20") as office:
        producer = await office.somebody(f"producer:{CONG_SON}")
        officer = await office.somebody("officer:06220")
        said = await officer.say("ghi hộ HTX Nông nghiệp Công Sơn đã nộp ngày 18/8")
        assert "Đã báo cho chủ thể" in said
        (row,) = await office.rows(db.Renewal)
        assert row.filed_on == "2026-08-18"
        last = (await audit.history(office.engine, f"product {LEAF}"))[-1]
        assert (last.acts_for, last.actor) == (CONG_SON, row.said_by)
        assert "do cán bộ xã ghi" in await producer.say("giấy của tôi bao giờ hết hạn")
        assert len(await office.letters(producer)) == 1
        await officer.press(f"rn-tick:{LEAF}:form01:1")
        assert [row.item for row in await office.rows(db.Tick)] == ["form01"]
        assert len(await office.letters(producer)) == 2


async def test_help_is_a_ticket_and_a_letter_to_the_commune(tmp_path: Path) -> None:
    async with opened(tmp_path, "2026-08-20") as office:
        officer = await office.somebody("officer:06220")
        producer = await office.somebody(f"producer:{CONG_SON}")
        said = await producer.press(f"rn:{LEAF}:help")
        (ticket,) = producer.records
        assert (ticket.kind, ticket.product_code) == ("help", LEAF)
        assert ticket.number in said
        assert ticket.number in (await office.letters(officer))[0]
        (row,) = await office.rows(db.Renewal)
        assert row.answered_at is not None
        assert row.state is None


@pytest.mark.parametrize(("end", "told"), [("2027-01-18", False), ("2026-08-31", True)])
async def test_lapsed(tmp_path: Path, end: str, told: bool) -> None:
    async def shorter(engine: AsyncEngine) -> None:
        change = (
            update(db.Certificate).where(col(db.Certificate.product_code) == LEAF).values(valid_until=end)
        )
        async with engine.begin() as connection:
            await connection.execute(change)

    async with opened(tmp_path, "2027-02-01", more=shorter) as office:
        producer = await office.somebody(f"producer:{CONG_SON}")
        said = await producer.say("giấy của tôi bao giờ hết hạn")
        assert "không còn sao và logo OCOP" in said
        assert "trước 30/04/2027" in said
        assert "phạt" not in said
        assert ("12.3" in said) is told, "the transition covers ends before 2026-09-19 only"


async def test_a_certificate_of_which_only_the_year_is_known(tmp_path: Path) -> None:
    async def year_only(engine: AsyncEngine) -> None:
        of_leaf = update(db.Certificate).where(col(db.Certificate.product_code) == LEAF)
        async with engine.begin() as connection:
            await connection.execute(of_leaf.values(issued_on="2024", valid_until=None))

    async with opened(tmp_path, "2026-08-20", more=year_only) as office:
        producer = await office.somebody(f"producer:{CONG_SON}")
        said = await producer.say("giấy của tôi bao giờ hết hạn")
        assert "2027" in said
        assert "hỏi UBND xã Công Sơn ngày cấp chính xác" in said
        assert "Nộp hồ sơ từ" not in said, "no window is counted from a day that nobody knows"
        assert "15 ngày làm việc" in await producer.press(f"rn-filed:{LEAF}:2026-08-19")
        (row,) = await office.rows(db.Renewal)
        assert row.cycle == "2027"
