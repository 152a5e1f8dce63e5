"""Spin 360: the subject turns once about its upright axis like a cut-out on a stand, with a thickness and a back."""

from __future__ import annotations

import math

from photoplay.engines.motion import toolkit
from photoplay.engines.motion.animate import Animator, Changes, Grade, LayerChange, Moment, Spec, Sprite
from photoplay.engines.motion.effects import craft
from photoplay.engines.motion.effects.base import Effect
from photoplay.engines.motion.types import Stage
from photoplay.shot import Cue, Move, MoveKind, Plan, Shot

START, END = 0.12, 0.80  # fractions of the clip


class Spin(Effect):
    """See the module."""

    slug = "spin-360"
    name = "Spin 360"
    logo_at = 0.34
    description = "The subject turns once all the way round; best with a whole subject that stands free."

    def prepare(self, stage: Stage, plan: Plan, spec: Spec) -> Animator:
        return _Spin(stage, spec)


class _Spin(Animator):
    life = False

    def __init__(self, stage: Stage, spec: Spec) -> None:
        focus = craft.focus_of(stage)
        self._focus, self._stage, self._duration_s = focus, stage, spec.duration_s
        if focus.subject is None:
            self.shot = Shot(moves=(Move(kind=MoveKind.ORBIT, amount=1.8), Move(kind=MoveKind.ROLL, amount=1.0)))
            self.notes = ("spin-360: no clear subject was found, so the camera circles the scene instead",)
        else:
            self.shot = craft.closer(focus, 0.3)
        self._shadow = craft.shadow(1.1 * focus.width, max(6.0, 0.12 * focus.width))
        d = spec.duration_s
        self.cues = (
            Cue(at_s=START * d, kind="whoosh", strength=0.6, pan=-0.3, duration_s=0.35 * d),
            Cue(at_s=0.46 * d, kind="whoosh", strength=0.5, pan=0.3, duration_s=0.3 * d),
            Cue(at_s=END * d, kind="chime", strength=0.4, duration_s=0.8),
        )

    def frame(self, moment: Moment) -> Changes:
        focus, t = self._focus, moment.t
        if focus.subject is None or t <= START - 0.02:
            return Changes()
        turn = toolkit.anticipate(t, START, END, 0.05)
        angle = 2 * math.pi * turn
        if t > END:
            angle = (
                0.10
                * (craft.ring(moment.time_s - END * self._duration_s, 1.3, 3.5) - 0.0)
                * math.sin(min(1.0, (t - END) / 0.02) * math.pi / 2)
            )
        across = math.cos(angle)
        # Edge on it is still as thick as a board.
        thin = 0.045
        width = math.copysign(max(abs(across), thin), across)
        axis = (focus.subject.centre[0], focus.box[3])
        hop = 0.018 * focus.unit * math.sin(math.pi * min(max(turn, 0.0), 1.0)) ** 2 if not focus.cut[3] else 0.0
        affine = toolkit.chain(toolkit.stretch(axis, width, 1.0 + 0.02 * (1 - abs(across))), toolkit.shift(0.0, -hop))
        side = math.sin(angle)
        light = 1.0 - 0.38 * (1.0 - abs(across)) ** 1.5 - 0.10 * max(0.0, side) - (0.22 if across < 0 else 0.0)
        grade = Grade.of(exposure=light, saturation=1.0 if across > 0 else 0.85)
        sprites: list[Sprite] = []
        if not focus.cut[3]:
            faint = min(1.0, 4.0 * turn) * min(1.0, 4.0 * (1.0 - turn)) if t < END else 0.0
            sprites.append(
                craft.placed(
                    self._shadow, (axis[0], focus.box[3]), focus.depth, focus.key - 1, opacity=max(0.0, 0.6 * faint)
                )
            )
        return Changes(layers={focus.key: LayerChange(affine=affine, grade=grade)}, sprites=tuple(sprites))
