"""The real program behind a Bot Platform server of our own: whole conversations, typed and never pressed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot import app
from bot.channels.terminal import POSITION, PRESSED
from bot.channels.zalo_bot import ZaloBotChannel
from bot.replay import MovingClock, Screen, Script, ScriptStep, failures, read_script
from tests.fakes.zalo_bot import LINKED, SECRET_HEADER, TOKEN, FakeZaloBot, Shown, typed_place
from tests.players import Say, free_port, settled

FILES = sorted((Path(__file__).parent / "conversations").glob("*.chat"))
SECRET = "a-secret-of-ours"
PROVINCE = ((21.3, 22.5), (106.0, 107.4))
"""Latitudes and longitudes between which a place has a name that can be typed."""


@asynccontextmanager
async def program(
    fake: FakeZaloBot, tmp_path: Path, *, webhook: bool = True
) -> AsyncIterator[tuple[app.Application, MovingClock]]:
    """The program with this channel beside its own page."""
    port = free_port()
    settings = app.Settings(
        _env_file=None,
        host="127.0.0.1",
        port=port,
        public_url=f"http://127.0.0.1:{port}" if webhook else "",
        database_url=f"sqlite+aiosqlite:///{tmp_path}/bot.db",
    )
    clock = MovingClock(app.clock_of(settings)())
    application = app.Application(settings, now=clock)
    channel = ZaloBotChannel(
        token=TOKEN, secret=SECRET, api_url=fake.url, public_url=settings.public_url, now=clock
    )
    application.channels[channel.name] = channel
    await application.prepare()
    await application.start()
    polling = None if webhook else asyncio.create_task(app._poll(channel, application.intake))
    try:
        yield application, clock
    finally:
        if polling:
            polling.cancel()
            with suppress(asyncio.CancelledError):
                await polling
        await application.stop()


class ZaloBotPlayer:
    """A person with the Zalo app: types words, labels and numbers, and a place instead of a position."""

    name = "zalo-bot"

    def __init__(self, application: app.Application, clock: MovingClock, fake: FakeZaloBot) -> None:
        self._application, self._clock, self._fake = application, clock, fake

    def begin(self, script: Script) -> Say:
        """A chat of its own for this conversation; the platform hints at no language, so it is asked for."""
        chat, begun = script.path.stem, False

        async def say(step: ScriptStep) -> list[Screen]:
            nonlocal begun
            if step.now:
                self._clock.at = step.now.astimezone(self._application.settings.zone)
            if not begun and script.language != "vi":
                await self._done(lambda: self._fake.say(chat, f"/lang {script.language}"))
            begun = True
            return await self._step(chat, step.said)

        return say

    async def _step(self, chat: str, said: str) -> list[Screen]:
        pressed, position = PRESSED.fullmatch(said), POSITION.fullmatch(said)
        mark = self._fake.chat(chat).changes
        if position:
            await self._done(lambda: self._fake.locate(chat))
            if in_the_province(said):
                return await self._step(chat, typed_place(float(position[1]), float(position[2])))
        elif pressed:
            await self._done(lambda: self._fake.press(chat, pressed[1]))
            if mark == self._fake.chat(chat).changes:
                return [Screen(text="", links=("opened",))]
        else:
            await self._done(lambda: self._fake.say(chat, said))
        return [zalo_bot_screen(shown) for shown in self._fake.screen(chat) if shown.changed > mark]

    async def _done(self, act: Callable[[], Any]) -> None:
        await act()
        await self._fake.drained(10)
        await settled(self._application)


def zalo_bot_screen(shown: Shown) -> Screen:
    """What the app shows of one message."""
    return Screen(
        text=shown.text,
        labels=(*(label.strip() for label, _ in LINKED.findall(shown.text)), *shown.choices.values()),
        links=tuple(shown.links),
        venue=shown.venue,
        image=shown.kind == "photo",
        file="📎" in shown.text,
        asks="?",
    )


def in_the_province(said: str) -> bool:
    """Whether there is a name to type for this: a position outside the province has none."""
    position = POSITION.fullmatch(said)
    if not position:
        return True
    place = float(position[1]), float(position[2])
    return all(low <= value <= high for value, (low, high) in zip(place, PROVINCE, strict=True))


# ------------------------------------------------------------------------------------------ conversations


@pytest.fixture
async def fake() -> AsyncIterator[FakeZaloBot]:
    async with FakeZaloBot() as server:
        server.chat("lan")
        yield server


async def differences(script: Script, say: Say) -> list[str]:
    """What is not as the file wants it, where a person without positions can do it."""
    found = []
    for step in script.steps:
        screens = await say(step)
        found += failures(screens, step.expected) if in_the_province(step.said) else []
    return found


async def test_every_conversation_goes_as_it_goes_in_the_terminal(fake: FakeZaloBot, tmp_path: Path) -> None:
    assert FILES
    wrong: list[str] = []
    async with (
        program(fake, tmp_path) as (application, clock),
        app.offline(app.Settings(_env_file=None)) as terminal,
    ):
        player = ZaloBotPlayer(application, clock, fake)
        for path in FILES:
            script = read_script(path)
            here = await differences(script, player.begin(script))
            there = await differences(script, terminal.player(script))
            if here != there:
                wrong += [f"{path.name}: {here} instead of {there}", fake.texts(path.stem), ""]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("webhook", [True, False], ids=["webhook", "polling"])
@pytest.mark.parametrize("wrapped", [True, False], ids=["wrapped", "flat"])
async def test_a_look_up(fake: FakeZaloBot, tmp_path: Path, webhook: bool, wrapped: bool) -> None:
    fake.wrapped = wrapped
    async with program(fake, tmp_path, webhook=webhook):
        (shown,) = await fake.ask("lan", "vit quay o dau")
        assert "Hồng Xiêm" in shown.text
        (again,) = await fake.tap("lan", "Danh mục")
        assert "1. Tìm sản phẩm" in again.text
    assert bool(fake.webhook) == webhook


async def test_a_position_is_asked_for_in_words(fake: FakeZaloBot, tmp_path: Path) -> None:
    async with program(fake, tmp_path):
        await fake.ask("lan", "gần tôi")
        (shown,) = await fake.at("lan", 21.866, 106.758)
        assert shown.venue
        assert "Chỉ đường" in shown.labels


async def test_a_typed_code_is_a_deep_link(fake: FakeZaloBot, tmp_path: Path) -> None:
    async with program(fake, tmp_path):
        (shown,) = await fake.ask("lan", "/start p_tra-diep-ca-lua-vy")
        assert "Trà diếp cá Lụa Vy" in shown.text


async def test_every_label_on_the_screen_can_be_typed(fake: FakeZaloBot, tmp_path: Path) -> None:
    async with program(fake, tmp_path):
        (menu,) = await fake.ask("lan", "menu")
        assert len(menu.choices) == 10
        for label in menu.choices.values():
            await fake.ask("lan", "menu")
            (shown,) = await fake.ask("lan", label)
            assert shown.text != menu.text, label


async def test_every_number_on_the_screen_can_be_typed(fake: FakeZaloBot, tmp_path: Path) -> None:
    async with program(fake, tmp_path):
        (menu,) = await fake.ask("lan", "menu")
        for number, label in menu.choices.items():
            await fake.ask("lan", "menu")
            (by_number,) = await fake.ask("lan", number)
            await fake.ask("lan", "menu")
            (by_label,) = await fake.ask("lan", label)
            assert by_number.text == by_label.text, label


async def test_nothing_is_met_with_silence(fake: FakeZaloBot, tmp_path: Path) -> None:
    async with program(fake, tmp_path):
        for kind in ("sticker", "image", "voice", "unsupported", "hologram"):
            (shown,) = await fake.answer("lan", await fake.message("lan", kind, url="https://a.example/1"))
            assert "Danh mục" in shown.labels, kind


async def test_in_a_group_the_mention_is_not_part_of_the_question(fake: FakeZaloBot, tmp_path: Path) -> None:
    fake.chat("group-of-officials", group=True)
    async with program(fake, tmp_path):
        mark = await fake.say("group-of-officials", "trà diếp cá", sender="lan")
        (shown,) = await fake.answer("group-of-officials", mark)
        assert "Trà diếp cá Lụa Vy" in shown.text
        assert not fake.screen("lan"), "the group is answered, not the person"


# ------------------------------------------------------------------------------------------------ the door


async def test_the_same_message_a_thousand_times_is_answered_once(fake: FakeZaloBot, tmp_path: Path) -> None:
    async with program(fake, tmp_path) as (application, _clock):
        await fake.ask("lan", "menu")
        event = {
            "event_name": "message.text.received",
            "message": {
                "message_id": "c1",
                "date": 1796266800000,
                "text": "mật ong",
                "from": {"id": "lan"},
                "chat": {"id": "lan", "chat_type": "PRIVATE"},
            },
        }
        for _ in range(20):
            assert set(await asyncio.gather(*(fake.post(event) for _ in range(50)))) == {200}
        await settled(application)
        assert len(fake.screen("lan")) == 2


AT_THE_DOOR: list[tuple[str | None, bytes, int]] = [
    (None, b"", 200),
    (None, b" {} ", 200),
    (None, b'{"event_name":"bot.renamed"}', 401),
    ("", b"[]", 401),
    (SECRET[:-1], b"{}", 401),
    (f"{SECRET}x", b'{"event_name":"bot.renamed"}', 401),
    ("x" * 5_000, b"", 401),
    (SECRET, b"[1]", 400),
    (SECRET, b"{", 400),
    (SECRET, b"\xff", 400),
    (SECRET, b'{"ok":true}', 400),
    (SECRET, b'{"event_name":"message.text.received"}', 400),
    (SECRET, b'{"event_name":"bot.renamed"}', 200),
    (SECRET, b" " * (1 << 20) + b"{}", 413),
]


async def test_the_door(fake: FakeZaloBot, tmp_path: Path) -> None:
    async with program(fake, tmp_path) as (application, _clock):
        for secret, body, status in AT_THE_DOOR:
            headers = {} if secret is None else {SECRET_HEADER: secret}
            assert await posted(fake, body, headers) == status, (secret, body[:50])
        await settled(application)
        assert await application.inbox.open_count() == 0
        assert not fake.called("sendMessage")


async def posted(fake: FakeZaloBot, body: bytes, headers: dict[str, str]) -> int:
    """The status of the answer to raw bytes."""
    async with (
        aiohttp.ClientSession(headers=headers) as session,
        session.post(fake.webhook["url"], data=body) as answer,
    ):
        return answer.status


async def test_a_dead_platform_hurts_nobody_else(fake: FakeZaloBot, tmp_path: Path) -> None:
    fake.fail("html-502", method=None, times=1_000)
    async with program(fake, tmp_path) as (application, _clock), aiohttp.ClientSession() as session:
        assert application.channels["zalo-bot"].health()["state"] == "down"
        asked = {"chat": "w", "text": "vịt quay"}
        async with session.post(f"{application.address}/api/chat", json=asked) as answer:
            assert "Vịt quay" in await answer.text()


async def test_beyond_fifty_people_nobody_is_heard(fake: FakeZaloBot, tmp_path: Path) -> None:
    fake.people = 1
    async with program(fake, tmp_path):
        await fake.ask("lan", "menu")
        await fake.say("minh", "menu")
        assert len(fake.lost) == 1
        assert not fake.screen("minh")
