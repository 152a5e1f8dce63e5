"""A picture at several sizes: each is made once, whoever asks, and is what a plain reduction gives."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from photoplay.engines.motion import filters
from photoplay.engines.motion.filters import Sizes
from photoplay.engines.motion.types import U8

WAIT_S = 20.0


@pytest.fixture
def picture() -> U8:
    return np.random.default_rng(4).integers(0, 256, (42, 63, 3), dtype=np.uint8)


def test_a_size_is_what_a_plain_reduction_gives_and_is_made_once(picture: U8) -> None:
    sizes = Sizes(picture)
    assert sizes.size == (63, 42)
    small = sizes.at(30)
    np.testing.assert_array_equal(small, filters.resize_u8(picture, (30, 20)))
    assert sizes.at(30) is small
    assert sizes.at(15).shape == (10, 15, 3)
    assert sizes.at(99) is sizes.at(63), "a picture is never enlarged"
    np.testing.assert_array_equal(sizes.at(99), picture)


def test_what_is_shared_cannot_be_written_to_and_the_picture_still_can(picture: U8) -> None:
    sizes = Sizes(picture)
    for side in (30, 99):
        with pytest.raises(ValueError, match="read-only"):
            sizes.at(side)[0, 0] = 0
    assert picture.flags.writeable


def test_an_array_and_its_sizes_may_be_handed_on_alike(picture: U8) -> None:
    sizes = Sizes(picture)
    assert Sizes.of(sizes) is sizes
    assert Sizes.of(picture).full is picture


def test_a_size_in_the_making_is_waited_for_and_others_are_not(picture: U8, monkeypatch: pytest.MonkeyPatch) -> None:
    begun, go_on = threading.Event(), threading.Event()
    made: list[tuple[int, int]] = []
    plain = filters.resize_u8

    def slow(image: U8, size: tuple[int, int], how: int | None = None) -> U8:
        made.append(size)
        if size == (30, 20):
            begun.set()
            assert go_on.wait(WAIT_S)
        return plain(image, size, how)

    monkeypatch.setattr(filters, "resize_u8", slow)
    sizes = Sizes(picture)
    with ThreadPoolExecutor(3) as threads:
        try:
            first = threads.submit(sizes.at, 30)
            assert begun.wait(WAIT_S)
            second = threads.submit(sizes.at, 30)
            assert threads.submit(sizes.at, 15).result(WAIT_S).shape == (10, 15, 3)
            with pytest.raises(TimeoutError):
                second.result(0.05)
        finally:
            go_on.set()
        assert first.result(WAIT_S) is second.result(WAIT_S)
    assert sorted(made) == [(15, 10), (30, 20)]
