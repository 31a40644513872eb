"""The registry's rows read for an import or an export, and the changes of an import written, in bulk."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Table, bindparam, delete, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

import db
from handlers.services.importing.comparing import NAMELESS, Change
from handlers.services.importing.judging import Values
from handlers.services.importing.kinds import CERTIFICATE_COLUMNS, KINDS, Kind


async def read_held(connection: AsyncConnection) -> dict[str, list[Values]]:
    """Every row of the registry by table; products with the columns of their certificate in force."""
    held: dict[str, list[Values]] = {}
    for kind in KINDS.values():
        if kind.name != "certificates":
            table = db.metadata.tables[kind.table]
            held[kind.table] = await _rows(connection, table, _order(table, kind))
    certificates = await _rows(connection, db.metadata.tables["certificate"], ("id",))
    in_force = {row["product_code"]: row for row in certificates if row["in_force"]}
    for product in held["product"]:
        certificate = in_force.get(product["code"], {})
        product.update({column: certificate.get(column) for column in CERTIFICATE_COLUMNS})
    held["certificate"] = [row for row in certificates if not row["in_force"]]
    held["in_force"] = list(in_force.values())
    held["registry"] = await _rows(connection, db.metadata.tables["registry"], ("id",))
    return held


def _order(table: Table, kind: Kind) -> tuple[str, ...]:
    if "position" in table.c:
        return ("position", *kind.key)
    return kind.key or ("id",)


async def _rows(connection: AsyncConnection, table: Table, order: Sequence[str]) -> list[Values]:
    result = await connection.execute(select(*table.c).order_by(*(table.c[name] for name in order)))
    return [dict(row) for row in result.mappings()]


async def lock(connection: AsyncConnection) -> int:
    """Make the registry's row ours until the transaction ends, and give its version.

    A write, so that SQLite takes its one write lock now and a second import waits on either engine.
    """
    registry = db.metadata.tables["registry"]
    dialect: Any = sqlite if connection.dialect.name == "sqlite" else postgresql
    first = dialect.insert(registry).values(id=1, official=False, version=0, **NAMELESS)
    await connection.execute(first.on_conflict_do_nothing())
    await connection.execute(update(registry).values(version=registry.c.version))
    version: int = (await connection.execute(select(registry.c.version))).scalar_one()
    return version


async def write(connection: AsyncConnection, changes: Iterable[Change]) -> int:
    """Write the changes and raise the version by one if there are any; gives the version then in force."""
    registry = db.metadata.tables["registry"]
    written = False
    for change in changes:
        written = True
        await _write_table(connection, change)
    if written:
        await connection.execute(update(registry).values(version=registry.c.version + 1))
    version: int = (await connection.execute(select(registry.c.version))).scalar_one()
    return version


async def _write_table(connection: AsyncConnection, change: Change) -> None:
    table = db.metadata.tables[change.table]
    if change.delete_all:
        await connection.execute(delete(table))
    if change.delete:
        await connection.execute(
            delete(table).where(*(table.c[name] == bindparam(f"k_{name}") for name in change.key)),
            [{f"k_{name}": value for name, value in row.items()} for row in change.delete],
        )
    if change.insert:
        await connection.execute(insert(table), change.insert)
    if change.update:
        await _update(connection, table, change)


async def _update(connection: AsyncConnection, table: Table, change: Change) -> None:
    columns = [name for name in change.update[0] if name not in change.key]
    changed = update(table).where(*(table.c[name] == bindparam(f"k_{name}") for name in change.key))
    if table.name == "certificate":
        changed = changed.where(table.c.in_force)
    changed = changed.values({name: bindparam(f"v_{name}") for name in columns})
    rows = [
        {f"k_{name}" if name in change.key else f"v_{name}": value for name, value in row.items()}
        for row in change.update
    ]
    await connection.execute(changed, rows)
