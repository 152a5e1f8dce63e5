"""Life: only where it fits, subtle, from rest; a wall stays still."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from photoplay.engines.motion import planes as yuv
from photoplay.engines.motion.animate import Animator, Moment, Spec
from photoplay.engines.motion.camera import CameraPath, build_rig
from photoplay.engines.motion.compositor import Compositor
from photoplay.engines.motion.life.blink import CLOSING_S, OPENING_S, SHUT_S, closing
from photoplay.engines.motion.life.breathing import breath
from photoplay.engines.motion.life.features import _CHEEKS, _EYES, _MOUTH, _NOSE, clear_faces
from photoplay.engines.motion.life.places import find
from photoplay.engines.motion.life.registry import animators, life_forms
from photoplay.engines.motion.life.water import steepness
from photoplay.engines.motion.types import F32, U8, Box, Face, Stage
from photoplay.shot import Life, LifeKind, Plan, Shot
from support.stages import make_stage, photo, textured

SIZE = (480, 270)
SPEC = Spec(*SIZE, 24, 120, seed=4)
ANYWHERE = (
    LifeKind.SNOW,
    LifeKind.RAIN,
    LifeKind.PETALS,
    LifeKind.DUST,
    LifeKind.SPARKS,
    LifeKind.BUBBLES,
    LifeKind.CONFETTI,
    LifeKind.LIGHT_LEAK,
)


def wall() -> Stage:
    return make_stage(textured(*SIZE, seed=6), SIZE, margin=0.05, subject=None)


def with_region(name: str, rows: slice, picture: U8 | None = None, *, subject: bool = False) -> Stage:
    """A stage whose photo has a region over some of its 180 analysed rows."""
    stage = make_stage(
        textured(*SIZE, seed=6) if picture is None else picture,
        SIZE,
        margin=0.05,
        subject=(0.5, 0.6, 0.2) if subject else None,
    )
    region = np.zeros((180, 320), np.uint8)
    region[rows] = 255
    return replace(stage, scene=replace(stage.scene, regions={name: region}))


def portrait(*, turned: float = 0.0) -> Stage:
    """A stage with a face whose mesh is laid out by hand; ``turned``: by how much the nose is off the middle."""
    stage = make_stage(photo(), SIZE, margin=0.05, subject=(0.5, 0.5, 0.45))
    mesh = np.full((468, 3), 0.5, np.float32)
    mesh[_CHEEKS[0], :2], mesh[_CHEEKS[1], :2] = (0.35, 0.5), (0.65, 0.5)
    mesh[_NOSE, :2] = (0.5 + turned, 0.55)
    for (upper, lower, brow), left in zip(_EYES, (0.40, 0.60), strict=True):
        side = 1.0 if left < 0.5 else -1.0
        for number, (top, bottom) in enumerate(zip(upper, lower, strict=True)):
            along = (number / 8 - 0.5) * 0.09 * side
            bow = 0.028 * (1 - (number / 4 - 1) ** 2)
            mesh[top, :2] = (left + along, 0.45 - bow)
            mesh[bottom, :2] = (left + along, 0.45 + 0.7 * bow)
        for number, point in enumerate(brow):
            mesh[point, :2] = (left + (number / 4 - 0.5) * 0.1 * side, 0.37)
    mesh[_MOUTH[0], :2], mesh[_MOUTH[1], :2] = (0.44, 0.68), (0.56, 0.68)
    face = Face(Box(0.35, 0.3, 0.65, 0.75), 0.95, mesh)
    return replace(stage, scene=replace(stage.scene, faces=(face,), stats={"subject_kind": "person"}))


def seen_as(kind: str) -> Stage:
    """A stage whose subject was taken for something."""
    stage = make_stage(output=SIZE)
    return replace(stage, scene=replace(stage.scene, stats={"subject_kind": kind}))


def meshes_of(animator: Animator, stage: Stage) -> list[F32]:
    """The meshes of five seconds, one layer's."""
    view = CameraPath(Shot(), build_rig(stage), duration_s=5.0).at(0.0)
    found = []
    for index in range(120):
        (change,) = animator.frame(Moment(index, index / 119, index / 24, view)).layers.values()
        assert change.mesh is not None
        found.append(change.mesh)
    return found


