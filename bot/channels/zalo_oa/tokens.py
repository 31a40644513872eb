"""The access token, kept fresh: a refresh token that works once, used by one hand at a time (contract §2.3).

A new pair is committed before its first use. When nobody can say what became of a refresh (a time-out, a
killed program), the same refresh token is tried exactly once more; refused, or not known again, means that a
person must give consent.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from bot.channels.zalo_oa.client import (
    CallError,
    Client,
    MaybeSentError,
    NotSentError,
    Pair,
    UnavailableError,
    ZaloError,
)
from bot.channels.zalo_oa.grants import Grant, Grants

log = logging.getLogger(__name__)

REFRESH_AFTER = timedelta(hours=12)
"""Age of a pair at which it is exchanged, long before the 25 hours of the access token are over."""
LEFT_LEAST = timedelta(minutes=15)
"""Time an access token must have left; a tenth of its life when it lives shorter than 150 minutes."""
HOLD_SECONDS = 30.0
"""How long the refresh token is held: well beyond the 15 s that Zalo has for its answer."""
WAIT_SECONDS = 6.0
"""How long a call waits for somebody else's refresh."""
WAIT_STEP = 0.1
AGAIN_SECONDS = (1.0, 60.0)
"""Before an undecided refresh is tried again: while nothing works, and while the old access token still
does."""
BACKOFF_SECONDS = (2.0, 60.0)
REFRESH_LIVES = timedelta(days=90)
SAVE_TRIES = 20
TOO_FAST = -32


class NeedsConsentError(CallError):
    """Nothing works until the account's admin gives consent again."""


class NotYetError(CallError):
    """A token is on its way, or Zalo's token server is away; ``seconds`` until asking again makes sense."""

    def __init__(self, words: str, seconds: float) -> None:
        super().__init__(words)
        self.seconds = seconds


