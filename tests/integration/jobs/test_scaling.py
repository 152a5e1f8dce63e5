"""Workers of different sizes and tastes, and how they leave."""

from __future__ import annotations

import threading

import pytest
import sqlalchemy as sa

from photoplay.db.tables import jobs
from photoplay.errors import SettingsError, UnknownModel
from photoplay.jobs.job import AudioRequest, JobState
from photoplay.jobs.queue import queue_name

from .conftest import CREDITS

OWN_POOL = """
[models.special]
pool = "special"
kinds = ["image-to-video"]
label = "Special"
provider = "test"
engine = "motion"
prices = "standard"
resolutions = [{ name = "720p", short_side = 720, width = 1280, height = 720, unit_credit = 5 }]
durations_s = [5]
fps = [24]
default_fps = 24
prompt_limit = 1000
qualities = { std = { engine_quality = "std", resolution = "720p" } }
"""


def executor_of(farm, job) -> str | None:
    """The worker that renders the job now."""
    with farm.runtime.engine.connect() as connection:
        query = sa.select(jobs.c.executor_id).where(jobs.c.id == job.id, jobs.c.state == "running")
        return connection.execute(query).scalar_one_or_none()


def test_each_worker_has_slots_of_its_own(farm):
    small, large = farm.worker(slots=1), farm.worker(slots=3)
    made = [farm.submit("frames=8 delay=0.1") for _ in range(12)]
    most = {small.executor_id: 0, large.executor_id: 0}
    live = made
    while live:
        live = [job for job in map(farm.job, made) if job.state.live]
        for worker in most:
            most[worker] = max(most[worker], sum(executor_of(farm, job) == worker for job in live))
    assert most == {small.executor_id: 1, large.executor_id: 3}
    assert {farm.job(job).state for job in made} == {JobState.SUCCEEDED}


def test_a_worker_that_is_told_to_stop_ends_its_clip_and_takes_no_other(farm):
    worker = farm.worker(drain_s=60)
    running = farm.submit("frames=20 delay=0.1")
    farm.wait(running, JobState.RUNNING)
    stopping = threading.Thread(target=worker.stop)
    stopping.start()
    waiting = farm.submit("frames=2")
    stopping.join()
    assert farm.job(running).state is JobState.SUCCEEDED
    assert farm.runs(running)["render"] == 1
    assert farm.job(waiting).state is JobState.QUEUED
    assert farm.runtime.register.all() == []
    farm.worker()
    assert farm.wait(waiting).state is JobState.SUCCEEDED
    assert farm.balance == (CREDITS - running.credits - waiting.credits, 0)


def test_a_clip_that_outlasts_the_grace_time_goes_back_into_the_queue(farm):
    worker = farm.worker(drain_s=0.5)
    job = farm.submit("frames=8 stall=4 once=job")
    farm.wait_misbehaving(job, "job")
    worker.stop()
    assert farm.runtime.queue.statuses([job.id]) == {job.id: "ENQUEUED"}
    farm.worker()
    assert farm.wait(job).state is JobState.SUCCEEDED


@pytest.mark.parametrize("farm_settings", [{"catalog": OWN_POOL}], indirect=True)
def test_a_worker_serves_only_the_pools_it_was_given(farm):
    assert farm.runtime.catalog.pools() == ("motion", "sound", "special")
    special = farm.submit("frames=2", model="special")
    plain = farm.submit("frames=2")
    farm.worker(worker_models="special")
    assert farm.wait(special).state is JobState.SUCCEEDED
    assert farm.runtime.queue.statuses([plain.id]) == {plain.id: "ENQUEUED"}
    farm.worker(worker_engines="motion")
    assert farm.wait(plain).state is JobState.SUCCEEDED


def test_pools_that_do_not_exist_are_named(farm):
    with pytest.raises(SettingsError, match="'diffusers'"):
        farm.runtime.catalog.pools(engines=["diffusers"])
    with pytest.raises(UnknownModel, match="'nothing'"):
        farm.runtime.catalog.pools(models=["nothing"])
    assert queue_name("motion") == "render.motion"


def test_new_sound_does_not_wait_for_clips(farm):
    farm.worker(slots=1)
    source = farm.submit("frames=8")
    farm.wait(source)
    clip = farm.submit("frames=8 stall=4")
    farm.wait(clip, JobState.RUNNING)
    sound = farm.submit(images=(), audio_of=source.id, audio=AudioRequest(mode="generate"))
    assert farm.wait(sound).state is JobState.SUCCEEDED
    assert farm.job(clip).state is JobState.RUNNING
