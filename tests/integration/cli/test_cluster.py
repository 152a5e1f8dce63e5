"""``photoplay cluster``: the same on every machine that has the database."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from photoplay.cli import app
from photoplay.cli.cluster import span
from photoplay.jobs.executors import ExecutorSlot
from photoplay.jobs.job import JobRequest, MediaRef
from photoplay.jobs.runtime import Runtime
from photoplay.settings import Settings
from support.twins import Twin


def test_what_is_printed_and_what_scripts_read(tmp_path: Path, twin: Twin, monkeypatch: pytest.MonkeyPatch) -> None:
    def run(*arguments: str) -> str:
        done = CliRunner().invoke(app, ["cluster", *arguments], env={"NO_COLOR": "1", "COLUMNS": "250"})
        assert done.exit_code == 0, done.output
        return done.output

    with twin.settings(tmp_path) as places:
        monkeypatch.setenv("PHOTOPLAY_DATA_DIR", str(tmp_path / "operator"))
        for name, value in places.items():
            monkeypatch.setenv(f"PHOTOPLAY_{name.upper()}", value)
        assert run() == "0 workers with 0 slots; 0 jobs run, 0 wait\n"
        with Runtime.open(Settings.load(data_dir=tmp_path / "server")) as runtime:
            account = runtime.accounts.create_account("[b]Ada[/b]", "pro", 100)
            photo = MediaRef(url="https://example.com/a.jpg")
            waiting, running = (runtime.service.submit(account, JobRequest(images=(photo,))) for _ in range(2))
            slot = ExecutorSlot.take(tmp_path / "locks")
            runtime.register.beat(slot, role="worker", slots=2, pools=["motion", "sound"])
            runtime.lifecycle.begin(running.id, slot.id)
            said = json.loads(run("--json"))
            shown = run()
            slot.release()
    (worker,) = said["executors"]
    assert (worker["id"], worker["role"], worker["slots"], worker["running"]) == (slot.id, "worker", 2, 1)
    assert (worker["pools"], worker["alive"]) == (["motion", "sound"], True)
    assert said["slots"] == 4
    pool = next(pool for pool in said["pools"] if pool["pool"] == "motion")
    assert (pool["slots"], pool["running"], pool["queued"]) == (2, 1, 1)
    assert pool["oldest_s"] >= 0
    assert said["accounts"] == [
        {"account_id": account.id, "name": "[b]Ada[/b]", "plan": "pro", "running": 1, "queued": 1}
    ]
    assert "1 workers with 4 slots; 1 jobs run, 1 wait" in shown
    for word in (slot.id, "motion, sound", "[b]Ada[/b]", waiting.account_id):
        assert word in shown


def test_times_are_said_in_the_largest_unit_that_fits() -> None:
    assert [span(s) for s in (0.4, 119, 120, 7_300, 200_000)] == ["0 s", "119 s", "2 min", "2 h", "2 d"]
