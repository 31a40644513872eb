"""The Official Account as a channel: the contract of :class:`bot.channels.channel.Channel` over the rooms of
this folder."""

from __future__ import annotations

import asyncio
import logging
import math
import random
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.channels.ceiling import Ceiling
from bot.channels.channel import Limits, Outcome, Proof, Refused, Sent
from bot.channels.downloads import ZALO_HOSTS, download
from bot.channels.zalo_oa import inbound
from bot.channels.zalo_oa.account import Account
from bot.channels.zalo_oa.api import Api
from bot.channels.zalo_oa.client import ANSWER_SECONDS, Client
from bot.channels.zalo_oa.consent import Consent, new_verifier
from bot.channels.zalo_oa.contacts import DONG_A_MESSAGE, FREE, HOUR, OPEN, Contacts, Reach
from bot.channels.zalo_oa.grants import Grants
from bot.channels.zalo_oa.hearing import Hearing
from bot.channels.zalo_oa.outbound import BUTTON_TITLE, BUTTONS, TEXT_UNITS, render
from bot.channels.zalo_oa.outcomes import Pace
from bot.channels.zalo_oa.sender import Sender
from bot.channels.zalo_oa.signature import Signatures
from bot.channels.zalo_oa.templates import Template, Templates
from bot.channels.zalo_oa.tokens import HOLD_SECONDS, Tokens
from bot.channels.zalo_oa.unasked import Unasked
from bot.channels.zalo_oa.upkeep import Upkeep, ended
from bot.channels.zalo_oa.uploads import FILE_BYTES, IMAGE_BYTES, Uploads
from bot.channels.zalo_oa.vault import Vault
from handlers.talk.message import Inbound, Message

log = logging.getLogger(__name__)

JOIN_SECONDS = 2.0
"""How long a start waits for Zalo; afterwards it goes on in the background."""


def _sound(sentence: str) -> None:
    log.error("%s", sentence)


