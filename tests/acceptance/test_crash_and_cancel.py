"""The whole server is killed in mid-render and starts again; a running render is canceled."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
import sqlalchemy as sa

from photoplay.db import make_engine
from photoplay.db.tables import job_steps, ledger
from support.files import jpeg
from support.server import POLL_INTERVAL_S, run_cli, serving, wait_for

pytestmark = pytest.mark.server

TINY = '{"motion": "support.tiny_engine:TinyEngine"}'
CANCEL_WITHIN_S = 2.0
CREDITS = 1000


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "data"
    audit = run_cli("credits", "audit", "--data-dir", str(tmp_path / "data"))
    assert audit.returncode == 0, audit.stderr


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as kept:
        yield kept


def submit(client: httpx.Client, **changes: Any) -> str:
    uploaded = client.post("/v1/uploads", files={"file": ("photo.jpg", jpeg())}).json()
    made = client.post("/v1/jobs", json={"images": [uploaded["url"]]} | changes)
    assert made.status_code == 201, made.text
    ref: str = made.json()["id"]
    return ref


def until_rendering(client: httpx.Client, ref: str) -> dict[str, Any]:
    """The job once its render has come some way."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        job: dict[str, Any] = client.get(f"/v1/jobs/{ref}").json()
        if job["phase"] == "render" and job["progress"] > 0.1:
            return job
        assert job["state"] in ("queued", "running"), job
        time.sleep(POLL_INTERVAL_S)
    raise AssertionError("the render did not begin")


def rows(data_dir: Path, query: sa.Select[Any]) -> list[Any]:
    engine = make_engine(f"sqlite:///{data_dir / 'photoplay.sqlite'}")
    try:
        with engine.connect() as connection:
            return list(connection.execute(query))
    finally:
        engine.dispose()


def steps_of(data_dir: Path, ref: str) -> list[tuple[str, int, bool]]:
    """(step, attempt, finished), in the order they were entered."""
    query = sa.select(job_steps).where(job_steps.c.job_id == ref).order_by(job_steps.c.id)
    return [(row.step, row.attempt, row.finished_ms is not None) for row in rows(data_dir, query)]


def child_of(data_dir: Path, ref: str) -> psutil.Process:
    query = sa.select(job_steps.c.child_pid).where(job_steps.c.job_id == ref, job_steps.c.step == "render")
    pid = rows(data_dir, query)[-1].child_pid
    return psutil.Process(pid)


def gone(process: psutil.Process) -> bool:
    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def ledger_of(data_dir: Path, ref: str) -> list[str]:
    query = sa.select(ledger.c.kind).where(ledger.c.job_id == ref).order_by(ledger.c.id)
    return [row.kind for row in rows(data_dir, query)]


@pytest.mark.parametrize(
    ("settings", "asked"),
    [
        pytest.param({"engines": TINY}, {"prompt": "frames=16 delay=0.2"}, id="tiny engine"),
        pytest.param({}, {"prompt": "dolly in", "resolution": "1080p", "duration_s": 5, "seed": 1}, id="motion engine"),
    ],
)
def test_a_server_killed_in_mid_render_finishes_after_its_restart(
    folder: Path, stack: ExitStack, settings: dict[str, str], asked: dict[str, Any]
) -> None:
    with (
        serving(folder, **settings) as server,
        server.client((key := server.key(credits=CREDITS))["api_key"]) as client,
    ):
        ref = submit(client, **asked)
        before = until_rendering(client, ref)
        child = child_of(folder, ref)
        server.kill()
    deadline = time.monotonic() + 10
    while not gone(child):
        assert time.monotonic() < deadline, "the render child outlived its server"
        time.sleep(0.02)
    assert ledger_of(folder, ref) == ["hold"]

    with serving(folder, **settings) as again, again.client(key["api_key"]) as client:
        progress = [before["progress"]]
        while True:
            job = client.get(f"/v1/jobs/{ref}").json()
            progress.append(job["progress"])
            if job["state"] not in ("queued", "running"):
                break
            time.sleep(POLL_INTERVAL_S)
        assert job["state"] == "succeeded", job["error"]
        assert progress == sorted(progress), "progress fell"
        video = client.get(job["video_url"])
        assert video.status_code == 200
        assert len(video.content) == next(file["size_bytes"] for file in job["files"] if file["kind"] == "video")
        assert client.get("/api/open/v3/faceswap/quota/info").json()["data"]["credit"] == CREDITS - job["credits"]
    assert steps_of(folder, ref)[:3] == [("gather", 1, True), ("render", 1, False), ("render", 2, True)]
    assert [step for step, _, _ in steps_of(folder, ref)].count("gather") == 1
    assert ledger_of(folder, ref) == ["hold", "capture"]


def test_a_canceled_render_is_gone_at_once(folder: Path) -> None:
    with serving(folder, engines=TINY) as server, server.client(server.key(credits=CREDITS)["api_key"]) as client:
        ref = submit(client, prompt="frames=100 delay=0.2")
        other = submit(client, prompt="frames=2")
        until_rendering(client, ref)
        child = child_of(folder, ref)
        assert not gone(child)
        asked = time.monotonic()
        answer = client.post(f"/v1/jobs/{ref}/cancel")
        assert (answer.status_code, answer.json()["state"]) == (200, "canceled")
        while not gone(child):
            assert time.monotonic() - asked < CANCEL_WITHIN_S, "the render child outlived the cancel"
            time.sleep(0.02)
        assert wait_for(client, other)["state"] == "succeeded"  # only that job stopped
        assert client.get(f"/v1/jobs/{ref}").json()["state"] == "canceled"
        assert client.get("/api/open/v3/faceswap/quota/info").json()["data"]["credit"] == CREDITS - 20
    assert ledger_of(folder, ref) == ["hold", "release"]


def test_a_running_job_can_be_canceled_from_the_command_line(folder: Path) -> None:
    with serving(folder, engines=TINY) as server, server.client(server.key(credits=CREDITS)["api_key"]) as client:
        ref = submit(client, prompt="frames=100 delay=0.2")
        until_rendering(client, ref)
        child = child_of(folder, ref)
        done = run_cli("jobs", "cancel", ref, "--data-dir", str(folder))
        assert done.returncode == 0, done.stderr
        deadline = time.monotonic() + 10
        while not gone(child):
            assert time.monotonic() < deadline
            time.sleep(0.02)
        assert wait_for(client, ref)["state"] == "canceled"


def test_a_server_stops_when_asked_and_another_goes_on(folder: Path, stack: ExitStack) -> None:
    with (
        serving(folder, engines=TINY) as server,
        server.client((key := server.key(credits=CREDITS))["api_key"]) as client,
    ):
        ref = submit(client, prompt="frames=16 delay=0.2")
        until_rendering(client, ref)
        assert server.stop() == 0, server.log()
        assert not (folder / "server.json").exists()
        assert "Traceback" not in server.log()
    with serving(folder, engines=TINY) as again, again.client(key["api_key"]) as client:
        assert wait_for(client, ref)["state"] == "succeeded"
