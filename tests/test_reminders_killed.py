"""A morning of many, killed in the middle by the operating system: the next start finishes it, and nobody twice."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel import col

from db import Delivery
from tests.reminded import Town
from tests.reminding_crowd import settle_in

ROOT = Path(__file__).resolve().parents[1]
PRODUCERS = 700


async def written(engine: AsyncEngine) -> int:
    async with engine.connect() as connection:
        return int(await connection.scalar(select(func.count(col(Delivery.id)))) or 0)


async def started(engine: AsyncEngine) -> asyncio.subprocess.Process:
    url = engine.url.render_as_string(hide_password=False)
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.reminding_crowd",
        url,
        str(PRODUCERS),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
    )


async def test_killed_in_the_middle_nobody_is_lost_or_told_twice(engine: AsyncEngine) -> None:
    await settle_in(engine, PRODUCERS)
    running = await started(engine)
    while not await written(engine):
        assert running.returncode is None, "it ended before it could be killed"
        await asyncio.sleep(0.01)
    running.kill()
    await running.wait()
    assert 0 < await written(engine) < PRODUCERS
    left = PRODUCERS - await written(engine)
    output, _errors = await (await started(engine)).communicate()
    assert int(output) == left
    town = Town(engine)
    letters = await town.letters()
    assert {one.address for one in letters} == {str(one) for one in range(PRODUCERS)}
    assert len(letters) == PRODUCERS
    told = {(one.product_code, one.delivery_key) for one in await town.reminders() if one.step == "opens"}
    assert told == {
        (product, one.key) for one in letters for product, _cycle, _step in one.content["notices"]
    }
    assert len(told) == 2 * PRODUCERS
