"""Many producers due the same morning; run as a program, so that it can be killed: ``python -m tests.reminding_crowd
URL PRODUCERS``."""

from __future__ import annotations

import asyncio
import sys
from datetime import date, timedelta

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncEngine

import db
from db import Chat, Link, Person, Subscription
from handlers.reminders import digest
from handlers.services.catalogue import Catalogue
from handlers.services.reminders.keeping import Done, write
from tests.reminded import moment, occasion, product, registry

END = date(2027, 6, 28)
NOW = moment(END - timedelta(days=180))


def crowd(producers: int) -> Catalogue:
    """Two products each, all of one decision."""
    return registry(product(f"s{one}-{at}", f"p{one}", end=END) for one in range(producers) for at in (1, 2))


async def settle_in(engine: AsyncEngine, producers: int) -> None:
    """A person on Telegram for each producer."""
    people = [{"id": one + 1, "created_at": NOW} for one in range(producers)]
    chats = [
        {
            "channel": "telegram", "address": str(one), "person_id": one + 1, "state": "active", "language": "vi",
            "first_seen_at": NOW, "last_seen_at": NOW,
        }
        for one in range(producers)
    ]  # fmt: skip
    wishes = [
        {"channel": "telegram", "address": str(one), "topic": "reminders", "wanted": True, "since": NOW}
        for one in range(producers)
    ]
    links = [
        {"person_id": one + 1, "producer_code": f"p{one}", "since": NOW, "how": "code", "by": "console"}
        for one in range(producers)
    ]
    async with engine.begin() as connection:
        for table, rows in ((Person, people), (Chat, chats), (Subscription, wishes), (Link, links)):
            await connection.execute(insert(table), rows)


async def morning(engine: AsyncEngine, producers: int) -> Done:
    """The morning of all, with the words that people get."""
    catalogue = crowd(producers)
    return await write(engine, occasion(catalogue, NOW), digest.words(catalogue, NOW.date()))


async def _main(url: str, producers: int) -> None:
    engine = db.async_engine(url)
    print((await morning(engine, producers)).digests, flush=True)
    await engine.dispose()


if __name__ == "__main__":
    asyncio.run(_main(sys.argv[1], int(sys.argv[2])))
