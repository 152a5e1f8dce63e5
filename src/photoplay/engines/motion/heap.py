"""Gives memory that is no longer used back to the system."""

from __future__ import annotations

import ctypes
import sys


def give_back() -> None:
    """Returns what lies free within the heap. Does nothing where the C library has no such call (all but glibc).

    Pictures below 32 MiB come from the heap, and once freed stay there between others that live on: at 4k about
    100 MB when the stage is built, which the encoder would be given on top. Takes a few milliseconds.
    """
    if sys.platform != "linux":
        return
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
