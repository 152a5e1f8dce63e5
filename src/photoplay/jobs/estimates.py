"""How long a job still takes: places in the queue, and estimates from what was measured.

An estimate rests on two measurements: how long jobs of the same pool took of late, and how far this one has come in
which time. Where neither is there, or nobody serves the pool, nothing is known, and that is what is said.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple, TypeVar

import sqlalchemy as sa

from photoplay.clock import Clock
from photoplay.db import reading
from photoplay.db.tables import IS_LIVE, IS_SUCCEEDED, executors, job_steps, jobs
from photoplay.jobs.executors import TTL_S
from photoplay.jobs.job import PHASE_SPANS, Job, JobState, Phase

RECENT_JOBS = 40
KEPT_MS = 2_000  # for which what holds for a whole pool is not asked again
QUEUE_KEPT_MS = 250  # the same of how many are in its queue, which every create asks
MIN_SHARE = 0.02  # of a phase: before that, its pace says nothing
MIN_PHASE_S = 0.5

_T = TypeVar("_T")

_QUEUED = (IS_LIVE, jobs.c.state == JobState.QUEUED.value)
INSIDE = (
    sa.select(sa.func.count())
    .select_from(jobs)
    .where(*_QUEUED, jobs.c.priority.is_not(None), jobs.c.pool == sa.bindparam("pool"))
)
# Both look from one job ("mine") at the others of its pool.
_MINE = jobs.alias("mine")
_AHEAD = sa.select(sa.func.count()).select_from(jobs).where(*_QUEUED, jobs.c.pool == _MINE.c.pool)
_AHEAD_INSIDE = _AHEAD.where(
    jobs.c.priority.is_not(None),
    sa.or_(jobs.c.priority < _MINE.c.priority, sa.and_(jobs.c.priority == _MINE.c.priority, jobs.c.id < _MINE.c.id)),
)
_AHEAD_OUTSIDE = _AHEAD.where(
    jobs.c.priority.is_(None), jobs.c.account_id == _MINE.c.account_id, jobs.c.id < _MINE.c.id
)
PLACES = sa.select(
    _MINE.c.id,
    _MINE.c.pool,
    _MINE.c.priority,
    sa.case(
        (_MINE.c.priority.is_not(None), _AHEAD_INSIDE.correlate(_MINE).scalar_subquery()),
        else_=_AHEAD_OUTSIDE.correlate(_MINE).scalar_subquery(),
    ).label("ahead"),
).where(_MINE.c.id.in_(sa.bindparam("refs", expanding=True)))
_IN_POOL = jobs.c.pool == sa.bindparam("pool")
RUNNING = sa.select(sa.func.count()).select_from(jobs).where(IS_LIVE, jobs.c.state == JobState.RUNNING.value, _IN_POOL)
LIVE_EXECUTORS = sa.select(executors.c.slots, executors.c.pools).where(executors.c.seen_ms >= sa.bindparam("since_ms"))
RECENT = (
    sa.select(jobs.c.id, jobs.c.model, jobs.c.started_ms, jobs.c.finished_ms)
    .where(IS_SUCCEEDED, _IN_POOL, jobs.c.started_ms.is_not(None))
    .order_by(jobs.c.finished_ms.desc())
    .limit(RECENT_JOBS)
)
RENDERED = (
    sa.select(job_steps.c.job_id, sa.func.max(job_steps.c.finished_ms).label("rendered_ms"))
    .where(
        job_steps.c.job_id.in_(sa.bindparam("job_ids", expanding=True)),
        job_steps.c.step == Phase.RENDER.value,
        job_steps.c.finished_ms.is_not(None),
    )
    .group_by(job_steps.c.job_id)
)
PHASE_BEGAN = (
    sa.select(job_steps.c.started_ms, job_steps.c.attempt)
    .where(job_steps.c.job_id == sa.bindparam("ref"), job_steps.c.step == sa.bindparam("step"))
    .order_by(job_steps.c.attempt.desc())
    .limit(1)
)


@dataclass(frozen=True)
class Usual:
    """How long jobs of one pool took of late, in seconds. None: nothing is known."""

    by_model: dict[str, float]  # medians, from start to end
    of_pool: float | None  # the same, of all models
    after_render: float | None  # from the end of rendering to the end


class Wait(NamedTuple):
    """``queue_position``: queued jobs of its pool that are served before a job, None when it is not queued. ``eta_s``:
    seconds until it is likely done, None when nothing is known, it takes longer than is usual, or it has ended."""

    queue_position: int | None
    eta_s: float | None


class Estimates:
    """Places in the queue and times to wait. Thread-safe; keeps what holds for a pool for two seconds."""

    def __init__(self, engine: sa.Engine, clock: Clock, *, ttl_s: float = TTL_S) -> None:
        """``ttl_s``: how long a worker may be silent and still counts."""
        self._engine = engine
        self._clock = clock
        self._ttl_ms = round(ttl_s * 1000)
        self._kept: dict[tuple[str, str], tuple[int, object]] = {}

    def waits(self, several: Sequence[Job]) -> list[Wait]:
        """Where each of the jobs stands, in their order. Asked for many at once it costs little more than for one."""
        ahead = self._ahead([job.id for job in several if job.state is JobState.QUEUED])
        return [Wait(ahead.get(job.id), self._eta_s(job, ahead.get(job.id))) for job in several]

    def wait(self, job: Job) -> Wait:
        """Where one job stands."""
        return self.waits([job])[0]

    def _ahead(self, queued: Sequence[str]) -> dict[str, int]:
        """By id: how many jobs are served before each of these queued ones. Those that are gone are left out."""
        if not queued:
            return {}
        with reading(self._engine) as connection:
            places = connection.execute(PLACES, {"refs": list(queued)}).all()
        found = {}
        for place in places:
            pool, inside = place.pool, 0
            if place.priority is None:  # all that are in the render queue go before it
                inside = self._keep("inside", pool, partial(self._count, INSIDE, pool), QUEUE_KEPT_MS)
            found[place.id] = int(place.ahead) + inside
        return found

    def _eta_s(self, job: Job, ahead: int | None) -> float | None:
        if not job.state.live:
            return None
        usual = self.usual(job.pool)
        own_s = usual.by_model.get(job.request.model, usual.of_pool)
        if job.started_ms is None:
            slots = self.live_slots(job.pool)
            if own_s is None or usual.of_pool is None or slots == 0:
                return None
            before = (ahead or 0) + self.running(job.pool)
            return own_s + usual.of_pool * max(0, before + 1 - slots) / slots
        ran_s = (self._clock.now_ms() - job.started_ms) / 1000
        left_s = None if own_s is None or ran_s > own_s else own_s - ran_s
        measured = self._measured(job, ran_s, usual)
        if measured is None:
            return left_s
        share, measured_s = measured
        # The further it has come, the more its own pace says.
        return measured_s if left_s is None else (1 - share) * left_s + share * measured_s

    def _measured(self, job: Job, ran_s: float, usual: Usual) -> tuple[float, float] | None:
        """From the job's own pace: the share of its phase that is done, and the seconds left of the job."""
        if job.phase not in (Phase.RENDER, Phase.SOUND):
            return None
        low, high = PHASE_SPANS[job.phase]
        share = (job.progress - low) / (high - low)
        with self._engine.connect() as connection:
            began = connection.execute(PHASE_BEGAN, {"ref": job.id, "step": job.phase.value}).one_or_none()
        # A phase that begins again keeps the progress of its first time: that says nothing of its pace.
        if began is None or began.attempt > 1 or not MIN_SHARE <= share <= 1:
            return None
        phase_s = (self._clock.now_ms() - began.started_ms) / 1000
        if phase_s < MIN_PHASE_S:
            return None
        left_s = phase_s * (1 - share) / share
        if job.phase is Phase.SOUND:
            return share, left_s
        if usual.after_render is not None:
            return share, left_s + usual.after_render
        return share, max(left_s, ran_s * (1 - job.progress) / job.progress)

    def usual(self, pool: str) -> Usual:
        """How long jobs of a pool took of late."""
        return self._keep("usual", pool, lambda: self._usual(pool))

    def running(self, pool: str) -> int:
        """How many jobs of the pool are running."""
        return self._keep("running", pool, lambda: self._count(RUNNING, pool))

    def live_slots(self, pool: str) -> int:
        """How many jobs of the pool the workers that were seen of late can render at once."""
        return self._keep("slots", pool, lambda: self._live_slots(pool))

    def _usual(self, pool: str) -> Usual:
        with self._engine.connect() as connection:
            recent = connection.execute(RECENT, {"pool": pool}).all()
            ended = {row.id: row.finished_ms for row in recent}
            rendered = connection.execute(RENDERED, {"job_ids": list(ended)}).all() if ended else []
        took_s: dict[str, list[float]] = {}
        for row in recent:
            took_s.setdefault(row.model, []).append((row.finished_ms - row.started_ms) / 1000)
        every_s = [one for several in took_s.values() for one in several]
        after_s = [max(0, ended[row.job_id] - row.rendered_ms) / 1000 for row in rendered]
        return Usual(
            by_model={model: statistics.median(several) for model, several in took_s.items()},
            of_pool=statistics.median(every_s) if every_s else None,
            after_render=statistics.median(after_s) if after_s else None,
        )

    def _count(self, query: sa.Select[Any], pool: str) -> int:
        with self._engine.connect() as connection:
            return int(connection.execute(query, {"pool": pool}).scalar_one())

    def _live_slots(self, pool: str) -> int:
        since_ms = self._clock.now_ms() - self._ttl_ms
        with self._engine.connect() as connection:
            rows = connection.execute(LIVE_EXECUTORS, {"since_ms": since_ms}).all()
        # A worker of a version that did not say its pools serves all.
        return sum(row.slots for row in rows if row.pools is None or pool in row.pools)

    def _keep(self, what: str, pool: str, ask: Callable[[], _T], kept_ms: int = KEPT_MS) -> _T:
        now_ms = self._clock.now_ms()
        kept = self._kept.get((what, pool))
        if kept is not None and 0 <= now_ms - kept[0] < kept_ms:
            return kept[1]  # type: ignore[return-value]  # of this `what` it is always what its `ask` gives
        found = ask()
        self._kept[what, pool] = (now_ms, found)
        return found
