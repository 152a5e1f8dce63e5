"""Kling's API as its own sample uses it: a token by PyJWT, real photos, real clips by the motion engine."""

from __future__ import annotations

import base64
import io
import json
import queue
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import av
import cv2
import httpx
import jwt
import numpy as np
import pytest
import skimage.data
from numpy.typing import NDArray
from PIL import Image
from standardwebhooks import Webhook

from photoplay.media.video import probe
from photoplay.media.watermark import Watermark
from support.files import Page, web
from support.server import Server, serving

pytestmark = pytest.mark.server

PHOTOS = Path(skimage.data.__file__).parent
# The vendor's models in small, so that a clip takes seconds: 8 frames a second, 270 pixels high.
CATALOG = """
[models.kling-v1]
resolutions = [
  { name = "720p", short_side = 270, width = 480, height = 270 },
  { name = "1080p", short_side = 480, width = 854, height = 480 },
]
fps = [8]
default_fps = 8
"""
TIMEOUT_S = 120.0
Picture = NDArray[np.uint8]


def png(picture: Picture) -> bytes:
    out = io.BytesIO()
    Image.fromarray(picture).save(out, "PNG")
    return out.getvalue()


def raw(data: bytes) -> str:
    return base64.b64encode(data).decode()


def photo(name: str) -> Picture:
    return np.asarray(Image.open(PHOTOS / name).convert("RGB"))


def encode_jwt_token(access_key: str, secret_key: str) -> str:
    """As in the vendor's sample."""
    payload = {"iss": access_key, "exp": int(time.time()) + 1800, "nbf": int(time.time()) - 5}
    return jwt.encode(payload, secret_key, headers={"alg": "HS256", "typ": "JWT"})


class Kling:
    """A program written for the vendor."""

    def __init__(self, base_url: str, key: dict[str, str]) -> None:
        self.http = httpx.Client(base_url=base_url, timeout=60)
        self.key = key

    def call(self, method: str, path: str, **more: Any) -> Any:
        token = encode_jwt_token(self.key["access_key"], self.key["secret_key"])
        answer = self.http.request(method, path, headers={"Authorization": f"Bearer {token}"}, **more)
        assert answer.status_code == 200, answer.text
        told = answer.json()
        assert (told["code"], told["message"]) == (0, "SUCCEED")
        return told["data"]

    def create(self, endpoint: str = "image2video", **body: Any) -> str:
        task_id: str = self.call("POST", f"/v1/videos/{endpoint}", json=body)["task_id"]
        return task_id

    def wait(self, task_id: str, endpoint: str = "image2video") -> dict[str, Any]:
        deadline = time.monotonic() + TIMEOUT_S
        while True:
            task: dict[str, Any] = self.call("GET", f"/v1/videos/{endpoint}/{task_id}")
            if task["task_status"] in ("succeed", "failed"):
                return task
            assert task["task_status"] in ("submitted", "processing")
            assert time.monotonic() < deadline
            time.sleep(0.2)

    def video_of(self, task_id: str, endpoint: str = "image2video") -> dict[str, Any]:
        task = self.wait(task_id, endpoint)
        assert task["task_status"] == "succeed", task
        (video,) = task["task_result"]["videos"]
        return dict(video)

    def video(self, endpoint: str = "image2video", **body: Any) -> dict[str, Any]:
        return self.video_of(self.create(endpoint, **body), endpoint)

    def fetch(self, url: str, path: Path) -> Path:
        path.write_bytes(self.http.get(url).raise_for_status().content)
        return path

    def clip(self, folder: Path, **body: Any) -> list[Picture]:
        return frames(self.fetch(self.video(**body)["url"], folder / "clip.mp4"))


def frames(path: Path) -> list[Picture]:
    """Every frame, (H, W, 3) uint8."""
    with av.open(str(path)) as container:
        return [np.asarray(frame.to_ndarray(format="rgb24")) for frame in container.decode(video=0)]


