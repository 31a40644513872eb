"""Vietnamese and English are complete: every sentence, every placeholder, no markup, nothing glued from pieces."""

from __future__ import annotations

import re
import string
import subprocess
import sys
import tomllib
from pathlib import Path

import polib
import pytest

from handlers.talk import language

ROOT = Path(__file__).parent.parent
LANGUAGES = ("vi", "en")
SAME_EVERYWHERE = re.compile(r"[^A-Za-zÀ-ỹ]*(\{\w+\}[^A-Za-zÀ-ỹ]*)*")


def catalogue(code: str) -> polib.POFile:
    return polib.pofile(str(ROOT / "locales" / code / "LC_MESSAGES" / "messages.po"))


def texts(entry: polib.POEntry) -> list[str]:
    return [text for text in (entry.msgstr, *entry.msgstr_plural.values()) if text]


def placeholders(text: str) -> set[str]:
    return {name for _literal, name, _spec, _conversion in string.Formatter().parse(text) if name}


def test_the_languages_are_found_by_looking() -> None:
    assert set(language.languages()) >= set(LANGUAGES)
    assert language.languages()[0] == "vi"
    assert language.supported("en-GB") == "en"
    assert language.supported("vi_VN") == "vi"
    assert language.supported("xx-nonsense-") is None
    assert language.supported(None) is None


@pytest.mark.parametrize("code", LANGUAGES)
def test_every_sentence_is_translated(code: str) -> None:
    for entry in catalogue(code):
        if entry.obsolete:
            continue
        wanted = 1 if not entry.msgid_plural else (1 if code == "vi" else 2)
        assert len(texts(entry)) == wanted, entry.msgid
        assert "fuzzy" not in entry.flags, entry.msgid


@pytest.mark.parametrize("code", LANGUAGES)
def test_no_placeholder_is_lost_or_made_up(code: str) -> None:
    for entry in catalogue(code):
        known = placeholders(entry.msgid) | placeholders(entry.msgid_plural)
        for text in texts(entry):
            assert placeholders(text) <= known, entry.msgid
            if not entry.msgid_plural:
                assert placeholders(text) == known, entry.msgid


@pytest.mark.parametrize("code", LANGUAGES)
def test_sentences_are_plain_and_whole(code: str) -> None:
    for entry in catalogue(code):
        for text in (entry.msgid, *texts(entry)):
            assert text == text.strip(), f"glued from pieces: {text!r}"
            assert not re.search(r"</?[a-z]+[ >]", text), f"markup: {text!r}"
            assert "  " not in text, f"stray space: {text!r}"


def test_vietnamese_is_vietnamese() -> None:
    for entry in catalogue("vi"):
        if entry.msgctxt or SAME_EVERYWHERE.fullmatch(entry.msgid):
            continue
        for text in texts(entry):
            assert text != entry.msgid or "English" in text or len(entry.msgid) < 12, (
                f"untranslated: {entry.msgid}"
            )


def test_the_catalogues_hold_what_the_code_says(tmp_path: Path) -> None:
    template = tmp_path / "messages.pot"
    command = [
        sys.executable,
        "-m",
        "babel.messages.frontend",
        "-q",
        "extract",
        "-F",
        "pyproject.toml",
        "-o",
        str(template),
        ".",
    ]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    said = {(entry.msgctxt, entry.msgid) for entry in polib.pofile(str(template))}
    for code in LANGUAGES:
        held = {(entry.msgctxt, entry.msgid) for entry in catalogue(code) if not entry.obsolete}
        assert said - held == set(), f"run `make messages`: missing in {code}"
        assert held - said == set(), f"run `make messages`: no longer said, in {code}"


def test_phrases_are_there_in_both_languages() -> None:
    tables = [
        tomllib.loads((ROOT / "locales" / code / "phrases.toml").read_text("utf-8")) for code in LANGUAGES
    ]
    intents = [set(table["intents"]) for table in tables]
    assert intents[0] == intents[1]


def test_intents_stand_for_intents_that_there_are() -> None:
    told = tomllib.loads((ROOT / "locales" / "intents.toml").read_text("utf-8"))
    phrases = tomllib.loads((ROOT / "locales" / "vi" / "phrases.toml").read_text("utf-8"))
    known = {*phrases["intents"], *phrases["topics"], *phrases["combinations"], *phrases["weak"], "pick"}
    named = [
        *told["over"],
        *(one for others in (*told["sets"].values(), *told["over"].values()) for one in others),
    ]
    assert {one for one in named if one[0] != "@"} - known == set()
    assert {one[1:] for one in named if one[0] == "@"} == {*told["sets"]}


def test_a_language_is_its_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No Python: a copied folder with another name is a language."""
    import shutil

    for code, source in (("vi", "vi"), ("en", "en"), ("fr", "en")):
        shutil.copytree(ROOT / "locales" / source, tmp_path / code)
    monkeypatch.setattr(language, "LOCALES", tmp_path)
    for cache in (language.languages, language.translations):
        cache.cache_clear()
    try:
        assert language.languages() == ("vi", "en", "fr")
        with language.speaking("fr"):
            assert language._("Menu") == "Menu"
            assert language.own_name("fr") == "Français"
    finally:
        monkeypatch.undo()
        for cache in (language.languages, language.translations):
            cache.cache_clear()


def test_numbers_dates_and_money_are_the_languages_own() -> None:
    from datetime import date

    from handlers.services.dates import PartialDate

    with language.speaking("vi"):
        assert language.day(date(2026, 12, 25)) == "25/12/2026"
        assert language.partial(PartialDate.parse("2026-09")) == "tháng 9/2026"
        assert language.money(270_000) == "270.000\u00a0₫"
        assert language.distance(1.24) == "1,2 km"
        assert language.distance(1202.4) == "1.202 km"
        assert language.ngettext("{n} star", "{n} stars", 3) == "{n} sao"
    with language.speaking("en"):
        assert language.day(date(2026, 12, 25)) == "25 December 2026"
        assert language.partial(PartialDate.parse("2026-09")) == "September 2026"
        assert language.money(270_000) == "₫270,000"
        assert language.distance(1.24) == "1.2 km"
        assert language.ngettext("{n} star", "{n} stars", 1) == "{n} star"
