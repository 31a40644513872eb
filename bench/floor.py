"""The floor: a bare aiohttp server and client with one upsert and one FTS5 query an update.

``python -m bench.floor PORT API_URL REGISTRY_FOLDER DATABASE``
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

import aiohttp
import orjson
import uvloop
from aiohttp import web

from bench.driver import SECRET
from bench.lookup import Lookup, keyboard


class Floor:
    """Says 200 at once and answers in a task."""

    def __init__(self, api: str, lookup: Lookup) -> None:
        self._send = f"{api}/bot1:bench/sendMessage"
        self._lookup = lookup
        self._tasks: set[asyncio.Task[None]] = set()
        self.session: aiohttp.ClientSession | None = None

    async def webhook(self, request: web.Request) -> web.Response:
        """Take one update."""
        if request.headers.get("X-Telegram-Bot-Api-Secret-Token") != SECRET:
            return web.Response(status=401)
        task = asyncio.create_task(self._answer(orjson.loads(await request.read())))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return web.Response()

    async def _answer(self, update: dict) -> None:  # type: ignore[type-arg]
        message = update["message"]
        sender = message["from"]
        text, buttons = self._lookup.answer(
            sender["id"], sender["first_name"], sender["language_code"], message["text"]
        )
        body = {
            "chat_id": message["chat"]["id"],
            "text": text,
            "parse_mode": "HTML",
            "reply_markup": keyboard(buttons),
        }
        assert self.session is not None
        async with self.session.post(
            self._send, data=orjson.dumps(body), headers={"Content-Type": "application/json"}
        ) as response:
            await response.read()


async def main(port: int, api: str, folder: str, database: str) -> None:
    """Serve until killed."""
    floor = Floor(api, Lookup(Path(folder), Path(database)))
    floor.session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))
    app = web.Application()
    app.router.add_post("/webhooks/telegram", floor.webhook)
    app.router.add_get("/health/ready", lambda _: _ready())
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    print(json.dumps({"ready": port}), flush=True)
    await asyncio.Event().wait()


async def _ready() -> web.Response:
    return web.Response()


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1]), *sys.argv[2:5]))