class Tokens:
    """The access token of one app and account.

    ``first`` is the refresh token of the settings. ``now`` is the real clock: Zalo's tokens know no other.
    ``alarm`` hears, once, the sentence for the operator when consent is lost.
    """

    def __init__(
        self,
        grants: Grants,
        client: Client,
        app_id: str,
        *,
        first: str,
        now: Callable[[], datetime],
        alarm: Callable[[str], None],
        hold_seconds: float = HOLD_SECONDS,
        sleep: Callable[[float], Awaitable[Any]] = asyncio.sleep,
    ) -> None:
        self._grants, self._client, self._app_id, self._first = grants, client, app_id, first
        self._now, self._alarm, self._sleep = now, alarm, sleep
        self._hold_seconds = hold_seconds
        self._grant: Grant | None = None
        self._one_at_a_time = asyncio.Lock()
        self._holder = secrets.token_hex(8)
        self._not_before: datetime | None = None
        self._why = ""
        self._failures = 0
        self._alarmed = False
        self._using: asyncio.Task[str] | None = None

    # ----------------------------------------------------------------------------------------- for every call

    async def access(self) -> str:
        """A token that works as far as we know. Raises :class:`NeedsConsentError` and
        :class:`NotYetError`."""
        grant = self._grant or await self._load()
        if grant.access and not self._short(grant):
            return grant.access
        try:
            return await self._refreshed(grant)
        except NotYetError:
            if grant.access and grant.expires_at > self._now():
                return grant.access
            raise

    async def renew(self, refused: str) -> str:
        """Another token than ``refused``, which Zalo does not accept: somebody else's newer one, or a new
        one."""
        grant = await self._load()
        if grant.access and grant.access != refused:
            return grant.access
        return await self._refreshed(grant)

    # ------------------------------------------------------------------------------------------- by the clock

    async def look(self) -> None:
        """Read the row again, and exchange a pair that is 12 hours old. Raises as :meth:`access` does."""
        grant = await self._load()
        if not grant.access or self._short(grant) or self._now() - grant.granted_at >= REFRESH_AFTER:
            await self._refreshed(grant)

    async def finish(self, seconds: float = 5.0) -> None:
        """Let a refresh that is under way end: its outcome would be lost."""
        if self._using is not None and not self._using.done():
            await asyncio.wait({self._using}, timeout=seconds)

    @property
    def lost(self) -> str:
        """Why consent is needed; empty while the grant is good."""
        if self._grant is None:
            return self._why
        return (self._grant.reason or "consent was lost") if self._grant.state == "needs_consent" else ""

    @property
    def days_left(self) -> int | None:
        """Days until the refresh token dies unused; None without a grant."""
        if self._grant is None:
            return None
        return max(0, (self._grant.granted_at + REFRESH_LIVES - self._now()).days)

    # ------------------------------------------------------------------------------------------ from a person

    async def login(self, code: str, verifier: str) -> None:
        """Exchange the code of a consent (contract §2.1). Raises the errors of :meth:`Client.exchange`."""
        fields = {"grant_type": "authorization_code", "code": code, "code_verifier": verifier}
        await self._take(await self._client.exchange({"app_id": self._app_id, **fields}))

    async def paste(self, refresh: str) -> None:
        """Take a refresh token from the API Explorer; it is used up at once. Raises as :meth:`login` does."""
        await self._take(await self._client.exchange(self._refreshing(refresh)))

    async def revoke(self, reason: str) -> None:
        """Zalo says that consent was taken back."""
        await self._grants.revoke(reason)
        self._grant = await self._grants.load()
        self._sound(reason)

    # ------------------------------------------------------------------------------------------- the exchange

    def _refreshing(self, refresh: str) -> dict[str, str]:
        return {"grant_type": "refresh_token", "app_id": self._app_id, "refresh_token": refresh}

    def _short(self, grant: Grant) -> bool:
        """Whether too little of the access token's life is left."""
        least = min(LEFT_LEAST, (grant.expires_at - grant.granted_at) / 10)
        return grant.expires_at - self._now() <= least

    async def _load(self) -> Grant:
        """The row; planted from the settings where there is none, or where consent is lost and they are
        newer."""
        grant = await self._grants.load()
        worthless = grant is None or grant.state == "needs_consent" or not grant.refresh
        if worthless and self._first:
            await self._grants.plant(self._first, self._now(), lost=grant is not None)
            grant = await self._grants.load()
        self._grant = grant
        if grant is None:
            self._why = "no consent yet: set ZALO_OA_REFRESH_TOKEN or run “python -m bot zalo login”"
            self._sound(self._why)
            raise NeedsConsentError(self._why)
        if grant.state == "needs_consent" or not grant.refresh:
            words = grant.reason or "the stored tokens were encrypted with another app secret"
            self._sound(words)
            raise NeedsConsentError(words)
        self._alarmed = False
        return grant

    async def _refreshed(self, known: Grant) -> str:
        """The token after ``known``: whoever exchanges it, we or another worker."""
        async with self._one_at_a_time:
            waited = 0.0
            while True:
                grant = await self._load()
                if grant.generation != known.generation and grant.access:
                    return grant.access
                if self._not_before is not None and self._now() < self._not_before:
                    raise NotYetError(self._why, (self._not_before - self._now()).total_seconds())
                if await self._grants.hold(self._holder, grant.generation, self._now(), self._hold_seconds):
                    self._using = asyncio.create_task(self._use(grant), name="zalo-oa-refresh")
                    return await asyncio.shield(self._using)
                if waited >= WAIT_SECONDS:
                    raise NotYetError("another worker is exchanging the token", 1.0)
                waited += WAIT_STEP
                await self._sleep(WAIT_STEP)

    async def _use(self, grant: Grant) -> str:
        """Exchange the refresh token that we hold, and write down what became of it."""
        try:
            pair = await self._client.exchange(self._refreshing(grant.refresh))
        except (NotSentError, UnavailableError) as error:
            raise await self._untried(error) from None
        except ZaloError as error:
            if error.code == TOO_FAST:
                raise await self._untried(error) from None
            again = " after an interrupted exchange" if grant.tries else ""
            raise await self._lost(f"Zalo refuses the refresh token{again}: {error.words}") from None
        except MaybeSentError as error:
            if grant.tries:
                raise await self._lost(
                    f"what became of the refresh token is not known: {error.words}"
                ) from None
            raise await self._undecided(grant, error) from None
        await self._save(pair, grant)
        self._failures, self._not_before = 0, None
        return (await self._load()).access

    async def _untried(self, error: CallError) -> NotYetError:
        seconds = min(BACKOFF_SECONDS[1], BACKOFF_SECONDS[0] * 2.0 ** min(self._failures, 10))
        self._failures += 1
        return await self._put_off(self._grants.untried, error, seconds)

    async def _undecided(self, grant: Grant, error: CallError) -> NotYetError:
        works = bool(grant.access) and not self._short(grant)

        async def written(holder: str, not_before: datetime) -> None:
            await self._grants.undecided(holder, not_before, error.words)

        return await self._put_off(written, error, AGAIN_SECONDS[works])

    async def _put_off(
        self, write: Callable[[str, datetime], Awaitable[None]], error: CallError, seconds: float
    ) -> NotYetError:
        self._not_before, self._why = self._now() + timedelta(seconds=seconds), error.words
        await write(self._holder, self._not_before)
        log.warning("Zalo's tokens could not be exchanged: %s", error.words)
        return NotYetError(error.words, seconds)

    async def _lost(self, reason: str) -> NeedsConsentError:
        await self._grants.lose(self._holder, reason)
        self._grant = await self._grants.load()
        self._sound(reason)
        return NeedsConsentError(reason)

    async def _save(self, pair: Pair, grant: Grant) -> None:
        """Commit the new pair, again and again: it is the only copy, and the old one is worth nothing now."""
        for attempt in range(SAVE_TRIES):
            try:
                if not await self._grants.replace(pair, grant.generation, self._now()):
                    log.warning("a newer grant was there already; the exchanged one is dropped")
            except (SQLAlchemyError, OSError) as error:
                log.error("the new tokens of Zalo cannot be saved yet (%s)", type(error).__name__)
                if attempt == SAVE_TRIES - 1:
                    raise
                await self._sleep(1.0)
            else:
                return

    async def _take(self, pair: Pair) -> None:
        await self._grants.keep(pair, self._now())
        self._grant, self._not_before, self._alarmed = None, None, False

    def _sound(self, reason: str) -> None:
        if not self._alarmed:
            self._alarmed = True
            self._alarm(f"Zalo Official Account needs consent: {reason}")
