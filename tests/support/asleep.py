"""Stopping a process in its tracks as a machine that stalls does."""

from __future__ import annotations

import signal
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing

import sqlalchemy as sa

LOOKS = 20  # others hold the lock too, for a moment each


def fall_asleep(send: Callable[[signal.Signals], object], engine: sa.Engine, patience_s: float = 60.0) -> None:
    """Stops the process that gets what ``send`` sends, at a moment when others can write to the database.

    SQLite has one lock for the whole file: while one who holds it sleeps nobody can write, and what a test wants to see
    (others taking over) cannot happen. PostgreSQL locks rows, and ends a transaction that idles for too long.
    """
    deadline = time.monotonic() + patience_s
    while time.monotonic() < deadline:
        send(signal.SIGSTOP)
        time.sleep(0.05)  # it takes effect thread by thread
        if engine.dialect.name != "sqlite" or _can_write(str(engine.url.database)):
            return
        send(signal.SIGCONT)
        time.sleep(0.05)
    raise AssertionError("it never let go of the database")


def _can_write(path: str) -> bool:
    for _ in range(LOOKS):
        with closing(sqlite3.connect(path, timeout=0.1, isolation_level=None)) as connection:
            try:
                connection.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError:
                continue
            connection.execute("ROLLBACK")
            return True
    return False
