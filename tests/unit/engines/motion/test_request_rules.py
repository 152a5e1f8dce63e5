"""What a request says beside the picture: rules for its images, a camera that rests for brushes, only an end image."""

from __future__ import annotations

import shutil
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from photoplay.engines.base import RenderRequest, RenderResult
from photoplay.engines.motion.engine import MotionEngine
from photoplay.engines.motion.language import plan_from_prompt
from photoplay.engines.motion.measure import psnr
from photoplay.engines.motion.types import U8
from photoplay.errors import ImageShapeUnsupported, ImageTooSmall
from photoplay.shot import MoveKind
from support.stages import PHOTOS, fitted, photo

CAT = PHOTOS / "chelsea.png"  # 451 by 300 pixels
SMALL = {"short_side": 240, "duration_s": 0.5, "fps": 12}


def render(folder: Path, **given: object) -> RenderResult:
    work = folder / "work"
    work.mkdir()
    request = RenderRequest.model_validate({"images": (CAT,), **SMALL, **given})
    return MotionEngine(folder / "no-models").render(request, work, lambda done, doing: None)


def pictures(path: Path) -> list[U8]:
    with av.open(str(path)) as video:
        return [np.asarray(frame.to_ndarray(format="rgb24"), np.uint8) for frame in video.decode(video=0)]


def test_images_are_held_to_the_rules(tmp_path: Path) -> None:
    assert render(tmp_path, min_side=300, max_shape=1.6).frames == 6


@pytest.mark.parametrize("where", ["images", "last_image", "third"])
@pytest.mark.parametrize(
    ("rule", "error"), [({"min_side": 301}, ImageTooSmall), ({"max_shape": 1.2}, ImageShapeUnsupported)]
)
def test_images_that_break_the_rules(
    tmp_path: Path, where: str, rule: dict[str, float], error: type[Exception]
) -> None:
    fine = tmp_path / "fine.png"
    Image.fromarray(photo()).resize((400, 400)).save(fine)
    given = {
        "images": {"images": (CAT,)},
        "last_image": {"images": (fine,), "last_image": CAT, "duration_s": 2.0},
        "third": {"images": (fine, fine, CAT), "duration_s": 2.0},
    }[where]
    with pytest.raises(error):
        render(tmp_path, **given, **rule)


def test_from_a_photo_to_itself_ends_on_it(tmp_path: Path) -> None:
    again = tmp_path / "again.png"
    shutil.copy(CAT, again)
    result = render(tmp_path, last_image=again, prompt="zoom in", duration_s=1.0)
    frames = pictures(result.video)
    own = fitted(photo(), (result.width, result.height))
    assert psnr(frames[-1], own) > 33
    assert psnr(frames[0], own) < 28
    assert [move.kind for move in result.plan.shot.moves] == [MoveKind.ZOOM]


def test_the_camera_rests_for_brushes_unless_it_was_asked_for() -> None:
    assert plan_from_prompt("a cat", "").shot.moves[0].kind is not MoveKind.STATIC
    resting = plan_from_prompt("a cat", "", still_by_default=True)
    assert [move.kind for move in resting.shot.moves] == [MoveKind.STATIC]
    assert any("stays still" in note for note in resting.notes)
    moving = plan_from_prompt("a cat, pan left", "", still_by_default=True)
    assert [move.kind for move in moving.shot.moves] == [MoveKind.PAN]
