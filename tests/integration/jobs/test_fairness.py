"""Fairness and time through real workers."""

from __future__ import annotations

from photoplay.jobs.job import JobRequest, JobState, MediaRef
from support.files import Page, web

from .conftest import CREDITS, PNG, wait_for

FLOOD = 50


def test_a_flood_delays_anothers_single_job_by_no_more_than_one_job(farm):
    flood = [farm.submit("frames=2") for _ in range(FLOOD)]
    farm.worker(slots=1)
    wait_for(lambda: any(farm.job(job).state is JobState.RUNNING for job in flood), why="nothing runs")
    single = farm.runtime.accounts.create_account("single", "free", 1000)
    upload = farm.runtime.service.add_upload(single.id, "photo.png", iter([PNG]))
    request = JobRequest(images=(MediaRef(key=upload.key),), prompt="frames=2")
    done = farm.wait(farm.runtime.service.submit(single, request))
    assert done.state is JobState.SUCCEEDED
    started = [farm.job(job).started_ms for job in flood]
    between = [ms for ms in started if ms is not None and done.created_ms < ms < done.started_ms]
    assert len(between) <= 1  # one may have been taken from the queue just before
    assert started.count(None) > FLOOD // 2  # the flood itself was far from over


def test_a_job_that_takes_too_long_in_all_is_stopped(farm):
    farm.worker(job_timeout_s=3)
    job = farm.submit("hang")
    child = farm.wait_child(job)
    failed = farm.wait(job)
    assert (failed.state, failed.error_code) == (JobState.FAILED, "render_timeout")
    assert failed.error_message == "The job was stopped after 3 seconds."
    assert not child.is_running()
    assert farm.balance == (CREDITS, 0)


def test_making_the_sound_is_stopped_in_time(farm):
    farm.worker(sound_timeout_s=0.001)
    failed = farm.wait(farm.submit("frames=2"))
    assert failed.state is JobState.FAILED
    assert "Making the sound was stopped" in failed.error_message
    assert farm.balance == (CREDITS, 0)


def test_gathering_the_inputs_is_stopped_in_time(farm):
    farm.worker(gather_timeout_s=0.2)
    with web({"/photo.png": Page(keeps_waiting=True)}) as site:
        failed = farm.wait(farm.submit("frames=2", images=(MediaRef(url=f"{site}/photo.png"),)))
    assert failed.state is JobState.FAILED
    assert "could not be fetched within 0.2 seconds" in failed.error_message
    assert farm.balance == (CREDITS, 0)
