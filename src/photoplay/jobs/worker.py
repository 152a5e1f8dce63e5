"""A worker: takes jobs from the render queue, and keeps watch over the other workers and over what is left behind."""

from __future__ import annotations

import asyncio
import logging
import shutil
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from dbos import DBOS, DBOSConfig, DBOSPortableJSONSerializer

from photoplay.db import link_arguments, make_engine
from photoplay.jobs import workflow
from photoplay.jobs.bell import Bell
from photoplay.jobs.executors import ExecutorSlot, Register, Watch, beat_interval_s, forget_lock, is_free
from photoplay.jobs.queue import (
    APPLICATION,
    APPLICATION_VERSION,
    POLLING_INTERVAL_S,
    QUEUE_PREFIX,
    RenderQueue,
    queue_name,
    queue_url,
)
from photoplay.jobs.recovery import Reaper, Sweeper
from photoplay.jobs.retention import Retention
from photoplay.jobs.steps import Steps
from photoplay.notify.delivery import Deliverer

log = logging.getLogger("photoplay.worker")

REAP_INTERVAL_S = 0.5
SWEEP_INTERVAL_S = 2.0
QUEUED_SWEEP_INTERVAL_S = 60.0
RETENTION_INTERVAL_S = 60.0
ORPHAN_INTERVAL_S = 6 * 3600.0
DRAIN_POLL_S = 0.2
STALE_UPLOAD_S = 86_400.0
_POLLER = "queue-worker-"  # what the library calls the threads that look for work; the queue's name follows
_POLLER_PAUSE_S = 0.002
_LEAST_INTERVAL_S = 0.02  # between two looks


@dataclass
class Chore:
    """Something done again and again."""

    name: str
    interval_s: float
    do: Callable[[], object]
    due_s: float = 0.0


