"""The row of the grant: read, held by one hand at a time, replaced.

Holding is a column, not a database lock: it outlives the request to Zalo on both engines, keeps no
transaction open meanwhile, and ends by itself when its holder is killed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import case, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel import col

from bot.channels.zalo_oa.client import Pair
from bot.channels.zalo_oa.vault import Vault
from db import ZaloGrant

_free = col(ZaloGrant.held_until)


@dataclass(frozen=True, slots=True)
class Grant:
    """The grant as it stands, tokens in the clear. ``access`` is empty until the first refresh."""

    access: str = field(repr=False)
    refresh: str = field(repr=False)
    expires_at: datetime
    granted_at: datetime
    generation: int
    state: str
    reason: str
    tries: int
    seed: str = field(repr=False)


class Grants:
    """The one row of ``account`` (the app's id)."""

    def __init__(self, engine: AsyncEngine, account: str, vault: Vault) -> None:
        self._engine, self._account, self._vault = engine, account, vault
        dialect = postgresql if engine.dialect.name == "postgresql" else sqlite
        self._insert = dialect.insert

    async def load(self) -> Grant | None:
        """The grant, or None when nobody ever gave one. Tokens sealed with another secret read as empty."""
        query = select(*ZaloGrant.__table__.columns).where(col(ZaloGrant.account) == self._account)  # type: ignore[attr-defined]
        async with self._engine.connect() as connection:
            row = (await connection.execute(query)).mappings().first()
        if row is None:
            return None
        return Grant(
            access=self._vault.open(row["access"]),
            refresh=self._vault.open(row["refresh"]),
            **{name: row[name] for name in Grant.__slots__ if name not in ("access", "refresh")},
        )

    async def plant(self, refresh: str, now: datetime, *, lost: bool = False) -> None:
        """Begin with a refresh token from outside: where there is no row, or (``lost``) where consent is
        lost.

        A token that was planted before is not planted again.
        """
        seed = self._vault.fingerprint(refresh)
        fresh: dict[str, Any] = {
            "access": "",
            "refresh": self._vault.seal(refresh),
            "expires_at": now,
            "granted_at": now,
            "state": "good",
            "reason": "",
            "tries": 0,
            "seed": seed,
            "holder": None,
            "held_until": None,
        }
        rooted = self._insert(ZaloGrant).values(account=self._account, generation=0, **fresh)
        if lost:
            replaced = fresh | {"generation": col(ZaloGrant.generation) + 1}
            statement = rooted.on_conflict_do_update(
                index_elements=["account"], set_=replaced, where=col(ZaloGrant.seed) != seed
            )
        else:
            statement = rooted.on_conflict_do_nothing(index_elements=["account"])
        async with self._engine.begin() as connection:
            await connection.execute(statement)

    async def hold(self, holder: str, generation: int, now: datetime, seconds: float) -> bool:
        """Become the only one who may use the refresh token of ``generation``; False when somebody else is.

        The use is written down before it happens: the state is ``unknown`` from here on.
        """
        statement = (
            update(ZaloGrant)
            .where(
                col(ZaloGrant.account) == self._account,
                col(ZaloGrant.generation) == generation,
                col(ZaloGrant.state) != "needs_consent",
                or_(_free.is_(None), _free <= now),
            )
            .values(
                holder=holder,
                held_until=now + timedelta(seconds=seconds),
                state="unknown",
                tries=col(ZaloGrant.tries) + 1,
            )
        )
        return await self._changed(statement)

    async def untried(self, holder: str, not_before: datetime) -> None:
        """Let go: Zalo did not get the token. Nobody tries before ``not_before``."""
        tries = col(ZaloGrant.tries)
        values = {
            "holder": None,
            "held_until": not_before,
            "tries": tries - 1,
            "state": case((tries <= 1, "good"), else_="unknown"),
        }
        await self._changed(self._mine(holder).values(values))

    async def undecided(self, holder: str, not_before: datetime, reason: str) -> None:
        """Let go: what became of the token is not known. Nobody tries before ``not_before``."""
        await self._changed(self._mine(holder).values(holder=None, held_until=not_before, reason=reason))

    async def lose(self, holder: str, reason: str) -> None:
        """The token is worth nothing any more: a person must give consent again."""
        values = {"holder": None, "held_until": None, "state": "needs_consent", "reason": reason}
        await self._changed(self._mine(holder).values(values))

    async def revoke(self, reason: str) -> None:
        """Zalo says that consent was taken back."""
        mine = update(ZaloGrant).where(col(ZaloGrant.account) == self._account)
        await self._changed(mine.values(state="needs_consent", reason=reason))

    async def replace(self, pair: Pair, generation: int, now: datetime) -> bool:
        """Keep the new pair in place of ``generation``; False when a newer one is there already."""
        mine = update(ZaloGrant).where(
            col(ZaloGrant.account) == self._account, col(ZaloGrant.generation) == generation
        )
        return await self._changed(mine.values(self._kept(pair, now, generation + 1)))

    async def keep(self, pair: Pair, now: datetime) -> None:
        """Keep a pair that a person has just consented to, whatever was there."""
        first = self._insert(ZaloGrant).values(account=self._account, seed="", **self._kept(pair, now, 1))
        newer = self._kept(pair, now, col(ZaloGrant.generation) + 1)
        async with self._engine.begin() as connection:
            await connection.execute(first.on_conflict_do_update(index_elements=["account"], set_=newer))

    def _kept(self, pair: Pair, now: datetime, generation: Any) -> dict[str, Any]:
        return {
            "access": self._vault.seal(pair.access),
            "refresh": self._vault.seal(pair.refresh),
            "expires_at": now + timedelta(seconds=pair.seconds),
            "granted_at": now,
            "generation": generation,
            "state": "good",
            "reason": "",
            "tries": 0,
            "holder": None,
            "held_until": None,
        }

    def _mine(self, holder: str) -> Any:
        return update(ZaloGrant).where(
            col(ZaloGrant.account) == self._account, col(ZaloGrant.holder) == holder
        )

    async def _changed(self, statement: Any) -> bool:
        async with self._engine.begin() as connection:
            return bool((await connection.execute(statement)).rowcount)
