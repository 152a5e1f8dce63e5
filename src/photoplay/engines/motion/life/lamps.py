"""Lamps at night: each glow swells and sinks again, slowly, by itself; never a strobe.

It is never less than the photo's own: light can be added to what is there, but not be taken out of it again.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from photoplay.engines.motion.animate import Animator, Changes, Moment, Spec, Sprite
from photoplay.engines.motion.lamps import HALO
from photoplay.engines.motion.life.places import on_stage, onset, visible
from photoplay.engines.motion.toolkit import rng_for
from photoplay.engines.motion.types import F32, U8, Stage

GLOW = 52.0  # grey levels that the glow gains beside the lamp at its height, at strength 1
REACH = 5.0  # radii of a lamp that its glow has
SLOW_HZ, QUICK_HZ = 0.15, 0.5
_SIDE = 36  # pixels of a glow's picture; it is soft, so it is drawn larger


@dataclass(frozen=True, slots=True)
class _Lamp:
    """Where a lamp is (working pixels), its layer and depth, its glow at its height, and how it flickers."""

    x: float
    y: float
    scale: float
    layer: int
    depth: float
    glow: U8
    flicker: Callable[[float], float]


class Lamps(Animator):
    """The lamps that the scene's region "lamps" marks."""

    def __init__(self, stage: Stage, spec: Spec, strength: float) -> None:
        self._spec = spec
        mask = on_stage(stage, stage.scene.regions["lamps"])
        count, _, stats, centres = cv2.connectedComponentsWithStats((mask > 127).astype(np.uint8), connectivity=8)
        seen = [visible(stage, index) for index in range(len(stage.layers))]
        left, top, width, height = stage.frame
        self._lamps: list[_Lamp] = []
        for label in range(1, count):
            x, y = float(centres[label][0]), float(centres[label][1])
            if not (left <= x < left + width and top <= y < top + height):
                continue  # the photo's border goes on beyond it
            radius = max(1.0, math.sqrt(int(stats[label, cv2.CC_STAT_AREA]) / math.pi) / HALO)
            layer = int(np.argmax([one[int(y), int(x)] for one in seen]))
            self._lamps.append(_lamp(stage, spec, (x, y), radius, layer, len(self._lamps), strength))

    def frame(self, moment: Moment) -> Changes:
        begun = onset(moment.time_s, self._spec)
        sprites = []
        for lamp in self._lamps:
            light = begun * lamp.flicker(moment.time_s)
            if light < 0.01:
                continue
            half = 0.5 * _SIDE * lamp.scale
            sprites.append(
                Sprite(
                    lamp.glow,
                    lamp.x - half,
                    lamp.y - half,
                    lamp.scale,
                    after=lamp.layer,
                    depth=lamp.depth,
                    light=True,
                    opacity=light,
                    follows=lamp.layer,
                )
            )
        return Changes(sprites=tuple(sprites))


def _lamp(
    stage: Stage, spec: Spec, at: tuple[float, float], radius: float, layer: int, number: int, strength: float
) -> _Lamp:
    x, y = at
    rgb = stage.layers[layer].rgb
    field: F32 = stage.layers[layer].inverse_depth
    row = min(field.shape[0] - 1, int(y) * field.shape[0] // rgb.shape[0])
    column = min(field.shape[1] - 1, int(x) * field.shape[1] // rgb.shape[1])
    glow = np.zeros((_SIDE, _SIDE, 4), np.uint8)
    glow[..., :3] = np.clip(_falloff()[..., None] * _tint(rgb, x, y, radius) * np.float32(GLOW * strength), 0, 255)
    return _Lamp(
        x, y, 2.0 * REACH * radius / _SIDE, layer, float(field[row, column]), glow,
        _flicker(rng_for(spec, f"lamp{number}")),
    )  # fmt: skip


def _flicker(rng: np.random.Generator) -> Callable[[float], float]:
    """Seconds to 0 as in the photo .. 1 brightest, as often above a half as below."""
    omega = 2 * math.pi * rng.uniform(SLOW_HZ, QUICK_HZ, 3)
    phase = rng.uniform(0.0, 2 * math.pi, 3)
    return lambda time_s: 0.5 + 0.5 * math.tanh(0.6 * float(np.sin(omega * time_s + phase).sum()))


def _falloff() -> F32:
    """(_SIDE, _SIDE): 1 in the middle, 0 from the rim on: a core with a wide soft skirt."""
    axis = ((np.arange(_SIDE, dtype=np.float32) + 0.5) / _SIDE * 2 - 1) * np.float32(REACH)
    away = np.hypot(axis[:, None], axis[None, :])
    skirt = 0.7 * np.exp(-((away / 1.7) ** 2)) + 0.3 * np.exp(-away / 2.0)
    return np.asarray(skirt * np.clip((REACH - away) / (0.6 * REACH), 0, 1), np.float32)


def _tint(rgb: U8, x: float, y: float, radius: float) -> F32:
    """(3,) float32: the colour of a lamp's halo, its strongest channel 1."""
    reach = math.ceil(3.0 * radius)
    top, left = max(0, int(y) - reach), max(0, int(x) - reach)
    around = rgb[top : int(y) + reach + 1, left : int(x) + reach + 1].reshape(-1, 3).astype(np.float32)
    bright = around.max(axis=1)
    halo = around[(bright > 90) & (around.min(axis=1) < 225)]
    if halo.shape[0] < 4:
        return np.ones(3, np.float32)
    mean = halo.mean(axis=0)
    return np.asarray(0.25 + 0.75 * mean / max(1.0, float(mean.max())), np.float32)
