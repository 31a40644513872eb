"""One-time codes: short enough to be read out over the telephone, hard enough to be guessed by nobody.

Ten symbols without those that look alike (0 O, 1 I L, U V): nine at random (44 bits) and one that checks them. A code
holds at least two letters and two digits, so that no telephone number and no word is one.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator

SYMBOLS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH = 10
SCRYPT_COST = 2**12
"""about 10 ms and 4 MB a try: what is stolen from the database cannot be guessed while a code lives"""
_GROUP = re.compile(r"[0-9A-Za-z]+")


def new_code(pick: Callable[[str], str]) -> str:
    """A new code as it is shown, ``XXXXX-XXXXX``; ``pick`` chooses one symbol of those it is given."""
    while True:
        body = "".join(pick(SYMBOLS) for _place in range(LENGTH - 1))
        code = body + _check(body)
        if _mixed(code):
            return f"{code[:5]}-{code[5:]}"


def code_in(text: str) -> tuple[str, bool] | None:
    """The code that stands somewhere in a text, and whether its check symbol is right; None = there is none.

    Lower case, and spaces and dashes inside it, do no harm.
    """
    wrong = None
    for candidate in _candidates(text):
        if candidate[-1] == _check(candidate[:-1]):
            return candidate, True
        wrong = wrong or candidate
    return (wrong, False) if wrong else None


def hashed(code: str) -> str:
    """What is kept of a code (or of any other secret that is given out)."""
    canonical = "".join(_GROUP.findall(code)).upper()
    made = hashlib.scrypt(canonical.encode(), salt=b"one-time code", n=SCRYPT_COST, r=8, p=1, dklen=32)
    return made.hex()


def _candidates(text: str) -> Iterator[str]:
    """Runs of neighbouring groups, joined by a space or a dash at most, that make ten symbols of a code."""
    if not any(char.isdigit() for char in text):
        return
    groups = list(_GROUP.finditer(text))
    for first, group in enumerate(groups):
        joined, end = "", group.start()
        for each in groups[first:]:
            between = text[end : each.start()]
            if between.strip(" -–.") or len(between) > 3:
                break
            joined, end = joined + each.group(), each.end()
            if len(joined) >= LENGTH:
                break
        code = joined.upper()
        if len(code) == LENGTH and set(code) <= set(SYMBOLS) and _mixed(code):
            yield code


def _mixed(code: str) -> bool:
    digits = sum(char.isdigit() for char in code)
    return 2 <= digits <= len(code) - 2


def _check(body: str) -> str:
    """Positions weigh differently, so that swapped neighbours are noticed."""
    return SYMBOLS[sum((place + 1) * SYMBOLS.index(symbol) for place, symbol in enumerate(body)) % 29]
