"""A Bot Platform server for tests: refuses what Zalo refuses, and has people who talk to the bot.

    async with FakeZaloBot() as fake:              # fake.url is ZALO_BOT_API_URL, fake.token ZALO_BOT_TOKEN
        shown = await fake.ask("lan", "vịt quay")  # say, and wait for what the bot shows
        shown = await fake.tap("lan", "Điểm bán")  # type the label of a line, and wait
        shown = await fake.at("lan", 21.85, 106.76)  # a position never arrives: the place is typed then
        fake.screen("lan")                         # everything the chat sees from the bot

``say``, ``press``, ``locate`` do the same without waiting: they return a mark for ``answer(chat, mark)``.
``press`` types the label of a short line and the number of a long one; ``by="number"`` always the number.
Updates go to the webhook when one is set (in order in each chat, again until a 200), else one by one and
once only to ``getUpdates``. ``wrapped`` says whether bodies come in ``{"ok", "result"}``;
``status_errors`` whether refusals have an HTTP status of their own or 200. Trouble: ``fail(kind,
method=…, times=…)``, ``block(chat)``."""

from __future__ import annotations

import asyncio
import csv
import itertools
import json
import re
import time
import unicodedata
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from aiohttp import web
from haversine import haversine

TOKEN = "910000000000000001:FakeZaloTokenFakeZaloTokenFakeZaloToken00"
SECRET_HEADER = "X-Bot-Api-Secret-Token"
NUMBERED = re.compile(r"^\s*(\d{1,3})\. (.+)$", re.MULTILINE)
LINKED = re.compile(r"^(.*?):? ?(https?://\S+)$", re.MULTILINE)
SHORT = 40
"""Characters of a line that a person types rather than its number."""
COMMUNES = Path(__file__).resolve().parent.parent.parent / "data" / "lang-son" / "communes.csv"

METHODS: dict[str, dict[str, tuple[bool, Any]]] = {
    "getMe": {},
    "getUpdates": {"timeout": (False, (str, int))},
    "setWebhook": {"url": (True, str), "secret_token": (True, str)},
    "deleteWebhook": {},
    "getWebhookInfo": {},
    "sendMessage": {
        "chat_id": (True, str),
        "text": (True, str),
        "parse_mode": (False, str),
        "text_styles": (False, list),
    },
    "sendPhoto": {"chat_id": (True, str), "photo": (True, str), "caption": (False, str)},
    "sendSticker": {"chat_id": (True, str), "sticker": (True, str)},
    "sendVoice": {"chat_id": (True, str), "voice_url": (True, str)},
    "sendChatAction": {"chat_id": (True, str), "action": (True, str)},
}
"""What each method takes: required or not, and of which type."""
SENDS = ("sendMessage", "sendPhoto", "sendSticker", "sendVoice")


class RefusalError(Exception):
    """``ok: false``: the platform's code and words."""

    def __init__(self, code: int, words: str) -> None:
        super().__init__(words)
        self.code, self.words = code, words


@dataclass(slots=True)
class Shown:
    """One message of the bot as its reader sees it."""

    message_id: str
    kind: str
    text: str
    raw: dict[str, Any]
    changed: int

    @property
    def choices(self) -> dict[str, str]:
        """Numbers and labels of the lines that can be typed."""
        return dict(NUMBERED.findall(self.text))

    @property
    def labels(self) -> list[str]:
        """What can be chosen or opened, without numbers and addresses."""
        links = [label.strip() for label, _ in LINKED.findall(self.text) if label.strip()]
        return [*links, *self.choices.values()]

    @property
    def links(self) -> list[str]:
        return re.findall(r"https?://\S+", self.text)

    @property
    def venue(self) -> bool:
        """Whether a place is shown: its mark, and somewhere a link to a map."""
        return "📍" in self.text and any("map" in link for link in self.links)


