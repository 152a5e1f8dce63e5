"""The child process: what it answers, and that nothing it does harms or outlives its worker."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import psutil
import pytest

from photoplay.engines.base import RenderResult
from photoplay.errors import (
    EngineUnavailable,
    ImageUnreadable,
    InvalidField,
    MissingField,
    RenderCrashed,
    RenderFailed,
    RenderTimeout,
)
from photoplay.jobs.child import ChildAbandoned, ChildLimits, as_error, child_environment, run_child

TESTS = Path(__file__).parents[2]
GIB = 1024**3


@pytest.fixture(autouse=True)
def _engine_can_be_imported(monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(TESTS))


def task(tmp_path: Path, prompt: str, engine: str = "tiny") -> dict:
    (tmp_path / "models").mkdir(exist_ok=True)
    image = tmp_path / "photo.png"
    image.write_bytes(b"not decoded by the tiny engine")
    return {
        "task": "render",
        "engine": engine,
        "engines": {"tiny": "support.tiny_engine:TinyEngine"},
        "models_dir": str(tmp_path / "models"),
        "request": {"images": [str(image)], "prompt": prompt, "seed": 1},
    }


class Watch:
    """Plays the worker's part."""

    def __init__(self) -> None:
        self.progress: list[float] = []
        self.pid: int | None = None
        self.begun = asyncio.Event()
        self.ours = True

    async def on_progress(self, value: float) -> None:
        self.progress.append(value)

    async def still_ours(self) -> bool:
        return self.ours

    async def started(self, pid: int) -> None:
        self.pid = pid
        self.begun.set()


def run(document: dict, tmp_path: Path, *, watch: Watch | None = None, timeout_s=60.0, memory_bytes=8 * GIB) -> dict:
    watch = watch or Watch()
    work_dir = tmp_path / "work"
    work_dir.mkdir(exist_ok=True)
    return asyncio.run(
        run_child(
            document,
            work_dir=work_dir,
            limits=ChildLimits(timeout_s=timeout_s, memory_bytes=memory_bytes, file_bytes=GIB),
            progress=watch.on_progress,
            still_ours=watch.still_ours,
            started=watch.started,
        )
    )


def test_a_result_comes_back_with_rising_progress(tmp_path):
    watch = Watch()
    told = run(task(tmp_path, "frames=6 delay=0.1"), tmp_path, watch=watch)
    result = RenderResult.model_validate(told)
    assert result.frames == 6
    assert result.video.is_file()
    assert watch.progress == sorted(watch.progress)
    assert watch.progress[-1] == 1.0
    assert len(watch.progress) > 1
    assert not psutil.pid_exists(watch.pid)


def test_what_the_engine_prints_does_not_garble_the_answer(tmp_path):
    assert run(task(tmp_path, "noise"), tmp_path)["frames"] == 8


@pytest.mark.parametrize(
    ("prompt", "error", "message"),
    [
        ("fail", RenderFailed, "told to fail"),
        ("bad-image", ImageUnreadable, "no photo"),
        ("bug", RenderFailed, "The engine failed while rendering"),
        ("no-memory", RenderFailed, "not enough memory"),
        ("segfault", RenderCrashed, "ended unexpectedly"),
        ("killed", RenderCrashed, "short of memory"),
    ],
)
def test_every_way_to_fail_gives_a_plain_error(tmp_path, prompt, error, message):
    with pytest.raises(error, match=message) as caught:
        run(task(tmp_path, prompt), tmp_path)
    assert "secret" not in caught.value.message


def test_an_unknown_engine_is_unavailable(tmp_path):
    with pytest.raises(EngineUnavailable, match="no engine 'other'"):
        run(task(tmp_path, "", engine="other"), tmp_path)


def test_memory_beyond_the_limit_is_refused_in_plain_words(tmp_path):
    with pytest.raises(RenderFailed, match="not enough memory"):
        run(task(tmp_path, "hog"), tmp_path, memory_bytes=GIB)


def test_a_child_that_takes_too_long_is_killed(tmp_path):
    watch = Watch()
    with pytest.raises(RenderTimeout, match=r"after 1\.5 seconds"):
        run(task(tmp_path, "hang"), tmp_path, watch=watch, timeout_s=1.5)
    assert not psutil.pid_exists(watch.pid)


