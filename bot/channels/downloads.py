"""Fetching what a person sent: the platform says where its bytes are, and how many are taken at most."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol, runtime_checkable
from urllib.parse import urlsplit

import aiohttp

SECONDS = 30.0
"""how long fetching may take"""
ZALO_HOSTS = (".zdn.vn", ".zadn.vn")
"""where Zalo keeps what people send (contract of Zalo §9.3); the addresses expire"""


class TooLarge(Exception):
    """It has ``size`` bytes (or at least so many), more than were wanted."""

    def __init__(self, size: int) -> None:
        super().__init__(f"{size} bytes")
        self.size = size


class Unfetched(Exception):
    """It cannot be had: one sentence without addresses."""


@runtime_checkable
class Fetching(Protocol):
    """A channel that can fetch what people sent there."""

    async def fetch(self, reference: str, most: int) -> bytes:
        """The bytes behind a reference of :class:`handlers.talk.message.File`. Raises the two above."""
        ...


async def download(address: str, most: int, hosts: Collection[str]) -> bytes:
    """The bytes at an address of a platform: no other host is asked, nobody is followed elsewhere.

    ``hosts`` are whole names, or endings that begin with a dot.
    """
    parts = urlsplit(address)
    host = parts.hostname or ""
    known = any(host == one or (one.startswith(".") and host.endswith(one)) for one in hosts)
    if parts.scheme not in ("http", "https") or not known:
        raise Unfetched("this is no address of the platform")
    timeout = aiohttp.ClientTimeout(total=SECONDS)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout, cookie_jar=aiohttp.DummyCookieJar()) as session,
            session.get(address, allow_redirects=False) as answer,
        ):
            if answer.status != 200:
                raise Unfetched(f"the platform answers {answer.status}")
            if (answer.content_length or 0) > most:
                raise TooLarge(answer.content_length or 0)
            content = bytearray()
            async for chunk in answer.content.iter_chunked(1 << 16):
                content += chunk
                if len(content) > most:
                    raise TooLarge(len(content))
            return bytes(content)
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
        raise Unfetched(type(error).__name__) from None
