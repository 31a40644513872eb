"""Files that are brought to people: pictures they sent us, and tables that are made when somebody asks for one.

Channels send files from one folder only; what is needed is put there. Pictures come from the database, so that any
replica has them; tables are deleted again after some minutes.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncEngine

from bot.channels.channel import Channel
from bot.channels.downloads import Fetching, TooLarge, Unfetched
from bot.clock import Now
from handlers.services import photos
from handlers.services.roads import Picture, Received, Table

LARGEST = 10 << 20
"""bytes of a picture that is taken (core.telegram.org/bots/api#sendphoto), the widest limit of all channels"""
TABLE_SECONDS = 600.0
"""how long a table lies in the folder: longer than any channel takes to send it"""


class Files:
    """The folder ``root``. ``channels`` fetch what people sent there."""

    def __init__(self, engine: AsyncEngine, root: Path, channels: Mapping[str, Channel], now: Now) -> None:
        self._engine, self._root, self._channels, self._now = engine, root, channels, now

    async def received(self, channel: str, reference: str) -> Received | None:
        """Fetch a picture from its platform and keep it; None when it cannot be had. What is too large is not kept."""
        there = self._channels.get(channel)
        if not isinstance(there, Fetching):
            return None
        try:
            content = await there.fetch(reference, LARGEST)
        except TooLarge as error:
            return Received("", error.size)
        except Unfetched:
            return None
        return Received(await photos.keep(self._engine, content, self._now()), len(content))

    async def picture(self, name: str) -> Picture | None:
        """A picture of ours, put into the folder where it is not there yet."""
        found = await photos.read(self._engine, name)
        if found is None:
            return None
        kind, content = found
        await asyncio.to_thread(self._put, self._root / name, content)
        return Picture(kind, len(content))

    async def table(self, parts: AsyncIterator[bytes]) -> Table:
        """A table in the folder, under a name that nobody can guess, for some minutes."""
        await asyncio.to_thread(self._tidy)
        name = f"tables/{secrets.token_urlsafe(24)}.csv"
        path = self._root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        size = 0
        with path.open("wb") as file:
            async for part in parts:
                size += file.write(part)
        return Table(name, size)

    def _put(self, path: Path, content: bytes) -> None:
        if path.is_file() and path.stat().st_size == len(content):
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        new = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
        new.write_bytes(content)
        new.replace(path)

    def _tidy(self) -> None:
        """Delete tables that have been sent long ago."""
        for path in (self._root / "tables").glob("*.csv"):
            if path.stat().st_mtime < time.time() - TABLE_SECONDS:
                path.unlink(missing_ok=True)
