"""Every address of the pages on one screen."""

from __future__ import annotations

from aiohttp import web

from bot.pages import assets, calendars, reports, service, views
from bot.pages.desk import Desk
from bot.pages.errors import one_sentence
from bot.pages.rendering import DESK


def add_pages(app: web.Application, desk: Desk) -> None:
    """Put all pages and the doors for programs on an application that has not started yet."""
    app[DESK] = desk
    app[views.SHELF] = {}
    app.middlewares.append(one_sentence)
    app.add_routes(
        [
            web.get("/", views.home),
            web.get("/chat", views.chat),
            web.get("/catalogue", views.catalogue),
            web.get("/p/{code:.+}", views.product),
            web.get("/s/{id:.+}", views.showroom),
            web.get("/map", views.showroom_map),
            web.get("/calendar/{secret}.ics", calendars.calendar),
            web.get("/pictures/{name}", views.picture),
            web.get("/reports/{secret}.csv", reports.table),
            web.post("/api/chat", service.chat),
            web.get("/api/chat/waiting", service.waiting),
            web.get("/health/live", service.live),
            web.get("/health/ready", service.ready),
            web.get("/metrics", service.metrics),
            web.get("/static/{digest}/{name}", assets.static),
            web.get("/favicon.ico", assets.favicon),
            web.get("/robots.txt", assets.robots),
            web.get("/zalo_verifier{code}.html", service.zalo_verifier),
        ]
    )
