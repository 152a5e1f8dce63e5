"""The video's size and the crop."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from photoplay.engines.motion.fit import choose_output, fit
from photoplay.engines.motion.types import Box, Face, SceneMap


def scene_with(*faces: Box, subject: Box | None = None) -> SceneMap:
    empty = np.zeros((8, 8), np.uint8)
    return SceneMap(
        digest="x",
        size=(8, 8),
        inverse_depth=np.zeros((8, 8), np.float32),
        matte=empty,
        layers=(np.full((8, 8), 255, np.uint8),),
        layer_depths=(0.3,),
        subject=subject,
        faces=tuple(Face(box, 0.99) for box in faces),
    )


@pytest.mark.parametrize(
    ("photo", "short", "ratio", "expected"),
    [
        ((4000, 3000), 720, "auto", (960, 720)),
        ((3000, 4000), 720, "auto", (720, 960)),
        ((4000, 3000), 720, "16:9", (1280, 720)),
        ((4000, 3000), 720, "9:16", (720, 1280)),
        ((4000, 3000), 1080, "1:1", (1080, 1080)),
        ((5000, 1000), 720, "auto", (1800, 720)),
        ((1000, 5000), 720, "auto", (720, 1800)),
        ((3840, 2160), 2160, "auto", (3840, 2160)),
    ],
)
def test_output_follows_the_photo_or_the_ratio(photo, short, ratio, expected):
    assert choose_output(photo, short, ratio) == expected


def test_an_exact_size_wins_and_is_made_even():
    assert choose_output((10, 10), 720, "16:9", (641, 359)) == (640, 360)


@given(st.integers(16, 9000), st.integers(16, 9000), st.sampled_from([240, 480, 720, 1080, 2160]))
def test_sides_are_even_and_the_short_side_is_as_asked(width, height, short):
    out = choose_output((width, height), short)
    assert out[0] % 2 == out[1] % 2 == 0
    assert min(out) == short
    assert max(out) / min(out) <= 2.5 + 2 / short


fractions = st.floats(0, 1, allow_nan=False)


@given(
    st.integers(64, 6000),
    st.integers(64, 6000),
    st.sampled_from([(1280, 720), (720, 1280), (720, 720), (1680, 720)]),
    fractions,
    fractions,
    st.floats(0.02, 0.3),
)
def test_the_crop_fills_the_output_inside_the_photo_and_keeps_the_head(width, height, output, fx, fy, size):
    box = Box(fx * (1 - size), fy * (1 - size), fx * (1 - size) + size, fy * (1 - size) + size)
    x, y, w, h = fit((width, height), output, scene_with(box, subject=box))
    assert w / h == pytest.approx(output[0] / output[1], rel=1e-6)
    assert x >= -1e-6
    assert y >= -1e-6
    assert x + w <= width + 1e-6
    assert y + h <= height + 1e-6
    assert w == pytest.approx(width) or h == pytest.approx(height)  # the largest window there is
    # The face is inside wherever it fits; where it does not, its top is.
    if (box.y1 - box.y0) * height * 1.9 <= h:
        assert y <= box.y0 * height + 1e-6
        assert y + h >= box.y1 * height - 1e-6
    if (box.x1 - box.x0) * width * 1.6 <= w:
        assert x <= box.x0 * width + 1e-6
        assert x + w >= box.x1 * width - 1e-6


def test_a_portrait_shown_wide_keeps_the_head_with_hair():
    face = Box(0.4, 0.10, 0.6, 0.26)
    subject = Box(0.1, 0.02, 0.9, 1.0)
    _, y, _, h = fit((800, 1000), (1280, 720), scene_with(face, subject=subject))
    assert y <= 0.02 * 1000 + 1
    assert y + h >= 0.3 * 1000


def test_the_crop_follows_a_subject_aside():
    x, _, w, _ = fit((2000, 1000), (720, 720), scene_with(subject=Box(0.8, 0.2, 0.98, 0.9)))
    assert x <= 1600
    assert x + w >= 1960


def test_without_anything_the_crop_is_in_the_middle():
    assert fit((2000, 1000), (720, 720), None) == (500.0, 0.0, 1000.0, 1000.0)
    assert fit((2000, 1000), (720, 720), scene_with()) == (500.0, 0.0, 1000.0, 1000.0)


def test_two_faces_too_far_apart_keep_the_larger():
    large, small = Box(0.02, 0.3, 0.14, 0.55), Box(0.9, 0.3, 0.95, 0.4)
    x, _, w, _ = fit((3000, 1000), (720, 720), scene_with(large, small))
    assert x <= 0.02 * 3000
    assert x + w >= 0.14 * 3000
