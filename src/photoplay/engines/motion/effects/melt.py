"""Melt: the subject runs down in streams that start at their own time, and spreads into a pool."""

from __future__ import annotations

import math

import numpy as np

from photoplay.engines.motion import toolkit
from photoplay.engines.motion.animate import Animator, Changes, LayerChange, Moment, Spec, Sprite
from photoplay.engines.motion.easing import span
from photoplay.engines.motion.effects import craft
from photoplay.engines.motion.effects.base import Effect
from photoplay.engines.motion.effects.vacancy import emptied
from photoplay.engines.motion.types import F32, Stage
from photoplay.shot import Cue, Plan

START, END = 0.10, 0.92  # fractions of the clip


class Melt(Effect):
    """See the module."""

    slug = "melt"
    name = "Melt"
    logo_at = 0.45
    description = "The subject melts, runs down in streams and spreads into a pool; best with a clear subject."

    def prepare(self, stage: Stage, plan: Plan, spec: Spec) -> Animator:
        return _Melt(stage, spec)


class _Melt(Animator):
    life = False
    fine_mesh = True

    def __init__(self, stage: Stage, spec: Spec) -> None:
        focus = craft.focus_of(stage)
        self._focus, self._stage = focus, stage
        self.shot = craft.closer(focus, 0.3)
        rng = toolkit.rng_for(spec, "melt")
        lanes = 12
        late = rng.uniform(0, 1, lanes)
        late = (late + np.roll(late, 1) * 0.6) / 1.6
        self._late = late.astype(np.float32)
        self._phase = rng.uniform(0, 2 * math.pi, 3)
        if focus.subject is None:
            self.notes = ("melt: no clear subject was found, so the whole picture runs",)
        else:
            alpha = craft.alpha_of(stage, focus)
            empty = emptied(stage, focus, "melt-empty")
            self.extra_layers = (
                *(() if empty is None else (empty,)),
                craft.plain(
                    stage, focus.key, "melt-shade", (12, 8, 14), craft.rim_shade(alpha, 0.16 * focus.width, 0.55)
                ),
            )
        self._shadow = craft.shadow(1.9 * focus.width, max(6.0, 0.16 * focus.width))
        d = spec.duration_s
        self.cues = (
            Cue(at_s=START * d, kind="squish", strength=0.4, duration_s=0.8),
            Cue(at_s=0.38 * d, kind="squish", strength=0.6, duration_s=1.0),
            *(
                Cue(at_s=at * d, kind="pop", strength=0.3, pan=pan, duration_s=0.2)
                for at, pan in ((0.5, -0.4), (0.61, 0.3), (0.74, 0.0))
            ),
        )

    def _mesh(self, t: float) -> F32:
        focus = self._focus
        x, y = toolkit.nodes(self._stage, 48, 96)
        lane = np.clip((x - focus.box[0]) / max(focus.width, 1.0), 0, 1) * (len(self._late) - 1)
        i = np.minimum(lane.astype(int), len(self._late) - 2)
        f = lane - i
        f = f * f * (3 - 2 * f)
        late = self._late[i] * (1 - f) + self._late[i + 1] * f
        whole = (t - START) / (END - START)
        run = np.clip((whole - 0.24 * late) / 0.76, 0.0, 1.0)
        run = run * run * (3 - 2 * run)
        if focus.subject is None:
            # Streams slide down; what comes in from above is the picture's own top, mirrored beyond the frame.
            height = focus.frame[3] - focus.frame[1]
            v = np.clip((y - focus.frame[1]) / height, 0, 1)
            slide = run * height * 0.34 * v**0.8 * (1 - 0.35 * v)
            wave = 0.006 * height * run * np.sin(24 * v + 8 * late + self._phase[0])
            return np.stack([wave * np.minimum(1, 4 * v), -slide], axis=-1).astype(np.float32)
        bottom = focus.frame[3] + 0.16 * focus.height if focus.cut[3] else focus.box[3]
        height = bottom - focus.box[1]
        v = np.clip((bottom - y) / height, -0.5, 3.0)
        deep = 0.55 if focus.cut[3] else 0.80
        keep = np.clip(1.0 - deep * run, 0.15, 1.0)
        # Low down everything is pressed together, high up it still stands: it sinks into its own pool.
        up = np.where(v > 0, v / keep ** (0.75 + 0.5 * np.clip(v, 0, 1)), v)
        level = float(span(t, START + 0.1, END))
        pool = (
            1.0
            + 0.75 * level * np.exp(-((np.maximum(v, 0) / 0.14) ** 2))
            - 0.10 * level * np.exp(-(((v - 0.45) / 0.25) ** 2))
        )
        wave = 0.035 * run * np.sin(11 * v + 6 * late + self._phase[1] + 2.0 * t)
        new_x = focus.centre[0] + (x - focus.centre[0]) / pool + wave * focus.width * np.minimum(1.0, np.abs(v) * 3)
        return np.stack([new_x - x, bottom - up * height - y], axis=-1).astype(np.float32)

    def frame(self, moment: Moment) -> Changes:
        focus, t = self._focus, moment.t
        if t <= START:
            return Changes(layers={extra.name: LayerChange(hidden=True) for extra in self.extra_layers})
        mesh = self._mesh(t)
        layers: dict[int | str, LayerChange] = {focus.key: LayerChange(mesh=mesh)}
        sprites: list[Sprite] = []
        if focus.subject is not None:
            level = span(t, START, 0.7)
            layers["melt-shade"] = LayerChange(mesh=mesh, opacity=level)
            layers["melt-empty"] = LayerChange(opacity=min(1.0, 3.0 * level))
            if not focus.cut[3]:
                at = (focus.subject.foot[0], focus.box[3])
                sprites.append(craft.placed(self._shadow, at, focus.depth, focus.key - 1, opacity=0.75 * level))
        return Changes(layers=layers, sprites=tuple(sprites))
