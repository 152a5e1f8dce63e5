"""The use cases: what is stored, what is refused, and that money and state move together."""

from __future__ import annotations

import threading

import pytest

from photoplay.accounts import audit
from photoplay.db import writing
from photoplay.errors import (
    AccountBlocked,
    ArtifactNotFound,
    ExternalIdTaken,
    IdempotencyConflict,
    InsufficientCredits,
    InvalidField,
    JobFinished,
    JobNotFinished,
    JobNotFound,
    MissingField,
    PlanRequired,
    QueueFull,
    UnknownModel,
    UnsupportedValue,
    UploadNotFound,
    UploadTooLarge,
)
from photoplay.jobs.job import AudioRequest, JobState, MediaRef
from photoplay.jobs.runtime import Runtime
from photoplay.settings import Settings

from .conftest import EXECUTOR, ask, video_of

PRICE = 20  # credits of 5 s in 720p


def finish(runtime: Runtime, job_id: str) -> None:
    assert runtime.lifecycle.begin(job_id, EXECUTOR)
    runtime.storage.put_bytes(f"jobs/{job_id}/video.mp4", b"mp4")
    assert runtime.lifecycle.succeed(job_id, [video_of(job_id)]) is not None


# Submitting ----------------------------------------------------------------------------------------------------------


def test_a_job_is_stored_queued_and_its_credits_held_at_once(runtime, account):
    job = runtime.service.submit(account, ask(seed=7))
    assert job.state is JobState.QUEUED
    assert runtime.service.get(account.id, job.id) == job
    assert runtime.queue.statuses([job.id]) == {job.id: "ENQUEUED"}
    assert (runtime.balance(account.id).available, runtime.balance(account.id).held) == (1000 - PRICE, PRICE)
    order = runtime.store.order(job.id)
    assert (order.seed, order.quote["engine"], order.quote["fps"]) == (7, "motion", 24)


def test_a_seed_is_drawn_once_and_kept(runtime, account):
    job = runtime.service.submit(account, ask())
    assert runtime.store.order(job.id).seed == runtime.store.order(job.id).seed
    assert job.request.seed is None


def test_any_of_the_three_ids_finds_the_job(runtime, account):
    job = runtime.service.submit(account, ask(external_id="mine"))
    assert {runtime.service.get(account.id, ref).id for ref in (job.id, job.object_id, job.number)} == {job.id}
    assert runtime.service.get_external(account.id, "mine").id == job.id
    for ref in ("mine", "", "x" * 32, job.id.upper(), job.number + "1", "%"):
        with pytest.raises(JobNotFound):
            runtime.service.get(account.id, ref)


def test_another_account_sees_nothing(runtime, account):
    other = runtime.accounts.create_account("Bob")
    job = runtime.service.submit(account, ask(external_id="mine"))
    for ref in (job.id, job.object_id, job.number):
        for use in (runtime.service.get, runtime.service.cancel, runtime.service.delete):
            with pytest.raises(JobNotFound):
                use(other.id, ref)
    with pytest.raises(JobNotFound):
        runtime.service.get_external(other.id, "mine")
    assert runtime.service.list(other.id).jobs == ()
    runtime.service.submit(other, ask(external_id="mine"))  # external ids are the account's own


def test_too_few_credits_leave_nothing_behind(runtime):
    poor = runtime.accounts.create_account("Poor", "free", PRICE - 1)
    with pytest.raises(InsufficientCredits):
        runtime.service.submit(poor, ask(external_id="x"), idempotency_key="k")
    assert runtime.service.list(poor.id).jobs == ()
    assert runtime.balance(poor.id).available == PRICE - 1
    assert audit(runtime.engine) == []


@pytest.mark.parametrize(
    ("request_", "error"),
    [
        (ask(model="no-such-model"), UnknownModel),
        (ask(resolution="9000p"), UnsupportedValue),
        (ask(duration_s=59), UnsupportedValue),
        (ask().model_copy(update={"images": ()}), MissingField),
        (ask(audio=AudioRequest(mode="file")), MissingField),
        (ask(last_image=MediaRef()), InvalidField),
        (ask(audio=AudioRequest(mode="file", file=MediaRef(url="http://x/a", key="uploads/1"))), InvalidField),
        (ask(audio_of="0" * 32), JobNotFound),
    ],
)
def test_what_cannot_be_done_is_refused_before_anything_is_stored(runtime, account, request_, error):
    with pytest.raises(error):
        runtime.service.submit(account, request_)
    assert runtime.service.list(account.id).jobs == ()
    assert runtime.balance(account.id).held == 0


