"""Who somebody is: the person behind a chat, their roles, and the producers they serve."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlmodel import col

from db import Chat, Link, Person, Role
from handlers.services import audit


@dataclass(frozen=True, slots=True)
class Who:
    """The person who writes: ``roles`` with the commune of each ("" = the whole province), ``producers`` served."""

    person_id: int | None = None
    name: str = ""
    roles: tuple[tuple[str, str], ...] = ()
    producers: tuple[str, ...] = ()

    def is_a(self, *roles: str) -> bool:
        """Whether one of these roles is held; ``producer`` = serves one."""
        held = {role for role, _commune in self.roles}
        return bool(held & set(roles)) or ("producer" in roles and bool(self.producers))

    @property
    def official(self) -> bool:
        """Whether any role of the authority is held."""
        return bool(self.roles)

    def may_act_in(self, commune: str) -> bool:
        """Whether this official decides about things of a commune: its officer, or anybody of the province."""
        return any(role in ("editor", "approver") or held in ("", commune) for role, held in self.roles)

    @property
    def communes(self) -> tuple[str, ...]:
        """Where a commune's officer decides; empty for people of the province and for everybody else."""
        if self.is_a("editor", "approver"):
            return ()
        return tuple(commune for role, commune in self.roles if role == "officer" and commune)

    @property
    def actor(self) -> str:
        """As the audit log names them."""
        return audit.actor(self.person_id)


NOBODY = Who()


@dataclass(frozen=True, slots=True)
class Address:
    """One chat of a person."""

    person_id: int
    channel: str
    address: str
    language: str


# ------------------------------------------------------------------------------------------------------- who is it


async def who(engine: AsyncEngine, channel: str, address: str) -> Who:
    """The person behind a chat with what they may do now."""
    query = (
        select(col(Person.id), col(Person.name))
        .join(Chat, col(Chat.person_id) == col(Person.id))
        .where(col(Chat.channel) == channel, col(Chat.address) == address)
    )
    async with engine.connect() as connection:
        row = (await connection.execute(query)).first()
        if row is None:
            return NOBODY
        roles = await connection.execute(
            select(col(Role.role), col(Role.commune_code))
            .where(col(Role.person_id) == row[0], col(Role.ended_at).is_(None))
            .order_by(col(Role.id))
        )
        links = await connection.execute(
            select(col(Link.producer_code))
            .where(col(Link.person_id) == row[0], col(Link.ended_at).is_(None))
            .order_by(col(Link.id))
        )
        held = tuple((one[0], one[1]) for one in roles)
        return Who(row[0], row[1] or "", held, tuple(one[0] for one in links))


async def know_chat(
    connection: AsyncConnection, channel: str, address: str, now: datetime, guessed: str | None = None
) -> None:
    """Make a chat's row where there is none yet: its first turn is written down only after the answer."""
    make = (postgresql if connection.dialect.name == "postgresql" else sqlite).insert(Chat)
    row = {"channel": channel, "address": address, "guessed": guessed, "state": "active"}
    seen = {"first_seen_at": now, "last_seen_at": now}
    await connection.execute(
        make.values(row | seen).on_conflict_do_nothing(index_elements=["channel", "address"])
    )


async def person_of(connection: AsyncConnection, channel: str, address: str, now: datetime) -> int:
    """The person behind a chat; made, with the chat's row, where nobody is known yet."""
    await know_chat(connection, channel, address, now)
    here = (col(Chat.channel) == channel) & (col(Chat.address) == address)
    found = await connection.scalar(select(col(Chat.person_id)).where(here).with_for_update())
    if found is not None:
        return int(found)
    made = await connection.execute(insert(Person).values(created_at=now).returning(col(Person.id)))
    person: int = made.scalar_one()  # type: ignore[assignment]
    await connection.execute(update(Chat).where(here).values(person_id=person))
    return person


# --------------------------------------------------------------------------------------------------- roles and links


async def grant(
    connection: AsyncConnection, person: int, role: str, commune: str, by: str, now: datetime
) -> bool:
    """Give a role; False when it was held already."""
    held = await connection.scalar(
        select(col(Role.id)).where(
            col(Role.person_id) == person,
            col(Role.role) == role,
            col(Role.commune_code) == commune,
            col(Role.ended_at).is_(None),
        )
    )
    if held is not None:
        return False
    row = {"person_id": person, "role": role, "commune_code": commune, "given_at": now, "given_by": by}
    await connection.execute(insert(Role).values(row))
    about = {"role": role, "commune": commune}
    await audit.record(connection, now, by, "role given", f"person {person}", after=about)
    return True


