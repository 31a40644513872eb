"""Zalo's servers for tests: the account's API, the token server and the template host, with people who write.

    async with FakeZaloOA() as fake:               # fake.url is every ZALO_*_URL, fake.settings() all
    variables fake.webhook = "http://127.0.0.1:8080/webhooks/zalo-oa" shown = await fake.ask("lan", "vịt
    quay")  # say, and wait for what the bot shows shown = await fake.tap("lan", "Điểm bán")  # press a
    button, or type a line's label or number shown = await fake.at("lan", 21.85, 106.76) fake.screen("lan")
    # everything the chat sees from the bot

``say``, ``press``, ``locate`` do the same without waiting: they return a mark for ``answer(chat, mark)``.
Every event is signed; it is repeated until its 200. Answers are HTTP 200 with ``error``, a number or
(``strings``) a string. Refresh tokens work once; windows, quotas and templates are counted. Trouble:
``fail(kind, path=…, times=…)``."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import itertools
import json
import re
import secrets
import unicodedata
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
from aiohttp import web

APP_ID = "1234567890123456789"
APP_SECRET = "FakeAppSecretFakeApp"
SECRET_KEY = "FakeOaSecretKeyFakeOa"
OA_ID = "388613280878808645"
ADMIN = "7788990011"
NUMBERED = re.compile(r"^\s*(\d{1,3})\. (.+)$", re.MULTILINE)
LINKED = re.compile(r"^(.*?):? ?(https?://\S+)$", re.MULTILINE)
SHORT = 40
"""Characters of a line that a person types rather than its number."""
SUCCESS = "Success"
BUTTON_KINDS = {
    "oa.query.hide": str,
    "oa.query.show": str,
    "oa.open.url": dict,
    "oa.open.phone": dict,
    "oa.open.sms": dict,
}
UPLOADS = {"image": ("jpg", "jpeg", "png"), "gif": ("gif",), "file": ("pdf", "doc", "docx", "csv")}
REFUSED_TOKEN = {
    "error_name": "Invalid refresh token.",
    "error_reason": "The refresh token is invalid or was used.",
    "ref_doc": "https://developers.zalo.me/docs",
    "error_description": "Invalid refresh token.",
}
"""A refusal as it was seen: HTTP 200, and no number (contract §2.2)."""


class RefusalError(Exception):
    """``error`` and ``message`` of an answer."""

    def __init__(self, code: int, words: str) -> None:
        super().__init__(words)
        self.code, self.words = code, words


@dataclass(slots=True)
class Shown:
    """One message of the bot as its reader sees it."""

    message_id: str
    kind: str
    text: str
    buttons: list[dict[str, Any]]
    raw: dict[str, Any]
    changed: int

    @property
    def choices(self) -> dict[str, str]:
        """Numbers and labels of the lines that can be typed."""
        return dict(NUMBERED.findall(self.text))

    @property
    def labels(self) -> list[str]:
        """What can be pressed, typed or opened, without numbers and addresses."""
        links = [label.strip() for label, _ in LINKED.findall(self.text) if label.strip()]
        return [*(button["title"] for button in self.buttons), *links, *self.choices.values()]

    @property
    def links(self) -> list[str]:
        urls = [button["payload"]["url"] for button in self.buttons if button["type"] == "oa.open.url"]
        return list(dict.fromkeys([*re.findall(r"https?://\S+", self.text), *urls]))

    @property
    def venue(self) -> bool:
        """Whether a place is shown: its mark, and somewhere a link to a map."""
        return "📍" in self.text and any("map" in link for link in self.links)


@dataclass(slots=True)
class Chat:
    """One person's chat: when they last did something, and what the bot has written there."""

    id: str
    last: datetime | None = None
    followed: bool = False
    blocked: bool = False
    conversation: str = ""
    shown: dict[str, Shown] = field(default_factory=dict)
    changes: int = 0


