"""The Zalo Bot channel: the contract of :class:`bot.channels.channel.Channel` over the rooms of this
folder."""

from __future__ import annotations

import asyncio
import hmac
import logging
import math
import random
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Literal
from urllib.parse import urlsplit

from bot.channels.ceiling import Ceiling
from bot.channels.channel import Later, Limits, Outcome, Refused, Sent
from bot.channels.downloads import ZALO_HOSTS, download
from bot.channels.zalo_bot import inbound
from bot.channels.zalo_bot.client import ANSWER_SECONDS, CallError, Client, RefusedError
from bot.channels.zalo_bot.outbound import TEXT_UNITS, render
from bot.channels.zalo_bot.outcomes import Pace
from bot.channels.zalo_bot.polling import POLL_SECONDS, Poller, Store
from bot.channels.zalo_bot.quota import MESSAGES_A_MONTH, PEOPLE, Ledger, MemoryLedger, Month
from bot.channels.zalo_bot.sender import Sender
from handlers.talk.message import Inbound, Message
from handlers.talk.plain import public_address

log = logging.getLogger(__name__)

SECRET_HEADER = "X-Bot-Api-Secret-Token"  # noqa: S105 - the name of a header
SECRET_CHARACTERS = (8, 256)
"""Length of ``secret_token`` (docs.zaloplatforms.com/docs/BOT, setWebhook)."""
WEBHOOK_PATH = "/webhooks/zalo-bot"
FINAL = (400, 401, 404)
"""Refusals of an introduction that no repetition will cure."""
JOIN_SECONDS = 2.0
"""How long a start waits for Zalo; afterwards it goes on in the background."""


