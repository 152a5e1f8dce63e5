"""Speaking to a server: what is tried again, what is waited for, and what is said when it does not work."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from photoplay.cli.remote import (
    CREATE_TRIES,
    PATIENCE_S,
    Server,
    Wanted,
    as_error,
    connected,
    doing,
    ended_badly,
    heeding_ctrl_c,
)
from photoplay.errors import (
    CredentialsInvalid,
    CredentialsMissing,
    EngineUnavailable,
    ImageUnreadable,
    InsufficientCredits,
    InvalidField,
    LimitError,
    MissingField,
    PhotoplayError,
    RenderFailed,
    StorageError,
)

JOB: dict[str, Any] = {
    "id": "j1", "state": "queued", "progress": 0.0, "phase": None, "queue_position": 2, "error": None,
    "video_url": "http://s/a/b.mp4",
}  # fmt: skip
DONE = JOB | {"state": "succeeded", "progress": 1.0}
Answer = Callable[[httpx.Request], httpx.Response]


class Stage:
    """A server that answers as scripted, with a clock that moves when somebody sleeps."""

    def __init__(self, *answers: httpx.Response | Exception) -> None:
        self.answers = list(answers)
        self.asked: list[httpx.Request] = []
        self.slept_s: list[float] = []
        client = httpx.Client(transport=httpx.MockTransport(self.answer), base_url="http://server")
        self.server = Server(client, sleep=self.slept_s.append, now=lambda: sum(self.slept_s))

    def answer(self, request: httpx.Request) -> httpx.Response:
        request.read()
        self.asked.append(request)
        told = self.answers.pop(0)
        if isinstance(told, Exception):
            raise told
        return told

    def paths(self) -> list[str]:
        return [f"{request.method} {request.url.path}" for request in self.asked]


def ok(job: dict[str, Any], status: int = 200) -> httpx.Response:
    return httpx.Response(status, json=job)


def problem(status: int, code: str, detail: str = "the reason", **headers: str) -> httpx.Response:
    return httpx.Response(status, json={"code": code, "detail": detail}, headers=headers)


@pytest.fixture
def wanted(tmp_path: Path) -> Wanted:
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(b"a photo")
    return Wanted({"prompt": "zoom"}, (("images", photo),))


def test_the_whole_way(wanted: Wanted, tmp_path: Path) -> None:
    running = JOB | {"state": "running", "phase": "render", "progress": 0.4}
    stage = Stage(ok(JOB, 201), ok(running), ok(DONE), httpx.Response(200, content=b"a video"))
    shown: list[tuple[float, str]] = []
    job = stage.server.make(wanted, tmp_path / "out.mp4", lambda share, what: shown.append((share, what)))
    assert job == DONE
    assert (tmp_path / "out.mp4").read_bytes() == b"a video"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.mp4", "photo.jpg"]
    assert shown == [(0.0, "waiting, 2 before"), (0.4, "rendering"), (1.0, "working")]
    assert stage.paths() == ["POST /v1/jobs", "GET /v1/jobs/j1", "GET /v1/jobs/j1", "GET /v1/jobs/j1/artifacts/video"]
    body = stage.asked[0].content
    assert b'name="request"' in body
    assert json.dumps({"prompt": "zoom"}).encode() in body
    assert b'name="images"; filename="photo.jpg"' in body
    assert b"a photo" in body


def test_a_create_that_got_lost_is_sent_again_under_the_same_key(wanted: Wanted) -> None:
    stage = Stage(httpx.ReadTimeout("slow"), httpx.Response(502), ok(JOB, 201))
    assert stage.server.create(wanted) == JOB
    assert len({request.headers["idempotency-key"] for request in stage.asked}) == 1
    assert all(b"a photo" in request.content for request in stage.asked)


def test_a_server_that_stays_away_is_named(wanted: Wanted) -> None:
    stage = Stage(*[httpx.ConnectError("Connection refused")] * CREATE_TRIES)
    with pytest.raises(EngineUnavailable, match=r"cannot reach http://server.*Connection refused"):
        stage.server.create(wanted)


def test_a_server_may_be_away_for_a_while_when_a_job_runs() -> None:
    stage = Stage(
        httpx.ConnectError("no"), httpx.Response(503), problem(429, "rate_limited", **{"retry-after": "7"}), ok(DONE)
    )
    assert stage.server.wait(JOB, lambda *_: None) == DONE
    assert 7 in stage.slept_s
    stage = Stage(*[httpx.ConnectError("no")] * 1000)
    with pytest.raises(EngineUnavailable):
        stage.server.wait(JOB, lambda *_: None)
    assert PATIENCE_S < sum(stage.slept_s) < 2 * PATIENCE_S


def test_ctrl_c_cancels_the_job(wanted: Wanted, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    for cancel, said in (
        (ok(JOB | {"state": "canceled"}), "was canceled"),
        (problem(409, "job_finished", "It ended before."), "It ended before."),
        (httpx.ConnectError("away"), "could not be canceled"),
    ):
        stage = Stage(ok(JOB, 201), cancel)
        with pytest.raises(KeyboardInterrupt):
            stage.server.make(wanted, tmp_path / "out.mp4", interrupted)
        assert stage.paths()[-1] == "POST /v1/jobs/j1/cancel"
        assert said in capsys.readouterr().err
        assert not (tmp_path / "out.mp4").exists()


@pytest.fixture
def _ctrl_c_is_heard() -> Iterator[None]:
    """Whatever runs the tests may have it ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("_ctrl_c_is_heard")
