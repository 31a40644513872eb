"""The channel and the fake Bot API server together, over loopback."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from bot.channels.channel import Sent
from bot.channels.telegram import TelegramChannel
from handlers.talk.message import Button, Message, Press, Text
from tests.fakes.telegram import FakeTelegram


@pytest.fixture
async def fake() -> AsyncIterator[FakeTelegram]:
    async with FakeTelegram() as server:
        yield server


def make(fake: FakeTelegram, **more: Any) -> TelegramChannel:
    return TelegramChannel(token=fake.token, secret="s3cret", api_url=fake.url, **more)


@pytest.fixture
async def channel(fake: FakeTelegram) -> AsyncIterator[TelegramChannel]:
    made = make(fake)
    await made.start()
    yield made
    await made.stop()


async def test_a_whole_conversation_by_polling(fake: FakeTelegram, channel: TelegramChannel) -> None:
    async def store(update: dict[str, Any]) -> None:
        for inbound in channel.decode(update):
            await channel.confirm(inbound, "ok")
            words = inbound.content.text if isinstance(inbound.content, Text) else "pressed"
            edits = isinstance(inbound.content, Press)
            buttons = ((Button("Next", action="n:1"),),)
            answer = Message(title="Echo", text=f"<{words}> & more", buttons=buttons, edits=edits)
            assert isinstance(await channel.send(inbound.chat, answer, about=inbound), Sent)

    polling = asyncio.create_task(channel.poll(store, seconds=5))
    (shown,) = await fake.ask(5, "vịt quay")
    assert shown.text == "Echo\n<vịt quay> & more"
    assert shown.bold == ["Echo"]
    (edited,) = await fake.tap(5, "Next")
    assert edited.text == "Echo\n<pressed> & more"
    assert edited.message_id == shown.message_id
    assert list(fake.confirmed.values()) == ["ok"]
    assert channel.health() == {"state": "up", "detail": "polling", "username": "xulang_test_bot"}
    polling.cancel()
