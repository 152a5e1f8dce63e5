"""Inflate: the subject fills with air in three breaths, grows round and lifts off like a balloon."""

from __future__ import annotations

import math

import numpy as np

from photoplay.engines.motion import toolkit
from photoplay.engines.motion.animate import Animator, Changes, LayerChange, Moment, Spec, Sprite
from photoplay.engines.motion.easing import span
from photoplay.engines.motion.effects import craft
from photoplay.engines.motion.effects.base import Effect
from photoplay.engines.motion.effects.vacancy import emptied, lower_half
from photoplay.engines.motion.types import F32, Stage
from photoplay.shot import Cue, Plan

BREATHS = ((0.08, 0.20), (0.24, 0.36), (0.40, 0.56))  # fractions of the clip
LIFT = (0.58, 0.95)
EMPTY = "inflate-empty"


class Inflate(Effect):
    """See the module."""

    slug = "inflate"
    name = "Inflate"
    logo_at = 0.55
    description = "The subject fills with air in three breaths, grows round and floats up; best with a whole subject."

    def prepare(self, stage: Stage, plan: Plan, spec: Spec) -> Animator:
        return _Inflate(stage, spec)


def swell(stage: Stage, focus: craft.Focus, amount: float, rows: int = 36, columns: int = 60) -> F32:
    """A mesh that blows a body up (amount > 0) or draws it in (< 0) about its middle, most where it is deepest."""
    x, y = toolkit.nodes(stage, rows, columns)
    cx, cy = focus.centre
    rx, ry = 0.62 * focus.width, 0.62 * focus.height
    # Without a subject the picture's border stays where it is.
    u, v = (x - cx) / np.float32(rx), (y - cy) / np.float32(ry)
    r2 = u * u + v * v
    share = np.exp(-0.9 * r2) if focus.subject is not None else np.clip(1.0 - r2 / 0.60, 0, 1) ** 2
    pull = -np.float32(amount) * share
    return np.stack([(x - cx) * pull, (y - cy) * pull], axis=-1).astype(np.float32)


class _Inflate(Animator):
    life = False
    fine_mesh = True

    def __init__(self, stage: Stage, spec: Spec) -> None:
        focus = craft.focus_of(stage)
        self._focus, self._stage, self._duration_s = focus, stage, spec.duration_s
        self.shot = craft.closer(focus, -0.35)
        self._floats = focus.subject is not None and not focus.cut[3]
        if focus.subject is None:
            self.notes = ("inflate: no clear subject was found, so the middle of the picture swells",)
        else:
            alpha = craft.alpha_of(stage, focus)
            reach = 0.34 * min(focus.width, focus.height)
            self.extra_layers = (
                craft.plain(stage, focus.key, "inflate-shade", (34, 18, 26), craft.rim_shade(alpha, reach, 0.50)),
            )
        self._lower = lower_half(stage, focus) if self._floats else None
        empty = emptied(stage, focus, EMPTY) if self._floats else None
        if empty is not None:
            self.extra_layers = (empty, *self.extra_layers)
        self._shadow = craft.shadow(1.1 * focus.width, max(6.0, 0.12 * focus.width))
        gleam = toolkit.soft_dot(128, 0.1)
        self._gleam = toolkit.painted((255, 252, 244), np.asarray(gleam * 0.55, np.uint8))
        d = spec.duration_s
        self.cues = (
            *(Cue(at_s=start * d, kind="breath", strength=0.8, duration_s=(end - start) * d) for start, end in BREATHS),
            Cue(at_s=BREATHS[2][0] * d, kind="rise", strength=0.4, duration_s=0.2 * d),
            Cue(at_s=LIFT[0] * d, kind="boing", strength=0.5, duration_s=0.6),
        )

    def _air(self, t: float, time_s: float) -> float:
        air = sum(
            share * toolkit.anticipate(t, start, end, 0.06)
            for share, (start, end) in zip((0.26, 0.3, 0.44), BREATHS, strict=True)
        )
        return air + 0.035 * craft.ring(time_s - BREATHS[2][1] * self._duration_s, 1.7, 2.0)

    def frame(self, moment: Moment) -> Changes:
        focus, t = self._focus, moment.t
        air = self._air(t, moment.time_s)
        if abs(air) < 1e-4:
            return Changes(layers={extra.name: LayerChange(hidden=True) for extra in self.extra_layers})
        strength = 0.5 if focus.subject is None else (0.28 if focus.cut[3] else 0.36)
        mesh = swell(self._stage, focus, strength * air)
        lift = span(t, *LIFT)
        affine = None
        sprites: list[Sprite] = []
        dx = dy = 0.0
        if focus.subject is not None:
            grown = 1.0 + (0.0 if focus.cut[3] else 0.04) * air
            moves = [toolkit.stretch((focus.centre[0], focus.box[3]), grown, grown)]
            if lift > 0:
                swing = math.sin(2 * math.pi * 0.45 * (moment.time_s - LIFT[0] * self._duration_s)) * lift
                free = max(0.0, focus.box[1] - focus.frame[1])
                height = (
                    min(0.16, max(0.03, 0.9 * free / focus.unit)) * focus.unit if self._floats else 0.02 * focus.unit
                )
                dx, dy = 0.02 * focus.unit * swing, -height * lift
                moves += [toolkit.rotate((focus.centre[0], focus.box[3]), 0.05 * swing), toolkit.shift(dx, dy)]
            affine = toolkit.chain(*moves)
            if self._floats and focus.subject is not None:
                spread = 1.0 - 0.3 * lift
                foot = (focus.subject.foot[0], focus.box[3])
                sprites.append(
                    craft.placed(
                        self._shadow, foot, focus.depth, focus.key - 1, scale=spread, opacity=0.75 * air * spread
                    )
                )
            size = 0.30 * min(focus.width, focus.height) / 128
            spot = (focus.centre[0] - 0.20 * focus.width + dx, focus.centre[1] - 0.26 * focus.height + dy)
            sprites.append(
                craft.placed(
                    self._gleam, spot, focus.depth, focus.key, scale=size, opacity=0.55 * max(0.0, min(1.0, air))
                )
            )
        layers: dict[int | str, LayerChange] = {focus.key: LayerChange(affine=affine, mesh=mesh)}
        if focus.subject is not None:
            layers["inflate-shade"] = LayerChange(affine=affine, mesh=mesh, opacity=float(np.clip(air, 0, 1)))
        if self._lower is not None:
            layers[EMPTY] = LayerChange(mask=self._lower, opacity=min(1.0, 5.0 * lift), hidden=lift <= 0.0)
        return Changes(layers=layers, sprites=tuple(sprites))
