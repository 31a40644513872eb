"""A program that does nothing but send: the outbox, its senders and one real channel, at a pace of one's own.

``python -m bench.outbox_bot DATABASE API PACE SHIFT [telegram|zalo-oa] [ANSWER_SECONDS]``

``PACE`` is messages a second (``inf`` = as quickly as it goes). ``SHIFT`` is the name of a file with seconds by which
its clock differs from the real one; it is read again and again, so that a trial can make the clock jump.
"""

from __future__ import annotations

import asyncio
import gc
import secrets
import signal
import sys
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import uvloop
from sqlalchemy.exc import DBAPIError

import db
from bench.bots import TOKEN
from bot.channels.ceiling import Ceiling
from bot.channels.channel import Channel
from bot.dispatch import Dispatch, Words
from bot.logs import configure
from db import Announcement
from handlers.services.inbox import Inbox
from handlers.services.outbox import Outbox
from handlers.talk.message import Message

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
LOOK_SECONDS = 0.2
GRACE_SECONDS = 8.0


class Shifted:
    """The real clock, and what a file says on top."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.read()

    def read(self) -> None:
        """Look at the file."""
        self._by = timedelta(seconds=float(self._path.read_text() or 0))

    def __call__(self) -> datetime:
        return datetime.now(ZONE) + self._by


def rendered(found: Announcement, language: str) -> list[Message]:
    """What is sent."""
    return [Message(found.texts.get(language) or found.texts["vi"])]


async def untold(_found: Announcement, _reason: str) -> list[object]:
    """Nobody is told here."""
    return []


async def unheard(*_said: object) -> None:
    """No numbers are typed here."""


async def unseen(found: Announcement, _language: str) -> Message:
    """Nobody looks how far it is."""
    return Message(found.state)


def channel_of(kind: str, api: str, engine: object, pace: float, answer_seconds: float) -> Channel:
    """The channel as the program makes it."""
    ceiling = Ceiling(pace)
    if kind == "telegram":
        from bot.channels.telegram import TelegramChannel

        return TelegramChannel(
            token=TOKEN, secret="bench", api_url=api, ceiling=ceiling, answer_seconds=answer_seconds
        )
    from bench.zalo import environment
    from bot.channels.zalo_oa import Account, ZaloOAChannel
    from bot.settings import Settings

    values = {name.lower(): value for name, value in environment(api).items()}
    account = Account.of(Settings(_env_file=None, **values))  # type: ignore[arg-type,call-arg]
    assert account is not None
    return ZaloOAChannel(account, engine, ceiling=ceiling, answer_seconds=answer_seconds)  # type: ignore[arg-type]


async def main(database: str, api: str, pace: str, shift: str, kind: str, answer: str) -> None:
    """Send until SIGTERM."""
    configure("WARNING", "text", secrets=[TOKEN])
    engine = db.async_engine(database)
    now, worker = Shifted(Path(shift)), secrets.randbits(62) + 1
    inbox = Inbox(engine, worker, now)
    channel = channel_of(kind, api, engine, float(pace), float(answer))
    dispatch = Dispatch(
        Outbox(engine, worker, now), {channel.name: channel}, Words(rendered, untold, unheard, unseen)
    )  # type: ignore[arg-type]
    stopping = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopping.set)
    await inbox.start()
    await channel.start()
    await dispatch.start()
    gc.collect()
    gc.freeze()
    print("ready", flush=True)
    looks = 0
    while not stopping.is_set():
        now.read()
        try:
            await asyncio.wait_for(stopping.wait(), LOOK_SECONDS)
        except TimeoutError:
            looks += 1
            if looks % 10 == 0:
                with suppress(DBAPIError, OSError):
                    await inbox.live()
    await dispatch.stop(GRACE_SECONDS)
    await channel.stop()
    await inbox.stop()
    await engine.dispose()


if __name__ == "__main__":
    given = [*sys.argv[1:], *("telegram", "5")[len(sys.argv) - 5 :]]
    uvloop.run(main(*given))
