"""Plain text measured and cut for the Bot Platform.

Lengths are UTF-16 code units after NFC: the platform does not name its unit, and this is the strictest one
that people's clients use (``text_styles`` counts so). Decomposed Vietnamese would be a quarter longer.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

TEXT_UNITS = 2_000
"""Of a text and of a caption (docs.zaloplatforms.com/docs/BOT, sendMessage and sendPhoto)."""
_UNSENDABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")
_SENTENCE_END = re.compile(r"[.!?…;][\"'”’)\]]*(?=\s)")
_JOINED = "\u200d\ufe0e\ufe0f"
"""Zero width joiner and variation selectors: they belong to the letter or picture before them."""


def clean(text: str) -> str:
    """``text`` composed (NFC), without control characters and halves of surrogate pairs."""
    return _UNSENDABLE.sub("", unicodedata.normalize("NFC", text.replace("\r\n", "\n")))


def units(text: str) -> int:
    """Length in UTF-16 code units."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le")) // 2


def pieces(text: str, limit: int = TEXT_UNITS) -> list[str]:
    """``text`` in parts of at most ``limit`` units, cut at a paragraph, else a line, a sentence, a word.

    No part is blank and none has blank edges; nothing but white space at the cuts is lost.
    """
    return [part for part in _parts(text, limit) if part]


def _parts(text: str, limit: int) -> Iterator[str]:
    rest = text.strip()
    while units(rest) > limit:
        end = _cut(rest, limit)
        yield rest[:end].strip()
        rest = rest[end:].strip()
    yield rest


def _cut(text: str, limit: int) -> int:
    """Where the first part ends: as late as possible at the best kind of place."""
    most = len(text.encode("utf-16-le")[: limit * 2].decode("utf-16-le", "ignore"))
    for mark, floor in (("\n\n", most // 2), ("\n", most // 2)):
        found = text.rfind(mark, 0, most + 1)
        if found > floor:
            return found
    ends = [match.end() for match in _SENTENCE_END.finditer(text, 0, most + 1) if match.end() <= most]
    for end in (ends[-1] if ends else 0, text.rfind(" ", 0, most + 1), text.rfind("\n", 0, most + 1)):
        if end > most // 4:
            return end
    return _between_letters(text, most)


def _between_letters(text: str, most: int) -> int:
    """A place that tears no mark from its letter and no joined picture apart."""
    end = most
    while end > 1 and (
        unicodedata.combining(text[end]) or text[end] in _JOINED or text[end - 1] == _JOINED[0]
    ):
        end -= 1
    return end if end > 1 else most
