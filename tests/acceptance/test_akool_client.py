"""A program written for AKOOL, from token to finished clip, with its webhook receiver; and a worker of its own."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from photoplay.media.video import probe
from support.akool_receiver import Envelopes, opened, receiving
from support.files import jpeg
from support.server import JOB_TIMEOUT_S, POLL_INTERVAL_S, Server, environment, serving, wait_for

pytestmark = pytest.mark.server

BASE = "/api/open/v4/image2Video"
TINY = '{"motion": "support.tiny_engine:TinyEngine"}'


@pytest.fixture
def receiver() -> Iterator[tuple[str, Envelopes]]:
    with receiving() as made:
        yield made


def test_from_token_to_clip(tmp_path: Path, receiver: tuple[str, Envelopes]) -> None:
    hook, got = receiver
    with serving(tmp_path / "data", allowed_networks="127.0.0.1/32") as server:
        key = server.key(plan="pro", credits=100)
        with server.client() as client:
            pair = {"clientId": key["client_id"], "clientSecret": key["client_secret"]}
            token = client.post("/api/open/v3/getToken", json=pair).json()["token"]
            client.headers["authorization"] = f"Bearer {token}"
            uploaded = client.post(
                "/v1/uploads",
                files={"file": ("photo.jpg", jpeg())},
                headers={"authorization": f"Bearer {key['api_key']}"},
            )
            body = {
                "image_url": uploaded.json()["url"],
                "prompt": "Slow zoom in, then pan left.",
                "negative_prompt": "",
                "resolution": "720p",
                "audio_type": 1,
                "video_length": 5,
                "webhookurl": hook,
            }
            created = client.post(f"{BASE}/createBySourcePrompt", json=body).json()
            assert created["code"] == 1000, created
            ref = created["data"]["_id"]
            deadline = time.monotonic() + JOB_TIMEOUT_S
            seen: list[int] = []
            while True:
                item = client.post(f"{BASE}/resultsByIds", json={"_ids": ref}).json()["data"]["result"][0]
                seen.append(item["status"])
                if item["status"] in (3, 4):
                    break
                assert time.monotonic() < deadline
                time.sleep(POLL_INTERVAL_S)
            assert item["status"] == 3, item
            assert seen == sorted(seen)
            video = tmp_path / "clip.mp4"
            video.write_bytes(client.get(item["video_url"], headers={"authorization": ""}).content)
            told = [opened(got.get(timeout=30), key["client_id"], key["client_secret"]) for _ in range(2)]
            assert client.get("/api/open/v3/faceswap/quota/info").json()["data"]["credit"] == 80
            assert client.get(told[1]["url"], headers={"authorization": ""}).content == video.read_bytes()
    made = probe(video)
    assert (made.codec, made.has_audio, min(made.width, made.height)) == ("h264", True, 720)
    assert made.duration_s == pytest.approx(item["video_duration"], abs=0.01) == pytest.approx(5.0, abs=0.01)
    assert [(message["_id"], message["status"], message["type"]) for message in told] == [
        (ref, 2, "image2video"),
        (ref, 3, "image2video"),
    ]
    assert told[0]["url"] == ""


def test_a_worker_renders_what_a_server_without_one_takes(tmp_path: Path) -> None:
    data_dir = tmp_path / "data"
    with Server.start(data_dir, "--no-worker", engines=TINY).running() as server:
        key = server.key()
        with server.client(key["api_key"]) as client:
            assert client.get("/readyz").status_code == 503
            url = client.post("/v1/uploads", content=jpeg()).json()["url"]
            ref = client.post("/v1/jobs", json={"images": [url], "prompt": "frames=4"}).json()["id"]
            time.sleep(1)
            assert client.get(f"/v1/jobs/{ref}").json()["state"] == "queued"
            worker = subprocess.Popen(
                [sys.executable, "-m", "photoplay", "worker", "--data-dir", str(data_dir)],
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
                env=environment(engines=TINY),
            )
            try:
                assert worker.stdout is not None
                assert worker.stdout.readline() == "photoplay worker is ready\n"
                assert client.get("/readyz").status_code == 200
                assert wait_for(client, ref)["state"] == "succeeded"
                worker.send_signal(signal.SIGTERM)
                rest, _ = worker.communicate(timeout=30)
                assert (worker.returncode, rest) == (0, "stopped\n")
            finally:
                worker.kill()
                worker.wait()
            assert client.get("/readyz").status_code == 503
