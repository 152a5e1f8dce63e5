"""What every effect keeps to, on a subject, on a face, and on a scene without either."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from photoplay.catalog import Catalog
from photoplay.engines.motion import planes
from photoplay.engines.motion.animate import Animator, Changes, Moment, Spec
from photoplay.engines.motion.camera import CameraPath, build_rig
from photoplay.engines.motion.compositor import Compositor
from photoplay.engines.motion.effects.registry import effects
from photoplay.engines.motion.types import U8, Layer, Stage
from photoplay.shot import Plan, Shot
from photoplay.sound.events import ALIASES, EVENTS

from .stages import OUTPUT, stage

SLUGS = tuple(effects())
KINDS = ("subject", "face", "scene")
SPEC = Spec(*OUTPUT, fps=10, frames=50, seed=11)
staged = cache(stage)


@cache
def take(slug: str, kind: str, seed: int = 11, frames: int = 50) -> Compositor:
    spec = replace(SPEC, seed=seed, frames=frames)
    return compose(slug, staged(kind), spec)


def compose(slug: str, on: Stage, spec: Spec) -> Compositor:
    animator = effects()[slug].prepare(on, Plan(effect=slug), spec)
    path = CameraPath(animator.shot or Shot(), build_rig(on), duration_s=spec.duration_s, seed=spec.seed)
    return Compositor(on, path, spec, [animator])


def animator_of(made: Compositor) -> Animator:
    return made.ensemble.members[0]


def changes(made: Compositor, index: int) -> Changes:
    t = made.spec.moment_t(index)
    return made.ensemble.frame(Moment(index, t, index / made.spec.fps, made.path.at(t)))


def frame(made: Compositor, index: int) -> U8:
    return planes.to_rgb(made.frame(index))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("slug", SLUGS)
def test_the_first_frame_is_the_photo(slug: str, kind: str) -> None:
    plain = Compositor(staged(kind), CameraPath(Shot(), build_rig(staged(kind)), duration_s=5.0), SPEC)
    difference = np.abs(frame(take(slug, kind), 0).astype(int) - frame(plain, 0).astype(int))
    assert difference.max() <= 2


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("slug", SLUGS)
def test_something_happens(slug: str, kind: str) -> None:
    made = take(slug, kind)
    start = frame(made, 0).astype(int)
    assert max(np.abs(frame(made, i).astype(int) - start).mean() for i in (12, 18, 25, 32)) > 1.0


@pytest.mark.parametrize("slug", SLUGS)
def test_the_same_seed_gives_the_same_frame(slug: str) -> None:
    spec = replace(SPEC, seed=3)
    first, second = compose(slug, staged("subject"), spec), compose(slug, staged("subject"), spec)
    for index in (20, 33):
        assert np.array_equal(frame(first, index), frame(second, index))


@pytest.mark.parametrize("slug", SLUGS)
def test_frames_do_not_depend_on_those_before(slug: str) -> None:
    made = take(slug, "subject")
    once = frame(made, 27)
    frame(made, 44)
    assert np.array_equal(frame(made, 27), once)


@pytest.mark.parametrize("slug", SLUGS)
def test_cues_can_be_heard_within_the_clip(slug: str) -> None:
    for frames in (50, 100):
        made = take(slug, "subject", frames=frames)
        cues = animator_of(made).cues
        assert cues, "an effect can be heard"
        assert all(cue.at_s < made.spec.duration_s for cue in cues)
        assert all(cue.kind in EVENTS or cue.kind in ALIASES for cue in cues)


@pytest.mark.parametrize("slug", SLUGS)
def test_numbers_are_numbers(slug: str) -> None:
    for kind in KINDS:
        made = take(slug, kind)
        for index in range(0, 50, 3):
            change = changes(made, index)
            for layer in change.layers.values():
                assert layer.mesh is None or np.isfinite(layer.mesh).all()
                assert layer.affine is None or np.isfinite(layer.affine).all()
                assert 0.0 <= layer.opacity <= 1.0
            assert all(np.isfinite([s.x, s.y, s.scale, s.opacity]).all() for s in change.sprites)


@pytest.mark.parametrize("slug", SLUGS)
def test_only_what_bends_layers_asks_for_a_fine_lattice(slug: str) -> None:
    """It slows every frame, and without a mesh it changes none."""
    made = [take(slug, kind) for kind in KINDS]
    bends = any(
        layer.mesh is not None
        for one in made
        for index in range(0, 50, 3)
        for layer in changes(one, index).layers.values()
    )
    assert any(animator_of(one).fine_mesh for one in made) == bends


@pytest.mark.parametrize("slug", SLUGS)
def test_layers_that_are_changed_exist(slug: str) -> None:
    for kind in KINDS:
        made = take(slug, kind)
        known = {key for key, _ in made.sheets}
        for index in range(0, 50, 7):
            assert set(changes(made, index).layers) <= known


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("slug", SLUGS)
def test_no_pixel_is_left_empty(slug: str, kind: str) -> None:
    """Every sample is written: two frames drawn over different leftovers are the same."""
    made = take(slug, kind)
    for index in (17, 24, 38, 49):
        results = []
        for leftover in (0, 255):
            out = planes.allocate(*OUTPUT)
            for plane in out:
                plane.fill(leftover)
            made.draw_frame(index, out)
            results.append(planes.to_rgb(out))
        assert np.array_equal(results[0], results[1])


@pytest.mark.parametrize("slug", SLUGS)
def test_a_scene_without_a_subject_is_said_to_be_one(slug: str) -> None:
    notes = animator_of(take(slug, "scene")).notes
    needs_subject = effects()[slug].suits(staged("scene").scene) < 1.0
    assert bool(notes) == needs_subject, "what was done instead is said, and only then"


@pytest.mark.parametrize("slug", SLUGS)
def test_the_catalog_offers_it(slug: str) -> None:
    offered = {effect.slug: effect for effect in Catalog.load().effects}
    assert slug in offered
    assert offered[slug].name == effects()[slug].name


@pytest.mark.parametrize("slug", SLUGS)
def test_a_subject_that_the_frame_cuts_off_is_no_trouble(slug: str) -> None:
    base = staged("subject")
    subject = base.layers[1]
    assert subject.alpha is not None
    grown = np.full_like(subject.alpha, 255)
    grown[: subject.alpha.shape[0] // 3, : subject.alpha.shape[1] // 3] = 0
    on = replace(base, layers=(base.layers[0], Layer(subject.rgb, grown, subject.inverse_depth, subject.anchor_depth)))
    made = compose(slug, on, SPEC)
    for index in (20, 40):
        assert frame(made, index).shape == (OUTPUT[1], OUTPUT[0], 3)


def test_slugs_and_words_are_fit_to_print() -> None:
    for slug, effect in effects().items():
        assert slug == slug.lower()
        assert effect.name
        assert effect.description.endswith(".")
