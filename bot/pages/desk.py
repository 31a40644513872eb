"""What the pages need of the running program: a small contract, fulfilled by ``bot/app.py`` and by tests."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any, Protocol

from handlers.services.catalogue import Catalogue
from handlers.services.outbox import Line
from handlers.talk.message import Inbound, Message


class Desk(Protocol):
    """The counter behind the pages."""

    @property
    def catalogue(self) -> Catalogue:
        """The registry as it is now."""
        ...

    @property
    def public_url(self) -> str:
        """The address people reach us at, without a slash at its end; empty when not set."""
        ...

    @property
    def zalo_verifier(self) -> str:
        """The code by which Zalo's console knows that the domain is ours (``ZALO_OA_VERIFIER``); may be empty."""
        ...

    @property
    def telegram_link(self) -> str | None:
        """The bot's https://t.me address; None while Telegram is off."""
        ...

    def now(self) -> datetime:
        """The moment, aware, in the zone people live in."""
        ...

    async def chat(self, inbound: Inbound) -> list[Message]:
        """Answer one web inbound; the same id again gets the same messages. May raise BadRequest."""
        ...

    async def report(self, secret: str) -> int | None:
        """The announcement whose table of deliveries a secret opens; None for a wrong one."""
        ...

    def report_lines(self, announcement: int) -> AsyncIterator[Line]:
        """Every delivery of an announcement."""
        ...

    async def photo(self, name: str) -> tuple[str, bytes] | None:
        """Media type and bytes of a picture of ours; None where there is none of this name."""
        ...

    async def calendar(self, secret: str) -> bytes | None:
        """The calendar that a secret opens, as iCalendar; None for a wrong or a withdrawn one."""
        ...

    async def waiting(self, channel: str, chat: str) -> list[Message]:
        """What waits for a chat that we cannot write to; given once."""
        ...

    def health(self) -> dict[str, Any]:
        """``{"ready": bool, "channels": {name: {"state": "up" | "idle" | "down"}}}``, without secrets."""
        ...