class ZaloBotChannel:
    """One bot on the Bot Platform.

    ``public_url`` empty means polling (see :meth:`poll`). ``ledger`` keeps the month's count where it
    outlives the program; ``ceiling`` is how many messages a second may leave; ``answer_seconds`` is how long
    a call may take; ``now`` gives aware moments in the zone people live in, ``clock`` measures pauses in
    seconds. Raises ValueError for a secret that Zalo would refuse.
    """

    name = "zalo-bot"
    limits = Limits(
        text=TEXT_UNITS,
        caption=TEXT_UNITS,
        buttons=0,
        button_label=0,
        edit="none",
        venue="partial",
        image="partial",
        image_bytes=0,
        file="partial",
        upload_bytes=0,
        ask_place="none",
        ask_phone="none",
        emphasis="none",
        deep_link="none",
        free_hours=0,
        open_hours=0,
        dong=0,
        source="https://docs.zaloplatforms.com/docs/BOT",
    )

    def __init__(
        self,
        *,
        token: str,
        secret: str,
        api_url: str = "https://bot-api.zaloplatforms.com",
        public_url: str = "",
        ledger: Ledger | None = None,
        ceiling: Ceiling | None = None,
        answer_seconds: float = ANSWER_SECONDS,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        clock: Callable[[], float] = time.monotonic,
        rng: random.Random | None = None,
        sleep: Callable[[float], Awaitable[Any]] = asyncio.sleep,
    ) -> None:
        if public_url and not SECRET_CHARACTERS[0] <= len(secret) <= SECRET_CHARACTERS[1]:
            raise ValueError("ZALO_BOT_SECRET must have 8 to 256 characters")
        self._secret = secret.encode()
        self._public_url = public_url.rstrip("/")
        self._api_host = urlsplit(api_url).hostname or ""
        self._rng, self._sleep, self._clock = rng or random.Random(), sleep, clock  # noqa: S311 - jitter
        self._client = Client(token, api_url, answer_seconds)
        self._month = Month(now, ledger or MemoryLedger())
        self.ceiling = ceiling or Ceiling(math.inf)
        self._sender = Sender(self._client, Pace(clock, self._rng), self._month, sleep, self.ceiling)
        self._decoder = inbound.Decoder(inbound.Me(), now)
        self._state, self._detail = "idle", "not started"
        self._joining: asyncio.Task[None] | None = None

    # ------------------------------------------------------------------------------------ what comes in

    def verify(
        self, headers: Mapping[str, str], body: bytes | None = None
    ) -> Literal["good", "bad", "unread", "probe"]:
        """Whether the request carries our secret, in constant time. Only without any secret the body matters:
        an empty one is the platform looking whether somebody is there."""
        given = headers.get(SECRET_HEADER) or headers.get(SECRET_HEADER.lower()) or ""
        if given:
            right = hmac.compare_digest(given.encode("utf-8", "replace"), self._secret)
            return "good" if right and self._secret else "bad"
        if body is None:
            return "unread"
        return "probe" if body.strip() in (b"", b"{}") else "bad"

    def update_id(self, update: dict[str, Any]) -> tuple[str, str]:
        """The update's id and its chat's; ``BadRequest`` (of the channel contract) when it is no event."""
        return inbound.identify(update)

    def decode(self, update: dict[str, Any]) -> list[Inbound]:
        """What the update means; an unknown event is an empty list, a malformed one a ValueError."""
        return self._decoder.decode(update)

    async def poll(self, store: Store, *, seconds: int = POLL_SECONDS) -> None:
        """Ask for updates and give each to ``store`` before the next is asked for; until cancelled, or the
        token is refused.

        ``store`` must bear the same update twice. ``seconds`` is how long Zalo may hold an empty answer.
        """
        await self._client.open()
        pace = Pace(self._clock, self._rng)
        await Poller(
            self._client, store, self._report, pace, self._clock, self._sleep, poll_seconds=seconds
        ).run()

    # ------------------------------------------------------------------------------------ what goes out

    async def fetch(self, reference: str, most: int) -> bytes:
        """The bytes of what a person sent; Zalo's address of it expires."""
        return await download(reference, most, (*ZALO_HOSTS, self._api_host))

    async def send(self, chat: str, message: Message, *, about: Inbound | None = None) -> Outcome:
        """Send one message, as one text or more; never raises for what Zalo does.

        What nobody asked for waits for the next month when this month's messages are used up.
        """
        if message.image and self._public_url and not public_address(message.image):
            message = replace(message, image=f"{self._public_url}/{message.image}")
        rendered = render(message)
        if not rendered.calls:
            return Refused("the message is empty")
        if about is None and self._month.used_up:
            return Later(self._month.left, f"this month's {MESSAGES_A_MONTH} messages are sent", True)
        outcome = await self._sender.send(chat, rendered)
        if isinstance(outcome, Sent) and self._state == "down":
            self._report("up", "sending works again")
        return outcome

    async def confirm(self, inbound: Inbound, toast: str = "") -> None:
        """Nothing to confirm: there are no buttons."""

    # ----------------------------------------------------------------------------------------- its life

    async def start(self) -> None:
        """Open connections, then learn our name and register the webhook. When Zalo does not answer soon,
        that goes on in the background: the program starts all the same."""
        await self._client.open()
        if self._joining is None or self._joining.done():
            self._joining = asyncio.create_task(self._join(), name="zalo-bot-join")
        await asyncio.wait({self._joining}, timeout=JOIN_SECONDS)

    async def stop(self) -> None:
        """Close connections. The webhook stays registered."""
        if self._joining is not None:
            self._joining.cancel()
            with suppress(asyncio.CancelledError):
                await self._joining
        await self._client.close()
        self._state, self._detail = "idle", "stopped"

    def health(self) -> dict[str, Any]:
        """``up``, ``idle`` or ``down``, with the last reason, and how much of what the plan allows is used."""
        month = {"sent_this_month": self._month.sent, "messages_a_month": MESSAGES_A_MONTH}
        month |= {"people": self._month.people, "people_most": PEOPLE}
        return {"state": self._state, "detail": self._detail, **month}

    async def _join(self) -> None:
        """Introduce ourselves, again and again with growing pauses until it worked."""
        pace = Pace(self._clock, self._rng)
        while True:
            try:
                await self._introduce()
                return
            except CallError as error:
                if isinstance(error, RefusedError) and error.code in FINAL:
                    self._give_up(error)
                    return
                if self._state != "down":
                    log.warning("Zalo Bot cannot be reached yet: %s", error.words)
                self._report("down", error.words)
                pause = pace.pause(error)
            await self._sleep(pause)

    async def _introduce(self) -> None:
        """getMe and, with a public address, setWebhook."""
        me = await self._client.call("getMe", {})
        if isinstance(me, dict):
            names = (str(me.get(field) or "").strip() for field in ("display_name", "account_name"))
            self._decoder.me.names = tuple(dict.fromkeys(name for name in names if name))
        await self._month.count(0)
        if self._public_url:
            await self.webhook_set()
        self._report("up", "webhook" if self._public_url else "ready to poll")

    def _give_up(self, refusal: RefusedError) -> None:
        """Say what is wrong: the token, or an address that Zalo does not accept."""
        if refusal.code == 401:
            self._report("down", "Zalo refuses the token (ZALO_BOT_TOKEN)")
            log.error(
                "Zalo refuses the bot's token: check ZALO_BOT_TOKEN, or make a new one in Zalo Bot Creator"
            )
            return
        self._report("down", f"Zalo refuses to introduce us: {refusal.words}")
        log.error("Zalo Bot: refused at the start: %s", refusal.words)

    def _report(self, state: str, detail: str) -> None:
        self._state, self._detail = state, detail

    # ----------------------------------------------------------------------------------- for the operator

    async def webhook_set(self, public_url: str = "") -> str:
        """Register ``public_url`` (else the one this channel was made with); the address that was registered.

        Raises :class:`CallError`, as the two below.
        """
        await self._client.open()
        url = (public_url.rstrip("/") or self._public_url) + WEBHOOK_PATH
        await self._client.call("setWebhook", {"url": url, "secret_token": self._secret.decode()})
        return url

    async def webhook_info(self) -> dict[str, Any]:
        """What Zalo knows of our webhook (``url``, ``updated_at``); empty when none is set (its 404)."""
        await self._client.open()
        try:
            found = await self._client.call("getWebhookInfo", {})
        except RefusedError as refusal:
            if refusal.code != 404:
                raise
            return {}
        return found if isinstance(found, dict) else {}

    async def webhook_delete(self) -> None:
        """Take the webhook away; none at all is as good."""
        await self._client.open()
        try:
            await self._client.call("deleteWebhook", {})
        except RefusedError as refusal:
            if refusal.code != 404:
                raise
