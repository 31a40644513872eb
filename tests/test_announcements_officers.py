"""Announcements of a commune's officer: to the producers of their commune, and nothing else is there for them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from handlers.services import announcements as kept
from handlers.services.access import end_role, roles_held
from handlers.services.catalogue import Producer
from handlers.services.invitations import invite, redeem
from handlers.talk.shelf import publish
from handlers.talk.turn import Published
from tests.sample_catalogue import catalogue
from tests.test_announcements import NOW, Office, Somebody, approved

CONG_SON = "06220"
HUU_LUNG = "06385"


def one_producer_each() -> Published:
    """The sample registry with a producer in each of the two communes, called like it."""
    producers = {
        code: Producer(code, code, f"HTX {code}", "cooperative", code, None, None, None, None, None, None)
        for code in (CONG_SON, HUU_LUNG)
    }
    return publish(replace(catalogue(), producers=producers))


PUBLISHED = one_producer_each()


@pytest.fixture
def office(engine: AsyncEngine) -> Office:
    return Office(engine, PUBLISHED)


async def officer(office: Office, address: str, commune: str = CONG_SON) -> Somebody:
    code = await invite(office.engine, "officer", commune=commune, name=address, by="console", now=NOW)
    await redeem(office.engine, "web", address, code, NOW)
    return Somebody(office, "web", address)


async def producer_reads(office: Office, address: str, commune: str) -> None:
    code = await invite(office.engine, "producer", producer=commune, by="console", now=NOW)
    await redeem(office.engine, "telegram", address, code, NOW)
    await office.reader(address, "telegram")


async def audience(office: Office, number: int = 1) -> dict[str, object]:
    found = await kept.found(office.engine, number)
    assert found is not None
    return found.audience


async def test_only_the_commune(office: Office) -> None:
    binh = await officer(office, "binh")
    said = await binh.say("gửi thông báo: Mời bà con họp.")
    assert "chủ thể, ở Xã Công Sơn" in said
    await binh.press("Gửi cho ai")
    assert [b.label for b in binh.buttons if b.label in ("Mọi người", "Du khách")] == []
    for beyond in ("mọi người", "du khách", "mọi người trên zalo", "chủ thể ở Hữu Lũng"):
        assert "Cán bộ xã chỉ gửi được cho chủ thể ở Xã Công Sơn" in await binh.say(beyond), beyond
        assert await audience(office) == {"who": "producers", "communes": [CONG_SON]}
    for action in ("an-to:1:who:everyone", "an-to:1:who:tourists", "an-to:1:commune:" + HUU_LUNG):
        assert "Cán bộ xã chỉ gửi được" in await binh.act(action), "a button made by hand"
        assert await audience(office) == {"who": "producers", "communes": [CONG_SON]}
    await binh.say("chủ thể nhóm đồ uống")
    assert await audience(office) == {"who": "producers", "communes": [CONG_SON], "groups": ["beverages"]}
    await binh.act("an-to:1:channel:telegram")
    assert (await audience(office))["communes"] == [CONG_SON]


async def test_an_officer_sees_and_touches_only_their_own(office: Office) -> None:
    await office.reader("hoa")
    await approved(office)
    binh, other = await officer(office, "binh"), await officer(office, "nga", HUU_LUNG)
    await binh.say("gửi thông báo: Mời bà con họp.")
    assert "Mời bà con họp" in await binh.say("danh sách thông báo")
    assert "Hội chợ" not in await binh.say("danh sách thông báo")
    assert "Chưa có thông báo nào" in await other.say("danh sách thông báo")
    verbs = ("an", "an-text", "an-look", "an-test", "an-submit", "an-now", "an-cancel", "an-report")
    for verb in (*verbs, "an-csv", "an-log", "an-pause", "an-again", "an-when", "an-to"):
        for number in (1, 2):
            assert "Không có thông báo này" in await other.act(f"{verb}:{number}"), verb
    assert await office.state(1) == "approved"
    assert "Nút này đã cũ" in await binh.act("an-approve:1:1"), "deciding does not exist for an officer"


async def test_the_province_approves_and_the_officer_is_told(office: Office) -> None:
    await producer_reads(office, "p1", CONG_SON)
    await office.reader("hoa", "telegram")
    binh, minh = await officer(office, "binh"), await office.person("approver", "minh")
    await binh.say("gửi thông báo: Mời bà con họp.")
    assert "1 cuộc trò chuyện nhận được, trong tổng số 1 " in await binh.act("an-to:1")
    assert "chờ duyệt" in await binh.act("an-submit:1")
    assert "binh, cán bộ Xã Công Sơn" in await minh.letters()
    assert "Đã duyệt" in await minh.say("duyệt 1")
    assert "được minh duyệt" in await binh.letters()
    await binh.act("an-now:1")
    await office.minute()
    assert await office.ends() == {"queued": 1}, "the producer of the commune, and not Hoa"


async def test_who_moved_to_another_commune_cannot_ask_for_the_old_one(office: Office) -> None:
    await producer_reads(office, "p1", CONG_SON)
    binh, _minh = await officer(office, "binh"), await office.person("approver", "minh")
    await binh.say("gửi thông báo: Mời bà con họp.")
    (held,) = [one for one in await roles_held(office.engine) if one.role == "officer"]
    await end_role(office.engine, held.id, "console", NOW)
    assert "Nút này đã cũ" in await binh.act("an-submit:1")
    code = await invite(office.engine, "officer", commune=HUU_LUNG, by="console", now=NOW)
    await redeem(office.engine, "web", "binh", code, NOW)
    assert "Cán bộ xã chỉ gửi được cho chủ thể ở Xã Hữu Lũng" in await binh.act("an-submit:1")
    assert await office.state() == "draft"


async def test_who_changed_it_does_not_approve_it_either(office: Office) -> None:
    await office.reader("hoa")
    editor, minh = await office.person("editor", "lan"), await office.person("approver", "minh")
    await editor.say("gửi thông báo: Hội chợ.")
    await minh.act("an-text:1")
    await minh.say("Hội chợ, do tôi viết lại.")
    assert "Chưa có người nào khác được duyệt" in await editor.act("an-submit:1")
    khanh = await office.person("approver", "khanh")
    assert "chờ duyệt" in await editor.act("an-submit:1")
    assert "chờ bạn duyệt" not in await minh.letters()
    assert "người khác phải duyệt" in await minh.act("an-approve:1:2")
    assert await office.state() == "submitted"
    assert "Đã duyệt" in await khanh.act("an-approve:1:2")


async def test_who_lost_the_role_is_told_nothing_more(office: Office) -> None:
    await office.reader("hoa", "telegram")
    editor, approver = await approved(office, "mai 8h")
    (held,) = [one for one in await roles_held(office.engine) if one.role == "editor"]
    await end_role(office.engine, held.id, "console", NOW)
    before = await editor.letters()
    await office.minute(NOW.replace(day=4, hour=8))
    assert await office.state() == "sending"
    assert await editor.letters() == before
    assert "Đang gửi thông báo số 1" in await approver.letters(), "the one who approved is told instead"


async def test_the_menu_shows_it_to_officials_only(office: Office) -> None:
    for role, there in (("tourist", False), ("editor", True), ("approver", True)):
        person = await office.person(role, role)
        await person.say("menu")
        assert ("Thông báo" in [b.label for b in person.buttons]) is there, role
    binh = await officer(office, "binh")
    await binh.say("menu")
    assert "Chưa có thông báo nào" in await binh.press("Thông báo")
