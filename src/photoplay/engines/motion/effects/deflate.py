"""Deflate: the air hisses out of the subject; it sags, flutters, and lies flat."""

from __future__ import annotations

import math

import numpy as np

from photoplay.engines.motion import toolkit
from photoplay.engines.motion.animate import Animator, Changes, LayerChange, Moment, Spec, Sprite
from photoplay.engines.motion.easing import span
from photoplay.engines.motion.effects import craft
from photoplay.engines.motion.effects.base import Effect
from photoplay.engines.motion.types import F32, Stage
from photoplay.shot import Cue, Plan

OPENED, FLAT = 0.14, 0.82  # fractions of the clip


class Deflate(Effect):
    """See the module."""

    slug = "deflate"
    name = "Deflate"
    logo_at = 0.46
    description = (
        "The air hisses out of the subject, and it sags into a flat, wrinkled skin; best with a clear subject."
    )

    def prepare(self, stage: Stage, plan: Plan, spec: Spec) -> Animator:
        return _Deflate(stage, spec)


class _Deflate(Animator):
    life = False
    fine_mesh = True

    def __init__(self, stage: Stage, spec: Spec) -> None:
        focus = craft.focus_of(stage)
        self._focus, self._stage, self._duration_s = focus, stage, spec.duration_s
        self.shot = craft.closer(focus, 0.3)
        rng = toolkit.rng_for(spec, "deflate")
        self._phase = rng.uniform(0, 2 * math.pi, 6)
        self._depth = 0.22 if focus.subject is None else (0.45 if focus.cut[3] else 0.70)
        if focus.subject is None:
            self.notes = ("deflate: no clear subject was found, so the picture itself loses a little air",)
        else:
            alpha = craft.alpha_of(stage, focus)
            reach = 0.25 * min(focus.width, focus.height)
            self.extra_layers = (
                craft.plain(stage, focus.key, "deflate-shade", (10, 8, 16), craft.rim_shade(alpha, reach, 0.6)),
            )
        self._shadow = craft.shadow(1.3 * focus.width, max(6.0, 0.10 * focus.width))
        d = spec.duration_s
        self.cues = (
            Cue(at_s=OPENED * 0.8 * d, kind="pop", strength=0.5, duration_s=0.2),
            Cue(at_s=OPENED * d, kind="hiss", strength=0.9, duration_s=(FLAT - OPENED) * d),
            Cue(at_s=FLAT * d, kind="thud", strength=0.25, duration_s=0.3),
        )

    def _sag(self, x: F32, y: F32, t: float, time_s: float) -> tuple[F32, F32]:
        """Backward: where a point of the limp picture looks up the full one."""
        focus = self._focus
        gone = 0.10 * span(t, OPENED, 0.22) + 0.9 * span(t, 0.2, FLAT)
        bottom = focus.frame[3] + 0.10 * focus.height if focus.cut[3] else focus.box[3]
        height = bottom - focus.box[1]
        v = np.clip((bottom - y) / np.float32(height), 0.0, 3.0)  # 0 at the foot
        u = (x - focus.centre[0]) / np.float32(max(focus.width, 1.0))
        p = self._phase
        uneven = 1.0 + 0.20 * np.sin(7.0 * u + p[0]) + 0.12 * np.sin(13.0 * u + p[1])
        keep = np.clip(1.0 - self._depth * gone * np.clip(uneven, 0.6, 1.25), 0.12, 1.0)
        up = v / keep
        flutter = (
            gone
            * (1.0 - span(t, FLAT - 0.1, FLAT + 0.05))
            * 0.022
            * np.sin(2 * math.pi * 9.0 * time_s + 9.0 * v + p[2])
        )
        folds = 0.030 * gone * np.sin(26.0 * v + 5.0 * u + p[3]) + 0.018 * gone * np.sin(41.0 * u + p[4])
        wide = 1.0 + 0.22 * gone * np.exp(-((v / 0.25) ** 2))
        lean = 0.16 * gone * np.sin(p[5]) * np.minimum(up, 1.2) ** 2
        new_x = focus.centre[0] + (u / wide + flutter + folds * np.minimum(v * 4, 1) - lean * 0.4) * focus.width
        return (new_x - x).astype(np.float32), (
            bottom - up * height + folds * 0.3 * height * np.minimum(v * 3, 1) - y
        ).astype(np.float32)

    def frame(self, moment: Moment) -> Changes:
        focus, t = self._focus, moment.t
        gone = span(t, OPENED, FLAT)
        if gone <= 0.0:
            return Changes(layers={extra.name: LayerChange(hidden=True) for extra in self.extra_layers})
        x, y = toolkit.nodes(self._stage, 44, 64)
        if focus.subject is None:
            mx, my = self._sag(x, y, t, moment.time_s)
            # The border of the picture holds.
            f = focus.frame
            inner = np.clip(np.minimum.reduce([x - f[0], f[2] - x, y - f[1], f[3] - y]) / (0.35 * focus.unit), 0, 1)
            hold = inner * inner * (3 - 2 * inner)
            mesh = np.stack([mx * hold, my * hold], axis=-1).astype(np.float32)
            return Changes(layers={0: LayerChange(mesh=mesh)})
        mesh = np.stack(self._sag(x, y, t, moment.time_s), axis=-1)
        shaded = LayerChange(mesh=mesh, opacity=min(1.0, gone))
        sprites: list[Sprite] = []
        if not focus.cut[3]:
            at = (focus.subject.foot[0], focus.box[3])
            sprites.append(craft.placed(self._shadow, at, focus.depth, focus.key - 1, opacity=0.7 * gone))
        return Changes(layers={focus.key: LayerChange(mesh=mesh), "deflate-shade": shaded}, sprites=tuple(sprites))