@dataclass(slots=True)
class Fault:
    """Trouble to make: what, where (None = anywhere), for whom, how often."""

    kind: str
    path: str | None
    chat: str | None
    times: int
    seconds: float = 0
    words: str = ""
    skip: int = 0


@dataclass(slots=True)
class Called:
    """One request the bot made."""

    path: str
    body: dict[str, Any]
    headers: dict[str, str]


class FakeZaloOA:
    """The servers. ``now`` is Zalo's clock; ``buttons`` is false for an account that takes none; ``escaped``
    events have ``\\u`` escapes; ``proof`` demands ``appsecret_proof``; ``allowance`` paid messages are left,
    ``rate`` requests (None = any number)."""

    def __init__(
        self,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        buttons: bool = True,
        strings: bool = False,
        escaped: bool = False,
        proof: bool = False,
        receipts: bool = True,
        retry_base: float = 0.05,
    ) -> None:
        self.now, self.buttons, self.strings, self.escaped = now, buttons, strings, escaped
        self.proof, self.receipts, self.retry_base = proof, receipts, retry_base
        self.url = self.webhook = ""
        self.chats: dict[str, Chat] = {}
        self.calls: list[Called] = []
        self.faults: list[Fault] = []
        self.webhook_answers: list[tuple[str, int]] = []
        self.allowance = 500
        self.rate: int | None = None
        self.expires_in: str | int = "90000"
        self.access = ""
        self.expires_at = self.now()
        self.refresh = "first-refresh-token"
        self.refreshes: list[tuple[str, bool]] = []
        self.codes: dict[str, str] = {}
        self.uploaded: dict[str, tuple[str, datetime]] = {}
        self.phones: dict[str, str] = {}
        self.templates: list[dict[str, Any]] = []
        self._waiting: list[tuple[str, dict[str, Any]]] = []
        self._workers: dict[str, asyncio.Task[None]] = {}
        self._ids = itertools.count(0x96D3C0)
        self._news = asyncio.Condition()
        self._runner: web.AppRunner | None = None
        self._session: aiohttp.ClientSession | None = None

    # ----------------------------------------------------------------------------------------------- its life

    async def __aenter__(self) -> FakeZaloOA:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def start(self, port: int = 0) -> None:
        app = web.Application(client_max_size=8 << 20)
        app.router.add_post("/v4/oa/access_token", self._tokens)
        app.router.add_route("*", "/{path:.*}", self._serve)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", port)
        await site.start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=60))

    async def stop(self) -> None:
        for worker in self._workers.values():
            worker.cancel()
        await self._tell()
        if self._session:
            await self._session.close()
        if self._runner:
            await self._runner.cleanup()

    def settings(self) -> dict[str, Any]:
        """The settings with which the bot talks to these servers."""
        return {
            "zalo_oa_app_id": APP_ID,
            "zalo_oa_app_secret": APP_SECRET,
            "zalo_oa_secret_key": SECRET_KEY,
            "zalo_oa_refresh_token": self.refresh,
            "zalo_oa_id": OA_ID,
            "zalo_oa_api_url": self.url,
            "zalo_oauth_url": self.url,
            "zalo_zbs_api_url": self.url,
            "zalo_oa_use_proof": self.proof,
        }

    # ----------------------------------------------------------------------------------------------- people

    def chat(self, chat: str) -> Chat:
        """The chat of this person; known from now on."""
        return self.chats.setdefault(chat, Chat(chat))

    async def say(self, chat: str, text: str, **more: Any) -> int:
        """Somebody writes; the mark for :meth:`answer`."""
        return await self.message(chat, "text", text=text, **more)

    async def locate(self, chat: str, latitude: float, longitude: float, name: str = "") -> int:
        """Somebody shares a position: strings, as Zalo sends them."""
        place = {"coordinates": {"latitude": f"{latitude}", "longitude": f"{longitude}"}}
        return await self.message(chat, "location", text=name, attachments=[attached("location", place)])

    async def press(self, chat: str, label: str, *, by: str = "button") -> int:
        """Press the button with this label, or type a line's label (``by="number"``: its number); nothing for
        a link."""
        for shown in reversed(self.chat(chat).shown.values()):
            for button in shown.buttons if by == "button" else ():
                title = button["title"].rstrip("…").casefold()
                if label.casefold() in title or (title and label.casefold().startswith(title)):
                    if button["type"].startswith("oa.query"):
                        return await self.say(chat, button["payload"])
                    return self.chat(chat).changes
            for number, line in reversed(NUMBERED.findall(shown.text)):
                if label.casefold() in f"{number}. {line}".casefold():
                    short = by != "number" and len(line) <= SHORT and " – " not in line and label in line
                    return await self.say(chat, line.strip() if short else number)
            if any(label.casefold() in link.casefold() for link, _ in LINKED.findall(shown.text)):
                return self.chat(chat).changes
        raise AssertionError(f"nothing like {label!r} in chat {chat}:\n{self.texts(chat)}")

    async def message(self, chat: str, kind: str, **fields: Any) -> int:
        """Any message of a person, with Zalo's own fields; the mark for :meth:`answer`."""
        mark = self.chat(chat).changes
        await self.push(self.event(chat, f"user_send_{kind}", message={"msg_id": self._id(), **fields}), chat)
        return mark

    async def anonymous(self, visitor: str, conversation: str, text: str) -> int:
        """Somebody writes without having said who they are; the chat's id is the visitor's."""
        self.chat(visitor).conversation = conversation
        event = self.event(visitor, "anonymous_send_text")
        event["message"] = {"msg_id": self._id(), "text": text, "conversation_id": conversation}
        mark = self.chat(visitor).changes
        await self.push(event, visitor)
        return mark

    async def follow(self, chat: str) -> int:
        """Somebody follows the account: neither sender nor recipient, as Zalo sends it."""
        return await self._about(chat, "follow", source="oa_profile")

    async def unfollow(self, chat: str) -> int:
        """Somebody leaves."""
        self.chat(chat).followed = False
        return await self._about(chat, "unfollow", source="oa_profile")

    async def chat_now(self, chat: str) -> int:
        """Somebody taps the message icon on the account's page."""
        mark = self.chat(chat).changes
        await self.push(self._event("user_click_chatnow", oa_id=OA_ID, user_id=chat), chat)
        return mark

    async def give_phone(self, chat: str, phone: str, **more: Any) -> int:
        """Somebody sends the form with contact details."""
        mark = self.chat(chat).changes
        await self.push(
            self.event(chat, "user_submit_info", info={"name": "Lan", "phone": phone, **more}), chat
        )
        return mark

    async def officer(self, chat: str, text: str) -> None:
        """An officer writes to this person from OA Manager; the bot hears of it."""
        event = self._event("oa_send_text", sender={"id": OA_ID, "admin_id": ADMIN}, recipient={"id": chat})
        await self.push({**event, "message": {"msg_id": self._id(), "text": text}}, chat)

    def block(self, chat: str) -> None:
        """The person does not want this account's messages any more."""
        self.chat(chat).blocked = True

    def silent_for(self, chat: str, **since: float) -> None:
        """The person last did something so long ago."""
        self.chat(chat).last = self.now() - timedelta(**since)

    def event(self, chat: str, name: str, **fields: Any) -> dict[str, Any]:
        """An event of a person, with sender and recipient."""
        return self._event(name, sender={"id": chat}, recipient={"id": OA_ID}, **fields)

    def _event(self, name: str, **fields: Any) -> dict[str, Any]:
        stamp = str(int(self.now().timestamp() * 1000))
        return {"app_id": APP_ID, **fields, "event_name": name, "timestamp": stamp}

    async def _about(self, chat: str, name: str, **fields: Any) -> int:
        self.chat(chat).followed = name == "follow"
        mark = self.chat(chat).changes
        await self.push(self._event(name, oa_id=OA_ID, follower={"id": chat}, **fields), chat)
        return mark

    def _id(self) -> str:
        return f"{next(self._ids):016x}"

    # ------------------------------------------------------------------------------------ what they see

    def screen(self, chat: str) -> list[Shown]:
        """Everything of the bot in this chat, oldest first."""
        return list(self.chat(chat).shown.values())

    def texts(self, chat: str) -> str:
        """All of it as one text."""
        return "\n---\n".join(shown.text for shown in self.screen(chat))

    async def answer(
        self, chat: str, mark: int = 0, *, within: float = 5, quiet: float = 0.08
    ) -> list[Shown]:
        """Wait until the bot has shown something since ``mark`` and then been quiet; what is new.

        AssertionError when nothing came within ``within`` seconds.
        """
        where = self.chat(chat)
        try:
            async with asyncio.timeout(within), self._news:
                await self._news.wait_for(lambda: where.changes > mark)
        except TimeoutError:
            raise AssertionError(f"the bot showed nothing in chat {chat} within {within} s") from None
        seen = -1
        while seen != where.changes:
            seen = where.changes
            await asyncio.sleep(quiet)
        return [shown for shown in where.shown.values() if shown.changed > mark]

    async def ask(self, chat: str, text: str, **waiting: Any) -> list[Shown]:
        """:meth:`say`, then :meth:`answer`."""
        return await self.answer(chat, await self.say(chat, text), **waiting)

    async def tap(self, chat: str, label: str, *, by: str = "button", **waiting: Any) -> list[Shown]:
        """:meth:`press`, then :meth:`answer`."""
        return await self.answer(chat, await self.press(chat, label, by=by), **waiting)

    async def at(self, chat: str, latitude: float, longitude: float, **waiting: Any) -> list[Shown]:
        """:meth:`locate`, then :meth:`answer`."""
        return await self.answer(chat, await self.locate(chat, latitude, longitude), **waiting)

    async def drained(self, within: float = 5) -> None:
        """Wait until every event has been taken by the bot."""
        async with asyncio.timeout(within), self._news:
            await self._news.wait_for(lambda: not self._waiting)

    def called(self, path: str) -> list[Called]:
        """The requests to one path, in order."""
        return [one for one in self.calls if one.path == path]

    # ----------------------------------------------------------------------------------------------- trouble

    def fail(
        self,
        kind: str,
        *,
        path: str | None = "/v3.0/oa/message/cs",
        chat: str | None = None,
        times: int = 1,
        **more: Any,
    ) -> None:
        """Answer the next ``times`` requests wrongly, after ``skip`` right ones.

        ``kind``: a code ("-32", with ``words``), "html-" and a status (a page of HTML), "drop-before" and
        "drop-after" (the connection ends before or after the effect), "slow" (``seconds``, then the effect),
        "slow-after" (the effect, then ``seconds``), "hang" (``seconds``, then the connection ends), "garbage"
        (the effect, then something that is no JSON).
        """
        self.faults.append(Fault(kind, path, chat, times, **more))

    def _fault(self, path: str, chat: str) -> Fault | None:
        for fault in self.faults:
            if fault.path in (None, path) and fault.chat in (None, chat):
                if fault.skip:
                    fault.skip -= 1
                    return None
                fault.times -= 1
                if fault.times <= 0:
                    self.faults.remove(fault)
                return fault
        return None

    async def _trouble(self, fault: Fault, request: web.Request) -> web.StreamResponse | None:
        if fault.kind == "drop-before":
            return _hang_up(request)
        if fault.kind in ("slow", "hang"):
            await asyncio.sleep(fault.seconds)
            return _hang_up(request) if fault.kind == "hang" else None
        if fault.kind.startswith("html-"):
            page = "<html><h1>Bad Gateway</h1></html>"
            return web.Response(status=int(fault.kind[5:]), text=page, content_type="text/html")
        if fault.kind.lstrip("-").isdigit():
            return self._answered(int(fault.kind), fault.words or f"error {fault.kind}")
        return None

    @staticmethod
    async def _afterwards(fault: Fault | None, request: web.Request) -> web.StreamResponse | None:
        if fault and fault.kind == "slow-after":
            await asyncio.sleep(fault.seconds)
        if fault and fault.kind == "drop-after":
            return _hang_up(request)
        if fault and fault.kind == "garbage":
            return web.Response(text="\x00upstream\x00")
        return None

    # ------------------------------------------------------------------------------------- the token server

    def consent(self, code: str, verifier: str) -> None:
        """The admin agrees: ``code`` may be exchanged once with this verifier."""
        self.codes[code] = verifier

    async def _tokens(self, request: web.Request) -> web.StreamResponse:
        form = dict(await request.post())
        self.calls.append(Called(request.path, form, dict(request.headers)))
        fault = self._fault(request.path, "")
        if fault and (answered := await self._trouble(fault, request)):
            return answered
        body = self._granted(form, request.headers.get("secret_key", ""))
        return await self._afterwards(fault, request) or web.json_response(body)

    def _granted(self, form: dict[str, Any], secret: str) -> dict[str, Any]:
        if secret != APP_SECRET or form.get("app_id") != APP_ID:
            return {"error": -14004, "message": "Invalid secret key"}
        if form.get("grant_type") == "authorization_code":
            good = self.codes.pop(str(form.get("code")), None) == form.get("code_verifier")
        else:
            given = str(form.get("refresh_token"))
            good = given == self.refresh
            self.refreshes.append((given, good))
        if not good:
            return dict(REFUSED_TOKEN)
        self.access, self.refresh = f"access-{secrets.token_hex(24)}", f"refresh-{secrets.token_hex(24)}"
        self.expires_at = self.now() + timedelta(seconds=int(self.expires_in))
        return {
            "access_token": self.access,
            "refresh_token": self.refresh,
            "expires_in": self.expires_in,
        }

    def _check_token(self, request: web.Request, host: str) -> None:
        given = request.headers.get("access_token", "")
        if not given or given != self.access:
            raise RefusalError(-124 if host == "zbs" else -216, "Access token is invalid")
        if self.now() >= self.expires_at:
            raise RefusalError(-124 if host == "zbs" else -220, "Access token has expired")
        if self.proof:
            right = hmac.new(APP_SECRET.encode(), given.encode(), hashlib.sha256).hexdigest()
            if request.headers.get("appsecret_proof") != right:
                raise RefusalError(-1241 if host == "zbs" else -242, "appsecret_proof is invalid")

    # -------------------------------------------------------------------------------------------- the servers

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        try:
            body = await self._body(request)
        except ValueError:
            return self._answered(-201, "the body is not JSON")
        self.calls.append(Called(request.path, body, dict(request.headers)))
        to = body.get("recipient")
        chat = str(to.get("user_id") or to.get("anonymous_id") or "") if isinstance(to, dict) else ""
        fault = self._fault(request.path, chat or str(body.get("user_id") or ""))
        if fault and (answered := await self._trouble(fault, request)):
            return answered
        try:
            result = await self._perform(request, body)
        except RefusalError as refusal:
            return self._answered(refusal.code, refusal.words)
        return await self._afterwards(fault, request) or self._answered(0, SUCCESS, result)

    async def _body(self, request: web.Request) -> dict[str, Any]:
        if request.method == "GET":
            asked = json.loads(request.query.get("data", "{}"))
            return asked if isinstance(asked, dict) else {}
        if request.content_type == "multipart/form-data":
            posted = (await request.post()).get("file")
            if not isinstance(posted, web.FileField):
                raise RefusalError(-201, "file is missing")
            return {"name": posted.filename, "content": posted.file.read()}
        found = json.loads(await request.read())
        if request.content_type != "application/json" or not isinstance(found, dict):
            raise ValueError
        return found

    def _answered(self, code: int, words: str, result: Any = None) -> web.Response:
        answer: dict[str, Any] = {"error": str(code) if self.strings else code, "message": words}
        if result is not None:
            answer["data"] = result
        headers = {}
        if self.rate is not None:
            self.rate = max(0, self.rate - 1)
            headers = {"X-RateLimit-Limit": "4000", "X-RateLimit-Remain": str(self.rate)}
        return web.json_response(answer, headers=headers)

    async def _perform(self, request: web.Request, body: dict[str, Any]) -> Any:
        path, method = request.path, request.method
        self._check_token(request, "zbs" if path == "/message/template" else "openapi")
        if (method, path) == ("POST", "/v3.0/oa/message/cs"):
            return await self._consult(body)
        if (method, path) == ("POST", "/v2.0/oa/message"):
            return await self._reply_to_anonymous(body)
        if path.startswith("/v2.0/oa/upload/"):
            return self._upload(path.rpartition("/")[2], body)
        if (method, path) == ("GET", "/v2.0/oa/getoa"):
            return {"oaid": OA_ID, "name": "OCOP Xứ Lạng", "oa_type": "4", "package_name": "Growth"}
        if (method, path) == ("POST", "/v3.0/oa/quota/message"):
            return self._quota(body)
        if (method, path) == ("POST", "/v3.0/oa/message/template"):
            return self._template(body, {"user_id"})
        if (method, path) == ("POST", "/message/template"):
            return self._template(body, {"phone", "tracking_id", "sending_mode"})
        raise RefusalError(-201, f"unknown path {path}")

    # ------------------------------------------------------------------------------------------- consultation

    async def _consult(self, body: dict[str, Any]) -> Any:
        person = body.get("recipient", {}).get("user_id")
        if not isinstance(person, str) or set(body) != {"recipient", "message"}:
            raise RefusalError(-201, "recipient is invalid")
        where = self.chats.get(person)
        if where is None or where.last is None:
            raise RefusalError(-213, "User has not interacted with the OA")
        if where.blocked:
            raise RefusalError(-217, "User has blocked the OA")
        silence = self.now() - where.last
        if silence > timedelta(days=7):
            raise RefusalError(-230, "User has not interacted with the OA in the past 7 days")
        kind = "reply" if silence <= timedelta(hours=48) else "sub_quota"
        if kind != "reply" and self.allowance <= 0:
            raise RefusalError(-211, "out of quota")
        shown = self._shown(where, body["message"])
        self.allowance -= kind != "reply"
        await self._show(where, shown)
        return {
            "message_id": shown.message_id,
            "user_id": person,
            "sent_time": str(int(self.now().timestamp() * 1000)),
            "quota": {"quota_type": kind, "owner_type": "OA", "owner_id": OA_ID},
        }

    async def _reply_to_anonymous(self, body: dict[str, Any]) -> Any:
        to = body.get("recipient", {})
        if "user_id" in to:
            raise RefusalError(-240, "this endpoint is closed for messages to users")
        where = self.chats.get(str(to.get("anonymous_id")))
        if where is None or not where.conversation or where.conversation != to.get("conversation_id"):
            raise RefusalError(-201, "conversation_id is invalid")
        if set(body["message"]) != {"text"}:
            raise RefusalError(-201, "text only (a rule of this server, not of Zalo)")
        shown = self._shown(where, body["message"])
        await self._show(where, shown)
        return {"message_id": shown.message_id}

    def _shown(self, where: Chat, message: Any) -> Shown:
        if not isinstance(message, dict) or not set(message) <= {"text", "attachment", "quote_message_id"}:
            raise RefusalError(-201, "message is invalid")
        text = message.get("text", "")
        _check_text(text)
        kind, buttons = "text", []
        if attachment := message.get("attachment"):
            kind, buttons = self._attached(attachment)
        elif not text:
            raise RefusalError(-201, "message is empty")
        return Shown(self._id(), kind, text, buttons, message, where.changes + 1)

    def _attached(self, attachment: dict[str, Any]) -> tuple[str, list[dict[str, Any]]]:
        payload = attachment.get("payload")
        if not isinstance(payload, dict):
            raise RefusalError(-201, "payload is invalid")
        if attachment.get("type") == "file":
            self._check_upload(payload.get("token"), "file")
            return "file", []
        kind = payload.get("template_type", "buttons" if "buttons" in payload else None)
        if kind == "media":
            (element,) = payload["elements"]
            if element.get("media_type") != "image" or ("url" in element) == ("attachment_id" in element):
                raise RefusalError(-201, "exactly one of url and attachment_id")
            if "attachment_id" in element:
                self._check_upload(element["attachment_id"], "image")
        elif kind == "request_user_info":
            (element,) = payload["elements"]
            if not 0 < len(element["title"]) <= 100 or not 0 < len(element["subtitle"]) <= 500:
                raise RefusalError(-201, "title or subtitle is invalid")
        elif kind != "buttons":
            raise RefusalError(-233, "message type is not supported")
        buttons = payload.get("buttons", [])
        if buttons and not self.buttons:
            raise RefusalError(-233, "message type is not supported")
        _check_buttons(buttons)
        return str(kind), list(buttons)

    async def _show(self, where: Chat, shown: Shown) -> None:
        where.changes = shown.changed
        where.shown[shown.message_id] = shown
        await self._tell()
        if self.receipts and self.webhook and not where.conversation:
            for name, message in (
                ("oa_send_text", {"msg_id": shown.message_id, "text": shown.text}),
                ("user_received_message", {"msg_id": shown.message_id}),
                ("user_seen_message", {"msg_ids": [shown.message_id]}),
            ):
                sides = {"sender": {"id": OA_ID}, "recipient": {"id": where.id}}
                await self.push(self._event(name, **sides, message=message), where.id, interaction=False)

    # ----------------------------------------------------------------------------- uploads, quotas, templates

    def _upload(self, kind: str, body: dict[str, Any]) -> Any:
        name, content = body["name"], body["content"]
        if name.rpartition(".")[2].lower() not in UPLOADS.get(kind, ()):
            raise RefusalError(-201, "file type is not supported")
        if len(content) > (1 << 20 if kind == "image" else 5 << 20):
            raise RefusalError(-210, "file is too large")
        found = f"{kind}-{secrets.token_hex(12)}"
        self.uploaded[found] = kind, self.now()
        return {"token" if kind == "file" else "attachment_id": found}

    def _check_upload(self, found: object, kind: str) -> None:
        known = self.uploaded.get(str(found))
        if known is None or known[0] != kind:
            raise RefusalError(-201, "attachment id is invalid")
        if self.now() - known[1] > timedelta(days=7):
            raise RefusalError(-100, "attachment has expired")

    def _quota(self, body: dict[str, Any]) -> Any:
        where = self.chats.get(str(body.get("user_id")))
        if where is None or where.last is None:
            raise RefusalError(-213, "User has not interacted with the OA")
        return {"last_interaction": str(int(where.last.timestamp() * 1000)), "cs_reply": {}, "promotion": {}}

    def _template(self, body: dict[str, Any], keys: set[str]) -> Any:
        if set(body) != {"template_id", "template_data", *keys} or not all(
            isinstance(value, str) for value in body["template_data"].values()
        ):
            raise RefusalError(-111 if "phone" in keys else -201, "template data is invalid")
        hour = self.now().astimezone(ZONE).hour
        if hour >= 22 or hour < 6:
            raise RefusalError(-133 if "phone" in keys else -234, "not at night")
        if "phone" in keys and not re.fullmatch(r"84\d{9,10}", body["phone"]):
            raise RefusalError(-108, "phone is invalid")
        if "user_id" in keys and body["user_id"] not in self.chats:
            raise RefusalError(-213, "user is unknown")
        self.templates.append(body)
        number = self._id()
        return {"msg_id" if "phone" in keys else "message_id": number, "sent_time": "1794200000000"}

    async def template_delivered(self, number: str, phone: str, tracking: str) -> None:
        """The receipt of a template: signed alike, announced by another server, for a telephone number."""
        sides = {"sender": {"id": OA_ID}, "recipient": {"id": phone}}
        message = {"msg_id": number, "delivery_time": "1794200000000", "tracking_id": tracking}
        await self.push(self._event("user_received_message", **sides, message=message), interaction=False)

    # --------------------------------------------------------------------------------------- the webhook

    async def push(self, event: dict[str, Any], chat: str = "", *, interaction: bool = True) -> None:
        """Any event at all; in order in each chat, again until a 200."""
        name = str(event.get("event_name"))
        if chat and interaction and name.startswith(("user_", "follow", "anonymous_")):
            self.chat(chat).last = self.now()
        self._waiting.append((chat, event))
        if self.webhook and (chat not in self._workers or self._workers[chat].done()):
            self._workers[chat] = asyncio.create_task(self._deliver(chat))
        await self._tell()

    async def _deliver(self, chat: str) -> None:
        failures = 0
        while first := next((one for one in self._waiting if one[0] == chat), None):
            if await self.post(first[1], retries=failures) == 200:
                self._waiting.remove(first)
                failures = 0
                await self._tell()
                continue
            failures += 1
            await asyncio.sleep(self.retry_base * 2 ** min(failures, 5))

    async def post(self, event: dict[str, Any], *, retries: int = 0) -> int:
        """Post one event, signed; the status of the answer, 0 for none."""
        body = json.dumps(event, ensure_ascii=self.escaped, separators=(",", ":")).encode()
        headers = {"X-ZEvent-Signature": signature(body, str(event.get("timestamp", "")))}
        if retries:
            headers["num_retry"] = str(retries)
        status = await self.post_raw(body, headers)
        self.webhook_answers.append((str(event.get("event_name")), status))
        return status

    async def post_raw(self, body: bytes, headers: dict[str, str]) -> int:
        """Post bytes with these headers beside Zalo's own; the status of the answer, 0 for none."""
        assert self._session is not None
        own = {
            "X-ZEvent-Server": "OA OpenAPI",
            "User-Agent": "ZaloWebhook",
            "Content-Type": "application/json",
        }
        with suppress(aiohttp.ClientError, TimeoutError):
            async with self._session.post(self.webhook, data=body, headers=own | headers) as answer:
                await answer.read()
                return answer.status
        return 0

    async def _tell(self) -> None:
        async with self._news:
            self._news.notify_all()


