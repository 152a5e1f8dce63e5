"""An app under test, served by a thread of this process: a real HTTP client outside, the runtime in hand inside."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import httpx
import uvicorn

from photoplay.dialects.door import Door
from photoplay.jobs.job import Artifact, Job
from photoplay.jobs.runtime import Role, Runtime
from photoplay.jobs.store import Picture
from photoplay.server import create_app, listen, url_of
from photoplay.settings import Settings
from photoplay.shot import Plan

EXECUTOR = "test-worker"


@dataclass
class Inside:
    """An app with its runtime, and hands that move jobs where a worker would."""

    runtime: Runtime
    client: httpx.Client
    door: Door

    def job(self, ref: str) -> Job:
        """The job, whoever owns it."""
        for account in reversed(self.runtime.accounts.list()):  # the newest is the likeliest
            found = self.runtime.store.find(account.id, ref)
            if found is not None:
                return found
        raise AssertionError(f"no job {ref}")

    def begin(self, ref: str) -> Job:
        """queued → running."""
        assert self.runtime.lifecycle.begin(self.job(ref).id, EXECUTOR)
        return self.job(ref)

    def finish(
        self, ref: str, *, data: bytes = b"a video, really", duration_s: float = 5.063, thumbnail: bytes | None = None
    ) -> Job:
        """→ succeeded, with stored files of these bytes."""
        job = self.job(ref)
        if job.started_ms is None:
            self.begin(ref)
        self.runtime.store.picture(
            job.id,
            Picture(plan=Plan(), cues=(), scene={}, width=1280, height=720, fps=24, duration_s=duration_s, notes=()),
        )
        key = f"jobs/{job.id}/video.mp4"
        self.runtime.storage.put_bytes(key, data)
        video = Artifact(
            kind="video",
            key=key,
            content_type="video/mp4",
            size_bytes=len(data),
            sha256="0" * 64,
            width=1280,
            height=720,
            duration_s=duration_s,
        )
        files = [video]
        if thumbnail is not None:
            key = f"jobs/{job.id}/thumbnail.webp"
            stored = self.runtime.storage.put_bytes(key, thumbnail, "image/webp")
            files.append(
                Artifact(
                    kind="thumbnail",
                    key=key,
                    content_type="image/webp",
                    size_bytes=stored.size_bytes,
                    sha256="0" * 64,
                )
            )
        assert self.runtime.lifecycle.succeed(job.id, files) is not None
        return self.job(ref)

    def fail(self, ref: str, code: str = "url_unreachable", message: str = "The URL could not be fetched.") -> Job:
        """→ failed."""
        assert self.runtime.lifecycle.fail(self.job(ref).id, code, message) is not None
        return self.job(ref)

    def credit(self, account_id: str) -> tuple[int, int]:
        """(available, held)."""
        balance = self.runtime.balance(account_id)
        return balance.available, balance.held


def wait_until(true: Callable[[], bool], timeout_s: float = 10.0) -> None:
    """Waits for what the server does after it has answered, such as writing its log line."""
    deadline = time.monotonic() + timeout_s
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@contextlib.contextmanager
def served(settings: Settings, *, role: Role = "api") -> Iterator[Inside]:
    """An app on a free loopback port, for the length of a ``with`` block."""
    runtime = Runtime.open(settings)
    app = create_app(runtime, settings, role=role)
    with listen("127.0.0.1", 0) as listening:
        server = uvicorn.Server(uvicorn.Config(app, lifespan="on", log_config=None, access_log=False))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            with httpx.Client(base_url=url_of(listening), timeout=30) as client:
                # The socket already listens: the first request waits until the app has started.
                assert client.get("/healthz").status_code == 200
                yield Inside(runtime, client, app.state.door)
        finally:
            server.should_exit = True
            thread.join(timeout=30)
            assert not thread.is_alive()
