"""``kill -9`` of everything, at random, while a crowd submits."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
import sqlalchemy as sa

from photoplay.db.tables import jobs
from photoplay.errors import RenderCrashed
from photoplay.ids import is_job_id
from photoplay.jobs.queue import MAX_ATTEMPTS
from photoplay.jobs.recovery import GIVEN_UP
from photoplay.jobs.steps import CHILD_TRIES
from support.chaos import FINAL, Budget, Crowd, Farm, count, dice, open_farm, tell, verify
from support.hooks import Hook

pytestmark = pytest.mark.timeout(600)
JOBS = 105  # on each twin
BUDGET_S = 420.0
APIS, WORKERS = 2, 3
KILL_EVERY_S = (1.5, 5.0)
PATIENCE_S = 20.0
SUBMIT_EVERY_S = 2.5  # each of the clients: jobs come in while servers die, not before
MAY_FAIL = 0.1  # share of jobs that chance may kill so often that they are given up, and paid back


def prompts(chance: random.Random, index: int) -> str:
    """Short clips, each its own."""
    return f"frames={chance.randint(2, 4)} delay={chance.choice((0, 0, 0.05, 0.2))} n={index}"


class Reaper(threading.Thread):
    """Kills somebody again and again, and puts another in his place."""

    def __init__(self, farm: Farm, chance: random.Random, every_s: tuple[float, float]) -> None:
        super().__init__(daemon=True)
        self.farm = farm
        self.chance = chance
        self.every_s = every_s
        self.killed: Counter[str] = Counter()
        self.struck: Counter[str] = Counter()  # jobs whose render processes were killed, and workers whose spare ones
        self.error: BaseException | None = None
        self._enough = threading.Event()

    def run(self) -> None:
        try:
            while not self._enough.wait(self.chance.uniform(*self.every_s)):
                self._let_somebody_finish()
                self.strike()
        # The rim of this thread: the test looks at it.
        except BaseException as error:  # noqa: BLE001
            self.error = error

    def _let_somebody_finish(self) -> None:
        """On a busy machine no job would outlive the next kill."""
        before = self._ended()
        until = time.monotonic() + PATIENCE_S
        while self._ended() <= before and time.monotonic() < until and not self._enough.wait(0.3):
            pass

    def _ended(self) -> int:
        with suppress(sa.exc.SQLAlchemyError):
            return sum(number for state, number in self.farm.states().items() if state in FINAL)
        return 0

    def strike(self) -> None:
        """One kill."""
        kind = self.chance.choices(("api", "worker", "child"), (2, 2, 5))[0]
        if kind == "api":
            victim = self.chance.choice(self.farm.apis)
            self.farm.kill(victim)
            self.farm.start_api()
        elif kind == "worker":
            victim = self.chance.choice(self.farm.workers)
            self.farm.kill(victim)
            self.farm.start_worker()
        else:
            children = [child for worker in self.farm.workers for child in worker.children()]
            if not children:
                return
            with suppress(psutil.NoSuchProcess):
                child = self.chance.choice(children)
                place = Path(child.cwd()).name  # of a job's run; or the worker's, where it waits for a job
                child.kill()
                job_id = place.partition("-")[0]
                self.struck[job_id if is_job_id(job_id) else place] += 1
        self.killed[kind] += 1

    def stop(self) -> None:
        """No more."""
        self._enough.set()
        self.join(60)
        if self.error is not None:
            raise self.error


def outages(farm: Farm, chance: random.Random, crowd: Crowd, budget: Budget) -> None:
    """On a cluster: PostgreSQL dies twice, the store stands still once and dies once, while jobs run."""
    postgres, s3 = farm.twin.postgres, farm.twin.s3
    assert postgres is not None
    assert s3 is not None
    total = count(JOBS)

    def after(share: float) -> None:
        def there() -> bool:
            done = 0
            with suppress(Exception):
                done = farm.states()["succeeded"]
            return done >= share * total

        budget.wait(there, f"{share:.0%} of the jobs did not get done\n{farm.logs()}")

    for share in (0.15, 0.45):
        after(share)
        tell("PostgreSQL is killed")
        postgres.kill()
        time.sleep(chance.uniform(0.5, 3))
        postgres.start()
        tell("PostgreSQL is back")
    after(0.6)
    tell("the store stands still")
    s3.pause()
    time.sleep(chance.uniform(3, 6))
    s3.resume()
    after(0.7)
    tell("the store is killed")
    s3.kill()
    time.sleep(1)
    s3.start()
    tell("the store is back")


def assert_deserved(farm: Farm, reaper: Reaper) -> None:
    """A job may have failed only because its processes were killed, or its workers, as often as a job is tried."""
    with farm.runtime.engine.connect() as connection:
        failed = connection.execute(sa.select(jobs.c.id, jobs.c.error_message).where(jobs.c.state == "failed")).all()
    for row in failed:
        workers = {run.executor_id for run in farm.runtime.steplog.of(row.id)}
        # One that is killed when it has just been given to a job, and still loads, is found at its worker's place.
        struck = reaper.struck[row.id] + sum(reaper.struck[worker] for worker in workers)
        tell(f"{row.id} failed: {row.error_message} Workers {workers}, {struck} processes killed")
        if row.error_message == GIVEN_UP:
            # One that dies before the first step begins is not in the log.
            assert len(workers) >= MAX_ATTEMPTS - 1, "it was given up too soon"
            assert reaper.killed["worker"] >= MAX_ATTEMPTS
        else:
            assert struck >= CHILD_TRIES, "it was given up too soon"


def test_everybody_may_be_killed_at_any_time(tmp_path, twin):
    chance = dice(f"kills on the {twin.name} twin")
    budget = Budget(BUDGET_S)
    with open_farm(
        tmp_path, twin, hook=Hook(("take",) * 9 + ("flap", "lose"), chance.randrange(2**31)), slots=2
    ) as farm:
        for _ in range(APIS):
            farm.start_api()
        for _ in range(WORKERS):
            farm.start_worker()
        farm.wait_ready(*farm.apis, *farm.workers)
        began = time.monotonic()
        crowd = Crowd(farm, chance)
        crowd.start(count(JOBS), prompts, pause_s=SUBMIT_EVERY_S)
        reaper = Reaper(farm, random.Random(chance.random()), KILL_EVERY_S)  # noqa: S311 - no secret
        reaper.start()
        if twin.postgres:
            outages(farm, chance, crowd, budget)
        crowd.wait(budget)
        budget.wait(
            lambda: farm.states()["succeeded"] >= (1 - MAY_FAIL) * count(JOBS) or farm.idle(),
            lambda: f"{farm.states()}\n{farm.logs()}",
        )
        reaper.stop()
        farm.settle(budget)
        farm.wait_ready(*farm.workers)
        farm.stop_workers()
        states = verify(farm, crowd.accepted, may_fail=frozenset({RenderCrashed.code}), most=MAY_FAIL)
        assert_deserved(farm, reaper)
        took_s = time.monotonic() - began
        tell(f"killed {dict(reaper.killed)}; {crowd.retries} requests were tried again; {took_s:.0f} s; {dict(states)}")
        assert reaper.killed.total() >= 3
        assert crowd.retries > 0, "no server died while anybody submitted"
