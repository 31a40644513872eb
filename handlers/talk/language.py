"""Languages: found by looking into ``locales/``, gettext for words, CLDR (Babel) for dates, money and distances.

The language of the turn is a context variable, so that conversations write ``_("…")`` and nothing more. Message ids are
the English sentences; both catalogues are complete. A language is its folder: no Python.
"""

from __future__ import annotations

import contextlib
import gettext
import io
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path

from babel import Locale
from babel.core import parse_locale
from babel.dates import format_date
from babel.lists import format_list
from babel.numbers import format_currency, format_decimal
from babel.units import format_unit

from handlers.services.dates import PartialDate

LOCALES = Path(__file__).parents[2] / "locales"
DEFAULT = "vi"

_current: ContextVar[str] = ContextVar("language", default=DEFAULT)


@lru_cache(maxsize=1)
def languages() -> tuple[str, ...]:
    """The languages we speak: each folder of ``locales/`` with a catalogue, the default first."""
    found = sorted(path.parent.parent.name for path in LOCALES.glob("*/LC_MESSAGES/messages.po"))
    return (DEFAULT, *(name for name in found if name != DEFAULT))


def supported(tag: str | None) -> str | None:
    """The language of ours that an IETF tag asks for (``en-GB`` → ``en``), or None."""
    return _supported(tag, languages()) if tag else None


@lru_cache(maxsize=512)
def _supported(tag: str, ours: tuple[str, ...]) -> str | None:
    try:
        language = parse_locale(tag.replace("-", "_"))[0]
    except ValueError:
        return None
    return language if language in ours else None


@lru_cache(maxsize=32)
def translations(language: str) -> gettext.GNUTranslations:
    """The catalogue of a language, compiled from its ``.po`` when the compiled one is missing or older.

    Raises FileNotFoundError for a language without a folder: an uncompiled or absent catalogue is an error, never a
    silent English.
    """
    folder = LOCALES / language / "LC_MESSAGES"
    source, compiled = folder / "messages.po", folder / "messages.mo"
    if compiled.exists() and compiled.stat().st_mtime_ns >= source.stat().st_mtime_ns:
        with compiled.open("rb") as stream:
            return gettext.GNUTranslations(stream)
    content = _compile(source)
    with contextlib.suppress(OSError):  # a read-only installation compiles at each start
        compiled.write_bytes(content)
    return gettext.GNUTranslations(io.BytesIO(content))


def _compile(source: Path) -> bytes:
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    stream = io.BytesIO()
    with source.open("rb") as opened:
        write_mo(stream, read_po(opened))
    return stream.getvalue()


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """Speak this language inside the block."""
    token = _current.set(language)
    try:
        yield
    finally:
        _current.reset(token)


def speak(language: str) -> None:
    """Speak this language from here on in this task."""
    _current.set(language)


def spoken() -> str:
    """The language spoken now."""
    return _current.get()


def _(message: str) -> str:
    """The sentence in the language spoken now."""
    return translations(_current.get()).gettext(message)


def ngettext(one: str, many: str, number: int) -> str:
    """The sentence in its number."""
    return translations(_current.get()).ngettext(one, many, number)


def pgettext(context: str, message: str) -> str:
    """The sentence where one English word means two things."""
    return translations(_current.get()).pgettext(context, message)


def N_(message: str) -> str:  # noqa: N802 - gettext's own name for "translate later"
    """Mark a sentence for translation where it is only named."""
    return message


# --------------------------------------------------------------------------------------- dates, money, distances


def day(value: date) -> str:
    """A day as people write it: ``25/12/2026``, ``25 December 2026``."""
    return _day(value, _current.get())


@lru_cache(maxsize=8_192)
def _day(value: date, language: str) -> str:
    pattern = translations(language).pgettext("date format of CLDR", "d MMMM y")
    return format_date(value, pattern, locale=language)


def partial(value: PartialDate) -> str:
    """A partial date: ``25/12/2026``, ``tháng 12/2026``, ``2026``."""
    if value.precision == "day":
        return day(value.first)
    if value.precision == "year":
        return str(value.year)
    return _month(value.first, _current.get())


@lru_cache(maxsize=1_024)
def _month(value: date, language: str) -> str:
    pattern = translations(language).pgettext("month format of CLDR", "MMMM y")
    return format_date(value, pattern, locale=language)


def recorded(text: str) -> str:
    """A date as the registry has it, in the reader's form; anything that is no date stays as it is."""
    try:
        return partial(PartialDate.parse(text))
    except ValueError:
        return text


def clock(value: datetime) -> str:
    """A time of day in 24 hours: ``18:00``."""
    return value.strftime("%H:%M")


@lru_cache(maxsize=4_096)
def _money(amount: int, language: str) -> str:
    return format_currency(amount, "VND", locale=language)


def money(amount: int) -> str:
    """Whole dong: ``270.000 ₫``."""
    return _money(amount, _current.get())


@lru_cache(maxsize=4_096)
def _kilometres(tenths: int, language: str) -> str:
    return format_unit(tenths / 10, "length-kilometer", "short", format="#,##0.#", locale=language)


def distance(km: float) -> str:
    """Kilometres with one decimal under ten, whole ones above, never metres of false precision."""
    tenths = max(1, round(km * 10)) if km < 10 else round(km) * 10
    return _kilometres(tenths, _current.get())


@lru_cache(maxsize=1_024)
def _number(value: int, language: str) -> str:
    return format_decimal(value, locale=language)


def number(value: int) -> str:
    """A whole number with the language's separators."""
    return _number(value, _current.get())


def listed(items: list[str], style: str = "standard-short") -> str:
    """Items as an enumeration: ``a, b và c``; ``style="or"`` for alternatives."""
    return format_list(items, "or" if style == "or" else "standard", locale=_current.get())


@lru_cache(maxsize=64)
def own_name(language: str) -> str:
    """What a language calls itself: ``Tiếng Việt``, ``English``."""
    name = Locale.parse(language).get_display_name(language) or language
    return name[:1].upper() + name[1:]
