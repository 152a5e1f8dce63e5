"""Colours move towards the place, by no more than they may, and stay themselves."""

from __future__ import annotations

import numpy as np
import pytest

from photoplay.engines.motion.ensemble import match
from photoplay.engines.motion.types import U8
from support.stages import photo, textured


def flat(colour: tuple[int, int, int]) -> U8:
    """A colour with some texture."""
    noise = textured(96, 64, 3).astype(np.int16) - 128
    return np.clip(np.array(colour) + noise // 4, 0, 255).astype(np.uint8)


COLOURS = {"night": (18, 22, 40), "grass": (70, 120, 40), "sunset": (220, 140, 90), "snow": (225, 230, 240)}
CAT = photo("chelsea.png")


@pytest.mark.parametrize("place", COLOURS)
@pytest.mark.parametrize("subject", ["cat", *COLOURS])
def test_means_move_towards_the_place_and_are_bounded(place: str, subject: str) -> None:
    before = CAT if subject == "cat" else flat(COLOURS[subject])
    target = match.tone_of(flat(COLOURS[place]))
    old = match.tone_of(before)
    after = match.matched(before, match.shift_towards(old, target))
    new = match.tone_of(after)
    for axis, bound in ((0, match.NIGHT_BOUND), (1, 2 * match.TINT_BOUND), (2, 2 * match.TINT_BOUND)):
        away_before, away_after = abs(target.mean[axis] - old.mean[axis]), abs(target.mean[axis] - new.mean[axis])
        assert away_after <= away_before + 1.5, "never farther from the place than it was"
        if away_before > 12.0:
            assert away_after < away_before, "nearer than it was"
        # Night takes a share of a subject's colour besides.
        assert abs(new.mean[axis] - old.mean[axis]) < bound + 1.5 + (match.PALE * away_before if axis else 0.0)


def test_night_falls_on_everybody_more_than_day_brightens() -> None:
    old = match.tone_of(CAT)
    night = match.shift_towards(old, match.tone_of(flat(COLOURS["night"])))
    day = match.shift_towards(old, match.tone_of(flat(COLOURS["snow"])))
    assert night.move[0] < -10.0
    assert 0.0 < day.move[0] < 8.0


def test_the_lit_side_is_brighter() -> None:
    grey = np.full((80, 120, 3), 128, np.uint8)
    same = match.tone_of(grey)
    out = match.matched(grey, match.shift_towards(same, same), light=(-1.0, 0.0)).astype(int)
    assert out[:, :20].mean() > out[:, -20:].mean() + 4
    assert abs(out.mean() - 128) < 2


def test_a_picture_is_the_same_in_one_piece_and_in_bands() -> None:
    tall = np.vstack([CAT] * 3)
    shift = match.shift_towards(match.tone_of(tall), match.tone_of(flat(COLOURS["sunset"])))
    whole = match.matched(tall, shift)
    steps = [np.abs(whole[row].astype(int) - whole[row - 1]).mean() for row in range(1, len(tall))]
    seams = [steps[row - 1] for row in range(256, len(tall), 256)]
    assert max(seams) <= 1.5 * np.percentile(steps, 99)
