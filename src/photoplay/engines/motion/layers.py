"""Cuts the scene into two to four layers where its depth jumps (Shade et al. 1998; Shih et al. 2020)."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from photoplay.engines.motion import filters
from photoplay.engines.motion.types import F32, U8

MAX_LAYERS = 4
JUMP = 0.16  # inverse depth between the two sides of an edge from which a cut is worth its seams
MIN_CUT = 0.25  # jumping edge pixels a cut must catch, as a fraction of the photo's long side
MIN_LAYER = 0.012  # fraction of the photo a layer must fill
APART = 0.12  # two cuts closer than this in inverse depth are one
CLEAN = 0.6  # share of a cut's length that must run where depth jumps: elsewhere it goes through things
RAGGED = 0.7  # area in bits and bays thinner than a cut can carry, per pixel of its length, from which it would tear
LEVEL, ACROSS = 0.02, 0.9  # of the height, of the width: an outline so level and so long is a shore, or a table's edge
THIN = 0.006  # of the long side: what is thinner than twice this is such a bit


@dataclass(frozen=True, slots=True)
class Cut:
    """The layers' opacities, far to near, the first all 255; and each layer's anchor depth, rising."""

    alphas: tuple[U8, ...]
    depths: tuple[float, ...]


def cut(rgb: U8, inverse_depth: F32, ground: F32, matte: U8) -> Cut:
    """The layers of a scene at analysis size.

    The subject, where there is one, is the nearest layer. Behind and beside it the ground is cut wherever
    enough of its edges jump across one level of depth; a layer carries on behind what hides it.

    Args:
        rgb: (h, w, 3) uint8.
        inverse_depth: (h, w) float32 with the subject.
        ground: (h, w) float32 without the subject.
        matte: (h, w) uint8.
    """
    height, width = matte.shape
    levels = _levels(ground, matte)
    image = filters.to_f32(rgb)
    alphas = [np.full((height, width), 255, np.uint8)]
    depths: list[float] = []
    for level in levels:
        soft = filters.smoothstep(ground, level - 0.05, level + 0.05)
        radius = max(3, max(width, height) // 200)
        edge = filters.smoothstep(filters.guided(image, soft, radius, 1e-4, step=2), 0.2, 0.8)
        # Colours under the subject belong to no side; there the depth alone decides.
        edge = np.where(matte > 8, soft, edge)
        near = np.asarray(edge > 0.5, dtype=np.bool_)
        if MIN_LAYER <= float(near.mean()) <= 1.0 - MIN_LAYER and _worth(near, ground, matte):
            alphas.append(filters.to_u8(np.asarray(edge, dtype=np.float32)))
    if bool(matte.any()):
        alphas.append(matte)
    for index, alpha in enumerate(alphas):
        shown = alpha > 127
        for nearer in alphas[index + 1 :]:
            shown &= nearer <= 127
        field = inverse_depth if (index == len(alphas) - 1 and bool(matte.any())) else ground
        values = field[shown] if bool(shown.any()) else field[alpha > 127]
        depth = float(np.median(values)) if values.size else 0.0
        depths.append(max(depth, depths[-1] + 0.02) if depths else depth)
    return Cut(tuple(alphas), tuple(depths))


def _worth(near: NDArray[np.bool_], ground: F32, matte: U8) -> bool:
    """Whether a cut along the outline of ``near`` would move whole things against each other, and tear none."""
    free = np.asarray(filters.dilate(matte, 6) < 8, dtype=np.bool_)
    solid = near.astype(np.uint8)
    inner = np.asarray(cv2.erode(solid, np.ones((3, 3), np.uint8), borderValue=1), dtype=np.bool_)
    outline = near & ~inner & free
    length = int(outline.sum())
    if length == 0:
        return False
    rows = np.nonzero(outline)[0] / ground.shape[0]
    level = float(np.percentile(rows, 90) - np.percentile(rows, 10)) < LEVEL
    if level and float(outline.any(axis=0).sum()) > ACROSS * float(free.any(axis=0).sum()):
        return False  # the ground meets there what stands on it, or goes on; nothing stands before anything
    size = filters.fit_size((ground.shape[1], ground.shape[0]), 320)
    high, low = _extremes(filters.resize_f32(ground, size, cv2.INTER_AREA))
    jumps = (
        filters.resize_u8((high - low > JUMP).astype(np.uint8), (ground.shape[1], ground.shape[0]), cv2.INTER_NEAREST)
        > 0
    )
    if float(jumps[outline].mean()) < CLEAN:
        return False
    kernel = filters.disc(max(2.0, THIN * max(ground.shape)))
    plain = cv2.morphologyEx(cv2.morphologyEx(solid, cv2.MORPH_OPEN, kernel), cv2.MORPH_CLOSE, kernel)
    return float(((plain != solid) & free).sum()) / length < RAGGED


def _extremes(ground: F32) -> tuple[F32, F32]:
    """The highest and lowest inverse depth within five pixels."""
    kernel = np.ones((5, 5), np.uint8)
    high = np.asarray(cv2.dilate(ground, kernel), dtype=np.float32)
    return high, np.asarray(cv2.erode(ground, kernel), dtype=np.float32)


def _levels(ground: F32, matte: U8) -> list[float]:
    """The inverse depths at which the ground is worth cutting, rising."""
    size = filters.fit_size((ground.shape[1], ground.shape[0]), 320)
    small = filters.resize_f32(ground, size, cv2.INTER_AREA)
    high, low = _extremes(small)
    free = filters.dilate(filters.resize_u8(matte, size), 3) < 8
    jump = (high - low > JUMP) & free
    if int(jump.sum()) < MIN_CUT * max(size):
        return []
    bins = np.linspace(0.05, 0.95, 46)
    room = MAX_LAYERS - 1 - (1 if bool(matte.any()) else 0)
    found: list[float] = []
    while len(found) < room:
        score = np.array([float((jump & (low < level) & (high > level)).sum()) for level in bins])
        for level in found:
            score[np.abs(bins - level) < APART] = 0.0
        best = int(np.argmax(score))
        if score[best] < MIN_CUT * max(size) * 5:  # the 5-pixel window counts every edge pixel about five times
            break
        # The middle of a plateau of equal scores cuts cleanest.
        plateau = np.flatnonzero(score >= 0.97 * score[best])
        run = plateau[np.abs(plateau - best) <= 6]
        level = float(bins[int(np.median(run))])
        found.append(level)
        jump &= ~((low < level) & (high > level))  # these edges are cut
    return sorted(found)
