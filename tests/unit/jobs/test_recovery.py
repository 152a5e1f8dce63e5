"""The reaper and the sweeper, without processes: who is reported, what is ended, what is left alone."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from photoplay.jobs.executors import ExecutorSlot, Register, Watch
from photoplay.jobs.job import JobState
from photoplay.jobs.recovery import GIVEN_UP, INTERNAL, STRAY_AFTER_S, SWEEP_GRACE_MS, Reaper, Strays, Sweeper

from .conftest import EXECUTOR, ask


class Queue:
    """Stands for the render queue: says what it is told to say, notes what it is asked."""

    def __init__(self) -> None:
        self.owned: dict[str, str] = {}
        self.said: dict[str, str] = {}
        self.entered: list[str] = []

    def begun(self) -> dict[str, str]:
        return self.owned

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
        strays=Strays(running=set),
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
    queue.owned = {"job": other.id}
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
        register=Register(runtime.engine, clock),
        queue=Queue(),
        slot=slot,
        locks_dir=locks_dir,
        recover=failing,
        strays=Strays(running=set),
    )
    with pytest.raises(RuntimeError):
        reaper.tick()
    assert reaper.tick() == [other.id]


def test_an_outage_gives_everybody_a_new_term(runtime, clock, slot, tmp_path):
    class Away(Queue):
        def begun(self):
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


def test_a_job_that_its_worker_does_not_run_goes_back_in_time():
    now, running, returned = [0.0], {"runs"}, []
    strays = Strays(
        running=lambda: set(running),
        put_back=lambda job_id, owner: returned.append((job_id, owner)) or True,
        monotonic=lambda: now[0],
    )
    begun = {"runs": "me", "stray": "me", "late": "me", "not mine": "other"}
    assert strays.look(begun, "me") == []
    now[0] = STRAY_AFTER_S - 1
    assert strays.look(begun, "me") == []
    running.add("late")
    now[0] = STRAY_AFTER_S
    assert strays.look(begun, "me") == ["stray"]
    assert returned == [("stray", "me")]
    del begun["stray"]
    running.remove("runs")  # it stops working on this one: the term begins now
    now[0] += STRAY_AFTER_S
    assert strays.look(begun, "me") == []
    now[0] += STRAY_AFTER_S - 1
    strays.outage()
    now[0] += 2
    assert strays.look(begun, "me") == []
    now[0] += STRAY_AFTER_S
    assert strays.look(begun, "me") == ["runs"]


def test_one_that_was_taken_from_it_meanwhile_is_left_alone():
    now = [0.0]
    strays = Strays(running=set, put_back=lambda job_id, owner: False, monotonic=lambda: now[0])
    strays.look({"job": "me"}, "me")
    now[0] = STRAY_AFTER_S
    assert strays.look({"job": "me"}, "me") == []


def test_the_private_methods_that_recovery_needs_are_there():
    from dbos import DBOS
    from dbos._core import ActiveWorkflowById
    from dbos._sys_db import SystemDatabase

    assert callable(DBOS._recover_pending_workflows)
    assert callable(ActiveWorkflowById.activeList)
    assert callable(SystemDatabase.reenqueue_for_recovery)


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


def test_a_job_that_changed_before_the_clock_was_set_back_is_ended_all_the_same(runtime, account, clock, sweep):
    queue, sweeper = sweep
    job = runtime.service.submit(account, ask())
    runtime.lifecycle.begin(job.id, EXECUTOR)
    queue.said[job.id] = "ERROR"
    clock.advance_s(-3600)
    assert sweeper.tick() == 1
    assert runtime.store.load(job.id).state is JobState.FAILED
