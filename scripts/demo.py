"""The whole way once: starts a server, uploads the bundled photo, makes a clip through AKOOL's API, fetches it.

Run by ``make demo``. Everything but the result lives in a temporary folder; the server is always stopped. A step
that fails ends the script with one line that says which and why.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from photoplay.errors import PhotoplayError
from photoplay.media.video import probe

ROOT = Path(__file__).resolve().parents[1]
PHOTO = ROOT / "examples" / "photos" / "demo.jpg"
OUTPUT = Path("demo.mp4")
PROMPT = "Slow dolly in towards the subject, gentle handheld sway, soft wind."
START_TIMEOUT_S = 60.0
CLIP_TIMEOUT_S = 900.0
POLL_INTERVAL_S = 0.5
KEPT_SETTINGS = ("PHOTOPLAY_MODELS_DIR",)  # everything else is as a new installation has it

console = Console(highlight=False, soft_wrap=True)


class Failed(Exception):
    """A step failed; the message says which and why."""


def environment() -> dict[str, str]:
    """Ours, without the settings of an installation that may be on this machine."""
    return {k: v for k, v in os.environ.items() if not k.startswith("PHOTOPLAY_") or k in KEPT_SETTINGS}


@contextmanager
def server(data_dir: Path) -> Iterator[str]:
    """A server on a free port of this machine; gives its URL."""
    log_path = data_dir / "server.log"
    with log_path.open("wb") as log:
        process = subprocess.Popen(  # noqa: S603 - our own command
            [sys.executable, "-m", "photoplay", "serve", "--port", "0", "--data-dir", str(data_dir)],
            stdout=log,
            stderr=log,
            env=environment(),
            start_new_session=True,  # a Ctrl-C is ours to handle; the server is stopped below
        )
        try:
            yield _url_of(process, data_dir, log_path)
        finally:
            process.terminate()
            try:
                process.wait(timeout=30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _url_of(process: subprocess.Popen[bytes], data_dir: Path, log_path: Path) -> str:
    notice = data_dir / "server.json"
    deadline = time.monotonic() + START_TIMEOUT_S
    while not notice.exists():
        if process.poll() is not None:
            said = log_path.read_text(errors="replace").strip().splitlines()
            raise Failed(f"the server did not start: {said[-1] if said else f'exit status {process.returncode}'}")
        if time.monotonic() > deadline:
            raise Failed(f"the server did not start within {START_TIMEOUT_S:g} seconds")
        time.sleep(0.05)
    url: str = json.loads(notice.read_text())["url"]
    return url


def make_key(data_dir: Path) -> str:
    """A key of a fresh account."""
    command = [sys.executable, "-m", "photoplay", "key", "create", "--name", "demo", "--plan", "pro", "--json"]
    done = subprocess.run(  # noqa: S603 - our own command
        [*command, "--data-dir", str(data_dir)], capture_output=True, text=True, env=environment(), check=False
    )
    if done.returncode != 0:
        raise Failed(f"no key could be made: {done.stderr.strip()}")
    api_key: str = json.loads(done.stdout)["api_key"]
    return api_key


def answered(step: str, answer: httpx.Response) -> dict[str, Any]:
    """The answer's JSON, if the step went well."""
    try:
        body: dict[str, Any] = answer.json()
    except ValueError as error:
        raise Failed(f"{step}: the server answered {answer.status_code}") from error
    if answer.is_error or body.get("code", 1000) != 1000:
        raise Failed(f"{step}: {body.get('msg') or body.get('detail') or answer.status_code}")
    return body


def run(client: httpx.Client) -> tuple[int, float]:
    """Upload, create, wait, fetch. Gives the size in bytes and the seconds from create to finish."""
    with PHOTO.open("rb") as file:
        uploaded = answered("upload", client.post("/v1/uploads", files={"file": (PHOTO.name, file, "image/jpeg")}))
    started = time.perf_counter()
    created = answered(
        "create",
        client.post(
            "/api/open/v4/image2Video/createBySourcePrompt",
            json={
                "image_url": uploaded["url"],
                "prompt": PROMPT,
                "negative_prompt": "",
                "resolution": "720p",
                "audio_type": 1,
                "video_length": 5,
            },
        ),
    )
    job = wait(client, created["data"]["_id"])
    took_s = time.perf_counter() - started
    results = answered("result", client.post("/api/open/v4/image2Video/resultsByIds", json={"_ids": job["object_id"]}))
    draft = OUTPUT.with_suffix(".part")
    try:
        with client.stream("GET", results["data"]["result"][0]["video_url"]) as answer, draft.open("wb") as out:
            if answer.is_error:
                raise Failed(f"download: the server answered {answer.status_code}")
            for chunk in answer.iter_bytes():
                out.write(chunk)
        draft.replace(OUTPUT)
    finally:
        draft.unlink(missing_ok=True)
    return OUTPUT.stat().st_size, took_s


def wait(client: httpx.Client, ref: str) -> dict[str, Any]:
    """The finished job; meanwhile a bar shows the progress that the server tells."""
    columns = (TextColumn("{task.description:<10}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    deadline = time.monotonic() + CLIP_TIMEOUT_S
    with Progress(*columns, console=console) as bar:
        task = bar.add_task("queued", total=1.0)
        while True:
            job = answered("progress", client.get(f"/v1/jobs/{ref}"))
            bar.update(task, completed=job["progress"], description=job["phase"] or job["state"])
            if job["state"] == "succeeded":
                return job
            if job["state"] not in ("queued", "running"):
                raise Failed(f"render: {(job['error'] or {}).get('message') or job['state']}")
            if time.monotonic() > deadline:
                raise Failed(f"render: not done after {CLIP_TIMEOUT_S:g} seconds")
            time.sleep(POLL_INTERVAL_S)


def main() -> int:
    """Runs the demo; 0 when the clip is there."""
    try:
        with tempfile.TemporaryDirectory(prefix="photoplay-demo-") as folder:
            data_dir = Path(folder)
            with server(data_dir) as url:
                console.print(f"server at {url}")
                head = {"x-api-key": make_key(data_dir)}
                with httpx.Client(base_url=url, headers=head, timeout=60) as client:
                    size_bytes, took_s = run(client)
        made = probe(OUTPUT)
    except Failed as failure:
        console.print(f"[bold red]demo failed[/]: {escape(str(failure))}")
        return 1
    except (httpx.HTTPError, OSError, PhotoplayError) as error:
        console.print(f"[bold red]demo failed[/]: {escape(str(error))}")
        return 1
    except KeyboardInterrupt:
        console.print("demo interrupted")
        return 130
    console.print(
        f"[bold green]{OUTPUT}[/]: made in {took_s:.1f} s, {size_bytes / 1e6:.1f} MB, {made.duration_s:g} s, "
        f"{made.width}×{made.height}, {'with sound' if made.has_audio else 'no sound'}"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
