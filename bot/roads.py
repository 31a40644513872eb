"""What the mind may know of the channels before anything is sent, and a look at a picture on the web."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from bot.channels.ceiling import Paced
from bot.channels.channel import Channel
from bot.dispatch.carrying import Templated
from bot.settings import Settings
from handlers.services.roads import Picture, Road

LOOK_SECONDS = 8.0
"""how long a look at a picture may take"""
LOOK_BYTES = 16 << 20
"""what is read at most where a server does not tell the length"""
PAGE_PACE = 1_000.0
"""messages a second where nobody but our own page takes them"""


async def roads(settings: Settings, channels: Mapping[str, Channel], spent: int = 0) -> tuple[Road, ...]:
    """The channels that work, with what is known of each; ``spent`` are dong of today's budget on Zalo."""
    return tuple(_road(settings, channel, spent) for channel in channels.values())


def _road(settings: Settings, channel: Channel, spent: int) -> Road:
    limits = channel.limits
    costs = limits.dong > 0
    return Road(
        name=channel.name,
        text=limits.text,
        caption=limits.caption,
        buttons=limits.buttons,
        image=limits.image,
        edit=limits.edit,
        image_bytes=limits.image_bytes or None,
        per_second=channel.ceiling.limit if isinstance(channel, Paced) else PAGE_PACE,
        free_for=_hours(limits.free_hours),
        open_for=_hours(limits.open_hours),
        price=limits.dong,
        budget=max(0, settings.zalo_oa_paid_budget - spent) if costs else None,
        remaining=_remaining(channel.health()),
        templates=isinstance(channel, Templated) and bool(settings.zalo_zbs_template_renewal),
    )


def _hours(hours: int) -> timedelta | None:
    return timedelta(hours=hours) if hours else None


def _remaining(health: Mapping[str, Any]) -> int | None:
    """Messages the platform still takes this month; None where it does not count them."""
    most = health.get("messages_a_month")
    return None if most is None else max(0, int(most) - int(health.get("sent_this_month", 0)))


async def picture(address: str, public_url: str = "") -> Picture | None:
    """What stands at a public address, if it is a picture; None when it is none or cannot be had.

    A program that the world can reach (``public_url``) does not ask the machines beside it: addresses of a private
    network are nobody's picture, except our own.
    """
    parts = urlsplit(address)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return None
    if public_url and parts.hostname != urlsplit(public_url).hostname and not await _public(parts.hostname):
        return None
    timeout = aiohttp.ClientTimeout(total=LOOK_SECONDS)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            session.get(address, allow_redirects=False) as answer,
        ):
            kind = answer.content_type
            if answer.status != 200 or not kind.startswith("image/"):
                return None
            return Picture(kind, answer.content_length or await _length(answer))
    except (aiohttp.ClientError, TimeoutError, ValueError):
        return None


async def _length(answer: aiohttp.ClientResponse) -> int:
    read = 0
    async for chunk in answer.content.iter_chunked(1 << 16):
        read += len(chunk)
        if read > LOOK_BYTES:
            break
    return read


async def _public(host: str) -> bool:
    """Whether every address of a host is one of the open Internet."""
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except OSError:
        return False
    return all(ipaddress.ip_address(one[4][0]).is_global for one in found)
