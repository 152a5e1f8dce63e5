"""A layer made ready for being drawn many times: planes cropped to where it has content, depth, blurred copies."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass

import cv2
import numpy as np

from photoplay.engines.motion import planes as yuv
from photoplay.engines.motion.camera import Rig
from photoplay.engines.motion.planes import Planes
from photoplay.engines.motion.types import F32, U8, Layer
from photoplay.engines.motion.warp import Depth

RIM = 4  # empty pixels kept around a layer's content, so that replicating its border replicates nothing
FLAT_SHARE = 0.02  # a layer whose nearness varies by less than this is treated as flat
_DEPTH_LONG_SIDE = 320  # samples of a layer's depth along its longer side: it is smooth, and looked up every frame
_BLUR_RATIO = 1.45  # between neighbouring blurred copies
_BLUR_FIRST = 1.5  # working pixels; the disc of the first copy
_BLUR_KEPT = 3


@dataclass(frozen=True, slots=True)
class Pixels:
    """What is sampled: ``picture`` (premultiplied when ``alpha`` is there and not held), alpha full and half size."""

    picture: Planes
    alpha: U8 | None
    alpha_half: U8 | None


class Sheet:
    """One layer, ready to draw.

    ``box``: (x0, y0, x1, y1), even, the working pixels that ``pixels`` covers. ``order``: index of the stage
    layer it is or comes after. ``hold_alpha``: colours are not premultiplied, because they move under an alpha
    that stays.
    """

    def __init__(self, layer: Layer, rig: Rig, *, order: int, hold_alpha: bool = False) -> None:
        height, width = layer.rgb.shape[:2]
        self.working = (width, height)
        self.order = order
        self.hold_alpha = hold_alpha and layer.alpha is not None
        self.box = _content(layer.alpha, width, height)
        x0, y0, x1, y1 = self.box
        rgb = layer.rgb[y0:y1, x0:x1]
        if layer.alpha is None:
            self.pixels = Pixels(yuv.from_rgb(np.ascontiguousarray(rgb)), None, None)
        else:
            alpha = np.ascontiguousarray(layer.alpha[y0:y1, x0:x1])
            self.pixels = with_alpha(np.ascontiguousarray(rgb), alpha, multiply=not self.hold_alpha)
        self.depth = _depth(layer, rig, self.box)
        self._blurred: OrderedDict[int, Pixels] = OrderedDict()
        self._lock = threading.Lock()

    @property
    def empty(self) -> bool:
        """Whether there is nothing to draw."""
        return self.box[2] <= self.box[0] or self.box[3] <= self.box[1]

    def focused(self, disc: float) -> Pixels:
        """The layer under a blur disc of ``disc`` working pixels across: a mix of the two nearest prepared copies."""
        if disc < 0.2:
            return self.pixels
        level = 0.0 if disc <= _BLUR_FIRST else float(np.log(disc / _BLUR_FIRST) / np.log(_BLUR_RATIO))
        lower = int(level)
        if disc <= _BLUR_FIRST:
            return _mix(self.pixels, self._copy(0), disc / _BLUR_FIRST)
        share = level - lower
        if share < 0.01:
            return self._copy(lower)
        return _mix(self._copy(lower), self._copy(lower + 1), share)

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


def with_alpha(rgb: U8, alpha: U8, *, multiply: bool) -> Pixels:
    """Planes of an RGB picture with alpha, multiplied by it if asked; sides must be even."""
    picture = yuv.from_rgb(rgb)
    half = yuv.halve(alpha)
    if not multiply:
        return Pixels(picture, alpha, half)
    return Pixels(
        Planes(_times(picture.y, alpha), _times(picture.u, half), _times(picture.v, half)),
        alpha,
        half,
    )


def _times(a: U8, b: U8) -> U8:
    return np.asarray(cv2.multiply(a, b, scale=1.0 / 255.0), np.uint8)


def _content(alpha: U8 | None, width: int, height: int) -> tuple[int, int, int, int]:
    """The even box around what is not fully transparent, with a rim."""
    if alpha is None:
        return 0, 0, width & ~1, height & ~1
    rows, columns = np.flatnonzero(alpha.any(axis=1)), np.flatnonzero(alpha.any(axis=0))
    if rows.size == 0:
        return 0, 0, 0, 0
    x0, y0 = max(0, int(columns[0]) - RIM) & ~1, max(0, int(rows[0]) - RIM) & ~1
    x1, y1 = min(width, int(columns[-1]) + 1 + RIM), min(height, int(rows[-1]) + 1 + RIM)
    return x0, y0, x0 + ((x1 - x0) & ~1), y0 + ((y1 - y0) & ~1)


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
        part = q[
            int(box[1] / cell[1]) : max(int(box[1] / cell[1]) + 1, int(box[3] / cell[1])),
            int(box[0] / cell[0]) : max(int(box[0] / cell[0]) + 1, int(box[2] / cell[0])),
        ]
    mean = float(part.mean()) if part.size else float(q.mean())
    flat = bool(part.size == 0 or float(part.max() - part.min()) < FLAT_SHARE)
    return Depth(q=q, cell=cell, mean=mean, flat=flat)


def blur(pixels: Pixels, disc: float) -> Pixels:
    """``pixels`` under a disc kernel ``disc`` pixels across, as an open lens blurs; premultiplied, so edges bleed."""
    return Pixels(
        Planes(
            blur_plane(pixels.picture.y, disc),
            blur_plane(pixels.picture.u, disc / 2),
            blur_plane(pixels.picture.v, disc / 2),
        ),
        None if pixels.alpha is None else blur_plane(pixels.alpha, disc),
        None if pixels.alpha_half is None else blur_plane(pixels.alpha_half, disc / 2),
    )


def blur_plane(plane: U8, disc: float) -> U8:
    """One plane under a disc kernel. Large discs are worked at a fraction of the size: nothing fine is left."""
    shrink = 1
    while disc / shrink > 8.0:
        shrink *= 2
    small = plane
    height, width = plane.shape
    if shrink > 1:
        size = max(1, width // shrink), max(1, height // shrink)
        small = np.asarray(cv2.resize(plane, size, interpolation=cv2.INTER_AREA), np.uint8)
    soft = cv2.filter2D(small, -1, disc_kernel(disc / shrink), borderType=cv2.BORDER_REPLICATE)
    if shrink > 1:
        soft = cv2.resize(soft, (width, height), interpolation=cv2.INTER_CUBIC)
    return np.asarray(soft, np.uint8)


def disc_kernel(diameter: float) -> F32:
    """A normalised disc with an antialiased rim, odd-sized, (n, n) float32."""
    radius = diameter / 2
    reach = int(np.ceil(radius))
    axis = np.arange(-reach, reach + 1, dtype=np.float32)
    distance = np.sqrt(axis[:, None] ** 2 + axis[None, :] ** 2)
    kernel: F32 = np.clip(radius + 0.5 - distance, 0.0, 1.0).astype(np.float32)
    kernel /= kernel.sum()
    return kernel


def _mix(a: Pixels, b: Pixels, share: float) -> Pixels:
    def mixed(x: U8, y: U8) -> U8:
        return np.asarray(cv2.addWeighted(x, 1.0 - share, y, share, 0.0), np.uint8)

    return Pixels(
        Planes(*(mixed(x, y) for x, y in zip(a.picture, b.picture, strict=True))),
        None if a.alpha is None or b.alpha is None else mixed(a.alpha, b.alpha),
        None if a.alpha_half is None or b.alpha_half is None else mixed(a.alpha_half, b.alpha_half),
    )
