"""Invitations: one-time codes that give a role or let somebody serve a producer."""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlmodel import col

from db import Invitation, Person, WrongCode
from handlers.services import audit
from handlers.services.access import grant, link, person_of
from handlers.services.codes import code_in, hashed, new_code

HOURS = 72
"""how long an invitation lives unless said otherwise (operating contract)"""
WRONG_MOST = 5
LOCKED_FOR = timedelta(hours=24)
"""after five wrong codes within this time a chat's codes are refused for as long"""

State = Literal["good", "again", "unknown", "used", "expired", "withdrawn", "locked"]


@dataclass(frozen=True, slots=True)
class Redeemed:
    """What came of a code. ``again`` = this person used it before. ``locked_now`` is true for the try that locks."""

    state: State
    role: str = ""
    commune: str = ""
    producer: str = ""
    person_id: int | None = None
    locked_now: bool = False


async def invite(
    engine: AsyncEngine,
    role: str,
    *,
    commune: str = "",
    producer: str = "",
    name: str = "",
    hours: int = HOURS,
    by: str,
    now: datetime,
) -> str:
    """Make a one-time code for a role or a producer; the code is given here once and kept only as a hash."""
    code = new_code(secrets.choice)
    digest = await asyncio.to_thread(hashed, code)
    async with engine.begin() as connection:
        await connection.execute(
            insert(Invitation).values(
                code_hash=digest,
                role=role,
                commune_code=commune,
                producer_code=producer,
                name=name,
                made_at=now,
                made_by=by,
                expires_at=now + timedelta(hours=hours),
            )
        )
        subject = f"producer {producer}" if producer else f"role {role} {commune}".strip()
        await audit.record(connection, now, by, "invited", subject, after={"name": name, "hours": hours})
    return code


async def redeem(engine: AsyncEngine, channel: str, address: str, text: str, now: datetime) -> Redeemed:
    """Use the code that stands in a text. Works once; five that do not fit lock the chat's codes for a day."""
    found = code_in(text)
    digest = await asyncio.to_thread(hashed, found[0]) if found and found[1] else ""
    async with engine.begin() as connection:
        if await _wrong_tries(connection, channel, address, now) >= WRONG_MOST:
            return Redeemed("locked")
        invitation = await _invitation(connection, digest)
        person = await person_of(connection, channel, address, now) if invitation else None
        state = _state(invitation, person, now)
        if invitation is None or state not in ("good", "again"):
            await connection.execute(insert(WrongCode).values(channel=channel, address=address, at=now))
            tries = await _wrong_tries(connection, channel, address, now)
            if invitation is None:
                return Redeemed(state, person_id=person, locked_now=tries == WRONG_MOST)
            about = invitation.role, invitation.commune_code, invitation.producer_code
            return Redeemed(state, *about, person, tries == WRONG_MOST)
        assert person is not None
        if state == "good" and not await _use(connection, invitation, person, now):
            return Redeemed(
                "used", invitation.role, invitation.commune_code, invitation.producer_code, person
            )
        await connection.execute(
            delete(WrongCode).where(col(WrongCode.channel) == channel, col(WrongCode.address) == address)
        )
        return Redeemed(state, invitation.role, invitation.commune_code, invitation.producer_code, person)


async def _invitation(connection: AsyncConnection, digest: str) -> Invitation | None:
    query = select(Invitation).where(col(Invitation.code_hash) == digest).with_for_update()
    row = (await connection.execute(query)).first() if digest else None
    return Invitation.model_validate(dict(row._mapping)) if row else None


def _state(invitation: Invitation | None, person: int | None, now: datetime) -> State:
    if invitation is None:
        return "unknown"
    if invitation.used_at is not None:
        return "again" if invitation.used_by == person else "used"
    if invitation.withdrawn_at is not None:
        return "withdrawn"
    return "good" if now < invitation.expires_at else "expired"


async def _wrong_tries(connection: AsyncConnection, channel: str, address: str, now: datetime) -> int:
    query = select(func.count()).where(
        col(WrongCode.channel) == channel,
        col(WrongCode.address) == address,
        col(WrongCode.at) > now - LOCKED_FOR,
    )
    return int(await connection.scalar(query) or 0)


async def _use(connection: AsyncConnection, invitation: Invitation, person: int, now: datetime) -> bool:
    """Use it up; False when somebody else was quicker."""
    unused = (col(Invitation.id) == invitation.id) & col(Invitation.used_at).is_(None)
    used = await connection.execute(update(Invitation).where(unused).values(used_at=now, used_by=person))
    if not used.rowcount:
        return False
    if invitation.name:
        named = update(Person).where(col(Person.id) == person, col(Person.name).is_(None))
        await connection.execute(named.values(name=invitation.name))
    if invitation.role == "producer":
        await link(connection, person, invitation.producer_code, "code", invitation.made_by, now)
    else:
        await grant(connection, person, invitation.role, invitation.commune_code, invitation.made_by, now)
    return True


AS = {
    "official": "editor",
    "editor": "editor",
    "approver": "approver",
    "officer": "officer",
    "producer": "producer",
}
"""how a role is asked for at the command line (``--as``) and in conversation files (``as:``)"""


def asked(words: str) -> tuple[str, str, str]:
    """Role, commune and producer of ``editor``, ``approver``, ``officer:COMMUNE``, ``producer:CODE`` (or
    ``official``, an editor). Raises ValueError for anything else."""
    name, _colon, code = words.strip().partition(":")
    role = AS.get(name.strip())
    if role is None or (role == "producer") != bool(code and role == "producer"):
        raise ValueError(f"{words!r}: none of official, editor, approver, officer:COMMUNE, producer:CODE")
    return role, code if role == "officer" else "", code if role == "producer" else ""


async def code_for(engine: AsyncEngine, words: str, now: datetime, name: str = "") -> str:
    """A code that gives what ``words`` ask for, made at the command line; ValueError as :func:`asked`."""
    role, commune, producer = asked(words)
    return await invite(
        engine, role, commune=commune, producer=producer, name=name, by=audit.CONSOLE, now=now
    )
