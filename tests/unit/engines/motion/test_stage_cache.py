"""Stages on disk: the same stage comes back, another measure or damage is a miss, the folder stays within bounds."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from photoplay.engines.motion import stage_cache
from photoplay.engines.motion.stage import build_stage
from photoplay.engines.motion.stage_cache import StageCache
from photoplay.engines.motion.types import Photo, SceneMap
from support.stages import make_stage

MEASURES = ((320, 180), 0.1, 1.12)


def kept(folder: Path, **given: object) -> StageCache:
    cache = StageCache(folder, **given)  # type: ignore[arg-type]  # test shorthand
    cache.put(make_stage(output=(320, 180)), MEASURES)
    cache.settle()
    return cache


def test_the_same_stage_comes_back(tmp_path: Path) -> None:
    stage = make_stage(output=(320, 180))
    found = kept(tmp_path).get(stage.scene, MEASURES)
    assert found is not None
    assert (found.frame, found.output, found.photo_to_working, found.photo_size) == (
        stage.frame,
        stage.output,
        stage.photo_to_working,
        stage.photo_size,
    )
    for ours, theirs in zip(stage.layers, found.layers, strict=True):
        assert np.array_equal(ours.rgb, theirs.rgb)
        assert np.array_equal(ours.inverse_depth, theirs.inverse_depth)
        assert ours.anchor_depth == theirs.anchor_depth
        assert (ours.alpha is None) == (theirs.alpha is None)
    assert np.array_equal(stage.layers[1].alpha, found.layers[1].alpha)


def test_of_a_near_layer_only_what_shows_is_written_and_all_comes_back(tmp_path: Path) -> None:
    alpha = np.zeros((240, 320), np.uint8)
    alpha[100:140, 200:230] = 255
    scene = SceneMap(
        digest="x",
        size=(320, 240),
        inverse_depth=np.full((240, 320), 0.4, np.float32),
        matte=alpha,
        layers=(np.full((240, 320), 255, np.uint8), alpha),
        layer_depths=(0.2, 0.8),
        subject=None,
    )
    rgb = np.random.default_rng(1).integers(0, 256, (240, 320, 3), np.uint8)
    stage = build_stage(Photo(rgb, "x"), scene, (320, 180))
    cache = StageCache(tmp_path)
    cache.put(stage, MEASURES)
    cache.settle()
    found = cache.get(scene, MEASURES)
    assert found is not None
    for ours, theirs in zip(stage.layers, found.layers, strict=True):
        assert np.array_equal(ours.rgb, theirs.rgb)
    assert np.array_equal(stage.layers[1].alpha, found.layers[1].alpha)
    (path,) = tmp_path.glob("*.stage")
    assert path.stat().st_size < 1.6 * stage.layers[0].rgb.nbytes


def test_other_measures_weights_or_code_are_a_miss(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = kept(tmp_path)
    scene = make_stage(output=(320, 180)).scene
    assert cache.get(scene, ((320, 180), 0.2, 1.12)) is None
    assert StageCache(tmp_path, variant="u2netp").get(scene, MEASURES) is None
    monkeypatch.setattr(stage_cache, "code_version", lambda: "another")
    assert cache.get(scene, MEASURES) is None


@pytest.mark.parametrize("damage", [b"", b"PK\x03\x04 not a stage", None])
def test_a_damaged_file_is_a_miss_and_goes(tmp_path: Path, damage: bytes | None) -> None:
    cache = kept(tmp_path)
    (path,) = tmp_path.glob("*.stage")
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2] if damage is None else damage)
    assert cache.get(make_stage(output=(320, 180)).scene, MEASURES) is None
    assert not path.exists()


def test_the_folder_is_held_under_its_size(tmp_path: Path) -> None:
    cache = kept(tmp_path)
    (first,) = tmp_path.glob("*.stage")
    os.utime(first, (1, 1))
    small = StageCache(tmp_path, max_bytes=int(first.stat().st_size * 1.5))
    small.put(make_stage(output=(320, 180)), ((320, 180), 0.3, 1.0))
    small.settle()
    assert not first.exists()
    assert len(list(tmp_path.glob("*.stage"))) == 1
    assert not list(tmp_path.glob("*.part"))
    del cache


def test_large_stages_are_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stage_cache, "LARGEST_BYTES", 1000)
    kept(tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_folder_that_cannot_be_written_only_costs_time(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    cache = kept(tmp_path / "file" / "stages")
    assert cache.get(make_stage(output=(320, 180)).scene, MEASURES) is None


@pytest.mark.parametrize(
    "header", [b"[]\n", b"7\n", b'[["rgb0", "|O", [2]]]\n', b'[["rgb0", "|u1", [-2]]]\n', b"[[1]]\n"]
)
def test_a_file_that_says_something_else_is_a_miss_and_goes(tmp_path: Path, header: bytes) -> None:
    cache = kept(tmp_path)
    (path,) = tmp_path.glob("*.stage")
    path.write_bytes(header + bytes(100))
    assert cache.get(make_stage(output=(320, 180)).scene, MEASURES) is None
    assert not path.exists()
