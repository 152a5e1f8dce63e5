"""photoplay's own API: following a job by server-sent events, on each twin."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from photoplay.accounts import Credentials
from photoplay.dialects.native import events
from photoplay.jobs.feed import version
from photoplay.jobs.job import Job, JobState, Phase
from support.inside import EXECUTOR, Inside, served, wait_until
from support.server import Server
from support.twins import Twin

from .test_native_jobs import head, make, problem


@dataclass
class Event:
    """One event as a browser would see it."""

    kind: str
    id: int
    data: dict[str, Any]


@dataclass
class Stream:
    """The lines of an answer, read as the standard says."""

    answer: httpx.Response
    comments: list[str] = field(default_factory=list)
    retry_ms: int | None = None

    def __post_init__(self) -> None:
        self._lines = self.answer.iter_lines()

    def next(self) -> Event | None:
        """The next event; None at the end of the stream."""
        fields: dict[str, str] = {}
        for line in self._lines:
            if line.startswith(":"):
                self.comments.append(line)
            elif line:
                name, _, value = line.partition(": ")
                fields[name] = value
            elif "data" in fields:
                return Event(fields["event"], int(fields["id"]), json.loads(fields["data"]))
            else:
                self.retry_ms = int(fields["retry"]) if "retry" in fields else self.retry_ms
                fields = {}
        return None

    def until(self, **wanted: Any) -> Event:
        """Reads on until an event's data says so."""
        while event := self.next():
            if {name: event.data[name] for name in wanted} == wanted:
                return event
        raise AssertionError(f"the stream ended without {wanted}")


@contextlib.contextmanager
def follow(inside: Inside, key: Credentials, ref: str, last: int | str | None = None) -> Iterator[Stream]:
    headers = head(key) | ({} if last is None else {"last-event-id": str(last)})
    with inside.client.stream("GET", f"/v1/jobs/{ref}/events", headers=headers) as answer:
        assert answer.status_code == 200, answer.read()
        assert answer.headers["content-type"].startswith("text/event-stream")
        yield Stream(answer)


def go_on(inside: Inside, job: dict[str, Any], phase: Phase, progress: float) -> None:
    assert inside.runtime.store.enter(job["id"], phase, progress, EXECUTOR)


def test_a_job_is_followed_from_the_queue_to_its_end(inside: Inside, key: Credentials) -> None:
    job = make(inside, key)
    with follow(inside, key, job["number"]) as stream:
        first = stream.next()
        assert first is not None
        assert first.kind == "progress"
        assert (first.data["state"], first.data["phase"], first.data["progress"]) == ("queued", None, 0)
        assert first.data["job_id"] == job["id"]
        assert first.data["queue_position"] >= 0
        assert first.data["job"] is None
        assert stream.retry_ms == events.RETRY_MS
        inside.begin(job["id"])
        begun = stream.until(state="running")
        assert (begun.data["phase"], begun.data["queue_position"]) == ("gather", None)
        go_on(inside, job, Phase.RENDER, 0.5)
        half = stream.until(progress=0.5)
        assert half.data["phase"] == "render"
        inside.finish(job["id"])
        last = stream.until(state="succeeded")
        assert last.kind == "done"
        assert last.data["progress"] == 1
        assert last.data["job"] == inside.client.get(f"/v1/jobs/{job['id']}", headers=head(key)).json()
        assert stream.next() is None
        assert first.id < begun.id < half.id < last.id
    wait_until(lambda: inside.door.feed.watchers == 0)


def test_a_reader_that_was_away_goes_on_after_its_last_event(inside: Inside, key: Credentials) -> None:
    job = make(inside, key)
    inside.begin(job["id"])
    with follow(inside, key, job["id"]) as stream:
        begun = stream.until(state="running")
    go_on(inside, job, Phase.SOUND, 0.9)
    with follow(inside, key, job["id"], begun.id) as stream:
        missed = stream.next()
        assert missed is not None
        assert (missed.data["phase"], missed.data["progress"]) == ("sound", 0.9)
    with follow(inside, key, job["id"], missed.id) as stream:  # nothing of what it knows is told again
        inside.finish(job["id"])
        last = stream.next()
        assert last is not None
        assert (last.kind, last.id > missed.id) == ("done", True)
    again = inside.client.get(f"/v1/jobs/{job['id']}/events", headers=head(key) | {"last-event-id": str(last.id)})
    assert (again.status_code, again.content) == (204, b"")  # browsers ask no more after that
    with follow(inside, key, job["id"], "what") as stream:  # an id that is none of ours: from now
        assert stream.until(state="succeeded").id == last.id


def test_any_node_goes_on_where_another_stopped(inside: Inside, key: Credentials, tmp_path, twin: Twin) -> None:
    settings = inside.runtime.settings.model_copy(update={"data_dir": tmp_path, "secret_key": "x" * 40})
    job = make(inside, key)
    inside.begin(job["id"])
    with follow(inside, key, job["id"]) as stream:
        here = stream.until(state="running")
    # Another process has another key to the accounts' secrets; the API key's digest is made with it, too.
    settings = settings.model_copy(
        update={"secret_key": (inside.runtime.settings.data_dir / "secret.key").read_text().strip()}
    )
    with served(settings) as other, follow(other, key, job["id"], here.id) as stream:
        go_on(inside, job, Phase.RENDER, 0.3)
        there = stream.next()
        assert there is not None
        assert (there.data["progress"], there.id > here.id) == (0.3, True)


