"""Endpoints of accounts: what they are told, and that no receiver waits for another."""

from __future__ import annotations

import json

import openai
import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from photoplay.clock import FixedClock, SystemClock
from photoplay.dialects.openai.callback import register_callbacks
from photoplay.errors import InvalidField, NotFoundError, SettingsError, UnsupportedValue
from photoplay.jobs.job import Job, JobRequest, MediaRef
from photoplay.jobs.runtime import Runtime
from photoplay.keys import MasterKey
from photoplay.notify.endpoints import EVENTS, MAX_ENDPOINTS, Endpoints
from photoplay.notify.outbox import RETRY_DELAYS_S, Event
from photoplay.settings import Settings

URL = "https://hooks.example.com/video"


@pytest.fixture(scope="module")
def clock() -> FixedClock:
    return FixedClock(SystemClock().now_ms())  # receivers compare a signature's time with theirs


@pytest.fixture(scope="module")
def runtime(tmp_path_factory: pytest.TempPathFactory, clock: FixedClock):
    settings = Settings(data_dir=tmp_path_factory.mktemp("endpoints"))
    with Runtime.open(settings, clock) as runtime:
        register_callbacks(runtime, settings)
        yield runtime


@pytest.fixture
def account(runtime):
    return runtime.accounts.create_account("Ada", "pro", 1000)


def submit(runtime, account, **more) -> Job:
    return runtime.service.submit(account, JobRequest(images=(MediaRef(url="https://example.com/p.jpg"),), **more))


def claim(runtime, job: Job) -> list[Event]:
    return [event for event in runtime.outbox.claim(limit=100) if event.job_id == job.id]


def end(runtime, job: Job, state: str) -> None:
    if state == "canceled":
        runtime.service.cancel(job.account_id, job.id)
        return
    runtime.lifecycle.begin(job.id, "e")
    if state == "succeeded":
        runtime.lifecycle.succeed(job.id, [])
    else:
        runtime.lifecycle.fail(job.id, "render_failed", "no")


# Keeping -----------------------------------------------------------------------------------------------------------


def test_an_endpoint_is_kept_listed_and_removed(runtime, account):
    made, secret = runtime.endpoints.add(account.id, URL)
    assert (made.url, made.events) == (URL, EVENTS)
    assert secret.startswith("whsec_")
    assert runtime.endpoints.list(account.id) == [made]
    assert made in runtime.endpoints.list()
    assert runtime.endpoints.list("0" * 32) == []
    assert runtime.endpoints.opened(made.id) == (made, secret)
    assert runtime.endpoints.remove(made.id) == made
    assert made not in runtime.endpoints.list()
    assert runtime.endpoints.opened(made.id) is None
    with pytest.raises(NotFoundError):
        runtime.endpoints.remove(made.id)


def test_the_secret_is_not_in_the_database_in_the_clear(runtime, account):
    made, secret = runtime.endpoints.add(account.id, URL)
    with runtime.engine.connect() as connection:
        row = connection.exec_driver_sql("SELECT * FROM webhook_endpoints").all()
    assert secret not in str(row)
    assert secret.removeprefix("whsec_") not in str(row)
    others = Endpoints(runtime.engine, MasterKey("x" * 40), SystemClock())
    with pytest.raises(SettingsError):
        others.opened(made.id)


@pytest.mark.parametrize(
    "url", ["", "ftp://a/b", "https://", "https://me:secret@a.example/", "https://[", "https://a/" + "x" * 5000]
)
def test_what_is_no_url_is_refused(runtime, account, url):
    with pytest.raises(InvalidField):
        runtime.endpoints.add(account.id, url)


def test_events_accounts_and_numbers_are_checked(runtime, account):
    with pytest.raises(UnsupportedValue, match="events are video"):
        runtime.endpoints.add(account.id, URL, ["video.started"])
    with pytest.raises(InvalidField):
        runtime.endpoints.add(account.id, URL, [])
    with pytest.raises(NotFoundError):
        runtime.endpoints.add("0" * 32, URL)
    for _ in range(MAX_ENDPOINTS):
        runtime.endpoints.add(account.id, URL)
    with pytest.raises(UnsupportedValue):
        runtime.endpoints.add(account.id, URL)


