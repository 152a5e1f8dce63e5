"""Room to work in, kept per thread: fresh arrays for every band of every frame cost more than the work itself."""

from __future__ import annotations

import threading

import numpy as np

from photoplay.engines.motion.types import F32, U8


class Scratch(threading.local):
    """Named buffers. What was taken under a name is overwritten when the name is taken again on the same thread."""

    def __init__(self) -> None:
        self._bytes: dict[str, U8] = {}
        self._floats: dict[str, F32] = {}

    def bytes_of(self, name: str, *shape: int) -> U8:
        """(``shape``) uint8, contents undefined."""
        size = _product(shape)
        if name not in self._bytes or self._bytes[name].size < size:
            self._bytes[name] = np.empty(size, np.uint8)
        cut: U8 = self._bytes[name][:size].reshape(shape)
        return cut

    def floats(self, name: str, *shape: int) -> F32:
        """(``shape``) float32, contents undefined."""
        size = _product(shape)
        if name not in self._floats or self._floats[name].size < size:
            self._floats[name] = np.empty(size, np.float32)
        cut: F32 = self._floats[name][:size].reshape(shape)
        return cut


def _product(shape: tuple[int, ...]) -> int:
    size = 1
    for side in shape:
        size *= side
    return size
