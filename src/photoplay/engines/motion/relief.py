"""The relief inside a layer, made such that moving it bends and stretches nothing the eye would notice.

A layer is moved as one sheet of rubber. Three things keep that from being seen. Where depth falls off within a layer
it falls no faster than a slope, and the far side takes the stretch: an outline belongs to what is in front. A straight
line stays straight under a travelling camera where inverse depth is linear along it, as it is on any plane: so the
more lines a layer has, the nearer its relief is brought to a plane, and what is left is made linear along each line.
Lines come from the line segment detector (von Gioi et al. 2010).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from photoplay.engines.motion import filters
from photoplay.engines.motion.types import F32, U8

SIDE, LINE_SIDE = 320, 512  # pixels of the long side at which relief is worked out, and lines are found
STEEPEST, LEAN = (
    2.2,
    0.7,
)  # inverse depth over the photo's long side: how fast depth may fall; how much a plane may slope
FRONT_REACH = 2.0  # pixels at SIDE by which the depth of what is in front reaches past its outline
LEAST_LINE = 0.045  # of the long side: shorter lines bend too little to be seen
UPRIGHT = 0.25  # run over rise up to which a line stands upright
BESIDE, ABOVE = 0.02, 0.06  # of the long side: upright lines so near to each other are of one thing
LEANING, STANDS = 0.04, 5.0  # inverse depth between an upright's ends that makes it lean; how much uprights count
FAR = 0.3  # inverse depth up to which what stands under the sky is about as far as the sky
BELOW = 0.02  # inverse depth from the lowest end of the lines that are found to the towers' feet
TOWERS = 0.08  # long sides of upright line under the sky that make a skyline
BENT = 0.012  # deviation of inverse depth along a line from which it would be seen to bend
LINED = 1.2  # long sides of bent line on a layer, from which it is as plane as it gets
PLANEST = 0.9  # share of the relief that such a layer loses
INFLUENCE = 5.6  # pixels at SIDE around a line that follow it
ROUNDS = 2

Lines = NDArray[np.float32]
Group = tuple[NDArray[np.intp], bool]
"""(n, 2) pixels, column and row, of lines that belong together, and whether they stand upright."""


def find_lines(rgb: U8 | filters.Sizes, long_side: int = LINE_SIDE) -> Lines:
    """The photo's straight lines: (n, 4) float32 x0, y0, x1, y1 in fractions of its sides, long enough to matter."""
    grey = np.asarray(cv2.cvtColor(filters.Sizes.of(rgb).at(long_side), cv2.COLOR_RGB2GRAY), dtype=np.uint8)
    size = (grey.shape[1], grey.shape[0])
    # OpenCV gives None where it finds nothing, which its stubs do not say.
    found: Any = cv2.createLineSegmentDetector().detect(grey)[0]
    if found is None:
        return np.zeros((0, 4), np.float32)
    lines = np.asarray(found, dtype=np.float32).reshape(-1, 4)
    length = np.hypot(lines[:, 2] - lines[:, 0], lines[:, 3] - lines[:, 1])
    lines = lines[length >= LEAST_LINE * max(size)]
    return np.asarray(lines / np.array([*size, *size], np.float32), dtype=np.float32)


def with_sky(inverse: F32, layers: Sequence[U8], sky: U8, lines: Lines) -> F32:
    """Inverse depth with the sky, and all that is farther than the feet of far towers under it, brought to those feet,
    if both are on one layer.

    A sky at infinity is right where it is cut loose, and over a plain. On one sheet with a far skyline it makes
    towers lean, for their heads are in the sky and their feet are not; and so does a city that comes nearer downwards.

    Args:
        inverse: (h, w) float32.
        layers: opacities, far to near, the first all 255.
        sky: (h, w) uint8 weight.
        lines: see :func:`find_lines`.
    """
    height, width = inverse.shape
    size = filters.fit_size((width, height), SIDE)
    small_sky = filters.resize_u8(sky, size, cv2.INTER_AREA)
    if float((small_sky > 127).mean()) < 0.02:
        return inverse
    above = np.asarray(cv2.dilate((small_sky > 127).astype(np.uint8), np.ones((9, 5), np.uint8)), dtype=np.bool_)
    under = above & (small_sky < 64)
    joined = under.copy()
    for alpha in layers[1:]:
        joined &= filters.resize_u8(alpha, size) < 128
    if not bool(under.any()) or float(joined.sum()) < 0.5 * float(under.sum()):
        return inverse
    close = np.asarray(cv2.dilate(joined.astype(np.uint8), np.ones((9, 5), np.uint8)), dtype=np.float32)
    tops, towers = 0, [np.zeros((0, 2), np.intp)]
    for line in lines:
        run, rise = np.abs(line[2:] - line[:2]) * np.array(size, np.float32)
        if run <= UPRIGHT * rise:
            drawn = _points(line, size)
            tops += len(_on(close, drawn))
            towers.append(drawn)
    upright = np.concatenate(towers)
    if tops < TOWERS * max(size):
        return inverse
    small = filters.resize_f32(inverse, size, cv2.INTER_AREA)
    if float(np.percentile(small[joined], 75)) > FAR:
        return inverse
    feet = float(small[upright[:, 1], upright[:, 0]].max()) + BELOW
    return np.asarray(np.maximum(inverse, np.float32(min(feet, FAR))), dtype=np.float32)


