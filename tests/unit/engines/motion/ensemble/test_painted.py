"""Painted places: every one in every light, with true depth and regions, deterministic."""

from __future__ import annotations

import numpy as np
import pytest

from photoplay.engines.motion.ensemble.painted import LOOKS, paint

SIZE = (192, 108)


@pytest.mark.parametrize("place", LOOKS)
@pytest.mark.parametrize("light", [None, "sunset", "night"])
def test_every_place_can_be_painted_in_every_light(place: str, light: str | None) -> None:
    made = paint(place, light, SIZE, 1, (0.6, 0.4, 0.3))
    assert made.photo.size == SIZE
    assert made.photo.rgb.std() > 3, "not one flat colour"
    scene = made.scene
    assert scene.subject is None
    horizon = round(LOOKS[place].horizon * scene.size[1])
    assert scene.inverse_depth[: horizon - 2].max() <= scene.inverse_depth[horizon + 2 :].min() + 1e-6
    assert (np.diff(scene.inverse_depth[horizon + 2 :], axis=0) > 0).all(), "the ground comes nearer downwards"
    assert np.hypot(*scene.light) == pytest.approx(1.0, abs=0.01)
    for name, weight in scene.regions.items():
        assert weight.shape == (scene.size[1], scene.size[0]), name


def test_light_changes_the_place() -> None:
    day, sunset, night = (
        paint("beach", light, SIZE, 1).photo.rgb.astype(float) for light in ("day", "sunset", "night")
    )
    assert night.mean() < 0.45 * day.mean()
    assert (sunset[..., 0] - sunset[..., 2]).mean() > (day[..., 0] - day[..., 2]).mean() + 30, "warmer"


def test_the_sea_is_water_and_the_sky_is_sky() -> None:
    scene = paint("beach", "day", SIZE, 1).scene
    assert {"sky", "water"} <= set(scene.regions)
    rows = np.flatnonzero(scene.regions["water"].mean(axis=1) > 200)
    assert rows.min() >= round(LOOKS["beach"].horizon * scene.size[1]) - 1
    assert scene.regions["sky"][rows.min() + 2 :].max() == 0


def test_a_studio_takes_a_tone_that_subjects_stand_out_from() -> None:
    light = paint("studio", None, SIZE, 1, (0.2, 0.2, 0.2)).photo.rgb.mean()
    dark = paint("studio", None, SIZE, 1, (0.9, 0.9, 0.9)).photo.rgb.mean()
    assert light > 150
    assert dark < 90


def test_the_same_is_painted_again() -> None:
    first, second, other = (paint("forest", "day", SIZE, seed) for seed in (4, 4, 5))
    assert np.array_equal(first.photo.rgb, second.photo.rgb)
    assert first.photo.digest == second.photo.digest != other.photo.digest
    assert not np.array_equal(first.photo.rgb, other.photo.rgb)
