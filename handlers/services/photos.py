"""Pictures that somebody sent in a chat: kept in the database, so that every replica can bring them to people.

Their name (``pictures/<SHA-256>.jpg``) stands where the address of a picture stands otherwise.
"""

from __future__ import annotations

import hashlib
import re
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel import col

from db import Photo

KINDS = {b"\xff\xd8\xff": ("image/jpeg", "jpg"), b"\x89PNG\r\n\x1a\n": ("image/png", "png")}
"""beginnings of the two kinds that every channel shows, with their media type and ending"""
_NAME = re.compile(r"pictures/([0-9a-f]{64})\.(jpg|png)")


def kind_of(content: bytes) -> tuple[str, str] | None:
    """Media type and ending; None for what is neither JPEG nor PNG, whatever it calls itself."""
    return next((kind for beginning, kind in KINDS.items() if content.startswith(beginning)), None)


def kept_here(name: str) -> bool:
    """Whether this is the name of a picture of ours, not the address of one elsewhere."""
    return _NAME.fullmatch(name) is not None


async def keep(engine: AsyncEngine, content: bytes, now: datetime) -> str:
    """Keep a picture; its name, or "" for what is no picture. The same picture is kept once."""
    kind = kind_of(content)
    if kind is None:
        return ""
    digest = hashlib.sha256(content).hexdigest()
    make = (postgresql if engine.dialect.name == "postgresql" else sqlite).insert(Photo)
    row = {"digest": digest, "kind": kind[0], "content": content, "added_at": now}
    async with engine.begin() as connection:
        await connection.execute(make.values(row).on_conflict_do_nothing(index_elements=["digest"]))
    return f"pictures/{digest}.{kind[1]}"


async def read(engine: AsyncEngine, name: str) -> tuple[str, bytes] | None:
    """Media type and bytes of a picture of ours; None for a name that is none."""
    found = _NAME.fullmatch(name)
    if not found:
        return None
    query = select(col(Photo.kind), col(Photo.content)).where(col(Photo.digest) == found[1])
    async with engine.connect() as connection:
        row = (await connection.execute(query)).first()
    return (row[0], bytes(row[1])) if row else None
