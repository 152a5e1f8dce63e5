"""A light leak: warm light wanders in from an edge, as on film that was not quite shut away."""

from __future__ import annotations

import math

import cv2
import numpy as np

from photoplay.engines.motion.animate import Animator, Changes, Moment, Spec, Sprite
from photoplay.engines.motion.easing import smooth
from photoplay.engines.motion.life.base import LifeForm
from photoplay.engines.motion.toolkit import rng_for
from photoplay.engines.motion.types import F32, Stage
from photoplay.shot import LifeKind

_ACROSS = 96  # samples of the light over the frame's width: it has no edges
STRENGTH = 0.62


class LightLeak(LifeForm):
    """Only when asked for."""

    kinds = (LifeKind.LIGHT_LEAK,)
    order = 90

    def prepare(self, kind: LifeKind, stage: Stage, spec: Spec, strength: float, *, asked: bool) -> Animator | None:
        """See :class:`LifeForm`."""
        del kind, asked
        return _Leak(stage, spec, strength)


class _Leak(Animator):
    def __init__(self, stage: Stage, spec: Spec, strength: float) -> None:
        rng = rng_for(spec, "light-leak")
        self._spec, self._strength = spec, min(1.0, STRENGTH * strength)
        self._scale = spec.width / _ACROSS
        rows = math.ceil(spec.height / self._scale)
        self._x, self._y = np.meshgrid(
            (np.arange(_ACROSS, dtype=np.float32) + 0.5) / _ACROSS,
            (np.arange(rows, dtype=np.float32) + 0.5) / _ACROSS,
        )
        self._high = rows / _ACROSS
        # It comes from the side that the photo's light comes from.
        self._side = 1.0 if stage.scene.light[0] >= 0 else 0.0
        self._phase = rng.uniform(0, 2 * math.pi, 4)
        self._drift = float(rng.uniform(0.10, 0.16)) * (-1.0 if self._side else 1.0)

    def _blob(self, x: float, y: float, wide: float, high: float) -> F32:
        return np.asarray(np.exp(-(((self._x - x) / wide) ** 2 + ((self._y - y) / high) ** 2)), np.float32)

    def frame(self, moment: Moment) -> Changes:
        shown = smooth(min(1.0, moment.t / 0.25))
        if shown <= 0.0:
            return Changes()
        wave = [math.sin(0.8 * moment.time_s + phase) for phase in self._phase]
        x = self._side + self._drift * (0.3 + moment.t) + 0.03 * wave[0]
        y = self._high * (0.45 + 0.2 * wave[1])
        amber = self._blob(x, y, 0.24 + 0.03 * wave[2], 0.42 * max(self._high, 0.5))
        rose = self._blob(x - 0.10 * (1 if self._side else -1), y + 0.15 * wave[3], 0.36, 0.55 * max(self._high, 0.5))
        light = amber[..., None] * np.array([235.0, 130.0, 45.0], np.float32)
        light = light + rose[..., None] * np.array([95.0, 22.0, 45.0], np.float32)
        rgba = np.zeros((*amber.shape, 4), np.uint8)
        rgba[..., :3] = np.clip(light, 0, 255)
        big = np.asarray(
            cv2.resize(rgba, (self._spec.width, self._spec.height), interpolation=cv2.INTER_CUBIC), np.uint8
        )
        breathing = 0.8 + 0.2 * wave[2] * wave[3]
        return Changes(sprites=(Sprite(big, 0.0, 0.0, light=True, opacity=shown * self._strength * breathing),))
