"""The place without its subject: what an effect shows when it takes the subject away for good.

The plate behind a subject is made for a reveal of a few per cent: it carries the picture on from the rim, which is
sharp there and means nothing in the middle. Here the whole place is filled afresh, mostly from the same height to its
left and right: behind somebody who stands, a scene runs sideways. Where there is texture around it, large pieces of the
picture are laid together (:mod:`patchwork`); a ground that is out of focus is filled as softly as it is.
The hole is a little larger than the subject, so that neither its soft outline nor the shadow at its foot stays behind.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from photoplay.engines.motion import filters, plate
from photoplay.engines.motion.animate import ExtraLayer
from photoplay.engines.motion.effects import craft
from photoplay.engines.motion.effects.patchwork import patchwork
from photoplay.engines.motion.types import F32, U8, Stage

FILL_SIDE = 240  # pixels of the long side at which the fill is worked out
GUIDE_SIDE = 120  # pixels of the long side of the soft fill that guides it
FULL_SIDE = 1600  # pixels of the long side at which its grain is made; larger places get an enlarged fill
GROWTH = 0.013  # of the long side by which the hole is larger than the subject
FEATHER = 0.006  # of the long side over which the fill passes into the picture
PULL = (0.3, 0.7)  # a match from another height costs more than one from the side
STEP = 0.20  # 0..1: a greater step in colour is the edge of something
ROUNDS, RELAX = 70, 1.9  # of the joining
TEXTURE = 0.045  # mean second difference of light, 0..1 a pixel, around the place, from which it is filled in pieces
TEXTURE_RIM = 0.10  # of the long side: how far around is looked at
SHADOW_SIDE = 160  # pixels of the long side at which a shadow is looked for
SHADOW_REACH = 0.085  # of the long side: how far from the subject its shadow is taken away
SHADOW = 0.55  # a place is in shadow when it has less than this share of the light on the ground around
SHADOW_MOST = 0.3  # where more than this share farther out is as dark, these are dark things, not a shadow
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
    picture = filters.resize_u8(behind, size, cv2.INTER_AREA)
    middle = focus.centre[1] / height
    hole = np.maximum(hole, filters.resize_u8(_shadow(picture, hole, middle), size, cv2.INTER_LINEAR))
    hole = np.asarray((hole > 127).astype(np.uint8) * np.uint8(255))
    known = np.asarray(255 - hole, dtype=np.uint8)
    fill, kept = _fill(picture, known)
    rendered = plate.render(fill, picture, known)
    beside = filters.resize_u8(np.asarray((~kept).astype(np.uint8) * np.uint8(255)), size, cv2.INTER_LINEAR)
    hole = np.maximum(hole, np.asarray((beside > 127).astype(np.uint8) * np.uint8(255)))
    known = np.asarray(255 - hole, dtype=np.uint8)
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


def lower_half(stage: Stage, focus: craft.Focus) -> U8:
    """As ``LayerChange.mask`` of an emptied place: only what lies behind the subject's lower half.

    For one that rises: what it uncovers below is more than the plate behind it is made for, what it uncovers above is
    not.
    """
    _, y = craft.small_field(stage, 240)
    below = (y - np.float32(focus.box[1] + 0.45 * focus.height)) / np.float32(0.2 * focus.height)
    return np.asarray(np.clip(below, 0.0, 1.0) * 255.0, np.uint8)


def _behind(stage: Stage, key: int) -> U8:
    """Everything behind layer ``key`` as one picture."""
    picture = stage.layers[0].rgb
    for layer in stage.layers[1:key]:
        if layer.alpha is not None:
            share = filters.to_f32(layer.alpha)
            picture = np.asarray(cv2.blendLinear(layer.rgb, picture, share, np.float32(1.0) - share), dtype=np.uint8)
    return picture


def _shadow(picture: U8, hole: U8, middle: float) -> U8:
    """Where the subject's own shadow lies beside its lower half: (h, w) uint8, 255 there, at :data:`SHADOW_SIDE`.

    It is dark against the ground around it, and touches the subject's place. ``middle``: of the subject, 0..1 down.
    """
    height, width = hole.shape
    size = filters.fit_size((width, height), SHADOW_SIDE)
    unit = max(size)
    place = np.asarray(filters.resize_u8(hole, size, cv2.INTER_AREA) > 127, dtype=np.bool_)
    light = filters.to_f32(
        np.asarray(cv2.cvtColor(filters.resize_u8(picture, size, cv2.INTER_AREA), cv2.COLOR_RGB2GRAY))
    )
    reach = SHADOW_REACH * unit
    around = _grown(place, 2.5 * reach) & ~place
    around[: round(middle * size[1])] = False
    near = around & _grown(place, reach)
    nothing = np.zeros(place.shape, np.uint8)
    if not bool(near.any()):
        return nothing
    # The lit ground: the brighter of what lies around, locally, spread over all of it.
    lit = (around & (light >= float(np.quantile(light[around], 0.5)))).astype(np.float32)
    ground = filters.weighted_blur(light, lit, reach)
    dark = light < SHADOW * ground
    farther = around & ~near
    if float(np.count_nonzero(dark & farther)) > SHADOW_MOST * max(1.0, float(np.count_nonzero(farther))):
        return nothing
    dark &= near
    touching = place.copy()
    for _ in range(max(1, round(reach))):
        touching |= _grown(touching, 1.0) & dark
    shadow = touching & ~place
    # Its soft rim is darker than the ground as well.
    soft = _grown(shadow, 0.012 * unit) if bool(shadow.any()) else shadow
    return np.asarray(soft.astype(np.uint8) * np.uint8(255))


def _grown(mask: Bool, radius: float) -> Bool:
    return np.asarray(cv2.dilate(mask.astype(np.uint8), filters.disc(max(1, round(radius)))), dtype=np.bool_)


def _fill(picture: U8, known: U8) -> tuple[plate.Fill, Bool]:
    """The fill at small size, from what is known alone, and where the picture is kept."""
    size = filters.fit_size((known.shape[1], known.shape[0]), FILL_SIDE)
    colour, sure = plate.reduced(picture, known, size)
    if _texture(colour, sure) < TEXTURE:
        return _joined(plate.synthesize(colour, sure, PULL), sure), sure
    rough, rough_sure = plate.reduced(picture, known, filters.fit_size(size, GUIDE_SIDE))
    guide = filters.resize_f32(plate.synthesize(rough, rough_sure, PULL).colour, size, cv2.INTER_LINEAR)
    pieces = patchwork(colour, sure, guide)
    filled = colour[pieces.rows, pieces.columns]
    filled[pieces.missing] = guide[pieces.missing]
    fill = plate.Fill(np.ascontiguousarray(filled, dtype=np.float32), pieces.rows, pieces.columns)
    return _joined(fill, pieces.known), pieces.known


def _texture(colour: F32, known: Bool) -> float:
    """How much texture there is around what is not known."""
    rim = _grown(~known, TEXTURE_RIM * max(known.shape)) & ~_grown(~known, 2.0)
    if not bool(rim.any()):
        return 0.0
    light = np.asarray(cv2.cvtColor(colour, cv2.COLOR_RGB2GRAY), dtype=np.float32)
    return float(np.abs(cv2.Laplacian(light, cv2.CV_32F))[rim].mean())


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
