"""What a picture is about, from where it is busy: the camera goes there, and two pictures meet there.

Busy is what differs in colour from what is around it, at a scale that follows the size of the subject or the picture.
Eyes, nose and mask of an animal's face are busier than its fur; a city is busier than the sky over it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np

from photoplay.engines.motion import filters
from photoplay.engines.motion.planes import u8
from photoplay.engines.motion.types import F32, U8, Layer, Stage

LOOK_SIDE = 160  # pixels of the longer side at which pictures are looked at
LEAST_SUBJECT = 0.004  # of the frame
FINE, COARSE, SPREAD = 0.04, 0.12, 0.16  # of a subject's side: scales of what is busy, and how far it is gathered
SUBJECT_POWER = 5  # of a subject only what is busiest counts, of a whole scene all of it
SCENE_FINE, SCENE_COARSE, SCENE_SPREAD = 0.008, 0.05, 0.08  # the same, of a picture's side
MAIN_SHARE = 0.5  # of what draws the eye lies no farther than a scene's main thing
NEAREST = 0.97  # share of a scene that is not nearer than its nearest part
LEAST_NEARER = 0.25  # inverse depth by which something is nearer than the main thing before it goes wholly soft
KEPT_SHARP = 0.35  # of the way from the main thing to what is nearest
ROOM_AROUND = 0.27  # of a frame's side: what a picture is about should be no nearer to its border
CLOSEST = 1.8  # how much closer a take may go for it


@dataclass(frozen=True, slots=True)
class Anchor:
    """What a picture is about: ``centre`` in frame widths from the frame's centre; ``size`` in frame widths, or None
    where it is no subject but a whole scene."""

    centre: tuple[float, float]
    size: float | None


def anchor_of(picture: U8, matte: U8) -> Anchor:
    """What a fitted picture, (h, w, 3) uint8 RGB, is about, given its subject's opacity, (h, w) uint8."""
    inside = filters.erode(matte, 2).astype(np.float32) / np.float32(255.0)
    area = float(inside.sum())
    if area < LEAST_SUBJECT * inside.size:
        return Anchor(busiest(picture), None)
    side = math.sqrt(area)
    weight = _busy(picture, FINE * side, COARSE * side) ** 2 * inside
    centre, spread = _gathered(filters.blur(weight, SPREAD * side) ** SUBJECT_POWER)
    return Anchor(centre, spread)


def busiest(picture: U8) -> tuple[float, float]:
    """Where a whole scene, (h, w, 3) uint8 RGB, is busy, in frame widths from its centre."""
    return _gathered(attraction_of(picture))[0]


def aim_and_focus(stage: Stage) -> tuple[tuple[float, float], tuple[float, float, bool]]:
    """:func:`busiest` and :func:`focal_depths` of what frame 0 of a stage shows."""
    picture, depth = frame_picture(stage)
    weight = attraction_of(picture)
    return _gathered(weight)[0], focal_depths(weight, depth)


def focal_depths(attraction: F32, inverse_depth: F32) -> tuple[float, float, bool]:
    """Inverse depths between which focus goes in a scene without a subject: a little before its main thing, and what
    is nearest; and whether anything is so near at all.

    The main thing is half of what draws the eye; all that is farther is as sharp as it, only what is clearly nearer
    goes soft.

    Args:
        attraction: (h, w) float32: see :func:`attraction_of`.
        inverse_depth: (h, w) float32 of the same.
    """
    weight, depth = attraction.ravel(), inverse_depth.ravel()
    order = np.argsort(depth, kind="stable")
    passed = np.cumsum(weight[order], dtype=np.float64)
    main = float(depth[order[min(int(np.searchsorted(passed, MAIN_SHARE * passed[-1])), depth.size - 1)]])
    nearest = float(np.quantile(depth, NEAREST))
    near_plane = max(nearest, main + LEAST_NEARER)
    far_plane = main + KEPT_SHARP * (near_plane - main)
    return far_plane, near_plane, nearest > far_plane


