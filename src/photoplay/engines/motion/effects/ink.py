"""Ink on paper: turning a picture into brush work, and the brush's own marks. Shared by Samurai and Ink painting."""

from __future__ import annotations

import cv2
import numpy as np

from photoplay.engines.motion import toolkit
from photoplay.engines.motion.effects import craft
from photoplay.engines.motion.types import F32, U8

PAPER = np.array([238, 228, 204], np.float32)
INK = np.array([24, 20, 26], np.float32)
GOLD = np.array([206, 156, 56], np.float32)
VERMILION = (196.0, 40.0, 30.0)


def paper(rng: np.random.Generator, width: int, height: int) -> F32:
    """Hand-made paper: (height, width, 3) float32, with fibres and clouds."""
    clouds = toolkit.clouds(rng, width, height, max(width, height) / 5, 5)
    noise = rng.standard_normal((height, width), dtype=np.float32)
    fibre = np.asarray(cv2.GaussianBlur(noise, (0, 0), 2.2, sigmaY=0.7), np.float32)
    tone = 0.93 + 0.09 * clouds + 0.05 * fibre
    return np.asarray(np.clip(PAPER * tone[..., None], 0, 255), np.float32)


def lines(rgb: U8, size: float) -> F32:
    """Where a brush would draw lines, 0 none .. 1 full ink: extended difference of Gaussians (Winnemöller)."""
    light = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY).astype(np.float32) / 255.0
    grey = cv2.bilateralFilter(light, 7, 0.12, max(2.0, size))
    fine = cv2.GaussianBlur(grey, (0, 0), size)
    wide = cv2.GaussianBlur(grey, (0, 0), size * 1.6)
    sharp = fine - 0.98 * wide
    drawn = np.where(sharp > 0.003, 0.0, np.tanh((0.003 - sharp) * 38.0))
    return np.asarray(cv2.GaussianBlur(drawn.astype(np.float32), (0, 0), max(0.5, size * 0.35)), np.float32)


def painting(rgb: U8, rng: np.random.Generator, *, gold: float = 0.0, colour: float = 0.12) -> U8:
    """The picture as an ink painting on paper: washes in a few tones, lines, a breath of its colour, gold in lights.

    Worked at no more than 1280 pixels and enlarged: brush work has no finer detail, and 4k stays quick. Lines are
    laid on at full size.
    """
    height, width = rgb.shape[:2]
    ratio = min(1.0, 1280 / max(height, width))
    size = max(8, round(width * ratio)), max(8, round(height * ratio))
    small = np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), np.uint8)
    unit = min(size) / 360.0
    flat = small
    for _ in range(2):
        flat = np.asarray(cv2.bilateralFilter(flat, 9, 38, 5.0 * max(1.0, unit)), np.uint8)
    grey = cv2.cvtColor(flat, cv2.COLOR_RGB2GRAY).astype(np.float32) / 255.0
    low, high = np.quantile(grey, [0.02, 0.90])
    tone = np.clip((grey - low) / max(float(high - low), 0.1), 0, 1)
    cloud = toolkit.clouds(rng, size[0], size[1], 60 * unit, 4)
    # Four washes with soft, wandering borders.
    levels = tone * 4.0 + 0.55 * (cloud - 0.5)
    step = np.floor(levels) + np.clip((levels - np.floor(levels) - 0.35) / 0.3, 0, 1) ** 1.5
    wash = np.clip((0.62 * step + 0.38 * levels) / 4.0, 0, 1) ** 0.62 * (
        0.93 + 0.14 * (toolkit.clouds(rng, size[0], size[1], 9 * unit, 3) - 0.5)
    )
    # Pigment gathers at the border of a wash.
    border = cv2.GaussianBlur(
        np.abs(cv2.Laplacian(cv2.GaussianBlur(step.astype(np.float32), (0, 0), 1.2 * unit), cv2.CV_32F)),
        (0, 0),
        0.8 * unit,
    )
    wash = np.clip(wash - 0.4 * border, 0, 1)
    sheet = paper(rng, *size)
    out = INK + (sheet - INK) * wash[..., None]
    own = flat.astype(np.float32)
    out = out * (1 - colour) + colour * own * (0.35 + 0.75 * wash[..., None])
    if gold > 0.0:
        leaf = np.clip((tone - 0.60) / 0.12, 0, 1) * np.clip((cloud - 0.42) / 0.10, 0, 1)
        glint = 0.78 + 0.44 * toolkit.clouds(rng, size[0], size[1], 14 * unit, 4)
        out = out + (GOLD * glint[..., None] - out) * (gold * leaf)[..., None]
    full = cv2.resize(np.clip(out, 0, 255).astype(np.float32), (width, height), interpolation=cv2.INTER_CUBIC)
    stroke = cv2.resize(lines(small, 1.5 * max(0.8, unit)), (width, height), interpolation=cv2.INTER_CUBIC)
    stroke = np.clip((stroke - 0.22) * 1.6, 0, 1)[..., None] * 0.92
    return np.asarray(np.clip(full * (1 - stroke) + INK * stroke, 0, 255), np.uint8)


