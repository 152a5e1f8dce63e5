"""The camera does what the plan says: sign and size of every move, smoothly, from the photo on."""

from __future__ import annotations

import math
from functools import cache
from itertools import pairwise

import cv2
import numpy as np
import pytest

from photoplay.engines.motion.animate import Spec
from photoplay.engines.motion.camera import CameraPath, Nudge, Rig, Sway, build_rig, nudged, reversed_shot
from photoplay.engines.motion.compositor import Compositor
from photoplay.engines.motion.easing import progress
from photoplay.engines.motion.measure import Fit, follow, jitter
from photoplay.engines.motion.types import Stage
from photoplay.shot import Ease, Move, MoveKind, Shot
from support.stages import make_stage, textured

SIZE = (640, 360)
RADIUS = 108  # pixels: the subject, in the middle of the frame
MOVING = [kind for kind in MoveKind if kind not in (MoveKind.STATIC, MoveKind.RACK_FOCUS)]


@cache
def stage() -> Stage:
    return make_stage(
        textured(*SIZE, seed=1),
        SIZE,
        margin=0.3,
        subject=(0.5, 0.5, RADIUS / SIZE[1]),
        plate_rgb=textured(1150, 650, seed=2),
    )


def path(*moves: Move, seed: int = 1) -> CameraPath:
    return CameraPath(Shot(moves=moves), build_rig(stage()), duration_s=5.0, seed=seed)


@cache
def measured(kind: MoveKind, amount: float, frames: int = 8) -> tuple[list[Fit], list[Fit]]:
    """(subject, far) fits of one move."""
    compositor = Compositor(stage(), path(Move(kind=kind, amount=amount)), Spec(*SIZE, 24, frames))
    pictures = [compositor.frame(index).y for index in range(frames)]
    away = np.hypot(*np.meshgrid(np.arange(SIZE[0]) - SIZE[0] / 2, np.arange(SIZE[1]) - SIZE[1] / 2))
    near = ((away < 0.9 * RADIUS) * 255).astype(np.uint8)
    far = ((away > 1.75 * RADIUS) * 255).astype(np.uint8)
    return follow(pictures, near), follow(pictures, far)


def end(kind: MoveKind, amount: float) -> tuple[Fit, Fit]:
    near, far = measured(kind, amount)
    assert len(near) == len(far) == 8, "the corners were lost on the way"
    return near[-1], far[-1]


def within(value: float, wanted: float) -> bool:
    """Right sign and within 20 %."""
    return value * wanted > 0 and abs(value - wanted) <= 0.2 * abs(wanted)


@pytest.mark.parametrize("sign", [1.0, -1.0])
class TestMeasuredAgainstUnits:
    """photoplay.shot.UNITS says what 1.0 means."""

    def test_dolly(self, sign: float) -> None:
        near, far = end(MoveKind.DOLLY, sign)
        assert within(math.log(near.scale), sign * math.log(1.15))
        assert abs(math.log(far.scale)) < 0.5 * abs(math.log(near.scale)), "no parallax"

    def test_zoom(self, sign: float) -> None:
        near, far = end(MoveKind.ZOOM, sign)
        assert within(math.log(near.scale), sign * math.log(1.15))
        assert far.scale == pytest.approx(near.scale, abs=0.002), "a zoom has no parallax"

    def test_dolly_zoom(self, sign: float) -> None:
        near, far = end(MoveKind.DOLLY_ZOOM, sign)
        assert near.scale == pytest.approx(1.0, abs=0.01), "the subject keeps its size"
        assert within(math.log(far.scale), -sign * math.log(1.15))

    def test_truck(self, sign: float) -> None:
        near, far = end(MoveKind.TRUCK, sign)
        assert within(near.shift[0] / SIZE[0], -sign * 0.05), "the picture goes the other way"
        assert abs(far.shift[0]) < 0.5 * abs(near.shift[0])

    def test_pedestal(self, sign: float) -> None:
        near, far = end(MoveKind.PEDESTAL, sign)
        assert within(near.shift[1] / SIZE[1], sign * 0.05)
        assert abs(far.shift[1]) < 0.5 * abs(near.shift[1])

    def test_pan(self, sign: float) -> None:
        near, far = end(MoveKind.PAN, sign)
        assert within(near.shift[0] / SIZE[0], -sign * 0.08)
        assert within(far.shift[0] / SIZE[0], -sign * 0.08)

    def test_tilt(self, sign: float) -> None:
        near, far = end(MoveKind.TILT, sign)
        assert within(near.shift[1] / SIZE[1], sign * 0.08)
        assert within(far.shift[1] / SIZE[1], sign * 0.08)

    def test_roll(self, sign: float) -> None:
        near, far = end(MoveKind.ROLL, sign)
        assert within(math.degrees(near.angle_rad), sign * 4.0)
        assert within(math.degrees(far.angle_rad), sign * 4.0)

    def test_orbit(self, sign: float) -> None:
        near, far = end(MoveKind.ORBIT, sign)
        assert within((far.shift[0] - near.shift[0]) / SIZE[0], sign * 0.05)
        assert abs(near.shift[0]) / SIZE[0] < 0.005, "the subject stays where it is"

    def test_crane(self, sign: float) -> None:
        near, far = end(MoveKind.CRANE, sign)
        assert within((far.shift[1] - near.shift[1]) / SIZE[1], -sign * 0.05)
        assert abs(near.shift[1]) / SIZE[1] < 0.005

    def test_push_through(self, sign: float) -> None:
        near, far = end(MoveKind.PUSH_THROUGH, sign)
        assert within(math.log(near.scale), sign * math.log(1.4))
        assert within(math.log(far.scale), sign * math.log(1.1))


