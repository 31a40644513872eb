"""What is seen when something is wrong: one sentence, never a stack trace; and the headers of every answer.

The middleware covers every path but ``/webhooks/``, whose answers belong to the platforms.
"""

from __future__ import annotations

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler

from bot.channels.channel import BadRequest
from bot.pages.rendering import respond

PROGRAMS = ("/api/", "/health/", "/metrics")
"""Paths whose callers read JSON, not pages."""

KEPT = {"Allow", "Retry-After"}
"""Headers of an HTTP error that say what to do instead."""

SENTENCES = {
    400: "The request is malformed.",
    404: "There is nothing at this address.",
    405: "This address does not take that method.",
    413: "The request is too large.",
    503: "Too much is waiting; please try again in a moment.",
    500: "Something went wrong on our side; please try again.",
}

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors {ancestors}"
)
"""Content-Security-Policy: nothing inline, nothing from anywhere else; only the bare chat may be embedded."""

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "Permissions-Policy": "geolocation=(self), camera=(), microphone=()",
}


@web.middleware
async def one_sentence(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Run the handler; turn every failure into one sentence and give every answer its headers."""
    if request.path.startswith("/webhooks/"):
        return await handler(request)
    response = await _answered(request, handler)
    response.headers.update(HEADERS)
    ancestors = "*" if request.path == "/chat" else "'self'"
    response.headers["Content-Security-Policy"] = POLICY.format(ancestors=ancestors)
    return response


async def _answered(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except BadRequest as error:
        return web.json_response({"error": str(error)}, status=400)
    except web.HTTPException as error:
        if error.status < 400:
            raise
        return failure(request, error.status, {k: v for k, v in error.headers.items() if k in KEPT})
    except Exception:  # noqa: BLE001 - the last door: whatever it is, a person gets a sentence and we get the trace
        structlog.get_logger("bot.pages").exception("a page failed", path=_pattern(request))
        return failure(request, 500)


def failure(request: web.Request, status: int, headers: dict[str, str] | None = None) -> web.Response:
    """A failure as JSON for programs and as a page for people."""
    if request.path.startswith(PROGRAMS):
        sentence = SENTENCES.get(status, "The request cannot be answered.")
        response = web.json_response({"error": sentence}, status=status)
    else:
        response = respond(request, "failure.html", status, failed=status)
    response.headers.update(headers or {})
    return response


def _pattern(request: web.Request) -> str:
    """The route's pattern: what was typed into an address is not for the log."""
    resource = request.match_info.route.resource
    return resource.canonical if resource else "no route"
