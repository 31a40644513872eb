"""The command line. Every verb prints plain sentences; a fault is one sentence and exit code 1, never a stack trace."""

from __future__ import annotations

import asyncio
import gc
import sys
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn, TypeVar

import typer

from bot import without
from bot.settings import Settings, SettingsError, read_settings

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

    from handlers.services.importing import Report

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False, help=__doc__)
Result = TypeVar("Result")


def settings_or_exit() -> Settings:
    """Read the settings and set up logs; a wrong one ends the program with its sentence."""
    with without("rich"):  # structlog would load 5 MB of it for tracebacks in colour
        from bot.logs import configure

    try:
        settings = read_settings()
    except SettingsError as error:
        stop(str(error))
    configure(settings.log_level, settings.log_format, secrets=settings.secrets)
    return settings


def stop(sentence: str) -> NoReturn:
    """Say why and leave with exit code 1."""
    typer.echo(sentence, err=True)
    raise typer.Exit(1)


def wait_for(work: Coroutine[Any, Any, Result]) -> Result:
    """Run a coroutine to its end, on uvloop where it exists; faults of the outside world become one sentence."""
    import db

    try:
        if sys.platform == "win32":
            return asyncio.run(work)
        import uvloop

        return uvloop.run(work)
    except db.SchemaError as error:
        stop(str(error))
    except OSError as error:
        stop(f"{type(error).__name__}: {error.strerror or 'the address cannot be used'} ({error.errno}).")


# ---------------------------------------------------------------------------------------------------------------- run


@app.command()
def run() -> None:
    """Migrate, serve, send, remind; until SIGTERM."""
    gc.disable()  # what a start makes stays: looking through it for garbage takes a quarter of it; serving enables it
    settings = settings_or_exit()
    from bot.app import run as serve

    wait_for(serve(settings, _announce))


def _announce(application: Any) -> None:
    catalogue = application.catalogue
    on = {name: channel.health()["state"] for name, channel in application.channels.items()}
    switched = ", ".join(f"{name} ({state})" for name, state in on.items())
    typer.echo(
        f"{catalogue.info.name}: {len(catalogue.products)} products, {len(catalogue.showrooms)} showrooms."
    )
    typer.echo(f"Channels: {switched}.")
    if "telegram" not in on:
        typer.echo("Telegram is off; set TELEGRAM_TOKEN to switch it on.")
    if application.settings.bot_now:
        typer.echo(f"BOT_NOW is set: the clock stands at {application.now().isoformat()}.")
    typer.echo(f"Open {application.address}")
    sys.stdout.flush()


# --------------------------------------------------------------------------------------------------------------- talk


@app.command()
def chat(language: str = "", as_: Annotated[str, typer.Option("--as")] = "tourist") -> None:
    """Talk to the bot in this terminal (``@21.85,106.75`` shares a position, ``[label]`` presses a button).

    ``--as official``, ``approver``, ``officer:COMMUNE`` or ``producer:CODE`` sends a one-time code first; SQLite only.
    """
    settings = settings_or_exit()
    if as_ != "tourist" and not settings.database_url.startswith("sqlite"):
        stop("--as gives a role without asking anybody: only with an SQLite database.")
    wait_for(_talk(settings, language or settings.bot_language, as_))


async def _talk(settings: Settings, language: str, as_: str) -> None:
    from bot.app import Application
    from bot.channels.terminal import TerminalChannel

    application = Application(settings)
    await application.prepare()
    await application.inbox.start()
    terminal = TerminalChannel(
        lambda text: typer.echo(text + "\n"), application.now, session=f"{application.worker}."
    )
    line: str | None = "/start"
    try:
        if as_ != "tourist":
            line = await _code_as(application, as_)
        while line is not None:
            link = terminal.pressed_link(line)
            if link:
                typer.echo(f"({link})\n")
            else:
                for message in await application.intake.converse(terminal.read(line, language=language)):
                    await terminal.send("terminal", message)
            for message in await application.waiting("terminal", "terminal"):
                await terminal.send("terminal", message)
            line = await asyncio.to_thread(_typed)
    finally:
        await application.stop()


async def _code_as(application: Any, as_: str) -> str:
    """A one-time code for the role that was asked for."""
    from handlers.services.invitations import asked, code_for

    try:
        role, commune, producer = asked(as_)
    except ValueError as error:
        stop(f"--as {error}.")
    wrong = _not_there(application.catalogue, role, commune, producer)
    if wrong:
        stop(f"--as {as_}: {wrong}")
    return await code_for(application.engine, as_, application.now())