def test_ctrl_c_is_heard_where_its_exception_is_lost(
    wanted: Wanted, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def lost(*_: object) -> None:
        with suppress(KeyboardInterrupt):  # as in a finalizer
            signal.raise_signal(signal.SIGINT)

    stage = Stage(ok(JOB, 201), ok(JOB | {"state": "canceled"}))
    with pytest.raises(KeyboardInterrupt):
        stage.server.make(wanted, tmp_path / "out.mp4", lost)
    assert stage.paths()[-1] == "POST /v1/jobs/j1/cancel"
    assert "was canceled" in capsys.readouterr().err
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_ctrl_c_that_is_ignored_stays_so() -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with heeding_ctrl_c() as heed:
            signal.raise_signal(signal.SIGINT)
            heed()
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)


def test_ctrl_c_before_the_answer_says_that_there_may_be_a_job(
    wanted: Wanted, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(_: httpx.Request) -> httpx.Response:
        raise KeyboardInterrupt

    client = httpx.Client(transport=httpx.MockTransport(interrupted), base_url="http://server")
    with pytest.raises(KeyboardInterrupt):
        Server(client).make(wanted, tmp_path / "out.mp4", lambda *_: None)
    assert "may have taken the job" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        (problem(401, "credentials_invalid"), CredentialsInvalid, "--api-key"),
        (problem(401, "credentials_missing"), CredentialsMissing, "--api-key"),
        (problem(402, "insufficient_credits", "too few"), InsufficientCredits, "too few"),
        (problem(429, "queue_full", "full", **{"retry-after": "10"}), LimitError, "wait 10 s: full"),
        (problem(429, "rate_limited"), LimitError, "the reason"),
        (problem(422, "missing_field", "images is required"), MissingField, "images is required"),
        (problem(422, "invalid_field", "seed is wrong"), InvalidField, "seed is wrong"),
        (problem(418, "something_new", "news"), PhotoplayError, "news"),
        (httpx.Response(404, text="<html>"), EngineUnavailable, "not as a photoplay server"),
        (httpx.Response(200, json={"hello": "world"}), EngineUnavailable, "not as a photoplay server"),
        (httpx.Response(200, json=[1]), EngineUnavailable, "not as a photoplay server"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_refusal_is_said_in_plain_words(
    wanted: Wanted, answer: httpx.Response, kind: type[PhotoplayError], words: str
) -> None:
    with pytest.raises(kind) as caught:
        Stage(answer).server.create(wanted)
    assert words in caught.value.message


def test_a_job_that_came_to_nothing_ends_with_its_own_error(wanted: Wanted, tmp_path: Path) -> None:
    failed = JOB | {"state": "failed", "error": {"code": "image_unreadable", "message": "that is no photo"}}
    with pytest.raises(ImageUnreadable, match="that is no photo"):
        Stage(ok(failed, 201)).server.make(wanted, tmp_path / "out.mp4", lambda *_: None)
    assert isinstance(ended_badly(JOB | {"state": "canceled"}), RenderFailed)
    assert as_error("missing_field", "x is required").message == "x is required"


def test_a_download_that_breaks_leaves_nothing(tmp_path: Path) -> None:
    target = tmp_path / "out.mp4"
    for broken, kind in (
        (httpx.ReadError("cut"), EngineUnavailable),
        (problem(404, "artifact_not_found", "gone"), PhotoplayError),
    ):
        with pytest.raises(kind):
            Stage(broken).server.download(DONE, target)
    with pytest.raises(StorageError):
        Stage(httpx.Response(200, content=b"x")).server.download(DONE, tmp_path / "missing" / "out.mp4")
    assert list(tmp_path.iterdir()) == []


def test_what_a_job_is_about() -> None:
    assert doing(JOB) == "waiting, 2 before"
    assert doing(JOB | {"queue_position": 0}) == "waiting"
    assert doing(JOB | {"state": "running", "phase": "sound"}) == "making sound"
    assert doing(JOB | {"state": "running", "phase": "new"}) == "working"


@pytest.mark.parametrize("url", ["", "nonsense", "ftp://a", "http://", "file:///etc/passwd"])
def test_a_server_is_a_url(url: str) -> None:
    with pytest.raises(InvalidField, match="--server"), connected(url, "key"):
        pass


@pytest.mark.parametrize("key", [None, ""])
def test_a_server_needs_a_key(key: str | None) -> None:
    with pytest.raises(CredentialsMissing, match="PHOTOPLAY_API_KEY"), connected("http://server", key):
        pass
    with pytest.raises(InvalidField), connected("http://server", "schl\u00fcssel\n\u2603"):
        pass
