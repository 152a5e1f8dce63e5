"""A disk that is full for a while: what runs waits, and when there is room again all goes on."""

from __future__ import annotations

import os
import subprocess
import time
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from support.chaos import Budget, Crowd, count, dice, open_farm, tell, verify
from support.hooks import Hook

pytestmark = pytest.mark.timeout(400)
BUDGET_S = 300.0
JOBS = 12
DISK_BYTES = 24 * 1024 * 1024
FULL_FOR_S = 20.0  # far less than jobs have patience


@contextmanager
def small_disk(folder: Path):
    """A disk of a few megabytes at ``folder``."""
    if os.geteuid() != 0:
        pytest.skip("only root may mount a small disk")
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "tmpfs", str(folder)],
        capture_output=True,
        text=True,
        check=False,
    )
    if mounted.returncode != 0:
        pytest.skip(f"no disk can be mounted here: {mounted.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(folder: Path) -> Path:
    """Takes all the room that is left."""
    path = folder / "ballast"
    with suppress(OSError), path.open("ab", buffering=0) as file:
        while True:
            file.write(bytes(4096))
    return path


def prompt(chance, index):
    return f"frames={chance.randint(3, 4)} delay=0.2 n={index}"


@pytest.mark.parametrize(
    ("twin", "full"), [("embedded", "data folder"), ("cluster", "work folder")], indirect=["twin"], scope="session"
)
def test_a_full_disk_loses_nothing(tmp_path, twin, full):
    """Data folder: with the database and the artifacts on it. Work folder: only what workers render is on it."""
    chance = dice(f"a full {full} on the {twin.name} twin")
    budget = Budget(BUDGET_S)
    with small_disk(tmp_path / "disk") as disk:
        folder = tmp_path / "farm"
        folder.mkdir()
        if full == "data folder":
            folder = disk
        else:
            (folder / "data").mkdir()
            (folder / "data" / "work").symlink_to(disk, target_is_directory=True)
        with open_farm(folder, twin, hook=Hook(), slots=2, executor_ttl_s=6) as farm:
            farm.start_api()
            for _ in range(2):
                farm.start_worker()
            farm.wait_ready(*farm.apis, *farm.workers)
            living = {farm.executor_of(worker) for worker in farm.workers}
            crowd = Crowd(farm, chance)
            crowd.start(count(JOBS), prompt, pause_s=0.3)
            budget.wait(lambda: any(worker.children() for worker in farm.workers), "nobody took a job")
            ballast = fill(disk)
            tell("the disk is full")
            until = time.monotonic() + FULL_FOR_S
            while time.monotonic() < until:
                fill(disk)  # what is freed meanwhile is taken, too
                time.sleep(0.1)
            ballast.unlink()
            tell("there is room again")
            crowd.wait(budget)
            farm.settle(budget)
            assert {executor.id for executor in farm.runtime.register.all()} == living, (
                "a live worker was taken for dead"
            )
            farm.stop_workers()
            verify(farm, crowd.accepted)
