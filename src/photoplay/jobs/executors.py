"""Workers' identities and their signs of life.

A worker (an **executor** in the queue's words) draws an id that was never used before, and locks a file of that
name for as long as it lives. So two live processes never share an id, an id never comes back, and a file whose lock is
free means that its worker is dead. For workers on other machines there is a row that each refreshes; one that
stands still for the setting ``executor_ttl_s`` on our own clock means the same.
"""

from __future__ import annotations

import fcntl
import os
import re
import socket
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Self

import sqlalchemy as sa

from photoplay import ids
from photoplay.clock import Clock
from photoplay.db import writing
from photoplay.db.tables import executors

BEAT_INTERVAL_S = 5.0
TTL_S = 30.0  # default of the setting
BEATS_IN_TTL = 6  # at least: some may be lost
_NODE_FILE = "node"


class ExecutorSlot:
    """A worker's id, held by a lock on a file for as long as the process lives."""

    def __init__(self, executor_id: str, node: str, lock: IO[bytes], path: Path) -> None:
        self.id = executor_id
        self.node = node
        self._lock = lock
        self._path = path

    @classmethod
    def take(cls, locks_dir: Path) -> Self:
        """A new id, locked."""
        locks_dir.mkdir(parents=True, exist_ok=True)
        node = _node(locks_dir)
        executor_id = f"{node}-{ids.token(8)}"
        # Locked before it gets the name under which others look at it: a live worker's file is never seen unlocked.
        newborn = locks_dir / f"{executor_id}.new"
        lock = newborn.open("wb")
        fcntl.flock(lock, fcntl.LOCK_EX)
        return cls(executor_id, node, lock, newborn.rename(_lock_path(locks_dir, executor_id)))

    def release(self) -> None:
        """Gives the id up. Work that is still its own is taken over by other workers."""
        self._lock.close()


def is_free(locks_dir: Path, executor_id: str) -> bool:
    """Whether that worker of this folder is known to be dead: its file is there, and nobody holds its lock."""
    try:
        with _lock_path(locks_dir, executor_id).open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return False
    return True


def forget_lock(locks_dir: Path, executor_id: str) -> None:
    """Removes the file of a dead worker."""
    _lock_path(locks_dir, executor_id).unlink(missing_ok=True)


def _node(locks_dir: Path) -> str:
    """This folder on this host, in a name that no other has."""
    host = re.sub(r"[^A-Za-z0-9]+", "-", socket.gethostname())[:40].strip("-") or "host"
    with (locks_dir / f"{_NODE_FILE}-{host}").open("a+", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.seek(0)
        tag = file.read().strip()
        if not tag:
            tag = ids.token(8)
            file.write(tag)
    return f"{host}-{tag}"


def _lock_path(locks_dir: Path, executor_id: str) -> Path:
    return locks_dir / f"{executor_id}.lock"


@dataclass(frozen=True)
class Executor:
    """A worker as others see it."""

    id: str
    host: str
    pid: int
    role: str
    slots: int
    started_ms: int
    seen_ms: int
    pools: tuple[str, ...] = ()


def beat_interval_s(ttl_s: float) -> float:
    """How often a worker gives a sign of life, where it is taken for dead after ``ttl_s``."""
    return min(BEAT_INTERVAL_S, ttl_s / BEATS_IN_TTL)


class Register:
    """The table of workers."""

    def __init__(self, engine: sa.Engine, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock

    def beat(self, slot: ExecutorSlot, *, role: str, slots: int, pools: Sequence[str]) -> None:
        """Says that the worker is alive, and that it renders ``slots`` jobs at once of each of its pools."""
        now_ms = self._clock.now_ms()
        with writing(self._engine) as connection:
            changed = connection.execute(
                sa.update(executors)
                .where(executors.c.id == slot.id, executors.c.pid == os.getpid())
                .values(seen_ms=now_ms, role=role, slots=slots, pools=list(pools))
            )
            if changed.rowcount == 0:
                connection.execute(sa.delete(executors).where(executors.c.id == slot.id))
                connection.execute(
                    sa.insert(executors).values(
                        id=slot.id,
                        host=socket.gethostname(),
                        pid=os.getpid(),
                        role=role,
                        slots=slots,
                        started_ms=now_ms,
                        seen_ms=now_ms,
                        pools=list(pools),
                    )
                )

    def all(self) -> list[Executor]:
        """Every worker that has not said good-bye."""
        with self._engine.connect() as connection:
            rows = connection.execute(sa.select(executors).order_by(executors.c.id)).mappings().all()
        return [Executor(**{**row, "pools": tuple(row["pools"] or ())}) for row in rows]

    def forget(self, executor_ids: Iterable[str]) -> None:
        """Takes workers out of the table."""
        with writing(self._engine) as connection:
            connection.execute(sa.delete(executors).where(executors.c.id.in_(list(executor_ids))))


class Watch:
    """Tells which workers are dead. Keeps in mind when it last saw each of them move."""

    def __init__(
        self, locks_dir: Path, node: str, *, ttl_s: float = TTL_S, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._locks_dir = locks_dir
        self._node = node
        self._ttl_s = ttl_s
        self._monotonic = monotonic
        self._moved: dict[str, tuple[int | None, float]] = {}
        self._mine: tuple[int | None, float] | None = None

    def dead(self, seen: dict[str, int | None], *, me: str) -> list[str]:
        """Which of the workers are dead.

        Whoever cannot write a sign of life himself (the disk is full, the database takes no writes, this process stood
        still) cannot blame others for that: they get a new term.

        Args:
            seen: worker's id to its last sign of life; None when it has no row (any more) but still owns jobs.
            me: our own id: never dead.
        """
        now_s = self._monotonic()
        found = []
        mine = seen.get(me)
        if self._mine is None or self._mine[0] != mine:
            self._mine = (mine, now_s)
        elif mine is not None and now_s - self._mine[1] > self._ttl_s / 2:
            self.outage()
        for executor_id, seen_ms in seen.items():
            if executor_id == me:
                continue
            if executor_id.startswith(f"{self._node}-") and is_free(self._locks_dir, executor_id):
                found.append(executor_id)
                continue
            # Its clock may not be ours, so all that counts is whether its sign of life moves.
            before = self._moved.get(executor_id)
            if before is None or before[0] != seen_ms:
                self._moved[executor_id] = (seen_ms, now_s)
            elif now_s - before[1] > self._ttl_s:
                found.append(executor_id)
        for gone in self._moved.keys() - seen.keys():
            del self._moved[gone]
        return found

    def outage(self) -> None:
        """The database could not be read: nobody could give a sign of life, so everybody gets a new term."""
        self._moved.clear()
