"""What a button does, as a short self-describing string: ``verb:argument:argument``, at most 64 bytes.

Old buttons live for years, so a verb never changes its meaning: a new meaning takes a new verb. An action is never a
key into the memory of a process. Arguments may not contain ``:``.
"""

from __future__ import annotations

LONGEST = 64
"""bytes of UTF-8; Telegram's ``callback_data`` (core.telegram.org/bots/api#inlinekeyboardbutton)"""

MENU = "menu"
NEAR = "near"
HELP = "help"
HUMAN = "human"
LANGUAGES = "lang"
ERASE = "erase"
CANCEL = "cancel"
SEASON = "season"
PRODUCTS = "list"
SEARCH = "search"
COMPLAIN = "complain"
ASK_CODE = "check"
ALL_SHOWROOMS = "shops"
GIFTS = "gifts"
PAPERS = "papers"
ANNOUNCEMENTS = "an-list"
TASKS = "tasks"
"""for officials"""
CODE = "i"
"""a one-time code, as a deep link carries it"""


def build(verb: str, *arguments: str | int) -> str:
    """Make an action. Raises ValueError when it would be longer than 64 bytes or an argument holds a colon."""
    parts = [verb, *(str(argument) for argument in arguments)]
    if any(":" in part for part in parts):
        raise ValueError(f"an argument may not contain a colon: {parts}")
    made = ":".join(parts)
    if len(made.encode()) > LONGEST:
        raise ValueError(f"longer than {LONGEST} bytes: {made}")
    return made


def parse(action: str) -> tuple[str, tuple[str, ...]]:
    """Verb and arguments of an action that came back; anything may come back."""
    verb, *arguments = action.split(":")
    return verb, tuple(arguments)


def product(key: str) -> str:
    """Show a product's card."""
    return build("p", key)


def certificate(key: str) -> str:
    """Say what a product's certificate is worth today."""
    return build("v", key)


def where(key: str) -> str:
    """Say where a product is sold."""
    return build("w", key)


def producer(key: str) -> str:
    """Show a producer and their products."""
    return build("h", key)


def showroom(key: str) -> str:
    """Show a showroom."""
    return build("s", key)


def pin(key: str) -> str:
    """Send a showroom as a map pin."""
    return build("m", key)


def attraction(key: str) -> str:
    """Take an attraction as the place to search from."""
    return build("a", key)


def found(offset: int, words: str) -> str:
    """The page of a search result that starts at ``offset``; the words are cut at a word to fit."""
    room = LONGEST - len(f"q:{offset}:")
    parts = words.replace(":", " ").split()
    while parts and len(" ".join(parts).encode()) > room:
        parts.pop()
    return build("q", offset, " ".join(parts))


def filtered(offset: int, spec: str) -> str:
    """The page of a filtered list that starts at ``offset``; ``spec`` as :mod:`handlers.products` writes it."""
    return build("l", offset, spec)


def language(code: str) -> str:
    """Speak a language from now on."""
    return build("lang", code)


def at(latitude: float, longitude: float, precise: bool) -> str:
    """Search from a known point (a place of the registry, never a person's position)."""
    return build("at", f"{latitude:.5f}", f"{longitude:.5f}", int(precise))


def checked(offset: int, words: str) -> str:
    """The page of certificates to choose from that starts at ``offset``."""
    return "c" + found(offset, words)[1:]


def renewal(key: str, word: str) -> str:
    """Say something about a product's renewal: show, list, preparing, filed, declined, help, later."""
    return build("rn", key, word)
