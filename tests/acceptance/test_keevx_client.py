"""A program written for Keevx, as the vendor's samples and skill do it: upload, create, poll, fetch, and be called back."""

from __future__ import annotations

import io
import itertools
import json
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
import skimage.data
from PIL import Image
from standardwebhooks import Webhook

from photoplay.media.probe import read_frames
from photoplay.media.video import probe
from support.files import jpeg
from support.server import JOB_TIMEOUT_S, POLL_INTERVAL_S, TINY, Server, serving

pytestmark = pytest.mark.server

PHOTO = Path(skimage.data.__file__).parent / "chelsea.png"


@pytest.fixture
def receiver() -> Iterator[tuple[str, queue.Queue[tuple[dict[str, str], bytes]]]]:
    """A callback receiver: its URL, and what it got: headers, body. It refuses the first try of all."""
    got: queue.Queue[tuple[dict[str, str], bytes]] = queue.Queue()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            got.put(({name.lower(): value for name, value in self.headers.items()}, body))
            self.send_response(503 if got.qsize() == 1 else 200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}/callback", got
        finally:
            server.shutdown()
            thread.join()


def client_of(server: Server, key: dict[str, str]) -> httpx.Client:
    """As the vendor's skill sets it up."""
    headers = {"Authorization": f"Bearer {key['api_key']}", "source": "skill"}
    return httpx.Client(base_url=f"{server.url}/v1", headers=headers, timeout=60)


def finished(client: httpx.Client, task_id: str) -> tuple[dict[str, Any], list[str]]:
    """The task once it has ended, and the statuses it went through."""
    seen: list[str] = []
    deadline = time.monotonic() + JOB_TIMEOUT_S
    while True:
        answer = client.get(f"/image_to_video/{task_id}").json()
        assert answer["code"] == 0, answer
        task: dict[str, Any] = answer["data"]
        if task["status"] not in seen:
            seen.append(task["status"])
        if task["status"] in ("SUCCEEDED", "FAILED"):
            return task, seen
        assert time.monotonic() < deadline, task
        time.sleep(POLL_INTERVAL_S)


def test_two_different_clips_of_one_photo(
    tmp_path: Path, receiver: tuple[str, queue.Queue[tuple[dict[str, str], bytes]]]
) -> None:
    hook, got = receiver
    with serving(tmp_path / "data", allowed_networks="127.0.0.1/32") as server:
        key = server.key(plan="pro", credits=100)
        with client_of(server, key) as client, PHOTO.open("rb") as photo:
            uploaded = client.post("/figure-resource/upload/file", files={"file": ("chelsea.png", photo)}).json()
            assert (uploaded["code"], uploaded["success"], uploaded["result"]["fileName"]) == (0, True, "chelsea.png")
            created = client.post(
                "/image_to_video",
                json={
                    "model": "V",
                    "prompt": "Slow zoom in.",
                    "image_url": uploaded["result"]["url"],
                    "aspect_ratio": "16:9",
                    "aspect_resolution": "720p",
                    "duration": 4,
                    "generate_audio": True,
                    "generate_count": 2,
                    "callback_url": hook,
                },
            ).json()
            assert (created["code"], created["msg"]) == (0, "ok"), created
            task_ids = created["data"]["task_ids"]
            assert len(task_ids) == len(set(task_ids)) == 2
            videos, thumbnails = [], []
            for number, task_id in enumerate(task_ids):
                task, seen = finished(client, task_id)
                assert task["status"] == "SUCCEEDED", task
                assert seen == [status for status in ("PENDING", "PROCESSING", "SUCCEEDED") if status in seen]
                assert (task["duration"], task["width"], task["height"], task["error_message"]) == (4, 1280, 720, "")
                videos.append(tmp_path / f"{number}.mp4")
                videos[-1].write_bytes(httpx.get(task["video_url"]).content)  # the link alone gives access
                thumbnails.append(httpx.get(task["thumbnail_url"]).content)
            told = [got.get(timeout=60) for _ in range(3)]
            links = [json.loads(body)["data"]["video_url"] for _, body in told]
            assert httpx.get(links[0]).content in [video.read_bytes() for video in videos]
            balance = client.get(f"{server.url}/api/open/v3/faceswap/quota/info").json()["data"]["credit"]
            assert balance == 100 - 2 * 20
    for video, thumbnail in zip(videos, thumbnails, strict=True):
        made = probe(video)
        assert (made.codec, made.width, made.height, made.has_audio) == ("h264", 1280, 720, True)
        assert made.duration_s == pytest.approx(4.0, abs=0.05)
        with Image.open(io.BytesIO(thumbnail)) as image:
            assert image.format == "WEBP"
            assert image.width / image.height == pytest.approx(16 / 9, abs=0.05)
    # Both show what was asked for, but not the same clip.
    pairs = itertools.islice(zip(*(read_frames(video) for video in videos), strict=True), 12, None, 24)
    unlike = [float(np.abs(one.astype(np.float32) - other).mean()) for one, other in pairs]
    assert len(unlike) == 4
    assert np.mean(unlike) > 1.0  # of 255
    for headers, body in told:
        message = Webhook(key["webhook_secret"]).verify(body, headers)
        assert message["code"] == 0
        assert message["task_type"] == "image_to_video"
        assert message["data"]["status"] == "SUCCEEDED"
        assert message["data"]["thumbnail_url"]
    # The first was refused and sent again, under the same id.
    assert len({headers["webhook-id"] for headers, _ in told}) == 2
    assert {json.loads(body)["data"]["task_id"] for _, body in told} == set(task_ids)


