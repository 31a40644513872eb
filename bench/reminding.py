"""Mornings of reminders, in a process of their own: planned for everybody, and written for very many at once.

``python -m bench.reminding REGISTRY-OF-20000 ROOM`` prints one row a line as JSON.
"""

from __future__ import annotations

import asyncio
import gc
import json
import sys
import time
import tracemalloc
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from bench.measures import Row
from bench.searching import catalogue_of

PEOPLE = 10_000
MANY = 5_000
"""producers whose certificates one decision gave"""
SECONDS, MEGABYTES = 2.0, 100.0
"""what planning may take (issue of producers, benchmarks)"""
MINUTES = 5.0
NOW = datetime(2026, 11, 24, 8, 0, tzinfo=ZoneInfo("Asia/Ho_Chi_Minh"))
END = NOW.date() + timedelta(days=180)


def spread(catalogue: Any, *, same_day: bool) -> Any:
    """The same products for 10,000 producers; their ends lie over three years, or all on one day."""
    makers = [
        replace(
            next(iter(catalogue.producers.values())),
            code=f"p{number}",
            key=f"p{number}",
            name=f"HTX {number}",
        )
        for number in range(PEOPLE)
    ]
    products = {}
    for number, (code, product) in enumerate(catalogue.products.items()):
        end = END if same_day else NOW.date() + timedelta(days=number % 1_096)
        certificate = replace(
            product.certificate, valid_until=end.isoformat(), status=None, status_on=None, issued_on=None
        )
        products[code] = replace(product, producer=makers[number % PEOPLE], certificate=certificate)
    return replace(catalogue, products=products, producers={maker.code: maker for maker in makers})


async def settle_in(engine: Any) -> None:
    """A person with a chat and a wish for each producer."""
    from sqlalchemy import insert

    from db import Chat, Link, Person, Subscription

    numbers = range(PEOPLE)
    rows: list[tuple[Any, list[dict[str, Any]]]] = [
        (Person, [{"id": one + 1, "created_at": NOW} for one in numbers]),
        (
            Chat,
            [
                {
                    "channel": "telegram",
                    "address": str(one),
                    "person_id": one + 1,
                    "state": "active",
                    "language": "vi",
                    "first_seen_at": NOW,
                    "last_seen_at": NOW,
                }
                for one in numbers
            ],
        ),
        (
            Subscription,
            [
                {
                    "channel": "telegram",
                    "address": str(one),
                    "topic": "reminders",
                    "wanted": True,
                    "since": NOW,
                }
                for one in numbers
            ],
        ),
        (
            Link,
            [
                {
                    "person_id": one + 1,
                    "producer_code": f"p{one}",
                    "since": NOW,
                    "how": "code",
                    "by": "console",
                }
                for one in numbers
            ],
        ),
    ]
    async with engine.begin() as connection:
        for table, values in rows:
            await connection.execute(insert(table), values)


async def rows(folder: Path, room: Path) -> list[Row]:
    """Planning for everybody, twice; then a morning of 5,000 written, and once more."""
    import db
    from handlers.reminders import digest
    from handlers.services.certificates import _verdict
    from handlers.services.reminders.keeping import write
    from handlers.services.reminders.planning import Occasion, plan
    from handlers.services.reminders.routing import Roads
    from handlers.services.reminders.schedule import programme
    from handlers.services.roads import Road

    whole = await catalogue_of(folder, room)
    engine = db.async_engine(f"sqlite+aiosqlite:///{room / 'reminding.db'}")
    await db.migrate(engine)
    await settle_in(engine)
    roads = Roads.of([Road("telegram", 4_096, 1_024, 8, "full", "full")], NOW)
    made = []

    def occasion(catalogue: Any) -> Occasion:
        return Occasion(NOW.date(), catalogue, programme(), roads, "vi")

    for name, same_day in (("ends over three years", False), ("all on one day", True)):
        catalogue = spread(whole, same_day=same_day)
        gc.collect()
        _verdict.cache_clear()
        began = time.perf_counter()
        found = await plan(engine, occasion(catalogue))
        took = time.perf_counter() - began
        del found
        _verdict.cache_clear()
        tracemalloc.start()  # every byte that Python asks for, freed or not since; it makes planning slow
        found = await plan(engine, occasion(catalogue))
        more = tracemalloc.get_traced_memory()[1] / (1 << 20)
        tracemalloc.stop()
        figure = f"{took:.2f} s, {more:.0f} MB more, {len(found.digests):,} digests"
        good = took < SECONDS and more < MEGABYTES
        what = f"planning a morning, {len(catalogue.products):,} products, {PEOPLE:,} people, {name}"
        made.append(Row(what, figure, f"< {SECONDS:g} s, < {MEGABYTES:g} MB", good))
        del found
    few = [f"p{number}" for number in range(MANY)]
    for name in ("written", "begun again"):
        began = time.perf_counter()
        done = await write(engine, occasion(catalogue), digest.words(catalogue, NOW.date()), few)
        took = time.perf_counter() - began
        right = done.digests == (MANY if name == "written" else 0)
        figure = f"{took:.1f} s, {done.digests:,} digests, {done.reminders:,} reminders"
        made.append(
            Row(
                f"a morning of {MANY:,} producers, {name}",
                figure,
                f"< {MINUTES:g} min",
                right and took < MINUTES * 60,
            )
        )
    await engine.dispose()
    return made


if __name__ == "__main__":
    for row in asyncio.run(rows(Path(sys.argv[1]), Path(sys.argv[2]))):
        print(json.dumps(row.__dict__))
