"""Brings the database to the schema this version needs. Runs at every start; safe when several start at once."""

from __future__ import annotations

import sqlalchemy as sa

from photoplay.db.engine import writing

HEAD = "0005"  # the newest migration; a test compares it with the scripts
_LOCK_KEY = 0x70686F746F  # any constant: names our advisory lock in PostgreSQL


def current_revision(connection: sa.Connection) -> str | None:
    """The migration the database is at, or None when it is new."""
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar_one_or_none()


def migrate(engine: sa.Engine) -> None:
    """Applies the migrations that are missing, all in one transaction under one lock."""
    with engine.connect() as connection:
        if current_revision(connection) == HEAD:
            return
    # Imported late: it is slow, and most starts need no migration.
    from alembic import command
    from alembic.config import Config

    with writing(engine) as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(sa.text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK_KEY})
        config = Config()
        config.set_main_option("script_location", "photoplay.db:migrations")
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
