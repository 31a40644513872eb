"""The one place where everything is put together."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import secrets
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, cast, runtime_checkable

import structlog
from aiohttp import web
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

import db
from bot import without
from bot.channels.ceiling import Ceiling
from bot.channels.channel import Channel
from bot.channels.web import WebChannel
from bot.clock import Now, Rounds, every, standing_still, ticking
from bot.delivery import Delivery
from bot.dispatch import Contents, Dispatch, Words
from bot.files import Files
from bot.intake import Busy, Intake
from bot.operators import Operators
from bot.pages import add_pages
from bot.pages.reports import written
from bot.replay import MovingClock, Offline
from bot.roads import picture, roads
from bot.settings import Settings
from bot.webhooks import AGAIN_SECONDS, BODY_MOST, webhook
from db import Announcement
from handlers.announcements import letters, paused_by_itself, progress, render
from handlers.answer import Answering
from handlers.renewals import subscribed
from handlers.routes import COMMANDS
from handlers.services import photos
from handlers.services.access import chats_of, people_with
from handlers.services.catalogue import Catalogue
from handlers.services.following import on_page
from handlers.services.inbox import Inbox
from handlers.services.outbox import Letter, Line, Outbox, Post, Receipts, fetch, lines
from handlers.services.publishing import registry_version
from handlers.services.reports import reported_by
from handlers.services.roads import Picture, Received, Road, Table
from handlers.talk.language import languages, speaking, translations
from handlers.talk.message import Inbound, Message
from handlers.talk.router import choices_of
from handlers.talk.shelf import Shelf

if TYPE_CHECKING:
    from bot.channels.telegram import TelegramChannel
    from bot.channels.zalo_bot import ZaloBotChannel
    from bot.channels.zalo_oa import ZaloOAChannel

log = structlog.get_logger("app")

REFRESH_SECONDS = 2.0
"""how soon a changed registry is published"""
SWEEP_SECONDS = 30.0
"""how soon arrivals of a dead replica are taken over"""
COLLECT_AFTER = (10_000, 10, 10)
"""new objects between two garbage collections: an update makes some 200, hardly any in circles"""
FILES = Path("var/files")
"""the one folder that channels send files from"""
FORGET_SECONDS = 3600.0
ROUND_SECONDS = 20.0
"""how often the clock is looked at for the jobs of the minute and of the morning"""
GRACE_SECONDS = 8.0
"""what is in hand at SIGTERM has this long; the exit follows within 10 s (operating contract)"""


class Application:
    """The running program: channels, inbox, shelf, web server. Also the desk behind the pages."""

    def __init__(self, settings: Settings, *, now: Now | None = None, worker: int | None = None) -> None:
        self.settings = settings
        self.engine: AsyncEngine = db.async_engine(settings.database_url)
        self._now = now or clock_of(settings)
        self.shelf = Shelf(self.engine)
        self.worker = worker or secrets.randbits(62) + 1
        self.inbox = Inbox(self.engine, self.worker, self._now)
        self.channels: dict[str, Channel] = {"web": WebChannel(self._now)}
        for channel in (
            telegram_of(settings, self._now),
            zalo_oa_of(settings, self.engine),
            zalo_bot_of(settings, self._now, self.engine),
        ):
            if channel is not None:
                self.channels[channel.name] = channel
        self.files = Files(self.engine, FILES, self.channels, self._now)
        self.answering = Answering(self.shelf, self._now, self, self.engine, settings.bot_language)
        self.rounds = Rounds(self._now, self.answering.minutes, self.answering.mornings)
        self.operators = Operators(self.channels, settings.operators, settings.bot_language, self._editors)
        self.receipts = Receipts(self.engine, self._now)
        self.intake = Intake(self.inbox, self.answering, Delivery(), self.channels, self.receipts)
        self.outbox = Outbox(self.engine, self.worker, self._now)
        self.dispatch = Dispatch(
            self.outbox,
            self.channels,
            Words(self._rendered, self._on_pause, self._offered, self._progress, self.files.picture),
        )
        self._going: dict[str, Message] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._runner: web.AppRunner | None = None
        self.address = ""
        self.database_up = True

    # ------------------------------------------------------------------------------------------------------ its life

    async def prepare(self) -> None:
        """Schema, sample registry, catalogue: what must be there before anything is answered.

        PostgreSQL is migrated unless ``AUTO_MIGRATE=0``; then an old schema is a :class:`db.SchemaError`.
        """
        sqlite = self.engine.dialect.name == "sqlite"
        if sqlite or self.settings.auto_migrate:
            await db.migrate(self.engine)
        elif await db.current_revision(self.engine) != db.head_revision():
            raise db.SchemaError(
                "The database's schema is not this program's, and AUTO_MIGRATE is 0: migrate it first."
            )
        if self.settings.data_path and not await registry_version(self.engine):
            from handlers.services.importing import load_if_empty  # 10 MB that only a first start needs

            await load_if_empty(self.engine, self.settings.data_path)
        await self.shelf.refresh()

    async def start(self) -> None:
        """Serve, connect the channels, take over what was left open, start the clock."""
        await self.inbox.start()
        await self._serve()
        await asyncio.gather(*(channel.start() for channel in self.channels.values()))
        await self.intake.take_over()
        await self.receipts.start()
        await self.dispatch.start()
        self._go("refresh", every(REFRESH_SECONDS, "refresh", self._refresh))
        self._go("sweep", every(SWEEP_SECONDS, "sweep", self._sweep))
        self._go("forget", every(FORGET_SECONDS, "forget", self.inbox.forget_old))
        self._go("rounds", every(ROUND_SECONDS, "rounds", self.rounds.go))
        for name, channel in self.channels.items():
            if isinstance(channel, Polled) and not self.settings.public_url:
                self._go(f"{name}-poll", _poll(channel, self.intake))

    async def stop(self) -> None:
        """Stop taking work, finish what is in hand, close everything."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._runner:
            for site in list(self._runner.sites):
                await site.stop()
        await asyncio.gather(self.intake.finish(GRACE_SECONDS), self.dispatch.stop(GRACE_SECONDS))
        if self._runner:
            await self._runner.cleanup()
        await self.inbox.stop()
        await self.receipts.stop()
        await asyncio.gather(*(channel.stop() for channel in self.channels.values()))
        await self.engine.dispose()

    async def _serve(self) -> None:
        app = web.Application(client_max_size=BODY_MOST)
        for name, channel in self.channels.items():
            if name != "web":
                app.router.add_post(f"/webhooks/{name}", webhook(channel, self.intake))
        add_pages(app, self)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=2.0)
        await self._runner.setup()
        site = web.TCPSite(self._runner, self.settings.host, self.settings.port)
        await site.start()
        port = self._runner.addresses[0][1] if self._runner.addresses else self.settings.port
        self.address = f"http://{self.settings.host}:{port}"

    def _go(self, name: str, work: Any) -> None:
        self._tasks.append(asyncio.create_task(work, name=name))

    async def _refresh(self) -> None:
        """Publish a newer registry; at the same time this tells whether the database is there."""
        try:
            await self.shelf.refresh()
        except (DBAPIError, OSError) as error:
            if self.database_up:
                log.error("database_unreachable", cause=type(error).__name__)
            self.database_up = False
            return
        if not self.database_up:
            await self.inbox.live()
            log.info("database_back")
        self.database_up = True

    async def _sweep(self) -> None:
        await self.inbox.live()
        await self.intake.take_over()
        await self.operators.look()

    async def _editors(self) -> list[tuple[str, str]]:
        """The chats of the province's editors, on channels that can be written to."""
        people = await people_with(self.engine, "editor")
        chats = await chats_of(self.engine, people, self.settings.bot_language)
        return [(chat.channel, chat.address) for chat in chats if chat.channel != "web"]

    # ----------------------------------------------------------------------------------------- the desk of the pages

    @property
    def catalogue(self) -> Catalogue:
        """The registry as it is now."""
        return self.shelf().catalogue

    @property
    def public_url(self) -> str:
        """The address people reach us at; empty when not set."""
        return self.settings.public_url

    @property
    def zalo_verifier(self) -> str:
        """The code by which Zalo's console knows that the domain is ours; may be empty."""
        return self.settings.zalo_oa_verifier

    @property
    def telegram_link(self) -> str | None:
        """The bot's address on Telegram, once its name is known."""
        return self.deep_link("") or None

    def now(self) -> datetime:
        """The moment, in the zone people live in."""
        return self._now()

    async def chat(self, inbound: Inbound) -> list[Message]:
        """Answer one web inbound; the same id again gets the same messages. 503 when it could not be stored."""
        try:
            return await self.intake.converse(inbound)
        except Busy:
            raise web.HTTPServiceUnavailable(headers={"Retry-After": AGAIN_SECONDS}) from None

    async def report(self, secret: str) -> int | None:
        """The announcement whose table of deliveries a secret opens; None for a wrong one."""
        return await reported_by(self.engine, secret, self._now())

    def report_lines(self, announcement: int) -> AsyncIterator[Line]:
        """Every delivery of an announcement."""
        return lines(self.engine, announcement)

    async def photo(self, name: str) -> tuple[str, bytes] | None:
        """Media type and bytes of a picture of ours."""
        return await photos.read(self.engine, name)

    async def calendar(self, secret: str) -> bytes | None:
        """The calendar that a secret opens, as iCalendar; None for a wrong or a withdrawn one."""
        return await subscribed(self.engine, self.catalogue, secret, self._now())

    async def waiting(self, channel: str, chat: str) -> list[Message]:
        """What waits in the outbox for a chat that we cannot write to; given once."""
        posts = await fetch(self.engine, channel, chat, self._now())
        found = [message for post in posts for message in await self.dispatch.messages(post)]
        for one in await on_page(self.engine, channel, chat):
            going = await self._progress(one.announcement, one.language)
            if self._going.get(chat) != going:
                found.append(going)
                self._going[chat] = going
        return found

    async def _progress(self, announcement: Announcement, language: str) -> Message:
        with speaking(language):
            return await progress(self.engine, announcement)

    def _rendered(self, announcement: Announcement, language: str) -> list[Message]:
        return render(announcement, language, self.catalogue.info.name)

    async def _offered(self, post: Post, messages: Sequence[Message]) -> None:
        """A letter's numbers and labels are what the person can type next."""
        choices = choices_of(messages, int(self._now().timestamp()))
        if choices:
            await self.inbox.offer(post.channel, post.address, choices)

    async def _on_pause(self, announcement: Announcement, reason: str) -> list[Letter]:
        """What an announcement's author is told when it was paused for faults of ours."""
        asked = await letters.author(self.engine, announcement)

        async def news() -> list[Message]:
            return paused_by_itself(announcement, reason)

        what = f"paused-{self._now().timestamp():.0f}"
        return letters.written(asked, announcement, what, await letters.in_languages(asked, news))

    def health(self) -> dict[str, Any]:
        """Whether we are ready, each channel's state, and who sends what nobody asked for."""
        states = {name: channel.health() for name, channel in self.channels.items()}
        database = "up" if self.database_up else "down"
        return {
            "ready": self.database_up,
            "database": database,
            "waiting": self.intake.waiting,
            "channels": states,
            "sending": self.dispatch.health(),
        }

    # ------------------------------------------------------------------------------------------------ links we may give

    def page(self, path: str) -> str:
        """A page of ours, or empty without a public address."""
        return f"{self.settings.public_url}{path}" if self.settings.public_url else ""

    def deep_link(self, payload: str) -> str:
        """A link that opens the chat on Telegram with a payload, or empty."""
        channel = self.channels.get("telegram")
        link = getattr(channel, "deep_link", None)
        return link(payload) if link else ""

    async def roads(self) -> tuple[Road, ...]:
        """The channels that work, with what is known of each beforehand."""
        zalo = cast("ZaloOAChannel | None", self.channels.get("zalo-oa"))
        spent = 0
        if zalo:
            await zalo.contacts.flush()  # who wrote a moment ago is inside the window
            spent = (await zalo.contacts.spent_today())[1]
        return await roads(self.settings, self.channels, spent)

    async def picture(self, address: str) -> Picture | None:
        """What stands at a public address, or is kept here under a name of ours, if it is a picture."""
        if photos.kept_here(address):
            return await self.files.picture(address)
        return await picture(address, self.settings.public_url)

    async def received(self, channel: str, reference: str) -> Received | None:
        """Fetch and keep a picture that a person sent."""
        return await self.files.received(channel, reference)

    async def table(self, announcement: int) -> Table | None:
        """The table of an announcement's deliveries as a file."""
        return await self.files.table(written(lines(self.engine, announcement)))