def gentle(inverse: F32, layers: Sequence[U8], lines: Lines) -> F32:
    """Inverse depth with a gentle relief inside each layer.

    Args:
        inverse: (h, w) float32.
        layers: opacities, far to near, the first all 255.
        lines: see :func:`find_lines`.
    """
    height, width = inverse.shape
    size = filters.fit_size((width, height), SIDE)
    small = filters.resize_f32(inverse, size, cv2.INTER_AREA)
    out = inverse.copy()
    hidden = np.zeros((height, width), dtype=np.bool_)
    drawn = [_points(line, size) for line in lines]
    for alpha in reversed(layers):
        own = np.asarray((alpha > 127) & ~hidden, dtype=np.bool_)
        hidden |= own
        share = filters.resize_f32(own.astype(np.float32), size, cv2.INTER_AREA)
        certain = filters.smoothstep(share, 0.75, 0.99)
        if float(certain.max()) < 0.5:
            continue
        field = filters.push_pull(small[..., None], certain)[..., 0]
        found = _groups([_on(share, points) for points in drawn], max(size))
        field = _sloped(field)
        lined = min(1.0, _bent(field, found) / (LINED * max(size)))
        field = straightened(_planed(field, certain, PLANEST * lined), found)
        full = filters.resize_f32(field, (width, height), cv2.INTER_LINEAR)
        out[own] = np.clip(full[own], 0.0, 1.0)
    return out


def _sloped(field: F32) -> F32:
    """The least field above ``field`` that falls no faster than :data:`STEEPEST`."""
    size = filters.fit_size((field.shape[1], field.shape[0]), SIDE // 2)
    low = filters.resize_f32(field, size, cv2.INTER_AREA)
    low = np.asarray(cv2.dilate(low, filters.disc(FRONT_REACH * max(size) / SIDE)), dtype=np.float32)
    step = STEEPEST / max(size)
    corner = np.ones((3, 3), np.uint8)
    cross = np.asarray(cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3)), dtype=np.uint8)
    # A cone of the slope, an octagon from crosses and squares in turn: depth falls by 0.7 of a step more on squares.
    for number in range(round(1.0 / step)):
        odd = number % 2 == 1
        grown = np.asarray(cv2.dilate(low, corner if odd else cross), dtype=np.float32) - np.float32(step)
        higher = np.maximum(low, grown)
        if not odd and float((higher - low).max()) < 1e-4:
            break
        low = higher
    # Detail finer than this is not relief but the depth estimate's own edges and noise.
    return filters.resize_f32(filters.blur(low, 0.8), (field.shape[1], field.shape[0]), cv2.INTER_LINEAR)


