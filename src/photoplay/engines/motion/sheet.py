"""A layer made ready for being drawn many times: planes cropped to where it has content, depth, blurred copies."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, reduce

import cv2
import numpy as np

from photoplay.engines.motion import ahead
from photoplay.engines.motion import planes as yuv
from photoplay.engines.motion.camera import Rig
from photoplay.engines.motion.planes import u8
from photoplay.engines.motion.types import F32, U8, Layer
from photoplay.engines.motion.warp import Depth

RIM = 24  # empty pixels kept around a layer's content: sampling across the end of an array is several times slower
BEYOND = 0.06  # of the frame's longer side: how far a layer that touches the working area's edge is carried past it
FLAT_SHARE = 0.02  # a layer whose nearness varies by less than this is treated as flat
COARSE = 4  # working pixels per sample of the maps that say where a layer is solid, and where it is at all
_DEPTH_LONG_SIDE = 320  # samples of a layer's depth along its longer side: it is smooth, and looked up every frame
_BLUR_RATIO = 1.45  # between neighbouring blurred copies
_BLUR_FIRST = 1.5  # working pixels; the disc of the first copy
_BLUR_KEPT = 5
_QUADS_KEPT = 2  # frames drawn at the same time need neighbouring ones at most
_LARGE = 4_000_000  # pixels of a layer's box; a frame of 1080p is made from less
QUAD_STEP = 0.06  # working pixels between the spacings that quads are made for
_GRADED_LEAST = 0.75  # working pixels between the blur discs of a layer's two ends from which they differ to the eye


@dataclass(frozen=True, slots=True)
class Pixels:
    """What is sampled of a layer. Four channels are sampled in the time of two, so u, v and alpha lie side by side.

    ``y`` (h, w) uint8. ``chroma`` (h/2, w/2, 4) uint8: u, v, alpha, unused. ``alpha`` (h, w) uint8; None for an
    opaque layer. Colours are premultiplied unless the sheet holds its alpha.
    """

    y: U8
    chroma: U8
    alpha: U8 | None = None


class Sheet:
    """One layer, ready to draw.

    ``box``: (x0, y0, x1, y1), even, the working pixels that ``pixels`` covers; it reaches past the working area
    where a layer with alpha touches its edge, since near layers may be seen from further out. ``order``: index of the
    stage layer it is or comes after. ``hold_alpha``: colours are not premultiplied, because they move under an alpha
    that stays. ``opaque``: it has no alpha at all (a plate).
    """

    def __init__(self, layer: Layer, rig: Rig, *, order: int, hold_alpha: bool = False) -> None:
        height, width = layer.rgb.shape[:2]
        self.working = (width, height)
        self.order = order
        self.opaque = layer.alpha is None
        self.hold_alpha = hold_alpha and layer.alpha is not None
        rgb, alpha = layer.rgb, layer.alpha
        if alpha is None:
            self.box: tuple[int, int, int, int] = (0, 0, width & ~1, height & ~1)
            rgb = np.ascontiguousarray(rgb[: self.box[3], : self.box[2]])
        else:
            self.box, rgb, alpha = _content(rgb, alpha)
        self.pixels = pack(rgb, alpha, multiply=not self.hold_alpha)
        self.depth = _depth(layer, rig, self.box)
        self._rig = rig
        self._alpha = alpha
        self._blurred: OrderedDict[int, Pixels] = OrderedDict()
        self._prepared: dict[str, OrderedDict[tuple[int, ...], U8]] = {}
        self._lock = threading.Lock()

    @property
    def empty(self) -> bool:
        """Whether there is nothing to draw."""
        x0, y0, x1, y1 = self.box
        return x1 <= x0 or y1 <= y0

    @cached_property
    def clearance(self) -> F32:
        """(h, w, 2) float32, to thin and to content: working pixels, one sample per ``COARSE`` pixels of the box.

        The first: everything nearer than this is fully opaque. The second: nothing nearer than this is visible. Beyond
        the box both are what they are at its rim, or more to the good.
        Distances to the sides or up and down, the greater of both; never more than the truth, at most two samples less.
        """
        assert self._alpha is not None  # noqa: S101 - only asked of layers that have an alpha
        least, most = (_of_blocks(self._alpha, choose) for choose in (np.minimum, np.maximum))
        solid = np.pad((least == 255).astype(np.uint8), 1)  # beyond the box nothing is opaque
        absent = (most == 0).astype(np.uint8)
        inside, outside = (np.asarray(cv2.distanceTransform(m, cv2.DIST_C, 3), np.float32) for m in (solid, absent))
        # Two samples less: one is the sample itself, one for looking it up at the nearest.
        both = cv2.merge([inside[1:-1, 1:-1], outside])
        return np.asarray((both - np.float32(2)) * np.float32(COARSE), np.float32)

    def alpha_at(self, x: F32, y: F32) -> F32:
        """Opacity 0..1 at working positions."""
        if self._alpha is None:
            return np.ones_like(x)
        found = cv2.remap(self._alpha, x - np.float32(self.box[0]), y - np.float32(self.box[1]), cv2.INTER_LINEAR)
        return np.asarray(found, np.float32) / np.float32(255.0)

    def focused(self, disc: float) -> Pixels:
        """The layer under a blur disc of ``disc`` working pixels across: a mix of the two nearest prepared copies."""
        if disc < 0.2:
            return self.pixels
        if disc <= _BLUR_FIRST:
            return _mix(self.pixels, self._copy(0), disc / _BLUR_FIRST)
        level = float(np.log(disc / _BLUR_FIRST) / np.log(_BLUR_RATIO))
        lower = int(level)
        share = level - lower
        if share < 0.01:
            return self._copy(lower)
        return _mix(self._copy(lower), self._copy(lower + 1), share)

    @property
    def large(self) -> bool:
        """Whether it has no room for anything but quads of its luma; the encoder is what large frames wait for."""
        return self.pixels.y.size > _LARGE

    def quads(self, levels: tuple[int, int]) -> U8:
        """(h, w, 4) uint8: luma at each place, and as seen ``1 + levels[0] * QUAD_STEP`` working pixels to its right,
        ``1 + levels[1] * QUAD_STEP`` below it, and both: four pixels of a frame from one sample."""
        within = not self.opaque
        return self._prepare(
            "luma", levels, lambda across, down: ahead.quads(self.pixels.y, across, down, within=within)
        )

    def alpha_quads(self, levels: tuple[int, int]) -> U8:
        """The same of its alpha."""
        assert self._alpha is not None  # noqa: S101 - only asked of layers that have an alpha
        alpha = self._alpha
        return self._prepare("alpha", levels, lambda across, down: ahead.quads(alpha, across, down, within=True))

    def chroma_pairs(self, level: int) -> U8:
        """(h/2, w/2, 4) uint8: u at each place and as seen ``1 + level * QUAD_STEP`` samples to its right, and v."""
        return self._prepare("chroma", (level,), lambda across: ahead.pairs(self.pixels.chroma, across))

    def _prepare(self, what: str, levels: tuple[int, ...], make: Callable[..., U8]) -> U8:
        with self._lock:
            kept = self._prepared.setdefault(what, OrderedDict())
            if levels in kept:
                kept.move_to_end(levels)
                return kept[levels]
            while len(kept) >= _QUADS_KEPT:
                kept.popitem(last=False)
            kept[levels] = made = make(*(1.0 + level * QUAD_STEP for level in levels))
            return made

    @property
    def graduates(self) -> bool:
        """Whether focus follows the depth in it: in the ground always, in other layers where there is no subject."""
        return (self.opaque or self._rig.focus is not None) and not self.empty

    def disc(self, far: float, near: float) -> float:
        """Diameter of its largest blur disc, in working pixels, given those at the far and the near plane of focus."""
        low, high = self._towards if self.graduates else (self._mean_towards,) * 2
        return max(far + (near - far) * low, far + (near - far) * high)

    def graded(self, far: float, near: float) -> Pixels:
        """The layer under blur discs that follow its depth: ``far`` working pixels across at the far plane of focus and
        beyond, ``near`` on the near one and before it. Between them a mix of the softest and the sharpest, by depth.

        Only for layers whose depth varies and that graduate; others are focused as one.
        """
        low, high = self._towards if self.graduates else (0.0, 0.0)
        at_low, at_high = far + (near - far) * low, far + (near - far) * high
        if not self.graduates or self.depth.flat or abs(at_high - at_low) < _GRADED_LEAST:
            return self.focused(far + (near - far) * self._mean_towards)
        return _blend(self.focused(at_low), self.focused(at_high), *self._grades)

    @property
    def _mean_towards(self) -> float:
        """How far the layer as a whole is from the far plane of focus (0) to the near one (1)."""
        far, near = self._rig.focal_planes
        return min(max((self.depth.mean - far) / (near - far), 0.0), 1.0)

    @cached_property
    def _towards(self) -> tuple[float, float]:
        """How far the layer's farthest and nearest place are from the far plane of focus (0) to the near one (1)."""
        return float(self._nearer.min()), float(self._nearer.max())

    @cached_property
    def _nearer(self) -> F32:
        far, near = self._rig.focal_planes
        q, cell = self.depth.q, self.depth.cell
        if not self.opaque:  # of its box only, at its depth's own size
            x0, y0, x1, y1 = self.box
            size = max(2, round((x1 - x0) / cell[0])), max(2, round((y1 - y0) / cell[1]))
            steps = (x1 - x0) / size[0] / cell[0], (y1 - y0) / size[1] / cell[1]
            starts = (x0 / cell[0] + steps[0] / 2 - 0.5, y0 / cell[1] + steps[1] / 2 - 0.5)
            to_depth = np.array([[steps[0], 0.0, starts[0]], [0.0, steps[1], starts[1]]])
            how = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
            q = np.asarray(cv2.warpAffine(q, to_depth, size, flags=how, borderMode=cv2.BORDER_REPLICATE), np.float32)
        return np.asarray(np.clip((q - far) / (near - far), 0.0, 1.0), np.float32)

    @cached_property
    def _grades(self) -> tuple[F32, F32]:
        """0 at the layer's farthest place .. 1 at its nearest, (h, w) at the size of luma and of chroma."""
        low, high = self._towards
        share = (self._nearer - np.float32(low)) / np.float32(max(high - low, 1e-6))
        height, width = self.pixels.y.shape
        half = self.pixels.chroma.shape[1], self.pixels.chroma.shape[0]
        return (
            np.asarray(cv2.resize(share, (width, height), interpolation=cv2.INTER_LINEAR), np.float32),
            np.asarray(cv2.resize(share, half, interpolation=cv2.INTER_LINEAR), np.float32),
        )

    def _copy(self, level: int) -> Pixels:
        with self._lock:
            if level in self._blurred:
                self._blurred.move_to_end(level)
                return self._blurred[level]
            made = blur(self.pixels, _BLUR_FIRST * _BLUR_RATIO**level)
            self._blurred[level] = made
            while len(self._blurred) > _BLUR_KEPT:
                self._blurred.popitem(last=False)
            return made