def clock_of(settings: Settings) -> Now:
    """The real clock, or the one that stands at ``BOT_NOW``."""
    if settings.bot_now:
        return standing_still(datetime.fromisoformat(settings.bot_now), settings.zone)
    return ticking(settings.zone)


def telegram_of(settings: Settings, now: Now | None = None) -> TelegramChannel | None:
    """The Telegram channel, or None while ``TELEGRAM_TOKEN`` is empty; the library is loaded only then."""
    if not settings.telegram_token.get_secret_value():
        return None
    with without("cryptography", "rich", "click"):  # 14 MB for Telegram Passport and httpx's command line
        from bot.channels.telegram import TelegramChannel

    return TelegramChannel(
        token=settings.telegram_token.get_secret_value(),
        secret=settings.telegram_secret,
        api_url=settings.telegram_api_url,
        public_url=settings.public_url,
        commands=menu_commands(),
        default_language=settings.bot_language,
        files_root=FILES,
        ceiling=Ceiling(settings.sends_per_second_telegram),
        now=now or clock_of(settings),
    )


def menu_commands() -> list[tuple[str, dict[str, str]]]:
    """The commands that menus show, described in each of our languages."""
    return [
        (command.name, {code: translations(code).gettext(command.about) for code in languages()})
        for command in COMMANDS
        if command.about
    ]


