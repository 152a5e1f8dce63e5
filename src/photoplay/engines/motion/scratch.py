"""Room to work in, kept per thread: fresh arrays for every band of every frame cost more than the work itself."""

from __future__ import annotations

import math
import threading

import numpy as np

from photoplay.engines.motion.types import F32, U8

_KEPT = 256  # cuts of each kind: a frame takes about twenty, of sizes that are much the same in the next


class Scratch(threading.local):
    """Named buffers. What was taken under a name is overwritten when the name is taken again on the same thread."""

    def __init__(self) -> None:
        self._buffers: dict[str, U8] = {}
        self._bytes: dict[tuple[str, tuple[int, ...]], U8] = {}
        self._floats: dict[tuple[str, tuple[int, ...]], F32] = {}

    def bytes_of(self, name: str, *shape: int) -> U8:
        """(``shape``) uint8, contents undefined."""
        cut = self._bytes.get((name, shape))
        if cut is None:
            cut = self._room(name, math.prod(shape)).reshape(shape)
            self._bytes[name, shape] = cut
        return cut

    def floats(self, name: str, *shape: int) -> F32:
        """(``shape``) float32, contents undefined."""
        cut = self._floats.get((name, shape))
        if cut is None:
            cut = self._room(name + " (floats)", 4 * math.prod(shape)).view(np.float32).reshape(shape)
            self._floats[name, shape] = cut
        return cut

    def _room(self, name: str, size: int) -> U8:
        held = self._buffers.get(name)
        if held is None or held.size < size:
            # Cuts of what is too small would keep it alive.
            self._forget()
            self._buffers[name] = held = np.empty(size, np.uint8)
        elif len(self._bytes) > _KEPT or len(self._floats) > _KEPT:
            self._forget()
        return held[:size]

    def _forget(self) -> None:
        self._bytes.clear()
        self._floats.clear()
