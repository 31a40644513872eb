"""A commune officer records a contact person; people agree to be reached by number, and take it back."""

from __future__ import annotations

from pathlib import Path

import pytest

import db
from bot.app import NoLinks
from handlers.reminders import jobs
from handlers.services.access import who
from handlers.services.consent import number_of
from handlers.services.contacts import Told, read_contact
from handlers.services.erasure import erase
from handlers.talk.message import Phone
from handlers.talk.turn import Desk
from tests.office import CONG_SON, LEAF, TWO, Office, Seat, last_consent, opened

NUMBER = "0900000123"
"""nobody's"""
LAN = "Bà Nguyễn Thị Lan, 0900 000 123"


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        (LAN, Told("Bà Nguyễn Thị Lan", NUMBER)),
        ("0900000123 Lan", Told("Lan", NUMBER)),
        ("+84 900.000.123 - cô Mẩy", Told("cô Mẩy", NUMBER)),
        ("Triệu Mùi Nhậy", Told("Triệu Mùi Nhậy", "")),
        ("Lan 12345", Told("Lan 12345", None)),
        ("Lan, 1900 000 123 456", Told("Lan", None)),
        ("0900000123", None),
        ("x", None),
        ("…", None),
        ("a" * 90, None),
    ],
)
def test_name_and_number_as_they_are_typed(typed: str, told: Told | None) -> None:
    assert read_contact(typed) == told


async def morning(office: Office) -> None:
    await jobs.morning(Desk(office.engine, office.shelf, office.clock, NoLinks(), "vi"))


async def recorded(office: Office, typed: str = LAN) -> Seat:
    officer = await office.somebody("officer:06220")
    assert "Gõ họ tên" in await officer.say("ghi hộ HTX Nông nghiệp Công Sơn người liên hệ")
    assert "Đọc cho người đó nghe" in await officer.say(typed)
    assert "Đã ghi" in await officer.say("[Người đó đồng ý]")
    return officer


async def test_recorded_with_who_wrote_it_and_the_text(tmp_path: Path) -> None:
    async with opened(tmp_path, "2026-07-20") as office:
        producer = await office.somebody(f"producer:{CONG_SON}")
        officer = await recorded(office)
        chat = ("terminal", officer.standing.address)
        by = (await who(office.engine, *chat)).actor
        (telephone,) = await office.rows(db.Telephone)
        assert (telephone.number, telephone.how, telephone.by) == (NUMBER, "recorded", by)
        said = [
            (one.purpose, one.given, one.version, one.language, one.recorded_by, one.person_id, one.address)
            for one in await office.rows(db.Consent)
        ]
        person = telephone.person_id
        assert said == [
            ("reminders", True, "oral-1", "vi", by, person, ""),
            ("phone", True, "oral-1", "vi", by, person, ""),
        ]
        assert [one.name for one in await office.rows(db.Person) if one.id == person] == ["Bà Nguyễn Thị Lan"]
        assert {one.how for one in await office.rows(db.Link)} == {"code", "officer"}
        logged = [one for one in await office.rows(db.Audit) if one.verb == "contact recorded"]
        assert [(one.actor, one.acts_for) for one in logged] == [(by, CONG_SON)]
        assert all(NUMBER not in str(one.after) for one in logged)
        (letter,) = await office.letters(producer)
        assert "Bà Nguyễn Thị Lan" in letter
        assert NUMBER not in letter


async def test_a_contact_without_a_chat_ends_on_the_officers_list(tmp_path: Path) -> None:
    async with opened(tmp_path, "2026-07-22") as office:
        officer = await recorded(office)
        await morning(office)
        reminders = await office.rows(db.Reminder)
        (telephone,) = await office.rows(db.Telephone)
        assert {one.person_id for one in reminders} == {telephone.person_id}
        assert {one.delivery_key for one in reminders if one.step == "opens"} == {"officers:2026-07-22"}
        (letter,) = await office.letters(officer)
        assert f"Bà Nguyễn Thị Lan {NUMBER}" in letter
        assert f"Bà Nguyễn Thị Lan {NUMBER}" in await officer.say("cần gọi ai")
        await office.at("2026-07-23")
        await morning(office)
        assert len(await office.letters(officer)) == 1, "once"


