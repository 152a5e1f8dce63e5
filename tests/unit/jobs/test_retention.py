"""What goes when its time is over, and what stays."""

from __future__ import annotations

import os

import pytest
import sqlalchemy as sa

from photoplay.accounts import audit
from photoplay.db.tables import jobs
from photoplay.errors import ArtifactNotFound, UploadNotFound
from photoplay.jobs.job import AudioRequest, JobRequest, JobState, MediaRef
from photoplay.jobs.retention import Retention
from photoplay.jobs.runtime import Runtime
from photoplay.settings import Settings

from .conftest import EXECUTOR, ask, video_of

DAY_S = 86_400


@pytest.fixture
def real_s() -> list[float]:
    """Seconds that have really passed, whatever the clock says."""
    return [0.0]


@pytest.fixture
def retention(runtime, clock, real_s) -> Retention:
    return Retention(
        engine=runtime.engine,
        clock=clock,
        store=runtime.store,
        storage=runtime.storage,
        uploads=runtime.uploads,
        queue=runtime.queue,
        outbox=runtime.outbox,
        remove_files=runtime.service.remove_files,
        idempotency_ttl_s=runtime.settings.idempotency_ttl_s,
        webhook_retention_s=runtime.settings.webhook_retention_s,
        link_ttl_s=runtime.settings.artifact_url_ttl_s,
        monotonic=lambda: real_s[0],
        scenes_dir=runtime.settings.scenes_dir,
        scene_cache_s=runtime.settings.scene_cache_s,
    )


def finish(runtime, account, request: JobRequest | None = None) -> str:
    job = runtime.service.submit(account, request or ask())
    runtime.lifecycle.begin(job.id, EXECUTOR)
    runtime.storage.put_bytes(f"jobs/{job.id}/video.mp4", b"mp4")
    runtime.lifecycle.succeed(job.id, [video_of(job.id)])
    return job.id


def test_a_clip_expires_with_its_files_and_its_record_stays(runtime, account, clock, retention):
    job_id = finish(runtime, account)
    clock.advance_s(7 * DAY_S - 1)
    assert retention.tick() == 0
    clock.advance_s(1)
    assert retention.tick() == 1
    expired = runtime.service.get(account.id, job_id)
    assert (expired.state, expired.artifacts) == (JobState.EXPIRED, ())
    assert list(runtime.storage.list()) == []
    with pytest.raises(ArtifactNotFound):
        runtime.service.artifact(account.id, job_id, "video")
    assert retention.tick() == 0
    assert audit(runtime.engine) == []


@pytest.mark.parametrize(
    ("model", "days"),
    [("motion", 7), ("AkoolImage2VideoFastV1", 7), ("kling-v1-6", 30), ("kling-v2-6", 30), ("V", 7), ("sora-2", 7)],
)
def test_a_clip_is_kept_for_as_long_as_its_model_says(runtime, account, clock, retention, model, days):
    offered = runtime.catalog.model(model)
    request = ask(
        model=model,
        duration_s=offered.durations_s[0],
        resolution=offered.resolutions[0].name,
        aspect_ratio=offered.aspect_ratios[0],
    )
    job_id = finish(runtime, account, request)
    clock.advance_s(days * DAY_S - 1)
    retention.tick()
    assert runtime.store.load(job_id).state is JobState.SUCCEEDED
    clock.advance_s(1)
    retention.tick()
    assert runtime.store.load(job_id).state is JobState.EXPIRED


def test_an_operator_sets_how_long_clips_are_kept(tmp_path, clock):
    catalog = tmp_path / "catalog.toml"
    catalog.write_text("[models.kling-v1-6]\nretention_s = 86400\n")
    settings = Settings(data_dir=tmp_path / "data", catalog_file=catalog, retention_s=2 * DAY_S)
    with Runtime.open(settings, clock) as runtime:
        account = runtime.accounts.create_account("Ada", "pro", 1000)
        made = [finish(runtime, account, ask(model=model)) for model in ("kling-v1-6", "motion")]
        kept = [runtime.store.load(job_id).expires_ms - clock.now_ms() for job_id in made]
    assert kept == [DAY_S * 1000, 2 * DAY_S * 1000]


