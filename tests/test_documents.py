"""The documents, the catalogues of sentences and the container files say what the code does."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import polib
import pytest
import typer.main
import yaml
from babel.messages.pofile import read_po

from bot.__main__ import app
from bot.settings import Settings

ROOT = Path(__file__).parent.parent
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
TOOLS = Path(sys.executable).parent


def _read(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


def _project() -> dict:  # type: ignore[type-arg]
    return tomllib.loads(_read("pyproject.toml"))


def _table(text: str, heading: str) -> list[list[str]]:
    """The rows of the first table under a heading, head and rule left out."""
    part = text.split(f"\n## {heading}\n", 1)[1].split("\n## ", 1)[0]
    rows = [line for line in part.splitlines() if line.startswith("|")][2:]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", row)[1:-1]] for row in rows]


# ------------------------------------------------------------------------------------------------- operating


def _default(name: str) -> str:
    value = Settings.model_fields[name].default
    shown = value.get_secret_value() if hasattr(value, "get_secret_value") else value
    return str(int(shown)) if isinstance(shown, bool | float) else str(shown)


def test_operating_lists_every_variable_with_its_default() -> None:
    told = {row[0].strip("`"): row[1] for row in _table(_read("docs/operating.md"), "Environment")}
    assert set(told) == {name.upper() for name in Settings.model_fields}
    for name, cell in told.items():
        default = _default(name.lower())
        assert (f"`{default}`" if default else "") in cell, f"{name} defaults to {default!r}, not {cell}"


def test_the_example_lists_every_variable_with_its_default() -> None:
    shown = dict(re.findall(r"^#?([A-Z][A-Z_]+)=(.*)$", _read(".env.example"), re.MULTILINE))
    assert set(shown) == {name.upper() for name in Settings.model_fields}
    for name, value in shown.items():
        default = _default(name.lower())
        assert not default or value == default, f"{name} defaults to {default!r}"


def test_the_example_changes_nothing_as_it_stands() -> None:
    live = [line for line in _read(".env.example").splitlines() if line and not line.startswith("#")]
    assert not live


def test_operating_lists_every_verb() -> None:
    told = {row[0].strip("`").split(" ")[0] for row in _table(_read("docs/operating.md"), "Verbs")}
    assert told == set(typer.main.get_command(app).commands)  # type: ignore[attr-defined]


def test_operating_lists_every_option() -> None:
    rows = {
        row[0].strip("`").split(" ")[0]: " ".join(row) for row in _table(_read("docs/operating.md"), "Verbs")
    }
    for verb, command in typer.main.get_command(app).commands.items():  # type: ignore[attr-defined]
        for parameter in command.params:
            option = next((name for name in parameter.opts if name.startswith("--")), None)
            if option and option != "--help" and verb in rows:
                assert option in rows[verb] or option in {"--now", "--language"}, f"{verb} {option}"


def test_make_targets_that_documents_name_exist() -> None:
    targets = set(re.findall(r"^([a-z]+):", _read("Makefile"), re.MULTILINE))
    named = {name for path in DOCUMENTS for name in re.findall(r"`make ([a-z]+)", path.read_text("utf-8"))}
    assert {"run", "test", "chat", "check", "bench"} <= targets
    assert named <= targets


# --------------------------------------------------------------------------------------------- what it costs


def test_the_table_of_costs_names_what_exists() -> None:
    rows = _table(_read("CONTRIBUTING.md"), "What an addition costs")
    named = [name for row in rows for name in re.findall(r"`([^` ]+[/.][^` ]*)`", row[1])]
    assert len(named) >= 15
    missing = [name for name in named if not list(ROOT.glob(name.rstrip("/")))]
    assert not missing


def test_a_language_needs_no_python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder copied as Chinese is spoken at once, in its own words."""
    from handlers.talk import language

    source = polib.pofile(str(ROOT / "locales/en/LC_MESSAGES/messages.po"))
    first = next(
        entry for entry in source if not entry.msgid_plural and not entry.msgctxt and len(entry.msgid) > 3
    )
    for name in ("vi", "en", "zh"):
        (tmp_path / name / "LC_MESSAGES").mkdir(parents=True)
    polib.pofile(str(ROOT / "locales/vi/LC_MESSAGES/messages.po")).save(
        str(tmp_path / "vi/LC_MESSAGES/messages.po")
    )
    source.save(str(tmp_path / "en/LC_MESSAGES/messages.po"))
    source.metadata |= {"Language": "zh", "Plural-Forms": "nplurals=1; plural=0;"}
    first.msgstr = "你好"
    source.save(str(tmp_path / "zh/LC_MESSAGES/messages.po"))
    monkeypatch.setattr(language, "LOCALES", tmp_path)
    language.languages.cache_clear()
    language.translations.cache_clear()
    try:
        assert "zh" in language.languages()
        assert language.supported("zh-Hans") == "zh"
        with language.speaking("zh"):
            assert language._(first.msgid) == "你好"
    finally:
        language.languages.cache_clear()
        language.translations.cache_clear()


# ------------------------------------------------------------------------------------------- documents alone


def _links(path: Path) -> Iterator[str]:
    for target in re.findall(r"\]\(([^)\s]+)\)", path.read_text("utf-8")):
        if not re.match(r"[a-z]+:|#", target):
            yield target.split("#")[0]


def test_links_between_documents_lead_somewhere() -> None:
    broken = [
        f"{path.name}: {link}"
        for path in DOCUMENTS
        for link in _links(path)
        if not (path.parent / link).exists()
    ]
    assert not broken


