"""Draws sprites into a frame's planes."""

from __future__ import annotations

import cv2
import numpy as np

from photoplay.engines.motion.animate import F64, Sprite
from photoplay.engines.motion.camera import Rig, View
from photoplay.engines.motion.inks import Ink, Inks, convert, padded
from photoplay.engines.motion.planes import Planes, u8
from photoplay.engines.motion.types import U8
from photoplay.engines.motion.warp import Lattice

_HALF: F64 = np.array([[2.0, 0.0, 0.5], [0.0, 2.0, 0.5], [0.0, 0.0, 1.0]])
"""Pixel of a plane at half the size to pixel of the whole one: it lies in the middle of four."""
_TO_HALF: F64 = np.asarray(np.linalg.inv(_HALF), np.float64)


def placement(sprite: Sprite, view: View, rig: Rig, lattice: Lattice) -> F64:
    """(3, 3): sprite pixel index to frame pixel index."""
    place: F64 = np.array(
        [
            [sprite.scale, 0.0, sprite.x + 0.5 * sprite.scale - 0.5],
            [0.0, sprite.scale, sprite.y + 0.5 * sprite.scale - 0.5],
            [0.0, 0.0, 1.0],
        ]
    )
    if sprite.depth is None:
        return place
    width, height = lattice.output
    cx, cy = lattice.centre
    share = lattice.frame[2]
    to_unit = np.array([[1 / share, 0, -cx / share], [0, 1 / share, -cy / share], [0, 0, 1.0]])
    to_frame = np.array([[width, 0, width / 2 - 0.5], [0, width, height / 2 - 0.5], [0, 0, 1.0]])
    seen: F64 = to_frame @ np.linalg.inv(view.homography(rig.nearness(sprite.depth))) @ to_unit @ place
    return seen


