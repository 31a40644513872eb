"""Reminders: who is due, by which road, written once, taken further when refused, handed over when unanswered."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import insert, update
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel import col

from db import Audit, Consent, Escalation, Link, Renewal
from handlers.services.consent import forget_number, keep_number
from handlers.services.outbox import Outbox, Settled, fetch
from handlers.services.reminders import schedule
from handlers.services.reminders.due import Answer, Due, WhyNot, due, said
from handlers.services.reminders.escalation import raise_silent, reroute_officials
from handlers.services.reminders.keeping import Done, reroute, write
from handlers.services.reminders.planning import plan
from handlers.services.reminders.schedule import programme
from handlers.services.reminders.silence import Report
from tests.reminded import (
    ACCOUNT,
    COMMUNE,
    EVERY_ROAD,
    WEB,
    Town,
    moment,
    occasion,
    plain,
    product,
)

END = date(2027, 6, 28)


def before(days: int) -> date:
    return END - timedelta(days=days)


def named(days: int, **certificate: Any) -> Due | WhyNot:
    return due(product("na", "htx", end=END, **certificate), before(days), programme())


# -------------------------------------------------------------------------------------------------------- who is due


@pytest.mark.parametrize(
    ("days", "step"),
    [
        (210, "prepare"), (181, "prepare"), (180, "opens"), (150, "middle"), (131, "middle"), (130, "late"),
        (121, "late"), (120, "last_day"), (31, "last_day"), (30, "month"), (1, "month"), (0, "end"), (-30, "end"),
    ],
)  # fmt: skip
def test_steps_come_on_their_days(days: int, step: str) -> None:
    found = named(days)
    assert isinstance(found, Due)
    assert found.step.name == step
    assert found.days == days
    names = [one.name for one in programme().on]
    assert [*found.passed, step] == names[: names.index(step) + 1]


def test_what_is_not_due() -> None:
    assert named(211) is WhyNot.NOT_YET
    assert named(-31) is WhyNot.LONG_OVER
    assert named(100, status="revoked") is WhyNot.STATE
    assert named(100, status="superseded") is WhyNot.STATE
    assert named(100, status="stopped") is WhyNot.STATE
    assert named(100, status="in_renewal", status_on="2027-01-20") is WhyNot.DOSSIER
    for end in ("2027", "2027-06", None):
        assert due(product("na", "htx", end=end), before(100), programme()) is WhyNot.NO_EXACT_END
    ceremony = product("na", "htx", issued_on="2024-06-28", issued_on_basis="ceremony")
    assert due(ceremony, before(100), programme()) is WhyNot.NO_EXACT_END
    assert due(product("na", None, end=END), before(100), programme()) is WhyNot.NO_PRODUCER


def test_29_february_ends_on_28() -> None:
    leap = product("na", "htx", issued_on="2024-02-29", issued_on_basis="decision")
    found = due(leap, date(2027, 2, 28), programme())
    assert isinstance(found, Due)
    assert (found.end, found.days, found.step.name) == (date(2027, 2, 28), 0, "end")


def test_what_the_producer_said_counts() -> None:
    found, last = named(150), named(120)
    assert isinstance(found, Due)
    assert isinstance(last, Due)

    assert said(found, None, before(150)) is None
    assert said(found, Answer(state="preparing"), before(150)) is None
    assert said(found, Answer(state="filed"), before(150)) is WhyNot.FILED
    assert said(found, Answer(state="declined"), before(150)) is WhyNot.DECLINED
    later = Answer(snoozed_until=before(100).isoformat())
    assert said(found, later, before(150)) is WhyNot.SNOOZED
    assert said(last, later, before(120)) is None, "the last filing day is told all the same"
    assert said(found, Answer(snoozed_until=before(150).isoformat()), before(150)) is None


# ------------------------------------------------------------------------------------------------------- what is sent


async def morning(engine: AsyncEngine, products: Any, now: datetime, roads: Any = EVERY_ROAD) -> Done:
    return await write(engine, occasion(products, now, roads), plain)


async def settle(engine: AsyncEngine, channel: str, state: str, now: datetime) -> int:
    """What waits on a channel is sent, or whatever ``state`` says; how many."""
    outbox = Outbox(engine, 7, lambda: now)
    page = await outbox.claim(channel, 100)
    await outbox.settle(
        [Settled(post, state, state, "m1" if state == "sent" else None) for post in page.posts]
    )
    await outbox.close()
    return len(page.posts)


async def test_one_digest_a_producer_and_person_and_never_twice(engine: AsyncEngine) -> None:
    town = Town(engine)
    lan = await town.person("telegram:1", serves=["htx", "chi"])
    hoa = await town.person("telegram:2", serves=["htx"], language="en")
    products = [
        product("na", "htx", end=END),
        product("hong", "htx", end=END - timedelta(days=3)),
        product("che", "chi", end=END),
    ]
    now = moment(before(180))
    first = await morning(engine, products, now)
    again = await morning(engine, products, now + timedelta(minutes=5))
    assert (first.digests, again.digests) == (3, 0)
    letters = await town.letters()
    assert {(one.key, one.address, one.language) for one in letters} == {
        (f"digest:{now.date()}:htx:{lan}", "1", "vi"),
        (f"digest:{now.date()}:htx:{hoa}", "2", "en"),
        (f"digest:{now.date()}:chi:{lan}", "1", "vi"),
    }
    whole = next(one for one in letters if one.person_id == lan and ":htx:" in (one.key or ""))
    assert [one["text"] for one in whole.content["messages"]] == ["hong 177", "na 180"], "soonest first"
    assert whole.expires_at == moment(now.date(), 22)
    assert whole.content["topic"] == "reminders", "it keeps the quiet hours of the night and of the chat"
    await settle(engine, "telegram", "sent", now)
    next_day = await morning(engine, products, now + timedelta(days=1))
    assert next_day.digests == 0


async def test_two_replicas_at_the_same_moment(engine: AsyncEngine) -> None:
    town = Town(engine)
    for number in range(8):
        await town.person(f"telegram:{number}", serves=[f"p{number}"])
    products = [product(f"s{number}", f"p{number}", end=END) for number in range(8)]
    done = await asyncio.gather(*(morning(engine, products, moment(before(180))) for _replica in range(3)))
    assert sum(one.digests for one in done) == 8
    assert len(await town.letters()) == 8


async def test_a_missed_day_tells_only_the_latest_step_with_the_true_days(engine: AsyncEngine) -> None:
    town = Town(engine)
    await town.person("telegram:1", serves=["htx"])
    products = [product("na", "htx", end=END)]
    await morning(engine, products, moment(before(128)))
    (letter,) = await town.letters()
    assert letter.content["messages"] == [{"text": "na 128"}]
    rows = {one.step: one.delivery_key for one in await town.reminders()}
    assert rows == {
        "prepare": "passed", "opens": "passed", "middle": "passed", "late": letter.key,
    }  # fmt: skip


async def test_who_links_late_gets_the_current_step_only(engine: AsyncEngine) -> None:
    town = Town(engine)
    await town.person("telegram:1", serves=["htx"])
    products = [product("na", "htx", end=END)]
    await morning(engine, products, moment(before(180)))
    await settle(engine, "telegram", "sent", moment(before(180)))
    late = await town.person("telegram:2", serves=["htx"])
    await morning(engine, products, moment(before(170)))
    letters = await town.letters()
    assert [one.person_id for one in letters][1:] == [late]
    assert letters[1].content["messages"] == [{"text": "na 170"}]


async def test_a_renewed_certificate_begins_anew(engine: AsyncEngine) -> None:
    town = Town(engine)
    await town.person("telegram:1", serves=["htx"])
    await morning(engine, [product("na", "htx", end=END)], moment(before(0)))
    renewed = product("na", "htx", end=END.replace(year=2030))
    assert (await morning(engine, [renewed], moment(before(0)))).digests == 0
    then = END.replace(year=2030) - timedelta(days=210)
    assert (await morning(engine, [renewed], moment(then))).digests == 1


# -------------------------------------------------------------------------------------------------------- which road


async def road_of(engine: AsyncEngine, now: datetime, roads: Any = EVERY_ROAD) -> list[tuple[str, str, str]]:
    made = await plan(engine, occasion([product("na", "htx", end=END)], now, roads))
    return [tuple(one.path) if one.path else ("call", "", "") for one in made.digests]


async def test_the_first_road_that_works(engine: AsyncEngine) -> None:
    town, now = Town(engine), moment(before(180))
    hour, days = timedelta(hours=1), timedelta(days=1)
    cases: list[tuple[list[str], datetime | None, Any, tuple[str, str]]] = [
        (["zalo-oa:a", "telegram:a"], now - hour, EVERY_ROAD, ("telegram", "message")),
        (["zalo-oa:b", "zalo-bot:b"], now - 47 * hour, EVERY_ROAD, ("zalo-oa", "message")),
        (["zalo-oa:c", "zalo-bot:c"], now - 49 * hour, EVERY_ROAD, ("zalo-bot", "message")),
        (["zalo-oa:d"], now - 3 * days, EVERY_ROAD, ("zalo-oa", "template")),
        (["zalo-oa:e"], now - 3 * days, [replace(ACCOUNT, budget=55)], ("zalo-oa", "message")),
        (["zalo-oa:f"], now - 3 * days, [ACCOUNT], ("call", "")),
        (["zalo-oa:g"], now - 8 * days, [replace(ACCOUNT, budget=55)], ("call", "")),
        (["zalo-oa:h"], None, [ACCOUNT], ("call", "")),
        (["telegram:i"], None, [WEB], ("call", "")),
        (["telegram:j", "web:j"], None, [WEB], ("web", "message")),
        ([], None, EVERY_ROAD, ("call", "")),
    ]  # fmt: skip
    for chats, heard, roads, (channel, way) in cases:
        person = await town.person(*chats, serves=["htx"], heard=heard)
        ((got, _address, how),) = await road_of(engine, now, roads)
        assert (got, how) == (channel, way), chats
        async with engine.begin() as connection:
            await connection.execute(
                update(Link).where(col(Link.person_id) == person).values(ended_at=now, ended_by="console")
            )


async def test_template_by_phone_only_with_consent_and_once_a_producer(engine: AsyncEngine) -> None:
    town, now = Town(engine), moment(before(180))
    lan = await town.person("web:1", serves=["htx"])
    await town.person("web:2", serves=["htx"])
    assert await road_of(engine, now) == [("web", "1", "message"), ("web", "2", "message")]

    read = ("phone-1", "vi")
    await keep_number(engine, ("web", "1"), "0900000123", read, now)
    await keep_number(engine, ("web", "2"), "0900000123", read, now)
    assert await road_of(engine, now) == [
        ("zalo-oa", "tel:0900000123", "template"),
        ("web", "2", "message"),
    ]
    await morning(engine, [product("na", "htx", end=END)], now)
    letter = next(one for one in await town.letters() if one.way == "template")
    assert letter.person_id == lan
    assert letter.content["facts"] == {"code": "na", "days": "180"}
    async with engine.begin() as connection:
        assert await forget_number(connection, ("web", "1"), read, now)
        assert not await forget_number(connection, ("web", "1"), read, now)
    kept = [(row.address, row.purpose, row.given) for row in await town.rows(Consent)]
    assert kept == [("1", "phone", True), ("2", "phone", True), ("1", "phone", False)]
    assert await road_of(engine, moment(before(150))) == [
        ("web", "1", "message"),
        ("zalo-oa", "tel:0900000123", "template"),
    ]


async def test_who_wants_none_gets_none_and_an_officer_calls_when_nobody_is_left(engine: AsyncEngine) -> None:
    town, now = Town(engine), moment(before(180))
    products = [product("na", "htx", end=END), product("che", "chi", end=END)]
    await town.person("telegram:1", serves=["htx"], wants=False)
    hoa = await town.person("telegram:2", serves=["htx"])
    done = await morning(engine, products, now)
    assert (done.digests, done.calls) == (1, 1)
    assert [one.person_id for one in await town.letters()] == [hoa]
    (notice,) = await town.notices()
    assert (notice.product_code, notice.person_id, notice.outcome) == ("che", 0, "call")
    assert notice.answer == "person: nobody linked"
    assert (await morning(engine, products, now + timedelta(days=1))).calls == 0


async def test_a_page_has_a_copy_and_alone_it_counts_only_when_fetched(engine: AsyncEngine) -> None:
    town, now = Town(engine), moment(before(180))
    products = [product("na", "htx", end=END), product("che", "chi", end=END), product("mat", "ong", end=END)]
    await town.person("telegram:1", "web:1", serves=["htx"])
    await town.person("web:2", serves=["chi"])
    await town.person("web:3", serves=["ong"])
    await morning(engine, products, now)
    assert sorted((one.channel, one.address) for one in await town.letters()) == [
        ("telegram", "1"), ("web", "1"), ("web", "2"), ("web", "3"),
    ]  # fmt: skip
    assert len(await fetch(engine, "web", "2", now + timedelta(hours=30))) == 1
    await settle(engine, "telegram", "sent", now)
    later = now + timedelta(days=3)
    done = await morning(engine, products, later)
    assert (done.digests, done.calls) == (0, 1)
    notices = {one.product_code: (one.channel, one.outcome) for one in await town.notices()}
    assert notices == {"na": ("telegram", "sent"), "che": ("web", "sent"), "mat": ("", "call")}
    assert await fetch(engine, "web", "3", later) == []


# --------------------------------------------------------------------------------------------------- when it is refused


@pytest.mark.parametrize("state", ["failed", "gone"])
async def test_refused_at_the_first_second_and_third_road(engine: AsyncEngine, state: str) -> None:
    town, now = Town(engine), moment(before(180))
    products = [product("na", "htx", end=END)]
    person = await town.person("telegram:1", "zalo-oa:z", "zalo-bot:b", serves=["htx"], heard=now)
    await morning(engine, products, now)
    base = f"digest:{now.date()}:htx:{person}"
    for channel, key in (("telegram", base), ("zalo-oa", f"{base}~2"), ("zalo-bot", f"{base}~3")):
        assert [one.delivery_key for one in await town.reminders() if one.step == "opens"] == [key]
        assert await settle(engine, channel, state, now) == 1
        now += timedelta(minutes=1)
        for _twice in range(2):
            await reroute(engine, occasion(products, now, EVERY_ROAD), plain)
    if state == "failed":  # the same account by template
        assert await settle(engine, "zalo-oa", "failed", now) == 1
        await reroute(engine, occasion(products, now + timedelta(minutes=1), EVERY_ROAD), plain)
    assert [one.delivery_key for one in await town.reminders() if one.step == "opens"] == [""]
    outcomes = [one.outcome for one in await town.notices()]
    assert outcomes == [state] * (4 if state == "failed" else 3) + ["call"]


async def test_uncertain_is_never_repeated(engine: AsyncEngine) -> None:
    town, now = Town(engine), moment(before(180))
    products = [product("na", "htx", end=END)]
    await town.person("telegram:1", "zalo-bot:b", serves=["htx"])
    await morning(engine, products, now)
    await settle(engine, "telegram", "uncertain", now)
    await reroute(engine, occasion(products, now + timedelta(minutes=1), EVERY_ROAD), plain)
    await morning(engine, products, now + timedelta(days=1))
    assert len(await town.letters()) == 1


async def test_a_channel_that_does_not_send_is_left_after_two_hours(engine: AsyncEngine) -> None:
    town, now = Town(engine), moment(before(180))
    products = [product("na", "htx", end=END), product("che", "chi", end=END)]
    await town.person("telegram:1", "zalo-bot:b", serves=["htx"])
    await town.person("telegram:2", serves=["chi"])
    await morning(engine, products, now)
    for hours, expected in ((1, 2), (2, 3)):
        await reroute(engine, occasion(products, now + timedelta(hours=hours, minutes=1), EVERY_ROAD), plain)
        assert len(await town.letters()) == expected
    assert {(one.channel, one.address, one.state, one.reason) for one in await town.letters()} == {
        ("telegram", "2", "queued", None),
        ("telegram", "1", "skipped", "another way"),
        ("zalo-bot", "b", "queued", None),
    }
    await morning(engine, products, now + timedelta(days=1))  # it has not come up by the next day
    texts = [one.content["messages"][0]["text"] for one in await town.letters() if one.state == "queued"]
    assert sorted(texts) == ["che 179", "na 179"], "the true number of days, one letter each"


async def test_what_was_answered_meanwhile_is_not_sent_again(engine: AsyncEngine) -> None:
    town, now = Town(engine), moment(before(180))
    products = [product("na", "htx", end=END)]
    await town.person("telegram:1", "zalo-bot:b", serves=["htx"])
    await morning(engine, products, now)
    await settle(engine, "telegram", "failed", now)
    await answer(engine, "na", now, state="filed")
    await reroute(engine, occasion(products, now + timedelta(minutes=1), EVERY_ROAD), plain)
    assert len(await town.letters()) == 1


async def answer(engine: AsyncEngine, code: str, at: datetime, **said: Any) -> None:
    row = {
        "product_code": code,
        "cycle": END.isoformat(),
        "said_by": "person 1",
        "said_at": at,
        "answered_at": at,
    }
    async with engine.begin() as connection:
        await connection.execute(insert(Renewal).values(row | said))


# ------------------------------------------------------------------------------------------------ when nobody answers


def told(report: Report) -> list[Any]:
    silent = [f"{one.level} {one.due.product.code} {one.since}" for one in report.silent]
    return [{"text": line} for line in (*silent, *(f"call {one.due.product.code}" for one in report.calls))]


async def day(engine: AsyncEngine, products: Any, now: datetime) -> dict[str, list[str]]:
    """A whole morning; what each official was told, by address."""
    seen = {one.key for one in await Town(engine).letters()}
    done = await morning(engine, products, now)
    await raise_silent(engine, occasion(products, now), told, done.officials)
    return {
        one.address: [message["text"] for message in one.content["messages"]]
        for one in await Town(engine).letters()
        if one.key not in seen and (one.key or "").startswith("officers:")
    }


async def test_seven_days_to_the_commune_fourteen_to_the_province(engine: AsyncEngine) -> None:
    town, first = Town(engine), moment(before(180))
    await town.person("telegram:1", serves=["htx", "chi"])
    await town.person("telegram:officer", officer=COMMUNE)
    await town.person("telegram:other", officer="99999")
    await town.person("telegram:editor", editor="")
    await town.person("telegram:approver", approver="")
    products = [product("na", "htx", end=END), product("che", "chi", end=END), product("mat", "chi", end=END)]
    await day(engine, products, first)
    await settle(engine, "telegram", "sent", first)
    await answer(engine, "mat", first + timedelta(hours=1), state="preparing")
    told_on: dict[int, dict[str, list[str]]] = {}
    for later in range(1, 20):
        if found := await day(engine, products, first + timedelta(days=later)):
            told_on[later] = found
    since = first.date()
    assert told_on == {
        7: {"officer": [f"commune che {since}", f"commune na {since}"]},
        14: {name: [f"province che {since}", f"province na {since}"] for name in ("editor", "approver")},
    }
    assert len(await town.rows(Escalation)) == 4


async def test_calls_are_told_to_the_commune_once(engine: AsyncEngine) -> None:
    town, now = Town(engine), moment(before(180))
    products = [product("na", "htx", end=END), product("che", "chi", end=END)]
    await town.person("telegram:1", serves=["chi"])
    assert await day(engine, products, now) == {}, "no official is there yet"
    await settle(engine, "telegram", "uncertain", now)
    await town.person("telegram:officer", officer=COMMUNE)
    assert await day(engine, products, now + timedelta(days=1)) == {"officer": ["call che", "call na"]}
    assert await day(engine, products, now + timedelta(days=2)) == {}
    keys = {one.delivery_key for one in await town.reminders() if one.step == "opens"}
    assert keys == {f"officers:{before(179)}"}


async def test_an_officials_digest_takes_another_road_too(engine: AsyncEngine) -> None:
    town, now = Town(engine), moment(before(180))
    products = [product("na", "htx", end=END)]
    await town.person("telegram:o", "zalo-bot:o", officer=COMMUNE)
    assert await day(engine, products, now) == {"o": ["call na"]}
    await settle(engine, "telegram", "failed", now)
    assert await reroute_officials(engine, occasion(products, now)) == 1
    assert await reroute_officials(engine, occasion(products, now)) == 0
    assert [one.channel for one in await town.letters()] == ["telegram", "zalo-bot"]
    assert (await town.letters())[1].content["messages"] == [{"text": "call na"}]


# ------------------------------------------------------------------------------------------------------- the schedule


async def test_officers_move_steps_and_it_is_written_down(engine: AsyncEngine) -> None:
    now = moment(before(300))
    change = schedule.change
    assert await change(engine, "late", 125, "person 3", now) == "changed"
    assert await change(engine, "late", 125, "person 3", now) == "same"
    assert await change(engine, "late", 150, "person 3", now) == "taken"
    assert await change(engine, "late", 1_001, "person 3", now) == "out_of_range"
    assert await change(engine, "late", -1, "person 3", now) == "out_of_range"
    assert await change(engine, "nothing", 5, "person 3", now) == "unknown"
    assert await change(engine, "month", None, "person 3", now) == "changed"
    steps = await schedule.in_force(engine)
    assert [(one.name, one.days_before) for one in steps.on] == [
        ("prepare", 210), ("opens", 180), ("middle", 150), ("late", 125), ("last_day", 120), ("end", 0),
    ]  # fmt: skip
    assert await change(engine, "late", 130, "person 3", now) == "changed"
    assert await change(engine, "month", 30, "person 3", now) == "changed"
    assert (await schedule.in_force(engine)).every == programme().every
    audit = await Town(engine).rows(Audit)
    assert [(one.actor, one.subject, one.before, one.after) for one in audit][:2] == [
        ("person 3", "schedule late", {"days_before": 130}, {"days_before": 125}),
        ("person 3", "schedule month", {"days_before": 30}, {"days_before": None}),
    ]
    assert len(audit) == 4
