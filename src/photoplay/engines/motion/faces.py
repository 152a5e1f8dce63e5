"""Faces: boxes and meshes, from MediaPipe's short-range BlazeFace and 468-point face mesh (Apache-2.0 weights).

The detector sees faces larger than about a sixth of its square input, so it looks at the whole photo and at
overlapping squares along the long side. Both networks answer with a score, and both scores are gates: animals,
statues and profiles that the networks are not sure of are no faces to us.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np

from photoplay.engines.motion import filters, nets
from photoplay.engines.motion.types import F32, U8, Box, Face

BOX_SIDE, MESH_SIDE = 128, 192  # pixels; the networks' inputs
BOX_SCORE = 0.70  # what the detector must say at least, and then the mesh must be very sure
LIKELY_BOX = 0.72  # from here on what is no sure face may yet be one
SURE_BOX, SURE_MESH = 0.85, 0.95  # either alone makes a face
MESH_SCORE = 0.60  # what a sure box's mesh needs to be used
MAX_FACES = 12
NOTE_MISSING = "faces: the face detector's weights are missing, faces were not looked for"


@dataclass(frozen=True, slots=True)
class Seen:
    """``faces`` of a photo, largest first, and a ``note`` when they could not be looked for.

    ``doubtful``: middles (x, y), in fractions of the photo, of what only may be a face: small, turned away, an
    animal's, or none.
    """

    faces: tuple[Face, ...]
    note: str | None = None
    doubtful: tuple[tuple[float, float], ...] = ()


@lru_cache(maxsize=1)
def _anchors() -> F32:
    """(896, 2) centres: a 16 x 16 grid with two anchors a cell, an 8 x 8 grid with six (BlazeFace, 2019)."""
    rows = []
    for cells, count in ((16, 2), (8, 6)):
        centres = (np.arange(cells, dtype=np.float32) + 0.5) / cells
        grid = np.stack(np.meshgrid(centres, centres), axis=-1).reshape(-1, 2)
        rows.append(np.repeat(grid, count, axis=0))
    return np.concatenate(rows)


def _squares(width: int, height: int) -> list[tuple[float, float, float]]:
    """(x, y, side) of the squares to look at, in pixels; the first holds the whole photo."""
    long_side, short_side = max(width, height), min(width, height)
    found = [((width - long_side) / 2, (height - long_side) / 2, float(long_side))]
    for side in (short_side, short_side * 0.55):
        if side > 0.94 * long_side:
            continue
        columns = max(1, int(np.ceil((width - side) / (side * 0.7))) + 1) if width > side else 1
        lines = max(1, int(np.ceil((height - side) / (side * 0.7))) + 1) if height > side else 1
        xs = np.linspace(0, width - side, columns)
        ys = np.linspace(0, height - side, lines)
        found += [(float(x), float(y), float(side)) for y in ys for x in xs]
    return found


def _crop(rgb: U8, x: float, y: float, side: float, out: int) -> U8:
    """The square at (x, y), ``out`` pixels wide, black outside the photo."""
    scale = out / side
    matrix = np.array([[scale, 0, -x * scale], [0, scale, -y * scale]])
    return np.asarray(cv2.warpAffine(rgb, matrix, (out, out), flags=cv2.INTER_LINEAR), dtype=np.uint8)


def _detect(net: nets.Tflite, rgb: U8) -> list[tuple[float, F32]]:
    """(score, 16 numbers) for each likely face: box x0 y0 x1 y1 in pixels, then six points x y."""
    height, width = rgb.shape[:2]
    # One pre-shrunk copy: bilinear crops from far larger pictures alias.
    found: list[tuple[float, F32]] = []
    pyramid = {1: rgb}
    for x, y, side in _squares(width, height):
        shrink = max(1, int(side / BOX_SIDE / 1.5))
        if shrink not in pyramid:
            pyramid[shrink] = filters.resize_u8(rgb, (max(1, width // shrink), max(1, height // shrink)))
        source = pyramid[shrink]
        tile = _crop(source, x / shrink, y / shrink, side / shrink, BOX_SIDE)
        blob = (tile.astype(np.float32) / 127.5 - 1.0).transpose(2, 0, 1)[None]
        regressors, logits = net.run(np.ascontiguousarray(blob), ("regressors", "classificators"))
        scores = 1.0 / (1.0 + np.exp(-np.clip(logits[0, :, 0], -60, 60)))
        for index in np.flatnonzero(scores > BOX_SCORE):
            values = regressors[0, index].astype(np.float32) / BOX_SIDE
            anchor = _anchors()[index]
            centre, half = values[:2] + anchor, values[2:4] / 2
            points = values[4:].reshape(6, 2) + anchor
            corners = np.concatenate([centre - half, centre + half, points.ravel()])
            corners[0::2] = corners[0::2] * side + x
            corners[1::2] = corners[1::2] * side + y
            found.append((float(scores[index]), corners))
    return found


def _overlap(a: F32, b: F32) -> float:
    """Shared area over the smaller area."""
    w = min(a[2], b[2]) - max(a[0], b[0])
    h = min(a[3], b[3]) - max(a[1], b[1])
    if w <= 0 or h <= 0:
        return 0.0
    return float(w * h / min((a[2] - a[0]) * (a[3] - a[1]), (b[2] - b[0]) * (b[3] - b[1])))


def _mesh(net: nets.Tflite, rgb: U8, numbers: F32) -> tuple[F32, float]:
    """(468, 3) float32 points in pixels (z in pixels, smaller is nearer) and the mesh's own score."""
    right_eye, left_eye = numbers[4:6], numbers[6:8]
    angle = float(np.arctan2(left_eye[1] - right_eye[1], left_eye[0] - right_eye[0]))
    centre = (numbers[0:2] + numbers[2:4]) / 2
    side = 1.5 * float(max(numbers[2] - numbers[0], numbers[3] - numbers[1]))
    scale = MESH_SIDE / side
    cos, sin = np.cos(angle) * scale, np.sin(angle) * scale
    turn = np.array([[cos, sin], [-sin, cos]])
    shift = MESH_SIDE / 2 - turn @ centre.astype(np.float64)
    matrix = np.concatenate([turn, shift[:, None]], axis=1)
    source, factor = rgb, 1.0
    if scale < 0.6:
        factor = float(scale * 1.2)
        source = filters.resize_u8(rgb, (max(1, round(rgb.shape[1] * factor)), max(1, round(rgb.shape[0] * factor))))
        matrix = np.concatenate([turn / factor, shift[:, None]], axis=1)
    face = np.asarray(cv2.warpAffine(source, matrix, (MESH_SIDE, MESH_SIDE), flags=cv2.INTER_LINEAR), dtype=np.uint8)
    blob = face.astype(np.float32).transpose(2, 0, 1)[None] / 255.0
    points, logit = net.run(np.ascontiguousarray(blob), ("conv2d_21", "conv2d_31"))
    score = float(1.0 / (1.0 + np.exp(-np.clip(logit.ravel()[0], -60, 60))))
    local = points.reshape(468, 3).astype(np.float64)
    flat = (local[:, :2] - shift) @ np.linalg.inv(turn).T
    return np.concatenate([flat, local[:, 2:] / scale], axis=1).astype(np.float32), score


