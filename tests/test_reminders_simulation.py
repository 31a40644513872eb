"""The property: every reminder reaches its person once or is listed, whatever stops, fails or changes for 400 days."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncEngine

from tests.reminding_world import simulate

SEED = 20_261_124


async def test_exactly_once_for_400_days(engine: AsyncEngine) -> None:
    table = await simulate(engine, SEED)
    print("\n".join(table.lines()))
    assert (table.repeated, table.lost, table.officials_repeated) == (0, 0, 0)
    assert (table.wrong_days, table.wrong_step) == (0, 0)
    assert table.sent_once > 150
    assert table.rerouted > 20
    assert min(table.uncertain, table.to_call, table.restarts, table.missed_days, table.officials) > 5
