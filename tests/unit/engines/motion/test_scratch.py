"""Room to work in: taken again it is the same, and what was too small is let go."""

from __future__ import annotations

import weakref

import numpy as np

from photoplay.engines.motion.scratch import Scratch


def test_a_name_has_one_room_for_all_its_sizes() -> None:
    scratch = Scratch()
    large = scratch.bytes_of("a", 4, 6)
    small = scratch.bytes_of("a", 2, 3)
    assert (large.shape, small.shape) == ((4, 6), (2, 3))
    assert np.shares_memory(large, small)
    assert scratch.bytes_of("a", 4, 6) is large
    assert not np.shares_memory(large, scratch.bytes_of("b", 4, 6))


def test_bytes_and_floats_of_one_name_are_apart() -> None:
    scratch = Scratch()
    numbers = scratch.floats("a", 2, 3)
    assert numbers.dtype == np.float32
    assert not np.shares_memory(numbers, scratch.bytes_of("a", 2, 3))


def test_a_room_that_was_too_small_is_let_go() -> None:
    scratch = Scratch()
    first = weakref.ref(scratch.bytes_of("a", 8))
    scratch.bytes_of("a", 80)
    assert first() is None


def test_sizes_that_never_come_again_are_not_kept_for_ever() -> None:
    scratch = Scratch()
    scratch.bytes_of("a", 5000)
    cuts = [weakref.ref(scratch.bytes_of("a", size)) for size in range(1, 2000)]
    assert sum(cut() is not None for cut in cuts) < 300
