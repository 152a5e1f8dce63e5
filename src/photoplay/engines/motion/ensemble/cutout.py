"""A subject taken out of its photo: colours without the old background, a decided edge, and how its borders cut it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from photoplay.engines.motion import edges, filters
from photoplay.engines.motion.animate import F64
from photoplay.engines.motion.types import F32, U8, Box, Photo, SceneMap
from photoplay.media.image import NOTE_BACKDROP

PAD = 0.03  # of the subject's longer side: what is kept around it
BITE = (0.30, 0.97)  # alpha below the first is let go, above the second is whole: old light at the rim stays behind
RIM = 0.010  # of the subject's longer side: how far the old ground's light reaches in
RIM_SHARE = 0.85  # of it that is taken out
FLAT_BAND = 0.02  # of the subject's height: what counts as its lowest line
FLAT_SHARE = 0.55  # of its width that the lowest line must have to look like a cut and no standing
BORDER_SHARE = 0.22  # of its width that touches the photo's lower border
SIDE_SHARE = 0.06  # of its height that touches a side border
SINK = 0.32  # of its height that may lie below the frame, so that a border's cut is not seen
SPECK_SHARE = 0.04  # parts smaller than this against the largest are left behind


@dataclass(frozen=True, slots=True)
class CutOut:
    """A subject without its place.

    ``rgb`` (h, w, 3), ``alpha`` (h, w) uint8, at ``scale`` pixels per photo pixel; the corner of the array is at
    ``corner`` (x, y) in photo pixels. ``box``: (x0, y0, x1, y1) of what is solid, in the array's pixels.
    ``cut_below``: its lower end is a cut, not feet. ``cut_left`` and ``cut_right``: a border cuts it there.
    ``scene`` and ``photo_size`` are the photo's, ``relief`` (h/4, w/4) float32 its depth about 0.
    """

    rgb: U8
    alpha: U8
    scale: float
    corner: tuple[float, float]
    box: tuple[int, int, int, int]
    cut_below: bool
    cut_left: bool
    cut_right: bool
    scene: SceneMap
    photo_size: tuple[int, int]
    relief: F32

    @property
    def width(self) -> int:
        """Of what is solid, in array pixels."""
        return self.box[2] - self.box[0]

    @property
    def height(self) -> int:
        """Of what is solid, in array pixels."""
        return self.box[3] - self.box[1]

    @property
    def shape(self) -> float:
        """Width over height."""
        return self.width / self.height

    @property
    def face_height(self) -> float:
        """Of the largest face, as a share of the subject's height; 0 when there is none."""
        tall = max((face.box.y1 - face.box.y0 for face in self.scene.faces), default=0.0)
        return tall * self.photo_size[1] * self.scale / self.height


