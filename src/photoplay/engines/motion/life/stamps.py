"""Little pictures of what drifts: flakes, drops, petals, motes, sparks, bubbles, slips of paper.

Each is drawn four times larger than it is used and shrunk at one of 4 x 4 offsets, so that it glides between
pixels instead of stepping from one to the next.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import cv2
import numpy as np

from photoplay.engines.motion.types import F32, U8

FINE = 4  # times larger while drawn; also the offsets within a pixel
STATES = 24  # turns of what tumbles

Draw = Callable[[int, int, np.random.Generator], F32]
"""(side in fine pixels, state 0..STATES-1, chance) to (side, side, 4) float32 0..255, premultiplied."""


def axes(side: int) -> tuple[F32, F32]:
    """(x, y) from -1 to 1 over a square."""
    line = ((np.arange(side, dtype=np.float32) + 0.5) / side * 2 - 1).astype(np.float32)
    x, y = np.meshgrid(line, line)
    return x, y


def inked(colour: tuple[float, float, float], alpha: F32) -> F32:
    """One colour under an alpha 0..1."""
    shade = np.array([*colour, 255.0], np.float32)
    return np.asarray(np.clip(alpha, 0.0, 1.0)[..., None] * shade, np.float32)


def flake(side: int, state: int, rng: np.random.Generator) -> F32:
    """Snow: round, uneven, soft."""
    del state
    x, y = axes(side)
    angle = np.arctan2(y, x)
    edge = 0.58 + 0.03 * np.sin(3 * angle + rng.uniform(0, 6)) + 0.02 * np.sin(5 * angle + rng.uniform(0, 6))
    fade = np.clip((edge + 0.38 - np.hypot(x, y)) / 0.76, 0, 1)
    return inked((247, 250, 255), np.asarray(fade * fade * (3 - 2 * fade) * 0.9, np.float32))


def drop(side: int, state: int, rng: np.random.Generator) -> F32:
    """Rain: a thin streak, as long as the square, slightly slanted."""
    del state, rng
    x, y = axes(side)
    body = np.exp(-(((x + 0.10 * y) / 0.045) ** 2)) * np.clip(1 - y * y, 0, 1)
    return inked((214, 222, 232), np.asarray(0.6 * body, np.float32))


def petal(side: int, state: int, rng: np.random.Generator) -> F32:
    """A blossom's petal, tumbling."""
    x, y = axes(side)
    turn = 2 * math.pi * state / STATES
    tilt = max(0.22, abs(math.cos(1.5 * turn)))
    u, v = x * math.cos(turn) + y * math.sin(turn), (-x * math.sin(turn) + y * math.cos(turn)) / tilt
    shape = 0.78 - np.hypot(u * 1.0, v * (1.25 + 0.45 * u))
    notch = np.hypot(u - 0.86, v) - 0.16
    alpha = np.clip(np.minimum(shape, notch) * side / 5.0 + 0.5, 0, 1)
    light = 0.86 + 0.14 * np.clip(v + 0.4, 0, 1) - 0.10 * np.clip(-u, 0, 1)
    pink = np.array([250.0, 196.0 + 12 * float(rng.uniform(-1, 1)), 208.0], np.float32)
    rgba = np.empty((side, side, 4), np.float32)
    rgba[..., :3] = np.clip(light[..., None] * pink, 0, 255) * alpha[..., None]
    rgba[..., 3] = alpha * 255
    return rgba


def mote(side: int, state: int, rng: np.random.Generator) -> F32:
    """Dust in the light: a faint soft point."""
    del state, rng
    x, y = axes(side)
    fade = np.clip(1 - np.hypot(x, y), 0, 1)
    return inked((255, 240, 214), np.asarray(0.8 * fade**2, np.float32))


def spark(side: int, state: int, rng: np.random.Generator) -> F32:
    """A glowing point with a warm halo."""
    del state, rng
    x, y = axes(side)
    far = np.hypot(x, y)
    core, halo = np.clip(1 - far / 0.28, 0, 1), np.clip(1 - far, 0, 1) ** 3
    rgba = np.zeros((side, side, 4), np.float32)
    rgba[..., 0] = np.clip(255 * core + 210 * halo, 0, 255)
    rgba[..., 1] = np.clip(225 * core + 105 * halo, 0, 255)
    rgba[..., 2] = np.clip(150 * core + 25 * halo, 0, 255)
    return rgba


