"""What waits for somebody whom we cannot write to: a page or a terminal fetches it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import and_, or_, select, update
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel import col

from db import Announcement, Delivery, Subscription
from handlers.services.outbox.overtaken import TOPIC, now_known, overtaken
from handlers.services.outbox.posts import Post
from handlers.services.outbox.statements import NOTICE, QUEUED
from handlers.services.outbox.ways import notices_of

MOST = 20
"""messages given at once"""
TOPICLESS = "-"
_SINCE = now_known(many=True)


async def fetch(engine: AsyncEngine, channel: str, address: str, now: datetime) -> list[Post]:
    """What waits for a chat, oldest first, now ``sent``: given once. What was muted meanwhile is skipped.

    Nobody is woken by it, so there are no quiet hours here.
    """
    async with engine.connect() as connection:
        if not (await connection.execute(_waiting(channel, address, now).limit(1))).first():
            return []
    async with engine.begin() as connection:
        rows = (await connection.execute(_waiting(channel, address, now))).all()
        topics = await connection.execute(
            select(col(Subscription.topic)).where(
                col(Subscription.channel) == channel,
                col(Subscription.address) == address,
                col(Subscription.wanted).is_(False),
            )
        )
        muted = {row[0] for row in topics}
        reminders = [row[0] for row in rows if (row[6] or {}).get("topic") == TOPIC]
        since = overtaken((await connection.execute(_SINCE, {"ids": reminders})).all()) if reminders else {}
        given: list[Post] = []
        for row in rows:
            content = row[6] or {}
            over = row[7] is not None and row[7] <= now
            unwanted = (row[9] or content.get("topic", TOPICLESS)) in muted
            outcome: tuple[str, str | None] = ("sent", None)
            if over or unwanted:
                outcome = ("skipped", "expired" if over else "muted")
            elif row[0] in since:
                outcome = ("skipped", since[row[0]].reason)
            await connection.execute(
                update(Delivery)
                .where(col(Delivery.id) == row[0])
                .values(state=outcome[0], reason=outcome[1], settled_at=now)
            )
            if outcome[0] == "sent":
                given.append(_post(row, channel, address))
        notices = [
            notice
            for post in given
            if post.person_id is not None
            for notice in notices_of(post, "sent", "", now)
        ]
        if notices:
            await connection.execute(NOTICE, notices)
    return given


def _waiting(channel: str, address: str, now: datetime):  # type: ignore[no-untyped-def]
    return (
        select(
            col(Delivery.id),
            col(Delivery.announcement_id),
            col(Delivery.person_id),
            col(Delivery.language),
            col(Delivery.lane),
            col(Delivery.way),
            col(Delivery.content),
            col(Delivery.expires_at),
            col(Announcement.version),
            col(Announcement.topic),
        )
        .select_from(Delivery)
        .outerjoin(Announcement, col(Announcement.id) == col(Delivery.announcement_id))
        .where(
            and_(col(Delivery.channel) == channel, col(Delivery.address) == address),
            col(Delivery.state) == QUEUED,
            or_(col(Delivery.not_before).is_(None), col(Delivery.not_before) <= now),
            or_(
                col(Delivery.announcement_id).is_(None), col(Announcement.state).in_(("sending", "finished"))
            ),
        )
        .order_by(col(Delivery.id))
        .limit(MOST)
        .with_for_update(of=Delivery, skip_locked=True)
    )


def _post(row, channel: str, address: str) -> Post:  # type: ignore[no-untyped-def]
    return Post(
        row[0], channel, address, row[2], row[3], row[4], row[5], row[6] or {}, 0, row[1], row[8] or 0
    )