@runtime_checkable
class Polled(Protocol):
    """A channel that asks for updates where nobody can reach us, and whose webhook can be registered."""

    name: str

    async def poll(self, store: Callable[[dict[str, Any]], Awaitable[None]]) -> None:
        """Give each update to ``store`` before the next is asked for; until cancelled."""
        ...

    async def webhook_set(self, public_url: str = "") -> str:
        """Register the address; the whole address that was registered."""
        ...

    async def webhook_info(self) -> dict[str, Any]:
        """What the platform knows of our webhook."""
        ...

    async def webhook_delete(self) -> None:
        """Take the webhook away; what waits is kept."""
        ...


async def _poll(channel: Polled, intake: Intake) -> None:
    async def store(update: dict[str, Any]) -> None:
        try:
            await intake.polled(cast(Channel, channel), update)
        except Busy:
            await asyncio.sleep(1)
            raise

    await channel.poll(store)


def zalo_bot_of(
    settings: Settings, now: Now | None = None, engine: AsyncEngine | None = None
) -> ZaloBotChannel | None:
    """The Zalo Bot Platform channel, or None while ``ZALO_BOT_TOKEN`` is empty; it counts its month in ``engine``."""
    token = settings.zalo_bot_token.get_secret_value()
    if not token:
        return None
    from bot.channels.zalo_bot import TallyLedger, ZaloBotChannel

    return ZaloBotChannel(
        token=token,
        secret=settings.zalo_bot_webhook_secret,
        api_url=settings.zalo_bot_api_url,
        public_url=settings.public_url,
        ledger=TallyLedger(engine) if engine is not None else None,
        ceiling=Ceiling(settings.sends_per_second_zalo_bot),
        now=now or clock_of(settings),
    )


