"""What the eye would catch: halos, hair left behind, bent lines, torn things, margins that fold back."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from tests.support import pictures, stages

from photoplay.engines.motion import continuation, edges, layers, margin, relief
from photoplay.engines.motion.animate import Spec
from photoplay.engines.motion.camera import CameraPath, build_rig
from photoplay.engines.motion.compositor import Compositor
from photoplay.engines.motion.fringe import with_fringe
from photoplay.engines.motion.planes import to_rgb
from photoplay.engines.motion.scene import analyze
from photoplay.engines.motion.stage import build_stage
from photoplay.engines.motion.types import F32, U8, Photo, Stage
from photoplay.shot import Move, MoveKind, Shot

NOWHERE = Path("/nonexistent")
SIZE = (640, 480)
LEFT, RIGHT, SUBJECT = np.float32([120, 150, 190]), np.float32([205, 180, 140]), np.float32([70, 30, 35])


def places() -> tuple[F32, F32]:
    y, x = np.indices((SIZE[1], SIZE[0]), dtype=np.float32)
    return x, y


def ground() -> F32:
    x, _ = places()
    share = np.clip((x - 310) / 20, 0, 1)[..., None]
    return np.asarray(LEFT * (1 - share) + RIGHT * share, np.float32)


def disc() -> F32:
    x, y = places()
    return np.asarray(np.clip((112 - np.hypot(x - 320, y - 250)) / 5, 0, 1), np.float32)


def hair() -> F32:
    """Strands of a pixel and a half around the disc."""
    canvas = np.zeros((SIZE[1] * 4, SIZE[0] * 4), np.uint8)
    rng = np.random.default_rng(3)
    for angle in np.linspace(0, 2 * np.pi, 46, endpoint=False):
        bent = angle + rng.uniform(-0.12, 0.12)
        first = (round(4 * (320 + 100 * np.cos(angle))), round(4 * (250 + 100 * np.sin(angle))))
        last = (round(4 * (320 + 126 * np.cos(bent))), round(4 * (250 + 126 * np.sin(bent))))
        cv2.line(canvas, first, last, 255, 6, cv2.LINE_AA)
    return np.asarray(cv2.resize(canvas, SIZE, interpolation=cv2.INTER_AREA), np.float32) / 255


def painted(alpha: F32) -> U8:
    mixed = ground() * (1 - alpha[..., None]) + SUBJECT * alpha[..., None]
    return np.clip(mixed + pictures.grain(0.8, 2)[..., None] * 1.2 + 0.5, 0, 255).astype(np.uint8)


def staged(rgb: U8, alpha: F32) -> Stage:
    photo = Photo(rgb, "look", alpha=np.asarray(alpha * 255, np.uint8))
    return build_stage(photo, analyze(photo, NOWHERE), SIZE, margin=0.12)


def last_frame(stage: Stage, *moves: Move) -> U8:
    spec = Spec(*stage.output, 12, 13, 0)
    path = CameraPath(Shot(moves=moves), build_rig(stage), duration_s=spec.duration_s)
    return to_rgb(Compositor(stage, path, spec).frame(12))


def off_the_line(picture: U8) -> F32:
    """How far each pixel's colour lies from every mix of the subject's with either ground's, or of the two grounds."""
    best = np.full(picture.shape[:2], np.inf, np.float32)
    for one, other in ((SUBJECT, LEFT), (SUBJECT, RIGHT), (LEFT, RIGHT)):
        axis = other - one
        offset = picture.astype(np.float32) - one
        share = np.clip((offset @ axis) / float(axis @ axis), 0, 1)
        best = np.minimum(best, np.linalg.norm(offset - share[..., None] * axis, axis=2))
    return best


@pytest.mark.parametrize("amount", [-2.0, 2.0])
def test_soft_edges_and_hair_have_no_halo_after_a_reveal(amount):
    alpha = np.maximum(disc(), hair())
    picture = last_frame(staged(painted(alpha), alpha), Move(kind=MoveKind.TRUCK, amount=amount))
    # Video keeps colour at half the size, so a strand's colour may be off by a little.
    assert (off_the_line(picture) > 34).mean() < 0.0003
    # Away from the subject there is ground and nothing else: no outline was left behind.
    dark = np.abs(picture.astype(np.float32) - SUBJECT).max(axis=2) < 60
    body = cv2.morphologyEx(dark.astype(np.uint8), cv2.MORPH_OPEN, np.ones((9, 9), np.uint8))
    reach = cv2.dilate(body, np.ones((61, 61), np.uint8)) > 0
    clean = np.minimum(*(np.abs(picture.astype(np.float32) - tone).max(axis=2) for tone in (LEFT, RIGHT)))
    x, _ = places()
    beside = ~reach & ((x < 230) | (x > 410))
    assert np.percentile(clean[beside], 99.9) < 14


