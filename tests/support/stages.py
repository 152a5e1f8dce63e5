"""Stages built by hand, so that the camera and the renderer can be tested without any model."""

from __future__ import annotations

import pathlib
from functools import cache

import cv2
import numpy as np
import skimage.data

from photoplay.engines.motion.types import F32, U8, Box, Layer, SceneMap, Stage

PHOTOS = pathlib.Path(skimage.data.__file__).parent


@cache
def photo(name: str = "chelsea.png") -> U8:
    """A photo of scikit-image's, (H, W, 3) uint8 RGB."""
    read = cv2.imread(str(PHOTOS / name), cv2.IMREAD_COLOR)
    assert read is not None
    return np.asarray(cv2.cvtColor(read, cv2.COLOR_BGR2RGB), np.uint8)


def textured(width: int, height: int, seed: int = 0, softness: float = 2.0) -> U8:
    """A picture with texture everywhere, for measuring motion."""
    rng = np.random.default_rng(seed)
    noise = rng.normal(0, 1, (height, width, 3)).astype(np.float32)
    mixed = cv2.GaussianBlur(noise, (0, 0), softness) * softness + cv2.GaussianBlur(noise, (0, 0), 12) * 8
    return np.clip(128 + 55 * mixed, 0, 255).astype(np.uint8)


def fitted(rgb: U8, size: tuple[int, int]) -> U8:
    """The centre of a picture that covers ``size``, resized to it."""
    width, height = size
    scale = max(width / rgb.shape[1], height / rgb.shape[0])
    crop_w, crop_h = width / scale, height / scale
    x, y = (rgb.shape[1] - crop_w) / 2, (rgb.shape[0] - crop_h) / 2
    if scale < 1.0:
        part = rgb[round(y) : round(y + crop_h), round(x) : round(x + crop_w)]
        return np.asarray(cv2.resize(part, size, interpolation=cv2.INTER_AREA), np.uint8)
    matrix = np.array([[1 / scale, 0, x + 0.5 / scale - 0.5], [0, 1 / scale, y + 0.5 / scale - 0.5]])
    flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    return np.asarray(cv2.warpAffine(rgb, matrix, size, flags=flags, borderMode=cv2.BORDER_REFLECT_101), np.uint8)


def make_stage(
    rgb: U8 | None = None,
    output: tuple[int, int] = (640, 360),
    *,
    margin: float = 0.15,
    over: float = 1.12,
    subject: tuple[float, float, float] | None = (0.5, 0.55, 0.22),
    near: float = 0.8,
    plate_rgb: U8 | None = None,
    plate_depth: tuple[float, float] = (0.0, 0.0),
    subject_bulge: float = 0.0,
) -> Stage:
    """A stage of a plate and, unless ``subject`` is None, an ellipse (centre x, y and radius, of the frame's height).

    ``plate_rgb``: picture of the plate at any size, stretched over the working area; default: the photo itself,
    filled under the subject. ``plate_depth``: inverse depth at the top and the bottom of the plate.
    """
    source = photo() if rgb is None else rgb
    width, height = output
    frame_w, frame_h = round(width * over), round(height * over)
    pad_x, pad_y = round(frame_w * margin), round(frame_h * margin)
    core = fitted(source, (frame_w, frame_h))
    working = np.asarray(cv2.copyMakeBorder(core, pad_y, pad_y, pad_x, pad_x, cv2.BORDER_REFLECT_101), np.uint8)
    rows, columns = working.shape[:2]
    quarter = (max(2, columns // 4), max(2, rows // 4))
    ramp = np.linspace(plate_depth[0], plate_depth[1], quarter[1], dtype=np.float32)
    plate_field: F32 = np.repeat(ramp[:, None], quarter[0], axis=1)
    matte = np.zeros((rows, columns), np.uint8)
    layers = []
    box = None
    if subject is not None:
        cx, cy = pad_x + subject[0] * frame_w, pad_y + subject[1] * frame_h
        radius = subject[2] * frame_h
        yy, xx = np.mgrid[0:rows, 0:columns].astype(np.float32)
        matte = (np.clip(radius + 1.0 - np.hypot(xx - cx, yy - cy), 0, 2) * 127.5).astype(np.uint8)
        box = Box(
            (cx - radius - pad_x) / frame_w,
            (cy - radius - pad_y) / frame_h,
            (cx + radius - pad_x) / frame_w,
            (cy + radius - pad_y) / frame_h,
        )
        swell = np.clip(1.0 - np.hypot(xx - cx, yy - cy) / radius, 0, 1)
        field = cv2.resize((near + subject_bulge * swell).astype(np.float32), quarter, interpolation=cv2.INTER_AREA)
        layers.append(Layer(rgb=working.copy(), alpha=matte, inverse_depth=field, anchor_depth=near))
    if plate_rgb is not None:
        plate = np.asarray(cv2.resize(plate_rgb, (columns, rows), interpolation=cv2.INTER_AREA), np.uint8)
    elif subject is not None:
        hole = cv2.dilate(matte, np.ones((9, 9), np.uint8))
        small = cv2.inpaint(cv2.resize(working, quarter), cv2.resize(hole, quarter), 3, cv2.INPAINT_TELEA)
        filled = cv2.resize(small, (columns, rows), interpolation=cv2.INTER_CUBIC)
        plate = np.where((hole > 0)[..., None], filled, working).astype(np.uint8)
    else:
        plate = working
    layers.insert(0, Layer(rgb=plate, alpha=None, inverse_depth=plate_field, anchor_depth=plate_depth[0]))
    analysis = cv2.resize(matte[pad_y : pad_y + frame_h, pad_x : pad_x + frame_w], (320, 180))
    scene = SceneMap(
        digest="0" * 64,
        size=(320, 180),
        inverse_depth=np.zeros((180, 320), np.float32),
        matte=np.asarray(analysis, np.uint8),
        layers=(np.full((180, 320), 255, np.uint8),),
        layer_depths=(0.0,),
        subject=box,
    )
    return Stage(
        scene=scene,
        layers=tuple(layers),
        frame=(float(pad_x), float(pad_y), float(frame_w), float(frame_h)),
        output=output,
        photo_to_working=(1.0, float(pad_x), float(pad_y)),
        photo_size=(frame_w, frame_h),
    )
