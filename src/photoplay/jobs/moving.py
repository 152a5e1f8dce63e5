"""Moves an installation: from SQLite and a folder to PostgreSQL and S3.

All rows go in one transaction of the new database, so a move that breaks off leaves it empty and may be made again;
files that are there already are not copied twice. The old database is locked against writers while its rows are read,
and neither it nor the old files are changed. What workers and the queue keep for themselves stays behind: no job may
be unfinished.
"""

from __future__ import annotations

import itertools
import json
import os
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from photoplay.accounts import audit
from photoplay.clock import Clock
from photoplay.db import migrate, writing
from photoplay.db.tables import LIVE_STATES, accounts, artifacts, executors, jobs, ledger, metadata, uploads
from photoplay.errors import ArtifactNotFound, StateError, StorageError
from photoplay.jobs.executors import Register, is_free
from photoplay.storage import Storage

BATCH = 500
WORK_PREFIX = "work/"  # files of unfinished jobs
SERVER_FILE_NAME = "server.json"

TABLES = tuple(table for table in metadata.sorted_tables if table is not executors)
"""What is moved, parents before children."""

Tell = Callable[[str, int, int], None]
"""Told what is being moved, how many of it are done, and how many there are."""


@dataclass(frozen=True)
class Place:
    """A database and a store."""

    engine: sa.Engine
    storage: Storage


@dataclass(frozen=True)
class Moved:
    """What a move did."""

    rows: dict[str, int]  # by table
    files: int  # that are in the new store now
    copied: int  # of them, by this move
    copied_bytes: int
    missing: tuple[str, ...]  # keys that the old database names and the old store does not have


def obstacles(source: sa.Engine, clock: Clock, data_dir: Path, *, ttl_s: float) -> list[str]:
    """Why the installation cannot be moved now, in plain words; empty when it can."""
    found = []
    server = _live_server(data_dir)
    if server is not None:
        found.append(f"a server runs (process {server}): stop it")
    for worker in Register(source, clock).all():
        fresh = clock.now_ms() - worker.seen_ms <= ttl_s * 1000
        if fresh and not is_free(data_dir / "locks", worker.id):
            found.append(f"a worker runs ({worker.id}, process {worker.pid} on {worker.host}): stop it")
    with source.connect() as connection:
        live = connection.execute(
            sa.select(sa.func.count()).select_from(jobs).where(jobs.c.state.in_(LIVE_STATES))
        ).scalar_one()
    if live:
        found.append(
            f"{live} jobs are queued or running: with the server stopped, let `photoplay worker` run until "
            "`photoplay cluster` shows none, or cancel them"
        )
    found += [f"the books are wrong: {line}" for line in audit(source)]
    return found


def occupied(target: sa.Engine) -> dict[str, int]:
    """Rows by table of what a database has already, once its tables are made; empty when it has nothing."""
    migrate(target)
    with target.connect() as connection:
        counts = {table.name: _count(connection, table) for table in metadata.sorted_tables}
    return {name: count for name, count in counts.items() if count}


def move(source: Place, target: Place, *, tell: Tell, work_dir: Path) -> Moved:
    """Moves everything, and checks what came of it. The two places may have the same store: then no file moves.

    Raises:
        StateError: the target has something already, or the source changed meanwhile: it may be tried again.
        StorageError: a store fails, or what arrived is not what was sent. The new database is empty then.
    """
    if there := occupied(target.engine):
        raise StateError(f"the new database is not empty: {', '.join(f'{n} {name}' for name, n in there.items())}")
    files, copied, copied_bytes = set(source.storage.list()), 0, 0
    if source.storage is not target.storage:
        files = {key for key in files if not key.startswith(WORK_PREFIX)}
        copied, copied_bytes = _copy_files(source.storage, target.storage, sorted(files), tell, work_dir)
    with writing(source.engine) as reading, writing(target.engine) as connection:
        named = _named_files(reading)
        missing = sorted(key for key in named - files if _gone(source.storage, key))
        if named - files - set(missing):
            raise StateError("new files came while the old ones were copied: is a server running? Try again")
        if _live(reading):
            raise StateError("jobs came in while the files were copied: is a server running? Try again")
        rows = {table.name: _copy_rows(reading, connection, table, tell) for table in TABLES}
        _compare(reading, connection)
        _advance_counters(connection)
    wrong = audit(target.engine)
    if wrong:
        raise StorageError(f"the books in the new database are wrong: {wrong[0]}")
    return Moved(rows, len(files - set(missing)), copied, copied_bytes, tuple(missing))


