"""Where a layer shows in a frame and where it is surely opaque, so that no more is painted than has to be.

A frame is cut into bands of rows. In each band a layer has a **span**, the columns where it shows at all, and a
**core**, a run of columns where it is surely opaque.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from photoplay.engines.motion.sheet import COARSE, Sheet
from photoplay.engines.motion.types import F32
from photoplay.engines.motion.warp import Lattice, corner

Run = tuple[int, int]  # columns [x0, x1), or rows

BAND_ROWS = 270  # about; measured: lower bands hide more, higher ones cost fewer calls
SAMPLED = 3.5  # working pixels around a position that its sample may take from: chroma is half as fine, quads are cubic
_AROUND = np.ones((3, 3), np.uint8)
_FARTHEST = 0.75  # of the way to a node's farthest neighbour: where its own farthest pixel looks
_UNEVEN = 1.6  # times the mean spacing that the widest may be before the reach of each node is worked out
_CORE_LEAST = 0.04  # of the frame's width: a shorter core is not worth its own calls


@dataclass(frozen=True, slots=True)
class Extents:
    """Where one layer shows in one frame.

    ``rows``: [y0, y1) in frame pixels, outside which it does not. ``spans`` and ``cores``: per band, columns [x0, x1)
    in frame pixels, even, or None.
    """

    rows: Run
    spans: tuple[Run | None, ...]
    cores: tuple[Run | None, ...]


@lru_cache(maxsize=16)
def bands(lattice: Lattice) -> tuple[Run, ...]:
    """The frame's bands of rows [y0, y1): whole lattice steps."""
    height = lattice.output[1]
    count = max(1, round(height / BAND_ROWS))
    rows = -(-height // (count * lattice.step)) * lattice.step
    return tuple((y, min(y + rows, height)) for y in range(0, height, rows))


def everywhere(lattice: Lattice) -> Extents:
    """Of a layer without alpha: it shows everywhere, and needs no cores to be told apart."""
    width, height = lattice.output
    count = len(bands(lattice))
    return Extents((0, height), ((0, width),) * count, (None,) * count)


def extents(lattice: Lattice, grid: F32, way: tuple[F32, F32], sheet: Sheet, blur_reach: float) -> Extents:
    """Of a layer with alpha. Conservative: a span is never too short, a core never too long.

    ``grid``: (2, rows, columns), the working pixel (x, y) that each node of the lattice looks at; ``way``: its
    :func:`~photoplay.engines.motion.warp.ways`. ``blur_reach``: working pixels that a blur carries the layer farther.
    """
    step, (width, height) = lattice.step, lattice.output
    spans: list[Run | None] = [None] * len(bands(lattice))
    cores = spans.copy()
    farthest = _farthest(way)
    near = _near(grid, sheet.box, farthest + blur_reach)
    if near is None:
        return Extents((0, 0), tuple(spans), tuple(cores))
    part = grid[:, near[0], near[1]]
    reach = farthest if farthest <= _UNEVEN * _FARTHEST * _spacing(grid) else _reach(part)
    is_there, is_solid = _looked_up(part, reach, sheet, blur_reach)
    top, left = near[0].start, near[1].start
    seen = np.flatnonzero(is_there.any(axis=1)) + top
    if seen.size == 0:
        return Extents((0, 0), tuple(spans), tuple(cores))
    for number, (y0, y1) in enumerate(bands(lattice)):
        # Node i stands in the middle of pixels [(i - 1) * step, i * step).
        begin, end = y0 // step + 1 - top, -(-y1 // step) + 1 - top
        if end <= 0 or begin >= len(is_there):
            continue
        there = np.flatnonzero(is_there[max(0, begin) : end].any(axis=0)) + left
        if there.size == 0:
            continue
        run = max(0, (int(there[0]) - 1) * step), min(width, int(there[-1]) * step)
        spans[number] = run if run[1] > run[0] else None
        if begin >= 0 and end <= len(is_solid):
            cores[number] = _longest(np.all(is_solid[begin:end], axis=0), left, step, width)
    rows = max(0, (int(seen[0]) - 1) * step), min(height, int(seen[-1]) * step)
    return Extents(rows, tuple(spans), tuple(cores))


def _farthest(way: tuple[F32, F32]) -> float:
    """Working pixels that the pixels nearest to any node look from where it looks, at most (see :func:`_reach`)."""
    return _FARTHEST * max(sum(cv2.norm(one[axis], cv2.NORM_INF) for one in way) for axis in (0, 1))


def _spacing(grid: F32) -> float:
    """Working pixels from node to node, the mean of both directions over the middle of a grid."""
    rows, columns = grid.shape[1:]
    width, height = grid[:, rows // 2, -1] - grid[:, rows // 2, 0], grid[:, -1, columns // 2] - grid[:, 0, columns // 2]
    return 0.5 * float(np.linalg.norm(width) / (columns - 1) + np.linalg.norm(height) / (rows - 1))


def _near(grid: F32, box: tuple[int, int, int, int], reach: float) -> tuple[slice, slice] | None:
    """Rows and columns of the nodes whose pixels may show anything of a sheet's ``box``, and their neighbours."""
    x, y = grid
    # Two samples more, by which the maps of a sheet are coarser than its box.
    away = reach + SAMPLED + 2 * COARSE
    inside = (x > box[0] - away) & (x < box[2] + away) & (y > box[1] - away) & (y < box[3] + away)
    rows, columns = np.flatnonzero(inside.any(axis=1)), np.flatnonzero(inside.any(axis=0))
    if rows.size == 0:
        return None
    return slice(max(0, int(rows[0]) - 1), int(rows[-1]) + 2), slice(max(0, int(columns[0]) - 1), int(columns[-1]) + 2)


def _looked_up(
    grid: F32, reach: F32 | float, sheet: Sheet, blur_reach: float
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Per node: (whether its pixels may show anything of a sheet, whether all they show is opaque)."""
    to_sample = np.float32(1.0 / COARSE)
    x, y = grid * to_sample - (corner(sheet.box) * to_sample + np.float32(0.5))
    # Past the box it is as at its rim: nothing opaque, and content no nearer.
    found = cv2.remap(sheet.clearance, x, y, cv2.INTER_NEAREST, borderMode=cv2.BORDER_REPLICATE)
    sampled = reach + np.float32(SAMPLED)
    # Blurred copies are made for a few discs only: the next larger one may be half as wide again.
    return found[..., 1] <= sampled + np.float32(blur_reach), found[..., 0] >= sampled + np.float32(1.5 * blur_reach)


def _reach(grid: F32) -> F32:
    """(rows, columns) float32: how far from where a node looks the pixels nearest to it look, in working pixels.

    Positions between nodes are bilinear, so the farthest of a node's own are the middles of the cells around it: a
    quarter of the way to each of three neighbours, together three quarters of the way to the farthest at most.
    """
    far = np.zeros(grid.shape[1:], np.float32)
    for axis in grid:
        at = np.ascontiguousarray(axis)
        low = cv2.erode(at, _AROUND, borderType=cv2.BORDER_REPLICATE)
        high = cv2.dilate(at, _AROUND, borderType=cv2.BORDER_REPLICATE)
        np.maximum(far, np.maximum(high - at, at - low), out=far)
    far *= np.float32(_FARTHEST)
    return far


def _longest(solid: NDArray[np.bool_], left: int, step: int, width: int) -> Run | None:
    """The longest run of solid nodes, the first of which is number ``left`` of its row, as pixel columns."""
    if not solid.any():
        return None
    edges = np.flatnonzero(np.diff(np.concatenate(([0], solid.view(np.int8), [0])))) + left
    starts, ends = edges[::2], edges[1::2]
    best = int(np.argmax(ends - starts))
    x0, x1 = max(0, (int(starts[best]) - 1) * step), min(width, (int(ends[best]) - 1) * step)
    return (x0, x1) if x1 - x0 >= _CORE_LEAST * width else None


def without(run: Run | None, hole: Run | None) -> tuple[Run, ...]:
    """``run`` less ``hole``: none, one or two runs."""
    if run is None:
        return ()
    if hole is None or hole[1] <= run[0] or hole[0] >= run[1]:
        return (run,)
    return tuple(part for part in ((run[0], max(run[0], hole[0])), (min(run[1], hole[1]), run[1])) if part[1] > part[0])


def common(run: Run | None, other: Run | None) -> Run | None:
    """Where both are."""
    if run is None or other is None:
        return None
    left, right = max(run[0], other[0]), min(run[1], other[1])
    return (left, right) if right > left else None
