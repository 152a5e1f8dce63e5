"""Rain and snow in depth: what falls behind the subject is small, faint and slow, what falls before it is not."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from photoplay.engines.motion import toolkit
from photoplay.engines.motion.animate import Spec, Sprite
from photoplay.engines.motion.effects import craft
from photoplay.engines.motion.types import F32, U8


@dataclass(frozen=True, slots=True)
class Curtain:
    """One depth of falling things: a tile of the frame's size that wraps round both ways, moved over the frame.

    ``tile``: (h, w, 4) uint8 premultiplied RGBA; ``step``: frame pixels a second, right and down; ``after``: the
    stage layer it follows.
    """

    tile: U8
    step: tuple[float, float]
    after: int | None

    def sprites(self, time_s: float, opacity: float, sway: float = 0.0) -> list[Sprite]:
        """The curtain at a time: the tile up to four times, at whole pixels, which are pasted instead of warped."""
        if opacity <= 0.0:
            return []
        height, width = self.tile.shape[:2]
        dx, dy = round(self.step[0] * time_s + sway) % width, round(self.step[1] * time_s) % height
        return [
            Sprite(self.tile, x=float(x), y=float(y), after=self.after, opacity=opacity)
            for x in ({dx, dx - width} if dx else {0})
            for y in ({dy, dy - height} if dy else {0})
        ]


def curtain(spec: Spec, drops: list[tuple[U8, int, int]], step: tuple[float, float], after: int | None) -> Curtain:
    """Drops (picture, x, y) drawn on a tile of the frame's size that wraps; ``step`` in frame pixels a second."""
    tile = np.zeros((spec.height, spec.width, 4), np.uint8)
    for picture, x, y in drops:
        rows = (np.arange(picture.shape[0]) + y) % spec.height
        columns = (np.arange(picture.shape[1]) + x) % spec.width
        under = tile[np.ix_(rows, columns)].astype(np.uint16)
        rest = 255 - picture[..., 3:].astype(np.uint16)
        tile[np.ix_(rows, columns)] = np.minimum(picture + (under * rest + 127) // 255, 255).astype(np.uint8)
    return Curtain(tile, step, after)


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


def front(spec: Spec, rng: np.random.Generator) -> U8:
    """Dark cloud that hangs into the frame from above, premultiplied RGBA of the frame's width."""
    width, height = spec.width // 4, round(0.62 * spec.height / 4)
    y = np.linspace(0.0, 1.0, height, dtype=np.float32)[:, None]
    billow = toolkit.clouds(rng, width, height, 0.55 * width, 5)
    alpha = np.clip((1.15 - y - 0.55 * (billow - 0.5)) * 0.62, 0.0, 0.66) * np.clip((1.0 - y) / 0.45, 0.0, 1.0)
    tone = (0.72 + 0.56 * billow)[..., None] * np.array([74.0, 82.0, 94.0], np.float32)
    picture = toolkit.premultiply(np.clip(tone, 0, 255).astype(np.uint8), np.asarray(alpha * 255, np.uint8))
    size = spec.width, round(0.62 * spec.height)
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_CUBIC), np.uint8)


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
