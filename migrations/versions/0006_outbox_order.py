"""The queue's index in the order it is read: by announcement, what waits for a moment apart from what does not.

Revision 0006. Written for SQLite and PostgreSQL alike.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

BEFORE = ["channel", "lane", "id"]
NOW = ["announcement_id", "channel", "lane", "not_before", "id"]


def upgrade() -> None:
    _index(NOW)


def downgrade() -> None:
    _index(BEFORE)


def _index(columns: list[str]) -> None:
    op.drop_index("ix_delivery_queued", "delivery")
    op.create_index(
        "ix_delivery_queued",
        "delivery",
        columns,
        unique=False,
        sqlite_where=sa.text("state = 'queued'"),
        postgresql_where=sa.text("state = 'queued'"),
    )
