"""A change from one photo to an unlike one: framed alike, lit alike, far before near, and settled at the end."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from photoplay.engines.motion import change as changes
from photoplay.engines.motion.change import Change, change_spans, framings, meeting_grades, veil
from photoplay.engines.motion.interest import Anchor
from photoplay.engines.motion.matrices import times
from photoplay.engines.motion.planes import RGB_TO_YUV
from photoplay.shot import MoveKind

ASPECT = 2 / 3


@pytest.mark.parametrize(
    ("first", "last"),
    [
        (Anchor((0.0, 0.0), 0.3), Anchor((0.1, -0.05), 0.2)),
        (Anchor((-0.2, 0.1), 0.15), Anchor((0.05, 0.0), 0.25)),
        (Anchor((0.0, -0.1), None), Anchor((0.0, 0.2), None)),
        (Anchor((-0.45, 0.3), 0.1), Anchor((0.45, -0.3), 0.1)),
    ],
)
def test_both_are_framed_alike_within_their_frames(first: Anchor, last: Anchor) -> None:
    both = framings(first, last, ASPECT)
    for framing in both:
        for share in (0.0, 0.2, 0.5, 0.8, 1.0):
            nudge = framing.nudge(share)
            for corner in itertools.product((-0.5, 0.5), (-ASPECT / 2, ASPECT / 2)):
                x, y, _ = times(nudge.matrix(), *corner, 1.0)
                assert abs(x) <= 0.5 + 1e-9
                assert abs(y) <= ASPECT / 2 + 1e-9
            if share == 0.0:
                assert (nudge.scale, nudge.dx, nudge.dy) == (1.0, 0.0, 0.0)
    assert min(framing.scale for framing in both) > 1.0
    assert max(framing.scale for framing in both) <= changes.CLOSEST


def test_anchors_meet_at_one_place_and_size() -> None:
    first, last = Anchor((-0.05, 0.0), 0.2), Anchor((0.05, 0.02), 0.25)
    one, two = framings(first, last, ASPECT)
    assert one.at == pytest.approx(two.at, abs=0.03)
    apart = abs(first.centre[0] - last.centre[0])
    assert abs(one.at[0] - two.at[0]) < 0.5 * apart
    assert one.scale * 0.2 / (two.scale * 0.25) == pytest.approx(changes.CLOSE_OLD / changes.CLOSE_NEW, rel=0.01)


def test_light_and_colour_meet_half_way() -> None:
    rng = np.random.default_rng(3)
    dark = np.clip(rng.normal((60, 50, 40), 22, (64, 64, 3)), 0, 255).astype(np.uint8)
    light = np.clip(rng.normal((160, 170, 190), 28, (64, 64, 3)), 0, 255).astype(np.uint8)
    means, spreads = [], []
    for picture, grade in zip((dark, light), meeting_grades(dark, light), strict=True):
        codes = picture.reshape(-1, 3).astype(np.float32) @ RGB_TO_YUV[:, :3].T + RGB_TO_YUV[:, 3]
        luma = 16 + grade.luma_gain * (codes[:, 0] - 16) + grade.luma_offset
        chroma = 128 + grade.chroma_gain * (codes[:, 1:] - 128) + np.array([grade.du, grade.dv])
        means.append([luma.mean(), *chroma.mean(axis=0)])
        spreads.append(luma.std())
    assert means[0] == pytest.approx(means[1], abs=1.5)
    assert spreads[0] == pytest.approx(spreads[1], rel=0.05)


def test_what_is_far_in_both_changes_first_and_evenly() -> None:
    old, new = np.zeros((60, 90), np.float32), np.zeros((60, 90), np.float32)
    old[20:40] = 1.0
    new[:, 30:60] = 1.0
    order = veil(old, new, 5)
    assert order[:10, :15].mean() < order[25:35, 35:55].mean() - 0.4
    assert np.array_equal(order, veil(old, new, 5))
    for part in (0.25, 0.5, 0.75):
        assert float((order < part).mean()) == pytest.approx(part, abs=0.04)


def made(frames: int) -> Change:
    still = Anchor((0.0, 0.0), None)
    flat = np.full((8, 8, 3), 90, np.uint8)
    return Change(change_spans(frames, 24), framings(still, still, ASPECT), meeting_grades(flat, flat))


@pytest.mark.parametrize("frames", [12, 36, 96, 240])
def test_both_takes_are_framed_alike_while_one_becomes_the_other(frames: int) -> None:
    found = made(frames)
    first, last = found.spans
    assert first.first == 0
    assert last.last == frames
    assert last.first < first.last
    assert found.at(0, 0) == (0.0, 0.0), "it begins with the photo"
    assert found.at(1, frames - 1) == (0.0, 0.0), "and ends with the other"
    middle = (last.first + first.last - 1) // 2
    if frames > 20:
        assert found.at(0, middle)[0] == found.at(1, middle)[0] == 1.0
        assert found.at(0, middle)[1] == found.at(1, middle)[1] > 0.5
    steps = [found.at(0, index)[0] for index in range(first.last)]
    assert all(b >= a for a, b in itertools.pairwise(steps))


def test_the_camera_goes_in_and_comes_out_again() -> None:
    found = made(240)
    (into,), (out,) = found.moves(0), found.moves(1)
    assert into.kind is out.kind is MoveKind.DOLLY
    assert into.amount == -out.amount > 0
    assert 0.0 < into.start < into.end == 1.0
    assert 0.0 == out.start < out.end < 1.0
