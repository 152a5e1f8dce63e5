"""What the engine sees in a photo: the scene, worked out once and independent of the video's size."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from photoplay.engines.motion import depth, faces, filters, layers, living, matte, regions, relief
from photoplay.engines.motion.colours import colours_of
from photoplay.engines.motion.fringe import with_fringe
from photoplay.engines.motion.types import F32, U8, Box, Face, Photo, SceneMap

ANALYSIS_SIDE = 1024  # pixels of the long side
ANALYSIS_VERSION = 5  # raised whenever the same photo would give another scene


def analyze(photo: Photo, models_dir: Path) -> SceneMap:
    """The scene of a photo: matte, faces, regions, depth, layers, and plain numbers about its looks.

    Deterministic for the same photo, weights and version. Missing weights make it plainer, and ``notes`` say so.

    Args:
        photo: the decoded photo.
        models_dir: where the weights are.
    """
    size = filters.fit_size(photo.size, ANALYSIS_SIDE)
    rgb = filters.resize_u8(photo.rgb, size)
    picture = filters.Sizes(rgb)  # most of what follows looks at the photo at one of two smaller sizes
    own = _from_opacity(photo, size)
    empty = np.zeros(rgb.shape[:2], np.uint8)
    # The networks fill both cores together; of the rest, what does not need the subject is done beside what does.
    with ThreadPoolExecutor(1, thread_name_prefix="photoplay-scene") as beside:
        looked_for = beside.submit(faces.look, rgb, models_dir)
        seen = None if own is not None else matte.look(rgb, models_dir)
        hinted, lines = beside.submit(depth.hint, picture, models_dir), beside.submit(relief.find_lines, picture)
        faced = looked_for.result()
        found_faces = faced.faces
        subject = own or _found(picture, models_dir, found_faces, seen)
        cover = filters.Sizes(subject.alpha)
        light = beside.submit(_light, rgb, subject.alpha)
        kind = beside.submit(living.kind_of, picture, subject.alpha, faced, models_dir)
        areas = regions.find_regions(picture, cover, found_faces)
        sky = areas.weights.get("sky", empty)
        distance = depth.estimate(
            picture, cover, sky, areas.horizon, found_faces, models_dir, areas.outdoor, hinted.result()
        )
        stats = beside.submit(lambda: _stats(picture, subject, found_faces, areas, distance.source, kind.result()))
        cut = layers.cut(rgb, distance.inverse, distance.ground, subject.alpha)
        inverse = relief.with_sky(distance.inverse, cut.alphas, sky, lines.result())
        inverse = relief.gentle(inverse, cut.alphas, lines.result())
    notes = tuple(note for note in (*photo.notes, faced.note, subject.note, distance.note) if note)
    return SceneMap(
        digest=photo.digest,
        size=size,
        inverse_depth=inverse,
        matte=subject.alpha,
        layers=cut.alphas,
        layer_depths=cut.depths,
        subject=subject_box(subject.alpha),
        faces=found_faces,
        horizon=areas.horizon,
        regions=areas.weights,
        light=light.result(),
        stats=stats.result(),
        notes=notes,
    )


def _from_opacity(photo: Photo, size: tuple[int, int]) -> matte.Matte | None:
    """A cut-out photo brings its own matte: used when its opacity says clearly what is subject and what is not."""
    if photo.alpha is None:
        return None
    alpha = filters.resize_u8(photo.alpha, size)
    solid, clear = float((alpha > 200).mean()), float((alpha < 32).mean())
    if solid < 0.02 or clear < 0.05 or solid + clear < 0.75:
        return None
    return matte.Matte(alpha, 1.0)


def _found(picture: filters.Sizes, models_dir: Path, found_faces: tuple[Face, ...], seen: F32 | None) -> matte.Matte:
    subject = matte.find_subject(picture, models_dir, found_faces, seen)
    return replace(subject, alpha=with_fringe(picture.full, subject.alpha))


def subject_box(alpha: U8) -> Box | None:
    """The box of the matte's solid part, in fractions; None when there is none."""
    solid = alpha > 127
    columns, rows = np.flatnonzero(solid.any(axis=0)), np.flatnonzero(solid.any(axis=1))
    if columns.size == 0 or rows.size == 0:
        return None
    height, width = alpha.shape
    return Box(
        float(columns[0] / width), float(rows[0] / height),
        float((columns[-1] + 1) / width), float((rows[-1] + 1) / height),
    )  # fmt: skip


