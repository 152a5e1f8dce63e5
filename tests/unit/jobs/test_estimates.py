"""Places in the queue and times to wait, from what was measured. The clock and the worker are the test's."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

from photoplay.clock import FixedClock
from photoplay.db.tables import jobs
from photoplay.jobs.executors import ExecutorSlot
from photoplay.jobs.job import Job, Phase
from photoplay.jobs.runtime import Runtime

from .conftest import EXECUTOR, ask


@pytest.fixture
def beat(runtime: Runtime, tmp_path: Path):
    """Shows a worker of so many slots for the pool of the tests' model."""
    slot = ExecutorSlot.take(tmp_path / "locks")
    yield lambda slots=1, pools=("motion",): runtime.register.beat(slot, role="worker", slots=slots, pools=pools)
    slot.release()


def finish(runtime: Runtime, clock: FixedClock, account, took_s: float, after_render_s: float = 0.0) -> None:
    """A job that took so long, of which so much came after its picture was rendered."""
    job = runtime.service.submit(account, ask())
    runtime.lifecycle.begin(job.id, EXECUTOR)
    runtime.store.enter(job.id, Phase.RENDER, 0.05, EXECUTOR)
    step = runtime.steplog.entered(job.id, "render", EXECUTOR)
    clock.advance_s(took_s - after_render_s)
    runtime.steplog.left(step)
    clock.advance_s(after_render_s)
    assert runtime.lifecycle.succeed(job.id, []) is not None
    clock.advance_s(10)  # what was asked before is forgotten


def again(runtime: Runtime, job: Job) -> Job:
    found = runtime.store.load(job.id)
    assert found is not None
    return found


def test_nothing_is_known_before_a_job_has_finished_or_while_nobody_serves_the_pool(runtime, account, clock, beat):
    job = runtime.service.submit(account, ask())
    beat()
    assert runtime.service.wait(job).eta_s is None
    runtime.service.cancel(account.id, job.id)
    finish(runtime, clock, account, 10)
    queued = runtime.service.submit(account, ask())
    clock.advance_s(60)  # the worker is not heard of any more
    assert runtime.service.wait(queued).eta_s is None
    beat(pools=("another",))
    assert runtime.service.wait(queued).eta_s is None


def test_a_queued_job_waits_for_those_before_it_on_the_slots_there_are(runtime, account, clock, beat):
    finish(runtime, clock, account, 10)
    beat()
    made = [runtime.service.submit(account, ask()) for _ in range(3)]
    assert [runtime.service.wait(job).eta_s for job in made] == [10, 20, 30]
    clock.advance_s(5)
    beat(slots=2)
    assert [runtime.service.wait(job).eta_s for job in made] == [10, 10, 15]


def test_only_its_own_pool_counts(runtime, account, clock, beat):
    finish(runtime, clock, account, 10)
    beat()
    other, mine = (runtime.service.submit(account, ask()) for _ in range(2))
    with runtime.engine.begin() as connection:
        connection.execute(sa.update(jobs).where(jobs.c.id == other.id).values(pool="another"))
    assert runtime.service.wait(mine).queue_position == 0
    assert runtime.service.wait(mine).eta_s == 10
    assert runtime.service.wait(again(runtime, other)).eta_s is None


def test_a_running_job_is_measured_by_what_is_usual_and_then_by_its_own_pace(runtime, account, clock, beat):
    finish(runtime, clock, account, 10, after_render_s=2)
    beat()
    job = runtime.service.submit(account, ask())
    runtime.lifecycle.begin(job.id, EXECUTOR)
    clock.advance_s(4)
    assert runtime.service.wait(again(runtime, job)).eta_s == 6
    runtime.store.enter(job.id, Phase.RENDER, 0.05, EXECUTOR)
    runtime.steplog.entered(job.id, "render", EXECUTOR)
    clock.advance_s(4)
    runtime.store.progress(job.id, 0.45, EXECUTOR)  # half of rendering, in four seconds
    # What is usual says 10 - 8 = 2; its own pace says 4 more of rendering and the usual 2 after it.
    assert runtime.service.wait(again(runtime, job)).eta_s == pytest.approx((2 + 6) / 2)
    clock.advance_s(4)
    runtime.store.progress(job.id, 0.65, EXECUTOR)  # three quarters in eight; longer than is usual by now
    assert runtime.service.wait(again(runtime, job)).eta_s == pytest.approx(8 / 3 + 2)


def test_a_job_that_takes_longer_than_is_usual_and_shows_no_pace_has_no_estimate(runtime, account, clock, beat):
    finish(runtime, clock, account, 10)
    job = runtime.service.submit(account, ask())
    runtime.lifecycle.begin(job.id, EXECUTOR)
    clock.advance_s(11)
    assert runtime.service.wait(again(runtime, job)).eta_s is None


def test_progress_from_before_a_crash_says_nothing_of_the_pace_after_it(runtime, account, clock):
    finish(runtime, clock, account, 100)
    job = runtime.service.submit(account, ask())
    runtime.lifecycle.begin(job.id, EXECUTOR)
    for executor in (EXECUTOR, "another"):
        runtime.store.enter(job.id, Phase.RENDER, 0.05, executor)
        runtime.steplog.entered(job.id, "render", executor)
        runtime.store.progress(job.id, 0.8, executor)
        clock.advance_s(10)
    assert runtime.service.wait(again(runtime, job)).eta_s == 80


def test_a_finished_job_has_no_estimate(runtime, account, clock, beat):
    finish(runtime, clock, account, 10)
    beat()
    (job,) = runtime.service.list(account.id).jobs
    assert runtime.service.wait(job).eta_s is None
    assert runtime.service.wait(job).queue_position is None
