"""The doctor: settings, database, registry, channels, clock and locales, one line each; prints no secret."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import db
from bot.settings import Settings
from handlers.services.publishing import published
from handlers.talk.language import languages, translations

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

    from bot.channels.telegram import TelegramChannel
    from bot.channels.zalo_oa import ZaloOAChannel


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at."""

    good: bool
    what: str
    words: str


Official = Callable[[Settings, "AsyncEngine"], "ZaloOAChannel | None"]
"""Makes the Official Account over an engine; None while it is off."""


async def examine(settings: Settings, telegram: TelegramChannel | None, official: Official) -> list[Finding]:
    """Look at everything; no finding stops the others."""
    return [finding async for finding in _findings(settings, telegram, official)]


async def _findings(
    settings: Settings, telegram: TelegramChannel | None, official: Official
) -> AsyncIterator[Finding]:
    yield _address(settings)
    engine = db.async_engine(settings.database_url)
    try:
        database, ready = await _database(engine)
        yield database
        if ready:
            yield await _registry(engine)
        yield _locales()
        yield _clock(settings)
        yield await _telegram(telegram)
        yield await _zalo_oa(official(settings, engine), ready)
        yield await _zalo_bot(settings, engine, ready)
    finally:
        await engine.dispose()


def _address(settings: Settings) -> Finding:
    if settings.public_url and not settings.public_url.startswith("https://"):
        return Finding(
            False, "address", "PUBLIC_URL is not https: Telegram and Zalo deliver webhooks to https only"
        )
    how = (
        f"webhooks to {settings.public_url}" if settings.public_url else "no PUBLIC_URL: channels are polled"
    )
    return Finding(True, "address", how)


async def _database(engine: AsyncEngine) -> tuple[Finding, bool]:
    """What the database is like, and whether this program can work with it as it is."""
    try:
        current, head = await db.current_revision(engine), db.head_revision()
    except Exception as error:  # noqa: BLE001 - whatever keeps us from the database is the finding
        return Finding(False, "database", f"cannot be opened ({type(error).__name__})"), False
    kind = engine.dialect.name
    if current != head:
        state = (
            "empty: `run` migrates it"
            if current is None
            else f"at revision {current}, this program needs {head}"
        )
        return Finding(current is None, "database", f"{kind}, {state}"), False
    return Finding(True, "database", f"{kind}, at revision {head}"), True


async def _registry(engine: AsyncEngine) -> Finding:
    catalogue = await published(engine)
    count = len(catalogue.products)
    official = "official" if catalogue.info.official else "not official: every verdict carries the notice"
    return Finding(
        count > 0, "registry", f"{count} products, as of {catalogue.info.as_of or 'unknown'}, {official}"
    )


def _clock(settings: Settings) -> Finding:
    if settings.bot_now:
        return Finding(False, "clock", f"BOT_NOW is set: it stands at {settings.bot_now}")
    return Finding(True, "clock", f"real, {settings.bot_timezone}")


def _locales() -> Finding:
    missing = []
    for code in languages():
        catalogue = translations(code)
        empty = [key for key, words in catalogue._catalog.items() if key and not words]  # type: ignore[attr-defined]
        missing += [f"{code}: {len(empty)} untranslated"] if empty else []
    return Finding(not missing, "locales", "; ".join(missing) or ", ".join(languages()))


async def _telegram(channel: TelegramChannel | None) -> Finding:
    if channel is None:
        return Finding(True, "telegram", "off (TELEGRAM_TOKEN is not set)")
    from bot.channels.telegram import TelegramError

    try:
        seen = await channel.look()
    except TelegramError as error:
        return Finding(False, "telegram", f"Telegram says: {error.message}")
    finally:
        await channel.stop()
    waiting = f"{seen.get('pending_update_count', 0)} updates waiting"
    trouble = seen.get("last_error_message")
    words = f"@{seen['username']}, webhook {seen.get('url') or 'none (polling)'}, {waiting}"
    return Finding(not trouble, "telegram", f"{words}; last error: {trouble}" if trouble else words)


async def _zalo_bot(settings: Settings, engine: AsyncEngine, ready: bool) -> Finding:
    """How much is used of what the Bot Platform's free plan allows."""
    if not settings.zalo_bot_token.get_secret_value():
        return Finding(True, "zalo-bot", "off (ZALO_BOT_TOKEN is not set)")
    if not ready:
        return Finding(True, "zalo-bot", "not counted: the database is not ready")
    from bot.channels.zalo_bot import MESSAGES_A_MONTH, PEOPLE, TallyLedger

    ledger = TallyLedger(engine)
    sent = await ledger.add(datetime.now(settings.zone).strftime("%Y-%m"), 0)
    people = await ledger.people()
    words = f"{sent} of {MESSAGES_A_MONTH} messages this month, {people} of {PEOPLE} people"
    return Finding(sent < MESSAGES_A_MONTH and people <= PEOPLE, "zalo-bot", words)


async def _zalo_oa(channel: ZaloOAChannel | None, ready: bool) -> Finding:
    """Whether the account answers; looking exchanges a token only when that is due anyway. ``ready``: the
    database is."""
    if channel is None:
        return Finding(True, "zalo-oa", "off (ZALO_OA_APP_ID is not set)")
    from bot.channels.zalo_oa import CallError

    try:
        if not ready:
            return Finding(True, "zalo-oa", "not looked at: the database is not ready for its tokens")
        found = await channel.look()
        left = f"consent lives {channel.tokens.days_left} days more without use"
        return Finding(True, "zalo-oa", f"{found.get('name')}, package {found.get('package_name')}; {left}")
    except CallError as error:
        lost = channel.tokens.lost
        return Finding(False, "zalo-oa", f"needs consent: {lost}" if lost else error.words)
    except Exception as error:  # noqa: BLE001 - whatever keeps us from the database is the finding
        return Finding(False, "zalo-oa", f"its tokens cannot be read ({type(error).__name__})")
    finally:
        await channel.stop()
