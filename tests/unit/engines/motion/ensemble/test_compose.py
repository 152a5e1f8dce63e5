"""Composed stages: feet on the ground, cuts below the frame, no empty pixel, parallax of the right sign, own views."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from photoplay.engines.motion import planes as yuv
from photoplay.engines.motion.animate import Spec
from photoplay.engines.motion.camera import CameraPath, build_rig, subject_layer
from photoplay.engines.motion.compositor import Compositor
from photoplay.engines.motion.ensemble.compose import Member, compose, horizon_in_frame
from photoplay.engines.motion.ensemble.cutout import CutOut, cut_out
from photoplay.engines.motion.ensemble.layout import Spot
from photoplay.engines.motion.toolkit import subject_of
from photoplay.engines.motion.types import U8, Photo, Stage
from photoplay.shot import Move, MoveKind, Shot
from support.stages import make_stage, textured

OUTPUT = (640, 360)


@pytest.fixture(scope="module")
def cut(album) -> dict[str, CutOut]:  # type: ignore[no-untyped-def]  # a fixture of this folder
    found = {name: cut_out(*album(name), 400) for name in ("red", "blue", "bust", "wide")}
    return {name: one for name, one in found.items() if one is not None}


def ground(colour: tuple[int, int, int] | None = None) -> Stage:
    """A plate without a subject, nearer downwards."""
    picture = textured(1000, 600, 2) if colour is None else np.full((600, 1000, 3), colour, np.uint8)
    return make_stage(picture, OUTPUT, subject=None, plate_depth=(0.05, 0.85))


def standing(number: int, x: float, foot: float = 0.93, height: float = 0.5, row: int = 0) -> Spot:
    return Spot(number, x * 16 / 9, foot, height, row, grounded=True)


def near(number: int, x: float, height: float = 0.6) -> Spot:
    return Spot(number, x * 16 / 9, 1.02, height, 0, grounded=False)


def solid_rows(stage: Stage, index: int) -> tuple[int, int]:
    alpha = stage.layers[index].alpha
    assert alpha is not None
    rows = np.flatnonzero((alpha > 127).any(axis=1))
    return int(rows[0]), int(rows[-1]) + 1


def test_cut_outs_know_their_feet_and_their_cuts(cut: dict[str, CutOut]) -> None:
    assert not cut["red"].cut_below
    assert cut["bust"].cut_below
    assert not cut["bust"].cut_left
    assert cut["red"].shape < cut["wide"].shape


def test_nothing_solid_is_no_cut_out(album) -> None:  # type: ignore[no-untyped-def]  # as above
    photo, scene = album("view")
    assert cut_out(photo, scene, 400) is None
    photo, scene = album("red")
    assert cut_out(photo, replace(scene, matte=np.minimum(scene.matte, 40)), 400) is None


@pytest.mark.parametrize("foot", [0.75, 0.93])
def test_feet_are_on_the_ground_line(cut: dict[str, CutOut], foot: float) -> None:
    place = ground()
    stage = compose(place, [Member(cut["red"], standing(1, 0.5, foot))]).stage
    top, bottom = solid_rows(stage, 1)
    _, frame_top, _, frame_h = stage.frame
    assert bottom == pytest.approx(frame_top + foot * frame_h, abs=2.5)
    assert (bottom - top) == pytest.approx(0.5 * frame_h, abs=3)
    assert foot > horizon_in_frame(stage)


def test_a_bust_goes_on_to_the_end_of_the_stage(cut: dict[str, CutOut]) -> None:
    stage = compose(ground(), [Member(cut["bust"], near(1, 0.5))]).stage
    assert solid_rows(stage, 1)[1] == stage.layers[0].rgb.shape[0], "no camera can look under it"


def test_nearer_feet_are_nearer(cut: dict[str, CutOut]) -> None:
    members = [
        Member(cut["blue"], standing(2, 0.3, 0.78, 0.4, row=1)),
        Member(cut["red"], standing(1, 0.6)),
        Member(cut["bust"], near(3, 0.8)),
    ]
    depths = [layer.anchor_depth for layer in compose(ground(), members).stage.layers[1:]]
    assert depths == sorted(depths)
    assert depths[1] - depths[0] > 0.05


def frames(stage: Stage, *moves: Move, count: int = 5) -> list[U8]:
    path = CameraPath(Shot(moves=moves), build_rig(stage), duration_s=1.0)
    compositor = Compositor(stage, path, Spec(*OUTPUT, 5, count))
    return [np.asarray(yuv.to_rgb(compositor.frame(index)), np.uint8) for index in range(count)]


def middle_of(picture: U8, channel: int) -> tuple[float, float]:
    """Centre of mass of what is clearly of that colour."""
    values = picture.astype(int)
    others = [c for c in range(3) if c != channel]
    seen = values[..., channel] - np.max(values[..., others], axis=-1) > 60
    rows, columns = np.nonzero(seen)
    return float(columns.mean()), float(rows.mean())


@pytest.mark.parametrize("amount", [1.0, -1.0])
def test_the_near_moves_against_a_slide_more_than_the_far(cut: dict[str, CutOut], amount: float) -> None:
    grey = cv2.cvtColor(cv2.cvtColor(textured(1000, 600, 2), cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
    place = make_stage(np.asarray(grey, np.uint8), OUTPUT, subject=None, plate_depth=(0.02, 0.6))
    members = [
        Member(cut["blue"], standing(2, 0.3, 0.70, 0.35, row=1)),
        Member(cut["red"], standing(1, 0.7, 0.95, 0.5)),
    ]
    seen = frames(compose(place, members).stage, Move(kind=MoveKind.TRUCK, amount=amount))
    red = middle_of(seen[-1], 0)[0] - middle_of(seen[0], 0)[0]
    blue = middle_of(seen[-1], 2)[0] - middle_of(seen[0], 2)[0]
    bands = [np.float32(cv2.cvtColor(one[:70], cv2.COLOR_RGB2GRAY)) for one in (seen[0], seen[-1])]
    far = cv2.phaseCorrelate(*bands)[0][0]
    assert red * amount < -8.0, "the camera goes right, what is near goes left"
    assert blue * amount < -2.0
    assert abs(red) > 1.1 * abs(blue) > 1.3 * abs(far)


@pytest.mark.parametrize(
    "move",
    [
        Move(kind=MoveKind.DOLLY, amount=1.5),
        Move(kind=MoveKind.TRUCK, amount=1.5),
        Move(kind=MoveKind.CRANE, amount=1.0),
        Move(kind=MoveKind.ORBIT, amount=-1.5),
    ],
)
def test_no_pixel_is_empty_in_any_frame(move: Move, album) -> None:  # type: ignore[no-untyped-def]  # as above
    """Everything is white: what is empty, dark at a rim or beyond a border would show."""
    photo, scene = album("bust")
    white = cut_out(Photo(np.full_like(photo.rgb, 250), photo.digest), scene, 400)
    assert white is not None
    place = make_stage(np.full((600, 1000, 3), 250, np.uint8), OUTPUT, subject=None, plate_depth=(0.05, 0.8))
    stage = compose(place, [Member(white, near(1, 0.3)), Member(white, near(2, 0.7))]).stage
    lowest = min(int(one.min()) for one in frames(stage, move))
    assert lowest >= 225


def test_shadows_lie_on_the_ground_under_the_feet_only(cut: dict[str, CutOut]) -> None:
    place = ground((180, 180, 180))
    made = compose(place, [Member(cut["red"], standing(1, 0.5))])
    before, after = place.layers[0].rgb.astype(int), made.stage.layers[0].rgb.astype(int)
    left, top, _, frame_h = place.frame
    x, y = round(left + 0.5 * 640 / 360 * frame_h), round(top + 0.93 * frame_h)
    assert after[y - 1, x - 12 : x + 12].mean() < before[y - 1, x - 12 : x + 12].mean() - 25
    assert np.array_equal(before[: round(top + 0.4 * frame_h)], after[: round(top + 0.4 * frame_h)])
    bust = compose(place, [Member(cut["bust"], near(1, 0.5))]).stage
    assert np.array_equal(bust.layers[0].rgb, place.layers[0].rgb), "who has no feet throws no shadow"


def test_a_shadow_can_go_along_or_be_handed_out(cut: dict[str, CutOut]) -> None:
    place = ground((180, 180, 180))
    member = [Member(cut["red"], standing(1, 0.5))]
    carried = compose(place, member, carried={1}).stage
    assert np.array_equal(carried.layers[0].rgb, place.layers[0].rgb)
    plain = compose(place, member)
    assert carried.layers[1].alpha is not None
    assert plain.stage.layers[1].alpha is not None
    assert carried.layers[1].alpha.sum() > plain.stage.layers[1].alpha.sum()
    loose = compose(place, member, loose=True)
    assert loose.shadow is not None
    assert np.array_equal(loose.stage.layers[0].rgb, place.layers[0].rgb)
    assert plain.shadow is None


def test_every_subject_is_found_in_its_own_view(cut: dict[str, CutOut]) -> None:
    members = [
        Member(cut["blue"], standing(2, 0.25)),
        Member(cut["red"], standing(1, 0.55)),
        Member(cut["bust"], near(3, 0.85)),
    ]
    made = compose(ground(), members)
    assert [subject_layer(made.views[member.spot.number]) for member in members] == [1, 2, 3]
    for member in members:
        subject = subject_of(made.views[member.spot.number])
        assert subject is not None
        left, top, _, frame_h = made.stage.frame
        assert (subject.box[0] + subject.box[2]) / 2 == pytest.approx(left + member.spot.x * frame_h, abs=4)
        assert subject.box[1] == pytest.approx(top + (member.spot.foot - member.spot.height) * frame_h, abs=4)


def test_an_effect_gets_all_subjects_as_one(cut: dict[str, CutOut]) -> None:
    members = [Member(cut["blue"], standing(2, 0.3)), Member(cut["red"], standing(1, 0.7))]
    stage = compose(ground(), members, merged=True).stage
    assert len(stage.layers) == 2
    subject = subject_of(stage)
    assert subject is not None
    assert subject.width > 0.4 * stage.frame[2], "both are in it"
    apart = compose(ground(), members).stage
    assert np.abs(frames(stage)[0].astype(int) - frames(apart)[0]).mean() < 1.0, "and it looks the same"


def test_the_scene_tells_of_all(cut: dict[str, CutOut]) -> None:
    members = [Member(cut["blue"], standing(2, 0.3)), Member(cut["red"], standing(1, 0.7))]
    first, second = compose(ground(), members), compose(ground(), members[:1])
    assert first.stage.scene.stats["subjects"] == 2
    assert first.stage.scene.subject is not None
    assert first.stage.scene.subject.x0 < 0.35
    assert first.stage.scene.subject.x1 > 0.65
    assert first.stage.scene.digest != second.stage.scene.digest
