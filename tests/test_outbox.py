"""The outbox on both engines: what is claimed, in which order, what is passed over, what is written down."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel import col

import db
from db import Announcement, Chat, Delivery, Notice
from handlers.services import consent
from handlers.services.outbox import (
    Letter,
    Outbox,
    Receipts,
    Settled,
    counts,
    enqueue,
    fetch,
    lines,
    pause_for_fault,
    resend_uncertain,
    sweep,
    tracking,
)
from handlers.services.outbox.judging import end_of
from handlers.talk.message import Button, Message
from tests.outboxes import NOON, addresses, announcement, deliveries, fixed, people, state_of

HELLO = Message("Chào bà con", buttons=((Button("Xem", action="p:na"),),))


class Moved:
    """A clock for tests."""

    def __init__(self, at: datetime = NOON) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at

    def go(self, **by: float) -> None:
        self.at += timedelta(**by)


@pytest.fixture
def clock() -> Moved:
    return Moved()


def letter(key: str, address: str = "5", **changed: Any) -> Letter:
    return Letter(
        **{
            "key": key,
            "channel": "telegram",
            "address": address,
            "person_id": None,
            "language": "vi",
            "messages": [HELLO],
            **changed,
        }
    )


async def put(engine: AsyncEngine, *letters: Letter) -> None:
    async with db.session(engine) as session:
        await enqueue(session, letters, NOON)


async def claimed(outbox: Outbox, most: int = 100, channel: str = "telegram") -> list[str]:
    return [post.address for post in (await outbox.claim(channel, most)).posts]


async def test_a_letter_is_kept_once_under_its_key(engine: AsyncEngine) -> None:
    await put(engine, letter("a"), letter("a"), letter("b"))
    async with engine.begin() as connection:
        await enqueue(connection, [letter("b"), letter("c")], NOON)
    assert [row.key for row in await deliveries(engine)] == ["a", "b", "c"]


async def test_what_is_claimed_is_written_down_before(engine: AsyncEngine, clock: Moved) -> None:
    await put(engine, letter("a"))
    outbox = Outbox(engine, 7, clock)
    (post,) = (await outbox.claim("telegram", 5)).posts
    assert (post.address, post.content["messages"][0]["text"]) == ("5", "Chào bà con")
    (row,) = await deliveries(engine)
    assert (row.state, row.worker, row.claimed_at) == ("sending", 7, NOON)
    assert (await outbox.claim("telegram", 5)).seen == 0
    await outbox.close()


async def test_personal_letters_first_then_the_order_of_the_rows(engine: AsyncEngine, clock: Moved) -> None:
    chats = addresses(5)
    await people(engine, chats)
    number = await announcement(engine)
    await fixed(engine, number, chats)
    await put(engine, letter("later", "9", lane="bulk"), letter("mine", "8"))
    outbox = Outbox(engine, 1, clock)
    assert await claimed(outbox, 4) == ["8", "9", *chats[:2]]
    assert await claimed(outbox, 4) == chats[2:]
    assert await claimed(outbox, 4, channel="zalo-oa") == []
    await outbox.close()


async def test_what_has_to_wait_waits_and_comes_first_then(engine: AsyncEngine, clock: Moved) -> None:
    await put(engine, letter("a", "1", not_before=NOON + timedelta(minutes=1)), letter("b", "2"))
    outbox = Outbox(engine, 1, clock)
    assert await claimed(outbox) == ["2"]
    clock.go(minutes=2)
    await put(engine, letter("c", "3"))
    assert await claimed(outbox) == ["1", "3"]
    await outbox.close()


@pytest.mark.parametrize("state", ["draft", "paused", "cancelled", "finished", "scheduled"])
async def test_only_what_is_being_sent_is_claimed(engine: AsyncEngine, clock: Moved, state: str) -> None:
    await people(engine, ["1"])
    await fixed(engine, await announcement(engine, state=state), ["1"])
    outbox = Outbox(engine, 1, clock)
    assert (await outbox.claim("telegram", 5)).seen == 0
    await outbox.close()


async def test_a_pause_holds_from_the_next_page_on_and_going_on_misses_nobody(
    engine: AsyncEngine, clock: Moved
) -> None:
    chats = addresses(6)
    await people(engine, chats)
    number = await announcement(engine)
    await fixed(engine, number, chats)
    outbox = Outbox(engine, 1, clock)
    assert await claimed(outbox, 2) == chats[:2]
    await _set(engine, number, state="paused")
    assert await claimed(outbox, 2) == []
    await _set(engine, number, state="sending")
    assert await claimed(outbox, 10) == chats[2:]
    await outbox.close()


async def test_what_happened_since_the_audience_was_fixed_wins(engine: AsyncEngine, clock: Moved) -> None:
    chats = ["muted", "gone", "erased", "expired", "quiet", "fine"]
    await people(engine, [chat for chat in chats if chat != "erased"])
    number = await announcement(engine)
    await fixed(engine, number, chats)
    async with engine.begin() as connection:
        await consent.subscribe(connection, [("telegram", "muted")], ["news"], False, NOON)
        await consent.subscribe(connection, [("telegram", "fine")], ["fairs"], False, NOON)
        await connection.execute(update(Chat).where(col(Chat.address) == "gone").values(state="gone"))
        await connection.execute(
            update(Delivery).where(col(Delivery.address) == "expired").values(expires_at=NOON)
        )
    await consent.set_quiet_hours(engine, ("telegram", "quiet"), ("11:00", "13:30"))
    outbox = Outbox(engine, 1, clock)
    assert await claimed(outbox) == ["fine"]
    found = {row.address: (row.state, row.reason) for row in await deliveries(engine)}
    assert found == {
        "muted": ("skipped", "muted"),
        "gone": ("skipped", "left"),
        "erased": ("skipped", "left"),
        "expired": ("skipped", "expired"),
        "quiet": ("queued", "quiet"),
        "fine": ("sending", None),
    }
    clock.go(hours=1, minutes=29)
    assert await claimed(outbox) == []
    clock.go(minutes=1)
    assert await claimed(outbox) == ["quiet"]
    await outbox.close()


async def test_at_night_only_what_is_urgent(engine: AsyncEngine) -> None:
    clock = Moved(NOON.replace(hour=22))
    await people(engine, ["1", "2"])
    await fixed(engine, await announcement(engine), ["1"])
    await fixed(engine, await announcement(engine, urgent_reason="lũ"), ["2"])
    await put(engine, letter("told", "3"), letter("reminder", "4", topic="reminders"))
    outbox = Outbox(engine, 1, clock)
    assert await claimed(outbox) == ["3", "2"]
    clock.at = (NOON + timedelta(days=1)).replace(hour=7)
    assert await claimed(outbox) == ["4", "1"]
    await outbox.close()


@pytest.mark.parametrize(
    ("now", "hours", "end"),
    [
        ("12:00", ("11:00", "13:00"), "2026-12-03T13:00"),
        ("13:00", ("11:00", "13:00"), None),
        ("23:30", ("22:00", "07:00"), "2026-12-04T07:00"),
        ("06:59", ("22:00", "07:00"), "2026-12-03T07:00"),
        ("07:00", ("22:00", "07:00"), None),
        ("12:00", ("12:00", "12:00"), None),
    ],
)
def test_the_end_of_quiet_hours(now: str, hours: tuple[str, str], end: str | None) -> None:
    moment = datetime.fromisoformat(f"2026-12-03T{now}+07:00")
    found = end_of(moment, *hours)
    assert (found.isoformat()[:16] if found else None) == end


async def test_what_became_of_each_is_written_down(engine: AsyncEngine, clock: Moved) -> None:
    await people(engine, ["1", "2", "3", "4", "5"])
    number = await announcement(engine)
    await fixed(engine, number, ["1", "2", "3", "4", "5"])
    outbox = Outbox(engine, 1, clock)
    sent, later, refused, gone, unsure = (await outbox.claim("telegram", 5)).posts
    await outbox.settle(
        [
            Settled(sent, "sent", message_id="m1"),
            Settled(later, "queued", "busy", not_before=NOON + timedelta(seconds=9)),
            Settled(refused, "failed", "message is too long"),
            Settled(gone, "gone", "bot was blocked by the user"),
            Settled(unsure, "uncertain", "no answer"),
        ]
    )
    rows = [(row.state, row.reason, row.message_id, row.tries) for row in await deliveries(engine)]
    assert rows == [
        ("sent", None, "m1", 1),
        ("queued", "busy", None, 1),
        ("failed", "message is too long", None, 1),
        ("gone", "bot was blocked by the user", None, 1),
        ("uncertain", "no answer", None, 1),
    ]
    async with engine.connect() as connection:
        left = dict(
            (
                await connection.execute(
                    select(col(Chat.address), col(Chat.state_reason)).where(col(Chat.state) == "gone")
                )
            ).all()
        )
    assert left == {"4": "bot was blocked by the user"}
    found = await counts(engine, number)
    assert sum(one.deliveries for one in found) == 5
    assert {(one.state, one.reason, one.channel, one.language) for one in found} >= {
        ("sent", "", "telegram", "vi"),
        ("uncertain", "no answer", "telegram", "vi"),
    }
    assert [one.state async for one in lines(engine, number)] == [
        "sent",
        "queued",
        "failed",
        "gone",
        "uncertain",
    ]
    await outbox.close()


async def test_proofs_of_a_notice(engine: AsyncEngine, clock: Moved) -> None:
    about = [("na-dai", "2026", "d90"), ("hoa-hoi", "2026", "d90")]
    for key in ("a", "b", "c"):
        await put(engine, letter(key, key, person_id=12, notices=about))
    outbox = Outbox(engine, 1, clock)
    first, second, third = (await outbox.claim("telegram", 5)).posts
    await outbox.settle(
        [
            Settled(first, "sent", message_id="77"),
            Settled(second, "queued", "later", not_before=NOON),
            Settled(third, "uncertain", "no answer"),
        ]
    )
    receipts = Receipts(engine, clock)
    receipts.take("telegram", "77", "seen")
    await receipts.stop()
    async with engine.connect() as connection:
        rows = await connection.execute(
            select(col(Notice.product_code), col(Notice.outcome), col(Notice.answer)).order_by(col(Notice.id))
        )
        found = [tuple(row) for row in rows]
    assert found == [
        ("na-dai", "sent", "77"),
        ("hoa-hoi", "sent", "77"),
        ("na-dai", "uncertain", "no answer"),
        ("hoa-hoi", "uncertain", "no answer"),
        ("na-dai", "seen", "77"),
        ("hoa-hoi", "seen", "77"),
    ]
    await outbox.close()


async def test_receipts_go_forward_only(engine: AsyncEngine, clock: Moved) -> None:
    await put(engine, *(letter(key, key) for key in "abcd"))
    outbox = Outbox(engine, 1, clock)
    posts = (await outbox.claim("telegram", 5)).posts
    await outbox.settle([Settled(post, "sent", message_id=post.address) for post in posts[:3]])
    await outbox.settle([Settled(posts[3], "uncertain", "no answer")])
    receipts = Receipts(engine, clock)
    for message_id, state in (("a", "seen"), ("b", "delivered"), ("nobody's", "seen"), ("d", "seen")):
        receipts.take("telegram", message_id, state)  # type: ignore[arg-type]
    await receipts.write()
    receipts.take("telegram", "a", "delivered")
    receipts.take("zalo-oa", "c", "delivered")
    receipts.take("telegram", tracking(posts[3].id), "delivered")
    await receipts.stop()
    assert [row.state for row in await deliveries(engine)] == ["seen", "delivered", "sent", "delivered"]
    await outbox.close()


async def test_the_dead_leave_uncertain_rows_and_the_living_none(engine: AsyncEngine, clock: Moved) -> None:
    await put(engine, *(letter(key, key) for key in "abc"))
    dead, living, mine = (Outbox(engine, worker, clock) for worker in (11, 12, 13))
    await dead.claim("telegram", 1)
    if engine.dialect.name == "postgresql":
        await living.claim("telegram", 1)
        async with engine.connect() as holder:
            await holder.execute(text("SELECT pg_advisory_lock(12)"))
            assert await mine.dead() == 1
            await holder.execute(text("SELECT pg_advisory_unlock(12)"))
            await holder.rollback()
        assert [row.state for row in await deliveries(engine)] == ["uncertain", "sending", "queued"]
    else:
        assert await mine.dead() == 1
        assert [row.state for row in await deliveries(engine)] == ["uncertain", "queued", "queued"]
    for outbox in (dead, living, mine):
        await outbox.close()


async def test_who_was_thought_dead_may_still_say_what_became_of_it(
    engine: AsyncEngine, clock: Moved
) -> None:
    await put(engine, letter("a"))
    mine, other = Outbox(engine, 1, clock), Outbox(engine, 2, clock)
    (post,) = (await mine.claim("telegram", 1)).posts
    await other.dead()
    assert (await deliveries(engine))[0].state == "uncertain"
    await mine.settle([Settled(post, "sent", message_id="1")])
    assert (await deliveries(engine))[0].state == "sent"
    await other.settle([Settled(post, "failed", "not mine")])
    assert (await deliveries(engine))[0].state == "sent"
    await mine.close()
    await other.close()


async def test_a_claim_that_was_never_heard_of_is_queued_again(engine: AsyncEngine, clock: Moved) -> None:
    await put(engine, letter("a", "1"), letter("b", "2"))
    outbox = Outbox(engine, 1, clock)
    first, _second = (await outbox.claim("telegram", 2)).posts
    assert await outbox.lost("telegram", {first.id}) == 1
    assert await claimed(outbox) == ["2"]
    assert (await deliveries(engine, key="b"))[0].tries == 0
    await outbox.close()


async def test_what_is_uncertain_is_sent_again_only_by_decision(engine: AsyncEngine, clock: Moved) -> None:
    await people(engine, ["1", "2"])
    number = await announcement(engine)
    await fixed(engine, number, ["1", "2"])
    outbox = Outbox(engine, 1, clock)
    one, two = (await outbox.claim("telegram", 2)).posts
    await outbox.settle([Settled(one, "sent"), Settled(two, "uncertain", "no answer")])
    assert await sweep(engine, NOON) == [number]
    assert await claimed(outbox) == []
    assert await resend_uncertain(engine, number, NOON) == 1
    assert (await state_of(engine, number)).state == "sending"
    assert await claimed(outbox) == ["2"]
    await outbox.close()


async def test_it_finishes_by_itself_and_pages_keep_nothing_open(engine: AsyncEngine, clock: Moved) -> None:
    await people(engine, ["1"])
    await people(engine, ["w"], channel="web")
    number = await announcement(engine, expires_at=NOON + timedelta(days=2))
    await fixed(engine, number, ["1"])
    await fixed(engine, number, ["w"], channel="web")
    outbox = Outbox(engine, 1, clock)
    assert await sweep(engine, NOON) == []
    (post,) = (await outbox.claim("telegram", 2)).posts
    assert await sweep(engine, NOON) == []
    await outbox.settle([Settled(post, "sent")])
    assert await sweep(engine, NOON) == [number]
    assert (await state_of(engine, number)).state == "finished"
    assert [post.address for post in await fetch(engine, "web", "w", NOON)] == ["w"]
    assert await fetch(engine, "web", "w", NOON) == []
    assert [(one.channel, one.state) for one in await counts(engine, number)] == [
        ("telegram", "sent"),
        ("web", "sent"),
    ]
    await outbox.close()


@pytest.mark.parametrize(("state", "reason"), [("cancelled", "cancelled"), ("sending", "expired")])
async def test_what_is_cancelled_or_over_is_skipped(
    engine: AsyncEngine, clock: Moved, state: str, reason: str
) -> None:
    chats = addresses(5)
    await people(engine, chats)
    number = await announcement(engine, expires_at=NOON + timedelta(hours=1))
    await fixed(engine, number, chats)
    outbox = Outbox(engine, 1, clock)
    await outbox.settle([Settled(post, "sent") for post in (await outbox.claim("telegram", 2)).posts])
    await _set(engine, number, state=state)
    clock.go(hours=1)
    assert await claimed(outbox) == []
    await sweep(engine, clock())
    found = Counter((row.state, row.reason) for row in await deliveries(engine))
    assert found == {("sent", None): 2, ("skipped", reason): 3}
    await outbox.close()


async def test_a_pause_for_a_fault_tells_the_author_once(engine: AsyncEngine) -> None:
    number = await announcement(engine)
    told = [letter("paused", "1")]
    assert await pause_for_fault(engine, number, "chat not found", NOON, told)
    assert not await pause_for_fault(engine, number, "chat not found", NOON, told)
    found = await state_of(engine, number)
    assert (found.state, found.pause_reason) == ("paused", "chat not found")
    assert [row.key for row in await deliveries(engine)] == ["paused"]


async def test_a_page_fetches_once_and_what_was_muted_is_skipped(engine: AsyncEngine) -> None:
    await people(engine, ["w"], channel="web")
    number = await announcement(engine)
    await fixed(engine, number, ["w"], channel="web")
    await put(
        engine,
        letter("a", "w", channel="web"),
        letter("b", "w", channel="web", topic="reminders"),
        letter("c", "w", channel="web", not_before=NOON + timedelta(hours=1)),
        letter("d", "w", channel="web", expires_at=NOON),
        letter("e", "v", channel="web"),
    )
    async with engine.begin() as connection:
        await consent.subscribe(connection, [("web", "w")], ["reminders", "news"], False, NOON)
    given = await fetch(engine, "web", "w", NOON)
    assert [post.content["messages"][0]["text"] for post in given] == ["Chào bà con"]
    rows = [(row.key, row.state, row.reason) for row in await deliveries(engine)]
    assert rows == [
        (None, "skipped", "muted"),
        ("a", "sent", None),
        ("b", "skipped", "muted"),
        ("c", "queued", None),
        ("d", "skipped", "expired"),
        ("e", "queued", None),
    ]


async def test_a_clock_that_was_set_back_holds_nothing_back(engine: AsyncEngine, clock: Moved) -> None:
    await put(engine, letter("a", "1"), letter("b", "2", not_before=NOON + timedelta(hours=1)))
    outbox = Outbox(engine, 1, clock)
    (post,) = (await outbox.claim("telegram", 1)).posts
    await outbox.settle([Settled(post, "queued", "busy", not_before=NOON + timedelta(seconds=5))])
    clock.go(hours=-2)
    assert await claimed(outbox) == []
    await outbox.hurry("telegram")
    assert await claimed(outbox) == ["1"]
    await put(engine, letter("c", "3"))
    (post,) = (await outbox.claim("telegram", 1)).posts
    await outbox.settle([Settled(post, "queued", not_before=clock() + timedelta(hours=1), tried=False)])
    assert await claimed(outbox) == []
    await outbox.hurry("telegram")
    assert await claimed(outbox) == ["3"], "and what was put back without having been tried"
    await outbox.close()


async def _set(engine: AsyncEngine, number: int, **values: Any) -> None:
    async with engine.begin() as connection:
        await connection.execute(update(Announcement).where(col(Announcement.id) == number).values(**values))


async def test_what_waited_is_not_kept_waiting_by_full_pages(engine: AsyncEngine, clock: Moved) -> None:
    """At a pace where every page is full, a row whose moment has come goes within a quarter of a second."""
    chats = addresses(40)
    await people(engine, chats)
    number = await announcement(engine)
    await fixed(engine, number, chats)
    outbox = Outbox(engine, 1, clock)
    first = (await outbox.claim("telegram", 2)).posts
    await outbox.settle([Settled(post, "queued", "busy", not_before=NOON) for post in first])
    clock.go(seconds=0.1)
    assert not {post.id for post in (await outbox.claim("telegram", 2)).posts} & {post.id for post in first}
    clock.go(seconds=0.2)
    assert [post.id for post in (await outbox.claim("telegram", 2)).posts] == [post.id for post in first]
    clock.go(seconds=0.01)
    left = (await outbox.claim("telegram", 100)).posts
    assert len(left) == 36, "everything, where there is room"
    await outbox.close()
