"""Jobs as they change, for everybody of this process who watches: one look at the database serves them all.

Nothing here is needed to know how a job stands: whatever node a watcher comes to, or comes back to, reads the same
rows. So a change has a **version** that is made from the row alone: it grows with the job's progress, and is the same
on every node and after every restart.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import sqlalchemy as sa

from photoplay.db.tables import jobs
from photoplay.errors import RateLimited
from photoplay.jobs.estimates import Estimates, Wait
from photoplay.jobs.job import Job, JobState, Phase
from photoplay.jobs.store import JobStore

log = logging.getLogger("photoplay.feed")

INTERVAL_S = 0.4
ESTIMATE_INTERVAL_S = 2.0  # between two looks at a waiting job's place
ESTIMATES_AT_ONCE = 50
LOOK_AT_ONCE = 500  # rows a query
BUSY_RETRY_S = 5.0

HEADS = sa.select(jobs.c.id, jobs.c.state, jobs.c.phase, jobs.c.progress).where(
    jobs.c.id.in_(sa.bindparam("job_ids", expanding=True))
)

_STAGES = {
    JobState.QUEUED: 0,
    JobState.RUNNING: 1,
    JobState.SUCCEEDED: 2,
    JobState.FAILED: 2,
    JobState.CANCELED: 2,
    JobState.EXPIRED: 3,
    JobState.DELETED: 4,
}
_PHASES = list(Phase)
_PPM = 1_000_000


def version(job: Job) -> int:
    """A number that grows as the job goes on: by its state, its progress in millionths, its phase."""
    phase = 0 if job.phase is None else 1 + _PHASES.index(job.phase)
    return (_STAGES[job.state] * 2 * _PPM + round(job.progress * _PPM)) * 10 + phase


@dataclass(frozen=True)
class Seen:
    """A job as it was seen. Estimates change without a new version."""

    job: Job
    version: int
    queue_position: int | None
    eta_s: float | None

    def news(self, before: Seen) -> bool:
        """Whether it says something that ``before`` did not. Time that passes as was foretold is no news."""
        known = (self.eta_s is None) == (before.eta_s is None)
        return self.version != before.version or self.queue_position != before.queue_position or not known


class Watching:
    """One watcher of one job. Whoever is slow misses what lies between, never the last."""

    def __init__(self, first: Seen, changed: asyncio.Event) -> None:
        self.seen = first
        self.over = False  # the process stops: come back to another
        self._changed = changed

    async def next(self, timeout_s: float) -> Seen | None:
        """What is new since the last call; None when the time is over, or the process stops."""
        try:
            async with asyncio.timeout(timeout_s):
                await self._changed.wait()
        except TimeoutError:
            return None
        self._changed.clear()
        return None if self.over else self.seen

    def tell(self, seen: Seen | None) -> None:
        """For the feed: this is new. None: there will be no more."""
        if seen is None:
            self.over = True
        else:
            self.seen = seen
        self._changed.set()


@dataclass
class _Watched:
    """A job, as last seen, and who watches it."""

    seen: Seen
    watchers: set[Watching] = field(default_factory=set)
    estimated_s: float = 0.0


def _seen(job: Job, wait: Wait) -> Seen:
    return Seen(job=job, version=version(job), queue_position=wait.queue_position, eta_s=wait.eta_s)


class Feed:
    """Looks at the jobs that are watched. Belongs to one event loop."""

    def __init__(
        self,
        store: JobStore,
        estimates: Estimates,
        *,
        per_account: int,
        stopping: Callable[[], bool] = lambda: False,
        interval_s: float = INTERVAL_S,
    ) -> None:
        """``per_account`` is how many watchers an account may have here; ``stopping`` tells that all should leave."""
        self._store = store
        self._estimates = estimates
        self._per_account = per_account
        self._stopping = stopping
        self._interval_s = interval_s
        self._watched: dict[str, _Watched] = {}
        self._accounts: Counter[str] = Counter()
        self._task: asyncio.Task[None] | None = None

    @property
    def watchers(self) -> int:
        """How many watch."""
        return self._accounts.total()

    @contextmanager
    def watching(self, first: Seen) -> Iterator[Watching]:
        """Watches a job from how it was seen (:meth:`see`), for the length of a ``with`` block.

        Raises:
            RateLimited: its account has too many watchers here.
        """
        account_id, job_id = first.job.account_id, first.job.id
        if self._accounts[account_id] >= self._per_account:
            raise RateLimited(
                f"This account may follow {self._per_account} jobs at once through one server.",
                retry_after_s=BUSY_RETRY_S,
            )
        self._accounts[account_id] += 1
        watched = self._watched.setdefault(job_id, _Watched(first))
        watcher = Watching(first, asyncio.Event())
        watched.watchers.add(watcher)
        if watched.seen.version > first.version:
            watcher.tell(watched.seen)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run(), name="photoplay-feed")
        try:
            yield watcher
        finally:
            self._accounts[account_id] -= 1
            if not self._accounts[account_id]:
                del self._accounts[account_id]
            watched.watchers.discard(watcher)
            if not watched.watchers and self._watched.get(job_id) is watched:
                del self._watched[job_id]

    def see(self, job: Job) -> Seen:
        """The job with its estimates. Asks the database: not for the event loop."""
        return _seen(job, self._estimates.wait(job))

    async def close(self) -> None:
        """Sends all watchers away."""
        self._send_away()
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None

    async def _run(self) -> None:
        """Looks again and again, until nobody watches."""
        while self._watched:
            if self._stopping():
                self._send_away()
            now_s = asyncio.get_running_loop().time()
            before = {job_id: watched.seen for job_id, watched in self._watched.items()}
            due = [
                job_id
                for job_id, watched in sorted(self._watched.items(), key=lambda pair: pair[1].estimated_s)
                if watched.seen.job.state is JobState.QUEUED and now_s - watched.estimated_s >= ESTIMATE_INTERVAL_S
            ][:ESTIMATES_AT_ONCE]
            try:
                found = await asyncio.to_thread(self._look, before, frozenset(due))
            except sa.exc.SQLAlchemyError as error:  # away for a moment: watchers wait, as jobs do
                log.warning("cannot look at jobs: %s", type(error).__name__)
                found = {}
            for job_id in due:
                if job_id in self._watched:
                    self._watched[job_id].estimated_s = now_s
            for job_id, seen in found.items():
                watched = self._watched.get(job_id)
                if watched is not None and seen.news(watched.seen):
                    watched.seen = seen
                    for watcher in watched.watchers:
                        watcher.tell(seen)
            await asyncio.sleep(self._interval_s)
        self._task = None

    def _look(self, before: dict[str, Seen], due: frozenset[str]) -> dict[str, Seen]:
        """The watched jobs that changed, and those whose estimates are due."""
        job_ids = sorted(before)
        changed = set(due)
        with self._store.engine.connect() as connection:
            for start in range(0, len(job_ids), LOOK_AT_ONCE):
                for row in connection.execute(HEADS, {"job_ids": job_ids[start : start + LOOK_AT_ONCE]}):
                    job = before[row.id].job
                    if (row.state, row.phase, row.progress) != (job.state, job.phase, job.progress):
                        changed.add(row.id)
        loaded = [job for job in map(self._store.load, changed) if job is not None]
        waits = self._estimates.waits(loaded)
        return {job.id: _seen(job, wait) for job, wait in zip(loaded, waits, strict=True)}

    def _send_away(self) -> None:
        for watched in self._watched.values():
            for watcher in watched.watchers:
                watcher.tell(None)
