"""Tickets: a question or complaint waiting for a human."""

from __future__ import annotations

import base64
import hashlib
from datetime import datetime
from typing import Literal

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel import col

from db import Ticket

Kind = Literal["question", "complaint", "help"]


def number_of(channel: str, update_id: str) -> str:
    """Eight letters and digits that a person can read out; the same arrival gives the same number."""
    digest = hashlib.sha256(f"{channel}\0{update_id}".encode()).digest()
    return base64.b32encode(digest)[:8].decode()


def opened(
    chat: tuple[str, str], update_id: str, at: datetime, *, kind: Kind, text: str, product: str | None
) -> Ticket:
    """A new ticket from what was written in a chat (channel, address) at a moment."""
    channel, address = chat
    return Ticket(
        number=number_of(channel, update_id),
        channel=channel,
        address=address,
        opened_at=at,
        kind=kind,
        text=text,
        product_code=product,
    )


async def open_tickets(engine: AsyncEngine) -> list[Ticket]:
    """Tickets that wait, the oldest first."""
    query = select(Ticket).where(col(Ticket.state) == "open").order_by(col(Ticket.opened_at))
    async with engine.connect() as connection:
        return [Ticket.model_validate(dict(row._mapping)) for row in await connection.execute(query)]


async def close_ticket(engine: AsyncEngine, number: str, at: datetime) -> bool:
    """Close a ticket by its number; False when there is no open one."""
    statement = (
        update(Ticket)
        .where(col(Ticket.number) == number, col(Ticket.state) == "open")
        .values(state="closed", closed_at=at)
    )
    async with engine.begin() as connection:
        return bool((await connection.execute(statement)).rowcount)
