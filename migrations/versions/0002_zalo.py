"""Zalo Official Account: grant, contacts, spending.

Revision 0002. Written for SQLite and PostgreSQL alike.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "zalo_grant",
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("access", sa.String(), nullable=False),
        sa.Column("refresh", sa.String(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("granted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("seed", sa.String(), nullable=False),
        sa.Column("holder", sa.String(), nullable=True),
        sa.Column("held_until", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "\"state\" IN ('good', 'unknown', 'needs_consent')", name=op.f("ck_zalo_grant_state")
        ),
        sa.PrimaryKeyConstraint("account", name=op.f("pk_zalo_grant")),
    )
    op.create_table(
        "zalo_contact",
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("quiet_until", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("address", name=op.f("pk_zalo_contact")),
    )
    op.create_index("ix_zalo_contact_quiet_until", "zalo_contact", ["quiet_until"], unique=False)
    op.create_table(
        "zalo_spending",
        sa.Column("day", sa.String(), nullable=False),
        sa.Column("messages", sa.Integer(), nullable=False),
        sa.Column("dong", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_zalo_spending")),
    )