def _not_there(catalogue: Any, role: str, commune: str, producer: str) -> str:
    """Why no such role can be given; empty = it can."""
    if role == "producer" and producer not in catalogue.producers:
        return f"no producer has the code {producer!r}."
    if commune and commune not in catalogue.communes:
        return f"no commune has the code {commune!r}."
    return ""


def _typed() -> str | None:
    try:
        return input("> ")
    except (EOFError, KeyboardInterrupt):
        return None


@app.command()
def replay(files: list[Path], now: str = "", language: str = "", explain: bool = False) -> None:
    """Play conversation files offline and print both sides; exit 1 on a difference.

    ``--now`` begins at that moment instead of the file's; ``--explain`` prints what each text was taken for.
    """
    settings = settings_or_exit()
    try:
        moment = datetime.fromisoformat(now) if now else None
    except ValueError:
        stop(f"--now: not a moment such as 2026-12-03T10:00+07:00: {now}")
    if moment and moment.tzinfo is None:
        moment = moment.replace(tzinfo=settings.zone)
    wrong: list[str] = []
    for path in files:
        wrong += wait_for(_replay(settings, path, moment, language, explain))
    for sentence in wrong:
        typer.echo(sentence, err=True)
    raise typer.Exit(1 if wrong else 0)


async def _replay(
    settings: Settings, path: Path, moment: datetime | None, language: str, explain: bool
) -> list[str]:
    from bot.app import offline
    from bot.replay import ScriptError, play, read_script

    try:
        script = read_script(path)
    except ScriptError as error:
        return [str(error)]
    if moment and script.steps:
        script.steps[0].now = moment
    async with offline(settings, moment) as player:
        say = player.player(script, language or None)
        return await play(script, say, typer.echo, player.explain if explain else lambda said: [])


@app.command()
def routes() -> None:
    """Everything the bot understands, as a table."""
    settings_or_exit()
    from handlers.routes import ROUTES
    from handlers.talk.router import Guarded

    for kind, table in (
        ("command", {f"/{name}": command.handler for name, command in ROUTES.commands.items()}),
        ("button", ROUTES.actions),
        ("step", {name: step.handler for name, step in ROUTES.steps.items()}),
        ("intent", ROUTES.intents),
        ("content", {content.__name__: handler for content, handler in ROUTES.contents.items()}),
    ):
        for name, entry in table.items():
            handler = entry.handler if isinstance(entry, Guarded) else entry
            roles = f" ({', '.join(entry.roles)} only)" if isinstance(entry, Guarded) else ""
            about = (handler.__doc__ or "").strip().splitlines()[0]
            where = f"{handler.__module__.removeprefix('handlers.')}.{handler.__name__}"
            typer.echo(f"{kind:<8} {name:<16} {where:<28} {about}{roles}")


# ----------------------------------------------------------------------------------------------------------- registry


@app.command("import")
def import_(
    paths: list[Path],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check everything, save nothing.")] = False,
    report: Annotated[
        Path | None, typer.Option("--report", help="Write every error and remark to this .csv file.")
    ] = None,
    accept_good_rows: Annotated[
        bool, typer.Option("--accept-good-rows", help="Save the rows without errors; exit code 1 as before.")
    ] = False,
) -> None:
    """Import a folder of CSV files, or .csv and .xlsx files: all or nothing, with a report row by row.

    Exit code 1 when anything is wrong: then nothing is saved, or, with --accept-good-rows, the good rows are.
    """
    settings = settings_or_exit()
    from handlers import registry

    _speak(settings)
    if report:
        _try_to_write(report, paths)
    result = wait_for(_import(settings, paths, dry_run, accept_good_rows))
    failed = _write_report(result, report) if report else ""
    for line in registry.report_lines(result, None if failed else report):
        typer.echo(line)
    if failed:
        stop(failed)
    raise typer.Exit(0 if result.ok else 1)


def _write_report(result: Report, path: Path) -> str:
    """Write the report; gives the sentence that says why it could not be, or an empty text."""
    from handlers import registry

    try:
        result.write_csv(path, registry.told)
    except OSError as error:
        return registry.not_writable(path, error)
    return ""


def _try_to_write(report: Path, paths: list[Path]) -> None:
    """Refuse a report's place before anything is imported; leaves nothing behind."""
    from handlers import registry

    if registry.overwrites(report, paths):
        stop(registry.overwriting(report))
    was_there = report.exists()
    try:
        report.open("a").close()
        if not was_there:
            report.unlink()
    except OSError as error:
        stop(registry.not_writable(report, error))


async def _import(settings: Settings, paths: list[Path], dry_run: bool, accept_good_rows: bool) -> Report:
    from handlers.services.importing import import_paths

    async with _database(settings) as engine:
        return await import_paths(engine, paths, dry_run=dry_run, accept_good_rows=accept_good_rows)


