"""What falls, floats and rises in front of the photo: behind the subject small and slow, before it large and quick.

Every particle is a formula of time: it wanders, wraps around the frame and shifts with the camera by its depth.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from photoplay.engines.motion.animate import Animator, Changes, Moment, Spec, Sprite
from photoplay.engines.motion.easing import smooth
from photoplay.engines.motion.life import stamps
from photoplay.engines.motion.life.base import LifeForm
from photoplay.engines.motion.life.stamps import STATES, Draw, Stamps
from photoplay.engines.motion.toolkit import rig_of, rng_for, subject_of
from photoplay.engines.motion.types import Stage
from photoplay.shot import LifeKind


@dataclass(frozen=True, slots=True)
class Habit:
    """How one kind looks and moves. Lengths are shares of the frame's shorter side, speeds shares a second.

    ``size`` of the nearest; ``fall``: downwards, negative rises; ``drift``: to the side, the wind; ``wander``: how
    far it strays about its way, ``wander_hz`` how often; ``spin``: turns a second; ``light``: adds light.
    """

    draw: Draw
    count: int
    size: float
    fall: float
    drift: float
    wander: float
    wander_hz: float
    spin: float = 0.0
    light: bool = False
    opacity: float = 1.0
    twinkle: float = 0.0
    variants: int = 4


HABITS: dict[LifeKind, Habit] = {
    LifeKind.SNOW: Habit(stamps.flake, 210, 0.036, 0.17, 0.03, 0.020, 0.35),
    LifeKind.RAIN: Habit(stamps.drop, 190, 0.220, 1.55, 0.10, 0.0, 0.0, variants=1),
    LifeKind.PETALS: Habit(stamps.petal, 52, 0.060, 0.13, 0.07, 0.045, 0.30, spin=0.28, variants=6),
    LifeKind.DUST: Habit(stamps.mote, 120, 0.026, 0.012, 0.012, 0.035, 0.09, light=True, twinkle=0.6, variants=1),
    LifeKind.SPARKS: Habit(stamps.spark, 90, 0.042, -0.22, 0.03, 0.035, 0.55, light=True, twinkle=0.8, variants=1),
    LifeKind.BUBBLES: Habit(stamps.bubble, 28, 0.150, -0.10, 0.01, 0.030, 0.25, opacity=0.9, variants=6),
    LifeKind.CONFETTI: Habit(stamps.slip, 150, 0.044, 0.26, 0.02, 0.035, 0.45, spin=0.75, variants=12),
}
_SIZES = 6  # classes of size, far to near
_IN_S = 0.8  # the first frame is the photo: they come in over this long


class Particles(LifeForm):
    """Snow, rain, petals, dust, sparks, bubbles, confetti: only when asked for."""

    kinds = tuple(HABITS)
    order = 80

    def prepare(self, kind: LifeKind, stage: Stage, spec: Spec, strength: float, *, asked: bool) -> Animator | None:
        """See :class:`LifeForm`."""
        del asked
        return _Swarm(kind, stage, spec, strength)


@dataclass(frozen=True, slots=True)
class _One:
    x: float  # 0..1 of the area it wraps around
    y: float
    near: float  # 0 far .. 1 near
    phase: float
    pace: float
    variant: int


def _one(rng: np.random.Generator, habit: Habit, near: float) -> _One:
    return _One(
        x=float(rng.random()),
        y=float(rng.random()),
        near=near,
        phase=float(rng.uniform(0, 2 * math.pi)),
        pace=float(rng.uniform(0.8, 1.25)),
        variant=int(rng.integers(habit.variants)),
    )


class _Swarm(Animator):
    def __init__(self, kind: LifeKind, stage: Stage, spec: Spec, strength: float) -> None:
        rng = rng_for(spec, kind.value)
        habit = HABITS[kind]
        self._habit, self._spec, self._rig = habit, spec, rig_of(stage)
        unit = min(spec.width, spec.height)
        # The same density whatever the frame's shape; more of them, and a little quicker, the stronger.
        count = round(habit.count * min(3.0, strength) ** 0.8 * max(spec.width, spec.height) / unit / 1.6)
        self._unit = unit
        self._hurry = 0.85 + 0.15 * strength
        luminance = float(stage.scene.stats.get("luminance", 0.5))
        light = 1.0 if habit.light else min(1.0, 0.55 + 0.75 * luminance)
        subject = subject_of(stage)
        # What is farther than the subject is hidden by it.
        self._behind = None if subject is None else subject.key - 1
        self._stamps = [
            Stamps(habit.draw, self._diameter(level / (_SIZES - 1)), habit.variants, spec.seed + level, light)
            for level in range(_SIZES)
        ]
        near = np.sort(rng.random(count))  # drawn far to near
        self._ones = [_one(rng, habit, float(depth)) for depth in near]

    def _diameter(self, near: float) -> float:
        return self._habit.size * self._unit * (0.32 + 0.68 * near)

    def frame(self, moment: Moment) -> Changes:
        habit, spec = self._habit, self._spec
        shown = smooth(min(1.0, moment.time_s / min(_IN_S, 0.3 * spec.duration_s)))
        if shown <= 0.0:
            return Changes()
        pad = habit.size * self._unit
        wide, high = spec.width + 2 * pad, spec.height + 2 * pad
        sprites: list[Sprite] = []
        for one in self._ones:
            speed = (0.4 + 0.6 * one.near) * one.pace * self._hurry * self._unit
            sway = 2 * math.pi * habit.wander_hz * moment.time_s * one.pace + one.phase
            stray = habit.wander * self._unit * (0.5 + 0.5 * one.near)
            q = self._rig.far + (1.25 - self._rig.far) * one.near
            look_u, look_v = moment.view.look(0.0, 0.0, q)
            x = one.x * wide + habit.drift * speed * moment.time_s + stray * math.sin(sway) - look_u * spec.width
            y = one.y * high + habit.fall * speed * moment.time_s + 0.4 * stray * math.cos(1.3 * sway)
            x, y = x % wide - pad, (y - look_v * spec.width) % high - pad
            level = round(one.near * (_SIZES - 1))
            state = int((habit.spin * one.pace * moment.time_s + one.phase / 6.3) * STATES) if habit.spin else 0
            rgba, left, top = self._stamps[level].at(x, y, one.variant, state)
            opacity = habit.opacity * shown * (0.55 + 0.45 * one.near)
            if habit.twinkle:
                wave = 0.5 + 0.5 * math.sin(2.3 * sway + 3.1 * one.phase + 2.0 * moment.time_s)
                opacity *= 1.0 - habit.twinkle * wave
            after = self._behind if one.near < 0.55 else None
            sprites.append(
                Sprite(rgba, float(left), float(top), after=after, light=habit.light, opacity=min(1.0, opacity))
            )
        return Changes(sprites=tuple(sprites))
