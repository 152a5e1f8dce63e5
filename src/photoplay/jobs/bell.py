"""A bell that wakes threads of this process: something may have come into the queue."""

from __future__ import annotations

import threading


class Bell:
    """Rung by whoever did something, waited for by any number of threads. Thread-safe."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._rung = 0

    def ring(self) -> None:
        """Wakes everybody who waits, and whoever has not heard it yet when it waits next."""
        with self._condition:
            self._rung += 1
            self._condition.notify_all()

    def wait(self, heard: int, timeout_s: float) -> int:
        """Returns when it was rung more than ``heard`` times, or after ``timeout_s``: how often it was rung."""
        with self._condition:
            self._condition.wait_for(lambda: self._rung > heard, timeout_s)
            return self._rung