def test_what_the_plan_does_not_include_is_refused(runtime):
    account = runtime.accounts.create_account("Free", "free", 1000)
    with pytest.raises(PlanRequired):
        runtime.service.submit(account, ask(quality="premium"))


def test_a_blocked_account_may_not_submit(runtime, account):
    from dataclasses import replace

    with pytest.raises(AccountBlocked):
        runtime.service.submit(replace(account, blocked=True), ask())


def test_the_same_idempotency_key_gives_the_same_job(runtime, account):
    first = runtime.service.submit(account, ask(), idempotency_key="k-1")
    again = runtime.service.submit(account, ask(), idempotency_key="k-1")
    assert again.id == first.id
    assert runtime.balance(account.id).held == PRICE
    with pytest.raises(IdempotencyConflict):
        runtime.service.submit(account, ask("something else"), idempotency_key="k-1")
    other = runtime.accounts.create_account("Bob")
    assert runtime.service.submit(other, ask(), idempotency_key="k-1").id != first.id


def test_the_same_bytes_uploaded_again_are_the_same_request(runtime, account):
    def send(data: bytes, key: str | None = "k"):
        upload = runtime.service.add_upload(account.id, "a.jpg", iter([data]))
        request = ask().model_copy(update={"images": (MediaRef(key=upload.key, name="a.jpg"),)})
        return runtime.service.submit(account, request, idempotency_key=key)

    first = send(b"photo")
    assert send(b"photo").id == first.id
    with pytest.raises(IdempotencyConflict):
        send(b"another photo")
    assert send(b"photo", None).id != first.id


@pytest.mark.parametrize("key", ["", "x" * 256, "line\nbreak"])
def test_idempotency_keys_have_a_shape(runtime, account, key):
    with pytest.raises(InvalidField):
        runtime.service.submit(account, ask(), idempotency_key=key)


def test_an_external_id_is_taken_once(runtime, account):
    runtime.service.submit(account, ask(external_id="mine"))
    with pytest.raises(ExternalIdTaken):
        runtime.service.submit(account, ask(external_id="mine"))
    assert runtime.balance(account.id).held == PRICE


