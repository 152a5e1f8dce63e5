"""Brushes whose trajectories are told in pixels."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from photoplay.shot import Brush, Point

SIDES = st.integers(min_value=1, max_value=20_000)
COORDINATES = st.floats(min_value=-1e4, max_value=1e4)


def test_pixels_from_either_corner() -> None:
    way = (Point(x=100, y=100), Point(x=0, y=400))
    down = Brush(mask="m", trajectory=way, unit="pixels").shares(200, 400)
    assert [(point.x, point.y) for point in down] == [(0.5, 0.25), (0.0, 1.0)]
    up = Brush(mask="m", trajectory=way, unit="pixels_up").shares(200, 400)
    assert [(point.x, point.y) for point in up] == [(0.5, 0.75), (0.0, 0.0)]


def test_shares_stay_as_they_are() -> None:
    way = (Point(x=0.1, y=0.9), Point(x=0.5, y=0.5))
    assert Brush(mask="m", trajectory=way).shares(200, 400) == way
    assert Brush(mask="m", unit="pixels_up").shares(200, 400) == ()


@given(x=COORDINATES, y=COORDINATES, width=SIDES, height=SIDES)
def test_the_two_corners_mirror_each_other(x: float, y: float, width: int, height: int) -> None:
    (down,) = Brush(mask="m", trajectory=(Point(x=x, y=y),), unit="pixels").shares(width, height)
    (up,) = Brush(mask="m", trajectory=(Point(x=x, y=y),), unit="pixels_up").shares(width, height)
    assert up.x == down.x
    assert up.y == pytest.approx(1.0 - down.y)
