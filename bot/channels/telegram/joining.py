"""Joining Telegram at the start: learn our name, register the webhook, publish the commands."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from telegram.error import BadRequest, EndPointNotFound, InvalidToken, TelegramError

from bot.channels.telegram import menu
from bot.channels.telegram.client import Client
from bot.channels.telegram.inbound import ALLOWED, Me
from bot.channels.telegram.outcomes import Pace, words
from bot.channels.telegram.transport import WaitError

log = logging.getLogger(__name__)

WEBHOOK_PATH = "/webhooks/telegram"
MAX_CONNECTIONS = 40
"""Parallel deliveries, one a chat (core.telegram.org/bots/api#setwebhook: 1 to 100)."""


@dataclass(slots=True)
class Joining:
    """What Telegram has to be told, and what it tells us (``me``). ``report`` hears the channel's state."""

    client: Client
    me: Me
    secret: str
    public_url: str
    commands: menu.Commands
    default_language: str
    report: Callable[[str, str], None]
    pace: Pace
    sleep: Callable[[float], Awaitable[Any]]

    async def run(self) -> None:
        """Introduce ourselves, again and again with growing pauses; ends when it worked or the token is
        refused."""
        told = ""
        while True:
            try:
                await self._introduce()
                return
            except (InvalidToken, EndPointNotFound):
                self.report("down", "Telegram refuses the token (TELEGRAM_TOKEN)")
                log.error("Telegram refuses the token: check TELEGRAM_TOKEN, or ask @BotFather for a new one")
                return
            except WaitError as error:
                pause = error.seconds
            except TelegramError as error:
                pause = self.pace.outages.next()
                self.report("down", words(error))
                if words(error) != told:
                    told = words(error)
                    log.warning("Telegram cannot be joined yet: %s", told)
            await self.sleep(pause)

    async def _introduce(self) -> None:
        """A refused list of commands is an error in the log, not a reason to be deaf."""
        await self.learn_name()
        if self.public_url:
            await self.set_webhook(self.public_url)
        try:
            await menu.publish(self.client.bot, self.commands, self.default_language)
        except BadRequest as error:
            log.error("Telegram refuses our list of commands: %s", words(error))
        self.pace.succeeded()
        self.report("up", "webhook" if self.public_url else "ready to poll")

    async def learn_name(self) -> None:
        """Ask Telegram who we are. Raises the classes of ``telegram.error``."""
        found = await self.client.bot.get_me()
        self.me.id, self.me.username = found.id, found.username or ""

    async def set_webhook(self, public_url: str) -> str:
        """Register our door at ``public_url``, keeping what people wrote; the registered address."""
        url = public_url + WEBHOOK_PATH
        await self.client.bot.set_webhook(
            url, secret_token=self.secret, allowed_updates=ALLOWED, max_connections=MAX_CONNECTIONS
        )
        return url
