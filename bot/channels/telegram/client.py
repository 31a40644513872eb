"""The calls of the Bot API: one short road for what is sent all day, python-telegram-bot's typed methods for
the rest.

The short road (:meth:`Client.call`) does not turn Telegram's answer into objects. ``do_api_request`` of the
library would do the same, but warns at every call of a method that the library knows and encodes the body
with ``urllib``.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Mapping
from functools import partial
from typing import Any

import aiohttp
import telegram

from bot.channels.ceiling import Ceiling
from bot.channels.telegram.redact import guard_library_loggers
from bot.channels.telegram.transport import (
    TOTAL_SECONDS,
    UPLOAD_SECONDS,
    AiohttpRequest,
    MaybeSentError,
    Upload,
    as_strings,
    form,
    multipart,
)

POLL_GRACE_SECONDS = 10.0
COUNTED = ("send", "edit", "copy", "forward")
"""calls that count against Telegram's limit of messages a second begin with these"""


class Client:
    """One bot's calls, on one session for sending and one for the long poll.

    ``bot`` has the library's typed methods; do not print it, its ``repr`` contains the token.
    """

    def __init__(
        self,
        token: str,
        api_url: str,
        answer_seconds: float = TOTAL_SECONDS,
        ceiling: Ceiling | None = None,
    ) -> None:
        guard_library_loggers(token)
        self.ceiling = ceiling or Ceiling(math.inf)
        self._request = AiohttpRequest(total=answer_seconds)
        self._poll_request = AiohttpRequest(connections=2)
        self._root = f"{api_url}/bot{token}/"
        self.bot = telegram.Bot(
            token,
            base_url=f"{api_url}/bot",
            base_file_url=f"{api_url}/file/bot",
            request=self._request,
            get_updates_request=self._poll_request,
        )

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"

    async def open(self) -> None:
        """Open both sessions; no request is made."""
        await asyncio.gather(self._request.initialize(), self._poll_request.initialize())

    async def close(self) -> None:
        """Close both sessions; an open long poll ends with an error."""
        await asyncio.gather(self._request.shutdown(), self._poll_request.shutdown())

    async def call(self, method: str, params: Mapping[str, Any]) -> Any:
        """Call ``method`` and give its result as plain objects.

        Raises the classes of ``telegram.error`` and of :mod:`bot.channels.telegram.transport`.
        """
        return await self._counted(method, form(params))

    async def send(self, method: str, body: bytes) -> Any:
        """As :meth:`call`, with a body that is written already."""
        return await self._counted(method, body)

    async def upload(self, method: str, params: Mapping[str, Any], files: Mapping[str, Upload]) -> Any:
        """As :meth:`call`, with files in the body."""
        body = multipart(as_strings(params), files)
        return await self._counted(method, body, UPLOAD_SECONDS)

    async def _counted(self, method: str, body: bytes | aiohttp.FormData, total: float | None = None) -> Any:
        """Make the call; a message takes its place under the ceiling."""
        if not method.startswith(COUNTED):
            return _result(await self._request.exchange(self._root + method, body, total))
        call = partial(self._request.exchange, self._root + method, body, total)
        return _result(await self.ceiling.through(call))

    async def updates(self, offset: int | None, seconds: int, allowed: tuple[str, ...]) -> list[Any]:
        """Wait up to ``seconds`` (at most 50) for updates from ``offset`` on, as raw objects."""
        params: dict[str, Any] = {"timeout": seconds, "allowed_updates": allowed}
        if offset is not None:
            params["offset"] = offset
        payload = await self._poll_request.exchange(
            self._root + "getUpdates", form(params), seconds + POLL_GRACE_SECONDS
        )
        result = _result(payload)
        return result if isinstance(result, list) else []


def _result(payload: bytes) -> Any:
    """What a 2xx answer says; :class:`MaybeSentError` when it is none of Telegram's."""
    answer = AiohttpRequest.parse_json_payload(payload)
    if not isinstance(answer, dict) or "result" not in answer:
        raise MaybeSentError("Telegram's answer has no result")
    return answer["result"]
