"""The calls of the Bot Platform: JSON over HTTPS, the envelope read before the status.

The token is part of every address (docs.zaloplatforms.com/docs/BOT), and aiohttp's exceptions print
addresses: no exception that leaves this file carries one, not even in its chain.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import aiohttp
import orjson

CONNECT_SECONDS = 5.0
ANSWER_SECONDS = 20.0
PHOTO_SECONDS = 150.0
"""The platform fetches the picture before it answers; running clients wait this long."""
POLL_GRACE_SECONDS = 10.0
HIDDEN = "<token>"
JSON = {"Content-Type": "application/json"}


class CallError(Exception):
    """A call that did not succeed. ``code`` is the platform's, or the HTTP status, or 0; no text has the
    token."""

    def __init__(self, words: str, code: int = 0) -> None:
        super().__init__(words)
        self.words, self.code = words, code


class RefusedError(CallError):
    """The platform said no, with a code of its own."""


class NotSentError(CallError):
    """No connection was made: the platform certainly has nothing."""


class UnavailableError(CallError):
    """Something before the platform answered (a page of HTML with an error status): not taken."""


class MaybeSentError(CallError):
    """The request left and no usable answer came: the platform may have acted on it."""


class Client:
    """One bot's calls. ``answer_seconds`` is how long a call may take, pictures and polling apart."""

    def __init__(self, token: str, api_url: str, answer_seconds: float = ANSWER_SECONDS) -> None:
        self._token = token
        self._root = f"{api_url.rstrip('/')}/bot{token}/"
        self._answer_seconds = answer_seconds
        self._session: aiohttp.ClientSession | None = None

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"

    async def open(self) -> None:
        """Open the session; no request is made, and nothing happens when it is open.

        Connections are not kept: at some thousand calls a month a fresh one costs nothing, and one that died
        unnoticed would leave every doubtful send uncertain.
        """
        if self._session is None or self._session.closed:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=64, force_close=True),
                cookie_jar=aiohttp.DummyCookieJar(),
            )

    async def close(self) -> None:
        """Close the session; an open long poll ends with an error."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def call(self, method: str, params: Mapping[str, Any], seconds: float = 0) -> Any:
        """Call ``method`` and give its ``result``. ``seconds`` is the time for all of it (0 = the usual).

        Raises the classes above.
        """
        status, payload = await self._exchange(method, orjson.dumps(dict(params)), seconds)
        answer = _envelope(payload)
        if answer is None:
            raise self._strange(status)
        if answer["ok"] is True:
            return answer.get("result")
        words = str(answer.get("description") or f"HTTP {status}").replace(self._token, HIDDEN)
        raise RefusedError(words[:200], _number(answer.get("error_code")) or status)

    async def update(self, seconds: int) -> Any:
        """Wait up to ``seconds`` for one update; what comes is gone from the platform. None when idle."""
        try:
            return await self.call("getUpdates", {"timeout": str(seconds)}, seconds + POLL_GRACE_SECONDS)
        except RefusedError as refusal:
            if refusal.code != 408:
                raise
        return None

    async def _exchange(self, method: str, body: bytes, seconds: float) -> tuple[int, bytes]:
        """Status and body of one request. The error is raised outside ``except``, so that it has no chain."""
        if self._session is None:
            raise NotSentError("the connection to Zalo is not open")
        limit = aiohttp.ClientTimeout(total=seconds or self._answer_seconds, sock_connect=CONNECT_SECONDS)
        try:
            async with self._session.post(
                self._root + method, data=body, headers=JSON, timeout=limit, allow_redirects=False
            ) as answer:
                return answer.status, await answer.read()
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.InvalidURL) as error:
            trouble: CallError = NotSentError(f"no connection to Zalo ({type(error).__name__})")
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            trouble = MaybeSentError(f"no answer from Zalo ({type(error).__name__})")
        raise trouble

    @staticmethod
    def _strange(status: int) -> CallError:
        """What an answer means that is not the platform's envelope."""
        words = f"HTTP {status} without an answer of the platform"
        if 200 <= status <= 299 or status == 504:
            return MaybeSentError(words, status)
        if status in (401, 408, 429):
            return RefusedError(words, status)
        return UnavailableError(words, status)


def _envelope(payload: bytes) -> dict[str, Any] | None:
    """``{"ok": …}`` as Python objects; None for everything else, a page of HTML above all."""
    try:
        answer = orjson.loads(payload)
    except orjson.JSONDecodeError:
        return None
    return answer if isinstance(answer, dict) and isinstance(answer.get("ok"), bool) else None


def _number(code: object) -> int:
    """An error code as a number; the platform has sent both kinds."""
    try:
        return int(str(code))
    except ValueError:
        return 0
