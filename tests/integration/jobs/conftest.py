"""Real worker processes with the tiny engine, and a runtime that submits to them."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest
import sqlalchemy as sa

from photoplay.accounts import Account, audit
from photoplay.jobs.job import Job, JobRequest, JobState, MediaRef
from photoplay.jobs.runtime import Runtime
from photoplay.settings import Settings
from support.twins import Twin

TESTS = Path(__file__).parents[2]
PATIENCE_S = 60.0
CREDITS = 10_000
PNG = b"\x89PNG\r\n\x1a\n and what the tiny engine does not look at"


def wait_for(what: Callable[[], object], *, why: str = "") -> object:
    """What ``what`` gives once it is true."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        found = what()
        if found:
            return found
        time.sleep(0.02)
    pytest.fail(f"waited in vain: {why or what}")


@dataclass
class WorkerProcess:
    """A worker in a process of its own."""

    process: subprocess.Popen
    log: Path
    executor_id: str = ""

    def wait_until_ready(self) -> None:
        line = self.process.stdout.readline()
        assert line.startswith("ready "), self.log.read_text()
        self.executor_id = line.split()[1]

    def kill(self) -> None:
        """kill -9."""
        self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        """Asks it to stop, and waits."""
        self.process.terminate()
        self.process.wait(PATIENCE_S)

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()
        self.process.stdin.close()


@dataclass
class Farm:
    """A data folder, an account that submits, and the workers that the test starts."""

    runtime: Runtime
    account: Account
    environment: dict[str, str]
    folder: Path
    workers: list[WorkerProcess] = field(default_factory=list)

    @property
    def balance(self) -> tuple[int, int]:
        """Credits available and held, once the books are seen to be right."""
        assert audit(self.runtime.engine) == []
        balance = self.runtime.balance(self.account.id)
        return balance.available, balance.held

    def set_workflow(self, job: Job, **values: object) -> None:
        """Changes the queue's own row of a job, as no one should."""
        schema = None if self.runtime.engine.dialect.name == "sqlite" else "dbos"
        table = sa.table("workflow_status", sa.column("workflow_uuid"), *map(sa.column, values), schema=schema)
        with self.runtime.engine.begin() as connection:
            connection.execute(sa.update(table).where(table.c.workflow_uuid == job.id).values(**values))

    def worker(self, **settings: object) -> WorkerProcess:
        """Starts a worker and waits until it takes jobs."""
        log = self.folder / f"worker-{len(self.workers)}.log"
        environment = self.environment | {f"PHOTOPLAY_{name.upper()}": str(value) for name, value in settings.items()}
        with log.open("wb") as stderr:
            process = subprocess.Popen(
                [sys.executable, "-m", "support.worker_main"],
                env=environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stderr,
                text=True,
            )
        worker = WorkerProcess(process, log)
        self.workers.append(worker)
        worker.wait_until_ready()
        return worker

    def submit(self, prompt: str = "", **more: object) -> Job:
        """Submits a job on an uploaded photo; the prompt steers the tiny engine."""
        upload = self.runtime.service.add_upload(self.account.id, "photo.png", iter([PNG]))
        more.setdefault("images", (MediaRef(key=upload.key),))
        return self.runtime.service.submit(self.account, JobRequest(prompt=prompt, **more))

    def job(self, job: Job) -> Job:
        return self.runtime.store.load(job.id)

    def video(self, job: Job) -> Path:
        """A copy of the job's clip, wherever it is stored."""
        path = self.folder / f"{job.id}.mp4"
        self.runtime.storage.fetch_to(self.job(job).artifact("video").key, path)
        return path

    def wait(self, job: Job, *states: JobState) -> Job:
        """Waits until the job is in one of the states (default: at its end)."""

        def there() -> Job | None:
            now = self.job(job)
            return now if (now.state in states if states else not now.state.live) else None

        try:
            return wait_for(there)
        except pytest.fail.Exception:
            logs = "\n".join(worker.log.read_text() for worker in self.workers)
            pytest.fail(f"job stayed {self.job(job)}\n{logs}")

    def wait_child(self, job: Job, step: str = "render", after: int = 0) -> psutil.Process:
        """Waits until the job's step has a child process (a run later than the first ``after``)."""

        def there() -> psutil.Process | None:
            runs = [run for run in self.runtime.steplog.of(job.id) if run.step == step][after:]
            pid = next((run.child_pid for run in runs if run.child_pid and run.finished_ms is None), None)
            try:
                return None if pid is None else psutil.Process(pid)
            except psutil.NoSuchProcess:
                return None

        return wait_for(there, why=f"no child of {step}")

    def wait_misbehaving(self, job: Job, name: str) -> psutil.Process:
        """Waits until the job's engine has begun what its prompt's ``once=name`` says, and gives its process."""
        wait_for((self.folder / "data" / f"misbehaved-{name}").exists, why="the engine behaved")
        return self.wait_child(job)

    def runs(self, job: Job) -> dict[str, int]:
        """How often each step was entered."""
        counted: dict[str, int] = {}
        for run in self.runtime.steplog.of(job.id):
            counted[run.step] = max(run.attempt, counted.get(run.step, 0))
        return counted


@contextmanager
def open_farm(folder: Path, twin: Twin, catalog: str = "") -> Iterator[Farm]:
    """A farm without workers, with models beside the product's own. Its workers are killed at the end."""
    data_dir = folder / "data"
    (folder / "catalog.toml").write_text(catalog)
    with twin.settings(folder) as found:
        places = found | {"catalog_file": str(folder / "catalog.toml")}
        environment = os.environ | {
            "PHOTOPLAY_DATA_DIR": str(data_dir),
            "PHOTOPLAY_DATABASE_URL": places["database_url"],
            "PHOTOPLAY_STORAGE_URL": places["storage_url"],
            "PHOTOPLAY_CATALOG_FILE": places["catalog_file"],
            "PHOTOPLAY_MODELS_DIR": str(data_dir / "models"),  # beside it, the tiny engine leaves its markers
            "PHOTOPLAY_ENGINES": '{"motion": "support.tiny_engine:TinyEngine"}',
            "PHOTOPLAY_ALLOWED_NETWORKS": "127.0.0.0/8",
            "PHOTOPLAY_DRAIN_S": "0",  # tests that want a worker to end its clip say so
            "PYTHONPATH": os.pathsep.join([str(TESTS), os.environ.get("PYTHONPATH", "")]),
        }
        with Runtime.open(Settings.model_validate({"data_dir": data_dir} | places)) as runtime:
            credentials = runtime.accounts.create("Ada", "enterprise", CREDITS)
            farm = Farm(runtime, runtime.accounts.get(credentials.account_id), environment, folder)
            runtime.queue.prepare()
            try:
                yield farm
            finally:
                for worker in farm.workers:
                    worker.close()


@pytest.fixture
def farm_settings(request: pytest.FixtureRequest) -> dict[str, str]:
    """What :func:`open_farm` is told beside its place."""
    return getattr(request, "param", {})


@pytest.fixture
def farm(tmp_path: Path, twin: Twin, farm_settings: dict[str, str]):
    """A farm of the test's own, without workers yet."""
    with open_farm(tmp_path, twin, **farm_settings) as farm:
        yield farm


@pytest.fixture(scope="module")
def busy_farm(tmp_path_factory, twin: Twin):
    """A farm with one worker that a module's tests share: none of them may stop it."""
    with open_farm(tmp_path_factory.mktemp("farm"), twin) as farm:
        farm.worker()
        yield farm
