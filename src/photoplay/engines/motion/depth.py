"""Inverse depth without a depth network, or with one.

Without one it is a sum of priors: the ground rises in inverse depth from the horizon to the bottom edge
(ground contact: Hoiem et al. 2008), the sky lies at infinity, haze and low saturation tell distance, what is
sharp is nearer to the subject than what is blurred, and an indoor-trained network (FastDepth, Wofk et al. 2019)
adds its low frequencies only. The sum follows the photo's edges through a guided filter, and the subject
stands in it as one near plane with a gentle bulge, rooted where it touches the ground.

With a drop-in network (a file ``depth`` in the models folder: Depth Anything or MiDaS as ONNX) that network's
answer replaces the sum, and the matte only sharpens its edges.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from photoplay.engines.motion import filters, nets
from photoplay.engines.motion.types import F32, U8, Face

PRIOR_SIDE = 256  # pixels of the long side at which the priors are summed
NOTE_NO_HINT = "depth: the network hint's weights are missing, depth comes from priors alone"
SUBJECT_LEAD = 0.22  # inverse depth by which a subject stands before what is right behind it, at least
LEAST_FLOOR = 0.5  # of the height: a flat ground this far below the horizon is near
BULGE = 0.10  # inverse depth between a subject's outline and its middle


@dataclass(frozen=True, slots=True)
class Depth:
    """``inverse`` (h, w) float32 with the subject in it, ``ground`` the same without the subject (filled behind it)."""

    inverse: F32
    ground: F32
    source: str  # "network" or "priors"
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Hint:
    """What FastDepth says: ``inverse`` (h, w) float32 0..1 at the priors' size, smooth, or None; and why it is None."""

    inverse: F32 | None
    note: str | None = None


def estimate(
    rgb: U8 | filters.Sizes,
    matte: U8 | filters.Sizes,
    sky: U8,
    horizon: float | None,
    faces: tuple[Face, ...],
    models_dir: Path,
    outdoor: float,
    hinted: Hint | None = None,
) -> Depth:
    """Inverse depth, 0 far .. 1 near, at analysis size.

    Args:
        rgb: (h, w, 3) uint8.
        matte: (h, w) uint8, zeros when there is no subject.
        sky: (h, w) uint8 weight of the sky.
        horizon: fraction of the height, or None.
        faces: their meshes shape the subject's bulge.
        models_dir: where the weights are.
        outdoor: 0 (a room, a table) .. 1 (under the sky).
        hinted: see :func:`hint`; None: it is asked for where it is needed.
    """
    path = nets.locate("depth", models_dir)
    picture, cover = filters.Sizes.of(rgb), filters.Sizes.of(matte)
    answer = network(path, picture.full) if path is not None else None
    if answer is not None:
        return Depth(*_sharpen(picture.full, answer, cover.full), source="network")
    hinted = hinted or hint(picture, models_dir)
    ground = _priors(picture, cover, sky, horizon, hinted.inverse, outdoor)
    return Depth(_stand(ground, cover.full, faces), ground, "priors", hinted.note)


def _input_size(shape: list[object], size: tuple[int, int]) -> tuple[int, int]:
    """The (width, height) to feed: what the model fixes; else about 518 on the long side, multiples of 14 and 32."""
    height, width = shape[2], shape[3]
    if isinstance(width, int) and isinstance(height, int) and width > 0 and height > 0:
        return width, height
    scale = 518 / max(size)
    step = 14  # Depth Anything's patch; MiDaS files have fixed sizes
    return max(step, round(size[0] * scale / step) * step), max(step, round(size[1] * scale / step) * step)


def network(path: Path, rgb: U8) -> F32 | None:
    """The drop-in network's inverse depth (h, w) float32 0..1, or None when it cannot be used.

    Depth Anything and MiDaS answer with relative inverse depth (larger is nearer) in a (1, h, w) or
    (1, 1, h, w) array, from one (1, 3, h, w) input in ImageNet normalisation. The answer is aligned in scale
    and shift by its own 1st and 99th percentile.
    """
    session = nets.onnx(path)
    if session is None:
        return None
    inputs = session.get_inputs()
    if len(inputs) != 1 or len(inputs[0].shape) != 4 or inputs[0].shape[1] not in (3, "3"):
        nets.log.warning("depth network %s: expected one input of shape (1, 3, h, w)", path.name)
        return None
    size = _input_size(list(inputs[0].shape), (rgb.shape[1], rgb.shape[0]))
    image = filters.to_f32(filters.resize_u8(rgb, size, cv2.INTER_AREA if size[0] < rgb.shape[1] else cv2.INTER_CUBIC))
    image = (image - filters.row(0.485, 0.456, 0.406)) / filters.row(0.229, 0.224, 0.225)
    blob = np.ascontiguousarray(image.transpose(2, 0, 1)[None], dtype=np.float32)
    answer = _run(session, inputs[0].name, blob, path)
    if answer is None:
        return None
    answer = np.squeeze(answer)
    if answer.ndim != 2 or min(answer.shape) < 8 or not bool(np.isfinite(answer).all()):
        nets.log.warning("depth network %s: expected one finite map, got shape %s", path.name, answer.shape)
        return None
    low, high = (float(v) for v in np.percentile(answer, (1, 99)))
    if high - low < 1e-6:
        return None
    aligned = np.clip((answer - low) / (high - low), 0, 1).astype(np.float32)
    return filters.resize_f32(aligned, (rgb.shape[1], rgb.shape[0]), cv2.INTER_LINEAR)