def drawing(stage: Stage, *life: Life, default: bool = False, spec: Spec = SPEC) -> tuple[Compositor, list[Animator]]:
    living = animators(stage, Plan(life=life, life_by_default=default), spec)
    path = CameraPath(Shot(), build_rig(stage), duration_s=spec.duration_s)
    return Compositor(stage, path, spec, living), living


def moved(stage: Stage, *life: Life, at: int = 60) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
    """Luma of a frame less that of the first."""
    compositor, _ = drawing(stage, *life)
    return np.asarray(compositor.frame(at).y.astype(int) - compositor.frame(0).y)


def test_every_kind_has_a_form() -> None:
    assert set(life_forms()) == set(LifeKind)


def test_a_wall_stays_still() -> None:
    compositor, living = drawing(wall(), default=True)
    assert living == []
    assert np.array_equal(compositor.frame(0).y, compositor.frame(77).y)


@pytest.mark.parametrize("kind", list(LifeKind))
def test_the_first_frame_is_untouched(kind: LifeKind) -> None:
    for stage in (portrait(), with_region("water", slice(90, 180)), with_region("fire", slice(60, 120))):
        alive, _ = drawing(stage, Life(kind=kind, strength=2.0))
        still, _ = drawing(stage)
        for a, b in zip(alive.frame(0), still.frame(0), strict=True):
            assert np.abs(a.astype(int) - b).max() <= 1


@pytest.mark.parametrize("kind", ANYWHERE)
def test_what_falls_and_floats_is_seen_but_leaves_the_photo_to_be_seen(kind: LifeKind) -> None:
    apart = np.abs(moved(wall(), Life(kind=kind)))
    share = float((apart > 6).mean())
    assert share > 0.0005
    assert kind is LifeKind.LIGHT_LEAK or share < 0.35


@pytest.mark.parametrize("kind", ANYWHERE)
def test_nobody_gets_what_falls_and_floats_unasked(kind: LifeKind) -> None:
    for stage in (wall(), portrait(), with_region("sky", slice(0, 90))):
        assert life_forms()[kind].by_default(kind, stage, Plan()) == 0.0


def test_strength_nothing_means_absent_even_where_it_fits() -> None:
    stage = with_region("foliage", slice(60, 180))
    assert drawing(stage, default=True)[1]
    assert drawing(stage, Life(kind=LifeKind.SWAY, strength=0.0), default=True)[1] == []


def test_more_strength_is_more() -> None:
    stage = with_region("foliage", slice(60, 180))
    little, much = (np.abs(moved(stage, Life(kind=LifeKind.SWAY, strength=s))).mean() for s in (0.5, 3.0))
    assert much > 1.5 * little > 0


@pytest.mark.parametrize(
    ("kind", "region", "rows"),
    [
        (LifeKind.WATER, "water", slice(110, 180)),
        (LifeKind.SWAY, "foliage", slice(100, 180)),
        (LifeKind.CLOUDS, "sky", slice(0, 80)),
        (LifeKind.SMOKE, "smoke", slice(40, 100)),
        (LifeKind.FIRE, "fire", slice(80, 130)),
    ],
)
class TestRegions:
    def test_it_moves_there_and_nowhere_else(self, kind: LifeKind, region: str, rows: slice) -> None:
        stage = with_region(region, rows)
        apart = np.abs(moved(stage, Life(kind=kind, strength=2.0)))
        scale = SIZE[1] / 180
        top, bottom = round(rows.start * scale), round(rows.stop * scale)
        inside = apart[top + 20 : max(top + 21, bottom - 20)]
        assert inside.mean() > 0.8
        if kind is not LifeKind.FIRE:  # whose light falls on what is around it
            outside = np.concatenate([apart[: max(0, top - 6)], apart[bottom + 6 :]])
            assert outside.size
            assert outside.mean() < 0.2
            assert outside.max() <= 6

    def test_by_default_where_it_is_plainly_there(self, kind: LifeKind, region: str, rows: slice) -> None:
        form = life_forms()[kind]
        assert form.by_default(kind, with_region(region, rows), Plan()) > 0.0
        assert form.by_default(kind, wall(), Plan()) == 0.0

    def test_asked_for_where_there_is_none_it_is_said(self, kind: LifeKind, region: str, rows: slice) -> None:
        del region, rows
        _, living = drawing(wall(), Life(kind=kind))
        assert all(animator.notes for animator in living)

    def test_frames_do_not_depend_on_each_other(self, kind: LifeKind, region: str, rows: slice) -> None:
        stage = with_region(region, rows)
        one, other = drawing(stage, Life(kind=kind))[0], drawing(stage, Life(kind=kind))[0]
        one.frame(10)
        assert np.array_equal(one.frame(90).y, other.frame(90).y)