def sun(
    picture: U8, centre: tuple[float, float], radius: float, rng: np.random.Generator, strength: float = 1.0
) -> None:
    """A red sun brushed onto a picture, in place: darks under it stay."""
    height, width = picture.shape[:2]
    x0, y0 = max(0, int(centre[0] - 1.1 * radius)), max(0, int(centre[1] - 1.1 * radius))
    x1, y1 = min(width, int(centre[0] + 1.1 * radius) + 1), min(height, int(centre[1] + 1.1 * radius) + 1)
    if x1 - x0 < 4 or y1 - y0 < 4:
        return
    x, y = craft.grid(x1 - x0, y1 - y0)
    x, y = x + x0 - centre[0], y + y0 - centre[1]
    angle = np.arctan2(y, x)
    rough = radius * (0.985 + 0.004 * np.sin(5 * angle + 1.0) + 0.0012 * np.sin(13 * angle + 2.0))
    distance = np.hypot(x, y) - rough
    dry = toolkit.clouds(rng, x1 - x0, y1 - y0, radius * 0.5, 5)
    streak = cv2.GaussianBlur(
        rng.standard_normal(distance.shape, dtype=np.float32),
        (0, 0),
        radius * 0.10 + 1,
        sigmaY=max(0.8, radius * 0.006),
    )
    cover = np.clip(0.5 - distance / max(1.0, 0.006 * radius), 0, 1) * strength
    cover = cover * np.clip(
        0.90
        + 0.10 * dry
        - 0.10 * np.clip(streak / max(float(streak.std()), 1e-6) - 1.1, 0, 1) * np.clip(1.2 + distance / radius, 0, 1),
        0,
        1,
    )
    part = picture[y0:y1, x0:x1].astype(np.float32)
    red = np.array(VERMILION, np.float32) * (0.86 + 0.22 * dry)[..., None]
    light = part.mean(axis=2, keepdims=True) / 255.0
    inked = red * (0.30 + 0.70 * np.clip(light * 1.5, 0, 1))
    picture[y0:y1, x0:x1] = np.clip(part + (inked - part) * cover[..., None], 0, 255).astype(np.uint8)


def slash(length: float, thickness: float) -> U8:
    """A sword's stroke of light, along x, premultiplied RGBA: needle-sharp, white within, warm around."""
    width, height = max(8, round(length)), max(6, round(thickness))
    x, y = craft.grid(width, height)
    u = (x + 0.5) / width * 2 - 1
    v = ((y + 0.5) / height * 2 - 1) / np.maximum((1 - u * u) ** 0.8, 0.02)
    core = np.clip(1.0 - np.abs(v) * 5.0, 0, 1)
    glow = np.exp(-((v * 2.6) ** 2)) * np.clip(1 - u * u, 0, 1)
    colour = (
        np.array([255, 255, 255], np.float32) * core[..., None]
        + np.array([255, 214, 150], np.float32) * (glow * (1 - core))[..., None]
    )
    alpha = np.clip(core + 0.8 * glow, 0, 1)
    return np.dstack([np.clip(colour, 0, 255).astype(np.uint8), np.asarray(alpha * 255, np.uint8)])
