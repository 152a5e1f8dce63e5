"""Glitch: the signal breaks up in bursts: rows slip, colours come apart, blocks jump, lines roll through."""

from __future__ import annotations

import cv2
import numpy as np

from photoplay.engines.motion import toolkit
from photoplay.engines.motion.animate import Animator, Changes, Moment, Spec
from photoplay.engines.motion.effects.base import Effect
from photoplay.engines.motion.types import U8, SceneMap, Stage
from photoplay.shot import Cue, Move, MoveKind, Plan, Shot

BURSTS = (
    (0.12, 0.05, 0.5),
    (0.30, 0.07, 0.8),
    (0.52, 0.05, 0.6),
    (0.66, 0.10, 1.0),
    (0.88, 0.06, 0.7),
)  # at, width, strength


class Glitch(Effect):
    """See the module."""

    slug = "glitch"
    name = "Glitch"
    logo_at = 0.66
    description = (
        "The picture breaks up in bursts like a bad signal: slipped rows, split colours, blocks; suits any photo."
    )

    def suits(self, scene: SceneMap) -> float:
        return 1.0

    def prepare(self, stage: Stage, plan: Plan, spec: Spec) -> Animator:
        return _Glitch(spec)


class _Glitch(Animator):
    shot = Shot(moves=(Move(kind=MoveKind.DOLLY, amount=0.5),))

    def __init__(self, spec: Spec) -> None:
        self._spec = spec
        d = spec.duration_s
        self.cues = tuple(
            Cue(at_s=max(0.0, (at - width / 2) * d), kind="glitch", strength=0.8 * power, duration_s=1.4 * width * d)
            for at, width, power in BURSTS
        )

    def frame(self, moment: Moment) -> Changes:
        power = max(power * toolkit.pulse(moment.t, at, width) ** 0.5 for at, width, power in BURSTS)
        if power < 0.02:
            return Changes()
        beat = int(moment.time_s * 12)  # disturbances hold for a twelfth of a second, whatever the frame rate
        seed = [self._spec.seed & 0xFFFFFFFF, beat, *b"glitch"]
        return Changes(finish=lambda rgb: _broken(rgb, power, np.random.default_rng(seed), moment.time_s))


def _broken(rgb: U8, power: float, rng: np.random.Generator, time_s: float) -> U8:
    """One frame of a bad signal."""
    height, width = rgb.shape[:2]
    out = rgb.copy()
    # Rows slip in bands.
    y = 0
    while y < height:
        band = max(2, int(height * float(rng.uniform(0.01, 0.09))))
        if rng.random() < 0.55 * power:
            slip = int(float(rng.normal(0, 0.035)) * power * width)
            out[y : y + band] = np.roll(out[y : y + band], slip, axis=1)
        y += band
    # Colours come apart.
    split = max(1, int(0.012 * power * width * float(rng.uniform(0.6, 1.4))))
    out[..., 0] = np.roll(out[..., 0], split, axis=1)
    out[..., 2] = np.roll(out[..., 2], -split, axis=1)
    # Blocks from elsewhere, with their colours pushed.
    for _ in range(int(9 * power)):
        w, h = int(width * float(rng.uniform(0.05, 0.25))), max(2, int(height * float(rng.uniform(0.01, 0.06))))
        x0, y0 = int(rng.integers(0, width - w)), int(rng.integers(0, height - h))
        x1, y1 = int(rng.integers(0, width - w)), int(rng.integers(0, height - h))
        block = out[y0 : y0 + h, x0 : x0 + w].astype(np.int16)
        block += np.array([(70, -40, 50), (-50, 60, 60), (40, 40, -60)][int(rng.integers(0, 3))], np.int16)
        out[y1 : y1 + h, x1 : x1 + w] = np.clip(block, 0, 255).astype(np.uint8)
    # Scan lines, and a bright bar that rolls through.
    pitch = max(2, round(height / 240))
    rows = np.ones((height, 1, 1), np.float32)
    rows[:: 2 * pitch] = 1.0 - 0.14 * power
    for k in range(1, pitch):
        rows[k :: 2 * pitch] = 1.0 - 0.14 * power
    bar = (time_s * 0.9) % 1.2 - 0.1
    rows[:, 0, 0] += 0.35 * power * np.exp(-(((np.arange(height) / height - bar) / 0.03) ** 2))
    grain = cv2.resize(
        rng.normal(0, 7 * power, (height // pitch, width // pitch)).astype(np.float32),
        (width, height),
        interpolation=cv2.INTER_NEAREST,
    )
    return np.asarray(np.clip(out * rows + grain[..., None], 0, 255), np.uint8)