def test_a_smooth_sky_does_not_drift_unasked() -> None:
    plain = np.repeat(np.linspace(200, 120, SIZE[1])[:, None], SIZE[0], 1)
    stage = with_region("sky", slice(0, 100), np.dstack([plain] * 3).astype(np.uint8))
    form = life_forms()[LifeKind.CLOUDS]
    assert form.by_default(LifeKind.CLOUDS, stage, Plan()) == 0.0


def test_clouds_drift_one_way() -> None:
    stage = with_region("sky", slice(0, 120))
    compositor, _ = drawing(stage, Life(kind=LifeKind.CLOUDS, strength=2.0))
    from photoplay.engines.motion.measure import follow

    region = np.zeros((SIZE[1], SIZE[0]), np.uint8)
    region[10:90, 60:-60] = 255
    fits = follow([compositor.frame(index).y for index in (0, 30, 60, 90)], region)
    shifts = [fit.shift[0] for fit in fits]
    assert len(shifts) == 4
    assert abs(shifts[-1]) > abs(shifts[1]) > 0.5


def test_roofs_and_spires_stand_before_the_clouds() -> None:
    stage = with_region("sky", slice(0, 120))
    sky = stage.scene.regions["sky"].copy()
    sky[40:, 150:156] = 0  # a spire
    stage = replace(stage, scene=replace(stage.scene, regions={"sky": sky}))
    _, (drift,) = drawing(stage, Life(kind=LifeKind.CLOUDS, strength=2.0))
    mesh = meshes_of(drift, stage)[-1]
    x, y, width, height = stage.frame
    rows, columns = mesh.shape[:2]
    tall, wide = stage.layers[0].rgb.shape[:2]

    def at(across: float, down: float) -> float:
        row, column = (y + down * height) / tall * (rows - 1), (x + across * width) / wide * (columns - 1)
        return float(np.abs(mesh[round(row), round(column)]).max()) * 720 / height

    assert at(0.15, 0.2) > 5.0
    assert at(153 / 320, 0.45) < 0.3
    assert at(0.15, 118 / 180) < 0.3


def test_water_that_runs_down_falls_and_water_that_lies_does_not() -> None:
    rng = np.random.default_rng(1)
    down = np.repeat(rng.integers(40, 220, (1, SIZE[0])), SIZE[1], 0).astype(np.uint8)
    across = np.repeat(rng.integers(40, 220, (SIZE[1], 1)), SIZE[0], 1).astype(np.uint8)
    for picture, sign in ((down, 1), (across, -1)):
        stage = with_region("water", slice(60, 180), np.dstack([picture] * 3))
        place = find(stage, "water")
        assert place is not None
        assert sign * steepness(stage, place) > 0.6


