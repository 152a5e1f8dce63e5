"""A fresh database for a test: SQLite, or PostgreSQL when ``PHOTOPLAY_TEST_POSTGRES`` names a server to make it on."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa

SERVER = "PHOTOPLAY_TEST_POSTGRES"  # a URL whose user may create databases


@contextmanager
def fresh_database(folder: Path) -> Iterator[str]:
    """The URL of an empty database that goes when the test ends."""
    server = os.environ.get(SERVER)
    if not server:
        yield f"sqlite:///{folder / 'test.sqlite'}"
        return
    name = f"test_{secrets.token_hex(6)}"
    url = sa.make_url(server).set(drivername="postgresql+psycopg")
    admin = sa.create_engine(url, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with admin.connect() as connection:
        connection.execute(sa.text(f'CREATE DATABASE "{name}"'))
    try:
        yield url.set(database=name, drivername="postgresql").render_as_string(hide_password=False)
    finally:
        with admin.connect() as connection:
            connection.execute(sa.text(f'DROP DATABASE "{name}" WITH (FORCE)'))
