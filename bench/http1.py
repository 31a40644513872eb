"""Just enough HTTP/1.1 over asyncio to be far quicker than what is measured."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from typing import cast

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


class Stream:
    """Cuts bytes into HTTP messages; bodies have a Content-Length (a chunked one is a ValueError)."""

    def __init__(self) -> None:
        self._buffer = b""

    def feed(self, received: bytes) -> list[tuple[bytes, bytes]]:
        """Head and body of each message that is complete now."""
        self._buffer += received
        found: list[tuple[bytes, bytes]] = []
        while (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            head = self._buffer[:end]
            match = _LENGTH.search(head)
            if match is None and b"chunked" in head.lower():
                raise ValueError("a chunked body is not understood here")
            stop = end + 4 + (int(match[1]) if match else 0)
            if len(self._buffer) < stop:
                break
            found.append((head, self._buffer[end + 4 : stop]))
            self._buffer = self._buffer[stop:]
        return found


class Client(asyncio.Protocol):
    """One kept-alive connection with one request on its way; ``answered(status)`` is called each time.

    Status 0 means that the connection broke before an answer.
    """

    def __init__(self, answered: Callable[[int], None]) -> None:
        self._answered = answered
        self._stream = Stream()
        self._waiting = False
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)

    def send(self, request: bytes) -> None:
        """Write one request."""
        self._waiting = True
        if self.transport is None or self.transport.is_closing():
            self.connection_lost(None)
            return
        self.transport.write(request)

    def data_received(self, data: bytes) -> None:
        for head, _body in self._stream.feed(data):
            self._waiting = False
            self._answered(int(head[9:12]))

    def connection_lost(self, error: Exception | None) -> None:
        if self._waiting:
            self._waiting = False
            self._answered(0)

    def close(self) -> None:
        """Close without an answer."""
        self._waiting = False
        if self.transport is not None:
            self.transport.close()


async def connect(port: int, answered: Callable[[int], None]) -> Client:
    """A connection to 127.0.0.1."""
    loop = asyncio.get_running_loop()
    _, client = await loop.create_connection(lambda: Client(answered), "127.0.0.1", port)
    return client


def request(port: int, path: str, body: bytes, headers: str = "") -> bytes:
    """The bytes of a POST with a JSON body."""
    head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n{headers}Content-Type: application/json\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body