def test_many_threads_with_one_key_make_one_job(runtime, account):
    made: list[str] = []
    threads = [
        threading.Thread(target=lambda: made.append(runtime.service.submit(account, ask(), idempotency_key="k").id))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 8
    assert len(set(made)) == 1
    assert runtime.balance(account.id).held == PRICE


def test_many_threads_cannot_spend_more_than_there_is(runtime):
    account = runtime.accounts.create_account("Ada", "business", 3 * PRICE)
    refused: list[InsufficientCredits] = []

    def submit() -> None:
        try:
            runtime.service.submit(account, ask())
        except InsufficientCredits as error:
            refused.append(error)

    threads = [threading.Thread(target=submit) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 5
    assert (runtime.balance(account.id).available, runtime.balance(account.id).held) == (0, 3 * PRICE)
    assert audit(runtime.engine) == []


def test_a_full_queue_refuses_and_says_when_to_come_again(runtime):
    account = runtime.accounts.create_account("Free", "free", 10_000)
    plan = runtime.catalog.plan("free")
    room = plan.concurrent_jobs + plan.queued_jobs
    jobs = [runtime.service.submit(account, ask()) for _ in range(room)]
    with pytest.raises(QueueFull) as caught:
        runtime.service.submit(account, ask())
    assert caught.value.retry_after_s > 0
    runtime.service.cancel(account.id, jobs[-1].id)
    runtime.service.submit(account, ask())


def test_limits_can_be_lifted(tmp_path, clock):
    with Runtime.open(Settings(data_dir=tmp_path / "open", limits=False), clock) as runtime:
        account = runtime.accounts.create_account("Free", "free", 10_000)
        for _ in range(12):
            runtime.service.submit(account, ask())
        assert set(runtime.queue.statuses([j.id for j in runtime.service.list(account.id).jobs]).values()) == {
            "ENQUEUED"
        }
        assert len(runtime.service.list(account.id).jobs) == 12


# Listing -------------------------------------------------------------------------------------------------------------


def test_lists_are_pages_in_order(runtime, account, clock):
    made = []
    for index in range(5):
        clock.advance_s(1)
        made.append(runtime.service.submit(account, ask(dialect="akool" if index % 2 else "native")).id)
    newest = made[::-1]
    page = runtime.service.list(account.id, limit=2)
    assert [j.id for j in page.jobs] == newest[:2]
    assert page.more
    page = runtime.service.list(account.id, limit=2, after=page.jobs[-1].object_id)
    assert [j.id for j in page.jobs] == newest[2:4]
    page = runtime.service.list(account.id, limit=2, offset=4)
    assert ([j.id for j in page.jobs], page.more) == (newest[4:], False)
    assert [j.id for j in runtime.service.list(account.id, newest_first=False).jobs] == made
    assert [j.id for j in runtime.service.list(account.id, dialect="akool").jobs] == [newest[1], newest[3]]
    runtime.service.cancel(account.id, made[0])
    assert [j.id for j in runtime.service.list(account.id, states=[JobState.CANCELED]).jobs] == [made[0]]
    with pytest.raises(JobNotFound):
        runtime.service.list(account.id, after="0" * 32)


# Ending --------------------------------------------------------------------------------------------------------------


def test_success_spends_what_was_held(runtime, account):
    job = runtime.service.submit(account, ask())
    finish(runtime, job.id)
    done = runtime.service.get(account.id, job.id)
    assert (done.state, done.progress) == (JobState.SUCCEEDED, 1.0)
    assert runtime.service.artifact(account.id, job.id, "video").size_bytes == 3
    assert (runtime.balance(account.id).available, runtime.balance(account.id).held) == (1000 - PRICE, 0)
    assert runtime.lifecycle.succeed(job.id, [video_of(job.id)]) is None  # done again: nothing
    assert runtime.lifecycle.fail(job.id, "x", "y") is None
    assert runtime.lifecycle.cancel(job.id) is None
    assert audit(runtime.engine) == []


def test_failure_gives_everything_back_and_says_why(runtime, account):
    job = runtime.service.submit(account, ask())
    runtime.lifecycle.begin(job.id, EXECUTOR)
    assert runtime.lifecycle.fail(job.id, "image_unreadable", "That is no photo.") is not None
    failed = runtime.service.get(account.id, job.id)
    assert (failed.state, failed.error_code, failed.error_message) == (
        JobState.FAILED,
        "image_unreadable",
        "That is no photo.",
    )
    assert runtime.balance(account.id).available == 1000
    assert runtime.lifecycle.succeed(job.id, [video_of(job.id)]) is None
    assert audit(runtime.engine) == []


@pytest.mark.parametrize("running", [False, True])
def test_cancel_ends_a_live_job_and_gives_its_credits_back(runtime, account, running):
    job = runtime.service.submit(account, ask())
    if running:
        runtime.lifecycle.begin(job.id, EXECUTOR)
    assert runtime.service.cancel(account.id, job.number).state is JobState.CANCELED
    assert runtime.service.cancel(account.id, job.id).state is JobState.CANCELED  # again: as it was
    assert runtime.queue.statuses([job.id]) == {job.id: "CANCELLED"}
    assert runtime.balance(account.id).available == 1000
    assert not runtime.lifecycle.begin(job.id, EXECUTOR)
    assert not runtime.store.progress(job.id, 0.5, EXECUTOR)
    assert audit(runtime.engine) == []


def test_a_finished_job_cannot_be_canceled(runtime, account):
    job = runtime.service.submit(account, ask())
    finish(runtime, job.id)
    with pytest.raises(JobFinished):
        runtime.service.cancel(account.id, job.id)


def test_delete_takes_the_files_along(runtime, account):
    job = runtime.service.submit(account, ask(external_id="mine"))
    with pytest.raises(JobNotFinished):
        runtime.service.delete(account.id, job.id)
    finish(runtime, job.id)
    assert runtime.service.owns_key(account.id, f"jobs/{job.id}/video.mp4")
    runtime.service.delete(account.id, job.id)
    assert list(runtime.storage.list()) == []
    assert not runtime.service.owns_key(account.id, f"jobs/{job.id}/video.mp4")
    for use in (runtime.service.get, runtime.service.delete, runtime.service.cancel):
        with pytest.raises(JobNotFound):
            use(account.id, job.id)
    assert runtime.service.list(account.id).jobs == ()
    assert audit(runtime.engine) == []


def test_an_artifact_that_is_not_there_says_why(runtime, account):
    job = runtime.service.submit(account, ask())
    with pytest.raises(JobNotFinished):
        runtime.service.artifact(account.id, job.id, "video")
    finish(runtime, job.id)
    with pytest.raises(ArtifactNotFound):
        runtime.service.artifact(account.id, job.id, "spritesheet")


# Uploads -------------------------------------------------------------------------------------------------------------


def test_an_upload_can_be_used_in_a_request_by_its_owner_only(runtime, account):
    other = runtime.accounts.create_account("Bob")
    upload = runtime.service.add_upload(account.id, "../etc/pass.png", iter([b"\x89PNG\r\n\x1a\n", b"rest"]))
    assert (upload.content_type, upload.size_bytes, upload.name) == ("image/png", 12, "../etc/pass.png")
    assert runtime.storage.get_bytes(upload.key) == b"\x89PNG\r\n\x1a\nrest"
    assert runtime.service.upload(account.id, upload.id) == upload
    request = ask().model_copy(update={"images": (MediaRef(key=upload.key),)})
    runtime.service.submit(account, request)
    with pytest.raises(ArtifactNotFound):
        runtime.service.submit(other, request)
    with pytest.raises(UploadNotFound):
        runtime.service.upload(other.id, upload.id)


def test_an_upload_that_is_too_large_leaves_nothing(tmp_path, clock):
    with Runtime.open(Settings(data_dir=tmp_path / "d", max_upload_bytes=1024), clock) as runtime:
        account = runtime.accounts.create_account("Ada")
        with pytest.raises(UploadTooLarge):
            runtime.service.add_upload(account.id, "big", iter([b"x" * 600, b"x" * 600]))
        assert list(runtime.storage.list()) == []
        assert list((tmp_path / "d" / "tmp").iterdir()) == []


def test_new_sound_costs_less_and_needs_a_finished_clip(runtime, account):
    source = runtime.service.submit(account, ask())
    again = ask(audio=AudioRequest(mode="generate"), audio_of=source.id).model_copy(update={"images": ()})
    with pytest.raises(JobNotFinished):
        runtime.service.submit(account, again)
    from photoplay.jobs.store import Picture
    from photoplay.shot import Plan

    runtime.lifecycle.begin(source.id, EXECUTOR)
    runtime.store.picture(source.id, Picture(Plan(), (), {}, 64, 48, 24, 5.0, ()))
    runtime.lifecycle.succeed(source.id, [video_of(source.id)])
    assert runtime.service.submit(account, again).credits < PRICE


def test_a_repeated_request_hears_the_first_answer_whatever_came_of_it(runtime, account):
    first = runtime.service.submit(account, ask(), idempotency_key="k")
    runtime.lifecycle.begin(first.id, EXECUTOR)
    assert runtime.service.submit(account, ask(), idempotency_key="k") == first
    runtime.lifecycle.succeed(first.id, [])
    assert runtime.service.submit(account, ask(), idempotency_key="k") == first
    runtime.service.delete(account.id, first.id)
    assert runtime.service.submit(account, ask(), idempotency_key="k") == first
    assert runtime.service.submitted(account.id, [ask()], "k") == [first]
    assert (runtime.balance(account.id).held, len(runtime.service.list(account.id).jobs)) == (0, 0)


def test_how_a_request_came_is_not_what_it_asks_for(runtime, account):
    first = runtime.service.submit(account, ask(face={"base_url": "http://a", "client_id": "1"}), idempotency_key="k")
    again = runtime.service.submit(account, ask(face={"base_url": "http://b", "client_id": "2"}), idempotency_key="k")
    assert again.id == first.id
    with pytest.raises(IdempotencyConflict):
        runtime.service.submit(account, ask(face={"base_url": "http://a", "said": "more"}), idempotency_key="k")
    with pytest.raises(IdempotencyConflict):
        runtime.service.submit_all(account, [ask(), ask()], idempotency_key="k")


def test_a_refused_request_leaves_its_key_free(runtime):
    poor = runtime.accounts.create_account("Poor", "pro", PRICE - 1)
    with pytest.raises(InsufficientCredits):
        runtime.service.submit(poor, ask(), idempotency_key="k")
    with writing(runtime.engine) as connection:
        runtime.ledger.grant(connection, account_id=poor.id, amount=1)
    assert runtime.service.submit(poor, ask(), idempotency_key="k").credits == PRICE


def test_an_idempotency_key_ends_by_itself(runtime, account, clock):
    first = runtime.service.submit(account, ask(), idempotency_key="k")
    both = runtime.service.submit_all(account, [ask(), ask()], idempotency_key="two")
    clock.advance_s(runtime.settings.idempotency_ttl_s - 1)
    assert runtime.service.submit(account, ask(), idempotency_key="k").id == first.id
    clock.advance_s(1)
    second = runtime.service.submit(account, ask("another prompt"), idempotency_key="k")  # no conflict: it is new
    assert second.id != first.id
    assert runtime.service.submit(account, ask("another prompt"), idempotency_key="k").id == second.id
    again = runtime.service.submit_all(account, [ask(), ask()], idempotency_key="two")
    assert {job.id for job in again} & {job.id for job in both} == set()
