"""Shadows that make a subject stand: a dark line of contact under its feet, and one cast along the ground.

Both are masks over the working area at a quarter of its size, to be multiplied into the ground, which carries them with
the camera as it carries its own texture.
"""

from __future__ import annotations

import math

import cv2
import numpy as np

from photoplay.engines.motion import filters
from photoplay.engines.motion.types import F32, U8

STEP = 4  # working pixels per pixel of a mask
CONTACT_REACH = 0.10  # of the subject's height: how far above its lowest point something still touches the ground
CONTACT, AMBIENT = 0.62, 0.34  # darkness right under the feet, and of the soft pool around them
CAST_LENGTH = 0.34  # of the subject's height, along the picture's vertical: ground is seen at a slant
CAST_LEAN = 0.62  # of its height sideways, with light from the side
DARKEST = 0.78


def contact(alpha: U8, foot: float) -> F32:
    """(h, w) float32 0..1: the shade where a subject touches the ground and right around it.

    Args:
        alpha: (h, w) uint8 at mask size.
        foot: the row of its ground line, in mask pixels.
    """
    height, width = alpha.shape
    solid = alpha > 127
    rows = np.flatnonzero(solid.any(axis=1))
    if rows.size == 0:
        return np.zeros((height, width), np.float32)
    tall = max(4.0, foot - float(rows[0]))
    lowest = height - 1 - np.argmax(solid[::-1], axis=0)
    columns = np.flatnonzero(solid.any(axis=0))
    near = np.clip(1.0 - (foot - lowest[columns]) / (CONTACT_REACH * tall), 0.0, 1.0).astype(np.float32)
    line = np.zeros((height, width), np.float32)
    spread = np.zeros((height, width), np.float32)
    thick = max(1, round(0.012 * tall))
    for column, weight in zip(columns.tolist(), near.tolist(), strict=True):
        if weight <= 0.0:
            continue
        row = int(lowest[column])
        line[max(0, row - thick) : min(height, row + thick + 1), column] = weight
        spread[max(0, row - 2 * thick) : min(height, row + 3 * thick), column] = weight
    tight = _stretched(line, 0.018 * tall, 0.008 * tall)
    pool = _stretched(spread, 0.085 * tall, 0.030 * tall)
    tight = tight / max(1e-3, float(tight.max()))
    pool = pool / max(1e-3, float(pool.max()))
    shade = 1.0 - (1.0 - CONTACT * tight) * (1.0 - AMBIENT * pool)
    return np.asarray(shade, dtype=np.float32)


def cast(alpha: U8, foot: float, light: tuple[float, float], *, behind: bool = False) -> F32:
    """(h, w) float32 0..1: the shadow thrown along the ground, away from the light, softer the farther.

    Args:
        alpha: (h, w) uint8 at mask size.
        foot: the row of its ground line, in mask pixels.
        light: unit vector towards the light in the picture plane.
        behind: the light stands behind the subject, so that the shadow falls towards the camera.
    """
    height, width = alpha.shape
    rows = np.flatnonzero((alpha > 127).any(axis=1))
    if rows.size == 0:
        return np.zeros((height, width), np.float32)
    tall = max(4.0, foot - float(rows[0]))
    lean = -CAST_LEAN * (light[0] if abs(light[0]) > 0.2 else math.copysign(0.2, light[0] or 1.0))
    slope = -CAST_LENGTH if behind else CAST_LENGTH * 0.62
    # A subject's point e above the foot lies at (x + lean e, foot - slope e) on the ground: turned round for the warp.
    matrix = np.array([[1.0, lean / slope, -lean / slope * foot], [0.0, 1.0 / slope, foot - foot / slope]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    flat = filters.to_f32(np.asarray(cv2.warpAffine(alpha, matrix, (width, height), flags=flags), dtype=np.uint8))
    sharp, soft = filters.blur(flat, max(0.8, 0.012 * tall)), filters.blur(flat, max(1.2, 0.055 * tall))
    y = np.arange(height, dtype=np.float32)[:, None]
    away = np.clip(np.abs(y - np.float32(foot)) / np.float32(abs(slope) * tall), 0.0, 1.0)
    shade = (sharp * (1.0 - away) + soft * away) * (1.0 - 0.75 * away)
    # Nothing on the far side of the foot: blurring must not climb the subject's own legs.
    inside = np.clip((y - foot) / 3.0 + 1.0, 0.0, 1.0) if behind else np.clip((foot - y) / 3.0 + 1.0, 0.0, 1.0)
    return np.asarray(shade * inside, dtype=np.float32)


def joined(shades: list[F32]) -> F32 | None:
    """All shades together, never darker than ``DARKEST``."""
    if not shades:
        return None
    left = np.ones_like(shades[0])
    for shade in shades:
        left = left * (1.0 - shade)
    return np.asarray(np.minimum(1.0 - left, DARKEST), dtype=np.float32)


def darken(rgb: U8, shade: F32, cool: float = 0.10) -> U8:
    """The ground (H, W, 3) under a shade at 1/STEP of its size; ``cool``: shade keeps this much more blue than red."""
    height, width = rgb.shape[:2]
    rows = np.flatnonzero((shade > 0.004).any(axis=1))
    if rows.size == 0:
        return rgb
    out = rgb.copy()
    first, last = max(0, (int(rows[0]) - 2) * STEP), min(height, (int(rows[-1]) + 3) * STEP)
    for top in range(first, last, 256):
        bottom = min(last, top + 256)
        # Sampled at pixel centres, so that bands join.
        matrix = np.array([[1.0 / STEP, 0.0, 0.5 / STEP - 0.5], [0.0, 1.0 / STEP, (top + 0.5) / STEP - 0.5]])
        part = cv2.warpAffine(
            shade, matrix, (width, bottom - top), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REPLICATE,
        )  # fmt: skip
        keep = 1.0 - np.asarray(part, np.float32)[..., None] * filters.row(1.0, 1.0 - 0.4 * cool, 1.0 - cool)
        out[top:bottom] = np.clip(rgb[top:bottom] * keep + 0.5, 0, 255).astype(np.uint8)
    return out


def _stretched(mask: F32, across: float, down: float) -> F32:
    sigma_x, sigma_y = max(0.6, across), max(0.6, down)
    return np.asarray(cv2.GaussianBlur(mask, (0, 0), sigmaX=sigma_x, sigmaY=sigma_y), dtype=np.float32)
