"""The papers of a renewal file and the rounds of first-time files, as ``data/programme/checklist.toml`` lists them."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path

NATIONAL = Path(__file__).resolve().parents[2] / "data" / "programme" / "checklist.toml"


@dataclass(frozen=True, slots=True)
class Paper:
    """One paper of the file: its key (also in buttons) and the text of the law it comes from."""

    key: str
    source: str


@dataclass(frozen=True, slots=True)
class Round:
    """A round of the province: the commune proposes before ``proposed``, the council meets before ``held``."""

    proposed: date
    held: date


@lru_cache(maxsize=1)
def _lists() -> dict[str, list[dict[str, str]]]:
    return tomllib.loads(NATIONAL.read_text("utf-8"))


@lru_cache(maxsize=1)
def papers() -> tuple[Paper, ...]:
    """The papers of a renewal, in the order of the file."""
    return tuple(Paper(entry["key"], entry["source"]) for entry in _lists()["paper"])


def next_round(today: date) -> Round:
    """The next round whose proposals are still taken: those are closed from ``proposed`` on."""
    rounds = [
        Round(date(year, *_month_day(entry["proposed"])), date(year, *_month_day(entry["held"])))
        for year in (today.year, today.year + 1)
        for entry in _lists()["round"]
    ]
    return min((one for one in rounds if today < one.proposed), key=lambda one: one.proposed)


def _month_day(text: str) -> tuple[int, int]:
    month, day = text.split("-")
    return int(month), int(day)
