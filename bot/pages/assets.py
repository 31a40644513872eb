"""Style sheets, scripts and drawings: held in memory, compressed once, cached for ever under their digest.

The digest covers the whole folder and stands in the path, so that a module's relative imports share it. Under
any other digest a file is served too, but may not be kept.
"""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from aiohttp import web

FOLDER = Path(__file__).parent / "static"
TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml", ".txt": "text/plain"}
FOR_EVER = "public, max-age=31536000, immutable"
"""A year, the longest that RFC 9111 caches are asked to keep."""
ASK_AGAIN = "no-cache"


@dataclass(frozen=True, slots=True)
class Asset:
    """A file, plain and compressed."""

    type: str
    plain: bytes
    zipped: bytes


@lru_cache(maxsize=1)
def assets() -> tuple[str, dict[str, Asset]]:
    """The digest of the folder and its files by name."""
    files = {path.name: path.read_bytes() for path in sorted(FOLDER.iterdir()) if path.suffix in TYPES}
    digest = hashlib.sha256(b"".join(files.values())).hexdigest()[:12]
    return digest, {
        name: Asset(TYPES[Path(name).suffix], content, gzip.compress(content, mtime=0))
        for name, content in files.items()
    }


def address(name: str) -> str:
    """Where a file is served; raise KeyError for one that is not there."""
    digest, files = assets()
    if name not in files:
        raise KeyError(name)
    return f"/static/{digest}/{name}"


async def static(request: web.Request) -> web.Response:
    """``GET /static/{digest}/{name}``."""
    digest, files = assets()
    name = request.match_info["name"]
    if name not in files:
        raise web.HTTPNotFound
    return _serve(request, files[name], FOR_EVER if request.match_info["digest"] == digest else ASK_AGAIN)


async def favicon(request: web.Request) -> web.Response:
    """``GET /favicon.ico``: browsers ask for it whatever the page says."""
    return _serve(request, assets()[1]["anise.svg"], "public, max-age=86400")


async def robots(request: web.Request) -> web.Response:
    """``GET /robots.txt``."""
    return _serve(request, assets()[1]["robots.txt"], "public, max-age=86400")


def _serve(request: web.Request, asset: Asset, caching: str) -> web.Response:
    headers = {"Cache-Control": caching, "Vary": "Accept-Encoding"}
    body = asset.plain
    if "gzip" in request.headers.get("Accept-Encoding", ""):
        headers["Content-Encoding"] = "gzip"
        body = asset.zipped
    return web.Response(body=body, content_type=asset.type, charset="utf-8", headers=headers)
