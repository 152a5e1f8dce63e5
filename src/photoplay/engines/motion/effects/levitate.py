"""Levitate: the subject gathers itself, rises and hovers; its shadow stays on the ground and grows faint."""

from __future__ import annotations

import math

from photoplay.engines.motion import toolkit
from photoplay.engines.motion.animate import Animator, Changes, LayerChange, Moment, Spec, Sprite
from photoplay.engines.motion.easing import span
from photoplay.engines.motion.effects import craft
from photoplay.engines.motion.effects.base import Effect
from photoplay.engines.motion.types import Stage
from photoplay.shot import Cue, Move, MoveKind, Plan, Shot

CROUCH, RISE, UP = 0.08, 0.20, 0.58  # fractions of the clip


class Levitate(Effect):
    """See the module."""

    slug = "levitate"
    name = "Levitate"
    logo_at = 0.60
    description = "The subject rises and hovers above its shadow; best with a whole subject that stands on something."

    def prepare(self, stage: Stage, plan: Plan, spec: Spec) -> Animator:
        return _Rise(stage, spec)


class _Rise(Animator):
    life = False

    def __init__(self, stage: Stage, spec: Spec) -> None:
        focus = craft.focus_of(stage)
        self._focus, self._duration_s = focus, spec.duration_s
        rng = toolkit.rng_for(spec, "levitate")
        self._sway, self._bob = toolkit.wander(rng, 0.10, 0.35), toolkit.wander(rng, 0.15, 0.4)
        free_above = max(0.0, focus.box[1] - focus.frame[1])
        self._height = min(0.17 * focus.unit, max(0.05 * focus.unit, 0.8 * free_above))
        self._whole = focus.subject is not None and not focus.cut[3]
        if focus.subject is None:
            self.shot = Shot(moves=(Move(kind=MoveKind.CRANE, amount=1.6, start=0.08, end=0.9),))
            self.notes = ("levitate: no clear subject was found, so the camera rises instead",)
        elif not self._whole:
            self.shot = Shot(moves=(Move(kind=MoveKind.PEDESTAL, amount=-0.8, start=RISE, end=0.9),))
            self.notes = ("levitate: the frame cuts the subject off below, so it rises only a little",)
            self._height = 0.05 * focus.unit
        else:
            self.shot = craft.closer(focus, 0.35)
        self._shadow = craft.shadow(1.05 * focus.width, max(6.0, 0.13 * focus.width), 0.75)
        self._dust = craft.crumbs([(190, 176, 150), (150, 138, 120)], 0.011 * spec.height, rng, 6)
        scale = toolkit.frame_scale(stage, spec)
        self._flecks = [
            craft.Fleck(
                index, float(rng.uniform(RISE, 0.75)) * spec.duration_s, float(rng.uniform(1.0, 2.2)),
                (focus.centre[0] + float(rng.normal(0, 0.35)) * focus.width - focus.frame[0]) * scale,
                (focus.box[3] - float(rng.uniform(0, 0.1)) * focus.height - focus.frame[1]) * scale,
                float(rng.normal(0, 0.03)) * spec.height,
                -float(rng.uniform(0.06, 0.22)) * spec.height,
                float(rng.uniform(0.3, 1.0)),
            )
            for index in range(34)
        ]  # fmt: skip
        d = spec.duration_s
        self.cues = (
            Cue(at_s=CROUCH * d, kind="rise", strength=0.6, duration_s=(UP - CROUCH) * d),
            Cue(at_s=RISE * d, kind="whoosh", strength=0.4, duration_s=0.8),
            Cue(at_s=UP * d, kind="sparkle", strength=0.45, duration_s=1.4),
        )

    def frame(self, moment: Moment) -> Changes:
        focus, t = self._focus, moment.t
        if focus.subject is None:
            return Changes()
        crouch = 0.030 * toolkit.pulse(t, 0.5 * (CROUCH + RISE), 0.08) if self._whole else 0.0
        lift = span(t, RISE, UP)
        since = max(0.0, moment.time_s - RISE * self._duration_s)
        stretch = 0.030 * toolkit.pulse(t, 0.5 * (RISE + UP) - 0.05, 0.16) if self._whole else 0.0
        foot = (focus.centre[0], focus.box[3])
        dy = -self._height * lift + 0.016 * focus.unit * lift * math.sin(2 * math.pi * 0.42 * since)
        dx = 0.012 * focus.unit * lift * self._sway(since)
        tilt = 0.035 * lift * self._bob(since)
        tall = 1.0 - crouch + stretch
        affine = toolkit.chain(
            toolkit.stretch(foot, 1.0 / tall, tall), toolkit.rotate(focus.centre, tilt), toolkit.shift(dx, dy)
        )
        sprites: list[Sprite] = []
        if self._whole:
            faint = span(t, CROUCH, RISE) * (1.0 - 0.45 * lift)
            at = (focus.subject.foot[0] + 0.4 * dx, focus.box[3] + 0.01 * focus.height)
            sprites.append(
                craft.placed(
                    self._shadow, at, focus.depth, focus.key - 1, scale=1.0 - 0.22 * lift, opacity=0.95 * faint
                )
            )
        sprites += craft.flying(self._dust, self._flecks, moment.time_s, -0.02 * focus.unit, 0.3)
        return Changes(layers={focus.key: LayerChange(affine=affine)}, sprites=tuple(sprites))
