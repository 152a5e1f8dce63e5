"""Snow: it grows cold and quiet, and flakes fall before and behind the subject."""

from __future__ import annotations

import math

from photoplay.engines.motion import toolkit
from photoplay.engines.motion.animate import Animator, Changes, Grade, Moment, Spec
from photoplay.engines.motion.easing import span
from photoplay.engines.motion.effects import craft, weather
from photoplay.engines.motion.effects.base import Effect
from photoplay.engines.motion.types import SceneMap, Stage
from photoplay.shot import Cue, Move, MoveKind, Plan, Shot


class Snow(Effect):
    """See the module."""

    slug = "snow"
    name = "Snow"
    logo_at = 0.60
    description = "It grows cold and quiet, and snow falls before and behind the subject; suits any photo."

    def suits(self, scene: SceneMap) -> float:
        return 1.0

    def prepare(self, stage: Stage, plan: Plan, spec: Spec) -> Animator:
        return _Snow(stage, spec)


class _Snow(Animator):
    shot = Shot(moves=(Move(kind=MoveKind.DOLLY, amount=0.7),))

    def __init__(self, stage: Stage, spec: Spec) -> None:
        focus = craft.focus_of(stage)
        rng = toolkit.rng_for(spec, "snow")
        height = spec.height
        self._height = height
        self._curtains = []
        behind = max(0, focus.key - 1) if focus.subject is not None else 0
        for count, size, soft, strength, speed, after in (
            (760, 0.0075, 0.8, 0.72, 0.10, behind),
            (280, 0.0135, 0.5, 0.92, 0.17, None),
            (48, 0.034, 1.0, 0.56, 0.30, None),
        ):
            pictures = [
                weather.flake(size * height * float(rng.uniform(0.6, 1.4)), soft, strength, rng) for _ in range(10)
            ]
            drops = [
                (pictures[k % 10], int(rng.integers(0, spec.width)), int(rng.integers(0, height))) for k in range(count)
            ]
            self._curtains.append(weather.curtain(spec, drops, (0.3 * speed * height, speed * height), after))
        d = spec.duration_s
        self.cues = (
            Cue(at_s=0.05 * d, kind="gust", strength=0.3, duration_s=min(3.0, 0.5 * d)),
            Cue(at_s=0.42 * d, kind="chime", strength=0.35, pan=-0.3, duration_s=1.2),
            Cue(at_s=0.70 * d, kind="sparkle", strength=0.3, pan=0.3, duration_s=1.2),
        )

    def frame(self, moment: Moment) -> Changes:
        t = moment.t
        cold, falling = span(t, 0.03, 0.40), span(t, 0.06, 0.34)
        if cold <= 0.0:
            return Changes()
        # Darker than a white sky, or no flake is seen before it.
        grade = Grade().toward(Grade.of(exposure=0.86, contrast=0.94, saturation=0.66, tint=(-3.0, 2.0, 10.0)), cold)
        swing = [0.012 * (k + 1) * self._height * math.sin(1.1 * moment.time_s + 1.7 * k) for k in range(3)]
        sprites = tuple(
            sprite
            for one, sway in zip(self._curtains, swing, strict=True)
            for sprite in one.sprites(moment.time_s, falling, sway)
        )
        return Changes(grade=grade, sprites=sprites)
