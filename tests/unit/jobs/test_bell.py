"""The bell that wakes who waits for work."""

from __future__ import annotations

import threading
import time

from photoplay.jobs.bell import Bell

LONG_S = 60.0


def test_it_wakes_everybody_who_waits() -> None:
    bell = Bell()
    heard: list[int] = []
    waiting = [threading.Thread(target=lambda: heard.append(bell.wait(0, LONG_S))) for _ in range(3)]
    for thread in waiting:
        thread.start()
    bell.ring()
    for thread in waiting:
        thread.join(LONG_S)
    assert heard == [1, 1, 1]


def test_who_did_not_hear_it_does_not_wait() -> None:
    bell = Bell()
    bell.ring()
    bell.ring()
    assert bell.wait(0, LONG_S) == 2
    assert bell.wait(1, LONG_S) == 2


def test_who_heard_it_waits_until_the_time_is_over() -> None:
    bell = Bell()
    bell.ring()
    begun_s = time.monotonic()
    assert bell.wait(1, 0.05) == 1
    assert time.monotonic() - begun_s >= 0.05
