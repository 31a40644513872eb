"""Templates into answers: the language of a page, the words and dates inside it, the links between pages.

No page needs a cookie: a language that was chosen travels in the address as ``lang``.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

from aiohttp import web

from bot.pages.assets import address
from bot.pages.desk import Desk
from handlers import sentences, verdicts
from handlers.services.nearest import directions_url
from handlers.talk import language as words

if TYPE_CHECKING:
    from jinja2 import Environment

_SYMBOL = re.compile(r"^[^\w★]+")

DESK: web.AppKey[Desk] = web.AppKey("desk", Desk)


def language_of(request: web.Request) -> str:
    """The language to answer in: ``?lang=``, else the best we speak of Accept-Language, else the default."""
    for tag in (request.query.get("lang"), *accepted(request.headers.get("Accept-Language", ""))):
        spoken = words.supported(tag)
        if spoken:
            return spoken
    return words.DEFAULT


def accepted(header: str) -> list[str]:
    """The tags of an Accept-Language header, the most wanted first (RFC 9110 section 12.5.4)."""
    weighed = []
    for part in header[:500].split(","):
        tag, _, weight = part.strip().partition(";q=")
        try:
            weighed.append((-float(weight or 1), tag))
        except ValueError:
            continue
    return [tag for weight, tag in sorted(weighed, key=lambda pair: pair[0]) if weight]


def respond(request: web.Request, template: str, status: int = 200, **facts: Any) -> web.Response:
    """A page made of a template and facts, in the language of the request."""
    language = language_of(request)
    with words.speaking(language):
        body = environment().get_template(template).render(_common(request, language) | facts)
    headers = {"Content-Language": language, "Vary": "Accept-Language", "Cache-Control": "no-cache"}
    return web.Response(text=body, content_type="text/html", status=status, headers=headers)


def _common(request: web.Request, language: str) -> dict[str, Any]:
    """What every page is given."""
    desk = request.app[DESK]
    info, now = desk.catalogue.info, desk.now()
    chosen = words.supported(request.query.get("lang"))
    others = [name for name in words.languages() if name != language]
    return {
        "language": language,
        "path": request.path,
        "chosen": chosen,
        "link": linker(chosen),
        "languages": [(name, words.own_name(name), _switched(request, name)) for name in others],
        "catalogue": desk.catalogue,
        "now": now,
        "on": now.date(),
        "info": info,
        "notice": None if info.official else getattr(info, f"notice_{language}", None) or info.notice_vi,
        "public_url": desk.public_url,
        "zalo_verifier": desk.zalo_verifier,
        "telegram_link": desk.telegram_link,
        "static": address,
    }


def linker(chosen: str | None) -> Callable[..., str]:
    """A function that makes the address of a page of ours and keeps the language that was chosen by hand."""

    def link(path: str, **query: object) -> str:
        pairs = [(name, value) for name, value in query.items() if value not in (None, "")]
        if chosen:
            pairs.append(("lang", chosen))
        return f"{path}?{urlencode(pairs)}" if pairs else path

    return link


def _switched(request: web.Request, language: str) -> str:
    """The same page in another language."""
    query = {name: value for name, value in request.query.items() if name != "lang"}
    return f"{request.rel_url.raw_path}?{urlencode(query | {'lang': language})}"


@lru_cache(maxsize=1)
def environment() -> Environment:
    """Jinja with gettext and our dates; imported at the first page, since a start need not wait for it."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    made = Environment(
        loader=PackageLoader("bot.pages"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    made.install_gettext_callables(words._, words.ngettext, newstyle=False, pgettext=words.pgettext)  # type: ignore[attr-defined]
    made.filters |= {
        "day": words.day,
        "partial": words.partial,
        "recorded": words.recorded,
        "number": words.number,
        "group_name": sentences.group_name,
        "short_name": sentences.short_name,
        "showroom_name": sentences.showroom_name,
        "words_only": without_symbol,
        "sentence": sentence,
        "dialled": dialled,
        "host": host,
    }
    made.globals |= {
        "badge": verdicts.badge,
        "verdict_lines": verdicts.verdict_lines,
        "window_line": verdicts.window_line,
        "who_decides": verdicts.who_decides,
        "place_of": sentences.place_of,
        "price_of": sentences.price_of,
        "season_words": sentences.season_words,
        "opening_words": sentences.opening_words,
        "directions_url": directions_url,
    }
    return made


def without_symbol(line: str) -> str:
    """A sentence without the symbol it begins with in a chat: the page has colours and marks of its own."""
    return _SYMBOL.sub("", line)


def sentence(text: str) -> str:
    """A text that begins with a capital."""
    return text[:1].upper() + text[1:]


def dialled(phone: str) -> str:
    """A telephone number as ``tel:`` addresses want it (RFC 3966 allows no spaces)."""
    return re.sub(r"[^\d+]", "", phone)


def host(url: str) -> str:
    """Whose page an address is."""
    return (urlsplit(url).hostname or url).removeprefix("www.")
