"""An S3 server that is slow, and one that dies."""

from __future__ import annotations

import time

import pytest
import sqlalchemy as sa

from photoplay.db.tables import jobs
from support.chaos import Budget, Crowd, count, dice, open_farm, tell, verify
from support.hooks import Hook
from support.twins import Twin

pytestmark = pytest.mark.timeout(420)
BUDGET_S = 200.0
JOBS = 12
SLOW_S = (5.0, 10.0)


def test_a_store_that_stands_still_and_one_that_dies(tmp_path, postgres, s3):
    chance = dice("a store that fails")
    budget = Budget(BUDGET_S)
    with open_farm(tmp_path, Twin(postgres, s3), hook=Hook(), slots=2) as farm:
        farm.start_api()
        for _ in range(2):
            farm.start_worker()
        farm.wait_ready(*farm.apis, *farm.workers)
        crowd = Crowd(farm, chance)
        crowd.start(count(JOBS), lambda chance, index: f"frames={chance.randint(2, 4)} n={index}", pause_s=1)

        def in_phase(*phases: str) -> bool:
            with farm.runtime.engine.connect() as connection:
                query = sa.select(jobs.c.id).where(jobs.c.state == "running", jobs.c.phase.in_(phases))
                return connection.execute(query).first() is not None

        budget.wait(lambda: in_phase("sound", "publish"), "no job came to its files", every_s=0.01)
        s3.pause()
        tell("the store stands still")
        time.sleep(chance.uniform(*SLOW_S))
        s3.resume()
        budget.wait(lambda: in_phase("sound", "publish", "gather") or farm.idle(), "no job went on", every_s=0.01)
        s3.kill()
        tell("the store is killed")
        s3.start()
        tell("the store is back")
        crowd.wait(budget)
        farm.settle(budget)
        farm.stop_workers()
        verify(farm, crowd.accepted)
