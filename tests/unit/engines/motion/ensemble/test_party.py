"""Several images through the engine, without weights: plans that name roles and places, clips, effects, brushes."""

from __future__ import annotations

from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from photoplay.engines.base import RenderRequest, RenderResult
from photoplay.engines.motion.engine import MotionEngine
from photoplay.engines.motion.measure import psnr
from photoplay.engines.motion.types import U8
from photoplay.errors import InvalidField, UnsupportedValue
from photoplay.shot import Brush, Point

SMALL = {"short_side": 240, "duration_s": 1.0, "fps": 8, "shot": {"moves": [{"kind": "truck", "amount": 1.0}]}}


@pytest.fixture
def engine(tmp_path: Path) -> MotionEngine:
    return MotionEngine(tmp_path / "no-models", tmp_path / "scenes")


def render(engine: MotionEngine, folder: Path, images: list[Path], **given: object) -> RenderResult:
    folder.mkdir(exist_ok=True)
    request = RenderRequest.model_validate({"images": images, **SMALL, **given})
    return engine.render(request, folder, lambda done, doing: None)


def pictures(result: RenderResult) -> list[U8]:
    with av.open(str(result.video)) as video:
        return [np.asarray(frame.to_ndarray(format="rgb24"), np.uint8) for frame in video.decode(video=0)]


def share_of(picture: U8, channel: int) -> float:
    """How much of a picture is clearly of that colour."""
    values = picture.astype(int)
    others = [c for c in range(3) if c != channel]
    return float((values[..., channel] - np.max(values[..., others], axis=-1) > 70).mean())


def test_subjects_are_placed_in_the_view(engine: MotionEngine, tmp_path: Path, album) -> None:  # type: ignore[no-untyped-def]  # a fixture of this folder
    images = [album.paths[name] for name in ("red", "blue", "view")]
    result = render(engine, tmp_path / "work", images)
    roles = {use.number: (use.role, use.where) for use in result.plan.images}
    assert roles[1][0] == roles[2][0] == "subject"
    assert roles[3] == ("backdrop", None)
    assert roles[1][1] is not None
    assert roles[1][1].startswith("stands")
    assert result.width / result.height == pytest.approx(1.6, abs=0.01), "the shape is the view's"
    for frame in (pictures(result)[0], pictures(result)[-1]):
        assert share_of(frame, 0) > 0.02
        assert frame.shape[0] == 240


def test_a_place_is_painted_where_none_is_shown(engine: MotionEngine, tmp_path: Path, album) -> None:  # type: ignore[no-untyped-def]  # as above
    images = [album.paths[name] for name in ("red", "bust")]
    result = render(engine, tmp_path / "work", images, prompt="on the beach at sunset")
    painted = [use for use in result.plan.images if use.role == "painted"]
    assert [use.shows for use in painted] == ["beach, sunset"]
    assert painted[0].number is None
    assert (result.width, result.height) == (426, 240)


def test_what_belongs_nowhere_follows_by_itself(engine: MotionEngine, tmp_path: Path, album) -> None:  # type: ignore[no-untyped-def]  # as above
    images = [album.paths[name] for name in ("red", "view", "other")]
    result = render(engine, tmp_path / "work", images, duration_s=2.0)
    assert [use.role for use in result.plan.images] == ["subject", "backdrop", "scene"]
    seen = pictures(result)
    assert share_of(seen[0], 0) > 0.02
    assert share_of(seen[-1], 0) < 0.005


def test_the_last_frame_is_arrived_at(engine: MotionEngine, tmp_path: Path, album) -> None:  # type: ignore[no-untyped-def]  # as above
    images = [album.paths[name] for name in ("red", "blue", "view")]
    result = render(engine, tmp_path / "work", images, last_image=album.paths["other"], duration_s=2.0)
    assert result.plan.images[-1].role == "last_frame"
    photo, _ = album("other")
    end = pictures(result)[-1]
    height, width = end.shape[:2]
    scale = max(width / photo.size[0], height / photo.size[1])
    across = round(width / scale)
    left = (photo.size[0] - across) // 2
    fitted = cv2.resize(photo.rgb[:, left : left + across], (width, height), interpolation=cv2.INTER_CUBIC)
    assert psnr(end, np.asarray(fitted, np.uint8)) > 27


