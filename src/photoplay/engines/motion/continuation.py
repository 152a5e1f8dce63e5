"""The first stretch of a hole, carried on from its rim along the picture's own lines.

A reveal shows a few per cent of the frame beside a subject, seldom more. An example-based fill (:mod:`plate`) is right
in tone there but soft, and its seam follows the subject's outline, which the eye finds at once. What lies on the other
side of the rim, mirrored, is sharp and meets the rim without a seam; and as in :mod:`margin` the mirror is sheared
along the lines that meet the rim, so that they run on instead of turning back. Deeper in, the fill takes over.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from photoplay.engines.motion import filters
from photoplay.engines.motion.margin import LINES_SIDE
from photoplay.engines.motion.types import F32, U8

NEAR, FAR = 0.035, 0.085  # of the long side: depths in the hole where it begins to give way, and has given way
SMOOTH = 3.2  # pixels at LINES_SIDE along which the way from the rim turns
LEVEL = 1.8  # how much nearer a rim beside a place is taken for than one above or below: most moves go sideways
SKIP = 1.3  # pixels at LINES_SIDE beside the rim that are not mirrored: the nearer layer's blur tints them
STEEPEST = 1.2  # of a line against the rim's normal; steeper ones are mirrored plainly
AROUND = 16  # pixels at LINES_SIDE around a hole: all that its blurs reach
TORN = 1.2  # change of where a place comes from, per pixel, from which two sides of a hole meet

Bool = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Continuation:
    """A picture's continuation into a hole: ``rows`` and ``columns``: the part of the picture that it is of;
    ``colours`` (h, w, 3) uint8; ``share`` (h, w) float32 0..1: how much of it is taken."""

    rows: slice
    columns: slice
    colours: U8
    share: F32

    def lay_over(self, filled: U8, known: U8) -> None:
        """Lays it over a fill, (H, W, 3) uint8, in place, where the picture is not ``known``, (H, W) uint8."""
        target = filled[self.rows, self.columns]
        mixed = cv2.blendLinear(self.colours, target, self.share, np.float32(1.0) - self.share)
        hidden = cv2.threshold(known[self.rows, self.columns], 254, 255, cv2.THRESH_BINARY_INV)[1]
        cv2.copyTo(mixed, hidden, target)


def carried_on(picture: U8, known: U8, small: U8 | None = None) -> Continuation | None:
    """The picture's continuation along the rim of what is known of it; None where there is no rim.

    Args:
        picture: (H, W, 3) uint8.
        known: (H, W) uint8, 255 where the picture shows this layer.
        small: the picture with a long side of :data:`LINES_SIDE` at most, where that is at hand.
    """
    height, width = known.shape
    size = filters.fit_size((width, height), LINES_SIDE)
    seen = np.asarray(filters.resize_u8(known, size, cv2.INTER_AREA) == 255, dtype=np.bool_)
    around = filters.bounds(~seen, AROUND)
    if around is None or not bool(seen.any()):
        return None
    small = filters.resize_u8(picture, size) if small is None else small
    shift_x, shift_y, weight = _sources(small, seen, around)
    rows, columns = np.flatnonzero((weight > 0).any(axis=1)), np.flatnonzero((weight > 0).any(axis=0))
    if rows.size == 0:
        return None
    first_y, first_x = around[0].start, around[1].start
    rows, columns = rows + first_y, columns + first_x
    # Only the hole's surroundings are warped at full size.
    ratio_x, ratio_y = width / size[0], height / size[1]
    top, bottom = int(rows[0] * ratio_y), min(height, int(np.ceil((rows[-1] + 1) * ratio_y)))
    left, right = int(columns[0] * ratio_x), min(width, int(np.ceil((columns[-1] + 1) * ratio_x)))
    start_x, start_y = (left + 0.5) / ratio_x - 0.5 - first_x, (top + 0.5) / ratio_y - 0.5 - first_y
    part = np.array([[1 / ratio_x, 0.0, start_x], [0.0, 1 / ratio_y, start_y]], np.float64)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP

    def enlarged(field: F32) -> F32:
        found = cv2.warpAffine(field, part, (right - left, bottom - top), flags=flags, borderMode=cv2.BORDER_REPLICATE)
        return np.asarray(found, dtype=np.float32)

    map_x = np.arange(left, right, dtype=np.float32)[None, :] + enlarged(shift_x) * np.float32(ratio_x)
    map_y = np.arange(top, bottom, dtype=np.float32)[:, None] + enlarged(shift_y) * np.float32(ratio_y)
    moved = np.asarray(
        cv2.remap(picture, map_x, map_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT), dtype=np.uint8
    )
    return Continuation(slice(top, bottom), slice(left, right), moved, enlarged(weight))


def _sources(picture: U8, seen: Bool, part: tuple[slice, slice]) -> tuple[F32, F32, F32]:
    """For each place of the hole, how far away (x, y) it comes from, and how much of it is taken.

    (h, w) float32 each, of the ``part`` (rows, columns) that holds the hole and what lies :data:`AROUND` it.
    """
    height, width = seen.shape
    solid = filters.to_f32(filters.erode(seen.astype(np.uint8) * np.uint8(255), 1.0))
    rim_x, rim_y = _rim(seen, part)
    index = rim_y.astype(np.intp) - part[0].start, rim_x.astype(np.intp) - part[1].start
    picture, seen = picture[part], np.ascontiguousarray(seen[part])
    own_y, own_x = np.indices(seen.shape, dtype=np.float32)
    own_y, own_x = own_y + np.float32(part[0].start), own_x + np.float32(part[1].start)
    depth = np.asarray(np.hypot(own_x - rim_x, own_y - rim_y), dtype=np.float32)
    hole: F32 = (~seen).astype(np.float32)
    # The way from the rim, smooth along it: otherwise every corner of the outline would fan the picture out.
    straight = np.dstack([own_x - rim_x, own_y - rim_y]) / np.maximum(depth, 1e-3)[..., None]
    way = filters.weighted_blur(np.asarray(straight, dtype=np.float32), hole, SMOOTH)
    length = np.maximum(np.hypot(way[..., 0], way[..., 1]), np.float32(1e-3))
    normal_x, normal_y = way[..., 0] / length, way[..., 1] / length
    line_x, line_y, trust = _lines(picture, seen)
    line_x, line_y, trust = line_x[index], line_y[index], trust[index]
    along = line_x * normal_x + line_y * normal_y
    side = line_x * -normal_y + line_y * normal_x
    slope = side / np.where(np.abs(along) < 1e-3, 1e-3, along)
    gentle = 1.0 - filters.smoothstep(np.abs(slope).astype(np.float32), 0.7 * STEEPEST, STEEPEST)
    slant = filters.weighted_blur(np.asarray(slope * trust * gentle, dtype=np.float32), hole, 2.0)
    reach = 2.0 * depth + SKIP
    shift = np.dstack([-reach * (normal_x - slant * normal_y), -reach * (normal_y + slant * normal_x)])
    smooth = filters.weighted_blur(shift.astype(np.float32), hole, 1.0)
    changes = np.maximum(*(np.abs(cv2.Scharr(smooth, cv2.CV_32F, dx, 1 - dx)) for dx in (0, 1)))
    torn = np.asarray(np.maximum(changes[..., 0], changes[..., 1]) / 32.0, dtype=np.float32)
    from_x, from_y = own_x + smooth[..., 0], own_y + smooth[..., 1]
    inside = (from_x >= 0) & (from_y >= 0) & (from_x <= width - 1) & (from_y <= height - 1)
    shown = cv2.remap(solid, from_x.astype(np.float32), from_y.astype(np.float32), cv2.INTER_LINEAR)
    unit = max(height, width)
    weight: F32 = 1.0 - filters.smoothstep(depth, NEAR * unit, FAR * unit)
    weight = weight * filters.smoothstep(np.asarray(shown, np.float32), 0.6, 1.0) * inside * hole
    weight *= 1.0 - filters.smoothstep(torn, 2.0 + TORN, 2.0 + 2.0 * TORN)
    weight = filters.weighted_blur(np.asarray(weight, dtype=np.float32), hole, 1.2) * hole
    return (
        np.asarray(from_x - own_x, dtype=np.float32),
        np.asarray(from_y - own_y, dtype=np.float32),
        np.asarray(np.minimum(weight, 1.0), dtype=np.float32),
    )


def _rim(seen: Bool, part: tuple[slice, slice]) -> tuple[F32, F32]:
    """For each place of a ``part`` (rows, columns), the nearest one in it that is seen: x and y in the whole, (h, w)
    float32; its own where it is seen itself."""
    height = seen.shape[0]
    tall = round(height * LEVEL)
    rows = np.minimum((np.arange(tall) / LEVEL).astype(np.intp), height - 1)
    first, last = np.searchsorted(rows, (part[0].start, part[0].stop))
    rows = rows[first:last]
    stretched = seen[rows, part[1]]
    width = stretched.shape[1]
    _, labels = cv2.distanceTransformWithLabels(
        (~stretched).astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    at = np.flatnonzero(stretched)
    table = np.zeros(int(labels.max()) + 1, np.intp)
    table[labels.ravel().take(at)] = at
    back = np.minimum(np.round((np.arange(height) + 0.5) * LEVEL).astype(np.intp), tall - 1)[part[0]] - first
    found = table.take(labels.take(np.clip(back, 0, len(rows) - 1), axis=0))
    rim_x = (found % width + part[1].start).astype(np.float32)
    return np.asarray(rim_x), np.asarray(rows.take(found // width), dtype=np.float32)


def _lines(picture: U8, seen: Bool) -> tuple[F32, F32, F32]:
    """The direction (x, y) of the lines near each place, from what is seen alone, and how far to trust it."""
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).astype(np.float32)
    gx, gy = (np.asarray(cv2.Sobel(grey, cv2.CV_32F, dx, 1 - dx), dtype=np.float32) for dx in (1, 0))
    sure = filters.to_f32(filters.erode(seen.astype(np.uint8) * np.uint8(255), 2.0))
    xx, yy, xy = (filters.weighted_blur(product, sure, 2.5, floor=1e-3) for product in (gx * gx, gy * gy, gx * gy))
    energy = xx + yy
    coherence = np.sqrt((xx - yy) ** 2 + 4 * xy * xy) / (energy + 25.0)
    across = 0.5 * np.arctan2(2 * xy, xx - yy)
    trust = filters.smoothstep(np.asarray(coherence, dtype=np.float32), 0.3, 0.7)
    return (
        np.asarray(-np.sin(across), dtype=np.float32),
        np.asarray(np.cos(across), dtype=np.float32),
        np.asarray(trust * energy / (energy + 60.0), dtype=np.float32),
    )
