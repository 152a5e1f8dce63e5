"""One photo's take: from photo, scene and plan to a compositor that draws its frames."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import cv2

from photoplay.engines.motion import brush
from photoplay.engines.motion.animate import Animator, Spec
from photoplay.engines.motion.brush import Masked
from photoplay.engines.motion.budget import fit as fit_budget
from photoplay.engines.motion.camera import DOLLY_SCALE, ZOOM_SCALE, CameraPath, build_rig, reversed_shot
from photoplay.engines.motion.compositor import Compositor
from photoplay.engines.motion.cues import camera_cues
from photoplay.engines.motion.effects.base import Effect
from photoplay.engines.motion.fit import fit
from photoplay.engines.motion.interest import LOOK_SIDE, anchor_of, closeness, closer
from photoplay.engines.motion.life import registry as life
from photoplay.engines.motion.planes import u8
from photoplay.engines.motion.quality import Quality, oversample_for
from photoplay.engines.motion.stage import build_stage
from photoplay.engines.motion.stage_cache import StageCache
from photoplay.engines.motion.types import U8, Photo, SceneMap, Stage
from photoplay.shot import Cue, Move, MoveKind, Plan, Shot

LEAST_MARGIN = 0.03  # of the frame: near layers and handheld sway reach a little past it whatever the shot
MARGIN_STEP = 0.03
MAX_MARGIN = 0.20  # beyond this the made-up picture would show too much of itself

# What one unit of a move shows beyond the frame, as a share of its width or height, on the side it goes to.
_REACH: dict[MoveKind, float] = {
    MoveKind.PAN: 0.09,
    MoveKind.TILT: 0.09,
    MoveKind.TRUCK: 0.05,
    MoveKind.PEDESTAL: 0.05,
    MoveKind.ORBIT: 0.06,
    MoveKind.CRANE: 0.06,
    MoveKind.ROLL: 0.06,
    MoveKind.HANDHELD: 0.02,
    MoveKind.DOLLY_ZOOM: 0.075,
}


@dataclass(frozen=True, slots=True)
class Take:
    """A photo ready to be drawn: ``shot`` as it will be filmed, ``cues`` and ``notes`` of camera, effect and life."""

    compositor: Compositor
    shot: Shot
    cues: tuple[Cue, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Directions:
    """What is to be filmed of a place, and how.

    Attributes:
        plan: what the camera does and what lives. A plan without moves takes the effect's own shot, if it has one.
        spec: size, frames and seed.
        quality: how much work to put in.
        effect: what happens to the place.
        extra_moves: moves on top of the plan's, such as the travel of a transition.
        more: makers of further animators, each given the stage.
        arrive: the last frame, not the first, is the photo.
        brushes: parts of the photo that move along trajectories, or stand still.
        stages: where stages are kept.
        near: a scene whose motif lies at the border is filmed closer to it than the whole photo.
    """

    plan: Plan
    spec: Spec
    quality: Quality
    effect: Effect | None = None
    extra_moves: Sequence[Move] = ()
    more: Sequence[Callable[[Stage], Animator]] = ()
    arrive: bool = False
    brushes: Sequence[Masked] = ()
    stages: StageCache | None = None
    near: bool = False


def margin_for(shot: Shot) -> float:
    """Picture that a shot needs beyond the frame, as a fraction of its sides. Moves may add up, so they are added."""
    reach = 0.0
    for move in shot.moves:
        if move.kind in (MoveKind.ZOOM, MoveKind.DOLLY):
            scale = ZOOM_SCALE if move.kind is MoveKind.ZOOM else DOLLY_SCALE
            reach += max(0.0, 0.5 * (scale**-move.amount - 1.0))
        elif move.kind is MoveKind.PUSH_THROUGH and move.amount < 0:
            reach += 0.05 * -move.amount
        elif move.kind is MoveKind.DOLLY_ZOOM and move.amount < 0:
            continue
        else:
            reach += _REACH.get(move.kind, 0.0) * abs(move.amount)
    # In steps, so that other amounts of the same move find the stage in the cache.
    return min(MAX_MARGIN, math.ceil((LEAST_MARGIN + reach) / MARGIN_STEP) * MARGIN_STEP)


def set_stage(
    photo: Photo,
    scene: SceneMap,
    spec: Spec,
    quality: Quality,
    margin: float,
    stages: StageCache | None = None,
    *,
    crop: tuple[float, float, float, float] | None = None,
) -> Stage:
    """The stage for a photo at the clip's size, or for a part of it, from the cache if it is there."""
    output = (spec.width, spec.height)
    crop = crop or fit(photo.size, output, scene)
    oversample = oversample_for(quality, crop[2] / spec.width)
    measures = (output, round(margin, 4), round(oversample, 4), tuple(round(value, 2) for value in crop))
    found = None if stages is None else stages.get(scene, measures)
    if found is not None:
        return found
    stage = build_stage(photo, scene, output, margin=margin, oversample=oversample, crop=crop)
    stage = replace(stage, photo_size=photo.size)
    if stages is not None:
        stages.put(stage, measures)
    return stage


