"""One place that opens the database: SQLite in WAL mode by default, PostgreSQL by URL.

Both the product's own tables and the job queue's tables (DBOS) live in this database, so that a job, its
credit hold and its queue entry are written in one transaction.
"""

from __future__ import annotations

import math
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event

from photoplay.errors import SettingsError

BUSY_TIMEOUT_MS = 30_000
POOL_SIZE = 20
LINK_TIMEOUT_S = 20
"""How long a cut link to PostgreSQL may go unnoticed. The system's own limits are a quarter of an hour and more."""
SILENT_TRANSACTION_S = 30
"""How long a transaction may stand still before the server undoes it."""
IDLE_S = 1.0
"""How long a connection to PostgreSQL may lie unused before it is looked at when it is used again."""
_DISK_WORDS = ("database or disk is full", "disk I/O error")
_UNIXEPOCH_SUBSEC = (3, 42)  # first SQLite whose unixepoch() knows 'subsec'


def make_engine(url: str, *, pool_size: int = POOL_SIZE) -> sa.Engine:
    """An engine for ``sqlite:///path`` or ``postgresql://…``.

    The folder of a SQLite file is made when it is missing.

    Raises:
        SettingsError: the URL is neither, or names an in-memory database, which processes cannot share.
    """
    try:
        parsed = sa.make_url(url)
    except sa.exc.ArgumentError as error:
        raise SettingsError("database_url is not a valid SQLAlchemy URL") from error
    backend = parsed.get_backend_name()
    if backend == "sqlite":
        return _sqlite_engine(parsed, pool_size)
    if backend == "postgresql":
        engine = sa.create_engine(
            parsed.set(drivername="postgresql+psycopg"),
            pool_size=pool_size,
            max_overflow=0,
            connect_args=link_arguments(url),
        )
        _look_at_idle_links(engine)
        return engine
    raise SettingsError(f"database_url: {backend} is not supported; use sqlite:///… or postgresql://…")


def link_arguments(url: str) -> dict[str, str | int]:
    """What a connection to PostgreSQL is told, so that a link that is cut harms neither side for long.

    Ours: a query whose packets go unanswered fails after :data:`LINK_TIMEOUT_S`, and one that waits for an answer is
    kept an eye on. The server's: a transaction whose client went silent is undone and its locks are let go; else they
    would keep whoever takes the job over waiting for hours. What the URL says itself stands.
    """
    said = sa.make_url(url).query
    probe_s = LINK_TIMEOUT_S // 4
    told: dict[str, str | int] = {
        "connect_timeout": LINK_TIMEOUT_S // 2,
        "keepalives_idle": probe_s,
        "keepalives_interval": probe_s,
        "keepalives_count": 3,
        "tcp_user_timeout": LINK_TIMEOUT_S * 1000,  # milliseconds
        "options": f"-c idle_in_transaction_session_timeout={SILENT_TRANSACTION_S}s",
    }
    return {name: value for name, value in told.items() if name not in said}


def _look_at_idle_links(engine: sa.Engine) -> None:
    """Has a connection that was not used for a moment looked at before it is used again.

    The library's own way looks every time, which is one way to the server and back more for each transaction. That a
    link is cut while it is in use is found out by whatever uses it, looked at or not.
    """

    @event.listens_for(engine, "checkin")
    def _used(_connection: Any, record: Any) -> None:
        record.info["used_s"] = time.monotonic()

    @event.listens_for(engine, "checkout")
    def _look(connection: Any, record: Any, _proxy: Any) -> None:
        if time.monotonic() - record.info.get("used_s", math.inf) < IDLE_S:
            return
        try:
            engine.dialect.do_ping(connection)
        except engine.dialect.loaded_dbapi.Error as error:
            if not engine.dialect.is_disconnect(error, connection, None):
                raise
            raise sa.exc.InvalidatePoolError from error  # the others are no better: the server was away


def _sqlite_engine(url: sa.URL, pool_size: int) -> sa.Engine:
    if not url.database or url.database == ":memory:":
        raise SettingsError("database_url: SQLite must be a file, since several processes share it")
    Path(url.database).parent.mkdir(parents=True, exist_ok=True)
    engine = sa.create_engine(url, pool_size=pool_size, max_overflow=0)

    @event.listens_for(engine, "connect")
    def _configure(connection: Any, _record: Any) -> None:
        # Writers take the write lock when they begin, not when they first write: no deadlock, no stale snapshot.
        connection.isolation_level = "IMMEDIATE"
        connection.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
        connection.execute("PRAGMA foreign_keys=ON")
        connection.execute("PRAGMA journal_mode=WAL")
        if sqlite3.sqlite_version_info < _UNIXEPOCH_SUBSEC:
            connection.create_function("unixepoch", -1, _unixepoch)

    @event.listens_for(engine, "handle_error")
    def _full_is_away(context: Any) -> None:
        # As a server that is away: it passes, so the queue's library waits for it instead of dropping what it does.
        if isinstance(context.original_exception, sqlite3.OperationalError) and any(
            words in str(context.original_exception) for words in _DISK_WORDS
        ):
            context.is_disconnect = True

    return engine


def _unixepoch(*arguments: str) -> float | int:
    """What ``unixepoch('subsec')`` says from SQLite 3.42 on: the queue's library stamps rows with it."""
    if "subsec" in arguments:
        return int(time.time() * 1000) / 1000
    return int(time.time())


@contextmanager
def reading(engine: sa.Engine) -> Iterator[sa.Connection]:
    """A connection for queries that need not agree with each other on one moment: each is a transaction of its own.

    On PostgreSQL that saves the ways to the server and back that begin and end a transaction.
    """
    with engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            connection = connection.execution_options(isolation_level="AUTOCOMMIT")
        yield connection


@contextmanager
def writing(engine: sa.Engine) -> Iterator[sa.Connection]:
    """A transaction that will write.

    On SQLite it holds the write lock from its first moment, so what it reads cannot change before it commits.
    On PostgreSQL, rows that are read in order to be changed must be locked (``with_for_update``) or changed by
    a guarded ``UPDATE … WHERE``.
    """
    with engine.begin() as connection:
        if engine.dialect.name == "sqlite":
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        yield connection
