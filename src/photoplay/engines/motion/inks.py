"""Sprites in the frame's own colours, kept from frame to frame.

A sprite is given as premultiplied RGBA and drawn into YUV planes. What is drawn again and again (a curtain of rain,
flakes of snow) is converted once: the second time a picture is seen, its conversion is kept until the picture itself
is gone, or until others need the room. Converted or kept, the samples are the same.
"""

from __future__ import annotations

import threading
import weakref
from collections import OrderedDict
from dataclasses import dataclass, field

import cv2
import numpy as np

from photoplay.engines.motion.planes import RGB_TO_YUV, u8
from photoplay.engines.motion.types import F32, U8

MAX_BYTES = 96 * 1024 * 1024
_SEEN_KEPT = 4096  # pictures remembered that were seen only once

# Premultiplied RGBA to premultiplied YUV in one product: the offsets ride on alpha.
_OVER: F32 = np.hstack([RGB_TO_YUV[:, :3], RGB_TO_YUV[:, 3:] / np.float32(255.0)]).astype(np.float32)
_LIGHT: F32 = np.hstack([RGB_TO_YUV[:, :3], np.zeros((3, 1)), np.array([[0.0], [128.0], [128.0]])]).astype(np.float32)


@dataclass(frozen=True, slots=True)
class Ink:
    """A picture in YUV: ``y`` and ``rest`` (255 less its alpha) (h, w) uint8; ``u``, ``v`` and ``half_rest`` at half
    the size. As light, ``u`` and ``v`` lie around 128 and the rests say nothing."""

    y: U8
    rest: U8
    u: U8
    v: U8
    half_rest: U8

    @property
    def nbytes(self) -> int:
        """Memory it takes."""
        return sum(plane.nbytes for plane in (self.y, self.rest, self.u, self.v, self.half_rest))


def convert(rgba: U8, *, light: bool) -> Ink:
    """(h, w, 4) uint8 premultiplied, even sides, to ink."""
    matrix = _LIGHT if light else _OVER
    half = u8(cv2.resize(rgba, (rgba.shape[1] // 2, rgba.shape[0] // 2), interpolation=cv2.INTER_AREA))
    y = cv2.transform(rgba, matrix[:1])
    u, v = cv2.split(cv2.transform(half, matrix[1:]))
    rest, half_rest = (cv2.bitwise_not(cv2.extractChannel(one, 3)) for one in (rgba, half))
    return Ink(u8(y), u8(rest), u8(u), u8(v), u8(half_rest))


def padded(rgba: U8, dx: int, dy: int) -> U8:
    """A picture with an empty rim of ``dx`` to its left and ``dy`` above, and of 0 or 1 beyond: sides are even."""
    height, width = rgba.shape[:2]
    sides = (dy, (height + dy) % 2, dx, (width + dx) % 2)
    return u8(cv2.copyMakeBorder(rgba, *sides, cv2.BORDER_CONSTANT, value=(0.0,) * 4)) if any(sides) else rgba


@dataclass
class _Kept:
    alive: weakref.ref[U8]
    inks: dict[tuple[int, int, bool], Ink] = field(default_factory=dict)

    @property
    def nbytes(self) -> int:
        return sum(ink.nbytes for ink in self.inks.values())


class Inks:
    """The conversions of one compositor's sprites. May be asked by several threads."""

    def __init__(self, max_bytes: int = MAX_BYTES) -> None:
        self._max_bytes = max_bytes
        self._kept: OrderedDict[int, _Kept] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    def of(self, rgba: U8, dx: int, dy: int, *, light: bool) -> Ink | None:
        """The ink of a picture that stands ``dx`` (0 or 1) to the right and ``dy`` below even frame pixels, with
        that much empty rim; None the first time a picture is seen."""
        key = id(rgba)
        with self._lock:
            known = self._kept.get(key)
            if known is None or known.alive() is not rgba:
                self._drop(key)
                self._kept[key] = _Kept(weakref.ref(rgba))
                self._shrink()
                return None
            self._kept.move_to_end(key)
            ink = known.inks.get((dx, dy, light))
        if ink is not None:
            return ink
        ink = convert(padded(rgba, dx, dy), light=light)
        with self._lock:
            if self._kept.get(key) is known and (dx, dy, light) not in known.inks:
                known.inks[dx, dy, light] = ink
                self._bytes += ink.nbytes
                self._shrink()
        return ink

    def _drop(self, key: int) -> None:
        gone = self._kept.pop(key, None)
        if gone is not None:
            self._bytes -= gone.nbytes

    def _shrink(self) -> None:
        while len(self._kept) > _SEEN_KEPT or (self._bytes > self._max_bytes and len(self._kept) > 1):
            self._drop(next(iter(self._kept)))
