"""Single requests to Zalo's hosts: JSON over HTTPS, the envelope read before the status.

Nearly every answer is HTTP 200 with ``{"error": 0, …}``; ``error`` may be a number or a string, and at an
outage a page of HTML comes instead (contract §2.4). Tokens are in headers only, so no address and no
exception carries one.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import aiohttp
import orjson

Host = Literal["openapi", "oauth", "zbs"]

CONNECT_SECONDS = 5.0
ANSWER_SECONDS = 15.0
UPLOAD_SECONDS = 60.0
IDLE_SECONDS = 4.0
"""How long an unused connection is kept: one that the other side has closed would leave a send uncertain."""
JSON = {"Content-Type": "application/json"}


class CallError(Exception):
    """A request that did not succeed; ``words`` is fit for a log."""

    def __init__(self, words: str) -> None:
        super().__init__(words)
        self.words = words


class ZaloError(CallError):
    """Zalo said no. What ``code`` means depends on ``host``."""

    def __init__(self, host: Host, code: int, words: str) -> None:
        said = words or "no reason given"
        super().__init__(f"{said} ({code})" if code else said)
        self.host, self.code = host, code


class NotSentError(CallError):
    """No connection was made: Zalo certainly has nothing."""


class UnavailableError(CallError):
    """A page of HTML, or an error status without an envelope: something before Zalo's API answered."""


class MaybeSentError(CallError):
    """The request left and no usable answer came: Zalo may have acted on it."""


@dataclass(frozen=True, slots=True)
class Pair:
    """What a grant consists of. ``seconds`` is how long ``access`` lives."""

    access: str = field(repr=False)
    refresh: str = field(repr=False)
    seconds: int


