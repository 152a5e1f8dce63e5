"""Workers that die: nothing is lost, finished steps are not run again, nobody is charged twice."""

from __future__ import annotations

import signal
import time

import psutil
import pytest

from photoplay.jobs.executors import is_free
from photoplay.jobs.job import JobState
from photoplay.jobs.recovery import GIVEN_UP
from support.asleep import fall_asleep

from .conftest import CREDITS, wait_for


def test_a_worker_killed_in_mid_render_is_replaced_and_the_clip_finishes(farm):
    worker = farm.worker()
    job = farm.submit("frames=8 stall=4 once=job")
    child = farm.wait_misbehaving(job, "job")
    wait_for(lambda: farm.job(job).progress > 0.1)
    before = farm.job(job).progress
    worker.kill()
    child.wait(5)  # it takes its child along
    farm.worker()
    done = farm.wait(job)
    assert done.state is JobState.SUCCEEDED, done.error_message
    assert done.progress >= before
    wait_for(lambda: farm.runs(job) == {"gather": 1, "render": 2, "sound": 1, "publish": 1, "notify": 1})
    assert farm.balance == (CREDITS - job.credits, 0)


def test_a_living_worker_takes_over_from_a_dead_one(farm):
    """The contract with the library's private recovery call: a dead worker's job goes to one that lives."""
    first = farm.worker()
    job = farm.submit("frames=8 stall=4 once=job")
    farm.wait_misbehaving(job, "job")
    second = farm.worker()
    first.kill()
    assert farm.wait(job).state is JobState.SUCCEEDED
    taken = [run.executor_id for run in farm.runtime.steplog.of(job.id) if run.step == "render"]
    assert taken == [first.executor_id, second.executor_id]
    assert farm.balance == (CREDITS - job.credits, 0)
    wait_for(lambda: [row.id for row in farm.runtime.register.all()] == [second.executor_id])


def test_a_worker_that_is_asked_to_stop_hands_its_job_back(farm):
    first = farm.worker()
    job = farm.submit("frames=8 stall=4 once=job")
    child = farm.wait_misbehaving(job, "job")
    first.stop()
    assert not child.is_running()
    assert farm.job(job).state is JobState.RUNNING
    assert farm.runtime.queue.statuses([job.id]) == {job.id: "ENQUEUED"}
    assert farm.runtime.register.all() == []
    farm.worker()
    assert farm.wait(job).state is JobState.SUCCEEDED
    assert farm.runs(job)["gather"] == 1
    assert farm.balance == (CREDITS - job.credits, 0)


def test_a_job_that_kills_its_worker_is_given_up_after_three_tries(farm):
    job = farm.submit("poison")
    for _ in range(3):
        worker = farm.worker()
        worker.process.wait(30)
    farm.worker()
    failed = farm.wait(job)
    assert (failed.state, failed.error_code, failed.error_message) == (JobState.FAILED, "render_crashed", GIVEN_UP)
    assert farm.runs(job)["render"] == 3
    assert farm.balance == (CREDITS, 0)
    assert farm.wait(farm.submit("frames=2")).state is JobState.SUCCEEDED  # the worker lives on


def test_two_processes_never_share_an_id(farm):
    workers = [farm.worker() for _ in range(2)]
    assert len({worker.executor_id for worker in workers}) == 2
    for worker in workers:
        assert not is_free(farm.runtime.settings.data_dir / "locks", worker.executor_id)
    workers[0].kill()
    again = farm.worker()
    assert again.executor_id not in {worker.executor_id for worker in workers}


def test_a_stopped_worker_cannot_write_after_another_has_taken_over(farm):
    """A zombie: declared dead while it stood still, it wakes up and finds that the job is no longer its own."""
    zombie = farm.worker()
    job = farm.submit("frames=8 stall=4 once=job")
    child = farm.wait_misbehaving(job, "job")
    fall_asleep(zombie.process.send_signal, farm.runtime.engine)
    other = farm.worker()
    # Standing still shows only after the time-out for other machines' workers; here it is said at once.
    farm.runtime.register.forget([zombie.executor_id])
    farm.set_workflow(job, status="ENQUEUED", owner_xid=None)
    wait_for(lambda: farm.runs(job).get("render") == 2)
    zombie.process.send_signal(signal.SIGCONT)
    child.wait(5)  # the zombie lets go of it
    done = farm.wait(job)
    assert done.state is JobState.SUCCEEDED
    assert other.executor_id == farm.runtime.steplog.of(job.id)[-1].executor_id
    assert farm.balance == (CREDITS - job.credits, 0)