def test_loose_hair_goes_with_the_head():
    rgb = painted(np.maximum(disc(), hair()))
    found = with_fringe(rgb, np.asarray(disc() * 255, np.uint8)).astype(np.float32) / 255
    strands = (hair() > 0.6) & (disc() == 0)
    assert (found[strands] > 0.3).mean() > 0.8
    open_ground = cv2.dilate(np.maximum(disc(), hair()), np.ones((9, 9), np.uint8)) == 0
    assert found[open_ground].max() < 0.05


def test_on_a_textured_ground_nothing_is_added():
    alpha = np.asarray(disc() * 255, np.uint8)
    rough = painted(disc()).astype(np.float32) + pictures.grain(2.0, 5)[..., None] * 25 * (1 - disc()[..., None])
    assert (with_fringe(np.clip(rough, 0, 255).astype(np.uint8), alpha) != alpha).mean() < 0.002


def test_what_runs_on_past_an_outline_is_not_of_it():
    rgb = painted(disc())
    rgb[:, 424:429] = (40, 44, 52)  # a post that the disc's edge nearly touches
    found = with_fringe(rgb, np.asarray(disc() * 255, np.uint8))
    assert found[:, 434:].max() == 0
    assert (found[100:160, 424:429] == 0).all()


def poles() -> U8:
    """Tall poles on a ground that comes near, under a sky: what a kink of depth at the horizon would bend."""
    x, y = places()
    sky = np.float32([150, 185, 230]) + (y / 480)[..., None] * np.float32([40, 25, 5])
    earth = np.float32([160, 145, 110]) + (pictures.grain(3, 4) * 8)[..., None]
    image = np.where((y < 250)[..., None], sky, earth)
    for at in (120, 250, 400, 540):
        image = np.where(((np.abs(x - at) < 5) & (y > 40) & (y < 440))[..., None], np.float32([35, 32, 38]), image)
    return np.clip(cv2.GaussianBlur(image.astype(np.float32), (0, 0), 0.7), 0, 255).astype(np.uint8)


def bend_of(picture: U8) -> float:
    """How far the poles bend: the largest distance in pixels of their middle from a straight line."""
    dark = np.clip(90 - picture.astype(np.float32).max(axis=2), 0, None)
    worst = 0.0
    for start in (60, 190, 330, 470):
        part = dark[80:400, start : start + 130]
        middle = (part * np.arange(130)).sum(axis=1) / np.maximum(part.sum(axis=1), 1e-3)
        seen = part.sum(axis=1) > 60
        rows = np.arange(len(middle))[seen]
        fitted = np.polyval(np.polyfit(rows, middle[seen], 1), rows)
        worst = max(worst, float(np.abs(cv2.blur((middle[seen] - fitted)[:, None], (1, 9))).max()))
    return worst


@pytest.mark.parametrize("kind", [MoveKind.TRUCK, MoveKind.DOLLY])
def test_straight_lines_stay_straight(kind, monkeypatch):
    def filmed() -> float:
        photo = Photo(poles(), "poles")
        stage = build_stage(photo, analyze(photo, NOWHERE), SIZE, margin=0.12)
        return bend_of(last_frame(stage, Move(kind=kind, amount=1.0)))

    assert bend_of(poles()) < 0.3
    straight = filmed()
    assert straight < 1.3
    monkeypatch.setattr(relief, "gentle", lambda inverse, _layers, _lines: inverse)
    assert filmed() > 2.0 * straight


def test_relief_falls_off_gently_and_keeps_what_is_in_front():
    field = np.full((240, 320), 0.2, np.float32)
    field[:, 160:] = 0.6
    out = relief.gentle(field, [np.full(field.shape, 255, np.uint8)], np.zeros((0, 4), np.float32))
    assert out[:, 165:] == pytest.approx(0.6, abs=0.02)
    assert np.abs(np.diff(out, axis=1)).max() < 1.6 * relief.STEEPEST / 320
    assert out[120, 40] == pytest.approx(0.2, abs=0.02)


