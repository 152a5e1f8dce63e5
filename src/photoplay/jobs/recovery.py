"""Finds dead workers and lost jobs. Runs in every worker, for as long as it lives; everything here may be repeated.

The queue's library takes up a dead worker's jobs only when told that the worker is dead. We tell it (:func:`recover`).
It gives a job up after :data:`~photoplay.jobs.queue.MAX_ATTEMPTS` tries; then its row is still live and its credits are
still held, and the sweeper ends it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

import sqlalchemy as sa
from dbos import DBOS

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
GIVEN_UP = f"Rendering was tried {MAX_ATTEMPTS} times and its worker died each time."
INTERNAL = "The job failed for a reason on the server's side."

SUSPECTS = (
    sa.select(jobs.c.id, jobs.c.priority, jobs.c.quote)
    .where(
        IS_LIVE,
        jobs.c.state.in_(sa.bindparam("states", expanding=True)),
        jobs.c.priority.is_not(None),
        jobs.c.updated_ms <= sa.bindparam("before_ms"),
        jobs.c.id > sa.bindparam("after"),
    )
    .order_by(jobs.c.id)
    .limit(sa.bindparam("up_to"))
)


def recover(executor_ids: list[str]) -> int:
    """Puts the jobs of dead workers back into the queue. How many.

    This is the one place that leans on a private method of the library (what its paid supervisor calls): the public
    ``resume_workflow`` starts the count of tries anew, so a job that kills its worker would go round for ever.
    A contract test kills a worker and watches this work.
    """
    return len(DBOS._recover_pending_workflows(executor_ids))  # noqa: SLF001 - see above


class Reaper:
    """Finds dead workers and has their jobs taken up again."""

    def __init__(
        self,
        *,
        register: Register,
        queue: RenderQueue,
        slot: ExecutorSlot,
        locks_dir: Path,
        recover: Callable[[list[str]], int] = recover,
        watch: Watch | None = None,
    ) -> None:
        self._register = register
        self._queue = queue
        self._slot = slot
        self._locks_dir = locks_dir
        self._recover = recover
        self._watch = watch or Watch(locks_dir, slot.node)

    def tick(self) -> list[str]:
        """Looks once. Returns the ids of the workers found dead."""
        try:
            seen: dict[str, int | None] = dict.fromkeys(self._queue.busy_executors())
            seen.update({executor.id: executor.seen_ms for executor in self._register.all()})
        except sa.exc.SQLAlchemyError:
            self._watch.outage()
            raise
        dead = self._watch.dead(seen, me=self._slot.id)
        if dead:
            taken_up = self._recover(dead)
            log.warning("workers %s are dead; %d of their jobs go back into the queue", ", ".join(dead), taken_up)
            self._register.forget(dead)
            for executor_id in dead:
                forget_lock(self._locks_dir, executor_id)
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
