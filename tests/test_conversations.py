"""Every conversation file on every channel."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from bot.app import offline
from bot.replay import Script, play, read_script
from bot.settings import Settings
from tests.players import telegram_player, web_player

FILES = sorted((Path(__file__).parent / "conversations").glob("*.chat"))


@asynccontextmanager
async def terminal_player(**_changed: Any) -> AsyncIterator[Any]:
    """The terminal, as ``replay`` plays it."""

    class Player:
        def __init__(self, offline_player: Any) -> None:
            self.begin = offline_player.player

    async with offline(Settings(_env_file=None)) as player:
        yield Player(player)


PLAYERS = {"terminal": terminal_player, "web": web_player, "telegram": telegram_player}


def test_there_are_conversations() -> None:
    assert FILES


@pytest.mark.parametrize("channel", PLAYERS)
async def test_conversations(channel: str, tmp_path: Path) -> None:
    """All files on one channel, by one running program; every difference of every file is told."""
    wrong: list[str] = []
    said: list[str] = []
    database = f"sqlite+aiosqlite:///{tmp_path}/bot.db"
    async with PLAYERS[channel](database_url=database) as player:
        for path in FILES:
            script: Script = read_script(path)
            said.clear()
            differences = await play(script, player.begin(script), said.append)
            if differences:
                wrong += [*differences, *said, ""]
    assert not wrong, "\n".join(wrong)
