"""Guards of the state changes: progress, phases, and who may write them."""

from __future__ import annotations

import pytest

from photoplay.jobs.job import JobState, Phase

from .conftest import EXECUTOR, ask


@pytest.fixture
def job_id(runtime, account):
    job = runtime.service.submit(account, ask())
    assert runtime.lifecycle.begin(job.id, EXECUTOR)
    return job.id


def test_progress_only_rises(runtime, job_id):
    seen = []
    for value in (0.2, 0.5, 0.1, 0.5, 0.6):
        assert runtime.store.progress(job_id, value, EXECUTOR)
        seen.append(runtime.store.load(job_id).progress)
    assert seen == [0.2, 0.5, 0.5, 0.5, 0.6]


def test_a_phase_entered_again_does_not_lower_progress(runtime, job_id):
    runtime.store.enter(job_id, Phase.RENDER, 0.05, EXECUTOR)
    runtime.store.progress(job_id, 0.7, EXECUTOR)
    assert runtime.store.enter(job_id, Phase.RENDER, 0.05, "second-executor")
    assert runtime.store.load(job_id).progress == 0.7


def test_only_the_executor_that_has_the_job_may_write(runtime, job_id):
    runtime.store.enter(job_id, Phase.RENDER, 0.05, "second-executor")
    assert not runtime.store.progress(job_id, 0.9, EXECUTOR)
    assert not runtime.store.held_by(job_id, EXECUTOR)
    assert runtime.store.held_by(job_id, "second-executor")
    assert runtime.store.load(job_id).progress == 0.05


def test_a_job_begins_once(runtime, job_id):
    assert not runtime.lifecycle.begin(job_id, EXECUTOR)
    assert runtime.store.load(job_id).state is JobState.RUNNING


@pytest.mark.parametrize("end", ["succeed", "fail", "cancel"])
def test_nothing_is_written_after_the_end(runtime, job_id, end):
    arguments = {"succeed": ([],), "fail": ("code", "message"), "cancel": ()}[end]
    assert getattr(runtime.lifecycle, end)(job_id, *arguments) is not None
    ended = runtime.store.load(job_id)
    assert not runtime.store.progress(job_id, 0.9, EXECUTOR)
    assert not runtime.store.enter(job_id, Phase.SOUND, 0.85, EXECUTOR)
    assert not runtime.store.held_by(job_id, EXECUTOR)
    assert runtime.store.load(job_id) == ended


def test_what_no_one_has_is_not_found(runtime):
    assert runtime.store.load("0" * 32) is None
    assert runtime.store.order("0" * 32) is None
    assert not runtime.lifecycle.begin("0" * 32, EXECUTOR)
    assert runtime.lifecycle.fail("0" * 32, "x", "y") is None