def _light(rgb: U8, alpha: U8) -> tuple[float, float]:
    """Unit vector towards the main light: from the photo's middle to its brightness, or across a lit subject."""
    small = filters.fit_size((rgb.shape[1], rgb.shape[0]), 96)
    grey = filters.to_f32(np.asarray(cv2.cvtColor(filters.resize_u8(rgb, small), cv2.COLOR_RGB2GRAY), dtype=np.uint8))
    weight = np.ones_like(grey)
    if bool(alpha.any()):
        weight = weight * 0.4 + filters.to_f32(filters.resize_u8(alpha, small)) * 1.6
    linear = filters.blur(grey**2.2, 3.0) * weight
    y, x = np.mgrid[-1 : 1 : small[1] * 1j, -1 : 1 : small[0] * 1j].astype(np.float32)
    mean_x, mean_y = float((weight * x).sum() / weight.sum()), float((weight * y).sum() / weight.sum())
    total = float(linear.sum()) + 1e-6
    dx, dy = float((linear * x).sum() / total) - mean_x, float((linear * y).sum() / total) - mean_y
    dy -= 0.05  # light comes from above unless the photo says otherwise
    length = float(np.hypot(dx, dy))
    return (dx / length, dy / length) if length > 1e-3 else (0.0, -1.0)


def _colourfulness(rgb: F32) -> float:
    """Hasler and Süsstrunk 2003, 0 (grey) .. about 1 (vivid)."""
    rg = rgb[..., 0] - rgb[..., 1]
    yb = 0.5 * (rgb[..., 0] + rgb[..., 1]) - rgb[..., 2]
    return float(np.hypot(rg.std(), yb.std()) + 0.3 * np.hypot(rg.mean(), yb.mean())) / 0.43


def _stats(
    picture: filters.Sizes,
    subject: matte.Matte,
    found: tuple[Face, ...],
    seen: regions.Regions,
    depth_source: str,
    kind: str,
) -> dict[str, Any]:
    """Plain numbers for the prompt extender and the sound: 0..1 unless named otherwise."""
    image = filters.to_f32(picture.at(256))
    grey = image @ filters.row(0.2126, 0.7152, 0.0722)
    full_grey = np.asarray(cv2.cvtColor(picture.full, cv2.COLOR_RGB2GRAY), dtype=np.uint8)
    edges = np.asarray(cv2.Laplacian(full_grey, cv2.CV_32F), dtype=np.float32)
    solid = subject.alpha > 127
    return {
        "luminance": round(float(grey.mean()), 4),
        "contrast": round(float(grey.std()), 4),
        "warmth": round(float((image[..., 0] - image[..., 2]).mean()), 4),  # -1 cold .. 1 warm
        "colours": list(colours_of(picture.full)),
        "colourfulness": round(_colourfulness(image), 4),
        "sharpness": round(float(np.clip(np.sqrt(edges.var()) / 40.0, 0, 1)), 4),
        "outdoor": round(seen.outdoor, 4),
        "night": bool(float(grey.mean()) < 0.22),
        "subject_kind": kind,
        "subject_share": round(float(solid.mean()), 4),
        "subject_confidence": round(subject.confidence, 4),
        "faces": len(found),
        "depth_source": depth_source,
        "regions": {name: round(float(weight.mean()) / 255, 4) for name, weight in sorted(seen.weights.items())},
    }
