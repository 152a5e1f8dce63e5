"""The part of bench/sound.py that asks a running server for new sound: ``--audio-job``."""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import psutil  # type: ignore[import-untyped]  # it brings no types

from photoplay.jobs.runtime import Runtime
from photoplay.media.audio import RATE_HZ, write_wav
from photoplay.settings import Settings

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))  # where servers are started

from support.server import Server  # type: ignore[import-not-found]

LIMIT_S = 0.5
_AKOOL = "/api/open/v4/image2Video"
_FINISHED, _FAILED = 3, 4  # AKOOL's `status`
_KINDS = {1: "sound that is composed", 2: "a sound file of one's own"}  # AKOOL's `audio_type`; the route takes no 3
_POLL_S = 0.02
_SETTLE_S = 2.0  # between jobs: the next child loads
_LOGGED_S = 0.3  # after a job's end its last step is logged
_CLIP_TIMEOUT_S = 600.0
_NO_LIMITS = """
[plans.enterprise]
requests_per_minute = 100000000
"""


def audio_job(photo: Path, models: Path, prompts: Sequence[str], repeat: int) -> float:
    """Prints what ``updateVideoAudio`` takes, from the request to the finished video; the worst median, in seconds.

    A server on SQLite and a folder makes one 4k clip of 10 s and then gives it new sound again and again.
    """
    worst = 0.0
    with tempfile.TemporaryDirectory(prefix="photoplay-bench-") as scratch, _serving(Path(scratch), models) as server:
        account = server.key(plan="enterprise", credits=100_000)
        with server.client(account["api_key"]) as client:
            clip = _clip(client, photo)
            own = client.post("/v1/uploads", content=_song(Path(scratch) / "song.wav")).json()["url"]
            for audio_type, name in _KINDS.items():
                lines = []
                for number in range(repeat + 1):  # the first is for whatever is done once
                    body = {
                        "pre_video_id": clip,
                        "audio_type": audio_type,
                        "audio_url": own if audio_type == 2 else "",
                        "prompt": prompts[number % len(prompts)],
                    }
                    time.sleep(_SETTLE_S)
                    lines.append(_timed(server, account["account_id"], client, body))
                worst = max(worst, _show(name, lines[1:]))
    return worst


@contextmanager
def _serving(folder: Path, models: Path) -> Iterator[Server]:
    (folder / "catalog.toml").write_text(_NO_LIMITS)
    # Modules are compiled once, as a server's are, wherever the benchmark is run.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    os.environ["PYTHONPYCACHEPREFIX"] = str(folder / "compiled")
    server = Server.start(
        folder / "data",
        models_dir=str(models),
        catalog_file=str(folder / "catalog.toml"),
        allowed_networks="127.0.0.1/32",
        log_level="WARNING",
    )
    with server.running():
        yield server


def _clip(client: httpx.Client, photo: Path) -> str:
    """The id of a finished 10 s clip in 4k, with sound."""
    body = {
        "images": [client.post("/v1/uploads", content=photo.read_bytes()).json()["url"]],
        "prompt": "slow push in, gentle wind in the trees",
        "duration_s": 10,
        "resolution": "4k",
        "aspect_ratio": "16:9",
        "audio": {"mode": "generate"},
    }
    answer = client.post("/v1/jobs", json=body)
    if answer.status_code != 201:
        raise SystemExit(f"the clip was refused: {answer.text}")
    job, until_s = answer.json(), time.monotonic() + _CLIP_TIMEOUT_S
    while job["state"] in ("queued", "running") and time.monotonic() < until_s:
        time.sleep(0.5)
        job = client.get(f"/v1/jobs/{job['id']}").json()
    if job["state"] != "succeeded":
        raise SystemExit(f"the clip was not made: {job}")
    return str(job["id"])


def _song(path: Path) -> bytes:
    """Twenty seconds of two tones that swell: longer than the clip, so it is cut."""
    at_s = np.arange(20 * RATE_HZ, dtype=np.float32) / RATE_HZ
    swell = 0.4 + 0.3 * np.sin(2 * np.pi * 0.3 * at_s)
    sides = [swell * np.sin(2 * np.pi * pitch_hz * at_s) for pitch_hz in (220.0, 331.0)]
    write_wav(path, np.stack(sides, axis=1).astype(np.float32))
    return path.read_bytes()


def _timed(server: Server, account_id: str, client: httpx.Client, body: dict[str, Any]) -> dict[str, float]:
    """When each thing had happened, in milliseconds after the request; and the server's processor time."""
    process = psutil.Process(server.process.pid)
    used_s = _processor_s(process)
    begin_ms = time.time() * 1000
    answer = client.post(f"{_AKOOL}/updateVideoAudio", json=body).json()
    if answer["code"] != 1000:
        raise SystemExit(f"the new sound was refused: {answer}")
    found = {"answered": time.time() * 1000 - begin_ms}
    ref = answer["data"]["_id"]
    status = 0
    while status not in (_FINISHED, _FAILED):
        time.sleep(_POLL_S)
        items = client.post(f"{_AKOOL}/resultsByIds", json={"_ids": ref}).json()["data"]["result"]
        status = items[0]["status"]
    found["seen"] = time.time() * 1000 - begin_ms
    if status == _FAILED:
        raise SystemExit(f"the new sound failed: {items}")
    time.sleep(_LOGGED_S)
    found["processor"] = 1000 * (_processor_s(process) - used_s)
    with Runtime.open(Settings.model_validate({"data_dir": server.data_dir})) as runtime:
        job = runtime.store.find(account_id, ref)
        if job is None or job.finished_ms is None:
            raise SystemExit("the job is not there")
        for run in runtime.steplog.of(job.id):
            found[f"{run.step} begins"] = run.started_ms - begin_ms
            if run.finished_ms is not None:
                found[f"{run.step} ends"] = run.finished_ms - begin_ms
        found["finished"] = job.finished_ms - begin_ms
    return found


def _processor_s(process: psutil.Process) -> float:
    """Processor time of a process and of its children, ended ones included."""
    times = process.cpu_times()
    total = times.user + times.system + times.children_user + times.children_system
    for child in process.children():
        try:
            living = child.cpu_times()
        except psutil.NoSuchProcess:
            continue
        total += living.user + living.system
    return float(total)


def _show(name: str, lines: list[dict[str, float]]) -> float:
    """Prints the medians; that of the time until a client saw the finished video, in seconds."""
    medians = {what: statistics.median(line[what] for line in lines) for what in lines[0]}
    seen = sorted(line["seen"] for line in lines)
    print(
        f"\nnew sound for a finished 10 s 4k clip, {name}: median {medians['seen'] / 1000:.2f} s from the request to "
        f"the finished video ({seen[0] / 1000:.2f} to {seen[-1] / 1000:.2f}), limit {LIMIT_S:g} s"
    )
    processor_ms = medians.pop("processor")
    for what, at_ms in sorted(medians.items(), key=lambda item: item[1]):
        print(f"{at_ms:8.0f} ms  {what}")
    print(f"{processor_ms:8.0f} ms  processor time of the server and its children, the next child's start included")
    return medians["seen"] / 1000
