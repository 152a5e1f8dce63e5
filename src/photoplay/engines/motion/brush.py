"""The motion brush: what a mask marks moves along a trajectory, and the hole behind it is filled; or stands still.

A brush with a trajectory lifts its part off the layer that shows it, lays a fill where it was, and carries it
along a smooth curve through the points. When the part is (nearly) the whole subject, the subject's own layer is
carried: what is behind it is filled already. A brush without a trajectory keeps its part from moving by itself:
life spares it, though the camera still passes.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np

from photoplay.engines.motion import filters, plate
from photoplay.engines.motion.animate import Animator, Changes, ExtraLayer, LayerChange, LayerKey, Moment
from photoplay.engines.motion.easing import smooth, span
from photoplay.engines.motion.life.places import visible
from photoplay.engines.motion.planes import u8
from photoplay.engines.motion.toolkit import from_photo, shift
from photoplay.engines.motion.types import F32, U8, Layer, Stage
from photoplay.errors import InvalidField
from photoplay.media.image import load_photo
from photoplay.shot import Brush, Point

if TYPE_CHECKING:
    from scipy.interpolate import PchipInterpolator

WHOLE = 0.7  # of a layer's opacity: a brush over more of it takes all of it
FEATHER = 0.004  # of the frame's shorter side
HOLE_GROWTH = 0.010  # by which the hole is larger than the part, which carries its fringe along
HOLE_OPENS = 0.012  # of the frame's shorter side: as far a part has gone when its hole is wholly filled
LEAST_SHARE = 0.0004  # of the stage: a smaller mask is a slip of the hand
FILL_LONG_SIDE = 1280


@dataclass(frozen=True, slots=True)
class Masked:
    """A brush whose mask has been read: (h, w) uint8 of the photo's shape, 255 where it was painted."""

    mask: U8
    trajectory: tuple[Point, ...]


def read(brush: Brush, photo_size: tuple[int, int], max_pixels: int) -> Masked:
    """Reads a brush's mask: painted where it is bright, or opaque when it has transparency.

    Raises:
        InputError: the mask is no usable image.
        InvalidField: it is empty, or not of the photo's shape.
    """
    image = load_photo(Path(brush.mask), max_pixels=max_pixels)
    width, height = image.size
    if abs(width / height - photo_size[0] / photo_size[1]) > 0.02 * photo_size[0] / photo_size[1]:
        raise InvalidField("brushes", "a brush mask must have the shape of the image")
    painted = image.alpha if image.alpha is not None else cv2.cvtColor(image.rgb, cv2.COLOR_RGB2GRAY)
    mask = u8(np.where(painted >= 128, 255, 0))
    if float(mask.mean()) / 255.0 < LEAST_SHARE:
        raise InvalidField("brushes", "a brush mask is empty")
    return Masked(mask, brush.shares(*photo_size))


def animator(stage: Stage, brushes: Sequence[Masked]) -> Animator:
    """What the brushes do on a stage."""
    return _Brushes(stage, [one for one in brushes if len(one.trajectory) > 1])


def still(stage: Stage, brushes: Sequence[Masked], columns: int = 96) -> F32 | None:
    """(rows, columns) float32 over the working rectangle: how freely life may move each part; None: everywhere."""
    held = [one for one in brushes if len(one.trajectory) <= 1]
    if not held:
        return None
    height, width = stage.layers[0].rgb.shape[:2]
    rows = max(4, round(columns * height / width))
    free = np.ones((rows, columns), np.float32)
    for one in held:
        mask = cv2.resize(on_stage(stage, one.mask), (columns, rows), interpolation=cv2.INTER_AREA)
        grown = cv2.dilate(np.asarray(mask, np.float32) / np.float32(255.0), np.ones((7, 7), np.uint8))
        free *= 1.0 - np.asarray(cv2.GaussianBlur(grown, (0, 0), 1.2), np.float32)
        free[np.asarray(mask) > 32] = 0.0
    return free


def on_stage(stage: Stage, mask: U8) -> U8:
    """A mask of the photo's shape at working size; nothing beyond the photo."""
    height, width = stage.layers[0].rgb.shape[:2]
    x0, y0 = from_photo(stage, 0.0, 0.0)
    x1, y1 = from_photo(stage, 1.0, 1.0)
    fx, fy = mask.shape[1] / (x1 - x0), mask.shape[0] / (y1 - y0)
    matrix = np.array([[fx, 0.0, fx * (0.5 - x0) - 0.5], [0.0, fy, fy * (0.5 - y0) - 0.5]])
    return u8(cv2.warpAffine(mask, matrix, (width, height), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP))


