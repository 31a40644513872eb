"""From a stored announcement to whom it reaches today."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncEngine

from db import Announcement
from handlers.services.audience import Audience, producers_meant
from handlers.services.reach import Aim, Reach, reach
from handlers.talk.language import DEFAULT
from handlers.talk.turn import Desk, Turn


async def aim_of(at: Turn | Desk, announcement: Announcement) -> Aim:
    """What the audience is measured with, by the registry and the channels of this moment."""
    published = at.published if isinstance(at, Turn) else at.published()
    on = (at.now if isinstance(at, Turn) else at.now()).date()
    audience = Audience.from_json(announcement.audience)
    return Aim(
        audience,
        announcement.topic,
        producers_meant(audience, published.catalogue, on),
        await at.links.roads(),
        DEFAULT if isinstance(at, Turn) else at.language,
    )


async def measured(engine: AsyncEngine, aim: Aim, now: datetime) -> Reach:
    """The audience in numbers."""
    async with engine.connect() as connection:
        return await reach(connection, aim, now)
