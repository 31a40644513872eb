"""Sends rendered calls to one chat and says how it went: climbs down the ladder, repairs what can be
repaired, once.

Never raises for what Telegram does. A send that may have arrived is not repeated; an edit, which may be
repeated without harm, is.
"""

from __future__ import annotations

import asyncio
import logging
import mimetypes
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from telegram.error import BadRequest, ChatMigrated, TelegramError

from bot.channels.channel import Later, Outcome, Refused, Sent
from bot.channels.parts import in_parts
from bot.channels.telegram import outcomes
from bot.channels.telegram.client import Client
from bot.channels.telegram.outbound import Call, Rendered
from bot.channels.telegram.outcomes import Pace
from bot.channels.telegram.transport import MaybeSentError

log = logging.getLogger(__name__)

REPAIRS = 5
"""More steps than any ladder has: a guard against turning in a circle."""
UPLOAD_BYTES = {"photo": 10_000_000, "document": 50_000_000}
_WRONG_FILE = ("wrong file identifier", "wrong remote file", "file_reference", "invalid file_id")


@dataclass(slots=True)
class Sender:
    """Sends for one bot. ``files_root`` is the only folder whose files may be sent (None: no file at all);
    ``sleep`` waits seconds.

    Uploaded files are kept by their Telegram ``file_id`` for as long as the program runs.
    """

    client: Client
    pace: Pace
    files_root: Path | None
    sleep: Callable[[float], Awaitable[Any]] = asyncio.sleep
    _file_ids: dict[tuple[str, int], str] = field(default_factory=dict)
    _moved: dict[str, str] = field(default_factory=dict)

    async def send(self, chat: str, rendered: Rendered) -> Outcome:
        """Send all calls in order, as :func:`in_parts` does."""
        lost = list(rendered.lost)
        outcome = await in_parts(rendered.calls, lambda call: self._one(chat, call, lost), self.sleep)
        return Sent(outcome.message_id, tuple(lost)) if isinstance(outcome, Sent) else outcome

    async def _one(self, chat: str, call: Call, lost: list[str]) -> Outcome:
        """One call, with repairs."""
        wait = self.pace.wait(chat)
        if wait > 0:
            return Later(wait, "Telegram asked to wait (429)", asked=True)
        for _ in range(REPAIRS):
            target = self._moved.get(chat, chat)
            try:
                result = await self._perform(target, call)
            except ChatMigrated as error:
                self._moved[chat] = str(error.new_chat_id)
                lost.append(f"moved to {error.new_chat_id}")
            except BadRequest as error:
                repaired = self._repair(call, error, lost)
                if repaired is None:
                    return self.pace.outcome(error, chat)
                if not isinstance(repaired, Call):
                    return repaired
                call = repaired
            except OSError as error:
                if call.fallback is None:
                    return Refused(f"{call.loss or call.method}: {type(error).__name__}")
                lost.append(call.loss)
                call = call.fallback
            except TelegramError as error:
                return self.pace.outcome(error, chat)
            else:
                self.pace.succeeded()
                return Sent(_id_of(result))
        return Refused("Telegram refused every way of showing this")

    async def _perform(self, chat: str, call: Call) -> Any:
        if call.source is not None:
            return await self._with_file({"chat_id": chat, **call.params}, call)
        try:
            return await self.client.send(call.method, call.body(chat))
        except MaybeSentError:
            if call.method != "editMessageText":
                raise
        return await self.client.send(call.method, call.body(chat))

    async def _with_file(self, params: dict[str, Any], call: Call) -> Any:
        """Send a file by the id Telegram gave it, by its public address, or by its bytes. OSError when it is
        not ours to send or cannot be read."""
        assert call.source is not None
        key, path = self._find(call.source.url)
        if known := self._file_ids.get(key):
            try:
                return await self.client.call(call.method, {**params, call.source_field: known})
            except BadRequest as error:
                if not any(text in str(error).lower() for text in _WRONG_FILE):
                    raise
                del self._file_ids[key]
        if path is None:
            result = await self.client.call(call.method, {**params, call.source_field: call.source.url})
        else:
            content = await asyncio.to_thread(path.read_bytes)
            kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
            upload = (call.source.name or path.name, content, kind)
            result = await self.client.upload(call.method, params, {call.source_field: upload})
        if file_id := _file_id_of(result, call.source_field):
            self._file_ids[key] = file_id
        return result

    def _find(self, url: str) -> tuple[tuple[str, int], Path | None]:
        """The key under which a file's id is kept (its address and its day of change), and its path if it is
        ours."""
        if url.startswith(("http://", "https://")):
            return (url, 0), None
        if self.files_root is None:
            raise PermissionError("no folder of files to send is set")
        root = self.files_root.resolve()
        path = (root / url).resolve()
        if not path.is_relative_to(root):
            raise PermissionError("a file outside the folder of files to send")
        about = path.stat()
        if about.st_size > UPLOAD_BYTES["document"]:
            raise OSError("too large for Telegram")
        return (str(path), about.st_mtime_ns), path

    def _repair(self, call: Call, error: BadRequest, lost: list[str]) -> Call | Outcome | None:
        """What to do instead after a 400: another call, an outcome, or None when nothing helps."""
        text = str(error).lower()
        if outcomes.NOT_MODIFIED in text:
            return Sent(str(call.params.get("message_id", "")))
        if any(known in text for known in outcomes.UNREACHABLE):
            return None
        if outcomes.UNREADABLE_MARKUP in text and "parse_mode" in call.params:
            log.error("Telegram could not read our markup: %s", outcomes.words(error))
            return call.unmarked()
        if any(known in text for known in outcomes.BAD_LINK):
            bare = call.without_links()
            if bare.params != call.params:
                lost.append("buttons to addresses that Telegram does not open")
                return bare
        if call.fallback is None:
            return None
        if call.loss not in lost:
            lost.append(call.loss)
        return call.fallback


def _id_of(result: Any) -> str:
    return str(result.get("message_id", "")) if isinstance(result, dict) else ""


def _file_id_of(result: Any, what: str) -> str:
    found = result.get(what) if isinstance(result, dict) else None
    if isinstance(found, list):
        found = found[-1] if found else None
    return str(found.get("file_id", "")) if isinstance(found, dict) else ""
