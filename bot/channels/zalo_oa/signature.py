"""Is a webhook request from Zalo? ``mac = SHA-256(app id + raw body + the body's timestamp + OA secret
key)``.

Plain SHA-256 over the bytes as they came (contract §9.2); JSON is read for its timestamp and app id only.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
from collections.abc import Mapping, Sequence

import orjson

from bot.channels.channel import Proof

log = logging.getLogger(__name__)

HEADER = "X-ZEvent-Signature"


def mac(app_id: str, body: bytes, timestamp: str, key: str) -> str:
    """The hex digest that a request with this body carries."""
    return hashlib.sha256(app_id.encode() + body + timestamp.encode() + key.encode()).hexdigest()


class Signatures:
    """Judges requests for one app. ``keys`` are tried in order; with several, the log tells which one
    signs."""

    def __init__(self, app_id: str, keys: Sequence[str]) -> None:
        self._app_id, self._keys = app_id, tuple(key for key in keys if key)
        self._told = len(self._keys) < 2

    def judge(self, headers: Mapping[str, str], body: bytes | None) -> Proof:
        """``unread`` without the body, ``probe`` for an unsigned empty one, else ``good`` or ``bad``."""
        if body is None:
            return "unread"
        given = headers.get(HEADER) or headers.get(HEADER.lower()) or ""
        if not given:
            return "probe" if b"".join(body.split()) in (b"", b"{}") else "bad"
        event = _event(body)
        if event is None or str(event.get("app_id", self._app_id)) != self._app_id:
            return "bad"
        timestamp = event.get("timestamp", "")
        return "good" if self._signed(given, body, f"{timestamp}") else "bad"

    def _signed(self, given: str, body: bytes, timestamp: str) -> bool:
        claimed = given.strip().removeprefix("mac=").strip().lower().encode("utf-8", "replace")
        good = False
        for number, key in enumerate(self._keys, 1):
            if hmac.compare_digest(claimed, mac(self._app_id, body, timestamp, key).encode()):
                good = True
                self._tell(number)
        return good

    def _tell(self, number: int) -> None:
        if not self._told:
            self._told = True
            log.warning(
                "webhooks are signed with the key number %s of ZALO_OA_SECRET_KEY: keep that one", number
            )


def _event(body: bytes) -> dict[str, object] | None:
    try:
        event = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    return event if isinstance(event, dict) else None
