"""Place names in a sentence: communes of today and before, former districts, attractions, points of sale.

Names are looked up by their folded words, longest first. What is ambiguous stays so: all meanings of the
same words are returned, the likeliest first, and the caller asks back. Two meanings are merged only where
they are one place for a traveller: a former unit and today's commune of the same name that holds it.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from rapidfuzz import fuzz, process

from handlers.services.catalogue import Catalogue
from handlers.services.gazetteer import Place, communes, district_key, districts, old_units, sights
from handlers.services.placenames import short_forms, spoken_forms, type_forms, without_type
from handlers.services.text import fold, words

Words = tuple[str, ...]

_ORDER: dict[str, int] = {"commune": 0, "attraction": 1, "showroom": 2, "district": 3, "old_unit": 4}
_AREA_KINDS = frozenset(
    {"mountain", "cave", "nature", "heritage", "geosite", "viewpoint", "community_tourism"}
)
"""attractions that people call by their bare name even where a commune is called the same"""
_TONES = frozenset("\u0300\u0301\u0303\u0309\u0323")
_AFTER_CITY = frozenset(["khong", "co", "o", "ban", "mua", "nao", "thi", "a", "voi", "gan", "dau", "cu"])
"""words that may follow a bare "thành phố"; any other may be the name of another city"""
_GUESS_SCORE = 86.0
"""rapidfuzz ratio from which a mistyped name is offered: one letter wrong in eight"""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceMatch(Place):
    """A place as a meaning of the words ``start`` to ``end`` (exclusive); a span met twice is ambiguous."""

    start: int
    end: int
    exact: bool
    """written as its name is written, diacritics included"""
    bare: bool
    """nothing beside the name says that a place is meant (no "xã", "động" …): may be an ordinary word"""
    guessed: bool = False
    """mistyped: ask before using it"""


@dataclass(frozen=True, slots=True)
class _Form:
    place: Place
    spelling: Words
    bare: bool


class Places:
    """The place names of one catalogue. Built once when the catalogue is swapped in, then only read."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._index: dict[Words, list[_Form]] = {}
        self._communes = communes(catalogue)
        self._districts = districts(catalogue)
        self._old_units = old_units(catalogue)
        self._add_units()
        self._add_sights()
        for forms in self._index.values():
            forms[:] = _pruned(forms)
        self._lengths: dict[str, tuple[int, ...]] = {}
        for key in sorted(self._index, key=len, reverse=True):
            lengths = self._lengths.get(key[0], ())
            if len(key) not in lengths:
                self._lengths[key[0]] = (*lengths, len(key))
        self._names = [" ".join(key) for key in self._index if len(key) > 1]

    # ---------------------------------------------------------------------------------------- looking up

    def find(self, text: str) -> list[PlaceMatch]:
        """The places a text names; if none, the nearest names, marked ``guessed``."""
        typed = words(text)
        return self.find_in(typed) or self._guess(typed)

    def find_in(self, typed: Sequence[str]) -> list[PlaceMatch]:
        """The places that the words of a sentence name: longest names, left to right, not overlapping.

        A former district right after a unit's name ("xã Chi Lăng, huyện Tràng Định") tells which unit is
        meant and belongs to the same span.
        """
        folded = [fold(word) for word in typed]
        found: list[PlaceMatch] = []
        start = 0
        while start < len(folded):
            forms, end = self._longest(folded, start)
            if not forms:
                start += 1
                continue
            places, end = self._narrowed(forms, folded, end)
            found += _matches(places, typed, start, end)
            start = end
        return found

    def district_communes(self, name: str) -> tuple[str, ...]:
        """Codes of today's communes in a former district, with or without "huyện", "TP"; empty if unknown."""
        district = self._districts.get(district_key(name))
        return district.commune_codes if district else ()

    def today(self, name: str) -> list[str]:
        """Codes of today's communes of a name, with or without its type."""
        bare, kind = without_type(name)
        found = [
            commune
            for commune in self._catalogue.communes.values()
            if fold(commune.short_name_vi) == fold(bare) and kind in (None, fold(commune.type))
        ]
        written = [c for c in found if _spelling(words(c.short_name_vi)) == _spelling(words(bare))]
        return [commune.code for commune in written or found]

    def resolve(self, old_name: str, old_district: str | None = None) -> list[str]:
        """Codes of today's communes that an address of before July 2025 may lie in.

        One code: settled. Several: the name repeats or the unit was split, ask. None: unknown. Today's names
        count too, since lists mix both; a type ("xã", "thị trấn") and typed diacritics narrow where they can.
        """
        bare, kind = without_type(old_name)
        district = district_key(old_district) if old_district else None
        found = [
            place
            for place in (*self._old_units, *self._communes)
            if fold(without_type(place.name)[0]) == fold(bare)
            and (district is None or district in self._of(place))
        ]
        found = [p for p in found if kind and without_type(p.name)[1] == kind] or found
        spelling = _spelling(words(bare))
        found = [p for p in found if _spelling(words(without_type(p.name)[0])) == spelling] or found
        if district:
            found = [place for place in found if place.former] or found
        return sorted({code for place in found for code in place.commune_codes})

    def resolve_address(self, text: str) -> list[str]:
        """Like :meth:`resolve` for a whole address ("thôn Đon Chợ, xã Hữu Lễ, huyện Văn Quan")."""
        units = [m for m in self.find_in(words(text)) if m.kind in ("commune", "old_unit")]
        if not units:
            return []
        last = [match for match in units if match.start == units[-1].start]
        last = [match for match in last if match.exact] or last
        return sorted({code for match in last for code in match.commune_codes})

    # ---------------------------------------------------------------------------------------- building

    def _add(self, place: Place, name: Iterable[str], *, bare: bool) -> None:
        spelled = tuple(name)
        key = tuple(fold(word) for word in spelled)
        forms = self._index.setdefault(key, [])
        if key and all(form.place is not place for form in forms):
            forms.append(_Form(place, _spelling(spelled), bare))

    def _add_units(self) -> None:
        province = set(words(fold(self._catalogue.info.name)))
        cities = [d for d in self._districts.values() if without_type(d.name)[1] == "thanh pho"]
        for place in (*self._communes, *self._districts.values(), *self._old_units):
            bare, kind = without_type(place.name)
            for form in type_forms(words(bare), kind):
                self._add(place, form, bare=False)
            if not (kind == "thanh pho" and province >= set(words(fold(bare)))):
                self._add(place, words(bare), bare=True)
        if len(cities) == 1:
            self._add(cities[0], ("thành", "phố"), bare=True)
            self._add(cities[0], ("tp",), bare=True)

    def _add_sights(self) -> None:
        province = self._catalogue.info.name
        shorts: list[tuple[Place, list[str]]] = []
        for place, names in sights(self._catalogue):
            for name in names:
                self._add(place, words(name), bare=False)
            for form in (form for name in names for form in spoken_forms(name)):
                self._add(place, form, bare=False)
                shorts += [(place, short) for short in short_forms(form, province)]
        units = {key: [form.place for form in forms] for key, forms in self._index.items()}
        for place, short in shorts:
            same = [
                p
                for p in units.get(tuple(map(fold, short)), ())
                if p.kind in ("commune", "old_unit", "district")
            ]
            if not _hidden(place, same, self._area_keys()):
                self._add(place, short, bare=True)

    def _area_keys(self) -> frozenset[str]:
        return frozenset(a.key for a in self._catalogue.attractions.values() if a.kind in _AREA_KINDS)

    # ---------------------------------------------------------------------------------------- matching

    def _longest(self, folded: Sequence[str], start: int) -> tuple[list[_Form], int]:
        for length in self._lengths.get(folded[start], ()):
            end = start + length
            forms = self._index.get(tuple(folded[start:end])) if end <= len(folded) else None
            if forms and not (
                _is_city_word(folded[start:end]) and folded[end : end + 1] and folded[end] not in _AFTER_CITY
            ):
                return forms, end
        return [], start

    def _narrowed(self, forms: list[_Form], folded: Sequence[str], end: int) -> tuple[list[_Form], int]:
        if end >= len(folded) or all(form.place.kind not in ("commune", "old_unit") for form in forms):
            return forms, end
        following, further = self._longest(folded, end)
        keys = {district_key(form.place.name) for form in following if form.place.kind == "district"}
        inside = [
            form
            for form in forms
            if form.place.kind in ("commune", "old_unit") and keys & self._of(form.place)
        ]
        former = [form for form in inside if form.place.former]
        return (former or inside, further) if inside else (forms, end)

    def _of(self, place: Place) -> set[str]:
        """Keys of the former districts a unit lies in."""
        if place.district:
            return {district_key(place.district)}
        communes = (self._catalogue.communes[code] for code in place.commune_codes)
        return {district_key(district) for commune in communes for district in commune.old_districts}

    def _guess(self, typed: Sequence[str]) -> list[PlaceMatch]:
        folded = " ".join(fold(word) for word in typed)
        if len(folded) < 5:
            return []
        near = process.extract(folded, self._names, scorer=fuzz.ratio, limit=3, score_cutoff=_GUESS_SCORE)
        forms = [form for name, _, _ in near for form in self._index[tuple(name.split(" "))]]
        unique = {id(form.place): form for form in forms}
        return _matches(list(unique.values()), typed, 0, len(typed), guessed=True)


