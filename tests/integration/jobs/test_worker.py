"""A real worker process: the full path, every way to fail, cancel."""

from __future__ import annotations

import io
import time
import wave

import av
import pytest

from photoplay.jobs.job import AudioRequest, JobState, MediaRef, Phase

from .conftest import CREDITS, wait_for


def test_the_full_path(farm):
    farm.worker()
    job = farm.submit("frames=16 delay=0.05", watermark=True, audio=AudioRequest(mode="generate"), seed=3)
    seen = []
    while (now := farm.job(job)).state.live:
        seen.append(now.progress)
        time.sleep(0.02)
    done = farm.wait(job)
    assert done.state is JobState.SUCCEEDED, done.error_message
    assert (done.progress, done.phase) == (1.0, None)
    assert seen == sorted(seen)
    assert max(seen) < 1.0
    assert {a.kind for a in done.artifacts} == {"video", "watermarked", "thumbnail"}
    assert (done.width, done.height, done.fps, done.duration_s) == (64, 48, 8, 2.0)
    assert done.plan.understood == ("tiny",)
    assert "a tiny clip" in done.notes
    assert farm.balance == (CREDITS - job.credits, 0)
    wait_for(lambda: farm.runs(job) == dict.fromkeys(("gather", "render", "sound", "publish", "notify"), 1))
    for artifact in done.artifacts:
        stored = farm.runtime.storage.stat(artifact.key)
        assert (stored.size_bytes, stored.content_type) == (artifact.size_bytes, artifact.content_type)
    with av.open(str(farm.video(done))) as container:
        assert len(container.streams.audio) == 1
        assert sum(1 for _ in container.decode(video=0)) == 16
    assert list(farm.runtime.storage.list("work")) == []  # intermediates are gone
    wait_for(lambda: farm.runtime.queue.statuses([job.id]) == {job.id: "SUCCESS"})


def test_the_same_seed_gives_the_same_bytes(busy_farm):
    farm = busy_farm
    done = [farm.wait(farm.submit("frames=4", seed=seed)) for seed in (5, 5, 6)]
    first, second, third = (job.artifact("video").sha256 for job in done)
    assert first == second != third


@pytest.mark.parametrize(
    ("prompt", "code", "words"),
    [
        ("bad-image", "image_unreadable", "no photo"),
        ("fail", "render_failed", "told to fail"),
        ("bug", "render_failed", "engine failed"),
        ("no-memory", "render_failed", "not enough memory"),
        ("killed", "render_crashed", "short of memory"),
        ("outside", "render_failed", "outside its folder"),
    ],
)
def test_a_job_that_fails_says_why_and_costs_nothing(busy_farm, prompt, code, words):
    farm, before = busy_farm, busy_farm.balance[0]
    failed = farm.wait(farm.submit(prompt))
    assert (failed.state, failed.error_code) == (JobState.FAILED, code)
    assert words in failed.error_message
    assert farm.balance == (before, 0)
    assert failed.artifacts == ()
    wait_for(lambda: list(farm.runtime.storage.list("work")) == [])


@pytest.mark.parametrize(
    ("url", "code"),
    [("http://127.0.0.1:9/photo.jpg", "url_unreachable"), ("http://10.1.2.3/photo.jpg", "url_forbidden")],
)
def test_a_url_that_cannot_be_fetched_fails_the_job(busy_farm, url, code):
    farm, before = busy_farm, busy_farm.balance[0]
    failed = farm.wait(farm.submit(images=(MediaRef(url=url),)))
    assert (failed.state, failed.error_code) == (JobState.FAILED, code)
    assert farm.balance == (before, 0)


@pytest.mark.parametrize(
    ("content", "code"),
    [(b"", "image_unreadable"), (b"hello", "image_unreadable"), (b"%PDF-1.7", "image_format_unsupported")],
)
def test_what_is_no_image_never_reaches_an_engine(busy_farm, content, code):
    farm, before = busy_farm, busy_farm.balance[0]
    upload = farm.runtime.service.add_upload(farm.account.id, "x", iter([content]))
    failed = farm.wait(farm.submit(images=(MediaRef(key=upload.key),)))
    assert (failed.state, failed.error_code) == (JobState.FAILED, code)
    assert "render" not in farm.runs(failed)
    assert farm.balance == (before, 0)


