"""Finds dead workers and lost jobs. Runs in every worker, for as long as it lives; everything here may be repeated.

The queue's library takes up a dead worker's jobs only when told that the worker is dead. We tell it (:func:`recover`).
That a job is a living worker's own does not mean that it is worked on: the answer to its claim may have been lost with
a connection, or what ran it has broken off. So each worker compares what is its own with what it runs, and gives the
rest back (:class:`Strays`).

The library gives a job up after :data:`~photoplay.jobs.queue.MAX_ATTEMPTS` tries; then its row is still live and its
credits are still held, and the sweeper ends it.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import sqlalchemy as sa
from dbos import DBOS
from dbos._dbos import _get_dbos_instance
from dbos._utils import INTERNAL_QUEUE_NAME

from photoplay.clock import Clock
from photoplay.db import writing
from photoplay.db.tables import IS_LIVE, jobs
from photoplay.errors import PhotoplayError, RenderCrashed
from photoplay.jobs.executors import ExecutorSlot, Register, Watch, forget_lock
from photoplay.jobs.job import JobState
from photoplay.jobs.lifecycle import Lifecycle
from photoplay.jobs.queue import ENDED, MAX_ATTEMPTS, RenderQueue

log = logging.getLogger("photoplay.recovery")

SWEEP_GRACE_MS = 3_000  # a job that changed so lately is left alone: its worker may be about to end it
SWEEP_LIMIT = 500
STRAY_AFTER_S = 20.0  # between the claim of a job and the moment it runs lies far less, on a busy machine too
GIVEN_UP = f"Rendering was tried {MAX_ATTEMPTS} times and its worker died each time."
INTERNAL = "The job failed for a reason on the server's side."

SUSPECTS = (
    sa.select(jobs.c.id, jobs.c.priority, jobs.c.quote)
    .where(
        IS_LIVE,
        jobs.c.state.in_(sa.bindparam("states", expanding=True)),
        jobs.c.priority.is_not(None),
        # What seems to come from the future was written before the clock was set back.
        sa.or_(jobs.c.updated_ms <= sa.bindparam("before_ms"), jobs.c.updated_ms > sa.bindparam("future_ms")),
        jobs.c.id > sa.bindparam("after"),
    )
    .order_by(jobs.c.id)
    .limit(sa.bindparam("up_to"))
)


def recover(executor_ids: list[str]) -> int:
    """Puts the jobs of dead workers back into the queue. How many.

    This and what follows leans on private methods of the library (what its paid supervisor calls): the public
    ``resume_workflow`` starts the count of tries anew, so a job that kills its worker would go round for ever.
    Contract tests kill workers, and take jobs away from them, and watch this work.
    """
    return len(DBOS._recover_pending_workflows(executor_ids))  # noqa: SLF001 - see above


def running_here() -> set[str]:
    """The jobs that this process runs."""
    return set(_get_dbos_instance()._active_workflows_set.activeList())  # noqa: SLF001 - see `recover`


def put_back(job_id: str, executor_id: str) -> bool:
    """Puts one job back into the queue, if it is still that worker's. Should it be running after all, that run ends.

    Like :func:`recover`, this counts as a try.
    """
    library = _get_dbos_instance()._sys_db  # noqa: SLF001 - see `recover`
    return library.reenqueue_for_recovery(job_id, [executor_id], INTERNAL_QUEUE_NAME)


class Strays:
    """Finds jobs that are this worker's own and that it does not run."""

    def __init__(
        self,
        *,
        running: Callable[[], set[str]] = running_here,
        put_back: Callable[[str, str], bool] = put_back,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._running = running
        self._put_back = put_back
        self._monotonic = monotonic
        self._since_s: dict[str, float] = {}  # job to the moment from which on it was not seen to run

    def look(self, begun: Mapping[str, str], me: str) -> list[str]:
        """Looks once at the jobs that have ``begun`` (each with its worker's id). Those that went back, if any."""
        running = self._running()
        now_s = self._monotonic()
        idle = {job_id for job_id, executor_id in begun.items() if executor_id == me} - running
        self._since_s = {job_id: self._since_s.get(job_id, now_s) for job_id in idle}
        strays = [job_id for job_id, since_s in self._since_s.items() if now_s - since_s >= STRAY_AFTER_S]
        return [job_id for job_id in strays if self._put_back(job_id, me)]

    def outage(self) -> None:
        """The database was away: everything gets a new term."""
        self._since_s.clear()


class Reaper:
    """Finds dead workers and has their jobs taken up again, and this worker's own that it does not run."""

    def __init__(
        self,
        *,
        register: Register,
        queue: RenderQueue,
        slot: ExecutorSlot,
        locks_dir: Path,
        recover: Callable[[list[str]], int] = recover,
        watch: Watch | None = None,
        strays: Strays | None = None,
    ) -> None:
        self._register = register
        self._queue = queue
        self._slot = slot
        self._locks_dir = locks_dir
        self._recover = recover
        self._watch = watch or Watch(locks_dir, slot.node)
        self._strays = strays or Strays()

    def tick(self) -> list[str]:
        """Looks once. Returns the ids of the workers found dead."""
        try:
            begun = self._queue.begun()
            seen: dict[str, int | None] = dict.fromkeys(filter(None, begun.values()))
            seen.update({executor.id: executor.seen_ms for executor in self._register.all()})
        except sa.exc.SQLAlchemyError:
            self._watch.outage()
            self._strays.outage()
            raise
        dead = self._watch.dead(seen, me=self._slot.id)
        if dead:
            taken_up = self._recover(dead)
            log.warning("workers %s are dead; %d of their jobs go back into the queue", ", ".join(dead), taken_up)
            self._register.forget(dead)
            for executor_id in dead:
                forget_lock(self._locks_dir, executor_id)
        for job_id in self._strays.look(begun, self._slot.id):
            log.warning("job %s was this worker's, but nothing worked on it; it goes back into the queue", job_id)
        return dead


class Sweeper:
    """Ends jobs that the queue has given up, and queues again those that it does not know."""

    def __init__(self, *, engine: sa.Engine, clock: Clock, queue: RenderQueue, lifecycle: Lifecycle) -> None:
        self._engine = engine
        self._clock = clock
        self._queue = queue
        self._lifecycle = lifecycle

    def tick(self, *, queued_too: bool = False) -> int:
        """Looks at every running job once, and at every queued one if asked. How many were not as they should be."""
        states = [JobState.RUNNING.value, *([JobState.QUEUED.value] if queued_too else [])]
        found = 0
        after = ""
        while True:
            parameters = {
                "states": states,
                "before_ms": self._clock.now_ms() - SWEEP_GRACE_MS,
                "future_ms": self._clock.now_ms() + SWEEP_GRACE_MS,
                "after": after,
                "up_to": SWEEP_LIMIT,
            }
            with self._engine.connect() as connection:
                suspects = connection.execute(SUSPECTS, parameters).all()
            if not suspects:
                return found
            statuses = self._queue.statuses([row.id for row in suspects])
            for row in suspects:
                found += self._mend(row.id, row.priority, row.quote["pool"], statuses.get(row.id))
            after = suspects[-1].id

    def _mend(self, job_id: str, priority: int, pool: str, status: str | None) -> bool:
        if status is None:
            log.error("job %s is live but not in the queue; it is queued again", job_id)
            with writing(self._engine) as connection:
                self._queue.enter(connection, job_id, priority, pool)
            return True
        if status not in ENDED:
            return False
        log.warning("job %s is live although its workflow ended: %s", job_id, status)
        if status == "CANCELLED":
            self._lifecycle.cancel(job_id)
        elif status == "MAX_RECOVERY_ATTEMPTS_EXCEEDED":
            self._lifecycle.fail(job_id, RenderCrashed.code, GIVEN_UP)
        else:
            self._lifecycle.fail(job_id, PhotoplayError.code, INTERNAL)
        return True
