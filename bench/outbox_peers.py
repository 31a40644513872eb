"""What the outbox is measured against: the same messages by a bare client, and by the stock library in a loop.

``python -m bench.outbox_peers bare|stock API FIRST COUNT``
"""

from __future__ import annotations

import asyncio
import sys

import uvloop

from bench.bots import TOKEN

TEXT = "Phiên chợ na Chi Lăng mở ngày 5/12 tại thị trấn Đồng Mỏ. Kính mời bà con và du khách ghé thăm."
AT_ONCE = 64
"""requests on their way for the bare client; the stock one is quickest with 8 (docs/decisions/telegram-transport.md)"""


async def bare(api: str, chats: list[int]) -> None:
    """One aiohttp session, JSON bodies, the answers read and thrown away."""
    import aiohttp

    url, queue = f"{api}/bot{TOKEN}/sendMessage", chats[::-1]
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=AT_ONCE)) as session:

        async def work() -> None:
            while queue:
                body = {"chat_id": queue.pop(), "text": TEXT}
                async with session.post(url, json=body) as answer:
                    await answer.read()

        await asyncio.gather(*(work() for _ in range(AT_ONCE)))


async def stock(api: str, chats: list[int]) -> None:
    """A plain loop over ``bot.send_message``, as its documentation and most broadcast commands have it."""
    import telegram

    async with telegram.Bot(TOKEN, base_url=f"{api}/bot") as bot:
        for chat in chats:
            await bot.send_message(chat, TEXT, parse_mode="HTML")


async def main(kind: str, api: str, first: str, count: str) -> None:
    """Send, and wait to be stopped."""
    chats = list(range(int(first), int(first) + int(count)))
    await (bare if kind == "bare" else stock)(api, chats)
    await asyncio.sleep(60)


if __name__ == "__main__":
    uvloop.run(main(*sys.argv[1:]))
