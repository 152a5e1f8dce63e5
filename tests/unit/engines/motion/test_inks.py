"""Sprites that are kept in the frame's colours look like those that are converted for every frame."""

from __future__ import annotations

import gc

import numpy as np
import pytest

from photoplay.engines.motion import planes as yuv
from photoplay.engines.motion.animate import Sprite
from photoplay.engines.motion.camera import CameraPath, Rig
from photoplay.engines.motion.inks import Inks, convert
from photoplay.engines.motion.planes import Planes
from photoplay.engines.motion.sprites import draw_sprite
from photoplay.engines.motion.types import U8
from photoplay.engines.motion.warp import Lattice
from photoplay.shot import Shot

SIZE = (96, 64)
PATH = CameraPath(Shot(), Rig(focal=1.0, aspect=64 / 96), duration_s=1.0)


def picture(seed: int, width: int, height: int) -> U8:
    rng = np.random.default_rng(seed)
    alpha = rng.integers(0, 256, (height, width, 1))
    colour = rng.integers(0, 256, (height, width, 3)) * alpha // 255
    return np.concatenate([colour, alpha], axis=2).astype(np.uint8)


def drawn(sprite: Sprite, inks: Inks) -> Planes:
    frame = yuv.allocate(*SIZE)
    frame.y[...], frame.u[...], frame.v[...] = 90, 120, 140
    draw_sprite(frame, sprite, PATH.at(0.0), PATH.rig, Lattice(SIZE, (0.0, 0.0, 96.0, 64.0), 8), inks)
    return frame


@pytest.mark.parametrize("light", [False, True])
@pytest.mark.parametrize(("x", "y"), [(10, 12), (11, 12), (10, 13), (-7, -9), (80, 50), (-3, 57)])
@pytest.mark.parametrize("size", [(20, 14), (21, 13), (96, 64)])
def test_a_kept_sprite_gives_the_same_samples(x: int, y: int, size: tuple[int, int], light: bool) -> None:
    sprite = Sprite(picture(1, *size), float(x), float(y), light=light, opacity=0.7)
    inks = Inks()
    first, second, third = (drawn(sprite, inks) for _ in range(3))  # converted, made, kept
    for a, b, c in zip(first, second, third, strict=True):
        assert np.array_equal(a, b)
        assert np.array_equal(b, c)
    assert not np.array_equal(first.y, np.full_like(first.y, 90))


def test_only_what_is_seen_again_is_kept_and_only_while_there_is_room() -> None:
    one, other = picture(1, 32, 32), picture(2, 32, 32)
    inks = Inks(max_bytes=convert(one, light=False).nbytes)
    assert inks.of(one, 0, 0, light=False) is None
    kept = inks.of(one, 0, 0, light=False)
    assert kept is not None
    assert inks.of(one, 0, 0, light=False) is kept
    assert inks.of(other, 0, 0, light=False) is None
    assert inks.of(other, 0, 0, light=False) is not None  # takes the first one's room
    assert inks.of(one, 0, 0, light=False) is None


def test_another_picture_in_the_same_place_of_memory_is_another_picture() -> None:
    inks = Inks()
    for seed in range(20):
        one = picture(seed, 8, 8)
        assert inks.of(one, 0, 0, light=False) is None
        again = inks.of(one, 0, 0, light=False)
        assert again is not None
        assert np.array_equal(again.y, convert(one, light=False).y)
        del one
        gc.collect()
