"""Children that are kept ready: each does one task, a new one follows, and nothing is left behind."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from functools import partial
from pathlib import Path
from typing import Any

import psutil
import pytest

from photoplay.errors import AudioUnreadable
from photoplay.jobs.child import ChildLimits, end_child, run_child
from photoplay.jobs.spares import RENDERER_ROOM_BYTES, RESTOCK_S, Spares
from photoplay.settings import Settings

from .conftest import wait_for

SPARE_BYTES = 200 * 1024**2  # what the setting `spare_renderers` says
LIMITS = ChildLimits(timeout_s=60, memory_bytes=8 * 1024**3, file_bytes=1024**2)


async def _nothing(_share: float) -> None:
    """Progress that nobody looks at."""


async def _always() -> bool:
    return True


def run(work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Runs it on a loop of its own."""
    asyncio.run(work())


def _no_sound(folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / "sound"
    path.write_bytes(b"no sound at all")
    return path


def _children() -> list[psutil.Process]:
    """Render children of this process; the tests' servers are its children too."""
    living = [child for child in psutil.Process().children() if child.status() != psutil.STATUS_ZOMBIE]
    return [child for child in living if "photoplay.jobs.render_child" in child.cmdline()]


async def _waiting() -> psutil.Process:
    """The child that waits, once it is there."""
    await asyncio.to_thread(wait_for, _children)
    return _children()[0]


async def a_task(spares: Spares, work_dir: Path) -> int:
    """Gives a child a task that it refuses at once; its process id."""
    sound = _no_sound(work_dir)
    pids: list[int] = []

    async def started(pid: int) -> None:
        pids.append(pid)

    document = {
        "task": "sound",
        "video": str(work_dir / "none.mp4"),
        "watermarked": None,
        "sound": {"mode": "file", "duration_s": 1.0, "file": str(sound)},
    }
    with pytest.raises(AudioUnreadable):
        await run_child(
            document,
            work_dir=work_dir,
            limits=LIMITS,
            progress=_nothing,
            still_ours=_always,
            started=started,
            take=partial(spares.take, "sound"),
        )
    return pids[0]


def test_the_child_that_waits_does_one_task(tmp_path: Path) -> None:
    async def work() -> None:
        spares = Spares(tmp_path / "waiting")
        spares.prepare("sound")
        spares.prepare("sound")
        first = await a_task(spares, tmp_path / "first")
        assert not psutil.pid_exists(first)
        second = await a_task(spares, tmp_path / "second")  # nobody waits: one is started
        assert second != first
        assert _children() == []

    run(work)


def test_two_at_once_do_not_share_a_child(tmp_path: Path) -> None:
    async def work() -> None:
        spares = Spares(tmp_path)
        spares.prepare("sound")
        taken = await asyncio.gather(spares.take("sound", tmp_path), spares.take("sound", tmp_path))
        try:
            assert taken[0].pid != taken[1].pid
            assert [process.returncode for process in taken] == [None, None]
        finally:
            for process in taken:
                await end_child(process)

    run(work)


def test_a_child_that_died_while_it_waited_is_replaced(tmp_path: Path) -> None:
    async def work() -> None:
        spares = Spares(tmp_path / "waiting")
        spares.prepare("sound")
        waiting = await _waiting()
        waiting.kill()
        await asyncio.to_thread(wait_for, lambda: not psutil.pid_exists(waiting.pid))
        await asyncio.sleep(0.05)  # its end reaches the loop from another thread
        assert await a_task(spares, tmp_path / "work") != waiting.pid

    run(work)


def test_who_is_canceled_while_it_waits_leaves_the_child_to_the_next(tmp_path: Path) -> None:
    async def work() -> None:
        spares = Spares(tmp_path)
        spares.prepare("sound")
        canceled = asyncio.create_task(spares.take("sound", tmp_path))
        await asyncio.sleep(0)
        canceled.cancel()
        with pytest.raises(asyncio.CancelledError):
            await canceled
        process = await spares.take("sound", tmp_path)
        assert [child.pid for child in _children()] == [process.pid]
        await end_child(process)

    run(work)


def test_stopping_ends_it_and_none_follows(tmp_path: Path) -> None:
    async def work() -> None:
        spares = Spares(tmp_path)
        spares.prepare("sound")
        await _waiting()
        await asyncio.to_thread(spares.stop)
        assert _children() == []
        spares.prepare("sound")
        await asyncio.sleep(0.05)
        assert _children() == []

    run(work)


def test_stopping_without_a_child_is_nothing(tmp_path: Path) -> None:
    Spares(tmp_path).stop()


def test_a_folder_that_cannot_be_made_costs_only_the_head_start(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")

    async def work() -> None:
        spares = Spares(tmp_path / "file" / "waiting")
        spares.prepare("sound")
        await a_task(spares, tmp_path / "work")

    run(work)


def _loaded(child: psutil.Process) -> bool:
    """Whether it has the networks' library in memory, and has come to rest."""
    if not any("onnxruntime_pybind11_state" in each.path for each in child.memory_maps()):
        return False
    before = child.cpu_times()
    time.sleep(0.5)
    return child.cpu_times() == before


def test_what_a_job_took_is_replaced_when_the_job_has_ended(tmp_path: Path) -> None:
    async def work() -> None:
        spares = Spares(tmp_path / "waiting", renderers=1)
        with spares.at_work():
            await end_child(await spares.take("render", tmp_path))
            await asyncio.sleep(2 * RESTOCK_S)
            assert _children() == []  # a job that runs has the machine for itself
        replaced = await _waiting()
        assert replaced.cmdline()[-2:] == ["--ready", "render"]
        await asyncio.sleep(2 * RESTOCK_S)
        assert [child.pid for child in _children()] == [replaced.pid]
        taken = await spares.take("render", tmp_path)
        assert taken.pid == replaced.pid
        await end_child(taken)

    run(work)


def test_without_spares_for_renders_none_is_kept(tmp_path: Path) -> None:
    async def work() -> None:
        spares = Spares(tmp_path / "waiting", renderers=0)
        with spares.at_work():
            await end_child(await spares.take("render", tmp_path))
        await asyncio.sleep(2 * RESTOCK_S)
        assert _children() == []

    run(work)


def test_with_little_memory_none_is_kept_for_renders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def work() -> None:
        spares = Spares(tmp_path / "waiting", renderers=1)
        monkeypatch.setattr("photoplay.jobs.spares.available_bytes", lambda: RENDERER_ROOM_BYTES - 1)
        with spares.at_work():
            await end_child(await spares.take("render", tmp_path))
        await asyncio.sleep(2 * RESTOCK_S)
        assert _children() == []
        spares.prepare("sound")  # that one is small
        await _waiting()
        await asyncio.to_thread(spares.stop)

    run(work)


def test_several_are_kept_for_as_many_slots(tmp_path: Path) -> None:
    async def work() -> None:
        spares = Spares(tmp_path / "waiting", renderers=2)
        with spares.at_work():
            await end_child(await spares.take("render", tmp_path))
        await asyncio.to_thread(wait_for, lambda: len(_children()) == 2)
        taken = await asyncio.gather(*(spares.take("render", tmp_path) for _ in range(3)))
        try:
            assert len({process.pid for process in taken}) == 3
            assert [process.returncode for process in taken] == [None] * 3
        finally:
            for process in taken:
                await end_child(process)

    run(work)


def test_a_child_that_is_ready_has_loaded_the_engine_and_waits_within_what_the_settings_say(tmp_path: Path) -> None:
    async def work() -> None:
        spares = Spares(tmp_path / "waiting", renderers=1, models_dir=Settings.load().resolved_models_dir)
        spares.prepare("render")
        child = await _waiting()
        await asyncio.to_thread(wait_for, lambda: _loaded(child))
        assert child.memory_info().rss < SPARE_BYTES
        await asyncio.to_thread(spares.stop)

    run(work)
