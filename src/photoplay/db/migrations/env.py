"""Run by Alembic. The connection, its transaction and its lock belong to the caller (``photoplay.db.migrate``)."""

from __future__ import annotations

from alembic import context

from photoplay.db.tables import metadata

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=metadata, render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()
