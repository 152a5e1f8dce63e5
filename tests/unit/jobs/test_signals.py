"""Whatever thread the system gives a signal to, a process that is told to stop hears it."""

from __future__ import annotations

import os
import signal
import threading
import time

import pytest

from photoplay.jobs.signals import StopSignals

SOON_S = 10.0


@pytest.fixture
def hurry():
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield threading.Event()
    for number, handler in before.items():
        signal.signal(number, handler)


def later(work, *arguments):
    """Does it in a thread of its own, a moment after the main thread has begun to wait."""

    def run():
        time.sleep(0.2)
        work(*arguments)

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def ends(told):
    """Whether its wait ends; a wait that would last for ever is ended by force."""
    late = threading.Timer(SOON_S, told.stop)
    late.start()
    begin = time.monotonic()
    told.wait()
    late.cancel()
    return time.monotonic() - begin < SOON_S


def test_a_signal_to_the_process_ends_the_wait(hurry):
    told = StopSignals(hurry)
    later(os.kill, os.getpid(), signal.SIGTERM)
    assert ends(told)
    assert not hurry.is_set()


def test_a_signal_that_another_thread_is_given_ends_the_wait(hurry):
    told = StopSignals(hurry)
    later(lambda: signal.pthread_kill(threading.get_ident(), signal.SIGTERM))
    assert ends(told)


def test_a_signal_that_came_before_the_wait_ends_it(hurry):
    told = StopSignals(hurry)
    os.kill(os.getpid(), signal.SIGTERM)
    assert ends(told)


def test_being_told_twice_or_by_ctrl_c_is_a_hurry(hurry):
    told = StopSignals(hurry)
    os.kill(os.getpid(), signal.SIGTERM)
    assert ends(told)
    assert not hurry.is_set()
    os.kill(os.getpid(), signal.SIGTERM)
    assert hurry.wait(SOON_S)


def test_ctrl_c_is_a_hurry(hurry):
    told = StopSignals(hurry)
    later(os.kill, os.getpid(), signal.SIGINT)
    assert ends(told)
    assert hurry.wait(SOON_S)


def test_whoever_wants_the_process_to_stop_can_say_so(hurry):
    told = StopSignals(hurry)
    later(told.stop)
    assert ends(told)
    assert not hurry.is_set()
