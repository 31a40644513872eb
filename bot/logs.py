"""Logs that may be shown to anybody: in UTC, without tokens, telephone numbers or what people wrote.

Everything that logs (our modules, libraries, Python's warnings, an unexpected end) passes the same last step,
which blots out secrets in names, values and stack traces. What people wrote, and where they stand, shows only
at DEBUG.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Iterable, Mapping, MutableMapping
from types import TracebackType
from typing import Any, TextIO

import structlog
from structlog.typing import EventDict, Processor

TOKEN, PHONE, SECRET = "‹token›", "‹phone›", "‹secret›"

PRIVATE = frozenset(
    {"text", "words", "caption", "body", "payload", "query", "contact", "message", "inbound"}
    | {"latitude", "longitude", "place", "position"}
)
"""Names under which a log call gives what a person wrote or where the person is."""

LONGEST = 20_000
"""Characters of one value that are kept: a long stack trace fits, somebody's ten megabytes do not."""

_SECRET_NAME = re.compile(r"token|secret|password|authorization|code_verifier", re.IGNORECASE)

QUIET = ("httpx", "httpcore", "aiosqlite", "sqlalchemy.engine", "asyncpg", "alembic")
"""Libraries that log addresses with tokens or parameters of statements, or chatter; never below WARNING."""

_PATTERNS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"bot\d+(?::|%3A)[\w-]{30,}", re.IGNORECASE), f"bot{TOKEN}"),
    # Bot tokens of Telegram and of Zalo Bot Platform: the bot's number, a colon, 30 letters or more.
    (re.compile(r"\d{6,25}(?::|%3A)[\w-]{30,}", re.IGNORECASE), TOKEN),
    (
        re.compile(
            r"""((?:(?:access|refresh|bot|api)[_-]?token|secret(?:[_-]?(?:key|token))?|appsecret_proof
            |code_verifier|authorization|password)["']?\s*[=:]\s*["']?(?:bearer\s+|basic\s+)?)(?!‹)[^\s"'&,;}\])]+""",
            re.IGNORECASE | re.VERBOSE,
        ),
        rf"\g<1>{SECRET}",
    ),
    (re.compile(r"(://)[^/\s:@]+:[^/\s@]+@"), rf"\g<1>{SECRET}@"),
    # Zalo access and refresh tokens: long runs that mix capitals, small letters and digits.
    (re.compile(r"(?<![\w-])(?=[\w-]*\d)(?=[\w-]*[A-Z])(?=[\w-]*[a-z])[\w-]{60,}"), TOKEN),
    (re.compile(r"""(phone\w*["']?\s*[=:]\s*["']?)\+?\d[\d\s.()-]{5,}\d""", re.IGNORECASE), rf"\g<1>{PHONE}"),
    # 0912 345 678, 0205.3812.345, +84 (0)912-345-678, 84912345678: nine or ten digits after the prefix.
    (
        re.compile(
            r"""(?<!\d)(?<!\d[.,])(?!\d\d[-./]\d\d[-./]\d{4}(?!\d))
            (?:(?:\+|00)?84\)?[\s.-]?(?:\(0\)\s?|0)?|0)[235789](?:[\s.-]?\d){8,9}(?!\d)""",
            re.VERBOSE,
        ),
        PHONE,
    ),
    (re.compile(r"\+[1-9](?:[\s.-]?\d){7,14}(?!\d)"), PHONE),
)
_QUOTED_BY_LIBRARIES: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"\[parameters: .*?(?=\n\(Background on|\Z)", re.DOTALL), "[parameters: ‹hidden›]"),
    (re.compile(r"input_value=.*?, input_type="), "input_value=‹hidden›, input_type="),
)
"""How SQLAlchemy and pydantic repeat a person's words in their errors."""


def redact(text: str, secrets: Iterable[str] = ()) -> str:
    """The text without tokens, passwords, telephone numbers and the known ``secrets``."""
    for secret in secrets:
        text = text.replace(secret, SECRET)
    for pattern, instead in _PATTERNS:
        text = pattern.sub(instead, text)
    return text


class Redaction:
    """The last step before a line is written: a structlog processor over every name and value of an event."""

    def __init__(self, secrets: Iterable[str] = (), *, show_private: bool = False) -> None:
        self._secrets = tuple(sorted({s for s in secrets if len(s) >= 4}, key=len, reverse=True))
        self._show_private = show_private

    def __call__(self, logger: object, method: str, event: EventDict) -> EventDict:
        """Give the event back with plain, blotted values."""
        return {self._text(name): self._field(name, value) for name, value in event.items()}

    def _field(self, name: str, value: object) -> object:
        if _SECRET_NAME.search(name):
            return SECRET
        if "phone" in name.lower():
            return PHONE
        if name in PRIVATE and not self._show_private:
            return f"‹{len(value)} characters›" if isinstance(value, str) else "‹hidden›"
        return self._plain(value)

    def _plain(self, value: object) -> object:
        if value is None or isinstance(value, bool | float):
            return value
        if isinstance(value, int):
            return value if self._text(str(value)) == str(value) else PHONE
        if isinstance(value, Mapping):
            return {self._text(str(name)): self._field(str(name), inner) for name, inner in value.items()}
        if isinstance(value, list | tuple | set | frozenset):
            return [self._plain(inner) for inner in value]
        return self._text(value if isinstance(value, str) else str(value))

    def _text(self, text: str) -> str:
        if len(text) > LONGEST:
            text = f"{text[:LONGEST]}… ({len(text)} characters)"
        if not self._show_private:
            for pattern, instead in _QUOTED_BY_LIBRARIES:
                text = pattern.sub(instead, text)
        return redact(text, self._secrets)


def configure(
    level: str = "INFO", format: str = "text", *, secrets: Iterable[str] = (), stream: TextIO | None = None
) -> None:
    """Send every log of this process to ``stream`` (standard error): text for people, json for collectors.

    ``secrets`` are the settings that must never appear, whatever they look like. May be called again.
    Raises ValueError for an unknown level or format.
    """
    number = logging.getLevelNamesMapping().get(level.upper())
    if number is None or format not in {"text", "json"}:
        raise ValueError(f"unknown log level or format: {level!r}, {format!r}")
    out = stream or sys.stderr
    before = _processors()
    redaction = Redaction(secrets, show_private=number <= logging.DEBUG)
    handler = logging.StreamHandler(out)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=before,
            processors=[_bare, structlog.processors.format_exc_info, redaction, _renderer(format, out)],
        )
    )
    logging.basicConfig(handlers=[handler], level=number, force=True)
    logging.captureWarnings(True)
    for name in QUIET:
        logging.getLogger(name).setLevel(max(number, logging.WARNING))
    logging.getLogger("aiohttp.access").setLevel(number if number <= logging.DEBUG else logging.WARNING)
    structlog.configure(
        processors=[*before, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    sys.excepthook = _unexpected_end


def _processors() -> list[Processor]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]


def _bare(logger: object, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Drop what structlog carries along for itself."""
    return structlog.stdlib.ProcessorFormatter.remove_processors_meta(None, method, event)


def _renderer(format: str, out: TextIO) -> Processor:
    if format == "json":
        return structlog.processors.JSONRenderer(ensure_ascii=False, sort_keys=False)
    return structlog.dev.ConsoleRenderer(
        colors=out.isatty(), exception_formatter=structlog.dev.plain_traceback, pad_event_to=0
    )


def _unexpected_end(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """What nobody caught goes through the same redaction as everything else."""
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)
        return
    logging.getLogger("bot").critical("unexpected end", exc_info=(kind, error, trace))
