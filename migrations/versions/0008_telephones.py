"""Telephone numbers people agreed to be reached by; consent given by word of mouth to an official who wrote it down.

Revision 0008. Written for SQLite and PostgreSQL alike.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "telephone",
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("how", sa.String(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.CheckConstraint("\"how\" IN ('proved', 'recorded')", name=op.f("ck_telephone_how")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_telephone_person_id")),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_telephone")),
    )
    op.add_column("consent", sa.Column("person_id", sa.Integer(), nullable=True))
    op.add_column("consent", sa.Column("recorded_by", sa.String(), nullable=False, server_default=""))


def downgrade() -> None:
    op.execute("DELETE FROM consent WHERE recorded_by <> ''")
    with op.batch_alter_table("consent") as table:
        table.drop_column("recorded_by")
        table.drop_column("person_id")
    op.drop_table("telephone")
