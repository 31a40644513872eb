"""The list of commands that Telegram shows beside the writing field, in every language.

Read first, write only what differs: Telegram counts these calls, and a start is no reason to make them all.
Limits: 100 commands, names ``[a-z0-9_]{1,32}``, descriptions 1–256 characters
(core.telegram.org/bots/api#botcommand).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import telegram

from bot.channels.telegram.markup import shorten

Commands = Sequence[tuple[str, Mapping[str, str]]]
"""Pairs of a command without its slash and its description in each language (two letters)."""


async def publish(bot: telegram.Bot, commands: Commands, default_language: str) -> list[str]:
    """Make the shown commands equal to ``commands``; the languages that had to be written (``""`` = everybody
    else).

    Raises the classes of ``telegram.error``.
    """
    languages = sorted({language for _, words in commands for language in words})
    written = []
    for shown, language in [("", default_language), *((one, one) for one in languages)]:
        wanted = _commands(commands, language)
        known = await bot.get_my_commands(language_code=shown or None)
        if [(one.command, one.description) for one in known] != wanted:
            await bot.set_my_commands(wanted, language_code=shown or None)
            written.append(shown)
    return written


def _commands(commands: Commands, language: str) -> list[tuple[str, str]]:
    return [(name, shorten(words[language], 256)) for name, words in commands if words.get(language)][:100]