def test_a_cut_that_would_tear_is_not_made():
    rgb = np.zeros((240, 320, 3), np.uint8)
    matte = np.zeros((240, 320), np.uint8)
    whole = np.zeros((240, 320), np.float32)
    whole[60:, :160] = 0.5
    whole[120:] = 0.5
    rgb[whole > 0] = 200
    assert len(layers.cut(rgb, whole, whole, matte).alphas) == 2
    rng = np.random.default_rng(1)
    bits = whole.copy()
    for _ in range(500):
        y, x = rng.integers(40, 200), rng.integers(0, 314)
        bits[y : y + 4, x : x + 3] = 0.5 - whole[y, x]
    pattern = np.where(bits[..., None] > 0.2, 200, 0).astype(np.uint8).repeat(3, axis=2)
    assert len(layers.cut(pattern, bits, bits, matte).alphas) == 1


def test_a_level_line_across_the_picture_is_a_shore_and_no_cut():
    rgb, depth = np.zeros((240, 320, 3), np.uint8), np.zeros((240, 320), np.float32)
    rgb[120:], depth[120:] = 200, 0.5
    assert len(layers.cut(rgb, depth, depth, np.zeros((240, 320), np.uint8)).alphas) == 1


@pytest.mark.parametrize(
    ("amount", "sharp", "soft"), [(1.0, slice(240, 340), slice(20, 80)), (-1.0, slice(20, 80), slice(300, 350))]
)
def test_a_rack_focus_follows_depth_within_one_layer(amount, sharp, soft):
    picture = stages.textured(640, 360, softness=1.0)
    stage = stages.make_stage(picture, (640, 360), subject=None, plate_depth=(0.0, 1.0), over=1.0)
    ends = last_frame(stage, Move(kind=MoveKind.RACK_FOCUS, amount=amount)).astype(np.float32)
    first = last_frame(stage, Move(kind=MoveKind.STATIC)).astype(np.float32)

    def detail(frame: F32, rows: slice) -> float:
        return float(cv2.Laplacian(frame[rows].mean(axis=2), cv2.CV_32F).std())

    def kept(rows: slice) -> float:
        return detail(ends, rows) / detail(first, rows)

    assert kept(soft) < 0.5
    assert kept(sharp) > 1.8 * kept(soft)


def stripes(slope: float, size: tuple[int, int] = SIZE) -> U8:
    y, x = np.indices((size[1], size[0]), dtype=np.float32)
    wave = 127 + 90 * np.sin((y - slope * x) / 9)
    return np.clip(wave[..., None] + np.float32([0, 10, -10]), 0, 255).astype(np.uint8)


@pytest.mark.parametrize("slope", [0.0, 0.4, -0.7])
def test_lines_run_on_into_the_margin(slope):
    wide = stripes(slope, (760, 480))
    made = margin.extended(wide[:, :640], margin.plan_margin(wide[:, :640], (0, 0, 0, 120)))
    assert made.shape == wide.shape
    assert np.array_equal(made[:, :640], wide[:, :640])
    part = (slice(140, 340), slice(645, 680))
    error = np.abs(made[part].astype(int) - wide[part]).mean()
    mirrored = cv2.copyMakeBorder(wide[:, :640], 0, 0, 0, 120, cv2.BORDER_REFLECT)
    plain = np.abs(mirrored[part].astype(int) - wide[part]).mean()
    assert error < 22
    assert slope == 0.0 or error < 0.5 * plain


@pytest.mark.parametrize("rims", [(0, 0, 0, 0), (30, 0, 0, 0), (5, 41, 1, 63)])
def test_a_margin_has_the_size_asked_for_and_leaves_the_photo_alone(rims):
    rgb = pictures.meadow()
    top, bottom, left, right = rims
    plan = margin.plan_margin(rgb, rims)
    made = margin.extended(rgb, plan)
    assert made.shape == (480 + top + bottom, 640 + left + right, 3)
    assert np.array_equal(made[top : top + 480, left : left + 640], rgb)
    alpha = np.zeros((480, 640), np.uint8)
    alpha[300:, 200:400] = 255  # cut by the lower border only
    wide = margin.extended_alpha(alpha, plan)
    assert wide.shape == made.shape[:2]
    assert wide[:top].max(initial=0) == 0
    assert bottom < 8 or wide[-1, left + 300] == 255


