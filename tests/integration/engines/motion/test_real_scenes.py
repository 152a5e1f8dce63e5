"""Scenes of real photos with the real networks; skipped where the weights were not pulled."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pytest
import skimage.data
from PIL import Image

from photoplay.engines.motion.fit import fit
from photoplay.engines.motion.scene import analyze
from photoplay.engines.motion.stage import build_stage
from photoplay.engines.motion.types import Photo, SceneMap
from photoplay.models.weights import find
from photoplay.settings import Settings

MODELS = Settings.load().resolved_models_dir
PHOTOS = Path(skimage.data.__file__).parent
DEMO = Path(__file__).parents[4] / "examples" / "photos" / "demo.jpg"


@cache
def photo(name: str) -> Photo:
    with Image.open(PHOTOS / name) as image:
        return Photo(np.ascontiguousarray(np.asarray(image.convert("RGB"))), name)


@cache
def scene(name: str) -> SceneMap:
    for weights in ("u2netp", "face_box", "face_mesh", "selfie"):
        if find(weights, MODELS) is None:
            pytest.skip(f"weights {weights} are not installed (make setup)")
    return analyze(photo(name), MODELS)


def test_the_astronaut_is_a_person_with_one_face():
    found = scene("astronaut.png")
    assert len(found.faces) == 1
    face = found.faces[0]
    assert face.box.centre == pytest.approx((0.44, 0.22), abs=0.05)
    assert face.mesh is not None
    assert face.mesh.shape == (468, 3)
    nose = face.mesh[1]
    assert face.box.x0 < nose[0] < face.box.x1
    assert face.box.y0 < nose[1] < face.box.y1
    assert found.stats["subject_kind"] == "person"
    assert {"skin", "hair"} <= set(found.regions)
    height, width = found.matte.shape
    assert found.matte[int(0.2 * height), int(0.44 * width)] == 255  # the forehead
    assert found.matte[int(0.7 * height), int(0.4 * width)] == 255  # the suit
    assert found.matte[int(0.1 * height), int(0.7 * width)] == 0  # the wall


@pytest.mark.parametrize(
    ("name", "kind", "inside", "outside"),
    [
        ("chelsea.png", "animal", (0.5, 0.5), (0.95, 0.9)),
        ("coffee.png", "object", (0.45, 0.45), (0.05, 0.9)),
        ("rocket.jpg", "object", (0.495, 0.6), (0.2, 0.2)),
        ("motorcycle_left.png", "object", (0.45, 0.55), (0.95, 0.95)),
    ],
)
def test_things_and_animals_are_subjects_without_faces(name, kind, inside, outside):
    found = scene(name)
    assert found.faces == ()
    assert found.subject is not None
    assert found.stats["subject_kind"] == kind
    height, width = found.matte.shape
    assert found.matte[int(inside[1] * height), int(inside[0] * width)] > 200
    assert found.matte[int(outside[1] * height), int(outside[0] * width)] < 20
    near = found.inverse_depth[int(inside[1] * height), int(inside[0] * width)]
    assert near > np.median(found.inverse_depth[found.matte < 20])


@pytest.mark.parametrize("name", ["brick.png", "grass.png", "gravel.png"])
def test_textures_have_no_subject(name):
    found = scene(name)
    assert not found.matte.any()
    assert "sky" not in found.regions
    assert "fire" not in found.regions


def test_the_grey_ground_of_a_portrait_is_no_sky():
    assert not {"sky", "water", "fire"} & set(scene("astronaut.png").regions)


def test_a_wide_crop_keeps_the_astronauts_head():
    found = scene("astronaut.png")
    _, y, _, h = fit(photo("astronaut.png").size, (1280, 720), found)
    hair = np.flatnonzero((found.matte > 127).any(axis=1))[0] / found.size[1] * 512
    assert y <= hair + 4
    assert y + h > found.faces[0].box.y1 * 512


@pytest.mark.parametrize("name", ["astronaut.png", "chelsea.png", "coffee.png"])
def test_unmoved_layers_are_the_photo_again(name):
    size = photo(name).size
    output = (size[0] // 2 * 2, size[1] // 2 * 2)
    stage = build_stage(photo(name), scene(name), output)
    out = stage.layers[0].rgb.astype(np.float32)
    for layer in stage.layers[1:]:
        alpha = np.asarray(layer.alpha, dtype=np.float32)[..., None] / 255
        out = out * (1 - alpha) + layer.rgb * alpha
    x, y, w, h = (round(v) for v in stage.frame)
    shown = photo(name).rgb[:h, :w].astype(np.float32)
    assert 10 * np.log10(255**2 / ((out[y : y + h, x : x + w] - shown) ** 2).mean()) > 38


def test_twice_the_same():
    first, second = scene("coffee.png"), analyze(photo("coffee.png"), MODELS)
    assert np.array_equal(first.matte, second.matte)
    assert np.array_equal(first.inverse_depth, second.inverse_depth)


def test_the_whole_demo_animal_is_the_subject():
    matte = scene(str(DEMO)).matte > 127  # an absolute path: it stands for itself among the photos
    assert matte.mean() > 0.45
    assert matte[: matte.shape[0] // 3, : matte.shape[1] // 3].mean() > 0.9, "its back, which goes on to the border"


def test_only_the_lamps_at_night_are_lamps():
    assert "lamps" in scene("rocket.jpg").regions
    for name in ("astronaut.png", "coffee.png", "chelsea.png", "motorcycle_left.png", "coins.png", "brick.png"):
        assert not {"lamps", "water", "sky"} & set(scene(name).regions), name
