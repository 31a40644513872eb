"""The shelf: what is published, built once and swapped whole when the registry's version changes."""

from __future__ import annotations

import asyncio
import gc
from pathlib import Path

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from handlers.services.catalogue import Catalogue
from handlers.services.places import Places
from handlers.services.publishing import published, registry_version
from handlers.talk.language import LOCALES
from handlers.talk.turn import Published
from handlers.talk.understanding import Understanding, search_of

log = structlog.get_logger("shelf")


def publish(catalogue: Catalogue, phrases: Path = LOCALES) -> Published:
    """Everything look-ups need, built from a catalogue; seconds for the whole country, so not on the event loop."""
    search = search_of(catalogue, phrases)
    places = Places(catalogue)
    return Published(catalogue, search, places, Understanding(catalogue, search, places, phrases))


class Shelf:
    """Holds what is published; :meth:`refresh` swaps it when the database has a newer registry."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._held: Published | None = None

    def __call__(self) -> Published:
        """What is published now."""
        assert self._held is not None, "refresh() comes first"
        return self._held

    async def refresh(self) -> bool:
        """Swap in a newer registry if there is one; True when something changed."""
        version = await registry_version(self._engine)
        if self._held is not None and self._held.catalogue.version == version:
            return False
        catalogue = await published(self._engine)
        self._held = publish(catalogue) if self._held is None else await self._beside(catalogue)
        gc.freeze()
        log.info("registry_published", version=catalogue.version, products=len(catalogue.products))
        return True

    @staticmethod
    async def _beside(catalogue: Catalogue) -> Published:
        """Publish while others are answered; what is built all stays, so nobody waits for looks through it."""
        gc.disable()
        try:
            return await asyncio.to_thread(publish, catalogue)
        finally:
            gc.freeze()
            gc.enable()
