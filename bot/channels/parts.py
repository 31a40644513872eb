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
) -> Outcome:
    """Send all parts in order; the last one's outcome when all arrived.

    When a part has arrived and the next has not, the whole is uncertain: it must not be repeated by itself.
    """
    outcome: Outcome = Refused("the message is empty")
    for arrived, part in enumerate(parts):
        outcome = await send(part)
        if arrived and isinstance(outcome, Later) and outcome.seconds <= PATIENCE_SECONDS:
            await sleep(outcome.seconds)
            outcome = await send(part)
        if not isinstance(outcome, Sent):
            return partly(arrived, len(parts), outcome)
    return outcome


def partly(arrived: int, parts: int, outcome: Outcome) -> Outcome:
    """What ``outcome`` of the next part makes of the whole, after ``arrived`` parts."""
    if not arrived or isinstance(outcome, Gone):
        return outcome
    return Uncertain(f"{arrived} of {parts} parts arrived; then: {getattr(outcome, 'reason', '')}")
