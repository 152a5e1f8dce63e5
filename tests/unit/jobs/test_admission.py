"""Who is served next. The queue here is the real one; the test plays a single worker slot by hand."""

from __future__ import annotations

import sqlalchemy as sa

from photoplay.db.tables import jobs
from photoplay.jobs.admission import MAX_TAG, Share
from photoplay.jobs.job import JobState
from photoplay.jobs.runtime import Runtime

from .conftest import EXECUTOR, ask


def submit(runtime: Runtime, account, clock, count: int = 1) -> list[str]:
    made = []
    for _ in range(count):
        clock.advance_s(0.01)
        made.append(runtime.service.submit(account, ask()).id)
    return made


def next_in_line(runtime: Runtime) -> str | None:
    """What a worker would take: the lowest tag, then the oldest."""
    query = (
        sa.select(jobs.c.id)
        .where(jobs.c.state == JobState.QUEUED.value, jobs.c.priority.is_not(None))
        .order_by(jobs.c.priority, jobs.c.id)
    )
    with runtime.engine.connect() as connection:
        return connection.execute(query).scalars().first()


def serve(runtime: Runtime, count: int) -> list[str]:
    """Runs that many jobs one after another; returns the owners' names in order."""
    names = {account.id: account.name for account in runtime.accounts.list()}
    served = []
    for _ in range(count):
        job_id = next_in_line(runtime)
        if job_id is None:
            break
        runtime.lifecycle.begin(job_id, EXECUTOR)
        served.append(names[runtime.lifecycle.fail(job_id, "x", "x").account_id])
    return served


def admitted(runtime: Runtime, job_ids: list[str]) -> list[bool]:
    statuses = runtime.queue.statuses(job_ids)
    return [job_id in statuses for job_id in job_ids]


def test_an_account_has_as_many_jobs_inside_as_its_plan_allows(runtime, clock):
    account = runtime.accounts.create_account("Free", "free", 1000)  # one at a time
    first, second, third = submit(runtime, account, clock, 3)
    assert admitted(runtime, [first, second, third]) == [True, False, False]
    runtime.lifecycle.begin(first, EXECUTOR)
    assert admitted(runtime, [second]) == [False]
    runtime.lifecycle.fail(first, "x", "x")
    assert admitted(runtime, [second, third]) == [True, False]
    runtime.service.cancel(account.id, second)
    assert admitted(runtime, [third]) == [True]


def test_a_waiting_job_that_is_canceled_is_never_let_in(runtime, clock):
    account = runtime.accounts.create_account("Free", "free", 1000)
    first, second, third = submit(runtime, account, clock, 3)
    runtime.service.cancel(account.id, second)
    runtime.lifecycle.fail(first, "x", "x")
    assert admitted(runtime, [second, third]) == [False, True]


def test_a_flood_delays_anothers_single_job_by_no_more_than_the_job_in_service(runtime, clock):
    flood = runtime.accounts.create_account("flood", "business", 10_000)
    single = runtime.accounts.create_account("single", "free", 1000)
    inside = submit(runtime, flood, clock, 8)
    runtime.lifecycle.begin(inside[0], EXECUTOR)
    (job,) = submit(runtime, single, clock)
    assert next_in_line(runtime) == job
    assert runtime.service.wait(runtime.service.get(single.id, job)).queue_position == 0


def test_two_floods_take_turns(runtime, clock):
    for name in ("a", "b"):
        submit(runtime, runtime.accounts.create_account(name, "starter", 10_000), clock, 6)
    served = serve(runtime, 12)
    assert sorted(served) == ["a"] * 6 + ["b"] * 6
    for upto in range(2, 12, 2):
        assert abs(served[:upto].count("a") - served[:upto].count("b")) <= 1


def test_a_larger_plan_gets_more_turns_and_a_smaller_one_still_its_own(runtime, clock):
    light = runtime.accounts.create_account("light", "starter", 10_000)  # weight 1
    heavy = runtime.accounts.create_account("heavy", "pro-max", 10_000)  # weight 3
    submit(runtime, light, clock, 8)
    submit(runtime, heavy, clock, 8)
    served = serve(runtime, 8)
    assert served.count("heavy") in (5, 6)
    assert "light" in served[:3]


def test_tags_start_over_when_nobody_waits(runtime, clock):
    account = runtime.accounts.create_account("Ada", "pro", 10_000)
    for _ in range(3):
        (job,) = submit(runtime, account, clock)
        with runtime.engine.connect() as connection:
            assert connection.execute(sa.select(jobs.c.priority).where(jobs.c.id == job)).scalar_one() == 1
        serve(runtime, 1)


def test_queue_position_counts_those_inside_and_those_waiting_outside(runtime, clock):
    other = runtime.accounts.create_account("other", "pro", 10_000)
    account = runtime.accounts.create_account("Free", "free", 1000)
    submit(runtime, other, clock, 2)
    mine = submit(runtime, account, clock, 3)
    positions = [runtime.service.wait(runtime.service.get(account.id, job)).queue_position for job in mine]
    assert positions == [1, 3, 4]
    runtime.lifecycle.begin(mine[0], EXECUTOR)
    assert runtime.service.wait(runtime.service.get(account.id, mine[0])).queue_position is None


def test_shares():
    assert Share(concurrency=None, waiting=3).live is None
    assert Share(concurrency=2, waiting=3).live == 5
    assert [Share(None, None, weight).stride for weight in (1, 2, 60, 1000)] == [60, 30, 1, 1]
    assert MAX_TAG == 2_147_483_647
