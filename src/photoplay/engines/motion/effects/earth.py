"""The drawn Earth: noise that is defined everywhere, and the globe seen through windows of any size.

The same seas, coasts and clouds are drawn for any part of the globe at that part's own fineness, so that a flight
can go from one picture into the next without a seam: the whole globe, a part of it, a part of that.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np

from photoplay.engines.motion.effects import craft
from photoplay.engines.motion.types import F32, U8

CELLS, FINER = 32, 8  # cells of a noise table across, and its samples per cell: between them it is linear
RIM = 1.12  # half the side of the whole globe's picture over the globe's radius: room for its air
TURN = 0.65  # radians by which every octave of noise is turned against the one before: no grid is seen
FAINT = 0.006  # an octave of less weight is not worth its time
RIVERS = 1.6e-3  # size of a pixel, in the globe's radius, below which rivers and single clouds are drawn
SUN = (-0.52, -0.46, 0.72)  # towards the light: left, up, towards the viewer
DEEP, SHALLOW = (7.0, 30.0, 74.0), (22.0, 92.0, 118.0)
FOREST, GRASS, DRY, ROCK = (34.0, 62.0, 32.0), (88.0, 104.0, 58.0), (172.0, 146.0, 104.0), (112.0, 98.0, 82.0)
CLOUD, AIR = (244.0, 247.0, 250.0), (84.0, 150.0, 255.0)


@dataclass(frozen=True, slots=True)
class Noise:
    """Fractal value noise over the whole plane: the same place has the same value in every picture of it.

    ``tables``: one per octave, (s, s) float32 of mean 0, wrapping. ``shifts``: (x, y) of each, in cells.
    """

    tables: tuple[F32, ...]
    shifts: tuple[tuple[float, float], ...]

    @classmethod
    def of(cls, rng: np.random.Generator, octaves: int) -> Noise:
        """Noise of at most so many octaves."""
        tables, shifts = [], []
        for _ in range(octaves):
            values = rng.random((CELLS, CELLS), dtype=np.float32) - np.float32(0.5)
            wrapped = np.pad(values, 2, mode="wrap")
            fine = np.asarray(cv2.resize(wrapped, None, fx=FINER, fy=FINER, interpolation=cv2.INTER_CUBIC), np.float32)
            side = CELLS * FINER
            tables.append(np.ascontiguousarray(fine[2 * FINER : 2 * FINER + side, 2 * FINER : 2 * FINER + side]))
            shifts.append((float(rng.uniform(0, CELLS)), float(rng.uniform(0, CELLS))))
        return cls(tuple(tables), tuple(shifts))

    def at(self, x: F32, y: F32, cell: float, first: int = 0, last: int | None = None, keep: float = 0.5) -> F32:
        """Its value at places, about -1..1.

        Args:
            x, y: (h, w) float32, in any unit.
            cell: size of the largest blobs, in that unit; every octave halves it.
            first, last: the octaves to take: ``last`` is not taken; None: all.
            keep: an octave's weight over that of the one before.
        """
        total = np.zeros(x.shape, np.float32)
        weight, sum_of_squares = 1.0, 0.0
        for octave in range(first, len(self.tables) if last is None else min(last, len(self.tables))):
            if weight < FAINT:
                break
            per_unit = FINER * 2.0**octave / cell
            c, s = math.cos(TURN * octave) * per_unit, math.sin(TURN * octave) * per_unit
            sx, sy = self.shifts[octave]
            at_x, at_y = c * x - s * y + np.float32(sx * FINER), s * x + c * y + np.float32(sy * FINER)
            total += np.float32(weight) * cv2.remap(
                self.tables[octave],
                at_x.astype(np.float32, copy=False),
                at_y.astype(np.float32, copy=False),
                cv2.INTER_LINEAR,
                borderMode=cv2.BORDER_WRAP,
            )
            sum_of_squares, weight = sum_of_squares + weight * weight, weight * keep
        return total * np.float32(1.7 / math.sqrt(max(sum_of_squares, 1e-9)))


class Globe:
    """One Earth, out of chance: a coast or a country in its middle, under a clear sky."""

    def __init__(self, rng: np.random.Generator, tint: craft.Colour) -> None:
        """``tint``: a colour that the country in the middle has something of, 0..255."""
        self._land, self._wet, self._sky = Noise.of(rng, 13), Noise.of(rng, 13), Noise.of(rng, 12)
        self._tint = np.array(tint, np.float32)

    def window(self, size: int, share: float) -> U8:
        """The part of the globe around its middle that is ``share`` of its diameter wide.

        Returns:
            (size, size, 4) uint8 premultiplied RGBA; the globe's rim and its air when the window holds them, else a
            soft round edge.
        """
        x, y = craft.grid(size, size)
        u, v = ((x + 0.5) / size * 2 - 1) * np.float32(share), ((y + 0.5) / size * 2 - 1) * np.float32(share)
        r2 = u * u + v * v
        r = np.sqrt(r2)
        z = np.sqrt(np.clip(1 - r2, 0, 1))
        # A sphere's surface crowds together at its rim: the flat maps are looked up through that.
        bulge = np.where(r < 1, np.arcsin(np.clip(r, 0, 1)) / np.maximum(r, 1e-5), math.pi / 2).astype(np.float32)
        px, py = (np.asarray(axis * bulge, np.float32) for axis in (u, v))
        colour = self._surface(px, py, 2 * share / size, np.asarray(r2, np.float32))
        light = np.clip(SUN[0] * u + SUN[1] * v + SUN[2] * z, 0, 1) ** np.float32(0.8)
        colour *= (0.015 + 1.22 * light)[..., None]
        # Air scatters blue towards the rim, where one looks through more of it.
        haze = (np.float32(0.06) + np.clip((r - 0.45) / 0.55, 0, 1) ** 2.6 * 0.85) * np.clip(1.15 * light, 0, 1)
        colour += np.array(AIR, np.float32) * (0.55 * haze)[..., None]
        lit = np.clip(colour, 0, 255)
        if share <= 1.0:
            fade = np.clip((1.0 - r / share) / 0.35, 0, 1)
            alpha = fade * fade * (3 - 2 * fade)
            return np.dstack([(lit * alpha[..., None]).astype(np.uint8), (alpha * 255).astype(np.uint8)])
        disc = np.clip((1.0 - r) * size / (2 * share) + 0.5, 0, 1)
        towards = np.clip(0.22 + SUN[0] * u + SUN[1] * v, 0, 1)
        air = np.exp(-np.clip(r - 1.0, 0, None) / 0.020) * towards * (1 - disc) * np.clip((RIM - r) / 0.06, 0, 1)
        rgb = lit * disc[..., None] + np.array(AIR, np.float32) * air[..., None]
        return np.dstack([np.minimum(rgb, 255).astype(np.uint8), ((disc + 0.4 * air) * 255).astype(np.uint8)])

    def _surface(self, x: F32, y: F32, pixel: float, r2: F32) -> F32:
        """Colours without light, 0..255: ``pixel`` is one pixel's size on the map, where the radius is 1."""
        finest = max(3, round(math.log2(0.9 / (1.5 * pixel))))  # octaves whose blobs are larger than a pixel and a half
        land = self._land.at(x, y, 0.9, last=finest, keep=0.56)
        wet = self._wet.at(x, y, 0.8, last=finest, keep=0.60)
        # Grain of this window's own: what one sees of the country at this height.
        grain = self._wet.at(y, x, 0.8, first=max(0, finest - 5), last=finest, keep=0.72)
        # The flight starts on land, wherever the coasts are.
        level = land + 0.95 * np.exp(-r2 / np.float32(0.10)) - 0.12
        shore = _step(level, 0.0, 0.010 + 3 * pixel)
        depth = np.clip(-level / 0.30, 0, 1)[..., None]
        sea = np.array(SHALLOW, np.float32) * (1 - depth) ** 3 + np.array(DEEP, np.float32) * (1 - (1 - depth) ** 3)
        damp = (
            wet
            + 0.72
            + 0.5 * np.exp(-r2 / np.float32(0.02))
            - 1.5 * np.exp(-(((np.abs(y) - 0.42) / 0.20) ** 2))
            - 0.25 * level
        )
        soil = _mix(DRY, GRASS, _step(damp, 0.05, 0.45))
        soil = _mix(soil, FOREST, _step(damp + 0.35 * grain, 0.62, 0.40))
        soil = _mix(soil, ROCK, 0.75 * _step(level + 0.30 * grain, 1.05, 0.35))
        soil = _mix(soil, self._tint, (0.14 * np.exp(-r2 / np.float32(0.01)))[..., None])
        soil *= (1.04 + 0.20 * grain)[..., None]
        rivers = min(1.0, max(0.0, (RIVERS - pixel) / RIVERS))  # too thin to be seen from far away
        if rivers > 0.0:
            course = np.abs(self._sky.at(y, x, 0.16, last=9, keep=0.46))
            soil = _mix(soil, SHALLOW, 0.85 * rivers * (1.0 - _step(course, 0.030, 0.020)))
        colour = _mix(sea, soil, shore)
        ice = _step(np.abs(y) + 0.16 * wet, 1.22, 0.06)
        colour = _mix(colour, (236.0, 242.0, 246.0), ice)
        # Weather: noise drawn out by noise, so that it lies in bands and swirls.
        drawn_x = np.asarray(0.75 * (x + 0.16 * wet), np.float32)
        drawn_y = np.asarray(1.5 * (y + 0.10 * land), np.float32)
        veil = self._sky.at(drawn_x, drawn_y, 0.95, last=min(finest, 11), keep=0.60)
        clear = 0.75 * np.exp(-r2 / np.float32(0.05))
        cover = np.clip((veil - clear - 0.12) / 0.95, 0, 1) ** np.float32(0.8)
        colour = _mix(colour, CLOUD, (0.96 * cover)[..., None])
        if rivers <= 0.0:
            return colour
        # Fair weather clouds, one by one, and their shadows: up here they are what shows the height.
        puffs = self._sky.at(x, y, 0.8, first=max(0, finest - 6), last=finest, keep=0.62) + 0.45 * wet
        away = -0.012 * x.shape[1]
        shift = np.array([[1, 0, -away], [0, 1, -away]], np.float32)
        shade = np.asarray(cv2.warpAffine(puffs, shift, x.shape[::-1], borderMode=cv2.BORDER_REFLECT), np.float32)
        colour *= 1.0 - 0.45 * rivers * _step(shade, 0.72, 0.5)
        return _mix(colour, CLOUD, 0.95 * rivers * _step(puffs, 0.80, 0.7))


