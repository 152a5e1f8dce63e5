"""Heartbeat: the picture beats, lub and dub, with a warm flush; the pulse quickens and calms."""

from __future__ import annotations

import math

from photoplay.engines.motion import toolkit
from photoplay.engines.motion.animate import Animator, Changes, Grade, LayerChange, Moment, Spec, Sprite
from photoplay.engines.motion.camera import Nudge
from photoplay.engines.motion.easing import span
from photoplay.engines.motion.effects import craft
from photoplay.engines.motion.effects.base import Effect
from photoplay.engines.motion.effects.dolly_zoom import vignette
from photoplay.engines.motion.types import SceneMap, Stage
from photoplay.shot import Cue, Move, MoveKind, Plan, Shot

DUB_S = 0.17  # between the two sounds of a heart


class Heartbeat(Effect):
    """See the module."""

    slug = "heartbeat"
    name = "Heartbeat"
    description = "The picture beats like a heart with a warm flush at its edges; suits any photo."

    def suits(self, scene: SceneMap) -> float:
        return 1.0

    def prepare(self, stage: Stage, plan: Plan, spec: Spec) -> Animator:
        return _Heart(stage, spec)


class _Heart(Animator):
    shot = Shot(moves=(Move(kind=MoveKind.DOLLY, amount=0.7),))

    def __init__(self, stage: Stage, spec: Spec) -> None:
        focus = craft.focus_of(stage)
        self._focus = focus
        self._rim = vignette(spec.width, spec.height, (150.0, 8.0, 22.0))
        width, height = focus.frame[2] - focus.frame[0], focus.frame[3] - focus.frame[1]
        cx, cy = focus.centre
        self._about = ((cx - focus.frame[0]) / width - 0.5, ((cy - focus.frame[1]) - height / 2) / width)
        beats, at = [], 0.5
        while at < spec.duration_s - 0.45:
            beats.append(at)
            at += 0.92 - 0.30 * math.sin(math.pi * min(1.0, at / spec.duration_s)) ** 2
        self._beats = tuple(beats)
        self.cues = tuple(Cue(at_s=one, kind="heartbeat", strength=0.9, duration_s=0.6) for one in beats)

    def frame(self, moment: Moment) -> Changes:
        beat = 0.0
        for start in self._beats:
            for offset, size in ((0.0, 1.0), (DUB_S, 0.62)):
                age = moment.time_s - start - offset
                if 0.0 <= age < 0.9:
                    beat += size * (age / 0.055) * math.exp(1.0 - age / 0.055)
        warm = span(moment.t, 0.04, 0.2)
        if beat < 1e-3 and warm <= 0.0:
            return Changes()
        grade = Grade.of(exposure=1.0 + 0.05 * beat, saturation=1.0 + 0.10 * beat, tint=(5.0 * warm, -1.0 * warm, 0.0))
        rim = Sprite(self._rim[0], 0.0, 0.0, scale=self._rim[1], opacity=min(1.0, 0.30 * warm + 0.40 * beat))
        layers: dict[int | str, LayerChange] = {}
        if self._focus.subject is not None and not any(self._focus.cut[k] for k in (0, 2)):
            # The subject beats a little more than the world around it.
            grown = 1.0 + 0.012 * beat
            layers[self._focus.key] = LayerChange(
                affine=toolkit.stretch((self._focus.centre[0], self._focus.box[3]), grown, grown)
            )
        return Changes(
            layers=layers, grade=grade, sprites=(rim,), nudge=Nudge(scale=1.0 + 0.022 * beat, about=self._about)
        )
