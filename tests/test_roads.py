"""What is known of the channels beforehand, and looking at a picture: a real server, none of it believed."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from aiohttp import web

from bot.roads import picture
from tests.players import free_port, running

PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 2_000


@pytest.fixture
async def pictures() -> AsyncIterator[str]:
    async def image(request: web.Request) -> web.StreamResponse:
        if "long" not in request.query:
            return web.Response(body=PNG, content_type="image/png")
        answer = web.StreamResponse(headers={"Content-Type": "image/png"})
        answer.enable_chunked_encoding()
        await answer.prepare(request)
        for _part in range(3):
            await answer.write(PNG)
        return answer

    app = web.Application()
    app.router.add_get("/a.png", image)
    app.router.add_get("/page", lambda request: web.Response(text="no picture"))
    app.router.add_get("/moved", lambda request: web.HTTPFound("/a.png"))
    runner = web.AppRunner(app)
    await runner.setup()
    port = free_port()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    yield f"http://127.0.0.1:{port}"
    await runner.cleanup()


async def test_a_picture_and_its_length(pictures: str) -> None:
    found = await picture(f"{pictures}/a.png")
    assert found
    assert (found.kind, found.size) == ("image/png", len(PNG))
    untold = await picture(f"{pictures}/a.png?long=1")
    assert untold
    assert untold.size == 3 * len(PNG)


@pytest.mark.parametrize("path", ["/page", "/moved", "/nothing"])
async def test_what_is_no_picture(pictures: str, path: str) -> None:
    assert await picture(pictures + path) is None


@pytest.mark.parametrize(
    "address", ["ftp://127.0.0.1/a.png", "file:///etc/passwd", "no address", "http://127.0.0.1:1/"]
)
async def test_addresses_that_lead_nowhere(address: str) -> None:
    assert await picture(address) is None


async def test_a_public_program_asks_no_machine_beside_it(pictures: str) -> None:
    assert await picture(f"{pictures}/a.png", "https://ocop.example") is None
    assert await picture(f"{pictures}/a.png", "http://127.0.0.1:1")


async def test_the_roads_are_the_channels_that_run(tmp_path: object) -> None:
    async with running(database_url=f"sqlite+aiosqlite:///{tmp_path}/bot.db") as (application, _clock):
        assert [road.name for road in await application.roads()] == ["web"]
