"""The sample registry as the importer and the publisher give it, and what understands it."""

from __future__ import annotations

import asyncio
import tempfile
from functools import lru_cache
from pathlib import Path

import db
from handlers.services.catalogue import Catalogue
from handlers.services.importing import load_if_empty
from handlers.services.places import Places
from handlers.services.publishing import published
from handlers.services.search import Search
from handlers.talk.understanding import Understanding, search_of
from handlers.talk.understanding.learned import Learned

ROOT = Path(__file__).resolve().parents[2]
LOCALES = ROOT / "locales"
SAMPLE = ROOT / "data" / "lang-son"


@lru_cache(maxsize=4)
def catalogue(folder: Path = SAMPLE) -> Catalogue:
    """The catalogue of a registry folder, read once."""
    return asyncio.run(_published(folder))


async def _published(folder: Path) -> Catalogue:
    with tempfile.TemporaryDirectory() as room:
        engine = db.async_engine(f"sqlite+aiosqlite:///{room}/registry.db")
        await db.migrate(engine)
        await load_if_empty(engine, folder)
        found = await published(engine)
        await engine.dispose()
    return found


@lru_cache(maxsize=4)
def search(folder: Path = SAMPLE) -> Search:
    """The search with the synonyms of all languages."""
    return search_of(catalogue(folder), LOCALES)


@lru_cache(maxsize=4)
def understanding(folder: Path = SAMPLE) -> Understanding:
    """The understander of a registry folder."""
    return Understanding(catalogue(folder), search(folder), Places(catalogue(folder)), LOCALES)


def untaught() -> Understanding:
    """The understander of the sample with no weights: what it looks at in a sentence is told all the same."""
    nothing = Learned((), (), 0.0, b"", "", ())
    return Understanding(catalogue(), search(), Places(catalogue()), LOCALES, learned=nothing)
