"""Where subjects stand: on the ground or cut by the frame, inside it, seen, in the order and sizes that are wished."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from photoplay.engines.motion.ensemble.layout import FRONT_Y, Shape, Spot, arrange, natural_height
from photoplay.engines.motion.ensemble.words import Wish

FRAMES = {"wide": 16 / 9, "square": 1.0, "tall": 9 / 16}


def some(count: int) -> list[Shape]:
    """People, things, busts."""
    aspects = (0.42, 1.5, 1.0, 0.9, 0.6, 1.2, 0.35)
    return [
        Shape(n + 1, aspects[n], cut_below=n % 3 == 2, face_height=0.4 if n % 3 == 2 else 0.0, person=n % 3 != 1)
        for n in range(count)
    ]


def sides(spot: Spot, shapes: list[Shape]) -> tuple[float, float]:
    half = 0.5 * shapes[spot.number - 1].aspect * spot.height
    return spot.x - half, spot.x + half


@pytest.mark.parametrize("count", range(1, 8))
@pytest.mark.parametrize("frame", FRAMES)
@pytest.mark.parametrize("horizon", [0.25, 0.5, 0.65])
def test_everybody_is_in_the_frame_and_nobody_floats(count: int, frame: str, horizon: float) -> None:
    aspect = FRAMES[frame]
    shapes = some(count)
    spots = arrange(shapes, aspect, horizon=horizon)
    assert sorted(spot.number for spot in spots) == list(range(1, count + 1))
    for spot in spots:
        left, right = sides(spot, shapes)
        assert left > -0.03 * aspect
        assert right < 1.03 * aspect
        assert spot.height > 0.06
        if spot.grounded:
            assert horizon < spot.foot <= FRONT_Y + 1e-6, "feet stand on the ground, in the frame"
        else:
            assert spot.foot > 1.0, "a cut lies below the frame"
    rows = [spot.row for spot in spots]
    assert rows == sorted(rows, reverse=True), "the farthest are drawn first"


@pytest.mark.parametrize("count", range(2, 8))
@pytest.mark.parametrize("frame", FRAMES)
def test_nobody_is_hidden(count: int, frame: str) -> None:
    shapes = some(count)
    spots = arrange(shapes, FRAMES[frame])
    size = 400
    owner = np.zeros((size, round(size * FRAMES[frame])), int)
    areas = {}
    for spot in spots:
        left, right = (max(0, round(v * size)) for v in sides(spot, shapes))
        top, bottom = max(0, round((spot.foot - spot.height) * size)), min(size, round(spot.foot * size))
        owner[top:bottom, left:right] = spot.number
        areas[spot.number] = (bottom - top) * (right - left)
    for number, area in areas.items():
        assert (owner == number).sum() > 0.35 * area, f"{number} of {count} can be seen, as boxes, which hide the most"


def test_neighbours_who_have_room_do_not_touch() -> None:
    shapes = [Shape(1, 0.5), Shape(2, 0.6), Shape(3, 0.5)]
    spots = sorted(arrange(shapes, 16 / 9), key=lambda spot: spot.x)
    for first, second in itertools.pairwise(spots):
        assert sides(first, shapes)[1] < sides(second, shapes)[0]


def test_who_stands_behind_stands_higher_and_is_smaller() -> None:
    shapes = [Shape(1, 0.5, person=True), Shape(2, 0.5, person=True, wish=Wish(depth="back"))]
    back, front = arrange(shapes, 16 / 9)
    assert (back.number, back.row) == (2, 1)
    assert back.foot < front.foot
    assert back.height < front.height


def test_wishes_are_heeded() -> None:
    shapes = [Shape(1, 0.5, wish=Wish(side="right")), Shape(2, 0.5, wish=Wish(side="left")), Shape(3, 0.5)]
    order = [spot.number for spot in sorted(arrange(shapes, 16 / 9), key=lambda spot: spot.x)]
    assert order == [2, 3, 1]
    plain = natural_height(Shape(1, 1.0))
    assert natural_height(Shape(1, 1.0, wish=Wish(size=0.5))) < 0.6 * plain
    assert natural_height(Shape(1, 1.0, wish=Wish(size=1.5))) > plain


def test_a_cup_is_smaller_than_a_horse_but_can_be_seen() -> None:
    cup = natural_height(Shape(1, 1.0, wish=Wish(stature_m=0.1)))
    horse = natural_height(Shape(1, 1.2, wish=Wish(stature_m=1.9)))
    assert 0.15 * horse < cup < 0.75 * horse


def test_room_is_made_beside_the_backdrops_own_subject() -> None:
    for taken, left in (((0.1, 0.5), False), ((0.5, 0.9), True)):
        (spot,) = arrange([Shape(1, 0.6)], 16 / 9, taken=taken)
        assert (spot.x / (16 / 9) < 0.5) is left


def test_a_side_that_a_border_cut_lies_on_the_frames_border() -> None:
    shapes = [Shape(1, 0.8, cut_below=True), Shape(2, 0.8, cut_below=True, cut_left=True)]
    spots = {spot.number: spot for spot in arrange(shapes, 16 / 9)}
    assert sides(spots[2], shapes)[0] <= 0.0


def test_the_same_subjects_stand_the_same() -> None:
    assert arrange(some(7), 16 / 9) == arrange(some(7), 16 / 9)
