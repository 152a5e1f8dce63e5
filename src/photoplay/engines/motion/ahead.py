"""Planes beside themselves as seen a little ahead, so that one sample gives several pixels of a frame."""

from __future__ import annotations

import cv2
import numpy as np

from photoplay.engines.motion.planes import u8
from photoplay.engines.motion.types import F32, U8


def quads(plane: U8, across: float, down: float, *, within: bool = False) -> U8:
    """(h, w, 4) uint8: ``plane`` (h, w), and the same as seen ``across`` pixels (0 .. 2) farther right, ``down`` pixels
    farther down, and both, by a cubic, which keeps it sharp.

    ``within``: never beyond what the two pixels around have, as premultiplied ink and its alpha must be: where a cubic
    swings over at the end of the scale, the one would be cut off and the other not.
    """
    right = _moved(plane, across, 0, within=within)
    below = _moved(plane, down, 1, within=within)
    return u8(cv2.merge([plane, right, below, _moved(right, down, 1, within=within)]))


def pairs(chroma: U8, across: float) -> U8:
    """(h, w, 4) uint8: the first channel of ``chroma`` and the same as seen ``across`` pixels (0 .. 2) farther right,
    then the second channel likewise."""
    apart = [u8(cv2.extractChannel(chroma, channel)) for channel in (0, 1)]
    return u8(cv2.merge([part for plane in apart for part in (plane, _moved(plane, across, 0, within=True))]))


def _moved(image: U8, way: float, axis: int, *, within: bool) -> U8:
    """``image`` as seen ``way`` pixels (0 .. 2) farther right (``axis`` 0) or down (1)."""
    taps = _ahead(way)
    # A plain filter: OpenCV's separable one takes several times as long, the more so down the columns.
    kernel, anchor = (taps[None, :], (1, 0)) if axis == 0 else (taps[:, None], (0, 1))
    found = cv2.filter2D(image, -1, kernel, anchor=anchor, borderType=cv2.BORDER_REPLICATE)
    if within:
        low, high = _between(image, int(way), axis)
        found = cv2.min(cv2.max(found, low), high)
    return u8(found)


def _between(image: U8, ahead: int, axis: int) -> tuple[U8, U8]:
    """The smaller and the greater of the pixels ``ahead`` and ``ahead + 1`` farther right (``axis`` 0) or down (1)."""
    height, width = image.shape
    across, down = (ahead + 1, 0) if axis == 0 else (0, ahead + 1)
    wide = u8(cv2.copyMakeBorder(image, 0, down, 0, across, cv2.BORDER_REPLICATE))
    if axis == 0:
        first, second = wide[:, ahead : ahead + width], wide[:, ahead + 1 :]
    else:
        first, second = wide[ahead : ahead + height], wide[ahead + 1 :]
    return u8(cv2.min(first, second)), u8(cv2.max(first, second))


def _ahead(way: float) -> F32:
    """The weights of the pixels one back to three ahead for what lies ``way`` (0 .. 2) ahead: cubic (Keys 1981)."""
    off = np.abs(np.arange(-1, 4, dtype=np.float64) - way)
    near, far = 1.0 + off**2 * (1.5 * off - 2.5), 2.0 + off * (-4.0 + off * (2.5 - 0.5 * off))
    return np.where(off <= 1.0, near, np.where(off < 2.0, far, 0.0)).astype(np.float32)