def test_colours_are_made_up_only_beyond_borders_where_their_layer_shows():
    rgb, rims = pictures.meadow(), (30, 40, 20, 63)
    plan = margin.plan_margin(rgb, rims)
    alpha = np.zeros((480, 640), np.uint8)
    alpha[300:, 200:400] = 255  # cut by the lower border only
    opacity = margin.extended_alpha(alpha, plan)
    whole, made = margin.extended(rgb, plan), margin.extended(rgb, plan, opacity)
    assert np.array_equal(made[30:, 20:-63][opacity[30:, 20:-63] > 0], whole[30:, 20:-63][opacity[30:, 20:-63] > 0])
    assert np.array_equal(made[30:510, 20:660], rgb)
    assert np.array_equal(made[:30, 20:660], np.broadcast_to(rgb[0], (30, 640, 3)))
    assert np.array_equal(made[30:510, 660:], np.broadcast_to(rgb[:, -1:], (480, 63, 3)))


def test_a_hole_goes_on_as_its_rim_does():
    picture = stripes(0.3)
    known = np.full((480, 640), 255, np.uint8)
    known[140:340, 260:420] = 0
    filled = np.full_like(picture, 127)
    found = continuation.carried_on(picture, known)
    assert found is not None
    found.lay_over(filled, known)
    rim = (slice(190, 290), slice(262, 272))
    assert np.abs(filled[rim].astype(int) - picture[rim]).mean() < 30
    assert np.array_equal(filled[known > 0], np.full_like(picture, 127)[known > 0])
    middle = filled[235:245, 335:345].astype(int)
    assert np.abs(middle - 127).max() < 70  # deep inside the fill stays


@pytest.mark.parametrize("value", [0, 255])
def test_nothing_known_and_nothing_missing_have_no_continuation(value):
    assert continuation.carried_on(stripes(0.0, (64, 48)), np.full((48, 64), value, np.uint8)) is None


def test_an_outlines_glow_goes_with_its_layer():
    alpha = np.asarray(disc() * 255, np.uint8)
    picture = painted(disc())
    ring = (disc() > 0.05) & (disc() < 0.3)
    picture[ring] = 250  # sharpened far beyond either colour
    behind = np.clip(ground() + 0.5, 0, 255).astype(np.uint8)
    plate, opacity = behind.copy(), alpha.copy()
    colour = edges.foreground(picture, picture, opacity, behind, [(plate, None)], firm=True)
    share = opacity[..., None].astype(np.float32) / 255
    drawn = plate * (1 - share) + colour * share
    assert np.abs(drawn - picture)[ring].mean() < 6, "the unmoved picture is the photo"
    assert np.abs(plate.astype(int) - behind)[ring].max() <= 8, "and the ground behind it is ground"
    assert (opacity >= alpha).all()


def towers() -> F32:
    """(n, 4) upright lines of a far city: x0, y0, x1, y1 in fractions; their feet a little below them."""
    return np.array([[at, 0.5, at, 0.68] for at in (0.2, 0.35, 0.5, 0.65, 0.8)], np.float32)


@pytest.mark.parametrize(("nearness", "brought"), [(0.25, True), (0.9, False)])
def test_a_far_skyline_stands_in_one_plane_with_the_sky(nearness, brought):
    rows = np.linspace(0.0, 1.0, 240, dtype=np.float32)[:, None]
    depth = np.repeat(np.clip((rows - 0.45) * np.float32(nearness / 0.55), 0.0, 1.0), 320, axis=1)
    depth[120:] += np.float32(0.1 if brought else 0.4)
    sky = np.zeros((240, 320), np.uint8)
    sky[:128] = 255
    out = relief.with_sky(depth, [np.full((240, 320), 255, np.uint8)], sky, towers())
    city = out[:168]
    if brought:
        assert float(np.ptp(city)) < 1e-6, "head and foot of a tower are equally far"
        assert out[-1].min() > city.max() + 0.02, "the water before it is nearer"
    else:
        assert np.array_equal(out, depth), "what is near is no skyline"
