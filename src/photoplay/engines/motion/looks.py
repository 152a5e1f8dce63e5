"""What the votes on a photo's regions look at: colours, lightness, texture and slopes at a small size."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from photoplay.engines.motion import filters
from photoplay.engines.motion.types import F32, U8

Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Looks:
    """What the votes look at, all (h, w) float32 at small size: Lab, hue in degrees, saturation, value, texture."""

    rgb: F32
    light: F32  # L*, 0..100
    a: F32
    b: F32
    hue: F32  # 0..360
    saturation: F32
    value: F32
    texture: F32  # local deviation of the lightness, 0..1
    slope_x: F32
    slope_y: F32
    y: F32  # 0 top .. 1 bottom
    free: Mask  # not subject


def look(rgb: U8, matte: U8) -> Looks:
    """What is seen of a small photo (h, w, 3) uint8 with its matte (h, w) uint8."""
    image = filters.to_f32(rgb)
    lab = np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2LAB), dtype=np.float32)
    hsv = np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2HSV), dtype=np.float32)
    light = np.ascontiguousarray(lab[..., 0])
    mean = filters.box(light, 2)
    texture = np.sqrt(np.maximum(filters.box(light * light, 2) - mean * mean, 0)) / 100.0
    slope_x = np.asarray(cv2.Sobel(light, cv2.CV_32F, 1, 0), dtype=np.float32)
    slope_y = np.asarray(cv2.Sobel(light, cv2.CV_32F, 0, 1), dtype=np.float32)
    rows = np.linspace(0, 1, rgb.shape[0], dtype=np.float32)[:, None]
    return Looks(
        image, light, lab[..., 1], lab[..., 2], hsv[..., 0], hsv[..., 1], hsv[..., 2],
        np.asarray(texture, dtype=np.float32), slope_x, slope_y,
        np.broadcast_to(rows, light.shape).astype(np.float32), matte < 64,
    )  # fmt: skip


def parts(mask: Mask, min_area: float) -> Mask:
    """``mask`` without its parts smaller than ``min_area`` of the photo."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=4)
    keep = stats[:, cv2.CC_STAT_AREA] >= min_area * mask.size
    keep[0] = False
    return np.asarray(keep[labels], dtype=np.bool_) if count > 1 else mask


def below(mask: Mask, rows: int) -> Mask:
    """What lies within ``rows`` under ``mask``, outside it."""
    grown = mask.copy()
    for step in range(1, rows + 1):
        grown[step:] |= mask[:-step]
    return np.asarray(grown & ~mask, dtype=np.bool_)
