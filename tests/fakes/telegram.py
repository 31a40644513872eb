"""A Bot API server for tests: refuses what Telegram refuses, and has people who talk to the bot.

    async with FakeTelegram() as fake:            # fake.url is TELEGRAM_API_URL, fake.token is TELEGRAM_TOKEN
        shown = await fake.ask(5, "vịt quay")     # say, and wait for what the bot shows
        shown = await fake.tap(5, "Chỉ đường")    # press a button by its label, and wait
        shown = await fake.at(5, 21.846, 106.757) # send a position, and wait
        fake.screen(5)                            # everything chat 5 sees from the bot, edits applied

``say``, ``press``, ``locate`` do the same without waiting: they return a mark for ``answer(chat, mark)``.
Updates go to the webhook when one is set (in order in each chat, with Telegram's retries), else to
``getUpdates``. Trouble: ``fail(kind, method=…, times=…)``, ``weather = Weather(…)``, ``block(chat)``,
``police = True``."""

from __future__ import annotations

import asyncio
import itertools
import json
import re
import time
from collections import Counter, defaultdict, deque
from contextlib import suppress
from dataclasses import dataclass, field
from random import Random
from typing import Any

import aiohttp
from aiohttp import web

from tests.fakes import telegram_rules as rules
from tests.fakes.telegram_rules import RefusalError, bad

TOKEN = "700000001:AAFakeTokenFakeTokenFakeTokenFake00"
SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"
DEFAULT_UPDATES = ("message", "edited_message", "callback_query", "inline_query", "my_chat_member")
MESSAGE_KINDS = ("text", "venue", "location", "photo", "document")


@dataclass(slots=True)
class Shown:
    """One message of the bot as its reader sees it now; ``rows`` are inline buttons, ``keyboard`` the reply
    keyboard."""

    message_id: int
    kind: str
    text: str
    raw: dict[str, Any]
    markup: dict[str, Any]
    changed: int
    edited: bool = False

    @property
    def rows(self) -> list[list[dict[str, Any]]]:
        return self.markup.get("inline_keyboard", [])

    @property
    def keyboard(self) -> list[list[dict[str, Any]]]:
        return self.markup.get("keyboard", [])

    @property
    def labels(self) -> list[str]:
        return [button["text"] for row in (*self.rows, *self.keyboard) for button in row]

    @property
    def venue(self) -> dict[str, Any] | None:
        return self.raw.get("venue")

    @property
    def bold(self) -> list[str]:
        """What stands in bold."""
        wide = (self.raw.get("text") or self.raw.get("caption") or "").encode("utf-16-le")
        found = self.raw.get("entities") or self.raw.get("caption_entities") or []
        return [
            wide[one["offset"] * 2 : (one["offset"] + one["length"]) * 2].decode("utf-16-le")
            for one in found
            if one["type"] == "bold"
        ]


@dataclass(slots=True)
class Chat:
    """One chat: who is in it and what the bot has written there."""

    id: int
    blocked: bool = False
    moved_to: int = 0
    language: str = "vi"
    name: str = "Lan"
    shown: dict[int, Shown] = field(default_factory=dict)
    changes: int = 0

    @property
    def kind(self) -> str:
        if self.id > 0:
            return "private"
        return "supergroup" if str(self.id).startswith("-100") else "group"

    def public(self) -> dict[str, Any]:
        if self.kind == "private":
            return {"id": self.id, "type": "private", "first_name": self.name}
        return {"id": self.id, "type": self.kind, "title": self.name}


@dataclass(slots=True)
class Fault:
    """Trouble to make: what, for which method and chat (None = any), how often."""

    kind: str
    method: str | None
    chat: int | None
    times: int
    seconds: float = 0
    words: str = ""


