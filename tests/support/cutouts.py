"""Photos made in code for compositions: subjects on a transparent ground, which need no weights to be matted; views."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from photoplay.engines.motion.types import U8
from support.stages import textured


def figure(colour: tuple[int, int, int], size: tuple[int, int] = (300, 420), *, bust: bool = False) -> U8:
    """(h, w, 4) uint8: a figure of one colour with a head; ``bust``: the picture's lower edge cuts it."""
    width, height = size
    alpha = np.zeros((height, width), np.uint8)
    middle = width // 2
    cv2.circle(alpha, (middle, round(0.24 * height)), round(0.13 * height), 255, -1, cv2.LINE_AA)
    if bust:
        cv2.ellipse(
            alpha, (middle, height), (round(0.42 * width), round(0.66 * height)), 0, 0, 360, 255, -1, cv2.LINE_AA
        )
    else:
        points = np.array(
            [[0.42, 0.34], [0.58, 0.34], [0.68, 0.92], [0.56, 0.92], [0.50, 0.62], [0.44, 0.92], [0.32, 0.92]]
        )
        cv2.fillPoly(alpha, [np.round(points * [width, height]).astype(np.int32)], 255, cv2.LINE_AA)
    noise = (textured(width, height, sum(colour)).astype(np.int16) - 128) // 8
    rgb = np.clip(np.array(colour) + noise, 0, 255).astype(np.uint8)
    return np.dstack([rgb, alpha])


def view(size: tuple[int, int] = (640, 400), seed: int = 5) -> U8:
    """(h, w, 3) uint8: a plain blue sky over a textured green ground, the horizon in the middle."""
    width, height = size
    picture = np.empty((height, width, 3), np.float32)
    down = np.linspace(0.0, 1.0, height, dtype=np.float32)[:, None]
    picture[:] = (1.0 - down)[..., None] * np.array([110, 160, 220]) + down[..., None] * np.array([200, 215, 230])
    ground = textured(width, height, seed, 1.2).astype(np.float32)[..., :1] - 128
    half = height // 2
    picture[half:] = np.array([88, 118, 52]) + 0.5 * ground[half:]
    return np.clip(picture, 0, 255).astype(np.uint8)


def save(path: Path, picture: U8) -> Path:
    """Writes (h, w, 3 or 4) RGB(A) as PNG."""
    code = cv2.COLOR_RGBA2BGRA if picture.shape[2] == 4 else cv2.COLOR_RGB2BGR
    assert cv2.imwrite(str(path), cv2.cvtColor(picture, code))
    return path
