"""A visible mark: the product's name, small, half transparent, at the lower right, drawn into the YUV planes."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

U8 = NDArray[np.uint8]
U16 = NDArray[np.uint16]

TEXT: Final = "photoplay"
_HEIGHT: Final = 0.038  # of the frame's short side: the size of the type
_MARGIN: Final = 0.03  # of the short side, to the right and below
_INK: Final = 0.72  # opacity of the letters
_SHADOW: Final = 0.45  # opacity of the soft shadow that keeps them legible on white
_WHITE_Y: Final = 235  # BT.709 limited range
_BLACK_Y: Final = 16
_GREY_C: Final = 128


class Watermark:
    """The mark for one frame size, drawn once and blended into every frame."""

    def __init__(self, width: int, height: int) -> None:
        ink, shadow = _masks(min(width, height))
        rows, columns = ink.shape
        margin = round(min(width, height) * _MARGIN)
        # Even corners, so that chroma samples lie under whole luma pairs.
        self._x = max(0, (width - margin - columns) // 2 * 2)
        self._y = max(0, (height - margin - rows) // 2 * 2)
        ink = ink[: height - self._y, : width - self._x]
        shadow = shadow[: height - self._y, : width - self._x]
        # Shadow under ink: out = in * (1 - s) * (1 - i) + black * s * (1 - i) + white * i, in 8-bit fixed point.
        keep = (1 - shadow) * (1 - ink)
        added = _BLACK_Y * shadow * (1 - ink) + _WHITE_Y * ink
        self._keep_y = _fixed(keep)
        self._add_y = np.rint(added * 256).astype(np.uint16)
        half = cv2.resize(keep, (keep.shape[1] // 2, keep.shape[0] // 2), interpolation=cv2.INTER_AREA)
        self._keep_c = _fixed(np.asarray(half, np.float32))
        self._add_c = (256 - self._keep_c) * np.uint16(_GREY_C)

    @property
    def box(self) -> tuple[int, int, int, int]:
        """Where the mark is: x, y, width, height in pixels."""
        return self._x, self._y, self._keep_y.shape[1], self._keep_y.shape[0]

    def apply(self, y: U8, u: U8, v: U8) -> None:
        """Draws into the planes of a frame: ``y`` (H, W), ``u`` and ``v`` (H/2, W/2) uint8, limited range."""
        rows, columns = self._keep_y.shape
        _blend(y[self._y : self._y + rows, self._x : self._x + columns], self._keep_y, self._add_y)
        rows, columns = self._keep_c.shape
        top, left = self._y // 2, self._x // 2
        for plane in (u, v):
            _blend(plane[top : top + rows, left : left + columns], self._keep_c, self._add_c)


def _fixed(weight: NDArray[np.float32]) -> U16:
    return np.rint(weight * 256).astype(np.uint16)


def _blend(region: U8, keep: U16, add: U16) -> None:
    region[:] = (region.astype(np.uint32) * keep + add + 128 >> 8).astype(np.uint8)


def _masks(short_side: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Opacities of letters and shadow, both (h, w) float32, with even sides."""
    size = max(10, round(short_side * _HEIGHT))
    font = ImageFont.load_default(size)
    left, top, right, bottom = font.getbbox(TEXT)
    pad = max(2, size // 3)
    columns = (round(right - left) + 2 * pad + 1) // 2 * 2
    rows = (round(bottom - top) + 2 * pad + 1) // 2 * 2
    drawn = Image.new("L", (columns, rows))
    ImageDraw.Draw(drawn).text((pad - left, pad - top), TEXT, fill=255, font=font)
    letters = np.asarray(drawn, np.float32) / np.float32(255)
    soft = np.asarray(cv2.GaussianBlur(letters, (0, 0), size / 9), np.float32)
    soft = soft * np.float32(_SHADOW / max(float(soft.max()), 1e-6))
    return np.asarray(letters * _INK, np.float32), soft
