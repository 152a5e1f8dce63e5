"""Pictures as YUV 4:2:0 planes (BT.709, limited range), the form in which frames are made and encoded.

Chroma planes are half the size in both directions. Here a chroma sample sits in the middle of its four luma
samples, except in a finished frame, whose chroma is sited left as H.264 assumes; the warp takes care of that.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from photoplay.engines.motion.types import F32, U8
from photoplay.media.colour import RGB_TO_UV, RGB_TO_Y, rgb_to_yuv420, yuv420_to_rgb

RGB_TO_YUV: F32 = np.vstack([RGB_TO_Y, RGB_TO_UV]).astype(np.float32)
"""(3, 4): RGB (0..255) and a 1 to YUV codes."""


def u8(array: NDArray[Any]) -> U8:
    """``array``, which is uint8 already: OpenCV's signatures do not say so."""
    return np.asarray(array, np.uint8)


@dataclass(frozen=True, slots=True)
class Planes:
    """One picture: ``y`` (H, W) uint8, ``u`` and ``v`` (H/2, W/2) uint8. Sides are even."""

    y: U8
    u: U8
    v: U8

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) in luma pixels."""
        return self.y.shape[1], self.y.shape[0]

    def __iter__(self) -> Iterator[U8]:
        yield self.y
        yield self.u
        yield self.v


def allocate(width: int, height: int) -> Planes:
    """A picture in one block of memory (Y, then U, then V, as encoders like it), contents undefined."""
    block = np.empty(width * height * 3 // 2, np.uint8)
    luma, quarter = width * height, width * height // 4
    return Planes(
        block[:luma].reshape(height, width),
        block[luma : luma + quarter].reshape(height // 2, width // 2),
        block[luma + quarter :].reshape(height // 2, width // 2),
    )


def black(width: int, height: int) -> Planes:
    """A black picture."""
    planes = allocate(width, height)
    planes.y.fill(16)
    planes.u.fill(128)
    planes.v.fill(128)
    return planes


def halve(plane: U8) -> U8:
    """Half the size by the mean of 2 x 2."""
    return np.asarray(
        cv2.resize(plane, (plane.shape[1] // 2, plane.shape[0] // 2), interpolation=cv2.INTER_AREA), np.uint8
    )


def from_rgb(rgb: U8) -> Planes:
    """(H, W, 3) uint8 RGB with even sides to a layer's planes, chroma in the middle."""
    yuv = cv2.transform(rgb, RGB_TO_YUV)
    half = cv2.resize(yuv, (rgb.shape[1] // 2, rgb.shape[0] // 2), interpolation=cv2.INTER_AREA)
    y, u, v = cv2.extractChannel(yuv, 0), cv2.extractChannel(half, 1), cv2.extractChannel(half, 2)
    return Planes(u8(y), u8(u), u8(v))


def frame_from_rgb(rgb: U8) -> Planes:
    """(H, W, 3) uint8 RGB with even sides to a finished frame, chroma to the left."""
    return Planes(*rgb_to_yuv420(rgb))


def to_rgb(frame: Planes) -> U8:
    """A finished frame as (H, W, 3) uint8 RGB."""
    return yuv420_to_rgb(np.ascontiguousarray(frame.y), np.ascontiguousarray(frame.u), np.ascontiguousarray(frame.v))


def colour(rgb: tuple[float, float, float]) -> tuple[float, float, float]:
    """(Y, U, V) codes of one RGB colour (0..255)."""
    y, u, v = (RGB_TO_YUV[:, :3] @ np.array(rgb, np.float32) + RGB_TO_YUV[:, 3]).tolist()
    return y, u, v
