"""Shadows lie where a subject touches the ground and away from the light, never above its feet, never on the sky."""

from __future__ import annotations

import numpy as np
import pytest

from photoplay.engines.motion.ensemble import shadow

FOOT = 80


def pillar() -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    alpha = np.zeros((100, 160), np.uint8)
    alpha[30:FOOT, 70:90] = 255
    return alpha


def test_contact_is_darkest_at_the_feet_and_gone_a_little_way_off() -> None:
    shade = shadow.contact(pillar(), FOOT)
    assert shade[FOOT - 2 : FOOT + 3, 72:88].max() > 0.5
    assert shade[:60].max() < 0.02
    assert shade[:, :40].max() < 0.05
    assert shade.max() <= 1.0


@pytest.mark.parametrize("towards", [-1.0, 1.0])
def test_the_cast_shadow_falls_away_from_the_light(towards: float) -> None:
    shade = shadow.cast(pillar(), FOOT, (towards * 0.8, -0.6))
    columns = np.arange(160)
    middle = float((shade.sum(axis=0) * columns).sum() / shade.sum())
    assert (middle - 80.0) * towards < -4.0
    assert shade[: FOOT - 30].max() < 0.2, "it lies flat"
    assert shade[FOOT + 4 :].max() < 0.05, "the light is in front: nothing falls towards the camera"


def test_a_low_light_behind_throws_the_shadow_towards_the_camera() -> None:
    shade = shadow.cast(pillar(), FOOT, (0.98, -0.17), behind=True)
    assert shade[FOOT + 5 :].max() > 0.2
    assert shade[: FOOT - 5].max() < 0.05


def test_ground_is_darkened_and_nothing_else() -> None:
    ground = np.full((400, 640, 3), 200, np.uint8)
    shade = shadow.joined([shadow.contact(pillar(), FOOT), shadow.cast(pillar(), FOOT, (0.5, -0.8))])
    assert shade is not None
    dark = shadow.darken(ground, shade)
    assert dark[FOOT * 4, 320].max() < 150
    assert (dark[:60] == 200).all()
    assert dark.min() >= 200 * (1.0 - shadow.DARKEST) - 2
    assert dark[FOOT * 4, 320, 2] >= dark[FOOT * 4, 320, 0], "shade is cool"
    assert (ground == 200).all(), "the ground that was given is not changed"


def test_nothing_casts_nothing() -> None:
    empty = np.zeros((50, 60), np.uint8)
    assert shadow.contact(empty, 40).max() == 0.0
    assert shadow.cast(empty, 40, (0.5, -0.5)).max() == 0.0
    assert shadow.joined([]) is None