def test_the_same_request_gives_the_same_bytes(engine: MotionEngine, tmp_path: Path, album) -> None:  # type: ignore[no-untyped-def]  # as above
    images = [album.paths[name] for name in ("red", "bust", "wide")]
    made = [render(engine, tmp_path / f"work{n}", images, prompt="a meadow").video.read_bytes() for n in range(2)]
    other = render(engine, tmp_path / "work2", images, prompt="a meadow", seed=9).video.read_bytes()
    assert made[0] == made[1] != other


def test_seven_images(engine: MotionEngine, tmp_path: Path, album) -> None:  # type: ignore[no-untyped-def]  # as above
    names = ("red", "blue", "bust", "wide", "red", "blue", "view")
    result = render(engine, tmp_path / "work", [album.paths[name] for name in names])
    assert [use.role for use in result.plan.images] == ["subject"] * 6 + ["backdrop"]
    assert len({use.where for use in result.plan.images}) > 2


@pytest.mark.parametrize("effect", ["squish", "dissolve", "snow"])
def test_effects_act_on_all_subjects(engine: MotionEngine, tmp_path: Path, album, effect: str) -> None:  # type: ignore[no-untyped-def]  # as above
    images = [album.paths[name] for name in ("red", "blue", "view")]
    result = render(engine, tmp_path / "work", images, effect=effect, shot=None)
    seen = pictures(result)
    assert result.plan.effect == effect
    if effect == "dissolve":
        for channel in (0, 2):
            assert share_of(seen[0], channel) > 0.02
            assert share_of(seen[-1], channel) < 0.8 * share_of(seen[0], channel), "both turn to dust"


def brushed(tmp_path: Path, size: tuple[int, int]) -> Brush:
    mask = tmp_path / "mask.png"
    assert cv2.imwrite(str(mask), np.full((size[1], size[0]), 255, np.uint8))
    return Brush(mask=str(mask), trajectory=(Point(x=0.5, y=0.5), Point(x=1.0, y=0.5)))


def test_a_brush_moves_the_first_images_subject(engine: MotionEngine, tmp_path: Path, album) -> None:  # type: ignore[no-untyped-def]  # as above
    images = [album.paths[name] for name in ("red", "blue", "view")]
    result = render(engine, tmp_path / "work", images, shot=None, brushes=(brushed(tmp_path, (300, 420)),))
    seen = pictures(result)

    def middle(picture: U8, channel: int) -> float:
        values = picture.astype(int)
        others = [c for c in range(3) if c != channel]
        return float(np.nonzero(values[..., channel] - np.max(values[..., others], axis=-1) > 60)[1].mean())

    assert middle(seen[-1], 0) - middle(seen[0], 0) > 15.0, "the red one was carried to the right"


def test_brushes_that_make_no_sense_are_refused(engine: MotionEngine, tmp_path: Path, album) -> None:  # type: ignore[no-untyped-def]  # as above
    views = [album.paths[name] for name in ("view", "other")]
    with pytest.raises(UnsupportedValue, match="shown in turn"):
        render(engine, tmp_path / "a", views, brushes=(brushed(tmp_path, (640, 400)),), duration_s=2.0)
    with pytest.raises(UnsupportedValue, match="last frame"):
        render(
            engine,
            tmp_path / "b",
            views[:1],
            last_image=views[1],
            brushes=(brushed(tmp_path, (640, 400)),),
            duration_s=2.0,
        )
    images = [album.paths[name] for name in ("red", "view")]
    with pytest.raises(InvalidField, match="shape"):
        render(engine, tmp_path / "c", images, brushes=(brushed(tmp_path, (500, 100)),))
