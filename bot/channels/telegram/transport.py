"""The road to the Bot API: python-telegram-bot's pluggable transport on one aiohttp session.

Two things differ from the library's own: a failure says whether Telegram may have got the request
(``NotSentError`` or ``MaybeSentError``), and no exception, its chain included, carries the address, which
contains the token. Why not the library's httpx transport: docs/decisions/telegram-transport.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import aiohttp
import orjson
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    EndPointNotFound,
    Forbidden,
    InvalidToken,
    NetworkError,
    TelegramError,
    TimedOut,
)
from telegram.request import BaseRequest, RequestData
from yarl import URL

CONNECT_SECONDS = 5.0
TOTAL_SECONDS = 20.0
UPLOAD_SECONDS = 60.0
KEEPALIVE_SECONDS = 12.0
"""Shorter than Telegram keeps an idle connection, so that a dead one is rarely chosen."""
CONNECTIONS = 128
FORM = {"Content-Type": "application/x-www-form-urlencoded"}

Upload = tuple[str, bytes, str]
"""A file's name, its bytes, its media type."""


class NotSentError(NetworkError):
    """No connection was made: Telegram certainly has nothing."""


class UnavailableError(NetworkError):
    """Telegram (or a proxy before it) answered 500, 502 or 503: not taken."""


class MaybeSentError(TimedOut):
    """The request left and no usable answer came: Telegram may have acted on it."""


class WaitError(TelegramError):
    """429: nothing may be sent for ``seconds``. (The library's ``RetryAfter`` warns whenever one is made.)"""

    __slots__ = ("seconds",)

    def __init__(self, seconds: float) -> None:
        super().__init__(f"Too Many Requests: retry after {seconds:g}")
        self.seconds = seconds


def form(params: Mapping[str, Any]) -> bytes:
    """The body of a call: strings as they are, everything else as JSON, urlencoded.

    yarl's quoting is compiled: 8 µs for a Vietnamese answer, against some hundred for
    ``urllib.parse.urlencode``.
    """
    return URL.build(query=as_strings(params)).raw_query_string.encode()


def as_strings(params: Mapping[str, Any]) -> dict[str, str]:
    """Every parameter as the Bot API wants it in a form (core.telegram.org/bots/api#making-requests)."""
    return {
        name: value if isinstance(value, str) else orjson.dumps(value).decode()
        for name, value in params.items()
    }


def multipart(fields: Mapping[str, str], uploads: Mapping[str, Upload]) -> aiohttp.FormData:
    """A body with files in it."""
    body = aiohttp.FormData(quote_fields=False)
    for name, value in fields.items():
        body.add_field(name, value)
    for name, (filename, content, media_type) in uploads.items():
        body.add_field(name, content, filename=filename, content_type=media_type)
    return body


class AiohttpRequest(BaseRequest):
    """python-telegram-bot's transport, and our own shorter way past it (:meth:`exchange`)."""

    def __init__(self, *, total: float = TOTAL_SECONDS, connections: int = CONNECTIONS) -> None:
        self._total = total
        self._connections = connections
        self._session: aiohttp.ClientSession | None = None

    @property
    def read_timeout(self) -> float | None:
        """Seconds a whole call may take."""
        return self._total

    async def initialize(self) -> None:
        """Open the session; does nothing when it is open."""
        if self._session is None or self._session.closed:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=self._connections, keepalive_timeout=KEEPALIVE_SECONDS),
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=aiohttp.ClientTimeout(total=self._total, connect=CONNECT_SECONDS),
            )

    async def shutdown(self) -> None:
        """Close the session and its connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def do_request(
        self,
        url: str,
        method: str,
        request_data: RequestData | None = None,
        read_timeout: Any = BaseRequest.DEFAULT_NONE,
        write_timeout: Any = BaseRequest.DEFAULT_NONE,
        connect_timeout: Any = BaseRequest.DEFAULT_NONE,
        pool_timeout: Any = BaseRequest.DEFAULT_NONE,
    ) -> tuple[int, bytes]:
        """One request of the library's typed methods. Raises as :meth:`exchange` does."""
        fields = request_data.json_parameters if request_data else {}
        total = read_timeout if isinstance(read_timeout, int | float) else None
        if request_data and request_data.contains_files:
            uploads = {
                name: (part[0], part[1] if isinstance(part[1], bytes) else part[1].read(), part[2])
                for name, part in request_data.multipart_data.items()
            }
            return 200, await self.exchange(url, multipart(fields, uploads), total or UPLOAD_SECONDS)
        return 200, await self.exchange(url, form(fields), total, method=method)

    async def exchange(
        self, url: str, body: bytes | aiohttp.FormData, total: float | None = None, *, method: str = "POST"
    ) -> bytes:
        """Send ``body`` and give the answer's bytes when its status is 2xx.

        ``total`` is the time for all of it in seconds (the session's own by default). Raises the classes of
        ``telegram.error`` by what Telegram answered, and :class:`NotSentError`, :class:`UnavailableError` or
        :class:`MaybeSentError` when it did not answer properly.
        """
        if self._session is None:
            raise NotSentError("the connection to Telegram is not open")
        options: dict[str, Any] = {"allow_redirects": False}
        if isinstance(body, bytes):
            options["headers"] = FORM
        if total is not None:
            options["timeout"] = aiohttp.ClientTimeout(total=total, connect=CONNECT_SECONDS)
        try:
            async with self._session.request(method, url, data=body, **options) as answer:
                payload = await answer.read()
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            raise NotSentError(f"no connection to Telegram ({type(error).__name__})") from None
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            raise MaybeSentError(f"no answer from Telegram ({type(error).__name__})") from None
        if 200 <= answer.status <= 299:
            return payload
        raise error_of(answer.status, payload)

    @staticmethod
    def parse_json_payload(payload: bytes) -> Any:
        """The answer as Python objects; :class:`MaybeSentError` when a 2xx answer is not JSON."""
        try:
            return orjson.loads(payload)
        except orjson.JSONDecodeError:
            raise MaybeSentError("Telegram's answer is not JSON") from None


def error_of(status: int, payload: bytes) -> TelegramError:
    """What an answer other than 2xx means. Telegram's words stay, the status decides the class."""
    try:
        answer = orjson.loads(payload)
        words = str(answer.get("description") or f"HTTP {status}").removeprefix("Bad Request: ")
        parameters = answer.get("parameters") or {}
    except (orjson.JSONDecodeError, AttributeError):
        words, parameters = f"HTTP {status}", {}
    if "migrate_to_chat_id" in parameters:
        return ChatMigrated(parameters["migrate_to_chat_id"])
    if status == 429:
        return WaitError(float(parameters.get("retry_after", 1)))
    if status == 504:
        return MaybeSentError(words)
    if status >= 500:
        return UnavailableError(words)
    return _BY_STATUS.get(status, NetworkError)(words)


_BY_STATUS: dict[int, type[TelegramError]] = {
    400: BadRequest,
    401: InvalidToken,
    403: Forbidden,
    404: EndPointNotFound,
    409: Conflict,
    413: BadRequest,
}