def test_every_move_is_covered_here() -> None:
    covered = {name.removeprefix("test_") for name in dir(TestMeasuredAgainstUnits) if name.startswith("test_")}
    assert covered | {"handheld", "static", "rack_focus"} == {kind.value for kind in MoveKind}


@pytest.mark.parametrize("kind", [MoveKind.DOLLY, MoveKind.TRUCK, MoveKind.PAN, MoveKind.ROLL])
def test_jitter(kind: MoveKind) -> None:
    """At 720p, at the middle of a 5 s move, where it is fastest."""
    size = (1280, 720)
    wide = make_stage(textured(640, 360, seed=5, softness=1.0), size, margin=0.15, subject=None)
    moving = CameraPath(Shot(moves=(Move(kind=kind),)), build_rig(wide), duration_s=5.0)
    compositor = Compositor(wide, moving, Spec(*size, 24, 120))
    fits = follow([compositor.frame(index).y for index in range(53, 67)])
    assert len(fits) == 14
    assert jitter(fits, size) <= 0.1


def test_jitter_tells_whole_pixel_steps() -> None:
    fits = [Fit(1.0, 0.0, (float(round(0.3 * i)), 0.0), (320, 180), 100) for i in range(60)]
    smooth = [Fit(1.0, 0.0, (0.3 * i, 0.0), (320, 180), 100) for i in range(60)]
    assert jitter(fits, SIZE) > 0.5
    assert jitter(smooth, SIZE) < 1e-9


@pytest.mark.parametrize("kind", list(MoveKind))
@pytest.mark.parametrize("start", [0.0, 0.3])
def test_every_path_starts_as_the_photo(kind: MoveKind, start: float) -> None:
    one = path(Move(kind=kind, amount=-1.0, start=start))
    for t in {0.0, start}:
        view = one.at(t)
        assert np.allclose(view.ray / view.ray[2, 2], np.eye(3), atol=1e-9)
        assert np.allclose(view.travel, 0.0, atol=1e-9)
        assert view.blur_near == view.blur_far == 0.0


@pytest.mark.parametrize("kind", MOVING)
def test_a_path_run_backwards_ends_as_the_photo(kind: MoveKind) -> None:
    forward = Shot(moves=(Move(kind=kind, amount=1.0, ease=Ease.IN),))
    one = CameraPath(reversed_shot(forward), build_rig(stage()), duration_s=5.0, backwards=True)
    assert np.allclose(one.at(1.0).ray, np.eye(3), atol=1e-9)
    begin = one.at(0.0)
    assert not np.allclose([begin.homography(q) for q in (0.3, 1.0)], np.eye(3), atol=1e-3)
    assert reversed_shot(reversed_shot(forward)) == forward


def test_moves_add_up_and_undo_each_other() -> None:
    there_and_back = path(
        Move(kind=MoveKind.ZOOM, amount=1.0, end=0.5), Move(kind=MoveKind.ZOOM, amount=-1.0, start=0.5)
    )
    assert np.allclose(there_and_back.at(1.0).ray, np.eye(3), atol=1e-9)
    twice = path(Move(kind=MoveKind.TRUCK, amount=0.5), Move(kind=MoveKind.TRUCK, amount=0.5)).at(1.0)
    assert twice.travel == pytest.approx(path(Move(kind=MoveKind.TRUCK, amount=1.0)).at(1.0).travel)


def test_static_stands_still() -> None:
    still = path(Move(kind=MoveKind.STATIC, amount=3.0))
    assert all(np.array_equal(still.at(t).ray, np.eye(3)) for t in (0.0, 0.4, 1.0))


