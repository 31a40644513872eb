"""One message that a platform gets as several calls: in order, and never repeated by itself once a part arrived."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar

from bot.channels.channel import Gone, Later, Outcome, Refused, Sent, Uncertain

Part = TypeVar("Part")
PATIENCE_SECONDS = 5.0
"""How long the rest of a message waits after its first part has arrived."""


async def in_parts(
    parts: Sequence[Part],
    send: Callable[[Part], Awaitable[Outcome]],
    sleep: Callable[[float], Awaitable[Any]],
    *,
    pause: float = 0.0,
    patience: float = PATIENCE_SECONDS,
    names: tuple[str, str] = ("message", "parts"),
) -> Outcome:
    """Send all parts in order, ``pause`` seconds between two; the last one's outcome when all arrived.

    When a part has arrived and the next has not within ``patience`` seconds, the whole is uncertain: it must not be
    repeated by itself. ``names`` are what the whole and its parts are called.
    """
    whole, called = names
    outcome: Outcome = Refused(f"the {whole} is empty")
    for arrived, part in enumerate(parts):
        if arrived and pause:
            await sleep(pause)
        outcome = await send(part)
        if arrived and isinstance(outcome, Later) and outcome.seconds <= patience:
            await sleep(outcome.seconds)
            outcome = await send(part)
        if not isinstance(outcome, Sent):
            return partly(arrived, len(parts), outcome, called)
    return outcome


def partly(arrived: int, parts: int, outcome: Outcome, called: str = "parts") -> Outcome:
    """What ``outcome`` of the next part makes of the whole, after ``arrived`` parts."""
    if not arrived or isinstance(outcome, Gone):
        return outcome
    return Uncertain(f"{arrived} of {parts} {called} arrived; then: {getattr(outcome, 'reason', '')}")
