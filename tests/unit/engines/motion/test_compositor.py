"""Frames: the photo at first, no hole ever, the same bytes every time, and what animators may change."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache

import numpy as np
import pytest

from photoplay.engines.motion import compositor as compositors
from photoplay.engines.motion import paint
from photoplay.engines.motion import planes as yuv
from photoplay.engines.motion.ahead import quads
from photoplay.engines.motion.animate import (
    Animator,
    Changes,
    ExtraLayer,
    Grade,
    LayerChange,
    Moment,
    Spec,
    Sprite,
    join,
)
from photoplay.engines.motion.budget import fit
from photoplay.engines.motion.camera import CameraPath, Nudge, build_rig
from photoplay.engines.motion.compositor import Compositor
from photoplay.engines.motion.extents import everywhere, extents
from photoplay.engines.motion.measure import psnr
from photoplay.engines.motion.toolkit import mesh_from, nodes, painted, rotate, shift, soft_dot, stretch
from photoplay.engines.motion.types import F32, U8, Layer, Stage
from photoplay.engines.motion.warp import Rays, ways
from photoplay.shot import Move, MoveKind, Shot
from support.stages import fitted, make_stage, photo, textured

SIZE = (320, 180)
MARKER = (1, 2, 3)  # not codes of any picture: luma starts at 16


def compositor(
    stage: Stage, *moves: Move, frames: int = 5, animator: Animator | None = None, size: tuple[int, int] = SIZE
) -> Compositor:
    path = CameraPath(Shot(moves=moves), build_rig(stage), duration_s=5.0, seed=7)
    return Compositor(stage, path, Spec(*size, 24, frames, seed=7), [animator] if animator else [])


class Once(Animator):
    """The same changes in every frame."""

    def __init__(self, changes: Changes, extra_layers: tuple[ExtraLayer, ...] = ()) -> None:
        self._changes = changes
        self.extra_layers = extra_layers

    def frame(self, moment: Moment) -> Changes:
        return self._changes


@cache
def plain() -> Stage:
    return make_stage(textured(*SIZE, seed=3), SIZE, margin=0.2, plate_depth=(0.0, 0.4), subject_bulge=0.1)


def drawn(animator: Animator | None = None, stage: Stage | None = None) -> U8:
    return yuv.to_rgb(compositor(stage or plain(), animator=animator).frame(0))


@pytest.mark.parametrize("name", ["chelsea.png", "astronaut.png", "coffee.png", "rocket.jpg"])
@pytest.mark.parametrize("over", [1.0, 1.12])
def test_the_first_frame_is_the_photo(name: str, over: float) -> None:
    size = (1280, 720)
    stage = make_stage(photo(name), size, over=over)
    first = yuv.to_rgb(compositor(stage, Move(kind=MoveKind.ORBIT), size=size).frame(0))
    assert psnr(first, fitted(photo(name), size)) >= 38.0


@pytest.mark.parametrize("kind", [MoveKind.DOLLY, MoveKind.ORBIT, MoveKind.ROLL])
@pytest.mark.parametrize("over", [1.0, 1.25])
def test_four_pixels_from_one_sample_look_like_four_samples(
    kind: MoveKind, over: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    size = (1280, 720)
    stage = make_stage(photo("coffee.png"), size, margin=0.2, plate_depth=(0.0, 0.4), over=over)
    drawing = compositor(stage, Move(kind=kind), size=size, frames=13)
    quick = [drawing.frame(index) for index in (0, 3, 9)]
    used = [set(sheet._prepared) for _, sheet in drawing.sheets]
    monkeypatch.setattr(paint, "QUAD_ERROR", -1.0)
    exact = [drawing.frame(index) for index in (0, 3, 9)]
    assert used[0] == {"luma", "chroma"}
    assert used[1] >= {"luma", "alpha"}
    for one, other in zip(quick, exact, strict=True):
        assert psnr(one.y, other.y) >= 48.0
        assert psnr(one.u, other.u) >= 48.0
        assert psnr(one.v, other.v) >= 48.0


@pytest.mark.parametrize("kind", [MoveKind.DOLLY, MoveKind.ORBIT, MoveKind.ROLL, MoveKind.RACK_FOCUS])
@pytest.mark.parametrize("amount", [2.0, -2.0])
def test_nothing_of_a_layer_is_cut_off_where_it_is_said_to_end(
    kind: MoveKind, amount: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paint, "QUAD_ERROR", -1.0)  # one sample a pixel, or the windows' sizes would show
    drawing = compositor(plain(), Move(kind=kind, amount=amount))
    frames = (0, 2, 4)
    cut = [drawing.frame(index) for index in frames]
    shown = drawing.sheets[1][1]
    grid = Rays.cast(drawing.lattice, drawing.path.at(0.5)).meet(shown.depth)
    rows = extents(drawing.lattice, grid, ways(grid), shown, 0).rows
    assert rows[0] > 0 or rows[1] < SIZE[1], "rows are left out"
    monkeypatch.setattr(compositors, "extents", lambda lattice, *_: everywhere(lattice))
    for one, index in zip(cut, frames, strict=True):
        for part, whole in zip(one, drawing.frame(index), strict=True):
            assert np.array_equal(part, whole)


def test_quads_are_the_picture_and_the_picture_farther_on() -> None:
    y, x = np.mgrid[0:40, 0:60].astype(np.float32)

    def waves(dx: float, dy: float) -> U8:
        value = 128 + 60 * np.sin((x + dx) * 0.9) + 50 * np.cos((y + dy) * 0.7 + 0.2 * (x + dx))
        return np.rint(value).astype(np.uint8)

    for across, down in ((1.0, 1.0), (1.12, 0.94), (0.88, 1.06)):
        found = quads(waves(0, 0), across, down)[4:-4, 4:-4].astype(int)
        for channel, (dx, dy) in enumerate(((0, 0), (across, 0), (0, down), (across, down))):
            assert np.abs(found[..., channel] - waves(dx, dy)[4:-4, 4:-4]).max() <= 2


@pytest.mark.parametrize("kind", list(MoveKind))
@pytest.mark.parametrize("amount", [1.5, -1.5])
def test_no_pixel_is_left_empty_or_shows_what_lies_beyond_the_stage(kind: MoveKind, amount: float) -> None:
    stage = make_stage(np.full((90, 160, 3), 120, np.uint8), SIZE, margin=0.06, plate_depth=(0.0, 0.5))
    plate = stage.layers[0]
    ring = plate.rgb.copy()
    ring[:2], ring[-2:], ring[:, :2], ring[:, -2:] = (255, 0, 255), (255, 0, 255), (255, 0, 255), (255, 0, 255)
    stage = Stage(
        stage.scene,
        (Layer(ring, None, plate.inverse_depth, plate.anchor_depth), *stage.layers[1:]),
        stage.frame,
        stage.output,
        stage.photo_to_working,
    )
    path = CameraPath(Shot(moves=(Move(kind=kind, amount=amount),)), build_rig(stage), duration_s=5.0, seed=2)
    drawing = Compositor(stage, fit(path, stage).path, Spec(*SIZE, 24, 9))
    for index in range(9):
        out = yuv.allocate(*SIZE)
        for plane, code in zip(out, MARKER, strict=True):
            plane.fill(code)
        drawing.draw_frame(index, out)
        assert out.y.min() >= 16
        assert out.u.min() > 16
        assert out.v.min() > 16
        grey = yuv.to_rgb(out).astype(int)
        assert np.abs(grey - 120).max() <= 6, f"frame {index} shows something that is not the picture"


def test_frames_do_not_depend_on_order_or_threads() -> None:
    moves = (Move(kind=MoveKind.DOLLY), Move(kind=MoveKind.HANDHELD), Move(kind=MoveKind.RACK_FOCUS))
    straight = compositor(plain(), *moves, frames=12)
    expected = [straight.frame(index) for index in range(12)]
    shuffled = compositor(plain(), *moves, frames=12)
    order = [11, 0, 7, 3, 5, 1, 10, 2, 9, 4, 8, 6]
    with ThreadPoolExecutor(4) as pool:
        found = dict(zip(order, pool.map(shuffled.frame, order), strict=True))
    for index, frame in enumerate(expected):
        assert all(np.array_equal(a, b) for a, b in zip(frame, found[index], strict=True))


def test_bands_join_without_a_seam() -> None:
    """A layer that bends a lot, drawn in bands, equals itself drawn whole."""
    stage = make_stage(textured(640, 480, seed=4), (640, 480), subject=(0.5, 0.5, 0.3), plate_depth=(0.0, 1.0))
    luma = compositor(stage, Move(kind=MoveKind.DOLLY, amount=2.0), size=(640, 480)).frame(4).y.astype(int)
    flat = make_stage(np.full((480, 640, 3), 90, np.uint8), (640, 480), subject=(0.5, 0.5, 0.3))
    even = compositor(flat, Move(kind=MoveKind.DOLLY, amount=2.0), size=(640, 480)).frame(4).y.astype(int)
    rows = np.abs(np.diff(luma, axis=0)).mean(axis=1)
    assert rows.max() < 1.6 * np.median(rows), "a row differs from its neighbour more than any other"
    assert np.abs(even - even[0, 0]).max() <= 2, "sampling and blending round, each by a code at most"


def test_an_opaque_subject_hides_what_is_behind_it() -> None:
    behind = np.zeros((90, 160, 3), np.uint8)
    stage = make_stage(np.full((90, 160, 3), 200, np.uint8), SIZE, subject=(0.5, 0.5, 0.4), plate_rgb=behind)
    frame = drawn(stage=stage)
    assert frame[90, 160].min() >= 198
    assert frame[5, 5].max() <= 2


class TestLayerChanges:
    def test_shift_moves_the_layer(self) -> None:
        step = shift(20.0, 0.0)
        moved = drawn(Once(Changes(layers={0: LayerChange(affine=step), 1: LayerChange(affine=step)})))
        still = drawn()
        scale = plain().frame[2] / SIZE[0]
        pixels = round(20 / scale)
        right = psnr(moved[20:160, 40:280], still[20:160, 40 - pixels : 280 - pixels])
        left = psnr(moved[20:160, 40:280], still[20:160, 40 + pixels : 280 + pixels])
        assert right > left + 5.0

    @pytest.mark.parametrize("as_mesh", [False, True])
    def test_stretch_grows_the_subject(self, as_mesh: bool) -> None:
        white = make_stage(np.full((90, 160, 3), 250, np.uint8), SIZE, plate_rgb=np.zeros((90, 160, 3), np.uint8))
        height, width = white.layers[0].rgb.shape[:2]
        about = (width / 2, height * 0.53)
        if as_mesh:

            def grown(x: F32, y: F32) -> tuple[F32, F32]:
                return (x - about[0]) * 0.2, (y - about[1]) * 0.2

            change = LayerChange(mesh=mesh_from(white, 40, 70, grown))
        else:
            change = LayerChange(affine=stretch(about, 1.2, 1.2))
        before = (drawn(stage=white)[..., 0] > 125).sum()
        after = (drawn(Once(Changes(layers={1: change})), white)[..., 0] > 125).sum()
        assert after / before == pytest.approx(1.44, rel=0.03)

    def test_rotate_is_clockwise(self) -> None:
        stage = make_stage(
            textured(*SIZE, seed=3), SIZE, subject=(0.5, 0.2, 0.1), plate_rgb=np.zeros((9, 16, 3), np.uint8)
        )
        height, width = stage.layers[0].rgb.shape[:2]
        turned = drawn(Once(Changes(layers={1: LayerChange(affine=rotate((width / 2, height / 2), np.pi / 2))})), stage)
        _, columns = np.nonzero(turned.max(axis=2) > 40)
        assert columns.mean() > SIZE[0] / 2 + 30, "what was above is now to the right"

    def test_opacity_mask_and_hidden(self) -> None:
        white = make_stage(np.full((90, 160, 3), 250, np.uint8), SIZE, plate_rgb=np.zeros((90, 160, 3), np.uint8))
        centre = (100, 160)
        half = drawn(Once(Changes(layers={1: LayerChange(opacity=0.5)})), white)
        assert int(half[centre][0]) == pytest.approx(125, abs=6)
        assert drawn(Once(Changes(layers={1: LayerChange(hidden=True)})), white)[centre].max() <= 2
        veil = np.zeros((20, 40), np.uint8)
        veil[:, 20:] = 255
        cut = drawn(Once(Changes(layers={1: LayerChange(mask=veil)})), white)
        assert cut[100, 140].max() <= 4
        assert cut[100, 180].min() >= 245

    def test_grade(self) -> None:
        grey = make_stage(np.full((90, 160, 3), 100, np.uint8), SIZE, plate_rgb=np.full((90, 160, 3), 60, np.uint8))
        brighter = Grade.of(exposure=1.5)
        subject_only = drawn(Once(Changes(layers={1: LayerChange(grade=brighter)})), grey)
        assert int(subject_only[100, 160][0]) == pytest.approx(150, abs=3)
        assert int(subject_only[5, 5][0]) == pytest.approx(60, abs=2)
        everything = drawn(Once(Changes(grade=brighter)), grey)
        assert int(everything[5, 5][0]) == pytest.approx(90, abs=3)
        assert Grade.of(tint=(20.0, 0.0, 0.0)).dv > 0

    def test_blur(self) -> None:
        sharp, soft = drawn(), drawn(Once(Changes(layers={0: LayerChange(blur=0.02), 1: LayerChange(blur=0.02)})))
        assert np.diff(soft[..., 1].astype(int), axis=1).std() < 0.7 * np.diff(sharp[..., 1].astype(int), axis=1).std()

    def test_an_extra_layer_holds_its_alpha_while_its_colours_move(self) -> None:
        base = plain()
        height, width = base.layers[0].rgb.shape[:2]
        alpha = np.zeros((height, width), np.uint8)
        alpha[: height // 2] = 255
        left_white = np.zeros((height, width, 3), np.uint8)
        left_white[:, : width // 2] = 255
        layer = Layer(left_white, alpha, base.layers[0].inverse_depth, 0.0)
        x, _ = nodes(base, 8, 8)
        moved = np.stack([np.full_like(x, width / 4), np.zeros_like(x)], axis=-1)
        extra = ExtraLayer("water", layer, after=1, hold_alpha=True)
        frame = drawn(Once(Changes(layers={"water": LayerChange(mesh=moved)}), (extra,)), base)
        assert frame[20, 30].min() > 240, "colours come from further right: still white"
        assert frame[20, 120].max() < 12, "and black earlier than before"
        assert psnr(frame[120:], drawn()[120:]) > 50, "below the alpha nothing changed"

    def test_changes_add_up(self) -> None:
        a = Changes(layers={1: LayerChange(opacity=0.5, affine=shift(4, 0))}, nudge=Nudge(dx=0.01))
        b = Changes(layers={1: LayerChange(opacity=0.5, affine=shift(6, 0))}, nudge=Nudge(dy=0.02, scale=1.1))
        both = join(a, b)
        assert both.layers[1].opacity == 0.25
        assert both.layers[1].affine is not None
        assert np.allclose(both.layers[1].affine, shift(10, 0))
        assert (both.nudge.dx, both.nudge.dy, both.nudge.scale) == (0.01, 0.02, 1.1)
        assert both.layers[1].plus(LayerChange(hidden=True)).hidden

    def test_meshes_of_different_sizes_add_up(self) -> None:
        fine, coarse = np.ones((9, 9, 2), np.float32), np.full((3, 3, 2), 2.0, np.float32)
        added = LayerChange(mesh=coarse).plus(LayerChange(mesh=fine)).mesh
        assert added is not None
        assert added.shape == (9, 9, 2)
        assert np.allclose(added, 3.0)


class TestSprites:
    def dark(self) -> Stage:
        return make_stage(np.zeros((90, 160, 3), np.uint8), SIZE, subject=(0.5, 0.5, 0.3))

    def square(self, colour: tuple[int, int, int]) -> U8:
        return painted(colour, np.full((20, 20), 255, np.uint8))

    def test_over(self) -> None:
        sprite = Sprite(self.square((250, 30, 30)), x=40, y=60)
        frame = drawn(Once(Changes(sprites=(sprite,))), self.dark())
        assert frame[70, 50].tolist() == pytest.approx([250, 30, 30], abs=6)
        assert frame[70, 70].max() <= 3

    def test_between_layers(self) -> None:
        behind = Sprite(self.square((0, 250, 0)), x=150, y=80, after=0)
        before = Sprite(self.square((0, 250, 0)), x=150, y=80, after=1)
        assert drawn(Once(Changes(sprites=(behind,))), self.dark())[90, 160].max() <= 3
        assert drawn(Once(Changes(sprites=(before,))), self.dark())[90, 160][1] > 240

    def test_light_adds(self) -> None:
        grey = make_stage(np.full((90, 160, 3), 60, np.uint8), SIZE)
        glow = Sprite(self.square((100, 0, 0)), x=40, y=60, light=True)
        frame = drawn(Once(Changes(sprites=(glow,))), grey)
        assert frame[70, 50].tolist() == pytest.approx([160, 60, 60], abs=5)
        assert frame[70, 100].tolist() == pytest.approx([60, 60, 60], abs=3)

    def test_fractions_and_scale(self) -> None:
        sprite = Sprite(self.square((255, 255, 255)), x=40.5, y=60.0, scale=2.0)
        frame = drawn(Once(Changes(sprites=(sprite,))), self.dark())[..., 0].astype(float) / 255
        assert frame.sum() == pytest.approx(1600, rel=0.02)
        columns = (frame.sum(axis=0) * np.arange(SIZE[0])).sum() / frame.sum()
        assert columns == pytest.approx(60.0, abs=0.1)

    @pytest.mark.parametrize("corner", [(-10, -10), (310, 170), (-500, 0), (1000, 1000)])
    def test_outside_is_cut_off(self, corner: tuple[int, int]) -> None:
        sprites = (
            Sprite(self.square((255, 255, 255)), *map(float, corner)),
            Sprite(self.square((255, 255, 255)), corner[0] + 0.3, corner[1] + 0.3, scale=1.5),
        )
        for sprite in sprites:
            frame = drawn(Once(Changes(sprites=(sprite,))), self.dark())
            assert frame.shape == (SIZE[1], SIZE[0], 3)

    def test_in_the_scene_it_moves_with_its_depth(self) -> None:
        stage = self.dark()
        x, y, width, height = stage.frame
        dot = painted((255, 255, 255), soft_dot(12))

        def column(depth: float) -> float:
            sprite = Sprite(dot, x + width / 2 - 6, y + height / 2 - 6, depth=depth)
            moving = compositor(stage, Move(kind=MoveKind.TRUCK), animator=Once(Changes(sprites=(sprite,))))
            luma = moving.frame(4).y.astype(float) - 16
            return float((luma.sum(axis=0) * np.arange(SIZE[0])).sum() / luma.sum())

        middle = (SIZE[0] - 1) / 2
        assert middle - column(0.8) == pytest.approx(0.05 * SIZE[0], rel=0.1)
        assert 0 < middle - column(0.0) < 0.5 * (middle - column(0.8))


def test_finish_repaints_the_frame() -> None:
    invert: Callable[[U8], U8] = lambda rgb: 255 - rgb  # noqa: E731
    assert psnr(drawn(Once(Changes(finish=invert))), 255 - drawn()) > 35


def test_a_stage_with_an_empty_layer_is_drawn() -> None:
    base = plain()
    nothing = Layer(base.layers[1].rgb, np.zeros_like(base.layers[1].alpha), base.layers[1].inverse_depth, 0.9)
    stage = Stage(base.scene, (base.layers[0], nothing), base.frame, base.output, base.photo_to_working)
    assert drawn(stage=stage).shape == (SIZE[1], SIZE[0], 3)
