"""Every conversation file on every channel; with ``-s`` the table channel × conversation comes at the end."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.parity import FILES, Played, column, details, table
from tests.players import PLAYERS


def test_there_are_conversations() -> None:
    assert FILES


@pytest.fixture(scope="module")
def columns() -> Iterator[dict[str, dict[str, Played]]]:
    """What was played so far; printed when the last channel is done."""
    found: dict[str, dict[str, Played]] = {}
    yield found
    print(f"\n{table(found)}" if found else "")


@pytest.mark.parametrize("channel", PLAYERS)
async def test_conversations(channel: str, tmp_path: Path, columns: dict[str, dict[str, Played]]) -> None:
    """All files on one channel, by one running program; every difference of every file is told."""
    found = columns[channel] = await column(channel, tmp_path / "bot.db")
    assert len(found) == len(FILES)
    assert not (wrong := details(found)), wrong