class TestFaces:
    def test_a_clear_face_blinks_and_smiles_by_default(self) -> None:
        for kind in (LifeKind.BLINK, LifeKind.SMILE):
            form = life_forms()[kind]
            assert form.by_default(kind, portrait(), Plan()) > 0.0
            assert form.by_default(kind, wall(), Plan()) == 0.0

    def test_profiles_are_left_alone(self) -> None:
        assert clear_faces(portrait())
        assert not clear_faces(portrait(turned=0.1))
        assert not clear_faces(portrait(turned=-0.1))

    def test_blinking_is_over_quickly_and_only_at_the_eyes(self) -> None:
        stage = portrait()
        compositor, _ = drawing(stage, Life(kind=LifeKind.BLINK))
        first = compositor.frame(0).y.astype(int)
        apart = [np.abs(compositor.frame(index).y - first) for index in range(120)]
        shut = [index for index, one in enumerate(apart) if (one > 12).sum() > 40]
        assert 2 <= len(shut) <= 30, "some frames of five seconds"
        rows, columns = np.nonzero(apart[shut[len(shut) // 2]] > 12)
        assert 0.3 * SIZE[1] < rows.min()
        assert rows.max() < 0.55 * SIZE[1]
        assert 0.3 * SIZE[0] < columns.min()
        assert columns.max() < 0.7 * SIZE[0]

    def test_a_lid_comes_down_and_goes_up(self) -> None:
        assert closing(0.0) == 0.0
        assert closing(CLOSING_S + SHUT_S / 2) == 1.0
        assert closing(CLOSING_S + SHUT_S + OPENING_S) == pytest.approx(0.0)

    def test_a_smile_lifts_the_corners_of_the_mouth(self) -> None:
        apart = np.abs(moved(portrait(), Life(kind=LifeKind.SMILE, strength=3.0), at=119))
        rows, columns = np.nonzero(apart > 6)
        assert rows.size
        assert np.median(rows) > 0.5 * SIZE[1]
        assert 0.3 * SIZE[0] < np.median(columns) < 0.7 * SIZE[0]


class TestBreathing:
    def test_people_breathe_by_default_and_so_does_what_the_prompt_calls_alive(self) -> None:
        form = life_forms()[LifeKind.BREATHING]
        thing = make_stage(output=SIZE)
        assert form.by_default(LifeKind.BREATHING, portrait(), Plan()) == 1.0
        assert form.by_default(LifeKind.BREATHING, thing, Plan()) == 0.0
        assert form.by_default(LifeKind.BREATHING, thing, Plan(subject_words=("cat",))) == 1.0

    def test_a_breath_comes_and_goes(self) -> None:
        values = [breath(cycle) for cycle in np.linspace(0, 3, 301)]
        assert min(values) == pytest.approx(0.0)
        assert max(values) == pytest.approx(1.0, abs=0.01)
        assert max(abs(b - a) for a, b in pairwise(values)) < 0.05

    def test_it_is_less_than_a_hundredth_of_the_height(self) -> None:
        _, living = drawing(portrait(), Life(kind=LifeKind.BREATHING))
        view = CameraPath(Shot(), build_rig(portrait()), duration_s=5.0).at(0.0)
        largest = 0.0
        for index in range(120):
            (change,) = living[0].frame(Moment(index, index / 119, index / 24, view)).layers.values()
            assert change.mesh is not None
            largest = max(largest, float(np.abs(change.mesh).max()))
        assert 0.5 < largest < 0.01 * portrait().frame[3]


class TestSubjects:
    def test_animals_breathe_and_things_do_not(self) -> None:
        form = life_forms()[LifeKind.BREATHING]
        assert form.by_default(LifeKind.BREATHING, seen_as("animal"), Plan()) == 1.0
        assert form.by_default(LifeKind.BREATHING, seen_as("object"), Plan()) == 0.0
        assert form.by_default(LifeKind.BREATHING, seen_as("blossom"), Plan()) == 0.0

    @pytest.mark.parametrize("kind", ["person", "animal", "blossom"])
    def test_what_lives_sways_a_little_and_as_one(self, kind: str) -> None:
        stage = seen_as(kind)
        assert life_forms()[LifeKind.SWAY].by_default(LifeKind.SWAY, stage, Plan()) == 1.0
        _, living = drawing(stage, Life(kind=LifeKind.SWAY))
        meshes = meshes_of(living[0], stage)
        assert all(np.ptp(mesh[row, :, 0]) < 1e-5 for mesh in meshes for row in range(mesh.shape[0]))
        across = np.concatenate([mesh[..., 0].ravel() for mesh in meshes]) * 720 / SIZE[1]
        assert 0.8 < np.ptp(across) < 8.0  # pixels at 720p, from side to side, the top of the picture included

    def test_a_thing_does_not_sway(self) -> None:
        assert life_forms()[LifeKind.SWAY].by_default(LifeKind.SWAY, seen_as("object"), Plan()) == 0.0

    def test_a_head_that_fills_the_frame_heaves_no_more_than_three_pixels_at_720p(self) -> None:
        stage = make_stage(photo(), SIZE, margin=0.05, subject=(0.5, 0.5, 0.9))
        _, living = drawing(stage, Life(kind=LifeKind.BREATHING))
        largest = max(float(np.abs(mesh).max()) for mesh in meshes_of(living[0], stage))
        assert 1.0 < largest * 720 / stage.frame[3] < 3.0


class TestMist:
    def test_it_drifts_where_it_lies_and_nothing_else_moves(self) -> None:
        stage = with_region("mist", slice(60, 110))
        stage = replace(
            stage, scene=replace(stage.scene, regions=stage.scene.regions | {"sky": np.full((180, 320), 255, np.uint8)})
        )
        compositor, living = drawing(stage, default=True)
        assert len(living) == 1, "veils, no clouds"
        first = compositor.frame(0).y.astype(int)
        later, last = (compositor.frame(index).y - first for index in (60, 119))
        assert np.abs(later[110:150]).max() > 8
        assert np.abs(last - later)[110:150].max() > 6
        assert np.abs(later[:70]).max() <= 1
        assert np.abs(later[195:]).max() <= 1

    def test_it_gathers_slowly(self) -> None:
        compositor, _ = drawing(with_region("mist", slice(60, 110)), default=True)
        frames = [compositor.frame(index).y.astype(int) for index in range(72)]
        assert max(np.abs(b - a).max() for a, b in pairwise(frames)) < 8


class TestLamps:
    def lit(self) -> Stage:
        stage = make_stage(np.full((270, 480, 3), 40, np.uint8), SIZE, margin=0.05, subject=None)
        mask = np.zeros((180, 320), np.uint8)
        mask[100:106, 60:66] = mask[100:106, 240:246] = 255
        return replace(stage, scene=replace(stage.scene, regions={"lamps": mask}))

    def test_they_flicker_by_default_each_by_itself_and_softly(self) -> None:
        stage = self.lit()
        compositor, living = drawing(stage, default=True)
        assert living
        first = compositor.frame(0).y.astype(int)
        at = [(154, 94), (154, 364)]  # just beside the lamps
        tracks = np.array([[compositor.frame(index).y[y, x] - first[y, x] for y, x in at] for index in range(120)])
        assert (np.ptp(tracks, axis=0) > 8).all()
        assert np.abs(np.diff(tracks, axis=0)).max() < 8, "no strobe"
        assert abs(np.corrcoef(tracks.T)[0, 1]) < 0.9

    def test_what_is_far_from_them_stays(self) -> None:
        compositor, _ = drawing(self.lit(), default=True)
        apart = np.abs(compositor.frame(70).y.astype(int) - compositor.frame(0).y)
        assert apart[:100].max() <= 1
        assert apart[:, 180:280].max() <= 1


def test_particles_behind_the_subject_are_hidden_by_it() -> None:
    x, y = np.meshgrid(np.arange(SIZE[0]), np.arange(SIZE[1]))
    inside = np.hypot(x - SIZE[0] / 2, y - SIZE[1] / 2) < 0.4 * SIZE[1]
    covered = []
    for subject in ((0.5, 0.5, 0.45), None):
        stage = make_stage(np.zeros((90, 160, 3), np.uint8), SIZE, subject=subject)
        compositor, _ = drawing(stage, Life(kind=LifeKind.CONFETTI, strength=3.0))
        lit = [yuv.to_rgb(compositor.frame(index)).max(axis=2) > 40 for index in (40, 60, 80)]
        covered.append(float(np.mean([frame[inside].mean() for frame in lit])))
    assert 0.0 < covered[0] < 0.9 * covered[1]
