"""The doors for programs: the chat's own, health and metrics."""

from __future__ import annotations

from functools import partial
from html import escape

import orjson
from aiohttp import web

from bot.channels.web import WebChannel
from bot.pages.rendering import DESK

json_response = partial(web.json_response, dumps=lambda value: orjson.dumps(value).decode())
NOT_KEPT = {"Cache-Control": "no-store"}


async def chat(request: web.Request) -> web.Response:
    """``POST /api/chat`` (operating contract): JSON both ways; one sentence and 400 when malformed."""
    desk = request.app[DESK]
    channel = WebChannel(desk.now)
    update = channel.read(await request.read())
    (inbound,) = channel.decode(update)
    return json_response(channel.render(await desk.chat(inbound)), headers=NOT_KEPT)


async def waiting(request: web.Request) -> web.Response:
    """``GET /api/chat/waiting?chat=ID``: what waits for a chat, given once, in the shape of an answer."""
    desk = request.app[DESK]
    channel = WebChannel(desk.now)
    messages = await desk.waiting(channel.name, channel.chat(request.query))
    return json_response(channel.render(messages), headers=NOT_KEPT)


async def live(request: web.Request) -> web.Response:
    """``GET /health/live``: 200 while this process answers, with each channel: up, idle, down."""
    return json_response({"live": True} | request.app[DESK].health(), headers=NOT_KEPT)


async def ready(request: web.Request) -> web.Response:
    """``GET /health/ready``: 200 when requests can be answered, else 503."""
    health = request.app[DESK].health()
    return json_response(health, status=200 if health["ready"] else 503, headers=NOT_KEPT)


async def zalo_verifier(request: web.Request) -> web.Response:
    """``GET /zalo_verifier<code>.html``: how Zalo's console proves the domain (contract of Zalo §9.1)."""
    code = request.app[DESK].zalo_verifier
    if not code or request.match_info["code"] != code:
        raise web.HTTPNotFound
    tag = f'<meta name="zalo-platform-site-verification" content="{escape(code)}">'
    body = f"<!doctype html><html><head>{tag}</head><body></body></html>"
    return web.Response(text=body, content_type="text/html", headers=NOT_KEPT)


async def metrics(request: web.Request) -> web.Response:
    """``GET /metrics``: Prometheus text of everything registered in this process."""
    from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

    return web.Response(body=generate_latest(), headers={"Content-Type": CONTENT_TYPE_LATEST} | NOT_KEPT)