class _Part:
    """One moving part: which layers carry it, and where it is at any time."""

    def __init__(self, stage: Stage, one: Masked, number: int) -> None:
        unit = min(stage.frame[2], stage.frame[3])
        mask = on_stage(stage, one.mask)
        index = _carrier(stage, mask)
        base = stage.layers[index]
        points = [from_photo(stage, point.x, point.y) for point in one.trajectory]
        self._way = _curve([(x - points[0][0], y - points[0][1]) for x, y in points])
        self._opens = HOLE_OPENS * unit
        self.hole: LayerKey | None = None
        self.extra_layers: tuple[ExtraLayer, ...] = ()
        if _takes_whole(mask, base):
            self.key: LayerKey = index
            return
        part = _and(mask, visible(stage, index))
        soft = max(1.0, FEATHER * unit)
        alpha = u8(cv2.GaussianBlur(part, (0, 0), soft))
        reach = 2 * max(1, round(HOLE_GROWTH * unit)) + 1
        hole = u8(cv2.dilate(part, np.ones((reach, reach), np.uint8)))
        cover = u8(cv2.GaussianBlur(hole, (0, 0), soft))
        if base.alpha is not None:
            cover = _and(cover, base.alpha)
        patch = Layer(_filled(base.rgb, hole), cover, base.inverse_depth, base.anchor_depth)
        # Before whatever else there is, so that it is not cut by what it passes.
        top = len(stage.layers) - 1
        self.key = f"brush-{number}"
        self.hole = f"brush-{number}-hole"
        self.extra_layers = (
            ExtraLayer(self.hole, patch, after=index),
            ExtraLayer(self.key, Layer(base.rgb, alpha, base.inverse_depth, base.anchor_depth), after=top),
        )

    def at(self, t: float) -> dict[LayerKey, LayerChange]:
        """The changes at clip time ``t``.

        The hole opens as the part leaves: a part that has not moved lies on the photo as it is, without an edge.
        """
        x, y = (float(value) for value in self._way(span(t, 0.0, 1.0)))
        changes = {self.key: LayerChange(affine=shift(x, y))}
        if self.hole is not None:
            changes[self.hole] = LayerChange(opacity=smooth(min(1.0, math.hypot(x, y) / self._opens)))
        return changes


def _takes_whole(mask: U8, layer: Layer) -> bool:
    return layer.alpha is not None and float(_and(mask, layer.alpha).mean()) >= WHOLE * float(layer.alpha.mean()) > 0.0


def _carrier(stage: Stage, mask: U8) -> int:
    """The layer a mask means: the nearest one it takes whole, else the one that shows most of it."""
    for index in range(len(stage.layers) - 1, 0, -1):
        if _takes_whole(mask, stage.layers[index]):
            return index
    return max(range(len(stage.layers)), key=lambda index: float(_and(mask, visible(stage, index)).mean()))


class _Brushes(Animator):
    def __init__(self, stage: Stage, moving: Sequence[Masked]) -> None:
        self._parts = [_Part(stage, one, number) for number, one in enumerate(moving)]
        self.extra_layers = tuple(extra for part in self._parts for extra in part.extra_layers)

    def frame(self, moment: Moment) -> Changes:
        layers: dict[LayerKey, LayerChange] = {}
        for part in self._parts:
            for key, change in part.at(moment.t).items():
                layers[key] = layers[key].plus(change) if key in layers else change
        return Changes(layers=layers)


def _curve(points: Sequence[tuple[float, float]]) -> PchipInterpolator:
    """A smooth curve through the points, run along at even speed: 0 is the first point, 1 the last."""
    from scipy.interpolate import PchipInterpolator  # takes longer to load than a short clip to draw

    kept = [points[0]]
    for point in points[1:]:
        if np.hypot(point[0] - kept[-1][0], point[1] - kept[-1][1]) > 1e-6:
            kept.append(point)
    if len(kept) == 1:
        kept.append((kept[0][0], kept[0][1] + 1e-6))
    steps = np.hypot(*np.diff(np.array(kept), axis=0).T)
    along = np.concatenate([[0.0], np.cumsum(steps)])
    return PchipInterpolator(along / along[-1], np.array(kept))


def _and(a: U8, b: U8) -> U8:
    return u8(cv2.multiply(a, b, scale=1.0 / 255.0))


def _filled(rgb: U8, hole: U8) -> U8:
    """The picture with a hole filled by example from around it."""
    height, width = hole.shape
    size = filters.fit_size((width, height), FILL_LONG_SIDE)
    canvas = filters.resize_u8(rgb, size)
    seen = u8(np.where(filters.resize_u8(hole, size, cv2.INTER_AREA) == 0, 255, 0))
    small = filters.fit_size(size, plate.FILL_SIDE)
    fill = plate.synthesize(*plate.reduced(canvas, seen, small))
    rendered = filters.resize_u8(plate.render(fill, canvas, seen), (width, height), cv2.INTER_CUBIC)
    return u8(np.where((hole > 0)[..., None], rendered, rgb))
