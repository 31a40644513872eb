"""One calendar address a person and producer: of several that were given, the newest stays.

Revision 0009. Written for SQLite and PostgreSQL alike.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        "UPDATE calendar SET withdrawn_at = CURRENT_TIMESTAMP WHERE withdrawn_at IS NULL AND id NOT IN "
        "(SELECT max(id) FROM calendar WHERE withdrawn_at IS NULL GROUP BY producer_code, made_by)"
    )
    op.create_index(
        "uq_calendar_given",
        "calendar",
        ["producer_code", "made_by"],
        unique=True,
        sqlite_where=sa.text("withdrawn_at IS NULL"),
        postgresql_where=sa.text("withdrawn_at IS NULL"),
    )


def downgrade() -> None:
    op.drop_index("uq_calendar_given", "calendar")
