"""Workers that stand still for longer than they may, and wake up when others have taken their jobs."""

from __future__ import annotations

import hashlib
import signal

import pytest
import sqlalchemy as sa

from photoplay.db.tables import artifacts, jobs
from support.asleep import fall_asleep
from support.chaos import Budget, Crowd, count, dice, open_farm, tell, verify
from support.hooks import Hook

pytestmark = pytest.mark.timeout(420)
BUDGET_S = 240.0
TTL_S = 4.0
JOBS = 8


def results(farm) -> dict[str, str]:
    """SHA-256 of every published file, as it is stored now."""
    with farm.runtime.engine.connect() as connection:
        keys = connection.execute(sa.select(artifacts.c.key)).scalars().all()
    return {key: hashlib.sha256(farm.runtime.storage.get_bytes(key)).hexdigest() for key in keys}


@pytest.mark.parametrize(
    ("twin", "hosts"), [("embedded", "one host"), ("cluster", "two hosts")], indirect=["twin"], scope="session"
)
def test_a_worker_that_wakes_up_too_late_spoils_nothing(tmp_path, twin, hosts):
    chance = dice(f"zombies on the {twin.name} twin, {hosts}")
    budget = Budget(BUDGET_S)
    with open_farm(tmp_path, twin, hook=Hook(), slots=2, executor_ttl_s=TTL_S) as farm:
        farm.start_api()
        zombie = farm.start_worker(data_dir=farm.folder / "host-2" if hosts == "two hosts" else None)
        farm.wait_ready(*farm.apis, zombie)
        crowd = Crowd(farm, chance)
        crowd.start(count(JOBS), lambda chance, index: f"frames={chance.randint(3, 4)} delay=0.5 n={index}", pause_s=0)
        mine = farm.executor_of(zombie)

        def rendering() -> int:
            held = sa.select(sa.func.count()).where(jobs.c.executor_id == mine, jobs.c.phase == "render")
            with farm.runtime.engine.connect() as connection:
                return connection.execute(held).scalar_one()

        budget.wait(lambda: rendering() >= 2 and zombie.children(), "the worker took no job")
        fall_asleep(zombie.send, farm.runtime.engine)
        try:
            farm.wait_ready(farm.start_worker())
            crowd.wait(budget)
            # Nothing of the sleeper's is left: all was taken over, and ended.
            budget.wait(farm.idle, lambda: f"jobs stayed {farm.states()}\n{farm.logs()}")
            before = results(farm)
            tell("every job has ended; the sleeper wakes up")
        finally:
            zombie.send(signal.SIGCONT)
        again = Crowd(farm, chance, "again")  # it is fit for work: new jobs go well, with both
        again.start(count(4), lambda _, index: f"frames=2 n={index} again", pause_s=0)
        again.accepted = crowd.accepted
        again.wait(budget)
        farm.settle(budget)
        now = results(farm)
        assert {key: now[key] for key in before} == before, "the sleeper wrote over a result"
        farm.stop_workers()
        verify(farm, crowd.accepted)
