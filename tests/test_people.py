"""Linking: codes, shared numbers, consent, officials who invite; and leaving, of which nothing stays."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from typer.testing import CliRunner

import db
from bot.__main__ import app
from handlers.services.access import who
from handlers.services.codes import code_in, new_code
from handlers.services.consent import wanted
from handlers.services.erasure import erase
from handlers.services.invitations import code_for
from handlers.services.linking import normalised, with_phone
from handlers.talk.message import Phone
from tests.office import CONG_SON, LEAF, TWO, Seat, opened

NUMBER = "0900000123"
"""nobody's"""


@pytest.mark.parametrize(
    "typed", ["0900 000 123", "+84 900.000.123", "84900000123", "0084900000123", "0900-000-123"]
)
def test_one_number_however_it_is_written(typed: str) -> None:
    assert normalised(typed) == NUMBER


@pytest.mark.parametrize("typed", ["", "abc", "123", "84", "+1 900 000 123 444"])
def test_what_is_no_vietnamese_number(typed: str) -> None:
    assert normalised(typed) == ""


async def test_a_number_on_record_is_found_among_several(engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        await connection.execute(
            db.Producer.__table__.insert().values(
                code="p1", name="P", phone="0911 000 111; +84900000123", position=1
            )
        )
    assert await with_phone(engine, NUMBER) == ["p1"]
    assert await with_phone(engine, "0900000124") == []


async def test_yes_and_no_are_written_down_with_the_text(tmp_path: Path) -> None:
    async with opened(tmp_path, "2026-08-01") as office:
        producer = await office.somebody(f"producer:{CONG_SON}")
        assert await wanted(office.engine, *_chat(producer)) == set(), "silence is not consent"
        assert "đã ghi nhận" in await producer.say("đồng ý")
        assert await wanted(office.engine, *_chat(producer)) == {"reminders"}
        other = await office.somebody(f"producer:{CONG_SON}")
        assert "không tự gửi" in await other.say("[Không, cảm ơn]")
        rows = [(row.purpose, row.given, row.version, row.language) for row in await office.rows(db.Consent)]
        assert rows == [("reminders", True, "reminders-1", "vi"), ("reminders", False, "reminders-1", "vi")]


async def test_ones_own_number_links_and_a_typed_one_waits_for_the_officer(tmp_path: Path) -> None:
    async with opened(tmp_path, "2026-08-01") as office:
        await office.phone(CONG_SON, "0900 000 123")
        officer = await office.somebody("officer:06220")
        typed = office.seat()
        assert "xác nhận" in await typed.give(Phone("+84900000123", own=False, typed=True))
        assert not (await who(office.engine, *_chat(typed))).producers
        assert [record.kind for record in typed.records] == ["help"]
        (letter,) = await office.letters(officer)
        assert f"mời chủ thể {CONG_SON}" in letter
        assert NUMBER not in letter
        nobody = office.seat()
        assert "không lưu" in await nobody.give(Phone("0900000999", own=True))
        assert not (await who(office.engine, *_chat(nobody))).producers
        own = office.seat()
        assert "đã liên kết với HTX Nông nghiệp Công Sơn" in await own.give(Phone("84900000123", own=True))
        assert (await who(office.engine, *_chat(own))).producers == (CONG_SON,)


async def test_the_fifth_wrong_code_is_told(tmp_path: Path) -> None:
    async with opened(tmp_path, "2026-08-01") as office:
        editor = await office.somebody("editor")
        stranger = office.seat()
        codes = iter("23456789ABCDEFGHJKMNPQRSTVWXYZ" * 20)
        for place in range(5):
            assert not await office.letters(editor), place
            await stranger.say(new_code(lambda symbols: next(codes)))
        assert "năm mã" in (await office.letters(editor))[0]


async def test_an_officer_invites_for_their_own_commune_only(tmp_path: Path) -> None:
    async with opened(tmp_path, "2026-08-01") as office:
        officer = await office.somebody("officer:06220")
        said = await officer.say("mời chủ thể HTX Nông nghiệp Công Sơn")
        code = next(button.copy for button in officer.channel.buttons if button.copy)
        assert code in said
        producer = office.seat()
        assert "đã liên kết" in await producer.say(f"em gửi mã {code.lower()} ạ")
        assert "không thuộc xã" in await officer.say(f"mời chủ thể {TWO}")
        assert "không thuộc xã" in await officer.press(f"inv:{TWO}")
        assert "Mã cho" not in await officer.say("mời cán bộ xã Công Sơn"), "not an officer's business"
        assert "Mã cho" not in await producer.say("mời chủ thể HTX Nông nghiệp Công Sơn")
        assert "Mã cho" not in await producer.press(f"inv:{CONG_SON}")


async def test_roles_are_listed_and_taken_away_at_once(tmp_path: Path) -> None:
    async with opened(tmp_path, "2026-08-01") as office:
        approver = await office.somebody("approver")
        editor = await office.somebody("editor")
        assert "biên tập" in await approver.say("danh sách vai trò")
        assert "Không có vai trò" in await editor.say("thu hồi vai trò 1"), (
            "an approver's only by an approver"
        )
        await approver.say("thu hồi vai trò 2")
        assert "Đã thu hồi" in await approver.say("[Có, thu hồi]")
        assert "người duyệt" not in await editor.say("danh sách vai trò")


async def test_leaving_is_one_message_and_names_every_producer(tmp_path: Path) -> None:
    async with opened(tmp_path, "2026-08-01", pages=True) as office:
        producer = await office.somebody(f"producer:{CONG_SON}")
        await producer.say("[Có, nhắc tôi]")
        await producer.say(await code_for(office.engine, f"producer:{TWO}", office.clock()))
        said = await producer.say("huỷ liên kết")
        assert "HTX Nông nghiệp Công Sơn" in said
        assert "Sam Le Thu" in said
        assert await wanted(office.engine, *_chat(producer)) == set()
        assert not (await who(office.engine, *_chat(producer))).producers


async def test_a_code_that_was_used_gives_nothing_back_after_leaving(tmp_path: Path) -> None:
    async with opened(tmp_path, "2026-08-01") as office:
        producer, code = office.seat(), await code_for(office.engine, f"producer:{CONG_SON}", office.clock())
        assert "đã liên kết" in await producer.say(code)
        assert "đã liên kết" in await producer.say(code), "a repeated delivery says the same"
        await producer.say("huỷ liên kết")
        assert "đã được dùng" in await producer.say(code)
        assert not (await who(office.engine, *_chat(producer))).producers


async def test_an_erased_chat_leaves_the_log_and_nothing_else(tmp_path: Path) -> None:
    async with opened(tmp_path, "2026-08-01", pages=True) as office:
        producer = await office.somebody(f"producer:{CONG_SON}")
        await producer.say("[Có, nhắc tôi]")
        await producer.say("lịch của tôi")
        await producer.press(f"rn:{LEAF}:preparing")
        await producer.say("K3M9P-QR7XT")
        before = len(await office.rows(db.Audit))
        await erase(office.engine, *_chat(producer))
        tables = (db.Person, db.Link, db.Consent, db.Subscription, db.Calendar, db.WrongCode, db.Chat)
        assert [len(await office.rows(table)) for table in tables] == [0] * len(tables)
        assert len(await office.rows(db.Audit)) == before
        assert [row.state for row in await office.rows(db.Renewal)] == ["preparing"], (
            "the producer's, not the chat's"
        )


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["boss"], "There is no role"),
        (["officer", "--commune", "99999"], "No commune has the code"),
        (["producer", "--producer", "nobody"], "No producer has the code"),
        (["producer"], "needs --producer"),
        (["editor", "--hours", "0"], "--hours"),
    ],
)
def test_an_invitation_that_cannot_be(
    words: list[str], sentence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", f"sqlite+aiosqlite:///{tmp_path}/bot.db")
    result = CliRunner().invoke(app, ["invite", *words])
    assert result.exit_code == 1
    assert sentence in result.output
    assert "Traceback" not in result.output


def test_an_invitation_at_the_command_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", f"sqlite+aiosqlite:///{tmp_path}/bot.db")
    result = CliRunner().invoke(app, ["invite", "editor", "--name", "Chị Hoa"])
    assert result.exit_code == 0, result.output
    found = code_in(result.output.splitlines()[0].removeprefix("Code: "))
    assert found
    assert found[1]


def _chat(seat: Seat) -> tuple[str, str]:
    return "terminal", seat.standing.address