class Client:
    """Requests for one app. ``hosts`` are the three base addresses; ``rate`` hears of the rate headers."""

    def __init__(
        self,
        hosts: Mapping[Host, str],
        app_secret: str,
        *,
        use_proof: bool = False,
        answer_seconds: float = ANSWER_SECONDS,
    ) -> None:
        self._hosts = {host: address.rstrip("/") for host, address in hosts.items()}
        self._secret, self._use_proof = app_secret, use_proof
        self._answer_seconds = answer_seconds
        self._session: aiohttp.ClientSession | None = None
        self._proofs: dict[str, str] = {}
        self.rate: Callable[[int, int], None] = lambda limit, remain: None

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"

    async def open(self) -> None:
        """Open the session; no request is made, and nothing happens when it is open."""
        if self._session is None or self._session.closed:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=64, keepalive_timeout=IDLE_SECONDS),
                cookie_jar=aiohttp.DummyCookieJar(),
            )

    async def close(self) -> None:
        """Close the session."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def post(self, host: Host, path: str, token: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """POST a JSON body; the whole answer (``data`` and what stands beside it). Raises the classes
        above."""
        headers = JSON | self._headers(token)
        return self._judged(
            host, *await self._exchange("POST", host, path, headers, orjson.dumps(dict(body)))
        )

    async def get(self, path: str, token: str, query: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """GET from the OA's API, with one parameter ``data`` of JSON (contract §2.4)."""
        params = {"data": orjson.dumps(dict(query)).decode()} if query else {}
        return self._judged(
            "openapi", *await self._exchange("GET", "openapi", path, self._headers(token), None, params)
        )

    async def upload(self, path: str, token: str, name: str, content: bytes, kind: str) -> dict[str, Any]:
        """POST one file as the field ``file`` (contract §4)."""
        form = aiohttp.FormData()
        form.add_field("file", content, filename=name, content_type=kind)
        return self._judged(
            "openapi",
            *await self._exchange(
                "POST", "openapi", path, self._headers(token), form, seconds=UPLOAD_SECONDS
            ),
        )

    async def exchange(self, fields: Mapping[str, str]) -> Pair:
        """Get a pair of tokens (contract §2.2). Only two non-empty tokens are a success.

        Raises :class:`ZaloError` for a refusal, with or without a number; :class:`MaybeSentError` when the
        token that was given may be used up.
        """
        headers = {"secret_key": self._secret}
        status, payload = await self._exchange("POST", "oauth", "/v4/oa/access_token", headers, dict(fields))
        answer = _parsed(payload)
        if answer is None:
            raise _strange(status, payload)
        access, refresh = answer.get("access_token"), answer.get("refresh_token")
        if isinstance(access, str) and isinstance(refresh, str) and access and refresh:
            return Pair(access, refresh, _number(answer.get("expires_in")) or 3600)
        named = str(
            answer.get("error_name") or answer.get("error_description") or answer.get("message") or ""
        )
        if named or _number(answer.get("error")):
            raise ZaloError("oauth", _number(answer.get("error")), named[:200])
        raise MaybeSentError("an answer without both tokens")

    def _headers(self, token: str) -> dict[str, str]:
        return (
            {"access_token": token, "appsecret_proof": self._proof(token)}
            if self._use_proof
            else {"access_token": token}
        )

    def _proof(self, token: str) -> str:
        """HMAC-SHA256 of the token under the app's secret; worked out once a token."""
        if token not in self._proofs:
            self._proofs = {token: proof(self._secret, token)}
        return self._proofs[token]

    async def _exchange(
        self,
        method: str,
        host: Host,
        path: str,
        headers: Mapping[str, str],
        body: Any,
        params: Mapping[str, str] | None = None,
        *,
        seconds: float = 0,
    ) -> tuple[int, bytes]:
        """Status and body of one request. The error is raised outside ``except``, so that it has no chain."""
        if self._session is None:
            raise NotSentError("the connection to Zalo is not open")
        limit = aiohttp.ClientTimeout(total=seconds or self._answer_seconds, sock_connect=CONNECT_SECONDS)
        try:
            async with self._session.request(
                method,
                self._hosts[host] + path,
                data=body,
                params=params,
                headers=headers,
                timeout=limit,
                allow_redirects=False,
            ) as answer:
                self._hear_rate(answer.headers)
                return answer.status, await answer.read()
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.InvalidURL) as error:
            trouble: CallError = NotSentError(f"no connection to Zalo ({type(error).__name__})")
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            trouble = MaybeSentError(f"no answer from Zalo ({type(error).__name__})")
        raise trouble

    def _hear_rate(self, headers: Mapping[str, str]) -> None:
        limit, remain = headers.get("X-RateLimit-Limit"), headers.get("X-RateLimit-Remain")
        if limit and remain and remain.isdecimal():
            self.rate(_number(limit), int(remain))

    @staticmethod
    def _judged(host: Host, status: int, payload: bytes) -> dict[str, Any]:
        answer = _parsed(payload)
        if answer is None or "error" not in answer:
            raise _strange(status, payload)
        if code := _number(answer["error"], unreadable=-1):
            raise ZaloError(host, code, str(answer.get("message") or "")[:200])
        return answer


def proof(app_secret: str, token: str) -> str:
    """``appsecret_proof`` of a token: hex HMAC-SHA256."""
    return hmac.new(app_secret.encode(), token.encode(), hashlib.sha256).hexdigest()


def part(answer: Mapping[str, Any], name: str) -> Any:
    """A field of the answer, from inside ``data`` or from beside it: Zalo has sent both."""
    inner = answer.get("data")
    found = inner.get(name) if isinstance(inner, dict) else None
    return answer.get(name) if found is None else found


def _parsed(payload: bytes) -> dict[str, Any] | None:
    try:
        answer = orjson.loads(payload)
    except orjson.JSONDecodeError:
        return None
    return answer if isinstance(answer, dict) else None


def _strange(status: int, payload: bytes) -> CallError:
    """What an answer means that is no envelope. 504: the API itself was asked, and may have acted."""
    words = f"HTTP {status} without an answer of the API"
    if status != 504 and (status >= 300 or payload.lstrip()[:1] == b"<"):
        return UnavailableError(words)
    return MaybeSentError(words)


def _number(value: object, unreadable: int = 0) -> int:
    """A code or a count as a number; Zalo sends both kinds."""
    try:
        return int(str(value))
    except ValueError:
        return unreadable