def _run(session: nets.Session, name: str, blob: F32, path: Path) -> F32 | None:
    try:
        return np.asarray(session.run(None, {name: blob})[0], dtype=np.float32)
    except nets.RUN_ERRORS as error:
        nets.log.warning("depth network %s failed: %s", path.name, error)
        return None


def _sharpen(rgb: U8, inverse: F32, matte: U8) -> tuple[F32, F32]:
    """The network's map with edges on the photo's and the matte's edges; and the same with the subject taken out."""
    image = filters.to_f32(rgb)
    radius = max(2, round(max(rgb.shape) / 110))
    smooth = np.clip(filters.guided(image, inverse, radius, 1e-3), 0, 1).astype(np.float32)
    alpha = filters.to_f32(matte)
    if not bool(matte.any()):
        return smooth, smooth
    # Each side of the matte takes its values from well inside that side, so that no ramp is left at the edge.
    inside = filters.to_f32(filters.erode((matte > 127).astype(np.uint8) * np.uint8(255), radius))
    outside = filters.to_f32(np.asarray(255 - filters.dilate((matte > 16).astype(np.uint8) * np.uint8(255), radius)))
    if inside.max() <= 0 or outside.max() <= 0:
        return smooth, smooth
    front = filters.push_pull(inverse[..., None], inside)[..., 0] if inside.max() > 0 else inverse
    back = filters.push_pull(smooth[..., None], outside)[..., 0]
    return np.asarray(front * alpha + back * (1 - alpha), dtype=np.float32), back


