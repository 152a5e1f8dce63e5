"""``photoplay animate --server`` against a running server; its files, its cancel, its refusals."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from photoplay.media.video import probe
from support.files import jpeg
from support.server import Server, environment, run_cli, serving, wait_for

pytestmark = pytest.mark.server

TINY = '{"motion": "support.tiny_engine:TinyEngine"}'


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("there") / "data", engines=TINY) as running:
        yield running


@pytest.fixture(scope="module")
def key(server: Server) -> str:
    return server.key(credits=1000)["api_key"]


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "a photo.jpg"
    path.write_bytes(jpeg())
    return path


def animate(photo: Path, *options: str, **settings: str) -> subprocess.CompletedProcess[str]:
    home = photo.parent / "home"
    home.mkdir(exist_ok=True)
    return run_cli("animate", str(photo), *options, "--data-dir", str(home / "data"), cwd=home, **settings)


def test_a_video_comes_back(server: Server, key: str, photo: Path) -> None:
    other = photo.with_name("other.jpg")
    other.write_bytes(jpeg())
    done = animate(
        photo, str(other), "--prompt", "frames=12", "--seed", "3", "--camera", "dolly in 1.2, then pan left",
        "--resolution", "480p", "--duration", "3", server=server.url, api_key=key,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "a photo.mp4" in done.stdout
    assert "seed 3, 10 credits, job " in done.stdout
    assert "a tiny clip" in done.stderr  # a remark of the engine
    video = probe(photo.parent / "home" / "a photo.mp4")
    assert (video.frames, video.has_audio) == (12, True)
    with server.client(key) as client:
        job = client.get("/v1/jobs", params={"limit": 1}).json()["jobs"][0]
    asked = job["request"]
    assert job["dialect"] == "native"
    assert [image["name"] for image in asked["images"]] == ["a photo.jpg", "other.jpg"]
    assert [move["kind"] for move in asked["shot"]["moves"]] == ["dolly", "pan"]
    assert (asked["seed"], asked["resolution"], asked["duration_s"], asked["audio"]) == (3, "480p", 3.0, "generate")


def test_what_a_server_refuses_ends_with_its_own_status(server: Server, key: str, photo: Path) -> None:
    poor = server.key(credits=1, name="poor")["api_key"]
    there = ("--server", server.url)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        closed = taken.getsockname()[1]
    for options, api_key, status, words in (
        (there, "wrong", 3, "--api-key"),
        (there, "", 3, "PHOTOPLAY_API_KEY"),
        (there, poor, 4, "credits"),
        ((*there, "--prompt", "fail"), key, 8, "told to fail"),
        ((*there, "--prompt", "bad-image"), key, 7, "no photo"),
        ((*there, "--model", "sora-99"), key, 2, "sora-99"),
        ((*there, "--effect", "nothing"), key, 2, "nothing"),
        (("--server", f"http://127.0.0.1:{closed}"), key, 8, "cannot reach"),
        (("--server", "nonsense"), key, 2, "--server"),
        (("--model", "sora-2"), key, 2, "--model is for --server"),
    ):
        done = animate(photo, *options, **({"api_key": api_key} if api_key else {}))
        assert done.returncode == status, (options, done.stderr)
        assert words in done.stderr
        assert "Traceback" not in done.stderr
        assert done.stdout == ""
    assert [path.name for path in (photo.parent / "home").iterdir()] == []


def test_ctrl_c_cancels_on_the_server(server: Server, key: str, photo: Path) -> None:
    process = subprocess.Popen(
        [
            sys.executable, "-m", "photoplay", "animate", str(photo), "--prompt", "frames=500 delay=0.2",
            "--server", server.url, "--api-key", key, "--data-dir", str(photo.parent / "data"),
        ],
        cwd=photo.parent,
        env=environment(),
        stderr=subprocess.PIPE,
        text=True,
        # A shell starts what it runs in its background with Ctrl-C ignored, and that is passed on to here.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip
    with server.client(key) as client:
        deadline = time.monotonic() + 60
        while not (running := client.get("/v1/jobs", params={"state": "running"}).json()["jobs"]):
            assert time.monotonic() < deadline
            assert process.poll() is None
            time.sleep(0.1)
        time.sleep(1)  # what is tested is Ctrl-C while the job is watched
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)
        assert process.returncode == 130
        assert "was canceled" in said
        assert wait_for(client, running[0]["id"])["state"] == "canceled"
    assert not list(photo.parent.glob("*.mp4"))