def attraction_of(picture: U8) -> F32:
    """(h, w) float32: how much each place of a whole scene draws the eye."""
    side = math.sqrt(picture.shape[0] * picture.shape[1])
    weight = _busy(picture, SCENE_FINE * side, SCENE_COARSE * side)
    return np.asarray(filters.blur(weight, SCENE_SPREAD * side) ** 2, np.float32)


def _busy(picture: U8, fine: float, coarse: float) -> F32:
    """(h, w) float32: how much colour differs between two scales, in pixels."""
    lab = np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2LAB), np.float32)
    return np.asarray(np.linalg.norm(filters.blur(lab, fine) - filters.blur(lab, coarse), axis=-1), np.float32)


def _gathered(weight: F32) -> tuple[tuple[float, float], float]:
    """Mean place of a weight, in frame widths from its centre, and how far it is spread about it."""
    height, width = weight.shape
    share = weight / max(float(weight.sum()), 1e-9)
    x = (np.arange(width, dtype=np.float32)[None, :] + 0.5) / width - 0.5
    y = ((np.arange(height, dtype=np.float32)[:, None] + 0.5) - height / 2) / width
    if not share.any():
        return (0.0, 0.0), 1.0
    mean_x, mean_y = float((share * x).sum()), float((share * y).sum())
    return (mean_x, mean_y), math.sqrt(float((share * ((x - mean_x) ** 2 + (y - mean_y) ** 2)).sum()))


def frame_picture(stage: Stage) -> tuple[U8, F32]:
    """What frame 0 of a stage shows, small: (h, w, 3) uint8 RGB and (h, w) float32 inverse depth."""
    x, y, width, height = stage.frame
    step = max(1, int(max(width, height) / (2 * LOOK_SIDE)))
    rows, columns = (slice(round(at), round(at + side), step) for at, side in ((y, height), (x, width)))
    working = stage.layers[0].rgb.shape[:2]
    picture, depth = stage.layers[0].rgb[rows, columns], _seen_depth(stage.layers[0], working, rows, columns)
    for layer in stage.layers[1:]:
        if layer.alpha is not None:
            own = layer.alpha[rows, columns] > 127
            picture = np.where(own[..., None], layer.rgb[rows, columns], picture)
            depth = np.where(own, _seen_depth(layer, working, rows, columns), depth)
    ratio = LOOK_SIDE / max(width, height)
    size = max(16, round(width * ratio)), max(16, round(height * ratio))
    return (
        u8(cv2.resize(np.ascontiguousarray(picture), size, interpolation=cv2.INTER_AREA)),
        np.asarray(cv2.resize(depth, size, interpolation=cv2.INTER_AREA), np.float32),
    )


def _seen_depth(layer: Layer, working: tuple[int, ...], rows: slice, columns: slice) -> F32:
    """A layer's inverse depth at some rows and columns of a working rectangle of ``working`` (height, width)."""
    field = layer.inverse_depth
    picked = []
    for axis, chosen in ((0, rows), (1, columns)):
        at = np.arange(working[axis])[chosen] * field.shape[axis] // working[axis]
        picked.append(np.minimum(at, field.shape[axis] - 1))
    return np.asarray(field[np.ix_(*picked)], np.float32)


def closeness(anchor: Anchor, aspect: float) -> float:
    """How much closer than the whole picture a view must be for a scene's anchor not to lie at its border: 1 or more.

    A subject is seen as it is. ``aspect``: the frame's height over its width.
    """
    if anchor.size is not None:
        return 1.0
    off = max(abs(anchor.centre[0]), abs(anchor.centre[1]) / aspect)
    return min(max(1.0, ROOM_AROUND / max(0.5 - off, 0.01)), CLOSEST)


def closer(crop: tuple[float, float, float, float], anchor: Anchor, factor: float) -> tuple[float, float, float, float]:
    """The part of a crop (x, y, width, height in photo pixels) that is ``factor`` closer to an anchor in it."""
    x, y, width, height = crop
    w, h = width / factor, height / factor
    middle_x, middle_y = x + width * (0.5 + anchor.centre[0]), y + height / 2 + width * anchor.centre[1]
    return (
        min(max(middle_x - w / 2, x), x + width - w),
        min(max(middle_y - h / 2, y), y + height - h),
        w,
        h,
    )
