"""The inbox: stored once, answered once, taken over from the dead, nothing personal kept."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel import col

import db
from db import Arrival, Chat, Miss, Step
from handlers.services.inbox import Inbox, InboxUnavailable, Settlement

NOW = datetime(2026, 12, 3, 3, 0, tzinfo=UTC)


@asynccontextmanager
async def inbox(engine: AsyncEngine, worker: int = 1, now: datetime = NOW) -> AsyncIterator[Inbox]:
    opened = Inbox(engine, worker, lambda: now)
    await opened.start()
    try:
        yield opened
    finally:
        await opened.stop()


async def rows(engine: AsyncEngine, table: type) -> list[tuple]:
    async with engine.connect() as connection:
        return [tuple(row) for row in await connection.execute(select(table))]


async def test_an_id_is_given_once(engine: AsyncEngine) -> None:
    async with inbox(engine) as opened:
        given = await asyncio.gather(*(opened.store("telegram", "7", "42", "{}") for _ in range(50)))
        assert sum(standing is not None for standing in given) == 1
        assert await opened.store("telegram", "7", "42", "{}") is None
        assert await opened.store("web", "7", "42", "{}") is not None


async def test_two_replicas_answer_once(engine: AsyncEngine) -> None:
    async with inbox(engine, 1) as one, inbox(engine, 2) as two:
        given = await asyncio.gather(
            *(box.store("telegram", str(n), "42", "{}") for n in range(40) for box in (one, two))
        )
        assert sum(standing is not None for standing in given) == 40


async def test_a_standing_survives_and_words_do_not(engine: AsyncEngine) -> None:
    async with inbox(engine) as opened:
        standing = await opened.store("telegram", "1", "42", '{"text": "0912345678 and 21.85,106.75"}')
        assert standing is not None
        assert standing.new
        standing.put("product", "na-dong-banh")
        standing.language = "en"
        standing.changed = True
        opened.settle(Settlement("telegram", "1", "42", standing=standing))
    async with inbox(engine, 2) as opened:
        again = await opened.store("telegram", "2", "42", "{}")
        assert again is not None
        assert (again.language, again.get("product"), again.new) == ("en", "na-dong-banh", False)
    arrivals = {row.update_id: row for row in await _arrivals(engine)}
    assert (arrivals["1"].state, arrivals["1"].raw) == ("answered", "")


async def _arrivals(engine: AsyncEngine) -> list:
    async with engine.connect() as connection:
        return list(
            await connection.execute(select(Arrival.update_id, Arrival.state, Arrival.raw, Arrival.worker))
        )


async def test_what_is_unsaved_wins_over_the_row(engine: AsyncEngine) -> None:
    async with inbox(engine) as opened:
        first = await opened.store("telegram", "1", "42", "{}")
        second = await opened.store("telegram", "2", "42", "{}")
        assert first is second


async def test_a_dead_worker_is_taken_over_a_living_one_is_not(engine: AsyncEngine) -> None:
    dead = Inbox(engine, 11, lambda: NOW)
    await dead.start()
    await dead.store("telegram", "1", "42", '{"update_id": 1}')
    async with inbox(engine, 12) as living:
        if engine.dialect.name == "postgresql":
            assert await living.take_over() == []
        assert dead._writer is not None
        dead._writer.cancel()
        if dead._lock is not None:
            await dead._lock.invalidate()  # as a killed process: its connection is gone, and its lock with it
            await dead._lock.close()
        async with asyncio.timeout(5):
            taken = await living.take_over()
            while not taken:
                await asyncio.sleep(0.02)
                taken = await living.take_over()
        assert [(one[1], one[3]) for one in taken] == [("1", '{"update_id": 1}')]
        assert taken[0][4].new
        assert [row.worker for row in await _arrivals(engine)] == [12]


async def test_what_is_on_its_way_is_not_answered_again(engine: AsyncEngine) -> None:
    async with inbox(engine) as opened:
        standing = await opened.store("telegram", "1", "42", "{}")
        assert await opened.take_over() == []
        opened.settle(Settlement("telegram", "1", "42", standing=standing))
        assert await opened.take_over() == []
        await opened.written()
        assert await opened.take_over() == []
        assert await opened.store("telegram", "2", "42", "{}") is not None
        assert await opened.store("telegram", "2", "42", "{}") is None
        assert await opened.take_over() == []
        opened.release("telegram", "42", "2")
        assert [one[1] for one in await opened.take_over()] == ["2"]
        assert await opened.take_over() == []


async def test_looking_for_open_arrivals_never_answers_twice(engine: AsyncEngine) -> None:
    """Many arrivals settled at once while somebody looks for open ones all the time."""
    looking, again = True, []

    async def look(opened: Inbox) -> None:
        while looking:
            again.extend(one[1] for one in await opened.take_over())

    async with inbox(engine) as opened:
        looker = asyncio.create_task(look(opened))

        async def arrive(number: int) -> None:
            standing = await opened.store("telegram", str(number), str(number % 7), "{}")
            await asyncio.sleep(0.001 * (number % 5))
            opened.settle(Settlement("telegram", str(number), str(number % 7), standing=standing))

        for first in range(0, 300, 20):
            await asyncio.gather(*(arrive(number) for number in range(first, first + 20)))
        await opened.written()
        looking = False
        await looker
    assert again == []
    assert {row.state for row in await _arrivals(engine)} == {"answered"}


async def test_a_bad_row_harms_nobody_else(engine: AsyncEngine) -> None:
    async with inbox(engine) as opened:
        standing = await opened.store("telegram", "1", "42", "{}")
        bad = Miss(at=NOW, language=None, text="x")  # type: ignore[arg-type]
        opened.settle(Settlement("telegram", "1", "42", standing=standing, records=[bad]))
        given = await opened.store("telegram", "2", "43", "{}")
        assert given is not None
        opened.settle(Settlement("telegram", "2", "43", standing=given))
    states = {row.update_id: row.state for row in await _arrivals(engine)}
    assert states == {"1": "stored", "2": "answered"}


async def test_a_broken_database_is_said(engine: AsyncEngine) -> None:
    async with inbox(engine) as opened:
        async with engine.begin() as connection:
            await connection.execute(text("DROP TABLE arrival"))
        with pytest.raises(InboxUnavailable):
            await opened.store("telegram", "1", "42", "{}")


async def test_old_things_are_forgotten(engine: AsyncEngine) -> None:
    old = NOW - timedelta(days=91)
    async with inbox(engine, now=old) as opened:
        await opened.store("telegram", "old and open", "41", "{}")
        standing = await opened.store("telegram", "old", "42", "{}")
        opened.settle(
            Settlement(
                "telegram",
                "old",
                "42",
                standing=standing,
                records=[Miss(at=old, language="vi", text="gi do")],
            )
        )
    async with inbox(engine) as opened:
        await opened.forget_old()
    assert [row.update_id for row in await _arrivals(engine)] == ["old and open"]
    assert await rows(engine, Miss) == []
    assert len(await rows(engine, Chat)) == 1
    assert len(await rows(engine, Step)) <= 1


async def test_nothing_is_lost_in_a_flood(engine: AsyncEngine) -> None:
    async with inbox(engine) as opened:

        async def one(number: int) -> None:
            address = str(number % 50)
            standing = await opened.store("telegram", str(number), address, "{}")
            assert standing is not None
            standing.put("count", (standing.get("count") or 0) + 1)
            opened.settle(Settlement("telegram", str(number), address, standing=standing))

        await asyncio.gather(*(one(number) for number in range(2_000)))
    async with engine.connect() as connection:
        counts = [row[0]["count"] for row in await connection.execute(select(Step.state))]
    assert counts == [40] * 50
    assert {row.state for row in await _arrivals(engine)} == {"answered"}
    assert db.head_revision()


async def test_a_chat_can_be_erased(engine: AsyncEngine) -> None:
    async with inbox(engine) as opened:
        standing = await opened.store("telegram", "1", "42", "{}")
        assert standing is not None
        standing.put("product", "x")
        opened.settle(Settlement("telegram", "1", "42", standing=standing, answer="kept"))
        await asyncio.sleep(0.05)
        await opened.erase("telegram", "42")
        again = await opened.store("telegram", "2", "42", "{}")
        assert again is not None
        assert (again.new, again.state) == (True, {})
        opened.release("telegram", "42", "2")
        assert await opened.store("telegram", "1", "42", "{}") is None
    assert await rows(engine, Chat) == []
    assert await rows(engine, Step) == []


async def test_nobodys_chat_is_not_remembered(engine: AsyncEngine) -> None:
    async with inbox(engine) as opened:
        standing = await opened.store("zalo-oa", "receipt", "", "{}")
        opened.settle(Settlement("zalo-oa", "receipt", "", standing=standing))
    assert await rows(engine, Chat) == []


@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
async def test_a_worker_whose_connection_broke_lives_again(engine: AsyncEngine) -> None:
    mine, other = Inbox(engine, 41, lambda: NOW), Inbox(engine, 42, lambda: NOW)
    await mine.start()
    await mine.store("telegram", "1", "5", "{}")
    async with engine.connect() as connection:
        breaking = "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND objid = 41"
        await connection.execute(text(breaking))
    await mine.live()
    await mine.live()
    assert await other.take_over() == []
    await mine.stop()
    assert [found[1] for found in await other.take_over()] == ["1"]


async def test_a_letter_leaves_the_labels_of_the_answer_before_it(engine: AsyncEngine) -> None:
    """On channels where one types: a letter that comes in between must not make the last answer's words unknown."""
    async with inbox(engine) as opened:
        await opened.offer(
            "zalo-bot", "c", {"numbers": ["an-look:1"], "labels": {"xem truoc": "an-look:1"}, "at": 1}
        )
        await opened.offer("zalo-bot", "c", {"numbers": ["rm"], "labels": {"can goi ai": "rm"}, "at": 2})
        async with engine.connect() as connection:
            state = (await connection.execute(select(col(Step.state)))).scalar_one()
    assert state["choices"]["numbers"] == ["rm"], "numbers are those seen last"
    assert state["choices"]["labels"] == {"xem truoc": "an-look:1", "can goi ai": "rm"}
