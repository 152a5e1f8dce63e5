"""Ids of workers and how the dead are told from the living."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from photoplay.jobs.executors import ExecutorSlot, Register, Watch, beat_interval_s, forget_lock, is_free


def test_ids_are_never_shared_and_never_come_back(tmp_path):
    slots = [ExecutorSlot.take(tmp_path) for _ in range(3)]
    slots[0].release()
    slots.append(ExecutorSlot.take(tmp_path))
    assert len({slot.id for slot in slots}) == 4
    assert len({slot.node for slot in slots}) == 1
    for slot in slots[1:]:
        slot.release()


def test_two_folders_are_two_nodes(tmp_path):
    here, there = ExecutorSlot.take(tmp_path / "a"), ExecutorSlot.take(tmp_path / "b")
    assert here.node != there.node
    here.release()
    there.release()


def test_a_lock_is_free_only_when_its_process_is_gone(tmp_path):
    slot = ExecutorSlot.take(tmp_path)
    assert not is_free(tmp_path, slot.id)
    slot.release()
    assert is_free(tmp_path, slot.id)
    assert is_free(tmp_path, slot.id)  # looking does not take it
    forget_lock(tmp_path, slot.id)
    assert not is_free(tmp_path, slot.id)  # no file: nothing is known


def test_a_killed_process_frees_its_lock_and_a_child_of_it_does_not_hold_it(tmp_path):
    script = (
        "import pathlib, subprocess, sys, time\n"
        "from photoplay.jobs.executors import ExecutorSlot\n"
        "slot = ExecutorSlot.take(pathlib.Path(sys.argv[1]))\n"
        "child = subprocess.Popen(['sleep', '30'])\n"
        "print(slot.id, child.pid, flush=True)\n"
        "time.sleep(60)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", script, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    executor_id, child = process.stdout.readline().split()
    assert not is_free(tmp_path, executor_id)
    process.kill()
    process.wait()
    process.stdout.close()
    assert is_free(tmp_path, executor_id)
    os.kill(int(child), 9)


class Time:
    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def test_the_watch(tmp_path):
    time = Time()
    mine, other = ExecutorSlot.take(tmp_path), ExecutorSlot.take(tmp_path)
    watch = Watch(tmp_path, mine.node, ttl_s=30, monotonic=time)
    seen = {mine.id: 1, other.id: 1, "far-1": 1, "far-2": 1}
    assert watch.dead(seen, me=mine.id) == []
    other.release()
    assert watch.dead(seen, me=mine.id) == [other.id]  # same host: at once
    time.now_s = 29
    seen[mine.id] = 2
    seen["far-1"] = 2  # moves, whatever its clock says
    assert watch.dead(seen, me=mine.id) == [other.id]
    time.now_s = 31
    assert watch.dead(seen, me=mine.id) == [other.id, "far-2"]
    time.now_s = 50
    watch.outage()
    assert watch.dead(seen, me=mine.id) == [other.id]
    time.now_s = 81
    seen[mine.id] = 3
    assert watch.dead(seen, me=mine.id) == [other.id, "far-1", "far-2"]
    mine.release()


def test_a_worker_of_this_host_that_stands_still_is_dead_too(tmp_path):
    time = Time()
    mine, stopped = ExecutorSlot.take(tmp_path), ExecutorSlot.take(tmp_path)
    watch = Watch(tmp_path, mine.node, ttl_s=30, monotonic=time)
    assert watch.dead({stopped.id: 5}, me=mine.id) == []
    time.now_s = 31
    assert watch.dead({stopped.id: 5}, me=mine.id) == [stopped.id]  # its lock is held, but it gives no sign of life
    mine.release()
    stopped.release()


def test_one_that_owns_jobs_without_a_row_gets_a_term_too(tmp_path):
    time = Time()
    mine = ExecutorSlot.take(tmp_path)
    watch = Watch(tmp_path, mine.node, ttl_s=30, monotonic=time)
    assert watch.dead({"ghost": None}, me=mine.id) == []
    time.now_s = 31
    assert watch.dead({"ghost": None}, me=mine.id) == ["ghost"]
    mine.release()


def test_the_register(runtime, clock, tmp_path):
    slot = ExecutorSlot.take(tmp_path)
    register = Register(runtime.engine, clock)
    register.beat(slot, role="worker", slots=2, pools=["motion"])
    clock.advance_s(5)
    register.beat(slot, role="worker", slots=2, pools=["motion"])
    (row,) = register.all()
    assert (row.id, row.pid, row.slots, row.seen_ms - row.started_ms) == (slot.id, os.getpid(), 2, 5000)
    assert row.pools == ("motion",)
    assert (runtime.estimates.live_slots("motion"), runtime.estimates.live_slots("other")) == (2, 0)
    clock.advance_s(60)
    assert runtime.estimates.live_slots("motion") == 0
    register.forget([slot.id])
    assert register.all() == []
    slot.release()


def test_who_gives_no_sign_of_life_himself_blames_nobody(tmp_path):
    """Where nothing can be written (a full disk), everybody stands still."""
    time = Time()
    mine = ExecutorSlot.take(tmp_path)
    watch = Watch(tmp_path, mine.node, ttl_s=30, monotonic=time)
    seen = {mine.id: 1, "far": 1}
    for time.now_s in range(0, 100, 5):
        assert watch.dead(seen, me=mine.id) == []
    seen[mine.id] = 2  # there is room again; the other may need a moment longer
    assert watch.dead(seen, me=mine.id) == []
    for time.now_s in range(100, 125, 5):
        seen[mine.id] += 1
        assert watch.dead(seen, me=mine.id) == []
    for time.now_s in range(125, 135, 5):
        seen[mine.id] += 1
        found = watch.dead(seen, me=mine.id)
    assert found == ["far"]
    mine.release()


@pytest.mark.parametrize(("ttl_s", "interval_s"), [(30, 5), (600, 5), (6, 1)])
def test_several_signs_of_life_fit_into_the_term(ttl_s, interval_s):
    assert beat_interval_s(ttl_s) == interval_s