def pack(rgb: U8, alpha: U8 | None, *, multiply: bool = True) -> Pixels:
    """An RGB picture, with alpha or without, as :class:`Pixels`; multiplied by it if asked. Sides must be even."""
    if rgb.size == 0:
        return Pixels(np.empty((0, 0), np.uint8), np.empty((0, 0, 4), np.uint8), np.empty((0, 0), np.uint8))
    y, u, v = yuv.from_rgb(rgb)
    if alpha is None:
        return Pixels(y, _side_by_side(u, v))
    half = yuv.halve(alpha)
    if multiply:
        y, u, v = times(y, alpha), times(u, half), times(v, half)
    return Pixels(y, _side_by_side(u, v, half), alpha)


def _side_by_side(*planes: U8) -> U8:
    empty = [np.zeros_like(planes[0])] * (4 - len(planes))
    return u8(cv2.merge([*planes, *empty]))


def times(a: U8, b: U8) -> U8:
    """``a * b / 255``, rounded."""
    return u8(cv2.multiply(a, b, scale=1.0 / 255.0))


def _content(rgb: U8, alpha: U8) -> tuple[tuple[int, int, int, int], U8, U8]:
    """The even box around what is not fully transparent, with a rim, and what lies in it.

    Where the content touches the edge of the working area, its outermost pixels are carried on beyond it.
    """
    height, width = alpha.shape
    rows, columns = np.flatnonzero(alpha.any(axis=1)), np.flatnonzero(alpha.any(axis=0))
    if rows.size == 0:
        return (0, 0, 0, 0), rgb[:0, :0], alpha[:0, :0]
    beyond = round(BEYOND * max(width, height)) & ~1
    x0, y0, x1, y1 = int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1
    left, top = (beyond if x0 == 0 else 0), (beyond if y0 == 0 else 0)
    right, bottom = (beyond if x1 == width else 0), (beyond if y1 == height else 0)
    box_x0, box_y0 = -left if left else max(0, x0 - RIM) & ~1, -top if top else max(0, y0 - RIM) & ~1
    box_x1, box_y1 = (
        width + right if right else min(width, x1 + RIM),
        height + bottom if bottom else min(height, y1 + RIM),
    )
    box_x1, box_y1 = box_x0 + ((box_x1 - box_x0) & ~1), box_y0 + ((box_y1 - box_y0) & ~1)
    inner = slice(max(0, box_y0), min(height, box_y1)), slice(max(0, box_x0), min(width, box_x1))
    sides = (
        inner[0].start - box_y0,
        box_y1 - inner[0].stop,
        inner[1].start - box_x0,
        box_x1 - inner[1].stop,
    )
    if any(sides):
        rgb, alpha = (u8(cv2.copyMakeBorder(array[inner], *sides, cv2.BORDER_REPLICATE)) for array in (rgb, alpha))
        return (box_x0, box_y0, box_x1, box_y1), rgb, alpha
    return (
        (box_x0, box_y0, box_x1, box_y1),
        np.ascontiguousarray(rgb[inner]),
        np.ascontiguousarray(alpha[inner]),
    )


