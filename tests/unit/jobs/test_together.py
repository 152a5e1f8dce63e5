"""What is asked at the same time is asked together, each gets its own answer, and nobody waits for a stuck one."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence

import pytest

from photoplay.jobs import together
from photoplay.jobs.together import Together


class Slow:
    """Doubles numbers, each time only when told to."""

    def __init__(self) -> None:
        self.asked: list[list[int]] = []
        self.go = threading.Semaphore(0)

    def __call__(self, numbers: Sequence[int]) -> list[int]:
        self.asked.append(list(numbers))
        assert self.go.acquire(timeout=10)
        if 13 in numbers:
            raise ValueError("13")
        return [2 * number for number in numbers]


async def _until(true: object) -> None:
    for _ in range(1000):
        if callable(true) and true():
            return
        await asyncio.sleep(0.005)
    raise AssertionError


def test_those_who_come_meanwhile_are_asked_as_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(together, "PATIENCE_S", 10)
    slow = Slow()

    async def run() -> list[int]:
        asking = Together(slow, name="test")
        first = asyncio.create_task(asking.get(1))
        await _until(lambda: slow.asked == [[1]])
        others = [asyncio.create_task(asking.get(number)) for number in (2, 3, 4)]
        await asyncio.sleep(0.02)
        assert slow.asked == [[1]]
        slow.go.release(2)
        try:
            return list(await asyncio.gather(first, *others))
        finally:
            asking.close()

    assert asyncio.run(run()) == [2, 4, 6, 8]
    assert slow.asked == [[1], [2, 3, 4]]


def test_who_waits_too_long_is_asked_beside_the_stuck_one() -> None:
    slow = Slow()

    async def run() -> None:
        asking = Together(slow, name="test")
        stuck = asyncio.create_task(asking.get(1))
        await _until(lambda: slow.asked == [[1]])
        second = asyncio.create_task(asking.get(2))
        await _until(lambda: slow.asked == [[1], [2]])
        slow.go.release(2)
        assert await asyncio.gather(stuck, second) == [2, 4]
        asking.close()

    asyncio.run(run())


def test_no_more_than_so_many_are_asked_as_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(together, "PATIENCE_S", 10)
    slow = Slow()
    slow.go.release(100)

    async def run() -> list[int]:
        asking = Together(slow, name="test")
        try:
            return list(await asyncio.gather(*(asking.get(number) for number in range(1000, 1250))))
        finally:
            asking.close()

    assert asyncio.run(run()) == [2 * number for number in range(1000, 1250)]
    assert [len(each) for each in slow.asked] == [1, 100, 100, 49]


def test_a_failure_reaches_all_who_asked_with_it_and_nobody_after() -> None:
    slow = Slow()

    async def run() -> None:
        asking = Together(slow, name="test")
        first = asyncio.create_task(asking.get(1))
        await _until(lambda: slow.asked == [[1]])
        bad = [asyncio.create_task(asking.get(number)) for number in (13, 14)]
        gone = asyncio.create_task(asking.get(15))
        await asyncio.sleep(0)
        gone.cancel()
        slow.go.release(3)
        assert await first == 2
        for each in bad:
            with pytest.raises(ValueError, match="13"):
                await each
        with pytest.raises(asyncio.CancelledError):
            await gone
        assert await asking.get(16) == 32
        asking.close()

    asyncio.run(run())
