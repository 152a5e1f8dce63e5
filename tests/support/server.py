"""A real server process for tests, and an app in this process for those that need no worker."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import httpx

TESTS = Path(__file__).parents[1]
TINY = {"motion": "support.tiny_engine:TinyEngine"}
START_TIMEOUT_S = 150.0
JOB_TIMEOUT_S = 120.0
POLL_INTERVAL_S = 0.1  # ten times a second is well below what the plan of a test's account may ask
FINAL = ("succeeded", "failed", "canceled", "expired")


def environment(**settings: str) -> dict[str, str]:
    """The environment for a child process: ours, without settings of the machine, with those of the test."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PHOTOPLAY_")}
    if models := os.environ.get("PHOTOPLAY_MODELS_DIR"):
        kept["PHOTOPLAY_MODELS_DIR"] = models
    kept["PYTHONPATH"] = str(TESTS)
    return kept | {f"PHOTOPLAY_{name.upper()}": value for name, value in settings.items()}


def run_cli(*arguments: str, cwd: Path | None = None, **settings: str) -> subprocess.CompletedProcess[str]:
    """Runs the command line in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "photoplay", *arguments],
        capture_output=True,
        text=True,
        env=environment(**settings),
        cwd=cwd,
        timeout=180,
        check=False,
    )


@dataclass
class Server:
    """A running ``photoplay serve``."""

    data_dir: Path
    settings: dict[str, str]
    process: subprocess.Popen[bytes]
    url: str

    @classmethod
    def start(cls, data_dir: Path, *options: str, prefix: Sequence[str] = (), **settings: str) -> Self:
        """Starts one on a free port and waits until it answers. ``prefix`` is a command that runs it elsewhere."""
        data_dir.mkdir(parents=True, exist_ok=True)
        notice = data_dir / "server.json"
        notice.unlink(missing_ok=True)
        with (data_dir / "server.log").open("ab") as log:
            process = subprocess.Popen(
                [
                    *prefix, sys.executable, "-m", "photoplay", "serve", "--port", "0", "--data-dir", str(data_dir),
                    *options,
                ],
                stdout=log,
                stderr=log,
                env=environment(**settings),
                start_new_session=True,
            )  # fmt: skip
        deadline = time.monotonic() + START_TIMEOUT_S
        while not notice.exists():
            if process.poll() is not None or time.monotonic() > deadline:
                process.kill()
                raise AssertionError("the server did not start:\n" + (data_dir / "server.log").read_text())
            time.sleep(POLL_INTERVAL_S)
        return cls(data_dir, settings, process, json.loads(notice.read_text())["url"])

    def key(self, plan: str = "business", credits: int = 1000, name: str = "test") -> dict[str, str]:
        """A fresh account's credentials, made by the command line as an operator does."""
        done = run_cli(
            "key", "create", "--name", name, "--plan", plan, "--credits", str(credits), "--json",
            "--data-dir", str(self.data_dir),
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        made: dict[str, str] = json.loads(done.stdout)
        return made

    def client(self, api_key: str = "") -> httpx.Client:
        """An HTTP client for it."""
        headers = {"x-api-key": api_key} if api_key else {}
        return httpx.Client(base_url=self.url, headers=headers, timeout=30)

    def kill(self) -> None:
        """kill -9."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self) -> int:
        """Asks it to stop, and waits."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(timeout=60)
            except subprocess.TimeoutExpired:
                self.kill()
                raise
        return self.process.returncode

    @contextlib.contextmanager
    def running(self) -> Iterator[Self]:
        """Stops it at the end of a ``with`` block."""
        try:
            yield self
        finally:
            self.stop()

    def log(self) -> str:
        """What it wrote."""
        return (self.data_dir / "server.log").read_text()


@contextlib.contextmanager
def serving(data_dir: Path, **settings: str) -> Iterator[Server]:
    """A server for the length of a ``with`` block."""
    with Server.start(data_dir, **settings).running() as server:
        yield server


def wait_for(client: httpx.Client, job_id: str, *states: str, timeout_s: float = JOB_TIMEOUT_S) -> dict[str, Any]:
    """The job once it is in one of the states (default: any final one)."""
    wanted = states or FINAL
    deadline = time.monotonic() + timeout_s
    while True:
        answer = client.get(f"/v1/jobs/{job_id}")
        assert answer.status_code == 200, answer.text
        job: dict[str, Any] = answer.json()
        if job["state"] in wanted:
            return job
        assert job["state"] not in FINAL, f"{job['state']}: {job['error']}"
        assert time.monotonic() < deadline, f"still {job['state']} at {job['progress']}"
        time.sleep(POLL_INTERVAL_S)