def movement(first: Picture, last: Picture) -> tuple[float, float, float, float]:
    """How the picture went: right and down in shares of the width, scale, and turn in degrees, clockwise."""
    finder = cv2.ORB.create(1500)
    grey = [cv2.cvtColor(each, cv2.COLOR_RGB2GRAY) for each in (first, last)]
    found = [finder.detectAndCompute(each, None) for each in grey]
    pairs = cv2.BFMatcher(cv2.NORM_HAMMING, crossCheck=True).match(found[0][1], found[1][1])
    ends = [np.array([found[side][0][i].pt for i in where], np.float32) for side, where in enumerate(
        ([pair.queryIdx for pair in pairs], [pair.trainIdx for pair in pairs]))]  # fmt: skip
    matrix, _ = cv2.estimateAffinePartial2D(ends[0], ends[1], method=cv2.RANSAC, ransacReprojThreshold=4)
    height, width = grey[0].shape
    centre = np.array([width / 2, height / 2, 1.0])
    moved = matrix @ centre - centre[:2]
    scale = float(np.hypot(matrix[0, 0], matrix[1, 0]))
    turn = float(np.degrees(np.arctan2(matrix[1, 0], matrix[0, 0])))
    return float(moved[0]) / width, float(moved[1]) / width, scale, turn


def likeness(one: Picture, other: Picture) -> float:
    """Peak signal to noise, in dB, of pictures brought to the size of the first."""
    resized = cv2.resize(other, (one.shape[1], one.shape[0]), interpolation=cv2.INTER_AREA)
    return float(cv2.PSNR(one, np.asarray(resized, np.uint8)))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("kling")
    (folder / "small.toml").write_text(CATALOG)
    with serving(
        folder / "data", allowed_networks="127.0.0.1/32", catalog_file=str(folder / "small.toml"), slots="2"
    ) as running:
        yield running


@pytest.fixture(scope="module")
def kling(server: Server) -> Iterator[Kling]:
    made = Kling(server.url, server.key(plan="business", credits=5000))
    with made.http:
        yield made


def test_a_photo_in_base64_and_its_watermarked_twin(kling: Kling, tmp_path: Path) -> None:
    body = {"model_name": "kling-v1-6", "image": raw((PHOTOS / "astronaut.png").read_bytes()), "prompt": "zoom in"}
    video = kling.video(**body, watermark_info={"enabled": True}, duration="5", sound="on")
    plain = kling.fetch(video["url"], tmp_path / "plain.mp4")
    marked = kling.fetch(video["watermark_url"], tmp_path / "marked.mp4")
    for path in (plain, marked):
        told = probe(path)
        assert (told.width, told.height, told.frames, told.has_audio) == (270, 270, 40, True)
    assert float(video["duration"]) == pytest.approx(5.0, abs=0.1)
    x, y, width, height = Watermark(270, 270).box
    for one, other in zip(frames(plain)[::20], frames(marked)[::20], strict=True):
        apart = np.abs(one.astype(int) - other.astype(int)).mean(axis=2)
        inside = apart[y : y + height, x : x + width]
        assert inside.max() > 80
        assert inside.mean() > 5 * apart[: y - 8].mean()


def test_the_same_photo_by_url(kling: Kling, tmp_path: Path) -> None:
    data = (PHOTOS / "coffee.png").read_bytes()
    with web({"/coffee.png": Page(data)}) as url:
        clip = kling.clip(tmp_path, image=f"{url}/coffee.png", prompt="zoom in", mode="pro")
    assert clip[0].shape[0] == 480
    assert likeness(clip[0], photo("coffee.png")) > 20
    assert movement(clip[0], clip[-1])[2] > 1.03


# The camera's way, and which of right, down, scale and turn the picture then goes, in which direction.
CAMERAS: tuple[tuple[dict[str, Any], int, int], ...] = (
    ({"type": "simple", "config": {"horizontal": 8}}, 0, -1),  # the camera goes right, so the picture goes left
    ({"type": "simple", "config": {"horizontal": -8, "vertical": 0}}, 0, 1),
    ({"type": "simple", "config": {"vertical": 8}}, 1, 1),  # the camera goes up, so the picture goes down
    ({"type": "simple", "config": {"pan": 8}}, 1, 1),  # turns up
    ({"type": "simple", "config": {"tilt": 8}}, 0, -1),  # turns right
    ({"type": "simple", "config": {"roll": 10}}, 3, 1),
    ({"type": "simple", "config": {"zoom": 8}}, 2, -1),  # the view widens
    ({"type": "down_back"}, 2, -1),
    ({"type": "forward_up"}, 2, 1),
    ({"type": "right_turn_forward"}, 0, -1),
    ({"type": "left_turn_forward"}, 0, 1),
)


