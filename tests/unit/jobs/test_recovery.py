"""The reaper and the sweeper, without processes: who is reported, what is ended, what is left alone."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from photoplay.jobs.executors import ExecutorSlot, Register, Watch
from photoplay.jobs.job import JobState
from photoplay.jobs.recovery import GIVEN_UP, INTERNAL, SWEEP_GRACE_MS, Reaper, Sweeper, recover

from .conftest import EXECUTOR, ask


class Queue:
    """Stands for the render queue: says what it is told to say, notes what it is asked."""

    def __init__(self) -> None:
        self.busy: set[str] = set()
        self.said: dict[str, str] = {}
        self.entered: list[str] = []

    def busy_executors(self) -> set[str]:
        return self.busy

    def statuses(self, job_ids):
        return {job_id: self.said[job_id] for job_id in job_ids if job_id in self.said}

    def enter(self, connection, job_id, priority, pool) -> None:
        self.entered.append(job_id)


@pytest.fixture
def slot(tmp_path):
    slot = ExecutorSlot.take(tmp_path / "locks")
    yield slot
    slot.release()


def reaper_of(runtime, clock, slot, locks_dir, recovered, queue=None, watch=None) -> Reaper:
    return Reaper(
        register=Register(runtime.engine, clock),
        queue=queue or Queue(),
        slot=slot,
        locks_dir=locks_dir,
        recover=lambda dead: recovered.append(list(dead)) or len(dead),
        watch=watch,
    )


def test_a_dead_worker_is_reported_once_and_forgotten(runtime, clock, slot, tmp_path):
    locks_dir, recovered = tmp_path / "locks", []
    other = ExecutorSlot.take(locks_dir)
    register = Register(runtime.engine, clock)
    for each in (slot, other):
        register.beat(each, role="worker", slots=1, pools=["motion"])
    reaper = reaper_of(runtime, clock, slot, locks_dir, recovered)
    assert reaper.tick() == []
    other.release()
    assert reaper.tick() == [other.id]
    assert reaper.tick() == []
    assert recovered == [[other.id]]
    assert [row.id for row in register.all()] == [slot.id]
    assert not (locks_dir / f"{other.id}.lock").exists()


def test_a_dead_worker_without_a_row_is_found_by_the_jobs_it_owns(runtime, clock, slot, tmp_path):
    locks_dir, recovered, queue = tmp_path / "locks", [], Queue()
    other = ExecutorSlot.take(locks_dir)
    other.release()
    queue.busy = {other.id}
    assert reaper_of(runtime, clock, slot, locks_dir, recovered, queue).tick() == [other.id]
    assert recovered == [[other.id]]


def test_a_worker_whose_report_fails_is_reported_again(runtime, clock, slot, tmp_path):
    locks_dir = tmp_path / "locks"
    other = ExecutorSlot.take(locks_dir)
    Register(runtime.engine, clock).beat(other, role="worker", slots=1, pools=["motion"])
    other.release()
    tries = []

    def failing(dead):
        tries.append(dead)
        if len(tries) == 1:
            raise RuntimeError("the database is away")
        return 1

    reaper = Reaper(
        register=Register(runtime.engine, clock), queue=Queue(), slot=slot, locks_dir=locks_dir, recover=failing
    )
    with pytest.raises(RuntimeError):
        reaper.tick()
    assert reaper.tick() == [other.id]


def test_an_outage_gives_everybody_a_new_term(runtime, clock, slot, tmp_path):
    class Away(Queue):
        def busy_executors(self):
            raise sa.exc.OperationalError("select", {}, OSError("away"))

    now = [0.0]
    watch = Watch(tmp_path / "locks", slot.node, ttl_s=30, monotonic=lambda: now[0])
    seen = {"far": 1}
    assert watch.dead(seen, me=slot.id) == []
    now[0] = 29
    with pytest.raises(sa.exc.OperationalError):
        reaper_of(runtime, clock, slot, tmp_path / "locks", [], Away(), watch).tick()
    now[0] = 40
    assert watch.dead(seen, me=slot.id) == []


def test_the_private_method_that_recovery_needs_is_there():
    from dbos import DBOS

    assert callable(DBOS._recover_pending_workflows)
    assert callable(recover)


@pytest.fixture
def sweep(runtime, clock):
    queue = Queue()
    sweeper = Sweeper(engine=runtime.engine, clock=clock, queue=queue, lifecycle=runtime.lifecycle)
    return queue, sweeper


@pytest.mark.parametrize(
    ("status", "state", "message"),
    [
        ("MAX_RECOVERY_ATTEMPTS_EXCEEDED", JobState.FAILED, GIVEN_UP),
        ("ERROR", JobState.FAILED, INTERNAL),
        ("SUCCESS", JobState.FAILED, INTERNAL),
        ("CANCELLED", JobState.CANCELED, None),
        ("PENDING", JobState.RUNNING, None),
        ("ENQUEUED", JobState.RUNNING, None),
    ],
)
def test_a_live_job_ends_as_its_workflow_did(runtime, account, clock, sweep, status, state, message):
    queue, sweeper = sweep
    job = runtime.service.submit(account, ask())
    runtime.lifecycle.begin(job.id, EXECUTOR)
    queue.said[job.id] = status
    assert sweeper.tick() == 0  # changed just now: left alone
    clock.advance_s(SWEEP_GRACE_MS / 1000)
    assert sweeper.tick() == (0 if state is JobState.RUNNING else 1)
    ended = runtime.store.load(job.id)
    assert (ended.state, ended.error_message) == (state, message)
    assert runtime.balance(account.id).available == (1000 if state is not JobState.RUNNING else 1000 - job.credits)
    assert sweeper.tick() == 0


def test_queued_jobs_are_looked_at_when_asked(runtime, account, clock, sweep):
    queue, sweeper = sweep
    lost = runtime.service.submit(account, ask())
    fine = runtime.service.submit(account, ask())
    queue.said[fine.id] = "ENQUEUED"
    clock.advance_s(10)
    assert sweeper.tick() == 0
    assert sweeper.tick(queued_too=True) == 1
    assert queue.entered == [lost.id]


def test_jobs_that_wait_outside_the_queue_are_not_lost(runtime, clock, sweep):
    queue, sweeper = sweep
    account = runtime.accounts.create_account("Free", "free", 1000)
    first, waiting = (runtime.service.submit(account, ask()) for _ in range(2))
    queue.said[first.id] = "ENQUEUED"
    clock.advance_s(10)
    assert sweeper.tick(queued_too=True) == 0
    assert runtime.store.load(waiting.id).state is JobState.QUEUED
