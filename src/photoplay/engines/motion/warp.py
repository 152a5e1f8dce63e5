"""Where each pixel of a frame comes from: backward maps, solved on a coarse grid and spread to pixels.

A map is worked out every ``step`` pixels and interpolated between, which is exact for moves without
perspective and within a few hundredths of a pixel otherwise. Depth inside a layer is solved by fixed-point
steps: start from the layer's mean, look up the depth at the place found, look again (``camera.py`` has the
formula; two or three steps settle because depth inside a layer is smooth).

The grid has one node beyond the frame on every side, so that enlarging it never clamps inside the frame.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

from photoplay.engines.motion.camera import View
from photoplay.engines.motion.types import F32

F64 = NDArray[np.float64]

Room = Callable[[int, int], F32]

SOLVE_STEPS = 3


def grid_step(width: int, height: int, *, fine: bool = True) -> int:
    """Frame pixels between nodes, a multiple of 4 so that chroma fits too: 8 to 16 with the size, coarser if not fine.

    Perspective and smooth depth need no more than 16; only fine meshes do.
    """
    side = min(width, height)
    if side >= 1440:
        return 16
    return 16 if side >= 720 and not fine else 8


@dataclass(frozen=True)
class Lattice:
    """The nodes of one frame size on one stage.

    ``output``: frame (width, height). ``frame``: the stage's frame rectangle in working pixels.
    """

    output: tuple[int, int]
    frame: tuple[float, float, float, float]
    step: int

    @cached_property
    def shape(self) -> tuple[int, int]:
        """(rows, columns) of nodes, the outer ones beyond the frame."""
        width, height = self.output
        return -(-height // self.step) + 2, -(-width // self.step) + 2

    @cached_property
    def points(self) -> tuple[F64, F64]:
        """(columns,) u and (rows,) v of the nodes, in frame widths from the frame's centre."""
        width, height = self.output
        u, v = (
            ((np.arange(nodes, dtype=np.float64) - 1.0) * self.step + (self.step - side) / 2) / width
            for nodes, side in zip(self.shape[::-1], (width, height), strict=True)
        )
        return u, v

    @property
    def centre(self) -> tuple[float, float]:
        """The frame's centre in working pixel indices (a pixel's index is its centre)."""
        x, y, width, height = self.frame
        return x + width / 2 - 0.5, y + height / 2 - 0.5


@dataclass(frozen=True, slots=True)
class Depth:
    """Nearness of a layer for solving: ``q`` (h, w) float32 over the working area, ``cell`` working pixels a sample.

    ``flat``: one nearness everywhere, so nothing needs solving.
    """

    q: F32
    cell: tuple[float, float]  # working pixels per sample in x and y
    mean: float
    flat: bool


@dataclass(frozen=True, slots=True)
class Rays:
    """Where the nodes of a lattice look, whatever the layer: ``base`` + nearness * ``slope``, in working pixels.

    Both are (2, rows, columns) float32, x and y. ``parallax``: whether the slope is anything but zero.
    """

    base: F32
    slope: F32
    parallax: bool

    @classmethod
    def cast(cls, lattice: Lattice, view: View) -> Rays:
        """The rays of a view."""
        u, v = lattice.points
        h, depth = np.empty((2, *lattice.shape), np.float32), np.empty(lattice.shape, np.float32)
        for (a, b, c), into in zip(view.ray.tolist(), (*h, depth), strict=True):
            # A sum of what changes along the columns of nodes and what changes along their rows.
            np.add((b * v + c).astype(np.float32)[:, None], (a * u).astype(np.float32), out=into)
        width = np.float32(lattice.frame[2])
        h *= width / depth
        # u = h + q * (f t_xy - t_z h), h and u in frame widths.
        tx, ty, tz = view.travel
        slope = h * np.float32(-tz)
        slope += np.array([view.focal * tx, view.focal * ty], np.float32).reshape(2, 1, 1) * width
        h += np.array(lattice.centre, np.float32).reshape(2, 1, 1)
        return cls(h, slope, view.parallax)

    def meet(self, depth: Depth) -> F32:
        """(2, rows, columns) float32: the working pixel (x, y) that each node shows of a layer of that depth."""
        base, slope = self.base, self.slope
        grid = np.empty_like(base)
        q: F32 | np.float32 = np.float32(depth.mean)
        if self.parallax and not depth.flat:
            # Sample (i) covers working pixels [i * cell, (i + 1) * cell): its centre is at (i + 0.5) * cell - 0.5.
            per_pixel = np.array([1.0 / cell for cell in depth.cell], np.float32).reshape(2, 1, 1)
            start = base * per_pixel
            start += np.float32(0.5) * per_pixel - np.float32(0.5)
            along = slope * per_pixel
            for _ in range(SOLVE_STEPS):
                np.multiply(along, q, out=grid)
                np.add(grid, start, out=grid)
                x, y = grid
                q = np.asarray(cv2.remap(depth.q, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), np.float32)
        np.multiply(slope, q, out=grid)
        grid += base
        return grid