def _of_blocks(plane: U8, choose: np.ufunc) -> U8:
    """(h, w) uint8: what ``choose``, a minimum or maximum, gives for each square of ``COARSE`` pixels; 0 beyond it."""
    rows, columns = (-(-side // COARSE) * COARSE for side in plane.shape)
    down, across = rows - plane.shape[0], columns - plane.shape[1]
    padded = u8(cv2.copyMakeBorder(plane, 0, down, 0, across, cv2.BORDER_CONSTANT, value=0))
    # Rows first, whole; then columns by striding: NumPy takes tens of times as long over both at once.
    strips = choose.reduce(padded.reshape(-1, COARSE, columns), axis=1)
    return u8(reduce(choose, (strips[:, first::COARSE] for first in range(COARSE))))


def _depth(layer: Layer, rig: Rig, box: tuple[int, int, int, int]) -> Depth:
    height, width = layer.rgb.shape[:2]
    field = layer.inverse_depth
    longer = max(field.shape)
    if longer > _DEPTH_LONG_SIDE:
        ratio = _DEPTH_LONG_SIDE / longer
        size = max(2, round(field.shape[1] * ratio)), max(2, round(field.shape[0] * ratio))
        field = np.asarray(cv2.resize(field, size, interpolation=cv2.INTER_AREA), np.float32)
    q = rig.nearness_map(np.ascontiguousarray(field, dtype=np.float32))
    rows, columns = q.shape
    cell = width / columns, height / rows
    part = q
    if layer.alpha is not None and box[2] > box[0]:
        top, left = max(0, int(box[1] / cell[1])), max(0, int(box[0] / cell[0]))
        part = q[top : max(top + 1, int(box[3] / cell[1])), left : max(left + 1, int(box[2] / cell[0]))]
    mean = float(part.mean()) if part.size else float(q.mean())
    flat = bool(part.size == 0 or float(part.max() - part.min()) < FLAT_SHARE)
    return Depth(q=q, cell=cell, mean=mean, flat=flat)


def blur(pixels: Pixels, disc: float) -> Pixels:
    """``pixels`` under a disc kernel ``disc`` pixels across, as an open lens blurs; premultiplied, so edges bleed."""
    alpha = None if pixels.alpha is None else blur_plane(pixels.alpha, disc)
    return Pixels(blur_plane(pixels.y, disc), blur_plane(pixels.chroma, disc / 2), alpha)


def blur_plane(plane: U8, disc: float) -> U8:
    """One plane under a disc kernel. Large discs are worked at a fraction of the size: nothing fine is left."""
    shrink = 1
    while disc / shrink > 8.0:
        shrink *= 2
    small = plane
    height, width = plane.shape[:2]
    if shrink > 1:
        size = max(1, width // shrink), max(1, height // shrink)
        small = u8(cv2.resize(plane, size, interpolation=cv2.INTER_AREA))
    soft = cv2.filter2D(small, -1, disc_kernel(disc / shrink), borderType=cv2.BORDER_REPLICATE)
    if shrink > 1:
        soft = cv2.resize(soft, (width, height), interpolation=cv2.INTER_CUBIC)
    return u8(soft)


def disc_kernel(diameter: float) -> F32:
    """A normalised disc with an antialiased rim, odd-sized, (n, n) float32."""
    radius = diameter / 2
    reach = int(np.ceil(radius))
    axis = np.arange(-reach, reach + 1, dtype=np.float32)
    distance = np.sqrt(axis[:, None] ** 2 + axis[None, :] ** 2)
    kernel: F32 = np.clip(radius + 0.5 - distance, 0.0, 1.0).astype(np.float32)
    kernel /= kernel.sum()
    return kernel


def _blend(far: Pixels, near: Pixels, luma: F32, chroma: F32) -> Pixels:
    """Two copies of a layer, mixed place by place."""
    one = np.float32(1.0)
    alpha = None
    if far.alpha is not None and near.alpha is not None:
        alpha = u8(cv2.blendLinear(far.alpha, near.alpha, one - luma, luma))
    return Pixels(
        u8(cv2.blendLinear(far.y, near.y, one - luma, luma)),
        u8(cv2.blendLinear(far.chroma, near.chroma, one - chroma, chroma)),
        alpha,
    )


def _mix(a: Pixels, b: Pixels, share: float) -> Pixels:
    def mixed(x: U8, y: U8) -> U8:
        return u8(cv2.addWeighted(x, 1.0 - share, y, share, 0.0))

    alpha = None if a.alpha is None or b.alpha is None else mixed(a.alpha, b.alpha)
    return Pixels(mixed(a.y, b.y), mixed(a.chroma, b.chroma), alpha)