def _copy_files(source: Storage, target: Storage, keys: list[str], tell: Tell, work_dir: Path) -> tuple[int, int]:
    """How many files were copied, and their bytes."""
    copied = copied_bytes = 0
    have = set(target.list())
    work_dir.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=work_dir, prefix="move-") as folder:
        for done, key in enumerate(keys):
            tell("files", done, len(keys))
            stored = source.stat(key)
            if key in have and target.stat(key).size_bytes == stored.size_bytes:
                continue
            path = source.local_path(key)
            if path is None:
                path = Path(folder) / "file"
                source.fetch_to(key, path)
            arrived = target.put_file(key, path, stored.content_type)
            if arrived.size_bytes != stored.size_bytes:
                raise StorageError(f"{key} arrived with {arrived.size_bytes} bytes of {stored.size_bytes}")
            copied += 1
            copied_bytes += stored.size_bytes
    tell("files", len(keys), len(keys))
    return copied, copied_bytes


def _named_files(connection: sa.Connection) -> set[str]:
    """The keys that the database names."""
    found: set[str] = set(connection.execute(sa.select(artifacts.c.key)).scalars())
    found |= set(connection.execute(sa.select(uploads.c.key)).scalars())
    return found


def _gone(storage: Storage, key: str) -> bool:
    try:
        storage.stat(key)
    except ArtifactNotFound:
        return True
    return False


def _live(connection: sa.Connection) -> bool:
    return connection.execute(sa.select(jobs.c.id).where(jobs.c.state.in_(LIVE_STATES)).limit(1)).first() is not None


def _copy_rows(reading: sa.Connection, writing_to: sa.Connection, table: sa.Table, tell: Tell) -> int:
    """How many rows of the table were copied."""
    count, done = _count(reading, table), 0
    for batch in _batches(reading, table):
        tell(table.name, done, count)
        writing_to.execute(sa.insert(table), batch)
        done += len(batch)
    tell(table.name, done, count)
    return done


def _batches(connection: sa.Connection, table: sa.Table) -> Iterator[list[dict[str, Any]]]:
    """The rows in the order of their keys, some at a time."""
    query = sa.select(table).order_by(*table.primary_key.columns)
    rows = connection.execute(query, execution_options={"yield_per": BATCH}).mappings()
    while batch := [dict(row) for row in itertools.islice(rows, BATCH)]:
        yield batch


def _compare(reading: sa.Connection, connection: sa.Connection) -> None:
    """Makes sure that every row arrived, and that the books are the same to the letter."""
    for table in TABLES:
        sent, arrived = _count(reading, table), _count(connection, table)
        if sent != arrived:
            raise StorageError(f"{table.name}: {arrived} rows arrived of {sent}")
    for table in (accounts, ledger):
        for sent_rows, arrived_rows in zip(_batches(reading, table), _batches(connection, table), strict=True):
            if sent_rows != arrived_rows:
                raise StorageError(f"{table.name}: a row arrived that is not what was sent")


def _advance_counters(connection: sa.Connection) -> None:
    """Lets PostgreSQL's own numbers go on after those that were moved."""
    if connection.dialect.name != "postgresql":
        return
    for table in TABLES:
        column = table.autoincrement_column
        if column is None:
            continue
        # Names of tables and columns are our own.
        last = connection.execute(sa.select(sa.func.max(column))).scalar()
        if last is not None:
            connection.execute(sa.select(sa.func.setval(sa.func.pg_get_serial_sequence(table.name, column.name), last)))


def _count(connection: sa.Connection, table: sa.Table) -> int:
    return int(connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one())


def _live_server(data_dir: Path) -> int | None:
    """The process of the server that works in this folder, if it lives."""
    try:
        pid = int(json.loads((data_dir / SERVER_FILE_NAME).read_text(encoding="utf-8"))["pid"])
        os.kill(pid, 0)
    except (FileNotFoundError, ProcessLookupError, ValueError, KeyError):
        return None
    except PermissionError:  # somebody else's process: it lives
        pass
    # A server that was killed leaves its file, and its number may be another program's by now.
    command = Path(f"/proc/{pid}/cmdline")
    return None if command.exists() and b"photoplay" not in command.read_bytes() else pid