def test_several_images_and_one_that_breaks(tmp_path: Path) -> None:
    with serving(tmp_path / "data", engines=json.dumps(TINY)) as server, client_of(server, server.key()) as client:
        url = client.post("/figure-resource/upload/file", files={"file": PHOTO.read_bytes()}).json()["result"]["url"]
        body = {
            "model": "KL",
            "prompt": "frames=4",
            "reference_images": [url, url],
            "aspect_ratio": "9:16",
            "aspect_resolution": "720p",
            "duration": 5,
        }
        good = client.post("/image_to_video", json=body).json()["data"]["task_ids"][0]
        bad = client.post("/image_to_video", json=body | {"prompt": "bad-image"}).json()["data"]["task_ids"][0]
        assert finished(client, good)[0]["status"] == "SUCCEEDED"
        failed, _ = finished(client, bad)
        assert (failed["status"], failed["video_url"], failed["thumbnail_url"]) == ("FAILED", "", "")
        assert failed["error_message"]
        refused = client.post("/image_to_video", json=body | {"prompt": ""})
        assert (refused.status_code, refused.json()) == (
            400,
            {"code": 100001, "msg": "Parameter error: prompt cannot be empty"},
        )
        assert client.get(f"{server.url}/api/open/v3/faceswap/quota/info").json()["data"]["credit"] == 1000 - 20


def test_the_example_in_the_docs(tmp_path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "reference" / "keevx.md").read_text(encoding="utf-8")
    program = page.partition("```python\n")[2].partition("```")[0]
    (tmp_path / "photo.jpg").write_bytes(jpeg())
    with serving(tmp_path / "data", engines=json.dumps(TINY)) as server:
        changes = {"http://127.0.0.1:8000": server.url, "<api_key>": server.key()["api_key"], "sleep(5)": "sleep(0.1)"}
        for old, new in changes.items():
            assert old in program
            program = program.replace(old, new)
        done = subprocess.run(
            [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False
        )
        assert done.returncode == 0, done.stderr
        lines = [line.split() for line in done.stdout.splitlines()]
        assert [status for status, _ in lines] == ["SUCCEEDED", "SUCCEEDED"]
        assert all(httpx.get(url).headers["content-type"] == "video/mp4" for _, url in lines)