@pytest.mark.parametrize(
    ("said", "whose"),
    [
        ("ghi hộ Sam Le Thu người liên hệ", "Sam Le Thu"),
        ("ghi giúp Hộ kinh doanh Sam Le Thu liên hệ", "Sam Le Thu"),
        (f"record for {TWO} contact", "Sam Le Thu"),
        ("ghi hộ HTX Ba Sơn người liên hệ", "Chủ thể nào"),
        ("ghi hộ người liên hệ", "xã mình"),
        ("record for Sam Le Thu contact", ""),
    ],
)
async def test_whose_contact_person_is_asked_and_never_guessed(tmp_path: Path, said: str, whose: str) -> None:
    async with opened(tmp_path, "2026-07-22") as office:
        editor = await office.somebody("editor")
        answer = await editor.say(said)
        assert whose in answer, answer
        assert "Hoàng Thị Tới" not in answer, "whose product is only near the words"
        stranger = office.seat()
        assert "Gõ họ tên" not in await stranger.say(said)


async def test_nobody_is_called_where_somebody_else_is_told(tmp_path: Path) -> None:
    async with opened(tmp_path, "2026-07-22") as office:
        producer = await office.somebody(f"producer:{CONG_SON}")
        await producer.say("[Có, nhắc tôi]")
        officer = await recorded(office)
        await morning(office)
        (reminded,) = {one.person_id for one in await office.rows(db.Reminder)}
        assert reminded == (await who(office.engine, "terminal", producer.standing.address)).person_id
        assert "Không cần gọi ai" in await officer.say("cần gọi ai")
        await producer.say("huỷ liên kết")
        await office.at("2026-08-21")
        await morning(office)
        assert "Bà Nguyễn Thị Lan" in await officer.say("cần gọi ai")


async def test_only_a_name_is_enough(tmp_path: Path) -> None:
    async with opened(tmp_path, "2026-07-22") as office:
        officer = await recorded(office, "Triệu Mùi Nhậy")
        assert await office.rows(db.Telephone) == []
        assert [one.purpose for one in await office.rows(db.Consent)] == ["reminders"]
        await morning(office)
        assert "Triệu Mùi Nhậy" in await officer.say("cần gọi ai")


async def test_nothing_is_kept_without_a_yes_and_only_of_ones_own_commune(tmp_path: Path) -> None:
    async with opened(tmp_path, "2026-07-22") as office:
        officer = await office.somebody("officer:06220")
        assert "xã mình" in await officer.say(f"ghi hộ {TWO} người liên hệ")
        assert "không thuộc xã" in await officer.press(f"ct:{TWO}")
        await officer.say("ghi hộ HTX Nông nghiệp Công Sơn người liên hệ")
        assert "chưa thấy họ tên" in await officer.say("0900 000 123")
        assert "chưa đúng số" in await officer.say("Lan 123 456 7890 12")
        assert "Không cần gọi ai" in await officer.say("cần gọi ai"), (
            "another wish wins over the open question"
        )
        await officer.say("ghi hộ HTX Nông nghiệp Công Sơn người liên hệ")
        await officer.say(LAN)
        assert "không lưu" in await officer.say("[Không đồng ý]")
        assert "Gõ họ tên" in await officer.press(f"ct-yes:{CONG_SON}"), "an old button records nobody"
        assert await office.rows(db.Telephone) == await office.rows(db.Consent) == []
        stranger = office.seat()
        assert "Người liên hệ" not in await stranger.press(f"ct:{CONG_SON}")
        assert "Gõ họ tên" not in await stranger.say("ghi hộ HTX Nông nghiệp Công Sơn người liên hệ")


async def test_taken_away_with_name_and_number(tmp_path: Path) -> None:
    async with opened(tmp_path, "2026-07-20") as office:
        producer = await office.somebody(f"producer:{CONG_SON}")
        await producer.say("[Có, nhắc tôi]")
        officer = await recorded(office)
        await officer.press(f"rn:{LEAF}:show")
        assert "Người liên hệ" in officer.labels
        assert NUMBER in await officer.say("[Người liên hệ]")
        assert "Xoá Bà Nguyễn Thị Lan?" in await officer.say("[Xoá Bà Nguyễn Thị Lan]")
        assert "Đã xoá" in await officer.say("[Đồng ý xoá]")
        assert await office.rows(db.Telephone) == []
        assert "Bà Nguyễn Thị Lan" not in [one.name for one in await office.rows(db.Person)]
        said = [(one.purpose, one.given) for one in await office.rows(db.Consent)]
        assert said[1:] == [("reminders", True), ("phone", True), ("reminders", False), ("phone", False)]
        assert len(await office.letters(producer)) == 2
        await office.at("2026-07-22")
        await morning(office)
        reminded = {one.person_id for one in await office.rows(db.Reminder)}
        assert reminded == {(await who(office.engine, "terminal", producer.standing.address)).person_id}


