"""Makes old things go: files of finished jobs, uploads, webhooks that were told, and what crashes left behind.

Everything here may be repeated. Nothing goes while somebody may be downloading it. What the server itself sends is an
open file, which outlives its name. A store that signs links of its own hears nothing of ours, so there the files of an
expired clip stay for as long as a link lasts: until the last one that was handed out has ended.

A clock that is set wrong must not make everything old at once. When it leaps ahead, nothing goes for the next hour: it
may be set right again.
"""

from __future__ import annotations

import logging
import time
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
from photoplay.notify.outbox import Outbox
from photoplay.storage import Storage

log = logging.getLogger("photoplay.retention")

BATCH = 200
WEBHOOK_BATCHES = 20  # of the outbox's own size, in one sweep
LEAP_MS = 15 * 60 * 1000  # the clock passed by that much more than time did: it was set, or the machine slept
DOUBT_S = 3600.0
_NEVER_SIGNED = "jobs/none"  # only to see whether the store signs links
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
# Jobs that say that their files are going, and were not said to be rid of them: their grace is over, or a crash came
# between the two.
LEFT_BEHIND = (
    sa.select(jobs.c.id)
    .where(IS_LEAVING, jobs.c.expires_ms <= sa.bindparam("now_ms"))
    .order_by(jobs.c.expires_ms)
    .limit(BATCH)
)


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
        outbox: Outbox,
        remove_files: Callable[[str], None],
        idempotency_ttl_s: int,
        webhook_retention_s: int,
        link_ttl_s: int,
        scenes_dir: Path | None = None,
        scene_cache_s: int = 0,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """``link_ttl_s`` is how long a link lasts that the store has signed, where it does."""
        self._engine = engine
        self._clock = clock
        self._store = store
        self._storage = storage
        self._uploads = uploads
        self._queue = queue
        self._outbox = outbox
        self._remove_files = remove_files
        self._idempotency_ttl_ms = idempotency_ttl_s * 1000
        self._webhook_retention_ms = webhook_retention_s * 1000
        self._grace_ms = link_ttl_s * 1000
        self._monotonic = monotonic
        self._before: tuple[int, float] | None = None  # the clock's time and ours at the last sweep
        self._doubt_until_s = 0.0
        self._scenes_dir = scenes_dir
        self._scene_cache_ms = scene_cache_s * 1000

    def tick(self) -> int:
        """Sweeps once. How many jobs lost their files."""
        self._sweep("work", (JobState.QUEUED, JobState.RUNNING))
        if self._doubtful():
            return 0
        swept = self._expire() + self._finish_removals()
        self._uploads.sweep()
        self._forget_webhooks()
        if self._scenes_dir is not None:
            forget_unused(self._scenes_dir, (self._clock.now_ms() - self._scene_cache_ms) / 1000)
        with writing(self._engine) as connection:
            connection.execute(
                sa.delete(idempotency_keys).where(
                    idempotency_keys.c.created_ms <= self._clock.now_ms() - self._idempotency_ttl_ms
                )
            )
        return swept

    def _doubtful(self) -> bool:
        """Whether the clock has leapt ahead so lately that it is not to be believed yet."""
        now_ms, now_s = self._clock.now_ms(), self._monotonic()
        if self._before is not None:
            leap_ms = now_ms - self._before[0] - (now_s - self._before[1]) * 1000
            if leap_ms > LEAP_MS:
                log.warning("the clock leapt ahead by %.0f s; nothing expires for an hour", leap_ms / 1000)
                self._doubt_until_s = now_s + DOUBT_S
            elif leap_ms < -LEAP_MS:  # set right again
                self._doubt_until_s = now_s
        self._before = (now_ms, now_s)
        return now_s < self._doubt_until_s

    def _forget_webhooks(self) -> None:
        before_ms = self._clock.now_ms() - self._webhook_retention_ms
        for _ in range(WEBHOOK_BATCHES):
            if not self._outbox.prune(before_ms):
                return

    def _expire(self) -> int:
        """A clip whose time is over becomes ``expired``. Failed and canceled jobs keep their state.

        Its record names no files from then on, also where those stay for a while.
        """
        with self._engine.connect() as connection:
            over = connection.execute(EXPIRING, {"now_ms": self._clock.now_ms()}).all()
        signs = bool(over) and self._storage.presigned_url(_NEVER_SIGNED, 60) is not None
        for row in over:
            state = JobState(row.state)
            after = JobState.EXPIRED if state is JobState.SUCCEEDED else state
            later = signs and after is JobState.EXPIRED
            with writing(self._engine) as connection:
                grace_ms = self._grace_ms if later else 0
                mine = self._store.mark(connection, row.id, after, from_states=[state], grace_ms=grace_ms)
                if mine and later:
                    self._store.disown(connection, row.id)
            if mine and not later:
                self._remove_files(row.id)
        self._queue.forget([row.id for row in over])
        return len(over)

    def _finish_removals(self) -> int:
        with self._engine.connect() as connection:
            left = connection.execute(LEFT_BEHIND, {"now_ms": self._clock.now_ms()}).scalars().all()
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
        query = sa.select(jobs.c.state, jobs.c.updated_ms, jobs.c.expires_ms).where(jobs.c.id == job_id)
        with self._engine.connect() as connection:
            row = connection.execute(query).one_or_none()
        if row is None:
            return False
        state = JobState(row.state)
        leaving = state is JobState.EXPIRED and row.expires_ms is not None  # they go when their grace is over
        return state in states or leaving or self._clock.now_ms() - row.updated_ms < ORPHAN_GRACE_MS
