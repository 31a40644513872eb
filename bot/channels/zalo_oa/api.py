"""Calls with the account's token: a refused one is exchanged once, and the call repeated once (contract
§2.3)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from bot.channels.zalo_oa.client import Client, Host, ZaloError
from bot.channels.zalo_oa.outcomes import kind_of
from bot.channels.zalo_oa.tokens import NotYetError, Tokens

Answer = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Api:
    """One account's calls. Each raises the errors of :mod:`client`, ``NeedsConsentError`` and
    ``NotYetError``."""

    client: Client
    tokens: Tokens

    async def post(self, path: str, body: Mapping[str, Any], host: Host = "openapi") -> Answer:
        """POST a JSON body."""
        return await self._with_token(lambda token: self.client.post(host, path, token, body))

    async def get(self, path: str, query: Mapping[str, Any] | None = None) -> Answer:
        """GET from the OA's API."""
        return await self._with_token(lambda token: self.client.get(path, token, query))

    async def upload(self, path: str, name: str, content: bytes, kind: str) -> Answer:
        """POST a file."""
        return await self._with_token(lambda token: self.client.upload(path, token, name, content, kind))

    async def _with_token(self, call: Callable[[str], Awaitable[Answer]]) -> Answer:
        token = await self._asked(self.tokens.access())
        try:
            return await call(token)
        except ZaloError as error:
            if kind_of(error) != "token":
                raise
        return await call(await self._asked(self.tokens.renew(token)))

    @staticmethod
    async def _asked(token: Awaitable[str]) -> str:
        try:
            return await token
        except (SQLAlchemyError, OSError) as error:
            raise NotYetError(f"the tokens cannot be read ({type(error).__name__})", 1.0) from None
