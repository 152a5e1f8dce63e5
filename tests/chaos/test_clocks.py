"""Clocks that are wrong, and clocks that jump."""

from __future__ import annotations

import pytest

from support.chaos import Budget, Crowd, count, dice, open_farm, tell, verify
from support.hooks import Hook
from support.twins import Twin

pytestmark = pytest.mark.timeout(420)
BUDGET_S = 240.0
HOUR_S = 3600
JOBS = 10


def prompt(chance, index):
    return f"frames={chance.randint(2, 4)} delay=0.1 n={index}"


def test_workers_whose_clocks_are_an_hour_apart(tmp_path, postgres, s3):
    """One is an hour ahead, one an hour behind. (Where the database is a file, all share one machine and its clock.)"""
    chance = dice("clocks that are wrong")
    budget = Budget(BUDGET_S)
    hook = Hook(("take", "take", "flap", "lose"), chance.randrange(2**31))
    with open_farm(tmp_path, Twin(postgres, s3), hook=hook, executor_ttl_s=10, slots=2) as farm:
        farm.start_api()
        for name, shift_s in (("ahead", HOUR_S), ("behind", -HOUR_S)):
            (tmp_path / name).write_text(str(shift_s))
            farm.start_worker(data_dir=tmp_path / f"host-{name}", test_clock=tmp_path / name)
        farm.wait_ready(*farm.apis, *farm.workers)
        living = {farm.executor_of(worker) for worker in farm.workers}
        crowd = Crowd(farm, chance)
        crowd.start(count(JOBS), prompt)
        crowd.wait(budget)
        farm.settle(budget)
        assert {executor.id for executor in farm.runtime.register.all()} == living, "a live worker was taken for dead"
        assert "are dead" not in farm.logs()
        # The one that is ahead goes without a word: what it had leased is not kept from the others for an hour.
        ahead = farm.workers[0]
        last = Crowd(farm, chance, "last", crowd.accepted)
        last.start(count(4), prompt, pause_s=0)
        budget.wait(lambda: ahead.children(), "it took no job")
        farm.kill(ahead)
        tell("the one that is ahead is killed")
        last.wait(budget)
        farm.settle(budget)
        farm.stop_workers()
        verify(farm, crowd.accepted)


def test_a_clock_that_is_set_forward_and_back(tmp_path):
    """The workers' all at once, with leases and due times from before the jump. (A cluster goes by its database's.)"""
    twin = Twin()
    chance = dice("a clock that jumps")
    budget = Budget(BUDGET_S)
    clock = tmp_path / "clock"
    clock.write_text("0")
    hook = Hook(("flap",))  # nobody is told at the first try: the second is put off by a clock that is then set back
    with open_farm(tmp_path, twin, hook=hook, executor_ttl_s=10, slots=2, test_clock=clock) as farm:
        farm.start_api()
        for _ in range(2):
            farm.start_worker()
        farm.wait_ready(*farm.apis, *farm.workers)
        living = {farm.executor_of(worker) for worker in farm.workers}
        crowds = []
        accepted: dict[str, str] = {}
        for name, shift_s in (("first", HOUR_S), ("second", -HOUR_S), ("third", 0)):
            crowd = Crowd(farm, chance, name, accepted)
            crowd.start(count(6), prompt, pause_s=0)
            budget.wait(lambda: any(worker.children() for worker in farm.workers), "nobody took a job")
            # Renamed into its place: nobody may read half a number.
            draft = tmp_path / "draft"
            draft.write_text(str(shift_s))
            draft.rename(clock)
            tell(f"the clock is set to {shift_s:+d} s")
            crowd.wait(budget)
            budget.wait(farm.idle, lambda: f"jobs stayed {farm.states()}\n{farm.logs()}")
            crowds.append(crowd)
        farm.settle(budget)
        assert {executor.id for executor in farm.runtime.register.all()} == living, "a live worker was taken for dead"
        farm.stop_workers()
        verify(farm, accepted)
