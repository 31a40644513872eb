"""Search alone, in this process: how long one look-up takes on 500 and on 20,000 products."""

from __future__ import annotations

import asyncio
import gc
import statistics
import time
from collections.abc import Sequence
from pathlib import Path

from bench.measures import Row


async def catalogue_of(folder: Path, room: Path):  # type: ignore[no-untyped-def]
    """The catalogue that the importer and the publisher make of a registry folder."""
    import db
    from handlers.services.importing import load_if_empty
    from handlers.services.publishing import published

    engine = db.async_engine(f"sqlite+aiosqlite:///{room / 'search.db'}")
    await db.migrate(engine)
    await load_if_empty(engine, folder)
    catalogue = await published(engine)
    await engine.dispose()
    return catalogue


def _times(find, texts: Sequence[str]) -> list[float]:  # type: ignore[no-untyped-def]
    """Milliseconds of each look-up, every text once (no second look can be answered from a cache)."""
    gc.collect()
    gc.freeze()
    found = []
    for text in texts:
        began = time.perf_counter()
        find(text)
        found.append((time.perf_counter() - began) * 1_000)
    return sorted(found)


def misspelt(text: str) -> str:
    """The text with two letters of its longest word changed about."""
    longest = max(text.split(), key=len)
    return text.replace(longest, longest[:1] + longest[2:3] + longest[1:2] + longest[3:], 1)


def rows(folder: Path, room: Path, texts: Sequence[str], size: int, limit: float) -> list[Row]:
    """Two rows: texts as typed, and the same with a typo each."""
    from handlers.services.search import Search

    catalogue = asyncio.run(catalogue_of(folder, room))
    began = time.perf_counter()
    search = Search(catalogue)
    built = time.perf_counter() - began
    distinct = list(dict.fromkeys(texts))
    made = []
    for name, asked in (("as typed", distinct), ("with a typo", [misspelt(text) for text in distinct])):
        times = _times(search.find, asked)
        p99 = times[int(len(times) * 0.99)]
        figure = (
            f"p50 {statistics.median(times):.3f}, p99 {p99:.2f} ms (index built in {built * 1_000:,.0f} ms)"
        )
        made.append(
            Row(f"search alone, {size:,} products, {name}", figure, f"p99 < {limit:g} ms", p99 < limit)
        )
    return made