def test_a_child_whose_job_is_taken_away_is_killed(tmp_path):
    watch = Watch()
    watch.ours = False
    with pytest.raises(ChildAbandoned):
        run(task(tmp_path, "hang"), tmp_path, watch=watch)
    assert not psutil.pid_exists(watch.pid)


def test_a_progress_that_is_refused_kills_the_child(tmp_path):
    class Refusing(Watch):
        async def on_progress(self, value: float) -> None:
            raise ChildAbandoned

    watch = Refusing()
    with pytest.raises(ChildAbandoned):
        run(task(tmp_path, "frames=200 delay=0.05"), tmp_path, watch=watch)
    assert not psutil.pid_exists(watch.pid)


def test_canceling_the_task_kills_the_child(tmp_path):
    async def scenario() -> int:
        watch = Watch()
        work_dir = tmp_path / "work"
        work_dir.mkdir()
        running = asyncio.create_task(
            run_child(
                task(tmp_path, "hang"),
                work_dir=work_dir,
                limits=ChildLimits(timeout_s=60, memory_bytes=8 * GIB, file_bytes=GIB),
                progress=watch.on_progress,
                still_ours=watch.still_ours,
                started=watch.started,
            )
        )
        await watch.begun.wait()
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        return watch.pid

    assert not psutil.pid_exists(asyncio.run(scenario()))


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_a_child_dies_with_its_worker(tmp_path, how):
    script = textwrap.dedent(
        f"""
        import asyncio, json, pathlib, sys
        from photoplay.jobs.child import ChildLimits, run_child

        async def nothing(*_): return True
        async def started(pid): print(pid, flush=True)

        asyncio.run(run_child(json.loads(sys.argv[1]), work_dir=pathlib.Path({str(tmp_path)!r}),
            limits=ChildLimits(timeout_s=60, memory_bytes=8 * 2**30, file_bytes=2**30),
            progress=nothing, still_ours=nothing, started=started))
        """
    )
    worker = subprocess.Popen(
        [sys.executable, "-c", script, json.dumps(task(tmp_path, "hang"))], stdout=subprocess.PIPE, text=True
    )
    try:
        child = psutil.Process(int(worker.stdout.readline()))
        worker.send_signal(how)
        worker.wait(10)
        child.wait(10)
    except psutil.NoSuchProcess:
        pass  # already gone
    finally:
        worker.kill()
        worker.wait()
        worker.stdout.close()


def test_secrets_are_not_handed_to_the_child():
    kept = child_environment(
        {
            "PATH": "/bin",
            "PHOTOPLAY_MODELS_DIR": "/m",
            "PHOTOPLAY_SECRET_KEY": "x",
            "PHOTOPLAY_DATABASE_URL": "x",
            "PHOTOPLAY_EXTEND_PROMPT_KEY": "x",
            "PHOTOPLAY_TEXT_TO_AUDIO_KEY": "x",
            "AWS_SECRET_ACCESS_KEY": "x",
            "PGPASSWORD": "x",
        }
    )
    assert kept == {
        "PATH": "/bin",
        "PHOTOPLAY_MODELS_DIR": "/m",
        "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1",
        "OPENBLAS_NUM_THREADS": "1",
    }


def test_what_the_operator_tells_libraries_is_left_to_him():
    told = {"GLIBC_TUNABLES": "glibc.malloc.hugetlb=0", "OPENBLAS_NUM_THREADS": "4"}
    assert child_environment(told) == told


def test_errors_keep_their_class_message_and_field():
    for cls in (MissingField, InvalidField):
        error = as_error({"code": cls.code, "message": "what is wrong", "field": "image"})
        assert type(error) is cls
        assert (error.message, error.field) == ("what is wrong", "image")
    assert type(as_error({"code": "no such code", "message": "?"})) is RenderFailed


def test_a_worker_that_is_gone_before_the_child_begins_ends_it():
    done = subprocess.run(
        [sys.executable, "-m", "photoplay.jobs.render_child"],
        input=b'{"parent": 1, "task": "render", "limits": {}}\n',
        capture_output=True,
        timeout=60,
    )
    assert done.returncode == 1
    assert done.stdout == b""
