"""The table of an announcement's deliveries, behind an address that nobody can guess and that works for a day."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator
from typing import Any

from aiohttp import web

from bot.pages.rendering import DESK
from handlers.services.outbox import Line

COLUMNS = ("channel", "address", "language", "state", "reason", "tries", "settled_at")
BYTE_ORDER_MARK = "\ufeff"
"""by which spreadsheets know UTF-8"""
ROWS_AT_ONCE = 500
FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""beginnings that a spreadsheet would calculate"""


async def table(request: web.Request) -> web.StreamResponse:
    """``GET /reports/<secret>.csv``: one line a chat, streamed; 404 for a secret that is wrong or over."""
    desk = request.app[DESK]
    number = await desk.report(request.match_info["secret"])
    if number is None:
        raise web.HTTPNotFound
    name = f"announcement-{number}.csv"
    response = web.StreamResponse(
        headers={
            "Content-Type": "text/csv; charset=utf-8",
            "Content-Disposition": f'attachment; filename="{name}"',
            "Cache-Control": "no-store",
            "Referrer-Policy": "no-referrer",
            "X-Robots-Tag": "noindex",
        }
    )
    await response.prepare(request)
    async for part in written(desk.report_lines(number)):
        await response.write(part)
    await response.write_eof()
    return response


async def written(lines: AsyncIterator[Line]) -> AsyncIterator[bytes]:
    """The table as CSV that spreadsheets open, in parts."""
    waiting: list[tuple[Any, ...]] = [COLUMNS]
    yield BYTE_ORDER_MARK.encode()
    async for line in lines:
        at = line.settled_at.isoformat(timespec="seconds") if line.settled_at else ""
        cells = (line.channel, line.address, line.language, line.state, line.reason, line.tries, at)
        waiting.append(cells)
        if len(waiting) >= ROWS_AT_ONCE:
            yield _written(waiting)
            waiting = []
    yield _written(waiting)


def _written(rows: list[tuple[Any, ...]]) -> bytes:
    stream = io.StringIO()
    csv.writer(stream).writerows([[_harmless(cell) for cell in row] for row in rows])
    return stream.getvalue().encode()


def _harmless(cell: Any) -> Any:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA) else cell
