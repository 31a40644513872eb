"""What the mind may know of the channels before anything is sent, and a look at a picture on the web."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Protocol
from urllib.parse import quote, urlsplit

import aiohttp

from bot.channels.ceiling import Paced
from bot.channels.channel import Channel
from bot.dispatch.carrying import Templated
from bot.settings import Settings
from handlers.services.roads import Picture, Road

ACCOUNT = "zalo-oa"
LOOK_SECONDS = 8.0
"""how long a look at a picture, or asking for a name, may take"""
LOOK_BYTES = 16 << 20
"""what is read at most where a server does not tell the length"""
PAGE_PACE = 1_000.0
"""messages a second where nobody but our own page takes them"""


class Named(Protocol):
    """A channel whose links carry a payload, once its name is known."""

    async def look(self) -> dict[str, Any]:
        """Ask for the name."""
        ...

    def deep_link(self, payload: str) -> str:
        """The link; empty without a name."""
        ...

    async def stop(self) -> None:
        """Close it."""
        ...


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
        upload_bytes=limits.upload_bytes,
        shows_ours=bool(limits.upload_bytes or settings.public_url or not isinstance(channel, Paced)),
        templates=isinstance(channel, Templated) and bool(settings.zalo_zbs_template_renewal),
        link=_account_link(settings) if channel.name == ACCOUNT else "",
    )


def _account_link(settings: Settings) -> str:
    """Opens the chat with the Official Account. Zalo documents no parameter that would arrive (contract §10)."""
    return f"https://zalo.me/{settings.zalo_oa_id}" if settings.zalo_oa_id else ""


def chat_page(settings: Settings, payload: str) -> str:
    """The address of our own chat that carries a payload; without a public address, the one on this machine."""
    here = settings.public_url or f"http://{settings.host}:{settings.port}"
    return f"{here}/chat?start={quote(payload, safe='')}"


async def links_with(settings: Settings, telegram: Named | None, payload: str) -> list[str]:
    """For the command line: one line a channel that is set up, with the link that carries a payload, or why none.

    ``telegram`` is asked for its name and closed afterwards.
    """
    lines = [
        f"Web: {chat_page(settings, payload)}" + ("" if settings.public_url else " (on this machine only)")
    ]
    if telegram is not None:
        try:
            async with asyncio.timeout(LOOK_SECONDS):
                await telegram.look()
            lines.append(f"Telegram: {telegram.deep_link(payload)}")
        except Exception as error:  # noqa: BLE001 - whatever the network says, the code itself is good
            lines.append(f"Telegram: no link, its name is not known now ({type(error).__name__})")
        finally:
            await telegram.stop()
    if settings.zalo_oa:
        link = _account_link(settings)
        lines.append(f"Zalo: {link or 'open the Official Account'}, then send the code: its links carry none")
    return lines


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
