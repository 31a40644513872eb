"""The pages and the doors for programs, through a real HTTP server on 127.0.0.1."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date
from urllib.parse import urlsplit

import pytest
from aiohttp import ClientResponse, web
from aiohttp.test_utils import TestClient, TestServer

from bot.channels.channel import BadRequest
from bot.pages import add_pages
from bot.pages.rendering import accepted
from handlers.talk import language
from handlers.talk.message import Joined
from tests.fakes.desk import FakeDesk

Client = TestClient[web.Request, web.Application]


@pytest.fixture
def desk() -> FakeDesk:
    return FakeDesk()


@pytest.fixture
async def client(desk: FakeDesk) -> AsyncIterator[Client]:
    app = web.Application()
    add_pages(app, desk)
    async with TestClient(TestServer(app)) as opened:
        yield opened


async def page(client: Client, path: str, **headers: str) -> str:
    response = await client.get(path, headers=headers)
    assert response.status == 200, path
    return await response.text()


# ------------------------------------------------------------------------------------ the chat's door


async def test_chat_answers_json(client: Client, desk: FakeDesk) -> None:
    response = await client.post("/api/chat", json={"chat": "c", "id": "1", "start": ""})
    assert response.status == 200
    assert response.content_type == "application/json"
    (message,) = (await response.json())["messages"]
    assert message["text"].startswith("Chào bạn!")
    assert desk.seen[0].content == Joined("")


async def test_the_same_id_gets_the_same_answer(client: Client) -> None:
    body = {"chat": "c", "id": "1", "text": "na"}
    first, second = [await (await client.post("/api/chat", json=body)).json() for _ in range(2)]
    assert first == second


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"chat":"c"}', b'{"chat":"c","text":1}', b"\x00\xff"])
async def test_chat_refuses_what_is_malformed(client: Client, desk: FakeDesk, body: bytes) -> None:
    response = await client.post("/api/chat", data=body)
    assert response.status == 400
    answer = await response.json()
    assert set(answer) == {"error"}
    assert desk.seen == []


async def test_chat_passes_on_what_the_desk_calls_malformed(client: Client, desk: FakeDesk) -> None:
    desk.fails = BadRequest("Not like this.")
    response = await client.post("/api/chat", json={"chat": "c", "text": "a"})
    assert (response.status, await response.json()) == (400, {"error": "Not like this."})


async def test_too_large_a_body_gets_413(client: Client) -> None:
    response = await client.post("/api/chat", data=b"x" * (2 << 20))
    assert response.status == 413
    assert "too large" in (await response.json())["error"]


async def test_a_fault_of_ours_shows_no_trace(client: Client, desk: FakeDesk) -> None:
    desk.fails = RuntimeError("secret detail")
    response = await client.post("/api/chat", json={"chat": "c", "text": "a"})
    assert response.status == 500
    assert "secret" not in await response.text()
    assert "Traceback" not in await response.text()


async def test_wrong_methods_and_addresses(client: Client) -> None:
    got = await client.get("/api/chat")
    assert (got.status, got.headers["Allow"]) == (405, "POST")
    assert (await client.get("/api/nothing")).content_type == "application/json"
    missing = await client.get("/nothing")
    assert (missing.status, missing.content_type) == (404, "text/html")
    assert (await client.post("/")).status == 405


# ------------------------------------------------------------------------------------ for operators


async def test_health(client: Client, desk: FakeDesk) -> None:
    live, ready = await client.get("/health/live"), await client.get("/health/ready")
    assert (live.status, ready.status) == (200, 200)
    assert (await ready.json())["channels"]["telegram"]["state"] == "idle"
    desk.ready = False
    live, ready = await client.get("/health/live"), await client.get("/health/ready")
    assert (live.status, ready.status) == (200, 503)


async def test_metrics_are_prometheus_text(client: Client) -> None:
    response = await client.get("/metrics")
    assert response.content_type == "text/plain"
    assert "# HELP" in await response.text()


# ------------------------------------------------------------------------------------ every page

PAGES = ["/", "/chat", "/catalogue", "/map", "/p/che-duoi-tan-hoi", "/s/LS-SR-006"]


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("tag", ["vi", "en"])
async def test_every_page_is_whole(client: Client, path: str, tag: str) -> None:
    response = await client.get(path, params={"lang": tag})
    text = await response.text()
    assert response.status == 200
    assert f'<html lang="{tag}">' in text
    assert response.headers["Content-Language"] == tag
    assert text.count("<h1") == 1
    assert 'name="viewport"' in text
    assert "không phải sổ đăng ký chính thức" in text or "official register" in text
    _keeps_the_policy(response, text)


def _keeps_the_policy(response: ClientResponse, text: str) -> None:
    policy = response.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "Set-Cookie" not in response.headers
    assert not re.search(r"<script(?![^>]* src=)", text)
    assert not re.search(r"\son\w+=|\sstyle=|<style", text)
    for address in re.findall(r'(?:src|rel="stylesheet" href)="([^"]+)"', text):
        assert not urlsplit(address).netloc


async def test_only_the_bare_chat_may_be_embedded(client: Client) -> None:
    assert "frame-ancestors *" in (await client.get("/chat")).headers["Content-Security-Policy"]
    assert "frame-ancestors 'self'" in (await client.get("/")).headers["Content-Security-Policy"]


async def test_the_language_is_the_browsers_or_the_one_chosen(client: Client) -> None:
    assert 'lang="en"' in await page(client, "/", **{"Accept-Language": "en-GB,en;q=0.9,vi;q=0.5"})
    assert '<html lang="vi">' in await page(client, "/", **{"Accept-Language": "fr,vi;q=0.2"})
    assert '<html lang="vi">' in await page(client, "/?lang=xx")
    chosen = await page(client, "/?lang=en", **{"Accept-Language": "vi"})
    assert '<html lang="en">' in chosen
    assert 'href="/map?lang=en"' in chosen
    assert 'href="/?lang=vi"' in chosen


def test_accept_language_is_ranked() -> None:
    assert accepted("vi;q=0.3, en;q=0.8, zh") == ["zh", "en", "vi"]
    assert accepted("en;q=0, vi") == ["vi"]
    assert accepted("en;q=many,vi") == ["vi"]
    assert accepted("") == [""]


# ------------------------------------------------------------------------------------ product, verdict


async def test_an_expired_product_is_neither_current_nor_fake(client: Client) -> None:
    text = await page(client, "/p/che-duoi-tan-hoi?lang=en")
    verdict = text.split('class="verdict ')[1].split("</section>")[0]
    assert verdict.startswith("ended")
    assert "Expired" in verdict
    assert "★" not in verdict
    assert "does not mean fake" in verdict
    assert "official register" in verdict
    assert "nhipcauthuonghieu.vn" in text
    assert "23 May 2020" in text
    assert "Not recorded:" in text


async def test_a_current_product_shows_its_stars(client: Client, desk: FakeDesk) -> None:
    code, product = next(iter(desk.catalogue.products.items()))
    certificate = replace(product.certificate, stars=4, issued_on="2026-01-10", issued_on_basis="decision")
    shown = replace(product, certificate=certificate)
    desk.catalogue = replace(desk.catalogue, products=dict(desk.catalogue.products) | {code: shown})
    text = await page(client, f"/p/{shown.key}?lang=en")
    assert 'aria-label="4 stars"' in text
    assert "10 January 2029" in text
    assert 'href="tel:02053812345"' in text


async def test_where_it_is_sold_has_the_day_it_was_confirmed(client: Client, desk: FakeDesk) -> None:
    stock = {"che-duoi-tan-hoi": (("LS-SR-001", date(2026, 11, 2)), ("LS-SR-004", None))}
    desk.catalogue = replace(desk.catalogue, stock=stock)
    text = await page(client, "/p/che-duoi-tan-hoi?lang=en")
    assert "confirmed on 2 November 2026" in text
    assert "day of confirmation not recorded" in text
    assert "Tea grown under star-anise canopy" in await page(client, "/s/LS-SR-001?lang=en")


@pytest.mark.parametrize("code", ["nothing", "20/05977/01/2023", "%3Cscript%3E", "%00", "a" * 3000])
async def test_an_unknown_code_is_not_on_the_list_and_not_called_fake(client: Client, code: str) -> None:
    response = await client.get(f"/p/{code}?lang=en")
    text = await response.text()
    assert response.status == 404
    assert "not on the list" in text
    assert "does not mean that the product is fake" in text
    assert "<script>" not in text


async def test_notes_for_the_office_are_never_shown(client: Client) -> None:
    assert "Asked for an upgrade" not in await page(client, "/p/che-duoi-tan-hoi")


# ------------------------------------------------------------------------------------ the lists


async def test_current_and_expired_are_counted_apart(client: Client, desk: FakeDesk) -> None:
    text = await page(client, "/catalogue?lang=en")
    counts = [int(n) for n in re.findall(r'class="count">(\d+)<', text)]
    assert counts[0] == len(desk.catalogue.products) == sum(counts[1:])
    assert all(counts)


async def test_a_state_shows_only_its_products(client: Client) -> None:
    assert "badge ended" not in await page(client, "/catalogue?state=current")
    expired = await page(client, "/catalogue?state=expired")
    assert "badge good" not in expired
    assert "★" not in expired


async def test_filters_combine_and_keep_each_other(client: Client) -> None:
    text = await page(client, "/catalogue?q=ruou&group=beverages&stars=4&lang=en")
    assert "Rượu men lá người Dao Công Sơn" in text
    assert "Chè" not in text.split('class="cards"')[1]
    assert "state=current" in text
    assert "group=beverages&amp;stars=4" in text


async def test_every_product_is_on_exactly_one_page(client: Client, desk: FakeDesk) -> None:
    seen: list[str] = []
    for number in range(1, 5):
        seen += re.findall(r'<h2><a href="/p/([^"?]+)', await page(client, f"/catalogue?page={number}"))
    assert sorted(seen) == sorted(product.key for product in desk.catalogue.products.values())


@pytest.mark.parametrize(
    "query", ["page=99999", "page=-1", "page=²", "stars=9", "state=fake", "group=x", "q=%00%F0"]
)
async def test_a_strange_query_is_harmless(client: Client, query: str) -> None:
    await page(client, f"/catalogue?{query}")


async def test_nothing_found_offers_a_way_on(client: Client) -> None:
    assert "ask the assistant" in await page(client, "/catalogue?q=zzzz&lang=en")


async def test_the_map_has_every_showroom_in_its_list(client: Client, desk: FakeDesk) -> None:
    text = await page(client, "/map")
    assert text.count("<li id=") == len(desk.catalogue.showrooms)
    placed = sum(shop.latitude is not None for shop in desk.catalogue.showrooms.values())
    assert text.count('class="pin"') == placed
    assert text.count("google.com/maps/dir/") == placed
    assert text.count("<polygon") == len(desk.catalogue.communes)


async def test_a_map_without_communes_is_a_list(client: Client, desk: FakeDesk) -> None:
    desk.catalogue = replace(desk.catalogue, communes={})
    text = await page(client, "/map")
    assert "<svg class=" not in text
    assert "LS-SR-001" in text


async def test_an_unknown_showroom_is_a_404(client: Client) -> None:
    assert (await client.get("/s/nowhere")).status == 404


async def test_a_changed_registry_shows_at_once(client: Client, desk: FakeDesk) -> None:
    assert "Chè dưới tán hồi" in await page(client, "/catalogue?q=che")
    desk.catalogue = replace(desk.catalogue, products={})
    assert "Chè dưới tán hồi" not in await page(client, "/catalogue?q=che")


async def test_registry_text_is_escaped(client: Client, desk: FakeDesk) -> None:
    code, product = next(iter(desk.catalogue.products.items()))
    evil = replace(product, name_vi="<img src=x onerror=alert(1)>", online_url="javascript:alert(1)")
    desk.catalogue = replace(desk.catalogue, products={code: evil})
    for path in (f"/p/{evil.key}", "/catalogue"):
        text = await page(client, path)
        assert "<img src=x" not in text
        assert "javascript:" not in text


# ------------------------------------------------------------------------------------ files


async def test_files_are_kept_for_ever_under_their_digest(client: Client) -> None:
    address = re.findall(r'href="(/static/[^"]+pages\.css)"', await page(client, "/"))[0]
    response = await client.get(address)
    assert response.status == 200
    assert "immutable" in response.headers["Cache-Control"]
    stale = await client.get("/static/old/pages.css")
    assert stale.headers["Cache-Control"] == "no-cache"
    assert (await client.get("/static/old/..%2F__init__.py")).status == 404
    assert (await client.get("/favicon.ico")).content_type == "image/svg+xml"
    assert "Disallow: /api/" in await page(client, "/robots.txt")


def test_both_languages_are_spoken() -> None:
    assert set(language.languages()) >= {"vi", "en"}
