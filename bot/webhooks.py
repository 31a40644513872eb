"""``POST /webhooks/<channel>``: verify, parse, store, say 200; the work comes afterwards.

401 for a wrong or missing proof (nothing is read), 413 above 1 MiB, 400 for what is no update, 503 with ``Retry-After``
when it could not be stored, so that the platform keeps it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import orjson
from aiohttp import web
from prometheus_client import Counter

from bot.channels.channel import BadRequest, Channel
from bot.intake import Busy, Intake

BODY_MOST = 1 << 20
"""bytes of a body; Telegram's updates have at most 64 KiB (contract §2)"""
AGAIN_SECONDS = "5"
TURNED_AWAY = Counter(
    "bot_webhooks_refused_total", "Requests turned away at the webhooks", ["channel", "why"]
)


def webhook(channel: Channel, intake: Intake) -> Callable[[web.Request], Awaitable[web.Response]]:
    """The door of one channel."""

    def refused(status: int, why: str) -> web.Response:
        TURNED_AWAY.labels(channel.name, why).inc()
        return web.Response(status=status, text=why)

    async def door(request: web.Request) -> web.Response:
        proof = channel.verify(request.headers, None)
        if proof == "bad":
            return refused(401, "wrong or missing proof")
        body = await request.read()
        if proof == "unread":
            proof = channel.verify(request.headers, body)
        if proof == "probe":
            return web.Response()
        if proof != "good":
            return refused(401, "wrong or missing proof")
        try:
            update = orjson.loads(body)
        except orjson.JSONDecodeError:
            return refused(400, "not JSON")
        if not isinstance(update, dict):
            return refused(400, "not an update")
        try:
            await intake.accept(channel, update, body.decode("utf-8", "replace"))
        except BadRequest as error:
            return refused(400, str(error))
        except Busy:
            TURNED_AWAY.labels(channel.name, "busy").inc()
            return web.Response(status=503, headers={"Retry-After": AGAIN_SECONDS})
        return web.Response()

    return door
