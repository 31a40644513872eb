"""An announcement under trouble, shortly: real processes, kill -9, two replicas, a clock that jumps, a database that
goes away. The long version, with 20,000 people and 20 kills, is ``python -m bench --only faults``."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

import db
from bench import faults
from bench.faults import Found, Trial
from tests.conftest import Server

SHARES = faults.SHARES | {"429": 0.004}


def fine(trial: Trial, found: Found) -> None:
    """Nobody lost, nobody twice, the ceiling kept; everybody is in exactly one state."""
    assert (found.lost, found.twice) == (0, 0), found
    assert found.most <= trial.pace, found
    assert found.killed == trial.kills
    assert found.states.total() == trial.recipients
    assert set(found.states) <= {"sent", "gone", "failed", "uncertain"}, found
    assert found.states["sent"] > trial.recipients * 0.8
    assert found.uncertain < trial.recipients * 0.1


async def test_one_process_killed_three_times(tmp_path: Path) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path / 'bot.db'}"
    trial = Trial("sqlite", url, tmp_path, 600, 150, kills=3, seed=11, shares=SHARES, patience=90)
    fine(trial, await faults.run(trial))


@pytest.fixture
async def shared(postgresql_server: Server) -> AsyncIterator[AsyncEngine]:
    name = "faults"
    await postgresql_server.tell(
        f"CREATE DATABASE {name} TEMPLATE {await postgresql_server.migrated_template()}"
    )
    engine = db.async_engine(postgresql_server.of(name))
    yield engine
    await engine.dispose()
    await postgresql_server.tell(f"DROP DATABASE {name} WITH (FORCE)")


async def test_two_replicas_killed_the_clock_jumping_the_database_away(
    shared: AsyncEngine, postgresql_server: Server, tmp_path: Path
) -> None:
    async def outage() -> None:
        """Every connection breaks, and for a second there is no new one."""
        await postgresql_server.tell("ALTER DATABASE faults ALLOW_CONNECTIONS false")
        await postgresql_server.tell(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'faults'"
        )
        await asyncio.sleep(1)
        await postgresql_server.tell("ALTER DATABASE faults ALLOW_CONNECTIONS true")

    url = shared.url.render_as_string(hide_password=False)
    trial = Trial("postgresql", url, tmp_path, 600, 150, kills=3, replicas=2, seed=12)
    trial.shares, trial.jumps, trial.outage, trial.patience = SHARES, (-3600.0, 5400.0), outage, 120
    found = await faults.run(trial)
    fine(trial, found)
    assert found.takeover < 12