def bubble(side: int, state: int, rng: np.random.Generator) -> F32:
    """A soap bubble: a thin bright rim with a little colour, two reflections, almost nothing within."""
    del state
    x, y = axes(side)
    far = np.hypot(x, y)
    disc = np.clip((0.94 - far) * side / 4.0, 0, 1)
    rim = np.exp(-(((far - 0.88) / 0.07) ** 2))
    spot = np.exp(-(((x + 0.38) ** 2 + (y + 0.42) ** 2) / 0.018)) + 0.5 * np.exp(
        -(((x - 0.40) ** 2 + (y - 0.46) ** 2) / 0.010)
    )
    alpha = disc * np.clip(0.06 + 0.50 * rim + 0.85 * spot, 0, 1)
    film = np.arctan2(y, x) * 1.5 + 5.0 * far + float(rng.uniform(0, 6))
    tint = np.stack([0.5 + 0.5 * np.sin(film + shift) for shift in (0.0, 2.1, 4.2)], axis=-1)
    colour = 205 + 50 * tint
    rgba = np.empty((side, side, 4), np.float32)
    rgba[..., :3] = colour * alpha[..., None]
    rgba[..., 3] = alpha * 255
    return rgba


_PAPERS = ((236, 72, 84), (250, 190, 60), (72, 178, 120), (70, 140, 230), (240, 240, 245), (180, 95, 210))


def slip(side: int, state: int, rng: np.random.Generator) -> F32:
    """Confetti: a slip of paper, turning; it flashes when it faces the light."""
    x, y = axes(side)
    turn = 2 * math.pi * state / STATES
    face = math.cos(2 * turn)
    lean = 0.6 * math.sin(turn)
    u, v = x * math.cos(lean) + y * math.sin(lean), -x * math.sin(lean) + y * math.cos(lean)
    half = max(0.08, abs(face)) * 0.72
    alpha = np.clip((half - np.abs(v)) * side / 4.0, 0, 1) * np.clip((0.46 - np.abs(u)) * side / 4.0, 0, 1)
    shade = 0.72 + 0.28 * abs(face) if face > 0 else 0.55 + 0.2 * abs(face)
    red, green, blue = (float(c) * shade for c in _PAPERS[int(rng.integers(len(_PAPERS)))])
    return inked((red, green, blue), np.asarray(alpha, np.float32))


class Stamps:
    """All pictures of one kind at one size, made when first wanted."""

    def __init__(self, draw: Draw, diameter: float, variants: int, seed: int, light: float) -> None:
        """``diameter``: frame pixels. ``light``: brightness of what is not itself a light, 0..1."""
        self._draw, self._seed, self._variants, self._light = draw, seed, variants, light
        self._side = max(3, math.ceil(diameter) + 2)
        self._shape = max(2 * FINE, round(diameter * FINE))
        self._made: dict[tuple[int, int, int, int], tuple[U8, int, int]] = {}

    def at(self, x: float, y: float, variant: int, state: int) -> tuple[U8, int, int]:
        """The picture whose middle is at (x, y), with the whole-pixel position of its corner."""
        left, top = x - self._side / 2, y - self._side / 2
        column, row = math.floor(left), math.floor(top)
        key = (variant % self._variants, state % STATES, int((left - column) * FINE), int((top - row) * FINE))
        made = self._made.get(key)
        if made is None:
            made = self._make(*key)
            self._made[key] = made
        picture, inner_x, inner_y = made
        return picture, column + inner_x, row + inner_y

    def _make(self, variant: int, state: int, dx: int, dy: int) -> tuple[U8, int, int]:
        """(picture, x, y): cut to what is not empty, with its place in the square."""
        rng = np.random.default_rng([self._seed & 0xFFFFFFFF, variant])
        drawn = self._draw(self._shape, state, rng)
        side = (self._side + 1) * FINE
        room = np.zeros((side, side, 4), np.float32)
        start = (self._side * FINE - self._shape) // 2
        top, left = max(0, start + dy), max(0, start + dx)
        fits = min(self._shape, side - max(top, left))
        room[top : top + fits, left : left + fits] = drawn[:fits, :fits]
        small = np.asarray(cv2.resize(room, (self._side + 1, self._side + 1), interpolation=cv2.INTER_AREA), np.float32)
        small[..., :3] *= np.float32(self._light)
        picture = np.asarray(np.clip(np.rint(small), 0, 255), np.uint8)
        seen = np.any(picture, axis=2)
        rows, columns = np.flatnonzero(seen.any(axis=1)), np.flatnonzero(seen.any(axis=0))
        if rows.size == 0:
            return picture[:1, :1], 0, 0
        inner = picture[int(rows[0]) : int(rows[-1]) + 1, int(columns[0]) : int(columns[-1]) + 1]
        return np.ascontiguousarray(inner), int(columns[0]), int(rows[0])