def draw_sprite(out: Planes, sprite: Sprite, view: View, rig: Rig, lattice: Lattice, inks: Inks) -> None:
    """Draws one sprite; what lies outside the frame is cut off. ``inks`` keeps what is pasted again and again."""
    if sprite.opacity <= 0.0:
        return
    rows, columns = sprite.rgba.shape[:2]
    width, height = out.size
    matrix = placement(sprite, view, rig, lattice)
    whole = (
        sprite.depth is None and sprite.scale == 1.0 and float(sprite.x).is_integer() and float(sprite.y).is_integer()
    )
    if whole:
        x0, y0, x1, y1 = int(sprite.x), int(sprite.y), int(sprite.x) + columns, int(sprite.y) + rows
    else:
        corners = np.array([[-0.5, -0.5], [columns - 0.5, -0.5], [-0.5, rows - 0.5], [columns - 0.5, rows - 0.5]])
        seen = matrix @ np.hstack([corners, np.ones((4, 1))]).T
        if not (seen[2] > 1e-6).all():
            return  # behind the camera
        xs, ys = seen[0] / seen[2], seen[1] / seen[2]
        x0, y0, x1, y1 = int(xs.min()) - 1, int(ys.min()) - 1, int(xs.max()) + 3, int(ys.max()) + 3
    # Even window within the frame, so that chroma samples are whole.
    x0, y0 = max(0, x0) & ~1, max(0, y0) & ~1
    x1, y1 = min(width, (x1 + 1) & ~1), min(height, (y1 + 1) & ~1)
    if x1 <= x0 or y1 <= y0:
        return
    region = (slice(y0, y1), slice(x0, x1)), (slice(y0 // 2, y1 // 2), slice(x0 // 2, x1 // 2))
    if whole:
        left, top = int(sprite.x), int(sprite.y)
        ink = inks.of(sprite.rgba, left & 1, top & 1, light=sprite.light)
        ink = (
            convert(_pasted(sprite, x0, y0, x1, y1), light=sprite.light)
            if ink is None
            else _cut(ink, x0 - (left & ~1), y0 - (top & ~1), x1 - x0, y1 - y0)
        )
    else:
        shift = np.array([[1.0, 0.0, -x0], [0.0, 1.0, -y0], [0.0, 0.0, 1.0]])
        # Far smaller than drawn: shrink by area first, or fine sprites sparkle.
        picture, matrix = _shrunk(sprite.rgba, matrix)
        matrix = shift @ matrix
        if sprite.light:  # mostly the same pictures in every frame: glows, lamps
            kept = inks.of(picture, 0, 0, light=True) if picture is sprite.rgba else None
            ink = _warped(
                convert(padded(picture, 0, 0), light=True) if kept is None else kept, matrix, (x1 - x0, y1 - y0)
            )
        else:
            patch = cv2.warpPerspective(picture, matrix, (x1 - x0, y1 - y0), flags=cv2.INTER_LINEAR)
            ink = convert(u8(patch), light=False)
    (_add_light if sprite.light else _put_over)(out, ink, min(1.0, sprite.opacity), *region)


def _warped(ink: Ink, matrix: F64, size: tuple[int, int]) -> Ink:
    """A light seen through ``matrix`` (its pixel to the window's pixel) in a window of ``size``."""
    halved = _TO_HALF @ matrix @ _HALF
    half = size[0] // 2, size[1] // 2
    y = cv2.warpPerspective(ink.y, matrix, size, flags=cv2.INTER_LINEAR)
    u, v = (
        u8(cv2.warpPerspective(plane, halved, half, flags=cv2.INTER_LINEAR, borderValue=(128.0,) * 4))
        for plane in (ink.u, ink.v)
    )
    return Ink(u8(y), ink.rest, u, v, ink.half_rest)


def _cut(ink: Ink, x: int, y: int, width: int, height: int) -> Ink:
    """The part of an ink from (x, y), all even."""
    full = slice(y, y + height), slice(x, x + width)
    half = slice(y // 2, (y + height) // 2), slice(x // 2, (x + width) // 2)
    return Ink(ink.y[full], ink.rest[full], ink.u[half], ink.v[half], ink.half_rest[half])


def _pasted(sprite: Sprite, x0: int, y0: int, x1: int, y1: int) -> U8:
    left, top = x0 - int(sprite.x), y0 - int(sprite.y)
    rows, columns = sprite.rgba.shape[:2]
    if left >= 0 and top >= 0 and left + x1 - x0 <= columns and top + y1 - y0 <= rows:
        return np.ascontiguousarray(sprite.rgba[top : top + y1 - y0, left : left + x1 - x0])
    patch = np.zeros((y1 - y0, x1 - x0, 4), np.uint8)
    sy, sx = max(0, top), max(0, left)
    part = sprite.rgba[sy : top + y1 - y0, sx : left + x1 - x0]
    patch[sy - top : sy - top + part.shape[0], sx - left : sx - left + part.shape[1]] = part
    return patch


def _shrunk(rgba: U8, matrix: F64) -> tuple[U8, F64]:
    size = float(np.sqrt(abs(np.linalg.det(matrix[:2, :2] / matrix[2, 2]))))
    picture = rgba
    while size < 0.6 and min(picture.shape[:2]) >= 4:
        rows, columns = picture.shape[0] // 2, picture.shape[1] // 2
        fx, fy = picture.shape[1] / columns, picture.shape[0] / rows
        picture = np.asarray(cv2.resize(picture, (columns, rows), interpolation=cv2.INTER_AREA), np.uint8)
        matrix = matrix @ np.array([[fx, 0.0, fx / 2 - 0.5], [0.0, fy, fy / 2 - 0.5], [0.0, 0.0, 1.0]])
        size *= 2.0
    return picture, matrix


def _put_over(out: Planes, ink: Ink, opacity: float, full: tuple[slice, slice], half: tuple[slice, slice]) -> None:
    for target, colour, rest in (
        (out.y[full], ink.y, ink.rest),
        (out.u[half], ink.u, ink.half_rest),
        (out.v[half], ink.v, ink.half_rest),
    ):
        if opacity < 1.0:
            colour = u8(cv2.convertScaleAbs(colour, alpha=opacity))
            rest = u8(cv2.convertScaleAbs(rest, alpha=opacity, beta=255.0 - 255.0 * opacity))
        cv2.multiply(target, rest, dst=target, scale=1.0 / 255.0)
        cv2.add(target, colour, dst=target)


def _add_light(out: Planes, ink: Ink, opacity: float, full: tuple[slice, slice], half: tuple[slice, slice]) -> None:
    cv2.addWeighted(out.y[full], 1.0, ink.y, opacity, 0.0, dst=out.y[full])
    for target, colour in ((out.u[half], ink.u), (out.v[half], ink.v)):
        cv2.addWeighted(target, 1.0, colour, opacity, -128.0 * opacity, dst=target)
