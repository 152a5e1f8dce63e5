"""Picture beyond the photo's border: mirrored along the photo's own lines.

A plain mirror turns every line that meets the border at a slant into a V. Here the mirror is sheared: with s the slope
of the lines that meet the border at y, a place d beyond it shows what lies d inside it at y - 2 s d. A line that ran to
the border then runs on straight; what runs across the border or along it is mirrored as ever. The slopes come from the
structure tensor of a band inside the border, trusted where it is coherent, and change so slowly along the border that
the mirror never folds. The farther out, the softer the picture, so that nothing repeats sharply.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from photoplay.engines.motion import filters
from photoplay.engines.motion.types import F32, U8

LINES_SIDE = 400  # pixels of the long side at which lines and their slopes are looked for
STEEPEST = 1.1  # slope; lines nearer to the border's own direction are mirrored
BAND = 0.8  # of the margin's depth: how far inside the border lines are looked for
TURN = 0.8  # of the change along the border at which the mirror would fold
SOFTEN = 0.7  # how much of the softened picture the far end of the margin shows
SHORE_STEP, SHORE_LENGTH = 14.0, 0.6  # grey levels, and share of the border, that make a line along it
SHORE_LEAST = 3  # pixels at LINES_SIDE
FAINT = 60.0  # squared grey levels a pixel: weaker lines than these hardly steer the mirror

_SIDES = ("right", "left", "bottom", "top")


@dataclass(frozen=True, slots=True)
class Margin:
    """How a picture goes on beyond its border.

    ``rims``: pixels to add at the top, bottom, left and right. ``slopes``: for the right, left, bottom and top border
    (n,) float32 from the border's one end to the other, as seen when the picture is turned so that it lies right;
    None where nothing is added. The last two run along the picture already widened. ``reaches``: for the same borders,
    how far in, in pixels, a line runs along the border that no mirror may cross: a shore that comes back looks wrong.
    """

    rims: tuple[int, int, int, int]
    slopes: tuple[F32 | None, ...]
    reaches: tuple[float, float, float, float] = (math.inf,) * 4


def plan_margin(picture: U8, rims: tuple[int, int, int, int], small: U8 | None = None) -> Margin:
    """How ``picture``, (H, W, 3) uint8, goes on by ``rims`` (top, bottom, left, right, in pixels) beyond its border.

    ``small``: the picture with a long side of :data:`LINES_SIDE` at most, where that is at hand.
    """
    height, width = picture.shape[:2]
    size = filters.fit_size((width, height), LINES_SIDE)
    ratio = size[0] / width
    small = filters.resize_u8(picture, size) if small is None else small
    slopes: list[F32 | None] = []
    reaches: list[float] = []
    for side in _SIDES:
        depth = round(_depth(rims, side) * ratio)
        if depth < 2:
            slopes.append(None)
            reaches.append(math.inf)
            continue
        turned = _turned(small, side)
        slope = _slopes(turned[:, turned.shape[1] - max(6, round(BAND * depth)) :], float(depth))
        slopes.append(slope)
        reach = _reach(turned, depth)
        reaches.append(reach / ratio)
        small = _turned_back(np.hstack([turned, _strip(turned, slope, depth, reach)]), side)
    return Margin(rims, tuple(slopes), (reaches[0], reaches[1], reaches[2], reaches[3]))


def extended(image: U8, margin: Margin, opacity: U8 | None = None) -> U8:
    """A layer's colours, (H, W, 3) uint8, with the margin added: softer the farther out.

    ``opacity``: what :func:`extended_alpha` made of the layer's. Beyond a border where nothing of it shows the border's
    own pixels go straight on.
    """

    def grow(band: U8, slope: F32 | None, depth: int, reach: float) -> U8:
        return _softened(band, _strip(band, slope, depth, reach))

    return _widened(image, margin, grow, opacity)


def extended_alpha(alpha: U8, margin: Margin) -> U8:
    """A layer's opacity, (H, W) uint8, with the margin added: what the border cuts goes on, nothing else returns.

    The smaller of two: carried straight on along the lines, and mirrored as the colours are. A body cut at the waist
    goes on, a head near the border has no twin beyond it.
    """

    def grow(band: U8, slope: F32 | None, depth: int, reach: float) -> U8:
        if not bool(band.any()):
            return np.zeros((band.shape[0], depth), np.uint8)
        mirrored = _strip(band, slope, depth, reach)
        return np.minimum(mirrored, _strip(band, slope, depth, reach, straight=True))

    return _widened(alpha, margin, grow)


def _widened(
    image: U8, margin: Margin, grow: Callable[[U8, F32 | None, int, float], U8], opacity: U8 | None = None
) -> U8:
    """``image`` with what ``grow`` makes of a band inside each border, turned to the right, written beyond it.

    ``opacity``, (H', W') uint8, is of the result: where it is 0 all along a border, ``grow`` is not asked.
    """
    height, width = image.shape[:2]
    top, bottom, left, right = margin.rims
    if not any(margin.rims):
        return image
    out = np.empty((height + top + bottom, width + left + right, *image.shape[2:]), np.uint8)
    out[top : top + height, left : left + width] = image
    for side, slope, reach in zip(_SIDES, margin.slopes, margin.reaches, strict=True):
        depth = _depth(margin.rims, side)
        if depth == 0:
            continue
        # Sideways first, within the photo's rows; then up and down, over all columns.
        inner = depth + 1
        if side in ("right", "left"):
            rows, inner = slice(top, top + height), min(inner, width)
            start = left + width - inner if side == "right" else left
            band = out[rows, start : start + inner]
            beyond = (rows, slice(left + width, None) if side == "right" else slice(0, left))
        else:
            inner = min(inner, height)
            start = top + height - inner if side == "bottom" else top
            band = out[start : start + inner]
            beyond = (slice(top + height, None) if side == "bottom" else slice(0, top), slice(None))
        turned = _turned(band, side)
        if opacity is not None and not bool(opacity[beyond].any()):
            made = _strip(np.ascontiguousarray(turned[:, -1:]), None, depth, straight=True)
        else:
            made = grow(turned, slope, depth, reach)
        out[beyond] = _turned_back(made, side)
    return out


def _depth(rims: tuple[int, int, int, int], side: str) -> int:
    top, bottom, left, right = rims
    return {"right": right, "left": left, "bottom": bottom, "top": top}[side]


def _turned(image: U8, side: str) -> U8:
    """The picture turned so that ``side`` lies on the right."""
    if side in ("bottom", "top"):
        image = np.asarray(cv2.transpose(image), dtype=np.uint8)
    return np.asarray(cv2.flip(image, 1), dtype=np.uint8) if side in ("left", "top") else np.ascontiguousarray(image)


def _turned_back(image: U8, side: str) -> U8:
    if side in ("left", "top"):
        image = np.asarray(cv2.flip(image, 1), dtype=np.uint8)
    return np.asarray(cv2.transpose(image), dtype=np.uint8) if side in ("bottom", "top") else image


def _strip(image: U8, slope: F32 | None, depth: int, reach: float = math.inf, *, straight: bool = False) -> U8:
    """What lies beyond the right border, ``depth`` pixels wide; ``straight``: the border's own pixels carried on.

    Where the mirror has come to ``reach`` it turns back, as often as it has to.
    """
    height, width = image.shape[:2]
    if slope is None:
        how = cv2.BORDER_REPLICATE if straight else cv2.BORDER_REFLECT
        return np.asarray(cv2.copyMakeBorder(image, 0, 0, 0, depth, how)[:, width:], dtype=np.uint8)
    along = cv2.resize(slope.reshape(-1, 1), (1, height), interpolation=cv2.INTER_LINEAR).reshape(-1, 1)
    out = np.arange(depth, dtype=np.float32)[None, :] + np.float32(0.5)
    inward = out if math.isinf(reach) else np.abs((out - reach) % (2.0 * reach) - reach).astype(np.float32)
    from_x = np.full_like(out, width - 1) if straight else np.maximum(np.float32(width - 0.5) - inward, 0)
    from_y = np.arange(height, dtype=np.float32)[:, None] - np.float32(1.0 if straight else 2.0) * along * out
    map_x = np.ascontiguousarray(np.broadcast_to(from_x, from_y.shape), dtype=np.float32)
    found = cv2.remap(image, map_x, from_y.astype(np.float32), cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
    return np.asarray(found, dtype=np.uint8)


def _reach(image: U8, depth: int) -> float:
    """How far inside the right border a line runs along most of it, less than ``depth``; infinite when none does."""
    band = np.ascontiguousarray(image[:, max(0, image.shape[1] - depth - 4) :])
    soft = cv2.GaussianBlur(band, (0, 0), 0.8).astype(np.float32)
    step = np.abs(soft[:, 3:] - soft[:, :-3]).max(axis=2)
    across = (step > SHORE_STEP).mean(axis=0)[::-1]
    lines = np.flatnonzero(across > SHORE_LENGTH)
    # Nearer to the border than this there is nothing to mirror.
    return math.inf if lines.size == 0 or lines[0] < SHORE_LEAST else float(lines[0])


def _softened(image: U8, strip: U8) -> U8:
    """``strip`` beyond the right border of ``image``, blurred more the farther out."""
    depth = strip.shape[1]
    if depth < 8:
        return strip
    side = max(3, depth // 6) | 1
    # What lies inside the border keeps the blur beside it from darkening or repeating.
    inner = min(side, image.shape[1])
    both = np.hstack([image[:, image.shape[1] - inner :], strip])
    soft = np.asarray(cv2.blur(both, (side, side), borderType=cv2.BORDER_REFLECT), dtype=np.uint8)[:, inner:]
    ramp = (np.arange(depth, dtype=np.float32) + np.float32(0.5)) / np.float32(depth) * np.float32(SOFTEN)
    weight = np.ascontiguousarray(np.broadcast_to(ramp, strip.shape[:2]))
    return np.asarray(cv2.blendLinear(np.ascontiguousarray(soft), strip, weight, 1.0 - weight), dtype=np.uint8)


def _along(values: F32, sigma: float) -> F32:
    soft = cv2.GaussianBlur(values.reshape(-1, 1), (1, 0), sigmaX=1.0, sigmaY=max(sigma, 0.5))
    return np.asarray(soft, dtype=np.float32).reshape(-1)


def _slopes(band: U8, depth: float) -> F32:
    """(n,) float32: the slope, down for each step right, of the lines in a band beside the right border."""
    grey = cv2.cvtColor(np.ascontiguousarray(band), cv2.COLOR_RGB2GRAY).astype(np.float32)
    grey = np.asarray(cv2.GaussianBlur(grey, (0, 0), 1.2), dtype=np.float32)
    gx, gy = (np.asarray(cv2.Sobel(grey, cv2.CV_32F, dx, 1 - dx), dtype=np.float32) for dx in (1, 0))
    xx, yy, xy = (_along(product.mean(axis=1), 0.35 * depth) for product in (gx * gx, gy * gy, gx * gy))
    energy = xx + yy
    coherence = np.sqrt((xx - yy) ** 2 + 4 * xy * xy) / (energy + 25.0)
    across = 0.5 * np.arctan2(2 * xy, xx - yy)  # direction of the gradient: across the lines
    fall, run = np.cos(across), np.sin(across)
    slope = np.clip(-fall / np.where(np.abs(run) < 1e-3, 1e-3, run), -STEEPEST, STEEPEST)
    # A line nearly along the border says nothing of which way to shear.
    trust = coherence**2 * np.clip((np.abs(run) - 0.35) / 0.35, 0, 1) * energy / (energy + FAINT) + 1e-4
    certain = _along(trust.astype(np.float32), 0.5 * depth)
    smooth = _along((slope * trust).astype(np.float32), 0.5 * depth) / certain * np.clip(certain / 0.05, 0, 1)
    for _ in range(8):
        if float(np.abs(np.gradient(smooth)).max()) * 2.0 * depth < TURN:
            break
        smooth = _along(smooth.astype(np.float32), 0.5 * depth)
    return np.asarray(smooth, dtype=np.float32)