def cut_out(photo: Photo, scene: SceneMap, tallest_px: int) -> CutOut | None:
    """The subject of a photo, at most ``tallest_px`` pixels tall or wide; None when nothing solid is left of it."""
    matte = _main_parts(scene.matte)
    found = _solid_box(matte)
    if found is None:
        return None
    width, height = photo.size
    unit = width / scene.size[0]  # photo pixels per analysis pixel
    pad = PAD * max(found[2] - found[0], found[3] - found[1])
    x0, y0 = max(0, round((found[0] - pad) * unit)), max(0, round((found[1] - pad) * unit))
    x1, y1 = min(width, round((found[2] + pad) * unit)), min(height, round((found[3] + pad) * unit))
    scale = min(1.0, tallest_px / max(y1 - y0, x1 - x0))
    size = max(8, round((x1 - x0) * scale)), max(8, round((y1 - y0) * scale))
    picture = filters.resize_u8(photo.rgb[y0:y1, x0:x1], size, cv2.INTER_AREA)
    alpha = _crop(matte, (x0, y0, x1, y1), unit, size)
    alpha = edges.sharpen(picture, alpha, scale * unit)
    colours = _own_colours(picture, alpha)
    alpha = filters.to_u8(filters.smoothstep(filters.to_f32(alpha), *BITE))
    solid = _solid_box(alpha)
    if solid is None:
        return None
    solid, below, left, right = _cuts(alpha, solid, (x0, y0, x1, y1), photo.size)
    small = (max(2, size[0] // 4), max(2, size[1] // 4))
    inverse = _crop_f32(scene.inverse_depth, (x0, y0, x1, y1), unit, small)
    inside = filters.resize_u8(alpha, small) > 127
    level = float(np.median(inverse[inside])) if bool(inside.any()) else 0.5
    return CutOut(
        rgb=colours,
        alpha=alpha,
        scale=size[0] / (x1 - x0),
        corner=(float(x0), float(y0)),
        box=solid,
        cut_below=below,
        cut_left=left,
        cut_right=right,
        scene=replace(
            scene,
            matte=matte,
            subject=_fractions(_solid_box(matte), scene.size),
            regions={"hair": np.minimum(scene.regions["hair"], matte)} if "hair" in scene.regions else {},
            notes=tuple(note for note in scene.notes if note != NOTE_BACKDROP),  # it gets another one here
        ),
        photo_size=photo.size,
        relief=np.asarray(np.where(inside, inverse - level, 0.0), dtype=np.float32),
    )


def _fractions(box: tuple[int, int, int, int] | None, size: tuple[int, int]) -> Box | None:
    if box is None:
        return None
    return Box(box[0] / size[0], box[1] / size[1], box[2] / size[0], box[3] / size[1])


def _main_parts(matte: U8) -> U8:
    """The matte without scraps: what was torn off it would float beside the subject."""
    hard = (matte > 127).astype(np.uint8)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(hard, connectivity=8)
    if count <= 2:
        return matte
    areas = stats[1:, cv2.CC_STAT_AREA]
    keep = np.concatenate([[False], areas >= SPECK_SHARE * areas.max()])
    kept = np.asarray(keep[labels], dtype=np.uint8) * np.uint8(255)
    reach = max(2.0, max(matte.shape) / 200)
    return np.minimum(matte, filters.dilate(np.asarray(kept, dtype=np.uint8), reach))


def _solid_box(alpha: U8) -> tuple[int, int, int, int] | None:
    solid = alpha > 127
    rows, columns = np.flatnonzero(solid.any(axis=1)), np.flatnonzero(solid.any(axis=0))
    if rows.size == 0:
        return None
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


def _matrix(window: tuple[int, int, int, int], unit: float, size: tuple[int, int]) -> F64:
    """From a pixel of the crop to a pixel of the analysis map."""
    x0, y0, x1, y1 = window
    fx, fy = (x1 - x0) / size[0] / unit, (y1 - y0) / size[1] / unit
    return np.array([[fx, 0.0, x0 / unit + 0.5 * fx - 0.5], [0.0, fy, y0 / unit + 0.5 * fy - 0.5]])


def _crop(field: U8, window: tuple[int, int, int, int], unit: float, size: tuple[int, int]) -> U8:
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    matrix = _matrix(window, unit, size)
    return np.asarray(cv2.warpAffine(field, matrix, size, flags=flags, borderMode=cv2.BORDER_REPLICATE), dtype=np.uint8)


def _crop_f32(field: F32, window: tuple[int, int, int, int], unit: float, size: tuple[int, int]) -> F32:
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    matrix = _matrix(window, unit, size)
    found = cv2.warpAffine(field, matrix, size, flags=flags, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(found, dtype=np.float32)


def _own_colours(picture: U8, alpha: U8) -> U8:
    """The subject's colours where the old background shines through its edge, and going on beyond it."""
    size = filters.fit_size((alpha.shape[1], alpha.shape[0]), edges.ESTIMATE_SIDE)
    small, share = filters.to_f32(filters.resize_u8(picture, size)), filters.to_f32(filters.resize_u8(alpha, size))
    free = filters.smoothstep(np.asarray(1.0 - share, dtype=np.float32), 0.9, 1.0)
    if float(free.max()) <= 0.0:
        return picture
    behind = filters.resize_u8(filters.to_u8(filters.push_pull(small, free)), (alpha.shape[1], alpha.shape[0]))
    return _unmixed(edges.foreground(picture, picture, alpha, behind, []), alpha, behind)


def _unmixed(rgb: U8, alpha: U8, behind: U8) -> U8:
    """Takes the old ground's light out of the subject's rim: what lies between the colours on both sides is a mix.

    Only a rim is looked at, and what is like the ground deeper inside as well is the subject's own colour.
    """
    size = filters.fit_size((alpha.shape[1], alpha.shape[0]), edges.ESTIMATE_SIDE)
    small = filters.to_f32(filters.resize_u8(rgb, size))
    solid = np.asarray((filters.resize_u8(alpha, size) > 200).astype(np.uint8))
    inside = np.asarray(cv2.distanceTransform(solid, cv2.DIST_L2, 3), dtype=np.float32)
    reach = RIM * max(size)
    deep = filters.smoothstep(inside, reach, 2.0 * reach)
    if float(deep.max()) < 0.5:
        return rgb
    own = filters.push_pull(small, deep)
    ground = filters.to_f32(filters.resize_u8(behind, size))
    axis = ground - own
    apart = (axis * axis).sum(axis=2)
    share = np.clip(((small - own) * axis).sum(axis=2) / np.maximum(apart, 1e-4), 0.0, 1.0)
    rim = 1.0 - filters.smoothstep(inside, 0.35 * reach, 1.25 * reach)
    clear = filters.smoothstep(apart.astype(np.float32), 0.02, 0.10)  # too alike, and nothing can be told
    weight = filters.blur(np.asarray(share * rim * clear, dtype=np.float32), 0.8)
    change = filters.resize_f32(
        np.asarray(-axis * (RIM_SHARE * weight)[..., None], dtype=np.float32), (alpha.shape[1], alpha.shape[0])
    )
    return np.asarray(np.clip(rgb + change * np.float32(255.0) + np.float32(0.5), 0, 255), dtype=np.uint8)


def _cuts(
    alpha: U8, box: tuple[int, int, int, int], window: tuple[int, int, int, int], photo_size: tuple[int, int]
) -> tuple[tuple[int, int, int, int], bool, bool, bool]:
    """Its box down to where it may be shown, and whether it is cut there, on the left and on the right.

    A side border often cuts an elbow just above the lower border: then less of the body is shown, and no cut.
    """
    x0, y0, x1, y1 = box
    solid = alpha[y0:y1, x0:x1] > 127
    tall = y1 - y0
    band = max(2, round(FLAT_BAND * tall))
    lowest = float(solid[-band:].any(axis=0).mean())
    at_border = window[3] >= photo_size[1] and alpha.shape[0] - y1 <= 2
    # Two flat feet are no cut: it is one line.
    below = (at_border and lowest > BORDER_SHARE) or _longest(np.asarray(solid[-band:].any(axis=0))) > FLAT_SHARE * (
        x1 - x0
    )
    cuts = [False, False]
    touches = (window[0] == 0 and x0 <= 2, window[2] >= photo_size[0] and alpha.shape[1] - x1 <= 2)
    shown = tall
    for side, columns in enumerate((solid[:, :2], solid[:, -2:])):
        rows = np.flatnonzero(columns.any(axis=1))
        if not touches[side] or rows.size < 0.02 * tall:
            continue
        first = int(rows[0])
        if below and tall - first <= SINK * tall:
            shown = min(shown, first)
        elif rows.size > SIDE_SHARE * tall:
            cuts[side] = True
    return (x0, y0, x1, y0 + shown), below, cuts[0], cuts[1]


def _longest(line: NDArray[np.bool_]) -> int:
    """The longest run of True."""
    edges_ = np.flatnonzero(np.diff(np.concatenate([[False], line, [False]]).astype(np.int8)))
    return int((edges_[1::2] - edges_[::2]).max()) if edges_.size else 0
