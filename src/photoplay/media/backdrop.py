"""What stands behind a picture that is partly transparent.

A video has no transparency, so something must be behind. Two cases, told apart by how much is transparent:

* A little (rounded corners, a thin feathered border): the picture is meant to be whole. Its own colours are
  extended outward, so no foreign colour shows at the edge.
* A lot (a cut-out product or person, a logo, a sticker): it needs a place to stand. A neutral studio sweep,
  light as product photographs have it, a little darker towards the ground so that depth and shadow read;
  dark instead when the subject itself is so light that it would drown.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

U8 = NDArray[np.uint8]
F32 = NDArray[np.float32]

WHOLE_PICTURE_SHARE: Final = 0.12  # up to this share of transparency the picture counts as whole
_LIGHT_SUBJECT_LUMA: Final = 200.0  # 8-bit luma of the subject from which the backdrop turns dark
_LIGHT_SWEEP: Final = (246.0, 214.0)  # top and bottom, 8-bit grey
_DARK_SWEEP: Final = (52.0, 26.0)
_LUMA: Final = np.array([0.2126, 0.7152, 0.0722], dtype=np.float32)


def extend_colours(rgb: U8, alpha: U8) -> U8:
    """Fills what is transparent with the colours around it (push-pull; Gortler et al. 1996, section 3.4).

    Args:
        rgb: (H, W, 3) uint8.
        alpha: (H, W) uint8; not all 0.

    Returns:
        (H, W, 3) uint8: ``rgb`` where opaque, smooth continuation elsewhere.
    """
    weight = alpha.astype(np.float32) / 255.0
    colour = rgb.astype(np.float32) * weight[..., None]
    levels: list[tuple[F32, F32]] = [(colour, weight)]
    while min(levels[-1][1].shape) > 1:
        colour, weight = levels[-1]
        half = (max(1, weight.shape[1] // 2), max(1, weight.shape[0] // 2))
        small = np.asarray(cv2.resize(colour, half, interpolation=cv2.INTER_AREA), dtype=np.float32)
        levels.append((small, np.asarray(cv2.resize(weight, half, interpolation=cv2.INTER_AREA), dtype=np.float32)))
    colour, weight = levels.pop()
    filled = np.asarray(colour / np.maximum(weight, 1e-6)[..., None], dtype=np.float32)
    for colour, weight in reversed(levels):
        size = (weight.shape[1], weight.shape[0])
        coarse = cv2.resize(filled, size, interpolation=cv2.INTER_LINEAR)
        filled = np.asarray(colour + coarse * (1.0 - weight)[..., None], dtype=np.float32)
    return np.asarray(np.clip(np.rint(filled), 0, 255), dtype=np.uint8)


def studio_sweep(rgb: U8, alpha: U8) -> U8:
    """A neutral backdrop (H, W, 3) uint8 that the subject (opaque part of ``rgb``) stands out from."""
    height, width = alpha.shape
    weight = alpha.astype(np.float32)
    luma = float((rgb.astype(np.float32) @ _LUMA * weight).sum() / max(1.0, float(weight.sum())))
    top, bottom = _DARK_SWEEP if luma >= _LIGHT_SUBJECT_LUMA else _LIGHT_SWEEP
    fall = np.linspace(0.0, 1.0, height, dtype=np.float32) ** 2
    column = top + (bottom - top) * fall
    # A 4x4 ordered pattern (Bayer 1973) hides the steps of a slow gradient in 8 bits.
    bayer = np.array([[0, 8, 2, 10], [12, 4, 14, 6], [3, 11, 1, 9], [15, 7, 13, 5]], dtype=np.float32) / 16.0
    pattern = np.tile(bayer, (height // 4 + 1, width // 4 + 1))[:height, :width]
    grey = np.floor(column[:, None] + pattern).astype(np.uint8)
    return np.ascontiguousarray(np.repeat(grey[..., None], 3, axis=2))


def composite(rgb: U8, alpha: U8) -> U8:
    """The picture over a fitting backdrop.

    Args:
        rgb: (H, W, 3) uint8, not multiplied by ``alpha``.
        alpha: (H, W) uint8, 0 transparent .. 255 opaque; not all 0.

    Returns:
        (H, W, 3) uint8.
    """
    transparent = 1.0 - float(alpha.mean()) / 255.0
    behind = extend_colours(rgb, alpha) if transparent <= WHOLE_PICTURE_SHARE else studio_sweep(rgb, alpha)
    # In bands, so that a large picture does not need four times its size in floats.
    out = np.empty_like(rgb)
    for row in range(0, rgb.shape[0], 256):
        band = slice(row, row + 256)
        opacity = alpha[band, :, None].astype(np.uint16)
        mixed = rgb[band].astype(np.uint16) * opacity + behind[band].astype(np.uint16) * (255 - opacity)
        out[band] = ((mixed + 127) // 255).astype(np.uint8)
    return out
