"""The chat on our own pages: a channel without a platform, whose wire is ``POST /api/chat``.

The browser asks and gets the answer in the same exchange, so there is nothing to sign, to confirm or to keep
open, and no way to speak first.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from uuid import uuid4

from bot.channels.channel import Limits, Outcome, Proof, Refused
from bot.channels.web import inbound, outbound
from handlers.talk.message import Inbound, Message

NAME = "web"

LIMITS = Limits(
    text=20_000,
    caption=20_000,
    buttons=50,
    button_label=120,
    edit="none",
    venue="full",
    image="full",
    image_bytes=0,
    file="full",
    upload_bytes=0,
    ask_place="full",
    ask_phone="none",
    emphasis="full",
    deep_link="full",
    free_hours=0,
    open_hours=0,
    dong=0,
    source="our own page: nothing beyond what stays readable; the operating contract, POST /api/chat",
)


class WebChannel:
    """The web as a :class:`bot.channels.channel.Channel`.

    ``clock`` gives the aware moment of an arrival; ``new_id`` the id of a message that brings none.
    """

    name: str = NAME
    limits: Limits = LIMITS

    def __init__(
        self, clock: Callable[[], datetime], new_id: Callable[[], str] = lambda: uuid4().hex
    ) -> None:
        self._clock = clock
        self._new_id = new_id

    def verify(self, headers: Mapping[str, str], body: bytes | None) -> Proof:
        """Always good: anybody may talk, and nothing an answer holds is secret."""
        return "good"

    def read(self, body: bytes) -> dict[str, Any]:
        """The parsed request, with an ``id`` made where it brought none; raise BadRequest otherwise."""
        update = inbound.parse(body)
        if update.get("id") is None:
            update["id"] = self._new_id()
        return update

    def chat(self, asked: Mapping[str, Any]) -> str:
        """Whose page asks what waits for it; raise BadRequest when it does not say."""
        return inbound.chat(asked)

    def update_id(self, update: dict[str, Any]) -> tuple[str, str]:
        """The message's id within its chat, and the chat; raise BadRequest where either is wrong."""
        return inbound.update_id(update)

    def decode(self, update: dict[str, Any]) -> list[Inbound]:
        """The one thing the person did; raise BadRequest with one sentence for anything malformed."""
        return [inbound.decode(update, self._clock())]

    def render(self, messages: list[Message]) -> dict[str, Any]:
        """The JSON answer of ``POST /api/chat``."""
        return outbound.render(messages)

    async def send(self, chat: str, message: Message, *, about: Inbound | None = None) -> Outcome:
        """Refused: a page cannot be written to when it has not asked."""
        return Refused("no push on the web yet", our_fault=False)

    async def confirm(self, inbound: Inbound, toast: str = "") -> None:
        """Nothing to confirm: the answer itself does it."""

    async def start(self) -> None:
        """Nothing to open."""

    async def stop(self) -> None:
        """Nothing to close."""

    def health(self) -> dict[str, Any]:
        """Up whenever the process that answers this is."""
        return {"state": "up", "detail": "answers on our own pages"}
