"""Cells that name a commune: by its code, by a code of before, by a name; and places that name one in
passing."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from handlers.services.importing import cells
from handlers.services.importing.communes import Communes, Found
from handlers.services.importing.judging import Judge, Values
from handlers.services.importing.recognising import Line

PLACES_OF: Mapping[str, tuple[str, ...]] = {
    "producers": ("place",),
    "products": ("place",),
    "showrooms": ("address_new", "address_old"),
}
"""By kind, the columns whose text may name the commune when no code is given."""


class Locator:
    """Finds today's commune, says how it was found, and leaves open what is in doubt."""

    def __init__(self, communes: Communes, judge: Judge) -> None:
        self.communes = communes
        self.judge = judge

    def cell(self, line: Line, column: str, written: str, known: Collection[str]) -> str | None:
        """A cell that must be one of the ``known`` communes; anything else is an error of the row."""
        if written.isascii() and written.isdigit():
            return self._by_code(line, column, written, known)
        found = self.communes.of_address(written) if "," in written else self.communes.named(written)
        if found.code:
            self._resolved(line, column, found.code)
            return found.code
        if found.codes:
            self.judge.say("error", "place_ambiguous", line, column, choices=self._choices(found))
        else:
            suggestion = cells.nearest(written, tuple(self.communes.names.values()))
            self.judge.say("error", "place_unknown", line, column, suggestion=suggestion)
        return None

    def list_cell(self, line: Line, column: str, written: str, known: Collection[str]) -> str | None:
        """A cell with several communes joined by ``;``."""
        parts = [part.strip() for part in written.split(";") if part.strip()]
        found = [self.cell(line, column, part, known) for part in parts]
        return ";".join(code for code in found if code) or None

    def of_text(self, kind: str, line: Line, values: Values) -> str | None:
        """The commune that the row's address names, if it leaves no doubt; a doubt is a warning."""
        for column in PLACES_OF[kind]:
            found = self.communes.of_address(values.get(column) or "")
            if found.code:
                self._resolved(line, column, found.code)
                return found.code
            if found.codes:
                self.judge.say("warning", "place_ambiguous", line, column, choices=self._choices(found))
                return None
        return None

    def _by_code(self, line: Line, column: str, written: str, known: Collection[str]) -> str | None:
        code = written.zfill(5)
        if code in known:
            if code != written:
                self.judge.say("note", "code_padded", line, column, code=code)
            return code
        renewed = sorted(self.communes.renewed.get(code, ()))
        if len(renewed) == 1:
            name = self.communes.names.get(renewed[0], "")
            self.judge.say("note", "code_renewed", line, column, code=renewed[0], name=name)
            return renewed[0]
        suggestion = ", ".join(renewed)
        self.judge.say("error", "unknown_reference", line, column, kind="communes", suggestion=suggestion)
        return None

    def _resolved(self, line: Line, column: str, code: str) -> None:
        name = self.communes.names.get(code, "")
        self.judge.say("note", "place_resolved", line, column, code=code, name=name)

    def _choices(self, found: Found) -> str:
        return "; ".join(f"{code} {self.communes.names.get(code, '')}".strip() for code in found.codes)