def test_new_sound_is_kept_anew_and_does_not_keep_its_source(runtime, account, clock, retention):
    source = finish(runtime, account)
    with runtime.engine.begin() as connection:
        connection.execute(sa.update(jobs).where(jobs.c.id == source).values(duration_s=5.0))
    clock.advance_s(6 * DAY_S)
    sound = AudioRequest(mode="generate")
    again = finish(runtime, account, ask().model_copy(update={"images": (), "audio": sound, "audio_of": source}))
    clock.advance_s(2 * DAY_S)
    assert retention.tick() == 1
    assert [runtime.store.load(job_id).state for job_id in (source, again)] == [JobState.EXPIRED, JobState.SUCCEEDED]


def test_failed_and_canceled_jobs_keep_their_state(runtime, account, clock, retention):
    failed, canceled = (runtime.service.submit(account, ask()) for _ in range(2))
    runtime.lifecycle.fail(failed.id, "code", "message")
    runtime.service.cancel(account.id, canceled.id)
    clock.advance_s(8 * DAY_S)
    assert retention.tick() == 2
    assert runtime.store.load(failed.id).state is JobState.FAILED
    assert runtime.store.load(canceled.id).state is JobState.CANCELED
    assert runtime.queue.statuses([failed.id, canceled.id]) == {}
    assert retention.tick() == 0


def test_live_jobs_never_expire(runtime, account, clock, retention):
    queued, running = (runtime.service.submit(account, ask()) for _ in range(2))
    runtime.lifecycle.begin(running.id, EXECUTOR)
    clock.advance_s(30 * DAY_S)
    assert retention.tick() == 0
    assert runtime.store.load(queued.id).state is JobState.QUEUED


def test_a_removal_that_a_crash_interrupted_is_finished(runtime, account, retention):
    job_id = finish(runtime, account)
    states = [JobState.SUCCEEDED]
    with runtime.engine.begin() as connection:
        assert runtime.store.mark(connection, job_id, JobState.DELETED, from_states=states)
    assert list(runtime.storage.list()) != []
    assert retention.tick() == 1
    assert list(runtime.storage.list()) == []
    assert retention.tick() == 0


def test_uploads_go_unless_a_new_job_uses_them(runtime, account, clock, retention):
    used, unused = (runtime.service.add_upload(account.id, "x", iter([b"x"])) for _ in range(2))
    clock.advance_s(6 * DAY_S)
    runtime.service.submit(account, ask().model_copy(update={"images": (MediaRef(key=used.key),)}))
    clock.advance_s(2 * DAY_S)
    retention.tick()
    assert runtime.service.upload(account.id, used.id).key == used.key
    with pytest.raises(UploadNotFound):
        runtime.service.upload(account.id, unused.id)
    assert list(runtime.storage.list()) == [used.key]


def test_idempotency_keys_are_forgotten_in_time(runtime, account, clock, retention):
    first = runtime.service.submit(account, ask(), idempotency_key="k")
    clock.advance_s(8 * DAY_S)
    retention.tick()
    assert runtime.service.submit(account, ask(), idempotency_key="k").id != first.id


def test_orphans_are_found(runtime, account, clock, retention):
    done = finish(runtime, account)
    canceled = runtime.service.submit(account, ask())
    live = runtime.service.submit(account, ask())
    runtime.service.cancel(account.id, canceled.id)
    for job_id in (done, canceled.id, live.id, "0" * 32):
        runtime.storage.put_bytes(f"work/{job_id}/silent-video.mp4", b"x")
    runtime.storage.put_bytes(f"jobs/{canceled.id}/video.mp4", b"x")
    runtime.storage.put_bytes("jobs/README", b"not ours")
    for _ in range(2):
        retention.tick()
        retention.sweep_orphans()
        assert len(list(runtime.storage.list())) == 6  # all but the unknown job's: the others changed just now
        clock.advance_s(60)
    clock.advance_s(3600)
    retention.tick()
    assert retention.sweep_orphans() == 1
    assert sorted(runtime.storage.list()) == sorted(
        [f"jobs/{done}/video.mp4", "jobs/README", f"work/{live.id}/silent-video.mp4"]
    )


