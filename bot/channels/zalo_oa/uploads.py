"""Pictures and documents of ours brought to Zalo, which keeps them for 7 days (contract §4).

5,000 uploads a month are allowed, so what was brought is remembered by its content and brought again after 6
days.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Literal

from bot.channels.zalo_oa.client import CallError, part

IMAGE_BYTES = 1 << 20
FILE_BYTES = 5 << 20
KINDS: dict[str, dict[str, str]] = {
    "image": {".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".png": "image/png"},
    "file": {
        ".pdf": "application/pdf",
        ".doc": "application/msword",
        ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        ".csv": "text/csv",
    },
}
"""Endings that Zalo takes (docs.zaloplatforms.com/docs/OA, uploads), and how they are announced."""
KEPT = timedelta(days=6)
REMEMBERED = 1_000

Upload = Callable[[str, str, bytes, str], Awaitable[dict[str, Any]]]


class UnfitError(CallError):
    """This file cannot be sent: not there, not ours to give, of a wrong kind or too large."""


@dataclass(slots=True)
class Uploads:
    """What was brought to Zalo. ``root`` is the only folder that files are taken from; ``upload`` makes the
    call."""

    upload: Upload
    root: Path | None
    now: Callable[[], datetime]
    _known: dict[tuple[str, str], tuple[str, datetime]] = field(default_factory=dict)

    async def brought(self, source: str, name: str, slot: Literal["image", "file"]) -> str:
        """The id of the file at ``source`` (a path under ``root``), brought now or before.

        Raises :class:`UnfitError` and what the call raises.
        """
        content, kind = await asyncio.to_thread(self._read, source, name, slot)
        key = (slot, hashlib.sha256(content).hexdigest())
        known = self._known.get(key)
        if known and self.now() - known[1] < KEPT:
            return known[0]
        answer = await self.upload(f"/v2.0/oa/upload/{slot}", name or Path(source).name, content, kind)
        found = str(part(answer, "attachment_id" if slot == "image" else "token") or "")
        if not found:
            raise UnfitError("Zalo gave no id for an upload")
        self._known[key] = found, self.now()
        while len(self._known) > REMEMBERED:
            del self._known[next(iter(self._known))]
        return found

    def forget(self, found: str) -> None:
        """Zalo does not have it any more."""
        self._known = {key: value for key, value in self._known.items() if value[0] != found}

    def _read(self, source: str, name: str, slot: str) -> tuple[bytes, str]:
        if self.root is None:
            raise UnfitError("there is no folder to send files from")
        root, path = self.root.resolve(), (self.root / source).resolve()
        kind = KINDS[slot].get(path.suffix.lower()) or KINDS[slot].get(Path(name).suffix.lower())
        if not path.is_relative_to(root):
            raise UnfitError("not a file of ours")
        if kind is None:
            raise UnfitError(f"Zalo takes no {path.suffix or 'such'} files")
        try:
            content = path.read_bytes()
        except OSError as error:
            raise UnfitError(f"the file cannot be read ({type(error).__name__})") from None
        if len(content) > (IMAGE_BYTES if slot == "image" else FILE_BYTES):
            raise UnfitError("the file is too large for Zalo")
        return content, kind