@dataclass(slots=True)
class Weather:
    """Trouble by chance, the same for the same seed: ``shares`` of requests by kind of :meth:`FakeTelegram.fail`.

    Who blocked the bot (403) has blocked it for good; everything else is drawn anew for each request of a chat.
    """

    seed: int
    shares: dict[str, float]
    slow: float = 0.5
    wait: float = 1
    tries: Counter[str] = field(default_factory=Counter)

    def fault(self, called: Called) -> Fault | None:
        chat = str(called.params.get("chat_id"))
        if called.method != "sendMessage":
            return None
        if Random(f"{self.seed}:{chat}").random() < self.shares.get("403", 0):
            return Fault("403", None, None, 1, words="Forbidden: bot was blocked by the user")
        self.tries[chat] += 1
        drawn = Random(f"{self.seed}:{chat}:{self.tries[chat]}").random()
        for kind, share in self.shares.items():
            if kind != "403":
                if drawn < share:
                    return Fault(kind, None, None, 1, seconds=self.slow if kind == "slow" else self.wait)
                drawn -= share
        return None


@dataclass(slots=True)
class Called:
    """One request the bot made."""

    method: str
    params: dict[str, Any]
    at: float
    status: int = 200
    content_type: str = ""


@dataclass(slots=True)
class Waiting:
    """An update not yet taken by the bot; updates with the same ``key`` keep their order."""

    id: int
    key: tuple[int, str]
    body: dict[str, Any]


