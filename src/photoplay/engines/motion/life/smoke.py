"""Smoke and steam rise and curl; flames lick upwards and flicker. Mist drifts, lamps glow: ``veils``, ``lamps``."""

from __future__ import annotations

import cv2
import numpy as np

from photoplay.engines.motion.animate import Animator, Changes, Moment, Spec, Sprite
from photoplay.engines.motion.life.base import LifeForm
from photoplay.engines.motion.life.flowing import Stream, curl
from photoplay.engines.motion.life.lamps import Lamps
from photoplay.engines.motion.life.places import Place, find, frame_unit, mesh_size, onset
from photoplay.engines.motion.life.veils import Veils
from photoplay.engines.motion.toolkit import rng_for, wander
from photoplay.engines.motion.types import F32, Stage
from photoplay.shot import LifeKind, Plan

_RISE = {LifeKind.SMOKE: 0.035, LifeKind.FIRE: 0.11}  # of the frame's shorter side a second
_CURL = {LifeKind.SMOKE: 0.030, LifeKind.FIRE: 0.035}
_PERIOD_S = {LifeKind.SMOKE: 2.4, LifeKind.FIRE: 0.7}
_REGION = {LifeKind.SMOKE: "smoke", LifeKind.FIRE: "fire"}
_LEAST = {LifeKind.SMOKE: 0.02, LifeKind.FIRE: 0.006}  # of the frame, when nobody asked
LEAST_MIST = 0.01  # of the frame
_GLOW = 0.16  # how much of its own light a flame's flicker adds and takes


class Smoke(LifeForm):
    """Smoke, steam, fire."""

    kinds = (LifeKind.SMOKE, LifeKind.FIRE)
    order = 14

    def by_default(self, kind: LifeKind, stage: Stage, plan: Plan) -> float:
        """Where the scene has it."""
        del plan
        if kind is LifeKind.FIRE and "lamps" in stage.scene.regions:
            return 1.0
        if kind is LifeKind.SMOKE and find(stage, "mist", least=LEAST_MIST, feather=0.0) is not None:
            return 1.0
        return 1.0 if find(stage, _REGION[kind], least=_LEAST[kind]) is not None else 0.0

    def prepare(self, kind: LifeKind, stage: Stage, spec: Spec, strength: float, *, asked: bool) -> Animator | None:
        """See :class:`LifeForm`."""
        place = find(stage, _REGION[kind], least=0.001, feather=0.0)
        if place is None and kind is LifeKind.FIRE and "lamps" in stage.scene.regions:
            return Lamps(stage, spec, strength)
        if place is None and kind is LifeKind.SMOKE:
            mist = find(stage, "mist", least=LEAST_MIST, feather=0.0)
            if mist is not None:
                return Veils(stage, mist, spec, strength)
        if place is None:
            return _Absent(kind) if asked else None
        return _Rising(kind, stage, place, spec, strength)


class _Absent(Animator):
    def __init__(self, kind: LifeKind) -> None:
        self.notes = (f"{kind.value} left out: none was found in the photo",)

    def frame(self, moment: Moment) -> Changes:
        return Changes()


class _Rising(Animator):
    def __init__(self, kind: LifeKind, stage: Stage, place: Place, spec: Spec, strength: float) -> None:
        rng = rng_for(spec, kind.value)
        columns, rows = mesh_size(stage)
        unit = frame_unit(stage) * strength
        velocity = curl(rng, rows, columns, 7.0) * np.float32(_CURL[kind] * unit)
        velocity[..., 1] -= np.float32(_RISE[kind] * unit)
        self._stream = Stream(stage, place, velocity, spec, name=kind.value, period_s=_PERIOD_S[kind])
        self.extra_layers = self._stream.layers
        self._glow = _Glow(stage, place, spec) if kind is LifeKind.FIRE else None

    def frame(self, moment: Moment) -> Changes:
        sprites = () if self._glow is None else (self._glow.at(moment.time_s),)
        return Changes(layers=self._stream.changes(moment), sprites=sprites)


class _Glow:
    """The light of a fire on itself and around it, coming and going."""

    def __init__(self, stage: Stage, place: Place, spec: Spec) -> None:
        rng = rng_for(spec, "glow")
        self._flicker = (wander(rng, 1.5, 4.0, 3), wander(rng, 5.0, 9.0, 3))
        height, width = place.mask.shape
        size = max(2, width // 16), max(2, height // 16)
        light: F32 = np.asarray(cv2.resize(place.mask, size, interpolation=cv2.INTER_AREA), np.float32)
        light = light * 0.6 + np.asarray(cv2.GaussianBlur(light, (0, 0), size[0] * 0.06), np.float32)
        warm = np.array([1.0, 0.55, 0.18], np.float32) * np.float32(_GLOW)
        rgba = np.zeros((size[1], size[0], 4), np.uint8)
        rgba[..., :3] = np.clip(light[..., None] * warm, 0, 255)
        self._rgba, self._scale = rgba, width / size[0]
        self._depth, self._layer = stage.layers[place.layer].anchor_depth, place.layer
        self._spec = spec

    def at(self, time_s: float) -> Sprite:
        slow, fast = (flicker(time_s) for flicker in self._flicker)
        strength = onset(time_s, self._spec) * min(1.0, max(0.0, 0.5 + 0.35 * slow + 0.25 * fast))
        return Sprite(
            self._rgba, 0.0, 0.0, self._scale, after=self._layer, depth=self._depth, light=True, opacity=strength
        )