class ZaloOAChannel:
    """One Official Account.

    ``now`` is the real clock in the zone people live in, also while ``BOT_NOW`` is set: tokens, windows and
    nights are Zalo's. ``alarm`` hears the sentence for the operator when consent is lost. ``ceiling`` is
    how many messages a second may leave. ``files_root`` is the only folder files are sent from. ``clock``
    measures pauses in seconds.
    """

    name = "zalo-oa"
    limits = Limits(
        text=TEXT_UNITS,
        caption=0,
        buttons=BUTTONS,
        button_label=BUTTON_TITLE,
        edit="none",
        venue="partial",
        image="partial",
        image_bytes=IMAGE_BYTES,
        file="partial",
        upload_bytes=FILE_BYTES,
        ask_place="none",
        ask_phone="partial",
        emphasis="none",
        deep_link="none",
        free_hours=FREE // HOUR,
        open_hours=OPEN // HOUR,
        dong=DONG_A_MESSAGE,
        source="https://docs.zaloplatforms.com/docs/OA",
    )

    def __init__(
        self,
        account: Account,
        engine: AsyncEngine,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        alarm: Callable[[str], None] = _sound,
        files_root: Path | None = None,
        answer_seconds: float = ANSWER_SECONDS,
        hold_seconds: float = HOLD_SECONDS,
        ceiling: Ceiling | None = None,
        clock: Callable[[], float] = time.monotonic,
        rng: random.Random | None = None,
        sleep: Callable[[float], Awaitable[Any]] = asyncio.sleep,
    ) -> None:
        self._account, self._now, self._sleep = account, now, sleep
        self.ceiling = ceiling or Ceiling(math.inf)
        self._client = Client(
            account.hosts, account.app_secret, use_proof=account.use_proof, answer_seconds=answer_seconds
        )
        grants = Grants(engine, account.app_id, Vault(account.app_secret))
        self.tokens = Tokens(
            grants,
            self._client,
            account.app_id,
            first=account.first,
            now=now,
            alarm=alarm,
            hold_seconds=hold_seconds,
            sleep=sleep,
        )
        api = Api(self._client, self.tokens)
        pace = Pace(clock, now, rng or random.Random())  # noqa: S311 - jitter, not a secret
        self._client.rate = pace.hear_rate
        self._sender = Sender(
            api, pace, Uploads(api.upload, files_root, now), account.buttons, sleep, ceiling=self.ceiling
        )
        self.contacts = Contacts(engine, now)
        self.templates = Templates(api, pace, now, self.ceiling)
        self._unasked = Unasked(api, pace, self.contacts, self._sender, account.budget)
        self._upkeep = Upkeep(api, pace, self.contacts, self._sender, self.tokens, sleep)
        self._signatures = Signatures(account.app_id, account.keys)
        self._hearing = Hearing(self.contacts, self._upkeep.withdrawn, now)
        self._keeping: asyncio.Task[None] | None = None

    # ------------------------------------------------------------------------------------ what comes in

    def verify(self, headers: Mapping[str, str], body: bytes | None = None) -> Proof:
        """Whether Zalo signed the request; ``unread`` without its body."""
        return self._signatures.judge(headers, body)

    def update_id(self, update: dict[str, Any]) -> tuple[str, str]:
        """The event's id and its chat's; ``BadRequest`` (of the channel contract) when it is no event."""
        return inbound.identify(update)

    def decode(self, update: dict[str, Any]) -> list[Inbound]:
        """What the event means; an unknown one is an empty list, a malformed one a ValueError.

        What a person does opens the window; while an officer talks to them, what they write is not for the
        bot.
        """
        return self._hearing.hear(update)

    # ------------------------------------------------------------------------------------ what goes out

    async def send(self, chat: str, message: Message, *, about: Inbound | None = None) -> Outcome:
        """Send one message, in as many parts as it needs; never raises for what Zalo does.

        An answer (``about``) is free. Anything else is looked at before: free within 48 hours of the person's
        last interaction, then from the day's budget, after 7 days not at all.
        """
        known = not chat.startswith(inbound.ANONYMOUS)
        rendered = render(message, buttons=self._sender.buttons and known, forms=known)
        if not rendered.calls:
            return Refused("the message is empty")
        if about is None and not known:
            return Refused("anonymous visitors can be answered only", our_fault=False)
        sends = self._sender.send if about is not None else self._unasked.send
        outcome = await sends(chat, rendered)
        if isinstance(outcome, Sent) and self._upkeep.state == "down":
            self._upkeep.report("up", "sending works again")
        return outcome

    async def fetch(self, reference: str, most: int) -> bytes:
        """The bytes of what a person sent; Zalo's address of it expires."""
        return await download(
            reference, most, (*ZALO_HOSTS, urlsplit(self._account.hosts["openapi"]).hostname or "")
        )

    async def reach(self, chat: str) -> Reach:
        """What a message to this person costs now: ``free``, ``paid`` or ``impossible``.

        Raises :class:`CallError` when nothing is known of them and Zalo does not say.
        """
        return "impossible" if chat.startswith(inbound.ANONYMOUS) else await self._unasked.reach(chat)

    async def remind(self, chat: str, facts: Mapping[str, object]) -> Outcome:
        """Send the template for renewal reminders to somebody whom the account knows."""
        return await self.templates.by_id(chat, self.renewal, facts)

    async def remind_by_phone(self, phone: str, facts: Mapping[str, object], tracking: str) -> Outcome:
        """Send the template for renewal reminders to a telephone number, with consent on record."""
        return await self.templates.by_phone(phone, self.renewal, facts, tracking)

    @property
    def renewal(self) -> Template:
        """The template for renewal reminders; its id is empty while none is set."""
        return Template(self._account.renewal, self._account.renewal_fields)

    async def confirm(self, inbound: Inbound, toast: str = "") -> None:
        """Nothing to confirm: a press is a text here."""

    # ----------------------------------------------------------------------------------------- its life

    async def start(self) -> None:
        """Open connections, then get a token and look at the account. When Zalo does not answer soon, that
        goes on in the background: the program starts all the same."""
        await self._client.open()
        if self._keeping is None or self._keeping.done():
            self._keeping = asyncio.create_task(self._keep(), name="zalo-oa")
        with suppress(TimeoutError):
            async with asyncio.timeout(JOIN_SECONDS):
                await self._upkeep.looked.wait()

    async def stop(self) -> None:
        """Let a refresh end, write what was heard, close connections."""
        await ended(self._keeping)
        await self.tokens.finish()
        if self._keeping is not None:
            await self._upkeep.write()
        await self._client.close()
        self._upkeep.report("idle", "stopped")

    async def _keep(self) -> None:
        with suppress(SQLAlchemyError, OSError):
            self._hearing.newest = await self.contacts.newest()
        await self._upkeep.run()

    def health(self) -> dict[str, Any]:
        """``up``, ``idle`` or ``down`` with the last reason; see :meth:`Upkeep.health`."""
        return self._upkeep.health()

    # ----------------------------------------------------------------------------------- for the operator

    async def look(self) -> dict[str, Any]:
        """Who we are, as Zalo says (``name``, ``oaid``, ``package_name`` …), changing nothing but a token
        that is due.

        Raises :class:`CallError`.
        """
        await self._client.open()
        return await self._upkeep.look()

    def asking(self, redirect_uri: str) -> Consent:
        """A link for the account's admin, and what its answer is checked with (``zalo login``)."""
        verifier = self._account.verifier or new_verifier()
        return Consent(self._account.app_id, self._account.hosts["oauth"], redirect_uri, verifier)

    async def login(self, asked: Consent, pasted: str) -> None:
        """Take the address the browser was sent to, or the code in it. Raises ValueError and
        :class:`CallError`."""
        await self._client.open()
        await self.tokens.login(asked.code_of(pasted), asked.verifier)

    async def paste(self, refresh: str) -> None:
        """Take a refresh token of the API Explorer (``zalo paste``). Raises :class:`CallError`."""
        await self._client.open()
        await self.tokens.paste(refresh.strip())
        self._upkeep.report("idle", "consent was given anew")
