"""The Official Account as a channel: the contract of :class:`bot.channels.channel.Channel` over the rooms of
this folder."""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine

from bot.channels.channel import Gone, Later, Limits, Outcome, Proof, Refused, Sent, Uncertain
from bot.channels.zalo_oa import inbound
from bot.channels.zalo_oa.account import Account
from bot.channels.zalo_oa.api import Api
from bot.channels.zalo_oa.client import ANSWER_SECONDS, CallError, Client, ZaloError, part
from bot.channels.zalo_oa.consent import Consent, new_verifier
from bot.channels.zalo_oa.contacts import Contacts, Reach, reach
from bot.channels.zalo_oa.grants import Grants
from bot.channels.zalo_oa.outbound import BUTTON_TITLE, BUTTONS, TEXT_UNITS, render
from bot.channels.zalo_oa.outcomes import Pace, seconds_until
from bot.channels.zalo_oa.sender import Sender
from bot.channels.zalo_oa.signature import Signatures
from bot.channels.zalo_oa.templates import Template, Templates
from bot.channels.zalo_oa.tokens import HOLD_SECONDS, NeedsConsentError, Tokens
from bot.channels.zalo_oa.uploads import Uploads
from bot.channels.zalo_oa.vault import Vault
from handlers.talk.message import Inbound, Joined, Message, Press, Text

log = logging.getLogger(__name__)

JOIN_SECONDS = 2.0
"""How long a start waits for Zalo; afterwards it goes on in the background."""
TICK_SECONDS = 1.0
LOOK_TICKS = 15
"""Ticks between looks at the grant, and at the account while it is down."""
ACCOUNT_TICKS = 600
"""Ticks between looks at an account that is up."""
TOO_OLD = timedelta(hours=24)
"""An event this much older than the newest one is a repetition of long ago (contract §9.2)."""
AHEAD = timedelta(hours=1)


def _sound(sentence: str) -> None:
    log.error("%s", sentence)


