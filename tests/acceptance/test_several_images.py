"""Several images through the running app, by every API that takes them: one composed clip by the motion engine.

The subjects are figures on a transparent ground, so that no weights are needed to see that they are subjects.
"""

from __future__ import annotations

import base64
import io
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import httpx
import jwt
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from support.cutouts import figure, view
from support.server import Server, serving, wait_for

pytestmark = pytest.mark.server

# The vendors' models in small, so that a clip takes seconds.
CATALOG = """
[models.kling-v1]
resolutions = [
  { name = "720p", short_side = 270, width = 480, height = 270 },
  { name = "1080p", short_side = 480, width = 854, height = 480 },
]
fps = [8]
default_fps = 8

[models.KL]
resolutions = [{ name = "720p", short_side = 270, width = 480, height = 270 }]
fps = [8]
any_fps = false
default_fps = 8
"""
TIMEOUT_S = 120.0
Picture = NDArray[np.uint8]


def png(picture: Picture) -> bytes:
    out = io.BytesIO()
    Image.fromarray(picture).save(out, "PNG")
    return out.getvalue()


RED, BLUE = png(figure((200, 40, 40))), png(figure((50, 40, 200)))
VIEW = png(view())


def frames(data: bytes, folder: Path) -> list[Picture]:
    path = folder / "clip.mp4"
    path.write_bytes(data)
    with av.open(str(path)) as container:
        return [np.asarray(frame.to_ndarray(format="rgb24")) for frame in container.decode(video=0)]


def shown(picture: Picture) -> tuple[float, float, float]:
    """Shares of the picture that are red, deep blue (not the sky), and the ground's green."""
    red, green, blue = (picture[..., channel].astype(int) for channel in range(3))
    return (
        float((red - np.maximum(green, blue) > 70).mean()),
        float((blue - np.maximum(green, red) > 70).mean()),
        float((green - np.maximum(red, blue) > 12).mean()),
    )


def is_composed(clip: list[Picture]) -> None:
    for frame in (clip[0], clip[len(clip) // 2], clip[-1]):
        red, blue, green = shown(frame)
        assert red > 0.01
        assert blue > 0.01
        assert green > 0.15
    assert np.abs(clip[0].astype(int) - clip[-1]).mean() > 1.0, "filmed, not shown"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("several")
    (folder / "small.toml").write_text(CATALOG)
    with serving(
        folder / "data",
        allowed_networks="127.0.0.1/32",
        catalog_file=str(folder / "small.toml"),
        models_dir=str(folder / "no-weights"),
    ) as running:
        yield running


def test_klings_multi_image_to_video(server: Server, tmp_path: Path) -> None:
    key = server.key(plan="business", credits=1000)
    now = int(time.time())
    payload = {"iss": key["access_key"], "exp": now + 1800, "nbf": now - 5}
    token = jwt.encode(payload, key["secret_key"], headers={"alg": "HS256", "typ": "JWT"})
    with httpx.Client(base_url=server.url, headers={"Authorization": f"Bearer {token}"}, timeout=60) as http:
        body = {
            "model_name": "kling-v1-6",
            "image_list": [{"image": base64.b64encode(data).decode()} for data in (RED, BLUE, VIEW)],
            "prompt": "The people of image 1 and image 2 stand in image 3, slow truck right",
            "aspect_ratio": "16:9",
        }
        created = http.post("/v1/videos/multi-image2video", json=body).json()
        assert created["code"] == 0, created
        deadline = time.monotonic() + TIMEOUT_S
        while True:
            task: dict[str, Any] = http.get(f"/v1/videos/multi-image2video/{created['data']['task_id']}").json()["data"]
            if task["task_status"] in ("succeed", "failed"):
                break
            assert time.monotonic() < deadline
            time.sleep(0.2)
        assert task["task_status"] == "succeed", task
        clip = frames(http.get(task["task_result"]["videos"][0]["url"]).content, tmp_path)
    assert clip[0].shape == (270, 480, 3)
    is_composed(clip)


def test_keevx_reference_images(server: Server, tmp_path: Path) -> None:
    key = server.key(plan="business", credits=1000)
    with httpx.Client(headers={"Authorization": f"Bearer {key['api_key']}"}, timeout=60) as http:
        urls = []
        for data in (RED, BLUE, VIEW):
            answer = http.post(
                f"{server.url}/v1/figure-resource/upload/file", files={"file": ("a.png", data, "image/png")}
            )
            urls.append(answer.json()["result"]["url"])
        body = {
            "model": "KL",
            "prompt": "they stand together, slow truck left",
            "reference_images": urls,
            "aspect_ratio": "9:16",
            "aspect_resolution": "720p",
            "duration": 5,
        }
        created = http.post(f"{server.url}/v1/image_to_video", json=body).json()
        assert created["code"] == 0, created
        deadline = time.monotonic() + TIMEOUT_S
        while True:
            task = http.get(f"{server.url}/v1/image_to_video/{created['data']['task_ids'][0]}").json()["data"]
            if task["status"] in ("SUCCEEDED", "FAILED"):
                break
            assert time.monotonic() < deadline
            time.sleep(0.2)
        assert task["status"] == "SUCCEEDED", task
        clip = frames(http.get(task["video_url"]).content, tmp_path)
    assert clip[0].shape == (480, 270, 3)
    is_composed(clip)


def test_the_jobs_own_api_names_what_each_image_is(server: Server, tmp_path: Path) -> None:
    with server.client(server.key(credits=1000)["api_key"]) as client:
        sent = [("images", (f"{n}.png", data, "image/png")) for n, data in enumerate((RED, BLUE, VIEW))]
        form = {"prompt": "orbit right", "resolution": "480p", "duration_s": "1", "fps": "16"}
        answer = client.post("/v1/jobs", data=form, files=sent)
        assert answer.status_code in (200, 201, 202), answer.text
        job = wait_for(client, answer.json()["id"])
        assert job["state"] == "succeeded", job["error"]
        assert [(use["number"], use["role"]) for use in job["plan"]["images"]] == [
            (1, "subject"),
            (2, "subject"),
            (3, "backdrop"),
        ]
        assert all(use["where"] for use in job["plan"]["images"][:2])
