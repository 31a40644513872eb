"""Players: the same conversation file on every channel, each through the real program and the real library.

Between the bot and the wire nothing is mocked: the web player speaks ``POST /api/chat``, the others are people in
front of the platform's servers of our own, and the program gets there by its settings alone. ``now:`` lines move
the program's clock.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any, Protocol

import aiohttp

from bot.app import Application, offline
from bot.channels.terminal import POSITION, PRESSED
from bot.replay import TOURIST, MovingClock, Screen, Script, ScriptStep, role_of, waits
from bot.settings import Settings
from handlers.services.invitations import code_for
from tests.fakes import zalo_bot
from tests.fakes.telegram import TOKEN, FakeTelegram, Shown
from tests.fakes.zalo_bot import FakeZaloBot, typed_place
from tests.fakes.zalo_oa import FakeZaloOA

Say = Callable[[ScriptStep], Awaitable[list[Screen]]]
WITHIN = 10.0
ZALO_BOT_SECRET = "a-secret-of-ours"
PROVINCE = ((21.3, 22.5), (106.0, 107.4))
"""Latitudes and longitudes between which a place has a name that can be typed."""


class Player(Protocol):
    """A person on one channel."""

    def begin(self, script: Script) -> Say:
        """A chat of its own for this conversation."""
        ...

    def possible(self, said: str) -> bool:
        """Whether a person can do this here."""
        ...


class Everything:
    """A channel on which everything of a conversation file can be done."""

    def possible(self, said: str) -> bool:
        return True


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as opened:
        opened.bind(("127.0.0.1", 0))
        return int(opened.getsockname()[1])


@asynccontextmanager
async def running(**changed: Any) -> AsyncIterator[tuple[Application, MovingClock]]:
    """The real program in this process, with settings of its own and a clock that can be moved."""
    values = {"host": "127.0.0.1", "port": free_port(), "telegram_token": "", "public_url": "", "bot_now": ""}
    settings = Settings(_env_file=None, **(values | changed))
    clock = MovingClock(datetime(2026, 12, 3, 3, 0, tzinfo=UTC).astimezone(settings.zone))
    application = Application(settings, now=clock)
    await application.prepare()
    await application.start()
    try:
        yield application, clock
    finally:
        await application.stop()


async def settled(application: Application) -> None:
    """Wait until everything that came in is answered."""
    async with asyncio.timeout(WITHIN):
        while application.intake.waiting:
            await asyncio.sleep(0.002)
        await application.inbox.written()


async def time_passes(application: Application) -> None:
    """What the clock does happens, and what waits in the outbox is sent."""
    await application.shelf.refresh()
    await application.rounds.go()
    assert await application.dispatch.drained(WITHIN)
    await settled(application)


class Speakers:
    """The people of one conversation: a chat each; who has a role gets it by a code, sent before their first word."""

    def __init__(self, application: Application, clock: MovingClock, first: str) -> None:
        self._application, self._clock, self._first = application, clock, first
        self._chats: dict[str, str] = {}

    async def chat(self, step: ScriptStep) -> tuple[str, str]:
        """The chat of who speaks, and the code to send first ("" = none is needed)."""
        if step.now:
            self._clock.at = step.now.astimezone(self._application.settings.zone)
        known = self._chats.get(step.speaker)
        if known:
            return known, ""
        chat = f"{self._first}-{len(self._chats)}" if self._chats else self._first
        self._chats[step.speaker] = chat
        if role_of(step.speaker) == TOURIST:
            return chat, ""
        code = await code_for(
            self._application.engine, role_of(step.speaker), self._clock(), name=step.speaker
        )
        return chat, code


class WebPlayer(Everything):
    """A person in front of our own page."""

    def __init__(self, application: Application, clock: MovingClock) -> None:
        self._application, self._clock = application, clock

    def begin(self, script: Script) -> Say:
        """A chat of its own for each person of this conversation."""
        speakers = Speakers(self._application, self._clock, f"web-{script.path.stem}")
        screens: dict[str, list[dict[str, Any]]] = {}

        async def say(step: ScriptStep) -> list[Screen]:
            chat, code = await speakers.chat(step)
            body = {"chat": chat, "language": script.language}
            if code:
                shown(chat, await self._post(body | {"text": code}))
            if waits(step.said):
                await time_passes(self._application)
                return shown(chat, await self._waiting(chat))
            pressed = PRESSED.fullmatch(step.said)
            position = POSITION.fullmatch(step.said)
            if pressed:
                button = labelled(screens.get(chat, []), pressed[1])
                if "url" in button:
                    return [Screen(text=button["url"], links=(button["url"],))]
                body["action"] = button["action"]
            elif position:
                body["place"] = {"latitude": float(position[1]), "longitude": float(position[2])}
            elif step.said.startswith("/start"):
                body["start"] = step.said.removeprefix("/start").strip()
            else:
                body["text"] = step.said
            return shown(chat, await self._post(body))

        def shown(chat: str, answer: dict[str, Any]) -> list[Screen]:
            buttons = [button for message in answer["messages"] for button in message["buttons"]]
            screens[chat] = buttons or screens.get(chat, [])
            return [web_screen(message) for message in answer["messages"]]

        return say

    async def _waiting(self, chat: str) -> dict[str, Any]:
        """What the page fetches while it is open."""
        async with (
            aiohttp.ClientSession() as session,
            session.get(f"{self._application.address}/api/chat/waiting", params={"chat": chat}) as response,
        ):
            assert response.status == 200, await response.text()
            return await response.json()

    async def _post(self, body: dict[str, Any]) -> dict[str, Any]:
        async with (
            aiohttp.ClientSession() as session,
            session.post(f"{self._application.address}/api/chat", json=body) as response,
        ):
            assert response.status == 200, await response.text()
            return await response.json()


def labelled(buttons: list[dict[str, Any]], label: str) -> dict[str, Any]:
    """The button with this label, or whose label holds it."""
    exact = [button for button in buttons if button["label"] == label]
    near = [button for button in buttons if label.casefold() in button["label"].casefold()]
    found = exact or near
    assert found, f"no button {label!r} among {[button['label'] for button in buttons]}"
    return found[0]


def web_screen(message: dict[str, Any]) -> Screen:
    """What the page shows of one message."""
    cards = message.get("cards", [])
    buttons = [*message["buttons"], *(button for card in cards for button in card.get("buttons", []))]
    return Screen(
        text="\n".join([message["text"], *(f"{card['title']}\n{card.get('text', '')}" for card in cards)]),
        labels=tuple(button["label"] for button in buttons),
        links=tuple(button["url"] for button in buttons if button.get("url")),
        venue=bool(message.get("venue")),
        image=bool(message.get("image")),
        file=bool(message.get("file")),
        asks=message.get("asks"),
    )


class TelegramPlayer(Everything):
    """A person with the Telegram app."""

    def __init__(self, application: Application, clock: MovingClock, fake: FakeTelegram) -> None:
        self._application, self._clock, self._fake = application, clock, fake
        self._chats = iter(range(700_001, 800_000))

    def begin(self, script: Script) -> Say:
        """A chat of its own for each person of this conversation."""
        speakers = Speakers(self._application, self._clock, script.path.stem)
        numbers: dict[str, int] = {}
        looked: dict[int, int] = {}

        async def say(step: ScriptStep) -> list[Screen]:
            name, code = await speakers.chat(step)
            chat = numbers.setdefault(name, 0) or next(self._chats)
            numbers[name] = chat
            self._fake.chat(chat).language = script.language
            if code:
                await self._fake.say(chat, code)
                await self._answered(chat, looked)
            if waits(step.said):
                await time_passes(self._application)
            elif await self._do(chat, step.said) is None:
                return [Screen(text="", links=("opened",))]
            return [telegram_screen(shown) for shown in await self._answered(chat, looked)]

        return say

    async def _answered(self, chat: int, looked: dict[int, int]) -> list[Shown]:
        """What changed in the chat since it was looked at."""
        await self._fake.drained(WITHIN)
        await settled(self._application)
        found = [shown for shown in self._fake.screen(chat) if shown.changed > looked.get(chat, 0)]
        looked[chat] = max((shown.changed for shown in found), default=looked.get(chat, 0))
        return found

    async def _do(self, chat: int, said: str) -> int | None:
        pressed, position = PRESSED.fullmatch(said), POSITION.fullmatch(said)
        if position:
            return await self._fake.locate(chat, float(position[1]), float(position[2]))
        if not pressed:
            return await self._fake.say(chat, said)
        _shown, button = self._fake._find(self._fake.chat(chat), pressed[1])
        mark = await self._fake.press(chat, pressed[1])
        return None if "url" in button or "copy_text" in button else mark


def telegram_screen(shown: Shown) -> Screen:
    """What the app shows of one message."""
    labels = tuple(shown.labels)
    links = tuple(button["url"] for row in shown.rows for button in row if "url" in button)
    asks = "?"  # one reply_markup a message: inline buttons win over the position button
    return Screen(
        text=shown.text,
        labels=labels,
        links=links,
        venue=shown.venue is not None,
        image=shown.kind == "photo",
        file=shown.kind == "document",
        asks=asks,
    )


class ZaloPlayer:
    """A person with the Zalo app; ``by`` says how they choose. Zalo hints at no language, so they ask for it."""

    def __init__(self, application: Application, clock: MovingClock, fake: Any, by: str) -> None:
        self._application, self._clock, self._fake, self._by = application, clock, fake, by
        self._looked: dict[str, int] = {}

    def begin(self, script: Script) -> Say:
        """A chat of its own for each person of this conversation."""
        speakers = Speakers(self._application, self._clock, script.path.stem)
        begun: set[str] = set()

        async def say(step: ScriptStep) -> list[Screen]:
            chat, code = await speakers.chat(step)
            if code:
                await self._step(chat, code)
            if chat not in begun and script.language != "vi":
                await self._step(chat, f"/lang {script.language}")
            begun.add(chat)
            return await self._step(chat, step.said)

        return say

    async def _step(self, chat: str, said: str) -> list[Screen]:
        mark, posted = self._fake.chat(chat).changes, len(self._fake.webhook_answers)
        mark = min(mark, self._looked.get(chat, mark))
        pressed, position = PRESSED.fullmatch(said), POSITION.fullmatch(said)
        if waits(said):
            await time_passes(self._application)
        elif position:
            await self._fake.locate(chat, float(position[1]), float(position[2]))
        elif pressed:
            await self._fake.press(chat, pressed[1], by=self._by)
        else:
            await self._fake.say(chat, said)
        await self._fake.drained(WITHIN)
        await settled(self._application)
        await self._fake.drained(WITHIN)  # receipts of what was answered
        self._looked[chat] = self._fake.chat(chat).changes
        if pressed and len(self._fake.webhook_answers) == posted:
            return [Screen(text="", links=("opened",))]
        return [zalo_screen(shown) for shown in self._fake.screen(chat) if shown.changed > mark]


class ZaloOAPlayer(Everything, ZaloPlayer):
    """In front of the Official Account."""


class ZaloBotPlayer(ZaloPlayer):
    """In front of a bot of the Bot Platform: types a place where others share a position."""

    async def _step(self, chat: str, said: str) -> list[Screen]:
        screens = await super()._step(chat, said)
        position = POSITION.fullmatch(said)
        if position and screens and self.possible(said):
            return await super()._step(chat, typed_place(float(position[1]), float(position[2])))
        return screens

    def possible(self, said: str) -> bool:
        """A position outside the province has no name that could be typed."""
        position = POSITION.fullmatch(said)
        place = (float(position[1]), float(position[2])) if position else (21.85, 106.76)
        return all(low <= value <= high for value, (low, high) in zip(place, PROVINCE, strict=True))


def zalo_screen(shown: Any) -> Screen:
    """What the Zalo app shows of one message."""
    return Screen(
        text=shown.text,
        labels=tuple(shown.labels),
        links=tuple(shown.links),
        venue=shown.venue,
        image=shown.kind in ("photo", "media"),
        file=shown.kind == "file" or "📎" in shown.text,
        asks="?",  # in words
    )


# ------------------------------------------------------------------------------------ the program on each channel


@asynccontextmanager
async def with_telegram(fake: FakeTelegram, **changed: Any) -> AsyncIterator[tuple[Application, MovingClock]]:
    """The program connected to this Bot API server, by webhook."""
    port = free_port()
    settings = {
        "port": port,
        "telegram_token": TOKEN,
        "telegram_api_url": fake.url,
        "public_url": f"http://127.0.0.1:{port}",
    }
    async with running(**(settings | changed)) as started:
        yield started


@asynccontextmanager
async def with_zalo_oa(fake: FakeZaloOA, **changed: Any) -> AsyncIterator[tuple[Application, MovingClock]]:
    """The program connected to Zalo's servers; its clock is the conversation's, Zalo's is the real one."""
    async with running(**(fake.settings() | changed)) as (application, clock):
        fake.webhook = f"{application.address}/webhooks/zalo-oa"
        try:
            yield application, clock
        finally:
            fake.webhook = ""