# ------------------------------------------------------------------------------------------------ pieces


@lru_cache(maxsize=16_384)
def _spelled(word: str) -> str:
    """A word as written but for case and for where the tone mark sits ("hoà" = "hòa")."""
    marks = unicodedata.normalize("NFD", word.casefold())
    tones = "".join(mark for mark in marks if mark in _TONES)
    return "".join(mark for mark in marks if mark not in _TONES) + tones


def _spelling(name: Iterable[str]) -> Words:
    return tuple(_spelled(word) for word in name)


def _has_marks(typed: Sequence[str]) -> bool:
    """Whether the person types diacritics, so that a missing one means something."""
    return not all(word.isascii() for word in typed)


def _is_city_word(folded: Sequence[str]) -> bool:
    return folded in (["thanh", "pho"], ["tp"])


def _matches(
    forms: list[_Form], typed: Sequence[str], start: int, end: int, *, guessed: bool = False
) -> list[PlaceMatch]:
    found, spelled = [], _spelling(typed[start:end])
    for form in forms:
        place, exact = form.place, form.spelling == spelled[: len(form.spelling)]
        found.append(
            PlaceMatch(
                kind=place.kind,
                name=place.name,
                commune_codes=place.commune_codes,
                latitude=place.latitude,
                longitude=place.longitude,
                precision=place.precision,
                former=place.former,
                now_called=place.now_called,
                district=place.district,
                key=place.key,
                start=start,
                end=end,
                exact=exact,
                bare=form.bare and end - start == len(form.spelling),
                guessed=guessed,
            )
        )
    if any(match.exact for match in found) and _has_marks(typed[start:end]):
        found = [match for match in found if match.exact]
    if len(found) > 1:
        found.sort(key=lambda match: (not match.exact, _ORDER[match.kind]))
    return found


def _pruned(forms: list[_Form]) -> list[_Form]:
    """Without former units that today's commune of the same name holds whole: for a traveller one place."""
    held = {form.place.commune_codes for form in forms if form.place.kind == "commune"}
    return [form for form in forms if form.place.kind != "old_unit" or form.place.commune_codes not in held]


def _hidden(sight: Place, units: list[Place], area_keys: frozenset[str]) -> bool:
    """Whether a sight's bare name stands for the unit of that name and not for the sight."""
    if sight.key in area_keys and sight.precision != "commune":
        return any(unit.kind == "commune" and unit.commune_codes == sight.commune_codes for unit in units)
    return bool(units)
