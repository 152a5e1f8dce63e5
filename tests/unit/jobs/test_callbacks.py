"""What a dialect's writer is given, and when it is not asked at all."""

from __future__ import annotations

import pytest

from photoplay.errors import CredentialsInvalid
from photoplay.jobs.job import JobState
from photoplay.notify.delivery import Delivery

from .conftest import EXECUTOR, ask, video_of


@pytest.fixture
def written(runtime):
    calls = []

    def write(job, event, credentials, link) -> Delivery:
        calls.append((job, event, credentials, link))
        return Delivery(url=job.request.callback_url, body=b"{}")

    runtime.callbacks.register("native", write)
    return calls


def owner(runtime):
    made = runtime.accounts.create("Ada", "pro", 1000)
    return made, runtime.accounts.get(made.account_id)


def test_a_writer_gets_the_job_as_it_was_with_its_request(runtime, written):
    made, account = owner(runtime)
    job = runtime.service.submit(account, ask(callback_url="https://r/hook", face={"echo": 1}))
    runtime.lifecycle.begin(job.id, EXECUTOR)
    runtime.lifecycle.succeed(job.id, [video_of(job.id)])
    events = sorted(runtime.outbox.list(job_id=job.id), key=lambda event: event.seq)
    for event in events:
        assert runtime.callbacks.compose(event).url == "https://r/hook"
    told = [(job.state, event.name, len(job.artifacts)) for job, event, _, _ in written]
    assert told == [
        (JobState.QUEUED, "queued", 0),
        (JobState.RUNNING, "running", 0),
        (JobState.SUCCEEDED, "succeeded", 1),
    ]
    last, event, credentials, link = written[-1]
    assert (last.request.face, event.id, credentials.client_id) == ({"echo": 1}, events[-1].id, made.client_id)
    url = link(last.artifact("video"))
    assert runtime.signer.verify(url.split("/")[-2]).key == f"jobs/{job.id}/video.mp4"
    assert url.startswith("http://127.0.0.1:8000/artifacts/")
    assert url.endswith("/video.mp4")


def test_the_key_that_the_request_came_with_signs(runtime, written):
    _, account = owner(runtime)
    second = runtime.accounts.create_key(account.id, "second")
    runtime.service.submit(account, ask(callback_url="https://r/", face={"client_id": second.client_id}))
    runtime.callbacks.compose(runtime.outbox.list()[0])
    assert written[0][2].client_id == second.client_id


def test_a_dialect_without_a_writer_tells_nobody(runtime, written):
    _, account = owner(runtime)
    runtime.service.submit(account, ask(callback_url="https://r/", dialect="kling"))
    assert runtime.callbacks.compose(runtime.outbox.list()[0]) is None
    assert written == []


def test_an_account_without_a_key_cannot_be_told_yet(runtime, account, written):
    runtime.service.submit(account, ask(callback_url="https://r/"))
    with pytest.raises(CredentialsInvalid):
        runtime.callbacks.compose(runtime.outbox.list()[0])
