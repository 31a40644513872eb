"""Plain text → Telegram HTML, measured and cut as Telegram does it.

Lengths are UTF-16 code units of the visible text (core.telegram.org/bots/api#formatting-options). Text is cut
*before* it is marked up, so that no cut falls inside a tag or an escape.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field

TEXT_UNITS = 4096
CAPTION_UNITS = 1024
_UNSENDABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff]")


def clean(text: str) -> str:
    """``text`` without what no platform takes: control characters and halves of surrogate pairs."""
    return _UNSENDABLE.sub("", text) if _UNSENDABLE.search(text) else text


def escape(text: str) -> str:
    """``text`` as HTML text (core.telegram.org/bots/api#html-style asks for these three)."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def units(text: str) -> int:
    """Length in UTF-16 code units."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le")) // 2


def shorten(text: str, limit: int) -> str:
    """``text`` in at most ``limit`` units, ending in an ellipsis when it was cut."""
    if len(text) * 2 <= limit or units(text) <= limit:
        return text
    return _prefix(text, limit - 1).rstrip() + "…"


def _prefix(text: str, limit: int) -> str:
    """The longest start of ``text`` with at most ``limit`` units; a pair is not halved."""
    return text.encode("utf-16-le")[: limit * 2].decode("utf-16-le", "ignore")


def _cut(text: str, start: int, limit: int) -> int:
    """Where the part that begins at ``start`` ends: at a paragraph, else a line, else a word, else a
    letter."""
    head = _prefix(text[start : start + limit], limit)
    end = start + len(head)
    if end >= len(text):
        return len(text)
    for mark, floor in (("\n\n", 2), ("\n", 4), (" ", 4)):
        found = text.rfind(mark, start, end + 1)
        if found > start + len(head) // floor:
            return found
    while end > start + 1 and unicodedata.combining(text[end]):
        end -= 1
    return end


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    """The same part without blank edges."""
    part = text[start:end]
    return start + len(part) - len(part.lstrip()), start + len(part.rstrip())


@dataclass(slots=True)
class Body:
    """Visible text that grows, and which parts of it are bold."""

    text: str = ""
    bold: list[tuple[int, int]] = field(default_factory=list)

    def add(self, text: str, *, bold: bool = False) -> None:
        """Append ``text``; in bold when asked."""
        if bold and text:
            self.bold.append((len(self.text), len(self.text) + len(text)))
        self.text += text

    def fits(self, limit: int) -> bool:
        """Whether all of it has at most ``limit`` units; a letter is two of them at most."""
        return len(self.text) * 2 <= limit or units(self.text) <= limit

    def slices(self, limit: int = TEXT_UNITS) -> list[tuple[int, int]]:
        """The parts, each of at most ``limit`` units, without blank edges and without blank parts."""
        if self.fits(limit):
            return [_trimmed(self.text, 0, len(self.text))] if self.text.strip() else []
        found, start = [], 0
        while start < len(self.text):
            end = _cut(self.text, start, limit)
            if self.text[start:end].strip():
                found.append(_trimmed(self.text, start, end))
            start = end if end > start else start + 1
        return found

    def html(self, start: int, end: int) -> str:
        """The part from ``start`` to ``end`` as HTML."""
        pieces, at = [], start
        for left, right in self.bold:
            left, right = max(left, start), min(right, end)
            if left < right:
                pieces += [escape(self.text[at:left]), "<b>", escape(self.text[left:right]), "</b>"]
                at = right
        return "".join(pieces) + escape(self.text[at:end])