def test_the_camera_goes_where_it_is_told(kling: Kling, tmp_path: Path) -> None:
    image = raw((PHOTOS / "coffee.png").read_bytes())
    tasks = [kling.create(image=image, camera_control=control) for control, _, _ in CAMERAS]
    for task_id, (control, which, sign) in zip(tasks, CAMERAS, strict=True):
        clip = frames(kling.fetch(kling.video_of(task_id)["url"], tmp_path / "clip.mp4"))
        right, down, scale, turn = movement(clip[0], clip[-1])
        went = (right, down, scale - 1.0, turn / 60.0)
        assert went[which] * sign > 0.02, (control, went)
        if control["type"] == "simple":
            # A slide may come with a slight push-in, but never with another slide or a turn.
            assert all(abs(went[i]) < 0.5 * abs(went[which]) for i in {0, 1, 3} - {which}), (control, went)
        else:
            assert (scale > 1.0) == (control["type"] != "down_back"), (control, went)
            assert {"down_back": -down, "forward_up": down}.get(control["type"], 1.0) > 0.0, (control, went)


def disc_photo() -> tuple[Picture, Picture, Picture]:
    """A sky with a red disc over grass; the disc's mask; a mask of the lower third."""
    rng = np.random.default_rng(5)
    noise = cv2.GaussianBlur(rng.normal(0, 25, (480, 640, 3)), (0, 0), 3)
    picture = np.full((480, 640, 3), (120, 170, 220), float)
    picture[320:] = (60, 140, 70)
    picture += noise
    disc = np.zeros((480, 640), np.uint8)
    cv2.circle(disc, (200, 200), 50, 255, -1)
    picture[disc > 0] = (220, 30, 30)
    lower = np.zeros((480, 640), np.uint8)
    lower[330:] = 255
    return np.clip(picture, 0, 255).astype(np.uint8), disc, lower


def red_centre(frame: Picture) -> tuple[float, float]:
    """Where the red is, in shares of the sides."""
    red = (frame[..., 0].astype(int) - frame[..., 1] > 90) & (frame[..., 0].astype(int) - frame[..., 2] > 90)
    y, x = np.nonzero(red)
    return float(x.mean()) / frame.shape[1], float(y.mean()) / frame.shape[0]


def test_the_motion_brush_moves_what_is_painted(kling: Kling, tmp_path: Path) -> None:
    picture, disc, lower = disc_photo()
    clip = kling.clip(
        tmp_path,
        image=raw(png(picture)),
        static_mask=raw(png(lower)),
        dynamic_masks=[
            {"mask": raw(png(disc)), "trajectories": [{"x": 200, "y": 280}, {"x": 300, "y": 330}, {"x": 400, "y": 380}]}
        ],
    )
    begin, end = red_centre(clip[0]), red_centre(clip[-1])
    assert begin == pytest.approx((200 / 640, 200 / 480), abs=0.02)
    # Pixels are counted from the lower left corner: 100 pixels up is less y in the picture.
    assert end == pytest.approx((400 / 640, 100 / 480), abs=0.03)
    below = slice(round(clip[0].shape[0] * 340 / 480), None)
    assert likeness(clip[0][below], clip[-1][below]) > 30


def test_the_clip_ends_on_the_tail(kling: Kling, tmp_path: Path) -> None:
    first, last = photo("chelsea.png"), photo("coffee.png")[:, 40:-40]
    last = np.asarray(cv2.resize(last, (first.shape[1], first.shape[0])), np.uint8)
    clip = kling.clip(tmp_path, model_name="kling-v1", image=raw(png(first)), image_tail=raw(png(last)))
    assert likeness(clip[0], first) > 22
    assert likeness(clip[-1], last) > 22


def test_only_a_tail(kling: Kling, tmp_path: Path) -> None:
    tail = photo("coffee.png")
    clip = kling.clip(tmp_path, model_name="kling-v1", image_tail=raw(png(tail)), prompt="dolly in")
    assert likeness(clip[-1], tail) > 24
    assert likeness(clip[0], tail) < likeness(clip[-1], tail) - 3
    assert movement(clip[0], clip[-1])[2] > 1.03


def test_several_images(kling: Kling, tmp_path: Path) -> None:
    images = [{"image": raw((PHOTOS / name).read_bytes())} for name in ("coffee.png", "chelsea.png", "astronaut.png")]
    video = kling.video(
        "multi-image2video", model_name="kling-v1-6", image_list=images, prompt="gentle", aspect_ratio="1:1"
    )
    clip = frames(kling.fetch(video["url"], tmp_path / "clip.mp4"))
    assert (len(clip), clip[0].shape) == (40, (270, 270, 3))
    alone = [likeness(frame, photo(name)) for frame in clip for name in ("coffee.png", "chelsea.png", "astronaut.png")]
    assert max(alone) < 35  # no frame is just one of the photos as it is
    assert likeness(clip[0], clip[-1]) < 30


