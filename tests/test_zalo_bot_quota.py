"""The Bot Platform's month and its people: one count for all replicas, in the table."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.channels.channel import Later
from bot.channels.zalo_bot import MESSAGES_A_MONTH, TallyLedger, ZaloBotChannel
from handlers.talk.message import Inbound, Message, Text
from tests.outboxes import ZONE, people

NOW = datetime(2026, 12, 30, 12, tzinfo=ZONE)


async def test_one_count_for_all_replicas(engine: AsyncEngine) -> None:
    one, other = TallyLedger(engine), TallyLedger(engine)
    assert await one.add("2026-12", 2) == 2
    assert await other.add("2026-12", 3) == 5
    assert await one.add("2027-01", 1) == 1
    await people(engine, ["a", "b"], channel="zalo-bot")
    await people(engine, ["c"], channel="zalo-bot", state="gone")
    await people(engine, ["d"])
    assert await one.people() == 2


@pytest.mark.parametrize("sent", [MESSAGES_A_MONTH - 1, MESSAGES_A_MONTH])
async def test_what_nobody_asked_for_stops_at_the_month(sqlite_engine: AsyncEngine, sent: int) -> None:
    ledger = TallyLedger(sqlite_engine)
    await ledger.add("2026-12", sent)
    channel = ZaloBotChannel(
        token="1:a", secret="s" * 10, api_url="http://127.0.0.1:1", ledger=ledger, now=lambda: NOW
    )
    await channel._client.open()
    await channel._month.count(0)
    health = channel.health()
    assert (health["sent_this_month"], health["people"], health["people_most"]) == (sent, 0, 50)
    outcome = await channel.send("5", Message("Phiên chợ"))
    asked = Inbound("zalo-bot", "5", "1", Text("na"), NOW)
    answer = await channel.send("5", Message("Na dai"), about=asked)
    await channel.stop()
    assert isinstance(outcome, Later)
    assert isinstance(answer, Later)
    left = timedelta(days=1, hours=12).total_seconds()
    assert (outcome.seconds == left and outcome.whole_channel) == (sent == MESSAGES_A_MONTH)
    assert answer.seconds < 60