@app.command()
def export(
    path: Path,
    only: Annotated[str, typer.Option("--only", help="all, valid, expiring or expired.")] = "all",
) -> None:
    """Export the registry to a folder or an .xlsx file, in the format that import reads."""
    settings = settings_or_exit()
    from handlers import registry

    _speak(settings)
    if only not in {"all", "valid", "expiring", "expired"}:
        stop(registry.not_an_export(only))
    count = wait_for(_export(settings, path, only))
    for line in registry.export_lines(path, count):
        typer.echo(line)


async def _export(settings: Settings, path: Path, only: Any) -> int:
    from bot.app import clock_of
    from handlers import registry
    from handlers.services.exporting import export_folder

    async with _database(settings) as engine:
        try:
            return await export_folder(engine, path, only=only, on=clock_of(settings)().date())
        except OSError as error:
            return stop(registry.not_writable(path, error))


def _speak(settings: Settings) -> None:
    """Speak the language of ``BOT_LANGUAGE`` in this shell."""
    from handlers.talk.language import DEFAULT, speak, supported

    speak(supported(settings.bot_language) or DEFAULT)


@asynccontextmanager
async def _database(settings: Settings) -> AsyncIterator[AsyncEngine]:
    """The database, its schema up to date; one that cannot be used ends the program with one sentence."""
    from alembic.util.exc import CommandError
    from asyncpg import InterfaceError, PostgresError  # type: ignore[import-untyped]
    from sqlalchemy.exc import SQLAlchemyError

    import db
    from handlers import registry

    try:
        engine = db.async_engine(settings.database_url)
        try:
            await db.migrate(engine)
            yield engine
        finally:
            await engine.dispose()
    except db.SchemaError:
        stop(registry.newer_database())
    except (OSError, SQLAlchemyError, CommandError, PostgresError, InterfaceError) as error:
        stop(registry.no_database(error))


# ---------------------------------------------------------------------------------------------------------- operating


@app.command()
def invite(
    role: str,
    commune: str = "",
    producer: str = "",
    name: str = "",
    hours: int = 72,
) -> None:
    """Make a one-time code: ``officer --commune CODE``, ``editor``, ``approver`` or ``producer --producer CODE``."""
    settings = settings_or_exit()
    from db import INVITED

    if role not in INVITED:
        stop(f"There is no role {role!r}: {', '.join(INVITED)}.")
    if bool(producer) != (role == "producer"):
        stop("A producer's invitation needs --producer CODE, and no other does.")
    if commune and role != "officer":
        stop("Only an officer has a commune.")
    if not 1 <= hours <= 24 * 30:
        stop("--hours: between 1 and 720.")
    for line in wait_for(_invite(settings, role, commune, producer, name, hours)):
        typer.echo(line)


async def _invite(
    settings: Settings, role: str, commune: str, producer: str, name: str, hours: int
) -> list[str]:
    from bot.app import clock_of, telegram_of
    from bot.roads import links_with
    from handlers.services import audit
    from handlers.services.importing import load_if_empty
    from handlers.services.invitations import invite as make
    from handlers.services.publishing import published
    from handlers.talk import action

    async with _database(settings) as engine:
        if settings.data_path:
            await load_if_empty(engine, settings.data_path)
        wrong = _not_there(await published(engine), role, commune, producer)
        if wrong:
            stop(wrong[0].upper() + wrong[1:])
        code = await make(
            engine,
            role,
            commune=commune,
            producer=producer,
            name=name,
            hours=hours,
            by=audit.CONSOLE,
            now=clock_of(settings)(),
        )
    links = await links_with(settings, telegram_of(settings), f"{action.CODE}_{code}")
    first = (
        f"It works once, for {hours} hours: send it to the bot as a message, or open a link that carries it."
    )
    return [f"Code: {code}", first, *links]


@app.command()
def tickets(close: str = "") -> None:
    """Questions and complaints that wait for a person; ``--close NUMBER`` closes one."""
    settings = settings_or_exit()
    for line in wait_for(_tickets(settings, close)):
        typer.echo(line)


async def _tickets(settings: Settings, close: str) -> list[str]:
    from bot.app import clock_of
    from handlers.services.tickets import close_ticket, open_tickets

    async with _database(settings) as engine:
        if close:
            closed = await close_ticket(engine, close.upper(), clock_of(settings)())
            return [
                f"{close.upper()} is closed." if closed else f"No open ticket has the number {close.upper()}."
            ]
        waiting = await open_tickets(engine)
    lines = [
        f"{t.number}  {t.opened_at:%Y-%m-%d %H:%M}Z  {t.kind}  {t.channel}:{t.address}  {t.text}"
        for t in waiting
    ]
    return [*lines, f"{len(waiting)} open."]