@pytest.mark.parametrize("end", ["failed", "canceled", "expired", "deleted"])
def test_every_end_ends_the_stream_with_its_state(inside: Inside, key: Credentials, end: str) -> None:
    job = make(inside, key)
    account_id = inside.job(job["id"]).account_id
    with follow(inside, key, job["id"]) as stream:
        assert stream.next() is not None
        if end == "failed":
            inside.fail(job["id"])
        else:
            inside.runtime.service.cancel(account_id, job["id"])
        state = end if end == "failed" else "canceled"
        last = stream.until(state=state)
        assert (last.kind, stream.next()) == ("done", None)
        assert (last.data["error"] or {}).get("code") == ("url_unreachable" if end == "failed" else None)
    if end == "expired":
        with inside.runtime.engine.begin() as connection:
            inside.runtime.store.mark(connection, job["id"], JobState.EXPIRED, from_states=[JobState.CANCELED])
        with follow(inside, key, job["id"], last.id) as stream:
            assert stream.until(state="expired").kind == "done"
            assert stream.next() is None
    if end == "deleted":
        inside.runtime.service.delete(account_id, job["id"])
        problem(inside.client.get(f"/v1/jobs/{job['id']}/events", headers=head(key)), 404, "job_not_found")


def test_a_place_in_the_queue_that_changes_is_told(inside: Inside, key: Credentials, monkeypatch) -> None:
    monkeypatch.setattr("photoplay.jobs.feed.ESTIMATE_INTERVAL_S", 0.0)
    before, job = make(inside, key), make(inside, key)
    with follow(inside, key, job["id"]) as stream:
        first = stream.next()
        assert first is not None
        inside.begin(before["id"])
        moved = stream.next()
        assert moved is not None
        assert moved.data["queue_position"] == first.data["queue_position"] - 1
        assert moved.id == first.id  # the job itself has not changed


def test_strangers_and_nobody_are_refused_before_the_stream(inside: Inside, key: Credentials) -> None:
    job = make(inside, key)
    stranger = inside.runtime.accounts.create("stranger", "free", 0)
    path = f"/v1/jobs/{job['id']}/events"
    problem(inside.client.get(path, headers=head(stranger)), 404, "job_not_found")
    problem(inside.client.get("/v1/jobs/nothing/events", headers=head(key)), 404, "job_not_found")
    problem(inside.client.get(path), 401, "credentials_missing")
    assert inside.door.feed.watchers == 0


def test_a_quiet_stream_beats_and_one_that_is_left_is_forgotten(
    inside: Inside, key: Credentials, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "HEARTBEAT_S", 0.02)
    job = make(inside, key)
    inside.begin(job["id"])
    with follow(inside, key, job["id"]) as stream:
        assert stream.next() is not None
        for _ in range(4):
            next(stream._lines)
        go_on(inside, job, Phase.RENDER, 0.4)
        assert stream.until(progress=0.4)
        assert stream.comments.count(": waiting") >= 1
        assert inside.door.feed.watchers == 1
    wait_until(lambda: inside.door.feed.watchers == 0)


def test_an_account_follows_only_so_many_jobs_at_once(inside: Inside, key: Credentials) -> None:
    job = make(inside, key)
    with contextlib.ExitStack() as stack:
        for _ in range(inside.runtime.settings.event_streams):
            answer = stack.enter_context(
                httpx.stream("GET", f"{inside.client.base_url}/v1/jobs/{job['id']}/events", headers=head(key))
            )
            assert answer.status_code == 200
        refused = inside.client.get(f"/v1/jobs/{job['id']}/events", headers=head(key))
        problem(refused, 429, "rate_limited")
        assert refused.headers["retry-after"] == "5"
    wait_until(lambda: inside.door.feed.watchers == 0)
    with follow(inside, key, job["id"]) as stream:
        assert stream.next() is not None


def test_a_stop_sends_readers_away_in_good_order(tmp_path, monkeypatch) -> None:
    with Server.start(tmp_path / "data", "--no-worker").running() as server:
        key = server.key()
        with server.client(key["api_key"]) as client:
            job = client.post("/v1/jobs", json={"images": ["https://example.com/a.jpg"]}).json()
            with client.stream("GET", f"/v1/jobs/{job['id']}/events") as answer:
                stream = Stream(answer)
                assert stream.next() is not None
                stopping = threading.Thread(target=server.stop)
                stopping.start()
                assert stream.next() is None  # and not a broken connection
                stopping.join()
        assert server.process.returncode == 0


def test_versions_grow_as_a_job_goes_on(inside: Inside, key: Credentials) -> None:
    job = inside.job(make(inside, key)["id"])

    def at(state: JobState, progress: float = 0.0, phase: Phase | None = None) -> int:
        changed: Job = job.model_copy(update={"state": state, "progress": progress, "phase": phase})
        return version(changed)

    life = [
        at(JobState.QUEUED),
        at(JobState.RUNNING, 0.0, Phase.GATHER),
        at(JobState.RUNNING, 0.05, Phase.RENDER),
        at(JobState.RUNNING, 0.85, Phase.RENDER),
        at(JobState.RUNNING, 0.85, Phase.SOUND),
        at(JobState.RUNNING, 1.0, Phase.PUBLISH),
        at(JobState.FAILED, 0.0),
        at(JobState.SUCCEEDED, 1.0),
        at(JobState.EXPIRED, 0.0),
        at(JobState.DELETED, 0.0),
    ]
    assert life == sorted(set(life))
    assert life[-1] < 2**53  # what a browser's numbers hold
