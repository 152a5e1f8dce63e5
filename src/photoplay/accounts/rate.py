"""How many requests an account may send."""

from __future__ import annotations

import threading
from collections import deque
from typing import Protocol

from photoplay.clock import Clock, SystemClock
from photoplay.errors import RateLimited

WINDOW_MS = 60_000
_SWEEP_EVERY = 1024  # checks between two sweeps for accounts that have gone quiet


class RateLimiter(Protocol):
    """Counts requests. One process counts for itself or several share a count: the caller cannot tell."""

    def check(self, account_id: str, per_minute: int | None) -> None:
        """Counts one request of the account; ``per_minute`` None counts nothing.

        Raises:
            RateLimited: it would be one too many; ``retry_after_s`` says when there is room again. Refused
                requests do not count, so a client that keeps asking is let in as soon as there is room.
        """
        ...


class WindowLimiter:
    """At most ``per_minute`` requests in any sixty seconds, exactly, counted in this process. Thread-safe."""

    def __init__(self, clock: Clock | None = None) -> None:
        self._clock = clock or SystemClock()
        self._lock = threading.Lock()
        self._times: dict[str, deque[int]] = {}
        self._checks = 0

    def check(self, account_id: str, per_minute: int | None) -> None:
        """See :meth:`RateLimiter.check`."""
        if per_minute is None:
            return
        now_ms = self._clock.now_ms()
        with self._lock:
            self._checks += 1
            if self._checks % _SWEEP_EVERY == 0:
                self._sweep(now_ms)
            times = self._times.setdefault(account_id, deque())
            _drop(times, now_ms)
            if len(times) >= per_minute:
                # Room comes when the request that is per_minute back leaves the window.
                free_ms = times[len(times) - per_minute] + WINDOW_MS
                raise RateLimited(retry_after_s=max(free_ms - now_ms, 1) / 1000)
            times.append(now_ms)

    def _sweep(self, now_ms: int) -> None:
        for account_id, times in list(self._times.items()):
            _drop(times, now_ms)
            if not times:
                del self._times[account_id]


def _drop(times: deque[int], now_ms: int) -> None:
    """Forgets what has left the window, and what a clock that was set back shows as the future."""
    while times and times[0] <= now_ms - WINDOW_MS:
        times.popleft()
    while times and times[-1] > now_ms:
        times.pop()