def _priors(
    picture: filters.Sizes, cover: filters.Sizes, sky: U8, horizon: float | None, hint: F32 | None, outdoor: float
) -> F32:
    """The summed priors at analysis size, filled smoothly behind the subject."""
    rgb, matte = picture.full, cover.full
    width, height = picture.size
    size = filters.fit_size((width, height), PRIOR_SIDE)
    image = filters.to_f32(picture.at(PRIOR_SIDE))
    sky_small = filters.to_f32(filters.resize_u8(sky, size))
    away = np.asarray(1.0 - filters.to_f32(filters.dilate(cover.at(PRIOR_SIDE), 2)), dtype=np.float32)
    y = np.linspace(0, 1, size[1], dtype=np.float32)[:, None] * np.ones((1, size[0]), np.float32)

    # The floor: inverse depth is linear in the height below the horizon for a flat ground seen by a level camera.
    line = horizon if horizon is not None else 0.30
    # So little is seen of the ground under a low horizon that even the bottom edge is far away.
    floor = np.clip((y - line) / max(1.0 - line, LEAST_FLOOR), 0.0, 1.0) * 0.75
    # What stands above the horizon and is no sky: walls near by indoors, hills and houses far away outdoors.
    upright = np.full_like(y, 0.16 * outdoor + 0.30 * (1.0 - outdoor))
    base = np.maximum(floor, upright * (1.0 - 0.5 * np.clip(line - y, 0, 1)))

    lab = np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2LAB), dtype=np.float32)
    chroma = np.sqrt(lab[..., 1] ** 2 + lab[..., 2] ** 2) / 60.0
    grey = lab[..., 0] / 100.0
    contrast = np.sqrt(np.maximum(filters.blur(grey * grey, 4.0) - filters.blur(grey, 4.0) ** 2, 0.0))
    clear = np.clip(chroma, 0, 1) * 0.5 + np.clip(contrast / 0.15, 0, 1) * 0.5  # haze: low chroma and low contrast
    haze = filters.blur(np.asarray(clear, dtype=np.float32), 6.0)
    haze = (haze - float(haze.mean())) * 0.25
    base = base + haze * (0.4 + 0.6 * outdoor)

    if hint is not None:
        weight = 0.20 + 0.25 * (1.0 - outdoor)
        hint = hint - float(np.average(hint, weights=away + 1e-3))
        base = base + weight * (hint - 0.0)
    base = np.asarray(np.clip(base, 0.02, 1.0), dtype=np.float32)
    base = filters.push_pull(base[..., None], away)[..., 0] if bool(matte.any()) else base
    smooth = filters.guided(image, base, 12, 3e-3, step=2)
    smooth = np.asarray(np.clip(smooth, 0.02, 1.0) * (1.0 - sky_small), dtype=np.float32)
    full = filters.resize_f32(smooth, (width, height), cv2.INTER_LINEAR)
    fine = filters.guided(filters.to_f32(rgb), full, max(4, max(width, height) // 64), 2e-3, step=4)
    sharp_sky = filters.to_f32(sky)
    result = np.asarray(np.clip(fine, 0, 1) * (1.0 - sharp_sky), dtype=np.float32)
    if bool(matte.any()):
        outside = np.asarray(1.0 - filters.to_f32(filters.dilate(matte, 3)), dtype=np.float32)
        result = filters.push_pull(result[..., None], outside)[..., 0]
    return result


def hint(rgb: U8 | filters.Sizes, models_dir: Path) -> Hint:
    """FastDepth's inverse depth of a photo (h, w, 3) uint8 at analysis size.

    Its low frequencies only: it was trained in rooms and errs in detail.
    """
    small = filters.Sizes.of(rgb).at(PRIOR_SIDE)
    path = nets.locate("fastdepth", models_dir)
    session = nets.onnx(path) if path is not None else None
    if session is None or path is None:
        return Hint(None, NOTE_NO_HINT)
    image = filters.to_f32(filters.resize_u8(small, (224, 224)))
    answer = _run(session, session.get_inputs()[0].name, np.ascontiguousarray(image.transpose(2, 0, 1)[None]), path)
    if answer is None:
        return Hint(None, NOTE_NO_HINT)
    inverse = np.asarray(1.0 / np.maximum(np.squeeze(answer), 0.3), dtype=np.float32)
    low, high = (float(v) for v in np.percentile(inverse, (2, 98)))
    if high - low < 1e-6:
        return Hint(None)
    inverse = np.clip((inverse - low) / (high - low), 0, 1).astype(np.float32)
    return Hint(filters.resize_f32(filters.blur(inverse, 16.0), (small.shape[1], small.shape[0]), cv2.INTER_LINEAR))


def _stand(ground: F32, matte: U8, faces: tuple[Face, ...]) -> F32:
    """``ground`` with the subject standing in it: a plane at its contact with the ground, with a gentle bulge."""
    if not bool(matte.any()):
        return ground
    height, width = matte.shape
    alpha = filters.to_f32(matte)
    solid = (matte > 127).astype(np.uint8)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(solid)
    plane = np.zeros((height, width), np.float32)
    reach = max(width, height) / 60
    for label in range(1, count):
        x, y, w, h = (int(value) for value in stats[label, : cv2.CC_STAT_AREA])
        box = slice(y, y + h), slice(x, x + w)
        part, own = labels[box] == label, ground[box]
        # Where it touches the ground: the ground's inverse depth along the lowest rows of this part.
        lowest = slice(max(0, h - 1 - max(2, height // 50)), h)
        contact = float(np.median(own[lowest][part[lowest]]))
        behind = float(np.percentile(own[part], 75))
        plane[box][part] = np.clip(max(contact, behind + SUBJECT_LEAD, 0.45), 0.0, 0.95 - BULGE)
    known = solid.astype(np.float32)
    plane = filters.push_pull(plane[..., None], known)[..., 0]
    size = filters.fit_size((width, height), PRIOR_SIDE)
    distance = np.asarray(cv2.distanceTransform(filters.resize_u8(solid, size, cv2.INTER_NEAREST), cv2.DIST_L2, 3))
    peak = float(np.percentile(distance[distance > 0], 98)) if bool((distance > 0).any()) else 1.0
    rounded = np.sqrt(np.clip(distance / max(peak, 1.0), 0, 1)).astype(np.float32)
    rounded = filters.resize_f32(filters.blur(rounded, max(1.5, reach * size[0] / width)), (width, height))
    front = plane + BULGE * rounded + 0.05 * _face_relief(faces, (width, height))
    # Thin parts move with their neighbours: relief must not tear the plane.
    return np.asarray(np.clip(ground * (1 - alpha) + np.clip(front, 0, 1) * alpha, 0, 1), dtype=np.float32)


def _face_relief(faces: tuple[Face, ...], size: tuple[int, int]) -> F32:
    """Noses forward, ears back: the meshes' z, -1..1, smooth, zero away from faces. (h, w) float32."""
    width, height = size
    small = filters.fit_size(size, PRIOR_SIDE)
    total = np.zeros((small[1], small[0]), np.float32)
    for face in faces:
        if face.mesh is None:
            continue
        value, weight = np.zeros_like(total), np.zeros_like(total)
        z = face.mesh[:, 2]
        span = float(np.percentile(np.abs(z - np.median(z)), 95)) or 1.0
        for x, y, depth in face.mesh:
            column, row = int(x * small[0]), int(y * small[1])
            if 0 <= column < small[0] and 0 <= row < small[1]:
                value[row, column] += float(np.clip((np.median(z) - depth) / span, -1, 1))
                weight[row, column] += 1.0
        sigma = max(1.5, (face.box.x1 - face.box.x0) * small[0] * 0.08)
        spread = filters.blur(weight, sigma)
        relief = filters.blur(value, sigma) / np.maximum(spread, 1e-4)
        total += relief * filters.smoothstep(filters.blur(np.minimum(weight, 1.0), sigma * 2), 0.005, 0.08)
    return filters.resize_f32(total, (width, height), cv2.INTER_LINEAR)
