"""The pages for people: facts from the registry given to templates, which have the words."""

from __future__ import annotations

import asyncio

from aiohttp import web

from bot.pages.browsing import Shelf, Wanted, find, shelve
from bot.pages.drawing import pins, sketch
from bot.pages.rendering import DESK, respond
from db import GROUPS
from handlers.services.catalogue import Catalogue, Product, Showroom
from handlers.services.certificates import verdict
from handlers.services.hours import opening

SHELF: web.AppKey[dict[str, Shelf]] = web.AppKey("shelf", dict)


async def home(request: web.Request) -> web.Response:
    """``GET /``: the chat, beside what it can do and the ways to the lists."""
    shelf = await _shelf(request)
    return respond(request, "home.html", counts=shelf.counts, start=_start(request))


async def chat(request: web.Request) -> web.Response:
    """``GET /chat``: the chat alone; may be embedded in other sites."""
    return respond(request, "chat.html", start=_start(request))


async def catalogue(request: web.Request) -> web.Response:
    """``GET /catalogue``: the list, filtered and paged by the address."""
    found = find(await _shelf(request), Wanted.parse(request.query))
    return respond(request, "catalogue.html", found=found, groups=GROUPS)


async def product(request: web.Request) -> web.Response:
    """``GET /p/{code}``: a product and its verdict; 404 says "not on the list", which is not "fake"."""
    desk = request.app[DESK]
    registry, now = desk.catalogue, desk.now()
    code = request.match_info["code"]
    shown = registry.products.get(code) or registry.products_by_key.get(code)
    if shown is None:
        return respond(request, "unknown.html", 404, code=code[:60])
    return respond(
        request,
        "product.html",
        product=shown,
        verdict=verdict(shown.certificate, now.date()),
        sold=_sold(shown, registry),
    )


async def showroom(request: web.Request) -> web.Response:
    """``GET /s/{id}``: a showroom."""
    desk = request.app[DESK]
    registry, now = desk.catalogue, desk.now()
    name = request.match_info["id"]
    shown = registry.showrooms.get(name) or registry.showrooms_by_key.get(name)
    if shown is None:
        raise web.HTTPNotFound
    drawn = sketch(registry)
    return respond(
        request,
        "showroom.html",
        showroom=shown,
        opening=opening(shown, now),
        commune=registry.communes.get(shown.commune_code or ""),
        sketch=drawn,
        pins=pins(drawn, [(1, shown)]) if drawn else [],
        sells=_sells(shown, registry),
    )


async def showroom_map(request: web.Request) -> web.Response:
    """``GET /map``: all showrooms, drawn and listed."""
    desk = request.app[DESK]
    registry, now = desk.catalogue, desk.now()
    numbered = list(enumerate(registry.showrooms.values(), start=1))
    drawn = sketch(registry)
    return respond(
        request,
        "map.html",
        showrooms=[(number, shown, opening(shown, now)) for number, shown in numbered],
        sketch=drawn,
        pins=pins(drawn, numbered) if drawn else [],
    )


async def picture(request: web.Request) -> web.Response:
    """``GET /pictures/<SHA-256>.jpg``: a picture that an official sent in a chat for an announcement."""
    found = await request.app[DESK].photo(f"pictures/{request.match_info['name']}")
    if found is None:
        raise web.HTTPNotFound
    headers = {"Cache-Control": "public, max-age=31536000, immutable", "X-Content-Type-Options": "nosniff"}
    return web.Response(body=found[1], content_type=found[0], headers=headers)


def _start(request: web.Request) -> str:
    """A deep link's payload, handed on to the chat."""
    return request.query.get("start", "")[:64]


def _sold(shown: Product, registry: Catalogue) -> list[tuple[Showroom, object]]:
    """Where a product is sold, with the day that was confirmed (None = not recorded)."""
    return [(registry.showrooms[place], on) for place, on in registry.stock.get(shown.code, ())]


def _sells(shown: Showroom, registry: Catalogue) -> list[tuple[Product, object]]:
    """What a showroom is recorded to sell, with the day that was confirmed."""
    return [
        (registry.products[code], on)
        for code, places in registry.stock.items()
        for place, on in places
        if place == shown.id
    ]


async def _shelf(request: web.Request) -> Shelf:
    """The shelf of today's catalogue; a new one is made beside the event loop, 20,000 products take 0.4 s."""
    desk, kept = request.app[DESK], request.app[SHELF]
    registry, on = desk.catalogue, desk.now().date()
    shelf = kept.get("")
    if shelf is None or shelf.catalogue is not registry or shelf.on != on:
        shelf = kept[""] = await asyncio.to_thread(shelve, registry, on)
    return shelf
