"""What lives in a picture is told from colour, texture and place; what does not live is left alone."""

from __future__ import annotations

import hashlib
from pathlib import Path

import cv2
import numpy as np
import pytest
from tests.support import pictures, stages

from photoplay.engines.motion import filters, regions
from photoplay.engines.motion.animate import Animator, Spec
from photoplay.engines.motion.camera import CameraPath, build_rig
from photoplay.engines.motion.compositor import Compositor
from photoplay.engines.motion.life import registry as life
from photoplay.engines.motion.looks import look
from photoplay.engines.motion.regions import Regions, find_regions
from photoplay.engines.motion.scene import analyze
from photoplay.engines.motion.stage import build_stage
from photoplay.engines.motion.types import U8, Photo, Stage
from photoplay.shot import LifeKind, Plan, Shot

NOWHERE = Path("/nonexistent")


def regions_of(rgb: U8) -> Regions:
    return find_regions(rgb, np.zeros(rgb.shape[:2], np.uint8), ())


def default_life(rgb: U8) -> tuple[Stage, list[Animator], Compositor]:
    photo = Photo(rgb, hashlib.sha256(rgb.tobytes()).hexdigest())
    scene = analyze(photo, NOWHERE)
    spec = Spec(320, 240, 12, 24, 0)
    stage = build_stage(photo, scene, (spec.width, spec.height), margin=0.06)
    made = life.animators(stage, Plan(), spec)
    path = CameraPath(Shot(), build_rig(stage), duration_s=spec.duration_s)
    return stage, made, Compositor(stage, path, spec, made)