def zalo_oa_of(settings: Settings, engine: AsyncEngine) -> ZaloOAChannel | None:
    """The Zalo Official Account, or None while ``ZALO_OA_APP_ID`` is empty.

    Its clock is the real one, also while ``BOT_NOW`` is set: tokens, windows and nights are Zalo's.
    """
    if not settings.zalo_oa:
        return None
    from bot.channels.zalo_oa import Account, ZaloOAChannel

    account = Account.of(settings)
    assert account is not None
    return ZaloOAChannel(
        account,
        engine,
        now=ticking(settings.zone),
        files_root=FILES,
        ceiling=Ceiling(settings.sends_per_second_zalo_oa),
    )


async def webhook_words(settings: Settings, verb: str, name: str) -> list[str]:
    """``set``, ``info`` or ``delete`` the webhook of a channel; what to print. Raises :class:`Unreachable`."""
    channel: Polled | None = telegram_of(settings) if name == "telegram" else zalo_bot_of(settings)
    if channel is None:
        raise Unreachable(f"{name.upper().replace('-', '_')}_TOKEN is not set.")
    try:
        if verb == "set":
            return [f"Registered {await channel.webhook_set(settings.public_url)}"]
        if verb == "delete":
            await channel.webhook_delete()
            return ["Deleted; waiting messages are kept for polling."]
        return [f"{key}: {value}" for key, value in (await channel.webhook_info()).items()]
    except Exception as error:  # noqa: BLE001 - whatever the platform or the network says is the answer
        raise Unreachable(
            f"{name} says: {getattr(error, 'message', None) or type(error).__name__}."
        ) from None
    finally:
        await cast(Channel, channel).stop()


