"""Several jobs by one create: all or none, each with its own seed and charge, and the same again for the same key."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from photoplay.accounts import audit
from photoplay.errors import (
    ExternalIdTaken,
    IdempotencyConflict,
    InsufficientCredits,
    InvalidField,
    QueueFull,
    UnsupportedValue,
)
from photoplay.jobs.idempotency import MAX_KEY_CHARS
from photoplay.jobs.job import MediaRef
from photoplay.jobs.retention import Retention
from photoplay.jobs.runtime import Runtime

from .conftest import ask

PRICE = 20  # credits of 5 s in 720p


def seeds(runtime: Runtime, made: list) -> list[int]:
    return [runtime.store.order(job.id).seed for job in made]


def test_each_job_is_charged_and_has_a_seed_of_its_own(runtime, account):
    made = runtime.service.submit_all(account, [ask()] * 4)
    assert len({job.id for job in made}) == len(set(seeds(runtime, made))) == 4
    assert (runtime.balance(account.id).available, runtime.balance(account.id).held) == (1000 - 4 * PRICE, 4 * PRICE)
    assert audit(runtime.engine) == []


def test_seeds_that_are_named_are_kept_and_not_drawn_again(runtime, account, monkeypatch):
    draws = iter([7, 7, 8, 8, 9])
    monkeypatch.setattr("photoplay.jobs.service.secrets", SimpleNamespace(randbits=lambda bits: next(draws)))
    made = runtime.service.submit_all(account, [ask(), ask(seed=7), ask()])
    assert seeds(runtime, made) == [8, 7, 9]


def test_the_same_request_several_times_is_numbered(runtime, account):
    made = runtime.service.submit_all(account, [ask(), ask("pan"), ask(), ask("pan"), ask(seed=1), ask()])
    assert [job.request.take for job in made] == [0, 0, 1, 1, 0, 2]
    again = runtime.service.submit_all(account, [made[2].request] * 2)
    assert [job.request.take for job in again] == [1, 2]
    assert runtime.service.submit(account, ask()).request.take == 0


def test_lists_and_the_queue_keep_the_order(runtime, account):
    made = runtime.service.submit_all(account, [ask(f"prompt {number}") for number in range(5)])
    listed = runtime.service.list(account.id, newest_first=False).jobs
    assert [job.id for job in listed] == [job.id for job in made]
    assert [runtime.service.wait(job).queue_position for job in made] == sorted(
        runtime.service.wait(job).queue_position for job in made
    )
    assert [job.created_ms - made[0].created_ms for job in made] == [0, 1, 2, 3, 4]


def test_credits_for_all_but_one_are_credits_for_none(runtime):
    poor = runtime.accounts.create_account("Poor", "pro", 4 * PRICE - 1)
    with pytest.raises(InsufficientCredits):
        runtime.service.submit_all(poor, [ask()] * 4, idempotency_key="k")
    assert runtime.service.list(poor.id).jobs == ()
    assert (runtime.balance(poor.id).available, runtime.balance(poor.id).held) == (4 * PRICE - 1, 0)
    assert audit(runtime.engine) == []
    # The key was not used up.
    assert len(runtime.service.submit_all(poor, [ask()] * 3, idempotency_key="k")) == 3


def test_room_for_all_but_one_is_room_for_none(runtime):
    free = runtime.accounts.create_account("Free", "free", 1000)  # one at once, four waiting
    runtime.service.submit_all(free, [ask()] * 2)
    with pytest.raises(QueueFull):
        runtime.service.submit_all(free, [ask()] * 4)
    assert len(runtime.service.list(free.id).jobs) == 2
    assert len(runtime.service.submit_all(free, [ask()] * 3)) == 3


def test_one_bad_request_refuses_all(runtime, account):
    with pytest.raises(UnsupportedValue):
        runtime.service.submit_all(account, [ask(), ask(resolution="9000p")])
    assert runtime.service.list(account.id).jobs == ()


def test_external_ids_must_differ_within_one_create_too(runtime, account):
    with pytest.raises(ExternalIdTaken):
        runtime.service.submit_all(account, [ask(external_id="a"), ask(external_id="a")])
    runtime.service.submit_all(account, [ask(external_id="a"), ask(external_id="b"), ask()])
    with pytest.raises(ExternalIdTaken):
        runtime.service.submit_all(account, [ask(external_id="c"), ask(external_id="b")])


@pytest.mark.parametrize("key", ["k", "k" * MAX_KEY_CHARS], ids=["short", "longest"])
def test_the_same_key_gives_the_same_jobs_in_order(runtime, account, key):
    made = runtime.service.submit_all(account, [ask()] * 3, idempotency_key=key)
    again = runtime.service.submit_all(account, [ask()] * 3, idempotency_key=key)
    assert [job.id for job in again] == [job.id for job in made]
    assert runtime.balance(account.id).held == 3 * PRICE
    for others in ([ask()] * 2, [ask()] * 4, [ask()], [ask("other")] * 3):
        with pytest.raises(IdempotencyConflict):
            runtime.service.submit_all(account, others, idempotency_key=key)
    other = runtime.accounts.create_account("Bob", "pro", 1000)
    assert runtime.service.submit_all(other, [ask()] * 3, idempotency_key=key)[0].id != made[0].id


def test_a_key_is_forgotten_whole(runtime, account, clock):
    first = runtime.service.submit_all(account, [ask()] * 3, idempotency_key="k")
    retention = Retention(
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
    )
    clock.advance_s(runtime.settings.idempotency_ttl_s)  # the jobs' times differ by milliseconds, the key's rows do not
    retention.tick()
    second = runtime.service.submit_all(account, [ask()] * 3, idempotency_key="k")
    assert not {job.id for job in first} & {job.id for job in second}


def test_what_was_submitted_can_be_asked_before_files_are_fetched(runtime, account):
    asked = [ask()] * 2
    assert runtime.service.submitted(account.id, asked, "k") is None
    upload = runtime.service.add_upload(account.id, "photo.jpg", iter([b"jpeg"]))
    stored = [each.model_copy(update={"images": (MediaRef(key=upload.key),)}) for each in asked]
    made = runtime.service.submit_all(account, stored, idempotency_key="k", known_as=asked)
    assert made[0].request.images[0].key == upload.key
    assert [job.id for job in runtime.service.submitted(account.id, asked, "k")] == [job.id for job in made]
    with pytest.raises(IdempotencyConflict):
        runtime.service.submitted(account.id, [ask("other")] * 2, "k")
    with pytest.raises(InvalidField):
        runtime.service.submitted(account.id, asked, "")