def test_images_that_the_vendor_refuses_too(kling: Kling) -> None:
    picture = photo("coffee.png")
    webp = io.BytesIO()
    Image.fromarray(picture).save(webp, "WEBP")
    long = np.asarray(cv2.resize(picture, (1200, 400)), np.uint8)
    pages = {
        "/a.webp": Page(webp.getvalue()),
        "/large.png": Page(png(picture) + bytes(10 * 1024 * 1024)),
        "/long.png": Page(png(long)),
        "/tiny.png": Page(png(picture[:299, :400])),
        "/text.jpg": Page(b"no image at all, but long enough to be looked at"),
    }
    words = ("image/jpeg, image/png", "larger than 10485760", "2.5:1", "Image pixel is invalid", "not an image")
    with web(pages) as url:
        tasks = [kling.create(image=f"{url}{path}") for path in (*pages, "/missing.png")]
        tasks += [kling.create(image=raw(png(long)))]
        told = [kling.wait(task_id) for task_id in tasks]
    assert [task["task_status"] for task in told] == ["failed"] * len(tasks)
    for word, task in zip((*words, "", "2.5:1"), told, strict=True):
        assert word in task["task_status_msg"], task
        assert (bool(task["task_status_msg"]), task["final_unit_deduction"]) == (True, "0")


def test_callbacks_of_every_change(kling: Kling) -> None:
    got: queue.Queue[tuple[bytes, dict[str, str]]] = queue.Queue()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            got.put((self.rfile.read(int(self.headers["Content-Length"])), dict(self.headers)))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    small = png(np.asarray(Image.fromarray(photo("coffee.png")).resize((338, 191))))
    cases = [
        (raw((PHOTOS / "coffee.png").read_bytes()), "succeed", ""),
        (raw(small), "failed", "Image pixel is invalid"),
    ]
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as receiver:
        thread = threading.Thread(target=receiver.serve_forever)
        thread.start()
        try:
            for image, end, why in cases:
                hook = f"http://127.0.0.1:{receiver.server_address[1]}/hook"
                task_id = kling.create(image=image, prompt="zoom in", callback_url=hook, external_task_id=f"mine {end}")
                told = []
                for _ in range(3):
                    body, headers = got.get(timeout=TIMEOUT_S)
                    Webhook(kling.key["webhook_secret"]).verify(body, headers)
                    assert headers["content-type"] == "application/json; charset=utf-8"
                    told.append(json.loads(body))
                assert [each["task_status"] for each in told] == ["submitted", "processing", end]
                assert {each["task_id"] for each in told} == {task_id}
                assert {each["task_info"]["external_task_id"] for each in told} == {f"mine {end}"}
                assert told[-1]["task_status_msg"] == why
                videos = told[-1]["task_result"]["videos"]
                assert len(videos) == (end == "succeed")
                for video in videos:
                    assert kling.http.get(video["url"]).content[4:8] == b"ftyp"
                assert told[-1]["final_unit_deduction"] == ("30" if end == "succeed" else "0")
        finally:
            receiver.shutdown()
            thread.join()


def test_through_a_gateways_prefix_with_a_plain_key(server: Server) -> None:
    key = server.key(plan="business", credits=100, name="gateway")
    headers = {"Authorization": f"Bearer {key['api_key']}"}
    body = {"image": raw((PHOTOS / "coffee.png").read_bytes()), "external_task_id": "once"}
    with httpx.Client(base_url=f"{server.url}/proxy/kling", headers=headers, timeout=60) as http:
        tries = [http.post("/v1/videos/image2video", json=body).json()["data"]["task_id"] for _ in range(2)]
        assert tries[0] == tries[1]
        packs = http.get("/account/costs", params={"start_time": 0, "end_time": int(time.time() * 1000)}).json()
        (pack,) = packs["data"]["resource_pack_subscribe_infos"]
        assert (pack["total_quantity"], pack["remaining_quantity"]) == (100, 70)
        refused = http.get(
            "/v1/videos/image2video", headers={"Authorization": f"Bearer {encode_jwt_token('x', 'y' * 32)}"}
        )
        assert (refused.status_code, refused.json()["code"]) == (401, 1002)