def test_what_a_broken_off_run_had_stored_does_not_become_the_result_and_goes(farm):
    farm.worker()
    job = farm.submit("frames=8 delay=0.2")
    farm.wait(job, JobState.RUNNING)
    farm.runtime.storage.put_bytes(f"jobs/{job.id}/0/video.mp4", b"of a run that broke off")
    done = farm.wait(job)
    kept = {artifact.key for artifact in done.artifacts}
    assert f"jobs/{job.id}/0/video.mp4" not in kept
    wait_for(lambda: set(farm.runtime.storage.list(f"jobs/{job.id}")) == kept, why="it is still there")


def test_many_jobs_survive_workers_that_die_again_and_again(farm):
    made = [farm.submit(f"frames=4 delay=0.05 n={n}") for n in range(5)]
    for _ in range(2):
        worker = farm.worker(slots=2)
        time.sleep(0.8)
        worker.kill()
    farm.worker(slots=2)
    ended = [farm.wait(job) for job in made]
    # A job may have been running whenever a worker died; killed thrice, it would be given up and paid back.
    for job in ended:
        assert job.state is JobState.SUCCEEDED or (job.state, job.error_code) == (JobState.FAILED, "render_crashed")
    spent = sum(job.credits for job in ended if job.state is JobState.SUCCEEDED)
    assert spent > 0
    assert farm.balance == (CREDITS - spent, 0)
    wait_for(lambda: not [p for p in psutil.process_iter() if _is_render_child(p)])


def _is_render_child(process: psutil.Process) -> bool:
    try:
        return process.ppid() == 1 and "photoplay.jobs.render_child" in process.cmdline()
    except psutil.Error:
        return False


@pytest.mark.parametrize("status", ["ERROR", "CANCELLED"])
def test_a_live_job_whose_workflow_ended_is_ended_too(farm, status):
    job = farm.submit()
    farm.runtime.lifecycle.begin(job.id, "gone")
    farm.set_workflow(job, status=status)
    farm.worker()
    ended = farm.wait(job)
    assert ended.state is (JobState.CANCELED if status == "CANCELLED" else JobState.FAILED)
    assert farm.balance == (CREDITS, 0)


def test_a_job_that_the_queue_does_not_know_is_queued_again(farm):
    job = farm.submit()
    farm.runtime.queue.forget([job.id])
    farm.runtime.lifecycle.begin(job.id, "gone")
    farm.worker()
    assert farm.wait(job).state is JobState.SUCCEEDED


def test_a_job_that_its_worker_took_and_never_began_is_not_kept_waiting(farm):
    """The contract with the library's private calls by which a worker knows what it runs, and gives back the rest."""
    worker = farm.worker(slots=1)
    first = farm.submit("frames=20 delay=0.2")
    farm.wait(first, JobState.RUNNING)
    job = farm.submit("frames=2")
    # The answer to the claim was lost with its connection: the queue holds the job for begun, the worker knows nothing.
    farm.set_workflow(job, status="PENDING", executor_id=worker.executor_id, owner_xid="lost", recovery_attempts=1)
    done = farm.wait(job)
    assert done.state is JobState.SUCCEEDED, done.error_message
    assert farm.runs(job)["render"] == 1
    assert farm.wait(first).state is JobState.SUCCEEDED
    assert farm.runs(first)["render"] == 1  # what it does run is left alone
    assert farm.balance == (CREDITS - job.credits - first.credits, 0)


def test_the_jobs_of_a_dead_worker_of_which_nothing_is_left_are_found(farm):
    worker = farm.worker()
    job = farm.submit("frames=8 stall=4 once=job")
    farm.wait_misbehaving(job, "job")
    worker.kill()
    farm.runtime.register.forget([worker.executor_id])
    (farm.runtime.settings.data_dir / "locks" / f"{worker.executor_id}.lock").unlink()
    farm.worker(executor_ttl_s=3)
    assert farm.wait(job).state is JobState.SUCCEEDED
    assert farm.balance == (CREDITS - job.credits, 0)