def sheets(size: int, count: int, rng: np.random.Generator) -> list[tuple[U8, float]]:
    """Sheets of cloud to rise through, each (size, size, 4) uint8 premultiplied RGBA, ragged at their rims.

    The first have an opening in the middle, which is less with each and gone in the last two; the second value of
    each is that opening's radius over half the sheet's side.
    """
    puff, curl = Noise.of(rng, 8), Noise.of(rng, 4)
    x, y = craft.grid(size, size)
    u, v = (x + 0.5) / size * 2 - 1, (y + 0.5) / size * 2 - 1
    r = np.hypot(u, v)
    found = []
    for index in range(count):
        off = np.float32(7.3 * index)
        bent = 0.10 * curl.at(np.asarray(u + off, np.float32), np.asarray(v, np.float32), 0.5)
        at_x, at_y = (np.asarray(axis, np.float32) for axis in (u + off + bent, v - bent))
        body = puff.at(at_x, at_y, 0.42, keep=0.58)
        hole = max(0.0, 0.46 - 0.46 * index / max(1, count - 2))
        inner = _step(r + 0.20 * body, hole, 0.22)[..., 0] if hole > 0.0 else np.ones_like(r)
        outer = np.clip((1.0 - r + 0.12 * body) / 0.40, 0, 1)
        dense = np.clip(0.60 + 0.10 * index + 0.55 * body, 0, 1)
        alpha = np.clip(dense * inner * outer * outer * (3 - 2 * outer), 0, 1)
        # Lit from the upper left: a puff is brighter where it rises towards the light.
        smooth = cv2.GaussianBlur(body, (0, 0), size / 90)
        slope = cv2.Sobel(smooth, cv2.CV_32F, 1, 0, ksize=3) + cv2.Sobel(smooth, cv2.CV_32F, 0, 1, ksize=3)
        shade = np.clip(0.90 + 0.06 * body + 0.8 * slope, 0.72, 1.0)
        rgb = np.stack([250 * shade, 252 * shade**0.95, 255 * shade**0.85], axis=-1) * alpha[..., None]
        found.append((np.dstack([rgb.astype(np.uint8), (alpha * 255).astype(np.uint8)]), hole))
    return found


def _step(value: F32, at: float, width: float) -> F32:
    """0..1 with a soft step at ``at``, ``width`` wide; (h, w, 1)."""
    x = np.clip((value - np.float32(at)) / np.float32(width) + np.float32(0.5), 0, 1)
    return np.asarray(x * x * (3 - 2 * x), np.float32)[..., None]


def _mix(a: F32 | craft.Colour, b: F32 | craft.Colour, share: F32) -> F32:
    """``a`` where ``share`` is 0, ``b`` where it is 1."""
    low = np.asarray(a, np.float32)
    return np.asarray(low + (np.asarray(b, np.float32) - low) * share, np.float32)
