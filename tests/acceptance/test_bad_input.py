"""Bad input through a running server: the dialect's own words, or a failed job with a plain reason; never a 5xx,
never a credit."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import httpx
import pytest

from support.files import Page, huge_png, jpeg, web
from support.server import JOB_TIMEOUT_S, Server, serving, wait_for

pytestmark = pytest.mark.server

BASE = "/api/open/v4/image2Video"
CREDITS = 1000


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    # Only 127.0.0.1 may be fetched from: 127.0.0.2 is as private as any other address.
    with serving(tmp_path_factory.mktemp("bad-input"), allowed_networks="127.0.0.1/32") as running:
        yield running


@pytest.fixture(scope="module")
def client(server: Server) -> Iterator[httpx.Client]:
    # One account for all: nothing here is ever charged, so its credits stay what they were.
    with server.client(server.key(credits=CREDITS)["api_key"]) as opened:
        yield opened


@pytest.fixture(scope="module")
def inputs() -> Iterator[dict[str, str]]:
    """URLs by what is wrong with them."""
    with ExitStack() as stack:
        private = stack.enter_context(web({"/photo.jpg": Page(jpeg())}, host="127.0.0.2"))
        pages = {
            "/photo.jpg": Page(jpeg()),
            "/text.jpg": Page(b"this is no photo, whatever it is called " * 50),
            "/huge.png": Page(huge_png()),
            "/truncated.jpg": Page(jpeg()[: len(jpeg()) // 2]),
            "/empty.jpg": Page(b""),
            "/private.jpg": Page(status=302, location=f"{private}/photo.jpg"),
            "/metadata.jpg": Page(status=302, location="http://169.254.169.254/latest/meta-data/"),
            "/file.jpg": Page(status=302, location="file:///etc/passwd"),
            "/loop.jpg": Page(status=302, location="/loop.jpg"),
            "/large.jpg": Page(jpeg() + bytes(21 * 1024 * 1024)),
            "/error.jpg": Page(b"broken", 500),
        }
        public = stack.enter_context(web(pages))
        yield {
            "unreachable": "http://127.0.0.1:9/photo.jpg",
            "unknown host": "http://no-such-host.invalid/photo.jpg",
            "not found": f"{public}/nothing.jpg",
            "server error": f"{public}/error.jpg",
            "not an image": f"{public}/text.jpg",
            "40,000 × 40,000": f"{public}/huge.png",
            "truncated": f"{public}/truncated.jpg",
            "0 bytes": f"{public}/empty.jpg",
            "too many bytes": f"{public}/large.jpg",
            "private": f"{private}/photo.jpg",
            "metadata service": "http://169.254.169.254/latest/meta-data/",
            "private range": "http://10.0.0.1/photo.jpg",
            "loopback by IPv6": "http://[::1]/photo.jpg",
            "loopback by number": "http://2130706434/photo.jpg",
            "redirect to private": f"{public}/private.jpg",
            "redirect to metadata": f"{public}/metadata.jpg",
            "redirect to a file": f"{public}/file.jpg",
            "redirect loop": f"{public}/loop.jpg",
            "good": f"{public}/photo.jpg",
        }


BAD = [
    "unreachable", "unknown host", "not found", "server error", "not an image", "40,000 × 40,000", "truncated",
    "0 bytes", "too many bytes", "private", "metadata service", "private range", "loopback by IPv6",
    "loopback by number", "redirect to private", "redirect to metadata", "redirect to a file", "redirect loop",
]  # fmt: skip


def body_for(url: str, **changes: Any) -> dict[str, Any]:
    return {
        "image_url": url,
        "prompt": "zoom in",
        "negative_prompt": "",
        "resolution": "720p",
        "audio_type": 3,
        "video_length": 5,
    } | changes


def credit(client: httpx.Client) -> int:
    return int(client.get("/api/open/v3/faceswap/quota/info").json()["data"]["credit"])


def until_ended(client: httpx.Client, ref: str) -> dict[str, Any]:
    deadline = time.monotonic() + JOB_TIMEOUT_S
    while time.monotonic() < deadline:
        answer = client.post(f"{BASE}/resultsByIds", json={"_ids": ref})
        assert answer.status_code == 200
        item: dict[str, Any] = answer.json()["data"]["result"][0]
        if item["status"] in (3, 4):
            return item
        time.sleep(0.1)
    raise AssertionError("the job did not end")


def assert_plain(text: str) -> None:
    """Words for the caller: no trace, no path, no class name."""
    assert text
    assert len(text) < 300
    for inside in ("Traceback", "/data", "/home", "site-packages", "Error(", " at 0x", ".py"):
        assert inside not in text, text


@pytest.mark.parametrize("kind", BAD)
def test_a_bad_image_url_fails_plainly_and_costs_nothing(
    client: httpx.Client, inputs: dict[str, str], kind: str
) -> None:
    answer = client.post(f"{BASE}/createBySourcePrompt", json=body_for(inputs[kind]))
    assert answer.status_code == 200, answer.text
    told = answer.json()
    if told["code"] == 1000:
        item = until_ended(client, told["data"]["_id"])
        assert item["status"] == 4, item
        assert "video_url" not in item
        assert item["deduction_credit"] == 0
        assert_plain(item["error"])
    else:
        assert set(told) == {"code", "msg"}
        assert told["code"] == 1003
        assert_plain(told["msg"])
    assert credit(client) == CREDITS


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"not a photo at all", "image"),
        (jpeg()[: len(jpeg()) // 2], "image"),
        (huge_png(), "pixels"),
    ],
    ids=["not an image", "truncated", "40,000 × 40,000"],
)
def test_a_bad_upload_fails_plainly_and_costs_nothing(client: httpx.Client, data: bytes, words: str) -> None:
    uploaded = client.post("/v1/uploads", files={"file": ("photo.jpg", data)})
    assert uploaded.status_code == 201
    made = client.post("/v1/jobs", json={"images": [uploaded.json()["url"]], "prompt": "zoom in"})
    assert made.status_code == 201
    job = wait_for(client, made.json()["id"], "failed")
    assert words in job["error"]["message"].lower()
    assert_plain(job["error"]["message"])
    assert (job["video_url"], job["files"]) == (None, [])
    assert credit(client) == CREDITS


def test_a_bad_sound_fails_plainly_and_costs_nothing(client: httpx.Client, inputs: dict[str, str]) -> None:
    body = body_for(inputs["good"], audio_type=2, audio_url=inputs["not an image"])
    item = until_ended(client, client.post(f"{BASE}/createBySourcePrompt", json=body).json()["data"]["_id"])
    assert item["status"] == 4
    assert_plain(item["error"])
    assert credit(client) == CREDITS


def test_the_server_is_none_the_worse_for_it(server: Server) -> None:
    with server.client() as client:
        assert client.get("/readyz").json()["ready"] is True
    assert server.process.poll() is None
    assert "Traceback" not in server.log()
