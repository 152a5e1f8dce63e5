"""Makes old files go: of finished jobs, of uploads, and what crashes left behind. Everything here may be repeated."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

import sqlalchemy as sa

from photoplay import ids
from photoplay.clock import Clock
from photoplay.db import writing
from photoplay.db.tables import IS_FINISHED, IS_LEAVING, idempotency_keys, jobs
from photoplay.engines.motion.cache_folder import forget_unused
from photoplay.jobs.job import JobState
from photoplay.jobs.queue import RenderQueue
from photoplay.jobs.store import JobStore
from photoplay.jobs.uploads import Uploads
from photoplay.storage import Storage

log = logging.getLogger("photoplay.retention")

BATCH = 200
ORPHAN_GRACE_MS = 10 * 60 * 1000  # files younger than that may belong to a job that is just being written

EXPIRING = (
    sa.select(jobs.c.id, jobs.c.state)
    .where(
        IS_FINISHED,
        jobs.c.expires_ms <= sa.bindparam("now_ms"),
    )
    .order_by(jobs.c.expires_ms)
    .limit(BATCH)
)
# Jobs that say that their files are going, and were not said to be rid of them: a crash came between the two.
LEFT_BEHIND = sa.select(jobs.c.id).where(IS_LEAVING).order_by(jobs.c.expires_ms).limit(BATCH)


class Retention:
    """The sweep."""

    def __init__(
        self,
        *,
        engine: sa.Engine,
        clock: Clock,
        store: JobStore,
        storage: Storage,
        uploads: Uploads,
        queue: RenderQueue,
        remove_files: Callable[[str], None],
        idempotency_ttl_s: int,
        scenes_dir: Path | None = None,
        scene_cache_s: int = 0,
    ) -> None:
        self._engine = engine
        self._clock = clock
        self._store = store
        self._storage = storage
        self._uploads = uploads
        self._queue = queue
        self._remove_files = remove_files
        self._idempotency_ttl_ms = idempotency_ttl_s * 1000
        self._scenes_dir = scenes_dir
        self._scene_cache_ms = scene_cache_s * 1000

    def tick(self) -> int:
        """Sweeps once. How many jobs lost their files."""
        swept = self._expire() + self._finish_removals()
        self._sweep("work", (JobState.QUEUED, JobState.RUNNING))
        self._uploads.sweep()
        if self._scenes_dir is not None:
            forget_unused(self._scenes_dir, (self._clock.now_ms() - self._scene_cache_ms) / 1000)
        with writing(self._engine) as connection:
            connection.execute(
                sa.delete(idempotency_keys).where(
                    idempotency_keys.c.created_ms <= self._clock.now_ms() - self._idempotency_ttl_ms
                )
            )
        return swept

    def _expire(self) -> int:
        """A clip whose time is over becomes ``expired``. Failed and canceled jobs keep their state."""
        with self._engine.connect() as connection:
            over = connection.execute(EXPIRING, {"now_ms": self._clock.now_ms()}).all()
        for row in over:
            state = JobState(row.state)
            after = JobState.EXPIRED if state is JobState.SUCCEEDED else state
            with writing(self._engine) as connection:
                mine = self._store.mark(connection, row.id, after, from_states=[state])
            if mine:
                self._remove_files(row.id)
        self._queue.forget([row.id for row in over])
        return len(over)

    def _finish_removals(self) -> int:
        with self._engine.connect() as connection:
            left = connection.execute(LEFT_BEHIND).scalars().all()
        for job_id in left:
            self._remove_files(job_id)
        return len(left)

    def sweep_orphans(self) -> int:
        """Removes stored results of jobs that have none (any more). Lists the whole store: for quiet hours."""
        return self._sweep("jobs", (JobState.QUEUED, JobState.RUNNING, JobState.SUCCEEDED))

    def _sweep(self, prefix: str, states: tuple[JobState, ...]) -> int:
        """Removes the files below ``prefix`` of jobs that are in none of ``states``. How many files."""
        removed = 0
        for job_id in sorted({key.split("/")[1] for key in self._storage.list(prefix) if key.count("/") >= 2}):
            if ids.is_job_id(job_id) and not self._may_have_files(job_id, states):
                removed += self._storage.delete_prefix(f"{prefix}/{job_id}")
        if removed:
            log.info("removed %d files of jobs that are over", removed)
        return removed

    def _may_have_files(self, job_id: str, states: tuple[JobState, ...]) -> bool:
        job = self._store.load(job_id)
        return job is not None and (job.state in states or self._clock.now_ms() - job.updated_ms < ORPHAN_GRACE_MS)