@pytest.mark.parametrize(
    ("picture", "expected"),
    [
        (pictures.candle, {"fire"}),
        (pictures.campfire, {"fire", "smoke"}),
        (pictures.sea, {"sky", "water"}),
        (pictures.lake, {"sky", "water"}),
        (lambda: pictures.lake(mist=True), {"sky", "water", "mist"}),
        (pictures.harbour, {"lamps"}),
        (pictures.meadow, {"foliage"}),
        (pictures.wall, set()),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_what_a_picture_shows_is_found_and_no_more(picture, expected):
    assert set(regions_of(picture()).weights) - {"ground"} == expected


@pytest.mark.parametrize(
    "name", ["astronaut.png", "coffee.png", "chelsea.png", "brick.png", "grass.png", "hubble_deep_field.jpg"]
)
def test_photos_without_fire_smoke_or_water_show_none(name):
    rgb = stages.photo(name)
    found = regions_of(filters.resize_u8(rgb, filters.fit_size((rgb.shape[1], rgb.shape[0]), 640)))
    assert not {"fire", "smoke", "water", "sky"} & set(found.weights)


def test_a_flame_is_found_where_it_burns_even_when_it_is_the_subject():
    rgb = pictures.candle()
    subject = np.zeros(rgb.shape[:2], np.uint8)
    subject[140:, 280:360] = 255
    fire = find_regions(rgb, subject, ()).weights["fire"] > 127
    rows, columns = np.nonzero(fire)
    assert 150 < rows.mean() < 270
    assert 300 < columns.mean() < 340


def test_smoke_hangs_above_its_fire():
    found = regions_of(pictures.campfire()).weights
    assert np.nonzero(found["smoke"] > 127)[0].max() < np.nonzero(found["fire"] > 127)[0].mean()


def test_without_the_fire_the_same_grey_is_no_smoke():
    rgb = pictures.campfire()
    rgb[180:] = rgb[:1, :1]
    assert "smoke" not in regions_of(rgb).weights


def test_water_shows_the_red_of_the_sky_above_it():
    plain = pictures.sea().astype(np.float32)
    x = np.arange(plain.shape[1])
    glow = np.exp(-(((x - 320) / 60) ** 2))[None, :, None].astype(np.float32)
    rgb = plain.copy()
    near = slice(160, 320)  # about the horizon, above and below
    rgb[near] = plain[near] * (1 - 0.8 * glow) + np.float32([235, 95, 90]) * 0.8 * glow
    found = regions_of(np.clip(rgb, 0, 255).astype(np.uint8)).weights
    assert (found["water"][280:300, 300:340] > 127).mean() > 0.9
    assert (found["sky"][:150] > 127).mean() > 0.9


def test_a_lake_begins_at_its_far_shore_however_mist_hides_it():
    found = regions_of(pictures.lake()).weights
    assert (found["water"][420:470] > 127).mean() > 0.95
    assert (found["water"][:390] > 127).mean() < 0.01
    assert (found["sky"][:200] > 127).mean() > 0.95
    assert (found["sky"][415:] > 127).mean() < 0.01


@pytest.mark.parametrize(
    "picture",
    [
        lambda: pictures.lake(shore=False),
        lambda: pictures.lake(hue=(190, 188, 180)),
        lambda: pictures.lake(hue=(238, 242, 255)),
    ],
    ids=["land", "road", "snow"],
)
def test_what_lies_before_a_far_shore_is_no_lake_unless_it_looks_wet(picture):
    assert "water" not in regions_of(picture()).weights


def test_every_lamp_is_marked_where_it_hangs():
    lamps = regions_of(pictures.harbour(lamps=6)).weights["lamps"]
    count, _, _, centres = cv2.connectedComponentsWithStats((lamps > 127).astype(np.uint8))
    assert count - 1 == 6
    for number in range(6):
        at = np.array([60 + number * 104, 300 + 20 * (number % 3)])
        assert np.hypot(*(centres[1:] - at).T).min() < 3


@pytest.mark.parametrize(
    "picture",
    [
        lambda: pictures.harbour(lamps=2),
        lambda: pictures.harbour(warm=False),
        lambda: pictures.harbour(shine=0.0),
        lambda: np.clip(pictures.harbour().astype(int) + 90, 0, 255).astype(np.uint8),
        lambda: stages.photo("coins.png"),
        lambda: stages.photo("hubble_deep_field.jpg"),
        lambda: stages.photo("motorcycle_left.png"),
        lambda: stages.photo("coffee.png"),
    ],
    ids=["two", "white", "discs", "day", "coins", "stars", "workshop", "coffee"],
)
def test_bright_spots_are_no_lamps_without_their_light_in_the_dark(picture):
    assert "lamps" not in regions_of(picture()).weights


def test_nothing_tells_water_from_land_without_colour():
    grey = pictures.sea().mean(axis=2, keepdims=True).astype(np.uint8).repeat(3, axis=2)
    assert "water" not in regions_of(grey).weights


@pytest.mark.parametrize(
    ("picture", "kind"),
    [
        (pictures.candle, LifeKind.FIRE),
        (pictures.campfire, LifeKind.SMOKE),
        (pictures.sea, LifeKind.WATER),
        (pictures.lake, LifeKind.WATER),
        (lambda: pictures.lake(mist=True), LifeKind.SMOKE),
        (pictures.harbour, LifeKind.FIRE),
        (lambda: pictures.sea(clouds=True), LifeKind.CLOUDS),
        (pictures.meadow, LifeKind.SWAY),
    ],
    ids=["candle", "smoke", "water", "lake", "mist", "lamps", "clouds", "foliage"],
)
def test_it_lives_by_default(picture, kind):
    form = life.life_forms()[kind]
    stage, made, frames = default_life(picture())
    assert form.by_default(kind, stage, Plan()) > 0.0
    assert made
    first, later = frames.frame(0).y.astype(int), frames.frame(18).y.astype(int)
    assert np.abs(later - first).max() > 8


@pytest.mark.parametrize("name", ["wall", "brick.png"])
def test_a_wall_stays_still(name):
    rgb = pictures.wall() if name == "wall" else stages.photo(name)
    _, made, frames = default_life(rgb)
    assert made == []
    assert np.array_equal(frames.frame(0).y, frames.frame(18).y)


@pytest.mark.parametrize(
    ("glow", "land", "down"), [((255, 150, 60), 12, True), ((150, 190, 235), 12, False), ((255, 150, 60), 110, False)]
)
def test_at_sunset_the_sky_goes_on_to_the_silhouette_of_the_land(glow, land, down):
    rgb = np.zeros((128, 256, 3), np.uint8)
    rgb[:70] = (150, 90, 120)
    rgb[60:70] = glow
    rgb[70:] = land
    sky = np.zeros((128, 256), np.bool_)
    sky[:62] = True
    found = regions._down_to_land(sky, look(rgb, np.zeros((128, 256), np.uint8)))
    assert found[:62].all()
    assert not found[70:].any()
    assert bool(found[62:69].all()) == down
    assert bool(found[63:].any()) == down