@asynccontextmanager
async def with_zalo_bot(
    fake: FakeZaloBot, *, webhook: bool = True, **changed: Any
) -> AsyncIterator[tuple[Application, MovingClock]]:
    """The program connected to this Bot Platform server, by webhook or by polling."""
    port = free_port()
    settings = {
        "port": port,
        "public_url": f"http://127.0.0.1:{port}" if webhook else "",
        "zalo_bot_token": zalo_bot.TOKEN,
        "zalo_bot_secret": ZALO_BOT_SECRET,
        "zalo_bot_api_url": fake.url,
    }
    async with running(**(settings | changed)) as started:
        yield started


@asynccontextmanager
async def terminal_player(**_changed: Any) -> AsyncIterator[Player]:
    """The terminal, as ``replay`` plays it: no channel, and a database in memory."""

    class Terminal(Everything):
        def __init__(self, begin: Callable[[Script], Say]) -> None:
            self.begin = begin

    async with offline(Settings(_env_file=None)) as mind:
        yield Terminal(mind.player)


@asynccontextmanager
async def web_player(**changed: Any) -> AsyncIterator[Player]:
    """The program with its own page only."""
    async with running(**changed) as (application, clock):
        yield WebPlayer(application, clock)


@asynccontextmanager
async def telegram_player(**changed: Any) -> AsyncIterator[Player]:
    """Telegram."""
    async with FakeTelegram() as fake, with_telegram(fake, **changed) as (application, clock):
        yield TelegramPlayer(application, clock, fake)