# Telling -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "event"),
    [("succeeded", "video.completed"), ("failed", "video.failed"), ("canceled", "video.failed")],
)
@pytest.mark.parametrize("dialect", ["native", "openai", "kling"])
def test_the_end_of_every_job_is_told_in_standard_form(runtime, account, state, event, dialect):
    _, secret = runtime.endpoints.add(account.id, URL)
    job = submit(runtime, account, dialect=dialect)
    end(runtime, job, state)
    (waiting,) = claim(runtime, job)
    message = runtime.callbacks.compose(waiting)
    assert message.url == URL
    told = Webhook(secret).verify(message.body, dict(message.headers))
    assert told == {
        "id": f"evt_{waiting.id}",
        "object": "event",
        "created_at": waiting.created_ms // 1000,
        "type": event,
        "data": {"id": f"video_{job.id}"},
    }
    assert message.headers["webhook-id"] == f"evt_{waiting.id}"
    client = openai.OpenAI(api_key="x", webhook_secret=secret)
    unwrapped = client.webhooks.unwrap(message.body.decode(), dict(message.headers))
    assert (unwrapped.type, unwrapped.data.id) == (event, f"video_{job.id}")
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(message.body.replace(b"video_", b"movie_"), dict(message.headers))


def test_only_the_events_that_were_asked_for_are_told(runtime, account):
    completed, _ = runtime.endpoints.add(account.id, URL, ["video.completed"])
    failed, _ = runtime.endpoints.add(account.id, URL, ["video.failed"])
    stranger = runtime.accounts.create_account("Bob", "pro", 1000)
    runtime.endpoints.add(stranger.id, URL)
    for state in ("succeeded", "failed"):
        end(runtime, submit(runtime, account), state)
    told = {(event.endpoint_id, event.event) for event in runtime.outbox.list(account_id=account.id)}
    assert told == {(completed.id, "succeeded"), (failed.id, "failed")}


def test_each_try_bears_the_same_id_and_a_fresh_signature(runtime, account, clock):
    runtime.endpoints.add(account.id, URL)
    job = submit(runtime, account)
    end(runtime, job, "succeeded")
    seen = []
    for delay_s in RETRY_DELAYS_S:
        (event,) = claim(runtime, job)
        message = runtime.callbacks.compose(event)
        seen.append(
            (message.headers["webhook-id"], json.loads(message.body)["id"], message.headers["webhook-timestamp"])
        )
        runtime.outbox.failed(event, url=URL, status=500, error="500")
        clock.advance_s(delay_s)
    assert len(seen) >= 8
    assert len({name for name, _, _ in seen} | {name for _, name, _ in seen}) == 1
    assert len({stamp for _, _, stamp in seen}) == len(seen)


def test_a_dead_receiver_holds_up_no_other(runtime, account):
    dead, _ = runtime.endpoints.add(account.id, "https://dead.example.com/")
    live, _ = runtime.endpoints.add(account.id, URL)
    job = submit(runtime, account, callback_url="https://own.example.com/", dialect="openai")
    end(runtime, job, "succeeded")
    first = {event.endpoint_id: event for event in claim(runtime, job)}
    assert set(first) == {"", dead.id, live.id}  # the job's own URL still hears of its start, the others of its end
    assert (first[""].event, first[live.id].event) == ("queued", "succeeded")
    runtime.outbox.failed(first[dead.id], url="", status=None, error="no answer")
    runtime.outbox.delivered(first[live.id], url=URL, status=200)
    states = {(event.endpoint_id, event.event): event.state for event in runtime.outbox.list(job_id=job.id)}
    assert states[dead.id, "succeeded"] == "pending"  # what one took does not end what another waits for
    assert states[live.id, "succeeded"] == "delivered"
    assert states["", "queued"] == "pending"


def test_what_is_for_a_busy_receiver_waits(runtime, account):
    made, _ = runtime.endpoints.add(account.id, URL)
    job = submit(runtime, account, callback_url="https://own.example.com/", dialect="openai")
    end(runtime, job, "succeeded")
    busy = f"{account.id}/{made.id}"
    found = [event for event in runtime.outbox.claim(limit=100, busy=[busy, "another/"]) if event.job_id == job.id]
    assert [(event.endpoint_id, event.event) for event in found] == [("", "queued")]
    assert [event.receiver for event in claim(runtime, job)] == [busy]


def test_what_waits_for_a_removed_endpoint_is_not_sent(runtime, account):
    made, _ = runtime.endpoints.add(account.id, URL)
    job = submit(runtime, account)
    end(runtime, job, "succeeded")
    runtime.endpoints.remove(made.id)
    (event,) = claim(runtime, job)
    assert runtime.callbacks.compose(event) is None
