"""Rain and snow in depth: what falls behind the subject is small, faint and slow, what falls before it is not."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from photoplay.engines.motion.animate import Spec, Sprite
from photoplay.engines.motion.effects import craft
from photoplay.engines.motion.types import F32, U8


@dataclass(frozen=True, slots=True)
class Curtain:
    """One depth of falling things: a picture twice as tall and wide as it repeats, moved over the frame.

    ``tile``: premultiplied RGBA of (2 * period) pixels; ``step``: its pixels a second, right and down; ``after``: the
    stage layer it follows.
    """

    tile: U8
    period: tuple[int, int]
    step: tuple[float, float]
    after: int | None
    scale: float

    def sprite(self, time_s: float, opacity: float, sway: float = 0.0) -> Sprite:
        """The curtain at a time."""
        dx = (self.step[0] * time_s + sway) % self.period[0]
        dy = (self.step[1] * time_s) % self.period[1]
        return Sprite(
            self.tile,
            x=(dx - self.period[0]) * self.scale,
            y=(dy - self.period[1]) * self.scale,
            scale=self.scale,
            after=self.after,
            opacity=opacity,
        )


def curtain(spec: Spec, drops: list[tuple[U8, int, int]], step: tuple[float, float], after: int | None) -> Curtain:
    """Drops (picture, x, y) drawn on a tile of the frame's size that wraps; ``step`` in frame pixels a second."""
    period = spec.width, spec.height
    tile = np.zeros((period[1], period[0], 4), np.float32)
    for picture, x, y in drops:
        rows = (np.arange(picture.shape[0]) + y) % period[1]
        columns = (np.arange(picture.shape[1]) + x) % period[0]
        part = tile[np.ix_(rows, columns)]
        tile[np.ix_(rows, columns)] = picture + part * (1 - picture[..., 3:].astype(np.float32) / 255)
    whole = np.clip(tile, 0, 255).astype(np.uint8)
    return Curtain(np.ascontiguousarray(np.tile(whole, (2, 2, 1))), period, step, after, 1.0)


def streak(length: float, width: float, slant: float, colour: craft.Colour, strength: float) -> U8:
    """A drop of rain as a camera sees it, premultiplied RGBA: ``slant`` is across per down."""
    rows = max(3, round(length))
    columns = max(3, round(abs(slant) * length + 3 * width + 2))
    x, y = craft.grid(columns, rows)
    start = columns / 2 - slant * length / 2
    across = np.abs(x + 0.5 - (start + slant * (y + 0.5)))
    body = np.exp(-((across / max(width, 0.5)) ** 2)) * np.sin(np.pi * (y + 0.5) / rows) ** 0.7
    alpha = np.asarray(np.clip(body * strength, 0, 1) * 255, np.uint8)
    return np.dstack([np.rint(alpha * (c / 255.0)).astype(np.uint8) for c in colour] + [alpha])


def flake(diameter: float, soft: float, strength: float, rng: np.random.Generator) -> U8:
    """A snow flake, premultiplied RGBA: uneven, softer the more it is out of focus."""
    side = max(3, round(diameter * 1.6))
    x, y = craft.grid(side, side)
    dx, dy = x + 0.5 - side / 2, y + 0.5 - side / 2
    angle: F32 = np.arctan2(dy, dx)
    radius = (
        diameter / 2 * (1 + 0.14 * np.sin(3 * angle + rng.uniform(0, 6)) + 0.10 * np.sin(5 * angle + rng.uniform(0, 6)))
    )
    alpha = np.clip((radius - np.hypot(dx, dy)) / max(0.7, soft * diameter / 2) + 0.3, 0, 1) * strength * 255
    alpha = np.asarray(cv2.GaussianBlur(alpha.astype(np.float32), (0, 0), max(0.4, 0.2 * soft * diameter)), np.float32)
    a = np.asarray(np.clip(alpha, 0, 255), np.uint8)
    return np.dstack([np.rint(a * c).astype(np.uint8) for c in (0.97, 0.985, 1.0)] + [a])
