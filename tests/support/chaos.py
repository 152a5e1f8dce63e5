"""What the chaos suite works with: a farm of real API servers and workers, a crowd that submits, and the verdict.

A test breaks things at random while a :class:`Crowd` submits; then it heals everything, waits for the last job to end,
stops the workers and calls :func:`verify`. The seed of a run is printed; ``PHOTOPLAY_CHAOS_SEED`` runs it again with the
same choices (not the same timing), and ``PHOTOPLAY_CHAOS_SCALE`` makes the counts smaller or larger.
"""

from __future__ import annotations

import os
import random
import secrets
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import av
import httpx
import psutil
import sqlalchemy as sa

from photoplay.accounts import Account, audit
from photoplay.db.tables import artifacts, jobs, ledger, webhooks
from photoplay.jobs.runtime import Runtime
from photoplay.notify.outbox import DEAD, PENDING
from photoplay.settings import Settings
from support.hooks import ORDER, Hook
from support.postgres import free_port
from support.twins import Twin

TESTS = Path(__file__).parents[1]
SCALE = float(os.environ.get("PHOTOPLAY_CHAOS_SCALE", "1"))
CREDITS = 1_000_000
START_TIMEOUT_S = 90.0
WEBHOOKS_WITHIN_S = 150.0  # a killed sender's try is made again after its lease, and that one may be answered by a 503
PNG = b"\x89PNG\r\n\x1a\n and what the tiny engine does not look at"
FINAL = {"succeeded", "failed", "canceled"}
RENDER_CHILD = "photoplay.jobs.render_child"


def count(number: int) -> int:
    """A number of jobs, to scale."""
    return max(4, round(number * SCALE))


def dice(name: str) -> random.Random:
    """Chance for one test; its seed is printed."""
    seed = int(os.environ.get("PHOTOPLAY_CHAOS_SEED") or secrets.randbelow(2**31))
    print(f"chaos: {name}: PHOTOPLAY_CHAOS_SEED={seed}", flush=True)
    return random.Random(seed)  # noqa: S311 - no secret


def tell(text: str) -> None:
    """A line in the log of the run."""
    print(f"chaos: {time.strftime('%H:%M:%S')} {text}", flush=True)


class Budget:
    """The wall-clock time that one test may take."""

    def __init__(self, seconds: float) -> None:
        self._end_s = time.monotonic() + seconds
        self.seconds = seconds

    @property
    def left_s(self) -> float:
        """What is left of it."""
        return self._end_s - time.monotonic()

    def wait(self, what: Callable[[], object], why: Callable[[], str] | str, *, every_s: float = 0.2) -> object:
        """What ``what`` gives once it is true; fails when the budget is spent."""
        while True:
            found = what()
            if found:
                return found
            if self.left_s <= 0:
                raise AssertionError(
                    f"the budget of {self.seconds:g} s is spent: {why if isinstance(why, str) else why()}"
                )
            time.sleep(every_s)


@dataclass
class Process:
    """A process of the farm: an API server or a worker."""

    kind: str
    name: str
    popen: subprocess.Popen[bytes]
    log: Path
    url: str = ""

    @property
    def pid(self) -> int:
        return self.popen.pid

    def send(self, number: int) -> None:
        if self.popen.poll() is None:
            self.popen.send_signal(number)

    def kill(self) -> None:
        """kill -9."""
        self.popen.kill()
        self.popen.wait()

    def children(self) -> list[psutil.Process]:
        """Its render processes, the one that waits included."""
        found = []
        with suppress(psutil.Error):
            for child in psutil.Process(self.pid).children(recursive=True):
                with suppress(psutil.Error):
                    if RENDER_CHILD in child.cmdline():
                        found.append(child)
        return found


