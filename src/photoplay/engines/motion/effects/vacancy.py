"""The place without its subject: what an effect shows when it takes the subject away for good.

The plate behind a subject is made for a reveal of a few per cent: it carries the picture on from the rim, which is
sharp there and means nothing in the middle. Here the whole place is filled afresh, from what lies at the same height
to its left and right: behind somebody who stands, a scene runs sideways. The hole is a little larger than the subject,
so that neither its soft outline nor the shadow under its feet is left behind.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from photoplay.engines.motion import filters, plate
from photoplay.engines.motion.animate import ExtraLayer
from photoplay.engines.motion.effects import craft
from photoplay.engines.motion.types import U8, Stage

FILL_SIDE = 240  # pixels of the long side at which the fill is worked out
FULL_SIDE = 1600  # pixels of the long side at which its grain is made; larger places get an enlarged fill
GROWTH = 0.013  # of the long side by which the hole is larger than the subject
FEATHER = 0.006  # of the long side over which the fill passes into the picture
PULL = (0.3, 0.7)  # a match from another height costs more than one from the side
STEP = 0.10  # 0..1: a greater step in colour is the edge of something
ROUNDS, RELAX = 70, 1.9  # of the joining
FAINT = 20  # opacity, 0..255, from which a place belongs to the subject

Bool = NDArray[np.bool_]


def emptied(stage: Stage, focus: craft.Focus, name: str) -> ExtraLayer | None:
    """A layer that lies over everything behind the subject and shows its place empty; None without a subject.

    It is opaque only where the subject stood. Show it as the subject goes, by ``mask`` or ``opacity``.
    """
    if focus.subject is None:
        return None
    behind = _behind(stage, focus.key)
    alpha = focus.subject.alpha
    height, width = alpha.shape
    size = filters.fit_size((width, height), FULL_SIDE)
    unit = max(size)
    small = filters.resize_u8(alpha, size, cv2.INTER_AREA)
    hole = filters.dilate(np.asarray((small > FAINT).astype(np.uint8) * np.uint8(255)), GROWTH * unit)
    known = np.asarray(255 - hole, dtype=np.uint8)
    picture = filters.resize_u8(behind, size, cv2.INTER_AREA)
    rendered = plate.render(_fill(picture, known), picture, known)
    feather = max(1.0, FEATHER * unit)
    # Outside the hole the fill is the picture itself, so its layer may pass into it there without being seen.
    taken = np.asarray(cv2.GaussianBlur(filters.dilate(hole, 2 * feather), (0, 0), feather), dtype=np.uint8)
    inner = np.asarray(cv2.GaussianBlur(known, (0, 0), feather / 2), dtype=np.uint8)
    share = filters.to_f32(np.asarray(np.where(hole > 0, 0, inner), dtype=np.uint8))
    mixed = cv2.blendLinear(picture, np.ascontiguousarray(rendered), share, np.float32(1.0) - share)
    rgb = filters.resize_u8(np.asarray(mixed, dtype=np.uint8), (width, height), cv2.INTER_CUBIC)
    cover = filters.resize_u8(taken, (width, height), cv2.INTER_LINEAR)
    after = focus.key - 1
    return ExtraLayer(name, craft.like(stage.layers[after], rgb, cover), after)


def _behind(stage: Stage, key: int) -> U8:
    """Everything behind layer ``key`` as one picture."""
    picture = stage.layers[0].rgb
    for layer in stage.layers[1:key]:
        if layer.alpha is not None:
            share = filters.to_f32(layer.alpha)
            picture = np.asarray(cv2.blendLinear(layer.rgb, picture, share, np.float32(1.0) - share), dtype=np.uint8)
    return picture


def _fill(picture: U8, known: U8) -> plate.Fill:
    """The fill at small size, from what is known alone."""
    size = filters.fit_size((known.shape[1], known.shape[0]), FILL_SIDE)
    share = filters.to_f32(filters.resize_u8(known, size, cv2.INTER_AREA))
    only = np.asarray(cv2.bitwise_and(picture, picture, mask=known), dtype=np.uint8)
    colour = filters.to_f32(filters.resize_u8(only, size, cv2.INTER_AREA)) / np.maximum(share, 1e-3)[..., None]
    clipped = np.clip(colour, 0, 1).astype(np.float32)
    sure = np.asarray(share > 0.98, dtype=np.bool_)
    return _joined(plate.synthesize(clipped, sure, PULL), sure)


def _joined(fill: plate.Fill, known: Bool) -> plate.Fill:
    """``fill`` without the steps in tone where pieces from two sides of the hole meet.

    Gradient-domain joining (Pérez et al. 2003): across such a seam the wanted gradient is nil, elsewhere the fill's
    own; solved by successive over-relaxation, in two colours of a chessboard, with the known pixels held.
    """
    hole = (~known).astype(np.uint8)
    x, y, width, height = cv2.boundingRect(hole)
    if width == 0:
        return fill
    rows, columns = np.indices(known.shape)
    top, left = max(0, y - 1), max(0, x - 1)
    part = np.s_[top : y + height + 1, left : x + width + 1]
    shift_x, shift_y = (fill.columns - columns)[part], (fill.rows - rows)[part]
    colour, free = fill.colour[part], hole[part].astype(np.float32)[..., None]
    wanted = np.zeros_like(colour)
    for axis in (0, 1):
        step = np.diff(colour, axis=axis)
        apart = np.maximum(np.abs(np.diff(shift_x, axis=axis)), np.abs(np.diff(shift_y, axis=axis))) > 1
        lost = np.where(apart[..., None] & (np.abs(step).max(axis=2, keepdims=True) < STEP), step, 0.0)
        ahead, behind = (np.s_[1:], np.s_[:-1]) if axis == 0 else (np.s_[:, 1:], np.s_[:, :-1])
        wanted[ahead] += lost
        wanted[behind] -= lost
    chess = (np.indices(free.shape[:2]).sum(axis=0) % 2).astype(np.float32)[..., None]
    # Where the hole reaches the picture's end, nothing is held there: the correction just ends.
    off = np.zeros_like(colour)
    for _ in range(ROUNDS):
        for share in (free * chess, free * (1.0 - chess)):
            padded = cv2.copyMakeBorder(off, 1, 1, 1, 1, cv2.BORDER_REPLICATE)
            around = padded[:-2, 1:-1] + padded[2:, 1:-1] + padded[1:-1, :-2] + padded[1:-1, 2:]
            off += share * np.float32(RELAX) * ((around - wanted) / 4.0 - off)
    joined = fill.colour.copy()
    joined[part] = np.clip(colour + off, 0.0, 1.0)
    return plate.Fill(joined, fill.rows, fill.columns)
