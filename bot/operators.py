"""Telling the operators: a channel that is down, or needs consent, is told on the others, once; so is its return.

Who they are stands in ``BOT_OPERATORS`` (``telegram:12345,zalo-bot:abc``); the province's editors hear it as well.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence

import structlog

from bot.channels.channel import Channel, Sent
from handlers.sentences import channel_back, channel_down
from handlers.talk.language import speaking
from handlers.talk.message import Message

log = structlog.get_logger("operators")
LOOKS = 2
"""looks in a row at which a channel must be down before anybody is told: one bad moment is no news"""


async def nobody() -> Sequence[tuple[str, str]]:
    """No editor is known."""
    return ()


class Operators:
    """Watches the channels. ``addresses`` are (channel, address) of people to be told, in ``language``; ``editors``
    gives those of the editors."""

    def __init__(
        self,
        channels: Mapping[str, Channel],
        addresses: Sequence[tuple[str, str]],
        language: str,
        editors: Callable[[], Awaitable[Sequence[tuple[str, str]]]] = nobody,
    ) -> None:
        self._channels = channels
        self._editors = editors
        self._addresses = addresses
        self._language = language
        self._down: dict[str, int] = {}

    async def look(self) -> None:
        """Look at every channel once; tell what is new."""
        for name, channel in self._channels.items():
            health = channel.health()
            if health["state"] != "down":
                if self._down.pop(name, 0) >= LOOKS:
                    await self._tell(name, "")
                continue
            self._down[name] = self._down.get(name, 0) + 1
            if self._down[name] == LOOKS:
                await self._tell(name, str(health.get("detail", "")))

    async def _tell(self, about: str, why: str) -> None:
        if why:
            log.error("channel_down", channel=about, reason=why)
        else:
            log.info("channel_back", channel=about)
        with speaking(self._language):
            message = Message(channel_down(about, why) if why else channel_back(about))
        for name, address in dict.fromkeys([*self._addresses, *await self._editors()]):
            channel = self._channels.get(name)
            if channel is None or name == about or channel.health()["state"] == "down":
                continue
            outcome = await channel.send(address, message)
            if not isinstance(outcome, Sent):
                log.warning("operator_not_told", channel=name, outcome=type(outcome).__name__)