def fitted_small(
    picture: U8, photo_size: tuple[int, int], scene: SceneMap, output: tuple[int, int], long_side: int
) -> U8:
    """(h, w) or (h, w, 3) uint8: what frame 0 shows of a picture of the whole photo, at any size; small.

    ``photo_size``: (width, height) of the photo itself.
    """
    scale_x, scale_y = picture.shape[1] / photo_size[0], picture.shape[0] / photo_size[1]
    x, y, w, h = fit(photo_size, output, scene)
    x0, y0, x1, y1 = round(x * scale_x), round(y * scale_y), round((x + w) * scale_x), round((y + h) * scale_y)
    ratio = long_side / max(output)
    size = max(16, round(output[0] * ratio)), max(16, round(output[1] * ratio))
    part = picture[y0 : max(y0 + 1, y1), x0 : max(x0 + 1, x1)]
    return u8(cv2.resize(part, size, interpolation=cv2.INTER_AREA))


def fitted_luma(photo: Photo, scene: SceneMap, output: tuple[int, int], long_side: int) -> U8:
    """(h, w) uint8: what frame 0 of a photo shows, in grey and small."""
    return u8(cv2.cvtColor(fitted_small(photo.rgb, photo.size, scene, output, long_side), cv2.COLOR_RGB2GRAY))


def film(photo: Photo, scene: SceneMap, directions: Directions) -> Take:
    """Makes a take of a photo and its scene."""
    spec, quality, stages = directions.spec, directions.quality, directions.stages
    crop: tuple[float, float, float, float] | None = None
    if directions.near:
        output = (spec.width, spec.height)
        picture, matte = (fitted_small(one, photo.size, scene, output, LOOK_SIDE) for one in (photo.rgb, scene.matte))
        anchor = anchor_of(picture, matte)
        factor = closeness(anchor, spec.height / spec.width)
        crop = closer(fit(photo.size, output, scene), anchor, factor) if factor > 1.0 else None
    return shoot(
        lambda margin: set_stage(photo, scene, spec, quality, margin, stages, crop=crop),
        directions,
        focal_mm=photo.focal_mm,
    )


def shoot(
    stage_for: Callable[[float], Stage],
    directions: Directions,
    *,
    focal_mm: float | None = None,
    brushed: Callable[[Stage], Stage] = lambda stage: stage,
    lives: Callable[[Stage, Plan, Spec], list[Animator]] = life.animators,
) -> Take:
    """Makes a take of any stage.

    Args:
        stage_for: makes the stage, given the picture needed beyond the frame as a fraction of its sides.
        directions: what to film of it. Its quality and its place for stages are ``stage_for``'s affair.
        focal_mm: of the photo's lens, 35 mm equivalent.
        brushed: the stage as the brushes' photo sees it.
        lives: makes the stage's life.
    """
    plan, spec, effect, brushes = directions.plan, directions.spec, directions.effect, directions.brushes
    arrive, extra_moves = directions.arrive, directions.extra_moves
    planned = plan.shot
    # Which moves the effect wants is known only once it has seen the stage, so the margin allows for a common shot.
    wanted = Shot(moves=(*planned.moves, *extra_moves))
    filmed = reversed_shot(wanted) if arrive else wanted
    margin = max(margin_for(filmed), 0.12 if effect is not None else 0.0)
    stage = stage_for(margin)
    animators: list[Animator] = []
    notes: list[str] = []
    cues: list[Cue] = []
    lively = True
    if effect is not None:
        animator = effect.prepare(stage, plan, spec)
        if not planned.moves and animator.shot is not None:
            wanted = Shot(moves=(*animator.shot.moves, *extra_moves))
        lively = animator.life
        animators.append(animator)
    animators.extend(make(stage) for make in directions.more)
    if any(len(one.trajectory) > 1 for one in brushes):
        animators.append(brush.animator(brushed(stage), brushes))
    if lively and all(one.life for one in animators):
        animators[:0] = lives(stage, plan, spec)
    for one in animators:
        notes.extend(one.notes)
        cues.extend(one.cues)
    path = CameraPath(
        reversed_shot(wanted) if arrive else wanted,
        build_rig(stage, focal_mm),
        duration_s=spec.duration_s,
        seed=spec.seed,
        backwards=arrive,
    )
    fitted = fit_budget(path, stage)
    notes.extend(fitted.notes)
    shown = reversed_shot(fitted.path.shot) if arrive else fitted.path.shot
    cues.extend(camera_cues(shown, spec.duration_s))
    return Take(
        Compositor(stage, fitted.path, spec, animators, still=brush.still(brushed(stage), brushes)),
        shown,
        tuple(sorted(cues, key=lambda cue: cue.at_s)),
        tuple(dict.fromkeys(notes)),
    )
