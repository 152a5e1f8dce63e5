"""``updateVideoAudio`` on a running server: a new video of the very same picture, with other sound."""

from __future__ import annotations

import io
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import httpx
import numpy as np
import pytest

from photoplay.media.audio import RATE_HZ, read_audio, write_wav
from photoplay.media.video import probe
from support.akool_receiver import Envelopes, opened, opened_in_node, receiving
from support.files import Page, jpeg, web
from support.server import JOB_TIMEOUT_S, POLL_INTERVAL_S, Server, serving

pytestmark = pytest.mark.server

BASE = "/api/open/v4/image2Video"
TINY = '{"motion": "support.tiny_engine:TinyEngine"}'
FPS = 8  # of the tiny engine
TONE_HZ = 440.0


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    data_dir = tmp_path_factory.mktemp("akool") / "data"
    with serving(data_dir, engines=TINY, allowed_networks="127.0.0.1/32") as running:
        yield running


@pytest.fixture
def key(server: Server) -> dict[str, str]:
    return server.key(plan="pro", credits=1000)


@pytest.fixture
def client(server: Server, key: dict[str, str]) -> Iterator[httpx.Client]:
    with server.client(key["api_key"]) as made:
        yield made


@pytest.fixture
def receiver() -> Iterator[tuple[str, Envelopes]]:
    with receiving() as made:
        yield made


def call(client: httpx.Client, path: str, body: dict[str, Any]) -> dict[str, Any]:
    answer = client.post(f"{BASE}/{path}", json=body)
    assert answer.status_code == 200
    told: dict[str, Any] = answer.json()
    return told


def created(client: httpx.Client, prompt: str, **changes: Any) -> str:
    photo = client.post("/v1/uploads", content=jpeg()).json()["url"]
    body = {
        "image_url": photo,
        "prompt": prompt,
        "negative_prompt": "",
        "resolution": "720p",
        "audio_type": 1,
        "video_length": 5,
    }
    answer = call(client, "createBySourcePrompt", body | changes)
    assert answer["code"] == 1000, answer
    ref: str = answer["data"]["_id"]
    return ref


def result(client: httpx.Client, ref: str) -> dict[str, Any]:
    item: dict[str, Any] = call(client, "resultsByIds", {"_ids": ref})["data"]["result"][0]
    return item


def ended(client: httpx.Client, ref: str) -> dict[str, Any]:
    """The item once it is finished or failed."""
    deadline = time.monotonic() + JOB_TIMEOUT_S
    while (item := result(client, ref))["status"] not in (3, 4):
        assert time.monotonic() < deadline, item
        time.sleep(POLL_INTERVAL_S)
    return item


def made(client: httpx.Client, seconds: int = 5, **changes: Any) -> dict[str, Any]:
    """A finished video, really as long as that."""
    item = ended(client, created(client, f"frames={seconds * FPS}", video_length=seconds, **changes))
    assert (item["status"], item["video_duration"]) == (3, seconds), item
    return item


def credit(client: httpx.Client) -> int:
    found: int = client.get("/api/open/v3/faceswap/quota/info").json()["data"]["credit"]
    return found


def fetched(client: httpx.Client, item: dict[str, Any]) -> bytes:
    answer = client.get(item["video_url"])
    assert answer.status_code == 200
    return answer.content


def picture(video: bytes) -> list[tuple[bytes, int | None, int | None, int | None, bool]]:
    """Every packet of the picture: its bytes, times and kind."""
    with av.open(io.BytesIO(video)) as source:
        return [
            (bytes(packet), packet.pts, packet.dts, packet.duration, packet.is_keyframe)
            for packet in source.demux(source.streams.video[0])
            if packet.dts is not None
        ]


def sound(folder: Path, video: bytes) -> np.ndarray:
    path = folder / "heard.mp4"
    path.write_bytes(video)
    return read_audio(path, 60)


def tone(folder: Path, seconds: float) -> bytes:
    at_s = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    wave = (0.3 * np.sin(2 * np.pi * TONE_HZ * at_s)).astype(np.float32)
    write_wav(folder / "tone.wav", np.stack([wave, wave], axis=1))
    return (folder / "tone.wav").read_bytes()


def test_the_picture_is_the_same_to_the_bit_and_the_sound_is_new(
    client: httpx.Client, key: dict[str, str], receiver: tuple[str, Envelopes], tmp_path: Path
) -> None:
    hook, got = receiver
    source = made(client, webhookurl=hook)
    before = fetched(client, source)
    assert credit(client) == 980
    answer = call(client, "updateVideoAudio", {"pre_video_id": source["_id"], "audio_type": "1"})
    assert (answer["code"], answer["data"]["webhookUrl"]) == (1000, hook)
    new = ended(client, answer["data"]["_id"])
    assert (new["status"], new["only_add_audio"], new["deduction_credit"], new["sub_type"]) == (3, True, 5, 1501)
    assert new["_id"] != source["_id"]
    assert credit(client) == 975
    after = fetched(client, new)
    assert picture(after) == picture(before)
    assert len(picture(after)) == 5 * FPS
    assert after != before
    old_sound, new_sound = sound(tmp_path, before), sound(tmp_path, after)
    assert np.abs(new_sound).max() > 0.01
    assert not np.array_equal(new_sound, old_sound)  # composed anew
    assert fetched(client, result(client, source["_id"])) == before
    told = [got.get(timeout=30) for _ in range(4)]
    opens = (key["client_id"], key["client_secret"])
    read = [opened_in_node(envelope, *opens) for envelope in told]
    assert read == [opened(envelope, *opens) for envelope in told]
    assert [(message["_id"], message["status"]) for message in read] == [
        (source["_id"], 2),
        (source["_id"], 3),
        (new["_id"], 2),
        (new["_id"], 3),
    ]
    assert client.get(read[3]["url"]).content == after


