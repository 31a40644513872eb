"""A Bot API server that takes everything and does nothing: it notes when a message for a chat arrived."""

from __future__ import annotations

import asyncio
import re
import time
from collections import Counter
from collections.abc import Callable
from typing import cast

from bench.http1 import Stream

_CHAT = re.compile(rb'chat_id"?(?:[:=]\s*"?|\r\n(?:[^\r\n]+\r\n)*\r\n)(-?\d+)')
_ME = b'{"ok":true,"result":{"id":1,"is_bot":true,"first_name":"Bench","username":"bench_bot"}}'
_HOOK = b'{"ok":true,"result":{"url":"","has_custom_certificate":false,"pending_update_count":0}}'
_NONE = b'{"ok":true,"result":[]}'
_TRUE = b'{"ok":true,"result":true}'
_ANSWERS = {"getMe": _ME, "getWebhookInfo": _HOOK, "getMyCommands": _NONE, "getUpdates": _NONE}


class FakeApi:
    """Listens on a free port of 127.0.0.1. ``arrived(chat, moment)`` is called for each message.

    ``delay`` (seconds) holds the answers to messages back.
    """

    def __init__(self) -> None:
        self.delay = 0.0
        self.calls: Counter[str] = Counter()
        self.arrived: Callable[[int, float], None] = lambda chat, moment: None
        self.port = 0
        self._server: asyncio.Server | None = None
        self._message_id = 0

    async def start(self) -> None:
        """Listen."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Connection(self), "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    @property
    def address(self) -> str:
        """The base of its addresses."""
        return f"http://127.0.0.1:{self.port}"

    async def stop(self) -> None:
        """Close."""
        if self._server is not None:
            self._server.close()

    def answer(self, head: bytes, body: bytes) -> tuple[bytes, float]:
        """The JSON answer to a call, and after how many seconds it leaves."""
        path = head.split(b" ", 2)[1]
        method = path.rsplit(b"/", 1)[-1].split(b"?")[0].decode()
        self.calls[method] += 1
        if method.startswith("send") and method != "sendChatAction":
            match = _CHAT.search(body)
            chat = int(match[1]) if match else 0
            self.arrived(chat, time.perf_counter())
            self._message_id += 1
            return _message(self._message_id, chat), self.delay
        return _ANSWERS.get(method, _TRUE), 0.0


def _message(number: int, chat: int) -> bytes:
    return (
        b'{"ok":true,"result":{"message_id":%d,"date":1764730000,"chat":{"id":%d,"type":"private","first_name":"B"},'
        b'"from":{"id":1,"is_bot":true,"first_name":"Bench","username":"bench_bot"},"text":"taken"}}'
    ) % (number, chat)


class _Connection(asyncio.Protocol):
    def __init__(self, api: FakeApi) -> None:
        self._api = api
        self._stream = Stream()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        for head, body in self._stream.feed(data):
            content, delay = self._api.answer(head, body)
            response = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b"
            whole = response % (len(content), content)
            if delay:
                asyncio.get_running_loop().call_later(delay, self._write, whole)
            else:
                self._write(whole)

    def _write(self, whole: bytes) -> None:
        if not self._transport.is_closing():
            self._transport.write(whole)
