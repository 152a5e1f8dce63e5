"""Scenes on disk."""

from __future__ import annotations

import os

import numpy as np
import pytest

from photoplay.engines.motion.scene_cache import SceneCache
from photoplay.engines.motion.types import Box, Face, SceneMap


def some_scene(digest: str = "ab12", seed: int = 0) -> SceneMap:
    rng = np.random.default_rng(seed)
    matte = rng.integers(0, 255, (60, 80), dtype=np.uint8)
    return SceneMap(
        digest=digest,
        size=(80, 60),
        inverse_depth=rng.random((60, 80), dtype=np.float32),
        matte=matte,
        layers=(np.full((60, 80), 255, np.uint8), matte),
        layer_depths=(0.1, 0.7),
        subject=Box(0.1, 0.2, 0.6, 0.9),
        faces=(Face(Box(0.2, 0.2, 0.4, 0.5), 0.9, rng.random((468, 3), dtype=np.float32)), Face(Box(0, 0, 1, 1), 0.8)),
        horizon=0.4,
        regions={"sky": rng.integers(0, 255, (60, 80), dtype=np.uint8)},
        light=(0.6, -0.8),
        stats={"luminance": 0.5, "regions": {"sky": 0.2}},
        notes=("plain",),
    )


def test_what_is_put_is_got(tmp_path):
    cache = SceneCache(tmp_path / "scenes")
    assert cache.get("ab12") is None
    scene = some_scene()
    cache.put(scene)
    back = cache.get("ab12")
    assert back is not None
    assert np.abs(back.inverse_depth - scene.inverse_depth).max() < 1e-4
    assert np.array_equal(back.matte, scene.matte)
    assert all(np.array_equal(a, b) for a, b in zip(back.layers, scene.layers, strict=True))
    assert np.array_equal(back.regions["sky"], scene.regions["sky"])
    assert np.array_equal(back.faces[0].mesh, scene.faces[0].mesh)
    assert back.faces[1].mesh is None
    for name in ("digest", "size", "layer_depths", "subject", "horizon", "light", "stats", "notes"):
        assert getattr(back, name) == getattr(scene, name)


def test_what_is_put_later_is_what_is_got_bit_for_bit(tmp_path):
    cache = SceneCache(tmp_path)
    used = cache.put_later(some_scene())
    cache.settle()
    back = cache.get("ab12")
    assert back is not None
    assert np.array_equal(back.inverse_depth, used.inverse_depth)
    assert back.inverse_depth.dtype == used.inverse_depth.dtype
    assert np.array_equal(back.matte, used.matte)
    assert [face.box for face in back.faces] == [face.box for face in used.faces]
    for name in ("digest", "size", "layer_depths", "subject", "horizon", "light", "stats", "notes"):
        assert getattr(back, name) == getattr(used, name)


def test_a_scene_with_little_in_it(tmp_path):
    empty = np.zeros((4, 4), np.uint8)
    cache = SceneCache(tmp_path)
    cache.put(SceneMap("cd", (4, 4), np.zeros((4, 4), np.float32), empty, (empty,), (0.3,), None))
    back = cache.get("cd")
    assert back is not None
    assert back.subject is None
    assert back.horizon is None
    assert back.faces == ()


@pytest.mark.parametrize("damage", ["short", "garbage", "empty", "flipped"])
def test_a_damaged_entry_is_a_miss_and_goes(tmp_path, damage):
    cache = SceneCache(tmp_path)
    cache.put(some_scene())
    path = cache.path("ab12")
    data = bytearray(path.read_bytes())
    if damage == "flipped":
        for index in range(200, len(data), 37):
            data[index] ^= 0xFF
    path.write_bytes({"short": data[: len(data) // 2], "garbage": b"x" * 500, "empty": b"", "flipped": data}[damage])
    assert cache.get("ab12") is None
    assert not path.exists()


def test_an_entry_under_a_wrong_name_is_a_miss(tmp_path):
    cache = SceneCache(tmp_path)
    cache.put(some_scene())
    cache.path("ab12").rename(cache.path("ffff"))
    assert cache.get("ffff") is None


def test_weights_that_came_later_make_it_a_miss(tmp_path):
    SceneCache(tmp_path, variant="").put(some_scene())
    assert SceneCache(tmp_path, variant="u2netp").get("ab12") is None


def test_the_folder_is_held_under_its_size(tmp_path):
    cache = SceneCache(tmp_path, max_bytes=1)
    for index in range(3):
        cache.put(some_scene(f"d{index}", index))
    assert [path.name.split("-")[0] for path in tmp_path.glob("*.npz")] == ["d2"]


def test_what_was_used_lately_stays(tmp_path):
    probe = SceneCache(tmp_path)
    probe.put(some_scene("d0"))
    probe.put(some_scene("d1"))
    size = probe.path("d0").stat().st_size
    os.utime(probe.path("d0"), (1, 1))
    os.utime(probe.path("d1"), (2, 2))
    assert probe.get("d0") is not None  # used: now newer than d1
    SceneCache(tmp_path, max_bytes=int(2.5 * size)).put(some_scene("d2"))
    assert sorted(path.name.split("-")[0] for path in tmp_path.glob("*.npz")) == ["d0", "d2"]


@pytest.mark.parametrize("digest", ["", "../up", "a/b", "x" * 200, "a.b"])
def test_a_digest_that_is_a_path_is_refused(tmp_path, digest):
    with pytest.raises(ValueError, match="digest"):
        SceneCache(tmp_path).path(digest)


def test_a_folder_that_cannot_be_written_is_no_failure(tmp_path, caplog):
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    SceneCache(blocked).put(some_scene())
    assert "could not be written" in caplog.text


def test_no_part_files_are_left(tmp_path):
    SceneCache(tmp_path).put(some_scene())
    assert [path.suffix for path in tmp_path.iterdir()] == [".npz"]