@asynccontextmanager
async def zalo_oa_player(**changed: Any) -> AsyncIterator[Player]:
    """An Official Account with buttons, which are pressed."""
    async with FakeZaloOA() as fake, with_zalo_oa(fake, **changed) as (application, clock):
        yield ZaloOAPlayer(application, clock, fake, "button")


@asynccontextmanager
async def zalo_oa_typed_player(**changed: Any) -> AsyncIterator[Player]:
    """An Official Account that takes no buttons: numbers are typed."""
    changed["zalo_oa_buttons"] = False
    async with FakeZaloOA(buttons=False) as fake, with_zalo_oa(fake, **changed) as (application, clock):
        yield ZaloOAPlayer(application, clock, fake, "number")


@asynccontextmanager
async def zalo_bot_player(**changed: Any) -> AsyncIterator[Player]:
    """The Bot Platform: labels and numbers are typed. All conversations together have more people than it allows, and
    what arrives unasked comes quicker than its pace; other tests keep to both.
    """
    changed.setdefault("sends_per_second_zalo_bot", 30)
    async with FakeZaloBot(people=500) as fake, with_zalo_bot(fake, **changed) as (application, clock):
        yield ZaloBotPlayer(application, clock, fake, "label")


PLAYERS = {
    "terminal": terminal_player,
    "web": web_player,
    "telegram": telegram_player,
    "zalo-oa": zalo_oa_player,
    "zalo-oa, typed": zalo_oa_typed_player,
    "zalo-bot": zalo_bot_player,
}
"""Every channel, and what starts the program with a person on it."""
