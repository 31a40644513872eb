"""One announcement among three people on three channels of one program: author, approver and reader never meet."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from bot.replay import Say, Screen, ScriptStep, play, read_script
from tests.fakes.telegram import FakeTelegram
from tests.fakes.zalo_oa import FakeZaloOA
from tests.players import Player, TelegramPlayer, WebPlayer, ZaloOAPlayer, with_telegram

SCRIPT = Path(__file__).parent / "conversations" / "announcement.chat"
CHANNELS = {"editor": "zalo-oa", "approver": "web", "tourist": "telegram"}


@asynccontextmanager
async def everywhere(database: Path) -> AsyncIterator[Mapping[str, Player]]:
    """The program on Telegram, an Official Account and its own page, with a person in front of each."""
    async with FakeTelegram() as telegram, FakeZaloOA() as zalo:
        settings = zalo.settings() | {"database_url": f"sqlite+aiosqlite:///{database}"}
        async with with_telegram(telegram, **settings) as (application, clock):
            zalo.webhook = f"{application.address}/webhooks/zalo-oa"
            try:
                yield {
                    "telegram": TelegramPlayer(application, clock, telegram),
                    "zalo-oa": ZaloOAPlayer(application, clock, zalo, "button"),
                    "web": WebPlayer(application, clock),
                }
            finally:
                zalo.webhook = ""


async def test_three_people_on_three_channels(tmp_path: Path) -> None:
    script = read_script(SCRIPT)
    async with everywhere(tmp_path / "bot.db") as players:
        says: dict[str, Say] = {
            person: players[channel].begin(script) for person, channel in CHANNELS.items()
        }

        async def say(step: ScriptStep) -> list[Screen]:
            return await says[step.speaker](step)

        lines: list[str] = []
        wrong = await play(script, say, lines.append)
    assert not wrong, "\n".join([*wrong, *lines])
