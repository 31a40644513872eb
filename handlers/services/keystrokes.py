"""What fingers do to words: Telex and VNI keys left raw, neighbouring keys, sounds that are written alike.

Facts of Vietnamese typing, no list of products in it. Telex: tone keys ``s f r x j``, doubled letters for
``â ê ô đ``, ``w`` for ``ă ơ ư``. VNI: digits 1–5 tones, 6–8 vowels, 9 ``đ``.
"""

from __future__ import annotations

import re
from functools import lru_cache

_VOWEL = "aeiouy"
_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
_VNI = re.compile(r"[a-z]+[1-9](?:[a-z]*[1-9]?)*")


def _neighbours() -> dict[str, str]:
    beside: dict[str, set[str]] = {}
    for y, row in enumerate(_ROWS):
        for x, letter in enumerate(row):
            for other_y in range(max(0, y - 1), min(3, y + 2)):
                for other_x in (x - 1, x, x + 1):
                    if 0 <= other_x < len(_ROWS[other_y]):
                        beside.setdefault(letter, set()).add(_ROWS[other_y][other_x])
    return {letter: "".join(others - {letter}) for letter, others in beside.items()}


NEIGHBOURS = _neighbours()
"""letter → the keys around it on QWERTY"""


def unkeyed(word: str) -> list[str]:
    """The folded words that raw Telex or VNI keys may stand for: ``vijt`` → ``vit``, ``mat65`` →
    ``mat``; else none.
    """
    if any(c.isdecimal() for c in word):
        return [re.sub(r"[1-9]", "", word)] if _VNI.fullmatch(word) else []
    found = {_collapse(word)}
    first = next((i for i, c in enumerate(word) if c in _VOWEL + "w"), len(word))
    for i in range(first + 1, len(word)):
        if word[i] in "sfrxjz":
            found.add(_collapse(word[:i] + word[i + 1 :]))
    found.discard(word)
    return sorted(found)


def _collapse(word: str) -> str:
    word = re.sub(r"([aeo])(.*)\1", lambda m: m.group(1) + m.group(2), word) if len(word) > 2 else word
    word = re.sub(r"d(.*)d", r"d\1", word) if word.startswith("d") else word
    word = re.sub(r"uw|uow|uwow", lambda m: "uo" if "o" in m.group() else "u", word)
    return word.replace("w", "" if re.search(r"[aou]", word) else "u")


_SYLLABLE = re.compile(
    r"(?:ngh?|nh|[cgkpt]h|tr|gi|qu|[bcdghklmnprstvx])?"
    r"(?:(?:a|e|i|o|u|y|ie|oa|oe|oo|ua|ue|uo|uy|uye|ye)(?:ch|ng|nh|[cmnpt])?"
    r"|ai|ao|au|ay|eo|eu|ia|ieu|iu|oai|oao|oay|oeo|oi|uai|uao|uau|uay|ui|uoi|uou|uu|uya|uyu|ya|yeu)"
)


@lru_cache(maxsize=16_384)
def is_syllable(word: str) -> bool:
    """Whether a folded word is built like a Vietnamese syllable: hardly a slip of the fingers by its form."""
    return _SYLLABLE.fullmatch(word) is not None


_INITIALS = (
    ("ngh", "ng"), ("gh", "g"), ("ph", "f"), ("ch", "c-"), ("tr", "c-"), ("th", "t-"), ("kh", "k-"),
    ("nh", "l"), ("ng", "ng"), ("gi", "z"), ("qu", "w"), ("k", "k"), ("c", "k"), ("q", "k"), ("d", "z"),
    ("r", "z"), ("v", "z"),
    ("s", "s"), ("x", "s"), ("l", "l"), ("n", "l"),
)  # fmt: skip
_FINALS = (("ng", "n"), ("nh", "n"), ("ch", "t"), ("c", "t"), ("k", "t"), ("y", "i"), ("j", "i"))
_RIMES = (("uou", "iu"), ("ieu", "iu"), ("uu", "iu"), ("y", "i"), ("j", "i"))


@lru_cache(maxsize=32_768)
def sound(word: str) -> str:
    """A key that words share which dialects and hasty spelling confuse: s/x, ch/tr, d/gi/r/v, l/n,
    c/k, n/ng, t/c, i/y.
    """
    initial, rest = "", word
    for letters, heard in _INITIALS:
        if word.startswith(letters) and len(word) > len(letters):
            initial, rest = heard, word[len(letters) :]
            if letters == "gi" and rest[0] not in _VOWEL:
                rest = "i" + rest
            break
    for letters, heard in _FINALS:
        if rest.endswith(letters) and len(rest) > len(letters):
            rest = rest[: -len(letters)] + heard
            break
    for letters, heard in _RIMES:
        rest = rest.replace(letters, heard)
    return f"{initial}{rest}"
