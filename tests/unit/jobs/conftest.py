"""A runtime on a fresh database, with a clock that the test moves. Nobody renders."""

from __future__ import annotations

from pathlib import Path

import pytest

from photoplay.accounts import Account
from photoplay.clock import FixedClock
from photoplay.jobs.job import Artifact, JobRequest, MediaRef
from photoplay.jobs.runtime import Runtime
from photoplay.settings import Settings

EXECUTOR = "test-executor"


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@pytest.fixture
def runtime(tmp_path: Path, clock: FixedClock, database_url: str):
    with Runtime.open(Settings(data_dir=tmp_path / "data", database_url=database_url), clock) as runtime:
        yield runtime


@pytest.fixture
def account(runtime: Runtime) -> Account:
    return runtime.accounts.create_account("Ada", "pro", 1000)


def ask(prompt: str = "slow zoom in", **more) -> JobRequest:
    return JobRequest(images=(MediaRef(url="https://example.com/photo.jpg", name="photo.jpg"),), prompt=prompt, **more)


def video_of(job_id: str) -> Artifact:
    return Artifact(
        kind="video",
        key=f"jobs/{job_id}/video.mp4",
        content_type="video/mp4",
        size_bytes=3,
        sha256="0" * 64,
        width=64,
        height=48,
        duration_s=1.0,
    )
