"""Alembic's environment: it runs on the connection that :func:`db.migrate` hands over."""

from __future__ import annotations

from alembic import context
from sqlalchemy import Connection

import db


def run(connection: Connection) -> None:
    """Apply the revisions asked for. Columns are changed by copying the table on SQLite (batch mode)."""
    context.configure(connection=connection, target_metadata=db.metadata, render_as_batch=True)
    context.run_migrations()


handed_over = context.config.attributes.get("connection")
if handed_over is None:
    raise SystemExit("Run migrations through the program (python -m bot run), which opens the database.")
run(handed_over)
