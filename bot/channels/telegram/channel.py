"""The Telegram channel: the contract of :class:`bot.channels.channel.Channel` over the rooms of this
folder."""

from __future__ import annotations

import asyncio
import hmac
import logging
import random
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from telegram.error import TelegramError
from telegram.helpers import create_deep_linked_url

from bot.channels.ceiling import Ceiling
from bot.channels.channel import Later, Limits, Outcome, Proof, Refused, Sent
from bot.channels.downloads import TooLarge, Unfetched
from bot.channels.telegram import inbound, keyboard, markup, menu
from bot.channels.telegram.client import Client
from bot.channels.telegram.joining import Joining
from bot.channels.telegram.outbound import Rendered, Repeated, render
from bot.channels.telegram.outcomes import PRESS_OVER, Pace, words
from bot.channels.telegram.polling import POLL_SECONDS, Poller, Store
from bot.channels.telegram.sender import UPLOAD_BYTES, Sender
from bot.channels.telegram.transport import (
    TOTAL_SECONDS,
    MaybeSentError,
    NotSentError,
    UnavailableError,
)
from handlers.talk.message import Inbound, Message, Phone, Place, Press

log = logging.getLogger(__name__)

SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 - the name of a header
ASK_LABELS = {"place": "📍 Gửi vị trí · Share location", "phone": "📱 Gửi số điện thoại · Share number"}
"""Both languages at once: a channel does not know which one the person chose."""
IMAGE_BYTES = 10 << 20
"""Of a picture (core.telegram.org/bots/api#sendphoto)."""
FETCHED_BYTES = 20 << 20
"""Of what a person sent and a bot can fetch (core.telegram.org/bots/api#getfile)."""
TOO_BIG = "file is too big"
JOIN_SECONDS = 2.0
"""How long a start waits for Telegram; afterwards it goes on in the background."""
_CONFIRMED_REMEMBERED = 4096