@dataclass(slots=True)
class Chat:
    """One chat: who is in it and what the bot has written there."""

    id: str
    group: bool = False
    blocked: bool = False
    name: str = "Lan"
    typing: int = 0
    shown: dict[str, Shown] = field(default_factory=dict)
    changes: int = 0


@dataclass(slots=True)
class Fault:
    """Trouble to make: what, for which method and chat (None = any), how often."""

    kind: str
    method: str | None
    chat: str | None
    times: int
    seconds: float = 0
    words: str = ""


@dataclass(slots=True)
class Called:
    """One request the bot made."""

    method: str
    params: dict[str, Any]
    at: float


class FakeZaloBot:
    """The server. ``quota`` messages may be sent (then 429), ``people`` may talk to the bot."""

    def __init__(
        self,
        *,
        token: str = TOKEN,
        display_name: str = "Bot Xứ Lạng",
        wrapped: bool = True,
        status_errors: bool = False,
        quota: int = 3_000,
        people: int = 50,
        retry_base: float = 0.05,
    ) -> None:
        self.token, self.display_name = token, display_name
        self.wrapped, self.status_errors = wrapped, status_errors
        self.quota, self.people, self.retry_base = quota, people, retry_base
        self.url = ""
        self.chats: dict[str, Chat] = {}
        self.calls: list[Called] = []
        self.faults: list[Fault] = []
        self.webhook: dict[str, Any] = {}
        self.webhook_answers: list[tuple[str, int]] = []
        self.sent = 0
        self.lost: list[dict[str, Any]] = []
        self._waiting: list[tuple[str, dict[str, Any]]] = []
        self._workers: dict[str, asyncio.Task[None]] = {}
        self._ids = itertools.count(0xC1F000)
        self._news = asyncio.Condition()
        self._pollers = 0
        self._stopping = False
        self._runner: web.AppRunner | None = None
        self._session: aiohttp.ClientSession | None = None

    # ----------------------------------------------------------------------------------------------- its life

    async def __aenter__(self) -> FakeZaloBot:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def start(self, port: int = 0) -> None:
        app = web.Application()
        app.router.add_route("*", "/bot{token}/{method}", self._serve)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", port)
        await site.start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=60))

    async def stop(self) -> None:
        self._stopping = True
        for worker in self._workers.values():
            worker.cancel()
        await self._tell()
        if self._session:
            await self._session.close()
        if self._runner:
            await self._runner.cleanup()

    # ----------------------------------------------------------------------------------------------- people

    def chat(self, chat: str, *, group: bool = False) -> Chat:
        """The chat with this id; it is known from now on."""
        return self.chats.setdefault(chat, Chat(chat, group))

    async def say(self, chat: str, text: str, *, sender: str = "", to_us: bool = True) -> int:
        """Somebody writes ``text``; the mark for :meth:`answer`. In a group it begins with a mention of
        us."""
        where = self.chat(chat)
        if where.group and to_us:
            text = f"@{self.display_name} {text}"
        return await self.message(chat, "text", sender=sender, text=text)

    async def locate(self, chat: str, latitude: float = 0, longitude: float = 0) -> int:
        """Somebody shares a position: the bot hears that something came, and nothing of what."""
        return await self.message(chat, "unsupported")

    async def press(self, chat: str, label: str, *, by: str = "label") -> int:
        """Type the label (or, ``by="number"``, the number) of a line the bot has shown; nothing for a
        link."""
        for shown in reversed(self.chat(chat).shown.values()):
            for number, line in reversed(NUMBERED.findall(shown.text)):
                if label.casefold() in f"{number}. {line}".casefold():
                    short = by == "label" and len(line) <= SHORT and " – " not in line and label in line
                    return await self.say(chat, line.strip() if short else number)
            if any(label.casefold() in link.casefold() for link, _ in LINKED.findall(shown.text)):
                return self.chat(chat).changes
        raise AssertionError(f"nothing like {label!r} to type in chat {chat}:\n{self.texts(chat)}")

    async def message(self, chat: str, kind: str, *, sender: str = "", **fields: Any) -> int:
        """Any message of a person, with the platform's own fields; the mark for :meth:`answer`."""
        where = self.chat(chat)
        body = {
            "message_id": f"{next(self._ids):x}",
            "date": int(time.time() * 1000),
            "from": {"id": sender or chat, "display_name": where.name, "is_bot": False},
            "chat": {"id": chat, "chat_type": "GROUP" if where.group else "PRIVATE"},
            **fields,
        }
        mark = where.changes
        await self.push({"event_name": f"message.{kind}.received", "message": body}, chat)
        return mark

    async def push(self, event: dict[str, Any], chat: str = "") -> None:
        """Any event at all, well-formed or not. Beyond ``people`` chats nobody is heard."""
        if chat and [*self.chats].index(chat) >= self.people:
            self.lost.append(event)
            return
        self._waiting.append((chat, event))
        if self.webhook and (chat not in self._workers or self._workers[chat].done()):
            self._workers[chat] = asyncio.create_task(self._deliver(chat))
        await self._tell()

    def block(self, chat: str) -> None:
        """The person blocks the bot; every send to them is refused with 403."""
        self.chat(chat).blocked = True

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

    async def tap(self, chat: str, label: str, *, by: str = "label", **waiting: Any) -> list[Shown]:
        """:meth:`press`, then :meth:`answer`."""
        return await self.answer(chat, await self.press(chat, label, by=by), **waiting)

    async def at(self, chat: str, latitude: float, longitude: float, **waiting: Any) -> list[Shown]:
        """Share a position, read that it cannot be read, and type the commune instead; what comes then."""
        await self.answer(chat, await self.locate(chat, latitude, longitude), **waiting)
        return await self.ask(chat, typed_place(latitude, longitude), **waiting)

    async def drained(self, within: float = 5) -> None:
        """Wait until every update has been taken by the bot."""
        async with asyncio.timeout(within), self._news:
            await self._news.wait_for(lambda: not self._waiting)

    async def polled(self, within: float = 5) -> None:
        """Wait until the bot asks for an update."""
        async with asyncio.timeout(within), self._news:
            await self._news.wait_for(lambda: self._pollers)

    def called(self, method: str) -> list[Called]:
        """The requests for one method, in order."""
        return [one for one in self.calls if one.method == method]

    # ----------------------------------------------------------------------------------------------- trouble

    def fail(
        self,
        kind: str,
        *,
        method: str | None = "sendMessage",
        chat: str | None = None,
        times: int = 1,
        **more: Any,
    ) -> None:
        """Answer the next ``times`` requests wrongly.

        ``kind``: a code of the platform ("400" … "500", with ``words``), "html-" and a status (a page of
        HTML), "drop-before" and "drop-after" (the connection ends before or after the effect), "slow"
        (``seconds``, then the effect), "garbage" (the effect, then 200 with HTML), "string" (the code as
        a string).
        """
        self.faults.append(Fault(kind, method, chat, times, **more))

    def _fault(self, method: str, params: dict[str, Any]) -> Fault | None:
        for fault in self.faults:
            if fault.method in (None, method) and fault.chat in (None, params.get("chat_id")):
                fault.times -= 1
                if fault.times <= 0:
                    self.faults.remove(fault)
                return fault
        return None

    # --------------------------------------------------------------------------------------- the server

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        method = request.match_info["method"]
        try:
            if request.match_info["token"] != self.token:
                raise RefusalError(401, "Unauthorized")
            params = await self._params(request)
            self.calls.append(Called(method, params, time.monotonic()))
            fault = self._fault(method, params)
            if fault and (answered := await self._trouble(fault, request)):
                return answered
            result = await self._perform(method, params)
        except RefusalError as refusal:
            return self._refused(refusal)
        if fault and fault.kind == "drop-after":
            return _hang_up(request)
        if fault and fault.kind == "garbage":
            return web.Response(text="<html>200</html>", content_type="text/html")
        return web.json_response({"ok": True, "result": result})

    async def _params(self, request: web.Request) -> dict[str, Any]:
        if request.method == "GET":
            return dict(request.query)
        body = await request.read()
        try:
            found = json.loads(body) if body else {}
        except ValueError:
            raise RefusalError(400, "Bad Request: not JSON") from None
        if not isinstance(found, dict):
            raise RefusalError(400, "Bad Request: not an object")
        return found

    async def _trouble(self, fault: Fault, request: web.Request) -> web.StreamResponse | None:
        if fault.kind == "drop-before":
            return _hang_up(request)
        if fault.kind == "slow":
            await asyncio.sleep(fault.seconds)
        elif fault.kind.startswith("html-"):
            page = "<html><h1>Bad Gateway</h1></html>"
            return web.Response(status=int(fault.kind[5:]), text=page, content_type="text/html")
        elif fault.kind == "string":
            return web.json_response({"ok": False, "error_code": "400", "description": fault.words})
        elif fault.kind.isdigit():
            raise RefusalError(int(fault.kind), fault.words or f"error {fault.kind}")
        return None

    def _refused(self, refusal: RefusalError) -> web.Response:
        body = {"ok": False, "error_code": refusal.code, "description": refusal.words}
        return web.json_response(body, status=refusal.code if self.status_errors else 200)

    async def _perform(self, method: str, params: dict[str, Any]) -> Any:
        if method not in METHODS:
            raise RefusalError(404, f"Not Found: method {method}")
        _check(method, params)
        if method in SENDS or method == "sendChatAction":
            return await self._send(method, params)
        return await getattr(self, "_" + re.sub("[A-Z]", lambda one: "_" + one[0].lower(), method))(params)

    async def _get_me(self, params: dict[str, Any]) -> Any:
        return {
            "id": self.token.partition(":")[0],
            "account_name": "bot.xulang",
            "account_type": "BASIC",
            "can_join_groups": True,
            "display_name": self.display_name,
        }

    async def _get_updates(self, params: dict[str, Any]) -> Any:
        """One update, once; with a webhook set nothing ever comes."""
        seconds = min(float(params.get("timeout", 30)), 30.0)
        self._pollers += 1
        await self._tell()
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds), self._news:
                    await self._news.wait_for(lambda: self._stopping or (self._waiting and not self.webhook))
                    if self._waiting and not self._stopping:
                        _chat, event = self._waiting.pop(0)
                        self._news.notify_all()
                        return event
        finally:
            self._pollers -= 1
        raise RefusalError(408, "Request timeout")

    async def _set_webhook(self, params: dict[str, Any]) -> Any:
        if not 8 <= len(params["secret_token"]) <= 256:
            raise RefusalError(400, "Bad Request: secret_token must have 8 to 256 characters")
        if urlsplit(params["url"]).scheme not in ("http", "https"):
            raise RefusalError(400, "Bad Request: url is invalid")
        self.webhook = {"url": params["url"], "secret_token": params["secret_token"]}
        for chat in dict.fromkeys(chat for chat, _ in self._waiting):
            self._workers[chat] = asyncio.create_task(self._deliver(chat))
        return {"url": params["url"], "updated_at": int(time.time() * 1000)}

    async def _delete_webhook(self, params: dict[str, Any]) -> Any:
        if not self.webhook:
            raise RefusalError(404, "Not Found: webhook")
        url, self.webhook = self.webhook["url"], {}
        await self._tell()
        return {"url": url, "updated_at": int(time.time() * 1000)}

    async def _get_webhook_info(self, params: dict[str, Any]) -> Any:
        if not self.webhook:
            raise RefusalError(404, "Not Found: webhook")
        return {"url": self.webhook["url"], "updated_at": int(time.time() * 1000)}

    async def _send(self, method: str, params: dict[str, Any]) -> Any:
        where = self.chats.get(params["chat_id"])
        if where is None:
            raise RefusalError(400, "Bad Request: chat not found")
        if where.blocked:
            raise RefusalError(403, "Forbidden")
        if method == "sendChatAction":
            if params["action"] != "typing":
                raise RefusalError(400, "Bad Request: action is not supported")
            where.typing += 1
            return None
        if self.sent >= self.quota:
            raise RefusalError(429, "Quota exceeded")
        self.sent += 1
        return await self._show(where, method.removeprefix("send").lower(), params)

    async def _show(self, where: Chat, kind: str, params: dict[str, Any]) -> Any:
        message_id = f"{next(self._ids):x}"
        where.changes += 1
        text = params.get("text") or params.get("caption") or ""
        where.shown[message_id] = Shown(message_id, kind, text, params, where.changes)
        await self._tell()
        return {"message_id": message_id, "date": int(time.time() * 1000)}

    # --------------------------------------------------------------------------------------- the webhook

    async def _deliver(self, chat: str) -> None:
        """Post what waits for this chat, one at a time, again with growing pauses until a 2xx."""
        failures = 0
        while first := next((one for one in self._waiting if one[0] == chat), None):
            if not self.webhook:
                return
            if 200 <= await self.post(first[1]) <= 299:
                self._waiting.remove(first)
                failures = 0
                await self._tell()
                continue
            failures += 1
            await asyncio.sleep(self.retry_base * 2 ** min(failures, 5))

    async def post(self, event: dict[str, Any], secret: str | None = None) -> int:
        """Post one event to the webhook as the platform does; the status of the answer, 0 for none."""
        assert self._session is not None
        proof = self.webhook["secret_token"] if secret is None else secret
        body = {"ok": True, "result": event} if self.wrapped else event
        headers = {SECRET_HEADER: proof} if proof else {}
        try:
            async with self._session.post(self.webhook["url"], json=body, headers=headers) as answer:
                await answer.read()
                status = answer.status
        except (aiohttp.ClientError, TimeoutError):
            status = 0
        self.webhook_answers.append((str(event.get("event_name")), status))
        return status

    async def _tell(self) -> None:
        async with self._news:
            self._news.notify_all()


