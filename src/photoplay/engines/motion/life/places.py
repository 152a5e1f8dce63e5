"""Where on the stage a part of the photo lies: scene maps (regions, matte) brought to the stage, and onset curves."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from photoplay.engines.motion.animate import Spec
from photoplay.engines.motion.camera import photo_size
from photoplay.engines.motion.easing import smooth
from photoplay.engines.motion.types import F32, U8, Stage

MESH_LONG = 96  # nodes of an ordinary mesh along the longer side
ONSET_S = 0.7  # life sets in over this long: the first frame is the photo


@dataclass(frozen=True, slots=True)
class Place:
    """A region on the stage. ``weight`` (h, w) float32 0..1 over the working rectangle, feathered, at mesh size.

    ``layer``: the stage layer that shows most of it. ``share``: of the frame. ``box``: (x0, y0, x1, y1) of its
    core in working pixels. ``mask``: (H, W) uint8 at working size.
    """

    weight: F32
    layer: int
    share: float
    box: tuple[float, float, float, float]
    mask: U8


def mesh_size(stage: Stage, long_side: int = MESH_LONG) -> tuple[int, int]:
    """(columns, rows) of a mesh over the working rectangle."""
    height, width = stage.layers[0].rgb.shape[:2]
    if width >= height:
        return long_side, max(4, round(long_side * height / width))
    return max(4, round(long_side * width / height)), long_side


def on_stage(stage: Stage, scene_map: U8) -> U8:
    """A map of the scene (analysis size) at working size; beyond the photo its border goes on."""
    height, width = stage.layers[0].rgb.shape[:2]
    photo_w, photo_h = photo_size(stage)
    scale, dx, dy = stage.photo_to_working
    fx, fy = scene_map.shape[1] / (photo_w * scale), scene_map.shape[0] / (photo_h * scale)
    matrix = np.array([[fx, 0.0, fx * (0.5 - dx) - 0.5], [0.0, fy, fy * (0.5 - dy) - 0.5]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    found = cv2.warpAffine(scene_map, matrix, (width, height), flags=flags, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(found, np.uint8)


def visible(stage: Stage, layer: int) -> U8:
    """(H, W) uint8: how much of a layer is seen past the nearer ones."""
    height, width = stage.layers[0].rgb.shape[:2]
    own = stage.layers[layer].alpha
    seen = np.full((height, width), 255, np.uint8) if own is None else own
    for nearer in stage.layers[layer + 1 :]:
        if nearer.alpha is not None:
            rest = cv2.bitwise_not(nearer.alpha)
            seen = np.asarray(cv2.multiply(seen, rest, scale=1.0 / 255.0), np.uint8)
    return seen


def find(stage: Stage, name: str, *, least: float = 0.0, feather: float = 0.02) -> Place | None:
    """A region of the scene as a place, or None when it is absent or covers less than ``least`` of the frame.

    ``feather``: softness of its edge, as a share of the frame's width.
    """
    region = stage.scene.regions.get(name)
    return None if region is None else place_of(stage, on_stage(stage, region), least=least, feather=feather)


def place_of(stage: Stage, mask: U8, *, least: float = 0.0, feather: float = 0.02) -> Place | None:
    """A place from a mask at working size."""
    best, best_share = 0, -1.0
    for index in range(len(stage.layers)):
        share = float(cv2.mean(cv2.multiply(mask, visible(stage, index), scale=1.0 / 255.0))[0])
        if share > best_share:
            best, best_share = index, share
    own = np.asarray(cv2.multiply(mask, visible(stage, best), scale=1.0 / 255.0), np.uint8)
    x, y, width, height = (round(v) for v in stage.frame)
    share = float(own[y : y + height, x : x + width].mean()) / 255.0
    if share <= 0.0 or share < least:
        return None
    solid = own >= 128
    rows, columns = np.flatnonzero(solid.any(axis=1)), np.flatnonzero(solid.any(axis=0))
    if rows.size == 0:
        return None
    size = mesh_size(stage)
    small = np.asarray(cv2.resize(own, size, interpolation=cv2.INTER_AREA), np.float32) / np.float32(255.0)
    soft = feather * stage.frame[2] * size[0] / own.shape[1]
    if soft > 0.3:
        # Shrunk before it is softened, so that nothing outside the region moves.
        reach = 2 * max(1, round(soft)) + 1
        small = np.asarray(cv2.erode(small, np.ones((reach, reach), np.uint8)), np.float32)
        small = np.asarray(cv2.GaussianBlur(small, (0, 0), soft), np.float32)
    return Place(
        weight=small,
        layer=best,
        share=share,
        box=(float(columns[0]), float(rows[0]), float(columns[-1] + 1), float(rows[-1] + 1)),
        mask=own,
    )


def onset(time_s: float, spec: Spec) -> float:
    """0 at the start, 1 after the onset; quicker in very short clips."""
    length = min(ONSET_S, 0.3 * spec.duration_s)
    return smooth(min(1.0, time_s / length)) if length > 0 else 1.0


def frame_unit(stage: Stage) -> float:
    """The frame's shorter side in working pixels: what small sizes are shares of."""
    return min(stage.frame[2], stage.frame[3])
