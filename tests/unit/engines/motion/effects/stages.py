"""Small stages made in code: a subject on a scene, with or without a face, without any weights."""

from __future__ import annotations

import cv2
import numpy as np

from photoplay.engines.motion.stage import build_stage
from photoplay.engines.motion.types import F32, U8, Box, Face, Photo, SceneMap, Stage

SIZE = (256, 192)  # of the photo
OUTPUT = (160, 120)


def picture() -> U8:
    """A scene with texture everywhere, so that whatever moves shows."""
    rng = np.random.default_rng(5)
    height = SIZE[1]
    noise = cv2.resize(rng.integers(40, 200, (24, 32, 3), dtype=np.uint8), SIZE, interpolation=cv2.INTER_CUBIC)
    ramp = np.linspace(30, 60, height)[:, None, None]
    rgb = np.clip(noise * 0.75 + ramp, 20, 235).astype(np.uint8)
    cv2.ellipse(rgb, (128, 104), (44, 62), 0, 0, 360, (206, 150, 120), -1, cv2.LINE_AA)
    for x in (112, 146):
        cv2.circle(rgb, (x, 84), 6, (40, 30, 30), -1, cv2.LINE_AA)
    cv2.ellipse(rgb, (128, 128), (16, 6), 0, 0, 360, (150, 40, 50), -1, cv2.LINE_AA)
    return np.asarray(rgb, np.uint8)


def matte() -> U8:
    """The subject's opacity."""
    alpha = np.zeros((SIZE[1], SIZE[0]), np.uint8)
    cv2.ellipse(alpha, (128, 104), (44, 62), 0, 0, 360, 255, -1, cv2.LINE_AA)
    return alpha


def mesh() -> F32:
    """A face's points in photo fractions; only those that are used are where they belong."""
    points = np.full((468, 3), 0.5, np.float32)
    at = {168: (128, 86), 152: (128, 160), 234: (88, 96), 454: (168, 96), 1: (128, 110), 10: (128, 50)}
    for index, (x, y) in at.items():
        points[index] = (x / SIZE[0], y / SIZE[1], 0.0)
    return points


def stage(kind: str) -> Stage:
    """``subject``: one on a scene. ``face``: it has a face. ``scene``: there is no clear subject."""
    rgb, alpha = picture(), matte()
    height, width = alpha.shape
    depth = np.tile(np.linspace(0.1, 0.6, height, dtype=np.float32)[:, None], (1, width))
    depth = np.where(alpha > 127, np.float32(0.75), depth).astype(np.float32)
    with_subject = kind != "scene"
    faces = (Face(Box(88 / width, 56 / height, 168 / width, 160 / height), 0.95, mesh()),) if kind == "face" else ()
    whole = np.full_like(alpha, 255)
    scene = SceneMap(
        digest="test",
        size=SIZE,
        inverse_depth=depth,
        matte=alpha if with_subject else np.zeros_like(alpha),
        layers=(whole, alpha) if with_subject else (whole,),
        layer_depths=(0.3, 0.75) if with_subject else (0.3,),
        subject=Box(84 / width, 42 / height, 172 / width, 166 / height) if with_subject else None,
        faces=faces,
        horizon=0.5,
    )
    return build_stage(Photo(rgb, "test"), scene, OUTPUT, margin=0.12)
