"""Keeps the bot token out of logs: it is part of every Bot API address
(core.telegram.org/bots/api#making-requests).

Install :class:`RedactTokens` on every log *handler* (a filter on a logger does not see the records of its
children); the two loggers of python-telegram-bot that are known to write the address get it here as well.
"""

from __future__ import annotations

import logging
import re

HIDDEN = "<token>"
_TOKEN = re.compile(r"(?<![\w-])(bot)?\d{3,20}:[A-Za-z0-9_-]{30,}")


def redact(text: str, token: str = "") -> str:
    """``text`` with everything that looks like a bot token, and ``token`` itself, replaced."""
    if token:
        text = text.replace(token, HIDDEN)
    return _TOKEN.sub(lambda found: (found[1] or "") + HIDDEN, text)


class RedactTokens(logging.Filter):
    """A log filter that lets every record through, without tokens in its text, its arguments or its
    traceback."""

    def __init__(self, token: str = "") -> None:
        super().__init__()
        self._token = token

    def filter(self, record: logging.LogRecord) -> bool:
        """Rewrite the record in place; always true."""
        plain = record.getMessage()
        clean = redact(plain, self._token)
        if clean != plain:
            record.msg, record.args = clean, None
        if record.exc_info and not record.exc_text:
            record.exc_text = logging.Formatter().formatException(record.exc_info)
        if record.exc_text and (hidden := redact(record.exc_text, self._token)) != record.exc_text:
            record.exc_text, record.exc_info = hidden, None
        return True


def guard_library_loggers(token: str) -> None:
    """Put the filter on the loggers that write the Bot API's address at DEBUG (``telegram.Bot.__init__``)."""
    for name in ("telegram.Bot", "telegram.ext.ExtBot", "telegram.request.BaseRequest", "aiohttp.client"):
        logger = logging.getLogger(name)
        logger.filters = [old for old in logger.filters if not isinstance(old, RedactTokens)]
        logger.addFilter(RedactTokens(token))
