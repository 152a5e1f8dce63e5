"""How the number of clips a second grows with the workers, and how soon a job starts after it was sent.

One run prints everything::

    python bench/scale.py [--slots 1,4,16,64] [--per-worker 16] [--work 2.0] [--databases sqlite,postgresql] [--json]

The engine sleeps and hands over a finished clip, so that what is measured is the queue, the database and the workers'
own work, not rendering. That work (two processes, the sound, the thumbnail) takes a second or two of a processor, so
the sleep grows with the slots: the machine gets ``--work`` seconds for each clip, or it would be the processor that is
measured. Slots are spread over worker processes of ``--per-worker`` slots each (64 processes do not fit a small
machine: each takes a few hundredths of a processor while it waits), so 64 slots are 4 processes.

The first clip of every slot is sent one after another, evenly over one sleep, as callers do; behind them wait
``--rounds`` clips for each slot, and those are counted: a slot that is free takes the next at once or is a loss.
**Efficiency** is the clips a second against those that as many slots would make if each took as long for a clip as
the one slot of the first line, but for the sleep. Submit-to-start is the time from the job's row to the step that
begins it, of single jobs sent to idle workers.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from photoplay.accounts import Account
from photoplay.jobs.job import JobRequest, MediaRef
from photoplay.jobs.runtime import Runtime
from photoplay.settings import Settings

TESTS = Path(__file__).parents[1] / "tests"  # where servers are started, and where the engine that sleeps is
sys.path.insert(0, str(TESTS))

from support.postgres import PostgresServer  # type: ignore[import-not-found]  # noqa: E402 - see above

PHOTO = b"\x89PNG\r\n\x1a\n and what a sleeping engine does not look at"
NO_LIMITS = """
[plans.enterprise]
requests_per_minute = 100000000
concurrent_jobs = 100000
queued_jobs = 100000000
"""
STARTS = 5  # single jobs whose start is waited for
PATIENCE_S = 400.0


def workers(count: int, slots: int, environment: dict[str, str], stack: ExitStack) -> None:
    """Starts worker processes, and waits until they take jobs."""
    started = []
    for _ in range(count):
        process = subprocess.Popen(
            [sys.executable, "-m", "support.worker_main"],
            env=environment | {"PHOTOPLAY_SLOTS": str(slots)},
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        )  # fmt: skip
        stack.callback(_end, process)
        started.append(process)
    for process in started:
        if process.stdout is None or not process.stdout.readline().startswith("ready"):
            raise SystemExit("a worker did not start")


def _end(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            pipe.close()


def finished(runtime: Runtime, ids: list[str], expected_s: float = 0.0) -> list[tuple[int, int, int]]:
    """(created, started, finished) in ms of every job, once all are done."""
    deadline = time.monotonic() + PATIENCE_S + expected_s
    times: dict[str, tuple[int, int, int]] = {}
    while len(times) < len(ids):
        for job_id in [one for one in ids if one not in times]:
            job = runtime.store.load(job_id)
            if job is None or job.state.live:
                break  # they end about in turn: asking for all of them would be work that is measured too
            if job.started_ms is None or job.finished_ms is None or job.state.value != "succeeded":
                raise SystemExit(f"job {job_id}: {job.state.value} {job.error_message}")
            times[job_id] = (job.created_ms, job.started_ms, job.finished_ms)
        if time.monotonic() > deadline:
            raise SystemExit(f"only {len(times)} of {len(ids)} jobs are done")
        time.sleep(0.2)
    return [times[job_id] for job_id in ids]


def measure(database: str, slots: int, options: argparse.Namespace) -> dict[str, Any]:
    """One line of the table."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="photoplay-bench-")))
        url = f"sqlite:///{folder / 'bench.sqlite'}"
        if database == "postgresql":
            url = stack.enter_context(stack.enter_context(PostgresServer.running()).database())
        (folder / "catalog.toml").write_text(NO_LIMITS)
        settings = {
            "data_dir": str(folder / "data"),
            "database_url": url,
            "catalog_file": str(folder / "catalog.toml"),
            "models_dir": str(folder / "models"),
            "engines": '{"motion": "support.tiny_engine:TinyEngine"}',
            "drain_s": "0",
        }
        environment = os.environ | {f"PHOTOPLAY_{name.upper()}": value for name, value in settings.items()}
        environment["PYTHONPATH"] = str(TESTS)
        given: dict[str, Any] = settings | {"engines": json.loads(settings["engines"])}
        runtime = stack.enter_context(Runtime.open(Settings.model_validate(given)))
        account = runtime.accounts.get(runtime.accounts.create("bench", "enterprise", 10**9).account_id)
        runtime.queue.prepare()
        per_worker = min(slots, options.per_worker)
        workers(-(-slots // per_worker), per_worker, environment, stack)
        finished(runtime, submit(runtime, account, slots, "frames=1"))  # every worker has its children
        waits = []
        for _ in range(STARTS):
            ((created, started, _end_ms),) = finished(runtime, submit(runtime, account, 1, "frames=1"))
            waits.append(started - created)
        sleep_s = max(options.sleep, slots * options.work)
        prompt = f"frames=1 delay={sleep_s}"
        first = []
        for _ in range(slots):
            first += submit(runtime, account, 1, prompt)
            time.sleep(sleep_s / slots)
        counted = finished(runtime, submit(runtime, account, slots * options.rounds, prompt), sleep_s * options.rounds)
        ramp = finished(runtime, first)
        began = sorted(started for _, started, _ in counted)
        span_s = (began[-1] - max(started for _, started, _ in ramp)) / 1000
        taken_s = statistics.mean((end - started) / 1000 for _, started, end in counted)
    return {
        "database": database,
        "slots": slots,
        "processes": -(-slots // per_worker),
        "sleep_s": sleep_s,
        "own_s": taken_s - sleep_s,
        "per_s": len(began) / span_s,
        "start_p50_ms": statistics.median(waits),
        "load": os.getloadavg()[0],
    }


def submit(runtime: Runtime, account: Account, count: int, prompt: str) -> list[str]:
    """Sends jobs; their ids."""
    key = runtime.service.add_upload(account.id, "photo.png", iter([PHOTO])).key
    return [
        runtime.service.submit(account, JobRequest(images=(MediaRef(key=key),), prompt=prompt)).id for _ in range(count)
    ]


def main() -> None:
    """Runs it."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--slots", default="1,4,16,64", help="of all workers together, one run each")
    parser.add_argument("--per-worker", type=int, default=16, help="slots of one process")
    parser.add_argument("--rounds", type=int, default=2, help="jobs for each slot that are counted")
    parser.add_argument("--work", type=float, default=2.0, help="seconds that the machine has for each clip")
    parser.add_argument("--sleep", type=float, default=10.0, help="seconds that a clip sleeps at least")
    parser.add_argument("--databases", default="sqlite,postgresql")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    lines: list[dict[str, Any]] = []
    for database in options.databases.split(","):
        alone_s = 0.0
        for slots in (int(text) for text in options.slots.split(",")):
            line = measure(database, slots, options)
            # What a clip keeps the slot of the first line for, besides the sleep.
            alone_s = alone_s or slots / line["per_s"] - line["sleep_s"]
            line["efficiency"] = line["per_s"] * (line["sleep_s"] + alone_s) / slots
            if not options.json:
                if not lines:
                    print("database     slots  processes  sleep s  own s  clips/s  efficiency  start p50 ms   load")
                print(
                    f"{database:<11} {slots:>6} {line['processes']:>10} {line['sleep_s']:>8.0f} {line['own_s']:>6.2f}"
                    f" {line['per_s']:>8.2f} {line['efficiency']:>11.2f} {line['start_p50_ms']:>13.0f}"
                    f" {line['load']:>6.1f}",
                    flush=True,
                )
            lines.append(line)
    if options.json:
        print(json.dumps(lines, indent=1))


if __name__ == "__main__":
    main()
