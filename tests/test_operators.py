"""Operators hear of a channel that is down on the other channels: once, and when it is back."""

from __future__ import annotations

from typing import Any

import pytest

from bot.channels.channel import Outcome, Sent
from bot.operators import Operators
from bot.settings import Settings, SettingsError, read_settings
from handlers.talk.message import Message
from tests.players import telegram_player


class Wire:
    """A channel whose state the test sets and whose sends it reads."""

    def __init__(self, state: str = "up") -> None:
        self.state, self.sent = state, []

    def health(self) -> dict[str, Any]:
        return {"state": self.state, "detail": "needs consent"}

    async def send(self, chat: str, message: Message, *, about: Any = None) -> Outcome:
        self.sent.append((chat, message.text))
        return Sent()


async def test_told_once_on_another_channel_and_when_it_is_back() -> None:
    good, bad = Wire(), Wire("down")
    watching = Operators({"telegram": good, "zalo-oa": bad}, [("telegram", "7"), ("zalo-oa", "8")], "vi")
    await watching.look()
    assert good.sent == []
    for _look in range(5):
        await watching.look()
    assert [chat for chat, _text in good.sent] == ["7"]
    assert "zalo-oa" in good.sent[0][1]
    assert "needs consent" in good.sent[0][1]
    bad.state = "up"
    await watching.look()
    await watching.look()
    assert len(good.sent) == 2
    assert "hoạt động lại" in good.sent[1][1]
    assert bad.sent == []


async def test_editors_hear_it_too_and_nobody_hears_it_twice() -> None:
    async def editors() -> list[tuple[str, str]]:
        return [("telegram", "7"), ("telegram", "9")]

    good, bad = Wire(), Wire("down")
    watching = Operators({"telegram": good, "zalo-oa": bad}, [("telegram", "7")], "vi", editors)
    for _look in range(3):
        await watching.look()
    assert [chat for chat, _text in good.sent] == ["7", "9"]


async def test_nobody_is_told_twice_of_a_short_moment() -> None:
    good, bad = Wire(), Wire("down")
    watching = Operators({"telegram": good, "zalo-oa": bad}, [("telegram", "7")], "vi")
    for state in ("down", "up") * 4:
        bad.state = state
        await watching.look()
    assert good.sent == []


async def test_through_the_real_program(tmp_path: Any) -> None:
    settings = {
        "database_url": f"sqlite+aiosqlite:///{tmp_path}/bot.db",
        "bot_operators": "telegram:42",
        "zalo_bot_token": "123456789:" + "a" * 30,
        "zalo_bot_api_url": "http://127.0.0.1:9",
    }
    async with telegram_player(**settings) as player:
        fake = player._fake
        fake.chat(42)
        for _look in range(3):
            await player._application.operators.look()
        assert [shown for shown in fake.screen(42) if "zalo-bot" in shown.text]


def test_the_setting_is_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Settings(_env_file=None, bot_operators="telegram:1, zalo-bot:x").operators == [
        ("telegram", "1"),
        ("zalo-bot", "x"),
    ]
    monkeypatch.setenv("BOT_OPERATORS", "someone")
    with pytest.raises(SettingsError, match="BOT_OPERATORS"):
        read_settings()
