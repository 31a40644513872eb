"""What every table is made with: names of constraints, moments in UTC, closed vocabularies."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import JSON, CheckConstraint, DateTime, Dialect, MetaData, TypeDecorator
from sqlmodel import SQLModel

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}
SQLModel.metadata.naming_convention = NAMING
metadata: MetaData = SQLModel.metadata
SQLModel.model_config["defer_build"] = True
"""few tables have rows that are validated: a validator is built at its first use, not at each start (16 ms, 0.8 MB)"""
NULLABLE_JSON = JSON(none_as_null=True)
"""JSON where nothing is NULL, not the word ``null``"""


class Instant(TypeDecorator[datetime]):
    """An aware moment: stored in UTC on both engines, always read back aware.

    SQLite has no zone of its own; a naive value is refused rather than guessed.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Turn an aware moment into UTC; raise ValueError for a naive one."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a naive datetime cannot be stored")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give an aware UTC moment back."""
        if value is None or value.tzinfo is not None:
            return value
        return value.replace(tzinfo=UTC)


def one_of(column: str, *values: str) -> CheckConstraint:
    """A column that holds one of these values or nothing."""
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f'"{column}" IN ({listed})', name=column)


def partial_date(column: str) -> CheckConstraint:
    """A column that holds a year, a month or a day in ISO 8601, or nothing."""
    return CheckConstraint(f"{column} IS NULL OR length({column}) IN (4, 7, 10)", name=f"{column}_partial")
