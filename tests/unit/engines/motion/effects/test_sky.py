"""The flight up from the photo, and the rain."""

from __future__ import annotations

import numpy as np

from photoplay.engines.motion import planes
from photoplay.engines.motion.animate import Moment, Spec
from photoplay.engines.motion.camera import CameraPath, build_rig
from photoplay.engines.motion.effects import earth, earth_zoom, weather
from photoplay.engines.motion.effects.registry import effects
from photoplay.engines.motion.types import U8
from photoplay.shot import Plan, Shot

from .stages import OUTPUT, stage

SPEC = Spec(*OUTPUT, fps=25, frames=100, seed=4)


def test_a_globe_is_the_same_through_every_window() -> None:
    globe = earth.Globe(np.random.default_rng(8), (90, 100, 60))
    wide, near = globe.window(400, 0.42), globe.window(400, 0.21)
    part = wide[150:250, 150:250, :3].astype(float)
    same = near[100:300, 100:300, :3].reshape(100, 2, 100, 2, 3).astype(float).mean(axis=(1, 3))
    # Fine grain and small clouds are each window's own; country and coasts are not.
    blocks = [one.reshape(4, 25, 4, 25, 3).mean(axis=(1, 3)) for one in (part, same)]
    assert np.abs(blocks[0] - blocks[1]).mean() < 16


def test_the_flight_starts_over_land_under_a_clear_sky() -> None:
    for seed in range(4):
        middle = earth.Globe(np.random.default_rng(seed), (90, 100, 60)).window(128, 0.06)[48:80, 48:80, :3]
        red, green, blue = middle.reshape(-1, 3).mean(axis=0)
        assert green > blue, "not the sea"
        assert max(red, green, blue) < 200, "not a cloud"


def test_whole_globes_have_air_and_dark_space_around() -> None:
    whole = earth.Globe(np.random.default_rng(2), (90, 100, 60)).window(256, earth.RIM)
    assert whole[0, 0, 3] == 0
    assert whole[128, 128, 3] == 255


def test_sheets_close_one_after_the_other() -> None:
    made = earth.sheets(128, 6, np.random.default_rng(1))
    holes = [hole for _, hole in made]
    assert holes == sorted(holes, reverse=True)
    assert holes[-1] == 0.0
    assert made[0][0][64, 64, 3] < 30
    assert made[-1][0][64, 64, 3] > 120


def test_the_photo_never_has_an_edge() -> None:
    """While it is seen, what lies beyond its borders continues it: no step as between a picture and its frame."""
    photo = np.full((120, 160, 3), 40, np.uint8)
    photo[:60] = 200
    for small in (0.9, 0.6, 0.35):
        out = earth_zoom._left_behind(photo, small, 0.1).astype(int)
        assert np.abs(np.diff(out[:, :, 0], axis=1)).max() < 60, "upright borders leave no line"
        assert out.min() >= 35


def test_the_climb_is_even_and_arrives() -> None:
    heights = [earth_zoom._climbed(t) for t in np.linspace(0, 1, 101)]
    assert heights[0] == 0.0
    assert heights[-1] == 1.0
    assert (np.diff(heights) >= 0).all()
    assert np.diff(heights).max() < 0.035


def test_cloud_hides_where_the_photo_becomes_the_earth() -> None:
    assert earth_zoom._fog(earth_zoom.WHITE[1] * 0.999) > 0.99
    assert earth_zoom._fog(earth_zoom.WHITE[1] * 1.001) > 0.99
    assert earth_zoom._fog(1.0) == earth_zoom._fog(500.0) == 0.0


def drops(slug: str, t: float) -> U8:
    on = stage("scene")
    animator = effects()[slug].prepare(on, Plan(effect=slug), SPEC)
    path = CameraPath(Shot(), build_rig(on), duration_s=SPEC.duration_s)
    drawn = animator.frame(Moment(round(t * 99), t, t * 4.0, path.at(t)))
    out = planes.to_rgb(planes.frame_from_rgb(np.full((OUTPUT[1], OUTPUT[0], 3), 90, np.uint8))).astype(float)
    for sprite in drawn.sprites[1 if slug == "rain" else 0 :]:  # rain begins with the front of cloud
        tile, x, y = sprite.rgba.astype(float), round(sprite.x), round(sprite.y)
        rolled = np.zeros((*out.shape[:2], 4))
        y0, y1, x0, x1 = (
            max(0, y),
            min(out.shape[0], y + tile.shape[0]),
            max(0, x),
            min(out.shape[1], x + tile.shape[1]),
        )
        rolled[y0:y1, x0:x1] = tile[y0 - y : y1 - y, x0 - x : x1 - x]
        out = out * (1 - rolled[..., 3:] / 255) + rolled[..., :3]
    return np.asarray(out.clip(0, 255), np.uint8)


def test_rain_is_seen_at_small_sizes() -> None:
    light = drops("rain", 0.6)[..., 1].astype(int) - 90
    assert (light > 20).mean() > 0.05, "drops, not a hint of them"
    assert (light > 20).mean() < 0.6, "and something between them"


def test_a_front_hangs_from_above() -> None:
    front = weather.front(SPEC, np.random.default_rng(1))
    rows = front[..., 3].mean(axis=1)
    assert rows[:8].mean() > 100
    assert rows[-1] < 6


def test_snow_is_seen_at_small_sizes() -> None:
    light = drops("snow", 0.6)[..., 1].astype(int) - 90
    assert 0.05 < (light > 25).mean() < 0.6
