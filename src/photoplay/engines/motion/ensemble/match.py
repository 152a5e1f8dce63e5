"""Makes a subject look lit by the place it is put into, with restraint: it must stay itself.

Mean and spread of the colours in Lab are moved towards the backdrop's (Reinhard et al. 2001), each by a share and
never farther than a bound; a slow gradient turns its light side to the backdrop's light.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from photoplay.engines.motion import filters
from photoplay.engines.motion.types import U8

LIGHT_SHARE, LIGHT_BOUND = 0.34, 13.0  # of the way to the backdrop's mean lightness, and at most, in L* (0..100)
NIGHT, NIGHT_BOUND = 36.0, 27.0  # L* of a place below which dusk falls, where the bound widens up to this
PALE = 0.34  # share of its colour that night takes from a subject: dim light has little
TINT_SHARE, TINT_BOUND = 0.30, 6.5  # the same for a* and b*
SPREAD_SHARE, SPREAD_BOUND = 0.30, 0.14  # of the way to the backdrop's contrast; at most this much up or down
RELIGHT = 0.055  # of lightness between the lit side and the other
WHITE_KEEP = 92.0  # L* that brightening never passes for what was darker


@dataclass(frozen=True, slots=True)
class Tone:
    """Mean and spread of L*, a*, b*."""

    mean: tuple[float, float, float]
    spread: tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Shift:
    """A colour change in Lab: ``out = mean + (in - mean) * gain + move``.

    Before that, a* and b* keep ``chroma`` of what they have over ``about``.
    """

    mean: tuple[float, float, float]
    gain: float  # of L* only
    move: tuple[float, float, float]
    chroma: float = 1.0
    about: tuple[float, float] = (0.0, 0.0)


def tone_of(rgb: U8, weight: U8 | None = None) -> Tone:
    """The tone of a picture (H, W, 3) where ``weight`` (H, W) counts."""
    size = filters.fit_size((rgb.shape[1], rgb.shape[0]), 256)
    lab = np.asarray(cv2.cvtColor(filters.to_f32(filters.resize_u8(rgb, size)), cv2.COLOR_RGB2LAB), dtype=np.float32)
    share = np.ones(lab.shape[:2], np.float32) if weight is None else filters.to_f32(filters.resize_u8(weight, size))
    total = max(float(share.sum()), 1e-6)
    mean = (lab * share[..., None]).sum(axis=(0, 1)) / total
    spread = np.sqrt(((lab - mean) ** 2 * share[..., None]).sum(axis=(0, 1)) / total)
    return Tone(
        (float(mean[0]), float(mean[1]), float(mean[2])), (float(spread[0]), float(spread[1]), float(spread[2]))
    )


def shift_towards(subject: Tone, place: Tone, strength: float = 1.0) -> Shift:
    """The change that brings a subject's tone nearer to the place's. ``strength`` 0..1 scales all of it."""
    dark = min(max((NIGHT - place.mean[0]) / 16.0, 0.0), 1.0)
    bound = LIGHT_BOUND + (NIGHT_BOUND - LIGHT_BOUND) * dark
    light = _bounded((place.mean[0] - subject.mean[0]) * (LIGHT_SHARE + 0.16 * dark), bound)
    if light > 0.0:  # a dark coat stays dark by day; night falls on everybody
        light *= 0.55
    ratio = place.spread[0] / max(subject.spread[0], 1.0)
    gain = 1.0 + _bounded((ratio - 1.0) * SPREAD_SHARE, SPREAD_BOUND) * strength
    share, keep = TINT_SHARE * (1.0 + 0.5 * dark), 1.0 - PALE * dark * strength
    left = [(place.mean[i] - subject.mean[i]) * keep for i in (1, 2)]
    tint = [_bounded(one * share, TINT_BOUND * (1.0 + dark)) * strength for one in left]
    return Shift(subject.mean, gain, (light * strength, tint[0], tint[1]), keep, (place.mean[1], place.mean[2]))


def matched(rgb: U8, shift: Shift, light: tuple[float, float] = (0.0, -1.0)) -> U8:
    """The picture (H, W, 3) with its colours shifted and its side towards ``light`` (unit vector) a little brighter."""
    height, width = rgb.shape[:2]
    out = np.empty_like(rgb)
    x = np.linspace(-1.0, 1.0, width, dtype=np.float32)
    for top in range(0, height, 256):  # in bands: a large picture does not need five times its size in floats
        band = slice(top, min(height, top + 256))
        lab = np.asarray(cv2.cvtColor(filters.to_f32(rgb[band]), cv2.COLOR_RGB2LAB), dtype=np.float32)
        y = np.linspace(-1.0, 1.0, height, dtype=np.float32)[band]
        side = (light[0] * x[None, :] + light[1] * y[:, None]).astype(np.float32)
        level = lab[..., 0]
        moved = shift.mean[0] + (level - shift.mean[0]) * shift.gain + shift.move[0]
        if shift.move[0] > 0.0:
            moved = np.minimum(moved, np.maximum(level, WHITE_KEEP))
        lab[..., 0] = np.clip(moved * (1.0 + RELIGHT * side), 0.0, 100.0)
        # Tints show least in the very dark and the very bright.
        room = np.clip(np.minimum(level, 100.0 - level) / 22.0, 0.25, 1.0).astype(np.float32)
        for channel, about in zip((1, 2), shift.about, strict=True):
            faded = np.float32(about) + (lab[..., channel] - np.float32(about)) * np.float32(shift.chroma)
            lab[..., channel] = faded + np.float32(shift.move[channel]) * room
        out[band] = filters.to_u8(np.asarray(cv2.cvtColor(lab, cv2.COLOR_LAB2RGB), dtype=np.float32))
    return out


def _bounded(value: float, bound: float) -> float:
    return float(min(max(value, -bound), bound))