async def end_role(engine: AsyncEngine, role_id: int, by: str, now: datetime) -> bool:
    """Take a role away at once; False when it is not held any more."""
    ended = (
        update(Role)
        .where(col(Role.id) == role_id, col(Role.ended_at).is_(None))
        .values(ended_at=now, ended_by=by)
        .returning(col(Role.person_id), col(Role.role), col(Role.commune_code))
    )
    async with engine.begin() as connection:
        row = (await connection.execute(ended)).first()
        if row is None:
            return False
        about = {"role": row[1], "commune": row[2]}
        await audit.record(connection, now, by, "role ended", f"person {row[0]}", before=about)
        return True


async def link(
    connection: AsyncConnection, person: int, producer: str, how: str, by: str, now: datetime
) -> bool:
    """Let a person serve a producer; False when they do already."""
    held = await connection.scalar(
        select(col(Link.id)).where(
            col(Link.person_id) == person,
            col(Link.producer_code) == producer,
            col(Link.ended_at).is_(None),
        )
    )
    if held is not None:
        return False
    row = {"person_id": person, "producer_code": producer, "since": now, "how": how, "by": by}
    await connection.execute(insert(Link).values(row))
    subject = f"producer {producer}"
    await audit.record(connection, now, by, "linked", subject, after={"person": person, "how": how})
    return True


async def unlink(
    connection: AsyncConnection, person: int, producers: Collection[str], by: str, now: datetime
) -> int:
    """End a person's links to these producers; how many there were."""
    ended = (
        update(Link)
        .where(
            col(Link.person_id) == person,
            col(Link.producer_code).in_(producers),
            col(Link.ended_at).is_(None),
        )
        .values(ended_at=now, ended_by=by)
        .returning(col(Link.producer_code))
    )
    codes = [row[0] for row in await connection.execute(ended)]
    for code in codes:
        await audit.record(connection, now, by, "unlinked", f"producer {code}", before={"person": person})
    return len(codes)


# ------------------------------------------------------------------------------------------------- asked by others


@dataclass(frozen=True, slots=True)
class Held:
    """A role that is held, for listing."""

    id: int
    person_id: int
    name: str
    role: str
    commune: str
    given_at: datetime
    given_by: str


async def roles_held(engine: AsyncEngine) -> list[Held]:
    """Every role that is held now, oldest first."""
    query: Any = (
        select(Role, col(Person.name).label("name"))
        .join(Person, col(Person.id) == col(Role.person_id))
        .where(col(Role.ended_at).is_(None))
        .order_by(col(Role.given_at), col(Role.id))
    )
    async with engine.connect() as connection:
        return [
            Held(
                row.id, row.person_id, row.name or "", row.role, row.commune_code, row.given_at, row.given_by
            )
            for row in await connection.execute(query)
        ]


async def people_with(engine: AsyncEngine, role: str, commune: str | None = None) -> list[int]:
    """People who hold a role; with a commune, those who hold it for that one."""
    query = select(col(Role.person_id)).where(col(Role.role) == role, col(Role.ended_at).is_(None))
    if commune is not None:
        query = query.where(col(Role.commune_code) == commune)
    async with engine.connect() as connection:
        return [row[0] for row in await connection.execute(query.distinct())]


async def officers_of(engine: AsyncEngine, commune: str) -> list[int]:
    """Who is told about things of a commune: its officers; where there is none, the province's editors."""
    return await people_with(engine, "officer", commune) or await people_with(engine, "editor")


async def linked_people(engine: AsyncEngine, producers: Iterable[str]) -> dict[str, list[int]]:
    """The people who serve each of these producers; a producer without anybody is left out."""
    query = select(col(Link.producer_code), col(Link.person_id)).where(
        col(Link.producer_code).in_(list(producers)), col(Link.ended_at).is_(None)
    )
    found: dict[str, list[int]] = {}
    async with engine.connect() as connection:
        for code, person in await connection.execute(query):
            found.setdefault(code, []).append(person)
    return found


async def chats_of(engine: AsyncEngine, people: Collection[int], default_language: str) -> list[Address]:
    """The chats of these people that can be written to, the one used last first."""
    query = (
        select(
            col(Chat.person_id),
            col(Chat.channel),
            col(Chat.address),
            func.coalesce(col(Chat.language), col(Chat.guessed), default_language),
        )
        .where(col(Chat.person_id).in_(people), col(Chat.state) == "active")
        .order_by(col(Chat.person_id), col(Chat.last_seen_at).desc())
    )
    async with engine.connect() as connection:
        return [Address(row[0] or 0, row[1], row[2], row[3]) for row in await connection.execute(query)]


async def first_chats(
    engine: AsyncEngine, people: Collection[int], default_language: str, preferred: str = ""
) -> list[Address]:
    """One chat a person: the preferred one (``channel:address``), else the one used last."""
    found: dict[int, Address] = {}
    for chat in await chats_of(engine, people, default_language):
        if chat.person_id not in found or f"{chat.channel}:{chat.address}" == preferred:
            found[chat.person_id] = chat
    return list(found.values())