class FakeTelegram:
    """The server. ``retry_base`` stands for Telegram's 2 s before the second retry of a webhook."""

    def __init__(
        self, *, token: str = TOKEN, username: str = "xulang_test_bot", retry_base: float = 0.05
    ) -> None:
        self.token, self.username, self.retry_base = token, username, retry_base
        self.id = int(token.partition(":")[0])
        self.url = ""
        self.police = False
        self.weather: Weather | None = None
        self.chats: dict[int, Chat] = {}
        self.calls: list[Called] = []
        self.faults: list[Fault] = []
        self.confirmed: dict[str, str] = {}
        self.commands: dict[str, list[dict[str, str]]] = defaultdict(list)
        self.webhook: dict[str, Any] = {}
        self.webhook_answers: list[tuple[int, int]] = []
        self.updates: dict[int, dict[str, Any]] = {}
        self.files: dict[str, bytes] = {}
        self._presses: dict[str, tuple[int, float]] = {}
        self._waiting: list[Waiting] = []
        self._workers: dict[tuple[int, str], asyncio.Task[None]] = {}
        self._numbers, self._message_ids = itertools.count(870_000_001), itertools.count(101)
        self._news = asyncio.Condition()
        self._poller = 0
        self._sends: dict[int, deque[float]] = defaultdict(lambda: deque(maxlen=64))
        self._allowed: tuple[str, ...] = DEFAULT_UPDATES
        self._runner: web.AppRunner | None = None
        self._session: aiohttp.ClientSession | None = None

    # ----------------------------------------------------------------------------------------------- its life

    async def __aenter__(self) -> FakeTelegram:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def start(self, port: int = 0) -> None:
        app = web.Application(client_max_size=60_000_000)
        app.router.add_route("*", "/bot{token}/{method}", self._serve)
        app.router.add_get("/file/bot{token}/{path:.+}", self._download)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", port)
        await site.start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=60))

    async def stop(self) -> None:
        for worker in self._workers.values():
            worker.cancel()
        self._workers.clear()
        self._poller += 1
        async with self._news:
            self._news.notify_all()
        if self._session:
            await self._session.close()
        if self._runner:
            await self._runner.cleanup()

    # ----------------------------------------------------------------------------------------------- people

    def chat(self, chat: int | str) -> Chat:
        """The chat with this id; it is known from now on."""
        return self.chats.setdefault(int(chat), Chat(int(chat)))

    async def say(self, chat: int | str, text: str, **more: Any) -> int:
        """Somebody writes ``text``; the mark for :meth:`answer`. ``more`` goes into the message as it is."""
        command = re.match(r"/\w+(@\w+)?", text)
        fields: dict[str, Any] = {"text": text, **more}
        if command:
            fields["entities"] = [{"type": "bot_command", "offset": 0, "length": len(command[0])}]
        elif mentions := list(re.finditer(r"@\w+", text)):
            fields["entities"] = [
                {"type": "mention", "offset": rules.units(text[: one.start()]), "length": len(one[0])}
                for one in mentions
            ]
        return await self.message(chat, **fields)

    async def locate(self, chat: int | str, latitude: float, longitude: float, **more: Any) -> int:
        """Somebody sends a position; the mark for :meth:`answer`."""
        return await self.message(chat, location={"latitude": latitude, "longitude": longitude, **more})

    async def message(self, chat: int | str, *, sender: int | None = None, **fields: Any) -> int:
        """Any message of a person, with the Bot API's own fields; the mark for :meth:`answer`."""
        where = self.chat(chat)
        where.blocked = False
        body = {
            "message_id": next(self._message_ids),
            "from": self._person(where, sender),
            "chat": where.public(),
            "date": int(time.time()),
            **fields,
        }
        mark = where.changes
        await self.push({"message": body}, where.id)
        return mark

    async def press(self, chat: int | str, label: str) -> int:
        """Press the newest button with this label (else: that contains it); the mark for :meth:`answer`.

        A button that opens or copies something sends nothing; a reply keyboard's button sends its label.
        """
        shown, button = self._find(self.chat(chat), label)
        if "callback_data" in button:
            return await self.press_raw(chat, button["callback_data"], shown.message_id)
        if "url" in button or "copy_text" in button:
            return self.chat(chat).changes
        if button.get("request_location") or button.get("request_contact"):
            raise AssertionError(f"{label!r} asks for a position or a number: use locate() or message()")
        return await self.say(chat, button["text"])

    async def press_raw(self, chat: int | str, action: str, message_id: int = 0, **more: Any) -> int:
        """A press with any ``callback_data`` on any message; without ``message_id`` on an inaccessible
        one."""
        where = self.chat(chat)
        shown = where.shown.get(message_id)
        message = shown.raw if shown else {"chat": where.public(), "message_id": message_id or 1, "date": 0}
        press_id = str(next(self._numbers) * 1000)
        self._presses[press_id] = (where.id, time.monotonic())
        who = self._person(where, None)
        body = {
            "id": press_id,
            "from": who,
            "chat_instance": str(hash(where.id)),
            "message": message,
            "data": action,
            **more,
        }
        mark = where.changes
        await self.push({"callback_query": body}, where.id, f"press {who['id']}")
        return mark

    async def block(self, chat: int | str, *, told: bool = True) -> None:
        """The person blocks the bot; ``told`` = the bot hears of it."""
        self.chat(chat).blocked = True
        if told:
            await self._membership(self.chat(chat), "member", "kicked")

    async def unblock(self, chat: int | str) -> None:
        """The person unblocks the bot."""
        self.chat(chat).blocked = False
        await self._membership(self.chat(chat), "kicked", "member")

    async def push(self, update: dict[str, Any], chat: int = 0, stream: str = "message") -> int:
        """Any update at all, well-formed or not; gets an ``update_id`` unless it brings one. Its number."""
        update = {"update_id": next(self._numbers), **update}
        kind = next((name for name in update if name != "update_id"), "")
        self.updates[update["update_id"]] = update
        if kind in self._allowed or kind not in rules_updates():
            self._waiting.append(Waiting(update["update_id"], (chat, stream), update))
            await self._announce()
        return update["update_id"]

    async def repeat(self, update_id: int) -> None:
        """Deliver an update once more, as Telegram does when it did not see our 200."""
        self._waiting.append(Waiting(update_id, (0, f"again {update_id}"), self.updates[update_id]))
        await self._announce()

    # ------------------------------------------------------------------------------------ what they see

    def screen(self, chat: int | str) -> list[Shown]:
        """Everything of the bot in this chat, oldest first, edits applied, deletions gone."""
        return list(self.chat(chat).shown.values())

    async def answer(
        self, chat: int | str, mark: int = 0, *, within: float = 5, quiet: float = 0.08
    ) -> list[Shown]:
        """Wait until the bot has shown something new or edited since ``mark`` and then been quiet; what
        changed.

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

    async def ask(self, chat: int | str, text: str, **waiting: Any) -> list[Shown]:
        """:meth:`say`, then :meth:`answer`."""
        return await self.answer(chat, await self.say(chat, text), **waiting)

    async def tap(self, chat: int | str, label: str, **waiting: Any) -> list[Shown]:
        """:meth:`press`, then :meth:`answer`."""
        return await self.answer(chat, await self.press(chat, label), **waiting)

    async def at(self, chat: int | str, latitude: float, longitude: float, **waiting: Any) -> list[Shown]:
        """:meth:`locate`, then :meth:`answer`."""
        return await self.answer(chat, await self.locate(chat, latitude, longitude), **waiting)

    async def drained(self, within: float = 5) -> None:
        """Wait until every update has been taken by the bot."""
        async with asyncio.timeout(within), self._news:
            await self._news.wait_for(lambda: not self._waiting)

    async def polled(self, within: float = 5) -> None:
        """Wait until the bot asks for updates."""
        async with asyncio.timeout(within), self._news:
            await self._news.wait_for(lambda: self._poller)

    def called(self, method: str) -> list[Called]:
        """The requests for one method, in order."""
        return [one for one in self.calls if one.method == method]

    # ----------------------------------------------------------------------------------------------- trouble

    def fail(
        self,
        kind: str,
        *,
        method: str | None = "sendMessage",
        chat: int | None = None,
        times: int = 1,
        **more: Any,
    ) -> None:
        """Answer the next ``times`` requests wrongly.

        ``kind``: a status ("429" with ``seconds``, "500", "502" and "503" with a page of HTML, "504", "403"
        and "400" with ``words``), "drop-before" and "drop-after" (the connection ends before or after the
        effect), "slow" (``seconds``, then the effect), "garbage" (the effect, then 200 with HTML).
        """
        self.faults.append(Fault(kind, method, chat, times, **more))

    # --------------------------------------------------------------------------------------- the server

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        if request.match_info["token"] != self.token:
            malformed = not re.fullmatch(r"\d+:[\w-]+", request.match_info["token"])
            return _answer(RefusalError(404, "Not Found") if malformed else RefusalError(401, "Unauthorized"))
        method = rules.METHODS.get(request.match_info["method"].lower())
        if method is None:
            return _answer(RefusalError(404, "Not Found"))
        called = Called(method["name"], {}, time.monotonic(), content_type=request.content_type)
        self.calls.append(called)
        try:
            given, typed = await self._read(request)
            called.params = rules.read_params(method, given, typed=typed)
            fault = self._fault(called)
            if fault and (early := await self._before(fault, request)):
                called.status = early.status
                return early
            self._count_pace(called)
            work = getattr(self, "_do_" + re.sub("([A-Z])", r"_\1", method["name"]).lower(), None)
            if work is None:
                raise RefusalError(501, f"the fake has no {method['name']} yet")
            result = await work(called.params)
        except RefusalError as refusal:
            called.status = refusal.status
            return _answer(refusal)
        if fault and fault.kind == "drop-after":
            _hang_up(request)
        if fault and fault.kind == "garbage":
            return web.Response(text="<html>ok</html>", content_type="text/html")
        return web.json_response({"ok": True, "result": result})

    async def _read(self, request: web.Request) -> tuple[dict[str, Any], bool]:
        given: dict[str, Any] = dict(request.query)
        if request.content_type == "application/json":
            try:
                return given | await request.json(), True
            except (json.JSONDecodeError, TypeError):
                raise bad("can't parse request: JSON object expected") from None
        for name, value in (await request.post()).items():
            if isinstance(value, web.FileField):
                given[name] = (value.filename, value.file.read())
            else:
                given[name] = value
        return given, False

    def _fault(self, called: Called) -> Fault | None:
        for fault in self.faults:
            if fault.method not in (None, called.method):
                continue
            if fault.chat is not None and str(called.params.get("chat_id")) != str(fault.chat):
                continue
            fault.times -= 1
            if not fault.times:
                self.faults.remove(fault)
            return fault
        return self.weather.fault(called) if self.weather else None

    async def _before(self, fault: Fault, request: web.Request) -> web.Response | None:
        if fault.kind == "drop-before":
            _hang_up(request)
            return web.Response(status=500)
        if fault.kind == "slow":
            await asyncio.sleep(fault.seconds)
        if fault.kind in ("500", "502", "503"):
            return web.Response(
                status=int(fault.kind), text="<html><h1>Bad Gateway</h1></html>", content_type="text/html"
            )
        if fault.kind == "429":
            seconds = int(fault.seconds or 1)
            raise RefusalError(429, f"Too Many Requests: retry after {seconds}", retry_after=seconds)
        if fault.kind.isdigit():
            raise RefusalError(int(fault.kind), fault.words or "Fault")
        return None

    def _count_pace(self, called: Called) -> None:
        """30/s over all, 1/s in a private chat, 20/min in a group, when ``police`` is on; a retry counts as a
        send."""
        if not self.police or not called.method.startswith(("send", "copy", "forward")):
            return
        now, chat = time.monotonic(), int(called.params.get("chat_id", 0))
        for key, limit, window in ((0, 30, 1.0), (chat, 1 if chat > 0 else 20, 1.0 if chat > 0 else 60.0)):
            recent = [at for at in self._sends[key] if at > now - window]
            self._sends[key].append(now)
            if len(recent) >= limit:
                seconds = max(1, round(window - (now - recent[0])))
                raise RefusalError(429, f"Too Many Requests: retry after {seconds}", retry_after=seconds)

    async def _download(self, request: web.Request) -> web.Response:
        content = self.files.get(request.match_info["path"])
        return web.Response(body=content) if content is not None else _answer(RefusalError(404, "Not Found"))

    # -------------------------------------------------------------------------------------- the methods

    async def _do_get_me(self, params: dict[str, Any]) -> dict[str, Any]:
        return {
            **self._me(),
            "can_join_groups": True,
            "can_read_all_group_messages": False,
            "supports_inline_queries": False,
            "can_connect_to_business": False,
            "has_main_web_app": False,
        }

    async def _do_send_message(self, params: dict[str, Any]) -> dict[str, Any]:
        where = self._reach(params)
        text, entities = rules.read_text(params, "text", 4096)
        if not text:
            raise bad("message text is empty")
        return await self._show(where, params, "text", text=text, **_some(entities=entities))

    async def _do_send_venue(self, params: dict[str, Any]) -> dict[str, Any]:
        where = self._reach(params)
        location = _location(params)
        venue = {"location": location, "title": params["title"], "address": params["address"]}
        return await self._show(where, params, "venue", venue=venue, location=location)

    async def _do_send_location(self, params: dict[str, Any]) -> dict[str, Any]:
        return await self._show(self._reach(params), params, "location", location=_location(params))

    async def _do_send_photo(self, params: dict[str, Any]) -> dict[str, Any]:
        where = self._reach(params)
        file_id = self._keep_file(params["photo"], "photo", 10_000_000)
        sizes = [
            {
                "file_id": f"{file_id}-{side}",
                "file_unique_id": f"u{file_id}{side}",
                "width": side,
                "height": side,
            }
            for side in (90, 800)
        ]
        self.files |= {size["file_id"]: self.files[file_id] for size in sizes}
        return await self._show(where, params, "photo", photo=sizes, **self._caption(params))

    async def _do_send_document(self, params: dict[str, Any]) -> dict[str, Any]:
        where = self._reach(params)
        given = params["document"]
        file_id = self._keep_file(given, "document", 50_000_000)
        name = given[0] if isinstance(given, tuple) else str(given).rsplit("/", 1)[-1]
        document = {"file_id": file_id, "file_unique_id": f"u{file_id}", "file_name": name}
        return await self._show(where, params, "document", document=document, **self._caption(params))

    async def _do_send_chat_action(self, params: dict[str, Any]) -> bool:
        self._reach(params)
        return True

    async def _do_edit_message_text(self, params: dict[str, Any]) -> dict[str, Any]:
        shown = self._mine(params)
        text, entities = rules.read_text(params, "text", 4096)
        if not text:
            raise bad("message text is empty")
        if shown.kind != "text":
            raise bad("there is no text in the message to edit")
        return await self._change(shown, params, text=text, entities=entities)

    async def _do_edit_message_reply_markup(self, params: dict[str, Any]) -> dict[str, Any]:
        return await self._change(self._mine(params), params)

    async def _do_delete_message(self, params: dict[str, Any]) -> bool:
        where = self._reach(params)
        if where.shown.pop(params["message_id"], None) is None:
            raise bad("message to delete not found")
        await self._changed(where)
        return True

    async def _do_answer_callback_query(self, params: dict[str, Any]) -> bool:
        press_id = params["callback_query_id"]
        if press_id not in self._presses or press_id in self.confirmed:
            raise bad("query is too old and response timeout expired or query ID is invalid")
        if rules.units(params.get("text", "")) > 200:
            raise bad("MESSAGE_TOO_LONG")
        self.confirmed[press_id] = params.get("text", "")
        return True

    async def _do_get_my_commands(self, params: dict[str, Any]) -> list[dict[str, str]]:
        return self.commands[_scope(params)]

    async def _do_set_my_commands(self, params: dict[str, Any]) -> bool:
        if len(params["commands"]) > 100:
            raise bad("too many commands")
        for one in params["commands"]:
            if not re.fullmatch(r"[a-z0-9_]{1,32}", one["command"]):
                raise bad("BOT_COMMAND_INVALID")
            if not 1 <= rules.units(one["description"]) <= 256:
                raise bad("BOT_COMMAND_DESCRIPTION_INVALID")
        self.commands[_scope(params)] = params["commands"]
        return True

    async def _do_delete_my_commands(self, params: dict[str, Any]) -> bool:
        self.commands.pop(_scope(params), None)
        return True

    async def _do_get_file(self, params: dict[str, Any]) -> dict[str, Any]:
        if params["file_id"] not in self.files:
            raise bad("wrong file_id or the file is temporarily unavailable")
        size = len(self.files[params["file_id"]])
        if size > 20 << 20:
            raise bad("file is too big")
        return {
            "file_id": params["file_id"],
            "file_unique_id": "u",
            "file_size": size,
            "file_path": params["file_id"],
        }

    async def _do_set_webhook(self, params: dict[str, Any]) -> bool:
        if not re.fullmatch(r"[A-Za-z0-9_-]{0,256}", params.get("secret_token", "")):
            raise bad("secret token contains unallowed characters")
        if not params["url"]:
            return await self._do_delete_webhook(params)
        if not re.match(r"https://|http://127\.0\.0\.1", params["url"]):
            raise bad("bad webhook: An HTTPS URL must be provided for webhook")
        self._stop_workers()
        self.webhook = dict(params)
        self._allow(params)
        if params.get("drop_pending_updates"):
            self._waiting.clear()
        await self._announce()
        return True

    async def _do_delete_webhook(self, params: dict[str, Any]) -> bool:
        self._stop_workers()
        self.webhook = {}
        if params.get("drop_pending_updates"):
            self._waiting.clear()
        await self._announce()
        return True

    async def _do_get_webhook_info(self, params: dict[str, Any]) -> dict[str, Any]:
        return {
            "url": self.webhook.get("url", ""),
            "has_custom_certificate": False,
            "pending_update_count": len(self._waiting),
            "allowed_updates": list(self._allowed),
        }

    async def _do_get_updates(self, params: dict[str, Any]) -> list[dict[str, Any]]:
        if self.webhook:
            raise RefusalError(
                409,
                "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to"
                " delete the webhook first",
            )
        self._allow(params)
        self._poller += 1
        mine = self._poller
        async with self._news:
            self._news.notify_all()
        offset = params.get("offset", 0)
        for one in [one for one in self._waiting if one.id < offset]:
            await self._taken(one)
        with suppress(TimeoutError):
            async with asyncio.timeout(min(params.get("timeout", 0), 50)), self._news:
                await self._news.wait_for(lambda: self._waiting or self._poller != mine)
        if self._poller != mine:
            raise RefusalError(
                409,
                "Conflict: terminated by other getUpdates request; make sure that only one"
                " bot instance is running",
            )
        return [one.body for one in self._waiting[: params.get("limit", 100)]]

    # -------------------------------------------------------------------------------------- its insides

    def _me(self) -> dict[str, Any]:
        return {"id": self.id, "is_bot": True, "first_name": "Xứ Lạng", "username": self.username}

    def _person(self, where: Chat, sender: int | None) -> dict[str, Any]:
        who = sender or (where.id if where.id > 0 else 900_000_001)
        return {"id": who, "is_bot": False, "first_name": where.name, "language_code": where.language}

    async def _membership(self, where: Chat, before: str, after: str) -> None:
        body = {
            "chat": where.public(),
            "from": self._person(where, None),
            "date": int(time.time()),
            "old_chat_member": {"user": self._me(), "status": before},
            "new_chat_member": {"user": self._me(), "status": after},
        }
        await self.push({"my_chat_member": body}, where.id)

    def _reach(self, params: dict[str, Any]) -> Chat:
        where = self.chats.get(params["chat_id"])
        if where is None:
            raise bad("chat not found")
        if where.moved_to:
            words = "Bad Request: group chat was upgraded to a supergroup chat"
            raise RefusalError(400, words, migrate_to_chat_id=where.moved_to)
        if where.blocked:
            words = "bot was blocked by the user" if where.id > 0 else "bot was kicked from the group chat"
            raise RefusalError(403, f"Forbidden: {words}")
        return where

    def _mine(self, params: dict[str, Any]) -> Shown:
        shown = self._reach(params).shown.get(params.get("message_id", 0))
        if shown is None:
            raise bad("message to edit not found")
        return shown

    def _caption(self, params: dict[str, Any]) -> dict[str, Any]:
        text, entities = rules.read_text(params, "caption", 1024)
        return _some(caption=text, caption_entities=entities)

    def _keep_file(self, given: Any, kind: str, limit: int) -> str:
        if isinstance(given, tuple):
            if len(given[1]) > limit:
                raise RefusalError(413, "Request Entity Too Large")
            file_id = f"{kind}{len(self.files)}"
            self.files[file_id] = given[1]
            return file_id
        if given.startswith(("http://", "https://")):
            file_id = f"{kind}{len(self.files)}"
            self.files[file_id] = given.encode()
            return file_id
        if given not in self.files:
            raise bad("wrong file identifier/HTTP URL specified")
        return str(given).partition("-")[0]

    async def _show(self, where: Chat, params: dict[str, Any], kind: str, **content: Any) -> dict[str, Any]:
        markup = params.get("reply_markup") or {}
        rules.check_keyboard(markup)
        if where.id < 0 and "request_" in json.dumps(markup.get("keyboard", [])):
            raise bad("phone number and location can be requested in private chats only")
        raw = {
            "message_id": next(self._message_ids),
            "from": self._me(),
            "chat": where.public(),
            "date": int(time.time()),
            **content,
            **({"reply_markup": markup} if "inline_keyboard" in markup else {}),
        }
        text = content.get("text") or content.get("caption") or ""
        where.shown[raw["message_id"]] = Shown(raw["message_id"], kind, text, raw, markup, where.changes + 1)
        await self._changed(where)
        return raw

    async def _change(self, shown: Shown, params: dict[str, Any], **content: Any) -> dict[str, Any]:
        markup = params.get("reply_markup") or {}
        rules.check_keyboard(markup)
        content = {name: value for name, value in content.items() if value or name in shown.raw}
        same = all((shown.raw.get(name) or []) == (value or []) for name, value in content.items())
        if same and markup == shown.raw.get("reply_markup", {}):
            raise bad(
                "message is not modified: specified new message content and reply markup are exactly the"
                " same as a current content and reply markup of the message"
            )
        raw = {**shown.raw, **content, "edit_date": int(time.time())}
        raw.pop("reply_markup", None)
        if markup:
            raw["reply_markup"] = markup
        where = self.chats[raw["chat"]["id"]]
        shown.raw, shown.markup, shown.text, shown.edited = raw, markup, content.get("text", shown.text), True
        shown.changed = where.changes + 1
        await self._changed(where)
        return raw

    async def _changed(self, where: Chat) -> None:
        where.changes += 1
        async with self._news:
            self._news.notify_all()

    def _find(self, where: Chat, label: str) -> tuple[Shown, dict[str, Any]]:
        buttons = [
            (shown, button)
            for shown in reversed(where.shown.values())
            for row in (*shown.rows, *shown.keyboard)
            for button in row
        ]
        for fits in (lambda one: one == label, lambda one: label.casefold() in one.casefold()):
            for shown, button in buttons:
                if fits(button["text"]):
                    return shown, button
        labels = [button["text"] for _, button in buttons]
        raise AssertionError(f"no button {label!r} in chat {where.id}; there are {labels}")

    def _allow(self, params: dict[str, Any]) -> None:
        if "allowed_updates" in params:
            self._allowed = tuple(params["allowed_updates"]) or DEFAULT_UPDATES

    async def _announce(self) -> None:
        """Let the poller, or the worker of each chat, see what is waiting."""
        if self.webhook:
            for key in {one.key for one in self._waiting}:
                if key not in self._workers or self._workers[key].done():
                    self._workers[key] = asyncio.create_task(self._deliver(key))
        async with self._news:
            self._news.notify_all()

    async def _taken(self, update: Waiting) -> None:
        if update in self._waiting:
            self._waiting.remove(update)
        async with self._news:
            self._news.notify_all()

    def _stop_workers(self) -> None:
        for worker in self._workers.values():
            worker.cancel()
        self._workers.clear()

    async def _deliver(self, key: tuple[int, str]) -> None:
        """Post what waits under ``key``, one at a time: again at once, then after 2, 4, 8 … times the
        base."""
        failures = 0
        while first := next((one for one in self._waiting if one.key == key), None):
            status, after = await self._post(first)
            if 200 <= status <= 299:
                await self._taken(first)
                failures = 0
                continue
            failures += 1
            pause = 0 if failures == 1 else self.retry_base * 2 ** min(failures - 2, 5)
            await asyncio.sleep(after * self.retry_base / 2 if after else pause)

    async def _post(self, update: Waiting) -> tuple[int, float]:
        assert self._session is not None
        headers = {SECRET_HEADER: self.webhook["secret_token"]} if self.webhook.get("secret_token") else {}
        try:
            async with self._session.post(
                self.webhook["url"], json=update.body, headers=headers, allow_redirects=False
            ) as answer:
                await answer.read()
                self.webhook_answers.append((update.id, answer.status))
                return answer.status, float(answer.headers.get("Retry-After", 0))
        except (aiohttp.ClientError, TimeoutError):
            self.webhook_answers.append((update.id, 0))
            return 0, 0


def rules_updates() -> set[str]:
    """The kinds of updates that Telegram knows."""
    return {one["name"] for one in rules.TABLE["types"]["Update"]["fields"]}


def _scope(params: dict[str, Any]) -> str:
    scope = params.get("scope") or {"type": "default"}
    return params.get("language_code", "") + ("" if scope["type"] == "default" else f" {json.dumps(scope)}")


def _location(params: dict[str, Any]) -> dict[str, Any]:
    if not (-90 <= params["latitude"] <= 90 and -180 <= params["longitude"] <= 180):
        raise bad("location is invalid")
    return {"latitude": params["latitude"], "longitude": params["longitude"]}


def _some(**fields: Any) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value}


def _hang_up(request: web.Request) -> None:
    if request.transport is not None:
        request.transport.abort()


def _answer(refusal: RefusalError) -> web.Response:
    body: dict[str, Any] = {"ok": False, "error_code": refusal.status, "description": refusal.words}
    if refusal.parameters:
        body["parameters"] = refusal.parameters
    return web.json_response(body, status=refusal.status)
