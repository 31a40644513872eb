"""``docs/channels.md`` says what the channels' own ``limits`` say."""

from __future__ import annotations

import importlib
import pkgutil
import re
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

import bot.channels
from bot.channels.channel import Channel, Limits
from bot.channels.zalo_bot import MESSAGES_A_MONTH, PEOPLE

TEXT = (Path(__file__).parent.parent / "docs" / "channels.md").read_text("utf-8")
ROWS = [field.name for field in fields(Limits) if field.name != "source"]


def found_channels() -> dict[str, Any]:
    """Every channel class of :mod:`bot.channels`, by its name."""
    modules = [
        importlib.import_module(f"bot.channels.{found.name}")
        for found in pkgutil.iter_modules(bot.channels.__path__)
        if found.name != "channel"
    ]
    classes = [thing for module in modules for thing in vars(module).values() if isinstance(thing, type)]
    return {one.name: one for one in classes if isinstance(getattr(one, "limits", None), Limits)}


def table(heading: str) -> list[list[str]]:
    """The first table under a heading, its head first, the rule left out."""
    part = TEXT.split(f"\n## {heading}\n", 1)[1].split("\n\n| row |", 1)[0].split("\n## ", 1)[0]
    lines = [line for line in part.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.split("|")[1:-1]] for line in (lines[0], *lines[2:])]


CHANNELS = found_channels()
CAPABILITIES = table("What each can show")


def test_every_channel_has_a_column() -> None:
    assert set(CAPABILITIES[0][1:]) == set(CHANNELS)
    assert set(table("What comes in")[0][1:]) == set(CHANNELS)
    assert {"terminal", "web", "telegram", "zalo-bot"} <= set(CHANNELS)


def test_every_limit_has_a_row() -> None:
    assert [row[0] for row in CAPABILITIES[1:]] == ROWS
    explained = re.findall(r"^\| (\w+) \|", TEXT.split("\n| row |", 1)[1], re.MULTILINE)
    assert explained[: len(ROWS)] == ROWS


@pytest.mark.parametrize("name", CHANNELS)
def test_the_table_says_what_the_code_says(name: str) -> None:
    column = CAPABILITIES[0].index(name)
    told = {row[0]: row[column] for row in CAPABILITIES[1:]}
    limits = CHANNELS[name].limits
    values = {row: getattr(limits, row) for row in ROWS}
    assert told == {row: f"{value:,}" if isinstance(value, int) else value for row, value in values.items()}


@pytest.mark.parametrize("name", CHANNELS)
def test_a_channel_keeps_its_contract(name: str) -> None:
    verbs = [verb for verb in vars(Channel) if not verb.startswith("_") and callable(getattr(Channel, verb))]
    assert {"verify", "decode", "send"} <= set(verbs)
    assert not [verb for verb in verbs if not callable(getattr(CHANNELS[name], verb, None))]
    assert CHANNELS[name].limits.source


def test_the_numbers_of_the_free_plan_are_the_codes() -> None:
    assert f"{PEOPLE} people a bot and {MESSAGES_A_MONTH:,} messages a month" in TEXT