def _planed(field: F32, certain: F32, share: float) -> F32:
    """``field`` brought nearer, by ``share``, to the plane that fits it best where it is ``certain``."""
    if share <= 0.0:
        return field
    height, width = field.shape
    step = max(1, max(width, height) // 96)
    y, x = np.mgrid[0:height:step, 0:width:step].astype(np.float64)
    weight = certain[::step, ::step].astype(np.float64).ravel()
    terms = np.stack([np.ones(x.size), x.ravel(), y.ravel()], axis=1)
    fitted = np.linalg.lstsq(
        terms * weight[:, None], field[::step, ::step].astype(np.float64).ravel() * weight, rcond=None
    )[0]
    # A steep plane would make what stands upright lean: it is laid flatter about its middle.
    steepness = float(np.hypot(fitted[1], fitted[2])) * max(width, height)
    flat = min(1.0, LEAN / max(steepness, 1e-6))
    middle = (terms * weight[:, None]).sum(axis=0) / max(float(weight.sum()), 1e-6)
    level = float(middle @ fitted)
    across = (np.arange(width, dtype=np.float32) - np.float32(middle[1]))[None, :]
    down = (np.arange(height, dtype=np.float32) - np.float32(middle[2]))[:, None]
    plane = np.float32(level) + np.float32(flat * fitted[1]) * across + np.float32(flat * fitted[2]) * down
    return np.asarray(field + np.float32(share) * (plane - field), dtype=np.float32)


def _deviation(field: F32, points: NDArray[np.intp], upright: bool) -> F32:
    """(n,) float32: inverse depth along line pixels, without what is linear in it."""
    depth = field[points[:, 1], points[:, 0]]
    along = (points[:, 1] if upright else np.arange(len(points))).astype(np.float32)
    along -= along.mean()
    slope = float((along * (depth - depth.mean())).sum() / max(float((along * along).sum()), 1e-6))
    return np.asarray(depth - depth.mean() - np.float32(slope) * along, dtype=np.float32)


def _bent(field: F32, groups: list[Group]) -> float:
    """Pixels of line that ``field`` would bend, and of uprights that it would make lean, which count more."""
    total = 0.0
    for points, upright in groups:
        depth = field[points[:, 1], points[:, 0]]
        leans = upright and float(np.ptp(depth)) > LEANING
        if leans or float(_deviation(field, points, upright).std()) > BENT:
            total += len(points) * (STANDS if upright else 1.0)
    return total


def straightened(field: F32, groups: list[Group]) -> F32:
    """``field``, (h, w) float32 inverse depth of a layer, made linear along each group of line pixels."""
    out = field
    for _ in range(ROUNDS if groups else 0):
        value, weight = np.zeros_like(field), np.zeros_like(field)
        for points, upright in groups:
            rows, columns = points[:, 1], points[:, 0]
            np.add.at(value, (rows, columns), -_deviation(out, points, upright))
            np.add.at(weight, (rows, columns), np.float32(1.0))
        spread = filters.blur(weight, INFLUENCE)
        # On a line the whole correction, none a few pixels away; lines that cross share.
        mixed = filters.blur(value, INFLUENCE) / np.maximum(spread, np.float32(1e-4))
        out = np.asarray(out + mixed * filters.smoothstep(spread, 0.003, 0.02), dtype=np.float32)
    return out


def _points(line: NDArray[np.float32], size: tuple[int, int]) -> NDArray[np.intp]:
    """(n, 2) pixels, column and row, of a line."""
    width, height = size
    x0, y0, x1, y1 = line * np.array([width, height, width, height], np.float32) - 0.5
    count = max(2, round(float(np.hypot(x1 - x0, y1 - y0))))
    along = np.linspace(0.0, 1.0, count)
    columns = np.clip(np.rint(x0 + (x1 - x0) * along).astype(np.intp), 0, width - 1)
    rows = np.clip(np.rint(y0 + (y1 - y0) * along).astype(np.intp), 0, height - 1)
    return np.stack([columns, rows], axis=1)


def _on(share: F32, points: NDArray[np.intp]) -> NDArray[np.intp]:
    """Those of a line's pixels that lie on the layer that has this ``share`` of each pixel."""
    return points[share[points[:, 1], points[:, 0]] > 0.6]


def _groups(found: list[NDArray[np.intp]], unit: int) -> list[Group]:
    """The lines' pixels, those of upright lines that stand together joined."""
    groups: list[Group] = []
    upright: list[NDArray[np.intp]] = []
    for points in found:
        if len(points) < 0.8 * LEAST_LINE * unit:
            continue
        run, rise = np.abs(points[-1] - points[0])
        if run <= UPRIGHT * rise:
            upright.append(points)
        else:
            groups.append((points, False))
    boxes = np.array([[*one.min(axis=0), *one.max(axis=0)] for one in upright]).reshape(-1, 4)
    left = list(range(len(upright)))
    while left:
        joined = [left.pop()]
        for at in joined:  # grows while it is walked
            near = [one for one in left if _together(boxes[one].tolist(), boxes[at].tolist(), unit)]
            joined.extend(near)
            left = [one for one in left if one not in near]
        groups.append((np.concatenate([upright[one] for one in joined]), True))
    return groups


def _together(one: list[int], other: list[int], unit: int) -> bool:
    """Whether two upright lines, as boxes (x0, y0, x1, y1), are of one thing: beside each other, at near heights."""
    gap_x = max(one[0] - other[2], other[0] - one[2])
    gap_y = max(one[1] - other[3], other[1] - one[3])
    return gap_y <= ABOVE * unit and gap_x <= BESIDE * unit