def test_the_readme_opens_with_the_two_commands() -> None:
    block = re.search(r"```sh\n(.*?)```", _read("README.md"), re.DOTALL)
    assert block
    assert [line.split("#")[0].strip() for line in block[1].splitlines()] == ["make run", "make test"]


def test_every_decision_is_in_the_index() -> None:
    pages = {path.name for path in (ROOT / "docs/decisions").glob("*.md")} - {"README.md"}
    assert pages == set(re.findall(r"\]\(([\w-]+\.md)\)", _read("docs/decisions/README.md")))


def test_every_library_has_its_reason() -> None:
    decisions = "\n".join(path.read_text("utf-8") for path in (ROOT / "docs/decisions").glob("*.md")).lower()
    project = _project()
    listed = [*project["project"]["dependencies"], *project["dependency-groups"]["test"]]
    names = [re.match(r"[\w-]+", entry)[0].lower() for entry in listed]  # type: ignore[index]
    unexplained = [
        name for name in names if not name.startswith(("types-", "pytest")) and name not in decisions
    ]
    assert not unexplained


def test_licence_and_version_agree() -> None:
    project = _project()["project"]
    assert project["license"] == "AGPL-3.0-or-later"
    assert "GNU AFFERO GENERAL PUBLIC LICENSE" in _read("LICENSE").splitlines()[0]
    assert len(_read("LICENSE")) > 34_000
    assert f"ocop-bot:{project['version']}" in _read("compose.yaml")


def test_the_locks_hold_every_dependency_with_hashes_and_no_address() -> None:
    project = _project()
    run, test = project["project"]["dependencies"], project["dependency-groups"]["test"]
    for name, wanted in (("requirements.lock", run), ("requirements-test.lock", run + test)):
        text = _read(name)
        locked = set(re.findall(r"^([\w.-]+)==", text, re.MULTILINE))
        asked = {re.match(r"[\w-]+", entry)[0].lower().replace("_", "-") for entry in wanted}  # type: ignore[index]
        assert asked <= locked, f"make lock: {asked - locked}"
        assert "://" not in text
        assert len(re.findall(r"^[\w.-]+==.*\\\n    --hash=sha256:", text, re.MULTILINE)) == len(locked)


# ------------------------------------------------------------------------------------------------- sentences


@pytest.fixture(scope="module")
def extracted(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str | None, str], str]:
    """Every sentence of the code and the pages, as ``make messages`` finds them: (context, id) → plural."""
    template = tmp_path_factory.mktemp("messages") / "messages.pot"
    command = [TOOLS / "pybabel", "-q", "extract", "-F", "pyproject.toml", "-o", template, "."]
    subprocess.run(command, cwd=ROOT, check=True)
    return {(entry.msgctxt, entry.msgid): entry.msgid_plural for entry in polib.pofile(str(template))}


def _catalogues() -> list[Path]:
    return sorted((ROOT / "locales").glob("*/LC_MESSAGES/messages.po"))


@pytest.mark.parametrize("path", _catalogues(), ids=lambda path: path.parent.parent.name)
def test_the_catalogues_hold_the_sentences_of_the_code(
    path: Path, extracted: dict[tuple[str | None, str], str]
) -> None:
    kept = {
        (entry.msgctxt, entry.msgid): entry.msgid_plural
        for entry in polib.pofile(str(path))
        if not entry.obsolete
    }
    wanted = extracted
    assert len(wanted) > 50
    missing = sorted(key[1] for key in wanted.keys() - kept.keys())
    left_over = sorted(key[1] for key in kept.keys() - wanted.keys())
    assert not missing, f"make messages: not in {path.parent.parent.name}: {missing}"
    assert not left_over, f"make messages: no longer in the code: {left_over}"
    assert {key: plural for key, plural in kept.items() if plural != wanted[key]} == {}


def test_there_are_catalogues() -> None:
    assert {path.parent.parent.name for path in _catalogues()} >= {"vi", "en"}
    for path in _catalogues():
        assert read_po(BytesIO(path.read_bytes()), abort_invalid=True)


# ------------------------------------------------------------------------------------------- container files


def test_the_containerfile_passes_its_linter() -> None:
    done = subprocess.run(
        [TOOLS / "hadolint", ROOT / "Containerfile"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout


def test_the_compose_file_passes_its_linter() -> None:
    command = [TOOLS / "compose-lint", "check", "--no-env", ROOT / "compose.yaml"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_containerfile_copies_what_the_program_needs_and_no_secret() -> None:
    text = _read("Containerfile")
    copied = set(re.findall(r"^COPY (\S+)", text, re.MULTILINE))
    assert copied == {"requirements.lock", "bot", "handlers", "db", "migrations", "locales", "data"}
    let_in = {line[1:] for line in _read(".dockerignore").splitlines() if line.startswith("!")}
    assert copied == let_in
    assert not re.search(r"TOKEN|SECRET|PASSWORD", text)
    assert re.search(r"^USER [1-9]", text, re.MULTILINE)


def test_the_compose_file_sets_only_known_variables_and_holds_no_secret() -> None:
    services = yaml.safe_load(_read("compose.yaml"))["services"]
    known = {name.upper() for name in Settings.model_fields}
    assert set(services["bot"]["environment"]) <= known
    assert services["bot"]["environment"]["DATABASE_URL"].startswith(
        "postgresql+asyncpg://bot:${POSTGRES_PASSWORD:?"
    )
    assert services["database"]["environment"]["POSTGRES_PASSWORD"].startswith("${POSTGRES_PASSWORD:?")
    assert "ports" not in services["database"]
