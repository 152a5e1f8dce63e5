"""Receivers of webhooks that flap, hang and lie."""

from __future__ import annotations

import sys
import time

import pytest
import sqlalchemy as sa

from photoplay.db.tables import jobs
from support.chaos import Budget, Crowd, count, dice, open_farm, tell, verify
from support.hooks import Hook

pytestmark = pytest.mark.timeout(420)
BUDGET_S = 200.0
JOBS = 12


def prompt(chance, index):
    return f"frames={chance.randint(2, 3)} n={index}"


def test_receivers_that_flap_and_lie_are_all_told(tmp_path, twin):
    chance = dice(f"bad receivers on the {twin.name} twin")
    budget = Budget(BUDGET_S)
    manners = ("flap", "lose", "redirect", "broken", "garbage", "huge", "slow", "take")
    with open_farm(tmp_path, twin, hook=Hook(manners, chance.randrange(2**31)), slots=2) as farm:
        farm.start_api()
        for _ in range(2):
            farm.start_worker()
        farm.wait_ready(*farm.apis, *farm.workers)
        crowd = Crowd(farm, chance)
        crowd.start(count(JOBS), prompt)
        crowd.wait(budget)
        farm.settle(budget)
        farm.stop_workers()
        verify(farm, crowd.accepted)
        tell(f"{len(farm.hook.tries)} tries were met with {sorted({manner for _, manner in farm.hook.tries})}")


def test_a_receiver_that_hangs_delays_no_job_and_nobody_else(tmp_path, twin):
    """One account's receiver never answers; the other account's jobs and webhooks do not notice."""
    chance = dice(f"a hanging receiver on the {twin.name} twin")
    budget = Budget(BUDGET_S)
    with (
        open_farm(tmp_path, twin, hook=Hook(("hang",), hang_s=60, refusals=sys.maxsize), accounts=1, slots=2) as farm,
        (good := Hook()).serving(),
    ):
        farm.start_api()
        farm.start_worker()
        farm.wait_ready(*farm.apis, *farm.workers)
        victim = Crowd(farm, chance, "victim")
        victim.start(count(6), prompt, pause_s=0)
        victim.wait(budget)
        credentials = farm.runtime.accounts.create("the other", "enterprise", 10_000)
        bad, farm.hook = farm.hook, good
        farm.accounts = [(farm.runtime.accounts.get(credentials.account_id), credentials.api_key)]
        other = Crowd(farm, chance, "other")
        other.start(count(6), prompt, pause_s=0)
        other.wait(budget)
        budget.wait(farm.idle, lambda: f"jobs stayed {farm.states()}\n{farm.logs()}")
        ended_s = time.monotonic()
        wanted = set(other.accepted.values())
        budget.wait(
            lambda: {job for job, story in good.stories().items() if story[-1][1] == "succeeded"} == wanted,
            lambda: f"{len(good.stories())} of {len(wanted)} were told\n{farm.logs()}",
        )
        tell(f"the other account was told {time.monotonic() - ended_s:.1f} s after the last job's end")
        with farm.runtime.engine.connect() as connection:
            assert set(connection.execute(sa.select(jobs.c.state)).scalars()) == {"succeeded"}
        assert bad.arrived == []
        # It comes to its senses: what waited arrives, with the ids of the first tries.
        tried = {event_id for event_id, _ in bad.tries}
        bad.be("take")
        bad.closing.set()
        farm.settle(budget)
        assert tried <= {event_id for _, event_id, _ in bad.arrived}
        good.arrived += bad.arrived
        farm.stop_workers()
        verify(farm, victim.accepted | other.accepted)
