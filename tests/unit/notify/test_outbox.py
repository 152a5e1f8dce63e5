"""The outbox: order, back-off, leases, replay."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

from photoplay.clock import FixedClock
from photoplay.db import writing
from photoplay.db.tables import webhooks
from photoplay.jobs.job import JobRequest, MediaRef
from photoplay.jobs.runtime import Runtime
from photoplay.notify.outbox import HEAD_START_TRIES, LEASE_S, MAX_TRIES, RETRY_DELAYS_S, Event, Outbox
from photoplay.settings import Settings


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@pytest.fixture
def runtime(tmp_path: Path, clock: FixedClock, database_url: str):
    with Runtime.open(Settings(data_dir=tmp_path / "data", database_url=database_url), clock) as runtime:
        yield runtime


@pytest.fixture
def outbox(runtime) -> Outbox:
    return runtime.outbox


@pytest.fixture
def job(runtime):
    account = runtime.accounts.create_account("Ada", "pro", 1000)
    return runtime.service.submit(account, JobRequest(images=(MediaRef(url="https://example.com/p.jpg"),)))


def write(runtime, job, *events: str) -> None:
    for event in events:
        with writing(runtime.engine) as connection:
            runtime.outbox.write(
                connection, job_id=job.id, account_id=job.account_id, dialect="native", event=event, snapshot={"n": 1}
            )


def claim_one(outbox: Outbox) -> Event:
    (event,) = outbox.claim()
    return event


def fail(outbox: Outbox, event: Event) -> None:
    outbox.failed(event, url="https://r", status=500, error="the receiver answered 500")


def state_of(outbox: Outbox, job) -> dict[str, str]:
    return {event.event: event.state for event in outbox.list(job_id=job.id)}


def test_a_job_without_a_callback_url_writes_nothing(runtime, outbox, job):
    runtime.lifecycle.begin(job.id, "e")
    runtime.lifecycle.fail(job.id, "x", "y")
    assert outbox.list() == []


def test_each_state_is_written_with_the_change_and_told_in_order(runtime, outbox):
    account = runtime.accounts.create_account("Bob", "pro", 1000)
    job = runtime.service.submit(
        account,
        JobRequest(images=(MediaRef(url="https://example.com/p.jpg"),), callback_url="https://r/hook", dialect="akool"),
    )
    runtime.lifecycle.begin(job.id, "e")
    runtime.lifecycle.succeed(job.id, [])
    told = []
    while claimed := outbox.claim():
        assert len(claimed) == 1  # the next one waits for this one
        outbox.delivered(claimed[0], url="https://r/hook", status=200)
        told.append((claimed[0].event, claimed[0].snapshot["state"], claimed[0].dialect))
    assert told == [
        ("queued", "queued", "akool"),
        ("running", "running", "akool"),
        ("succeeded", "succeeded", "akool"),
    ]


def test_a_failed_try_comes_again_later_with_the_same_id_and_at_last_is_given_up(runtime, outbox, job, clock):
    write(runtime, job, "succeeded")
    seen = set()
    for delay_s in RETRY_DELAYS_S:
        event = claim_one(outbox)
        seen.add(event.id)
        fail(outbox, event)
        clock.advance_s(delay_s - 0.1)
        assert outbox.claim() == []
        clock.advance_s(0.1)
    fail(outbox, claim_one(outbox))
    clock.advance_s(10 * 86_400)
    assert outbox.claim() == []
    (dead,) = outbox.list(state="dead")
    assert {dead.id} == seen
    assert (dead.attempts, dead.last_status) == (MAX_TRIES, 500)
    assert MAX_TRIES >= 8
    assert 86_400 <= sum(RETRY_DELAYS_S) <= 2 * 86_400


def test_nobody_else_gets_an_event_that_is_being_sent_unless_its_sender_dies(runtime, outbox, job, clock):
    write(runtime, job, "succeeded")
    event = claim_one(outbox)
    assert outbox.claim() == []
    clock.advance_s(LEASE_S + 1)
    assert claim_one(outbox).id == event.id


def test_a_later_event_waits_for_an_earlier_one_but_not_for_ever(runtime, outbox, job, clock):
    write(runtime, job, "running", "succeeded")
    for tried in range(HEAD_START_TRIES):
        event = claim_one(outbox)
        assert event.event == "running"
        fail(outbox, event)
        if tried < HEAD_START_TRIES - 1:
            assert outbox.claim() == []
            clock.advance_s(RETRY_DELAYS_S[tried])
    event = claim_one(outbox)
    assert event.event == "succeeded"
    outbox.delivered(event, url="https://r", status=204)
    assert state_of(outbox, job) == {"running": "skipped", "succeeded": "delivered"}
    clock.advance_s(86_400)
    assert outbox.claim() == []


def test_an_earlier_event_that_is_being_sent_is_not_overtaken(runtime, outbox, job, clock):
    write(runtime, job, "running", "succeeded")
    for delay_s in RETRY_DELAYS_S[: HEAD_START_TRIES - 1]:
        fail(outbox, claim_one(outbox))
        clock.advance_s(delay_s)
    assert claim_one(outbox).event == "running"  # its last try with a head start is on its way
    assert outbox.claim() == []


def test_a_dead_one_does_not_hold_up_the_next(runtime, outbox, job):
    write(runtime, job, "running", "succeeded")
    event = claim_one(outbox)
    outbox.failed(event, url=None, status=None, error="forbidden address", final=True)
    assert claim_one(outbox).event == "succeeded"


def test_jobs_do_not_wait_for_each_other(runtime, outbox, job):
    account = runtime.accounts.create_account("Bob", "pro", 1000)
    other = runtime.service.submit(account, JobRequest(images=(MediaRef(url="https://example.com/p.jpg"),)))
    write(runtime, job, "running", "succeeded")
    write(runtime, other, "running")
    assert {event.job_id for event in outbox.claim()} == {job.id, other.id}


def test_what_was_told_can_be_told_again_with_the_same_id(runtime, outbox, job):
    write(runtime, job, "succeeded")
    event = claim_one(outbox)
    outbox.delivered(event, url="https://r", status=200)
    assert not outbox.replay(event.id, account_id="someone else")
    assert not outbox.replay("0" * 32)
    assert outbox.replay(event.id, account_id=job.account_id)
    again = claim_one(outbox)
    assert (again.id, again.attempts) == (event.id, 0)


def test_lists_can_be_narrowed(runtime, outbox, job):
    write(runtime, job, "running", "succeeded")
    outbox.skip(claim_one(outbox), "nobody is told of this")
    assert [event.event for event in outbox.list(state="skipped")] == ["running"]
    assert len(outbox.list(account_id=job.account_id)) == 2
    assert len(outbox.list(account_id="other")) == 0
    assert len(outbox.list(limit=1)) == 1


def test_a_clock_that_is_set_back_holds_nothing_up(runtime, outbox, job, clock):
    """What is new is due at once; a lease from before the jump does not last until the hour comes round again."""
    write(runtime, job, "running")
    clock.advance_s(-3600)
    first = claim_one(outbox)
    assert outbox.claim() == []
    clock.advance_s(-3600)
    assert claim_one(outbox).id == first.id
    assert outbox.claim() == []


def test_a_try_put_off_before_the_clock_was_set_back_does_not_wait_for_the_hour_to_come_round(
    runtime, outbox, job, clock
):
    write(runtime, job, "succeeded")
    for wait_s in RETRY_DELAYS_S:
        fail(outbox, claim_one(outbox))
        clock.advance_s(-3600)
        assert outbox.claim() == []
        assert outbox.hasten() == 1
        assert outbox.hasten() == 0
        with runtime.engine.begin() as connection:  # as if it had not been set back
            connection.execute(sa.update(webhooks).values(due_ms=clock.now_ms() + round(wait_s * 1000)))
        assert outbox.hasten() == 0
        clock.advance_s(wait_s)


def test_one_that_is_told_again_does_not_wait_either(runtime, outbox, job, clock):
    write(runtime, job, "succeeded")
    outbox.replay(claim_one(outbox).id)
    clock.advance_s(-3600)
    assert outbox.claim() == []
    assert outbox.hasten() == 1
    assert claim_one(outbox).attempts == 0


def test_what_was_told_long_ago_is_forgotten_and_what_waits_is_not(runtime, outbox, job, clock):
    write(runtime, job, "queued", "running", "succeeded")
    outbox.delivered(claim_one(outbox), url="https://r", status=200)
    outbox.failed(claim_one(outbox), url=None, status=None, error="forbidden address", final=True)
    told_ms = clock.now_ms()
    assert outbox.prune(told_ms - 1) == 0
    assert outbox.prune(told_ms) == 2
    assert outbox.prune(told_ms) == 0
    clock.advance_s(10 * 86_400)
    assert outbox.prune(clock.now_ms()) == 0
    assert claim_one(outbox).event == "succeeded"
    assert [event.event for event in outbox.list(job_id=job.id)] == ["succeeded"]
