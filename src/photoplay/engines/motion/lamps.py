"""Lamps of a photo taken at night: small, round, overexposed, each in a halo of its own warm or coloured light."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from photoplay.engines.motion import filters
from photoplay.engines.motion.types import F32, U8

SIDE = 512  # pixels of the long side at which they are looked for
NIGHT = 35.0  # L* that half of the photo is darker than
BRIGHT, BURNT = 220, 250  # grey level of a lamp (L* 88), and of its middle in its strongest colour
MOST_BRIGHT = 0.05  # of the photo
LARGEST = 0.003  # of the photo
LEAST_SHARE = 0.6  # of all bright spots: among shirts, coins and lit leaves a few look like lamps
LEAST_COUNT = 3
LEAST_TINT = 10.0  # chroma of the halo; most lamps have one
MOST = 24
HALO = 1.6  # radii of a lamp that its spot in the mask has

# L* of a grey of 0..255, near enough: what is told apart here lies far apart.
_LIGHT: F32 = np.maximum(116.0 * (np.arange(256) / 255.0) ** (2.2 / 3.0) - 16.0, 0.0).astype(np.float32)


@dataclass(frozen=True, slots=True)
class _Lamp:
    """Middle and radius in pixels at :data:`SIDE`, and the chroma of the halo."""

    x: float
    y: float
    radius: float
    tint: float


def find_lamps(rgb: U8 | filters.Sizes) -> U8 | None:
    """(h, w) uint8: a round spot of 255 at each lamp, :data:`HALO` times its size; None where there are none.

    Args:
        rgb: (h, w, 3) uint8, a photo whose median lightness is below :data:`NIGHT`.
    """
    picture = filters.Sizes.of(rgb)
    full, small = picture.size, picture.at(SIDE)
    grey = np.asarray(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY), dtype=np.uint8)
    bright = np.asarray(cv2.threshold(grey, BRIGHT, 1, cv2.THRESH_BINARY)[1], dtype=np.uint8)
    if not 3 * LEAST_COUNT <= cv2.countNonZero(bright) <= MOST_BRIGHT * bright.size:
        return None
    lamps = _lamps(small, grey, bright)
    if not lamps:
        return None
    mask = np.zeros((full[1], full[0]), np.uint8)
    scale = full[0] / small.shape[1]
    for lamp in lamps:
        centre = round((lamp.x + 0.5) * scale - 0.5), round((lamp.y + 0.5) * scale - 0.5)
        cv2.circle(mask, centre, max(2, round(HALO * lamp.radius * scale)), 255, -1, cv2.LINE_AA)
    return mask


def _lamps(rgb: U8, grey: U8, bright: U8) -> list[_Lamp]:
    """The lamps of a dark picture, largest first; none if bright spots of another kind prevail."""
    count, _, stats, centres = cv2.connectedComponentsWithStats(bright, connectivity=8)
    if count > 6 * MOST:
        return []
    found = []
    spots = 0
    for label in range(1, count):
        area, wide, tall = (int(stats[label, at]) for at in (cv2.CC_STAT_AREA, cv2.CC_STAT_WIDTH, cv2.CC_STAT_HEIGHT))
        if area < 3 or max(wide, tall) > 2.2 * min(wide, tall):
            continue  # a speck, or the lit edge of something
        spots += 1
        if area <= LARGEST * grey.size:
            radius = max(1.5, float(np.sqrt(area / np.pi)))
            lamp = _glowing(rgb, grey, float(centres[label][0]), float(centres[label][1]), radius)
            found += [] if lamp is None else [lamp]
    if len(found) < LEAST_COUNT or len(found) < LEAST_SHARE * spots:
        return []
    if sum(lamp.tint > LEAST_TINT for lamp in found) < 0.5 * len(found):
        return []  # stars, grains, drops
    return sorted(found, key=lambda lamp: -lamp.radius)[:MOST]


def _glowing(rgb: U8, grey: U8, x: float, y: float, radius: float) -> _Lamp | None:
    """The lamp at a bright spot, if its light falls off into the dark ring by ring, as no white thing's does."""
    reach = int(np.ceil(5 * radius + 4))
    top, left = max(0, int(y) - reach), max(0, int(x) - reach)
    part = slice(top, int(y) + reach + 1), slice(left, int(x) + reach + 1)
    light = _LIGHT[grey[part]]
    rows, columns = np.ogrid[top : top + light.shape[0], left : left + light.shape[1]]
    away = np.hypot(columns - x, rows - y)
    inner, middle, outer = 1.5 * radius + 1, 2.5 * radius + 1.5, 4 * radius + 2.5
    rings = (away > inner) & (away <= middle), (away > middle) & (away <= outer), away > outer
    if not all(bool(ring.any()) for ring in rings):
        return None
    near, mid, far = (float(np.median(light[ring])) for ring in rings)
    burnt = int(rgb[part][away <= radius + 1].max()) >= BURNT
    if not burnt or not near > mid + 4 or mid < far + 0.5 or far > 45 or near > 80:
        return None
    lab = np.asarray(cv2.cvtColor(filters.to_f32(rgb[part]), cv2.COLOR_RGB2LAB), dtype=np.float32)
    halo = lab[(light > 35) & (light < 80) & (away <= outer)]
    tint = float(np.hypot(halo[:, 1], halo[:, 2]).mean()) if halo.size else 0.0
    return _Lamp(x, y, radius, tint)