def test_the_callers_own_sound_on_a_clip_of_ten_seconds(client: httpx.Client, tmp_path: Path) -> None:
    source = made(client, 10, audio_type=3)
    before = fetched(client, source)
    was = credit(client)
    with web({"/tone.wav": Page(tone(tmp_path, 3))}) as site:
        body = {"pre_video_id": source["_id"], "audio_url": f"{site}/tone.wav", "audio_type": 2}
        answer = call(client, "updateVideoAudio", body)
        assert (answer["data"]["deduction_credit"], answer["data"]["audio_url"]) == (10, body["audio_url"])
        new = ended(client, answer["data"]["_id"])
    assert (new["status"], new["audio_type"]) == (3, 2), new
    assert credit(client) == was - 10
    after = fetched(client, new)
    assert picture(after) == picture(before)
    heard = sound(tmp_path, after)
    spectrum = np.abs(np.fft.rfft(heard[RATE_HZ : 9 * RATE_HZ].mean(axis=1)))
    assert np.argmax(spectrum) / 8 == pytest.approx(TONE_HZ, abs=1)  # 8 s: eighths of a hertz
    info = probe(tmp_path / "heard.mp4")
    assert info.audio_duration_s == pytest.approx(info.duration_s, abs=0.03)
    assert not read_is_silent(heard[-2 * RATE_HZ : -RATE_HZ])  # a file of 3 s is repeated


def read_is_silent(samples: np.ndarray) -> bool:
    return bool(np.abs(samples).max() < 1e-3)


def test_sound_that_cannot_be_had_fails_that_job_only(
    client: httpx.Client, key: dict[str, str], receiver: tuple[str, Envelopes]
) -> None:
    hook, got = receiver
    source = made(client)
    was = credit(client)
    before = fetched(client, source)
    pages = {
        "/words.mp3": Page(b"these are words, not sound " * 100),
        "/photo.mp3": Page(jpeg()),
        "/broken.wav": Page(b"RIFF\x00\x00\x00\x00WAVEfmt "),
    }
    with web(pages) as site:
        urls = [f"{site}/words.mp3", f"{site}/photo.mp3", f"{site}/broken.wav", f"{site}/none.mp3"]
        urls += ["http://127.0.0.2:1/private.mp3", "http://127.0.0.1:9/refused.mp3"]
        refs = [
            call(client, "updateVideoAudio", {"pre_video_id": source["_id"], "audio_url": url, "audio_type": 2})
            for url in urls
        ]
        items = [ended(client, ref["data"]["_id"]) for ref in refs]
    for url, item in zip(urls, items, strict=True):
        assert (item["status"], item["deduction_credit"]) == (4, 0), (url, item)
        assert len(item["error"]) > 10, (url, item)
        assert "video_url" not in item
    assert credit(client) == was
    assert fetched(client, result(client, source["_id"])) == before
    failing = ended(client, created(client, "fail", webhookurl=hook))
    told = [opened_in_node(got.get(timeout=30), key["client_id"], key["client_secret"]) for _ in range(2)]
    assert [(message["_id"], message["status"], message["url"]) for message in told] == [
        (failing["_id"], 2, ""),
        (failing["_id"], 4, ""),
    ]


def test_what_happens_to_the_source_meanwhile(client: httpx.Client) -> None:
    source = made(client)
    was = credit(client)
    other = made(client)
    with web({"/slow.wav": Page(keeps_waiting=True)}) as site:
        add = {"pre_video_id": other["_id"], "audio_url": f"{site}/slow.wav", "audio_type": 2}
        busy = call(client, "updateVideoAudio", add)["data"]["_id"]  # keeps the one slot there is for sound
        waiting = call(client, "updateVideoAudio", {"pre_video_id": source["_id"], "audio_type": 1})["data"]["_id"]
        gone = call(client, "delbyids", {"_ids": f"{source['_id']},{busy},{waiting}"})["data"]
        assert gone["successIds"] == [source["_id"]]
        assert gone["noPermissionItems"] == [
            {"_id": ref, "msg": "video resource is processing, please try again later"} for ref in (busy, waiting)
        ]
        assert call(client, "updateVideoAudio", {"pre_video_id": busy, "audio_type": 1})["code"] == 1010
        assert call(client, "updateVideoAudio", {"pre_video_id": source["_id"], "audio_type": 1})["code"] == 1008
        assert client.post(f"/v1/jobs/{busy}/cancel").status_code == 200
        failed = ended(client, waiting)
    assert (failed["status"], failed["deduction_credit"]) == (4, 0)
    assert "gone" in failed["error"]
    assert credit(client) == was - other["deduction_credit"]
    assert call(client, "delbyids", {"_ids": f"{busy},{waiting}"})["data"]["successIds"] == [busy, waiting]


def test_the_program_of_the_reference_page_runs(
    server: Server, key: dict[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = Path(__file__).parents[2] / "docs" / "reference" / "akool.md"
    program = page.read_text(encoding="utf-8").partition("```python\n")[2].partition("```")[0]
    (tmp_path / "photo.jpg").write_bytes(jpeg())
    program = program.replace("http://127.0.0.1:8000", server.url).replace("<api_key>", key["api_key"])
    program = program.replace('"photo.jpg"', repr(str(tmp_path / "photo.jpg"))).replace("sleep(5)", "sleep(0.1)")
    exec(compile(program, str(page), "exec"), {})  # noqa: S102 - our own page
    url = capsys.readouterr().out.strip()
    assert url.startswith(server.url)
    assert httpx.get(url).content[4:8] == b"ftyp"
