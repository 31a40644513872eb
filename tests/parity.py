"""Every conversation file on every channel: ``python -m tests.parity [WORD …]`` prints the table.

With words, only the files whose names hold one of them are played. Exit 1 when anything differs.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bot.logs import configure
from bot.replay import NoSuchButton, Screen, failures, read_script
from tests.players import PLAYERS, Player

FILES = sorted((Path(__file__).parent / "conversations").glob("*.chat"))


@dataclass(slots=True)
class Played:
    """What came of one file on one channel."""

    wrong: list[str] = field(default_factory=list)
    """what differs, one sentence each"""
    impossible: list[str] = field(default_factory=list)
    """what nobody can do there; its expectations were not asked for, but some answer was"""
    said: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        if self.wrong:
            return f"{len(self.wrong)} wrong"
        return f"ok but {len(self.impossible)}" if self.impossible else "ok"


async def played(player: Player, path: Path) -> Played:
    """Play one file; an answer that never comes, or a button that is not there, ends it."""
    script = read_script(path)
    say, found = player.begin(script), Played()
    for step in script.steps:
        found.said.append(f"> {step.said}")
        possible = player.possible(step.said)
        if not possible:
            found.impossible.append(step.said)
        try:
            screens = await say(step)
        except (AssertionError, NoSuchButton, TimeoutError) as error:
            found.wrong.append(f"{path.name}:{step.line}: {str(error) or type(error).__name__}")
            break
        found.said += [_shown(screen) for screen in screens]
        wrong = failures(screens, step.expected if possible else ())
        found.wrong += [f"{path.name}:{step.line}: {why}" for why in wrong]
    return found


def _shown(screen: Screen) -> str:
    labels = " ".join(f"[{label}]" for label in screen.labels)
    return "\n".join(filter(None, [screen.text, "📍" if screen.venue else "", labels])) + "\n"


async def column(channel: str, database: Path, files: Iterable[Path] = FILES) -> dict[str, Played]:
    """All files on one channel, by one running program."""
    async with PLAYERS[channel](database_url=f"sqlite+aiosqlite:///{database}") as player:
        return {path.stem: await played(player, path) for path in files}


def table(columns: Mapping[str, Mapping[str, Played]]) -> str:
    """Channel × conversation, then what nobody can do on a channel."""
    names = list(dict.fromkeys(name for found in columns.values() for name in found))
    lines = [["conversation", *columns]]
    lines += [[name, *(str(found[name]) for found in columns.values())] for name in names]
    widths = [max(len(line[place]) for line in lines) for place in range(len(lines[0]))]
    text = ["  ".join(cell.ljust(w) for cell, w in zip(line, widths, strict=True)).rstrip() for line in lines]
    notes = [
        f"{channel}, {name}: nobody can do {', '.join(found.impossible)} there (an answer came)"
        for channel, files in columns.items()
        for name, found in files.items()
        if found.impossible
    ]
    return "\n".join([*text, *notes])


def details(found: Mapping[str, Played]) -> str:
    """What differs in a column, each with what was said."""
    return "\n".join("\n".join([*one.wrong, "", *one.said]) for one in found.values() if one.wrong)


async def _columns(files: Sequence[Path]) -> dict[str, dict[str, Played]]:
    with tempfile.TemporaryDirectory(prefix="parity-") as room:
        return {channel: await column(channel, Path(room) / f"{channel}.db", files) for channel in PLAYERS}


def main(words: Sequence[str]) -> int:
    """Play, print; 1 when something differs."""
    files = [path for path in FILES if not words or any(word in path.stem for word in words)]
    if not files:
        print("No conversation file has such a name.")
        return 2
    configure("ERROR")
    columns = asyncio.run(_columns(files))
    print(table(columns))
    wrong = [f"\n=== {channel}\n{text}" for channel, found in columns.items() if (text := details(found))]
    print(*wrong, sep="\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
