"""What an operator wants to see at a glance: who renders, what waits, and for whom."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from photoplay.clock import Clock
from photoplay.db.tables import IS_LIVE, accounts, jobs
from photoplay.jobs.executors import Executor, Register
from photoplay.jobs.job import JobState

_QUEUED = sa.case((jobs.c.state == JobState.QUEUED.value, 1))
_RUNNING = sa.case((jobs.c.state == JobState.RUNNING.value, 1))

RUNNING_BY_EXECUTOR = (
    sa.select(jobs.c.executor_id, sa.func.count().label("running"))
    .where(IS_LIVE, jobs.c.state == JobState.RUNNING.value)
    .group_by(jobs.c.executor_id)
)
LIVE_BY_POOL = (
    sa.select(
        jobs.c.pool,
        sa.func.count(_RUNNING).label("running"),
        sa.func.count(_QUEUED).label("queued"),
        sa.func.min(sa.case((jobs.c.state == JobState.QUEUED.value, jobs.c.created_ms))).label("oldest_ms"),
    )
    .where(IS_LIVE)
    .group_by(jobs.c.pool)
    .order_by(jobs.c.pool)
)
LIVE_BY_ACCOUNT = (
    sa.select(
        jobs.c.account_id,
        accounts.c.name,
        accounts.c.plan,
        sa.func.count(_RUNNING).label("running"),
        sa.func.count(_QUEUED).label("queued"),
    )
    .join(accounts, accounts.c.id == jobs.c.account_id)
    .where(IS_LIVE)
    .group_by(jobs.c.account_id, accounts.c.name, accounts.c.plan)
    .order_by(sa.func.count().desc(), jobs.c.account_id)
    .limit(sa.bindparam("up_to"))
)


@dataclass(frozen=True)
class ExecutorNow:
    """A worker at this moment. Times in seconds."""

    executor: Executor
    alive: bool  # was heard of within the time after which it would be taken for dead
    running: int
    age_s: float
    seen_s: float  # since its last sign of life


@dataclass(frozen=True)
class PoolNow:
    """A pool at this moment."""

    pool: str
    slots: int  # of its live workers
    running: int
    queued: int
    oldest_s: float | None  # age of the job that waits longest; None: none waits


@dataclass(frozen=True)
class AccountNow:
    """An account that has jobs at this moment."""

    account_id: str
    name: str
    plan: str
    running: int
    queued: int


@dataclass(frozen=True)
class Overview:
    """All of it. ``accounts`` are those with the most jobs."""

    executors: tuple[ExecutorNow, ...]
    pools: tuple[PoolNow, ...]
    accounts: tuple[AccountNow, ...]

    @property
    def slots(self) -> int:
        """Jobs that can run at once, if there are enough for every pool."""
        return sum(pool.slots for pool in self.pools)


def overview(engine: sa.Engine, register: Register, clock: Clock, *, ttl_s: float, top: int = 10) -> Overview:
    """How things stand. ``ttl_s``: how long a worker may be silent; ``top``: how many accounts to name at most."""
    now_ms = clock.now_ms()
    workers = register.all()
    with engine.connect() as connection:
        running = {row.executor_id: int(row.running) for row in connection.execute(RUNNING_BY_EXECUTOR)}
        busy = {row.pool: row for row in connection.execute(LIVE_BY_POOL)}
        owners = connection.execute(LIVE_BY_ACCOUNT, {"up_to": top}).all()
    seen = tuple(
        ExecutorNow(
            executor=worker,
            alive=now_ms - worker.seen_ms <= ttl_s * 1000,
            running=running.get(worker.id, 0),
            age_s=max(0, now_ms - worker.started_ms) / 1000,
            seen_s=max(0, now_ms - worker.seen_ms) / 1000,
        )
        for worker in workers
    )
    slots: dict[str, int] = {}
    for one in seen:
        for pool in one.executor.pools if one.alive else ():
            slots[pool] = slots.get(pool, 0) + one.executor.slots
    pools = []
    for pool in sorted(slots.keys() | busy.keys()):
        row = busy.get(pool)
        oldest_ms = None if row is None else row.oldest_ms
        pools.append(
            PoolNow(
                pool=pool,
                slots=slots.get(pool, 0),
                running=0 if row is None else int(row.running),
                queued=0 if row is None else int(row.queued),
                oldest_s=None if oldest_ms is None else max(0, now_ms - oldest_ms) / 1000,
            )
        )
    return Overview(
        executors=seen,
        pools=tuple(pools),
        accounts=tuple(
            AccountNow(row.account_id, row.name, row.plan, running=int(row.running), queued=int(row.queued))
            for row in owners
        ),
    )
