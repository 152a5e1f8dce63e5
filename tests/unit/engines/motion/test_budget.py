"""Shots are kept within what the photo can carry, and it is said when they were not."""

from __future__ import annotations

import numpy as np
import pytest

from photoplay.engines.motion.budget import MAX_GAP, MAX_REFRAME, SOFT_REFRAME, Fitted, fit
from photoplay.engines.motion.camera import CameraPath, build_rig, reached, reversed_shot
from photoplay.engines.motion.types import Stage
from photoplay.shot import Move, MoveKind, Shot
from support.stages import make_stage

SIZE = (320, 180)
GREY = np.full((90, 160, 3), 120, np.uint8)


def fitted(stage: Stage, *moves: Move, backwards: bool = False) -> Fitted:
    shot = Shot(moves=moves)
    path = CameraPath(
        reversed_shot(shot) if backwards else shot, build_rig(stage), duration_s=5.0, seed=3, backwards=backwards
    )
    return fit(path, stage)


def worst_overflow(result: Fitted, stage: Stage) -> float:
    """How far, in frame widths, the path looks beyond the stage's picture; negative when it never does."""
    height, width = stage.layers[0].rgb.shape[:2]
    x, y, w, h = stage.frame
    left, right = -(x + w / 2) / w, (width - x - w / 2) / w
    top, bottom = -(y + h / 2) / w, (height - y - h / 2) / w
    worst = -1.0
    for t in np.linspace(0, 1, 41):
        view = result.path.at(float(t))
        for u in (-0.5, 0.0, 0.5):
            for v in (-h / w / 2, 0.0, h / w / 2):
                for q in (result.path.rig.far, result.path.rig.nearness(float(stage.layers[0].inverse_depth.max()))):
                    sx, sy = view.look(u, v, q)
                    worst = max(worst, left - sx, sx - right, top - sy, sy - bottom)
    return worst


def test_a_shot_that_fits_is_left_alone() -> None:
    stage = make_stage(GREY, SIZE, margin=0.2)
    moves = (Move(kind=MoveKind.PAN), Move(kind=MoveKind.DOLLY))
    result = fitted(stage, *moves)
    assert result.path.shot.moves == moves
    assert result.path.reframe == 0.0
    assert result.notes == ()


def test_a_small_overflow_is_met_by_a_push_in() -> None:
    stage = make_stage(GREY, SIZE, margin=0.06)
    result = fitted(stage, Move(kind=MoveKind.PAN, amount=0.8))
    assert result.path.shot.moves[0].amount == 0.8
    assert 0.0 < result.path.reframe <= MAX_REFRAME
    assert result.notes == ()
    assert np.allclose(result.path.at(0.0).ray, np.eye(3)), "the first frame stays the photo"
    assert reached(result.path, 1.0) > 1.0


@pytest.mark.parametrize("kind", [kind for kind in MoveKind if kind is not MoveKind.RACK_FOCUS])
@pytest.mark.parametrize("amount", [4.0, -4.0])
@pytest.mark.parametrize("backwards", [False, True])
def test_the_camera_never_sees_past_the_picture(kind: MoveKind, amount: float, backwards: bool) -> None:
    stage = make_stage(GREY, SIZE, margin=0.05, plate_depth=(0.0, 0.6))
    result = fitted(stage, Move(kind=kind, amount=amount), backwards=backwards)
    assert worst_overflow(result, stage) <= 0.0


def test_made_up_margin_is_kept_out_of_sight_in_moves_to_the_side() -> None:
    stage = make_stage(GREY, SIZE, margin=0.2)  # the photo fills the frame: all margin is made up
    aside = fitted(stage, Move(kind=MoveKind.PAN, amount=0.6))
    assert 0.0 < aside.path.reframe <= SOFT_REFRAME
    assert fitted(stage, Move(kind=MoveKind.ZOOM, amount=-0.6)).path.reframe == 0.0


def test_a_large_move_is_reduced_and_said() -> None:
    stage = make_stage(GREY, SIZE, margin=0.06)
    result = fitted(stage, Move(kind=MoveKind.PAN, amount=3.0), Move(kind=MoveKind.DOLLY, amount=1.0))
    pan, dolly = result.path.shot.moves
    assert 0.0 < pan.amount < 3.0
    assert dolly.amount == 1.0, "a move that shows nothing beyond is not to blame"
    assert len(result.notes) == 1
    assert result.notes[0].startswith("pan reduced to ")


def test_zooming_out_is_never_undone_by_a_push_in() -> None:
    stage = make_stage(GREY, SIZE, margin=0.03)
    result = fitted(stage, Move(kind=MoveKind.ZOOM, amount=-1.0))
    assert result.path.reframe == 0.0
    assert -1.0 < result.path.shot.moves[0].amount < 0.0


def test_without_any_margin_a_zoom_out_is_left_out() -> None:
    stage = make_stage(GREY, SIZE, margin=0.0)
    result = fitted(stage, Move(kind=MoveKind.ZOOM, amount=-1.0))
    assert abs(result.path.shot.moves[0].amount) < 0.01
    assert "left out" in result.notes[0]


def test_what_comes_to_light_behind_the_subject_is_limited() -> None:
    stage = make_stage(GREY, SIZE, margin=0.4)
    result = fitted(stage, Move(kind=MoveKind.TRUCK, amount=4.0))
    assert 1.0 < result.path.shot.moves[0].amount < 4.0
    assert "made up" in result.notes[0]
    view = result.path.at(1.0)
    near, far = view.look(0.0, 0.0, 1.0)[0], view.look(0.0, 0.0, result.path.rig.far)[0]
    assert abs(near - far) == pytest.approx(MAX_GAP, rel=0.05)


def test_going_in_covers_and_needs_no_limit() -> None:
    stage = make_stage(GREY, SIZE, margin=0.1)
    result = fitted(stage, Move(kind=MoveKind.DOLLY, amount=3.0))
    assert result.path.shot.moves[0].amount == 3.0


def test_a_photo_without_a_subject_has_no_gap() -> None:
    stage = make_stage(GREY, SIZE, margin=0.4, subject=None)
    assert fitted(stage, Move(kind=MoveKind.TRUCK, amount=4.0)).notes == ()
