"""Draws sprites into a frame's planes."""

from __future__ import annotations

import cv2
import numpy as np

from photoplay.engines.motion.animate import F64, Sprite
from photoplay.engines.motion.camera import Rig, View
from photoplay.engines.motion.planes import RGB_TO_YUV, Planes
from photoplay.engines.motion.types import F32, U8
from photoplay.engines.motion.warp import Lattice

# Premultiplied RGBA to premultiplied YUV in one product: the offsets ride on alpha.
_OVER_MATRIX: F32 = np.hstack([RGB_TO_YUV[:, :3], RGB_TO_YUV[:, 3:] / np.float32(255.0)]).astype(np.float32)
_LIGHT_MATRIX: F32 = np.hstack([RGB_TO_YUV[:, :3], np.array([[0.0], [128.0], [128.0]])]).astype(np.float32)


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


def draw_sprite(out: Planes, sprite: Sprite, view: View, rig: Rig, lattice: Lattice) -> None:
    """Draws one sprite; what lies outside the frame is cut off."""
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
    if whole:
        patch = _pasted(sprite, x0, y0, x1, y1)
    else:
        shift = np.array([[1.0, 0.0, -x0], [0.0, 1.0, -y0], [0.0, 0.0, 1.0]])
        # Far smaller than drawn: shrink by area first, or fine sprites sparkle.
        picture, matrix = _shrunk(sprite.rgba, matrix)
        patch = np.asarray(
            cv2.warpPerspective(picture, shift @ matrix, (x1 - x0, y1 - y0), flags=cv2.INTER_LINEAR), np.uint8
        )
    if sprite.opacity < 1.0:
        patch = np.asarray(cv2.convertScaleAbs(patch, alpha=sprite.opacity), np.uint8)
    region = (slice(y0, y1), slice(x0, x1)), (slice(y0 // 2, y1 // 2), slice(x0 // 2, x1 // 2))
    if sprite.light:
        _add_light(out, patch, *region)
    else:
        _put_over(out, patch, *region)


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


def _half(picture: U8) -> U8:
    return np.asarray(
        cv2.resize(picture, (picture.shape[1] // 2, picture.shape[0] // 2), interpolation=cv2.INTER_AREA), np.uint8
    )


def _put_over(out: Planes, patch: U8, full: tuple[slice, slice], half: tuple[slice, slice]) -> None:
    small = _half(patch)
    big, little = cv2.transform(patch, _OVER_MATRIX), cv2.transform(small, _OVER_MATRIX)
    for target, ink, alpha in (
        (out.y[full], big[..., 0], patch[..., 3]),
        (out.u[half], little[..., 1], small[..., 3]),
        (out.v[half], little[..., 2], small[..., 3]),
    ):
        rest = cv2.bitwise_not(np.ascontiguousarray(alpha))
        cv2.multiply(target, rest, dst=target, scale=1.0 / 255.0)
        cv2.add(target, np.ascontiguousarray(ink), dst=target)


def _add_light(out: Planes, patch: U8, full: tuple[slice, slice], half: tuple[slice, slice]) -> None:
    rgb = np.ascontiguousarray(patch[..., :3])
    big, little = cv2.transform(rgb, _LIGHT_MATRIX), cv2.transform(_half(rgb), _LIGHT_MATRIX)
    cv2.add(out.y[full], np.ascontiguousarray(big[..., 0]), dst=out.y[full])
    for target, ink in ((out.u[half], little[..., 1]), (out.v[half], little[..., 2])):
        cv2.addWeighted(target, 1.0, np.ascontiguousarray(ink), 1.0, -128.0, dst=target)
