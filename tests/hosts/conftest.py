"""Three hosts: one keeps the database and the files, on the two others photoplay runs."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from photoplay.accounts import audit
from photoplay.jobs.runtime import Runtime
from photoplay.settings import Settings
from support.files import jpeg
from support.hosts import Host, Net, network
from support.postgres import PostgresServer
from support.s3 import S3Server
from support.server import Server, environment

PATIENCE_S = 150.0
CREDITS = 1000
SECRET = "the same on every host of this cluster"


def until(what: Callable[[], Any], *, why: str) -> Any:
    """What ``what`` gives once it is true."""
    deadline = time.monotonic() + PATIENCE_S
    while not (found := what()):
        assert time.monotonic() < deadline, f"waited in vain: {why}"
        time.sleep(0.1)
    return found


@dataclass
class Worker:
    """A ``photoplay worker`` on a host."""

    host: Host
    process: subprocess.Popen[bytes]
    log: Path
    executor_id: str = ""

    @contextmanager
    def held(self) -> Iterator[None]:
        """Stops it in its tracks for the length of a ``with`` block."""
        self.process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.process.send_signal(signal.SIGCONT)

    def stop(self) -> None:
        """Asks it to stop, and waits."""
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(PATIENCE_S)

    def close(self) -> None:
        """Ends it, however it fares."""
        self.process.kill()
        self.process.wait()


@dataclass
class Cluster:
    """The hosts and what runs on them."""

    net: Net
    folder: Path
    store: Host
    first: Host
    second: Host
    s3_address: str
    settings: dict[str, str]
    runtime: Runtime
    api_key: str
    account_id: str
    workers: list[Worker] = field(default_factory=list)

    def worker(self, host: Host, **settings: str) -> Worker:
        """Starts a worker and waits until it gives signs of life."""
        known = {executor.id for executor in self.runtime.register.all()}
        data_dir = self.folder / host.name
        log = self.folder / f"{host.name}.log"
        with log.open("ab") as out:
            process = subprocess.Popen(
                [*host.prefix, sys.executable, "-m", "photoplay", "worker", "--data-dir", str(data_dir)],
                env=environment(**self.settings, **settings),
                stdout=out,
                stderr=out,
                start_new_session=True,
            )
        worker = Worker(host, process, log)
        self.workers.append(worker)
        new = until(
            lambda: process.poll() is not None or {e.id for e in self.runtime.register.all()} - known,
            why=f"no worker on {host.name}",
        )
        assert process.poll() is None, log.read_text()
        worker.executor_id = new.pop()
        return worker

    def serve(self, host: Host) -> Server:
        """Starts an API server that renders nothing."""
        return Server.start(
            self.folder / f"{host.name}-api", "--no-worker", "--host", host.address,
            prefix=host.prefix, **self.settings,
        )  # fmt: skip

    def running_on(self, job_id: str) -> str | None:
        """The worker that works on the job, by the last step that was entered."""
        runs = self.runtime.steplog.of(job_id)
        return runs[-1].executor_id if runs else None

    def checked(self) -> tuple[int, int]:
        """Credits available and held, once the books are seen to be right."""
        assert audit(self.runtime.engine) == []
        balance = self.runtime.balance(self.account_id)
        return balance.available, balance.held

    def logs(self) -> str:
        """What the workers wrote."""
        return "\n".join(f"== {worker.host.name}\n{worker.log.read_text()}" for worker in self.workers)


def submit(client: httpx.Client, prompt: str) -> dict[str, Any]:
    """Asks for a clip of an uploaded photo; the prompt steers the tiny engine."""
    uploaded = client.post("/v1/uploads", files={"file": ("photo.jpg", jpeg())})
    assert uploaded.is_success, uploaded.text
    made = client.post("/v1/jobs", json={"images": [uploaded.json()["url"]], "prompt": prompt})
    assert made.status_code == 201, made.text
    job: dict[str, Any] = made.json()
    return job


@pytest.fixture
def cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cluster]:
    """The hosts, without workers and servers yet."""
    with ExitStack() as stack:
        net = stack.enter_context(network())
        store, first, second = net.host("store", 1), net.host("first", 2), net.host("second", 3)
        s3_address = net.address(11)
        store.also(s3_address)
        postgres = stack.enter_context(PostgresServer.running(address=store.address, prefix=store.prefix))
        s3 = stack.enter_context(S3Server.running(address=s3_address, prefix=store.prefix))
        for name, value in s3.environment.items():
            monkeypatch.setenv(name, value)
        settings = {
            "database_url": stack.enter_context(postgres.database()),
            "storage_url": s3.url(),
            "secret_key": SECRET,
            "engines": '{"motion": "support.tiny_engine:TinyEngine"}',
            "drain_s": "0",
        }
        own = settings | {"data_dir": tmp_path / "observer", "engines": {}}
        runtime = stack.enter_context(Runtime.open(Settings.model_validate(own)))
        runtime.queue.prepare()
        made = runtime.accounts.create("Ada", "enterprise", CREDITS)
        found = Cluster(
            net, tmp_path, store, first, second, s3_address, settings, runtime, made.api_key, made.account_id
        )
        try:
            yield found
        finally:
            for worker in found.workers:
                worker.close()