class TelegramChannel:
    """One bot on Telegram.

    ``public_url`` empty means polling (see :meth:`poll`). ``commands`` are shown beside the writing field;
    ``ask_labels`` are the labels of the buttons that ask for a place or a phone; ``files_root`` is the only
    folder from which pictures and files are sent; ``answer_seconds`` is how long a call may take; ``ceiling``
    how many messages a second may leave; ``now``
    dates presses, ``clock`` measures pauses in seconds.
    """

    name = "telegram"
    limits = Limits(
        text=markup.TEXT_UNITS,
        caption=markup.CAPTION_UNITS,
        buttons=keyboard.BUTTONS,
        button_label=keyboard.LABEL_UNITS,
        edit="full",
        venue="full",
        image="full",
        image_bytes=IMAGE_BYTES,
        file="full",
        upload_bytes=UPLOAD_BYTES["document"],
        ask_place="partial",
        ask_phone="partial",
        emphasis="full",
        deep_link="full",
        free_hours=0,
        open_hours=0,
        dong=0,
        source="https://core.telegram.org/bots/api",
    )

    def __init__(
        self,
        *,
        token: str,
        secret: str,
        api_url: str = "https://api.telegram.org",
        public_url: str = "",
        commands: menu.Commands = (),
        default_language: str = "vi",
        ask_labels: Mapping[str, str] = ASK_LABELS,
        files_root: Path | None = None,
        answer_seconds: float = TOTAL_SECONDS,
        ceiling: Ceiling | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        clock: Callable[[], float] = time.monotonic,
        rng: random.Random | None = None,
        sleep: Callable[[float], Awaitable[Any]] = asyncio.sleep,
    ) -> None:
        self._secret = secret.encode()
        self._ask_labels = ask_labels
        self._repeated = Repeated()
        self._rng, self._sleep = rng or random.Random(), sleep  # noqa: S311 - jitter, not a secret
        self._client = Client(token, api_url.rstrip("/"), answer_seconds, ceiling)
        self.ceiling = self._client.ceiling
        self._pace = Pace(clock, self._rng)
        self._sender = Sender(self._client, self._pace, files_root, sleep)
        self._me = inbound.Me()
        self._decoder = inbound.Decoder(self._me, now)
        self._joining = Joining(
            self._client,
            self._me,
            secret,
            public_url.rstrip("/"),
            commands,
            default_language,
            self._report,
            self._pace,
            sleep,
        )
        self._state, self._detail = "idle", "not started"
        self._confirmed: dict[str, None] = {}
        self._join: asyncio.Task[None] | None = None

    # ------------------------------------------------------------------------------------ what comes in

    def verify(self, headers: Mapping[str, str], body: bytes | None) -> Proof:
        """Whether the request carries our secret (core.telegram.org/bots/api#setwebhook); constant time."""
        given = headers.get(SECRET_HEADER) or headers.get(SECRET_HEADER.lower()) or ""
        good = bool(self._secret) and hmac.compare_digest(given.encode("utf-8", "replace"), self._secret)
        return "good" if good else "bad"

    def update_id(self, update: dict[str, Any]) -> tuple[str, str]:
        """The update's id and its chat's; ``BadRequest`` (of the channel contract) without an id."""
        return inbound.identify(update)

    def decode(self, update: dict[str, Any]) -> list[Inbound]:
        """What the update means; an unknown kind is an empty list, a malformed one a ValueError."""
        return self._decoder.decode(update)

    async def poll(self, store: Store, *, seconds: int = POLL_SECONDS) -> None:
        """Ask for updates and give each to ``store`` before it is confirmed; until cancelled, or the token is
        refused.

        ``store`` must bear the same update twice. ``seconds`` is how long Telegram may hold an empty answer.
        """
        await self._client.open()
        await Poller(self._client, store, self._report, self._rng, self._sleep, seconds).run()

    # ------------------------------------------------------------------------------------ what goes out

    async def send(self, chat: str, message: Message, *, about: Inbound | None = None) -> Outcome:
        """Send or edit one message; never raises for what Telegram does."""
        edit = about.about if about and message.edits and about.chat == chat else None
        private = not chat.startswith("-")
        after_ask = private and about is not None and isinstance(about.content, Place | Phone)
        labels = self._ask_labels if private else {}
        if about is None:
            rendered = self._repeated.render(message, labels)
        else:
            rendered = render(message, edit=edit or "", after_ask=after_ask, ask_labels=labels)
        if not rendered.calls:
            return Refused("the message is empty")
        outcome = await self._sender.send(chat, rendered)
        self._learn(outcome)
        return outcome

    async def edit(self, chat: str, message_id: str, message: Message) -> Outcome:
        """Put a text in the place of an earlier one of ours; what is the same already is done."""
        call, *more = render(message, edit=message_id, ask_labels={}).calls
        if more or call.method != "editMessageText":
            return Refused("this cannot take the place of an earlier message")
        outcome = await self._sender.send(chat, Rendered((replace(call, fallback=None, loss=""),)))
        self._learn(outcome)
        return outcome

    async def fetch(self, reference: str, most: int) -> bytes:
        """The bytes of what a person sent (core.telegram.org/bots/api#getfile: up to 20 MB)."""
        try:
            file = await self._client.bot.get_file(reference)
            if (file.file_size or 0) > most:
                raise TooLarge(file.file_size or 0)
            content = bytes(await file.download_as_bytearray())
        except TelegramError as error:
            if TOO_BIG in str(error).lower():
                raise TooLarge(FETCHED_BYTES) from None
            raise Unfetched(words(error)) from None
        if len(content) > most:
            raise TooLarge(len(content))
        return content

    async def confirm(self, inbound: Inbound, toast: str = "") -> None:
        """Answer a press, once, with a toast of at most 200 characters; a press that is over is nobody's
        fault."""
        press = inbound.content
        if not isinstance(press, Press) or not press.toast or press.toast in self._confirmed:
            return
        self._confirmed[press.toast] = None
        while len(self._confirmed) > _CONFIRMED_REMEMBERED:
            del self._confirmed[next(iter(self._confirmed))]
        params = {"callback_query_id": press.toast}
        if toast:
            params["text"] = markup.shorten(markup.clean(toast), 200)
        try:
            await self._answer_press(params)
        except TelegramError as error:
            if not any(text in str(error).lower() for text in PRESS_OVER):
                log.warning("a press could not be confirmed: %s", words(error))

    async def _answer_press(self, params: dict[str, str]) -> None:
        """Confirm, once more when the connection failed: a second confirmation does no harm."""
        try:
            await self._client.call("answerCallbackQuery", params)
        except (NotSentError, MaybeSentError, UnavailableError):
            await self._client.call("answerCallbackQuery", params)

    # ----------------------------------------------------------------------------------------- its life

    async def start(self) -> None:
        """Open connections, then learn our name, publish commands and register the webhook. When Telegram
        does not answer soon, that goes on in the background: the program starts all the same."""
        await self._client.open()
        if self._join is None or self._join.done():
            self._report("idle", "joining Telegram")
            self._join = asyncio.create_task(self._joining.run(), name="telegram-join")
        await asyncio.wait({self._join}, timeout=JOIN_SECONDS)

    async def stop(self) -> None:
        """Close connections. The webhook stays: Telegram keeps what people write until the next start."""
        if self._join is not None:
            self._join.cancel()
            with suppress(asyncio.CancelledError):
                await self._join
        await self._client.close()
        self._state, self._detail = "idle", "stopped"

    def health(self) -> dict[str, Any]:
        """``up``, ``idle`` or ``down``, with the last reason and our name on Telegram; going slower because
        Telegram asks for it is no fall."""
        found = {"state": self._state, "detail": self._detail}
        if self._state == "up" and (seconds := self._pace.wait("")):
            found["detail"] = f"Telegram asks to wait (429), {seconds:.0f} s more"
        return found | {"username": self._me.username} if self._me.username else found

    def _learn(self, outcome: Outcome) -> None:
        """A send tells how the connection is, too."""
        if isinstance(outcome, Sent) and self._state == "down":
            self._report("up", "sending works again")
        elif isinstance(outcome, Later) and outcome.whole_channel and not outcome.asked:
            self._report("down", outcome.reason)

    def _report(self, state: str, detail: str) -> None:
        self._state, self._detail = state, detail

    # ---------------------------------------------------------------------------- for people and doctor

    @property
    def username(self) -> str:
        """Our name on Telegram without the @; empty until Telegram has said it."""
        return self._me.username

    def deep_link(self, payload: str) -> str:
        """The address that opens the chat with ``payload`` (at most 64 of ``A-Za-z0-9_-``, else ValueError);
        empty until our name is known."""
        return create_deep_linked_url(self.username, payload) if self.username else ""

    async def look(self) -> dict[str, Any]:
        """Ask who we are and how the webhook does, changing nothing: ``{"username": …, "url": …, …}``.

        Raises :class:`TelegramError`, as the three below.
        """
        await self._client.open()
        await self._joining.learn_name()
        return {"username": self.username, **await self.webhook_info()}

    async def webhook_set(self, public_url: str = "") -> str:
        """Register ``public_url`` (else the one this channel was made with); the address that was registered.
        What people wrote meanwhile is kept."""
        await self._client.open()
        return await self._joining.set_webhook(public_url.rstrip("/") or self._joining.public_url)

    async def webhook_info(self) -> dict[str, Any]:
        """What Telegram knows of our webhook (``url``, ``pending_update_count``, ``last_error_message``
        …)."""
        await self._client.open()
        found: dict[str, Any] = await self._client.call("getWebhookInfo", {})
        return found

    async def webhook_delete(self) -> None:
        """Take the webhook away; waiting updates are kept for the poll."""
        await self._client.open()
        await self._client.bot.delete_webhook(drop_pending_updates=False)
