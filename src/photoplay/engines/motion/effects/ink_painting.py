"""Ink painting: drops of ink fall on the photo, spread, and leave it painted with a brush on paper."""

from __future__ import annotations

import numpy as np

from photoplay.engines.motion import toolkit
from photoplay.engines.motion.animate import Animator, Changes, ExtraLayer, LayerChange, Moment, Spec
from photoplay.engines.motion.effects import craft, ink
from photoplay.engines.motion.effects.base import Effect
from photoplay.engines.motion.types import F32, SceneMap, Stage
from photoplay.shot import Cue, Move, MoveKind, Plan, Shot

DROPS = (0.10, 0.20, 0.28, 0.36, 0.44, 0.52)  # fractions of the clip
DONE = 0.90


class InkPainting(Effect):
    """See the module."""

    slug = "ink-painting"
    name = "Ink painting"
    logo_at = 0.30
    description = "Ink drops spread over the photo and leave it painted with a brush on paper; suits any photo."

    def suits(self, scene: SceneMap) -> float:
        return 1.0

    def prepare(self, stage: Stage, plan: Plan, spec: Spec) -> Animator:
        return _Painted(stage, spec)


class _Painted(Animator):
    shot = Shot(moves=(Move(kind=MoveKind.DOLLY, amount=0.8),))

    def __init__(self, stage: Stage, spec: Spec) -> None:
        focus = craft.focus_of(stage)
        rng = toolkit.rng_for(spec, "ink-painting")
        extra = []
        for index, layer in enumerate(stage.layers):
            alpha = np.full(layer.rgb.shape[:2], 255, np.uint8) if layer.alpha is None else layer.alpha
            painted = ink.painting(layer.rgb, rng, colour=0.22)
            extra.append(ExtraLayer(f"painted-{index}", craft.like(layer, painted, alpha), index))
        self.extra_layers = tuple(extra)
        self._names = [one.name for one in extra]
        self._due, places = _spread(stage, focus, rng)
        d = spec.duration_s
        drops = [
            Cue(
                at_s=at * d,
                kind="pop" if index else "splash",
                strength=0.3 if index else 0.5,
                pan=focus.pan(place[0]),
                duration_s=0.5,
            )
            for index, (at, place) in enumerate(zip(DROPS, places, strict=True))
        ]
        self.cues = (*drops, Cue(at_s=0.9 * d, kind="bell", strength=0.4, duration_s=1.0))

    def frame(self, moment: Moment) -> Changes:
        t = moment.t
        if t <= DROPS[0]:
            return Changes(layers={name: LayerChange(hidden=True) for name in self._names})
        if t >= DONE + 0.02:
            return Changes(layers={k: LayerChange(hidden=True) for k in range(1, len(self._names))})
        mask = np.asarray(np.clip((np.float32(t) - self._due) / 0.012, 0, 1) * 255, np.uint8)
        return Changes(layers={name: LayerChange(mask=mask) for name in self._names})


def _spread(stage: Stage, focus: craft.Focus, rng: np.random.Generator) -> tuple[F32, list[tuple[float, float]]]:
    """When each place is painted: the first ink to arrive, slowed and sped by the paper's grain."""
    x, y = craft.small_field(stage, 560)
    f = focus.frame
    places = [focus.centre]
    for k in range(1, len(DROPS)):
        corner = ((k % 2) * 0.6 + 0.2, (0.25, 0.75)[(k // 2) % 2])
        places.append(
            (
                f[0] + (f[2] - f[0]) * (corner[0] + float(rng.normal(0, 0.1))),
                f[1] + (f[3] - f[1]) * (corner[1] + float(rng.normal(0, 0.1))),
            )
        )
    wet = toolkit.clouds(rng, x.shape[1], x.shape[0], x.shape[1] / 6, 6)
    due = np.full(x.shape, 9.0, np.float32)
    for at, (px, py) in zip(DROPS, places, strict=True):
        reach = np.hypot(x - px, y - py) / focus.unit
        # Ink is quick at first and slow later: the radius grows with the square root of time.
        took = 0.46 * (reach / 0.62 * (0.62 + 0.76 * wet)) ** 1.6
        due = np.minimum(due, at + took + 0.004)
    last = float(due.max())
    late = np.clip(due - DROPS[0], 0, None) * ((DONE - DROPS[0]) / max(last - DROPS[0], DONE - DROPS[0]))
    return (DROPS[0] + np.maximum(late, 0.004)).astype(np.float32), places
