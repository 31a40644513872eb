"""Between the writing of a reminder and its sending: who left or answered gets nothing; the rest is rewritten."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import insert, update
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel import col

from db import Certificate, Link, Product
from handlers.services import consent
from handlers.services.access import who
from handlers.services.linking import unlink_all
from handlers.services.outbox import Outbox, Post, Settled, fetch
from handlers.services.reminders.keeping import reroute, write
from handlers.services.renewing import Saying, say
from tests.reminded import COMMUNE, TELEGRAM, WEB, Town, moment, occasion, plain, product

END = date(2027, 6, 28)
DAY = END - timedelta(days=150)
EIGHT = moment(DAY)
READ = ("1", "vi")
LAN = ("telegram", "lan")


def two() -> list[Any]:
    return [product("na", "htx", end=END), product("hoi", "htx", end=END + timedelta(days=1))]


async def taken(engine: AsyncEngine, minutes: int = 5, channel: str = "telegram") -> list[str]:
    """What a sender sends now, as its texts."""
    outbox = Outbox(engine, 1, lambda: EIGHT + timedelta(minutes=minutes))
    page = await outbox.claim(channel, 10)
    await outbox.settle([Settled(post, "sent") for post in page.posts])
    await outbox.close()
    return [_text(post) for post in page.posts]


def _text(post: Post) -> str:
    return " / ".join(one["text"] for one in post.content["messages"])


async def reasons(town: Town) -> list[tuple[str, str | None]]:
    return [(one.state, one.reason) for one in await town.letters()]


def saying(code: str, end: date, minutes: int = 2) -> Saying:
    return Saying(code, end.isoformat(), "person 1", EIGHT + timedelta(minutes=minutes))


async def test_what_stands_is_sent(engine: AsyncEngine) -> None:
    town = Town(engine)
    await town.person("telegram:lan", serves=["htx"])
    await write(engine, occasion(two(), EIGHT), plain)
    assert await taken(engine) == ["na 150 / hoi 151"]


async def test_muted_wins_and_only_for_reminders(engine: AsyncEngine) -> None:
    town = Town(engine)
    await town.person("telegram:lan", serves=["htx"])
    await write(engine, occasion(two(), EIGHT), plain)
    await consent.stop_reminders(engine, LAN, READ, EIGHT + timedelta(minutes=1))
    assert await taken(engine) == []
    assert await reasons(town) == [("skipped", "muted")]
    await reroute(engine, occasion(two(), EIGHT + timedelta(minutes=9)), plain)
    assert await reasons(town) == [("skipped", "muted")], "who refused is not written to by another road"


async def test_other_letters_do_not_heed_reminders_muted(engine: AsyncEngine) -> None:
    from handlers.services.outbox import Letter, enqueue

    town = Town(engine)
    await town.person("telegram:lan", wants=False)
    async with engine.begin() as connection:
        base = ("telegram", "lan", None, "vi", [{"text": "answer"}])
        await enqueue(connection, [Letter("a", *base), Letter("b", *base, topic="officials")], EIGHT)
    assert await taken(engine) == ["answer", "answer"]


async def test_who_unlinked_gets_nothing_and_an_officer_calls(engine: AsyncEngine) -> None:
    town = Town(engine)
    await town.person("telegram:lan", serves=["htx"])
    officer = await town.person("telegram:officer", officer=COMMUNE)
    await write(engine, occasion(two(), EIGHT), plain)
    async with engine.begin() as connection:
        await connection.execute(update(Link).values(ended_at=EIGHT, ended_by="person 1"))
    assert await taken(engine) == []
    assert await reasons(town) == [("skipped", "unlinked")]
    done = await reroute(engine, occasion(two(), EIGHT + timedelta(minutes=9)), plain)
    assert (done.digests, done.calls, officer > 0) == (0, 2, True)
    again = await reroute(engine, occasion(two(), EIGHT + timedelta(minutes=10)), plain)
    assert (again.digests, again.calls) == (0, 0)


async def test_leaving_by_chat_mutes_and_unlinks(engine: AsyncEngine) -> None:
    town = Town(engine)
    await town.person("telegram:lan", serves=["htx"])
    await write(engine, occasion(two(), EIGHT), plain)
    await unlink_all(engine, LAN, await who(engine, *LAN), READ, EIGHT + timedelta(minutes=1))
    assert await taken(engine) == []
    assert [state for state, _why in await reasons(town)] == ["skipped"]


@pytest.mark.parametrize(
    ("said", "rest"),
    [
        ({"state": "filed", "filed_on": "2027-01-28"}, ["hoi 151"]),
        ({"state": "declined", "reason": "x"}, ["hoi 151"]),
        ({"snoozed_until": "2027-12-01"}, ["hoi 151"]),
        ({"state": "preparing"}, ["na 150 / hoi 151"]),
    ],
)
async def test_what_was_answered_meanwhile_is_written_anew(
    engine: AsyncEngine, said: dict[str, str], rest: list[str]
) -> None:
    town = Town(engine)
    await town.person("telegram:lan", serves=["htx"])
    await write(engine, occasion(two(), EIGHT), plain)
    await say(engine, saying("na", END), **said)
    assert await taken(engine) == []
    assert await reasons(town) == [("skipped", "answered")]
    await reroute(engine, occasion(two(), EIGHT + timedelta(minutes=9)), plain)
    assert await taken(engine, 10) == rest
    await reroute(engine, occasion(two(), EIGHT + timedelta(minutes=11)), plain)
    assert await taken(engine, 12) == [], "once"
    assert len(await town.letters()) == 2


async def test_a_digest_of_which_nothing_stands_ends_there(engine: AsyncEngine) -> None:
    town = Town(engine)
    await town.person("telegram:lan", serves=["htx"])
    one = [product("na", "htx", end=END)]
    await write(engine, occasion(one, EIGHT), plain)
    await say(engine, saying("na", END), state="filed", filed_on="2027-01-28")
    assert await taken(engine) == []
    done = await reroute(engine, occasion(one, EIGHT + timedelta(minutes=9)), plain)
    assert (done.digests, done.calls) == (0, 0)
    assert await reasons(town) == [("skipped", "answered")]


@pytest.mark.parametrize(
    ("certificate", "sent"),
    [
        ({"valid_until": "2027-06-28"}, True),
        ({"issued_on": "2024-06-28", "issued_on_basis": "decision"}, True),
        ({"valid_until": "2030-01-05"}, False),
        ({"valid_until": "2027-06-28", "status": "revoked"}, False),
        ({"valid_until": "2027-06-28", "status": "in_renewal", "status_on": "2027-01-20"}, False),
    ],
)
async def test_what_the_registry_says_now(
    engine: AsyncEngine, certificate: dict[str, str], sent: bool
) -> None:
    town = Town(engine)
    await town.person("telegram:lan", serves=["htx"])
    one = [product("na", "htx", end=END)]
    await write(engine, occasion(one, EIGHT), plain)
    async with engine.begin() as connection:
        row = {"code": "na", "name_vi": "Na", "group": "food", "position": 0}
        await connection.execute(insert(Product).values(row))
        await connection.execute(insert(Certificate).values(product_code="na", in_force=True, **certificate))
    assert await taken(engine) == (["na 150"] if sent else [])
    assert await reasons(town) == [("sent", None) if sent else ("skipped", "renewed")]


async def test_the_copy_that_waits_for_a_page_is_overtaken_too(engine: AsyncEngine) -> None:
    town = Town(engine)
    await town.person("telegram:lan", "web:w", serves=["htx"])
    roads = (TELEGRAM, WEB)
    await write(engine, occasion(two(), EIGHT, roads), plain)
    assert len(await town.letters()) == 2
    await say(engine, saying("na", END), state="filed", filed_on="2027-01-28")
    assert await taken(engine) == []
    await reroute(engine, occasion(two(), EIGHT + timedelta(minutes=9), roads), plain)
    assert await taken(engine, 10) == ["hoi 151"]
    assert await fetch(engine, "web", "w", EIGHT + timedelta(minutes=11)) == []
    page = [one for one in await town.letters() if one.channel == "web"]
    assert [(one.state, one.reason) for one in page] == [("skipped", "answered")]


async def test_one_of_two_people_leaving_leaves_the_other(engine: AsyncEngine) -> None:
    town = Town(engine)
    lan = await town.person("telegram:lan", serves=["htx"])
    await town.person("telegram:binh", serves=["htx"])
    await write(engine, occasion(two(), EIGHT), plain)
    async with engine.begin() as connection:
        await connection.execute(
            update(Link).where(col(Link.person_id) == lan).values(ended_at=EIGHT, ended_by="person 1")
        )
    assert await taken(engine) == ["na 150 / hoi 151"]
    assert sorted(await reasons(town)) == [("sent", None), ("skipped", "unlinked")]
