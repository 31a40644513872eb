"""Announcements in conversation: everything that may go wrong between a draft and its report, on both engines."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel import col

from bot.replay import MovingClock
from db import Announcement, Chat, Delivery
from handlers.announcements import render
from handlers.announcements.rendering import pieces
from handlers.answer import Answering
from handlers.services import announcements as kept
from handlers.services import approval, consent, reports
from handlers.services.access import end_role, roles_held
from handlers.services.announcements import By
from handlers.services.audit import history
from handlers.services.erasure import erase
from handlers.services.invitations import invite, redeem
from handlers.services.outbox import Outbox, Settled, resend_uncertain, sweep
from handlers.services.roads import Picture, Received, Road, Table
from handlers.services.standing import Standing
from handlers.talk.message import Button, File, Inbound, Joined, Left, Message, Press, Text
from handlers.talk.shelf import publish
from handlers.talk.turn import Published
from tests.office import last_consent
from tests.sample_catalogue import catalogue

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
NOW = datetime(2026, 12, 3, 10, 0, tzinfo=ZONE)
PUBLISHED = publish(catalogue())
TELEGRAM = Road("telegram", 4096, 1024, 100, "full", "full", image_bytes=10 << 20, per_second=25)
ZALO = Road("zalo-oa", 1900, 0, 5, "partial", "none", image_bytes=1 << 20, per_second=10)
TYPED = Road("zalo-bot", 2000, 2000, 0, "partial", "none")
WEB = Road("web", 20_000, 20_000, 50, "full", "none", per_second=1_000)


class Ways:
    """Links with channels and one picture of every size."""

    def page(self, path: str) -> str:
        return f"https://ocop.example{path}"

    def deep_link(self, payload: str) -> str:
        return ""

    async def roads(self) -> tuple[Road, ...]:
        return (TELEGRAM, ZALO, TYPED, WEB)

    async def picture(self, address: str) -> Picture | None:
        size = address.rpartition("/")[2].partition("mb")[0]
        return Picture("image/jpeg", int(size) << 20) if size.isdecimal() else None

    async def received(self, channel: str, reference: str) -> Received | None:
        return {
            "small": Received("pictures/" + "a" * 64 + ".jpg", 200_000),
            "large": Received("", 12 << 20),
            "movie": Received("", 500_000),
        }.get(reference)

    async def table(self, announcement: int) -> Table | None:
        return Table("tables/x.csv", 1_000)


@dataclass
class Somebody:
    """A person at one chat."""

    office: Office
    channel: str
    address: str
    standing: Standing = field(init=False)
    buttons: list[Button] = field(default_factory=list)
    shown: list[Message] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.standing = Standing(self.channel, self.address, language="vi")

    async def say(self, text: str) -> str:
        return await self.give(Text(text))

    async def press(self, label: str) -> str:
        found = [b for b in self.buttons if label in b.label and b.action]
        assert found, f"no button {label!r} among {[b.label for b in self.buttons]}"
        return await self.act(found[0].action or "")

    async def act(self, action: str) -> str:
        return await self.give(Press(action))

    async def send_photo(self, reference: str) -> str:
        return await self.give(File("photo", reference))

    async def give(self, content: Any) -> str:
        inbound = Inbound(self.channel, self.address, "1", content, self.office.clock(), language="vi")
        reply = await self.office.answering.answer(inbound, self.standing)
        self.shown = reply.messages
        self.buttons = [b for m in reply.messages for b in m.every_button]
        return "\n".join(m.plain for m in reply.messages)

    async def letters(self) -> str:
        """What waits in the outbox for this chat, as JSON."""
        query = select(col(Delivery.content)).where(
            col(Delivery.channel) == self.channel,
            col(Delivery.address) == self.address,
            col(Delivery.key).is_not(None),
        )
        async with self.office.engine.connect() as connection:
            return "\n".join(str(row[0]) for row in await connection.execute(query))


class Office:
    """The mind over a database, with as many people as a test needs."""

    def __init__(self, engine: AsyncEngine, published: Published = PUBLISHED) -> None:
        self.engine = engine
        self.clock = MovingClock(NOW)
        self.answering = Answering(lambda: published, self.clock, Ways(), engine)

    async def person(self, role: str, address: str, channel: str = "web") -> Somebody:
        if role != "tourist":
            code = await invite(self.engine, role, name=address, by="console", now=NOW)
            await redeem(self.engine, channel, address, code, NOW)
        return Somebody(self, channel, address)

    async def reader(self, address: str, channel: str = "web", language: str = "vi") -> Somebody:
        await consent.agree(self.engine, (channel, address), ("news",), ("announcements-1", language), NOW)
        return Somebody(self, channel, address)

    async def minute(self, at: datetime | None = None) -> None:
        self.clock.at = at or self.clock.at
        await self.answering.minutes()

    async def state(self, number: int = 1) -> str:
        found = await kept.found(self.engine, number)
        assert found is not None
        return found.state

    async def ends(self) -> dict[str, int]:
        query = select(col(Delivery.state), func.count()).where(col(Delivery.announcement_id).is_not(None))
        async with self.engine.connect() as connection:
            return {row[0]: row[1] for row in await connection.execute(query.group_by(col(Delivery.state)))}


@pytest.fixture
async def office(engine: AsyncEngine) -> AsyncIterator[Office]:
    return Office(engine)


async def approved(office: Office, hour: str = "") -> tuple[Somebody, Somebody]:
    """An announcement that one person wrote and another approved."""
    editor, approver = await office.person("editor", "lan"), await office.person("approver", "minh")
    await editor.say("gửi thông báo: Hội chợ OCOP khai mạc ngày 5/12.")
    if hour:
        await editor.press("Giờ gửi")
        await editor.say(hour)
    await editor.press("Xem trước")
    assert "chờ duyệt" in await editor.press("Trình duyệt")
    assert "Đã duyệt" in await approver.say("duyệt 1")
    return editor, approver


# -------------------------------------------------------------------------------------------- from draft to report


async def test_from_draft_to_report(office: Office) -> None:
    await office.reader("hoa")
    await office.reader("john", "telegram", "en")
    editor, approver = await approved(office, "mai 8h")
    assert await office.state() == "scheduled"
    assert "chờ bạn duyệt" in await approver.letters()
    assert "được minh duyệt" in await editor.letters()
    await office.minute(NOW + timedelta(hours=1))
    assert await office.state() == "scheduled"
    await office.minute(NOW + timedelta(hours=22))
    assert await office.state() == "sending"
    assert await office.ends() == {"queued": 2, "skipped": 2}
    report = await editor.say("báo cáo thông báo 1")
    assert "Đối tượng nhận: 4 cuộc trò chuyện" in report
    assert "chờ trên trang web đến khi người đó quay lại: 1" in report
    assert "còn phải gửi: 1" in report
    assert "chưa đồng ý nhận chủ đề này: 2" in report
    async with office.engine.begin() as connection:
        sent = update(Delivery).where(col(Delivery.channel) == "telegram", col(Delivery.key).is_(None))
        await connection.execute(sent.values(state="sent", settled_at=office.clock()))
    assert await sweep(office.engine, office.clock()) == [1]
    await office.minute()
    await office.minute()
    letters = await editor.letters()
    assert letters.count("Báo cáo thông báo số 1: đã gửi") == 1, (
        "one final report, however often the clock ticks"
    )
    log = await approver.say("lịch sử thông báo 1")
    for verb in ("soạn", "trình duyệt", "minh · duyệt", "hệ thống · bắt đầu gửi", "gửi xong", "lập báo cáo"):
        assert verb in log


async def test_each_person_gets_it_in_their_language_with_a_way_to_stop() -> None:
    announcement = Announcement(
        id=1,
        author_id=1,
        author_chat="web:a",
        created_at=NOW,
        texts={"vi": "Chào <b>bà con</b> & bạn\nDòng hai"},
    )
    (vietnamese,) = render(announcement, "vi", "OCOP Lạng Sơn")
    assert vietnamese.text.startswith("Chào <b>bà con</b> & bạn\nDòng hai"), "shown as it was typed"
    assert vietnamese.text.endswith("Nơi gửi: OCOP Lạng Sơn. Gõ DỪNG để thôi nhận tin.")
    (english,) = render(announcement, "en", "OCOP Lạng Sơn")
    assert english.text.startswith("(This announcement is only in Vietnamese.)")
    announcement.texts = {"vi": "Chào", "en": "Hello"}
    assert render(announcement, "en")[0].text.startswith("Hello")


def test_a_long_text_is_several_messages_where_it_must_be() -> None:
    text = "Một câu dài. " * 350
    announcement = Announcement(id=1, author_id=1, author_chat="web:a", created_at=NOW, texts={"vi": text})
    rendered = render(announcement, "vi")
    assert [pieces(rendered, road) for road in (TELEGRAM, ZALO, TYPED, WEB)] == [2, 3, 3, 1]


# ---------------------------------------------------------------------------------------------------- four eyes


async def test_nobody_approves_their_own(office: Office) -> None:
    await office.reader("hoa")
    author, other = await office.person("approver", "lan"), await office.person("approver", "minh")
    await author.say("gửi thông báo: Hội chợ.")
    await author.act("an-submit:1")
    assert "người khác phải duyệt" in await author.say("duyệt 1")
    assert "người khác phải duyệt" in await author.act("an-approve:1:1")
    assert await office.state() == "submitted"
    assert "chờ bạn duyệt" not in await author.letters()
    assert "Đã duyệt" in await other.act("an-approve:1:1")


async def test_without_a_second_person_nothing_is_submitted(office: Office) -> None:
    await office.reader("hoa")
    author = await office.person("approver", "lan")
    await author.say("gửi thông báo: Hội chợ.")
    assert "Chưa có người nào khác được duyệt" in await author.act("an-submit:1")
    assert await office.state() == "draft"


async def test_of_two_approvers_at_once_one_wins(office: Office) -> None:
    engine = office.engine
    number = await kept.draft(engine, By(1, "web:a"), NOW, {"vi": "x"})
    assert await approval.submit(engine, number, 1, By(1, "web:a"), NOW, []) == "done"
    steps = await asyncio.gather(
        *(approval.approve(engine, number, 1, By(person, "web:b"), NOW, []) for person in (2, 3, 4))
    )
    assert sorted(steps) == ["done", "not_now", "not_now"]
    verbs = [row.verb for row in await history(engine, kept.subject(number))]
    assert verbs.count("approved") == 1


async def test_the_second_approver_is_told_that_it_is_done(office: Office) -> None:
    await office.reader("hoa")
    await approved(office)
    late = await office.person("approver", "khanh")
    assert "Đã có người khác duyệt rồi" in await late.act("an-approve:1:1")


async def test_an_edit_voids_the_approval_and_the_old_button(office: Office) -> None:
    await office.reader("hoa")
    editor, approver = await approved(office)
    await editor.act("an-text:1")
    assert "phải duyệt lại" in await editor.say("Hội chợ hoãn.")
    assert await office.state() == "draft"
    assert "Thông báo phải được duyệt trước" in await editor.act("an-now:1")
    assert "đã được sửa" in await approver.act("an-approve:1:1")
    await editor.act("an-submit:1")
    assert "đã được sửa" in await approver.act("an-approve:1:1"), "the version that was shown is another"
    assert "Đã duyệt" in await approver.act("an-approve:1:2")


async def test_sent_back_with_a_reason(office: Office) -> None:
    await office.reader("hoa")
    editor, approver = await office.person("editor", "lan"), await office.person("approver", "minh")
    await editor.say("gửi thông báo: Hội chợ.")
    await editor.act("an-submit:1")
    await approver.act("an-return:1:1")
    assert "trả lại người soạn" in await approver.say("Huỷ chữ “lớn nhất” đi")
    assert "Huỷ chữ" in await editor.letters()
    assert await office.state() == "draft"


async def test_a_role_that_was_taken_away_ends_every_button(office: Office) -> None:
    await office.reader("hoa")
    editor, approver = await office.person("editor", "lan"), await office.person("approver", "minh")
    await editor.say("gửi thông báo: Hội chợ.")
    await editor.act("an-submit:1")
    for held in await roles_held(office.engine):
        await end_role(office.engine, held.id, "console", NOW)
    assert "Nút này đã cũ" in await approver.act("an-approve:1:1")
    assert "Nút này đã cũ" in await editor.act("an-text:1")
    assert await office.state() == "submitted"


async def test_for_everybody_else_nothing_of_this_exists(office: Office) -> None:
    tourist = await office.person("tourist", "hoa")
    for words in (
        "gửi thông báo",
        "/thongbao Hội chợ",
        "duyệt 1",
        "danh sách thông báo",
        "lịch sử thông báo 1",
    ):
        tourist.standing.put("missed", None)
        said = await tourist.say(words)
        assert said.startswith(("Xin lỗi, tôi chưa hiểu", "Trong sổ không có")), words
    assert "Nút này đã cũ" in await tourist.act("an-list")
    editor = await office.person("editor", "lan")
    assert "Không có thông báo này" not in await editor.say("duyệt 1"), "an editor does not approve"
    assert await kept.recent(office.engine, 5) == []


# ----------------------------------------------------------------------------------------------------- bad input


async def test_a_long_text_and_signs_of_markup_in_the_preview(office: Office) -> None:
    for channel in ("telegram", "zalo-oa", "web"):
        await office.reader("hoa", channel)
    editor = await office.person("editor", "lan")
    await editor.say("gửi thông báo")
    await editor.say("<b>Giá</b> 5 < 6 & *7* " * 250)
    said = await editor.press("Xem trước")
    assert "<b>Giá</b> 5 < 6 & *7*" in said, "as it was typed"
    assert "Telegram: chia thành 2 tin nhắn" in said
    assert "Zalo OA: chia thành 4 tin nhắn" in said
    assert "trang web" in said


async def test_an_announcement_named_in_words(office: Office) -> None:
    await sending(office)
    editor = Somebody(office, "web", "lan")
    assert "Thông báo số 1: đang gửi" in await editor.say("gửi thông báo 1"), "not a new one that says “1”"
    assert "tạm dừng" in await editor.say("dừng thông báo 1")
    assert "không thu lại được" in await editor.say("huỷ thông báo số 1")
    assert await office.state() == "paused"
    hoa = Somebody(office, "telegram", "hoa")
    assert "Đã dừng" in await hoa.say("dừng thông báo 1"), "for everybody else it is a stop"


async def test_now_needs_an_approval(office: Office) -> None:
    editor = await office.person("editor", "lan")
    await editor.say("gửi thông báo: Hội chợ.")
    await editor.press("Giờ gửi")
    assert "phải được duyệt trước" in await editor.say("ngay bây giờ")
    assert (await kept.found(office.engine, 1)).send_at is None  # type: ignore[union-attr]


async def test_an_audience_of_nobody(office: Office) -> None:
    editor, _approver = await office.person("editor", "lan"), await office.person("approver", "minh")
    await editor.say("gửi thông báo: Hội chợ.")
    assert "Không có ai nhận được" in await editor.press("Xem trước")
    assert "Sẽ không có ai nhận được" in await editor.press("Trình duyệt")
    assert await office.state() == "draft"


async def test_pictures(office: Office) -> None:
    await office.reader("hoa", "zalo-oa")
    editor = await office.person("editor", "lan")
    await editor.say("gửi thông báo: Hội chợ.")
    await editor.press("Ảnh")
    assert "Ảnh nặng 12 MB; chỉ gửi được tối đa 10 MB" in await editor.say("https://anh.example/12mb.jpg")
    assert "không có ảnh mà ai cũng mở được" in await editor.say("ảnh đẹp")
    assert "Tôi chưa lấy được ảnh này" in await editor.send_photo("AgACAgUAAx")
    assert "Ảnh nặng 12 MB; chỉ gửi được tối đa 10 MB" in await editor.send_photo("large")
    assert "không phải ảnh JPEG hoặc PNG" in await editor.send_photo("movie")
    assert "Ảnh: ảnh đã gửi trong cuộc trò chuyện" in await editor.send_photo("small")
    await editor.act("an-image:1")
    assert "https://anh.example/2mb.jpg" in await editor.say("https://anh.example/2mb.jpg")
    assert "Zalo OA: không có ảnh, vì ảnh quá nặng với kênh này" in await editor.press("Xem trước")
    await editor.act("an-image:1")
    assert "Ảnh: không có" in await editor.say("không")


async def test_too_long_a_text(office: Office) -> None:
    editor = await office.person("editor", "lan")
    await editor.say("gửi thông báo")
    assert "tối đa 6.000 ký tự" in await editor.say("a" * 6_500)
    assert "bản nháp" in await editor.say("ngắn thôi"), "the question is still open"


async def test_the_text_may_begin_like_a_way_out(office: Office) -> None:
    editor = await office.person("editor", "lan")
    await editor.say("gửi thông báo")
    said = await editor.say("Huỷ phiên chợ Kỳ Lừa ngày 5/12.\n\nLý do: mưa bão.")
    assert "Huỷ phiên chợ Kỳ Lừa" in said
    found = await kept.found(office.engine, 1)
    assert found is not None
    assert found.texts["vi"] == "Huỷ phiên chợ Kỳ Lừa ngày 5/12.\n\nLý do: mưa bão."
    await editor.say("gửi thông báo")
    assert "Đã huỷ" in await editor.say("huỷ")
    assert len(await kept.recent(office.engine, 5)) == 1


async def test_hours(office: Office) -> None:
    editor = await office.person("editor", "lan")
    await editor.say("gửi thông báo: Hội chợ.")
    for typed, answer in (
        ("31/02", "Không có ngày này"),
        ("hôm nay 8h", "Lúc đó đã qua"),
        ("mai", "Lúc mấy giờ?"),
        ("lúc nào đó", "Tôi chưa hiểu đó là lúc nào"),
        ("mai 8h", "08:00 Thứ Sáu, ngày 04/12/2026"),
        ("8h tối thứ sáu", "20:00 Thứ Sáu, ngày 04/12/2026"),
        ("mai 23h", "Từ 22 giờ đến 7 giờ không gửi. Được duyệt thì thông báo sẽ gửi lúc 07:00 Thứ Bảy"),
    ):
        await editor.act("an-when:1")
        assert answer in await editor.say(typed), typed


async def test_urgent_needs_a_reason_and_goes_at_night(office: Office) -> None:
    await office.reader("hoa", "telegram")
    editor, approver = await office.person("editor", "lan"), await office.person("approver", "minh")
    await editor.say("gửi thông báo: Cầu hỏng, không đi chợ Kỳ Lừa đêm nay.")
    await editor.press("Khẩn")
    assert "viết lý do thành một câu" in await editor.say("gấp")
    assert "Khẩn: Cầu hỏng, nguy hiểm" in await editor.say("Cầu hỏng, nguy hiểm đến tính mạng")
    await editor.act("an-submit:1")
    assert "nguy hiểm đến tính mạng" in await approver.letters()
    await approver.say("duyệt 1")
    office.clock.at = NOW.replace(hour=23)
    assert "trong vòng một phút" in await editor.act("an-now:1")
    await office.minute()
    assert await office.state() == "sending"


async def test_at_night_it_waits_until_seven(office: Office) -> None:
    await office.reader("hoa", "telegram")
    editor, _approver = await approved(office)
    office.clock.at = NOW.replace(hour=23)
    assert "07:00 Thứ Sáu" in await editor.act("an-now:1")
    await office.minute()
    assert await office.state() == "scheduled"
    await office.minute(NOW.replace(day=4, hour=7))
    assert await office.state() == "sending"


@pytest.mark.parametrize(("minutes", "state"), [(15, "sending"), (16, "late")])
async def test_what_is_late_asks(office: Office, minutes: int, state: str) -> None:
    await office.reader("hoa", "telegram")
    editor, approver = await approved(office, "mai 8h")
    await office.minute(NOW.replace(day=4, hour=8) + timedelta(minutes=minutes))
    assert await office.state() == state
    if state == "late":
        assert "khi đó hệ thống không chạy" in await editor.letters()
        assert "khi đó hệ thống không chạy" in await approver.letters()
        await office.minute()
        assert await office.ends() == {}
        await editor.act("an-now:1")
        await office.minute()
        assert await office.state() == "sending"


async def test_the_author_is_gone(office: Office) -> None:
    await office.reader("hoa", "telegram")
    _editor, approver = await approved(office, "mai 8h")
    await erase(office.engine, "web", "lan")
    await office.minute(NOW.replace(day=4, hour=8))
    assert await office.state() == "sending"
    async with office.engine.begin() as connection:
        await connection.execute(
            update(Delivery)
            .where(col(Delivery.state) == "queued", col(Delivery.key).is_(None))
            .values(state="sent")
        )
    await sweep(office.engine, office.clock())
    await office.minute()
    assert "Báo cáo thông báo số 1" in await approver.letters(), "the one who approved is told instead"


async def test_the_author_on_telegram_is_gone_while_it_is_sent(office: Office) -> None:
    """Their message was to become the final report; nobody has it now, so that a letter tells the end."""
    await office.reader("hoa", "telegram")
    editor = await office.person("editor", "lan", "telegram")
    approver = await office.person("approver", "minh")
    await editor.say("gửi thông báo: Hội chợ.")
    await editor.act("an-submit:1")
    await approver.say("duyệt 1")
    await editor.act("an-now:1")
    await office.minute()
    found = await kept.found(office.engine, 1)
    assert found is not None
    assert found.progress_message
    async with office.engine.begin() as connection:
        await connection.execute(update(Delivery).values(state="sent"))
    await sweep(office.engine, office.clock())
    await office.minute()
    assert "Báo cáo thông báo số 1" not in await editor.letters(), "the message that is changed tells it"
    await erase(office.engine, "telegram", "lan")
    await office.minute()
    assert "Báo cáo thông báo số 1" in await approver.letters()


# ------------------------------------------------------------------------------------------- while it is being sent


async def sending(office: Office) -> tuple[Somebody, Somebody]:
    await office.reader("hoa", "telegram")
    await office.reader("binh", "telegram")
    people = await approved(office)
    await people[0].act("an-now:1")
    await office.minute()
    return people


async def claimed(office: Office) -> list[str]:
    outbox = Outbox(office.engine, 7, office.clock)
    page = await outbox.claim("telegram", 10)
    await outbox.settle([Settled(post, "uncertain", "no answer") for post in page.posts])
    await outbox.close()
    return sorted(post.address for post in page.posts if post.announcement_id)


async def test_muted_between_fixing_and_sending_wins(office: Office) -> None:
    await sending(office)
    hoa = Somebody(office, "telegram", "hoa")
    assert "Đã dừng" in await hoa.say("dừng")
    assert await claimed(office) == ["binh"]
    assert (await office.ends())["skipped"] == 3


async def test_pause_resume_cancel(office: Office) -> None:
    editor, approver = await sending(office)
    assert "tạm dừng" in await editor.act("an-pause:1")
    assert await claimed(office) == []
    assert "đang gửi" in await approver.act("an-resume:1")
    assert "không thu lại được" in await approver.act("an-cancel:1")
    assert await office.state() == "sending"
    assert "Đã huỷ" in await approver.press("Có, huỷ phần còn lại")
    assert await claimed(office) == []
    assert "chưa gửi vì đã huỷ: 2" in await editor.act("an-report:1")
    await sweep(office.engine, office.clock())
    assert "đã huỷ: 2" in await editor.act("an-report:1")
    assert "sang trạng thái khác" in await editor.act("an-resume:1")


async def test_the_uncertain_are_sent_again_only_by_a_decision(office: Office) -> None:
    editor, _approver = await sending(office)
    assert await claimed(office) == ["binh", "hoa"]
    assert await claimed(office) == []
    assert "chưa rõ: có thể đã tới, có thể chưa: 2" in await editor.act("an-report:1")
    assert "sẽ nhận hai lần" in await editor.press("Gửi lại tin chưa rõ (2)")
    assert "Đã xếp gửi lại cho 2" in await editor.press("Có, gửi lại")
    assert await claimed(office) == ["binh", "hoa"]
    assert [row.verb for row in await history(office.engine, "announcement 1")].count("resent") == 1
    assert await resend_uncertain(office.engine, 1, office.clock()) == 2


async def test_the_table_has_a_secret_address_for_a_day(office: Office) -> None:
    editor, _approver = await sending(office)
    await editor.act("an-csv:1")
    file = editor.shown[0].file
    assert file is not None
    secret = file.url.rpartition("/")[2].removesuffix(".csv")
    assert await reports.reported_by(office.engine, secret, office.clock()) == 1
    assert await reports.reported_by(office.engine, "guess", office.clock()) is None
    assert await reports.reported_by(office.engine, secret, office.clock() + timedelta(hours=24)) is None


# ----------------------------------------------------------------------------------------------------- recipients


async def test_agreeing_and_stopping(office: Office) -> None:
    hoa = await office.person("tourist", "hoa")
    assert "Nếu bạn đồng ý" in await hoa.say("đăng ký nhận tin")
    assert await consent.wanted(office.engine, "web", "hoa") == set(), "asking is not agreeing"
    await hoa.press("hội chợ")
    assert await consent.wanted(office.engine, "web", "hoa") == {"fairs"}
    agreed = await last_consent(office.engine, ("web", "hoa"), "announcements")
    assert agreed is not None
    assert (agreed.given, agreed.version, agreed.language) == (True, "announcements-1", "vi")
    await hoa.say("đăng ký nhận tin")
    await hoa.press("nhận tất cả")
    await hoa.say("đăng ký nhận tin")
    assert "Đã tắt: hội chợ" in await hoa.press("✓ hội chợ")
    assert await consent.wanted(office.engine, "web", "hoa") == {"news", "market", "notices"}
    for word in ("dừng", "DUNG", "stop", "/dung"):
        await hoa.act("sub:all")
        assert "Đã dừng" in await hoa.say(word), word
        assert await consent.wanted(office.engine, "web", "hoa") == set(), word
    withdrawn = await last_consent(office.engine, ("web", "hoa"), "announcements")
    assert withdrawn is not None
    assert not withdrawn.given


async def test_stop_counts_in_every_chat_and_leaves_reminders(office: Office) -> None:
    code = await invite(office.engine, "producer", producer="p1", by="console", now=NOW)
    used = await redeem(office.engine, "web", "hoa", code, NOW)
    async with office.engine.begin() as connection:
        row = {"channel": "telegram", "address": "hoa2", "person_id": used.person_id}
        await connection.execute(
            Chat.__table__.insert().values(
                row | {"state": "active", "first_seen_at": NOW, "last_seen_at": NOW}
            )  # type: ignore[attr-defined]
        )
        await consent.subscribe(
            connection, [("web", "hoa"), ("telegram", "hoa2")], ("news", "reminders"), True, NOW
        )
    hoa = Somebody(office, "web", "hoa")
    said = await hoa.say("dừng")
    assert "nhắc hạn giấy chứng nhận của bạn là việc riêng" in said
    for chat in (("web", "hoa"), ("telegram", "hoa2")):
        assert await consent.wanted(office.engine, *chat) == {"reminders"}
    assert "không nhắc hạn" in await hoa.press("Thôi cả nhắc hạn")
    for chat in (("web", "hoa"), ("telegram", "hoa2")):
        assert await consent.wanted(office.engine, *chat) == set()


async def test_an_opt_out_survives_leaving_and_coming_back(office: Office) -> None:
    hoa = await office.reader("hoa", "telegram")
    await hoa.say("dừng")
    await hoa.give(Left("blocked"))
    await hoa.give(Joined())
    await hoa.say("xin chào")
    assert await consent.wanted(office.engine, "telegram", "hoa") == set()
    await office.reader("binh", "telegram")
    editor, _approver = await approved(office)
    await editor.act("an-now:1")
    await office.minute()
    assert await claimed(office) == ["binh"]


async def test_stop_works_while_something_else_is_asked(office: Office) -> None:
    hoa = await office.reader("hoa")
    await hoa.say("gặp cán bộ")
    assert "Đã dừng" in await hoa.say("dừng")
    assert await consent.wanted(office.engine, "web", "hoa") == set()


async def test_quiet_hours(office: Office) -> None:
    hoa = await office.reader("hoa")
    await hoa.say("giờ yên tĩnh")
    assert "chưa hiểu giờ này" in await hoa.say("lúc nghỉ trưa nhé")
    assert "từ 12:00 đến 14:00" in await hoa.say("12h-14h")
    assert await consent.quiet_hours(office.engine, "web", "hoa") == ("12:00", "14:00")
    assert "Giờ yên tĩnh của bạn: 12:00 đến 14:00" in await hoa.act("subs")
    await hoa.act("quiet")
    assert "không còn giờ yên tĩnh riêng" in await hoa.say("không")


@pytest.mark.parametrize(
    ("said", "kept_as"),
    [
        (
            "chủ thể ở xã Hữu Lũng có giấy chứng nhận hết hạn trong 90 ngày",
            {"who": "producers", "communes": ("Hữu Lũng",), "state": "ending", "days": 90},
        ),
        (
            "du khách đọc tiếng Anh trên telegram",
            {"who": "tourists", "languages": ["en"], "channels": ["telegram"]},
        ),
        ("HTX có giấy đã hết hạn", {"who": "producers", "state": "expired"}),
        ("chủ thể nhóm đồ uống", {"who": "producers", "groups": ["beverages"]}),
        (
            "producers whose certificate expires within 60 days",
            {"who": "producers", "state": "ending", "days": 60},
        ),
        ("mọi người", {}),
    ],
)
async def test_an_audience_in_words(office: Office, said: str, kept_as: dict[str, Any]) -> None:
    editor = await office.person("editor", "lan")
    await editor.say("gửi thông báo: Hội chợ.")
    await editor.press("Gửi cho ai")
    await editor.say(said)
    found = await kept.found(office.engine, 1)
    assert found is not None
    names = {
        name: tuple(PUBLISHED.catalogue.communes[code].short_name_vi for code in value)
        if name == "communes"
        else value
        for name, value in found.audience.items()
    }
    if "communes" in kept_as:
        assert set(kept_as["communes"]) <= set(names["communes"])
        names["communes"] = kept_as["communes"]
    assert names == kept_as


async def test_words_that_name_no_audience_are_asked_again(office: Office) -> None:
    editor = await office.person("editor", "lan")
    await editor.say("gửi thông báo: Hội chợ.")
    await editor.press("Gửi cho ai")
    assert "Tôi chưa hiểu gửi cho ai" in await editor.say("ai đó thôi")
    assert "Tôi chưa hiểu gửi cho ai" in await editor.say("du khách có giấy chứng nhận hết hạn")
    await editor.act("an-to:1:groups")
    assert "nhóm Đồ uống" in await editor.press("Đồ uống")
    assert "hết hạn trong 90 ngày tới" in await editor.act("an-to:1:ending:90")
    assert "du khách" in await editor.act("an-to:1:who:tourists")


async def test_a_draft_answered_twice_is_kept_once(engine: AsyncEngine) -> None:
    first = await kept.draft(engine, By(1, "web:a"), NOW, {"vi": "x"})
    assert await kept.draft(engine, By(1, "web:a"), NOW + timedelta(minutes=1), {"vi": "x"}) == first
    assert await kept.draft(engine, By(2, "web:b"), NOW, {"vi": "x"}) != first