@pytest.mark.parametrize("ease", list(Ease))
def test_easing_runs_from_nothing_to_all_without_turning_back(ease: Ease) -> None:
    values = [progress(t, 0.2, 0.8, ease) for t in np.linspace(0, 1, 101)]
    assert values[0] == values[20] == 0.0
    assert values[-1] == values[80] == 1.0
    assert all(b >= a for a, b in pairwise(values))


def test_a_move_of_no_length_is_a_step_after_the_first_frame() -> None:
    assert progress(0.0, 0.0, 0.0) == 0.0
    assert progress(0.001, 0.0, 0.0) == 1.0


class TestHandheld:
    def sway(self, seed: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
        hand = Sway(seed, 5.0)
        return np.array([hand.at(t) for t in np.linspace(0, 1, 1201)])

    def test_starts_at_rest_and_has_its_size(self) -> None:
        sway = self.sway(3)
        assert np.allclose(sway[0], 0.0)
        assert np.allclose((sway - sway.mean(axis=0)).std(axis=0), 1.0, atol=0.05)

    def test_is_below_three_hertz(self) -> None:
        sway = self.sway(3)[:, 0]
        power = np.abs(np.fft.rfft((sway - sway.mean()) * np.hanning(len(sway)))) ** 2
        hertz = np.fft.rfftfreq(len(sway), 5.0 / 1200)
        assert power[hertz > 3.2].sum() < 0.002 * power.sum()

    def test_follows_the_seed(self) -> None:
        assert np.array_equal(self.sway(3), self.sway(3))
        assert not np.allclose(self.sway(3), self.sway(4))

    def test_seen_size(self) -> None:
        near, _ = measured(MoveKind.HANDHELD, 1.0, frames=33)
        shifts = np.array([fit.shift for fit in near])
        rms = np.sqrt(np.mean(np.sum((shifts - shifts.mean(axis=0)) ** 2, axis=1)))
        assert 0.0024 < rms / SIZE[0] < 0.0056


class TestRackFocus:
    def test_ends_on_the_subject_with_the_far_end_soft(self) -> None:
        view = path(Move(kind=MoveKind.RACK_FOCUS, amount=1.0)).at(1.0)
        assert view.blur_near == pytest.approx(0.0, abs=1e-9)
        assert view.blur_far == pytest.approx(0.012)

    def test_the_other_way(self) -> None:
        view = path(Move(kind=MoveKind.RACK_FOCUS, amount=-1.0)).at(1.0)
        assert view.blur_far == pytest.approx(0.0, abs=1e-9)
        assert view.blur_near == pytest.approx(0.012)

    def test_is_seen(self) -> None:
        compositor = Compositor(stage(), path(Move(kind=MoveKind.RACK_FOCUS, amount=1.0)), Spec(*SIZE, 24, 5))
        first, last = compositor.frame(0).y, compositor.frame(4).y

        def grain(luma: np.ndarray[tuple[int, ...], np.dtype[np.uint8]], x: int) -> float:
            return float(cv2.Laplacian(luma[100:260, x : x + 80], cv2.CV_32F).std())

        assert grain(last, 20) < 0.5 * grain(first, 20), "the far end is soft"
        assert grain(last, 280) > 0.9 * grain(first, 280), "the subject is as sharp as in the photo"


def test_a_nudge_moves_grows_and_turns_the_picture() -> None:
    still = path().at(0.0)
    assert nudged(still, Nudge(dx=0.1)).look(0.1, 0.0, 1.0) == pytest.approx((0.0, 0.0))
    assert nudged(still, Nudge(scale=2.0, about=(0.2, 0.1))).look(0.2, 0.1, 1.0) == pytest.approx((0.2, 0.1))
    assert nudged(still, Nudge(scale=2.0)).look(0.4, 0.0, 1.0) == pytest.approx((0.2, 0.0))
    turned = nudged(still, Nudge(roll_rad=math.pi / 2))
    assert turned.look(0.0, 0.1, 1.0) == pytest.approx((0.1, 0.0)), "what was to the right is now below"


def test_the_lens_follows_the_photo() -> None:
    normal = build_rig(stage()).focal
    assert build_rig(stage(), focal_mm=200.0).focal > 2.5 * normal
    assert build_rig(stage(), focal_mm=16.0).focal < normal


def test_the_camera_never_passes_the_nearest_surface() -> None:
    rig = Rig(focal=1.0, aspect=0.6, subject_depth=0.3)
    far_in = CameraPath(
        Shot(moves=tuple(Move(kind=MoveKind.DOLLY, amount=4.0) for _ in range(5))), rig, duration_s=5.0
    ).at(1.0)
    assert far_in.travel[2] * rig.near < 1.0
