"""Where a picture is busy, how close the camera goes to it, and between which depths focus goes."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from photoplay.engines.motion import interest
from photoplay.engines.motion.animate import Spec
from photoplay.engines.motion.camera import CameraPath, build_rig
from photoplay.engines.motion.compositor import Compositor
from photoplay.engines.motion.interest import Anchor
from photoplay.engines.motion.types import F32, U8
from photoplay.shot import Move, MoveKind, Shot
from support.stages import make_stage, textured


def busy_below(height: int = 90, width: int = 160, share: float = 0.25) -> U8:
    """A smooth sky over a strip full of detail."""
    picture = np.full((height, width, 3), (150, 190, 230), np.uint8)
    strip = round(height * share)
    picture[-strip:] = textured(width, strip, softness=1.0)
    return picture


def test_a_scene_is_about_where_it_is_busy() -> None:
    x, y = interest.busiest(busy_below())
    assert abs(x) < 0.05
    assert 0.1 < y < 0.5 * 90 / 160
    assert interest.busiest(np.full((90, 160, 3), 128, np.uint8)) == pytest.approx((0.0, 0.0), abs=0.01)


def test_a_subject_is_about_its_busiest_part() -> None:
    picture = np.full((100, 160, 3), 90, np.uint8)
    matte = np.zeros((100, 160), np.uint8)
    cv2.ellipse(matte, (80, 50), (60, 30), 0, 0, 360, 255, -1)
    for at in ((112, 40), (126, 40), (119, 56)):  # two eyes and a nose
        cv2.circle(picture, at, 3, (235, 235, 220), -1)
    found = interest.anchor_of(picture, matte)
    assert found.centre == pytest.approx((39 / 160, -5 / 160), abs=0.05)
    assert found.size is not None
    assert found.size < 0.2
    assert interest.anchor_of(picture, np.zeros_like(matte)).size is None


def test_only_a_scene_with_its_motif_at_the_border_is_seen_closer() -> None:
    aspect = 2 / 3
    assert interest.closeness(Anchor((0.0, 0.05), None), aspect) == 1.0
    assert interest.closeness(Anchor((0.3, 0.2), 0.2), aspect) == 1.0, "a subject is seen as it is"
    off = Anchor((-0.05, 0.24), None)
    factor = interest.closeness(off, aspect)
    assert 1.2 < factor <= interest.CLOSEST
    x, y, width, height = interest.closer((40.0, 20.0, 900.0, 600.0), off, factor)
    assert width / height == pytest.approx(1.5)
    assert (width, y + height) == pytest.approx((900 / factor, 620.0))
    place = (20 + 300 + 900 * 0.24 - y) / height
    assert place < 0.5 + 0.24 / aspect - 0.05, "the motif is farther from the border"
    assert 40 <= x <= 40 + 900 - width


class TestFocus:
    def depth(self, near: float) -> F32:
        ramp = np.clip(np.linspace(-1.0, 1.0, 90, dtype=np.float32), 0.0, 1.0) * np.float32(near)
        return np.repeat(ramp[:, None], 160, axis=1)

    def test_goes_between_the_main_thing_and_what_is_nearer(self) -> None:
        picture = np.full((90, 160, 3), 120, np.uint8)
        picture[40:55] = textured(160, 15, softness=1.0)
        far, near, there = interest.focal_depths(interest.attraction_of(picture), self.depth(0.9))
        assert there
        assert 0.1 < far < near <= 0.9
        assert near > 0.8

    def test_knows_that_nothing_is_near(self) -> None:
        assert not interest.focal_depths(interest.attraction_of(busy_below()), self.depth(0.1))[2]

    @pytest.mark.parametrize("amount", [1.0, -1.0])
    def test_ends_on_the_one_thing_there_is(self, amount: float) -> None:
        stage = make_stage(busy_below(360, 640), (320, 180), subject=None, plate_depth=(0.2, 0.25))
        view = CameraPath(
            Shot(moves=(Move(kind=MoveKind.RACK_FOCUS, amount=amount),)), build_rig(stage), duration_s=2.0
        ).at(1.0)
        assert view.blur_far == 0.0

    def test_softens_only_what_is_clearly_nearer(self) -> None:
        rgb = textured(640, 360, softness=1.0)
        stage = make_stage(rgb, (320, 180), subject=None, plate_depth=(0.0, 0.9))
        path = CameraPath(Shot(moves=(Move(kind=MoveKind.RACK_FOCUS, amount=-1.5),)), build_rig(stage), duration_s=1.0)
        compositor = Compositor(stage, path, Spec(320, 180, 24, 5))
        first, last = (compositor.frame(index).y.astype(np.float32) for index in (0, 4))

        def kept(rows: slice) -> float:
            return float(np.abs(np.diff(last[rows])).mean() / np.abs(np.diff(first[rows])).mean())

        assert kept(slice(0, 90)) > 0.97
        assert kept(slice(165, 180)) < 0.7
        assert kept(slice(165, 180)) < kept(slice(120, 140)) - 0.1, "gradually"


def test_a_small_picture_of_the_frame_shows_the_nearest_layers() -> None:
    stage = make_stage(output=(320, 180), near=0.7, plate_depth=(0.1, 0.1))
    picture, depth = interest.frame_picture(stage)
    assert picture.shape == (*depth.shape, 3)
    assert max(depth.shape) == interest.LOOK_SIDE
    assert depth[depth.shape[0] * 55 // 100, depth.shape[1] // 2] == pytest.approx(0.7, abs=0.02)
    assert depth[3, 3] == pytest.approx(0.1, abs=0.02)
