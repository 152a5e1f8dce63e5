"""Dolly zoom: the camera rushes in while the lens widens; the subject stays, the world behind it stretches away."""

from __future__ import annotations

import numpy as np

from photoplay.engines.motion import toolkit
from photoplay.engines.motion.animate import Animator, Changes, Grade, Moment, Spec, Sprite
from photoplay.engines.motion.easing import span
from photoplay.engines.motion.effects import craft
from photoplay.engines.motion.effects.base import Effect
from photoplay.engines.motion.types import Stage
from photoplay.shot import Cue, Move, MoveKind, Plan, Shot


class DollyZoom(Effect):
    """See the module."""

    slug = "dolly-zoom"
    name = "Dolly zoom"
    logo_at = 0.90
    description = (
        "The subject keeps its size while the world behind it is pulled away: vertigo; best with a clear subject."
    )

    def prepare(self, stage: Stage, plan: Plan, spec: Spec) -> Animator:
        return _Vertigo(stage, spec)


class _Vertigo(Animator):
    def __init__(self, stage: Stage, spec: Spec) -> None:
        focus = craft.focus_of(stage)
        if focus.subject is None:
            self.shot = Shot(moves=(Move(kind=MoveKind.DOLLY, amount=2.0, start=0.08, end=0.9),))
            self.notes = ("dolly-zoom: no clear subject was found to hold, so the camera only rushes in",)
        else:
            self.shot = Shot(moves=(Move(kind=MoveKind.DOLLY_ZOOM, amount=2.6, start=0.1, end=0.85),))
        self._rim = vignette(spec.width, spec.height)
        d = spec.duration_s
        self.cues = (
            Cue(at_s=0.08 * d, kind="rise", strength=0.8, duration_s=0.75 * d),
            Cue(at_s=0.84 * d, kind="boom", strength=0.5, duration_s=0.8),
        )

    def frame(self, moment: Moment) -> Changes:
        amount = span(moment.t, 0.1, 0.85)
        if amount <= 0.0:
            return Changes()
        grade = Grade().toward(Grade.of(contrast=1.10, saturation=0.82, tint=(-3.0, 0.0, 5.0)), amount)
        return Changes(grade=grade, sprites=(Sprite(self._rim[0], 0.0, 0.0, scale=self._rim[1], opacity=0.7 * amount),))


def vignette(
    width: int, height: int, colour: craft.Colour = (0.0, 0.0, 0.0)
) -> tuple[np.ndarray[tuple[int, ...], np.dtype[np.uint8]], float]:
    """Dark corners for a frame: premultiplied RGBA at an eighth of the size, and the scale to draw it at."""
    scale = 8.0
    columns, rows = -(-width // 8), -(-height // 8)
    x, y = craft.grid(columns, rows)
    r2 = ((x + 0.5) / columns * 2 - 1) ** 2 + ((y + 0.5) / rows * 2 - 1) ** 2
    alpha = np.clip((r2 - 0.35) / 1.4, 0, 1) ** 1.3 * 235
    return toolkit.painted(colour, np.asarray(alpha, np.uint8)), scale