class Unreachable(Exception):
    """A platform did not do what was asked: one sentence."""


@contextlib.asynccontextmanager
async def offline(settings: Settings, moment: datetime | None = None) -> AsyncIterator[Offline]:
    """The mind alone, over the sample registry in a database of its own: no network, nothing kept."""
    from handlers.services.importing import load_if_empty

    clock = MovingClock(moment.astimezone(settings.zone) if moment else clock_of(settings)())
    engine = db.async_engine("sqlite+aiosqlite://")
    try:
        await db.migrate(engine)
        await load_if_empty(engine, settings.data_path or Path("data/lang-son"))
        shelf = Shelf(engine)
        await shelf.refresh()
        answering = Answering(shelf, clock, NoLinks(), engine, settings.bot_language)
        rounds = Rounds(clock, answering.minutes, answering.mornings)

        def words(announcement: Announcement, language: str) -> list[Message]:
            return render(announcement, language, shelf().catalogue.info.name)

        async def paused(_announcement: Announcement, _reason: str) -> list[Letter]:
            return []  # nothing is sent from here, so nothing of it fails

        async def going(announcement: Announcement, _language: str) -> Message:
            return await progress(engine, announcement)

        async def offered(_post: Post, _messages: Sequence[Message]) -> None:
            """The one who plays remembers it."""

        contents = Contents(engine, Words(words, paused, offered, going))

        async def waiting(address: str) -> list[Message]:
            posts = await fetch(engine, "terminal", address, clock())
            return [message for post in posts for message in await contents.of(post)]

        yield Offline(
            answering, shelf().understanding, clock, settings.zone, engine, shelf.refresh, rounds.go, waiting
        )
    finally:
        await engine.dispose()


class NoLinks:
    """No public address is set: no links are given."""

    def page(self, path: str) -> str:
        """None."""
        return ""

    def deep_link(self, payload: str) -> str:
        """None."""
        return ""

    async def roads(self) -> tuple[Road, ...]:
        """A terminal takes everything."""
        return (Road("terminal", 20_000, 20_000, 50, "full", "none", per_second=1_000.0),)

    async def picture(self, address: str) -> Picture | None:
        """None: there is no network."""
        return None

    async def received(self, channel: str, reference: str) -> Received | None:
        """None: nothing but words can be sent at a terminal."""
        return None

    async def table(self, announcement: int) -> Table | None:
        """None: a terminal takes no files."""
        return None


async def run(settings: Settings, announce: Callable[[Application], None]) -> None:
    """Run until SIGTERM or SIGINT."""
    application = Application(settings)
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for sign in (signal.SIGTERM, signal.SIGINT):
        with contextlib.suppress(NotImplementedError):
            loop.add_signal_handler(sign, stopping.set)
    try:
        await application.prepare()
        await application.start()
        gc.freeze()
        gc.set_threshold(*COLLECT_AFTER)
        gc.enable()
        announce(application)
        await stopping.wait()
        log.info("stopping")
    finally:
        await application.stop()
