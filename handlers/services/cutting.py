"""Plain text made fit for a platform: composed, without control characters, measured, cut between sentences.

Lengths are UTF-16 code units after NFC, the strictest unit a platform counts in; decomposed Vietnamese would
be a quarter longer.
"""

from __future__ import annotations

import re
import unicodedata

_UNSENDABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")
_SENTENCE_END = re.compile(r"[.!?…;][\"'”’)\]]*(?=\s)")
_STUCK = "\u200d\ufe0e\ufe0f"
"""Zero width joiner and variation selectors: they belong to what stands before them."""


def sendable(text: str) -> str:
    """The text composed (NFC), with plain line ends, without control characters and torn surrogates."""
    return _UNSENDABLE.sub("", unicodedata.normalize("NFC", text.replace("\r\n", "\n")))


def units(text: str) -> int:
    """Length in UTF-16 code units."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le")) // 2


def shortened(text: str, limit: int) -> str:
    """The text on at most ``limit`` units, with an ellipsis where something is missing."""
    if units(text) <= limit:
        return text
    return text[: _between_letters(text, _index(text, limit - 1))].rstrip() + "…"


def parts(text: str, limit: int) -> list[str]:
    """The text in parts of at most ``limit`` units, cut at a paragraph, else a line, a sentence, a word.

    No part is blank or has blank edges; nothing but white space at the cuts is lost.
    """
    found: list[str] = []
    rest = text.strip()
    while units(rest) > limit:
        end = _cut(rest, limit)
        found.append(rest[:end].strip())
        rest = rest[end:].strip()
    return [part for part in (*found, rest) if part]


def _index(text: str, limit: int) -> int:
    """How many characters fit into ``limit`` units."""
    return len(text.encode("utf-16-le")[: limit * 2].decode("utf-16-le", "ignore"))


def _cut(text: str, limit: int) -> int:
    """Where the first part ends: as late as possible at the best kind of place."""
    most = _index(text, limit)
    for mark in ("\n\n", "\n"):
        found = text.rfind(mark, 0, most + 1)
        if found > most // 2:
            return found
    ends = [match.end() for match in _SENTENCE_END.finditer(text, 0, most + 1) if match.end() <= most]
    for end in (ends[-1] if ends else 0, text.rfind("\n", 0, most + 1), text.rfind(" ", 0, most + 1)):
        if end > most // 4:
            return end
    return _between_letters(text, most)


def _between_letters(text: str, most: int) -> int:
    """A place at or before ``most`` that tears no mark from its letter and no joined picture apart."""
    end = most
    while end > 1 and (unicodedata.combining(text[end]) or text[end] in _STUCK or text[end - 1] == _STUCK[0]):
        end -= 1
    return end if end > 1 else most