def test_the_callers_own_sound_is_used(busy_farm):
    farm = busy_farm
    sound = io.BytesIO()
    with wave.open(sound, "wb") as file:
        file.setparams((1, 2, 16_000, 0, "NONE", ""))
        file.writeframes(b"\x00\x20\x00\xe0" * 8_000)
    upload = farm.runtime.service.add_upload(farm.account.id, "tone.wav", iter([sound.getvalue()]))
    job = farm.submit("frames=8", audio=AudioRequest(mode="file", file=MediaRef(key=upload.key)))
    done = farm.wait(job)
    assert done.state is JobState.SUCCEEDED, done.error_message
    with av.open(str(farm.video(done))) as container:
        assert len(container.streams.audio) == 1


@pytest.mark.parametrize("content", [b"RIFF....WAVEfmt junk", b"\x89PNG\r\n\x1a\n"])
def test_sound_that_cannot_be_read_fails_the_job(busy_farm, content):
    farm, before = busy_farm, busy_farm.balance[0]
    upload = farm.runtime.service.add_upload(farm.account.id, "x.wav", iter([content]))
    failed = farm.wait(farm.submit("frames=2", audio=AudioRequest(mode="file", file=MediaRef(key=upload.key))))
    assert (failed.state, failed.error_code) == (JobState.FAILED, "audio_unreadable")
    assert farm.balance == (before, 0)


def test_a_render_that_takes_too_long_is_stopped(farm):
    farm.worker(render_timeout_s=1)
    job = farm.submit("hang")
    child = farm.wait_child(job)
    failed = farm.wait(job)
    assert failed.error_code == "render_timeout"
    assert not child.is_running()
    assert farm.balance == (CREDITS, 0)


def test_a_child_that_is_killed_once_is_tried_again(busy_farm):
    farm, before = busy_farm, busy_farm.balance[0]
    job = farm.submit("hang once=killed")
    farm.wait_misbehaving(job, "killed").kill()
    done = farm.wait(job)
    assert done.state is JobState.SUCCEEDED
    assert farm.runs(job)["gather"] == 1
    assert farm.balance == (before - job.credits, 0)


def test_the_childs_own_progress_is_seen_and_bounded_by_its_phase(busy_farm):
    farm = busy_farm
    job = farm.submit("frames=8 stall=8")
    wait_for(lambda: farm.job(job).progress == 0.85)
    assert farm.job(job).phase is Phase.RENDER
    farm.runtime.service.cancel(farm.account.id, job.id)


def test_cancel_takes_a_running_job_and_its_child_down_within_two_seconds(busy_farm):
    farm, before = busy_farm, busy_farm.balance[0]
    job, other = farm.submit("hang"), farm.submit("frames=2")
    child = farm.wait_child(job)
    farm.runtime.service.cancel(farm.account.id, job.id)
    child.wait(2)
    canceled = farm.wait(job)
    assert (canceled.state, canceled.artifacts) == (JobState.CANCELED, ())
    assert farm.wait(other).state is JobState.SUCCEEDED  # the slot is free, and only that job was stopped
    assert farm.balance == (before - other.credits, 0)


def test_a_queued_job_that_is_canceled_never_runs(farm):
    job = farm.submit()
    farm.runtime.service.cancel(farm.account.id, job.id)
    farm.worker()
    other = farm.submit()
    farm.wait(other)
    assert farm.runs(job) == {}
    assert farm.job(job).state is JobState.CANCELED


def test_new_sound_on_an_old_picture_renders_nothing(busy_farm):
    farm = busy_farm
    source = farm.wait(farm.submit("frames=8"))
    job = farm.submit(images=(), audio=AudioRequest(mode="generate"), audio_of=source.id)
    done = farm.wait(job)
    assert done.state is JobState.SUCCEEDED, done.error_message
    assert (done.width, done.duration_s) == (source.width, source.duration_s)
    assert next(run for run in farm.runtime.steplog.of(job.id) if run.step == "render").child_pid is None
    assert done.artifact("thumbnail").sha256 == source.artifact("thumbnail").sha256
    with av.open(str(farm.video(done))) as container:
        assert len(container.streams.audio) == 1
        assert sum(1 for _ in container.decode(video=0)) == 8


def test_slots_bound_what_runs_at_once(farm):
    farm.worker(slots=2)
    made = [farm.submit("frames=4 delay=0.1") for _ in range(4)]
    most = 0
    while any(farm.job(job).state.live for job in made):
        most = max(most, sum(farm.job(job).state is JobState.RUNNING for job in made))
    assert most == 2
    assert {farm.job(job).state for job in made} == {JobState.SUCCEEDED}