def test_what_was_understood_of_a_photo_is_forgotten_when_it_is_no_longer_used(runtime, clock, retention):
    folder = runtime.settings.scenes_dir
    (folder / "stages").mkdir(parents=True)
    old, new, foreign = folder / "stages" / "a.stage", folder / "b.npz", folder / "notes.txt"
    for path, age_s in ((old, DAY_S + 1), (new, DAY_S - 60), (foreign, 9 * DAY_S)):
        path.write_bytes(b"x")
        used_s = clock.now_ms() / 1000 - age_s
        os.utime(path, (used_s, used_s))
    retention.tick()
    assert not old.exists()
    assert new.exists()
    assert foreign.exists()
    clock.advance_s(120)
    retention.tick()
    assert not new.exists()


def sign_links(runtime, monkeypatch) -> None:
    """Has the store sign links of its own, as an S3 store does."""
    monkeypatch.setattr(runtime.storage, "presigned_url", lambda key, expires_s: f"https://store.example/{key}")


def test_where_the_store_signs_links_files_stay_until_the_last_link_has_ended(
    runtime, account, clock, retention, real_s, monkeypatch
):
    sign_links(runtime, monkeypatch)
    job_id = finish(runtime, account)
    clock.advance_s(7 * DAY_S)
    retention.tick()
    expired = runtime.service.get(account.id, job_id)
    assert (expired.state, expired.artifacts, expired.expires_ms) == (JobState.EXPIRED, (), None)
    assert not runtime.service.owns_key(account.id, f"jobs/{job_id}/video.mp4")
    for passed_s in (1, runtime.settings.artifact_url_ttl_s - 2):
        clock.advance_s(passed_s)
        real_s[0] += passed_s
        assert retention.tick() == 0
        assert retention.sweep_orphans() == 0
        assert list(runtime.storage.list()) == [f"jobs/{job_id}/video.mp4"]
    clock.advance_s(1)
    assert retention.tick() == 1
    assert list(runtime.storage.list()) == []
    assert retention.tick() == 0


def test_a_clip_that_its_owner_deletes_goes_at_once_wherever_it_is(runtime, account, clock, retention, monkeypatch):
    sign_links(runtime, monkeypatch)
    expired = finish(runtime, account)
    clock.advance_s(7 * DAY_S)
    retention.tick()
    for job_id in (expired, finish(runtime, account)):
        runtime.service.delete(account.id, job_id)
    assert list(runtime.storage.list()) == []
    assert retention.tick() == 0


def test_a_clock_that_leaps_ahead_makes_nothing_old_for_an_hour(runtime, account, clock, retention, real_s):
    job_id = finish(runtime, account)
    upload = runtime.service.add_upload(account.id, "x", iter([b"x"]))
    retention.tick()
    clock.advance_s(400 * DAY_S)
    assert retention.tick() == 0
    clock.advance_s(-400 * DAY_S)  # set right again: the next leap is a new one
    assert retention.tick() == 0
    assert runtime.store.load(job_id).state is JobState.SUCCEEDED
    assert runtime.service.upload(account.id, upload.id) == upload
    clock.advance_s(400 * DAY_S)
    for _ in range(4):
        assert retention.tick() == 0
        clock.advance_s(15 * 60)
        real_s[0] += 15 * 60
    assert retention.tick() == 1
    assert list(runtime.storage.list()) == []


def test_time_that_passes_is_no_leap(runtime, account, clock, retention, real_s):
    finish(runtime, account)
    retention.tick()
    clock.advance_s(7 * DAY_S)
    real_s[0] += 7 * DAY_S
    assert retention.tick() == 1


def test_webhooks_are_forgotten_in_time(runtime, account, clock, retention, real_s):
    job = runtime.service.submit(account, ask(callback_url="https://r.example/hook"))
    runtime.lifecycle.begin(job.id, EXECUTOR)
    runtime.lifecycle.succeed(job.id, [])
    (first,) = runtime.outbox.claim()
    runtime.outbox.delivered(first, url="https://r.example/hook", status=200)
    clock.advance_s(30 * DAY_S - 1)
    retention.tick()
    assert len(runtime.outbox.list(job_id=job.id)) == 3
    clock.advance_s(1)
    retention.tick()
    assert [event.state for event in runtime.outbox.list(job_id=job.id)] == ["pending", "pending"]
