"""Callbacks from a real worker: in order, with one id each, and never in a job's way."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from photoplay.jobs.job import JobState

from .conftest import wait_for


class Receiver(ThreadingHTTPServer):
    """Notes what arrives. ``answers`` are given first, then 200."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.arrived: list[dict] = []
        self.answers: list[int] = []
        self.hold = threading.Event()
        self.hold.set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/hook"


class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.server.hold.wait(30)
        self.server.arrived.append(body)
        self.send_response(self.server.answers.pop(0) if self.server.answers else 200)
        self.end_headers()

    def log_message(self, *_):
        pass


@pytest.fixture
def receiver():
    server = Receiver()
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.hold.set()
    server.shutdown()
    thread.join()
    server.server_close()


def test_every_state_is_told_once_in_order(farm, receiver):
    farm.worker()
    job = farm.submit("frames=2", callback_url=receiver.url, face={"base_url": "https://public.example/"})
    farm.wait(job)
    wait_for(lambda: len(receiver.arrived) == 3)
    assert [told["state"] for told in receiver.arrived] == ["queued", "running", "succeeded"]
    assert len({told["event"] for told in receiver.arrived}) == 3
    last = receiver.arrived[-1]
    assert last["progress"] == 1.0
    key = farm.job(job).artifact("video").key
    if farm.runtime.storage.presigned_url(key, 60) is None:
        assert last["video"].startswith("https://public.example/artifacts/")
        assert farm.runtime.signer.verify(last["video"].split("/")[-2]).key == key
    else:
        assert last["video"].partition("?")[0].endswith(key)


def test_a_failed_try_is_made_again_with_the_same_id(farm, receiver):
    farm.worker()
    receiver.answers = [500]
    job = farm.submit("fail", callback_url=receiver.url)
    farm.wait(job)
    wait_for(lambda: len(receiver.arrived) == 4)
    assert [told["state"] for told in receiver.arrived] == ["queued", "queued", "running", "failed"]
    assert receiver.arrived[0]["event"] == receiver.arrived[1]["event"]
    wait_for(lambda: {event.state for event in farm.runtime.outbox.list(job_id=job.id)} == {"delivered"})


def test_a_receiver_that_hangs_does_not_delay_the_job(farm, receiver):
    farm.worker()
    receiver.hold.clear()
    job = farm.submit("frames=2", callback_url=receiver.url)
    assert farm.wait(job).state is JobState.SUCCEEDED
    assert receiver.arrived == []


def test_a_private_receiver_is_refused_and_the_job_is_none_the_worse(farm, receiver):
    farm.worker(allowed_networks="192.0.2.0/24")
    job = farm.submit("frames=2", callback_url=receiver.url)
    assert farm.wait(job).state is JobState.SUCCEEDED
    wait_for(lambda: {event.state for event in farm.runtime.outbox.list(job_id=job.id)} == {"dead"})
    assert receiver.arrived == []


def test_the_cancel_of_a_queued_job_is_told(farm, receiver):
    job = farm.submit(callback_url=receiver.url)
    farm.runtime.service.cancel(farm.account.id, job.id)
    farm.worker()
    wait_for(lambda: len(receiver.arrived) == 2)
    assert [told["state"] for told in receiver.arrived] == ["queued", "canceled"]


def test_callbacks_survive_a_worker_that_dies(farm, receiver):
    worker = farm.worker()
    receiver.answers = [503]
    job = farm.submit("hang", callback_url=receiver.url)
    wait_for(lambda: receiver.arrived)
    worker.kill()
    farm.runtime.service.cancel(farm.account.id, job.id)
    farm.worker()
    wait_for(lambda: [told["state"] for told in receiver.arrived][-1] == "canceled")
    states = [told["state"] for told in receiver.arrived]
    assert states == sorted(states, key=["queued", "running", "canceled"].index)
