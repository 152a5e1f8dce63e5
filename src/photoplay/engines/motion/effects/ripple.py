"""Ripple: a drop falls on the picture as if it were still water; rings run out, cross and calm down."""

from __future__ import annotations

import math

import numpy as np

from photoplay.engines.motion import toolkit
from photoplay.engines.motion.animate import Animator, Changes, LayerChange, Moment, Spec, Sprite
from photoplay.engines.motion.effects import craft
from photoplay.engines.motion.effects.base import Effect
from photoplay.engines.motion.types import F32, U8, SceneMap, Stage
from photoplay.shot import Cue, Plan, Shot

DROPS = ((0.10, 1.0), (0.34, 0.75), (0.56, 0.9))  # when (fraction of the clip), how strong


class Ripple(Effect):
    """See the module."""

    slug = "ripple"
    name = "Ripple"
    logo_at = 0.62
    description = "Drops fall on the picture as if it were still water and rings run out; suits any photo."

    def suits(self, scene: SceneMap) -> float:
        return 1.0

    def prepare(self, stage: Stage, plan: Plan, spec: Spec) -> Animator:
        return _Ripple(stage, spec)


class _Ripple(Animator):
    shot = Shot()
    fine_mesh = True

    def __init__(self, stage: Stage, spec: Spec) -> None:
        focus = craft.focus_of(stage)
        self._focus, self._stage, self._duration_s = focus, stage, spec.duration_s
        area_h, area_w = stage.layers[0].rgb.shape[:2]
        columns = 150
        self._cell = area_w / columns
        self._x, self._y = toolkit.nodes(stage, max(40, round(columns * area_h / area_w)), columns)
        rng = toolkit.rng_for(spec, "ripple")
        cx, cy = focus.centre
        width, height = focus.frame[2] - focus.frame[0], focus.frame[3] - focus.frame[1]
        self._at = [(cx, cy)] + [
            (
                focus.frame[0] + width * float(rng.uniform(0.2, 0.8)),
                focus.frame[1] + height * float(rng.uniform(0.25, 0.8)),
            )
            for _ in DROPS[1:]
        ]
        self._reach = math.hypot(width, height)
        self.cues = tuple(
            Cue(at_s=when * spec.duration_s, kind="splash", strength=0.6 * size, pan=focus.pan(at[0]), duration_s=0.7)
            for (when, size), at in zip(DROPS, self._at, strict=True)
        )

    def _mesh(self, time_s: float) -> F32:
        unit = self._focus.unit
        total = np.zeros((*self._x.shape, 2), np.float32)
        for (when, size), (cx, cy) in zip(DROPS, self._at, strict=True):
            age = time_s - when * self._duration_s
            if age <= 0:
                continue
            dx, dy = self._x - np.float32(cx), self._y - np.float32(cy)
            r = np.sqrt(dx * dx + dy * dy) + 1e-3
            front = 0.42 * unit * age  # the rings run at 0.42 of the frame's side a second
            length = 0.105 * unit
            behind = (front - r) / np.float32(length)
            packet = np.where(behind > 0, np.exp(-behind * 0.42), np.exp(-((behind / 0.35) ** 2)))
            fade = math.exp(-0.75 * age) * size * min(1.0, age / 0.12)
            wave = 0.040 * unit * fade * packet * np.sin(2 * np.pi * behind) / np.sqrt(1.0 + r / (0.25 * unit))
            # Nothing moves along the middle of the drop: the direction is not defined there.
            wave = wave * np.minimum(1.0, r / (0.03 * unit))
            total[..., 0] += wave * dx / r
            total[..., 1] += wave * dy / r
        return total

    def frame(self, moment: Moment) -> Changes:
        if moment.t <= DROPS[0][0]:
            return Changes()
        mesh = self._mesh(moment.time_s)
        change = LayerChange(mesh=mesh)
        sprite = Sprite(
            _glints(mesh, self._focus.unit), 0.0, 0.0, scale=self._cell, depth=self._focus.depth, light=True
        )
        return Changes(layers=dict.fromkeys(range(len(self._stage.layers)), change), sprites=(sprite,))


def _glints(mesh: F32, unit: float) -> U8:
    """Light on the slopes that face the upper left."""
    slope = -(np.gradient(mesh[..., 0], axis=1) + np.gradient(mesh[..., 1], axis=0)) * (mesh.shape[1] / unit)
    bright = np.clip(slope * 62.0, 0.0, 84.0)
    rgba = np.empty((*bright.shape, 4), np.uint8)
    for channel, share in enumerate((0.94, 0.98, 1.0)):
        rgba[..., channel] = bright * share
    rgba[..., 3] = bright
    return rgba
