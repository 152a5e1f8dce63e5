"""What hangs on an outline before a smooth ground: loose hair, whiskers, twigs, spires, and the outline's own glow.

Networks and colour models lose what is a pixel or two wide. Where the ground beside an outline is smooth, its colour
can be carried in from a little farther out, and what differs from it there is no ground: a difference matte. Where the
ground has texture this says nothing and nothing is added. What runs on beyond the zone, such as a lamp post behind a
shoulder, is not of the outline and stays behind too.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from photoplay.engines.motion import filters
from photoplay.engines.motion.types import F32, U8

GROUND_SIDE = 320  # pixels of the long side at which the ground's colour is carried in: it is smooth
REACH = 0.035  # of the long side: how far from the outline something may hang on it
NOISE = 2.5  # local deviations of the ground within which a difference says nothing
LEAST = 5.0 / 255.0  # a difference that nobody sees
FULL = 0.11  # difference beyond the noise that is wholly opaque
SMOOTH, ROUGH = 0.016, 0.032  # deviation of the ground up to which it is smooth; from which nothing can be said
LOOSE = 0.012  # of the long side: how much of the zone's far rim a part may cross before it is no fringe


def with_fringe(rgb: U8, alpha: U8) -> U8:
    """``alpha`` with what hangs on its outline before a smooth ground.

    Args:
        rgb: (h, w, 3) uint8 at analysis size.
        alpha: (h, w) uint8.

    Returns:
        (h, w) uint8, nowhere less than ``alpha``.
    """
    height, width = alpha.shape
    unit = max(height, width)
    reach = max(3.0, REACH * unit)
    solid = np.asarray((alpha > 8).astype(np.uint8) * np.uint8(255), dtype=np.uint8)
    if not bool(solid.any()) or bool(solid.all()):
        return alpha
    distance = np.asarray(cv2.distanceTransform(np.asarray(255 - solid), cv2.DIST_L2, 3), dtype=np.float32)
    zone = (distance > 0) & (distance < reach)
    rows, columns = np.flatnonzero(zone.any(axis=1)), np.flatnonzero(zone.any(axis=0))
    if rows.size == 0:
        return alpha
    # Only the part of the photo around the zone is looked at.
    pad = round(2 * reach)
    window = (
        slice(max(0, int(rows[0]) - pad), int(rows[-1]) + pad + 1),
        slice(max(0, int(columns[0]) - pad), int(columns[-1]) + pad + 1),
    )
    extra = _differs(filters.to_f32(rgb[window]), distance[window], reach)
    found = _hanging(extra, alpha[window], distance[window], reach, LOOSE * unit)
    out = alpha.copy()
    out[window] = np.maximum(out[window], filters.to_u8(found))
    return out


def _differs(image: F32, distance: F32, reach: float) -> F32:
    """(h, w) float32 0..1: how surely a place of the zone is not the smooth ground beside it."""
    size = filters.fit_size((image.shape[1], image.shape[0]), GROUND_SIDE)
    small, away = filters.resize_f32(image, size), filters.resize_f32(distance, size)
    scale = size[0] / image.shape[1]
    free = np.asarray(away >= 0.8 * reach, dtype=np.float32)
    if float(free.sum()) < 16.0:
        return np.zeros(distance.shape, np.float32)
    sigma = max(2.0, 0.4 * reach * scale)
    mean = filters.weighted_blur(small, free, sigma)
    # How much the ground varies at the size of fine things.
    off = _largest(small - mean) ** 2
    rough = np.sqrt(np.maximum(filters.weighted_blur(off, free, sigma), 0.0))
    # Both are carried in from the nearest ground: what lies across the subject says nothing.
    nearest = _nearest(free)
    near_mean, noise = mean.reshape(-1, 3)[nearest], rough.reshape(-1)[nearest]
    # Once more with the parts of the zone that look like ground: a gradient is then followed up to the outline.
    like = _largest(small - near_mean) < LEAST + NOISE * noise
    weight = np.maximum(free, np.asarray((away > 1.5) & like, dtype=np.float32))
    shown = np.asarray(np.where(like[..., None], small, near_mean), dtype=np.float32)
    ground = filters.weighted_blur(shown, np.asarray(weight * 0.98 + 0.02, dtype=np.float32), 0.5 * sigma)
    full = (image.shape[1], image.shape[0])
    behind, noise = filters.resize_f32(ground, full, cv2.INTER_LINEAR), filters.resize_f32(noise, full)
    beyond = _largest(image - behind) - (LEAST + NOISE * noise)
    plain = 1.0 - filters.smoothstep(noise, SMOOTH, ROUGH)
    return np.asarray(filters.smoothstep(beyond, 0.0, FULL) * plain, dtype=np.float32)


def _largest(difference: F32) -> F32:
    """(h, w) float32: the largest absolute value of the three channels."""
    red, green, blue = cv2.split(np.abs(difference))
    return np.asarray(cv2.max(cv2.max(red, green), blue), dtype=np.float32)


def _nearest(free: F32) -> NDArray[np.int64]:
    """(h, w): for every place the flat index of the nearest one with a weight."""
    seen = free > 0
    _, labels = cv2.distanceTransformWithLabels(
        (~seen).astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    table = np.zeros(int(labels.max()) + 1, np.int64)
    table[labels[seen]] = np.flatnonzero(seen)
    return np.asarray(table[labels], dtype=np.int64)


def _hanging(extra: F32, alpha: U8, distance: F32, reach: float, loose: float) -> F32:
    """The part of ``extra`` that touches the outline and ends within the zone."""
    outside = (distance > 0) & (distance < reach)
    seen = np.asarray(((extra > 0.2) & outside) | (alpha > 8), dtype=np.uint8)
    seen = np.asarray(cv2.morphologyEx(seen, cv2.MORPH_CLOSE, filters.disc(1)), dtype=np.uint8)
    _, joined = cv2.connectedComponents(seen, connectivity=8)
    touching = np.zeros(int(joined.max()) + 1, dtype=np.bool_)
    touching[joined[alpha > 8]] = True
    touching[0] = False
    kept = outside & touching[joined]
    count, parts = cv2.connectedComponents(kept.astype(np.uint8), connectivity=8)
    crossing = np.bincount(parts[kept & (distance > reach - 2.0)], minlength=count)
    keep = crossing <= loose
    keep[0] = False
    fade = 1.0 - filters.smoothstep(distance, 0.8 * reach, reach)
    return np.asarray(extra * fade * keep[parts], dtype=np.float32)
