"""Where the photo shows water: open to the sky, or a lake before a far shore."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from photoplay.engines.motion import filters
from photoplay.engines.motion.looks import Looks, Mask, below, parts
from photoplay.engines.motion.types import F32

MIN_AREA = 0.03  # of the photo
SHORE_ROWS = 3  # rows at analysis size within which a shore's step begins and ends


def open_water(looks: Looks, sky: Mask, horizon: float) -> F32 | None:
    """Below the horizon, of the sky's or a bluish colour, rippled across rather than down, wide rather than tall."""
    if float(np.median(np.hypot(looks.a, looks.b))) < 1.5:
        return None  # nothing in a black-and-white picture tells water from land
    low = looks.y > horizon - 0.02
    sky_b = float(np.median(looks.b[sky]))
    bluish = (looks.b < -3) & (looks.hue > 165) & (looks.hue < 265)
    reflected = (np.abs(looks.b - sky_b) < 7) & (np.abs(looks.a - float(np.median(looks.a[sky]))) < 6)
    across = filters.blur(np.abs(looks.slope_y), 4.0) > 1.15 * filters.blur(np.abs(looks.slope_x), 4.0)
    calm = looks.texture < 0.10
    mask = low & looks.free & ~sky & calm & (bluish | (reflected & (looks.light > 30))) & across
    solid = parts(np.asarray(filters.blur(mask.astype(np.float32), 3.0) > 0.5, dtype=np.bool_), 0.015)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(solid.astype(np.uint8))
    keep = stats[:, cv2.CC_STAT_WIDTH] > 1.6 * stats[:, cv2.CC_STAT_HEIGHT]
    keep &= stats[:, cv2.CC_STAT_WIDTH] > 0.3 * solid.shape[1]
    # Open water reaches the horizon; a blurred road or a shadow lies alone.
    shore = below(sky, max(3, solid.shape[0] // 18))
    touching = np.unique(labels[np.asarray(shore & solid, dtype=np.bool_)])
    keep &= np.isin(np.arange(count), touching)
    keep[0] = False
    solid = np.asarray(keep[labels], dtype=np.bool_) if count > 1 else solid
    if float(solid.mean()) < MIN_AREA:
        return None
    # Water is about as blue as the sky right above it; a hazy plain is not quite.
    reach = max(3, sky.shape[0] // 12)
    low_sky = sky[:-reach] & ~sky[reach:]
    if bool(low_sky.any()):
        # Nor is it lighter: that is snow.
        low_light, wet_light = float(np.median(looks.light[:-reach][low_sky])), float(np.median(looks.light[solid]))
        if wet_light > max(85.0, low_light + 3.0):
            return None
        low_b = float(np.median(looks.b[:-reach][low_sky]))
        if low_b < -2 and float(np.median(looks.b[solid])) > low_b + 3.0:
            return None
    return filters.blur(
        _with_reflections(solid, (looks.y > horizon + 0.03) & across & ~sky, looks, horizon).astype(np.float32), 2.0
    )


def lake_of(looks: Looks) -> Mask | None:
    """Calm bluish water from a far, level, darker shore down to the lower edge: it need not touch the sky.

    A far shore is level whatever stands on it, and what lies before it is lighter across most of the picture. A blue
    wall or carpet has no ripple, a road no blue.
    """
    height = looks.light.shape[0]
    reach = 2 * SHORE_ROWS
    if height < 4 * reach:
        return None
    step = np.full(looks.light.shape, -100.0, np.float32)
    step[SHORE_ROWS:-SHORE_ROWS] = looks.light[reach:] - looks.light[:-reach]
    share = (np.where(looks.free, step, -100.0) > 12.0).mean(axis=1)
    share[: height // 2] = 0.0
    share[round(0.97 * height) :] = 0.0
    shore = int(np.argmax(share))
    if float(share[shore]) < 0.6:
        return None
    # Level: in most columns it grows lighter fastest within a row or two of the same one.
    window = slice(max(0, shore - reach), shore + reach + 1)
    at = np.argmax(looks.slope_y[window], axis=0)[step[window].max(axis=0) > 12.0]
    if float((np.abs(at - np.median(at)) <= 1.5).mean()) < 0.8:
        return None
    shore = max(0, shore - reach) + int(np.median(at))
    low = np.broadcast_to((np.arange(height) > shore)[:, None], looks.free.shape)
    bluish = (looks.b < -6) & (looks.hue > 175) & (looks.hue < 260) & (looks.light > 25)
    across = filters.blur(np.abs(looks.slope_y), 4.0) > 1.15 * filters.blur(np.abs(looks.slope_x), 4.0)
    wet = low & looks.free & bluish & (looks.texture < 0.08)
    if float(wet[low].mean()) < 0.8 or float(across[low].mean()) < 0.7:
        return None
    if float(wet.mean()) < MIN_AREA:
        return None
    return np.asarray(low & looks.free & (looks.texture < 0.12), dtype=np.bool_)


def under(sky: Mask, lake: Mask, looks: Looks) -> F32 | None:
    """A lake's weight if the sky explains it: water is darker and bluer than what it mirrors; snow is not darker."""
    if float(np.median(looks.light[lake])) > float(np.median(looks.light[sky])) - 3.0:
        return None
    if float(np.median(looks.b[lake])) > float(np.median(looks.b[sky])) - 1.5:
        return None
    return filters.blur(lake.astype(np.float32), 1.5)


def filled_down(mask: Mask) -> Mask:
    """``mask`` and all that lies under it."""
    return np.asarray(np.logical_or.accumulate(mask, axis=0), dtype=np.bool_)


def _with_reflections(water: Mask, open_to: Mask, looks: Looks, horizon: float) -> Mask:
    """``water`` with what lies beside it and shows the sky above it upside down: the red of a low sun, a cloud."""
    height = water.shape[0]
    soft_a, soft_b = filters.blur(looks.a, 3.0), filters.blur(looks.b, 3.0)
    alike = np.zeros_like(water)
    for stretch in (1.0, 0.5):  # as in a mirror, and drawn out by waves to twice the length
        above = horizon * height - stretch * (np.arange(height) - horizon * height)
        rows = np.clip(np.rint(above).astype(np.intp), 0, height - 1)
        near = np.hypot(soft_a - soft_a[rows], soft_b - soft_b[rows]) < 16
        alike |= near & _colourful(soft_a, soft_b, rows)
    alike &= np.arange(height)[:, None] > horizon * height
    both = water | (open_to & looks.free & alike & (looks.texture < 0.18))
    solid = np.asarray(filters.blur(both.astype(np.float32), 2.0) > 0.5, dtype=np.bool_) | water
    _, labels = cv2.connectedComponents(solid.astype(np.uint8), connectivity=4)
    return np.asarray(np.isin(labels, np.unique(labels[water])), dtype=np.bool_)


def _colourful(a: F32, b: F32, rows: NDArray[np.intp]) -> Mask:
    """Where both a place and its mirror image have a colour of their own: grey is like grey everywhere."""
    chroma = np.hypot(a, b)
    return np.asarray((chroma > 8) & (chroma[rows] > 8), dtype=np.bool_)