def look(rgb: U8, models_dir: Path) -> Seen:
    """Faces of a photo, and what may be some.

    Args:
        rgb: (h, w, 3) uint8.
        models_dir: where the weights are.
    """
    path = nets.locate("face_box", models_dir)
    detector = nets.tflite(path) if path is not None else None
    if detector is None:
        return Seen((), NOTE_MISSING)
    mesh_path = nets.locate("face_mesh", models_dir)
    mesher = nets.tflite(mesh_path) if mesh_path is not None else None
    height, width = rgb.shape[:2]
    unit = np.array([width, height], np.float32)
    chosen: list[tuple[float, F32]] = []
    for score, numbers in sorted(_detect(detector, rgb), key=lambda item: -item[0]):
        if len(chosen) < MAX_FACES and all(_overlap(numbers, other) < 0.4 for _, other in chosen):
            chosen.append((score, numbers))
    faces = []
    doubtful: list[tuple[float, float]] = []
    for score, numbers in chosen:
        mesh: F32 | None = None
        mesh_score = 0.0
        if mesher is not None:
            points, mesh_score = _mesh(mesher, rgb, numbers)
            if mesh_score >= MESH_SCORE:
                mesh = np.asarray(points / filters.row(width, height, width), dtype=np.float32)
        if score < SURE_BOX and mesh_score < SURE_MESH:
            x, y = (numbers[0:2] + numbers[2:4]) / 2 / unit
            if score > LIKELY_BOX:
                doubtful.append((float(np.clip(x, 0, 1)), float(np.clip(y, 0, 1))))
            continue
        low = np.clip(numbers[0:2] / unit, 0, 1)
        high = np.clip(numbers[2:4] / unit, 0, 1)
        if high[0] - low[0] < 0.01 or high[1] - low[1] < 0.01:
            continue
        faces.append(Face(Box(float(low[0]), float(low[1]), float(high[0]), float(high[1])), score, mesh))
    faces.sort(key=lambda face: -(face.box.x1 - face.box.x0) * (face.box.y1 - face.box.y0))
    return Seen(tuple(faces), doubtful=tuple(doubtful))
