"""The one look-up both yardsticks do: note who writes, find the words in an FTS5 table, make a card."""

from __future__ import annotations

import csv
import sqlite3
from pathlib import Path
from typing import Any

from handlers.services.text import fold, words


class Lookup:
    """Plain sqlite3 on one connection (WAL, synchronous NORMAL), statements in autocommit."""

    def __init__(self, folder: Path, database: Path) -> None:
        self._db = sqlite3.connect(database, isolation_level=None)
        self._db.executescript(
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;"
            "CREATE TABLE person (id INTEGER PRIMARY KEY, name TEXT, language TEXT, seen INTEGER);"
            "CREATE VIRTUAL TABLE product USING"
            " fts5(folded, name UNINDEXED, stars UNINDEXED, place UNINDEXED);"
        )
        with (folder / "products.csv").open(encoding="utf-8-sig", newline="") as stream:
            rows = [
                (fold(r["name_vi"]), r["name_vi"], r["stars"], r["place"]) for r in csv.DictReader(stream)
            ]
        self._db.execute("BEGIN")
        self._db.executemany("INSERT INTO product VALUES (?, ?, ?, ?)", rows)
        self._db.execute("COMMIT")

    def answer(self, person: int, name: str, language: str, text: str) -> tuple[str, list[tuple[str, str]]]:
        """The text of the answer and its buttons (label, callback)."""
        self._db.execute(
            "INSERT INTO person VALUES (?, ?, ?, 1)"
            " ON CONFLICT (id) DO UPDATE SET name = ?, language = ?, seen = seen + 1",
            (person, name, language, name, language),
        )
        wanted = " ".join(f'"{word}"*' for word in words(fold(text)))
        found = self._db.execute(
            "SELECT name, stars, place FROM product WHERE folded MATCH ? LIMIT 5", (wanted,)
        ).fetchall()
        if not found:
            return f"Chưa có “{text}” trong danh mục.", [("Danh mục", "menu")]
        lines = [f"<b>{title}</b>\n{'★' * int(stars or 0)}\n{place}" for title, stars, place in found]
        return "\n\n".join(lines), [
            ("Mua ở đâu", "buy"),
            ("Còn hạn không", "certificate"),
            ("Gần đây có gì", "near"),
        ]


def keyboard(buttons: list[tuple[str, str]]) -> dict[str, Any]:
    """The buttons, one a row."""
    return {"inline_keyboard": [[{"text": label, "callback_data": callback}] for label, callback in buttons]}