@app.command()
def webhook(verb: str, channel: Annotated[str, typer.Argument()] = "telegram") -> None:
    """``set``, ``info`` or ``delete`` the webhook of ``telegram`` or ``zalo-bot``; ``set`` registers PUBLIC_URL."""
    settings = settings_or_exit()
    if verb not in {"set", "info", "delete"} or channel not in {"telegram", "zalo-bot"}:
        stop("Usage: webhook set|info|delete telegram|zalo-bot")
    if verb == "set" and not settings.public_url:
        stop("PUBLIC_URL is not set: there is no address to register.")
    from bot.app import Unreachable, webhook_words

    try:
        for line in wait_for(webhook_words(settings, verb, channel)):
            typer.echo(line)
    except Unreachable as error:
        stop(str(error))


@app.command()
def zalo(verb: str, redirect: Annotated[str, typer.Option("--redirect")] = "") -> None:
    """Consent of the Zalo account: ``login`` (a link for its admin) or ``paste`` (a token of the API Explorer).

    ``--redirect`` is the callback address saved in Zalo's console; PUBLIC_URL when it is not given.
    """
    settings = settings_or_exit()
    if verb not in {"login", "paste"}:
        stop("Usage: zalo login|paste")
    if not settings.zalo_oa:
        stop("ZALO_OA_APP_ID is not set.")
    if verb == "login" and not (redirect or settings.public_url):
        stop("Give the callback address that is saved in Zalo's console: --redirect https://…")
    for line in wait_for(_zalo(settings, verb, redirect or settings.public_url)):
        typer.echo(line)


async def _zalo(settings: Settings, verb: str, redirect: str) -> list[str]:
    from bot.app import zalo_oa_of
    from bot.channels.zalo_oa import CallError

    async with _database(settings) as engine:
        channel = zalo_oa_of(settings, engine)
        assert channel is not None
        try:
            if verb == "paste":
                await channel.paste(await asyncio.to_thread(typer.prompt, "Refresh token", hide_input=True))
            else:
                asked = channel.asking(redirect)
                typer.echo(f"The account's admin opens this address and agrees:\n{asked.link}")
                back = await asyncio.to_thread(
                    typer.prompt, "The address the browser was sent to (or its code)"
                )
                await channel.login(asked, back)
            account = await channel.look()
        except (CallError, ValueError) as error:
            stop(f"Zalo: {error}.")
        finally:
            await channel.stop()
    return [f"{account.get('name')}: consent is kept for {channel.tokens.days_left} days without use."]


@app.command()
def remind(
    on: Annotated[
        str, typer.Option("--on", help="A day such as 2026-12-03; another than today only looks.")
    ] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the plan, write nothing.")] = False,
    explain: Annotated[
        str, typer.Option("--explain", help="Say why the product of this code is or is not due.")
    ] = "",
) -> None:
    """The morning's reminders: print the plan (--dry-run), explain one product, or write them now, once."""
    settings = settings_or_exit()
    _speak(settings)
    try:
        day = date.fromisoformat(on) if on else None
    except ValueError:
        stop(f"--on: not a day such as 2026-12-03: {on}")
    for line in wait_for(_remind(settings, day, dry_run, explain)):
        typer.echo(line)


async def _remind(settings: Settings, day: date | None, dry_run: bool, explain: str) -> list[str]:
    from bot.app import Application
    from handlers.reminders import telling

    application = Application(settings)
    await application.prepare()
    try:
        desk = application.answering.desk
        if explain:
            return await telling.explained(desk, explain, day)
        if dry_run:
            return await telling.planned(desk, day)
        if day and day != application.now().date():
            stop("Only today's reminders are written; --dry-run shows another day's.")
        return await telling.done(desk)
    except telling.NoSuchProductError as error:
        stop(str(error))
    finally:
        await application.engine.dispose()


@app.command()
def doctor() -> None:
    """Check settings, database, tokens, webhooks, clock and locales: one line each, exit 1 on a fault."""
    settings = settings_or_exit()
    from bot.app import telegram_of, zalo_oa_of
    from bot.doctor import examine

    findings = wait_for(examine(settings, telegram_of(settings), zalo_oa_of))
    for finding in findings:
        typer.echo(f"{'ok   ' if finding.good else 'FAULT'} {finding.what}: {finding.words}")
    raise typer.Exit(0 if all(finding.good for finding in findings) else 1)


if __name__ == "__main__":
    app()
