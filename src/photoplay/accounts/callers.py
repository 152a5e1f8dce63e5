"""Who callers are, kept for a moment: a client that asks again at once is not looked up again.

What is kept may be a second old. So a key that another process revoked, and a block or a change of plan made there,
are noticed within :data:`KEPT_S`; what this process changes itself is noticed at once. Nothing is kept of keys that
nobody has.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from photoplay.accounts.account import Caller

KEPT_S = 1.0
MOST = 10_000  # keys in use at once, about 10 MB; beyond that all are forgotten and looked up again


class Callers:
    """Callers by the keyed hash of their API key. Thread-safe."""

    def __init__(self, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._kept: dict[str, tuple[float, Caller]] = {}
        self._forgotten = 0

    def now(self) -> tuple[float, int]:
        """To be asked before a caller is looked up, and given to :meth:`keep`."""
        return self._monotonic(), self._forgotten

    def get(self, digest: str) -> Caller | None:
        """Whose key has that hash, if that was looked up within the last second."""
        found = self._kept.get(digest)
        return None if found is None or self._monotonic() - found[0] > KEPT_S else found[1]

    def keep(self, digest: str, caller: Caller, asked: tuple[float, int]) -> None:
        """Keeps what was looked up, unless something was changed meanwhile."""
        with self._lock:
            if asked[1] != self._forgotten:
                return
            if len(self._kept) >= MOST:
                self._kept.clear()
            self._kept[digest] = (asked[0], caller)

    def forget(self) -> None:
        """Forgets everybody: an account or a key was changed."""
        with self._lock:
            self._forgotten += 1
            self._kept.clear()