class ZaloOAChannel:
    """One Official Account.

    ``now`` is the real clock in the zone people live in, also while ``BOT_NOW`` is set: tokens, windows and
    nights are Zalo's. ``alarm`` hears the sentence for the operator when consent is lost. ``files_root`` is
    the only folder files are sent from. ``clock`` measures pauses in seconds.
    """

    name = "zalo-oa"
    limits = Limits(
        text=TEXT_UNITS,
        buttons=BUTTONS,
        button_label=BUTTON_TITLE,
        edit="none",
        venue="partial",
        image="partial",
        file="partial",
        ask_place="none",
        ask_phone="partial",
        emphasis="none",
        deep_link="none",
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
        clock: Callable[[], float] = time.monotonic,
        rng: random.Random | None = None,
        sleep: Callable[[float], Awaitable[Any]] = asyncio.sleep,
    ) -> None:
        self._account, self._now, self._sleep = account, now, sleep
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
        api = self._api = Api(self._client, self.tokens)
        self._pace = Pace(clock, now, rng or random.Random())  # noqa: S311 - jitter, not a secret
        self._client.rate = self._pace.hear_rate
        uploads = Uploads(api.upload, files_root, now)
        self._sender = Sender(api, self._pace, uploads, account.buttons, sleep)
        self.contacts = Contacts(engine, now)
        self.templates = Templates(api, self._pace, now)
        self._signatures = Signatures(account.app_id, account.keys)
        self._decoder = inbound.Decoder(now)
        self._newest: datetime | None = None
        self._withdrawn: set[str] = set()
        self._state, self._detail, self._oa = "idle", "not started", ""
        self._looked = asyncio.Event()
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
        found = self._decoder.decode(update)
        name = str(update.get("event_name"))
        if self._too_old(update):
            log.warning("an event of more than a day ago is left out: %s", name)
            return []
        if person := inbound.officer_wrote_to(update):
            self.contacts.officer_wrote(person, self._decoder.at(update))
        if not found:
            log.debug("nothing to answer in an event: %s", name)
        for one in found:
            if one.chat and inbound.opens_window(name):
                self.contacts.heard(one.chat, one.at)
            if name == "user_withdraw":
                self._withdrawn.add(one.chat)
        return [one for one in found if not self._for_the_officer(one)]

    def _too_old(self, update: dict[str, Any]) -> bool:
        told = inbound.told_at(update)
        if told is None or told > self._now() + AHEAD:
            return False
        self._newest = max(self._newest or told, told)
        return self._newest - told > TOO_OLD

    def _for_the_officer(self, one: Inbound) -> bool:
        if isinstance(one.content, Press | Joined):
            self.contacts.turned_back(one.chat)
        talks = isinstance(one.content, Text) or type(one.content).__name__ in (
            "File",
            "Place",
            "Unsupported",
        )
        if not talks or not self.contacts.officer_talks(one.chat):
            return False
        log.info("an officer talks in this chat: the bot is quiet")
        return True

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
        if about is not None:
            outcome = await self._sender.send(chat, rendered)
        elif not known:
            return Refused("anonymous visitors can be answered only", our_fault=False)
        else:
            outcome = await self._unasked(chat, rendered)
        if isinstance(outcome, Sent) and self._state == "down":
            self._report("up", "sending works again")
        return outcome

    async def _unasked(self, chat: str, rendered: Any) -> Outcome:
        """Send what nobody asked for, where the window and the budget allow it."""
        if held := self._pace.held():
            return held
        try:
            cost = await self.reach(chat)
        except CallError as error:
            return self._pace.outcome(error)
        if cost == "impossible":
            return Gone("no interaction within 7 days")
        if cost == "free":
            return await self._sender.send(chat, rendered)
        if not self._account.budget:
            return Refused("more than 48 hours since the last interaction, and no budget", our_fault=False)
        calls = len(rendered.calls)
        if not await self.contacts.reserve(self._account.budget, calls):
            midnight = datetime.min.time()
            return Later(seconds_until(self._now(), midnight), "today's budget is used up")
        outcome = await self._sender.send(chat, rendered, reserved=True)
        if not isinstance(outcome, Sent | Uncertain):
            await self.contacts.spent(-calls)
        return outcome

    async def reach(self, chat: str) -> Reach:
        """What a message to this person costs now: ``free``, ``paid`` or ``impossible``.

        Zalo is asked only about people of whom nothing is written down. Raises :class:`CallError` when it
        does not say.
        """
        known = await self.contacts.reach(chat)
        if known is not None:
            return known
        try:
            answer = await self._api.post("/v3.0/oa/quota/message", {"user_id": chat})
        except ZaloError as error:
            if error.code in (-213, -230, -232):
                return "impossible"
            raise
        last = inbound.told_at({"timestamp": part(answer, "last_interaction")})
        if last is not None:
            self.contacts.heard(chat, last)
        return reach(last, self._now())

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
                await self._looked.wait()

    async def stop(self) -> None:
        """Let a refresh end, write what was heard, close connections."""
        if self._keeping is not None:
            self._keeping.cancel()
            with suppress(asyncio.CancelledError):
                await self._keeping
        await self.tokens.finish()
        if self._keeping is not None:
            await self._quietly(self._write, "what was heard")
        await self._client.close()
        self._state, self._detail = "idle", "stopped"

    def health(self) -> dict[str, Any]:
        """``up``, ``idle`` or ``down`` with the last reason, the account's name, and the days its grant has
        left."""
        state, detail = self._state, self._detail
        if state == "up" and (held := self._pace.held()):
            state, detail = "down", held.reason
        if self.tokens.lost and state != "idle":
            state, detail = "down", f"needs consent: {self.tokens.lost}"
        found: dict[str, Any] = {"state": state, "detail": detail}
        if self._oa:
            found["account"] = self._oa
        if self.tokens.days_left is not None:
            found["grant_days_left"] = self.tokens.days_left
        return found

    async def look(self) -> dict[str, Any]:
        """Ask who we are, changing nothing but a token that is due: ``{"name", "package_name", "oaid", …}``.

        Raises :class:`CallError`.
        """
        await self._client.open()
        answer = await self._api.get("/v2.0/oa/getoa")
        found = answer.get("data")
        return found if isinstance(found, dict) else {}

    async def _keep(self) -> None:
        """Everything that the clock makes us do, one thing at a time."""
        with suppress(Exception):
            self._newest = await self.contacts.newest()
        tick = 0
        while True:
            await self._quietly(self._write, "what was heard")
            await self._quietly(self.contacts.refresh, "chats with officers")
            if tick % LOOK_TICKS == 0:
                await self._check(full=tick % ACCOUNT_TICKS == 0 or self._state != "up")
            tick += 1
            await self._sleep(TICK_SECONDS)

    async def _write(self) -> None:
        beyond, self._sender.beyond = self._sender.beyond, 0
        if beyond:
            log.warning("Zalo took %s messages from an allowance: they were not free", beyond)
            await self.contacts.spent(beyond)
        await self.contacts.flush()
        while self._withdrawn:
            await self.contacts.forget(next(iter(self._withdrawn)))
            self._withdrawn.pop()

    async def _check(self, *, full: bool) -> None:
        """Look at the grant, and (``full``) at the account."""
        try:
            await self.tokens.look()
            if full:
                found = await self.look()
                self._oa = str(found.get("name") or "")
                self._report("up", f"package {found.get('package_name') or 'unknown'}")
        except NeedsConsentError as error:
            self._report("down", f"needs consent: {error.words}")
        except CallError as error:
            if full:
                self._report("down", error.words)
        except Exception as error:  # noqa: BLE001 - the clock must go on
            self._report("down", f"the database does not answer ({type(error).__name__})")
        self._looked.set()

    async def _quietly(self, work: Callable[[], Awaitable[None]], what: str) -> None:
        """Do the work; its failure is told, and tried again at the next tick."""
        try:
            await work()
        except Exception as error:  # noqa: BLE001 - the clock must go on
            log.warning("%s could not be kept (%s)", what, type(error).__name__)

    def _report(self, state: str, detail: str) -> None:
        if state == "down" and (state, detail) != (self._state, self._detail):
            log.warning("Zalo Official Account is down: %s", detail)
        self._state, self._detail = state, detail

    # ----------------------------------------------------------------------------------- for the operator

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
