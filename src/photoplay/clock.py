"""Time, passed in so that tests can hold it still."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """What tells the time."""

    def now_ms(self) -> int:
        """Milliseconds since 1970-01-01 UTC."""
        ...


class SystemClock:
    """The machine's clock."""

    def now_ms(self) -> int:
        """Milliseconds since the epoch, as the machine has it."""
        return time.time_ns() // 1_000_000


class FixedClock:
    """A clock that moves only when told to, for tests."""

    def __init__(self, now_ms: int = 1_760_000_000_000) -> None:
        self._now_ms = now_ms

    def now_ms(self) -> int:
        """Milliseconds since the epoch, as last set."""
        return self._now_ms

    def advance_s(self, seconds: float) -> None:
        """Moves the clock forward (or back, when negative)."""
        self._now_ms += round(seconds * 1000)


def iso(ms: int) -> str:
    """``ms`` since the epoch as an ISO 8601 string in UTC, to the millisecond."""
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
