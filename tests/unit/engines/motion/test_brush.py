"""Motion brushes: the part moves along its way, the hole is filled, the rest stays; or the part stands still."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from photoplay.engines.motion import brush
from photoplay.engines.motion import planes as yuv
from photoplay.engines.motion.animate import Animator, Changes, LayerChange, Moment, Spec
from photoplay.engines.motion.camera import CameraPath, build_rig
from photoplay.engines.motion.compositor import Compositor
from photoplay.engines.motion.types import U8, Stage
from photoplay.errors import ImageUnreadable, InvalidField
from photoplay.shot import Brush, Point, Shot
from support.stages import make_stage

SIZE = (320, 180)
WAY = (Point(x=0.2, y=0.5), Point(x=0.5, y=0.3), Point(x=0.7, y=0.5))


def scene_with_a_ball() -> tuple[Stage, U8]:
    """A bright ball on a textured ground, and its mask, in the photo's shape."""
    rng = np.random.default_rng(2)
    picture = np.repeat(cv2.GaussianBlur(rng.normal(90, 60, (180, 320)).astype(np.float32), (0, 0), 2)[..., None], 3, 2)
    picture = np.clip(picture, 30, 150).astype(np.uint8)
    cv2.circle(picture, (64, 90), 20, (250, 240, 60), -1, cv2.LINE_AA)
    mask = np.zeros((180, 320), np.uint8)
    cv2.circle(mask, (64, 90), 23, 255, -1)
    return make_stage(picture, SIZE, over=1.0, margin=0.1, subject=None), mask


def frames(stage: Stage, brushes: list[brush.Masked], more: list[Animator] | None = None) -> list[U8]:
    path = CameraPath(Shot(), build_rig(stage), duration_s=2.0)
    animators = [*(more or []), brush.animator(stage, brushes)]
    compositor = Compositor(stage, path, Spec(*SIZE, 24, 5), animators, still=brush.still(stage, brushes))
    return [yuv.to_rgb(compositor.frame(index)) for index in range(5)]


def yellow(frame: U8) -> tuple[float, float, int]:
    rows, columns = np.nonzero((frame[..., 0] > 200) & (frame[..., 2] < 120))
    return float(columns.mean()), float(rows.mean()), rows.size


def test_the_part_moves_along_its_way_and_leaves_no_trace() -> None:
    stage, mask = scene_with_a_ball()
    made = frames(stage, [brush.Masked(mask, WAY)])
    start, end = yellow(made[0]), yellow(made[-1])
    assert start[:2] == pytest.approx((64, 90), abs=1.5)
    assert end[:2] == pytest.approx((64 + 0.5 * 320, 90), abs=3)
    assert yellow(made[2])[1] < 70, "over the middle point, which is higher"
    assert end[2] == pytest.approx(start[2], rel=0.1), "it keeps its size"
    assert not ((made[-1][60:120, 30:100, 0] > 200) & (made[-1][60:120, 30:100, 2] < 120)).any(), "the hole is filled"
    apart = np.abs(made[-1][:, :20].astype(int) - made[0][:, :20])
    assert apart.max() <= 2, "the rest stays"


def test_a_part_that_has_not_moved_shows_no_edge() -> None:
    stage, mask = scene_with_a_ball()
    rough = np.zeros_like(mask)
    rough[70:110, 64:120] = 255  # cuts through the ball
    begin = frames(stage, [brush.Masked(rough, WAY)])
    plain = frames(stage, [])
    assert np.abs(begin[0].astype(int) - plain[0]).max() <= 4, "but for rounding"
    assert np.abs(begin[-1][70:110, 70:110].astype(int) - plain[-1][70:110, 70:110]).mean() > 10


def test_a_brush_over_the_subject_carries_its_layer() -> None:
    white = make_stage(np.full((90, 160, 3), 250, np.uint8), SIZE, plate_rgb=np.zeros((90, 160, 3), np.uint8))
    mask = np.zeros((90, 160), np.uint8)
    mask[10:90, 30:130] = 255
    made = frames(white, [brush.Masked(mask, (Point(x=0.5, y=0.5), Point(x=0.7, y=0.5)))])
    before, after = (np.nonzero(frame[..., 0] > 125)[1].mean() for frame in (made[0], made[-1]))
    assert after - before == pytest.approx(0.2 * SIZE[0], abs=2)


def test_a_brush_without_a_way_holds_its_part_still() -> None:
    stage, mask = scene_with_a_ball()

    class Shake(Animator):
        def frame(self, moment: Moment) -> Changes:
            return Changes(layers={0: LayerChange(mesh=np.full((20, 30, 2), 12.0 * moment.t, np.float32))})

    made = frames(stage, [brush.Masked(mask, ())], [Shake()])
    assert yellow(made[-1])[:2] == pytest.approx(yellow(made[0])[:2], abs=0.7)
    assert np.abs(made[-1][:, 150:].astype(int) - made[0][:, 150:]).mean() > 3, "elsewhere it shakes"


def test_reading_masks(tmp_path: Path) -> None:
    path = tmp_path / "mask.png"
    mask = np.zeros((90, 160), np.uint8)
    mask[20:60, 40:80] = 255
    cv2.imwrite(str(path), mask)
    read = brush.read(Brush(mask=str(path), trajectory=WAY), (320, 180), 10**6)
    assert np.array_equal(read.mask, mask)
    cv2.imwrite(str(path), np.dstack([np.zeros((90, 160, 3), np.uint8), mask]))
    assert np.array_equal(brush.read(Brush(mask=str(path)), (320, 180), 10**6).mask, mask), "opaque is painted"
    with pytest.raises(InvalidField, match="shape"):
        brush.read(Brush(mask=str(path)), (180, 320), 10**6)
    cv2.imwrite(str(path), np.zeros((90, 160), np.uint8))
    with pytest.raises(InvalidField, match="empty"):
        brush.read(Brush(mask=str(path)), (320, 180), 10**6)
    path.write_bytes(b"no")
    with pytest.raises(ImageUnreadable):
        brush.read(Brush(mask=str(path)), (320, 180), 10**6)