async def test_ones_own_number_is_used_only_after_a_yes_and_taken_back(tmp_path: Path) -> None:
    async with opened(tmp_path, "2026-07-20") as office:
        await office.phone(CONG_SON, "0911 000 111; 0900 000 123")
        producer = office.seat()
        await producer.give(Phone("+84900000123", own=True))
        chat = ("terminal", producer.standing.address)
        assert NUMBER not in str(producer.standing.state)
        await producer.say("[Có, nhắc tôi]")
        assert "Dùng cả số điện thoại?" in producer.labels
        person = (await who(office.engine, *chat)).person_id
        assert "/sdt" in await producer.say("[Dùng cả số điện thoại?]")
        assert await number_of(office.engine, person) == "", "silence is not consent"
        assert "•••••••123" in await producer.say("có")
        assert await number_of(office.engine, person) == NUMBER
        consent = await last_consent(office.engine, chat, "phone")
        assert consent is not None
        assert (consent.given, consent.version) == (True, "phone-1")
        assert "•••••••123" in await producer.say("/sdt")
        assert "không lưu" in await producer.say("[Thu hồi số]")
        assert await number_of(office.engine, person) == ""
        consent = await last_consent(office.engine, chat, "phone")
        assert consent is not None
        assert not consent.given
        assert "Không lưu số" in await producer.say("/sdt")


@pytest.mark.parametrize("words", ["huỷ liên kết", "unremind"])
async def test_whoever_wants_no_reminders_has_no_number_here(tmp_path: Path, words: str) -> None:
    async with opened(tmp_path, "2026-07-20") as office:
        await office.phone(CONG_SON, NUMBER)
        producer = office.seat()
        await producer.give(Phone(NUMBER, own=True))
        await producer.say("[Có, nhắc tôi]")
        await producer.press("tel-ask")
        await producer.press("tel-yes")
        assert len(await office.rows(db.Telephone)) == 1
        await (producer.press(words) if words == "unremind" else producer.say(words))
        assert await office.rows(db.Telephone) == []


async def test_a_number_nobody_proved_is_not_kept(tmp_path: Path) -> None:
    async with opened(tmp_path, "2026-07-20") as office:
        await office.phone(CONG_SON, NUMBER)
        producer = await office.somebody(f"producer:{CONG_SON}")
        assert "chưa biết số nào" in await producer.press("tel-ask")
        assert "chưa biết số nào" in await producer.press("tel-yes")
        assert await office.rows(db.Telephone) == []


async def test_the_number_of_a_contact_person_links_their_own_chat(tmp_path: Path) -> None:
    async with opened(tmp_path, "2026-07-20") as office:
        await recorded(office)
        own = office.seat()
        assert "đã liên kết" in await own.give(Phone("84900000123", own=True))
        assert [one.how for one in await office.rows(db.Link)] == ["phone"], "they are told once"
        (kept,) = await office.rows(db.Telephone)
        person = (await who(office.engine, "terminal", own.standing.address)).person_id
        assert (kept.person_id, kept.number, kept.how) == (person, NUMBER, "proved")
        await own.say("[Có, nhắc tôi]")
        assert "Dùng cả số điện thoại?" not in own.labels, "they agreed to that already"
        assert "•••••••123" in await own.say("/sdt")
        await own.say("[Thu hồi số]")
        assert await office.rows(db.Telephone) == []


async def test_an_erased_chat_takes_the_number_along(tmp_path: Path) -> None:
    async with opened(tmp_path, "2026-07-20") as office:
        await office.phone(CONG_SON, NUMBER)
        own = office.seat()
        await own.give(Phone(NUMBER, own=True))
        await own.press("tel-yes")
        assert len(await office.rows(db.Telephone)) == 1
        await erase(office.engine, "terminal", own.standing.address)
        assert await office.rows(db.Telephone) == await office.rows(db.Consent) == []