@dataclass
class Farm:
    """A database, a store, accounts, a receiver of webhooks, and the processes that the test starts and kills."""

    folder: Path
    twin: Twin
    runtime: Runtime
    settings: dict[str, str]
    hook: Hook
    accounts: list[tuple[Account, str]]  # with their API keys
    apis: list[Process] = field(default_factory=list)
    workers: list[Process] = field(default_factory=list)
    _started: Counter[str] = field(default_factory=Counter)

    @property
    def main_dir(self) -> Path:
        """The data folder of the first machine."""
        return self.folder / "data"

    def _environment(self, data_dir: Path, more: dict[str, object]) -> dict[str, str]:
        # Whoever runs the tests may have settings of his own.
        kept = {name: value for name, value in os.environ.items() if not name.startswith("PHOTOPLAY_")}
        merged = self.settings | {"data_dir": str(data_dir)} | {name: str(value) for name, value in more.items()}
        return kept | {f"PHOTOPLAY_{name.upper()}": value for name, value in merged.items()}

    def start_api(self, *, port: int | None = None, data_dir: Path | None = None, **settings: object) -> Process:
        """Starts ``photoplay serve --no-worker``; does not wait for it."""
        port = port or free_port()
        return self._start(
            "api",
            ["-m", "photoplay", "serve", "--no-worker", "--port", str(port)],
            data_dir or self.folder / f"front-{port}",
            settings,
            f"http://127.0.0.1:{port}",
        )

    def start_worker(self, *, data_dir: Path | None = None, **settings: object) -> Process:
        """Starts a worker; does not wait until it takes jobs."""
        return self._start("worker", ["-m", "support.worker_main"], data_dir or self.main_dir, settings)

    def _start(
        self, kind: str, arguments: list[str], data_dir: Path, settings: dict[str, object], url: str = ""
    ) -> Process:
        self._started[kind] += 1
        name = f"{kind}-{self._started[kind]}"
        log = self.folder / f"{name}.log"
        with log.open("wb") as file:
            popen = subprocess.Popen(
                [sys.executable, *arguments],
                env=self._environment(data_dir, settings) | {"PYTHONPATH": str(TESTS), "PHOTOPLAY_TEST_STDIN": "no"},
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        process = Process(kind, name, popen, log, url)
        (self.apis if kind == "api" else self.workers).append(process)
        return process

    def wait_ready(self, *processes: Process) -> None:
        """Waits until each answers or takes jobs."""
        deadline = time.monotonic() + START_TIMEOUT_S
        for process in processes:
            while not self._ready(process):
                if process.popen.poll() is not None or time.monotonic() > deadline:
                    raise AssertionError(f"{process.name} did not start:\n{process.log.read_text()[-4000:]}")
                time.sleep(0.1)

    @staticmethod
    def _ready(process: Process) -> bool:
        if process.kind == "worker":
            return "ready " in process.log.read_text()
        with suppress(httpx.HTTPError):
            return httpx.get(f"{process.url}/healthz", timeout=2).status_code < 500
        return False

    def kill(self, process: Process) -> None:
        """kill -9; it is no part of the farm any more."""
        process.kill()
        (self.apis if process.kind == "api" else self.workers).remove(process)

    def executor_of(self, process: Process) -> str:
        """The id under which a worker renders."""
        line = next(line for line in process.log.read_text().splitlines() if line.startswith("ready "))
        return line.split()[1]

    def states(self) -> Counter[str]:
        """How many jobs are in which state."""
        with self.runtime.engine.connect() as connection:
            return Counter(connection.execute(sa.select(jobs.c.state)).scalars().all())

    def idle(self) -> bool:
        """Whether no job is queued or running. False too when the database cannot tell."""
        try:
            return not self.states().keys() - FINAL
        except sa.exc.OperationalError:
            return False

    def told(self) -> bool:
        """Whether no webhook waits any more."""
        with self.runtime.engine.connect() as connection:
            waiting = sa.select(sa.func.count()).select_from(webhooks).where(webhooks.c.state == PENDING)
            return connection.execute(waiting).scalar_one() == 0

    def logs(self) -> str:
        """The ends of everybody's logs."""
        return "\n".join(f"== {path.name}\n{path.read_text()[-3000:]}" for path in sorted(self.folder.glob("*.log")))

    def settle(self, budget: Budget) -> None:
        """Waits until every job has ended and every webhook is told."""
        budget.wait(self.idle, lambda: f"jobs stayed {dict(self.states())}\n{self.logs()}")
        tell(f"every job has ended: {dict(self.states())}")
        patience = Budget(min(WEBHOOKS_WITHIN_S, max(20.0, budget.left_s)))
        patience.wait(self.told, lambda: f"webhooks stayed: {self.untold()}\n{self.logs()}")

    def untold(self) -> list[tuple[object, ...]]:
        """Webhooks that wait."""
        query = sa.select(webhooks.c.id, webhooks.c.event, webhooks.c.attempts, webhooks.c.last_error)
        with self.runtime.engine.connect() as connection:
            return [tuple(row) for row in connection.execute(query.where(webhooks.c.state == PENDING))]

    def stop_workers(self) -> None:
        """Asks every worker to stop, and waits."""
        for worker in self.workers:
            worker.popen.terminate()
        for worker in self.workers:
            code = worker.popen.wait(60)
            assert code == 0, f"{worker.name} ended with {code}:\n{worker.log.read_text()[-4000:]}"
        self.workers.clear()

    def close(self) -> None:
        """Kills what is left."""
        for process in [*self.apis, *self.workers]:
            process.send(18)  # SIGCONT: a stopped one dies too, but its children should not find it stopped
            process.kill()


@contextmanager
def open_farm(
    folder: Path, twin: Twin, *, accounts: int = 4, hook: Hook | None = None, **settings: object
) -> Iterator[Farm]:
    """A farm without processes yet."""
    data_dir = folder / "data"
    receiver = hook or Hook()
    with receiver.serving(), twin.settings(folder) as places:
        given = places | {
            "secret_key": secrets.token_hex(32),
            "models_dir": str(folder / "tiny" / "models"),
            "engines": '{"motion": "support.tiny_engine:TinyEngine"}',
            "allowed_networks": "127.0.0.0/8",
            "drain_s": "0",
            "executor_ttl_s": "12",
            "log_level": "WARNING",
        }
        given |= {name: str(value) for name, value in settings.items()}
        (folder / "tiny" / "models").mkdir(parents=True)
        mine = Settings.load(data_dir=data_dir, **places, secret_key=given["secret_key"])
        with Runtime.open(mine) as runtime:
            runtime.queue.prepare()
            made = []
            for number in range(accounts):
                credentials = runtime.accounts.create(f"account {number}", "enterprise", CREDITS)
                made.append((runtime.accounts.get(credentials.account_id), credentials.api_key))
            farm = Farm(folder, twin, runtime, given, receiver, made)
            try:
                yield farm
            finally:
                farm.close()


@dataclass
class Crowd:
    """Clients that submit through whichever API server answers, and try again under the same ``Idempotency-Key``."""

    farm: Farm
    chance: random.Random
    name: str = "crowd"
    accepted: dict[str, str] = field(default_factory=dict)  # idempotency key to the id that was answered
    refused: list[str] = field(default_factory=list)
    retries: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _threads: list[threading.Thread] = field(default_factory=list)

    def start(
        self, number: int, prompts: Callable[[random.Random, int], str], *, clients: int = 4, pause_s: float = 0.1
    ) -> None:
        """Submits ``number`` jobs in the background, all accounts in turn."""
        todo = iter(range(number))
        seeds = [self.chance.randrange(2**31) for _ in range(clients)]
        wanted = {index: prompts(self.chance, index) for index in range(number)}

        def client(seed: int) -> None:
            chance = random.Random(seed)  # noqa: S311 - no secret
            while True:
                with self._lock:
                    index = next(todo, None)
                if index is None:
                    return
                self.submit(index, wanted[index], chance)
                time.sleep(pause_s * chance.random() * 2)

        self._threads = [threading.Thread(target=client, args=(seed,), daemon=True) for seed in seeds]
        for thread in self._threads:
            thread.start()

    @property
    def busy(self) -> bool:
        """Whether anybody still submits."""
        return any(thread.is_alive() for thread in self._threads)

    def wait(self, budget: Budget) -> None:
        """Waits until everything is submitted."""
        budget.wait(lambda: not self.busy, lambda: f"only {len(self.accepted)} were accepted\n{self.farm.logs()}")
        assert self.refused == []

    def submit(self, index: int, prompt: str, chance: random.Random, patience_s: float = 120.0) -> str | None:
        """One job; tried again until a server has answered. Its id."""
        account, key = self.farm.accounts[index % len(self.farm.accounts)]
        name = f"{self.name}-{account.id}-{index}"
        deadline = time.monotonic() + patience_s
        image = ""
        while time.monotonic() < deadline:
            api = chance.choice(list(self.farm.apis) or [None])
            try:
                if api is None:
                    raise httpx.ConnectError("there is no server now")
                with httpx.Client(base_url=api.url, headers={"x-api-key": key}, timeout=20) as http:
                    if not image:
                        # Under a key that is tried again the file must be the same by content, not by name.
                        sent = http.post("/v1/uploads", files={"file": ("photo.png", PNG)})
                        if sent.status_code >= 400:
                            raise httpx.HTTPStatusError(sent.text, request=sent.request, response=sent)
                        image = sent.json()["url"]
                    body = {"images": [image], "prompt": prompt, "callback_url": self.farm.hook.url}
                    answer = http.post("/v1/jobs", json=body, headers={"Idempotency-Key": name})
            except (httpx.HTTPError, ValueError):
                with self._lock:
                    self.retries += 1
                time.sleep(0.2 + 0.5 * chance.random())
                continue
            if answer.status_code == 201:
                with self._lock:
                    self.accepted[name] = answer.json()["id"]
                return self.accepted[name]
            if answer.status_code < 500 and answer.status_code != 429:
                with self._lock:
                    self.refused.append(f"{answer.status_code} {answer.text}")
                return None
            with self._lock:
                self.retries += 1
            time.sleep(0.2 + 0.5 * chance.random())
        with self._lock:
            self.refused.append(f"job {name} was not answered in {patience_s:g} s")
        return None


def verify(
    farm: Farm, accepted: dict[str, str], *, may_fail: frozenset[str] = frozenset(), most: float = 0.0
) -> Counter[str]:
    """The verdict, once the workers have stopped: nothing lost, doubled, charged twice, untold or left behind.

    Args:
        accepted: what the servers answered, by idempotency key.
        may_fail: error codes with which a job may have failed. None: each must have succeeded.
        most: share of jobs that may have failed at most.

    Returns: How many jobs came to which state.
    """
    assert len(set(accepted.values())) == len(accepted), "two requests were answered with one job"
    with farm.runtime.engine.connect() as connection:
        rows = connection.execute(sa.select(jobs)).mappings().all()
        entries = connection.execute(
            sa.select(ledger.c.job_id, ledger.c.kind).where(ledger.c.job_id.is_not(None))
        ).all()
        files = connection.execute(sa.select(artifacts)).mappings().all()
        events = connection.execute(sa.select(webhooks).order_by(webhooks.c.job_id, webhooks.c.seq)).mappings().all()
    found = {row["id"]: row for row in rows}
    lost = set(accepted.values()) - found.keys()
    assert not lost, f"accepted, but not there: {lost}"
    doubled = found.keys() - set(accepted.values())
    assert not doubled, f"there, but never answered: {doubled}"
    states = Counter(str(row["state"]) for row in rows)
    assert not states.keys() - {"succeeded", "failed"}, states  # nobody cancels
    failures = {row["id"]: (row["error_code"], row["error_message"]) for row in rows if row["state"] == "failed"}
    strange = {job_id: why for job_id, why in failures.items() if why[0] not in may_fail or not why[1]}
    assert not strange, f"failed for no good reason: {strange}"
    assert len(failures) <= most * len(rows), f"too many failed: {failures}"

    assert audit(farm.runtime.engine) == []
    settled = Counter(job_id for job_id, kind in entries if kind in ("capture", "release"))
    assert settled == Counter(found.keys()), "not every job was settled exactly once"
    kinds = {job_id: kind for job_id, kind in entries if kind in ("capture", "release")}
    assert all(
        kinds[job_id] == ("capture" if row["state"] == "succeeded" else "release") for job_id, row in found.items()
    )

    _verify_files(farm, found, files)
    _verify_webhooks(farm, found, events)
    _verify_nothing_left(farm)
    tell(f"verified {len(rows)} jobs: {dict(states)}; {len(events)} webhooks in {len(farm.hook.arrived)} messages")
    return states


def _verify_files(farm: Farm, found: dict, files: list) -> None:
    """Every clip that was paid for is there, whole, and plays."""
    with_video = {file["job_id"] for file in files if file["kind"] == "video"}
    assert with_video == {job_id for job_id, row in found.items() if row["state"] == "succeeded"}
    copy = farm.folder / "copy.bin"
    for file in files:
        farm.runtime.storage.fetch_to(file["key"], copy)
        assert copy.stat().st_size == file["size_bytes"], file["key"]
        if file["kind"] != "video":
            continue
        with av.open(str(copy)) as container:
            frames = sum(1 for _ in container.decode(video=0))
        assert frames >= 2, f"{file['key']} has {frames} frames"


def _verify_webhooks(farm: Farm, found: dict, events: list) -> None:
    """Every end was told, with one id; every job's story arrived in order."""
    told = farm.hook.stories()
    for job_id, row in found.items():
        ends = [event["id"] for event in events if event["job_id"] == job_id and event["event"] in FINAL]
        assert len(ends) == 1, f"the end of {job_id} was written {len(ends)} times"
        story = told.get(job_id, [])
        arrived = {event_id for event_id, state in story if state == row["state"]}
        assert arrived == set(ends), f"job {job_id} ({row['state']}): {arrived} arrived, {ends} was written"
        by_state: dict[str, set[str]] = {}
        for event_id, state in story:
            by_state.setdefault(state, set()).add(event_id)
        assert all(len(names) == 1 for names in by_state.values()), f"job {job_id}: several ids for one event: {story}"
        firsts = list(dict.fromkeys(state for _, state in story))
        assert firsts == sorted(firsts, key=ORDER.index), f"job {job_id} was told out of order: {story}"
    assert not [event["id"] for event in events if event["state"] in (DEAD, PENDING)]


def _verify_nothing_left(farm: Farm) -> None:
    """No render process outlives its worker, and no folder the job it was for."""
    budget = Budget(15)
    budget.wait(lambda: not orphans(farm), lambda: f"render processes are left: {orphans(farm)}")
    for data_dir in {farm.main_dir, *farm.folder.glob("host-*")}:
        left = [path for path in (data_dir / "work").rglob("*") if path.is_file()]
        assert not left, f"working files are left: {left}"


def orphans(farm: Farm) -> list[int]:
    """Ids of render processes of this farm that still run."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.status() == psutil.STATUS_ZOMBIE or RENDER_CHILD not in process.cmdline():
                continue
            if process.environ().get("PHOTOPLAY_MODELS_DIR", "").startswith(f"{farm.folder}/"):
                found.append(process.pid)
    return found
