"""An official's own list, row by row, as rows of the exchange format.

What a list does not say stays as the registry has it: such a list adds and corrects, it does not erase. A
product without a code is found again by its name (and producer), else gets a code made of its name; a
producer likewise.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from handlers.services.importing import cells
from handlers.services.importing.cells import CellError, Raw, plain
from handlers.services.importing.communes import Communes
from handlers.services.importing.headings import IGNORED
from handlers.services.importing.kinds import CERTIFICATE_COLUMNS, GROUP_WORDS, PRODUCER_WORDS
from handlers.services.importing.recognising import Line, Sheet
from handlers.services.importing.report import Entry, Severity
from handlers.services.text import fold

_ENUMERATION = re.compile(r"^\s*(?:[ivxlc]+|[a-z]|\d{1,2})\s*[./)-]\s*", re.IGNORECASE)
_DATED = re.compile(r",?\s*(?:ng[àa]y)\s*(\d{1,2}[/.-]\d{1,2}[/.-]\d{4})", re.IGNORECASE)
_PRICE = re.compile(
    r"(?P<low>\d[\d.,\s]*?)\s*(?P<k>k|nghìn|ngàn)?\s*(?:(?:-|–|đến)\s*(?P<high>\d[\d.,\s]*?)\s*(?P<hk>k|nghìn|ngàn)?)?"
    r"\s*(?:đồng|đ|vnđ|vnd)?\s*(?:/\s*(?P<unit>.+))?",
    re.IGNORECASE,
)


def slug(name: str) -> str:
    """A code made of a name: folded, words joined by hyphens."""
    return re.sub(r"[^a-z0-9]+", "-", fold(name)).strip("-")


@dataclass(slots=True)
class Official:
    """Turns the rows of officials' lists into rows of products and producers, with what is to be said
    about it."""

    communes: Communes
    products: Mapping[str, Mapping[str, Any]]
    producers: Mapping[str, Mapping[str, Any]]
    entries: list[Entry] = field(default_factory=list)
    added_producers: dict[str, Line] = field(default_factory=dict)
    _made: dict[tuple[str, str], str] = field(default_factory=dict)
    _by_name: dict[str, list[str]] = field(default_factory=dict)
    _producer_by_name: dict[str, list[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for code, row in self.products.items():
            self._by_name.setdefault(_same(row["name_vi"]), []).append(code)
        for code, row in self.producers.items():
            self._producer_by_name.setdefault(_same(row["name"]), []).append(code)

    def rows(self, sheet: Sheet) -> Iterator[Line]:
        """The products of a list, as rows of products.csv that say only what the list says."""
        section: dict[str, str] = {}
        for line in sheet.lines:
            said = {name: plain(raw) for name, raw in line.cells.items() if name != IGNORED and plain(raw)}
            if len(said) <= 1 or "name_vi" not in said:
                self._remark(line, said, section)
                continue
            yield Line(line.file, line.row, self._product(line, said, section))

    def _say(
        self, severity: Severity, reason: str, line: Line, column: str = "", value: str = "", **args: str
    ) -> None:
        self.entries.append(Entry(severity, reason, line.file, line.row, column, value, args))

    # ---------------------------------------------------------- rows that are no product

    def _remark(self, line: Line, said: dict[str, str], section: dict[str, str]) -> None:
        """A row with one text heads the rows below it (a group, a former district), or is left aside,
        said so."""
        texts = list(said.values()) or [plain(line.cells.get(IGNORED))]
        text = _ENUMERATION.sub("", texts[0])
        if group := GROUP_WORDS.get(" ".join(re.sub(r"^(nhom|nganh)\s+", "", fold(text)).split())):
            section["group"] = group
            self._say("note", "section", line, value=texts[0], meaning=group)
        elif self.communes.is_district(text):
            section["_district"] = text
            self._say("note", "section", line, value=texts[0], meaning=text)
        else:
            self._say("warning" if len(said) > 1 else "note", "row_ignored", line, value=" · ".join(texts))

    # ---------------------------------------------------------- one product

    def _product(self, line: Line, said: dict[str, str], section: dict[str, str]) -> dict[str, Raw]:
        row: dict[str, Raw] = {name: line.cells[name] for name in said if not name.startswith("_")}
        if "group" not in row and "group" in section:
            row["group"] = section["group"]
        if "_district" in section:
            said.setdefault("_district", section["_district"])
        self._decision(row, said)
        self._price(line, row, said)
        self._place(line, row, said)
        if "_producer" in said:
            row["producer_code"] = self._producer(line, said, row)
        written, producer = plain(row.get("code")), plain(row.get("producer_code"))
        row["code"] = code = written or self._code(line, said["name_vi"], producer)
        held = self.products.get(code)
        if held is not None:
            _inherit(row, held)
        elif "group" not in row:
            self._say("error", "group_missing", line, "group")
            row["group"] = None
        return row

    def _decision(self, row: dict[str, Raw], said: dict[str, str]) -> None:
        """ "2865/QĐ-UBND ngày 25/12/2023" is a number and a day."""
        match = _DATED.search(said.get("decision", ""))
        if match:
            row["decision"] = _DATED.sub("", said["decision"]).strip(" ,;")
            row.setdefault("issued_on", match[1])

    def _price(self, line: Line, row: dict[str, Raw], said: dict[str, str]) -> None:
        if "_price" not in said:
            return
        match = _PRICE.fullmatch(said["_price"].strip())
        if not match:
            self._say("warning", "not_a_price", line, "_price", said["_price"])
            return
        try:
            row["price_vnd"] = _dong(match["low"], match["k"] or match["hk"])
            if match["high"]:
                row["price_max_vnd"] = _dong(match["high"], match["hk"] or match["k"])
        except CellError:
            self._say("warning", "not_a_price", line, "_price", said["_price"])
        if match["unit"]:
            row.setdefault("price_unit", match["unit"].strip())

    def _place(self, line: Line, row: dict[str, Raw], said: dict[str, str]) -> None:
        """The place as the list has it goes to ``place``; a commune that is named must be one."""
        named = [said[name] for name in ("_address", "_commune", "_district") if name in said]
        place = list(dict.fromkeys(part for part in named if part))
        if place:
            row["place"] = ", ".join(place)
        if "_commune" in said and "commune_code" not in row:
            found = self.communes.named(said["_commune"], said.get("_district", ""))
            if found.code:
                row["commune_code"] = found.code
                name = self.communes.names[found.code]
                shown = ", ".join(said[name] for name in ("_commune", "_district") if name in said)
                self._say("note", "place_resolved", line, "commune_code", shown, code=found.code, name=name)
            elif found.codes:
                choices = "; ".join(f"{code} {self.communes.names[code]}" for code in found.codes)
                self._say("error", "place_ambiguous", line, "commune_code", ", ".join(place), choices=choices)
            else:
                self._say("error", "place_unknown", line, "commune_code", ", ".join(place), suggestion="")

    def _code(self, line: Line, name: str, producer: str) -> str:
        """The code of the product of this name (and producer), or a new one made of the name."""
        held = self._by_name.get(_same(name), [])
        if producer:
            of_producer = [code for code in held if self.products[code]["producer_code"] in (producer, None)]
            held = [code for code in of_producer if self.products[code]["producer_code"]] or of_producer
        if len(held) > 1:
            self._say("error", "ambiguous_product", line, "name_vi", name, codes=", ".join(held))
            return held[0]
        if held:
            self._say("note", "matched_by_name", line, "code", name, code=held[0])
            return held[0]
        asked = (_same(name), producer)
        if asked not in self._made:
            made = slug(name)
            if made in self._made.values() or made in self.products:
                made = f"{made}-{producer or line.row}"
            self._made[asked] = made
            self._say("note", "code_made", line, "code", name, code=made)
        return self._made[asked]

    # ---------------------------------------------------------- its producer

    def _producer(self, line: Line, said: dict[str, str], product: Mapping[str, Raw]) -> str:
        """The code of the producer named; one that the registry does not know yet is added."""
        name = said["_producer"]
        held = self._producer_by_name.get(_same(name), [])
        if len(held) > 1:
            self._say("error", "ambiguous_producer", line, "producer_code", name, codes=", ".join(held))
        code = held[0] if held else slug(name)
        if code not in self.producers and code not in self.added_producers:
            self._say("note", "producer_added", line, "producer_code", name, code=code)
        if len(held) <= 1:
            self._note_producer(line, code, said, product)
        return code

    def _note_producer(self, line: Line, code: str, said: dict[str, str], product: Mapping[str, Raw]) -> None:
        """What the list says of a producer, on top of what the registry and earlier rows say."""
        row: dict[str, Raw] = {"code": code, "name": said["_producer"]}
        kind = said.get("_producer_kind", "") or _kind_in(said["_producer"])
        if kind:
            row["kind"] = PRODUCER_WORDS.get(" ".join(fold(kind).split()), kind)
        for column, said_as in (
            ("contact_name", "_contact"),
            ("email", "_email"),
            ("website", "_website"),
        ):
            if said_as in said:
                row[column] = said[said_as]
        if "_phone" in said:
            row["phone"] = _phone(said["_phone"])
        for column in ("commune_code", "place"):
            if column in product:
                row[column] = product[column]
        earlier = self.added_producers.get(code)
        if earlier:
            row = {**row, **{name: cell for name, cell in earlier.cells.items() if cell is not None}}
        elif code in self.producers:
            held = self.producers[code]
            row = {
                **{name: cell for name, cell in held.items() if name != "position"},
                **row,
                "name": held["name"],
            }
        self.added_producers[code] = Line(line.file, earlier.row if earlier else line.row, row)


def _inherit(row: dict[str, Raw], held: Mapping[str, Any]) -> None:
    """Fill what the list leaves out from the registry; facts of an older certificate do not pass to a
    newer one."""
    issued = plain(row.get("issued_on"))
    try:
        renewed = bool(issued) and cells.partial_date(issued) != held.get("issued_on")
    except CellError:
        renewed = False
    for column, value in held.items():
        stale = renewed and column in CERTIFICATE_COLUMNS and column != "stars"
        if column != "position" and not stale:
            row.setdefault(column, value)


def _same(name: str) -> str:
    return " ".join(fold(name).split())


def _dong(digits: str, thousands: str | None) -> int:
    return int(cells.whole()(digits.strip())) * (1000 if thousands else 1)


def _phone(written: str) -> str:
    """A Vietnamese number whose leading zero a spreadsheet ate gets it back (mobile numbers have ten
    digits)."""
    return f"0{written}" if re.fullmatch(r"[35789]\d{8}", written) else written


def _kind_in(name: str) -> str:
    """The kind a producer's name begins with: "HTX …", "Công ty …"."""
    folded = _same(name)
    words: Iterable[str] = sorted(PRODUCER_WORDS, key=len, reverse=True)
    return next((word for word in words if folded.startswith(f"{word} ")), "")
