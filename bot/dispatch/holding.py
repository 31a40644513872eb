"""Who sends on a channel: one program, so that the platform's pace is kept by one hand.

On SQLite there is one program. On PostgreSQL whoever has the channel's advisory lock sends; the lock lives as long as
its connection, and every claim is made on that connection: without the lock nothing more is sent. A holder whose
process dies loses it at once; one whose machine vanishes, when the server has missed it for nine seconds.
"""

from __future__ import annotations

from contextlib import suppress
from zlib import crc32

import structlog
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

log = structlog.get_logger("dispatch")

SENDERS = 20_250_702
"""the first half of the lock's number; the second is the channel's"""
KEEPALIVE = ("tcp_keepalives_idle = 3", "tcp_keepalives_interval = 2", "tcp_keepalives_count = 3")
LOST = (DBAPIError, OSError)
"""what a broken connection raises"""


class Holding:
    """A channel, held or not."""

    def __init__(self, engine: AsyncEngine, channel: str) -> None:
        self._engine = engine
        self._key = {"senders": SENDERS, "channel": crc32(channel.encode()) & 0x7FFFFFFF}
        self._shared = engine.dialect.name == "postgresql"
        self.held = False
        self.connection: AsyncConnection | None = None
        """the one to claim on; None where the channel needs no lock"""

    @property
    def shared(self) -> bool:
        """Whether another program may hold the channel."""
        return self._shared

    async def take(self) -> bool:
        """Take the channel if nobody else has it; whether it is ours. Errors of the connection are passed on."""
        if self.held or not self._shared:
            self.held = True
            return True
        connection = await self._engine.connect()
        try:
            for setting in KEEPALIVE:
                await connection.execute(text(f"SET {setting}"))
            taken = await connection.scalar(
                text("SELECT pg_try_advisory_lock(:senders, :channel)"), self._key
            )
            await connection.commit()
        except BaseException:
            await _discard(connection)
            raise
        if not taken:
            await connection.close()
            return False
        self.connection, self.held = connection, True
        return True

    async def drop(self) -> None:
        """Let it go; its connection is closed, so that the lock cannot stay behind in a pool."""
        connection, self.connection, self.held = self.connection, None, False
        if connection is not None:
            await _discard(connection)


async def _discard(connection: AsyncConnection) -> None:
    with suppress(*LOST):
        await connection.invalidate()
    with suppress(*LOST):
        await connection.close()
