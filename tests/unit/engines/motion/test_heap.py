"""Memory that is no longer used goes back to the system."""

from __future__ import annotations

import os
import platform
from pathlib import Path

import pytest

from photoplay.engines.motion import heap


def _resident_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc gives memory back when asked")
def test_what_lies_free_between_what_is_used_goes_back() -> None:
    blocks = [os.urandom(20_000) for _ in range(5_000)]
    last = blocks[-1]  # at the heap's end: what lies before it stays where it is
    blocks.clear()
    before = _resident_mb()
    heap.give_back()
    assert _resident_mb() < before - 50
    assert len(last) == 20_000


def test_other_systems_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heap.sys, "platform", "darwin")
    monkeypatch.setattr(heap.ctypes, "CDLL", None)
    heap.give_back()
