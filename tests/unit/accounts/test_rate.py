"""The request limit: exact over any minute, for each account alone."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from photoplay.accounts import WindowLimiter
from photoplay.clock import FixedClock
from photoplay.errors import RateLimited


@pytest.fixture
def limiter(clock: FixedClock) -> WindowLimiter:
    return WindowLimiter(clock)


def test_one_too_many_is_told_when_to_come_back(limiter: WindowLimiter, clock: FixedClock) -> None:
    for _ in range(3):
        limiter.check("a", 3)
        clock.advance_s(10)
    with pytest.raises(RateLimited) as caught:
        limiter.check("a", 3)
    assert caught.value.retry_after_s == pytest.approx(30)
    clock.advance_s(caught.value.retry_after_s)
    limiter.check("a", 3)
    with pytest.raises(RateLimited):
        limiter.check("a", 3)


def test_no_minute_has_more_than_allowed(limiter: WindowLimiter, clock: FixedClock) -> None:
    passed = []
    for _ in range(600):
        try:
            limiter.check("a", 7)
            passed.append(clock.now_ms())
        except RateLimited:
            pass
        clock.advance_s(0.7)
    assert max(sum(1 for t in passed if start <= t < start + 60_000) for start in passed) == 7
    assert len(passed) == 7 * 7  # 420 s hold seven full windows


def test_refused_requests_do_not_count(limiter: WindowLimiter, clock: FixedClock) -> None:
    limiter.check("a", 1)
    for _ in range(59):
        clock.advance_s(1)
        with pytest.raises(RateLimited):
            limiter.check("a", 1)
    clock.advance_s(1)
    limiter.check("a", 1)


def test_accounts_do_not_share(limiter: WindowLimiter) -> None:
    limiter.check("a", 1)
    limiter.check("b", 1)
    with pytest.raises(RateLimited):
        limiter.check("a", 1)


def test_no_limit(limiter: WindowLimiter) -> None:
    for _ in range(1000):
        limiter.check("a", None)


def test_a_smaller_plan_counts_what_was_sent_before(limiter: WindowLimiter, clock: FixedClock) -> None:
    for _ in range(10):
        limiter.check("a", 10)
        clock.advance_s(1)
    with pytest.raises(RateLimited) as caught:
        limiter.check("a", 2)
    clock.advance_s(caught.value.retry_after_s)
    limiter.check("a", 2)


def test_a_clock_that_is_set_back_locks_nobody_out(limiter: WindowLimiter, clock: FixedClock) -> None:
    limiter.check("a", 1)
    clock.advance_s(-3600)
    limiter.check("a", 1)


def test_quiet_accounts_are_forgotten(limiter: WindowLimiter, clock: FixedClock) -> None:
    for n in range(900):
        limiter.check(f"a{n}", 5)
    clock.advance_s(61)
    for _ in range(300):
        limiter.check("busy", 1000)
    assert set(limiter._times) == {"busy"}


def test_threads_do_not_slip_through(limiter: WindowLimiter) -> None:
    def ask(_: int) -> bool:
        try:
            limiter.check("a", 50)
        except RateLimited:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(ask, range(400))) == 50
