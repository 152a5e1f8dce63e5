"""RGB to and from the encoder's colour: BT.709, limited range, 4:2:0 with left-sited chroma.

The formulas are those of ITU-R BT.709-6 (section 3: luma 0.2126 R + 0.7152 G + 0.0722 B; 8-bit quantisation
with 219 steps of luma above 16 and 224 steps of chroma around 128). H.264's default chroma location is *left*
(Rec. ITU-T H.264, E.2.1, ``chroma_sample_loc_type`` 0): a chroma sample lies on the even luma column and half-way
between two luma rows.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

U8 = NDArray[np.uint8]

_KR, _KB = 0.2126, 0.0722
_KG = 1.0 - _KR - _KB
_Y_SCALE, _C_SCALE = 219.0 / 255.0, 224.0 / 255.0

RGB_TO_Y = np.array([[_KR * _Y_SCALE, _KG * _Y_SCALE, _KB * _Y_SCALE, 16.0]])
"""(1, 4) float64: luma from (R, G, B, 1)."""
RGB_TO_UV = np.array(
    [
        [-_KR / (2 * (1 - _KB)) * _C_SCALE, -_KG / (2 * (1 - _KB)) * _C_SCALE, 0.5 * _C_SCALE, 128.0],
        [0.5 * _C_SCALE, -_KG / (2 * (1 - _KR)) * _C_SCALE, -_KB / (2 * (1 - _KR)) * _C_SCALE, 128.0],
    ]
)
"""(2, 4) float64: U and V from (R, G, B, 1)."""

_YUV = np.vstack([RGB_TO_Y, RGB_TO_UV])
_INVERSE = np.linalg.inv(_YUV[:, :3])
YUV_TO_RGB = np.hstack([_INVERSE, -_INVERSE @ _YUV[:, 3:]])
"""(3, 4) float64: RGB from (Y, U, V, 1)."""

# A chroma sample gathers its own column with half weight and its two neighbours with a quarter each, over two rows.
_SITE_X = np.array([0.25, 0.5, 0.25], dtype=np.float32)
_SITE_Y = np.array([0.5, 0.5], dtype=np.float32)


def rgb_to_yuv444(rgb: U8) -> U8:
    """Converts (H, W, 3) uint8 RGB to (H, W, 3) uint8 Y, U, V at full size."""
    return np.asarray(cv2.transform(rgb, _YUV), dtype=np.uint8)


def rgb_to_yuv420(rgb: U8) -> tuple[U8, U8, U8]:
    """Converts a picture to planes for the encoder.

    Args:
        rgb: (H, W, 3) uint8, H and W even.

    Returns:
        Y (H, W), U and V (H/2, W/2), uint8, each C-contiguous.
    """
    height, width = rgb.shape[:2]
    if rgb.ndim != 3 or rgb.shape[2] != 3 or rgb.dtype != np.uint8:
        raise ValueError(f"expected (H, W, 3) uint8, got {rgb.shape} {rgb.dtype}")
    if height % 2 or width % 2:
        raise ValueError(f"sides must be even, got {width}x{height}")
    luma = np.asarray(cv2.transform(rgb, RGB_TO_Y), dtype=np.uint8).reshape(height, width)
    # A quarter, a half and a quarter of three columns are the mean of the pairs to the right and to the left.
    half = (width // 2, height // 2)
    right = cv2.resize(rgb, half, interpolation=cv2.INTER_AREA)
    before = cv2.copyMakeBorder(rgb[:, : width - 1], 0, 0, 1, 0, cv2.BORDER_REPLICATE)
    left = cv2.resize(before, half, interpolation=cv2.INTER_AREA)
    chroma = cv2.transform(cv2.addWeighted(left, 0.5, right, 0.5, 0.0), RGB_TO_UV)
    u, v = cv2.split(np.asarray(chroma, dtype=np.uint8))
    return luma, np.asarray(u, dtype=np.uint8), np.asarray(v, dtype=np.uint8)


def alpha_to_420(alpha: U8) -> U8:
    """Brings an opacity plane (H, W) uint8, even sides, to the chroma planes' grid: (H/2, W/2) uint8."""
    sited = cv2.sepFilter2D(alpha, -1, _SITE_X, _SITE_Y, anchor=(1, 0), borderType=cv2.BORDER_REPLICATE)
    return np.ascontiguousarray(sited[::2, ::2])


def _upsample(chroma: U8, width: int, height: int) -> U8:
    # Luma (x, y) lies at chroma (x / 2, y / 2 - 1/4).
    to_chroma = np.array([[0.5, 0.0, 0.0], [0.0, 0.5, -0.25]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    grown = cv2.warpAffine(chroma, to_chroma, (width, height), flags=flags, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(grown, dtype=np.uint8)


def yuv420_to_rgb(y: U8, u: U8, v: U8) -> U8:
    """The inverse of :func:`rgb_to_yuv420`, chroma interpolated linearly: (H, W, 3) uint8 RGB."""
    height, width = y.shape
    full = cv2.merge([y, _upsample(u, width, height), _upsample(v, width, height)])
    return np.asarray(cv2.transform(full, YUV_TO_RGB), dtype=np.uint8)