ZONE = datetime.strptime("+0700", "%z").tzinfo


def signature(body: bytes, timestamp: str, key: str = SECRET_KEY) -> str:
    """The header of a request: ``mac=`` and the SHA-256 of app id, body, timestamp and key."""
    return "mac=" + hashlib.sha256(APP_ID.encode() + body + timestamp.encode() + key.encode()).hexdigest()


def attached(kind: str, payload: dict[str, Any]) -> dict[str, Any]:
    """One entry of ``attachments``."""
    return {"type": kind, "payload": payload}


def _check_text(text: object) -> None:
    if not isinstance(text, str):
        raise RefusalError(-201, "text is invalid")
    if len(text.encode("utf-16-le")) // 2 > 2_000:
        raise RefusalError(-210, "text is too long")
    if text != unicodedata.normalize("NFC", text):
        raise RefusalError(-201, "text is not composed (a rule of this server, not of Zalo)")
    if text != text.strip() or any(unicodedata.category(one) == "Cc" and one not in "\n\t" for one in text):
        raise RefusalError(-201, "text has edges or control characters (a rule of this server, not of Zalo)")


def _check_buttons(buttons: list[dict[str, Any]]) -> None:
    if len(buttons) > 5:
        raise RefusalError(-201, "at most 5 buttons")
    for button in buttons:
        kind = BUTTON_KINDS.get(button.get("type", ""))
        if kind is None or not isinstance(button.get("payload"), kind) or not button.get("title"):
            raise RefusalError(-201, "a button is invalid")
        if len(button["title"].encode("utf-16-le")) // 2 > 20 or len(button["payload"]) > 1_000:
            raise RefusalError(-201, "a button is too long")


def _hang_up(request: web.Request) -> web.StreamResponse:
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=500)