class Chores:
    """Runs chores one after another on one thread."""

    def __init__(self, name: str, chores: list[Chore]) -> None:
        self._chores = chores
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Starts in the background."""
        self._thread.start()

    def stop(self) -> None:
        """Stops after the chore that is being done."""
        self._stop.set()
        if self._thread.ident is not None:  # it was started
            self._thread.join(timeout=30)

    def _run(self) -> None:
        while not self._stop.is_set():
            for chore in self._chores:
                if time.monotonic() < chore.due_s or self._stop.is_set():
                    continue
                try:
                    chore.do()
                # The rim of this thread: recovery must go on when the database, the store or the queue's library fails.
                except Exception:
                    log.exception("%s failed; it is tried again", chore.name)
                chore.due_s = time.monotonic() + chore.interval_s
            next_s = min(chore.due_s for chore in self._chores)
            self._stop.wait(max(0.0, next_s - time.monotonic()))


class _NoCancelNoise(logging.Filter):
    """Drops what the library says of workflows that were canceled, or interrupted by a stop: nothing is wrong."""

    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        if "WorkflowCancelled" in type(error).__name__:
            return False
        message = record.getMessage()
        return "is cancelled" not in message and "task cancelled" not in message


class Intake:
    """How many jobs of each of its queues this process takes at a time, and when it looks for them.

    The library keeps that number with the queue, for all workers alike; ours differ. So we keep a zero there. The
    library reads the queue anew before each look for work, by the private method that is wrapped here; a contract test
    watches two workers with different numbers.

    The library looks ten times a second. What comes into the queue by this very process is looked for at once: the
    wait is done here, where a bell ends it, and what the library waits by itself is made short.
    """

    def __init__(self, dbos: DBOS, slots: int, bell: Bell) -> None:
        self._slots = slots
        self._bell = bell
        self._looked: dict[str, tuple[int, float]] = {}  # by queue: how often it had rung at the last look, and when
        library = dbos._sys_db  # noqa: SLF001 - see above
        self._read = library.get_queue
        setattr(library, "get_queue", self._get_queue)  # noqa: B010 - one object's method, not its class's

    def _get_queue(self, name: str, **more: Any) -> Any:
        ours = name.startswith(QUEUE_PREFIX)
        polled = ours and threading.current_thread().name == _POLLER + name
        if polled:
            heard, looked_s = self._looked.get(name, (0, 0.0))
            heard = self._bell.wait(heard, POLLING_INTERVAL_S)
            time.sleep(max(0.0, looked_s + _LEAST_INTERVAL_S - time.monotonic()))  # in a flood of jobs it always rings
            self._looked[name] = heard, time.monotonic()
        queue = self._read(name, **more)
        if queue is not None and ours:
            queue._worker_concurrency = self._slots  # noqa: SLF001 - see above
            if polled:
                queue._polling_interval_sec = _POLLER_PAUSE_S  # noqa: SLF001 - see above
        return queue

    def shut(self) -> None:
        """No more jobs are taken. Those that run go on."""
        self._slots = 0


class Worker:
    """The one worker of this process."""

    def __init__(
        self,
        *,
        database_url: str,
        slot: ExecutorSlot,
        slots: int,
        pools: Sequence[str],
        role: str,
        data_dir: Path,
        executor_ttl_s: float,
        queue: RenderQueue,
        register: Register,
        steps: Steps,
        deliverer: Deliverer,
        sweeper: Sweeper,
        retention: Retention,
        bell: Bell,
    ) -> None:
        self._bell = bell
        self._database_url = database_url
        self._slot = slot
        self._slots = slots
        self._pools = tuple(pools)
        self._role = role
        self._locks_dir = data_dir / "locks"
        self._work_dir = data_dir / "work"
        self._tmp_dir = data_dir / "tmp"
        self._queue = queue
        self._register = register
        self._steps = steps
        self._deliverer = deliverer
        self._reaper = Reaper(
            register=register,
            queue=queue,
            slot=slot,
            locks_dir=self._locks_dir,
            watch=Watch(self._locks_dir, slot.node, ttl_s=executor_ttl_s),
        )
        # Threads of their own: a store that is slow to delete must not keep the worker from showing that it lives.
        self._life = Chores(
            "photoplay-life", [Chore("giving a sign of life", beat_interval_s(executor_ttl_s), self._beat)]
        )
        self._chores = (
            Chores(
                "photoplay-watch",
                [Chore("looking for dead workers", REAP_INTERVAL_S, self._reap)],
            ),
            Chores(
                "photoplay-sweep",
                [
                    Chore("looking for lost jobs", SWEEP_INTERVAL_S, sweeper.tick),
                    Chore("looking at the queue", QUEUED_SWEEP_INTERVAL_S, lambda: sweeper.tick(queued_too=True)),
                    Chore("retention", RETENTION_INTERVAL_S, retention.tick),
                    Chore("looking for orphans", ORPHAN_INTERVAL_S, retention.sweep_orphans),
                ],
            ),
        )
        self._engine: sa.Engine | None = None
        self._intake: Intake | None = None

    @property
    def executor_id(self) -> str:
        """The id under which this process renders."""
        return self._slot.id

    def start(self) -> None:
        """Begins to take jobs."""
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            pass
        else:
            # The library would run every job on that loop, and render children would die with its thread.
            raise RuntimeError("start the worker from a thread without an event loop (asyncio.to_thread)")
        self._register.beat(self._slot, role=self._role, slots=self._slots, pools=self._pools)
        self._remove_leftovers()
        self._queue.register(self._pools)
        workflow.use(self._steps)
        dbos = DBOS(config=self._config())
        DBOS.listen_queues([queue_name(pool) for pool in self._pools])
        logging.getLogger("dbos").addFilter(_NO_CANCEL_NOISE)
        DBOS.launch()
        self._intake = Intake(dbos, self._slots, self._bell)
        self._deliverer.start()
        for chores in (self._life, *self._chores):
            chores.start()
        log.info("worker %s takes jobs of %s, %d at a time", self._slot.id, ", ".join(self._pools), self._slots)

    def drain(self, grace_s: float, hurry: threading.Event) -> None:
        """Takes no more jobs, and waits for those that run: at most ``grace_s``, or until somebody is in a hurry."""
        if self._intake is not None:
            self._intake.shut()
        until_s = time.monotonic() + grace_s
        while time.monotonic() < until_s and self._slot.id in self._queue.busy_executors():
            if hurry.wait(DRAIN_POLL_S):
                return

    def stop(self) -> None:
        """Stops. Jobs that still run go back into the queue, for other workers."""
        for chores in self._chores:
            chores.stop()
        self._steps.stop()
        DBOS.destroy()
        self._life.stop()
        workflow.use(None)
        self._deliverer.stop()
        if self._engine is not None:
            self._engine.dispose()
        handed_back = self._queue.hand_back(self._slot.id)
        if handed_back:
            log.info("%d unfinished jobs go back into the queue", handed_back)
        self._register.forget([self._slot.id])
        forget_lock(self._locks_dir, self._slot.id)
        self._slot.release()
        shutil.rmtree(self._work_dir / self._slot.id, ignore_errors=True)

    def _config(self) -> DBOSConfig:
        config: DBOSConfig = {
            "name": APPLICATION,
            "system_database_url": queue_url(self._database_url),
            "application_version": APPLICATION_VERSION,
            "executor_id": self._slot.id,
            "serializer": DBOSPortableJSONSerializer(),
            "log_level": "WARNING",
            "enable_otlp": False,
        }
        if self._database_url.startswith("sqlite"):
            # The library's own engine sets no WAL, and does not start on every SQLite that Python comes with.
            self._engine = make_engine(self._database_url)
            config["system_database_engine"] = self._engine
        else:
            config["db_engine_kwargs"] = {"connect_args": link_arguments(self._database_url)}
        return config

    def _beat(self) -> None:
        self._register.beat(self._slot, role=self._role, slots=self._slots, pools=self._pools)

    def _reap(self) -> None:
        for executor_id in self._reaper.tick():
            shutil.rmtree(self._work_dir / executor_id, ignore_errors=True)

    def _remove_leftovers(self) -> None:
        """Removes what dead workers left that own nothing any more, and uploads that broke off long ago."""
        known = {executor.id for executor in self._register.all()} | self._queue.busy_executors()
        for lock in self._locks_dir.glob("*.lock"):
            if lock.stem not in known and is_free(self._locks_dir, lock.stem):
                shutil.rmtree(self._work_dir / lock.stem, ignore_errors=True)
                lock.unlink(missing_ok=True)
        for upload in self._tmp_dir.glob("*"):
            if time.time() - upload.stat().st_mtime > STALE_UPLOAD_S:
                upload.unlink(missing_ok=True)


_NO_CANCEL_NOISE = _NoCancelNoise()