def typed_place(latitude: float, longitude: float) -> str:
    """What a person there would type: the name of the nearest commune of the sample registry."""
    with COMMUNES.open(encoding="utf-8-sig", newline="") as opened:
        rows = list(csv.DictReader(opened))
    here = (latitude, longitude)
    nearest = min(
        rows, key=lambda row: haversine(here, (float(row["centroid_lat"]), float(row["centroid_lon"])))
    )
    return nearest["name_vi"]


def _check(method: str, params: dict[str, Any]) -> None:
    """Refuse unknown, missing, ill-typed and too long parameters."""
    known = METHODS[method]
    for name in params:
        if name not in known:
            raise RefusalError(400, f"Bad Request: {name} is not supported")
    for name, (required, kind) in known.items():
        if required and params.get(name) in (None, ""):
            raise RefusalError(400, f"Bad Request: {name} must not be empty")
        if name in params and not isinstance(params[name], kind):
            raise RefusalError(400, f"Bad Request: {name} is of a wrong type")
    for name in ("text", "caption"):
        _check_text(params.get(name, ""), name)
    if "photo" in params and urlsplit(params["photo"]).scheme not in ("http", "https"):
        raise RefusalError(400, "Bad Request: photo must be a public URL")


def _check_text(text: str, name: str) -> None:
    if len(text.encode("utf-16-le")) // 2 > 2_000:
        raise RefusalError(400, f"Bad Request: {name} is too long")
    if text != unicodedata.normalize("NFC", text):
        raise RefusalError(400, f"Bad Request: {name} is not composed (a rule of this server, not of Zalo)")
    if text != text.strip() or any(unicodedata.category(one) == "Cc" and one not in "\n\t" for one in text):
        raise RefusalError(400, f"Bad Request: {name} has edges or control characters")


def _hang_up(request: web.Request) -> web.StreamResponse:
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=500)
