"""The table of an announcement's deliveries has an address of its own that works for a day; only its hash is kept.

Revision 0007. Written for SQLite and PostgreSQL alike.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("announcement", sa.Column("report_hash", sa.String(), nullable=True))
    op.add_column("announcement", sa.Column("report_until", sa.DateTime(timezone=True), nullable=True))
    op.create_index("ix_announcement_report_hash", "announcement", ["report_hash"])


def downgrade() -> None:
    op.drop_index("ix_announcement_report_hash", "announcement")
    with op.batch_alter_table("announcement") as table:
        table.drop_column("report_until")
        table.drop_column("report_hash")