def ways(grid: F32) -> tuple[F32, F32]:
    """(across, down): from each node's place in a grid (2, rows, columns) to the next node's in its row, (2, rows,
    columns - 1), and in its column, (2, rows - 1, columns)."""
    return grid[:, :, 1:] - grid[:, :, :-1], grid[:, 1:] - grid[:, :-1]


def corner(box: tuple[int, int, int, int]) -> F32:
    """(2, 1, 1) float32: the first pixel (x, y) of a box, to be taken from a grid."""
    return np.array(box[:2], np.float32).reshape(2, 1, 1)


def bend(grid: F32, affine: F64 | None, mesh: F32 | None, working: tuple[int, int]) -> F32:
    """A source grid (2, rows, columns) with a layer's own change on top (``LayerChange.affine`` then ``mesh``)."""
    if affine is not None:
        x, y = grid
        grid = np.stack([a * x + b * y + c for a, b, c in affine.astype(np.float32)])
    if mesh is not None:
        width, height = working
        rows, columns = mesh.shape[:2]
        at_x = grid[0] * np.float32((columns - 1) / (width - 1))
        at_y = grid[1] * np.float32((rows - 1) / (height - 1))
        moved = cv2.remap(np.ascontiguousarray(mesh), at_x, at_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        grid = np.stack([plane + way for plane, way in zip(grid, cv2.split(moved), strict=True)])
    return grid


@dataclass(frozen=True, slots=True)
class Window:
    """A rectangle of the frame in pixels, all even: [x0, x1) x [y0, y1)."""

    x0: int
    y0: int
    x1: int
    y1: int


def spread(
    lattice: Lattice, grid: F32, window: Window, shrink: tuple[int, int], room: Room | None = None
) -> tuple[F32, F32]:
    """A grid's coordinates (x, y) at every pixel of a window, or at the middle of every ``shrink`` (columns, rows) of
    pixels, of which the window holds a whole number: (1, 1) for luma, (2, 2) for chroma.

    ``room(rows, columns)`` gives the two arrays to work in, as one (2, rows, columns); default: new ones.
    """
    step = lattice.step
    top, left = window.y0 // step, window.x0 // step
    bottom, right = -(-window.y1 // step) + 2, -(-window.x1 // step) + 2
    across, down = shrink
    fine_x, fine_y = step // across, step // down
    rows, columns = (bottom - top) * fine_y, (right - left) * fine_x
    full = np.empty((2, rows, columns), np.float32) if room is None else room(rows, columns)
    y0, x0 = window.y0 // down - (top - 1) * fine_y, window.x0 // across - (left - 1) * fine_x
    for plane, into in zip(grid[:, top:bottom, left:right], full, strict=True):
        cv2.resize(plane, (columns, rows), dst=into, interpolation=cv2.INTER_LINEAR)
    x, y = full[:, y0 : y0 + (window.y1 - window.y0) // down, x0 : x0 + (window.x1 - window.x0) // across]
    return x, y
