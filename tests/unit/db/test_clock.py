"""The one clock of a cluster."""

from __future__ import annotations

import time

import pytest

from photoplay.clock import FixedClock, SystemClock
from photoplay.db import make_engine, shared_clock
from photoplay.db.clock import SYNC_INTERVAL_S, DatabaseClock


@pytest.fixture
def engine(database_url):
    engine = make_engine(database_url)
    yield engine
    engine.dispose()


def test_a_server_tells_the_time_and_a_file_does_not(engine):
    own = FixedClock(1)  # an hour off is nothing against this
    clock = shared_clock(engine, own)
    if engine.dialect.name == "sqlite":
        assert clock is own
    else:
        assert abs(clock.now_ms() - SystemClock().now_ms()) < 60_000


class Ticks:
    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def test_time_goes_on_between_two_questions_and_when_nobody_answers(postgres):
    with postgres.database() as url:
        engine = make_engine(url)
        ticks, own = Ticks(), FixedClock()
        clock = DatabaseClock(engine, own, monotonic=ticks)
        first = clock.now_ms()
        ticks.now_s = 5
        own.advance_s(5)
        assert clock.now_ms() == first + 5000
        engine.dispose()
    own.advance_s(SYNC_INTERVAL_S - 4)
    ticks.now_s = SYNC_INTERVAL_S + 1  # it asks, in the background, a database that is gone
    assert clock.now_ms() == first + 31_000
    deadline = time.monotonic() + 30
    while clock._asking.locked():
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert clock.now_ms() == first + 31_000
    engine.dispose()


def test_a_jump_of_our_own_clock_makes_it_ask_again(postgres):
    with postgres.database() as url:
        engine = make_engine(url)
        ticks, own = Ticks(), FixedClock()
        clock = DatabaseClock(engine, own, monotonic=ticks)
        first = clock.now_ms()
        own.advance_s(3600)  # our monotonic clock stood still meanwhile, as in a machine that slept
        deadline = time.monotonic() + 30
        while clock._base[2] != own.now_ms():
            clock.now_ms()
            assert time.monotonic() < deadline
            time.sleep(0.02)
        assert abs(clock.now_ms() - first) < 60_000  # the server's clock did not jump
        engine.dispose()
