"""Rain: a front of dark clouds closes, rain falls before and behind the subject, lightning flashes once."""

from __future__ import annotations

from dataclasses import replace

from photoplay.engines.motion import toolkit
from photoplay.engines.motion.animate import Animator, Changes, Grade, Moment, Spec, Sprite
from photoplay.engines.motion.easing import span
from photoplay.engines.motion.effects import craft, weather
from photoplay.engines.motion.effects.base import Effect
from photoplay.engines.motion.types import SceneMap, Stage
from photoplay.shot import Cue, Move, MoveKind, Plan, Shot

FLASH = 0.56  # fraction of the clip
SLANT = -0.12


class Rain(Effect):
    """See the module."""

    slug = "rain"
    name = "Rain"
    description = (
        "Clouds close and rain falls before and behind the subject, with one flash of lightning; suits any photo."
    )

    def suits(self, scene: SceneMap) -> float:
        return 1.0

    def prepare(self, stage: Stage, plan: Plan, spec: Spec) -> Animator:
        return _Rain(stage, spec)


class _Rain(Animator):
    shot = Shot(moves=(Move(kind=MoveKind.DOLLY, amount=0.7),))

    def __init__(self, stage: Stage, spec: Spec) -> None:
        focus = craft.focus_of(stage)
        rng = toolkit.rng_for(spec, "rain")
        height = spec.height
        self._curtains = []
        behind = max(0, focus.key - 1) if focus.subject is not None else 0
        # Far drops are a veil, near ones few, long and out of focus. None is thinner than a pixel, or it is not seen.
        for count, length, width, strength, speed, after in (
            (520, 0.055, 0.0012, 0.40, 1.7, behind),
            (300, 0.115, 0.0019, 0.56, 2.5, None),
            (56, 0.26, 0.0044, 0.44, 3.8, None),
        ):
            pictures = [
                weather.streak(
                    length * height * float(rng.uniform(0.7, 1.3)),
                    max(0.9, width * height),
                    SLANT,
                    (214.0, 224.0, 236.0),
                    strength * float(rng.uniform(0.6, 1.0)),
                )
                for _ in range(8)
            ]
            drops = [
                (pictures[k % 8], int(rng.integers(0, spec.width)), int(rng.integers(0, height))) for k in range(count)
            ]
            self._curtains.append(weather.curtain(spec, drops, (SLANT * speed * height, speed * height), after))
        self._front = Sprite(weather.front(spec, rng), 0.0, 0.0, after=behind)
        d = spec.duration_s
        self.cues = (
            Cue(at_s=0.06 * d, kind="gust", strength=0.5, duration_s=min(2.5, 0.4 * d)),
            Cue(at_s=min((FLASH * d + 0.35), 0.95 * d), kind="thunder", strength=0.9, pan=0.3, duration_s=2.5),
        )

    def frame(self, moment: Moment) -> Changes:
        t = moment.t
        grey, wet = span(t, 0.03, 0.30), span(t, 0.10, 0.34)
        if grey <= 0.0:
            return Changes()
        grade = Grade().toward(Grade.of(exposure=0.72, contrast=0.96, saturation=0.62, tint=(-5.0, -1.0, 6.0)), grey)
        flash = max(toolkit.pulse(t, FLASH, 0.012), 0.7 * toolkit.pulse(t, FLASH + 0.028, 0.016))
        if flash > 0.0:
            grade = grade.then(Grade.of(exposure=1.0 + 0.55 * flash, tint=(6.0 * flash, 8.0 * flash, 16.0 * flash)))
        front = replace(self._front, opacity=grey)
        sprites = (front, *(sprite for one in self._curtains for sprite in one.sprites(moment.time_s, wet)))
        return Changes(grade=grade, sprites=sprites)
