"""Pictures of what the engine makes and sees, for the gallery and the docs: contact sheets, depth, layers, regions."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

import av
import cv2
import numpy as np
from PIL import Image

from photoplay.engines.motion.types import F32, U8, SceneMap


def contact_sheet(clip: Path, count: int, long_side: int) -> U8:
    """(H, W, 3) uint8 RGB: ``count`` frames of a clip, evenly spaced from the first to the last, side by side."""
    with av.open(str(clip)) as container:
        stream = container.streams.video[0]
        last = stream.frames - 1
        wanted = {round(index * last / (count - 1)) for index in range(count)}
        pictures = [
            np.asarray(frame.to_ndarray(format="rgb24"), np.uint8)
            for number, frame in enumerate(container.decode(stream))
            if number in wanted
        ]
    return side_by_side(pictures, long_side)


def side_by_side(pictures: Sequence[U8], long_side: int) -> U8:
    """Pictures of one shape in a row, 4 white pixels between them."""
    height, width = pictures[0].shape[:2]
    ratio = long_side / max(height, width)
    size = round(width * ratio), round(height * ratio)
    small = [np.asarray(cv2.resize(one, size, interpolation=cv2.INTER_AREA), np.uint8) for one in pictures]
    gap = np.full((size[1], 4, 3), 255, np.uint8)
    return np.hstack([part for one in small for part in (one, gap)][:-1])


def scene_sheet(rgb: U8, scene: SceneMap, long_side: int) -> U8:
    """What the engine sees in a photo: the photo, its depth, its layers, its regions."""
    size = scene.size
    photo = np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), np.uint8)
    depth = colour_depth(scene.inverse_depth)
    layers = colour_layers(photo, scene)
    return side_by_side([photo, depth, layers, colour_regions(photo, scene)], long_side)


def colour_depth(inverse: F32) -> U8:
    """Inverse depth as colours: dark far, bright near."""
    levels = np.clip(inverse * 255, 0, 255).astype(np.uint8)
    return np.asarray(cv2.cvtColor(cv2.applyColorMap(levels, cv2.COLORMAP_INFERNO), cv2.COLOR_BGR2RGB), np.uint8)


def colour_layers(photo: U8, scene: SceneMap) -> U8:
    """The layers in flat colours over the grey photo, far to near blue, green, yellow, red."""
    far_to_near = ((40, 90, 200), (40, 170, 90), (240, 190, 40))
    tones = (*far_to_near[: len(scene.layers) - 1], (220, 50, 40)) if len(scene.layers) > 1 else far_to_near[:1]
    grey = np.repeat(photo.mean(axis=2, keepdims=True), 3, axis=2)
    flat = np.zeros_like(grey)
    for alpha, tone in zip(scene.layers, tones, strict=True):
        share = alpha[..., None].astype(np.float32) / 255.0
        flat = flat * (1.0 - share) + np.array(tone, np.float32) * share
    return np.asarray(0.5 * grey + 0.5 * flat, np.uint8)


def colour_regions(photo: U8, scene: SceneMap) -> U8:
    """The regions as tints, each with its name where most of it lies."""
    tones = {
        "sky": (90, 170, 255), "water": (0, 90, 255), "foliage": (40, 200, 60), "ground": (150, 110, 60),
        "fire": (255, 80, 0), "smoke": (230, 230, 230), "hair": (255, 0, 200), "skin": (255, 190, 150),
        "lamps": (255, 230, 0), "mist": (200, 170, 255),
    }  # fmt: skip
    out = np.repeat(photo.mean(axis=2, keepdims=True), 3, axis=2) * 0.6
    labels = []
    for name, weight in scene.regions.items():
        share = weight[..., None].astype(np.float32) / 255.0 * 0.7
        out = out * (1.0 - share) + np.array(tones.get(name, (255, 255, 255)), np.float32) * share
        if int((weight > 127).sum()):
            rows, columns = np.nonzero(weight > 127)
            labels.append((name, int(np.median(columns)), int(np.median(rows))))
    picture = np.ascontiguousarray(np.clip(out, 0, 255).astype(np.uint8))
    for name, x, y in labels:
        cv2.putText(picture, name, (x - 40, y), cv2.FONT_HERSHEY_SIMPLEX, 1.0, (255, 255, 255), 2, cv2.LINE_AA)
    return picture


def webp(picture: U8, quality: int = 80) -> bytes:
    """A picture as WebP."""
    out = BytesIO()
    Image.fromarray(picture).save(out, format="WEBP", quality=quality, method=4)
    return out.getvalue()
