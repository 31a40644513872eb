"""Calendars behind their secret addresses."""

from __future__ import annotations

from aiohttp import web

from bot.pages.rendering import DESK

PRIVATE = {"Cache-Control": "private, max-age=3600", "X-Robots-Tag": "noindex"}
"""a calendar program may keep it for an hour"""


async def calendar(request: web.Request) -> web.Response:
    """``GET /calendar/<secret>.ics``: one producer's dates; 404 for a secret that is wrong or withdrawn."""
    found = await request.app[DESK].calendar(request.match_info["secret"])
    if found is None:
        raise web.HTTPNotFound
    return web.Response(body=found, content_type="text/calendar", charset="utf-8", headers=PRIVATE)
