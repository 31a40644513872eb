"""Who gets what is queued, at the moment it would be sent: what happened since the audience was fixed wins."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from typing import Any

from handlers.services.consent import NIGHT
from handlers.services.outbox.overtaken import TOPIC
from handlers.services.outbox.posts import PassedOver, Post, Queue

Row = Sequence[Any]
"""a row of :func:`handlers.services.outbox.statements.candidates`"""


def judge(row: Row, channel: str, queue: Queue, now: datetime) -> Post | PassedOver:
    """What becomes of a queued row at ``now`` (aware, in the zone people live in)."""
    content = row[7] or {}
    topic = queue.topic or content.get("topic", "")
    chat, wanted, begins, ends = row[10:14]
    if row[9] and row[9] <= now:
        return PassedOver(row[0], "skipped", "expired")
    if chat not in (None, "active") or (queue.announcement_id and chat is None):
        state, reason = ("skipped", "left") if queue.announcement_id else ("gone", "left")
        return PassedOver(row[0], state, reason)
    if topic == (queue.topic or TOPIC) and wanted is not None and not wanted:
        return PassedOver(row[0], "skipped", "muted")
    if topic and (until := _quiet_until(now, begins, ends, night=not queue.announcement_id)):
        return PassedOver(row[0], "queued", "quiet", until)
    return Post(
        row[0], channel, row[2], row[3], row[4], row[5], row[6], content, row[8], row[1], queue.version
    )


def night(now: datetime) -> bool:
    """Whether nobody gets what they did not ask for."""
    return end_of(now, *NIGHT) is not None


def end_of(now: datetime, begins: str, ends: str) -> datetime | None:
    """When the hours from ``begins`` to ``ends`` (``HH:MM`` local) are over, or None outside them."""
    first, last, clock = time.fromisoformat(begins), time.fromisoformat(ends), now.time()
    inside = first <= clock < last if first <= last else clock >= first or clock < last
    if not inside:
        return None
    day = now.date() if clock < last else now.date() + timedelta(days=1)
    return datetime.combine(day, last, now.tzinfo)


def _quiet_until(now: datetime, begins: str | None, ends: str | None, *, night: bool) -> datetime | None:
    hours = [NIGHT] if night else []
    if begins and ends:
        hours.append((begins, ends))
    return max(filter(None, (end_of(now, *one) for one in hours)), default=None)
