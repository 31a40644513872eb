"""Plays Zalo: signed events of the Official Account, and an API that takes every message."""

from __future__ import annotations

import hashlib
import re
import time

from bench.driver import Target, Updates
from bench.fake_api import FakeApi
from bench.http1 import request

APP_ID = "1234567890123456789"
SECRET_KEY = "bench-key-that-signs"
PATH = "/webhooks/zalo-oa"
_PERSON = re.compile(rb'"user_id" ?: ?"(\d+)"')
_TOKENS = b'{"access_token":"bench-access","refresh_token":"bench-refresh","expires_in":"90000"}'
_ACCOUNT = b'{"error":0,"message":"Success","data":{"oaid":"1","name":"Bench","package_name":"Growth"}}'


class FakeAccount(FakeApi):
    """The OA's API and its token server."""

    def answer(self, head: bytes, body: bytes) -> tuple[bytes, float]:
        """The JSON answer to a call, and after how many seconds it leaves."""
        method = head.split(b" ", 2)[1].split(b"?")[0].rsplit(b"/", 1)[-1].decode()
        self.calls[method] += 1
        if method != "cs":
            return (_TOKENS if method == "access_token" else _ACCOUNT), 0.0
        match = _PERSON.search(body)
        self.arrived(int(match[1]) if match else 0, time.perf_counter())
        self._message_id += 1
        return _taken(self._message_id, match[1] if match else b"0"), self.delay


def _taken(number: int, person: bytes) -> bytes:
    return (
        b'{"error":0,"message":"Success","data":{"message_id":"%016x","user_id":"%b",'
        b'"sent_time":"1764730000000","quota":{"quota_type":"reply","owner_type":"OA","owner_id":"1"}}}'
    ) % (number, person)


class Events(Updates):
    """Makes events as Zalo sends and signs them: one text of one person, each with its own number."""

    def make(self, target: Target, chat: int) -> bytes:
        """The next event, as a whole request."""
        text = self._texts[(self._number + 1) % len(self._texts)]
        return self._event(target, "user_send_text", (str(chat), "1"), f'"text":{text},"msg_id":"%s"')

    def _event(self, target: Target, name: str, sides: tuple[str, str], message: str) -> bytes:
        """One event from one side to the other; ``%s`` of the message is its number."""
        self._number += 1
        stamp = str(int(time.time() * 1_000))
        body = (
            f'{{"app_id":"{APP_ID}","sender":{{"id":"{sides[0]}"}},"recipient":{{"id":"{sides[1]}"}},'
            f'"event_name":"{name}","message":{{{message.replace("%s", f"{self._number:016x}")}}},'
            f'"timestamp":"{stamp}"}}'
        ).encode()
        mac = hashlib.sha256(APP_ID.encode() + body + stamp.encode() + SECRET_KEY.encode()).hexdigest()
        return request(target.port, target.path, body, f"X-ZEvent-Signature: mac={mac}\r\n")


class EventsWithReceipts(Events):
    """The same, with every event switched on in Zalo's console: three more for each answer."""

    def receipts(self, target: Target, chat: int) -> list[bytes]:
        """That the account wrote, that it arrived, that it was seen."""
        sides = ("1", str(chat))
        return [
            self._event(target, "oa_send_text", sides, '"text":"x","msg_id":"%s"'),
            self._event(target, "user_received_message", sides, '"msg_id":"%s"'),
            self._event(target, "user_seen_message", sides, '"msg_ids":["%s"]'),
        ]


def environment(api: str) -> dict[str, str]:
    """The settings that switch the Official Account on."""
    return {
        "ZALO_OA_APP_ID": APP_ID,
        "ZALO_OA_APP_SECRET": "bench-secret-of-the-app",
        "ZALO_OA_SECRET_KEY": SECRET_KEY,
        "ZALO_OA_REFRESH_TOKEN": "bench-first",
        "ZALO_OA_API_URL": api,
        "ZALO_OAUTH_URL": api,
        "ZALO_ZBS_API_URL": api,
    }
