"""Hears that a worker process is told to stop."""

from __future__ import annotations

import signal
import threading
from queue import SimpleQueue
from types import FrameType

LOOK_S = 1.0  # a signal that another thread was given is heard when the main thread wakes


class StopSignals:
    """Hears SIGINT and SIGTERM from the time it is made, in the main thread.

    Python runs handlers in the main thread, between two of its steps: while that waits for ever, a signal which the
    system gave to another thread, or just before the wait began, is never heard; and a handler that sets an event
    waits for ever itself where it came while the main thread held that event's lock. So the handler only puts into a
    queue that is made for it, a thread of its own reads it, and the main thread never waits without an end.
    """

    def __init__(self, hurry: threading.Event) -> None:
        """``hurry`` is set on SIGINT, and when told a second time."""
        self._told: SimpleQueue[int] = SimpleQueue()
        self._stop = threading.Event()
        self._hurry = hurry
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._hear)
        threading.Thread(target=self._pass_on, name="photoplay-signals", daemon=True).start()

    def wait(self) -> None:
        """Returns once the process is told to stop. For the main thread."""
        while not self._stop.wait(LOOK_S):
            pass

    def stop(self) -> None:
        """Makes the wait end. For any thread."""
        self._stop.set()

    def _hear(self, number: int, _frame: FrameType | None) -> None:
        self._told.put(number)

    def _pass_on(self) -> None:
        while True:
            number = self._told.get()
            if number == signal.SIGINT or self._stop.is_set():
                self._hurry.set()
            self._stop.set()
