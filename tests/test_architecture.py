"""The rules of docs/decisions/layers.md that a machine keeps."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
NOT_NAMES = {
    "user",
    "customer",
    "subscriber",
    "notification",
    "manager",
    "helper",
    "util",
    "utils",
    "process",
    "data",
}
"""One word, one thing: these stand for too many (the glossary has the words to use)."""
HOOKS = {"process_bind_param", "process_result_value"}
"""Methods whose names SQLAlchemy gives."""
WORDS_OF_TRANSLATION = {"_", "N_", "ngettext", "pgettext", "npgettext"}


def _sources(*folders: str) -> list[Path]:
    found = [path for folder in folders for path in (ROOT / folder).rglob("*.py")]
    assert found, folders
    return sorted(found)


def _everything() -> list[Path]:
    return _sources("bot", "handlers", "db")


def _imports(path: Path) -> set[str]:
    """Full dotted names of what a file imports, functions and type checking included."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {f"{node.module}.{alias.name}" for alias in node.names} if node.module else set()
    return found


def _calls(path: Path) -> Iterator[tuple[int, str]]:
    """Line and dotted name of each call, as far as it is plain names."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Call):
            yield node.lineno, ast.unparse(node.func)


def _linted(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache", "--no-logo", "pyproject.toml"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_imports_run_one_way() -> None:
    result = _linted(ROOT)
    assert result.returncode == 0, result.stdout + result.stderr


BREAKING = {
    "bot/delivery.py": "import bot.app",
    "db/base.py": "import handlers.talk.message",
    "bot/channels/web/__init__.py": "import bot.channels.terminal",
    "bot/channels/web/outbound.py": "import telegram",
    "bot/oddments.py": "",
    "handlers/services/search.py": "import handlers.talk.message",
    "handlers/products.py": "import bot.app, handlers.showrooms, socket",
    "handlers/services/catalogue.py": "import handlers.services.search",
}


EMPTY = (
    "bot/__main__ bot/webhooks bot/pages/__init__ bot/clock bot/replay bot/doctor bot/intake "
    "bot/delivery bot/logs bot/settings bot/channels/channel bot/channels/web/__init__ bot/channels/terminal "
    "handlers/answer handlers/showing handlers/sentences handlers/talk/message handlers/services/search "
    "handlers/services/catalogue db/registry db/base"
)
IN_ORDER = {
    **{f"{name}.py": "" for name in EMPTY.split(" ")},
    "bot/channels/telegram/client.py": "import telegram, bot.channels.channel, bot.settings",
    "bot/app.py": "import bot.channels.telegram.client, handlers.routes, handlers.answer, bot.pages",
    "handlers/routes.py": "import handlers.products, handlers.showrooms, handlers.talk.message",
    "handlers/products.py": "import handlers.sentences, handlers.services.search, db.registry",
    "handlers/showrooms.py": "import urllib.parse, handlers.sentences, handlers.talk.message",
    "handlers/talk/turn.py": "import handlers.services.search",
}


def _house(folder: Path, contents: dict[str, str]) -> Path:
    """A small house with our rules, each file holding what ``contents`` says."""
    shutil.copy(ROOT / "pyproject.toml", folder)
    for name in [*IN_ORDER, *contents]:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        for package in path.relative_to(folder).parents[:-1]:
            (folder / package / "__init__.py").touch()
        path.write_text(contents.get(name, IN_ORDER.get(name, "")))
    return folder


def test_a_house_in_order_passes_the_import_rules(tmp_path: Path) -> None:
    result = _linted(_house(tmp_path, {}))
    assert "0 broken" in result.stdout, result.stdout + result.stderr


def test_every_import_rule_bites(tmp_path: Path) -> None:
    circle = {"handlers/services/search.py": "import handlers.services.catalogue, handlers.talk.message"}
    result = _linted(_house(tmp_path, BREAKING | circle))
    assert re.search(r"Contracts: 0 kept, 8 broken", result.stdout), result.stdout + result.stderr


def test_the_mind_opens_no_connection() -> None:
    """What the import rules cannot tell apart: ``urllib.parse`` is harmless, ``urllib.request`` is not."""
    network = re.compile(r"(urllib\.request|http\.(client|server)|asyncio\.(open_connection|start_server))\b")
    found = {
        (str(p.relative_to(ROOT)), n) for p in _sources("handlers") for n in _imports(p) if network.match(n)
    }
    found |= {
        (str(p.relative_to(ROOT)), n) for p in _sources("handlers") for _, n in _calls(p) if network.match(n)
    }
    assert not found


def test_time_and_chance_come_in_by_one_door() -> None:
    """A handler is given the moment (``now``, ``on``) and never asks a clock or a dice."""
    door = re.compile(
        r"(.*\.)?(datetime\.(now|utcnow|today)|date\.today)$|time\.(time|time_ns|localtime)$|random\.\w+$"
    )
    found = [
        f"{path.relative_to(ROOT)}:{line} {name}()"
        for path in _sources("handlers")
        for line, name in _calls(path)
        if door.match(name)
    ]
    assert not found


def test_only_settings_reads_the_environment() -> None:
    found = [
        str(path.relative_to(ROOT))
        for path in _everything()
        if path.name != "settings.py" and re.search(r"\bos\.(environ|getenv)\b", path.read_text("utf-8"))
    ]
    assert not found


def _converses(path: Path) -> bool:
    """A file of handlers, or of a package of it that is a conversation."""
    mind = ROOT / "handlers"
    return path.is_relative_to(mind) and not any(path.is_relative_to(mind / r) for r in ("services", "talk"))


def test_sentences_are_made_in_conversations_only() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{line} {name}"
        for path in _everything()
        if not _converses(path)
        for line, name in _calls(path)
        if name in WORDS_OF_TRANSLATION
    ]
    assert not found, "people's words belong to handlers/*.py, packages of conversations and page templates"


def _names(path: Path) -> Iterator[str]:
    yield path.stem if path.stem != "__init__" else path.parent.name
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name


def _words(name: str) -> list[str]:
    return re.findall(r"[a-z0-9]+", re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower())


def _forbidden(name: str) -> bool:
    """Does the name end in such a word (``load_user``, ``ChatManager``), or begin with ``process``?"""
    words = _words(name)
    return bool(words) and name not in HOOKS and (words[-1] in NOT_NAMES or words[0] == "process")


@pytest.mark.parametrize("name", ["User", "_load_user", "ChatManager", "process_update", "utils", "bot_data"])
def test_the_word_rule_bites(name: str) -> None:
    assert _forbidden(name)


def test_words_not_used() -> None:
    assert not [
        f"{path.relative_to(ROOT)}: {name}"
        for path in _everything()
        for name in _names(path)
        if _forbidden(name)
    ]


def test_no_file_tells_of_the_machine_it_was_written_on() -> None:
    listed = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False
    ).stdout.split("\n")
    if not any(listed):
        pytest.skip("not a git checkout")
    machine = re.compile(rb"/(work|home|root)/[a-z]+|/tmp/[a-z]+")
    found = []
    for name in filter(None, listed):
        path = ROOT / name
        if path.is_file() and path.suffix in {
            ".py",
            ".md",
            ".toml",
            ".lock",
            ".yaml",
            ".yml",
            ".cfg",
            ".po",
            "",
        }:
            found += [f"{name}: {hit.group().decode()}" for hit in machine.finditer(path.read_bytes())]
    assert not found
