"""What an operator sees of the cluster."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa

from photoplay.clock import FixedClock
from photoplay.db.tables import jobs
from photoplay.jobs.executors import ExecutorSlot
from photoplay.jobs.overview import AccountNow, PoolNow, overview
from photoplay.jobs.runtime import Runtime

from .conftest import ask


def look(runtime: Runtime, clock: FixedClock, **more):
    return overview(runtime.engine, runtime.register, clock, ttl_s=30, **more)


def test_an_empty_cluster(runtime, clock):
    seen = look(runtime, clock)
    assert (seen.executors, seen.pools, seen.accounts, seen.slots) == ((), (), (), 0)


def test_workers_pools_and_owners(runtime, clock, account, tmp_path: Path):
    small, large = (ExecutorSlot.take(tmp_path) for _ in range(2))
    runtime.register.beat(small, role="worker", slots=1, pools=["motion"])
    clock.advance_s(100)
    runtime.register.beat(large, role="all", slots=3, pools=["motion", "sound"])
    other = runtime.accounts.create_account("Bob", "free", 1000)
    mine = [runtime.service.submit(account, ask()) for _ in range(3)]
    clock.advance_s(20)
    theirs = runtime.service.submit(other, ask())
    lonely = runtime.service.submit(other, ask())
    runtime.lifecycle.begin(mine[0].id, large.id)
    runtime.lifecycle.begin(theirs.id, large.id)
    with runtime.engine.begin() as connection:
        connection.execute(sa.update(jobs).where(jobs.c.id == lonely.id).values(pool="diffusion"))
    clock.advance_s(5)
    seen = look(runtime, clock)
    by_id = {one.executor.id: one for one in seen.executors}
    assert (by_id[small.id].alive, by_id[small.id].running, by_id[small.id].seen_s) == (False, 0, 125)
    assert (by_id[large.id].alive, by_id[large.id].running, by_id[large.id].age_s) == (True, 2, 25)
    assert seen.pools == (
        PoolNow("diffusion", slots=0, running=0, queued=1, oldest_s=5),  # nobody serves it
        PoolNow("motion", slots=3, running=2, queued=2, oldest_s=25),
        PoolNow("sound", slots=3, running=0, queued=0, oldest_s=None),
    )
    assert seen.slots == 6
    assert seen.accounts == (
        AccountNow(account.id, "Ada", "pro", running=1, queued=2),
        AccountNow(other.id, "Bob", "free", running=1, queued=1),
    )
    assert look(runtime, clock, top=1).accounts == seen.accounts[:1]
    small.release()
    large.release()
